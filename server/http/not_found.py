"""The page that a browser shows for an address that does not exist: what is wrong, what to do."""

from html import escape
from string import Template
from urllib.parse import unquote

from server.core.names import nearest_name

_NAME_ADVICE = (
    "A document's name has small letters a to z, digits, dots, underscores and hyphens."
    " It begins with a letter or a digit, and has at most 64 characters."
)
_ADDRESS_ADVICE = (
    "Perhaps the link was cut off or mistyped. Every document's address ends in /d/NAME."
)


def page_of(template: str, *, path: str, is_name: bool) -> str:
    """Return the page for an address.

    Args:
        template: `web/pages/not_found.html`.
        path: the path of the address, percent-encoded.
        is_name: whether the address is that of a document, with an invalid name.
    """
    suggestion = ""
    if name := nearest_name(_wish(path)):
        name = escape(name)  # changes nothing: a valid name has no character special in HTML
        suggestion = f'<p><a class="button main" href="/d/{name}">Open or create “{name}”</a></p>'
    return Template(template).substitute(
        heading="No document can have this name" if is_name else "There is nothing at this address",
        advice=_NAME_ADVICE if is_name else _ADDRESS_ADVICE,
        suggestion=suggestion,
    )


def _wish(path: str) -> str:
    """Return the name that an address was meant to have: the part after /d/, or the only part."""
    first, *others = unquote(path).strip("/").split("/")
    if first == "d":
        return "-".join(others)
    return "" if others else first

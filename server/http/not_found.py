"""What a person reads at an address where nothing is: what is wrong, and what to do instead."""

from html import escape
from string import Template
from urllib.parse import unquote

from server.core.names import nearest_name

NAME_HELP = (
    "No document can have this name. Names have 1 to 64 characters: lower case letters, digits,\n"
    "'.', '_' and '-'; they begin with a letter or digit and do not end in .git or .lock.\n"
)
_NO_NAME = (
    "A document's name has small letters a to z, digits, dots, underscores and hyphens."
    " It begins with a letter or a digit, and has at most 64 characters."
)
_NO_ADDRESS = "Perhaps the link was cut off or mistyped. Every document's address ends in /d/NAME."


def page_of(template: str, *, path: str, is_name: bool) -> str:
    """The page for an address.

    Args:
        template: `web/pages/not_found.html`.
        path: what was asked for.
        is_name: whether it stands where a document's name should.
    """
    name = nearest_name(_wish(path))
    return Template(template).substitute(
        heading="No document can have this name" if is_name else "There is nothing at this address",
        advice=_NO_NAME if is_name else _NO_ADDRESS,
        suggestion=_suggestion(name) if name else "",
    )


def _wish(path: str) -> str:
    """Which name was meant by an address: what stands behind /d/, or the only part of it."""
    first, *others = unquote(path).strip("/").split("/")
    if first == "d":
        return "-".join(others)
    return "" if others else first


def _suggestion(name: str) -> str:
    name = escape(name)  # which changes nothing: it holds no character that HTML knows
    return f'<p><a class="button main" href="/d/{name}">Open or create “{name}”</a></p>'

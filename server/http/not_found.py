"""The page that a browser shows for an address that does not exist: what is wrong, what to do."""

from html import escape
from string import Template
from urllib.parse import unquote

from server.core.names import nearest_name

_NAME_ADVICE = (
    "Document names can use lowercase letters, numbers, dots, hyphens and underscores, start with"
    " a letter or number, and have at most 64 characters. They can be in up to three folders, as in"
    " docs/plan.md; a few words, such as “view”, are reserved there."
)
_ACCESS_ADVICE = (
    "This document may not exist, or your account may have no access to it. Check the link, or ask"
    " whoever sent it to you."
)
_ADDRESS_ADVICE = "The link may be incomplete or mistyped. Document links look like …/d/NAME."


def no_access_page_of(template: str, root: str) -> str:
    """Return the page for the address of a document that the user may not see or create.

    Args:
        template: `web/pages/not_found.html`.
        root: the address of the start page, relative to this one.
    """
    return Template(template).substitute(
        heading="Document not found", advice=_ACCESS_ADVICE, suggestion="", root=root
    )


def page_of(template: str, *, path: str, is_name: bool, root: str) -> str:
    """Return the page for an address.

    Args:
        template: `web/pages/not_found.html`.
        path: the path of the address, percent-encoded, without the base path.
        is_name: whether the address is that of a document, with an invalid name.
        root: the address of the start page, relative to this one.
    """
    suggestion = ""
    if name := nearest_name(_wish(path)):
        name = escape(name)  # changes nothing: a valid name has no character special in HTML
        link = f'<a class="button main" href="{root}d/{name}">Open or create “{name}”</a>'
        suggestion = f"<p>{link}</p>"
    return Template(template).substitute(
        heading="That name can’t be used" if is_name else "Page not found",
        advice=_NAME_ADVICE if is_name else _ADDRESS_ADVICE,
        suggestion=suggestion,
        root=root,
    )


def _wish(path: str) -> str:
    """Return the name that an address was meant to have: the part after /d/, or the only part."""
    first, *others = unquote(path).strip("/").split("/")
    if first == "d":
        return "/".join(others)
    return "" if others else first

"""What a person reads at an address where nothing is: what is wrong, and what to do instead."""

from html import escape
from string import Template
from urllib.parse import unquote

from server.core.names import nearest_name

NAME_HELP = (
    "That name can't be used. Names have 1 to 64 characters: lowercase letters, digits, '.', '_'\n"
    "and '-'. They start with a letter or digit and don't end in .git or .lock.\n"
)
_NO_NAME = (
    "Document names can use lowercase letters, numbers, dots, hyphens and underscores, start with"
    " a letter or number, and have at most 64 characters."
)
_NO_ADDRESS = "The link may be incomplete or mistyped. Document links look like …/d/NAME."


def page_of(template: str, *, path: str, is_name: bool) -> str:
    """The page for an address.

    Args:
        template: `web/pages/not_found.html`.
        path: what was asked for.
        is_name: whether it stands where a document's name should.
    """
    name = nearest_name(_wish(path))
    return Template(template).substitute(
        heading="That name can’t be used" if is_name else "Page not found",
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

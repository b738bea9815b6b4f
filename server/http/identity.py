"""Who sends a request: from the proxy's header, a token, the session's cookie, or links.

A program sends a token, or the key of a link, as `Authorization: Bearer`, or as the password of
`Basic` with any user name, since Git asks for both. A browser has cookies.
"""

import base64
from collections.abc import Iterable

from aiohttp import web

from server.core.access.access import WrongCredentialsError
from server.core.access.accounts import hash_of, is_user_name
from server.core.access.identity import NOBODY, Credentials, Identity
from server.core.names import clean_name, guest_name
from server.http.addresses import cookie_path
from server.http.app_keys import ACCESS, CONFIG
from server.http.forwarded import is_from_trusted_proxy

SESSION_COOKIE = "gollabedit_session"
LINKS_COOKIE = "gollabedit_links"
INVITATION_COOKIE = "gollabedit_invitation"

IDENTITY = web.RequestKey("identity", Identity)
CREDENTIALS = web.RequestKey("credentials", Credentials)

_LINKS_MAX = 20  # that a browser keeps: the cookie comes with every request
_ANONYMOUS = "HTTP"  # the author's name where the request has none
_BAD_AUTHORIZATION = (
    "The header Authorization is not understood: send a token as Bearer, or as the password of"
    " Basic."
)
_TWICE = "The proxy has sent the header {} twice: it must replace what clients send.\n"


def credentials_of(request: web.Request) -> Credentials:
    """Return what a request says about its sender.

    Raises:
        WrongCredentialsError: its `Authorization` is not understood.
        web.HTTPBadRequest: the headers of the proxy are ambiguous.
    """
    user, groups = _named_by_proxy(request)
    token = _token(request.headers.get("Authorization", ""))
    session = request.cookies.get(SESSION_COOKIE)
    return Credentials(
        user,
        groups,
        token=hash_of(token) if token is not None else None,
        session=hash_of(session) if session else None,
        links=tuple(map(hash_of, link_keys(request))),
    )


def _named_by_proxy(request: web.Request) -> tuple[str, frozenset[str]]:
    """Return the user and the groups that a trusted proxy names.

    Raises:
        web.HTTPBadRequest: a header is there twice: the proxy has not replaced the client's.
    """
    config = request.app[CONFIG]
    if not config.user_header or not is_from_trusted_proxy(request):
        return "", frozenset()
    user = _only(request, config.user_header)
    if not is_user_name(user):
        return "", frozenset()
    groups = _only(request, config.groups_header) if config.groups_header else ""
    return user, frozenset(filter(None, map(str.strip, groups.split(","))))


def _only(request: web.Request, header: str) -> str:
    """Return the only value of a header; empty if there is none."""
    values = request.headers.getall(header, [""])
    if len(values) > 1:
        raise web.HTTPBadRequest(text=_TWICE.format(header))
    return values[0]


def _token(authorization: str) -> str | None:
    scheme, _, value = authorization.partition(" ")
    match scheme.lower():
        case "":
            return None
        case "bearer":
            return value.strip()
        case "basic":
            try:
                decoded = base64.b64decode(value.strip(), validate=True).decode()
            except ValueError:  # not in Base64, or not in UTF-8
                decoded = ""
            if ":" in decoded:
                return decoded.partition(":")[2]
    raise WrongCredentialsError(_BAD_AUTHORIZATION)


def link_keys(request: web.Request) -> list[str]:
    """Return the keys of the links that a browser has opened, the oldest first."""
    return [key for key in request.cookies.get(LINKS_COOKIE, "").split(".") if key][-_LINKS_MAX:]


def set_cookie(
    request: web.Request, response: web.StreamResponse, name: str, value: str, max_age_s: float
) -> None:
    """Set a cookie that scripts cannot read, and that links from mail and chat bring along."""
    response.set_cookie(
        name,
        value,
        max_age=int(max_age_s),
        path=cookie_path(request),
        httponly=True,
        samesite="Lax",
        secure=request.scheme == "https",
    )
    response.headers["Cache-Control"] = "no-store"


def delete_cookies(
    request: web.Request, response: web.StreamResponse, names: Iterable[str]
) -> None:
    """Delete cookies in the browser."""
    for name in names:
        set_cookie(request, response, name, "", 0)


def identity_of(request: web.Request) -> Identity:
    """Return who sends a request."""
    found: Identity = request.get(IDENTITY, NOBODY)
    return found


def can_sign_out(request: web.Request) -> bool:
    """Return whether the sender is signed in, and this server can end that."""
    if not identity_of(request).user:
        return False
    return not request[CREDENTIALS].header_user or bool(request.app[CONFIG].sign_out_url)


def author_of(request: web.Request) -> tuple[str, str]:
    """Return the name and e-mail address of the author of a change that a request makes."""
    identity = identity_of(request)
    if identity.name:
        return clean_name(identity.name), identity.email
    name = clean_name(request.query.get("name", ""))
    if not request.app[ACCESS].current.is_open:
        name = guest_name(name)
    return name or _ANONYMOUS, ""

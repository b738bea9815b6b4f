"""Signing in and out: the page, the sessions of browsers, and keys in addresses.

An address with `?key=` is answered with a cookie and a redirect to the address without it, so that
the key stays neither in the address bar nor in bookmarks. The key of a link opens its document. The
key of an invitation opens the page to sign in: opening it takes nothing, as programs that look
behind links open it, too; its button does.
"""

import re
import time
from collections.abc import Mapping
from enum import StrEnum
from html import escape
from math import inf
from string import Template
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from server.core.access.accounts import DAY_S, Kind, clean_label, hash_of
from server.http.addresses import path_in, relative, root_of
from server.http.app_keys import ACCESS, CONFIG, FILES
from server.http.audit import audit_refusal, audit_request, audited
from server.http.bodies import received_body
from server.http.identity import (
    CREDENTIALS,
    INVITATION_COOKIE,
    LINKS_COOKIE,
    SESSION_COOKIE,
    can_sign_out,
    delete_cookies,
    identity_of,
    link_keys,
    set_cookie,
)
from server.http.needs import Need, need_of
from server.http.responses import NO_STORE, json_response
from server.http.rights import NotSignedInError, may_create_some
from server.protocol.answers import Me
from server.storage.accounts import AccountError

_SESSION_S = 90 * DAY_S
_LINKS_S = 365 * DAY_S
_INVITATION_S = 900.0
_FORM_BYTES_MAX = 4096


def routes() -> list[web.RouteDef]:
    return [
        web.get("/sign-in", show_sign_in),
        web.post("/sign-in", audited(sign_in)),
        web.post("/sign-out", audited(sign_out)),
        web.get("/api/me", show_me),
    ]


# --- keys in addresses


@web.middleware
async def exchange_key(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Exchange the key of a link in the address for a cookie."""
    key = request.query.get("key", "")
    if not key or request.method != "GET" or need_of(request) is not Need.VIEW:
        return await handler(request)
    link = request.app[ACCESS].current.link(hash_of(key), time.time())
    if link is None:
        return await handler(request)
    keys = [*(it for it in link_keys(request) if it != key), key]
    response = web.HTTPSeeOther(relative(request, _without_key(request)))
    set_cookie(request, response, LINKS_COOKIE, ".".join(keys), _LINKS_S)
    raise response


def _without_key(request: web.Request) -> str:
    """Return the address of a request on this server, without its key and the base path."""
    query = [(name, value) for name, value in request.query.items() if name != "key"]
    return str(URL(path_in(request), encoded=True).with_query(query))


@web.middleware
async def explain_sign_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with the page to sign in where a browser asks for a page that needs it."""
    try:
        return await handler(request)
    except NotSignedInError:
        is_page = "text/html" in request.headers.get("Accept", "")
        if request.method != "GET" or not is_page or path_in(request).startswith("/api/"):
            raise
        problem = _Problem.DEAD_LINK if "key" in request.query else None
        return _page(request, _without_key(request), problem, status=401)


# --- the page


async def show_sign_in(request: web.Request) -> web.StreamResponse:
    """Show the page; a key in the address becomes a cookie first."""
    target = _target(request.query.get("next", ""))
    if key := request.query.get("key", ""):
        redirect = web.HTTPSeeOther(relative(request, _without_key(request)))
        set_cookie(request, redirect, INVITATION_COOKIE, key, _INVITATION_S)
        raise redirect
    invitation = _invitation(request)
    is_dead = invitation and request.app[ACCESS].invited(invitation, time.time()) is None
    if identity_of(request).user and (is_dead or not invitation):
        raise web.HTTPSeeOther(relative(request, target))
    response = _page(request, target, _Problem.USED_INVITATION if is_dead else None)
    if is_dead:
        delete_cookies(request, response, [INVITATION_COOKIE])
    return response


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Begin a session, by an invitation or a token."""
    form = await _form(request)
    target = _target(form.get("next", ""))
    token = form.get("token", "").strip()
    control, now = request.app[ACCESS], time.time()
    label = clean_label(request.headers.get("User-Agent", ""))
    try:
        if token:
            secret = control.current.secret(hash_of(token), Kind.TOKEN, now)
            if secret is None:
                audit_refusal(request, "credentials")
                return _page(request, target, _Problem.BAD_TOKEN, status=400)
            until = min(now + _SESSION_S, secret.expires or inf)
            _, key = await control.change(
                control.store.add_secret, Kind.SESSION, secret.user, label, now, until, secret.id
            )
        else:
            invitation = _invitation(request)
            key = await control.accept(invitation, label, now + _SESSION_S)
    except AccountError:
        audit_refusal(request, "credentials")
        response: web.StreamResponse = _page(request, target, _Problem.USED_INVITATION, status=400)
        delete_cookies(request, response, [INVITATION_COOKIE])
        return response
    session = control.current.secret(hash_of(key), Kind.SESSION, now)
    audit_request(request, "sign-in", who=session.user if session else "")
    response = web.HTTPSeeOther(relative(request, target))
    set_cookie(request, response, SESSION_COOKIE, key, _SESSION_S)
    delete_cookies(request, response, [INVITATION_COOKIE])
    raise response


async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session, and forget the links that this browser has opened."""
    control = request.app[ACCESS]
    session = control.current.secret(request[CREDENTIALS].session, Kind.SESSION, time.time())
    if session is not None:
        await control.change(control.store.remove_secret, session.id, Kind.SESSION)
        audit_request(request, "sign-out")
    response = web.HTTPSeeOther(request.app[CONFIG].sign_out_url or relative(request, "/sign-in"))
    delete_cookies(request, response, [SESSION_COOKIE, LINKS_COOKIE, INVITATION_COOKIE])
    raise response


async def _form(request: web.Request) -> Mapping[str, str]:
    """Return the fields of the form."""
    async with received_body(request, _FORM_BYTES_MAX) as body:
        return dict(parse_qsl(body.file.read().decode(errors="replace")))


def _invitation(request: web.Request) -> str:
    return request.cookies.get(INVITATION_COOKIE, "")


def _target(wish: str) -> str:
    """Return the page to go to, which is on this server."""
    is_here = wish.startswith("/") and not wish.startswith(("//", "/\\"))
    return wish if is_here and wish.partition("?")[0] != "/sign-in" else "/"


class _Problem(StrEnum):
    """What is wrong; the names of parts of the page to sign in."""

    DEAD_LINK = "dead_link"
    BAD_TOKEN = "bad_token"  # noqa: S105
    USED_INVITATION = "used_invitation"


_PART = re.compile(r"<!--(if|unless) (\w+)-->\n?(.*?)<!--end \2-->\n?", re.DOTALL)


def _page(
    request: web.Request, target: str, problem: _Problem | None = None, *, status: int = 200
) -> web.Response:
    """Return the page to sign in.

    Args:
        request: the request.
        target: where to go then.
        problem: what is wrong.
        status: of the response.
    """
    control = request.app[ACCESS]
    key = _invitation(request)
    invited = control.invited(key, time.time()) if key and not problem else None
    by_proxy = bool(request.app[CONFIG].user_header) and not invited
    is_error = problem in (_Problem.BAD_TOKEN, _Problem.USED_INVITATION)
    holds = {"invited": invited, "by_proxy": by_proxy, "error": is_error, problem: True}
    field = (
        'aria-describedby="sign-in-problem token-hint"'
        if is_error
        else 'aria-describedby="token-hint"'
    )
    if problem is _Problem.BAD_TOKEN:
        field += ' aria-invalid="true"'
    if not (by_proxy or problem is _Problem.DEAD_LINK):
        field += " autofocus"
    template = request.app[FILES]["pages/sign_in.html"].plain.body.decode()
    text = Template(_with_parts(template, {it for it in holds if holds[it]})).substitute(
        next=escape(target),
        there=escape(relative(request, target)),
        root=root_of(request),
        invited=escape(invited or ""),
        error="Error: " if is_error else "",
        field=field,
        focus="autofocus",
        token_button="" if by_proxy else 'class="main"',
    )
    return web.Response(text=text, status=status, content_type="text/html", headers=NO_STORE)


def _with_parts(template: str, holds: set[str | None]) -> str:
    """Return a template with those parts whose condition holds."""

    def chosen(part: re.Match[str]) -> str:
        is_shown = (part[2] in holds) == (part[1] == "if")
        return _with_parts(part[3], holds) if is_shown else ""

    return _PART.sub(chosen, template)


# ---


async def show_me(request: web.Request) -> web.Response:
    """Answer with who sends the request, and what they may do on the whole server."""
    identity, access = identity_of(request), request.app[ACCESS].current
    return json_response(
        Me(
            user=identity.user or None,
            name=identity.name or None,
            email=identity.email or None,
            operator=access.is_operator(identity),
            create=may_create_some(request),
            open=access.is_open,
            sign_out=can_sign_out(request),
        )
    )

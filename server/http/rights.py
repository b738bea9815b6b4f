"""The one place that decides whether a request is allowed.

No handler decides by itself: `authorize` finds out who sends a request and what its address needs
(`server.http.needs`), and answers with 401, 403 or 404 where that is missing. A document that
somebody may not see looks like one that does not exist.
"""

import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from server.core.access.access import Access, WrongCredentialsError
from server.core.access.identity import Identity
from server.core.access.right import Right
from server.core.standing import Member
from server.http.app_keys import ACCESS, CONFIG, FOLDER, HUB, MANAGEMENT
from server.http.audit import audit_refusal
from server.http.documents import current_name
from server.http.forwarded import has_forwarding_headers
from server.http.identity import CREDENTIALS, IDENTITY, credentials_of, identity_of
from server.http.needs import Need, need_of
from server.http.origins import check_origin
from server.http.passing.original import ORIGINAL
from server.http.responses import error_for
from server.protocol import CloseCode

_RIGHTS = {
    Need.VIEW: Right.VIEW,
    Need.EDIT: Right.EDIT,
    Need.MANAGE: Right.MANAGE,
}
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

_SIGN_IN = (
    "Sign in to do this. Programs send a token: as the password of Git and curl (any user name), or"
    " as `Authorization: Bearer`."
)
_NO_DOCUMENT = "There is no such document here, or you have no access to it."
_NOT_CREATED = "There is no document {}, and you may not create documents here."
_MISSING = {
    Right.EDIT: "You can view this document, but not change it.",
    Right.MANAGE: "You can't share, rename or delete this document, or see its mirrors.",
}
_OPEN_BEHIND_PROXY = (
    "This server is open to everybody on its machine, and a proxy has passed this request on. Start"
    " it with --trusted-proxies and the address of the proxy, or with --access open."
)
_NO_OPERATOR = "Only operators of this server may do this."


class NotSignedInError(web.HTTPUnauthorized):
    """401 for a browser, which is shown the page to sign in."""


@web.middleware
async def authorize(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Identify who sends a request, and let it in or turn it away."""
    need = need_of(request)
    if need is not None:
        control = request.app[ACCESS]
        try:
            request[CREDENTIALS] = credentials_of(request)
            request[IDENTITY] = await _identify(request)
        except WrongCredentialsError as problem:
            audit_refusal(request, "credentials")
            raise _error(request, web.HTTPUnauthorized, str(problem)) from None
        control.note_use(request[CREDENTIALS])
        if need is not Need.NOTHING:
            _check_proxy(request)
        if request.method not in _SAFE_METHODS or need is Need.SOCKET or _is_push(request):
            check_origin(request)
        try:
            await _check(request, need)
        except web.HTTPUnauthorized:
            # No line in the audit: Git and browsers ask like this before they sign in.
            request.app[HUB].meters.refused("not_signed_in")
            raise
        except web.HTTPForbidden:
            audit_refusal(request, "forbidden")
            raise
    return await handler(request)


async def _identify(request: web.Request) -> Identity:
    """Find out who sends a request. What another node knows already counts here, too.

    Raises:
        WrongCredentialsError: the credentials are not valid.
    """
    control, credentials = request.app[ACCESS], request[CREDENTIALS]
    passed = request.get(ORIGINAL)
    try:
        identity = control.current.identify(credentials, time.time())
        if passed is None or identity.who == passed.who:
            return identity
    except WrongCredentialsError:
        if passed is None:
            raise
    await control.look()
    return control.current.identify(credentials, time.time())


async def keep_private(request: web.Request, response: web.StreamResponse) -> None:
    """Keep what not everybody may see out of the caches of proxies, as far as a handler has not."""
    if need_of(request) is not Need.NOTHING and "no-store" not in response.headers.get(
        "Cache-Control", ""
    ):
        response.headers["Cache-Control"] = "private, no-cache"


def _check_proxy(request: web.Request) -> None:
    """Refuse requests that a proxy passes on to a server that is open by default.

    It is open since only this machine reaches it, and the proxy lets others reach it.

    Raises:
        web.HTTPForbidden: with advice for the operator.
    """
    is_default = request.app[CONFIG].access == "auto" and request.app[ACCESS].current.is_open
    if is_default and has_forwarding_headers(request):
        raise _error(request, web.HTTPForbidden, _OPEN_BEHIND_PROXY)


async def check_again(request: web.Request) -> None:
    """Turn a request away whose sender has lost the right for it since it began.

    Raises:
        web.HTTPException: as at the beginning.
    """
    need = need_of(request)
    assert need is not None, "it was let in"
    try:
        identity = request.app[ACCESS].current.identify(request[CREDENTIALS], time.time())
    except WrongCredentialsError as problem:
        raise _error(request, web.HTTPUnauthorized, str(problem)) from None
    request[IDENTITY] = identity
    await _check(request, need)


async def _check(request: web.Request, need: Need) -> None:
    """Reject a request that lacks what its address needs.

    Raises:
        web.HTTPException: 401, 403 or 404.
    """
    access, identity = request.app[ACCESS].current, request[IDENTITY]
    match need:
        case Need.NOTHING | Need.SOCKET:
            pass  # a websocket is told by the code that closes it
        case Need.SIGNED_IN:
            if not (identity.user or access.is_open):
                raise _not_signed_in(request)
        case Need.OPERATOR:
            _check_operator(request)
        case Need.TRASH | Need.REDIRECT:
            await _check_former_document(request, need)
        case _:
            await _check_document(request, need)


def _check_operator(request: web.Request) -> None:
    access, identity = request.app[ACCESS].current, request[IDENTITY]
    if access.is_operator(identity):
        return
    raise (
        _error(request, web.HTTPForbidden, _NO_OPERATOR)
        if identity.user
        else _not_signed_in(request)
    )


async def _check_former_document(request: web.Request, need: Need) -> None:
    """Check an address whose document has no name of its own now, or another one."""
    document = (
        await request.app[MANAGEMENT].document_in_trash(request.match_info["id"])
        if need is Need.TRASH
        else request.app[FOLDER].catalog.moved_to(request.match_info["name"])
    )
    if document is not None:
        _check_right(request, document, Right.MANAGE)
    elif not request.app[ACCESS].current.is_operator(request[IDENTITY]):
        raise (
            _error(request, web.HTTPNotFound, _NO_DOCUMENT)
            if request[IDENTITY].user
            else _not_signed_in(request)
        )


async def _check_document(request: web.Request, need: Need) -> None:
    document = current_name(request)
    if need is Need.PUSH:
        need = Need.EDIT if _is_push(request) else Need.VIEW
    _check_right(request, document, _RIGHTS[need])
    if not await _is_there(request, document):
        raise _error(request, web.HTTPNotFound, _NOT_CREATED.format(document))


def _check_right(request: web.Request, document: str, needed: Right) -> None:
    access, identity = request.app[ACCESS].current, request[IDENTITY]
    right = access.right(identity, document)
    if right >= needed:
        return
    if not identity.user and (right < Right.VIEW or not identity.links):
        raise _not_signed_in(request)
    if right < Right.VIEW:
        raise _error(request, web.HTTPNotFound, _NO_DOCUMENT)
    raise _error(request, web.HTTPForbidden, _MISSING[needed])


async def _is_there(request: web.Request, document: str) -> bool:
    """Return whether there is a document, or the sender may create it."""
    access, identity = request.app[ACCESS].current, request[IDENTITY]
    is_allowed = request.app[CONFIG].creating == "allowed"
    if is_allowed and access.may_create(identity, document):
        return True
    return await request.app[HUB].reader.revision(document) is not None


async def closing_code(request: web.Request) -> int | None:
    """Return the code that closes a websocket at once; None if its user may view the document."""
    document = current_name(request)
    code = code_without(request.app[ACCESS].current, identity_of(request), document)
    if code is None and not await _is_there(request, document):
        return CloseCode.NO_SUCH_DOCUMENT
    return code


def code_without(access: Access, identity: Identity, document: str) -> int | None:
    """Return the code that closes a websocket whose user has no access; None if there is some."""
    if access.right(identity, document) >= Right.VIEW:
        return None
    return CloseCode.NO_SUCH_DOCUMENT if identity.user else CloseCode.NOT_SIGNED_IN


def member_of(access: Access, identity: Identity, document: str) -> Member:
    """Return what somebody may do in a document that they may view."""
    right = access.right(identity, document)
    return Member(
        right >= Right.EDIT,
        right >= Right.MANAGE,
        identity.name,
        identity.email,
        is_guest=not (identity.user or access.is_open),
    )


def may_edit(request: web.Request, document: str) -> bool:
    """Return whether the sender may change a document."""
    return request.app[ACCESS].current.right(identity_of(request), document) >= Right.EDIT


def may_create_some(request: web.Request) -> bool:
    """Return whether the sender may create documents; of which names, the policy says."""
    access, identity = request.app[ACCESS].current, identity_of(request)
    return request.app[CONFIG].creating == "allowed" and (
        access.is_operator(identity) or access.policy.may_create(identity)
    )


def check_new_name(request: web.Request, document: str) -> None:
    """Check that the sender may give a document this name.

    Raises:
        web.HTTPForbidden: the policy lets others create documents of this name.
    """
    if not request.app[ACCESS].current.may_create(identity_of(request), document):
        raise _error(
            request, web.HTTPForbidden, f"You may not create documents with the name {document}."
        )


def listed_filter(request: web.Request) -> Callable[[str], bool]:
    """Return a function that tells whether a list has a document.

    The sender may view it, and it is in the folder that `?under=` names, if the request has that.
    """
    may_view = right_filter(request, Right.VIEW)
    folder = request.query.get("under", "").strip("/")
    return (lambda it: it.startswith(f"{folder}/") and may_view(it)) if folder else may_view


def right_filter(request: web.Request, needed: Right) -> Callable[[str], bool]:
    """Return a function that tells whether the sender has a right on a document."""
    access, identity = request.app[ACCESS].current, identity_of(request)
    return lambda document: access.right(identity, document) >= needed


def _is_push(request: web.Request) -> bool:
    return request.query.get("service") == "git-receive-pack"


def _not_signed_in(request: web.Request) -> web.HTTPException:
    return _error(request, NotSignedInError, _SIGN_IN)


def _error(request: web.Request, kind: type[web.HTTPException], sentence: str) -> web.HTTPException:
    """Return an error about access, which has programs send a password if that is missing."""
    error = error_for(request, kind, sentence)
    if error.status == web.HTTPUnauthorized.status_code and not _is_browser(request):
        error.headers["WWW-Authenticate"] = 'Basic realm="GollabEdit", charset="UTF-8"'
    return error


def _is_browser(request: web.Request) -> bool:
    """Return whether the sender would open a dialog of its own for a password."""
    return "Mozilla/" in request.headers.get("User-Agent", "")

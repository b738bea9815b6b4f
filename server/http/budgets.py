"""The budgets of clients (`server.core.budgets`), applied to requests.

A refusal is a sentence and `Retry-After`, and costs little: it comes late, and closes the
connection. Websockets and edits are counted in `hub`.
"""

import asyncio
import logging
import time
from contextlib import ExitStack
from ipaddress import IPv6Address, IPv6Network
from math import ceil

from aiohttp import web
from aiohttp.typedefs import Handler

from server.config import Config
from server.core.budgets import PERSON, UNLIMITED, Allowance, Budget, Budgets, Reason
from server.http.app_keys import FOLDER, HUB
from server.http.forwarded import address_in
from server.http.identity import identity_of
from server.http.responses import error_for

_log = logging.getLogger(__name__)

# A connection hardly ever sends as much as it may, and a request is in progress for moments.
_CONNECTIONS_PER_REQUEST = 8
_FRAMES_PER_EDIT = 25
_FRAMES_OF_FULL_SIZE_PER_S = 1
_FRAMES_OF_FULL_SIZE_UNREAD = 8
HOLD_S = 1.0
_HOLD_MAX_S = 15.0
_DELAYED = 100  # refusals of one client, at which each waits twice as long
_IN_PROGRESS_WAIT_S = 1.0
_LOG_EVERY_S = 60.0

_SENTENCES = {
    Reason.REQUESTS: "You send too many requests; try again in {wait_s} s.",
    Reason.IN_PROGRESS: "Too many of your requests are in progress; try again when they are done.",
    Reason.BYTES: "You have sent too many bytes; try again in {wait_s} s.",
    Reason.WORK: "Your requests take too much of the server’s time; try again in {wait_s} s.",
    Reason.DOCUMENTS: "You have created too many documents; try again in {wait_s} s.",
}


class _Log:
    """Logs whose budget is used up, at most once in a while."""

    def __init__(self) -> None:
        self._next_at: dict[Reason, float] = {}

    def note(self, reason: Reason, who: str) -> None:
        """Log that a budget is used up, unless there was such a line lately."""
        now = time.monotonic()
        if now >= self._next_at.get(reason, now):
            self._next_at[reason] = now + _LOG_EVERY_S
            advice = (
                "" if who.startswith(PERSON) else "; if it is a proxy, add it to --trusted-proxies"
            )
            _log.info("%s has used up its budget: %s%s", who, reason, advice)


BUDGETS = web.AppKey("budgets", Budgets)
_IN_PROGRESS = web.RequestKey("in_progress", ExitStack)


def add_budgets(app: web.Application, config: Config) -> None:
    """Give the application its budgets."""
    is_off = config.budgets == "none"
    address = UNLIMITED if is_off else _allowance(config)
    person = UNLIMITED if is_off else address.halved()
    spares_loopback = config.budgets == "remote"
    app[BUDGETS] = Budgets(address, person, spares_loopback=spares_loopback, note=_Log().note)


def _allowance(config: Config) -> Allowance:
    """Return what one address may use."""
    connections_max = min(config.client_connections_max, config.sessions_max / 2)
    return Allowance(
        connections_max=connections_max,
        document_connections_max=min(connections_max, config.document_sessions_max / 2),
        requests_max=max(2.0, config.client_connections_max / _CONNECTIONS_PER_REQUEST),
        requests_per_s=config.client_requests_per_s,
        bytes_per_s=config.client_bytes_per_s,
        bytes_at_once=2 * config.push_bytes_max,
        work_share=config.client_merge_share,
        documents_per_hour=config.client_new_documents_per_hour,
        frames_per_s=_FRAMES_PER_EDIT * config.edits_per_s,
        frame_bytes_per_s=_FRAMES_OF_FULL_SIZE_PER_S * config.frame_bytes_max,
        unread_bytes_max=_FRAMES_OF_FULL_SIZE_UNREAD * config.frame_bytes_max,
    )


def budget_of(request: web.Request) -> Budget:
    """Return the budget of the person who sends a request, or of its address."""
    user = identity_of(request).user
    client = f"{PERSON}{user}" if user else address_of(request)
    return request.app[BUDGETS].budget(client, time.monotonic())


def who_of(request: web.Request) -> str:
    """Return the key by which people and addresses take turns."""
    return budget_of(request).who


def address_of(request: web.Request) -> str:
    """Return the address of a client, which has a budget of its own.

    An IPv6 client is its network of 64 bits, within which it can choose any address.
    """
    address = address_in(request.remote or "")
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address or request.remote or "")


@web.middleware
async def keep_budgets(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve a request if its address may make one more. Who sends it is not known yet."""
    budget = budget_of(request)
    wait_s = budget.take_request(time.monotonic())
    if wait_s:
        await hold(budget)
        raise too_many(request, Reason.REQUESTS, wait_s)
    if budget.requests + 1 > budget.allowance.requests_max:
        raise too_many(request, Reason.IN_PROGRESS, _IN_PROGRESS_WAIT_S)
    budget.requests += 1
    with ExitStack() as in_progress:
        in_progress.callback(_end_request, budget)
        request[_IN_PROGRESS] = in_progress
        return await handler(request)


async def hold(budget: Budget) -> None:
    """Delay a refusal, the longer the more are delayed: clients that retry at once do so less."""
    budget.delayed_refusals += 1
    try:
        await asyncio.sleep(min(HOLD_S * (1 + budget.delayed_refusals / _DELAYED), _HOLD_MAX_S))
    finally:
        budget.delayed_refusals -= 1


def _end_request(budget: Budget) -> None:
    budget.requests -= 1


def in_progress(request: web.Request) -> ExitStack:
    """Take over the end of a request: it counts as in progress until the result is closed.

    A push continues without its client; a websocket is counted as a connection instead.
    """
    return request[_IN_PROGRESS].pop_all()


async def check_new_document(request: web.Request, document: str) -> None:
    """Count a document that a request is about to create, if there is none of this name.

    Raises:
        web.HTTPTooManyRequests: The client has created too many.
    """
    budget = budget_of(request)
    if not budget.is_limited:
        return
    if await asyncio.to_thread(request.app[FOLDER].exists, document):
        return
    if await request.app[HUB].reader.revision(document) is not None:
        return
    if wait_s := budget.take_document(time.monotonic()):
        raise too_many(request, Reason.DOCUMENTS, wait_s)


def too_many(request: web.Request, reason: Reason, wait_s: float) -> web.HTTPException:
    """Return the refusal of a request, and note it."""
    budget_of(request).note_refusal(reason)
    request.app[HUB].meters.refused(reason)
    seconds = ceil(wait_s)
    sentence = _SENTENCES[reason].format(wait_s=seconds)
    refusal = error_for(request, web.HTTPTooManyRequests, sentence, seconds)
    refusal.force_close()
    return refusal

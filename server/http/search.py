"""Search in all documents that the sender may see."""

import time

from aiohttp import web

from server.core.search import WORDS_CHARACTERS_MAX
from server.http.app_keys import HUB
from server.http.budgets import budget_of, too_many
from server.http.responses import json_error, json_response
from server.http.rights import listed_filter

_BAD_WORDS = f"Search for 1 to {WORDS_CHARACTERS_MAX} characters in one line: /api/search?q=WORDS."


def routes() -> list[web.RouteDef]:
    return [web.get("/api/search", search)]


async def search(request: web.Request) -> web.Response:
    """Answer with the lines that have some words.

    Archived documents are searched only with `?archived=1`, and with `?under=docs/` only those in a
    folder.
    """
    words = request.query.get("q", "").strip()
    if not 0 < len(words) <= WORDS_CHARACTERS_MAX or len(words.splitlines()) > 1:
        raise json_error(web.HTTPBadRequest, _BAD_WORDS)
    budget = budget_of(request)
    wait_s, reason = budget.wait_s(time.monotonic())
    if wait_s:
        raise too_many(request, reason, wait_s)
    found = request.app[HUB].search.find(
        words,
        request.query.get("after", ""),
        listed_filter(request),
        with_archived=request.query.get("archived", "") == "1",
        budget=budget,
    )
    return json_response(await found)

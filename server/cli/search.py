"""`gollabedit search`: search in all documents of a server from the command line."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from server.cli.http_client import (
    add_server,
    add_under,
    api_url,
    listed,
    not_understood,
    send,
    server_of,
)
from server.support.terminal import harmless, say

_EXAMPLES = """examples:
  gollabedit search 'to do'                     in the documents of http://localhost:8080
  gollabedit search Friday https://docs.example.org --under minutes

The lines are printed as DOCUMENT:LINE: TEXT, at most five of each document. Upper and lower case
are the same. The exit code is 1 if nothing was found.
"""


def add_search(command: ArgumentParser) -> None:
    command.epilog = _EXAMPLES
    command.add_argument("words", metavar="WORDS", help="what to look for, in one line")
    add_server(command)
    command.add_argument("--archived", action="store_true", help="also in archived documents")
    add_under(command)
    command.set_defaults(run=_search)


def _search(options: Namespace) -> int:
    found = 0
    query = {"q": options.words, **listed(options)}
    for hit in _hits(server_of(options.url), query):
        found += 1
        for line in hit["lines"]:
            print(harmless(f"{hit['document']}:{line['line']}: {''.join(line['parts'])}"))
        if hit["more"]:
            say(f"{hit['document']}: {hit['more']} more lines")
    if not found:
        say("gollabedit: nothing was found")
    return 0 if found else 1


def _hits(server: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield what a server finds.

    Raises:
        CommandError: the server refuses, or its answer is not understood.
    """
    after: str | None = ""
    while after is not None:
        url = f"{api_url(server, 'search')}?{urlencode({**query, 'after': after})}"
        try:
            answer = json.loads(send("GET", url).body)
            hits, following = [_checked(hit) for hit in answer["documents"]], answer["next"]
        except (ValueError, LookupError, TypeError):
            raise not_understood(url) from None
        yield from hits
        if following is not None and not (isinstance(following, str) and following > after):
            raise not_understood(url)
        after = following


def _checked(hit: Any) -> dict[str, Any]:
    """Return a document of an answer, if it is in form."""
    lines = [
        {"line": int(it["line"]), "parts": [str(part) for part in it["parts"]]}
        for it in hit["lines"]
    ]
    return {"document": str(hit["document"]), "lines": lines, "more": int(hit["more"])}

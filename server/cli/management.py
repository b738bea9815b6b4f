"""`gollabedit rm`, `mv`, `archive`, `trash` and `undelete`: documents as a whole.

They are clients of the JSON API (docs/documents.md), and name documents by their addresses, as all
commands do that talk to a server.
"""

import json
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import Any

from server.cli.http_client import (
    CommandError,
    add_document,
    add_server,
    api_url,
    api_url_for,
    document_of,
    not_understood,
    send,
    server_of,
    shown,
)
from server.support.terminal import harmless

_JSON_HEADERS = {"Content-Type": "application/json"}

_RM_EXAMPLES = """examples:
  gollabedit rm http://localhost:8080/d/notes
  gollabedit undelete http://localhost:8080/d/notes             undo it
  gollabedit rm --redirect http://localhost:8080/d/notes       after a mv: free the old name
"""
_MV_EXAMPLES = """examples:
  gollabedit mv http://localhost:8080/d/notes plans
  gollabedit mv http://localhost:8080/d/plans notes            undo it
"""
_ARCHIVE_EXAMPLES = """examples:
  gollabedit archive http://localhost:8080/d/notes
  gollabedit archive http://localhost:8080/d/notes --undo
  gollabedit ls --archived                                     the archived documents, too
"""
_TRASH_EXAMPLES = """examples:
  gollabedit trash                                             of http://localhost:8080
  gollabedit trash https://docs.example.org
"""
_UNDELETE_EXAMPLES = """examples:
  gollabedit undelete http://localhost:8080/d/notes             the one deleted last
  gollabedit undelete http://localhost:8080/d/notes --as plans
  gollabedit undelete http://localhost:8080/d/notes --id notes-20261130T101500Z
"""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A deleted document: its id in the trash, and when (Unix seconds) it goes for good."""

    id: str
    document: str
    time: float
    until: float
    bytes: int


# --- the command line


def add_rm(command: ArgumentParser) -> None:
    command.description = (
        "Delete a document. It can be restored from the trash, by default for 30 days."
        " Open pages show a message and keep unsent text."
    )
    command.epilog = _RM_EXAMPLES
    add_document(command)
    command.add_argument(
        "--redirect",
        action="store_true",
        help="the name is a former one: remove its redirect to the renamed document",
    )
    command.set_defaults(run=_rm)


def add_mv(command: ArgumentParser) -> None:
    command.description = (
        "Rename a document. The old address leads to the new one, for pages, programs and clones;"
        " the name of its file in Git stays."
    )
    command.epilog = _MV_EXAMPLES
    add_document(command)
    command.add_argument("name", metavar="NAME", help="the new name")
    command.set_defaults(run=_mv)


def add_archive(command: ArgumentParser) -> None:
    command.description = "Make a document read-only, and leave it out of the list of documents."
    command.epilog = _ARCHIVE_EXAMPLES
    add_document(command)
    command.add_argument("--undo", action="store_true", help="make it writable again")
    command.set_defaults(run=_archive)


def add_trash(command: ArgumentParser) -> None:
    command.description = "List the deleted documents of a server that can be restored."
    command.epilog = _TRASH_EXAMPLES
    add_server(command)
    command.set_defaults(run=_trash)


def add_undelete(command: ArgumentParser) -> None:
    command.description = (
        "Bring a deleted document back, with its history, its unresolved conflicts and all"
        " branches."
    )
    command.epilog = _UNDELETE_EXAMPLES
    add_document(command)
    command.add_argument("--as", dest="name", metavar="NAME", help="under another name")
    command.add_argument(
        "--id", help="the id of one of several deleted documents, as `gollabedit trash` lists it"
    )
    command.set_defaults(run=_undelete)


# --- the commands


def _rm(options: Namespace) -> None:
    if options.redirect:
        name = document_of(options.url)
        send("DELETE", api_url(server_of(options.url), "redirects", name))
        print(f"{name} is free")
        return
    url = api_url_for(options.url)
    entry = _entry(url, _decoded(url, send("DELETE", url).body))
    print(
        f"{entry.document} is in the trash until {_day(entry.until)};"
        f" to bring it back: gollabedit undelete {shown(options.url)}"
    )


def _mv(options: Namespace) -> None:
    _send_json("PATCH", api_url_for(options.url), {"document": options.name})
    print(f"{server_of(options.url)}/d/{options.name}")


def _archive(options: Namespace) -> None:
    _send_json("PATCH", api_url_for(options.url), {"archived": not options.undo})


def _trash(options: Namespace) -> None:
    for entry in _entries(server_of(options.url)):
        line = (
            f"{entry.id}  {entry.document}, deleted {_day(entry.time)}, kept until"
            f" {_day(entry.until)}, {max(1, round(entry.bytes / 1000)):,} KB"
        )
        print(harmless(line))


def _undelete(options: Namespace) -> None:
    server, document = server_of(options.url), document_of(options.url)
    found = [
        entry
        for entry in _entries(server)
        if entry.document == document and options.id in (None, entry.id)
    ]
    if not found:
        raise CommandError(f"there is no such {document} in the trash of {shown(server)}")
    fields = {"document": options.name} if options.name else {}
    _send_json("POST", api_url(server, "trash", found[0].id), fields)
    print(f"{server}/d/{options.name or document}")


# --- requests


def _entries(server: str) -> list[_Entry]:
    """Return what is in the trash of a server, the latest deletion first."""
    url = api_url(server, "trash")
    answer = _decoded(url, send("GET", url).body)
    try:
        return [_entry(url, each) for each in answer["trash"]]
    except (LookupError, TypeError):
        raise not_understood(url) from None


def _entry(url: str, answer: Any) -> _Entry:
    try:
        return _Entry(
            str(answer["id"]),
            str(answer["document"]),
            float(answer["time"]),
            float(answer["until"]),
            int(answer["bytes"]),
        )
    except (LookupError, TypeError, ValueError):
        raise not_understood(url) from None


def _send_json(method: str, url: str, fields: dict[str, object]) -> None:
    send(method, url, json.dumps(fields).encode(), _JSON_HEADERS)


def _decoded(url: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise not_understood(url) from None


def _day(unix_s: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(unix_s))

"""`gollabedit log`, `show`, `diff`, `restore` and `name`: the history of a document of a server.

They are clients of the addresses in docs/protocol.md, and keep no state.
"""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from itertools import groupby
from typing import TypeVar

import msgspec

from server.cli.http_client import (
    ConflictError,
    RejectedError,
    add_document,
    api_url_for,
    not_understood,
    put,
    send,
    shown,
    text_url_for,
)
from server.support.terminal import harmless, say

_LOG_EXAMPLES = """examples:
  gollabedit log http://localhost:8080/d/notes
  gollabedit log http://localhost:8080/d/notes --limit 5 --json
"""
_SHOW_EXAMPLES = """examples:
  gollabedit show http://localhost:8080/d/notes 3f2a9c1e        what this version changed
  gollabedit show http://localhost:8080/d/notes sent-to-the-board --text > notes.txt
"""
_DIFF_EXAMPLES = """examples:
  gollabedit diff http://localhost:8080/d/notes 3f2a9c1e        what changed since a version
  gollabedit diff http://localhost:8080/d/notes draft final --unified
"""
_RESTORE_EXAMPLES = """examples:
  gollabedit restore http://localhost:8080/d/notes 3f2a9c1e --name Ann

The old text becomes the newest one, as an edit: nothing of the history is lost, and what others
write meanwhile is merged.
"""
_NAME_EXAMPLES = """examples:
  gollabedit name http://localhost:8080/d/notes 'Sent to the board'
  gollabedit name http://localhost:8080/d/notes 'First draft' --version 3f2a9c1e
  gollabedit name http://localhost:8080/d/notes --remove first-draft
"""
_VERSION_HELP = (
    "id, the beginning of an id (7 digits or more), name (as `log` shows it) or revision"
)
_LISTED = 50
_GREEN, _RED, _YELLOW, _DIM, _RESET = "\033[32m", "\033[31m", "\033[33m", "\033[2m", "\033[0m"


_Decoded = TypeVar("_Decoded")


class _Author(msgspec.Struct):
    name: str
    added: int = 0
    removed: int = 0


class _Version(msgspec.Struct):
    id: str
    revision: str
    time: float
    kind: str
    subject: str
    authors: list[_Author]
    name: str
    slug: str
    note: str


class _Versions(msgspec.Struct):
    versions: list[_Version]
    more: bool
    complete: bool = True


class _Diff(msgspec.Struct):
    runs: list[tuple[str, str | int, int | None]]


_VERSION = msgspec.json.Decoder(_Version)
_VERSIONS = msgspec.json.Decoder(_Versions)
_DIFF = msgspec.json.Decoder(_Diff)


# --- the command line


def add_log(command: ArgumentParser) -> None:
    command.epilog = _LOG_EXAMPLES
    add_document(command)
    command.add_argument(
        "-n",
        "--limit",
        type=int,
        default=_LISTED,
        help=f"at most this many versions (default: {_LISTED})",
    )
    _add_json(command)
    command.set_defaults(run=_log)


def add_show(command: ArgumentParser) -> None:
    command.epilog = _SHOW_EXAMPLES
    add_document(command)
    command.add_argument("version", metavar="VERSION", help=_VERSION_HELP)
    command.add_argument("--text", action="store_true", help="print the text of the version")
    command.set_defaults(run=_show)


def add_diff(command: ArgumentParser) -> None:
    command.epilog = _DIFF_EXAMPLES
    add_document(command)
    command.add_argument("first", metavar="VERSION", help=_VERSION_HELP)
    command.add_argument("last", metavar="VERSION", nargs="?", default="now", help="default: now")
    command.add_argument("--unified", action="store_true", help="print a patch, by lines")
    _add_json(command)
    command.set_defaults(run=_diff)


def add_restore(command: ArgumentParser) -> None:
    command.epilog = _RESTORE_EXAMPLES
    add_document(command)
    command.add_argument("version", metavar="VERSION", help=_VERSION_HELP)
    command.add_argument("--name", help="the author's name, for the history")
    command.set_defaults(run=_restore)


def add_name(command: ArgumentParser) -> None:
    command.epilog = _NAME_EXAMPLES
    add_document(command)
    command.add_argument("label", metavar="NAME", nargs="?", help="the name of the version")
    command.add_argument("--version", help=f"{_VERSION_HELP} (default: a new one of the text now)")
    command.add_argument("--note", default="", help="more about it")
    command.add_argument("--remove", metavar="SLUG", help="remove a name; the version stays")
    command.set_defaults(run=_name)


def _add_json(command: ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print the server's answer as JSON")


# --- the commands


def _log(options: Namespace) -> None:
    if options.json:
        url = api_url_for(options.url, "versions", limit=str(options.limit))
        _print_json(send("GET", url).body)
        return
    day = ""
    for version in _versions(options.url, options.limit):
        made = datetime.fromtimestamp(version.time).astimezone()
        if (today := f"{made:%A}, {made.day} {made:%B %Y}") != day:
            print(f"{chr(10) if day else ''}{_colored(today, _DIM)}")
            day = today
        print(_line(version, f"{made:%H:%M}"))


def _line(version: _Version, time: str) -> str:
    id = "now     " if version.id == "open" else version.id[:8]
    names = ", ".join(dict.fromkeys(author.name for author in version.authors))
    name = f"  [{version.name}: {version.slug}]" if version.name else ""
    line = f"{names}: {version.subject}{_counts(version.authors)}"
    return f"  {time}  {_colored(id, _YELLOW)}  {harmless(line)}{_colored(harmless(name), _GREEN)}"


def _counts(authors: Sequence[_Author]) -> str:
    added = sum(author.added for author in authors)
    removed = sum(author.removed for author in authors)
    counts = [f"+{added}"] * bool(added) + [f"-{removed}"] * bool(removed)
    return f" ({' '.join(counts)} {'word' if added + removed == 1 else 'words'})" if counts else ""


def _show(options: Namespace) -> None:
    if options.text:
        revision = _find(options.url, options.version).revision
        body = send("GET", text_url_for(options.url, {"revision": revision})).body
        sys.stdout.write(_content(body.decode(errors="replace")))
        return
    found = _find(options.url, options.version)
    before = _previous(options.url, found)
    made = datetime.fromtimestamp(found.time).astimezone()
    print(_colored(f"version {found.id}", _YELLOW))
    if found.name:
        print(f"Name:     {harmless(found.name)}")
    print(f"Authors:  {harmless(', '.join(author.name for author in found.authors))}")
    print(f"Date:     {made:%A}, {made.day} {made:%B %Y %H:%M}")
    print(f"Revision: {found.revision}")
    print(f"\n    {harmless(found.subject)}{_counts(found.authors)}")
    for line in harmless(found.note, keep="\n").splitlines():
        print(f"    {line}")
    print()
    last = "now" if found.id == "open" else found.id
    _print_runs(_compared(options.url, before, last))


def _diff(options: Namespace) -> None:
    query = {"from": options.first, "to": options.last}
    if options.unified:
        url = api_url_for(options.url, "diff", **query, format="unified")
        _print_patch(send("GET", url).body.decode(errors="replace"))
    elif options.json:
        _print_json(send("GET", api_url_for(options.url, "diff", **query)).body)
    else:
        _print_runs(_compared(options.url, options.first, options.last))


def _restore(options: Namespace) -> int:
    revision = _find(options.url, options.version).revision
    newest = send("GET", text_url_for(options.url, {}))
    old = send("GET", text_url_for(options.url, {"revision": revision}))
    if old.body == newest.body:
        say("gollabedit: the document has this text already")
        return 0
    query = {"restores": revision} | ({"name": options.name} if options.name else {})
    try:
        answer = put(
            text_url_for(options.url, query), old.body, {"If-Match": f'"{newest.revision}"'}
        )
    except ConflictError:
        say("gollabedit: others are changing the same words; nothing was changed; try again")
        return 1
    print(answer.revision)
    return 0


def _name(options: Namespace) -> int:
    if (options.label is None) == (options.remove is None):
        say("gollabedit: name needs a NAME, or --remove SLUG")
        return 2
    if options.remove:
        send("DELETE", api_url_for(options.url, "versions", options.remove))
        return 0
    revision = _find(options.url, options.version).revision if options.version else ""
    body = {"name": options.label, "note": options.note, "revision": revision}
    url = api_url_for(options.url, "versions")
    answer = send("POST", url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    print(_decoded(url, answer.body, _VERSION).slug)
    return 0


# --- requests


def _versions(url: str, limit: int) -> Iterator[_Version]:
    """Yield at most `limit` versions, the newest first."""
    before = ""
    while limit > 0:
        query = {"limit": str(min(limit, 200))} | ({"before": before} if before else {})
        address = api_url_for(url, "versions", **query)
        page = _decoded(address, send("GET", address).body, _VERSIONS)
        yield from page.versions[:limit]
        limit -= len(page.versions)
        if not page.complete:
            say("gollabedit: the server is still preparing older versions")
        if not page.more or not page.versions:
            return
        before = page.versions[-1].id


def _find(url: str, version: str) -> _Version:
    """Return the version that the user has named."""
    for each in _versions(url, sys.maxsize):
        is_named = version in (each.id, each.slug, each.name, each.revision)
        if is_named or version == "now" or (len(version) >= 7 and each.id.startswith(version)):
            return each
    raise RejectedError(url, HTTPStatus.NOT_FOUND, f"there is no version {version!r}")


def _previous(url: str, version: _Version) -> str:
    """Return the version before another one, in the words of the server."""
    query = {"limit": "1"} if version.id == "open" else {"limit": "1", "before": version.id}
    address = api_url_for(url, "versions", **query)
    found = _decoded(address, send("GET", address).body, _VERSIONS).versions
    return next((each.id for each in found if each.id != "open"), "start")


def _compared(url: str, first: str, last: str) -> _Diff:
    address = api_url_for(url, "diff", **{"from": first, "to": last})
    return _decoded(address, send("GET", address).body, _DIFF)


def _decoded(url: str, body: bytes, decoder: msgspec.json.Decoder[_Decoded]) -> _Decoded:
    try:
        return decoder.decode(body)
    except msgspec.DecodeError:
        raise not_understood(shown(url)) from None


# --- output


def _print_runs(found: _Diff) -> None:
    """Print a comparison by words: in colours on a terminal, else as `wdiff` marks them."""
    parts = []
    for kind, runs in groupby(found.runs, lambda run: run[0]):
        text = "".join(str(run[1]) for run in runs)
        words = _content(text)
        if kind == "added":
            parts.append(_marked(words, _GREEN, "{+", "+}"))
        elif kind == "removed":
            parts.append(_marked(words, _RED, "[-", "-]"))
        elif kind == "skipped":
            parts.append(_colored(f"\n… {text} characters …\n", _DIM))
        else:
            parts.append(words)
    print("".join(parts).rstrip("\n"))


def _content(text: str) -> str:
    """Return a text of the document; for a terminal without what would control it."""
    return harmless(text, keep="\n\t") if sys.stdout.isatty() else text


def _marked(words: str, color: str, start: str, end: str) -> str:
    return _colored(words, color) if _has_colors() else f"{start}{words}{end}"


def _print_patch(patch: str) -> None:
    for line in _content(patch).split("\n")[:-1]:
        color = {"+": _GREEN, "-": _RED, "@": _YELLOW}.get(line[:1], "")
        print(_colored(line, color) if color else line)


def _print_json(body: bytes) -> None:
    print(json.dumps(json.loads(body), indent=2, ensure_ascii=not sys.stdout.isatty()))


def _colored(text: str, color: str) -> str:
    return f"{color}{text}{_RESET}" if text and _has_colors() else text


def _has_colors() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

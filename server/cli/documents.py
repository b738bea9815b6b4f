"""`gollabedit ls`, `cat`, `new`, `put` and `append`: documents of a server from the command line.

They are clients of the plain HTTP addresses (docs/protocol.md), and keep no state but in the files
that the user names.
"""

import os
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from server.cli.http_client import (
    TEXT_HEADERS,
    Answer,
    CommandError,
    ConflictError,
    RejectedError,
    add_document,
    add_server,
    add_under,
    documents,
    listed,
    put,
    send,
    server_of,
    shown,
    text_url_for,
)
from server.support.terminal import harmless, say

_LS_EXAMPLES = """examples:
  gollabedit ls                                 the documents of http://localhost:8080
  gollabedit ls https://docs.example.org --under minutes
"""
_CAT_EXAMPLES = """examples:
  gollabedit cat http://localhost:8080/d/notes
  gollabedit cat http://localhost:8080/d/notes --etag-file notes.etag > notes.txt
"""
_NEW_EXAMPLES = """examples:
  gollabedit new http://localhost:8080/d/notes notes.txt
  echo 'Things to do' | gollabedit new http://localhost:8080/d/todo
"""
_PUT_EXAMPLES = """examples:
  gollabedit put http://localhost:8080/d/notes notes.txt --etag-file notes.etag
                                                merge it with what others wrote since `cat`
  gollabedit put http://localhost:8080/d/report report.txt
                                                replace whatever is there
"""
_APPEND_EXAMPLES = """examples:
  date | gollabedit append http://localhost:8080/d/log
  gollabedit append http://localhost:8080/d/log build.log --name Builder
"""


# --- the command line


def add_ls(command: ArgumentParser) -> None:
    command.epilog = _LS_EXAMPLES
    add_server(command)
    command.add_argument("--archived", action="store_true", help="also list archived documents")
    add_under(command)
    command.set_defaults(run=_ls)


def add_cat(command: ArgumentParser) -> None:
    command.epilog = _CAT_EXAMPLES
    add_document(command)
    command.add_argument("--revision", help="an old revision (default: the newest)")
    command.add_argument(
        "--etag-file", metavar="FILE", type=Path, help="write the revision to this file"
    )
    command.set_defaults(run=_cat)


def add_new(command: ArgumentParser) -> None:
    command.epilog = _NEW_EXAMPLES
    _add_text(command)
    command.set_defaults(run=_new)


def add_put(command: ArgumentParser) -> None:
    command.epilog = _PUT_EXAMPLES
    _add_text(command)
    made_from = command.add_mutually_exclusive_group()
    made_from.add_argument(
        "--base", metavar="REVISION", help="the revision that the text was made from"
    )
    made_from.add_argument(
        "--etag-file",
        metavar="FILE",
        type=Path,
        help="the file to which `cat` wrote that revision; it and FILE are updated",
    )
    command.set_defaults(run=_put)


def add_append(command: ArgumentParser) -> None:
    command.epilog = _APPEND_EXAMPLES
    _add_text(command)
    command.set_defaults(run=_append)


def _add_text(command: ArgumentParser) -> None:
    """Add the options of a command that writes: where, what, and in whose name."""
    add_document(command)
    command.add_argument(
        "file", metavar="FILE", nargs="?", default="-", help="the text (default: -, standard input)"
    )
    command.add_argument("--name", help="the author's name, for the history")


# --- the commands


def _ls(options: Namespace) -> None:
    for document in documents(server_of(options.url), listed(options)):
        print(document)


def _cat(options: Namespace) -> None:
    query = {"revision": options.revision} if options.revision else {}
    answer = send("GET", text_url_for(options.url, query))
    if options.etag_file:
        _write(options.etag_file, f"{answer.revision}\n".encode())
    _print(answer.body)


def _new(options: Namespace) -> None:
    try:
        answer = put(_address(options), _read(options.file), {"If-None-Match": "*"})
    except RejectedError as error:
        if error.status != HTTPStatus.PRECONDITION_FAILED:
            raise
        raise CommandError(
            f"{shown(options.url)} exists; gollabedit put changes it, append adds lines"
        ) from None
    print(answer.revision)


def _put(options: Namespace) -> int:
    if options.etag_file and options.file == "-":
        raise CommandError("--etag-file needs a FILE, to write the merged text into")
    text = _read(options.file)
    base = _revision_in(options.etag_file) if options.etag_file else options.base
    try:
        answer = put(_address(options), text, {"If-Match": f'"{base}"' if base else "*"})
    except ConflictError as conflict:
        _print_conflict(options.file, conflict.answer)
        return 1
    except RejectedError as error:
        if error.status != HTTPStatus.PRECONDITION_FAILED:
            raise
        missing = f"has no revision {base}" if base else "does not exist; gollabedit new makes it"
        raise CommandError(f"{shown(options.url)} {missing}") from None
    if options.etag_file:
        _bring_up_to_date(Path(options.file), text, answer)
        _write(options.etag_file, f"{answer.revision}\n".encode())
    print(answer.revision)
    return 0


def _append(options: Namespace) -> None:
    print(send("POST", _address(options), _read(options.file), TEXT_HEADERS).revision)


def _address(options: Namespace) -> str:
    """Return the URL to write to, with the author's name."""
    return text_url_for(options.url, {"name": options.name} if options.name else {})


def _bring_up_to_date(file: Path, sent: bytes, answer: Answer) -> None:
    """Write the merged text into the file, or the next `put` would undo what others wrote."""
    if answer.body == sent:
        return
    if _read(str(file)) != sent:
        raise CommandError(
            f"the document has your text, but {file} was changed meanwhile; put it again"
        )
    _write(file, answer.body)
    say(f"gollabedit: {file} now has what others wrote, too")


def _print_conflict(file: str, answer: Mapping[str, Any]) -> None:
    """Print the words that conflict, place by place."""
    hunks = answer["hunks"]
    places = "1 place" if len(hunks) == 1 else f"{len(hunks)} places"
    say(f"gollabedit: others changed the same words in {places}; nothing was changed")
    for hunk in hunks:
        say(f"{'<stdin>' if file == '-' else file}:{hunk['line_sent']}:")
        _say_side("before", hunk["base"])
        _say_side("yours", hunk["theirs"])
        _say_side("theirs", hunk["ours"])
    say(
        "gollabedit: resolve the conflict in your text, and put it with"
        f" --base {answer['revision']}"
    )


def _say_side(side: str, text: str) -> None:
    first, *others = text.splitlines() or ["(nothing)"]
    say(f"  {side + ':':8}{first}")
    for line in others:
        say(f"  {'':8}{line}")


# --- files


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as problem:
        raise CommandError(f"{file} cannot be read: {problem.strerror}") from None


def _revision_in(file: Path) -> str:
    revision = _read(str(file)).decode(errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise CommandError(f"{file} has no revision in it; `gollabedit cat --etag-file` writes it")
    return revision


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as problem:
        raise CommandError(f"{file} cannot be written: {problem.strerror}") from None


def _print(content: bytes) -> None:
    """Write a text to standard output; to a terminal without its control characters."""
    if sys.stdout.isatty():
        content = harmless(content.decode(errors="replace"), keep="\n\t").encode()
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # such as `head`, once it has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

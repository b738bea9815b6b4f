"""`gollabedit ls`, `cat`, `new`, `put` and `append`: documents of a server from the command line.

A client of the plain HTTP addresses alone (docs/protocol.md): it shares nothing with the server but
the program's name, and remembers nothing but what the user has it write into a file.
"""

import base64
import http.client
import json
import os
import re
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter, _SubParsersAction
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

_WAIT_S = 60.0  # for each answer
_HERE = "http://localhost:8080"
_DOCUMENT = re.compile(r"(?P<before>.*)/(?:d/(?P<page>[^/]+)(?:/raw)?|(?P<git>[^/]+)\.git)/?")

_LS_EXAMPLES = """examples:
  gollabedit ls                                 the documents of http://localhost:8080
  gollabedit ls https://docs.example.org
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
                                                in the place of whatever is there
"""
_APPEND_EXAMPLES = """examples:
  date | gollabedit append http://localhost:8080/d/log
  gollabedit append http://localhost:8080/d/log build.log --name Builder
"""


class CommandError(Exception):
    """A command cannot be carried out; the message is one line for the user."""


class _DisputedError(Exception):
    """Others changed the same words; carries the server's JSON."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    revision: str


# --- the command line


def add_commands(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add all five to the command line."""
    _add_ls(commands)
    _add_cat(commands)
    _add_writing(commands, "new", "make a document of a text", _NEW_EXAMPLES, _new)
    put = _add_writing(
        commands, "put", "send a new version of a document, to be merged", _PUT_EXAMPLES, _put
    )
    made_from = put.add_mutually_exclusive_group()
    made_from.add_argument(
        "--base", metavar="REVISION", help="the revision that the text was made from"
    )
    made_from.add_argument(
        "--etag-file",
        metavar="FILE",
        type=Path,
        help="where `cat` wrote that revision; the text's file and this one are brought up to date",
    )
    _add_writing(commands, "append", "add lines to a document", _APPEND_EXAMPLES, _append)


def _add_ls(commands: "_SubParsersAction[ArgumentParser]") -> None:
    ls = _add(commands, "ls", "list the documents of a server", _LS_EXAMPLES)
    ls.add_argument("url", metavar="URL", nargs="?", default=_HERE, help=f"default: {_HERE}")
    ls.set_defaults(run=_ls)


def _add_cat(commands: "_SubParsersAction[ArgumentParser]") -> None:
    cat = _add(commands, "cat", "print the text of a document", _CAT_EXAMPLES)
    cat.add_argument("url", metavar="URL", help="of a document: http://HOST/d/NAME")
    cat.add_argument("--revision", help="an old revision (default: the newest)")
    cat.add_argument(
        "--etag-file", metavar="FILE", type=Path, help="write the revision into this file"
    )
    cat.set_defaults(run=_cat)


def _add_writing(
    commands: "_SubParsersAction[ArgumentParser]", name: str, what: str, examples: str, run: object
) -> ArgumentParser:
    command = _add(commands, name, what, examples)
    command.add_argument("url", metavar="URL", help="of a document: http://HOST/d/NAME")
    command.add_argument(
        "file", metavar="FILE", nargs="?", default="-", help="the text (default: -, what comes in)"
    )
    command.add_argument("--name", help="who wrote it, for the history")
    command.set_defaults(run=run)
    return command


def _add(
    commands: "_SubParsersAction[ArgumentParser]", name: str, what: str, examples: str
) -> ArgumentParser:
    return commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=examples,
        formatter_class=RawDescriptionHelpFormatter,
    )


# --- the commands


def _ls(options: Namespace) -> None:
    server = _server(options.url)
    after: str | None = ""
    while after is not None:
        query = urlencode({"after": after})
        answer = _ask("GET", f"{server}/api/documents?{query}")
        found = json.loads(answer.body)
        for document in found["documents"]:
            print(document["document"])
        after = found["documents"][-1]["document"] if found["more"] else None


def _cat(options: Namespace) -> None:
    query = {"revision": options.revision} if options.revision else {}
    answer = _ask("GET", _raw(options.url, query))
    if options.etag_file:
        _write(options.etag_file, f"{answer.revision}\n".encode())
    _print(answer.body)


def _new(options: Namespace) -> None:
    answer = _send("PUT", options, _read(options.file), {"If-None-Match": "*"})
    print(answer.revision)


def _put(options: Namespace) -> int:
    if options.etag_file and options.file == "-":
        raise CommandError("--etag-file needs a FILE, which can be brought up to date")
    text = _read(options.file)
    base = _revision_in(options.etag_file) if options.etag_file else options.base
    try:
        answer = _send("PUT", options, text, {"If-Match": f'"{base}"' if base else "*"})
    except _DisputedError as disputed:
        _explain(options.file, disputed.answer)
        return 1
    if options.etag_file:
        _bring_up_to_date(Path(options.file), text, answer)
        _write(options.etag_file, f"{answer.revision}\n".encode())
    print(answer.revision)
    return 0


def _append(options: Namespace) -> None:
    print(_send("POST", options, _read(options.file), {}).revision)


def _bring_up_to_date(file: Path, sent: bytes, answer: _Answer) -> None:
    """The file goes with the revision: without what others wrote, the next put would undo that."""
    if answer.body == sent:
        return
    if _read(str(file)) != sent:
        raise CommandError(
            f"the document has your text, but {file} was changed meanwhile: put it again"
        )
    _write(file, answer.body)
    print(f"gollabedit: {file} has what others wrote now, too", file=sys.stderr)


def _explain(file: str, answer: Mapping[str, Any]) -> None:
    """Say what disagrees, place by place."""
    hunks = answer["hunks"]
    places = "1 place" if len(hunks) == 1 else f"{len(hunks)} places"
    _say(f"gollabedit: others changed the same words in {places}; nothing was changed")
    for hunk in hunks:
        _say(f"{'<stdin>' if file == '-' else file}:{hunk['line_sent']}:")
        _say_side("before", hunk["base"])
        _say_side("yours", hunk["theirs"])
        _say_side("theirs", hunk["ours"])
    _say(
        "gollabedit: decide in your text what is to stay, and put it with"
        f" --base {answer['revision']}"
    )


def _say_side(side: str, text: str) -> None:
    first, *others = text.splitlines() or ["(nothing)"]
    _say(f"  {side + ':':8}{first}")
    for line in others:
        _say(f"  {'':8}{line}")


def _say(line: str) -> None:
    print(_harmless(line), file=sys.stderr)


def _harmless(line: str) -> str:
    """A line for a terminal, which is not to obey what others wrote."""
    return "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line)


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
        raise CommandError(f"{file} holds no revision; `gollabedit cat --etag-file` writes it")
    return revision


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as problem:
        raise CommandError(f"{file} cannot be written: {problem.strerror}") from None


def _print(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # as of `head`, which has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# --- HTTP


def _server(url: str) -> str:
    """The address of the server, of any address there."""
    parts = _parts(url)
    found = _DOCUMENT.fullmatch(parts.path)
    path: str = found["before"] if found else parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _raw(url: str, query: Mapping[str, str]) -> str:
    """The address of a document's text, of the addresses that a user has."""
    parts = _parts(url)
    found = _DOCUMENT.fullmatch(parts.path)
    if not found:
        raise CommandError(f"{_shown(url)} is no document; it looks like {_HERE}/d/NAME")
    path = f"{found['before']}/d/{quote(unquote(found['page'] or found['git']))}/raw"
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts
    except ValueError:
        pass  # half a bracket
    raise CommandError(f"{url} is no address; it looks like {_HERE}/d/NAME")


def _send(method: str, options: Namespace, text: bytes, headers: Mapping[str, str]) -> _Answer:
    query = {"name": options.name} if options.name else {}
    kind = {"Content-Type": "text/plain; charset=utf-8"}
    return _ask(method, _raw(options.url, query), text, {**kind, **headers})


def _ask(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] = {}
) -> _Answer:
    """Ask the server.

    Raises:
        CommandError: there is no answer, or a refusal.
        _DisputedError: others changed the same words.
    """
    address, sign_in = _apart(url)
    request = Request(address, body, {**headers, **sign_in}, method=method)  # noqa: S310  _parts
    try:
        with urlopen(request, timeout=_WAIT_S) as answer:  # noqa: S310  _parts
            return _Answer(
                answer.status, answer.read(), answer.headers.get("ETag", "").strip('W/"')
            )
    except HTTPError as refusal:
        raise _refusal(url, refusal) from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        reason = problem.reason if isinstance(problem, URLError) else problem
        why = getattr(reason, "strerror", None) or reason
        raise CommandError(f"{_shown(url)} cannot be reached: {why}") from None


def _refusal(url: str, refusal: HTTPError) -> Exception:
    """What a refusal means; a page is from somebody in between, and would fill the terminal."""
    with refusal:
        kind, said = refusal.headers.get_content_type(), refusal.read()
    if refusal.code == 409 and kind == "application/json":
        return _DisputedError(json.loads(said))
    sentence = said.decode(errors="replace") if kind == "text/plain" else ""
    sentence = " ".join(sentence.split()) or f"{refusal.code} {refusal.reason}"
    return CommandError(f"{_shown(url)}: {_harmless(sentence)}")


def _apart(url: str) -> tuple[str, dict[str, str]]:
    """The address without name and password, and the header that holds them."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    secret = base64.b64encode(unquote(user).encode()).decode()
    return urlunsplit(parts._replace(netloc=host)), {"Authorization": f"Basic {secret}"}


def _shown(url: str) -> str:
    """An address for a message: no password, and as the user wrote it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path.removesuffix("/raw"), "", ""))

"""`gollabedit purge`: remove a text from the whole history of a document.

While a server uses the data folder, it is asked to, through the control socket; else the command
does it itself.
"""

import asyncio
import os
import socket
import time
from argparse import ArgumentParser, Namespace
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import msgspec

from server import config
from server.config import Config
from server.hub.gate import OverloadedError
from server.hub.hub import Hub
from server.hub.management import Management, NoDocumentError
from server.storage.control import Failure, Purge, PurgeResult, socket_path
from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.journal import JournalError
from server.storage.journal.sqlite import SqliteJournal
from server.storage.purge import Purged
from server.storage.rewrite import RewriteError
from server.support.errors import UserError
from server.support.terminal import say, tick

_CHARACTERS_MIN = 4  # of a text: a shorter one is in many words
_EXAMPLES = """examples:
  gollabedit purge notes --text-file secret.txt --dry-run    what would be done
  gollabedit purge notes --text-file secret.txt              remove it, everywhere
  gollabedit purge notes --data /srv/docs --text-file - --replacement '(removed)' < secret.txt

The text is read from a file, so that it is not in the history of your shell. Commits from the first
one with the text on get new ids.
"""
_OUT_OF_REACH = """
Out of reach of this command, if they have the text: clones; mirrors, whose next push is rejected
unless you use --mirror-force, and what a forge keeps of overwritten commits; backups; deleted
documents in the trash; unsent text in browsers; and everybody who has read it. If it is a password,
change it.
"""


class PurgeCommandError(UserError):
    """Nothing was changed."""


def add_purge(command: ArgumentParser) -> None:
    command.description = (
        "Remove a text from the whole history of a document: from all revisions, versions,"
        " branches, other files, messages and names. A server may run meanwhile."
    )
    command.epilog = _EXAMPLES
    command.add_argument("document", metavar="DOCUMENT", help="name of the document")
    command.add_argument(
        "--data", metavar="DIR", help=f"folder that holds the documents (default: {Config().data})"
    )
    command.add_argument(
        "--text-file",
        metavar="FILE",
        required=True,
        help="file with the text; - for standard input",
    )
    command.add_argument(
        "--replacement", metavar="TEXT", default="***", help="what replaces it (default: ***)"
    )
    command.add_argument(
        "--mirror-force", action="store_true", help="overwrite the old history in the mirrors"
    )
    command.add_argument("--dry-run", action="store_true", help="only say what would be done")
    command.set_defaults(run=_purge)


def _purge(options: Namespace) -> int:
    text = _text_in(options.text_file)
    if len(text) < _CHARACTERS_MIN:
        raise PurgeCommandError(
            f"the text must have {_CHARACTERS_MIN} characters or more: a shorter one is part of"
            " other words"
        )
    if text in options.replacement:
        raise PurgeCommandError("the replacement contains the text")
    asked = Purge(
        options.document, text, options.replacement, options.dry_run, options.mirror_force
    )
    settings = config.read(options, os.environ)
    if not (settings.data / "format").exists():
        raise PurgeCommandError(
            f"there is no data folder {settings.data.absolute()}; name it with --data"
        )
    tick(f"{asked.document}: searching the history")
    result = _carried_out(asked, settings)
    tick("")
    _print_result(asked, result.purged)
    for problem in result.mirrors:
        say(f"gollabedit: the mirror has the old history still: {problem}")
    return 1 if result.mirrors else 0


def _text_in(file: str) -> str:
    """Return the text in a file, without the line end that editors put behind it."""
    try:
        return (
            Path("/dev/stdin" if file == "-" else file).read_text(encoding="utf-8").rstrip("\r\n")
        )
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise PurgeCommandError(f"{file} cannot be read: {reason}") from None


def _carried_out(asked: Purge, settings: Config) -> PurgeResult:
    try:
        with DataFolder(settings.data) as folder:
            return asyncio.run(_alone(asked, settings, folder))
    except DataFolderError as problem:
        if not isinstance(problem.__context__, BlockingIOError):
            raise
        return _by_server(asked, settings.data.absolute())
    except (NoDocumentError, RewriteError, OverloadedError, JournalError) as problem:
        raise PurgeCommandError(str(problem)) from None


async def _alone(asked: Purge, settings: Config, folder: DataFolder) -> PurgeResult:
    journal = await asyncio.to_thread(SqliteJournal, folder.journal_path)
    try:
        async with Hub(settings, folder, journal) as hub:
            management = Management(hub, folder, settings)
            return await management.purge(asked)
    finally:
        await asyncio.to_thread(journal.close)


class _SocketConnection(HTTPConnection):
    """An HTTP connection over a Unix socket."""

    def __init__(self, data: Path) -> None:
        super().__init__("localhost")
        self._data = data

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with socket_path(self._data) as path:
            self.sock.connect(str(path))


def _by_server(asked: Purge, data: Path) -> PurgeResult:
    connection = _SocketConnection(data)
    try:
        connection.request("POST", "/purge", msgspec.json.encode(asked))
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, HTTPException) as problem:
        raise PurgeCommandError(
            f"a server uses the data folder {data}, and cannot be reached: {problem}"
        ) from None
    finally:
        connection.close()
    if answer.status != 200:
        raise PurgeCommandError(msgspec.json.decode(body, type=Failure).error)
    return msgspec.json.decode(body, type=PurgeResult)


def _print_result(asked: Purge, purged: Purged) -> None:
    if not purged.objects:
        print(f"{asked.document}: the text is nowhere in the history; nothing was changed")
        return
    since = time.strftime("%d %B %Y %H:%M", time.localtime(purged.first)).lstrip("0")
    what = "would be" if asked.dry_run else "were"
    first = f", the first of {since}" if purged.commits else ""
    print(
        f"{asked.document}: the text is in {purged.objects:,} objects; {purged.commits:,} commits"
        f" {what} rewritten{first}"
    )
    if asked.dry_run:
        return
    print(f"the repository has {purged.bytes_after:,} bytes; it had {purged.bytes_before:,}")
    for line in _OUT_OF_REACH.strip().splitlines():
        say(line)

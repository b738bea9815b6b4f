"""Commands that rewrite the history of a document.

If a server uses the data folder, the command asks it to do that, through the control socket;
otherwise it does it by itself.
"""

import asyncio
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import TypeVar

import msgspec

from server import config
from server.cli.control_socket import ask
from server.config import Config
from server.hub.access import AccessControl
from server.hub.gate import OverloadedError
from server.hub.hub import Hub
from server.hub.management import Management, NoDocumentError
from server.storage.cache import check_is_no_cache
from server.storage.control import Failure, Forget, Purge
from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.journal import JournalError
from server.storage.journal.sqlite import SqliteJournal
from server.storage.rewrite import RewriteError
from server.support.errors import UserError
from server.support.terminal import say, tick

_Asked = TypeVar("_Asked", Purge, Forget)
_Result = TypeVar("_Result")
_decode_failure = msgspec.json.Decoder(Failure).decode


class CommandError(UserError):
    """Nothing was changed."""


def add_rewriting(command: ArgumentParser) -> None:
    """Add the arguments that the commands have in common."""
    command.add_argument("document", metavar="DOCUMENT", help="name of the document")
    command.add_argument(
        "--data", metavar="DIR", help=f"folder that holds the documents (default: {Config().data})"
    )
    command.add_argument(
        "--mirror-force", action="store_true", help="overwrite the old history in the mirrors"
    )
    command.add_argument("--dry-run", action="store_true", help="only say what would be done")


def carry_out(
    options: Namespace,
    asked: _Asked,
    result: msgspec.json.Decoder[_Result],
    change: Callable[[Management, _Asked], Awaitable[_Result]],
) -> _Result:
    """Carry out a command, or have the server do it.

    Args:
        options: those of the command line.
        asked: what to do.
        result: decodes the server's answer.
        change: does it, if no server runs.

    Raises:
        CommandError: Nothing was changed.
        DataFolderError: The folder cannot be used.
    """
    settings = config.read(options, os.environ)
    if not (settings.data / "format").exists():
        raise CommandError(
            f"there is no data folder {settings.data.absolute()}; name it with --data"
        )
    tick(f"{asked.document}: searching the history")
    try:
        with DataFolder(settings.data) as folder:
            return asyncio.run(_alone(asked, settings, folder, change))
    except DataFolderError as problem:
        if not isinstance(problem.__context__, BlockingIOError):
            raise
        return _by_server(asked, settings.data.absolute(), result)
    except (NoDocumentError, RewriteError, OverloadedError, JournalError) as problem:
        raise CommandError(str(problem)) from None
    finally:
        tick("")


async def _alone(
    asked: _Asked,
    settings: Config,
    folder: DataFolder,
    change: Callable[[Management, _Asked], Awaitable[_Result]],
) -> _Result:
    check_is_no_cache(folder.path)
    journal = await asyncio.to_thread(SqliteJournal, folder.journal_path)
    try:
        async with Hub(settings, folder, journal) as hub:
            access = AccessControl(settings, folder)
            return await change(Management(hub, folder, settings, access), asked)
    finally:
        await asyncio.to_thread(journal.close)


def _by_server(asked: Purge | Forget, data: Path, result: msgspec.json.Decoder[_Result]) -> _Result:
    try:
        status, body = ask(data, asked.address, msgspec.json.encode(asked))
    except (OSError, HTTPException) as problem:
        raise CommandError(
            f"a server uses the data folder {data}, and cannot be reached: {problem}"
        ) from None
    if status != 200:
        raise CommandError(_decode_failure(body).error)
    return result.decode(body)


def say_mirrors(problems: Sequence[str]) -> int:
    """Say which mirrors have the old history still; return the exit code."""
    for problem in problems:
        say(f"gollabedit: the mirror has the old history still: {problem}")
    return 1 if problems else 0

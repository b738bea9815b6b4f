"""`gollabedit sync`: keeps a file in sync with a document, or a folder with many."""

import asyncio
import getpass
import os
import random
import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from server.cli.http_client import add_under, document_in, server_of
from server.cli.sync.file import FileError, check_replaceable
from server.cli.sync.folder import FolderSync
from server.cli.sync.pair import Pair, PairError
from server.cli.sync.state import StateError
from server.client.document import (
    ClientError,
    Connection,
    DeletedError,
    NoAccessError,
    NotSignedInError,
    TakenOverError,
    websocket_url,
)
from server.protocol import ClientMessage, Error, ServerMessage, Welcome
from server.support import terminal
from server.support.backoff import backoff_s
from server.support.credentials import CredentialsError, authorization_for, risks_of
from server.support.errors import UserError

_POLL_S = 0.2
# How long the command waits until it asks again for access that it did not get: at first, at most.
_NO_ACCESS_BASE_S = 1.0
_NO_ACCESS_MAX_S = 30.0
# How long the command waits, when stopped, for the last save to be acknowledged.
_STOP_WAIT_S = 5.0
# Errors that end the command; each message is a sentence for the user.
_PROBLEMS = (PairError, FileError, StateError)
_ALL_PROBLEMS = (ClientError, CredentialsError, OSError, *_PROBLEMS)

_EXAMPLES = """examples:
  gollabedit sync notes.txt http://localhost:8080/d/notes
  gollabedit sync --take document notes.txt http://localhost:8080/d/notes
  gollabedit sync --token-file ~/.gollabedit-token notes.txt https://docs.example.org/d/notes
  gollabedit sync notes http://localhost:8080                  all documents, in the folder notes
  gollabedit sync team http://localhost:8080 --under team      those of one folder
"""


_ONE = "remove it in one of the two places, and start again there"


class SyncError(UserError):
    """The file cannot be kept in sync."""


def add_sync(command: ArgumentParser) -> None:
    command.description = (
        "Keep a file in sync with a document until Ctrl-C: each save is an edit, and what others"
        " write is merged into the file. Where both changed the same words the file gets conflict"
        " markers; saving it without them resolves the conflict. With a folder and the address of a"
        " server, each document has a file in the folder, and a new text file becomes a document."
    )
    command.epilog = _EXAMPLES
    command.add_argument("file", metavar="FILE", type=Path, help="a text file, or a folder")
    command.add_argument(
        "url", metavar="URL", help="address of the document, as in the browser, or of a server"
    )
    add_under(command)
    command.add_argument(
        "--take",
        choices=["file", "document"],
        help="the text to begin with, if both have one and they differ",
    )
    command.add_argument("--name", default=_user(), help="your name (default: %(default)s)")
    command.add_argument("-q", "--quiet", action="store_true", help="print problems only")
    command.set_defaults(run=_run)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _run(options: Namespace) -> int:
    try:
        if options.file.is_dir() and document_in(options.url) is None:
            return asyncio.run(_sync_folder(options))
        if options.under:
            raise SyncError("--under goes with a folder and the address of a server")
        websocket_url(options.url)
        asyncio.run(_sync(options))
    except (ClientError, *_PROBLEMS) as problem:
        raise SyncError(str(problem)) from None
    except OSError as problem:
        name = problem.filename or options.file
        raise SyncError(f"{name}: {problem.strerror or problem}") from None
    return 0


async def _sync_folder(options: Namespace) -> int:
    server = server_of(options.url)
    _warn_of_risks(server)

    def new_command(file: Path, url: str, label: str) -> SyncCommand:
        return SyncCommand(Namespace(**{**vars(options), "file": file, "url": url}), label)

    folder = FolderSync(options.file, server, options.under or "", new_command, _ALL_PROBLEMS)
    _on_signals(folder.stop)
    return await folder.run()


def _warn_of_risks(url: str) -> None:
    if authorization_for(url, os.environ):
        for risk in risks_of(url, os.environ):
            terminal.say(f"gollabedit: {risk}")


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


async def _sync(options: Namespace) -> None:
    if options.file.exists() and not options.file.is_file():
        kind = "a folder" if options.file.is_dir() else "not a regular file"
        raise SyncError(f"{options.file} is {kind}; name a text file")
    if not options.file.resolve().parent.is_dir():
        raise SyncError(f"there is no folder {options.file.resolve().parent}")
    command = SyncCommand(options)
    _warn_of_risks(options.url)
    if words := check_replaceable(options.file):
        command.warn(words)
    _on_signals(command.stop)
    await command.run()


class SyncCommand:
    """The loop that passes events of the file, the document and the user to the pair.

    Args:
        options: those of the command.
        label: what begins each line for the user, where there are several.
    """

    def __init__(self, options: Namespace, label: str = "") -> None:
        self._is_quiet = options.quiet
        self._label = f"{label}: " if label else ""
        self._file = options.file
        self._warned = ""
        self._pair = Pair(options.file, options.url, options.name, options.take, self)
        self._connection = Connection(self._pair.url, self, self._authorization)
        self._failure: Exception | None = None
        self._ended = asyncio.Event()
        self._is_stopping = False
        self._was_connected = True
        self._last_authorization: str | None = None
        self._refusals = 0  # since the last welcome

    @property
    def url(self) -> str:
        """The address of the document, which may have been renamed."""
        return self._pair.url

    def stop(self) -> None:
        """Stop once the last save is acknowledged; at once if called twice."""
        if self._is_stopping:
            self._ended.set()
        self._is_stopping = True
        asyncio.get_running_loop().call_later(_STOP_WAIT_S, self._ended.set)
        self._step()

    async def run(self) -> None:
        connecting: asyncio.Task[None] | None = None
        try:
            while not self._ended.is_set():
                self._step()
                if connecting is None and self._pair.is_ready:
                    connecting = asyncio.create_task(self._connect())
                try:
                    await asyncio.wait_for(self._ended.wait(), _POLL_S)
                except TimeoutError:
                    continue
        finally:
            if connecting:
                connecting.cancel()
                await asyncio.gather(connecting, return_exceptions=True)
            self._pair.end()
        if self._failure:
            raise self._failure
        self.say(f"stopped; {self._pair.unfinished or 'everything is written'}")

    async def _connect(self) -> None:
        """Stay connected, also after times without access, until something ends the command."""
        try:
            while not await self._connect_with_access():
                await self._wait_for_access()
        except TakenOverError:
            copied = self._pair.state_path
            self._fail(PairError(f"another gollabedit uses a copy of {copied}: {_ONE}"))
        except DeletedError as problem:
            self._fail(PairError(f"{problem}; {self._file} is left as it is"))
        except ClientError as problem:
            self._fail(problem)

    async def _connect_with_access(self) -> bool:
        """Stay connected; return False once the server does not let the user in."""
        try:
            await self._connection.run()
        except (NotSignedInError, NoAccessError) as problem:
            self._pair.closed()
            self._was_connected = False
            self._refusals += 1
            self.warn(f"{problem}. The file is kept, and synced once there is access again")
            return False
        return True

    async def _wait_for_access(self) -> None:
        """Wait, longer after each refusal, but no longer than until there are other credentials."""
        now, jitter = asyncio.get_running_loop().time, random.random()  # noqa: S311
        until = now() + backoff_s(
            self._refusals, jitter, base_s=_NO_ACCESS_BASE_S, max_s=_NO_ACCESS_MAX_S
        )
        while now() < until:
            if self._found_authorization() not in (None, self._last_authorization):
                self._refusals = 0
                return
            await asyncio.sleep(_POLL_S)

    def _authorization(self) -> str | None:
        self._last_authorization = None
        self._last_authorization = authorization_for(self._pair.url, os.environ)
        return self._last_authorization

    def _found_authorization(self) -> str | None:
        try:
            return authorization_for(self._pair.url, os.environ)
        except CredentialsError:
            return None  # such as a file that is being written

    def _step(self) -> None:
        """Run one step of the pair; an error ends the command."""
        if self._ended.is_set():
            return
        try:
            is_unchanged = self._pair.step(asyncio.get_running_loop().time())
        except (OSError, *_PROBLEMS) as problem:
            self._fail(problem)
            return
        self._connection.send(self._pair.take_messages())
        if self._is_stopping and is_unchanged and self._pair.is_settled:
            self._ended.set()

    def _fail(self, problem: Exception) -> None:
        self._failure = self._failure or problem
        self._ended.set()

    # --- the connection

    def opened(self) -> Sequence[ClientMessage]:
        return self._pair.opened()

    def closed(self, problem: str) -> None:
        self._pair.closed()
        if self._was_connected and not self._ended.is_set():
            self.warn(f"not connected ({problem}); saves are kept and sent later")
        self._was_connected = False

    def moved(self, url: str) -> None:
        try:
            self._pair.moved(url)
        except OSError as problem:
            self._fail(problem)
        self._was_connected = False  # it is no interruption that the user has to know of

    def received(self, message: ServerMessage) -> Sequence[ClientMessage]:
        if isinstance(message, Welcome):
            self._was_connected, self._refusals = True, 0
        try:
            self._pair.received(message)
        except (OSError, *_PROBLEMS) as problem:
            self._fail(problem)
            return ()
        if isinstance(message, Error) and self._pair.retry_after_s is not None:
            asyncio.get_running_loop().call_later(self._pair.retry_after_s, self._retry)
        self._step()
        return ()

    def _retry(self) -> None:
        self._pair.retry()
        self._step()

    # --- the user

    def warn(self, sentence: str) -> None:
        if sentence != self._warned:
            self._warned = sentence
            terminal.say(f"gollabedit: {self._label}{sentence}")

    def say(self, sentence: str) -> None:
        self._warned = ""
        if not self._is_quiet:
            print(terminal.harmless(f"{self._label}{sentence}"), flush=True)

"""`gollabedit sync FILE URL`: a file on disk stays live with a document, for any editor."""

import asyncio
import getpass
import signal
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter, _SubParsersAction
from collections.abc import Sequence
from pathlib import Path

from server import protocol
from server.client import ClientError, Line, websocket_url
from server.client_sync import Known
from server.protocol import ClientMessage, ServerMessage
from server.sync_file import FileError, Seen, WatchedFile, endings_of, from_file
from server.sync_session import SyncSession, begun
from server.sync_state import StateError, StateFile

_POLL_S = 0.2
# So long the end waits for what was just saved to be answered.
_LAST_WORD_S = 5.0

_EXAMPLES = """examples:
  gollabedit sync notes.txt http://localhost:8080/d/notes
  gollabedit sync --take document notes.txt http://localhost:8080/d/notes
"""


class SyncError(Exception):
    """Why a file is not kept in step; one line for the user."""


def add_command(commands: "_SubParsersAction[ArgumentParser]") -> None:
    command = commands.add_parser(
        "sync",
        help="keep a file in step with a document, for any editor",
        description="Keep a file in step with a document until Ctrl-C: each save is an edit, and"
        " what others write is merged into the file. Where both changed the same words the file"
        " gets conflict markers; saving it without them is the answer.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    command.add_argument("file", metavar="FILE", type=Path)
    command.add_argument("url", metavar="URL", help="as in the browser")
    command.add_argument(
        "--take",
        choices=["file", "document"],
        help="which text to begin with, where both have one and they differ",
    )
    command.add_argument("--name", default=_user(), help="who writes (default: %(default)s)")
    command.add_argument("-q", "--quiet", action="store_true", help="say only what is wrong")
    command.set_defaults(run=_run)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _run(options: Namespace) -> None:
    try:
        websocket_url(options.url)
        asyncio.run(_synced(options))
    except (ClientError, FileError, StateError) as problem:
        raise SyncError(str(problem)) from None
    except OSError as problem:
        name = problem.filename or options.file
        raise SyncError(f"{name}: {problem.strerror or problem}") from None


async def _synced(options: Namespace) -> None:
    command = SyncCommand(options)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, command.stop)
    await command.run()


class SyncCommand:
    """The loop: what the file, the document and the user do, one at a time."""

    def __init__(self, options: Namespace) -> None:
        if options.file.is_dir():
            raise SyncError(f"{options.file} is a folder; name a file")
        self._file = WatchedFile(options.file)
        if not self._file.path.parent.is_dir():
            raise SyncError(f"there is no folder {self._file.path.parent}")
        self._state = StateFile(self._file.path)
        self._options = options
        self._line = Line(options.url, self)
        self._session: SyncSession | None = None
        self._people: dict[str, str] = {}
        self._warned = ""
        self._failure: Exception | None = None
        self._ended = asyncio.Event()
        self._is_stopping = False
        self._was_reached = True
        loaded = self._state.load(options.url)
        if loaded:
            state, self._file.endings = loaded
            self._session = SyncSession(state)
            if not self._file.path.exists():
                raise SyncError(
                    f"{options.file} is gone; to begin anew with the document, remove"
                    f" {self._state.path}"
                )

    def stop(self) -> None:
        """End when what was saved is answered; at once if asked twice."""
        if self._is_stopping or self._session is None:
            self._ended.set()
        self._is_stopping = True
        asyncio.get_running_loop().call_later(_LAST_WORD_S, self._ended.set)
        self._guarded_step()

    async def run(self) -> None:
        connecting = asyncio.create_task(self._connected())
        try:
            while not self._ended.is_set():
                self._guarded_step()
                try:
                    await asyncio.wait_for(self._ended.wait(), _POLL_S)
                except TimeoutError:
                    continue
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        if self._failure:
            raise self._failure
        self._say("stopped; everything is written")

    async def _connected(self) -> None:
        try:
            await self._line.run()
        except ClientError as problem:
            self._fail(problem)

    def _fail(self, problem: Exception) -> None:
        self._failure = self._failure or problem
        self._ended.set()

    # --- one step

    def _guarded_step(self) -> None:
        """A step; what goes wrong ends the command with a sentence."""
        try:
            self._step(asyncio.get_running_loop().time())
        except (OSError, SyncError, StateError) as problem:
            self._fail(problem)

    def _step(self, now: float) -> None:
        """Take in what was saved, write what came in, and send what is due."""
        session = self._session
        if session is None or self._ended.is_set():
            return
        seen = self._file.look(now)
        if seen is Seen.GONE:
            raise SyncError(f"{self._options.file} was deleted; the document is left as it is")
        if seen is Seen.CHANGED and self._read(session):
            seen = Seen.STILL
        if seen is Seen.STILL:
            self._write(session)
            session.sync.flush()
        self._state.save(self._options.url, self._file.endings, session.state)
        self._line.send(session.sync.take_messages())
        self._warn(session)
        if self._is_stopping and seen is Seen.STILL and _is_done(session):
            self._ended.set()

    def _read(self, session: SyncSession) -> bool:
        """Whether the file is known now."""
        try:
            text = self._file.read()
        except FileError as problem:
            self._warn_once(str(problem))
            return False
        if text is None:
            return False
        session.saved(text)
        self._warned = ""
        return True

    def _write(self, session: SyncSession) -> None:
        plan = session.plan()
        if plan is None:
            return
        temporary = self._state.temporary()
        self._file.prepare(plan.text, temporary)
        planned = (temporary, plan.after)
        self._state.save(self._options.url, self._file.endings, session.state, planned)
        if not self._file.replace(temporary):
            # In this order: a file that is gone from aside would mean that it is in place.
            self._state.save(self._options.url, self._file.endings, session.state)
            temporary.unlink()
            return
        before = session.in_file
        session.carried_out(plan)
        if plan.shown:
            count = len(plan.shown.conflict.hunks)
            self._say(
                f"{count} conflict{'s' * (count != 1)}: others changed the same words; edit the"
                " file between the markers and save it without them"
            )
        else:
            self._say(f"came in: {_sizes(before, plan.text)}")

    # --- the line

    def opened(self) -> Sequence[ClientMessage]:
        if not self._session:
            return [protocol.Hello(protocol.VERSION, self._options.name)]
        self._session.sync.opened(self._options.name)
        return self._session.sync.take_messages()

    def closed(self, why: str) -> None:
        if self._session:
            self._session.sync.closed()
        if self._was_reached and not self._ended.is_set():
            self._say(f"not connected ({why}); what you save is kept and sent later")
        self._was_reached = False

    def received(self, message: ServerMessage) -> Sequence[ClientMessage]:
        self._meet(message)
        if self._session is None:
            if not isinstance(message, protocol.Welcome):
                return ()
            try:
                self._begin(message)
            except (SyncError, FileError, StateError, OSError) as problem:
                self._fail(problem)
                return ()
        assert self._session
        self._session.sync.received(message)
        after_s = self._session.sync.retry_after_s
        if after_s is not None:
            asyncio.get_running_loop().call_later(after_s, self._retry)
        self._guarded_step()
        return self._session.sync.take_messages()

    def _retry(self) -> None:
        if self._session:
            self._session.sync.retry()
            self._guarded_step()

    # --- the beginning

    def _begin(self, welcome: protocol.Welcome) -> None:
        """Join file and document for the first time."""
        document = welcome.text if isinstance(welcome.text, str) else ""
        known = Known(welcome.revision, document, is_revision=True)
        file = self._first_text(document)
        local = self._chosen(file, document)
        self._session = begun(known, local)
        if file != local:
            # What is not in the file yet is taken to be in the document only.
            self._session = begun(Known(None, file, is_revision=False), file)
        self._session.sync.opened(self._options.name)
        self._session.sync.take_messages()

    def _first_text(self, document: str) -> str:
        """What the file holds, with the document's line ends; it is made if it is not there."""
        if not self._file.path.exists():
            self._file.path.touch()
        text = None
        while text is None:
            text = self._file.read()
        self._file.endings = endings_of(text, document)
        return from_file(text, self._file.endings)

    def _chosen(self, file: str, document: str) -> str:
        if self._options.take:
            return file if self._options.take == "file" else document
        if file.startswith(document):
            return file
        if document.startswith(file):
            return document
        raise SyncError(
            f"{self._options.file} and the document hold different texts; say which one to begin"
            " with: --take file or --take document"
        )

    # --- what is said

    def _meet(self, message: ServerMessage) -> None:
        match message:
            case protocol.Welcome():
                self._was_reached = True
                self._people = {it.client: it.name for it in message.people}
                others = [it.name for it in message.people if it.client != message.client]
                self._say(f"in step with {message.document}; here: {', '.join(others) or 'nobody'}")
            case protocol.PersonMoved():
                if message.client not in self._people:
                    self._say(f"{message.name} is here")
                self._people[message.client] = message.name
            case protocol.PersonLeft():
                if name := self._people.pop(message.client, None):
                    self._say(f"{name} left")
            case _:
                pass

    def _warn(self, session: SyncSession) -> None:
        if session.sync.refusal:
            self._warn_once(f"not sent: {session.sync.refusal.message}")

    def _warn_once(self, sentence: str) -> None:
        if sentence != self._warned:
            self._warned = sentence
            print(f"gollabedit: {sentence}", file=sys.stderr, flush=True)

    def _say(self, sentence: str) -> None:
        if not self._options.quiet:
            print(sentence, flush=True)


def _is_done(session: SyncSession) -> bool:
    """Whether there is nothing to wait for, or nobody to answer."""
    return not session.sync.is_online or (session.sync.is_idle and not session.sync.is_unsent)


def _sizes(before: str, after: str) -> str:
    change = len(after) - len(before)
    return f"{change:+,} characters" if change else "a change of the same length"

"""A file and a document that are kept in sync: the steps of `gollabedit sync`, with the disk.

Knows no socket and no clock: messages and steps go in, one at a time, and messages to send are
collected until `take_messages`. After each call the state on disk is the one to resume from,
whenever the process is killed.

Invariants:
    Nothing is sent before the state on disk records it.
    A save is read before the file is replaced. A replaced file is watched, and a late save of it
    is merged, not dropped.
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from merge.diff_splices import diff_splices
from server import protocol
from server.cli.sync.endings import Endings, FileText, from_file, to_file
from server.cli.sync.file import FileError, Seen, WatchedFile, signature_of
from server.cli.sync.session import Plan, State, SyncSession, new_session
from server.cli.sync.state import SideFile, StateFile
from server.client.replica import Known
from server.protocol import ClientMessage, ServerMessage
from server.support.terminal import without_password

# An editor may still write into a replaced file for at most this time.
_WATCHED_S = 10.0
# A save may be of an editor that has not noticed the replacement for at most this time.
_UNNOTICED_S = 1.0
_REPLACED_MAX = 16


class PairError(Exception):
    """The file cannot be kept in sync; the message is a sentence for the user."""


class Reporter(Protocol):
    """Shows sentences to the user."""

    def say(self, sentence: str) -> None: ...
    def warn(self, sentence: str) -> None: ...


class _Replaced(NamedTuple):
    file: WatchedFile
    side_file: SideFile
    text: FileText | None  # None if the file showed a conflict
    at: float


class Pair:
    """One file and one document. Times are seconds of a monotonic clock."""

    def __init__(
        self, file: Path, url: str, name: str, take: str | None, reporter: Reporter
    ) -> None:
        """Lock the file, and resume from the state beside it if there is one.

        Args:
            file: may be missing, but its folder may not.
            url: the address of the document's page.
            name: the name of the user.
            take: `file` or `document`: the text to begin with where both have one.
            reporter: shows what happens.

        Raises:
            PairError, StateError, FileError, OSError: the file cannot be kept in sync.
        """
        self._file = WatchedFile(file)
        self._endings = Endings.AS_THEY_ARE
        self._name, self._take, self._reporter = name, take, reporter
        self._replaced: list[_Replaced] = []
        self._earlier_texts: deque[str] = deque(maxlen=_REPLACED_MAX)  # of the file
        self._authors: list[str] = []  # of what was received since the file was written
        self._people: dict[str, str] = {}
        self._initial: str | None = None  # the file's content before it was joined
        self._session: SyncSession | None = None
        self._state = StateFile(self._file.path)
        self._state.lock()
        try:
            self._load(url)
        except BaseException:
            self._state.unlock()
            raise

    def _load(self, url: str) -> None:
        loaded = self._state.load(url)
        for copy in self._state.copies:
            self._reporter.warn(
                f"a save at the end of the last sync was not merged; it is in {copy}"
            )
        if loaded:
            state, self._endings = loaded
            self._session = SyncSession(state)
            if not self._file.path.exists():
                raise PairError(
                    f"{self._file.path} is gone; to start again from the document, remove"
                    f" {self._state.path}"
                )

    # --- state

    @property
    def state_path(self) -> Path:
        """The path of the state beside the file."""
        return self._state.path

    @property
    def url(self) -> str:
        """The address of the document, which may have been renamed since the last sync."""
        return self._state.url

    @property
    def retry_after_s(self) -> float | None:
        return self._session.replica.retry_after_s if self._session else None

    @property
    def is_settled(self) -> bool:
        """Whether no answer of the server is outstanding, or there is no connection."""
        if self._session is None:
            return True
        replica = self._session.replica
        return not replica.is_online or (replica.is_idle and not replica.is_unsent)

    @property
    def unfinished(self) -> str:
        """What is not done yet, as a sentence; empty if everything is."""
        if self._session is None:
            return "the document could not be reached, and nothing was changed"
        replica = self._session.replica
        if replica.refused:
            return "the server rejects the file as it is"
        if replica.is_unsent or not replica.is_idle:
            return "the last save is not sent yet; the next sync sends it"
        return "a conflict is open in the file" if self._session.shown else ""

    # --- steps

    def step(self, now: float) -> bool:
        """Read a save, write what was received, and send what is due.

        Returns:
            Whether no save is in progress.

        Raises:
            PairError, OSError: the file cannot be kept in sync.
        """
        seen = self._file.look(now)
        if self._session is None:
            self._read_initial(seen)
            return True
        if seen is Seen.GONE:
            raise PairError(f"{self._file.path} was deleted; the document is left as it is")
        if seen is Seen.CHANGED and self._read_save(self._session, now):
            seen = Seen.UNCHANGED
        if seen is Seen.UNCHANGED:
            self._check_replaced(self._session, now)
            self._update_file(self._session, now)
            self._session.replica.flush()
        self._save_state(self._session)
        if self._session.replica.refused:
            self._reporter.warn(f"not sent: {self._session.replica.refused.message}")
        return seen is Seen.UNCHANGED and all(
            it.file.look(now) is Seen.UNCHANGED for it in self._replaced
        )

    def _read_save(self, session: SyncSession, now: float) -> bool:
        """Read a save of the file; return whether it was read and merged."""
        saved = self._read(self._file)
        if saved is None:
            return False
        text, self._endings = from_file(saved, FileText(session.file_text, self._endings))
        began = now if self._file.changed_at is None else self._file.changed_at
        recent = [it.text.text for it in self._replaced if it.text and began - it.at < _UNNOTICED_S]
        base = session.stale_base(recent, text)
        if base is not None:
            text, _ = from_file(saved, FileText(base, self._endings))
            return self._merge_stale(session, base, text, text, now)
        if session.stale_base(list(self._earlier_texts), text) is not None:
            self._reporter.say(
                "this save removed text that others had written; it is in the document's history"
            )
        session.saved(text)
        return True

    def _read(self, file: WatchedFile) -> str | None:
        try:
            return file.read()
        except FileError as problem:
            self._reporter.warn(str(problem))
            return None

    def _check_replaced(self, session: SyncSession, now: float) -> None:
        """Merge late saves of replaced files, and drop files that were watched long enough."""
        for replaced in list(self._replaced):
            seen = replaced.file.look(now)
            if seen is Seen.CHANGED:
                self._read_late_save(session, replaced, now)
            elif seen is Seen.UNCHANGED and now - replaced.at >= _WATCHED_S:
                self._drop(replaced)

    def _read_late_save(self, session: SyncSession, replaced: _Replaced, now: float) -> None:
        saved = self._read(replaced.file)
        if saved is None:
            return
        before = replaced.text
        after = from_file(saved, before) if before else None
        if before and after and not session.is_resolving:
            current = None if session.shown else session.file_text
            if not self._merge_stale(session, before.text, after.text, current, now):
                replaced.file.unread()
                return
        else:
            self._copy_late_save(replaced)
        self._replaced.remove(replaced)
        self._watch(replaced.file, after, replaced.at)

    def _copy_late_save(self, replaced: _Replaced) -> None:
        copy = self._state.copy_for_user(replaced.file.path)
        self._reporter.warn(f"a save came too late to be merged; it is in {copy}")

    def _merge_stale(
        self, session: SyncSession, base: str, text: str, current: str | None, now: float
    ) -> bool:
        """Merge a save made on a replaced content into the file, which has the text `current`."""
        merged = session.merge_stale_save(base, text)
        if not self._replace_file(session, merged, State(session.state.snapshot), current, now):
            self._file.unread()
            return False
        session.stale_save_merged(merged)
        return True

    def _update_file(self, session: SyncSession, now: float) -> None:
        """Write what was received into the file."""
        plan = session.plan()
        if plan is None:
            return
        before = session.file_text
        current = None if session.shown else before
        if session.replica.is_cut_off and any(it.deleted for it in diff_splices(before, plan.text)):
            # The document has lost some of it: this file may be the last to have it.
            copy = self._state.copy_for_user(self._file.path)
            self._reporter.warn(
                "the server has an older version of the document than this file; the old content"
                f" of the file is in {copy}"
            )
        if self._replace_file(session, plan.text, plan.after, current, now):
            session.applied(plan)
            self._report_update(before, plan)

    def _replace_file(
        self, session: SyncSession, text: str, after: State, current: str | None, now: float
    ) -> bool:
        """Replace the content of the file, recording `after` first.

        Args:
            session: of the file.
            text: the new content.
            after: the state once the file has it.
            current: the text of the file; None if it shows a conflict.
            now: the time.

        Returns:
            False, with nothing changed, if the file was saved meanwhile.
        """
        temporary = self._state.temporary()
        self._file.prepare(to_file(text, self._endings), temporary)
        self._save_state(session, (temporary, after))
        replaced = self._file.replace(temporary)
        if replaced is None:
            # In this order: without the temporary file the state would count as applied.
            self._save_state(session)
            temporary.unlink()
            return False
        self._watch(replaced, None if current is None else FileText(current, self._endings), now)
        return True

    def _watch(self, file: WatchedFile, text: FileText | None, at: float) -> None:
        """Watch a replaced file, if it still exists."""
        if text is not None:
            self._earlier_texts.append(text.text)
        if file.content and file.path.exists():
            side_file = SideFile(file.path.name, file.content)
            self._replaced.append(_Replaced(file, side_file, text, at))
        if len(self._replaced) > _REPLACED_MAX:
            self._drop(self._replaced[0])

    def _drop(self, replaced: _Replaced) -> None:
        """Remove a replaced file; copy it first if it has a save that was not read."""
        self._replaced.remove(replaced)
        found = signature_of(replaced.file.path)
        if found and found.content != replaced.side_file.content:
            self._copy_late_save(replaced)
        replaced.file.path.unlink(missing_ok=True)

    def _save_state(self, session: SyncSession, planned: tuple[Path, State] | None = None) -> None:
        self._state.save(
            self.url,
            self._endings,
            session.state,
            planned=planned,
            replaced=[it.side_file for it in self._replaced],
        )

    def end(self) -> None:
        """Release the file; the next `sync` resumes from the state beside it."""
        for replaced in list(self._replaced):
            self._drop(replaced)
        self._state.unlock()

    # --- the document

    def take_messages(self) -> list[ClientMessage]:
        return self._session.replica.take_messages() if self._session else []

    def opened(self) -> list[ClientMessage]:
        """Return the first messages of a connection."""
        if self._session is None:
            return [protocol.Hello(protocol.VERSION, self._name)]
        self._session.replica.opened(self._name)
        return self.take_messages()

    def closed(self) -> None:
        if self._session:
            self._session.replica.closed()

    def moved(self, url: str) -> None:
        """The document was renamed.

        Raises:
            OSError: the state cannot be written.
        """
        self._state.moved(url)
        if self._session:
            self._save_state(self._session)
        self._reporter.say(f"the document was renamed; its address is {without_password(url)} now")

    def retry(self) -> None:
        if self._session:
            self._session.replica.retry()

    def received(self, message: ServerMessage) -> None:
        """Handle a message; call `step` afterwards.

        Raises:
            PairError, FileError, StateError, OSError: file and document cannot be joined.
            UnexpectedMessageError: the message is not allowed in this state.
        """
        if self._session is None:
            if not isinstance(message, protocol.Welcome):
                return
            self._session = self._join(message)
        self._track_people(message)
        self._session.replica.received(message)

    def _track_people(self, message: ServerMessage) -> None:
        """Keep the names of the participants, and of the authors of updates."""
        match message:
            case protocol.Welcome():
                self._people = {it.client: it.name for it in message.people}
                others = [it.name for it in message.people if it.client != message.client]
                here = ", ".join(others) or "no one else"
                self._reporter.say(f"connected to {message.document}; here: {here}")
                if message.access == "view":
                    self._reporter.warn(
                        "you can view this document, but not change it: the file follows it, and"
                        " your changes stay in the file"
                    )
            case protocol.PersonMoved():
                if message.client not in self._people:
                    self._reporter.say(f"{message.name} is here")
                self._people[message.client] = message.name
            case protocol.PersonLeft():
                if name := self._people.pop(message.client, None):
                    self._reporter.say(f"{name} left")
            case protocol.Update():
                self._track_authors(message.clients)
            case _:
                pass

    def _track_authors(self, clients: Sequence[str]) -> None:
        own = self._session.replica.client if self._session else None
        for client in clients:
            name = self._people.get(client)
            if name and client != own and name not in self._authors:
                self._authors.append(name)

    def _report_update(self, before: str, plan: Plan) -> None:
        """Say what was written into the file."""
        authors, self._authors = ", ".join(self._authors), []
        if plan.after.shown:
            count = len(plan.after.shown.conflict.hunks)
            self._reporter.say(
                f"{count} conflict{'s' * (count != 1)}: others changed the same words; edit the"
                " file between the markers and save it without them"
            )
            return
        change = len(plan.text) - len(before)
        size = f"{change:+,} characters" if change else "a change of the same length"
        self._reporter.say(f"received{f' from {authors}' * bool(authors)}: {size}")

    # --- joining

    @property
    def is_ready(self) -> bool:
        """Whether a connection may be opened: the file's initial content was read."""
        return self._session is not None or self._initial is not None

    def _read_initial(self, seen: Seen) -> None:
        """Read the file before it is joined, once no save is in progress."""
        if seen is Seen.GONE:
            self._initial = ""
        elif seen is Seen.CHANGED:
            self._initial = self._file.read()

    def _join(self, welcome: protocol.Welcome) -> SyncSession:
        """Join file and document for the first time."""
        document = welcome.text if isinstance(welcome.text, str) else ""
        if not self._file.path.exists():
            self._file.path.touch()
            self._initial = self._file.read()
        assert self._initial is not None
        file, self._endings = from_file(self._initial, FileText(document, self._endings))
        if file == self._choose(file, document):
            session = new_session(Known(welcome.revision, document, is_revision=True), file)
        else:
            if not document.startswith(file):
                copy = self._state.copy_for_user(self._file.path)
                self._reporter.say(
                    f"the file gets the document's text; its old content is in {copy}"
                )
            # The file counts as the base: what it lacks was added to the document.
            session = new_session(Known(None, file, is_revision=False), file)
        session.replica.opened(self._name)
        session.replica.take_messages()
        return session

    def _choose(self, file: str, document: str) -> str:
        """Return the text to begin with."""
        if self._take:
            return file if self._take == "file" else document
        if file.startswith(document):
            return file
        if document.startswith(file):
            return document
        raise PairError(
            f"{self._file.path} and the document have different texts; say which one to begin"
            " with: --take file or --take document"
        )

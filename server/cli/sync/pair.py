"""A file and a document in step: each step of `gollabedit sync`, on disk, without socket or clock.

Messages and steps go in, one at a time; what is to be sent is collected until `take_messages`.
After each call the state on disk is the one to go on from, whenever the process is killed.

Invariants:
    Nothing is sent that the state on disk does not know of.
    A save is read before anything is put in its place: what was replaced is watched on, and what
    is still saved there is merged, not dropped.
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from merge.between import between
from server import protocol
from server.cli.sync.endings import Endings, FileText, taken, written
from server.cli.sync.file import FileError, Seen, WatchedFile, signature_of
from server.cli.sync.session import Plan, State, SyncSession, begun
from server.cli.sync.state import Aside, StateFile
from server.client.replica import Known
from server.protocol import ClientMessage, ServerMessage

# So long an editor may still write into the file that was replaced.
_LATE_S = 10.0
# So long a save may come from somebody who has not seen yet that the file was replaced.
_UNSEEN_S = 1.0
_REPLACED_MOST = 16


class PairError(Exception):
    """Why a file is not kept in step; one line for the user."""


class Teller(Protocol):
    """Who hears what happens, in sentences for the user."""

    def say(self, sentence: str) -> None: ...
    def warn(self, sentence: str) -> None: ...


class _Replaced(NamedTuple):
    file: WatchedFile
    aside: Aside
    held: FileText | None  # None if that was a conflict with its markers
    at: float


class Pair:
    """One file and one document. Times are seconds of a monotonic clock."""

    def __init__(self, file: Path, url: str, name: str, take: str | None, teller: Teller) -> None:
        """Take up what was left, if anything was.

        Args:
            file: may be missing, its folder not.
            url: the document's page.
            name: who writes.
            take: `file` or `document`: the text to begin with where both have one.
            teller: who hears of it.

        Raises:
            PairError, StateError, FileError, OSError: it cannot be kept in step.
        """
        self._file = WatchedFile(file)
        self._endings = Endings.AS_THEY_ARE
        self._url, self._name, self._take, self._teller = url, name, take, teller
        self._replaced: list[_Replaced] = []
        self._before: deque[str] = deque(
            maxlen=_REPLACED_MOST
        )  # what the file held, the last times
        self._who: list[str] = []  # whose words came since the file was written
        self._people: dict[str, str] = {}
        self._first: str | None = None  # what the file held before it was joined
        self._session: SyncSession | None = None
        self._state = StateFile(self._file.path)
        self._state.lock()
        try:
            self._load()
        except BaseException:
            self._state.unlock()
            raise

    def _load(self) -> None:
        loaded = self._state.load(self._url)
        for copy in self._state.copies:
            self._teller.warn(f"what was saved as the last sync ended is in {copy}")
        if loaded:
            state, self._endings = loaded
            self._session = SyncSession(state)
            if not self._file.path.exists():
                raise PairError(
                    f"{self._file.path} is gone; to begin anew with the document, remove"
                    f" {self._state.path}"
                )

    # --- what can be asked

    @property
    def retry_after_s(self) -> float | None:
        return self._session.sync.retry_after_s if self._session else None

    @property
    def is_at_rest(self) -> bool:
        """Whether there is nothing to wait for, or nobody to answer."""
        session = self._session
        if session is None:
            return True
        return not session.sync.is_online or (session.sync.is_idle and not session.sync.is_unsent)

    @property
    def rest(self) -> str:
        """What is not done, as a sentence; empty if nothing is."""
        session = self._session
        if session is None:
            return "the document was not reached, and nothing was done"
        if session.sync.refused:
            return "the server does not take the file as it is"
        if session.sync.is_unsent or not session.sync.is_idle:
            return "what was saved last is not sent yet; the next sync sends it"
        return "a conflict is open, and waits in the file" if session.shown else ""

    # --- steps

    def step(self, now: float) -> bool:
        """Take in what was saved, write what came in, and send what is due.

        Returns:
            Whether no save is under way.

        Raises:
            PairError, OSError: the file cannot be kept in step any more.
        """
        seen = self._file.look(now)
        if self._session is None:
            self._await_file(seen)
            return True
        if seen is Seen.GONE:
            raise PairError(f"{self._file.path} was deleted; the document is left as it is")
        if seen is Seen.CHANGED and self._read(self._session, now):
            seen = Seen.STILL
        if seen is Seen.STILL:
            self._look_behind(self._session, now)
            self._write(self._session, now)
            self._session.sync.flush()
        self._save(self._session)
        if self._session.sync.refused:
            self._teller.warn(f"not sent: {self._session.sync.refused.message}")
        return seen is Seen.STILL and all(it.file.look(now) is Seen.STILL for it in self._replaced)

    def _read(self, session: SyncSession, now: float) -> bool:
        """Whether what the file holds is taken up."""
        saved = self._readable(self._file)
        if saved is None:
            return False
        text, self._endings = taken(saved, FileText(session.in_file, self._endings))
        began = now if self._file.changed_at is None else self._file.changed_at
        recent = [it.held.text for it in self._replaced if it.held and began - it.at < _UNSEEN_S]
        before = session.made_of(recent, text)
        if before is not None:
            text, _ = taken(saved, FileText(before, self._endings))
            return self._put(session, session.rescued(before, text), text, now)
        if session.made_of(list(self._before), text) is not None:
            self._teller.say("this save took out what had come in; it is in the document's history")
        session.saved(text)
        return True

    def _readable(self, file: WatchedFile) -> str | None:
        try:
            return file.read()
        except FileError as problem:
            self._teller.warn(str(problem))
            return None

    def _look_behind(self, session: SyncSession, now: float) -> None:
        """See whether somebody saved into what was replaced, and take that up too."""
        for replaced in list(self._replaced):
            seen = replaced.file.look(now)
            if seen is Seen.CHANGED:
                self._take_late(session, replaced, now)
            elif seen is Seen.STILL and now - replaced.at >= _LATE_S:
                self._forget(replaced)

    def _take_late(self, session: SyncSession, replaced: _Replaced, now: float) -> None:
        saved = self._readable(replaced.file)
        if saved is None:
            return
        before = replaced.held
        after = taken(saved, before) if before else None
        if before and after and not session.is_held:
            held = None if session.shown else session.in_file
            if not self._put(session, session.rescued(before.text, after.text), held, now):
                replaced.file.unread()
                return
        else:
            copy = self._state.keep(replaced.file.path)
            self._teller.warn(f"a save came too late to be merged; it is in {copy}")
        self._replaced.remove(replaced)
        self._watch(replaced.file, after, replaced.at)

    def _put(self, session: SyncSession, text: str, held: str | None, now: float) -> bool:
        """Save a text ourselves, as its editor would have, had it seen what the file holds."""
        after = State(session.state.snapshot)
        if not self._carry_out(session, text, after, held, now):
            self._file.unread()
            return False
        session.put(text)
        return True

    def _write(self, session: SyncSession, now: float) -> None:
        plan = session.plan()
        if plan is None:
            return
        before = session.in_file
        held = None if session.shown else before
        if session.sync.is_cut_off and any(it.deleted for it in between(before, plan.text)):
            self._keep_lost()
        if self._carry_out(session, plan.text, plan.after, held, now):
            session.carried_out(plan)
            self._tell(before, plan)

    def _keep_lost(self) -> None:
        """Copy what the document had and has no longer: this file may be the last to hold it."""
        copy = self._state.keep(self._file.path)
        self._teller.warn(
            "the server has an older version of the document than this file; what the file held is"
            f" in {copy}"
        )

    def _carry_out(
        self, session: SyncSession, text: str, after: State, held: str | None, now: float
    ) -> bool:
        """Have the file hold a text, so that `after` is true; False if somebody saved meanwhile."""
        temporary = self._state.temporary()
        self._file.prepare(written(text, self._endings), temporary)
        self._save(session, (temporary, after))
        if self._exchange(temporary, held, now):
            return True
        # In this order: a file that is gone from aside would mean that it is in place.
        self._save(session)
        temporary.unlink()
        return False

    def _exchange(self, temporary: Path, held: str | None, now: float) -> bool:
        """Put it in the place of the file, which holds `held`; False if somebody saved."""
        replaced = self._file.replace(temporary)
        if replaced is None:
            return False
        self._watch(replaced, None if held is None else FileText(held, self._endings), now)
        return True

    def _watch(self, file: WatchedFile, held: FileText | None, at: float) -> None:
        """Look at a replaced file from now on, as far as the system left it there."""
        if held is not None:
            self._before.append(held.text)
        if file.content and file.path.exists():
            aside = Aside(file.path.name, file.content)
            self._replaced.append(_Replaced(file, aside, held, at))
        if len(self._replaced) > _REPLACED_MOST:
            self._forget(self._replaced[0])

    def _forget(self, replaced: _Replaced) -> None:
        """Remove it; a save in it that nobody read is copied first."""
        self._replaced.remove(replaced)
        found = signature_of(replaced.file.path)
        if found and found.content != replaced.aside.content:
            copy = self._state.keep(replaced.file.path)
            self._teller.warn(f"a save came too late to be merged; it is in {copy}")
        replaced.file.path.unlink(missing_ok=True)

    def _save(self, session: SyncSession, planned: tuple[Path, State] | None = None) -> None:
        self._state.save(
            self._url,
            self._endings,
            session.state,
            planned=planned,
            replaced=[it.aside for it in self._replaced],
        )

    def end(self) -> None:
        """Leave the file to whoever comes next; what is not done is done then."""
        for replaced in list(self._replaced):
            self._forget(replaced)
        self._state.unlock()

    # --- the document

    def take_messages(self) -> list[ClientMessage]:
        return self._session.sync.take_messages() if self._session else []

    def opened(self) -> list[ClientMessage]:
        """What a connection begins with."""
        if self._session is None:
            return [protocol.Hello(protocol.VERSION, self._name)]
        self._session.sync.opened(self._name)
        return self.take_messages()

    def closed(self) -> None:
        if self._session:
            self._session.sync.closed()

    def retry(self) -> None:
        if self._session:
            self._session.sync.retry()

    def received(self, message: ServerMessage) -> None:
        """Take in a message; a `step` should follow.

        Raises:
            PairError, FileError, StateError, OSError: file and document cannot be joined.
            UnexpectedMessageError: it must not come now.
        """
        if self._session is None:
            if not isinstance(message, protocol.Welcome):
                return
            self._session = self._begun(message)
        self._meet(message)
        self._session.sync.received(message)

    def _meet(self, message: ServerMessage) -> None:
        """Remember who is who, and whose words came."""
        match message:
            case protocol.Welcome():
                self._people = {it.client: it.name for it in message.people}
                others = [it.name for it in message.people if it.client != message.client]
                here = ", ".join(others) or "nobody else"
                self._teller.say(f"in step with {message.document}; here: {here}")
            case protocol.PersonMoved():
                if message.client not in self._people:
                    self._teller.say(f"{message.name} is here")
                self._people[message.client] = message.name
            case protocol.PersonLeft():
                if name := self._people.pop(message.client, None):
                    self._teller.say(f"{name} left")
            case protocol.Update():
                self._hear_of(message.clients)
            case _:
                pass

    def _hear_of(self, clients: Sequence[str]) -> None:
        own = self._session.sync.client if self._session else None
        for client in clients:
            name = self._people.get(client)
            if name and client != own and name not in self._who:
                self._who.append(name)

    def _tell(self, before: str, plan: Plan) -> None:
        """Say what was written into the file."""
        who, self._who = ", ".join(self._who), []
        if plan.after.shown:
            count = len(plan.after.shown.conflict.hunks)
            self._teller.say(
                f"{count} conflict{'s' * (count != 1)}: others changed the same words; edit the"
                " file between the markers and save it without them"
            )
        else:
            self._teller.say(f"came in{f' from {who}' * bool(who)}: {_sizes(before, plan.text)}")

    # --- the beginning

    @property
    def is_ready(self) -> bool:
        """Whether the document may be asked for: no first save is under way."""
        return self._session is not None or self._first is not None

    def _await_file(self, seen: Seen) -> None:
        """Have what the file holds before the document is there: no half of a save."""
        if seen is Seen.GONE:
            self._first = ""
        elif seen is Seen.CHANGED:
            self._first = self._file.read()

    def _begun(self, welcome: protocol.Welcome) -> SyncSession:
        """Join file and document for the first time."""
        document = welcome.text if isinstance(welcome.text, str) else ""
        if not self._file.path.exists():
            self._file.path.touch()
            self._first = self._file.read()
        assert self._first is not None
        file, self._endings = taken(self._first, FileText(document, self._endings))
        local = self._chosen(file, document)
        if file == local:
            return self._opened(begun(Known(welcome.revision, document, is_revision=True), file))
        if not document.startswith(file):
            copy = self._state.keep(self._file.path)
            self._teller.say(f"the document's text is taken; what the file held is in {copy}")
        # What is not in the file yet is taken to be in the document only.
        return self._opened(begun(Known(None, file, is_revision=False), file))

    def _opened(self, session: SyncSession) -> SyncSession:
        session.sync.opened(self._name)
        session.sync.take_messages()
        return session

    def _chosen(self, file: str, document: str) -> str:
        if self._take:
            return file if self._take == "file" else document
        if file.startswith(document):
            return file
        if document.startswith(file):
            return document
        raise PairError(
            f"{self._file.path} and the document hold different texts; say which one to begin"
            " with: --take file or --take document"
        )


def _sizes(before: str, after: str) -> str:
    change = len(after) - len(before)
    return f"{change:+,} characters" if change else "a change of the same length"

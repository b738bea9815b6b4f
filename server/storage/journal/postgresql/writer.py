"""Writes the waiting entries of all documents into PostgreSQL: one statement, one commit.

Each entry is accepted or refused by itself: it must follow the document's last one, and this server
must own the document. While one commit is on its way, entries gather for the next.

A commit is never cancelled. If its outcome is unknown (the connection was lost, or PostgreSQL warns
that it may not be on the standby), the connection is given up, and the entries have failed to their
documents, which read again what there is. Until another commit has succeeded, nothing is read: what
the unknown one has written may be visible and yet be on one machine only.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import psycopg

from server.storage.journal import JournalError, NotOwnedError, OvertakenError
from server.storage.journal.postgresql.connection import Connection, Database, cut
from server.storage.journal.postgresql.ownership import Ownership
from server.storage.journal.write_queue import WriteQueue, running_future

_log = logging.getLogger(__name__)

# More in one commit would only make the first of them wait.
_BATCH_MAX = 1000
_BATCH_BYTES_MAX = 16 * 2**20
_CLOSE_S = 2.0  # for what waits at the end
_WARNINGS = "01"  # the class of their SQLSTATE
_APPEND = """
with wanted as (
    select * from unnest(%b::text[], %b::bigint[], %b::bigint[], %b::bytea[])
        as w(name, follows, epoch, body)
), made as (
    insert into gollabedit.documents (name, position, epoch, owner)
    select name, 1, epoch, %s from wanted where follows = 0
    on conflict do nothing
    returning name
), moved as (
    update gollabedit.documents d set position = w.follows + 1 from wanted w
    where d.name = w.name and d.position = w.follows and d.epoch = w.epoch and d.owner = %s
    returning d.name
)
insert into gollabedit.entries (document, position, body)
select w.name, w.follows + 1, w.body from wanted w
where w.name in (select name from made union all select name from moved)
returning document
"""
# A statement is planned once for a connection. Planned while there are few documents, it would read
# all of them each time, also when there are many.
_BY_INDEX = "set enable_seqscan = off"
_CONFIRM = "update gollabedit.store set tried_at = clock_timestamp()"


@dataclass(slots=True)
class _Waiting:
    """An appended entry that is not written yet."""

    document: str
    follows: int
    epoch: int
    body: bytes
    future: Future[int]


@dataclass(frozen=True, slots=True)
class Writing:
    """A commit that is on its way: since when (monotonic, in seconds), by which server process."""

    since: float
    process: int


class EntryWriter:
    """A thread that writes entries.

    Attributes:
        is_sure: whether all that can be read is as durable as a commit.
        unknown: the number of commits whose outcome was unknown.
        writing: the commit that is on its way.
    """

    def __init__(
        self,
        database: Database,
        ownership: Ownership,
        on_written: Callable[[Sequence[tuple[str, int]]], None],
        on_refused: Callable[[Connection, Sequence[str]], None],
    ) -> None:
        """Start the thread.

        Args:
            database: where to write.
            ownership: an entry of a document that this server does not own is refused.
            on_written: called with documents and positions, before the futures are done.
            on_refused: called with documents whose entry was refused; raises a `JournalError` if
                that was not because another entry came first.
        """
        self.is_sure = True
        self.unknown = 0
        self.writing: Writing | None = None
        self._database = database
        self._ownership = ownership
        self._on_written = on_written
        self._on_refused = on_refused
        self._listeners: list[Callable[[str, int], None]] = []
        self._queue: WriteQueue[_Waiting] = WriteQueue()
        self._confirmations: deque[Future[None]] = deque()
        self._connection: Connection | None = None
        self._warnings: list[str] = []
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def listen(self, on_entry: Callable[[str, int], None]) -> None:
        self._listeners.append(on_entry)

    def append(self, document: str, body: bytes, follows: int) -> Future[int]:
        """Append an entry; see `Journal.append`."""
        future = running_future()
        try:
            epoch = self._ownership.owner_of(document).epoch
        except NotOwnedError as problem:
            future.set_exception(problem)
            return future
        return self._queue.append(_Waiting(document, follows, epoch, body, future), future)

    def gather(self) -> AbstractContextManager[None]:
        """Return a context in which this thread appends entries that are written together."""
        return self._queue.gather(self._queue.notify)

    def confirm(self) -> Future[None]:
        """Write something; once that is durable, so is all that was written before."""
        done = running_future()
        return self._queue.put(self._confirmations, done, done)

    def interrupt(self) -> None:
        """Give up a commit that is on its way: its outcome is unknown."""
        connection = self._connection
        if self.writing and connection:
            cut(connection)

    def close(self) -> None:
        """Write what waits, as far as there is time, and end the thread."""
        self._queue.close()
        self._thread.join(_CLOSE_S)
        while self._thread.is_alive():
            _log.warning("%s does not answer; what waits is not saved", self._database.shown)
            self._ownership.refusal = JournalError("the journal is closed")
            if self._connection:
                cut(self._connection)
            self._thread.join(_CLOSE_S)

    # --- the thread

    def _run(self) -> None:
        queue = self._queue
        while True:
            with queue.wake:
                while not (queue.entries or self._confirmations or queue.is_closed):
                    queue.wake.wait()
                if not (queue.entries or self._confirmations):
                    break
                batch = self._take()
                confirmations = [*self._confirmations]
                self._confirmations.clear()
            if batch:
                self._write(batch)
            if confirmations:
                self._confirm(confirmations)
        if self._connection:
            self._connection.close()

    def _take(self) -> list[_Waiting]:
        """Take the first waiting entry of each document."""
        taken: dict[str, _Waiting] = {}
        left: deque[_Waiting] = deque()
        length = 0
        entries = self._queue.entries
        while entries and len(taken) < _BATCH_MAX and length < _BATCH_BYTES_MAX:
            waiting = entries.popleft()
            if waiting.document in taken:
                left.append(waiting)
            else:
                taken[waiting.document] = waiting
                length += len(waiting.body)
        entries.extendleft(reversed(left))
        return list(taken.values())

    def _write(self, batch: list[_Waiting]) -> None:
        try:
            with self._connected() as connection:
                added = self._append(connection, batch)
                refused = [each for each in batch if each.document not in added]
                if refused:
                    self._on_refused(connection, [each.document for each in refused])
        except Exception as problem:  # noqa: BLE001  a bug must cost one batch only
            if problem is not self._ownership.refusal:  # which was logged
                _log.error("%s", problem, exc_info=not isinstance(problem, JournalError))
            for waiting in batch:
                waiting.future.set_exception(problem)
            return
        for waiting in refused:
            overtaken = f"{waiting.document}: the entry follows {waiting.follows}, not the last one"
            waiting.future.set_exception(OvertakenError(overtaken))
        written = [each for each in batch if each.document in added]
        positions = [(each.document, each.follows + 1) for each in written]
        self._on_written(positions)
        for waiting in written:
            waiting.future.set_result(waiting.follows + 1)
        for position in positions:
            for on_entry in self._listeners:
                on_entry(*position)

    def _append(self, connection: Connection, batch: list[_Waiting]) -> set[str]:
        """Append what can be, in one commit; return the documents of these entries."""
        names = [each.document for each in batch]
        follows = [each.follows for each in batch]
        bodies = [each.body for each in batch]
        epochs = [each.epoch for each in batch]
        owner = self._ownership.name
        values = [names, follows, epochs, bodies, owner, owner]
        return {name for (name,) in connection.execute(_APPEND, values, prepare=True)}

    def _confirm(self, confirmations: list[Future[None]]) -> None:
        try:
            with self._connected() as connection:
                connection.execute(_CONFIRM, prepare=True)
        except Exception as problem:  # noqa: BLE001  it is raised again by the futures
            for done in confirmations:
                done.set_exception(problem)
            return
        self.is_sure = True
        for done in confirmations:
            done.set_result(None)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Give the connection for one commit; give it up if that has no certain end."""
        if self._ownership.refusal:
            raise self._ownership.refusal
        connection = self._connection or self._connect()
        self._warnings.clear()
        self.writing = Writing(time.monotonic(), connection.info.backend_pid)
        try:
            yield connection
            self._check_warnings()
        except psycopg.Error as problem:
            self._give_up(connection)
            raise self._database.error(problem) from problem
        except BaseException:
            self._give_up(connection)
            raise
        finally:
            self.writing = None

    def _connect(self) -> Connection:
        connection = self._database.connect()
        connection.execute(_BY_INDEX)
        connection.add_notice_handler(self._note)
        self._connection = connection
        return connection

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        if (notice.sqlstate or "").startswith(_WARNINGS):
            self._warnings.append(notice.message_primary or "a warning")

    def _check_warnings(self) -> None:
        """Take a warning for an unknown outcome."""
        if self._warnings:
            raise JournalError(f"{self._database.shown}: {'; '.join(self._warnings)}")

    def _give_up(self, connection: Connection) -> None:
        self.is_sure = False
        self.unknown += 1
        self._connection = None
        connection.close()

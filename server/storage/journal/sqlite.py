"""The journal of one machine: an SQLite database beside the repositories.

    entries     position, document, body    one row per entry; all documents share the positions
    documents   name, position              the last position of each log that was forgotten

A transaction of edits appends rows to the end of one table, and writes nothing else: which entries
a document has is kept in memory (`Positions`). The folder is locked, so there is no other writer.
All waiting entries, of all documents, are written in one transaction with one sync (WAL,
synchronous=FULL). On a fast disk the thread that gathers entries writes them itself: handing them
to another one would cost more than the sync. Else the journal's own thread does, and entries gather
meanwhile for the next transaction. Reading has a connection of its own, which never waits.

SQLite would move the write-ahead log into the database within a commit, and delay it. Here another
thread does, while entries are written; only the little that came meanwhile is moved between two
transactions.
"""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from server.git.changes import Entry, Log
from server.storage.journal import (
    DamagedError,
    DiskFullError,
    JournalError,
    OnThisDisk,
    OvertakenError,
    ReadOnlyError,
)
from server.storage.journal.body import decode, encode
from server.storage.journal.positions import Positions
from server.storage.journal.write_queue import WriteQueue, running_future

_log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    position INTEGER PRIMARY KEY,
    document TEXT NOT NULL,
    body BLOB NOT NULL
);
DROP INDEX IF EXISTS entries_by_document; -- of the first versions
"""
_SETTINGS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA busy_timeout = 10000;
"""
# The write-ahead log is moved above this length; if so much more comes meanwhile, that waits.
_WAL_BYTES_MAX = 16 * 2**20
_WAL_BYTES_MORE = 4 * _WAL_BYTES_MAX
# A transaction writes a few pages of 4 KB besides the entries.
_PAGES_BYTES = 4 * 4096
# More entries in one transaction would only make the first of them wait.
_BATCH_MAX = 1000  # SQLite takes 32,766 values in one statement
# On a fast disk at least one of the last transactions took less than this. Others may have waited
# for a processor, or for the interpreter's lock.
_FAST_S = 0.0025
_LAST_TRANSACTIONS = 8

_KINDS = {
    sqlite3.SQLITE_FULL: DiskFullError,
    sqlite3.SQLITE_READONLY: ReadOnlyError,
    sqlite3.SQLITE_PERM: ReadOnlyError,
    sqlite3.SQLITE_CANTOPEN: ReadOnlyError,
    sqlite3.SQLITE_CORRUPT: DamagedError,
    sqlite3.SQLITE_NOTADB: DamagedError,
}


@dataclass(slots=True)
class _Waiting:
    """An appended entry that is not written yet."""

    document: str
    follows: int
    body: bytes
    future: Future[int]
    position: int = 0


@dataclass(frozen=True, slots=True)
class _Forgotten:
    """Entries that are in the repository, up to a position."""

    document: str
    up_to: int
    future: Future[None]


class SqliteJournal(OnThisDisk):
    """Makes the entries of all documents durable in one database file.

    Raises:
        JournalError: The file cannot be opened.
    """

    writes_through = False

    def __init__(self, path: Path, *, start: bool = True, read_only: bool = False) -> None:
        """Open the database, creating it if there is none.

        Args:
            path: the database file.
            start: whether a thread writes the entries; else the caller calls `write`.
            read_only: whether to open it for reading only, perhaps while a server uses it; then
                `read` finds what there was at the last call of `documents`.
        """
        self._path = path
        self._is_read_only = read_only
        self._writer = self._connect()
        self._reader = self._connect()
        self._mover = self._connect()
        self._reading = threading.Lock()
        self._positions = self._read_positions()
        self._grown = 0  # the length of the write-ahead log in bytes, roughly
        self._queue: WriteQueue[_Waiting] = WriteQueue()
        self._forgotten: list[_Forgotten] = []
        self._calls: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._listeners: list[Callable[[str, int], None]] = []
        self._writing = threading.Lock()
        self._took_s: deque[float] = deque([0.0], _LAST_TRANSACTIONS)  # of the last transactions
        self._moving: threading.Thread | None = None
        self._thread: threading.Thread | None = None
        if start and not read_only:
            self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
            self._thread.start()

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, cached_statements=32
            )
            if self._is_read_only:
                connection.execute("PRAGMA query_only = 1")
                return connection
            connection.executescript(_SETTINGS)
            connection.executescript(_SCHEMA)
        except sqlite3.Error as problem:
            raise self._error(problem) from problem
        return connection

    def _read_positions(self) -> Positions:
        positions = Positions()
        try:
            for row in self._reader.execute("SELECT name, position FROM documents"):
                positions.set_last(*row)
            for row in self._reader.execute("SELECT document, position FROM entries"):
                positions.add(*row)
        except sqlite3.Error as problem:
            raise self._error(problem) from problem
        return positions

    # --- the contract

    def append(self, entry: Entry, follows: int) -> Future[int]:
        future = running_future()
        waiting = _Waiting(entry.document, follows, encode(entry), future)
        return self._queue.append(waiting, future)

    def gather(self) -> AbstractContextManager[None]:
        return self._queue.gather(self._write_gathered)

    def _write_gathered(self) -> None:
        """Write the waiting entries, or leave them to the journal's thread."""
        is_quick = self._grown < _WAL_BYTES_MORE and min(self._took_s) < _FAST_S
        if self._thread and is_quick and self._writing.acquire(blocking=False):
            try:
                self.write()
            finally:
                self._writing.release()
        if self._has_work():
            self._queue.notify()

    def read(self, document: str, after: int = 0) -> Log:
        with self._reading:
            position = self._positions.last(document)  # first: an entry may come meanwhile
            wanted = self._positions.after(document, after)
            try:
                rows = [
                    row
                    for some in _batched(wanted)
                    for row in self._reader.execute(
                        f"SELECT position, body FROM entries WHERE position IN {_values(some)}"  # noqa: S608
                        " ORDER BY position",
                        some,
                    )
                ]
            except sqlite3.Error as problem:
                raise self._error(problem) from problem
        entries = tuple(decode(document, body, str(self._path)) for _, body in rows)
        return Log(rows[-1][0] if rows else position, entries)

    def forget(self, document: str, up_to: int, repository: Path | None = None) -> Future[None]:  # noqa: ARG002
        done = running_future()
        return self._queue.put(self._forgotten, _Forgotten(document, up_to, done), done)

    def scrub(self) -> None:
        self._call_writer(self._scrub)

    def try_to_write(self) -> None:
        self._call_writer(self._write_and_delete)

    def _call_writer(self, call: Callable[[], None]) -> None:
        """Call a function on the writer's thread, after what waits now; return when it is done."""
        done: Future[None] = Future()
        self._queue.put(self._calls, (call, done), done).result()

    def documents(self) -> list[str]:
        with self._reading:
            if self._is_read_only:  # a server may have added and forgotten some
                self._positions = self._read_positions()
            return self._positions.documents()

    def left(self) -> list[str]:
        return self.documents()

    def faults(self) -> list[str]:
        """Return the faults that SQLite finds in its file."""
        with self._reading:
            try:
                found = self._reader.execute("PRAGMA integrity_check(5)").fetchall()
            except sqlite3.Error as problem:
                raise self._error(problem) from problem
        return [sentence for (sentence,) in found if sentence != "ok"]

    def listen(self, on_entry: Callable[[str, int], None]) -> None:
        self._listeners.append(on_entry)

    def close(self) -> None:
        self._queue.close()
        if self._thread:
            self._thread.join()
        self._wait_for_move()
        with suppress(sqlite3.Error, JournalError):
            if self._is_read_only:
                return
            self._checkpoint()
            if not self.documents():
                self._writer.execute("VACUUM")  # else the file keeps its largest size
        for connection in (self._writer, self._reader, self._mover):
            connection.close()

    # --- writing

    def _run(self) -> None:
        """Write waiting entries in one transaction after another; the journal's thread."""
        while True:
            with self._queue.wake:
                while not (self._has_work() or self._queue.is_closed):
                    self._queue.wake.wait()
                if not self._has_work():
                    return
            if self._calls or self._grown > _WAL_BYTES_MORE:
                self._wait_for_move()
            with self._writing:
                self.write()
                while self._calls:
                    self._execute(*self._calls.popleft())
            if self._is_long:
                self._begin_move()

    def _has_work(self) -> bool:
        return bool(self._queue.entries or self._forgotten or self._calls or self._is_long)

    def write(self) -> None:
        """Write the waiting entries and settle their futures."""
        entries = self._queue.entries
        with self._queue.wake:
            batch = [entries.popleft() for _ in range(min(len(entries), _BATCH_MAX))]
            forgotten, self._forgotten = self._forgotten, []
        if not batch and not forgotten:
            return
        began = time.monotonic()
        try:
            written = self._write(batch, forgotten)
        except sqlite3.Error as problem:
            self._fail([*batch, *forgotten], self._error(problem))
            return
        self._took_s.append(time.monotonic() - began)
        for each in forgotten:
            each.future.set_result(None)
        for waiting in written:
            waiting.future.set_result(waiting.position)
        for waiting in written:
            for on_entry in self._listeners:
                on_entry(waiting.document, waiting.position)

    def _write(self, batch: list[_Waiting], forgotten: list[_Forgotten]) -> list[_Waiting]:
        """Write in one transaction with one sync; return the entries that were not overtaken."""
        written = self._assign_positions(batch)
        if forgotten:
            with self._transaction():
                self._insert(written)
                self._delete(forgotten)
        else:
            self._insert(written)  # a transaction by itself, with a third of the calls
        for waiting in written:
            self._positions.add(waiting.document, waiting.position)
        for each in forgotten:
            self._positions.forget(each.document, each.up_to)
        self._grown += _PAGES_BYTES + sum(len(waiting.body) for waiting in written)
        return written

    def _insert(self, written: list[_Waiting]) -> None:
        if written:
            rows = [(each.position, each.document, each.body) for each in written]
            insert = f"INSERT INTO entries VALUES {_placeholders(rows)}"  # noqa: S608
            self._writer.execute(insert, _flat(rows))

    def _delete(self, forgotten: list[_Forgotten]) -> None:
        execute = self._writer.execute
        for each in forgotten:
            last = max(each.up_to, self._positions.last(each.document))
            execute("REPLACE INTO documents VALUES (?, ?)", (each.document, last))
            for some in _batched(self._positions.up_to(each.document, each.up_to)):
                execute(f"DELETE FROM entries WHERE position IN {_values(some)}", some)  # noqa: S608

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit what is executed in the block, with one sync, or nothing of it."""
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._writer.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            raise

    def _assign_positions(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Assign positions to the entries that were not overtaken; return these."""
        written: list[_Waiting] = []
        positions: dict[str, int] = {}
        for waiting in batch:
            document = waiting.document
            last = positions.get(document) or self._positions.last(document)
            if waiting.follows != last:
                problem = f"the entry follows {waiting.follows}, but the last is {last}"
                waiting.future.set_exception(OvertakenError(f"{document}: {problem}"))
                continue
            written.append(waiting)
            waiting.position = positions[document] = self._positions.newest + len(written)
        return written

    def _fail(self, batch: Sequence[_Waiting | _Forgotten], problem: JournalError) -> None:
        _log.error("%s", problem)
        for waiting in batch:
            if not waiting.future.done():
                waiting.future.set_exception(problem)

    def _execute(self, call: Callable[[], None], done: Future[None]) -> None:
        try:
            call()
        except sqlite3.Error as problem:
            done.set_exception(self._error(problem))
        else:
            done.set_result(None)

    def _scrub(self) -> None:
        """Write the database anew, without free pages, and empty the write-ahead log."""
        self._writer.execute("VACUUM")
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _write_and_delete(self) -> None:
        """Write an entry of no document and delete it: the pages are written, as they changed."""
        position = self._positions.newest + 1
        with self._transaction():
            self._writer.execute("INSERT INTO entries VALUES (?, '', '')", (position,))
            self._writer.execute("DELETE FROM entries WHERE position = ?", (position,))

    # --- the write-ahead log

    @property
    def _is_long(self) -> bool:
        """Whether the write-ahead log is to be moved into the database."""
        return self._grown > _WAL_BYTES_MAX and not (self._moving and self._moving.is_alive())

    def _begin_move(self) -> None:
        self._grown = 0
        self._moving = threading.Thread(target=self._move, name="journal: move", daemon=True)
        self._moving.start()

    def _wait_for_move(self) -> None:
        if self._moving:
            self._moving.join()

    def _move(self) -> None:
        """Move the write-ahead log while it is written to, then what came meanwhile."""
        with suppress(sqlite3.Error):
            self._mover.execute("PRAGMA wal_checkpoint(PASSIVE)")
            with self._writing:
                self._checkpoint()

    def _checkpoint(self) -> None:
        """Move the write-ahead log into the database, so that it starts again."""
        self._grown = 0
        self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")

    # --- reading

    def _error(self, problem: sqlite3.Error) -> JournalError:
        code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
        return _KINDS.get(code, JournalError)(f"{self._path}: {problem}")


def _placeholders(rows: Sequence[tuple[object, ...]]) -> str:
    """Return placeholders for all rows.

    There is one statement for all: SQLite releases the interpreter's lock for each statement, and
    must wait for other threads to get it back.
    """
    row = f"({', '.join('?' * len(rows[0]))})"
    return ", ".join([row] * len(rows))


def _values(some: Sequence[int]) -> str:
    return f"({', '.join('?' * len(some))})"


def _batched(positions: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield parts that one statement can name."""
    for start in range(0, len(positions), _BATCH_MAX):
        yield positions[start : start + _BATCH_MAX]


def _flat(rows: Iterable[tuple[object, ...]]) -> list[object]:
    return [value for row in rows for value in row]

"""Watches PostgreSQL beside the journal: is there a standby, has another server taken over?

It looks every two seconds, and at once where another server announces itself (`NOTIFY`, a hint
that may get lost). If PostgreSQL does not answer for long, what others wait for is given up: its
machine may hang, and another one have taken its place. A commit that waits for the standby is not
given up. The watcher's connection holds the lock that keeps a second server from starting by
mistake, unless all share the documents; what makes a second one harmless is the epoch in each
statement. It also renews the lease of a node.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from server.storage.journal import JournalError, NotOwnedError
from server.storage.journal.postgresql.connection import Connection, Database, cut
from server.storage.journal.postgresql.leases import RENEW_EVERY_S
from server.storage.journal.postgresql.ownership import Ownership
from server.storage.journal.postgresql.writer import EntryWriter, Writing

_log = logging.getLogger(__name__)

_CHANNEL = "gollabedit"
_LOCK = 0x676F6C6C_61626565  # of one server, or shared by nodes; `schema` has another
_LOOK_EVERY_S = 2.0
_LATE_S = 5.0  # after this time it is said what a commit waits for
_LOST_S = 30.0  # after this time without an answer to a look, all connections are given up
_CLOSE_S = 2.0
_WAITS_FOR_STANDBY = "SyncRep"
_LOOK = """
select
    current_setting('synchronous_standby_names'),
    (select epoch from gollabedit.store),
    (select wait_event from pg_stat_activity where pid = %s)
"""


@dataclass(slots=True)
class State:
    """The result of the last look.

    Attributes:
        has_standby: whether each commit waits for a standby.
        is_connected: whether PostgreSQL answers.
    """

    has_standby: bool = False
    is_connected: bool = True


class Watcher:
    """A thread that looks regularly, from `start` to `close`."""

    def __init__(self, database: Database, connection: Connection, ownership: Ownership) -> None:
        """Take a first look.

        Args:
            database: where to look.
            connection: becomes the watcher's.
            ownership: what this server owns.
        """
        self.state = State()
        self._database = database
        self._ownership = ownership
        self._every_s = RENEW_EVERY_S if ownership.is_shared else _LOOK_EVERY_S
        self._connection: Connection | None = connection
        self._has_lock = False
        self._is_closing = threading.Event()
        self._is_waiting_told = False
        self._looked_at = time.monotonic()
        self._threads: list[threading.Thread] = []
        names, _, _ = _look(connection, None)
        self.state.has_standby = bool(names)

    def take_lock(self, wait_s: float) -> bool:
        """Take the lock, which nodes share; return whether that succeeded in time."""
        until = time.monotonic() + wait_s
        while not self._try_lock() and time.monotonic() < until:
            self._is_closing.wait(0.1)
        return self._has_lock

    def start(
        self,
        writer: EntryWriter,
        epoch: int,
        on_taken_over: Callable[[], None],
        on_silence: Callable[[], None],
    ) -> None:
        """Announce this server, and begin to look.

        Args:
            writer: what it writes is looked at if it takes long.
            epoch: of the store, when this server started.
            on_taken_over: called when another server has a later one, or this one's place.
            on_silence: called when PostgreSQL does not answer, and is to give up connections.
        """
        self._writer = writer
        self._epoch = epoch
        self._on_taken_over = on_taken_over
        self._on_silence = on_silence
        assert self._connection
        self._connection.execute("select pg_notify(%s, %s)", [_CHANNEL, str(epoch)])
        self._connection.execute(f"listen {_CHANNEL}")
        self._threads = [
            threading.Thread(target=run, name="journal: watch", daemon=True)
            for run in (self._run, self._listen_for_silence)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the thread, and the connection with its lock."""
        self._is_closing.set()
        connection = self._connection
        if connection and self._threads:
            cut(connection)
        for thread in self._threads:
            thread.join(_CLOSE_S)
        if self._connection:
            self._connection.close()

    # --- the threads

    def _listen_for_silence(self) -> None:
        while not self._is_closing.wait(_LOOK_EVERY_S):
            connection = self._connection
            if connection and time.monotonic() - self._looked_at > _LOST_S:
                _log.warning("%s has not answered for %d s", self._database.shown, _LOST_S)
                cut(connection)
                self._on_silence()

    def _run(self) -> None:
        while not self._is_closing.is_set():
            try:
                connection = self._connection or self._reconnect()
                self._see(connection)
                for _ in connection.notifies(timeout=self._every_s, stop_after=1):
                    pass
            except (psycopg.Error, JournalError) as problem:
                self._lost(problem)
                self._is_closing.wait(_LOOK_EVERY_S)

    def _reconnect(self) -> Connection:
        connection = self._database.connect()
        self._looked_at = time.monotonic()
        self._connection = connection
        connection.execute(f"listen {_CHANNEL}")
        _log.info("%s answers again", self._database.shown)
        self.state.is_connected = True
        return connection

    def _lost(self, problem: Exception) -> None:
        if self._connection:
            self._connection.close()
        self._connection, self._has_lock = None, False
        if self.state.is_connected and not self._is_closing.is_set():
            _log.warning("%s: the connection is lost: %s", self._database.shown, problem)
        self.state.is_connected = False

    def _see(self, connection: Connection) -> None:
        writing = self._writer.writing
        names, epoch, waits_for = _look(connection, writing)
        self._looked_at = time.monotonic()
        self.state.has_standby = bool(names)
        if epoch > self._epoch:
            self._on_taken_over()
            return
        if not self._has_lock:
            self._try_lock()
        try:
            self._ownership.look(connection)
        except NotOwnedError:
            self._on_taken_over()
            return
        is_late = writing is not None and time.monotonic() - writing.since > _LATE_S
        is_waiting = is_late and waits_for == _WAITS_FOR_STANDBY
        if is_waiting and not self._is_waiting_told:
            _log.warning("nothing can be saved: PostgreSQL waits for its synchronous standby")
        self._is_waiting_told = is_waiting

    def _try_lock(self) -> bool:
        assert self._connection
        shared = "_shared" if self._ownership.is_shared else ""
        row = self._connection.execute(
            f"select pg_try_advisory_lock{shared}(%s)",
            [_LOCK],
        ).fetchone()
        self._has_lock = bool(row and row[0])
        return self._has_lock


def _look(connection: Connection, writing: Writing | None) -> tuple[str, int, str | None]:
    """Return the names of the standbys, the last epoch, and what the commit waits for."""
    found = connection.execute(_LOOK, [writing.process if writing else 0]).fetchone()
    assert found
    return found[0], found[1], found[2]

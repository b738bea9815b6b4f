"""Connections to PostgreSQL: how they are made, shared and given up, and what their errors mean."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from server.storage.journal import DamagedError, DiskFullError, JournalError, ReadOnlyError

_log = logging.getLogger(__name__)

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]
_Result = TypeVar("_Result")

VERSION_MIN = 15
# At most this many connections for reading and storing, and as many are kept open.
_SHARED_MAX = 6

# A machine that is gone is noticed within half a minute; the URL may say otherwise.
_DEFAULTS = {
    "application_name": "gollabedit",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
# A commit must not be cancelled: while it waits for a standby, PostgreSQL would answer as if it had
# succeeded. Whatever the role or the database has set, these hold. The others have PostgreSQL
# notice that this process is gone, so that its lock is free.
_SESSION = {
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "default_transaction_isolation": "read committed",
    "client_connection_check_interval": "10s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_SET = """
select set_config(name, value, false)
from unnest(%s::text[], %s::text[]) as wanted(name, value)
where exists (select from pg_settings where pg_settings.name = wanted.name)
"""
_SET_COMMIT = """
select set_config('synchronous_commit', 'on', false)
where current_setting('synchronous_commit') not in ('on', 'remote_apply')
"""
# A standby that is promoted begins a new timeline, which the names of its log's files start with.
_TIMELINE = """
select case when pg_is_in_recovery() then ''
    else substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) end
"""
_KINDS = {
    "53100": DiskFullError,
    "25006": ReadOnlyError,
    "XX001": DamagedError,
    "XX002": DamagedError,
}


class Database:
    """A database, and how to connect to it.

    Attributes:
        shown: where it is, without the password.

    Raises:
        JournalError: The URL is invalid.
    """

    def __init__(self, url: str, password: str = "") -> None:
        try:
            given = {name: str(value) for name, value in conninfo_to_dict(url).items()}
        except psycopg.Error:  # whose message may have a part of the password
            raise JournalError(
                "the URL is invalid; write postgresql://USER@HOST/DATABASE, and %-encode other"
                " characters than letters and digits in it"
            ) from None
        if password:
            given["password"] = password
        self._hosts = _each_host(given)
        if len(self._hosts) > 1:
            given.setdefault("target_session_attrs", "read-write")  # of several, the primary
        self._parameters = {**_DEFAULTS, **given}
        self._timeline = ""  # the latest that was seen
        place = given.get("host", given.get("hostaddr", ""))
        port = f":{given['port']}" if "port" in given else ""
        self.shown = f"postgresql://{place}{port}/{given.get('dbname', '')}"

    def connect(self) -> Connection:
        """Return a new connection, which commits each statement unless told otherwise.

        Of several hosts it is the first one that can be written. A former primary that came back
        can be, too, and lacks what was acknowledged since: it is not used.

        Raises:
            JournalError: There is no connection, or not to a PostgreSQL that is new enough.
        """
        *others, last = self._hosts
        for host in others:
            with suppress(JournalError):
                return self._connect(host)
        return self._connect(last)

    def _connect(self, host: Mapping[str, str]) -> Connection:
        parameters = {**self._parameters, **host}
        try:
            connection = psycopg.connect(**parameters, autocommit=True)  # type: ignore[arg-type]
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        except psycopg.Error as problem:
            raise self.error(problem) from problem
        return connection

    def _prepare(self, connection: Connection) -> None:
        """Check which server it is, and make its commits durable."""
        if connection.info.server_version < VERSION_MIN * 10_000:
            raise JournalError(f"{self.shown} is older than PostgreSQL {VERSION_MIN}")
        row = connection.execute(_TIMELINE).fetchone()
        timeline = row[0] if row else ""
        if timeline and timeline < self._timeline:
            former = f"{connection.info.host} is a former primary, and is not used"
            _log.warning("%s", former)
            raise JournalError(f"{self.shown}: {former}")
        self._timeline = max(timeline, self._timeline)
        connection.execute(_SET, [list(_SESSION), list(_SESSION.values())])
        connection.execute(_SET_COMMIT)

    def error(self, problem: psycopg.Error) -> JournalError:
        """Return the error of the journal for an error of PostgreSQL."""
        said = " ".join(str(problem).split())
        kind = _KINDS.get(problem.sqlstate or "", JournalError)
        return kind(f"{self.shown}: {said}")


class SharedConnections:
    """Connections for work that may be repeated, and is done by several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._turns = threading.BoundedSemaphore(_SHARED_MAX)
        self._of_thread = threading.local()
        self._is_closed = False

    def run(self, work: Callable[[Connection], _Result]) -> _Result:
        """Do some work with a connection; a second time if that turns out to be a broken one.

        Raises:
            JournalError: PostgreSQL or the connection failed.
        """
        together: Connection | None = getattr(self._of_thread, "connection", None)
        if together is not None:
            return self._once(together, work)
        return self._run(work)

    def _once(self, connection: Connection, work: Callable[[Connection], _Result]) -> _Result:
        try:
            return work(connection)
        except psycopg.Error as problem:
            raise self._database.error(problem) from problem

    @contextmanager
    def together(self, *, is_snapshot: bool = False) -> Iterator[None]:
        """Return a context in which all work of this thread is one transaction.

        Args:
            is_snapshot: whether it sees nothing that is committed after its begin.

        Raises:
            JournalError: PostgreSQL or the connection failed; nothing was done, or it is not known
                whether it was.
        """
        if getattr(self._of_thread, "connection", None) is not None:
            yield
            return
        with self._turns:
            connection = self._working()
            self._busy.add(connection)
            self._of_thread.connection = connection
            try:
                with connection.transaction():
                    if is_snapshot:
                        connection.execute("set transaction isolation level repeatable read")
                    yield
            except psycopg.Error as problem:
                connection.close()
                raise self._database.error(problem) from problem
            finally:
                self._of_thread.connection = None
                self._busy.discard(connection)
                if not connection.closed:
                    self._keep(connection)

    def _working(self) -> Connection:
        """Return a connection that works at the moment."""
        with suppress(IndexError):  # there is no other
            while True:
                connection = self._idle.pop()
                with suppress(psycopg.Error):
                    connection.execute("select 1")
                    return connection
                connection.close()
        return self._database.connect()

    def _run(self, work: Callable[[Connection], _Result]) -> _Result:
        with self._turns:
            while True:
                kept = self._idle.pop() if self._idle else None
                connection = kept or self._database.connect()
                self._busy.add(connection)
                try:
                    result = work(connection)
                except psycopg.OperationalError as problem:
                    connection.close()
                    if kept is None or self._is_closed:
                        raise self._database.error(problem) from problem
                except psycopg.Error as problem:
                    connection.close()
                    raise self._database.error(problem) from problem
                except BaseException:
                    connection.close()
                    raise
                else:
                    self._keep(connection)
                    return result
                finally:
                    self._busy.discard(connection)

    def _keep(self, connection: Connection) -> None:
        self._idle.append(connection)
        if self._is_closed:
            self.close()

    def interrupt(self) -> None:
        """Break the connections that are in use."""
        for connection in tuple(self._busy):
            cut(connection)

    def close(self) -> None:
        """Close the connections, each once it is idle."""
        self._is_closed = True
        with suppress(IndexError):
            while True:
                self._idle.pop().close()


def _each_host(given: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the parameters that differ from host to host, for each host of a URL."""
    lists = {name: given[name].split(",") for name in ("host", "hostaddr", "port") if name in given}
    count = max(map(len, lists.values()), default=1)
    for name, values in lists.items():
        lists[name] = values * count if len(values) == 1 else values
    return [{name: values[one] for name, values in lists.items()} for one in range(count)]


def cut(connection: Connection) -> None:
    """Break a connection that another thread waits for."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as one:
        one.shutdown(socket.SHUT_RDWR)

"""Connections to PostgreSQL: how they are made, shared and given up, and what their errors mean."""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from server.storage.journal import DamagedError, DiskFullError, JournalError, ReadOnlyError

Connection = psycopg.Connection[tuple[Any, ...]]
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
        if "," in given.get("host", ""):
            given.setdefault("target_session_attrs", "read-write")  # of several, the primary
        self._parameters = {**_DEFAULTS, **given}
        place = given.get("host", given.get("hostaddr", ""))
        port = f":{given['port']}" if "port" in given else ""
        self.shown = f"postgresql://{place}{port}/{given.get('dbname', '')}"

    def connect(self) -> Connection:
        """Return a new connection, which commits each statement unless told otherwise.

        Raises:
            JournalError: There is no connection, or not to a PostgreSQL that is new enough.
        """
        try:
            connection = psycopg.connect(**self._parameters, autocommit=True)  # type: ignore[arg-type]
            try:
                connection.execute(_SET, [list(_SESSION), list(_SESSION.values())])
                connection.execute(_SET_COMMIT)
            except BaseException:
                connection.close()
                raise
        except psycopg.Error as problem:
            raise self.error(problem) from problem
        if connection.info.server_version < VERSION_MIN * 10_000:
            connection.close()
            raise JournalError(f"{self.shown} is older than PostgreSQL {VERSION_MIN}")
        return connection

    def error(self, problem: psycopg.Error) -> JournalError:
        """Return what an error of PostgreSQL is to the users of a journal."""
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
        self._is_closed = False

    def run(self, work: Callable[[Connection], _Result]) -> _Result:
        """Do some work with a connection; a second time if that turns out to be a broken one.

        Raises:
            JournalError: PostgreSQL or the connection failed.
        """
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
        """Break all work."""
        for connection in tuple(self._busy):
            cut(connection)

    def close(self) -> None:
        """Close the connections, each once nobody uses it."""
        self._is_closed = True
        with suppress(IndexError):
            while True:
                self._idle.pop().close()


def cut(connection: Connection) -> None:
    """Break a connection that another thread waits for."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as one:
        one.shutdown(socket.SHUT_RDWR)

"""What a server has beside its documents, in PostgreSQL; see `server.storage.site`.

secrets           the secret
site              the texts, and a number for each that changes with it; so have the accounts
account_…         the tables of accounts
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, TypeVar

from server.storage.journal import JournalError
from server.storage.journal.postgresql.connection import Connection, SharedConnections
from server.storage.site import POLICY, SECRET_BYTES, Change, Execute, Rows

_Result = TypeVar("_Result")

_RESUME = "resume"  # the name of the secret; servers have another one for each other
_ACCOUNTS = "accounts"
_PREFIX = "gollabedit.account_"
_SHOWN = {POLICY: "the policy in the database"}


class PostgresqlSite:
    """Keeps it in a database that has the tables of the journal."""

    def __init__(self, connections: SharedConnections) -> None:
        self._connections = connections
        self.accounts = PostgresqlAccounts(connections)

    def secret(self, first: bytes = b"") -> bytes:
        return _run(self._connections, partial(_secret, first=first))

    def set_secret(self, secret: bytes) -> None:
        _run(self._connections, partial(_set_secret, secret=secret))

    def text(self, name: str) -> "PostgresqlText":
        return PostgresqlText(self._connections, name)

    def together(self) -> AbstractContextManager[None]:
        return _errors(self._connections.together())


class PostgresqlText:
    """A text in a row."""

    def __init__(self, connections: SharedConnections, name: str) -> None:
        self.shown = _SHOWN.get(name, f"the {name} in the database")
        self._connections = connections
        self._name = name

    def state(self) -> object:
        return _run(self._connections, partial(_version, name=self._name))

    def read(self) -> bytes | None:
        return _run(self._connections, partial(_content, name=self._name))

    def change(self, change: Change) -> bytes | None:
        return _run(self._connections, partial(_change, name=self._name, change=change))


class PostgresqlAccounts:
    """The tables of accounts."""

    def __init__(self, connections: SharedConnections) -> None:
        self._connections = connections
        self._seen: object = None

    @contextmanager
    def reading(self) -> Iterator[Execute | None]:
        with _errors(self._connections.together(is_snapshot=True)):
            self._seen = self._connections.run(partial(_version, name=_ACCOUNTS))
            yield self._execute

    @contextmanager
    def changing(self) -> Iterator[Execute]:
        with _errors(self._connections.together()):
            self._connections.run(partial(_next_version, name=_ACCOUNTS))  # others wait here
            yield self._execute

    def has_changed(self) -> bool:
        return _run(self._connections, partial(_version, name=_ACCOUNTS)) != self._seen

    def close(self) -> None:
        """The connections belong to the journal."""

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        query = statement.format(_PREFIX).replace("?", "%s")

        def execute(connection: Connection) -> Rows:
            return connection.execute(query, values)

        return self._connections.run(execute)


# --- statements


def _secret(connection: Connection, first: bytes) -> bytes:
    connection.execute(
        "insert into gollabedit.secrets (name, value) values (%s, %s) on conflict do nothing",
        [_RESUME, first or secrets.token_bytes(SECRET_BYTES)],
    )
    row = connection.execute(
        "select value from gollabedit.secrets where name = %s", [_RESUME]
    ).fetchone()
    assert row
    return bytes(row[0])


def _set_secret(connection: Connection, secret: bytes) -> None:
    connection.execute(
        "insert into gollabedit.secrets (name, value) values (%s, %s)"
        " on conflict (name) do update set value = excluded.value",
        [_RESUME, secret],
    )


def _version(connection: Connection, name: str) -> int:
    row = connection.execute(
        "select version from gollabedit.site where name = %s", [name]
    ).fetchone()
    return row[0] if row else 0


def _next_version(connection: Connection, name: str) -> None:
    connection.execute(
        "insert into gollabedit.site as s (name, version) values (%s, 1)"
        " on conflict (name) do update set version = s.version + 1",
        [name],
    )


def _content(connection: Connection, name: str) -> bytes | None:
    row = connection.execute(
        "select content from gollabedit.site where name = %s", [name]
    ).fetchone()
    return row[0] if row else None


def _change(connection: Connection, name: str, change: Change) -> bytes | None:
    with connection.transaction():
        _next_version(connection, name)  # others wait here
        after = change(_content(connection, name))
        connection.execute("update gollabedit.site set content = %s where name = %s", [after, name])
    return after


# --- errors


def _run(connections: SharedConnections, work: Callable[[Connection], _Result]) -> _Result:
    try:
        return connections.run(work)
    except JournalError as problem:
        raise OSError(str(problem)) from problem


@contextmanager
def _errors(context: AbstractContextManager[None]) -> Iterator[None]:
    try:
        with context:
            yield
    except JournalError as problem:
        raise OSError(str(problem)) from problem

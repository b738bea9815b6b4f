"""What a server has beside its documents, in the files of a data folder."""

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock, RLock

from server.core.access.policy import POLICY_FILE
from server.storage.site import (
    CATALOG,
    MOVED,
    MOVING,
    POLICY,
    SECRET_BYTES,
    TRASH,
    Change,
    Execute,
    Rows,
)
from server.support.files import fsync, write_synced

_FILES = {
    CATALOG: "catalog.json",
    POLICY: POLICY_FILE,
    TRASH: "trash.json",
    MOVING: "moving.json",
    MOVED: "moved.json",
}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    name TEXT PRIMARY KEY,
    full_name TEXT NOT NULL,
    email TEXT NOT NULL,
    groups TEXT NOT NULL,
    is_operator INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS secrets (
    hash BLOB PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    user TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    label TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,
    used REAL,
    token TEXT REFERENCES secrets (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links (
    hash BLOB PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    "right" TEXT NOT NULL,
    made_by TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,
    used REAL
) STRICT, WITHOUT ROWID;
"""
_SETTINGS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
"""
_BUSY_WAIT_S = 3.0  # for another process: its transactions are short


def accounts_in(data: Path) -> Path:
    """Return the path of the accounts in a data folder."""
    return data / "accounts.sqlite"


def mark_in(data: Path) -> Path:
    """Return the path of the file that names the store whose cache a data folder is."""
    return data / "store"


def is_elsewhere(data: Path) -> bool:
    """Return whether a data folder is only the cache of a store."""
    return mark_in(data).exists()


def secret_in(data: Path) -> Path:
    """Return the path of the secret in a data folder."""
    return data / "secret"


def text_in(data: Path, name: str) -> "FileText":
    """Return a text in a data folder."""
    return FileText(data / _FILES[name])


class FolderSite:
    """Keeps it in a data folder; its files are made when they are needed."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.accounts = SqliteAccounts(accounts_in(data))

    def secret(self, first: bytes = b"") -> bytes:
        file = secret_in(self._data)
        if not file.exists():
            write_synced(file, first or secrets.token_bytes(SECRET_BYTES))
        return file.read_bytes()

    def set_secret(self, secret: bytes) -> None:
        write_synced(secret_in(self._data), secret)

    def text(self, name: str) -> "FileText":
        return text_in(self._data, name)

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()


class FileText:
    """A text in a file."""

    def __init__(self, path: Path) -> None:
        self.shown = str(path)
        self._path = path
        self._changing = Lock()

    def state(self) -> object:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def read(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

    def change(self, change: Change) -> bytes | None:
        with self._changing:
            before = self.read()
            after = change(before)
            if after is None:
                self._path.unlink(missing_ok=True)
                fsync(self._path.parent)
            elif after != before:
                write_synced(self._path, after)
        return after


class SqliteAccounts:
    """The tables of accounts in a file, which is made by the first change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._inode = 0  # of the file that is open
        self._seen: int | None = None
        self._lock = RLock()

    @contextmanager
    def reading(self) -> Iterator[Execute | None]:
        with self._lock, _errors():
            if self._database is None and not self._path.exists():
                yield None
                return
            database = self._open()
            self._seen = _version(database)
            with _transaction(database, "DEFERRED") as execute:
                yield execute

    @contextmanager
    def changing(self) -> Iterator[Execute]:
        with self._lock, _errors():
            with _transaction(self._open(), "IMMEDIATE") as execute:
                yield execute
            self._seen = None  # the version tells of others' changes only

    def has_changed(self) -> bool:
        with self._lock, _errors():
            if self._database is not None and self._was_replaced():
                self.close()
            if self._database is None:
                return self._path.exists()
            return _version(self._database) != self._seen

    def _was_replaced(self) -> bool:
        """Return whether there is another file by now, such as one from a backup."""
        try:
            return self._path.stat().st_ino != self._inode
        except FileNotFoundError:
            return False

    def close(self) -> None:
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            inode = os.fstat(file).st_ino
            os.close(file)
            database = sqlite3.connect(
                self._path, timeout=_BUSY_WAIT_S, isolation_level=None, check_same_thread=False
            )
            try:
                database.executescript(_SETTINGS + _SCHEMA)
            except sqlite3.Error:
                database.close()
                raise
            self._database, self._inode = database, inode
        return self._database


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as problem:
        raise OSError(str(problem)) from problem


@contextmanager
def _transaction(database: sqlite3.Connection, mode: str) -> Iterator[Execute]:
    def execute(statement: str, values: Sequence[object] = ()) -> Rows:
        return database.execute(statement.format(""), values)

    database.execute(f"BEGIN {mode}")
    try:
        yield execute
    except BaseException:
        database.rollback()
        raise
    database.commit()


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA data_version").fetchone()[0]
    return version

"""The accounts of a data folder: users, the hashes of their secrets, and links, in SQLite.

    users     name, full_name, email, groups, is_operator
    secrets   hash, id, kind, user, label, created, expires, used, token
              (tokens, sessions, invitations; the token that a session began with)
    links     hash, id, document, right, made_by, created, expires, used

The server and the commands may use the file at one time: each change is one transaction. A folder
without accounts and links has no such file. Everything here blocks.

Errors::

    AccountError       nothing was changed; the message is a sentence
    sqlite3.Error      the file cannot be read or written
"""

import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from server.core.access.accounts import (
    DAY_S,
    Accounts,
    Kind,
    Link,
    Secret,
    User,
    hash_of,
    is_valid_at,
    new_key,
    new_token,
)
from server.core.access.right import SHARED, Right

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
_ID_CHARACTERS = 8
_LINKS_MAX = 100  # of a document
_SESSIONS_MAX = 100  # of a user; with more, the oldest end
USED = "This sign-in link was used already, or has expired."


class AccountError(Exception):
    """Nothing was changed; the message is a sentence."""


def accounts_in(data: Path) -> Path:
    """Return the path of the accounts in a data folder."""
    return data / "accounts.sqlite"


class AccountStore:
    """The accounts in a file, which is made by the first change. Safe on any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._inode = 0  # of the file that is open
        self._seen: int | None = None
        self._lock = RLock()

    def close(self) -> None:
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    # --- reading

    def load(self) -> Accounts:
        """Return everything as it is now. What has expired is left out, and removed later."""
        with self._lock:
            if self._database is None and not self._path.exists():
                return Accounts()
            database = self._open()
            self._seen = self._version(database)
            with _transaction(database, "DEFERRED"):
                users = database.execute(
                    "SELECT name, full_name, email, groups, is_operator FROM users"
                )
                secrets = database.execute(
                    "SELECT hash, id, kind, user, label, created, expires, used FROM secrets"
                )
                links = database.execute(
                    'SELECT hash, id, document, "right", made_by, created, expires, used FROM links'
                )
                return Accounts(
                    {name: _user(name, *rest) for name, *rest in users},
                    {key: Secret(id, Kind(kind), *rest) for key, id, kind, *rest in secrets},
                    {
                        key: Link(id, document, SHARED[right], *rest)
                        for key, id, document, right, *rest in links
                    },
                )

    def has_changed(self) -> bool:
        """Return whether something has changed since the last `load`."""
        with self._lock:
            if self._database is not None and self._was_replaced():
                self.close()
            if self._database is None:
                return self._path.exists()
            return self._version(self._database) != self._seen

    def _was_replaced(self) -> bool:
        """Return whether there is another file by now, such as one from a backup."""
        try:
            return self._path.stat().st_ino != self._inode
        except FileNotFoundError:
            return False

    # --- users

    def add_user(self, user: User) -> None:
        """Add an account.

        Raises:
            AccountError: there is one of this name.
        """
        with self._changing() as database:
            if _has_user(database, user.name):
                raise AccountError(f"There is an account {user.name} already.")
            database.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?)", _row(user))

    def change_user(self, user: User) -> None:
        """Replace what is known of an account.

        Raises:
            AccountError: there is none of this name.
        """
        with self._changing() as database:
            _check_user(database, user.name)
            name, *values = _row(user)
            database.execute(
                "UPDATE users SET full_name = ?, email = ?, groups = ?, is_operator = ?"
                " WHERE name = ?",
                (*values, name),
            )

    def remove_user(self, name: str) -> None:
        """Remove an account with its tokens, sessions and invitations; its links stay.

        Raises:
            AccountError: there is none of this name.
        """
        with self._changing() as database:
            _check_user(database, name)
            database.execute("DELETE FROM users WHERE name = ?", (name,))

    # --- secrets

    def add_secret(
        self,
        kind: Kind,
        user: str,
        label: str,
        now: float,
        expires: float | None = None,
        token: str | None = None,
    ) -> tuple[Secret, str]:
        """Add a secret of a user; return it with its key, which is not stored.

        Args:
            kind: what it is.
            user: whose it is.
            label: what its owner calls it.
            now: the time.
            expires: from when on it is not valid; None: always.
            token: the id of the token that a session began with, and ends with.

        Raises:
            AccountError: there is no such account.
        """
        key = new_token() if kind is Kind.TOKEN else new_key()
        secret = Secret(_new_id(), kind, user, label, now, expires)
        with self._changing() as database:
            _check_user(database, user)
            _insert(database, secret, key, token)
        return secret, key

    def add_owner(self, owner: User, label: str, now: float, expires: float) -> str:
        """Add the first account of all, and a session of it; return the session's key.

        Raises:
            AccountError: there is an account already.
        """
        key = new_key()
        with self._changing() as database:
            if database.execute("SELECT 1 FROM users").fetchone() is not None:
                raise AccountError(USED)
            database.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?)", _row(owner))
            session = Secret(_new_id(), Kind.SESSION, owner.name, label, now, expires)
            _insert(database, session, key)
        return key

    def accept(self, invitation: bytes, label: str, now: float, expires: float) -> str:
        """Exchange an invitation for a session, once; return the session's key.

        Args:
            invitation: the hash of its key.
            label: of the session.
            now: the time.
            expires: when the session ends.

        Raises:
            AccountError: it was accepted, revoked, or has expired.
        """
        with self._changing() as database:
            row = database.execute(
                "SELECT id, kind, user, label, created, expires, used FROM secrets WHERE hash = ?",
                (invitation,),
            ).fetchone()
            found = Secret(row[0], Kind(row[1]), *row[2:]) if row else None
            if not found or found.kind is not Kind.INVITATION or not is_valid_at(found, now):
                raise AccountError(USED)
            database.execute("DELETE FROM secrets WHERE hash = ?", (invitation,))
            key = new_key()
            session = Secret(_new_id(), Kind.SESSION, found.user, label, now, expires)
            _insert(database, session, key)
        return key

    def remove_secret(self, id: str, kind: Kind) -> None:
        """Remove a secret.

        Raises:
            AccountError: there is none of this kind and id.
        """
        with self._changing() as database:
            if not database.execute(
                "DELETE FROM secrets WHERE id = ? AND kind = ?", (id, kind)
            ).rowcount:
                raise AccountError(f"There is no {kind} {id}.")

    # --- links

    def add_link(
        self, document: str, right: Right, made_by: str, now: float, expires: float | None = None
    ) -> tuple[Link, str]:
        """Add a link to a document; return it with its key, which is not stored.

        Raises:
            AccountError: the document has too many.
        """
        key = new_key()
        link = Link(_new_id(), document, right, made_by, now, expires)
        with self._changing() as database:
            count = database.execute("SELECT count(*) FROM links WHERE document = ?", (document,))
            if count.fetchone()[0] >= _LINKS_MAX:
                raise AccountError(
                    f"This document has {_LINKS_MAX} links; revoke one that nobody needs any more."
                )
            database.execute(
                "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (hash_of(key), link.id, document, right.label, made_by, now, expires),
            )
        return link, key

    def remove_link(self, id: str, document: str | None = None) -> None:
        """Revoke a link, of this document if one is given.

        Raises:
            AccountError: there is none of this id.
        """
        with self._changing() as database:
            if not database.execute(
                "DELETE FROM links WHERE id = ?1 AND (?2 IS NULL OR document = ?2)", (id, document)
            ).rowcount:
                raise AccountError(f"There is no link {id}.")

    def move_links(self, old: str, new: str) -> None:
        """Have the links to a document lead to another name."""
        with self._changing() as database:
            database.execute("UPDATE links SET document = ? WHERE document = ?", (new, old))

    # --- use

    def note_use(self, keys: Collection[bytes], now: float) -> None:
        """Note that secrets and links were used, and remove what expired a month ago."""
        long_ago = now - 30 * DAY_S
        with self._changing() as database:
            for table in ("secrets", "links"):
                database.executemany(
                    f"UPDATE {table} SET used = ? WHERE hash = ?",  # noqa: S608
                    [(now, key) for key in keys],
                )
                database.execute(f"DELETE FROM {table} WHERE expires < ?", (long_ago,))  # noqa: S608

    # ---

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

    @staticmethod
    def _version(database: sqlite3.Connection) -> int:
        version: int = database.execute("PRAGMA data_version").fetchone()[0]
        return version

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            database = self._open()
            with _transaction(database, "IMMEDIATE"):
                yield database
            self._seen = None  # the version tells of others' changes only


@contextmanager
def _transaction(database: sqlite3.Connection, mode: str) -> Iterator[None]:
    database.execute(f"BEGIN {mode}")
    try:
        yield
    except BaseException:
        database.rollback()
        raise
    database.commit()


def _user(name: str, full_name: str, email: str, groups: str, is_operator: int) -> User:
    return User(name, full_name, email, frozenset(groups.split()), bool(is_operator))


def _row(user: User) -> tuple[str, str, str, str, int]:
    groups = " ".join(sorted(user.groups))
    return user.name, user.full_name, user.email, groups, int(user.is_operator)


def _has_user(database: sqlite3.Connection, name: str) -> bool:
    found = database.execute("SELECT 1 FROM users WHERE name = ?", (name,))
    return found.fetchone() is not None


def _check_user(database: sqlite3.Connection, name: str) -> None:
    if not _has_user(database, name):
        raise AccountError(f"There is no account {name}; add it with gollabedit user add.")


def _insert(
    database: sqlite3.Connection, secret: Secret, key: str, token: str | None = None
) -> None:
    database.execute(
        "INSERT INTO secrets VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?)",
        (
            hash_of(key),
            secret.id,
            secret.kind,
            secret.user,
            secret.label,
            secret.created,
            secret.expires,
            token,
        ),
    )
    if secret.kind is Kind.SESSION:
        database.execute(
            "DELETE FROM secrets WHERE hash IN (SELECT hash FROM secrets"
            " WHERE user = ? AND kind = ? ORDER BY created DESC LIMIT -1 OFFSET ?)",
            (secret.user, secret.kind, _SESSIONS_MAX),
        )


def _new_id() -> str:
    return new_key()[:_ID_CHARACTERS].replace("-", "x").replace("_", "y").lower()

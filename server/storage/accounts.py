"""The accounts of a server: users, the hashes of their secrets, and links.

    users     name, full_name, email, groups, is_operator
    secrets   hash, id, kind, user, label, created, expires, used, token
              (tokens, sessions, invitations; the token that a session began with)
    links     hash, id, document, right, made_by, created, expires, used

The server, other servers and the commands may use them at one time: each change is one transaction.
The statements are those that SQLite and PostgreSQL have in common; see `server.storage.site` for
where the tables are. Everything here blocks.

Errors::

    AccountError       nothing was changed; the message is a sentence
    OSError            the accounts cannot be read or written
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

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
from server.storage.site import AccountsDatabase, Execute

_ID_CHARACTERS = 8
_LINKS_MAX = 100  # of a document
_SESSIONS_MAX = 100  # of a user; with more, the oldest end
_ALL = {
    "users": "SELECT name, full_name, email, groups, is_operator FROM {0}users",
    "secrets": (
        'SELECT hash, id, kind, "user", label, created, expires, used, token FROM {0}secrets'
    ),
    "links": ('SELECT hash, id, document, "right", made_by, created, expires, used FROM {0}links'),
}
USED = "This sign-in link was used already, or has expired."


Tables = Mapping[str, Sequence[tuple[Any, ...]]]


class AccountError(Exception):
    """Nothing was changed; the message is a sentence."""


class AccountStore:
    """The accounts in a database. Safe on any thread."""

    def __init__(self, database: AccountsDatabase) -> None:
        self._database = database

    def close(self) -> None:
        self._database.close()

    # --- reading

    def load(self) -> Accounts:
        """Return everything as it is now. What has expired is left out, and removed later."""
        with self._database.reading() as execute:
            if execute is None:
                return Accounts()
            return Accounts(
                {name: _user(name, *rest) for name, *rest in execute(_ALL["users"])},
                {
                    key: Secret(id, Kind(kind), *rest)
                    for key, id, kind, *rest, _ in execute(_ALL["secrets"])
                },
                {
                    key: Link(id, document, SHARED[right], *rest)
                    for key, id, document, right, *rest in execute(_ALL["links"])
                },
            )

    def has_changed(self) -> bool:
        """Return whether something has changed since the last `load`."""
        return self._database.has_changed()

    # --- users

    def add_user(self, user: User) -> None:
        """Add an account.

        Raises:
            AccountError: there is one of this name.
        """
        with self._database.changing() as execute:
            if _has_user(execute, user.name):
                raise AccountError(f"There is an account {user.name} already.")
            execute("INSERT INTO {0}users VALUES (?, ?, ?, ?, ?)", _row(user))

    def change_user(self, user: User) -> None:
        """Replace what is known of an account.

        Raises:
            AccountError: there is none of this name.
        """
        with self._database.changing() as execute:
            _check_user(execute, user.name)
            name, *values = _row(user)
            execute(
                "UPDATE {0}users SET full_name = ?, email = ?, groups = ?, is_operator = ?"
                " WHERE name = ?",
                (*values, name),
            )

    def remove_user(self, name: str) -> None:
        """Remove an account with its tokens, sessions and invitations; its links stay.

        Raises:
            AccountError: there is none of this name.
        """
        with self._database.changing() as execute:
            _check_user(execute, name)
            execute("DELETE FROM {0}users WHERE name = ?", (name,))

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
        with self._database.changing() as execute:
            _check_user(execute, user)
            _insert(execute, secret, key, token)
        return secret, key

    def add_owner(self, owner: User, label: str, now: float, expires: float) -> str:
        """Add the first account of all, and a session of it; return the session's key.

        Raises:
            AccountError: there is an account already.
        """
        key = new_key()
        with self._database.changing() as execute:
            if execute("SELECT 1 FROM {0}users").fetchone() is not None:
                raise AccountError(USED)
            execute("INSERT INTO {0}users VALUES (?, ?, ?, ?, ?)", _row(owner))
            session = Secret(_new_id(), Kind.SESSION, owner.name, label, now, expires)
            _insert(execute, session, key)
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
        with self._database.changing() as execute:
            row = execute(
                'SELECT id, kind, "user", label, created, expires, used FROM {0}secrets'
                " WHERE hash = ?",
                (invitation,),
            ).fetchone()
            found = Secret(row[0], Kind(row[1]), *row[2:]) if row else None
            if not found or found.kind is not Kind.INVITATION or not is_valid_at(found, now):
                raise AccountError(USED)
            execute("DELETE FROM {0}secrets WHERE hash = ?", (invitation,))
            key = new_key()
            session = Secret(_new_id(), Kind.SESSION, found.user, label, now, expires)
            _insert(execute, session, key)
        return key

    def remove_secret(self, id: str, kind: Kind) -> None:
        """Remove a secret.

        Raises:
            AccountError: there is none of this kind and id.
        """
        with self._database.changing() as execute:
            if not execute(
                "DELETE FROM {0}secrets WHERE id = ? AND kind = ?", (id, str(kind))
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
        with self._database.changing() as execute:
            count = execute("SELECT count(*) FROM {0}links WHERE document = ?", (document,))
            if count.fetchone()[0] >= _LINKS_MAX:
                raise AccountError(
                    f"This document has {_LINKS_MAX} links; revoke one that is no longer needed."
                )
            execute(
                "INSERT INTO {0}links VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (hash_of(key), link.id, document, right.label, made_by, now, expires),
            )
        return link, key

    def remove_link(self, id: str, document: str | None = None) -> None:
        """Revoke a link, of this document if one is given.

        Raises:
            AccountError: there is none of this id.
        """
        with self._database.changing() as execute:
            found = execute("SELECT document FROM {0}links WHERE id = ?", (id,)).fetchone()
            if found is None or document not in (None, found[0]):
                raise AccountError(f"There is no link {id}.")
            execute("DELETE FROM {0}links WHERE id = ?", (id,))

    def move_links(self, old: str, new: str) -> None:
        """Make the links to a document lead to another name."""
        with self._database.changing() as execute:
            execute("UPDATE {0}links SET document = ? WHERE document = ?", (new, old))

    # --- use

    def note_use(self, keys: Collection[bytes], now: float) -> None:
        """Note that secrets and links were used, and remove what expired a month ago."""
        long_ago = now - 30 * DAY_S
        with self._database.changing() as execute:
            for table in ("{0}secrets", "{0}links"):
                for key in keys:
                    execute(f"UPDATE {table} SET used = ? WHERE hash = ?", (now, key))  # noqa: S608
                execute(f"DELETE FROM {table} WHERE expires < ?", (long_ago,))  # noqa: S608

    # --- all of it, for another database

    def tables(self) -> Tables:
        """Return the rows of all tables."""
        with self._database.reading() as execute:
            if execute is None:
                return {}
            return {table: [tuple(row) for row in execute(_ALL[table])] for table in _ALL}

    def fill(self, tables: Tables) -> None:
        """Add the rows of another database.

        Raises:
            AccountError: there are accounts or links already.
        """
        with self._database.changing() as execute:
            for table in ("{0}users", "{0}links"):
                if execute(f"SELECT 1 FROM {table}").fetchone() is not None:  # noqa: S608
                    raise AccountError("There are accounts or links already.")
            for table, rows in tables.items():
                # Sessions follow the tokens that they began with.
                for row in sorted(rows, key=lambda row: row[-1] is not None):
                    values = ", ".join("?" * len(row))
                    execute(f"INSERT INTO {{0}}{table} VALUES ({values})", row)  # noqa: S608


def _user(name: str, full_name: str, email: str, groups: str, is_operator: int) -> User:
    return User(name, full_name, email, frozenset(groups.split()), bool(is_operator))


def _row(user: User) -> tuple[str, str, str, str, int]:
    groups = " ".join(sorted(user.groups))
    return user.name, user.full_name, user.email, groups, int(user.is_operator)


def _has_user(execute: Execute, name: str) -> bool:
    found = execute("SELECT 1 FROM {0}users WHERE name = ?", (name,))
    return found.fetchone() is not None


def _check_user(execute: Execute, name: str) -> None:
    if not _has_user(execute, name):
        raise AccountError(f"There is no account {name}; add it with gollabedit user add.")


def _insert(execute: Execute, secret: Secret, key: str, token: str | None = None) -> None:
    execute(
        "INSERT INTO {0}secrets VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?)",
        (
            hash_of(key),
            secret.id,
            str(secret.kind),
            secret.user,
            secret.label,
            secret.created,
            secret.expires,
            token,
        ),
    )
    if secret.kind is Kind.SESSION:
        execute(
            "DELETE FROM {0}secrets WHERE hash IN (SELECT hash FROM {0}secrets"
            ' WHERE "user" = ? AND kind = ? ORDER BY created DESC LIMIT ? OFFSET ?)',
            (secret.user, str(secret.kind), _SESSIONS_MAX, _SESSIONS_MAX),
        )


def _new_id() -> str:
    return new_key()[:_ID_CHARACTERS].replace("-", "x").replace("_", "y").lower()

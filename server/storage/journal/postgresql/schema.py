"""The tables of the journal in PostgreSQL, which it makes and migrates by itself.

store       one row: the version of these tables, the epoch of the last server that took over and
            whether it shares the store, the id of the store, and when it was last tried to write
documents   their last position, that of the last checkpoint, and who owns them since when
nodes       the servers that share the store (docs/cluster.md), and their leases
secrets     what all of them know
entries     the journal: what is not in `packs` and `refs` yet
packs       Git's packs, in parts
refs        Git's refs, as of the last checkpoint; their names are bytes to Git
secrets     what servers know and nobody else, by name
site        small texts, and a number for each that changes with it; see `site`
account_…   users, hashes of their secrets, and links; see `server.storage.accounts`
"""

from server.storage.journal import JournalError
from server.storage.journal.postgresql.connection import Connection

_LOCK = 0x676F6C6C_61626564  # for migrations; "gollabed"

_MIGRATIONS = (
    """
    create table gollabedit.store (
        version int not null,
        epoch bigint not null default 0,
        id uuid not null default gen_random_uuid(),
        tried_at timestamptz
    );
    insert into gollabedit.store (version) values (0);
    create table gollabedit.documents (
        name text collate "C" primary key,
        position bigint not null,
        checkpoint bigint not null default 0,
        epoch bigint not null,
        owner text not null,
        first_name text -- that it was made with, if it has another name now
    ) with (fillfactor = 70); -- each entry changes a row, which then stays on its page
    create table gollabedit.entries (
        document text collate "C",
        position bigint,
        body bytea not null,
        primary key (document, position)
    );
    create table gollabedit.packs (
        document text collate "C",
        id text collate "C",
        part int,
        bytes bytea not null,
        primary key (document, id, part)
    );
    create table gollabedit.refs (
        document text collate "C",
        name bytea,
        head text not null,
        primary key (document, name)
    );
    -- What is compressed already is not compressed again.
    alter table gollabedit.entries alter column body set storage external;
    alter table gollabedit.packs alter column bytes set storage external;
    """,
    """
    alter table gollabedit.store add column is_shared boolean not null default false;
    create table gollabedit.nodes (
        id text primary key,
        url text not null,
        version text not null,
        seen timestamptz not null,
        lease_until timestamptz not null -- for all documents whose owner it is
    );
    create table gollabedit.secrets (
        name text primary key,
        value bytea not null
    );
    """,
    """
    create table gollabedit.site (
        name text primary key,
        version bigint not null,
        content bytea
    );
    create table gollabedit.account_users (
        name text collate "C" primary key,
        full_name text not null,
        email text not null,
        groups text not null,
        is_operator int not null
    );
    create table gollabedit.account_secrets (
        hash bytea primary key,
        id text not null unique,
        kind text not null,
        "user" text collate "C" not null references gollabedit.account_users on delete cascade,
        label text not null,
        created double precision not null,
        expires double precision,
        used double precision,
        token text references gollabedit.account_secrets (id) on delete cascade
    );
    create index on gollabedit.account_secrets ("user");
    create table gollabedit.account_links (
        hash bytea primary key,
        id text not null unique,
        document text collate "C" not null,
        "right" text not null,
        made_by text not null,
        created double precision not null,
        expires double precision,
        used double precision
    );
    """,
)


def migrate(connection: Connection) -> str:
    """Make or migrate the tables; return the id of the store. One server at a time.

    Raises:
        JournalError: A newer version has made them.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        version = _version(connection)
        if version > len(_MIGRATIONS):
            raise JournalError(
                f"the tables have version {version}, and this version of gollabedit knows"
                f" {len(_MIGRATIONS)}; use the newer version that made them"
            )
        for script in _MIGRATIONS[version:]:
            connection.execute(script)
        if version < len(_MIGRATIONS):
            connection.execute("update gollabedit.store set version = %s", [len(_MIGRATIONS)])
        row = connection.execute("select id from gollabedit.store").fetchone()
    assert row
    return str(row[0])


def make(connection: Connection) -> None:
    """Make the tables if there are none, and never migrate them: an older server may run.

    Raises:
        JournalError: Another version has made them.
    """
    version = _found(connection)
    if 0 < version < len(_MIGRATIONS):
        raise JournalError(
            f"the tables have version {version}, and this version of gollabedit has"
            f" {len(_MIGRATIONS)}; start its server once, which migrates them"
        )
    migrate(connection)


def _version(connection: Connection) -> int:
    """Return the version of the tables; 0 if there are none, but a place for them."""
    if version := _found(connection):
        return version
    row = connection.execute("select to_regnamespace('gollabedit')").fetchone()
    if row and row[0] is None:
        connection.execute("create schema gollabedit")
    return 0


def _found(connection: Connection) -> int:
    """Return the version of the tables; 0 if there are none."""
    row = connection.execute("select to_regclass('gollabedit.store')").fetchone()
    if not row or row[0] is None:
        return 0
    row = connection.execute("select version from gollabedit.store").fetchone()
    return int(row[0]) if row else 0

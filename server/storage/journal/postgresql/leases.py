"""A node: one of several servers that share the documents. Each document has one owner at a time.

A node owns a document until it releases it, or until its lease has expired and another node takes
the document, with the next epoch. A node has one lease for all its documents, in the table `nodes`;
it is renewed every second, by the database's clock. A node whose lease has expired is harmless
because of the epoch in each statement, not because of the time.
"""

import logging
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.metadata import version
from uuid import uuid4

from server.storage.journal import JournalError, NotOwnedError, Place
from server.storage.journal.postgresql.connection import Connection
from server.storage.journal.postgresql.ownership import Owner
from server.support.metrics import Metric, Sample

_log = logging.getLogger(__name__)

RENEW_EVERY_S = 1.0
LEASE_S = 5.0
_SECRET = "nodes"  # noqa: S105  its name
_SECRET_BYTES = 32
_LIVE = "lease_until > clock_timestamp()"
_REGISTER = """
insert into gollabedit.nodes (id, url, version, seen, lease_until)
values (%s, %s, %s, clock_timestamp(), clock_timestamp() + %s * interval '1 second')
"""
# A dead node of this URL was this one, before it was started again.
_FORGET_DEAD = """
delete from gollabedit.nodes where url = %s or seen < clock_timestamp() - interval '1 day'
"""
_RENEW = """
with old as (select lease_until from gollabedit.nodes where id = %s for update)
update gollabedit.nodes n
set seen = clock_timestamp(), lease_until = clock_timestamp() + %s * interval '1 second'
from old where n.id = %s
returning old.lease_until < clock_timestamp()
"""
_WHO = f"""
select n.url from gollabedit.documents d join gollabedit.nodes n on n.id = d.owner
where d.name = %s and n.id <> %s and n.{_LIVE}
"""  # noqa: S608
_TAKE = f"""
insert into gollabedit.documents as d (name, position, epoch, owner)
select %(document)s, 0, 1, %(me)s from gollabedit.nodes
where id = %(me)s and {_LIVE} and %(epoch)s = (select epoch from gollabedit.store)
on conflict (name) do update set epoch = d.epoch + 1, owner = excluded.owner
where d.owner = excluded.owner
or not exists (select from gollabedit.nodes n where n.id = d.owner and n.{_LIVE})
returning d.epoch, coalesce(d.first_name, d.name), d.position > d.checkpoint
"""  # noqa: S608
_OURS = """
d.name = o.name and d.epoch = o.epoch and d.owner = %(me)s
"""
_OWNED = "unnest(%(names)s::text[], %(epochs)s::bigint[]) as o(name, epoch)"
# A name that was only looked at leaves nothing.
_DROP_UNUSED = f"""
delete from gollabedit.documents d using {_OWNED}
where {_OURS} and d.position = 0
and not exists (select from gollabedit.refs r where r.document = d.name)
and not exists (select from gollabedit.packs p where p.document = d.name)
"""  # noqa: S608
_RELEASE = f"update gollabedit.documents d set owner = '' from {_OWNED} where {_OURS}"  # noqa: S608


class Node:
    """A server that shares the documents with others, which reach it at a URL."""

    is_shared = True

    def __init__(self, url: str) -> None:
        self.name = uuid4().hex
        self.secret = b""
        self.refusal: JournalError | None = None
        self._url = url
        self._epoch = 0  # of the store: a server that shares nothing would take the next one
        self._epochs: dict[str, int] = {}
        self._servers: Collection[str] = ()
        self._on_lost: Callable[[str], None] = lambda _: None
        self._on_servers: Callable[[Collection[str]], None] = lambda _: None

    def begin(self, connection: Connection) -> int:
        with connection.transaction():
            connection.execute(
                "update gollabedit.store set epoch = epoch + 1, is_shared = true"
                " where not is_shared"
            )
            connection.execute(
                "insert into gollabedit.secrets (name, value) values (%s, %s)"
                " on conflict do nothing",
                [_SECRET, secrets.token_bytes(_SECRET_BYTES)],
            )
            row = connection.execute(
                "select epoch, value from gollabedit.store, gollabedit.secrets where name = %s",
                [_SECRET],
            ).fetchone()
            assert row
            self._epoch, self.secret = row
            connection.execute(_FORGET_DEAD, [self._url])
            self._register(connection)
        return self._epoch

    def _register(self, connection: Connection) -> None:
        values = [self.name, self._url, version("gollabedit"), LEASE_S]
        connection.execute(_REGISTER, values)

    def end(self, connection: Connection) -> None:
        self.release(connection, self.let_go(self.owned()))
        connection.execute("delete from gollabedit.nodes where id = %s", [self.name])

    # --- documents

    def owner_of(self, document: str) -> Owner:
        epoch = self._epochs.get(document)
        if epoch is None:
            raise NotOwnedError(f"{document}: another node owns it, or may own it")
        return Owner(epoch, self.name)

    def owns(self, document: str) -> bool:
        return document in self._epochs

    def owned(self) -> Collection[str]:
        return tuple(self._epochs)

    def own(self, connection: Connection, document: str) -> Place:
        if url := self._other(connection, document):
            return Place(url)
        values = {"document": document, "me": self.name, "epoch": self._epoch}
        taken = connection.execute(_TAKE, values).fetchone()
        if taken is None:
            if url := self._other(connection, document):  # it was faster
                return Place(url)
            raise NotOwnedError(f"{document}: this node's lease has expired")
        epoch, first_name, has_entries = taken
        self._epochs[document] = epoch
        return Place("", first_name, has_entries)

    def _other(self, connection: Connection, document: str) -> str:
        """Return the URL of the other node that owns a document; empty if none does."""
        row = connection.execute(_WHO, [document, self.name]).fetchone()
        return str(row[0]) if row else ""

    def check(self, connection: Connection, documents: Sequence[str]) -> list[str]:
        """Return the documents that other nodes have taken."""
        known = {name: self._epochs[name] for name in documents if name in self._epochs}
        rows = connection.execute(
            "select name, epoch from gollabedit.documents where name = any(%s) and owner = %s",
            [list(known), self.name],
        )
        now: dict[str, int] = dict(rows.fetchall())
        lost = [name for name, epoch in known.items() if now.get(name) != epoch]
        for name in lost:
            _log.warning("%s: another node has taken it", name)
            self._on_lost(name)  # first: nobody may take it again before it is left
            if self._epochs.get(name) == known[name]:
                del self._epochs[name]
        return lost

    def let_go(self, documents: Collection[str]) -> Mapping[str, Owner]:
        epochs = {name: self._epochs.pop(name, None) for name in documents}
        return {name: Owner(epoch, self.name) for name, epoch in epochs.items() if epoch}

    def release(self, connection: Connection, owned: Mapping[str, Owner]) -> None:
        values = {
            "names": list(owned),
            "epochs": [owner.epoch for owner in owned.values()],
            "me": self.name,
        }
        with connection.transaction():
            connection.execute(_DROP_UNUSED, values)
            connection.execute(_RELEASE, values)

    def rename(self, old: str, new: str) -> None:
        self._epochs.pop(new, None)
        epoch = self._epochs.pop(old, None)
        if epoch:
            self._epochs[new] = epoch

    # --- the lease

    def look(self, connection: Connection) -> None:
        """Renew the lease. If it had expired, find out what was lost meanwhile."""
        with connection.transaction():
            connection.execute("set local synchronous_commit to off")  # it may get lost
            row = connection.execute(_RENEW, [self.name, LEASE_S, self.name]).fetchone()
            if row is None:
                self._check_not_replaced(connection)
                self._register(connection)
        if row is None or row[0]:
            _log.warning(
                "the lease of this node had expired; looking for documents that others have taken"
            )
            self.check(connection, list(self._epochs))
        self._look_for_others(connection)

    def _check_not_replaced(self, connection: Connection) -> None:
        row = connection.execute(
            "select from gollabedit.nodes where url = %s", [self._url]
        ).fetchone()
        if row is not None:
            raise NotOwnedError(f"another node has started with the URL {self._url}")

    def _look_for_others(self, connection: Connection) -> None:
        rows = connection.execute(
            f"select url from gollabedit.nodes where {_LIVE} and id <> %s order by url",  # noqa: S608
            [self.name],
        )
        servers = tuple(url for (url,) in rows)
        if servers != self._servers:
            _log.info("other nodes: %s", ", ".join(servers) or "none")
            self._servers = servers
        # Each time: one may have come and gone between two looks, and a client with it.
        self._on_servers(servers)

    def watch(
        self, on_lost: Callable[[str], None], on_servers: Callable[[Collection[str]], None]
    ) -> None:
        self._on_lost, self._on_servers = on_lost, on_servers

    def metrics(self) -> Sequence[Metric]:
        return (
            Metric("nodes", "nodes whose lease is valid", [Sample(1 + len(self._servers))]),
            Metric("documents_owned", "documents of this node", [Sample(len(self._epochs))]),
        )

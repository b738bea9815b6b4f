"""The journal and the repositories of all documents in PostgreSQL.

    append ─▶ EntryWriter ─▶ entries                  one commit for all that waits
    forget ─▶ packs and refs in, entries out          one transaction
    restore ─▶ packs and refs ─▶ the disk             once for each document and process

An acknowledged entry is as durable as a commit of PostgreSQL: on its disk, and on that of a standby
if it has a synchronous one. The disk of this machine is a cache.

One server owns all documents (`ownership`), or several share them (`leases`). A server that was
overtaken by another one is refused whatever it writes.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from itertools import count
from math import inf
from pathlib import Path
from typing import TypeVar

import psycopg

from server.core.git_model import MASTER
from server.git.bare import remove as remove_repository
from server.git.changes import Entry, Log
from server.storage.journal import HERE, IN_TRASH, JournalError, NotOwnedError, Place, Stored
from server.storage.journal.body import decode, encode
from server.storage.journal.postgresql import repositories
from server.storage.journal.postgresql.connection import Connection, Database, SharedConnections
from server.storage.journal.postgresql.leases import Node
from server.storage.journal.postgresql.ownership import OnlyServer, Owner, Ownership
from server.storage.journal.postgresql.reader import read
from server.storage.journal.postgresql.schema import migrate
from server.storage.journal.postgresql.site import PostgresqlSite
from server.storage.journal.postgresql.watcher import Watcher
from server.storage.journal.postgresql.writer import EntryWriter
from server.storage.journal.write_queue import running_future
from server.support.metrics import Metric, Sample
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_LOCK_WAIT_S = 10.0  # for a server that is stopping
_CLOSE_S = 3.0  # for checkpoints that are yet to be stored; the journal keeps what is left
_CONFIRM_S = 5.0
_LOCKS = 64
_LEFT = """
select distinct e.document from gollabedit.entries e
join gollabedit.documents d on d.name = e.document
where d.owner = %s or not exists (
    select from gollabedit.nodes n where n.id = d.owner and n.lease_until > clock_timestamp()
)
order by e.document
"""
_TAKEN_OVER = (
    "another gollabedit uses this database now; to go on with this one, stop that and start again"
)
_REPLACED = (
    "another gollabedit with this --node-url, or one without --node-url, uses this database now; to"
    " go on with this one, stop that and start again"
)


class PostgresqlJournal:
    """Makes entries durable in a database, and keeps the repositories there.

    Raises:
        JournalError: There is no connection, or the database cannot be used.
    """

    writes_through = False

    def __init__(
        self,
        url: str,
        password: str = "",
        *,
        needs_standby: bool = False,
        node_url: str = "",
        lock_wait_s: float = _LOCK_WAIT_S,
    ) -> None:
        """Connect, make the tables, and take over all documents, or share them with other nodes.

        Args:
            url: of the database.
            password: if it is neither in the URL nor where libpq finds it.
            needs_standby: whether to refuse a database without a synchronous standby.
            node_url: where other nodes reach this one; empty for the only server.
            lock_wait_s: how long to wait for the end of another server.
        """
        self._database = Database(url, password)
        self._ownership: Ownership = Node(node_url) if node_url else OnlyServer()
        self.is_shared = self._ownership.is_shared
        connection = self._database.connect()
        try:
            self.store_id = migrate(connection)
            self._watcher = Watcher(self._database, connection, self._ownership)
            self._check_standby(needs_standby)
            if not self._watcher.take_lock(lock_wait_s):
                raise JournalError(self._in_use(connection))  # noqa: TRY301
            epoch = self._ownership.begin(connection)
            self.secret = self._ownership.secret
        except psycopg.Error as problem:
            connection.close()
            raise self._database.error(problem) from problem
        except BaseException:
            connection.close()
            raise
        self._shared = SharedConnections(self._database)
        self.site = PostgresqlSite(self._shared)
        self._storing = WorkerThreads(1, "journal: store")
        # The documents whose repositories on this disk are what is stored; each time it is made so
        # it gets another number.
        self._restored: dict[str, int] = {}
        self._numbers = count(1)
        self._used: dict[str, float] = {}  # when a document was last restored
        self._locks = [threading.RLock() for _ in range(_LOCKS)]
        self._writer = EntryWriter(
            self._database, self._ownership, self._on_written, self._on_refused
        )
        self._watcher.start(self._writer, epoch, self._taken_over, self._give_up)

    def _in_use(self, connection: Connection) -> str:
        """Return why this server cannot use the database beside the others there."""
        row = connection.execute("select is_shared from gollabedit.store").fetchone()
        if self.is_shared:
            return (
                f"a gollabedit without --node-url uses {self._database.shown}, and shares it with"
                " nobody; stop it, and start it with --node-url"
            )
        if row and row[0]:
            return (
                f"nodes share {self._database.shown}; start this one with --node-url, too, or stop"
                " them"
            )
        return (
            f"another gollabedit uses {self._database.shown}; stop it, or create a database for"
            " this one. Several share one if each is started with --node-url"
        )

    def _check_standby(self, needs_standby: bool) -> None:
        if self._watcher.state.has_standby:
            _log.info("%s: each edit is on two machines", self._database.shown)
        elif needs_standby:
            raise JournalError(
                f"{self._database.shown} has no synchronous standby (synchronous_standby_names is"
                " empty); set one up, or start without --journal-needs-standby"
            )
        else:
            _log.info(
                "%s has no synchronous standby: an acknowledged edit survives a crash of its"
                " machine, and not the loss of it",
                self._database.shown,
            )

    # --- the journal

    def append(self, entry: Entry, follows: int) -> Future[int]:
        return self._writer.append(entry.document, encode(entry), follows)

    def gather(self) -> AbstractContextManager[None]:
        return self._writer.gather()

    def read(self, document: str, after: int = 0) -> Log:
        if not self._writer.is_sure:
            self._confirm()
        where = self._database.shown
        return self._shared.run(partial(read, document=document, after=after, where=where))

    def _confirm(self) -> None:
        """Wait until a commit has succeeded: then what is read is not lost any more."""
        try:
            self._writer.confirm().result(_CONFIRM_S)
        except TimeoutError:
            raise JournalError(f"{self._database.shown} does not answer") from None

    def forget(self, document: str, up_to: int, repository: Path) -> Future[None]:
        done = running_future()
        if not up_to:  # it has no entries, and may not exist
            done.set_result(None)
            return done
        number = self._restored.get(document)
        try:
            owner = self._ownership.owner_of(document)
        except NotOwnedError as problem:
            done.set_exception(problem)
            return done

        def store() -> None:
            try:
                with self._lock_of(document):
                    if number is None or self._restored.get(document) != number:
                        raise JournalError(f"{document} was opened again")  # noqa: TRY301
                    self._store(document, repository, owner, up_to)
            except Exception as problem:  # noqa: BLE001  it is raised again by the future
                _log.error("%s: its checkpoint is not stored: %s", document, problem)
                done.set_exception(problem)
            else:
                done.set_result(None)

        self._storing.run(store)
        return done

    def scrub(self) -> None:
        self._run(lambda connection: connection.execute("vacuum full gollabedit.entries"))

    def try_to_write(self) -> None:
        self._writer.confirm().result()

    def documents(self) -> list[str]:
        return self._run(_documents)

    def listen(self, on_entry: Callable[[str, int], None]) -> None:
        self._writer.listen(on_entry)

    def close(self) -> None:
        self._storing.close(_CLOSE_S)
        self._writer.close()
        self._watcher.close()
        try:
            self._shared.run(self._ownership.end)
        except JournalError as problem:
            _log.warning("what this server owned is free in some seconds: %s", problem)
        self._shared.close()

    # --- the repositories

    def store(self, document: str, repository: Path, first_name: str = "") -> None:
        with self._lock_of(document):
            owner = self._ownership.owner_of(document)
            if document not in self._restored and document in self.stored():
                raise JournalError(f"{document} is not open")
            self._store(document, repository, owner, first_name=first_name)

    def _store(
        self, document: str, repository: Path, owner: Owner, up_to: int = 0, first_name: str = ""
    ) -> None:
        self._run(
            partial(
                repositories.store,
                document=document,
                repository=repository,
                owner=owner,
                up_to=up_to,
                first_name=first_name,
            )
        )
        self._restored.setdefault(document, next(self._numbers))

    def restore(self, document: str, repository: Path) -> None:
        self._ownership.owner_of(document)
        self._used[document] = time.monotonic()  # first: then it is not evicted
        if document in self._restored:
            return

        def restore(connection: Connection) -> bool:
            self._ownership.check(connection, [document])
            self._ownership.owner_of(document)
            return repositories.restore(connection, document, repository)

        with self._lock_of(document):
            if document not in self._restored and self._run(restore):
                self._restored[document] = next(self._numbers)

    def fetch(self, document: str, repository: Path) -> None:
        self._used[document] = time.monotonic()
        with self._lock_of(document):
            if self.owns(document):
                self.restore(document, repository)
                return
            # A checkpoint that waits to be stored must not take this repository for its own.
            self._restored.pop(document, None)
            self._run(
                partial(
                    repositories.restore, document=document, repository=repository, is_trusted=True
                )
            )

    def newest(self, document: str) -> str | None:
        if not self._writer.is_sure:
            self._confirm()
        for [body] in self._run(partial(_last_entry, document=document)):  # as a rule it has moved
            if heads := _heads(decode(document, body, self._database.shown)):
                return heads[-1]
        log = self.read(document)  # first: what leaves it later is stored
        heads = [head for entry in log.entries for head in _heads(entry)]
        return heads[-1] if heads else self._run(partial(repositories.head, document=document))

    def used_at(self, document: str) -> float:
        return self._used.get(document, 0.0)

    def evict(self, document: str, repository: Path, unused_s: float) -> bool:
        with self._lock_of(document):
            number = self._restored.pop(document, None)  # who comes now waits for the lock
            is_used = time.monotonic() - self._used.get(document, -inf) < unused_s
            if is_used or not self._run(
                partial(repositories.is_stored, document=document, repository=repository)
            ):
                if number is not None:
                    self._restored[document] = number
                return False
            remove_repository(repository)
            return True

    def distrust(self, document: str) -> None:
        self._restored.pop(document, None)

    def stored(self) -> Mapping[str, Stored]:
        return self._run(repositories.stored)

    def rename(self, old: str, new: str) -> None:
        owner = self._ownership.owner_of(old)
        self._run(partial(repositories.rename, old=old, new=new, owner=owner))
        self._ownership.rename(old, new)
        for document in (old, new):  # the next one to open it looks at the disk
            self._restored.pop(document, None)

    def remove(self, document: str) -> None:
        owner = self._ownership.owner_of(document)
        self._restored.pop(document, None)
        self._run(partial(repositories.remove, document=document, owner=owner))
        self._ownership.let_go([document])

    def size(self, document: str) -> int:
        return self._run(partial(repositories.size, document=document))

    def metrics(self) -> Sequence[Metric]:
        state, unknown = self._watcher.state, self._writer.unknown
        return (
            Metric("journal_connected", "1 while PostgreSQL answers", [Sample(state.is_connected)]),
            Metric(
                "journal_standby",
                "1 while each commit waits for a synchronous standby, which keeps edits if"
                " PostgreSQL's machine is lost",
                [Sample(state.has_standby)],
            ),
            Metric(
                "journal_unknown_total",
                "commits that failed or whose outcome is unknown; what they wrote is sent again",
                [Sample(unknown)],
                "counter",
            ),
            *self._ownership.metrics(),
        )

    # --- who owns the documents

    def own(self, document: str) -> Place:
        if self.owns(document):
            return HERE
        if self._writer.refusal:
            raise self._writer.refusal
        with self._lock_of(document):
            if self.owns(document):
                return HERE
            place = self._run(partial(self._ownership.own, document=document))
            if not place.url:
                self._restored.pop(document, None)  # others may have written meanwhile
            return place

    def owns(self, document: str) -> bool:
        return self._ownership.owns(document)

    def owned(self) -> Collection[str]:
        return self._ownership.owned()

    def release(self, documents: Collection[str]) -> Future[None]:
        owned = self._ownership.let_go(documents)
        done = running_future()

        def release() -> None:
            try:
                self._run(partial(self._ownership.release, owned=owned))
            except JournalError as problem:
                _log.warning("%d documents are not released: %s", len(owned), problem)
                done.set_exception(problem)
            else:
                done.set_result(None)

        self._storing.run(release)  # after the checkpoints that wait
        return done

    def left(self) -> list[str]:
        return self._run(_left_to(self._ownership.name)) if self.is_shared else self.documents()

    def watch_owners(
        self, on_lost: Callable[[str], None], on_servers: Callable[[Collection[str]], None]
    ) -> None:
        self._ownership.watch(on_lost, on_servers)

    def _run(self, work: Callable[[Connection], _Result]) -> _Result:
        try:
            return self._shared.run(work)
        except NotOwnedError:
            if not self.is_shared:
                self._taken_over()
            raise

    def _on_written(self, positions: Sequence[tuple[str, int]]) -> None:
        for document, position in positions:
            if position == 1:  # it is new, so nothing is stored, and nothing on the disk
                self._restored.setdefault(document, next(self._numbers))

    def _on_refused(self, connection: Connection, documents: Sequence[str]) -> None:
        """Find out which documents changed hands: they are restored again, if it is to this one."""
        try:
            changed = self._ownership.check(connection, documents)
        except NotOwnedError:
            self._taken_over()
            raise
        for document in changed:
            self._restored.pop(document, None)

    def _taken_over(self) -> None:
        """Accept nothing any more: another server owns the documents."""
        if not self._writer.refusal:
            why = _REPLACED if self.is_shared else _TAKEN_OVER
            _log.error("%s: %s", self._database.shown, why)
            self._writer.refusal = JournalError(why)

    def _give_up(self) -> None:
        """Wait no more for what PostgreSQL does not answer."""
        self._writer.interrupt()
        self._shared.interrupt()

    def _lock_of(self, document: str) -> threading.RLock:
        return self._locks[hash(document) % _LOCKS]


def _last_entry(connection: Connection, document: str) -> list[tuple[bytes]]:
    with connection.cursor(binary=True) as cursor:
        return cursor.execute(
            "select body from gollabedit.entries where document = %s"
            " order by position desc limit 1",
            [document],
        ).fetchall()


def _heads(entry: Entry) -> list[str | None]:
    """Return where an entry has moved `master` to."""
    return [move.new for move in entry.moves if move.name == MASTER]


def _documents(connection: Connection) -> list[str]:
    rows = connection.execute(
        "select distinct document from gollabedit.entries"
        " where not starts_with(document, %s) order by document",
        [IN_TRASH],
    )
    return [document for (document,) in rows]


def _left_to(name: str) -> Callable[[Connection], list[str]]:
    def left(connection: Connection) -> list[str]:
        return [document for (document,) in connection.execute(_LEFT, [name])]

    return left

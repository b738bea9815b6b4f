"""The repositories in PostgreSQL, what this disk has of them, and which this server owns.

The disk is a cache: a repository is made what is stored before its first use, and again once others
may have written. What was written on the disk is stored only as long as that holds.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from functools import partial
from itertools import count
from math import inf
from pathlib import Path
from typing import TypeVar

from server.git.bare import remove as remove_repository
from server.storage.journal import HERE, JournalError, NotOwnedError, Place, Stored
from server.storage.journal.postgresql import repositories, restoring, storing
from server.storage.journal.postgresql.connection import Connection, Database, SharedConnections
from server.storage.journal.postgresql.ownership import Ownership
from server.storage.journal.postgresql.storing import Written
from server.storage.journal.write_queue import running_future
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_CLOSE_S = 3.0  # for checkpoints that are yet to be stored; the journal keeps what is left
_LOCKS = 64

_TAKEN_OVER = (
    "another gollabedit uses this database now; to go on with this one, stop that and start again"
)
_REPLACED = (
    "another gollabedit with this --node-url, or one without --node-url, uses this database now; to"
    " go on with this one, stop that and start again"
)


class PostgresqlStore:
    """The part of `PostgresqlJournal` that keeps the contract `Store`."""

    def __init__(self, database: Database, ownership: Ownership) -> None:
        """Start; nothing is restored yet.

        Args:
            database: where everything is.
            ownership: what this server owns; it has begun.
        """
        self.is_shared = ownership.is_shared
        self.secret = ownership.secret
        self._database = database
        self._ownership = ownership
        self._shared = SharedConnections(database)
        self._storing = WorkerThreads(1, "journal: store")
        # The documents whose repositories on this disk are what is stored; each time it is made so
        # it gets another number.
        self._restored: dict[str, int] = {}
        self._numbers = count(1)
        self._used: dict[str, float] = {}  # when a document was last restored
        self._locks = [threading.RLock() for _ in range(_LOCKS)]

    # --- the repositories

    def store(self, document: str, repository: Path, first_name: str = "") -> None:
        with self._lock_of(document):
            owner = self._ownership.owner_of(document)
            if document not in self._restored and document in self.stored():
                raise JournalError(f"{document} is not open")
            self._store(Written(document, repository, owner, first_name=first_name))

    def _store(self, written: Written) -> None:
        self._run(partial(storing.store, written=written))
        self._restored.setdefault(written.document, next(self._numbers))

    def restore(self, document: str, repository: Path) -> None:
        self._ownership.owner_of(document)
        self._used[document] = time.monotonic()  # first: then it is not evicted
        if document in self._restored:
            return

        def restore(connection: Connection) -> bool:
            self._ownership.check(connection, [document])
            self._ownership.owner_of(document)
            return restoring.restore(connection, document, repository)

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
                    restoring.restore, document=document, repository=repository, is_trusted=True
                )
            )

    def _store_checkpoint(self, document: str, up_to: int, repository: Path) -> Future[None]:
        """Store a checkpoint soon, and drop the entries that it has."""
        done = running_future()
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
                    self._store(Written(document, repository, owner, up_to))
            except Exception as problem:  # noqa: BLE001  it is raised again by the future
                _log.error("%s: its checkpoint is not stored: %s", document, problem)
                done.set_exception(problem)
            else:
                done.set_result(None)

        self._storing.run(store)
        return done

    def used_at(self, document: str) -> float:
        return self._used.get(document, 0.0)

    def evict(self, document: str, repository: Path, unused_s: float) -> bool:
        with self._lock_of(document):
            number = self._restored.pop(document, None)  # who comes now waits for the lock
            is_used = time.monotonic() - self._used.get(document, -inf) < unused_s
            if is_used or not self._run(
                partial(restoring.is_stored, document=document, repository=repository)
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

    # --- who owns the documents

    def own(self, document: str) -> Place:
        if self.owns(document):
            return HERE
        if self._ownership.refusal:
            raise self._ownership.refusal
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

    def watch_owners(
        self, on_lost: Callable[[str], None], on_servers: Callable[[Collection[str]], None]
    ) -> None:
        self._ownership.watch(on_lost, on_servers)

    # --- for the journal

    def _finish_storing(self) -> None:
        """Store the checkpoints that wait, as far as there is time."""
        self._storing.close(_CLOSE_S)

    def _run(self, work: Callable[[Connection], _Result]) -> _Result:
        try:
            return self._shared.run(work)
        except NotOwnedError:
            if not self.is_shared:
                self._taken_over()
            raise

    def _taken_over(self) -> None:
        """Accept nothing any more: another server owns the documents."""
        if not self._ownership.refusal:
            why = _REPLACED if self.is_shared else _TAKEN_OVER
            _log.error("%s: %s", self._database.shown, why)
            self._ownership.refusal = JournalError(why)

    def _lock_of(self, document: str) -> threading.RLock:
        return self._locks[hash(document) % _LOCKS]

"""The trash of a server whose repositories are stored elsewhere: deleted documents stay there.

A deletion gives the stored document a name that no document can have; the record of it is in a text
of the site. Each step is one transaction, so there is nothing to recover.
"""

import time
from collections.abc import Callable, Iterable, Mapping

import msgspec

from server.storage.data_folder import DataFolder
from server.storage.journal import IN_TRASH, JournalError, Store
from server.storage.site import TRASH
from server.storage.trash import Deleted, TrashError, new_id, record_of

_Records = Mapping[str, Deleted]
_decode = msgspec.json.Decoder(dict[str, Deleted]).decode


class StoredTrash:
    """The deleted documents of a store."""

    def __init__(self, folder: DataFolder, store: Store) -> None:
        self._folder = folder
        self._store = store
        self._records = folder.site.text(TRASH)
        self._seen: object = None

    def deleted(self) -> dict[str, Deleted]:
        return dict(sorted(_decoded(self._records.read()).items()))

    def has_changed(self) -> bool:
        state = self._records.state()
        before, self._seen = self._seen, state
        return state != before

    def size(self, id: str) -> int:
        return self._store.size(IN_TRASH + id)

    def delete(self, document: str) -> str:
        record = record_of(self._folder.catalog, document, time.time())
        try:
            with self._folder.together():
                id = new_id(record, self.deleted())
                self._folder.catalog.remove(document)
                self._change(lambda records: {**records, id: record})
                self._store.rename(document, IN_TRASH + id)
            self._store.release([IN_TRASH + id])  # any server may restore it
            self._folder.discard(document)
        except (JournalError, OSError) as problem:
            raise TrashError(f"{document} cannot be deleted: {problem}") from problem
        return id

    def restore(self, id: str, document: str, former_names: Iterable[str] = ()) -> None:
        record = self.deleted().get(id)
        if record is None:
            raise TrashError(f"There is no {id} in the trash.")
        try:
            if self._store.own(IN_TRASH + id).url:
                raise TrashError(f"Another server works on {id}; try again in a moment.")
            self._folder.discard(document)
            with self._folder.together():
                self._folder.catalog.add(
                    document,
                    record.first_name,
                    is_archived=record.is_archived,
                    former_names=former_names,
                )
                self._change(lambda records: _without(records, id))
                self._store.rename(IN_TRASH + id, document)
        except (JournalError, OSError) as problem:
            raise TrashError(f"{id} cannot be restored: {problem}") from problem

    def expire(self, before: float) -> None:
        for id, record in self.deleted().items():
            if record.time < before and not self._store.own(IN_TRASH + id).url:
                self._remove(id)

    def _remove(self, id: str) -> None:
        with self._folder.together():
            self._change(lambda records: _without(records, id))
            self._store.remove(IN_TRASH + id)

    def recover(self) -> None:
        """Do nothing: no step is ever left half done."""

    def _change(self, change: Callable[[_Records], _Records]) -> None:
        def changed(content: bytes | None) -> bytes:
            return msgspec.json.encode(change(_decoded(content)), order="sorted")

        self._records.change(changed)


def _decoded(content: bytes | None) -> _Records:
    return {} if content is None else _decode(content)


def _without(records: _Records, id: str) -> _Records:
    return {other: record for other, record in records.items() if other != id}

"""The two ends of a migration: a data folder, and a store of repositories with its journal."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import msgspec

from server.git import bare, object_files
from server.git.bundles import read_bundle, write_bundle
from server.git.changes import Entry, Log
from server.storage.data_folder import DataFolder, documents_in
from server.storage.journal import IN_TRASH, Journal, JournalError, StoreReader
from server.storage.migration import MigrationError
from server.storage.site import TRASH, Site
from server.storage.trash import Deleted, FolderTrash, trash_in
from server.support.files import make_folder_of, move, sync_tree, write_synced

_TEMPORARY = ".migrate-"
_records = msgspec.json.Decoder(dict[str, Deleted])


class End(Protocol):
    """One end. Documents in the trash have names that begin with `IN_TRASH`.

    Attributes:
        name: what people call it, in messages.
        site: what is there beside the documents.
    """

    name: str
    site: Site

    def documents(self) -> list[str]:
        """Return the documents that are not in the trash, by name."""

    def deleted(self) -> Mapping[str, Deleted]:
        """Return the records of the trash by id."""

    def opened(self, document: str) -> AbstractContextManager[Path]:
        """Return a context with the repository of a document, which may be a copy.

        It need not exist if all of the document is in the journal.
        """

    def log(self, document: str) -> Log:
        """Return the journal entries that are not in the repository."""

    def put(self, document: str, first_name: str, repository: Path, log: Log) -> None:
        """Create a document, replacing what an interrupted migration has left of it."""

    def put_records(self, records: Mapping[str, Deleted]) -> None:
        """Put these records into the trash; their documents are there already."""


class FolderEnd:
    """A data folder that no server uses."""

    def __init__(self, folder: DataFolder, journal: Journal) -> None:
        self.name = str(folder.path)
        self.site = folder.site
        self._folder = folder
        self._journal = journal
        self._trash = FolderTrash(folder)
        for left in folder.path.glob(f"{_TEMPORARY}*"):
            shutil.rmtree(left)

    def documents(self) -> list[str]:
        return sorted({*documents_in(self._folder.path), *self._journal.documents()})

    def deleted(self) -> Mapping[str, Deleted]:
        if any(trash_in(self._folder.path).glob("*.git")):
            raise MigrationError(
                "a deletion was interrupted; start the server once, which finishes it, and stop it"
            )
        return self._trash.deleted()

    @contextmanager
    def opened(self, document: str) -> Iterator[Path]:
        path = self._folder.repository_path(document)
        is_deleted = document.startswith(IN_TRASH)
        if not is_deleted and not object_files.has_loose(path, 1):
            yield path
            return
        with TemporaryDirectory(prefix=_TEMPORARY, dir=self._folder.path) as temporary:
            copy = Path(temporary) / "copy.git"
            if is_deleted:
                read_bundle(self._trash.bundle(document.removeprefix(IN_TRASH)), copy)
            else:
                shutil.copytree(path, copy)
            yield copy

    def log(self, document: str) -> Log:
        return Log() if document.startswith(IN_TRASH) else self._journal.read(document)

    def put(self, document: str, first_name: str, repository: Path, log: Log) -> None:
        del first_name  # the catalog has it
        if document.startswith(IN_TRASH):
            bundle = self._trash.bundle(document.removeprefix(IN_TRASH))
            bundle.parent.mkdir(mode=0o700, exist_ok=True)
            write_bundle(repository, bundle)
            return
        if bare.is_begun(repository):
            path = self._folder.repository_path(document)
            self._folder.discard(document)
            make_folder_of(path)
            new = path.with_name(f".{path.name}.new")
            shutil.rmtree(new, ignore_errors=True)
            shutil.copytree(repository, new)
            sync_tree(new)
            move(new, path)
        _append(self._journal, document, log.entries)

    def put_records(self, records: Mapping[str, Deleted]) -> None:
        for id, record in records.items():
            write_synced(trash_in(self._folder.path) / f"{id}.json", msgspec.json.encode(record))


class StoreEnd:
    """A store that no server uses, and its journal."""

    def __init__(self, journal: Journal, reader: StoreReader) -> None:
        self.name = reader.shown
        self.site = reader.site
        self._journal = journal
        self._reader = reader

    def documents(self) -> list[str]:
        return sorted(self._reader.stored())

    def deleted(self) -> Mapping[str, Deleted]:
        content = self.site.text(TRASH).read()
        return {} if content is None else _records.decode(content)

    @contextmanager
    def opened(self, document: str) -> Iterator[Path]:
        with TemporaryDirectory(prefix="gollabedit-") as temporary:
            copy = Path(temporary) / "copy.git"
            self._reader.copy(document, copy)
            yield copy

    def log(self, document: str) -> Log:
        return self._reader.read(document)

    def put(self, document: str, first_name: str, repository: Path, log: Log) -> None:
        self._journal.remove(document)
        if bare.is_begun(repository):
            self._journal.store(document, repository, first_name)
        _append(self._journal, document, log.entries)

    def put_records(self, records: Mapping[str, Deleted]) -> None:
        self.site.text(TRASH).change(lambda _: msgspec.json.encode(records, order="sorted"))


def _append(journal: Journal, document: str, entries: Sequence[Entry]) -> None:
    there = journal.read(document)
    if there.entries != entries[: len(there.entries)]:
        raise JournalError(f"the journal has other entries of {document} already")
    position = there.position
    for entry in entries[len(there.entries) :]:
        position = journal.append(entry, position).result()

"""What is in a data folder at one moment: its catalog, its documents and its trash.

A document that is renamed, deleted, restored or purged meanwhile changes its name, its place or its
inode. So all is read until it was the same twice; the copies that no longer fit are made again.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from server.core.names import filename_of
from server.storage.backup import BackupError
from server.storage.backup.repository import inode_of
from server.storage.catalog import Catalog, CatalogError, catalog_in
from server.storage.data_folder import documents_in
from server.storage.journal import JournalError
from server.storage.journal.sqlite import SqliteJournal

_TRASH = ("*.json", "*.bundle", "*.git")  # a repository: its deletion is not finished
_TRIES_MAX = 1000
_PAUSE_S = 0.01


@dataclass(frozen=True, slots=True)
class Item:
    """A document, or a file or a repository in the trash.

    Attributes:
        inode: of its file or folder; 0 if it has no repository yet, only entries in the journal.
        filename: the name of the document's file in Git; empty in the trash.
    """

    inode: int
    filename: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """The catalog as it is in its file, and the items by their path in the data folder."""

    catalog: bytes
    items: Mapping[str, Item]

    def are_in(self, later: "Contents") -> bool:
        """Return whether nothing has changed since, but for new documents."""
        return self.catalog == later.catalog and self.items.items() <= later.items.items()


def read_contents(data: Path, journal: SqliteJournal | None) -> Contents:
    """Return what is in a data folder, which a server may be changing.

    Raises:
        BackupError: It changes all the time, or cannot be read.
    """
    try:
        found = _read(data, journal)
        for _ in range(_TRIES_MAX):
            again = _read(data, journal)
            if found.are_in(again):
                return found
            found = again
            time.sleep(_PAUSE_S)
    except (CatalogError, JournalError) as problem:
        raise BackupError(f"{problem}; see `gollabedit check`") from None
    raise BackupError("documents are renamed or deleted all the time; try again later")


def _read(data: Path, journal: SqliteJournal | None) -> Contents:
    file, catalog = data / "catalog.json", catalog_in(data)
    content = file.read_bytes() if file.exists() else b""
    documents = {*documents_in(data), *(journal.documents() if journal else ())}
    items = {f"{name}.git": _document(data, catalog, name) for name in documents}
    trash = (file for kind in _TRASH for file in (data / "trash").glob(kind))
    items |= {str(file.relative_to(data)): Item(inode_of(file)) for file in trash}
    return Contents(content, items)


def _document(data: Path, catalog: Catalog, name: str) -> Item:
    return Item(inode_of(data / f"{name}.git"), filename_of(catalog.first_name(name)))

"""A data folder whose repositories are a cache: they are stored elsewhere, with the journal.

<data>/store   the id of the store; without it, the repositories in the folder are all there is
"""

import logging
import shutil
from contextlib import closing
from pathlib import Path

from server.storage.catalog import Catalog
from server.storage.data_folder import DataFolder, DataFolderError, documents_in, folders_in
from server.storage.journal import Store
from server.storage.journal.sqlite import SqliteJournal
from server.storage.trash import Trash, TrashError
from server.support.files import write_synced

_log = logging.getLogger(__name__)


def check_is_no_cache(data: Path) -> None:
    """Raise a `DataFolderError` if the repositories in a data folder are only a cache."""
    if _store_of(data):
        raise DataFolderError(
            f"the documents of the data folder {data} are in PostgreSQL, and here is only a cache:"
            " start the server with --journal postgresql://..., or choose another folder with"
            " --data"
        )


def prepare(folder: DataFolder, store: Store) -> None:
    """Make a data folder fit a store of its repositories.

    Renamings that were interrupted are finished there. The names that documents were made with,
    which their files in Git have, come from there. Documents of the folder that are not stored (any
    more) go into the trash.

    Raises:
        DataFolderError: The folder is not for this store.
        JournalError: The store cannot be read or written.
        OSError: The folder cannot be written.
    """
    if not store.store_id:
        check_is_no_cache(folder.path)
        return
    _mark(folder, store.store_id)
    for inner in folders_in(folder.path):
        for left in inner.glob(".*.git.restored"):
            shutil.rmtree(left)
    catalog, stored = folder.catalog, store.stored()
    for old, new in catalog.moves().items():
        if old in stored and new not in stored and not store.own(old).url:
            store.rename(old, new)
    stored = store.stored()
    for document, found in stored.items():
        follow_name(catalog, document, found.first_name)
    for document in documents_in(folder.path):
        if document not in stored and folder.exists(document):
            _log.warning("%s was deleted elsewhere, or never stored: to the trash", document)
            _discard(folder, document)


def follow_name(catalog: Catalog, document: str, first_name: str) -> None:
    """Record the name that a stored document was made with: this folder may be new.

    Raises:
        OSError: The folder cannot be written.
    """
    if first_name != catalog.first_name(document):
        catalog.add(
            document,
            first_name,
            is_archived=catalog.is_archived(document),
            former_names=catalog.former_names(document),
        )


def _discard(folder: DataFolder, document: str) -> None:
    try:
        Trash(folder).delete(document)
    except TrashError as problem:
        path = folder.repository_path(document)
        raise DataFolderError(f"{problem}; move {path} out of the data folder") from problem


def _mark(folder: DataFolder, id: str) -> None:
    found = _store_of(folder.path)
    if found == id:
        return
    if found:
        raise DataFolderError(
            f"the data folder {folder.path} belongs to another database; choose another with --data"
        )
    if documents_in(folder.path) or _has_entries(folder):
        raise DataFolderError(
            f"the data folder {folder.path} has documents, which are not in the database; choose an"
            " empty folder with --data"
        )
    write_synced(_mark_in(folder.path), f"{id}\n".encode())


def _has_entries(folder: DataFolder) -> bool:
    if not folder.journal_path.exists():
        return False
    with closing(SqliteJournal(folder.journal_path, read_only=True)) as journal:
        return bool(journal.documents())


def _mark_in(data: Path) -> Path:
    return data / "store"


def _store_of(data: Path) -> str:
    file = _mark_in(data)
    return file.read_text().strip() if file.exists() else ""

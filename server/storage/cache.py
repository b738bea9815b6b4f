"""A data folder that is only a cache of what is stored with the journal.

<data>/store   the id of the store; without it, the repositories in the folder are all there is
"""

import logging
import shutil
from contextlib import closing
from pathlib import Path

from server.storage.adoption import adopt
from server.storage.catalog import Catalog
from server.storage.data_folder import DataFolder, DataFolderError, documents_in, folders_in
from server.storage.journal import Store
from server.storage.journal.sqlite import SqliteJournal
from server.storage.site.folder import mark_in
from server.support.files import write_synced

_log = logging.getLogger(__name__)

_LEFT = (".*.git.restored", ".*.git.gone")


def check_is_no_cache(data: Path) -> None:
    """Raise a `DataFolderError` if the repositories in a data folder are only a cache."""
    if _store_of(data):
        raise DataFolderError(
            f"the documents of the data folder {data} are in PostgreSQL, and here is only a cache:"
            " name the database for serve, check and backup create (--journal postgresql://...);"
            " purge and forget work through the running server"
        )


def prepare(folder: DataFolder, store: Store) -> None:
    """Make a data folder fit a store of its repositories.

    What a server has beside its documents is in the store, too: what the folder has of it is moved
    there. The names that documents were created with, which name their files in Git, come from the
    store. Repositories that are not stored, or no longer, are removed from the folder.

    Raises:
        DataFolderError: The folder is not for this store.
        JournalError: The store cannot be read or written.
        OSError: The folder cannot be written.
    """
    if store.site is None:
        check_is_no_cache(folder.path)
        return
    _mark(folder, store.store_id)
    for inner in folders_in(folder.path):
        for left in (it for kind in _LEFT for it in inner.glob(kind)):
            shutil.rmtree(left)
    folder.use(store.site)
    adopt(folder.path, store.site)
    folder.catalog.follow()
    catalog, stored = folder.catalog, store.stored()
    for document, found in stored.items():
        follow_name(catalog, document, found.first_name)
    for document in documents_in(folder.path):
        if document not in stored:
            _log.info("%s was deleted elsewhere; it is removed from this disk", document)
            folder.discard(document)


def follow_name(catalog: Catalog, document: str, first_name: str) -> None:
    """Record the name that a stored document was made with, if the catalog lacks it.

    Raises:
        CatalogError, OSError: The catalog cannot be read or written.
    """
    if first_name == catalog.first_name(document):
        return
    catalog.follow()  # another server may have renamed it just now
    if first_name != catalog.first_name(document):
        catalog.add(
            document,
            first_name,
            is_archived=catalog.is_archived(document),
            former_names=catalog.former_names(document),
        )


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
    write_synced(mark_in(folder.path), f"{id}\n".encode())


def _has_entries(folder: DataFolder) -> bool:
    if not folder.journal_path.exists():
        return False
    with closing(SqliteJournal(folder.journal_path, read_only=True)) as journal:
        return bool(journal.documents())


def _store_of(data: Path) -> str:
    file = mark_in(data)
    return file.read_text().strip() if file.exists() else ""

"""Opens the journal that the settings name."""

from importlib import import_module
from pathlib import Path
from typing import Any

from server.storage import cache
from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.journal import Journal, JournalError, StoreReader
from server.storage.journal.direct import DirectJournal
from server.storage.journal.sqlite import SqliteJournal
from server.storage.stored_trash import StoredTrash
from server.storage.trash import FolderTrash, Trash

_LOCAL = ("sqlite", "direct")


def open_journal(
    folder: DataFolder,
    kind: str,
    *,
    password_file: str = "",
    needs_standby: bool = False,
    node_url: str = "",
) -> Journal:
    """Open the journal of a data folder, and make the folder fit it. Blocks.

    Args:
        folder: the data folder.
        kind: sqlite, direct, or the URL of a PostgreSQL database.
        password_file: a file with the password for that database, if it is not in the URL.
        needs_standby: whether it must have a synchronous standby.
        node_url: where other nodes that share the database reach this one; empty if none do.

    Raises:
        DataFolderError: The journal cannot be opened, or the folder is not for it.
    """
    try:
        if is_stored(kind):
            journal = _in_postgresql(kind, password_file, needs_standby, node_url)
        else:
            cache.check_is_no_cache(folder.path)
            journal = SqliteJournal(folder.journal_path)
            if kind == "direct":
                _check_is_empty(journal)
                journal = DirectJournal(folder.repository_path)
        try:
            cache.prepare(folder, journal)
        except BaseException:
            journal.close()
            raise
    except (JournalError, OSError) as problem:
        raise DataFolderError(f"the journal cannot be opened: {problem}") from problem
    return journal


def open_trash(folder: DataFolder, journal: Journal) -> Trash:
    """Return the trash of a data folder with an open journal."""
    return StoredTrash(folder, journal) if journal.store_id else FolderTrash(folder)


def is_stored(kind: str) -> bool:
    """Return whether a journal of this kind also stores the repositories."""
    return kind not in _LOCAL


def open_reader(url: str, *, password_file: str = "") -> StoreReader:
    """Read a store without taking it over. Blocks.

    Raises:
        DataFolderError: It cannot be read.
    """
    try:
        reader: StoreReader = _postgresql().PostgresqlReader(url, _password(password_file))
    except (JournalError, OSError) as problem:
        raise DataFolderError(f"the database cannot be used: {problem}") from problem
    return reader


def open_store(url: str, *, password_file: str = "") -> Journal:
    """Take a store over, for no data folder. Blocks.

    Raises:
        DataFolderError: It cannot be used, or a server uses it.
    """
    try:
        return _in_postgresql(url, password_file, needs_standby=False)
    except (JournalError, OSError) as problem:
        raise DataFolderError(f"the database cannot be used: {problem}") from problem


def _check_is_empty(journal: SqliteJournal) -> None:
    unwritten = journal.documents()
    journal.close()
    if unwritten:
        raise DataFolderError(
            f"the journal has edits of {len(unwritten)} documents that are not in their"
            " repositories yet: start once with --journal sqlite, then stop with Ctrl-C"
        )


def _in_postgresql(
    url: str, password_file: str, needs_standby: bool, node_url: str = ""
) -> Journal:
    journal: Journal = _postgresql().PostgresqlJournal(
        url, _password(password_file), needs_standby=needs_standby, node_url=node_url
    )
    return journal


def _password(file: str) -> str:
    return Path(file).read_text().strip("\r\n") if file else ""


def _postgresql() -> Any:
    try:
        return import_module("server.storage.journal.postgresql")
    except ImportError:
        raise DataFolderError(
            "--journal postgresql:// needs the package psycopg, as gollabedit[postgresql] has it:"
            " pip install 'psycopg[binary]'"
        ) from None

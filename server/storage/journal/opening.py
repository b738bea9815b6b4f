"""Opens the journal that the settings name."""

from importlib import import_module
from pathlib import Path

from server.storage import cache
from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.journal import Journal, JournalError
from server.storage.journal.direct import DirectJournal
from server.storage.journal.sqlite import SqliteJournal

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
        if kind not in _LOCAL:
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


def _check_is_empty(journal: SqliteJournal) -> None:
    unwritten = journal.documents()
    journal.close()
    if unwritten:
        raise DataFolderError(
            f"the journal has edits of {len(unwritten)} documents that are not in their"
            " repositories yet: start once with --journal sqlite, then stop with Ctrl-C"
        )


def _in_postgresql(url: str, password_file: str, needs_standby: bool, node_url: str) -> Journal:
    try:
        module = import_module("server.storage.journal.postgresql")
    except ImportError:
        raise DataFolderError(
            "--journal postgresql:// needs the package psycopg, as gollabedit[postgresql] has it:"
            " pip install 'psycopg[binary]'"
        ) from None
    password = Path(password_file).read_text().strip("\r\n") if password_file else ""
    journal: Journal = module.PostgresqlJournal(
        url, password, needs_standby=needs_standby, node_url=node_url
    )
    return journal

"""The entries of a journal that a backup writes into its copies of the repositories."""

from contextlib import closing
from pathlib import Path

from server.git.changes import Log
from server.git.repository import Repository
from server.storage import checkpoint
from server.storage.data_folder import journal_in
from server.storage.journal import JournalError
from server.storage.journal.sqlite import SqliteJournal


class Unwritten:
    """Writes entries into the repositories of a backup; what it cannot goes into its journal."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._left: dict[str, Log] = {}

    def write(self, document: str, filename: str, log: Log) -> None:
        """Write the entries of a document into the copy of its repository."""
        path = self._target / f"{document}.git"
        unwritten = Repository(path, filename, log).unwritten()
        try:
            if unwritten:
                checkpoint.write(path, unwritten)
        except JournalError:  # such as a commit that was made on disk: a server merges it
            self._left[document] = log

    def forget(self, document: str) -> None:
        """Leave nothing of a document."""
        self._left.pop(document, None)

    def leave(self) -> None:
        """Leave what could not be written to the server that opens the backup."""
        if not self._left:
            return
        with closing(SqliteJournal(journal_in(self._target))) as journal:
            for log in self._left.values():
                position = 0
                for entry in log.entries:
                    position = journal.append(entry, position).result()

"""The copy of a data folder that a server may be using."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from server.git.changes import Log
from server.storage.backup import BackupError
from server.storage.backup.contents import Contents, Item, read_contents
from server.storage.backup.copier import Copier
from server.storage.backup.repository import MovedError, copy_repository
from server.storage.backup.unwritten import Unwritten
from server.storage.data_folder import journal_in
from server.storage.journal.sqlite import SqliteJournal

_ROUNDS_MAX = 50  # each copies what was renamed, deleted or restored during the last one
_CATALOG = "catalog.json"
# They are copied in another way, or belong to a running server.
_NOT_COPIED = (_CATALOG, "journal.sqlite", "lock")
_DATABASE = ".sqlite"


class FolderCopy:
    """Copies a data folder; `write` does it once.

    Attributes:
        documents: the documents that were copied.
        changed: those of them that differ from the previous backup.
    """

    def __init__(
        self, data: Path, target: Path, previous: Path | None, progress: Callable[[str], None]
    ) -> None:
        self.changed: set[str] = set()
        self._data = data
        self._target = target
        self._copier = Copier(data, target, previous)
        self._progress = progress
        self._copied: dict[str, Item] = {}
        self._unwritten = Unwritten(target)

    @property
    def documents(self) -> list[str]:
        return sorted(_document(name) for name, item in self._copied.items() if item.filename)

    def write(self) -> None:
        """Copy everything.

        Raises:
            BackupError: It changes all the time, or cannot be read.
            OSError, JournalError, sqlite3.Error: The disk failed.
        """
        file = journal_in(self._data)
        if file.exists():
            with closing(SqliteJournal(file, read_only=True)) as journal:
                self._copy_items(journal)
        else:
            self._copy_items(None)
        self._unwritten.leave()
        self._copy_files()

    def _copy_files(self) -> None:
        """Copy the secret, accounts and the like: whatever file is there."""
        for file in self._data.iterdir():
            name = file.name
            is_ours = name in _NOT_COPIED or name.endswith(("-wal", "-shm", "-journal"))
            if is_ours or name.startswith(".") or not file.is_file():
                continue
            if name.endswith(_DATABASE):
                self._copier.copy_database(name)
            else:
                self._copier.copy(name)

    # --- documents and the trash

    def _copy_items(self, journal: SqliteJournal | None) -> None:
        """Copy what is there at one moment, however long it takes."""
        for _ in range(_ROUNDS_MAX):
            contents = read_contents(self._data, journal)
            self._drop_outdated(contents)
            if self._copy_missing(contents, journal):
                if contents.catalog:
                    self._copier.write(_CATALOG, contents.catalog)
                return
        raise BackupError("documents are renamed or deleted all the time; try again later")

    def _drop_outdated(self, contents: Contents) -> None:
        for name, item in list(self._copied.items()):
            if contents.items.get(name) != item:
                self._drop(name)

    def _drop(self, name: str) -> None:
        self._copier.remove(name)
        self._copied.pop(name, None)
        self._unwritten.forget(_document(name))
        self.changed.discard(_document(name))

    def _copy_missing(self, contents: Contents, journal: SqliteJournal | None) -> bool:
        """Copy what is not copied yet; return whether all of it was still there."""
        missing = sorted(contents.items.keys() - self._copied.keys())
        is_complete = True
        for at, name in enumerate(missing, 1):
            self._progress(f"{at}/{len(missing)} {name}")
            item = contents.items[name]
            try:
                self._copy_item(name, item, journal)
            except (MovedError, FileNotFoundError):
                self._drop(name)
                is_complete = False
            else:
                self._copied[name] = item
        return is_complete

    def _copy_item(self, name: str, item: Item, journal: SqliteJournal | None) -> None:
        before = self._copier.copied
        if not name.endswith(".git"):
            self._copier.copy(name, is_immutable=True)
            return
        read_log = partial(journal.read, _document(name)) if journal and item.filename else Log
        log = copy_repository(self._copier, name, item.inode, read_log)
        if log.entries:
            self._unwritten.write(_document(name), item.filename, log)
        if self._copier.copied > before or log.entries:
            self.changed.add(_document(name))


def _document(name: str) -> str:
    return name.removesuffix(".git")

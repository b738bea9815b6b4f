"""Copies files into a backup. What the previous backup has already is linked, not copied."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path


class Copier:
    """Copies files of a data folder, by their names in it.

    Attributes:
        data: the data folder.
        target: the folder that is written.
        copied: the number of files that were copied, rather than linked.
    """

    def __init__(self, data: Path, target: Path, previous: Path | None) -> None:
        self.data = data
        self.target = target
        self.copied = 0
        self._previous = previous
        self._folders: set[str] = set()  # that were made; to ask the disk takes time

    def copy(self, name: str, *, is_immutable: bool = False) -> None:
        """Copy a file.

        Args:
            name: its path in the data folder.
            is_immutable: whether a file of this name and size never has another content.

        Raises:
            FileNotFoundError: It is gone.
        """
        self.make_folder(name.rpartition("/")[0])
        if not is_immutable:
            self.write(name, (self.data / name).read_bytes())
            shutil.copymode(self.data / name, self.target / name)
            return
        size = (self.data / name).stat().st_size
        if not self._link(name, lambda earlier: earlier.stat().st_size == size):
            shutil.copy(self.data / name, self.target / name)
            self.copied += 1

    def write(self, name: str, content: bytes) -> None:
        """Write a file with this content."""
        self.make_folder(name.rpartition("/")[0])
        if not self._link(name, lambda earlier: earlier.read_bytes() == content):
            (self.target / name).write_bytes(content)
            self.copied += 1

    def make_folder(self, name: str) -> None:
        """Make a folder, if there is none."""
        if name and name not in self._folders:
            (self.target / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folders.add(name)

    def remove(self, name: str) -> None:
        """Remove the copy of a file or of a folder."""
        path = self.target / name
        if path.is_dir():
            shutil.rmtree(path)
            self._folders = {
                each for each in self._folders if not f"{each}/".startswith(f"{name}/")
            }
        else:
            path.unlink(missing_ok=True)

    def copy_database(self, name: str) -> None:
        """Copy an SQLite database that may be in use, as it is after its last transaction.

        Raises:
            sqlite3.Error: It cannot be read or written.
        """
        with (
            closing(sqlite3.connect(self.data / name)) as source,
            closing(sqlite3.connect(self.target / name)) as target,
        ):
            source.execute("PRAGMA query_only = 1")
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, until a server opens it
        shutil.copymode(self.data / name, self.target / name)

    def _link(self, name: str, is_same: Callable[[Path], bool]) -> bool:
        """Link the file of the previous backup, if it is the same; return whether that worked."""
        if self._previous is None:
            return False
        earlier = self._previous / name
        try:
            if not is_same(earlier):
                return False
            (self.target / name).hardlink_to(earlier)
        except OSError:  # it is new, or the disk has no hard links, or no more of them
            return False
        return True

"""The state that `gollabedit sync` keeps beside the file, so that it may be killed at any moment.

    .notes.txt.gollabedit            the state (mode 0600: it has the key of the client)
    .notes.txt.gollabedit.lock       held while a `sync` runs
    .notes.txt.gollabedit-<number>   a new content before it replaces the file; then the old one
    notes.txt.kept-<number>          a copy for the user of what would be lost otherwise

The file is changed in three steps: write the new content to a temporary file; record in the state
what holds after the exchange; exchange the two files. After a crash the temporary file shows which
of the two states holds, and whether the replaced file was saved later.
"""

import fcntl
import itertools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from server.cli.sync.endings import Endings
from server.cli.sync.file import signature_of
from server.cli.sync.session import State
from server.support import files as disk


class StateError(Exception):
    """The state cannot be used; the message is a sentence for the user."""


class SideFile(msgspec.Struct, frozen=True):
    """A file beside the user's file, and its signature when it was put there."""

    name: str
    content: tuple[int, int, int]  # see `Signature`


class _Planned(msgspec.Struct, frozen=True):
    aside: SideFile
    replaces: tuple[int, int, int]  # the signature of the file before
    after: State


class _Record(msgspec.Struct, frozen=True):
    url: str
    endings: Endings
    state: State
    planned: _Planned | None = None
    replaced: tuple[SideFile, ...] = ()
    former_urls: tuple[str, ...] = ()  # under which the document was known before it was renamed


_decoder = msgspec.json.Decoder(_Record)


class StateFile:
    """The state of one file, on disk."""

    def __init__(self, file: Path) -> None:
        self.path = file.with_name(f".{file.name}.gollabedit")
        self.copies: list[Path] = []  # made by `load`, for the user
        self.url = ""
        self._former_urls: tuple[str, ...] = ()
        self._file = file
        self._lock_path = self.path.with_name(f"{self.path.name}.lock")
        self._lock: int | None = None
        self._written: bytes | None = None
        self._number = 0

    def lock(self) -> None:
        """Lock the file against other processes of `sync`, until `unlock` or the end of this one.

        Raises:
            StateError: another process has the lock.
        """
        while not self._has_lock():
            self._lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._close_lock()
                raise StateError(
                    f"another gollabedit syncs {self._file} already; stop it first"
                ) from None

    def unlock(self) -> None:
        """Release the lock."""
        if self._lock is not None:
            self._lock_path.unlink(missing_ok=True)
            self._close_lock()

    def _has_lock(self) -> bool:
        """Return whether we have the lock, and no other process has removed its file since."""
        if self._lock is None:
            return False
        found = signature_of(self._lock_path)
        if found and found.inode == os.fstat(self._lock).st_ino:
            return True
        self._close_lock()
        return False

    def _close_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def load(self, url: str) -> tuple[State, Endings] | None:
        """Return the state and the file's line endings; None if there is no state yet.

        Replaced files that were saved later are copied for the user. `url` is the document's URL
        then, which is another one if the document was renamed.

        Raises:
            StateError: the state is of another document, or cannot be read.
        """
        self.url = url
        try:
            record = _decoder.decode(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as problem:
            raise StateError(f"{self.path} cannot be read ({problem}); move it away") from None
        if url not in (record.url, *record.former_urls):
            raise StateError(
                f"the file is synced with {record.url}; to sync it with another document, remove"
                f" {self.path}"
            )
        self.url, self._former_urls = record.url, record.former_urls
        state, replaced = record.state, record.replaced
        planned = record.planned
        if planned and self._is_applied(planned.aside):
            state = planned.after
            replaced = (*replaced, SideFile(planned.aside.name, planned.replaces))
        self.copies = [self.copy_for_user(it) for it in map(self._saved_since, replaced) if it]
        self.save(self.url, record.endings, state)
        for left in self.path.parent.glob(f"{_literal(self.path.name)}-*"):
            left.unlink()
        return state, record.endings

    def moved(self, url: str) -> None:
        """The document has another URL now; the next `save` records it."""
        former = dict.fromkeys((*self._former_urls, self.url))
        self._former_urls = tuple(it for it in former if it != url)
        self.url = url

    def copy_for_user(self, path: Path) -> Path:
        """Copy a file to a new name beside the user's file, and return that name."""
        names = (f"{self._file.name}.kept-{number}" for number in itertools.count(1))
        copy = next(it for it in map(self._file.with_name, names) if not it.exists())
        shutil.copy2(path, copy)
        disk.fsync(copy)
        disk.fsync(copy.parent)
        return copy

    def temporary(self) -> Path:
        """Return a new name for a temporary file."""
        self._number += 1
        return self.path.with_name(f"{self.path.name}-{os.getpid()}-{self._number}")

    def save(
        self,
        url: str,
        endings: Endings,
        state: State,
        *,
        planned: tuple[Path, State] | None = None,
        replaced: Sequence[SideFile] = (),
    ) -> None:
        """Write the state to disk; must return before anything that it records is done.

        Args:
            url: the document's URL.
            endings: the file's line endings.
            state: the state that holds now.
            planned: the file that is about to replace the user's, and the state that holds then.
            replaced: replaced files, which an editor may still save.
        """
        plan = self._plan(*planned) if planned else None
        content = msgspec.json.encode(
            _Record(url, endings, state, plan, tuple(replaced), self._former_urls)
        )
        if content != self._written:
            disk.write_synced(self.path, content)
            self._written = content

    def _plan(self, temporary: Path, after: State) -> _Planned | None:
        aside, there = signature_of(temporary), signature_of(self._file)
        if aside is None or there is None:
            return None  # the exchange will fail, too
        return _Planned(SideFile(temporary.name, aside.content), there.content, after)

    def _is_applied(self, aside: SideFile) -> bool:
        """Return whether the exchange was done: the temporary file is another one then, or gone."""
        found = signature_of(self.path.with_name(aside.name))
        return found is None or found.inode != aside.content[0]

    def _saved_since(self, aside: SideFile) -> Path | None:
        """Return the path of a replaced file if it was saved after it was replaced."""
        path = self.path.with_name(aside.name)
        found = signature_of(path)
        return path if found and found.content != aside.content else None


def _literal(name: str) -> str:
    """Return a name as a glob pattern that matches it alone."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)

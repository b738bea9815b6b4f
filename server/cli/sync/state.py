"""What `gollabedit sync` remembers beside the file, so that it may be killed at any moment.

    .notes.txt.gollabedit            the state (mode 0600: it holds the key of the client)
    .notes.txt.gollabedit.lock       held while a `sync` runs
    .notes.txt.gollabedit-<number>   what is about to take the file's place; then what was replaced
    notes.txt.kept-<number>          a copy of what would be lost otherwise, for the user

A change of the file goes: write the new file aside; note in the state what holds once it is there;
let the two change places. After a crash the file that lies aside tells which of the two states is
true, and whether somebody saved into the file that was replaced.
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
    """The state beside a file is of no use; a sentence for the user."""


class Aside(msgspec.Struct, frozen=True):
    """A file that lies beside the file, and what it was when it was put there."""

    name: str
    content: tuple[int, int, int]  # see `Signature`


class _Planned(msgspec.Struct, frozen=True):
    aside: Aside
    replaces: tuple[int, int, int]  # the content of the file that is there before
    after: State


class _Record(msgspec.Struct, frozen=True):
    url: str
    endings: Endings
    state: State
    planned: _Planned | None = None
    replaced: tuple[Aside, ...] = ()


_decoder = msgspec.json.Decoder(_Record)


class StateFile:
    """The state of one file, on disk."""

    def __init__(self, file: Path) -> None:
        self.path = file.with_name(f".{file.name}.gollabedit")
        self.copies: list[Path] = []  # what `load` found and kept for the user
        self._file = file
        self._lock_path = self.path.with_name(f"{self.path.name}.lock")
        self._lock: int | None = None
        self._written: bytes | None = None
        self._number = 0

    def lock(self) -> None:
        """Keep others off the file until `unlock` or the end of the process.

        Raises:
            StateError: another process keeps the file in step.
        """
        while not self._has_lock():
            self._lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._close_lock()
                raise StateError(
                    f"another gollabedit keeps {self._file} in step already; stop that one first"
                ) from None

    def unlock(self) -> None:
        """Let others at the file."""
        if self._lock is not None:
            self._lock_path.unlink(missing_ok=True)
            self._close_lock()

    def _has_lock(self) -> bool:
        """Whether what is locked is not what another process has just removed."""
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
        """What holds, and the file's line ends; None if there is no state yet.

        Raises:
            StateError: it is of another document, or cannot be read.
        """
        try:
            record = _decoder.decode(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as problem:
            raise StateError(f"{self.path} cannot be read ({problem}); move it away") from None
        if record.url != url:
            raise StateError(
                f"the file is in step with {record.url}; to join it to another document, remove"
                f" {self.path}"
            )
        state, replaced = record.state, record.replaced
        planned = record.planned
        if planned and self._is_carried_out(planned.aside):
            state = planned.after
            replaced = (*replaced, Aside(planned.aside.name, planned.replaces))
        self.copies = [self.keep(it) for it in map(self._saved_since, replaced) if it]
        self.save(url, record.endings, state)
        for left in self.path.parent.glob(f"{_literal(self.path.name)}-*"):
            left.unlink()
        return state, record.endings

    def keep(self, path: Path) -> Path:
        """Make a copy of a file beside the file, where its user finds it; returns where."""
        names = (f"{self._file.name}.kept-{number}" for number in itertools.count(1))
        copy = next(it for it in map(self._file.with_name, names) if not it.exists())
        shutil.copy2(path, copy)
        disk.fsync(copy)
        disk.fsync(copy.parent)
        return copy

    def temporary(self) -> Path:
        """A name that no state mentions yet."""
        self._number += 1
        return self.path.with_name(f"{self.path.name}-{os.getpid()}-{self._number}")

    def save(
        self,
        url: str,
        endings: Endings,
        state: State,
        *,
        planned: tuple[Path, State] | None = None,
        replaced: Sequence[Aside] = (),
    ) -> None:
        """Have it on disk before anything that it tells of is done.

        Args:
            url: the document's.
            endings: the file's line ends.
            state: what holds.
            planned: what is about to take the file's place, and what holds then.
            replaced: what was replaced, and may be saved into still.
        """
        plan = self._plan(*planned) if planned else None
        content = msgspec.json.encode(_Record(url, endings, state, plan, tuple(replaced)))
        if content != self._written:
            disk.write_synced(self.path, content)
            self._written = content

    def _plan(self, temporary: Path, after: State) -> _Planned | None:
        aside, there = signature_of(temporary), signature_of(self._file)
        if aside is None or there is None:
            return None  # then it is not carried out either
        return _Planned(Aside(temporary.name, aside.content), there.content, after)

    def _is_carried_out(self, aside: Aside) -> bool:
        """Whether the file that lay aside is in place: another lies there then, or none."""
        found = signature_of(self.path.with_name(aside.name))
        return found is None or found.inode != aside.content[0]

    def _saved_since(self, aside: Aside) -> Path | None:
        """A file that was replaced, if somebody saved into it after that."""
        path = self.path.with_name(aside.name)
        found = signature_of(path)
        return path if found and found.content != aside.content else None


def _literal(name: str) -> str:
    """A name as a pattern that means it."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)

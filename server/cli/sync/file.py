"""A text file that an editor may save at any time: read when a save is done, replaced as a whole.

Editors save in two ways: they empty the file and write it, or put another in its place. Either
takes a moment, so a file counts only when it was still for a while. A finished file changes places
with it. What was replaced is watched on for a while: there is a save of the last moment, and there
an editor writes that has it open.
"""

import os
import stat
import time
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from server.support import files as disk

# Two polls see the same file: no save is under way.
_STILL_S = 0.15
# An empty file is likely to be one that is about to be written.
_STILL_EMPTY_S = 1.0
# So long a file may be gone, as its editor puts another in its place.
_GONE_S = 1.5
_BYTES_MAX = 64 * 1024 * 1024


class FileError(Exception):
    """The file cannot be read as text; a sentence for the user."""


class Seen(Enum):
    STILL = "still"  # and as it was when it was last read or written
    CHANGED = "changed"
    MOVING = "moving"  # a save may be under way
    GONE = "gone"


class Signature(NamedTuple):
    """What changes with every save."""

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def content(self) -> tuple[int, int, int]:
        """What stays the same where only the name changes."""
        return self.inode, self.size, self.mtime_ns


class WatchedFile:
    """One file, and what was last known of it. Times are seconds of a monotonic clock."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._known: Signature | None = None  # as it was last read or written
        self._last: Signature | None = None
        self._since = 0.0
        self.changed_at: float | None = None  # when it was first seen to be as nobody knows it

    @property
    def content(self) -> tuple[int, int, int] | None:
        """What is known of it, as `Signature.content`."""
        return self._known.content if self._known else None

    def look(self, now: float) -> Seen:
        """See whether it was saved, at this time."""
        signature = signature_of(self.path)
        if signature == self._known:
            self.changed_at = None
        elif self.changed_at is None:
            self.changed_at = now
        if signature is None:
            if self._last is not None:
                self._last, self._since = None, now
            return Seen.GONE if now - self._since >= _GONE_S else Seen.MOVING
        if signature == self._known:
            self._last = signature
            return Seen.STILL
        if signature != self._last:
            self._last, self._since = signature, now
            return Seen.MOVING
        wait = _STILL_S if signature.size else _STILL_EMPTY_S
        return Seen.CHANGED if now - self._since >= wait else Seen.MOVING

    def read(self) -> str | None:
        """The text with its line ends; None if it changed while it was read.

        Raises:
            FileError: it is no text, or too large.
        """
        raw, signature = _read(self.path)
        if signature is None:
            return None
        text = _decoded(self.path, raw)
        self._known = self._last = signature
        return text

    def unread(self) -> None:
        """What was read could not be used; it counts as changed still."""
        self._known = None

    def prepare(self, text: str, temporary: Path) -> None:
        """Write what shall take the file's place."""
        content = text.encode()
        opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        with os.fdopen(opened, "wb") as out:
            mode = _mode_of(self.path)
            if mode is not None:
                os.fchmod(opened, mode)
            out.write(content)
            out.flush()
            # The clock of file systems goes in steps: a save within one would not be seen.
            now_ns = time.time_ns()
            os.utime(opened, ns=(now_ns, now_ns))
            os.fsync(opened)

    def replace(self, temporary: Path) -> "WatchedFile | None":
        """Let what was prepared and the file change places.

        Returns:
            The file that was replaced, in the place of `temporary`; a save of the last moment, or
            by somebody who has it open, is a change of that. None, and nothing done, if the file
            is not as it was last read.
        """
        known, prepared = self._known, signature_of(temporary)
        if known is None or prepared is None or signature_of(self.path) != known:
            return None
        try:
            disk.exchange(temporary, self.path)
        except FileNotFoundError:
            return None  # its editor is about to put another in its place
        disk.fsync(self.path.parent)
        self._known = self._last = _renamed(prepared, self.path)
        replaced = WatchedFile(temporary)
        replaced._known = replaced._last = _renamed(known, temporary)
        return replaced


def signature_of(path: Path) -> Signature | None:
    """The signature of what is there; None if there is nothing."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Signature(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _renamed(known: Signature, path: Path) -> Signature:
    """The signature of a file under its new name, if it is the same still."""
    found = signature_of(path)
    return found if found and found.content == known.content else known


def _mode_of(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _read(path: Path) -> tuple[bytes, Signature | None]:
    before = signature_of(path)
    if before is None:
        return b"", None
    if before.size > _BYTES_MAX:
        raise FileError(f"{path.name} is too large: {before.size:,} bytes")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return b"", None
    except OSError as problem:
        raise FileError(f"{path.name} cannot be read: {problem.strerror}") from None
    return raw, before if signature_of(path) == before else None


def _decoded(path: Path, raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as problem:
        raise FileError(
            f"{path.name} is not UTF-8 text (at byte {problem.start}); it is left alone until it is"
        ) from None
    if "\0" in text:
        raise FileError(f"{path.name} holds the character NUL; it is left alone until it does not")
    return text

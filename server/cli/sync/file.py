"""A text file that an editor may save at any time: read once a save is complete, replaced whole.

Editors save in two ways: they truncate the file and write it, or rename another file over it.
Either takes a moment, so a file is read only after it was unchanged for a while. To replace it, it
is exchanged with a finished file. The replaced file is watched for a while, as an editor that has
it open, or saves at that moment, writes there.
"""

import os
import pwd
import re
import stat
import time
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from server.support import files as disk

# A file that was unchanged for this time is not being saved.
_STABLE_S = 0.15
# An empty file is probably about to be written.
_STABLE_EMPTY_S = 1.0
# A file may be missing for at most this time while its editor replaces it.
_GONE_S = 1.5
_BYTES_MAX = 64 * 1024 * 1024
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(r"\\(\d{3})")


class FileError(Exception):
    """The file cannot be read as text; the message is a sentence for the user."""


class Seen(Enum):
    UNCHANGED = "unchanged"  # since it was last read or written
    CHANGED = "changed"
    CHANGING = "changing"  # a save may be in progress
    GONE = "gone"


class Signature(NamedTuple):
    """What `stat` says of a file; changes with every save."""

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def content(self) -> tuple[int, int, int]:
        """The part that a rename leaves unchanged."""
        return self.inode, self.size, self.mtime_ns


class WatchedFile:
    """One file, and its last known signature. Times are seconds of a monotonic clock."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._known: Signature | None = None  # when it was last read or written
        self._last: Signature | None = None  # when it was last looked at
        self._since = 0.0
        self.changed_at: float | None = None  # when a change was first seen

    @property
    def content(self) -> tuple[int, int, int] | None:
        """The known signature's `content`."""
        return self._known.content if self._known else None

    def look(self, now: float) -> Seen:
        """Look whether the file was saved."""
        signature = signature_of(self.path)
        if signature == self._known:
            self.changed_at = None
        elif self.changed_at is None:
            self.changed_at = now
        if signature is None:
            if self._last is not None:
                self._last, self._since = None, now
            return Seen.GONE if now - self._since >= _GONE_S else Seen.CHANGING
        if signature == self._known:
            self._last = signature
            return Seen.UNCHANGED
        if signature != self._last:
            self._last, self._since = signature, now
            return Seen.CHANGING
        wait = _STABLE_S if signature.size else _STABLE_EMPTY_S
        return Seen.CHANGED if now - self._since >= wait else Seen.CHANGING

    def read(self) -> str | None:
        """Return the text with its line endings; None if the file changed meanwhile.

        Raises:
            FileError: the file is not text, or too large.
        """
        raw, signature = _read(self.path)
        if signature is None:
            return None
        text = _decode(self.path, raw)
        self._known = self._last = signature
        return text

    def unread(self) -> None:
        """Discard the last read: the file counts as changed again."""
        self._known = None

    def prepare(self, text: str, temporary: Path) -> None:
        """Write the text that is to replace the file into a temporary file."""
        content = text.encode()
        opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        with os.fdopen(opened, "wb") as out:
            _copy_attributes(self.path, opened)
            out.write(content)
            out.flush()
            # A file system's clock is coarse: a save within one tick would not be seen.
            now_ns = time.time_ns()
            os.utime(opened, ns=(now_ns, now_ns))
            os.fsync(opened)

    def replace(self, temporary: Path) -> "WatchedFile | None":
        """Exchange the file and a prepared one.

        Returns:
            The replaced file, under the name `temporary`; a save at the last moment, or by an
            editor that has it open, is a change of that file. None, with nothing done, if the file
            has changed since it was last read.
        """
        known, prepared = self._known, signature_of(temporary)
        if known is None or prepared is None or signature_of(self.path) != known:
            return None
        try:
            disk.exchange(temporary, self.path)
        except FileNotFoundError:
            return None  # its editor is replacing it
        disk.fsync(self.path.parent)
        self._known = self._last = _renamed(prepared, self.path)
        replaced = WatchedFile(temporary)
        replaced._known = replaced._last = _renamed(known, temporary)
        return replaced


def signature_of(path: Path) -> Signature | None:
    """Return the signature of a file; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Signature(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _renamed(known: Signature, path: Path) -> Signature:
    """Return the signature of a file after a rename; the known one if its content has changed."""
    found = signature_of(path)
    return found if found and found.content == known.content else known


def _copy_attributes(path: Path, opened: int) -> None:
    """Give an open file the owner, group, permissions and extended attributes of another.

    The owner, which only root may give, and attributes of the system are kept if that is possible.
    An access control list is an extended attribute.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    with suppress(PermissionError):
        os.fchown(opened, -1, found.st_gid)
    with suppress(PermissionError):
        os.fchown(opened, found.st_uid, -1)
    os.fchmod(opened, stat.S_IMODE(found.st_mode))  # changing the owner clears bits of it
    if not hasattr(os, "listxattr"):  # Linux has it
        return
    with suppress(OSError):
        for name in os.listxattr(path):
            with suppress(OSError):
                os.setxattr(opened, name, os.getxattr(path, name))


def check_replaceable(path: Path) -> str:
    """Check that a file can be replaced by another.

    Returns:
        What the replacing changes of it, as a sentence for the user; empty if nothing.

    Raises:
        FileError: it cannot be replaced.
    """
    path = path.resolve()
    if not path.exists():
        return ""
    if _is_mount_point(path):
        raise FileError(
            f"{path} is a mount point, which cannot be replaced; mount its folder instead"
        )
    found = path.stat()
    if os.geteuid() not in (0, found.st_uid):
        owner = _user(found.st_uid)
        return f"{path.name} belongs to {owner}; after the first change that comes in, to you"
    if found.st_nlink > 1:
        return f"{path.name} has other names (hard links), which will keep the present text"
    return ""


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _is_mount_point(path: Path) -> bool:
    """Return whether something is mounted on a file; see proc_pid_mountinfo(5)."""
    try:
        mounts = _MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False  # there are none elsewhere
    places = (_ESCAPE.sub(lambda it: chr(int(it[1], 8)), line.split()[4]) for line in mounts)
    return os.fsencode(path) in (os.fsencode(place) for place in places)


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


def _decode(path: Path, raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as problem:
        raise FileError(
            f"{path.name} is not UTF-8 text (at byte {problem.start}); it is not sent until it is"
        ) from None
    if "\0" in text:
        raise FileError(
            f"{path.name} contains the character NUL; it is not sent until that is removed"
        )
    return text

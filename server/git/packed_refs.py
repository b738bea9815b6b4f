"""The file `packed-refs` of a bare repository: all its refs, changed in one step.

A loose ref overrides its line here, so loose refs of other writers are packed first, by Git. Then
the file is written anew under Git's own lock, synced, and renamed: a clone sees all moves of a
checkpoint or none. Format: gitrepository-layout(5), git-pack-refs(1).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from server.git.process import git
from server.support.files import fsync

_HEADER = "# pack-refs with: peeled fully-peeled sorted \n"


class RefsLockedError(Exception):
    """Another program is changing the refs."""


class PackedRefs:
    """All refs of a locked repository, which may be changed.

    Attributes:
        heads: the commits, or the tags, by name of the ref.
        peeled: the commits of the tags, by name of the ref. Git takes a tag without for a commit.
    """

    def __init__(self, content: bytes) -> None:
        self.heads: dict[str, str] = {}
        self.peeled: dict[str, str] = {}
        name = ""
        # To Git a name is bytes, mostly UTF-8, and only a line feed ends a line.
        for line in content.decode(errors="surrogateescape").split("\n"):
            if line.startswith("^"):
                self.peeled[name] = line[1:]
            elif line and not line.startswith("#"):
                commit, _, name = line.partition(" ")
                self.heads[name] = commit

    def written(self) -> bytes:
        """Return the file's new content."""
        lines = [_HEADER]
        for name, commit in sorted(self.heads.items()):
            lines.append(f"{commit} {name}\n")
            if name in self.peeled:
                lines.append(f"^{self.peeled[name]}\n")
        return "".join(lines).encode(errors="surrogateescape")


@contextmanager
def locked_refs(repository: Path) -> Iterator[PackedRefs]:
    """Lock all refs; the changed ones are written unless the block raises.

    Raises:
        RefsLockedError: Another program holds the lock.
        OSError: The disk cannot be written.
    """
    _pack_loose(repository)
    file, lock = repository / "packed-refs", repository / "packed-refs.lock"
    try:
        opened = lock.open("xb")
    except FileExistsError:
        raise RefsLockedError(f"{lock} exists: another program is changing the refs") from None
    try:
        with opened:
            refs = PackedRefs(file.read_bytes() if file.exists() else b"")
            yield refs
            opened.write(refs.written())
        fsync(lock)
        lock.rename(file)
        fsync(repository)
    except BaseException:
        with suppress(OSError):
            lock.unlink(missing_ok=True)
        raise


def read_refs(repository: Path) -> PackedRefs:
    """Return all refs as they are now; loose ones are packed."""
    _pack_loose(repository)
    file = repository / "packed-refs"
    return PackedRefs(file.read_bytes() if file.exists() else b"")


def _pack_loose(repository: Path) -> None:
    if any(path.is_file() for path in (repository / "refs").rglob("*")):
        git(repository, "pack-refs", "--all", "--prune")

"""Remove a text from the whole history of a document on disk.

    old repository ─▶ Rewriting ─▶ new repository beside it, verified ─▶ takes the old one's place

The new repository has exactly the objects that its refs reach, so nothing is left over in it. Until
it is verified the old one is untouched, and a crash in between leaves one of them (`recover`).
Blocks.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from server.git import object_files
from server.git.bare import create
from server.git.objects import DELTA_DEPTH_MAX, pack, small_as_deltas
from server.git.process import GitError, git
from server.git.rewriting import Rewriting, Rewritten, objects_with
from server.support.files import fsync

_SETTINGS = ("-c", "pack.writeReverseIndex=false", "-c", "pack.threads=1")
_WINDOW = 10  # for objects that were deltas of objects that are gone


class PurgeError(Exception):
    """Nothing was changed; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge has done, or would do.

    Attributes:
        objects: the number of Git's objects that held the text.
        commits: the number of commits that were rewritten.
        first: when the first of them was made (Unix time in seconds); 0 if there is none.
        bytes_before: the size of the repository before.
        bytes_after: its size after; 0 if nothing was written.
    """

    objects: int
    commits: int
    first: float
    bytes_before: int
    bytes_after: int = 0


def purge(
    repository: Path, filename: str, text: str, replacement: str, *, dry_run: bool = False
) -> Purged:
    """Remove a text from a repository that nobody changes meanwhile.

    Args:
        repository: the bare repository.
        filename: the name of the document's file.
        text: the text.
        replacement: what replaces it.
        dry_run: only find out what would be done.

    Raises:
        PurgeError: Git or the disk failed, or the text was still there in the end.
    """
    new = _beside(repository, "rewritten")
    try:
        rewritten = Rewriting(repository, filename, text, replacement).run()
        size = object_files.size_of(repository).bytes
        found = Purged(rewritten.found, rewritten.commits, rewritten.first, size)
        if dry_run or not found.objects:
            return found
        shutil.rmtree(new, ignore_errors=True)
        _build(new, repository, rewritten)
        _verify(new, text.encode())
        purged = replace(found, bytes_after=object_files.size_of(new).bytes)
        _swap(repository, new)
    except (GitError, OSError) as problem:
        raise PurgeError(f"{repository} was not changed: {problem}") from problem
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return purged


def _build(new: Path, old: Path, rewritten: Rewritten) -> None:
    """Write the new repository: new objects, and those of the old one that stay."""
    create(new)
    for name in ("config", "HEAD"):
        shutil.copyfile(old / name, new / name)
    borrowed = new / "objects" / "info" / "alternates"
    borrowed.write_text(f"{(old / 'objects').absolute()}\n")
    if rewritten.objects:
        content = pack(small_as_deltas(rewritten.objects))
        git(new, "index-pack", "--stdin", "--fix-thin", "--strict", stdin=content)
    moves = "".join(f"create {name} {id}\n" for name, id in rewritten.refs.items())
    git(new, "update-ref", "--stdin", stdin=moves.encode(errors="surrogateescape"))
    git(new, "pack-refs", "--all")
    how = (f"--depth={DELTA_DEPTH_MAX}", f"--window={_WINDOW}")
    git(new, *_SETTINGS, "repack", "-a", "-d", "-q", *how)
    borrowed.unlink()
    git(new, "commit-graph", "write", "--reachable", "--no-progress")


def _verify(new: Path, text: bytes) -> None:
    """Make sure that the new repository is complete, and that the text is nowhere in it."""
    git(new, "fsck", "--strict", "--full", "--no-dangling", "--no-progress")
    files = [file for file in new.rglob("*") if file.is_file()]
    if objects_with(new, text) or any(text in file.read_bytes() for file in files):
        raise GitError("the text is still in the new repository")
    for part in (*files, *(path for path in new.rglob("*") if path.is_dir()), new):
        fsync(part)


def _swap(repository: Path, new: Path) -> None:
    """Let the new repository take the place of the old one."""
    old = _beside(repository, "replaced")
    shutil.rmtree(old, ignore_errors=True)
    repository.rename(old)
    new.rename(repository)
    fsync(repository.parent)
    shutil.rmtree(old)


def recover(data: Path) -> None:
    """Finish what a crash has interrupted in a data folder."""
    for old in data.glob(".*.git.replaced"):
        repository = old.with_name(old.name[1:].removesuffix(".replaced"))
        new = _beside(repository, "rewritten")
        if not repository.exists():
            (new if new.exists() else old).rename(repository)
            fsync(data)
        shutil.rmtree(old, ignore_errors=True)
    for new in data.glob(".*.git.rewritten"):
        shutil.rmtree(new, ignore_errors=True)


def _beside(repository: Path, state: str) -> Path:
    return repository.with_name(f".{repository.name}.{state}")

"""A checkpoint: what the journal holds of a document becomes packs and refs of its repository.

    objects ─▶ one pack, taken in by `git index-pack`, synced
    refs    ─▶ `packed-refs`, all in one step, synced
    then the caller has the journal forget

Whenever the machine stops, the journal still has all that is not there completely, and doing it
again does no harm. Git computes the id of every object anew before it takes the pack: nothing
damaged in memory or in the journal lets a ref move or the journal forget.

Somebody with access to the disk may move refs as well. What is found there and would be lost is
kept: on `master` the caller merges it (`OvertakenError`), other branches get a name under
`unmerged/`.
"""

from collections.abc import Sequence
from pathlib import Path

from server.core.git_model import MASTER, UNMERGED
from server.git.bare import create
from server.git.changes import RefMove
from server.git.objects import GitObject, pack, small_as_deltas
from server.git.packed_refs import PackedRefs, RefsLockedError, locked_refs
from server.git.process import GitError, git
from server.git.repository import Unwritten
from server.storage.journal import JournalError, OvertakenError
from server.support.files import sync


class CheckpointError(JournalError):
    """The repository could not be written; the journal keeps what it has."""


def write(path: Path, unwritten: Unwritten) -> None:
    """Write objects and refs into the bare repository, making it where there is none.

    Raises:
        OvertakenError: somebody moved `master` on disk; merge it first.
        CheckpointError: the disk or Git refused; no ref was moved.
    """
    try:
        create(path)
        _write_objects(path, unwritten.objects)
        with locked_refs(path) as refs:
            for move in unwritten.moves:
                _move(path, refs, move)
    except (OSError, GitError, RefsLockedError) as problem:
        raise CheckpointError(f"{path} could not be written: {problem}") from problem


def _write_objects(path: Path, objects: Sequence[GitObject]) -> None:
    """Add a pack, and see that it holds what it should: a damaged object has another id."""
    if not objects:
        return
    content = pack(small_as_deltas(objects))
    git(path, "index-pack", "--stdin", "--fix-thin", "--strict", stdin=content, gently=True)
    sync(path / "objects" / "pack")
    ids = "".join(f"{item.id}\n" for item in objects)
    found = git(path, "cat-file", "--batch-check=%(objectname)", stdin=ids.encode()).decode()
    if found != ids:
        raise GitError("an object is not what it was when it was made")


def _move(path: Path, refs: PackedRefs, move: RefMove) -> None:
    found = refs.heads.pop(move.name, None)
    if move.new is not None:
        refs.heads[move.name] = move.new
    if found not in (None, move.old, move.new) and not _contains(path, move.new, found):
        if move.name == MASTER:
            raise OvertakenError(f"{path}: {MASTER} was moved on disk, to {found}")
        refs.heads[_aside(move.name, found)] = found


def _contains(path: Path, head: str | None, commit: str | None) -> bool:
    if head is None or commit is None:
        return False
    return git(path, "merge-base", head, commit, ok=(0, 1)).decode().strip() == commit


def _aside(ref: str, commit: str) -> str:
    return f"{UNMERGED}{ref.rpartition('/')[2]}-{commit[:8]}"

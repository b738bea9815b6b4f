"""A checkpoint: the journal's entries of a document become a pack and refs of its repository.

    objects ─▶ one pack, stored by `git index-pack`, synced
    refs    ─▶ `packed-refs`, all in one step, synced
    then the caller has the journal forget the entries

Whenever the machine stops, the journal still has everything that is not written completely, and a
repeated checkpoint does no harm. Git computes the id of every object before it stores the pack: no
ref moves and nothing is forgotten because of an object damaged in memory or in the journal.

Refs may also be moved on disk. A head that would be lost by that is kept: of `master` the caller
merges it (`OvertakenError`), of other branches it gets a name under `unmerged/`.
"""

from collections.abc import Sequence
from pathlib import Path

from server.core.git_model import MASTER, TAGS, UNMERGED
from server.git.bare import create
from server.git.changes import RefMove
from server.git.objects import GitObject, pack, small_as_deltas
from server.git.packed_refs import PackedRefs, RefsLockedError, locked_refs
from server.git.process import GitError, git
from server.git.repository import Unwritten
from server.storage.journal import JournalError, OvertakenError
from server.support.files import fsync


class CheckpointError(JournalError):
    """The repository could not be written; the journal keeps what it has."""


def write(path: Path, unwritten: Unwritten) -> None:
    """Write objects and refs into the bare repository, creating it if there is none.

    Raises:
        OvertakenError: `master` was moved on disk; merge that first.
        CheckpointError: The disk or Git failed; no ref was moved.
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
    """Add a pack, and verify its objects: a damaged one has another id."""
    if not objects:
        return
    content = pack(small_as_deltas(objects))
    git(path, "index-pack", "--stdin", "--fix-thin", "--strict", stdin=content, gently=True)
    fsync(path / "objects" / "pack")
    ids = "".join(f"{item.id}\n" for item in objects)
    found = git(path, "cat-file", "--batch-check=%(objectname)", stdin=ids.encode()).decode()
    if found != ids:
        raise GitError("an object was damaged after it was made")


def _move(path: Path, refs: PackedRefs, move: RefMove) -> None:
    found = refs.heads.pop(move.name, None)
    refs.peeled.pop(move.name, None)
    if move.new is not None:
        refs.heads[move.name] = move.new
        if move.name.startswith(TAGS):
            refs.peeled[move.name] = git(path, "rev-parse", f"{move.new}^{{}}").decode().strip()
    if found not in (None, move.old, move.new) and not _contains(path, move.new, found):
        if move.name == MASTER:
            raise OvertakenError(f"{path}: {MASTER} was moved on disk, to {found}")
        client = move.name.rpartition("/")[2]
        refs.heads[f"{UNMERGED}{client}-{found[:8]}"] = found


def _contains(path: Path, head: str | None, commit: str | None) -> bool:
    if head is None or commit is None:
        return False
    return git(path, "merge-base", head, commit, ok=(0, 1)).decode().strip() == commit

"""A checkpoint: the journal's entries of a document become a pack and refs of its repository.

    objects ─▶ one pack, verified, synced
    refs    ─▶ `packed-refs`, all in one step, synced
    then the caller has the journal forget the entries

A document without a repository gets one that is complete: it is written under another name, synced,
and renamed. Several such documents share syncs.

Whenever the machine stops, the journal still has everything that is not written completely, and a
repeated checkpoint does no harm. The id of every object is computed from what was written: no ref
moves and nothing is forgotten because of an object damaged in memory or in the journal.

Refs may also be moved on disk. A head that would be lost by that is kept: of `master` the caller
merges it (`OvertakenError`), of other branches it gets a name under `unmerged/`.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.core.git_model import MASTER, TAGS, UNMERGED
from server.git.bare import lay_out, publish
from server.git.changes import RefMove
from server.git.new_packs import add_objects, write_objects
from server.git.objects import Kind, tagged
from server.git.pack import DamagedError
from server.git.packed_refs import PackedRefs, RefsLockedError, locked_refs
from server.git.process import GitError, git
from server.git.repository import Unwritten
from server.storage.journal import JournalError, OvertakenError
from server.support.files import fsync, make_folder_of
from server.support.shared_sync import SharedSync

_EXPECTED = (OSError, GitError, RefsLockedError, DamagedError)
# The end of the name of a repository that is not complete.
_UNFINISHED = ".checkpoint"


class CheckpointError(JournalError):
    """The repository could not be written; the journal keeps its entries."""


@dataclass(eq=False)
class Checkpoint:
    """What is to be written into the bare repository at `path`; then, what has failed."""

    path: Path
    unwritten: Unwritten
    problem: Exception | None = None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Pass an exception on to the callers of this checkpoint only; others continue."""
        try:
            yield
        except Exception as problem:  # noqa: BLE001  also a bug must cost one document only
            self.fail(problem)

    def fail(self, problem: Exception) -> None:
        """Note a problem."""
        self.problem = problem
        if isinstance(problem, _EXPECTED):
            self.problem = CheckpointError(f"{self.path} could not be written: {problem}")
            self.problem.__cause__ = problem


def write(path: Path, unwritten: Unwritten) -> None:
    """Write objects and refs into the bare repository, creating it if there is none.

    Raises:
        OvertakenError: `master` was moved on disk; merge that first.
        CheckpointError: The disk or Git failed; no ref was moved.
    """
    one = Checkpoint(path, unwritten)
    write_all([one])
    if one.problem:
        raise one.problem


def write_all(checkpoints: Sequence[Checkpoint]) -> None:
    """Write the checkpoints of different documents.

    None of them fails because of another's content. What `write` raises is their `problem`.
    """
    new = [each for each in checkpoints if not each.path.is_dir()]
    for each in checkpoints:
        if each not in new:
            with each.attempt():
                _update(each.path, each.unwritten)
    for folder in dict.fromkeys(each.path.parent for each in new):
        _create(folder, [each for each in new if each.path.parent == folder])


def remove_unfinished(folder: Path) -> None:
    """Remove what a crash has left of new repositories; the journal has the entries."""
    for left in folder.glob(f".*.git{_UNFINISHED}"):
        shutil.rmtree(left, ignore_errors=True)


def _update(path: Path, unwritten: Unwritten) -> None:
    add_objects(path, unwritten.objects, unwritten.delta_bases)
    with locked_refs(path) as refs:
        _move_all(path, refs, unwritten)


# --- documents without a repository


def _create(folder: Path, checkpoints: Sequence[Checkpoint]) -> None:
    try:
        make_folder_of(checkpoints[0].path)
        with SharedSync(folder) as shared:
            for each in checkpoints:
                with each.attempt():
                    _build(_unpublished(each.path), each.unwritten)
            built = [each for each in checkpoints if each.problem is None]
            shared.sync([_unpublished(each.path) for each in built])
        for each in built:
            with each.attempt():
                if not publish(_unpublished(each.path), each.path):
                    _update(each.path, each.unwritten)  # a push has made it meanwhile
        fsync(folder)
    except OSError as problem:
        for each in checkpoints:
            each.fail(problem)
    for each in checkpoints:
        shutil.rmtree(_unpublished(each.path), ignore_errors=True)


def _unpublished(path: Path) -> Path:
    return path.with_name(f".{path.name}{_UNFINISHED}")


def _build(path: Path, unwritten: Unwritten) -> None:
    lay_out(path)
    write_objects(path, unwritten.objects)
    refs = PackedRefs(b"")
    _move_all(path, refs, unwritten)
    (path / "packed-refs").write_bytes(refs.written())


# --- refs


def _move_all(path: Path, refs: PackedRefs, unwritten: Unwritten) -> None:
    new_tags = {item.id: item.data for item in unwritten.objects if item.kind == Kind.TAG}
    for move in unwritten.moves:
        _move(path, refs, move)
        if move.new is not None and move.name.startswith(TAGS):
            tag = new_tags.get(move.new)
            refs.peeled[move.name] = tagged(tag) if tag else _peeled(path, move.new)


def _move(path: Path, refs: PackedRefs, move: RefMove) -> None:
    found = refs.heads.pop(move.name, None)
    refs.peeled.pop(move.name, None)
    if move.new is not None:
        refs.heads[move.name] = move.new
    if found not in (None, move.old, move.new) and not _contains(path, move.new, found):
        if move.name == MASTER:
            raise OvertakenError(f"{path}: {MASTER} was moved on disk, to {found}")
        client = move.name.rpartition("/")[2]
        refs.heads[f"{UNMERGED}{client}-{found[:8]}"] = found


def _peeled(path: Path, tag: str) -> str:
    return git(path, "rev-parse", f"{tag}^{{}}").decode().strip()


def _contains(path: Path, head: str | None, commit: str | None) -> bool:
    if head is None or commit is None:
        return False
    return git(path, "merge-base", head, commit, ok=(0, 1)).decode().strip() == commit

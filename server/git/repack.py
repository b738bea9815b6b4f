"""Repacking a bare repository: Git joins the packs of many checkpoints into few.

The packs form a geometric progression (each has at least twice as many objects as the next smaller
one), so there are few, and an object is rewritten only when the repository has about doubled.
Deltas are kept: checkpoints know better ones than Git finds. The commit graph lets Git and libgit2
find ancestors without reading commits. There is no multi-pack-index: with this few packs it saves
no time, and it is as large as their own indexes.

Safe at any time, beside any other program: no object is dropped, because a checkpoint adds its pack
before it moves the refs, and no file is removed before its replacement is complete and synced. A
concurrent reader has the old packs open, or looks again and finds the new one.
"""

import shutil
from pathlib import Path

from server.git import object_files
from server.git.objects import DELTA_DEPTH_MAX
from server.git.process import GitError, git

# A repack is due above this many packs or loose objects.
_PACKS_MAX = 20
_LOOSE_MAX = 200
# The number of objects that Git compares an object with that is no delta yet.
WINDOW = 10

SETTINGS = ("-c", "pack.writeReverseIndex=false", "-c", "pack.threads=1")


class RepackError(Exception):
    """Git or the disk failed; the repository is unchanged. The message is one sentence."""


def needs_repack(path: Path) -> bool:
    """Return whether `repack` is worth its work. Quick."""
    has_many = object_files.packs(path) > _PACKS_MAX
    return has_many or object_files.has_loose(path, _LOOSE_MAX + 1)


def repack(path: Path, *, thorough: bool = False, alone: bool = False) -> None:
    """Join packs, and remove leftovers. Blocks.

    Args:
        path: the bare repository.
        thorough: whether to make one pack of all.
        alone: whether no other program uses the repository, so that all temporary files are
            leftovers.

    Raises:
        RepackError: Git or the disk failed.
    """
    which = ("-a", "--keep-unreachable") if thorough else ("--geometric=2",)
    how = (f"--depth={DELTA_DEPTH_MAX}", f"--window={WINDOW}", "-d", "-q")
    try:
        for file in object_files.leftovers(path, alone):
            if file.is_dir():
                shutil.rmtree(file, ignore_errors=True)
            else:
                file.unlink(missing_ok=True)
        git(path, *SETTINGS, "repack", *which, *how, gently=True)
        git(path, "commit-graph", "write", "--reachable", "--no-progress", gently=True)
    except (GitError, OSError) as problem:
        raise RepackError(f"{path} could not be packed: {problem}") from problem

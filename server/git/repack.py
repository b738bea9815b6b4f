"""Upkeep of a bare repository: what many checkpoints left becomes few packs, by Git itself.

The packs stay in a geometric progression (each holds at least twice as much as the next smaller
one), so there are few, and an object is written anew only when the repository has about doubled.
Deltas stay as they came: checkpoints know them better than Git finds them. The commit graph lets
Git and libgit2 find ancestors without reading commits. There is no index of several packs: beside
so few it speeds up nothing, and it takes as much room as theirs.

Safe at any moment, whatever else is at work: no object is dropped, because a checkpoint adds its
pack before it moves the refs, and nothing is removed before what replaces it is complete and
synced. Who reads meanwhile has the old packs open, or looks again and finds the new one.
"""

import shutil
from pathlib import Path

from server.git import object_files
from server.git.process import GitError, git

# The longest chain of deltas that checkpoints make. Whoever packs with less (Git's default is 50)
# takes the chains apart and doubles the history.
DEPTH = 1000

# So many packs wait to become one, or so many loose objects, before it is worth the work.
_PACKS_MAX = 20
_LOOSE_MAX = 200
# With how many others an object that is not a delta yet is compared.
_WINDOW = 10

_SETTINGS = ("-c", "pack.writeReverseIndex=false", "-c", "pack.threads=1")


class UpkeepError(Exception):
    """The repository is as it was; the message is a sentence that says why."""


def needs_upkeep(path: Path) -> bool:
    """Whether so much has gathered that `maintain` is worth its work. Quick."""
    has_many = object_files.packs(path) > _PACKS_MAX
    return has_many or object_files.has_loose(path, _LOOSE_MAX + 1)


def maintain(path: Path, *, thorough: bool = False, alone: bool = False) -> None:
    """Pack a repository anew, as far as that is worth it. Blocks.

    Args:
        path: the bare repository.
        thorough: all becomes one pack, at once.
        alone: nobody else is at work in the repository, so all temporary files are leftovers.

    Raises:
        UpkeepError: Git or the disk refused.
    """
    which = ("-a", "--keep-unreachable") if thorough else ("--geometric=2",)
    how = (f"--depth={DEPTH}", f"--window={_WINDOW}", "-d", "-q")
    try:
        for file in object_files.leftovers(path, alone):
            if file.is_dir():
                shutil.rmtree(file, ignore_errors=True)
            else:
                file.unlink(missing_ok=True)
        git(path, *_SETTINGS, "repack", *which, *how, gently=True)
        git(path, "commit-graph", "write", "--reachable", "--no-progress", gently=True)
    except (GitError, OSError) as problem:
        raise UpkeepError(f"{path} could not be packed: {problem}") from problem

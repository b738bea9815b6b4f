"""Git bundles: a whole repository in one file, with all refs; see git-bundle(1). Blocks."""

from pathlib import Path

from server.git import bare
from server.git.objects import DELTA_DEPTH_MAX
from server.git.process import git
from server.support.files import fsync, sync_tree

_SETTINGS = (
    *("-c", f"pack.depth={DELTA_DEPTH_MAX}"),  # a lower value would split our delta chains
    *("-c", "pack.threads=1"),
    *("-c", "fetch.unpackLimit=1"),  # what comes as one pack stays one
)


def write_bundle(repository: Path, file: Path) -> None:
    """Write all refs of a repository and their histories into a file, synced.

    Raises:
        GitError: Git failed, or there is no ref.
        OSError: The disk cannot be written.
    """
    git(repository, *_SETTINGS, "bundle", "create", "-q", str(file), "--all", gently=True)
    git(repository, "bundle", "verify", "-q", str(file), gently=True)
    fsync(file)


def read_bundle(file: Path, repository: Path) -> None:
    """Create a bare repository, which must not exist, from a bundle, and sync it to disk.

    Git computes the id of every object, and checks that none is missing.

    Raises:
        GitError: The bundle is damaged or incomplete.
        OSError: The disk cannot be written.
    """
    bare.create(repository)
    refs = "+refs/*:refs/*"
    options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
    git(repository, *_SETTINGS, "fetch", *options, str(file), refs, gently=True)
    git(repository, "pack-refs", "--all", "--prune")
    sync_tree(repository)


def refs_of(repository: Path) -> bytes:
    """Return all refs of a repository with their commits, for a comparison."""
    return git(repository, "for-each-ref", "--format=%(objectname) %(refname)")

"""Remove the history of a document before a date from the disk. Blocks."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from server.core.commit_store import StoreError
from server.core.git_model import INTERNAL
from server.git import object_files
from server.git.forgetting import CutError, old_before
from server.git.objects import tree_of
from server.git.process import GitError, git
from server.git.rewriting import Cut, Rewriting, Rewritten
from server.storage.rewrite import RewriteError, replace_history


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed, or would be.

    Attributes:
        commits: the number of commits; 0 if there was nothing to remove.
        start: when the revision was made that the history begins with now (Unix time in seconds).
        names: the named versions that stay, the oldest first.
        bytes_before: the size of the repository before.
        bytes_after: its size after; 0 if nothing was written.
    """

    commits: int
    start: float
    names: tuple[str, ...]
    bytes_before: int
    bytes_after: int = 0


def forget(repository: Path, filename: str, before: float, *, dry_run: bool = False) -> Forgotten:
    """Remove what is older than a version from a repository that nobody changes meanwhile.

    Args:
        repository: the bare repository.
        filename: the name of the document's file.
        before: the version is the last one that ended at this time or before (Unix time in
            seconds).
        dry_run: only find out what would be done.

    Raises:
        RewriteError: Something needs the old history, Git or the disk failed, or the new history
            was not as it must be.
    """
    try:
        old = old_before(repository, filename, before)
        size = object_files.size_of(repository).bytes
        if old is None:
            return Forgotten(0, 0.0, (), size)
        gone = old.cut.parents.keys() - {item.id for item in old.cut.objects}
        found = Forgotten(len(gone), old.time, old.names, size)
        if dry_run:
            return found
        rewritten = Rewriting(repository, filename, cut=old.cut).run()
        verify = partial(_verify, old=repository, rewritten=rewritten, cut=old.cut)
        return replace(found, bytes_after=replace_history(repository, rewritten, verify))
    except CutError as problem:
        raise RewriteError(str(problem)) from None
    except (GitError, StoreError, OSError) as problem:
        raise RewriteError(f"{repository} was not changed: {problem}") from problem


def _verify(new: Path, old: Path, rewritten: Rewritten, cut: Cut) -> None:
    """Check that what stays has the same files as before, and that there is nothing else."""
    before = _trees(old)
    expected = {
        rewritten.commits.get(commit, commit): tree
        for commit, tree in before.items()
        if commit not in cut.parents
    }
    expected |= {item.id: tree_of(item.data) for item in cut.objects}
    expected |= {cut.equals[commit]: before[commit] for commit in cut.newest}
    if _trees(new) != expected:
        raise GitError("the new history differs from the old one")


def _trees(repository: Path) -> dict[str, str]:
    """Return the trees of all commits but those of the server's own refs."""
    which = (f"--exclude={INTERNAL}*", "--all")
    listed = git(repository, "rev-list", "--no-commit-header", "--format=%H %T", *which)
    return dict(line.split(" ") for line in listed.decode().splitlines())

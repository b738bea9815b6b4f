"""Remove a text from the whole history of a document on disk. Blocks."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from server.git import object_files
from server.git.process import GitError, git
from server.git.rewriting import Replaced, Rewriting, objects_with
from server.storage.rewrite import RewriteError, replace_history


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
        RewriteError: Git or the disk failed, or the text was still there in the end.
    """
    try:
        rewritten = Rewriting(repository, filename, Replaced(text, replacement)).run()
        size = object_files.size_of(repository).bytes
        first = next((_time_of(repository, commit) for commit in rewritten.commits), 0.0)
        found = Purged(rewritten.found, len(rewritten.commits), first, size)
        if dry_run or not found.objects:
            return found
        verify = partial(_verify, text=text.encode())
        return replace(found, bytes_after=replace_history(repository, rewritten, verify))
    except (GitError, OSError) as problem:
        raise RewriteError(f"{repository} was not changed: {problem}") from problem


def _time_of(repository: Path, commit: str) -> float:
    return float(git(repository, "log", "-1", "--format=%ct", commit))


def _verify(new: Path, text: bytes) -> None:
    """Make sure that the text is nowhere in the new repository."""
    files = (file for file in new.rglob("*") if file.is_file())
    if objects_with(new, text) or any(text in file.read_bytes() for file in files):
        raise GitError("the text is still in the new repository")

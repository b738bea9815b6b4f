"""Remove a text from the whole history of a document on disk. Blocks."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from server.git import object_files
from server.git.objects import entries
from server.git.process import GitError, git
from server.git.rewriting import PEOPLE, Replaced, Rewriting, objects_that
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
        replaced = Replaced(text, replacement)
        rewritten = Rewriting(repository, filename, replaced).run()
        size = object_files.size_of(repository).bytes
        first = next((_time_of(repository, commit) for commit in rewritten.commits), 0.0)
        found = Purged(rewritten.found, len(rewritten.commits), first, size)
        if dry_run or not found.objects:
            return found
        verify = partial(_verify, replaced=replaced, filename=filename.encode())
        return replace(found, bytes_after=replace_history(repository, rewritten, verify))
    except (GitError, OSError) as problem:
        raise RewriteError(f"{repository} was not changed: {problem}") from problem


def _time_of(repository: Path, commit: str) -> float:
    return float(git(repository, "log", "-1", "--format=%ct", commit))


def _verify(new: Path, replaced: Replaced, filename: bytes) -> None:
    """Check that the text is nowhere in the new repository.

    What names the document's file, and Git's own words, do not count.
    """

    def holds(kind: bytes, data: bytes) -> bool:
        if kind == b"blob":
            return replaced.is_in(data)
        if kind == b"tree":
            names = (name for _, name, _ in entries(data) if name != filename)
            return any(map(replaced.is_whole_in, names))
        header, _, message = data.partition(b"\n\n")
        people = [line for line in header.split(b"\n") if line.startswith(PEOPLE)]
        is_named = any(replaced.is_whole_in(_without_time(line)) for line in people)
        return is_named or replaced.in_message(message) != message

    if any(objects_that(new, holds)):
        raise GitError("the text is still in the new repository")


def _without_time(person: bytes) -> bytes:
    return person.rpartition(b">")[0]

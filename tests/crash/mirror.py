"""A fresh mirror clone of a document, over HTTP: what anybody can get of it at this moment."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.crash.words import words_in
from tests.server.sockets.harness import git, run_git

_MASTER = "refs/heads/master"
_NAMES = "--format=%(refname)"


class CloneError(AssertionError):
    """There is something to clone, and it cannot be cloned."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """What a clone holds.

    Attributes:
        commits: all that a ref reaches.
        revisions: those of them that `master` reaches.
        head: the last revision, and `text` its text.
        waiting: the words on branches that are not in `master`.
        complaint: what `git fsck --strict` says; nothing, if all is well.
    """

    commits: frozenset[str] = frozenset()
    revisions: frozenset[str] = frozenset()
    head: str = ""
    text: str = ""
    waiting: frozenset[str] = frozenset()
    complaint: str = ""


async def take(url: str, document: str) -> Mirror | None:
    """Clone and read a document; None where there is nothing to clone.

    Raises:
        CloneError: the clone failed.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder)
        address = f"{url}/{document}.git"
        cloned = await run_git("clone", "--quiet", "--mirror", address, str(path / "mirror"))
        if cloned.code != 0:
            if "not found" in cloned.err:
                return None
            raise CloneError(f"a clone of {document}: {cloned.err}")
        return await _read(path / "mirror", f"{document}.txt")


async def _read(path: Path, filename: str) -> Mirror | None:
    refs = (await git("for-each-ref", _NAMES, cwd=path)).split()
    if not refs:
        return None
    if complaint := await complaint_of(path):
        return Mirror(complaint=complaint)  # nothing else can be asked of it
    revisions, text, unmerged = [], "", refs
    if _MASTER in refs:  # else its first edit is being written
        revisions = (await git("rev-list", _MASTER, cwd=path)).split()
        text = await git("show", f"{_MASTER}:{filename}", cwd=path)
        listed = await git("for-each-ref", f"--no-merged={_MASTER}", _NAMES, cwd=path)
        unmerged = listed.split()
    files = "".join(f"{ref}:{filename}\n" for ref in unmerged)
    return Mirror(
        commits=frozenset((await git("rev-list", "--all", cwd=path)).split()),
        revisions=frozenset(revisions),
        head=revisions[0] if revisions else "",
        text=text,
        waiting=frozenset(words_in(await git("cat-file", "--batch", cwd=path, given=files))),
    )


async def complaint_of(path: Path, *options: str) -> str:
    """What `git fsck --strict` has to complain about in a repository; nothing, if all is well."""
    ran = await run_git("fsck", "--strict", "--no-progress", *options, cwd=path)
    said = (ran.out + ran.err).splitlines()
    complaints = [line for line in said if not line.startswith("notice: ")]
    if ran.code:
        complaints.append(f"exit code {ran.code}")
    return "\n".join(complaints)

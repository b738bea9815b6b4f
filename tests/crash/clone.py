"""A fresh mirror clone of a document, over HTTP."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.crash.words import words_in
from tests.server.sockets.harness import git, run_git

_MASTER, _VERSIONS = "refs/heads/master", "refs/heads/versions"
_REF_NAMES = "--format=%(refname)"


class CloneError(AssertionError):
    """Cloning an existing document failed."""


@dataclass(frozen=True, slots=True)
class Clone:
    """The contents of a clone.

    Attributes:
        commits: all commits reachable from a ref.
        revisions: those reachable from `master`.
        head: the last revision.
        text: its text.
        waiting: the words on branches that are not in `master`.
        versions: the commits of the branch `versions`.
        wrong_versions: those that are not equal to the revision that they name.
        fsck_output: the problems found by `git fsck --strict`, if any.
    """

    commits: frozenset[str] = frozenset()
    revisions: frozenset[str] = frozenset()
    head: str = ""
    text: str = ""
    waiting: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()
    wrong_versions: frozenset[str] = frozenset()
    fsck_output: str = ""


async def clone_document(url: str, document: str) -> Clone | None:
    """Clone and read a document; return None if there is nothing to clone.

    Raises:
        CloneError: Cloning failed.
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


async def _read(path: Path, filename: str) -> Clone | None:
    refs = (await git("for-each-ref", _REF_NAMES, cwd=path)).split()
    if not refs:
        return None
    if fsck_output := await fsck(path):
        return Clone(fsck_output=fsck_output)  # nothing else can be read
    revisions, text, unmerged = [], "", refs
    if _MASTER in refs:  # otherwise its first edit is being written
        revisions = (await git("rev-list", _MASTER, cwd=path)).split()
        text = await git("show", f"{_MASTER}:{filename}", cwd=path)
        listed = await git("for-each-ref", f"--no-merged={_MASTER}", _REF_NAMES, cwd=path)
        unmerged = listed.split()
    versions = await _versions(path) if _VERSIONS in refs else {}
    trees = dict((await _pairs(path, _MASTER, "%T")) if versions else [])
    files = "".join(f"{ref}:{filename}\n" for ref in unmerged)
    return Clone(
        commits=frozenset((await git("rev-list", "--all", cwd=path)).split()),
        revisions=frozenset(revisions),
        head=revisions[0] if revisions else "",
        text=text,
        waiting=frozenset(words_in(await git("cat-file", "--batch", cwd=path, given=files))),
        versions=frozenset(versions),
        wrong_versions=frozenset(
            commit
            for commit, (tree, revision) in versions.items()
            if revision and trees.get(revision) != tree
        ),
    )


async def _versions(path: Path) -> dict[str, tuple[str, str]]:
    """Return the tree of each commit of `versions`, and the revision that it names, if it does."""
    form = "%T,%(trailers:key=Revision,valueonly,separator=%x20)"
    found = {commit: shown.split(",") for commit, shown in await _pairs(path, _VERSIONS, form)}
    return {commit: (tree, revision) for commit, (tree, revision) in found.items()}


async def _pairs(path: Path, ref: str, form: str) -> list[tuple[str, str]]:
    """Return the commits of a branch, each with what a format shows of it."""
    listed = await git("log", "--first-parent", f"--format=%H {form}", ref, cwd=path)
    return [(line[:40], line[41:]) for line in listed.splitlines()]


async def fsck(path: Path, *options: str) -> str:
    """Return the problems that `git fsck --strict` finds in a repository, if any."""
    ran = await run_git("fsck", "--strict", "--no-progress", *options, cwd=path)
    lines = (ran.out + ran.err).splitlines()
    problems = [line for line in lines if not line.startswith("notice: ")]
    if ran.code:
        problems.append(f"exit code {ran.code}")
    return "\n".join(problems)

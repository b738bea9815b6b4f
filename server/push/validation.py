"""Validation of a push before any of it takes effect.

Git itself checks that the objects are valid and complete and that no path is `.git` or `..`
(`receive.fsckObjects`). This module checks what is specific to a document: which refs may be
pushed, and that its file is a valid text in every new commit. It reads the pushed objects in Git's
quarantine. Blocks.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.core.git_model import (
    BRANCHES,
    CLIENTS,
    INTERNAL,
    MASTER,
    NOTES,
    TAGS,
    UNMERGED,
    VERSIONS,
)
from server.git.process import GitError, git

FOR_MASTER = "refs/for/master"
_INTO_MASTER = (MASTER, FOR_MASTER)

_PARENTS_MAX = 8  # of a commit: each is compared with it
_COMMITS_MAX = 100_000  # new ones
_BATCH_COMMITS = 2_000
_BATCH_TEXTS = 32
_TEXTS_BYTES_MAX = 512 * 2**20  # of all new texts together
_TREE_BYTES_MAX = 64 * 1024  # of the root tree, because each edit copies it
_NO_COMMIT = "0" * 40
_ALLOWED = (BRANCHES, TAGS, NOTES)
_RESERVED = {
    CLIENTS: "is reserved for connected clients",
    UNMERGED: "is removed automatically when a push to master contains it",
    f"{MASTER}/": "would collide with master",
    f"{VERSIONS}/": (
        "is written by the server. To add a commit to it, push to refs/for/master: git push origin"
        " HEAD:refs/for/master. To store a branch, use another name"
    ),
    INTERNAL: "is reserved for the server",
}
_FILE_MODES = ("100644", "100755")
# Commits not in refs that only the server moves: the contents of those are known to be valid.
# (`[m]aster` is a pattern, as Git would take `master` for a folder.)
_MOVED_BY_SERVER = ("[m]aster", "[v]ersions", "clients/*", "unmerged/*")
_NEW = ("--not", *(f"--branches={pattern}" for pattern in _MOVED_BY_SERVER))

_SHALLOW = (
    "Your clone is shallow, and lacks commits before yours. Get them, and push again:\n"
    "    git fetch --unshallow"
)
_UNRELATED = (
    "Your commit has no commit in common with this document. If you have cloned it before, its"
    " history was rewritten since then: clone it again, and add to that."
)
_TOO_MUCH = "These commits are too much for one push: push an older one first."
_FETCH_FIRST = (
    "{ref} has commits that yours are not based on. Either let the server merge them:\n"
    "    git push origin HEAD:refs/for/master\n"
    "or merge them yourself: git pull --no-rebase, and push again."
)


@dataclass(frozen=True, slots=True)
class Command:
    """One ref update of a push, in Git's terms; `_NO_COMMIT` stands for no commit."""

    old: str
    new: str
    ref: str

    @property
    def is_into_master(self) -> bool:
        """Whether the commit is merged, rather than only stored."""
        return self.ref in _INTO_MASTER

    @property
    def stored_branch(self) -> str | None:
        """The name of a branch that is only stored; None for other refs, and a deletion."""
        is_stored = self.ref.startswith(BRANCHES) and not self.is_into_master
        return self.ref.removeprefix(BRANCHES) if is_stored and self.new != _NO_COMMIT else None


@dataclass(frozen=True, slots=True)
class PushedText:
    """The document's text in a pushed commit, and the commit's author."""

    text: str
    author: str


class RejectedError(Exception):
    """The push is rejected; the message is for the pusher, in one or more lines."""


class PushValidator:
    """Validates one push.

    Args:
        repository: the bare repository.
        environment: Git's variables that name the quarantine.
        filename: the name of the document's file.
        text_bytes_max: the largest text allowed.
        wait_s: the time limit for all steps together.
        allows_rewrites: whether branches and tags may be deleted and overwritten.
    """

    def __init__(
        self,
        repository: Path,
        environment: Mapping[str, str],
        filename: str,
        text_bytes_max: int,
        wait_s: float,
        *,
        allows_rewrites: bool = True,
    ) -> None:
        self._deadline = time.monotonic() + wait_s
        self._repository = repository
        self._environment = environment
        self._filename = filename
        self._text_bytes_max = text_bytes_max
        self._allows_rewrites = allows_rewrites

    def validate(self, commands: Sequence[Command]) -> dict[str, PushedText]:
        """Validate all commands.

        Returns:
            The texts of the commits to merge, by commit id.

        Raises:
            RejectedError: A command or a commit is invalid.
            GitError: Git failed.
        """
        for command in commands:
            validate_ref(command)
            if not (self._allows_rewrites or command.is_into_master):
                self._check_rewrite(command)
        self._check_ref_collisions(commands)
        into_master = [command for command in commands if command.is_into_master]
        if not into_master and not self._git("for-each-ref", MASTER):
            raise RejectedError(
                "This document does not exist yet. Push its master first: git push URL HEAD:master"
            )
        for command in into_master:
            self._check_tip(command.new)
            self._check_related(command.new)
            if command.ref == MASTER:
                self._check_fast_forward(command)
        self._check_texts([command.new for command in into_master])
        return {command.new: self._read_text(command.new) for command in into_master}

    def _check_ref_collisions(self, commands: Sequence[Command]) -> None:
        """Reject a new ref below another one; Git would notice only after the merge."""
        created = {command.ref for command in commands if command.old == _NO_COMMIT} - set(
            _INTO_MASTER
        )
        if not created:
            return
        existing = set(self._git("for-each-ref", "--format=%(refname)").decode().split())
        existing -= {command.ref for command in commands if command.new == _NO_COMMIT}
        for new in sorted(created):
            for ref in sorted(existing | created):
                if ref.startswith(f"{new}/") or new.startswith(f"{ref}/"):
                    raise RejectedError(f"{new} cannot be created: {ref} exists.")

    def _check_rewrite(self, command: Command) -> None:
        """Require that nothing of a branch or tag is lost."""
        old, new = command.old, command.new
        if new == _NO_COMMIT:
            raise RejectedError(f"{command.ref} cannot be deleted: this server keeps all refs.")
        if old == _NO_COMMIT:
            return
        is_branch = command.ref.startswith(BRANCHES)
        if not is_branch or self._git("merge-base", old, new, ok=(0, 1)).decode().strip() != old:
            raise RejectedError(
                f"{command.ref} cannot be overwritten: this server keeps all refs."
                " Use another name."
            )

    def _check_tip(self, commit: str) -> None:
        """Require a commit that has the document's file."""
        if self._git("cat-file", "-t", commit) != b"commit\n":
            raise RejectedError("Only a commit can be merged into master.")
        if int(self._git("cat-file", "-s", f"{commit}^{{tree}}")) > _TREE_BYTES_MAX:
            raise RejectedError("Your commit has too many files beside the document's.")
        if not self._git("ls-tree", commit, "--", self._filename):
            raise RejectedError(
                f"Your commit has no file {self._filename}, which holds the text of this document."
                f" To use another file: git mv FILE {self._filename}"
            )

    def _check_related(self, commit: str) -> None:
        """Require a commit that is based on the document, if there is one.

        Of another one nothing must stay here: it may bring history back that was removed.
        """
        known = self._git("for-each-ref", "--format=%(objectname)", MASTER, VERSIONS)
        heads = known.decode().split()
        if heads and not self._git("merge-base", commit, *heads, ok=(0, 1)):
            self._new_commits([commit])  # of a shallow clone nobody can tell
            raise RejectedError(_UNRELATED)

    def _check_fast_forward(self, command: Command) -> None:
        """Require a descendant of the `master` that was advertised to the client."""
        if command.old == _NO_COMMIT:
            if self._git("for-each-ref", MASTER):
                raise RejectedError(_FETCH_FIRST.format(ref="master"))
            return
        for head in (command.new, MASTER):
            if self._git("merge-base", command.old, head, ok=(0, 1)).decode().strip() != (
                command.old
            ):
                raise RejectedError(_FETCH_FIRST.format(ref="master"))

    def _check_texts(self, heads: Sequence[str]) -> None:
        """Require that the document's file is a valid text or absent in every new commit.

        Commits that were pushed to another branch before were not validated, so they are new.
        """
        found = self._new_blobs(heads)
        form = "--batch-check=%(objectsize)"
        sizes = self._git("cat-file", form, stdin=_lines(found)).decode().split()
        for commit, size in zip(found.values(), map(int, sizes), strict=True):
            if size > self._text_bytes_max:
                raise RejectedError(
                    f"{self._filename} has {size:,} bytes in commit {commit[:10]}; a"
                    f" document can hold {self._text_bytes_max:,}."
                )
        if sum(map(int, sizes)) > _TEXTS_BYTES_MAX:
            raise RejectedError(_TOO_MUCH)
        blobs = list(found)
        for start in range(0, len(blobs), _BATCH_TEXTS):
            for blob, data in self._blobs(blobs[start : start + _BATCH_TEXTS]):
                self._check_text(data, found[blob])

    def _new_blobs(self, heads: Sequence[str]) -> dict[str, str]:
        """Return the blobs of the document's file in new commits, each with one of its commits."""
        found: dict[str, str] = {}
        commit = ""
        commits = self._new_commits(heads)
        for start in range(0, len(commits), _BATCH_COMMITS):
            for line in self._changes(commits[start : start + _BATCH_COMMITS]):
                if not line.startswith(":"):
                    commit = line
                    continue
                _, mode, _, blob, _ = line.partition("\t")[0].split()
                if mode == "000000":
                    continue  # the file is absent
                self._check_mode(mode, line.partition("\t")[2], commit)
                found.setdefault(blob, commit)
        return found

    def _new_commits(self, heads: Sequence[str]) -> list[str]:
        """Return the new commits, checked to be not too many and to have not too many parents."""
        most = f"--min-parents={_PARENTS_MAX + 1}"
        try:
            wide = self._git("rev-list", most, "--max-count=1", *heads, *_NEW).decode().strip()
        except GitError as problem:
            if "Could not read" in str(problem):  # Git itself checks this later
                raise RejectedError(_SHALLOW) from None
            raise
        if wide:
            raise RejectedError(
                f"Commit {wide[:10]} has too many parents; here a merge can have {_PARENTS_MAX}."
            )
        count = f"--max-count={_COMMITS_MAX + 1}"
        commits = self._git("rev-list", count, *heads, *_NEW).decode().split()
        if len(commits) > _COMMITS_MAX:
            raise RejectedError(_TOO_MUCH)
        return commits

    def _changes(self, commits: Sequence[str]) -> list[str]:
        """Return the lines of `git diff-tree` for the document's file, also of merges."""
        options = ("--stdin", "--root", "-m", "-r", "--raw", "--no-renames", "--no-abbrev")
        changes = self._git("diff-tree", *options, "--", self._filename, stdin=_lines(commits))
        return changes.decode(errors="replace").splitlines()

    def _check_mode(self, mode: str, path: str, commit: str) -> None:
        is_file = path == self._filename
        if not is_file or mode not in _FILE_MODES:
            raise RejectedError(
                f"{self._filename} must be a regular file; in commit {commit[:10]} it is"
                f" {_kind_of(mode) if is_file else 'a folder'}."
            )

    def _blobs(self, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        read = self._git("cat-file", "--batch", stdin=_lines(blobs))
        at = 0
        for blob in blobs:
            start = read.index(b"\n", at) + 1
            at = start + int(read[at:start].split()[2])
            yield blob, read[start:at]
            at += 1

    def _check_text(self, data: bytes, commit: str) -> None:
        try:
            data.decode()
        except UnicodeDecodeError as problem:
            line = data.count(b"\n", 0, problem.start) + 1
            raise RejectedError(
                f"{self._filename} is not UTF-8 text in commit {commit[:10]}, line {line}. A"
                " document can hold only text."
            ) from None
        if b"\0" in data:
            raise RejectedError(
                f"{self._filename} holds the character NUL in commit {commit[:10]}. A document"
                " can hold only text."
            )

    def _read_text(self, commit: str) -> PushedText:
        text = self._git("cat-file", "blob", f"{commit}:{self._filename}").decode()
        author = self._git("log", "-1", "--format=%an", commit).decode(errors="replace").strip()
        return PushedText(text, author)

    def _git(self, *arguments: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,)) -> bytes:
        return git(
            self._repository,
            *arguments,
            stdin=stdin,
            ok=ok,
            environment=self._environment,
            wait_s=max(0.0, self._deadline - time.monotonic()),
        )


def validate_ref(command: Command) -> None:
    """Check whether a push may update the ref.

    Raises:
        RejectedError: It may not.
    """
    ref, is_deletion = command.ref, command.new == _NO_COMMIT
    if command.is_into_master:
        if is_deletion:
            raise RejectedError("master cannot be deleted; it is the document.")
        return
    if not ref.isprintable():
        raise RejectedError(f"{ref!a}: a name must be printable UTF-8.")
    if ref.startswith("refs/for/"):
        raise RejectedError(f"{ref} cannot be pushed: only {FOR_MASTER} is merged.")
    for reserved, why in _RESERVED.items():
        if f"{ref}/".casefold().startswith(reserved):  # some file systems ignore case
            raise RejectedError(f"{ref.removeprefix(BRANCHES)} cannot be pushed: it {why}.")
    if not ref.startswith(_ALLOWED):
        raise RejectedError(f"{ref} cannot be pushed: only branches, tags and notes can.")
    _, _, name = ref.removeprefix("refs/").partition("/")
    if name == "HEAD" or name.startswith("refs/"):
        raise RejectedError(f"{ref} cannot be pushed: the name is ambiguous to Git.")


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()


def _kind_of(mode: str) -> str:
    return {"120000": "a symbolic link", "160000": "a submodule"}.get(mode, f"of mode {mode}")

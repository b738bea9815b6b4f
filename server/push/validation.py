"""What a push has to be before anything of it counts.

Git itself sees to it that the objects are sound, that none is missing, and that no path is called
`.git` or `..` (`receive.fsckObjects`). Here is what makes a commit one of this document: which refs
may be pushed, and that its file is a text in every commit that is new. Reads the pushed objects
where Git keeps them until they are accepted. Blocks.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.core.git_model import CLIENTS, MASTER, UNMERGED
from server.git.process import git

FOR_MASTER = "refs/for/master"
_INTO_MASTER = (MASTER, FOR_MASTER)

_READ_AT_ONCE = 32  # texts
_READ_BYTES_MAX = 512 * 2**20  # of all texts that are new
_TREE_BYTES_MAX = 64 * 1024  # of the folder that holds the document's file: each edit copies it
_NOTHING = "0" * 40
_ALLOWED = ("refs/heads/", "refs/tags/", "refs/notes/")
_RESERVED = {
    CLIENTS: "belongs to the people who are typing",
    UNMERGED: "goes by itself when a push to master contains it",
    f"{MASTER}/": "would be in the way of master",
}
_FILE_MODES = ("100644", "100755")
# Refs that only the server moves: what they hold was looked at. (`master` as a pattern, or Git
# takes it for a folder.)
_NOT_OURS = ("--not", "--branches=[m]aster", "--branches=clients/*", "--branches=unmerged/*")

_FETCH_FIRST = (
    "{ref} has commits that yours are not based on. Either let the server merge them:\n"
    "    git push origin HEAD:refs/for/master\n"
    "or merge them yourself: git pull --no-rebase, and push again."
)


@dataclass(frozen=True, slots=True)
class Command:
    """What a push wants of one ref, as Git calls it; `_NOTHING` for no commit."""

    old: str
    new: str
    ref: str

    @property
    def is_into_master(self) -> bool:
        """Whether this is to be merged, and not only kept."""
        return self.ref in _INTO_MASTER


@dataclass(frozen=True, slots=True)
class Version:
    """What a commit that was pushed holds."""

    text: str
    author: str


class RefusedError(Exception):
    """Nothing of this may come in; the message says why, for the pusher, in one or more lines."""


class PushCheck:
    """The check of one push.

    Args:
        repository: the bare repository.
        environment: where Git keeps what was pushed.
        filename: of the document's text.
        text_bytes_max: the largest text.
        wait_s: how long all of it may take.
    """

    def __init__(
        self,
        repository: Path,
        environment: Mapping[str, str],
        filename: str,
        text_bytes_max: int,
        wait_s: float,
    ) -> None:
        self._deadline = time.monotonic() + wait_s
        self._repository = repository
        self._environment = environment
        self._filename = filename
        self._text_bytes_max = text_bytes_max

    def check(self, commands: Sequence[Command]) -> dict[str, Version]:
        """See that all is well.

        Returns:
            What the commits hold that are to be merged, by their ids.

        Raises:
            RefusedError: it is not.
            GitError: Git cannot be asked.
        """
        for command in commands:
            check_ref(command)
        self._check_places(commands)
        into_master = [command for command in commands if command.is_into_master]
        if not into_master and not self._git("for-each-ref", MASTER):
            raise RefusedError(
                "There is no such document yet. It begins with its master: git push URL HEAD:master"
            )
        for command in into_master:
            self._check_tip(command.new)
            if command.ref == MASTER:
                self._check_fast_forward(command)
        self._check_texts([command.new for command in into_master])
        return {command.new: self._version(command.new) for command in into_master}

    def _check_places(self, commands: Sequence[Command]) -> None:
        """No new ref is below another; Git would see it after the merge, and that is too late."""
        made = {command.ref for command in commands if command.old == _NOTHING} - set(_INTO_MASTER)
        if not made:
            return
        there = set(self._git("for-each-ref", "--format=%(refname)").decode().split())
        there -= {command.ref for command in commands if command.new == _NOTHING}
        for new in sorted(made):
            for ref in sorted(there | made):
                if ref.startswith(f"{new}/") or new.startswith(f"{ref}/"):
                    raise RefusedError(f"{new} cannot be made: there is {ref}.")

    def _check_tip(self, commit: str) -> None:
        """The newest commit has the document's file."""
        if self._git("cat-file", "-t", commit) != b"commit\n":
            raise RefusedError("Only a commit can be merged into master.")
        if int(self._git("cat-file", "-s", f"{commit}^{{tree}}")) > _TREE_BYTES_MAX:
            raise RefusedError("There are too many files beside the document's in your commit.")
        if not self._git("ls-tree", commit, "--", self._filename):
            raise RefusedError(
                f"There is no file {self._filename} in your commit; it holds the text of this"
                f" document. To use another file's text: git mv FILE {self._filename}"
            )

    def _check_fast_forward(self, command: Command) -> None:
        """It goes on from where `master` was when the client asked, as Git has it."""
        if command.old == _NOTHING:
            if self._git("for-each-ref", MASTER):
                raise RefusedError(_FETCH_FIRST.format(ref="master"))
            return
        for head in (command.new, MASTER):
            if self._git("merge-base", command.old, head, ok=(0, 1)).decode().strip() != (
                command.old
            ):
                raise RefusedError(_FETCH_FIRST.format(ref="master"))

    def _check_texts(self, heads: Sequence[str]) -> None:
        """The document's file is a text in every commit that is new to `master`, or is not there.

        What was pushed to another branch before, and not looked at, counts as new.
        """
        found = self._texts(heads)
        form = "--batch-check=%(objectsize)"
        sizes = self._git("cat-file", form, stdin=_lines(found)).decode().split()
        for commit, size in zip(found.values(), map(int, sizes), strict=True):
            if size > self._text_bytes_max:
                raise RefusedError(
                    f"{self._filename} has {size:,} bytes in commit {commit[:10]}; a"
                    f" document can hold {self._text_bytes_max:,}."
                )
        if sum(map(int, sizes)) > _READ_BYTES_MAX:
            raise RefusedError(
                "These are too many texts for one push: push an older commit of yours first."
            )
        blobs = list(found)
        for start in range(0, len(blobs), _READ_AT_ONCE):
            for blob, data in self._blobs(blobs[start : start + _READ_AT_ONCE]):
                self._check_text(data, found[blob])

    def _texts(self, heads: Sequence[str]) -> dict[str, str]:
        """The blobs that the document's file is in new commits, and a commit of each."""
        commits = self._git("rev-list", *heads, *_NOT_OURS)
        options = ("--stdin", "--root", "-m", "-r", "--raw", "--no-renames", "--no-abbrev")
        changes = self._git("diff-tree", *options, "--", self._filename, stdin=commits)
        commit = ""
        found: dict[str, str] = {}
        for line in changes.decode(errors="replace").splitlines():
            if not line.startswith(":"):
                commit = line
                continue
            _, mode, _, blob, _ = line.partition("\t")[0].split()
            if mode == "000000":
                continue  # it is not there
            self._check_mode(mode, line.partition("\t")[2], commit)
            found.setdefault(blob, commit)
        return found

    def _check_mode(self, mode: str, path: str, commit: str) -> None:
        is_file = path == self._filename
        if not is_file or mode not in _FILE_MODES:
            raise RefusedError(
                f"{self._filename} has to be an ordinary file; in commit {commit[:10]} it is"
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
            raise RefusedError(
                f"{self._filename} is not UTF-8 text in commit {commit[:10]}, line {line}. A"
                " document holds text only."
            ) from None
        if b"\0" in data:
            raise RefusedError(
                f"{self._filename} holds the character NUL in commit {commit[:10]}. A document"
                " holds text only."
            )

    def _version(self, commit: str) -> Version:
        text = self._git("cat-file", "blob", f"{commit}:{self._filename}").decode()
        author = self._git("log", "-1", "--format=%an", commit).decode(errors="replace").strip()
        return Version(text, author)

    def _git(self, *arguments: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,)) -> bytes:
        return git(self._repository, *arguments, stdin=stdin, ok=ok, environment=self._environment)


def check_ref(command: Command) -> None:
    """See that this may be done to a ref of this name.

    Raises:
        RefusedError: it may not.
    """
    ref, is_deletion = command.ref, command.new == _NOTHING
    if command.is_into_master:
        if is_deletion:
            raise RefusedError("master cannot be deleted: it is the document.")
        return
    if not ref.isprintable():
        raise RefusedError(f"{ref!a}: a name has to be printable, in UTF-8.")
    if ref.startswith("refs/for/"):
        raise RefusedError(f"{ref}: only {FOR_MASTER} is merged.")
    for reserved, why in _RESERVED.items():
        if f"{ref}/".casefold().startswith(reserved):  # some disks do not tell them apart
            raise RefusedError(f"{ref.removeprefix('refs/heads/')} cannot be pushed: it {why}.")
    if not ref.startswith(_ALLOWED):
        raise RefusedError(f"{ref} cannot be pushed: only branches, tags and notes can.")
    _, _, name = ref.removeprefix("refs/").partition("/")
    if name == "HEAD" or name.startswith("refs/"):
        raise RefusedError(f"{ref} cannot be pushed: Git would take it for another.")


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()


def _kind_of(mode: str) -> str:
    return {"120000": "a symbolic link", "160000": "a submodule"}.get(mode, f"of mode {mode}")

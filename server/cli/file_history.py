"""The history of one file of a Git repository, as a separate history that can be pushed.

    the repository            o──o──o──o──o──o     commits of all its files
                                 │     ╲  │
    git log -- the file          o──────o─o        those that change this one, and their merges
                                 ▼      ▼ ▼
    a temporary repository       o──────o─o        the same texts, authors, dates and messages,
                                                   with the document's file alone
    git push ─▶ the server

Reads the repository with the user's Git and settings, and does not change it. The texts are not
copied: the temporary repository has the other as an alternate. Blocks.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from tempfile import TemporaryDirectory

from server.cli.http_client import CommandError
from server.cli.text_files import problem_of
from server.git.process import ELSEWHERE
from server.support.credentials import authorization_for
from server.support.terminal import say, tick

_MASTER = "refs/heads/master"  # `core.git_model` would load the merge and Git's library
_FORM = "%H%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B%x00"  # see `_commit_of`
_FIELDS = _FORM.count("%x00")
_ANGLES = re.compile("[<>]")
_TIME = re.compile(r"(?P<seconds>\d+)(?: (?P<zone>[+-](?P<hours>\d\d)[0-5]\d)$)?")
_SECONDS_MAX = 2**53
_HOURS_MAX = 14  # of a zone
_LEAVE_OUT = "to leave out older commits: --since with a later one"


@dataclass(frozen=True, slots=True)
class _Commit:
    """A commit that changes the file."""

    id: str
    parents: Sequence[str]  # the nearest ancestors that change it, too
    author: str  # as in a commit: name, address, time
    committer: str
    message: str

    def __str__(self) -> str:
        """Return how the user finds the commit."""
        subject, _, _ = self.message.partition("\n")
        return f"commit {self.id[:10]} ({subject})"


class FileHistory:
    """The commits of a file up to HEAD.

    Args:
        file: a file in the working tree of a repository.
        since: the first commit of the history; None for all of it.

    Raises:
        CommandError: there is no repository, or it has no history of this file.
    """

    def __init__(self, file: Path, since: str | None) -> None:
        self._folder = file.parent
        if (form := _line(self._git("rev-parse", "--show-object-format"))) != "sha1":
            raise CommandError(
                f"its repository uses {form}, and those of the server sha1; leave out --history"
            )
        prefix = _line(self._git("rev-parse", "--show-prefix"))
        self._folder = Path(_line(self._git("rev-parse", "--show-toplevel")))
        self._path = f"{prefix}{file.name}"
        if "\n" in self._path:
            raise CommandError("git cat-file cannot read a name of two lines")
        if not self._git("ls-tree", "HEAD", "--", self._path, ok=(0, 128)).startswith(b"100"):
            raise CommandError("it is not committed in a repository; leave out --history")
        if self._git("status", "--porcelain", "--", self._path):
            say(f"gollabedit: {file} has changes that are not committed; they are not imported")
        names, renamed_from = self._names()
        self._commits = self._log(names, since)
        self._texts = self._find_texts(names, renamed_from)

    def push(self, url: str, filename: str) -> int:
        """Push the history to `master` of a new document.

        Args:
            url: the URL of the document's repository.
            filename: the name of the document's file.

        Returns:
            The number of commits.

        Raises:
            CommandError: a version is not text, or the server rejects the push.
        """
        self._check_texts()
        with TemporaryDirectory(prefix="gollabedit-") as folder:
            own = Path(folder)
            self._git("init", "--quiet", "--bare", "--template=", folder)
            (own / "objects" / "info").mkdir(exist_ok=True)
            objects = self._git("rev-parse", "--path-format=absolute", "--git-path", "objects")
            (own / "objects" / "info" / "alternates").write_bytes(objects)
            made = self._write(own, filename)
            self._push(own, url, made)
        return len(made)

    # --- reading

    def _names(self) -> tuple[list[str], dict[str, str]]:
        """Return the file's names, newest first, and the old name by the commit that renamed it.

        The history of a file that was copied from another begins with the copy.
        """
        output = self._git(
            "log", "--follow", "-M", "--name-status", "-z", "--format=%H", "HEAD", "--", self._path,
        )  # fmt: skip
        words = iter(os.fsdecode(output).split("\0"))
        names, renamed_from = [self._path], dict[str, str]()
        for commit in words:
            match next(words, "").strip()[:1]:
                case "R":
                    names.append(next(words))
                    renamed_from[commit] = names[-1]
                    next(words)
                case "C" | "":
                    break
                case _:
                    next(words)
        return list(dict.fromkeys(names)), renamed_from

    def _log(self, names: Sequence[str], since: str | None) -> list[_Commit]:
        """Return the commits that change a file of these names, parents first."""
        before = ["--not", f"{self._commit(since)}^@"] if since else []
        output = self._git(
            "-c", "log.showSignature=false", "log", "--topo-order", "--reverse", "--parents",
            "--date=raw", "--encoding=UTF-8", f"--format={_FORM}", "HEAD", *before, "--", *names,
        )  # fmt: skip
        fields = output.decode(errors="replace").split("\0")[:-1]
        if not fields:
            raise CommandError(f"no commit changes it since {since}")
        rows = (fields[at : at + _FIELDS] for at in range(0, len(fields), _FIELDS))
        return [_commit_of(row) for row in rows]

    def _commit(self, name: str) -> str:
        """Return the id of a commit that the user named."""
        found = self._git("rev-parse", "--verify", "-q", f"{name}^{{commit}}", ok=(0, 1))
        if not found or name.startswith("-"):
            raise CommandError(f"its repository has no commit {name}")
        return _line(found)

    def _find_texts(self, names: Sequence[str], renamed_from: dict[str, str]) -> dict[str, str]:
        """Return the blob of the file by the id of each commit that has the file."""
        expected: dict[str, str] = {}
        for commit in reversed(self._commits):
            name = expected.setdefault(commit.id, self._path)
            for parent in commit.parents:
                expected.setdefault(parent, renamed_from.get(commit.id, name))
        # A branch from before a renaming that was merged after it still has an older name.
        asked = [
            (commit.id, name)
            for commit in self._commits
            for name in names[names.index(expected[commit.id]) :]
        ]
        output = self._git(
            "cat-file", "--batch-check=%(objecttype) %(objectname)",
            stdin=b"".join(os.fsencode(f"{commit}:{name}\n") for commit, name in asked),
        )  # fmt: skip
        texts: dict[str, str] = {}
        for (id, _), line in zip(asked, output.splitlines(), strict=True):
            kind, _, blob = line.partition(b" ")
            if kind == b"blob":
                texts.setdefault(id, blob.decode())
        return texts

    def _check_texts(self) -> None:
        """Check that every version is text. The server would, too, but cannot name the commit."""
        first = {blob: commit for commit, blob in reversed(self._texts.items())}
        commits = {commit.id: commit for commit in self._commits}
        for at, (blob, data) in enumerate(self._blobs(first), 1):
            tick(f"{self._path}: version {at} of {len(first)}")
            if problem := problem_of(data):
                tick("")
                raise CommandError(f"{problem} in {commits[first[blob]]}; {_LEAVE_OUT}")

    def _blobs(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        command = ["git", "cat-file", "--batch"]
        with subprocess.Popen(
            command, cwd=self._folder, env=_environment(), stdin=PIPE, stdout=PIPE
        ) as reading:
            assert reading.stdin is not None
            assert reading.stdout is not None
            for id in ids:
                reading.stdin.write(f"{id}\n".encode())
                reading.stdin.flush()
                size = int(reading.stdout.readline().split()[2])
                yield id, reading.stdout.read(size)
                reading.stdout.read(1)

    # --- writing

    def _write(self, own: Path, filename: str) -> dict[str, _Commit]:
        """Write the new commits, and return the original commit by the id of each new one."""
        marks: dict[str, int] = {}  # of the new commit, or of the one in its place
        texts: dict[int, str | None] = {}
        made: dict[int, _Commit] = {}
        stream: list[str] = []
        for commit in self._commits:
            text = self._texts.get(commit.id)
            parents = list(dict.fromkeys(marks[p] for p in commit.parents if p in marks))
            if len(parents) < 2 and text == (texts[parents[0]] if parents else None):
                if parents:
                    marks[commit.id] = parents[0]  # it changed another file with a former name
                continue
            mark = marks[commit.id] = len(made) + 1
            texts[mark], made[mark] = text, commit
            stream.append(_instruction(mark, commit, parents, text, filename))
        stream.append(f"reset {_MASTER}\nfrom :{marks[self._commits[-1].id]}\n\n")
        importing = ["fast-import", "--quiet", "--date-format=raw-permissive"]
        marked = f"--export-marks={own / 'marks'}"
        self._git(f"--git-dir={own}", *importing, marked, stdin="".join(stream).encode())
        lines = (own / "marks").read_text().splitlines()
        ids = {int(mark[1:]): id for mark, id in map(str.split, lines)}
        return {ids[mark]: commit for mark, commit in made.items()}

    def _push(self, own: Path, url: str, made: dict[str, _Commit]) -> None:
        """Push with the user's Git settings, and pass on the output."""
        progress = ["--progress"] if sys.stderr.isatty() else []
        options = ("--no-verify", "--no-recurse-submodules", "--no-follow-tags", *progress)
        command = ["git", f"--git-dir={own}", "push", *options, url, _MASTER]
        output = b""
        tick("")
        with subprocess.Popen(command, env=_signed_in(url), stderr=PIPE) as pushing:
            assert pushing.stderr is not None
            while part := os.read(pushing.stderr.fileno(), 65536):
                output += part
                sys.stderr.buffer.write(part)
                sys.stderr.flush()
        if pushing.returncode:
            raise CommandError(f"the push failed{_named_in(output.decode(errors='replace'), made)}")

    def _git(self, *arguments: str, stdin: bytes = b"", ok: Sequence[int] = (0,)) -> bytes:
        """Run Git at the top of the repository with the user's settings; return its output."""
        command = ["git", "--literal-pathspecs", "--no-optional-locks", *arguments]
        try:
            ran = subprocess.run(
                command,
                input=stdin,
                cwd=self._folder,
                env=_environment(),
                capture_output=True,
                check=False,
            )
        except OSError as problem:
            raise CommandError(f"git cannot be run: {problem.strerror}") from None
        if ran.returncode not in ok:
            lines = ran.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
            raise CommandError(f"Git says: {lines[0].removeprefix('fatal: ')}")
        return ran.stdout


def _environment() -> dict[str, str]:
    """Return the user's environment, without the variables of a Git that runs us in a hook."""
    return {name: value for name, value in os.environ.items() if name not in ELSEWHERE}


def _signed_in(url: str) -> dict[str, str]:
    """Return the environment for a push, with the credentials that the commands have.

    Those in the address and in netrc, Git finds itself.
    """
    environment = _environment()
    authorization = authorization_for(url, environment)
    if authorization and authorization.startswith("Bearer "):
        at = int(environment.get("GIT_CONFIG_COUNT", "0"))
        environment |= {
            "GIT_CONFIG_COUNT": str(at + 1),
            f"GIT_CONFIG_KEY_{at}": f"http.{url}.extraHeader",
            f"GIT_CONFIG_VALUE_{at}": f"Authorization: {authorization}",
        }
    return environment


def _commit_of(fields: Sequence[str]) -> _Commit:
    """Parse a commit in the format `_FORM`; its first field begins with a line end."""
    id, parents, *people, message = fields
    committed = _time(people[5]) or "0 +0000"
    author = _person(people[0], people[1], _time(people[2]) or committed)
    committer = _person(people[3], people[4], committed)
    return _Commit(id.strip(), parents.split(), author, committer, message)


def _person(name: str, email: str, time: str) -> str:
    """Return a person as in a commit, in a form that servers which check pushes accept."""
    name, email = (" ".join(_ANGLES.sub("", part).split()) for part in (name, email))
    return f"{name or email or 'somebody'} <{email}> {time}"


def _time(raw: str) -> str | None:
    """Return a time in Git's raw format, in UTC if its zone is none; None if there is no time."""
    found = _TIME.match(raw)
    if found is None or int(found["seconds"]) > _SECONDS_MAX:
        return None
    zone = found["zone"] if found["zone"] and int(found["hours"]) <= _HOURS_MAX else "+0000"
    return f"{found['seconds']} {zone}"


def _instruction(
    mark: int, commit: _Commit, parents: Sequence[int], text: str | None, filename: str
) -> str:
    """Return the input with which git-fast-import(1) writes a commit."""
    message = commit.message.rstrip("\n") + "\n"
    return "".join(
        (
            "" if parents else f"reset {_MASTER}\n\n",
            f"commit {_MASTER}\nmark :{mark}\n",
            f"author {commit.author}\ncommitter {commit.committer}\n",
            f"data {len(message.encode())}\n{message}",
            *(f"{'merge' if at else 'from'} :{parent}\n" for at, parent in enumerate(parents)),
            "deleteall\n",
            f"M 100644 {text} {filename}\n" if text else "",
            "\n",
        )
    )


def _named_in(output: str, made: Mapping[str, _Commit]) -> str:
    """Return the rest of a message: the user's commit that the server named by its new id."""
    for id, commit in made.items():
        if id[:10] in output:
            return f": {id[:10]} is your {commit}; {_LEAVE_OUT}"
    return ""


def _line(output: bytes) -> str:
    return os.fsdecode(output).rstrip("\n")

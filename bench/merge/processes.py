"""The tools that run a process per call: `git merge-file` and `wiggle`.

Both read three files and write the merged one to stdout; the exit code tells whether there are
conflicts. This module also gets Git's conflicts and diffs for the benchmark.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.merge.tool import LIMIT_S, Failed, Missing, Tool, TooSlow
from merge.tokens import tokens

# Independent of the user's settings.
_ENVIRONMENT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
}
# `git merge-file` exits with the number of conflicts, at most this; higher codes are failures.
_CONFLICTS_MAX = 127
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


class Git(Tool):
    """`git merge-file` on the texts as they are."""

    threads = os.cpu_count() or 1

    def __init__(self) -> None:
        self.version = _version("git")

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        return git_merge_file(base, ours, theirs)


class GitTokens(Git):
    """`git merge-file` with one token per line."""

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        numbers = Numbers()
        merged = git_merge_file(*(numbers.encode(tokens(text)) for text in (base, ours, theirs)))
        return None if merged is None else "".join(numbers.decode(merged))


class Wiggle(Tool):
    """`wiggle --merge`, which compares words and applies what it can."""

    threads = os.cpu_count() or 1

    def __init__(self) -> None:
        self.version = _version("wiggle")

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        with TemporaryDirectory(prefix="bench-merge-") as folder:
            done = _run(["wiggle", "--merge", *_files(folder, ours, base, theirs)])
        if done.returncode not in {0, 1}:
            raise Failed(_reason(done))
        # It may split a character.
        return done.stdout.decode(errors="replace") if done.returncode == 0 else None


class Numbers:
    """Items encoded as numbers, one per line, for tools that only know lines."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def encode(self, items: Sequence[str]) -> str:
        """Return one line per item; equal items get equal numbers."""
        numbers = self._numbers
        return "".join([f"{numbers.setdefault(item, len(numbers))}\n" for item in items])

    def decode(self, lines: str) -> list[str]:
        """Return the items that the lines stand for."""
        items = list(self._numbers)
        return [items[int(number)] for number in lines.split()]


def git_merge_file(base: str, ours: str, theirs: str) -> str | None:
    """Return Git's merge, or None if it has conflicts."""
    done = _git(base, ours, theirs)
    return done.stdout.decode() if done.returncode == 0 else None


def git_conflicts(base: str, ours: str, theirs: str) -> str:
    """Return Git's merge with conflict markers that include the base."""
    return _git(base, ours, theirs, "--diff3").stdout.decode()


def git_changes(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[range, range]]:
    """Yield the changed ranges by Git's histogram diff, which aligns rare items."""
    numbers = Numbers()
    command = ["git", "diff", "--no-index", "--no-color", "--histogram", "--unified=0", "--"]
    with TemporaryDirectory(prefix="bench-merge-") as folder:
        done = _run([*command, *_files(folder, numbers.encode(before), numbers.encode(after))])
    for old_start, old_length, new_start, new_length in _HUNK.findall(done.stdout.decode()):
        yield _range(old_start, old_length), _range(new_start, new_length)


def _range(start: str, length: str) -> range:
    """Convert a range of a unified diff, which counts from 1; if empty, from the line before."""
    count = int(length or 1)
    first = int(start) - (count > 0)
    return range(first, first + count)


def _git(base: str, ours: str, theirs: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    with TemporaryDirectory(prefix="bench-merge-") as folder:
        files = _files(folder, ours, base, theirs)
        done = _run(["git", "merge-file", "--stdout", "--quiet", *options, *files])
    if not 0 <= done.returncode <= _CONFLICTS_MAX:
        raise Failed(_reason(done))
    return done


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return why a command failed; a negative exit code is a signal."""
    return done.stderr.decode(errors="replace") or f"exit code {done.returncode}"


def _files(folder: str, *texts: str) -> list[str]:
    """Write the texts to files, byte for byte."""
    paths = [Path(folder, str(number)) for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text.encode())
    return [str(path) for path in paths]


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command, capture_output=True, check=False, env=_ENVIRONMENT, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired as error:
        raise TooSlow from error


def _version(command: str) -> str:
    if shutil.which(command) is None:
        raise Missing(f"{command} is not installed")
    shown = _run([command, "--version"])
    return (shown.stdout or shown.stderr).decode().partition("\n")[0]

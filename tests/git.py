"""The real `git`, without the settings of whoever runs the tests."""

import os
import subprocess
from pathlib import Path

import pytest

from server.git.rewriting import objects_that

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Olive",
    "GIT_AUTHOR_EMAIL": "olive@example.invalid",
    "GIT_COMMITTER_NAME": "Olive",
    "GIT_COMMITTER_EMAIL": "olive@example.invalid",
}


def without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the user's settings of Git and SSH from the code under test."""
    for name in ("HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(name, ENVIRONMENT[name])
    for name in ("GIT_SSH", "GIT_SSH_COMMAND"):
        monkeypatch.delenv(name, raising=False)


def run_git(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `git`, however it ends."""
    return subprocess.run(
        ["git", *arguments], cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def git(*arguments: str, cwd: Path) -> str:
    """Run `git`, which must succeed; returns what it prints, without the last line end."""
    ran = run_git(*arguments, cwd=cwd)
    assert ran.returncode == 0, f"git {' '.join(arguments)}: {ran.stderr}"
    return ran.stdout.removesuffix("\n")


def refs(repository: Path) -> dict[str, str]:
    """Return all refs with what they point to."""
    listed = git("for-each-ref", "--format=%(refname) %(objectname)", cwd=repository)
    return dict(line.split(" ") for line in listed.splitlines())


def texts(repository: Path, ref: str) -> list[str]:
    """Return the texts of a branch of the document `notes`, the oldest first."""
    commits = git("rev-list", "--first-parent", "--reverse", ref, cwd=repository).split()
    return [git("show", f"{commit}:notes.txt", cwd=repository) for commit in commits]


def objects_with(repository: Path, text: str) -> set[str]:
    """Return the objects that hold a text: as content, in a message, or in a name."""
    return set(objects_that(repository, lambda _, data: text.encode() in data))


def assert_sound(repository: Path) -> None:
    """`git fsck --strict` finds nothing to complain about."""
    ran = run_git("fsck", "--strict", "--no-dangling", "--no-progress", cwd=repository)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", ""), ran.stdout + ran.stderr

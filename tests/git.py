"""The real `git`, without the settings of whoever runs the tests."""

import os
import subprocess
from pathlib import Path

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


def assert_sound(repository: Path) -> None:
    """`git fsck --strict` finds nothing to complain about."""
    ran = run_git("fsck", "--strict", "--no-dangling", "--no-progress", cwd=repository)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", ""), ran.stdout + ran.stderr

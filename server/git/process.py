"""Git as a subprocess, without the configuration of the user or the machine."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import which

ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
    "PATH": os.environ.get("PATH", os.defpath),
}
# Set by a Git that runs this program in a hook, about its own repository.
ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH",
)  # fmt: skip
# A mounted data folder may belong to another user.
_SETTINGS = ("-c", "safe.directory=*")
# By default Git does not sync all that it writes.
_SYNCED = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
GENTLY = ("nice", "-n", "10") if which("nice") else ()


class GitError(Exception):
    """Git failed; the message contains Git's own."""


def git(
    repository: Path,
    *arguments: str,
    stdin: bytes = b"",
    ok: tuple[int, ...] = (0,),
    gently: bool = False,
    environment: Mapping[str, str] | None = None,
    wait_s: float | None = None,
) -> bytes:
    """Run Git in a bare repository and return its output; what it writes is synced. Blocks.

    Args:
        repository: the bare repository.
        arguments: settings, the command, and its arguments.
        stdin: its input.
        ok: the exit codes that are no error.
        gently: whether to run at a lower priority.
        environment: additional variables.
        wait_s: the time limit.

    Raises:
        GitError: Git exited with another code, took too long, or is not installed.
    """
    try:
        ran = run_git(
            repository,
            *arguments,
            stdin=stdin,
            gently=gently,
            environment=environment,
            wait_s=wait_s,
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git {' '.join(arguments[:2])} took too long in {repository}") from None
    except OSError as problem:
        raise GitError(f"git cannot be run: {problem}") from problem
    if ran.returncode not in ok:
        said = ran.stderr.decode(errors="replace").strip()
        raise GitError(f"git {' '.join(arguments[:4])} failed in {repository}: {said}")
    return ran.stdout


def run_git(
    repository: Path,
    *arguments: str,
    stdin: bytes = b"",
    gently: bool = False,
    environment: Mapping[str, str] | None = None,
    wait_s: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run Git as `git` does, and return whatever it exits with.

    Raises:
        OSError: Git cannot be run.
        subprocess.TimeoutExpired: Git took too long.
    """
    command = ("git", *_SETTINGS, *_SYNCED, f"--git-dir={repository}", *arguments)
    return subprocess.run(
        (*GENTLY, *command) if gently else command,
        input=stdin,
        env={**ENVIRONMENT, **(environment or {})},
        capture_output=True,
        check=False,
        timeout=wait_s,
    )

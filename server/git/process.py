"""Git itself, as a subprocess: nothing of the server's user or machine has a say in it."""

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
# What a Git in whose hook we were started says of its own repository.
ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH",
)  # fmt: skip
# A mounted data folder may belong to another user.
_SETTINGS = ("-c", "safe.directory=*")
# Git syncs what it writes, not only the objects that it thinks need it.
_SYNCED = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
GENTLY = ("nice", "-n", "10") if which("nice") else ()


class GitError(Exception):
    """Git refused; the message is what it said."""


def git(
    repository: Path,
    *arguments: str,
    stdin: bytes = b"",
    ok: tuple[int, ...] = (0,),
    gently: bool = False,
    environment: Mapping[str, str] | None = None,
    wait_s: float | None = None,
) -> bytes:
    """Run Git in a bare repository; what it writes is synced. Blocks.

    Args:
        repository: the bare repository.
        arguments: settings, the command, and its arguments.
        stdin: what it reads.
        ok: the exit codes that are no error.
        gently: whether it lets all others go first.
        environment: more variables for it.
        wait_s: it is ended after this time.

    Returns:
        What it printed.

    Raises:
        GitError: it ended with another code, or is not installed.
    """
    gentle = GENTLY if gently else ()
    command = [*gentle, "git", *_SETTINGS, *_SYNCED, f"--git-dir={repository}", *arguments]
    try:
        ran = subprocess.run(
            command,
            input=stdin,
            env={**ENVIRONMENT, **(environment or {})},
            capture_output=True,
            check=False,
            timeout=wait_s,
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git {' '.join(arguments[:2])} took too long in {repository}") from None
    except OSError as problem:
        raise GitError(f"git cannot be run: {problem}") from problem
    if ran.returncode not in ok:
        said = ran.stderr.decode(errors="replace").strip()
        raise GitError(f"git {' '.join(arguments[:4])} failed in {repository}: {said}")
    return ran.stdout

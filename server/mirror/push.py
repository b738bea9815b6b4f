"""One push of a document to a remote, by Git itself, with the settings of the server's user.

    master, other branches, tags    as they are; never over anything that is not in ours
    unmerged/*                      as they are here: moved, and removed where they are gone
    open conflicts                  as unmerged/<client>-open, until they are decided
    clients/* that have merged      not at all: what they wrote is in master's history

All of it is pushed or nothing (`--atomic`). Git finds its credentials where it always does: in
the user's configuration, helpers and SSH agent. It is never let ask a question.
"""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from server.core.git_model import CLIENTS, MASTER, UNMERGED
from server.git.objects import DELTA_DEPTH_MAX
from server.git.process import ELSEWHERE, GENTLY
from server.mirror.remote import local_path, mask

_SETTINGS = (
    f"pack.depth={DELTA_DEPTH_MAX}",  # with less it would take our chains of deltas apart
    "pack.threads=1",
    "http.lowSpeedLimit=1",  # a connection that is dead
    "http.lowSpeedTime=60",
)
_OPTIONS = ("--porcelain", "--atomic", "--prune", "--no-verify", "--no-follow-tags")
_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15"
_NOT_OURS = (*ELSEWHERE, "SSH_ASKPASS")  # the last one is a window that nobody sees
_SAID_BYTES_MAX = 16 * 2**20  # 100,000 refs
_SENTENCE_CHARACTERS_MAX = 300
_END_WAIT_S = 0.5
_NO_REPOSITORY = "does not appear to be a git repository"
_IDLE_WORDS = ("warning:", "Warning:", "hint:")
_FORMAT = "--format=%(refname) %(objectname)"


class PushError(Exception):
    """The remote has not got what it should; the message is a sentence without secrets."""


@dataclass(frozen=True, slots=True)
class _Ran:
    """How a program ended, and what it said."""

    code: int
    out: str
    err: str


async def push(repository: Path, url: str, wait_s: float) -> str | None:
    """Have a remote hold what a repository holds.

    Args:
        repository: the bare repository.
        url: of the remote. A path on this machine is made a repository if only its folder exists.
        wait_s: it may take so long.

    Returns:
        The revision that the remote has now; None if there is nothing to push.

    Raises:
        PushError: nothing of the remote was changed, unless it took longer than it may.
    """
    try:
        async with asyncio.timeout(wait_s):
            return await _push(repository, url)
    except TimeoutError:
        raise PushError(f"The remote has not answered within {wait_s:g} s.") from None
    except OSError as problem:
        raise PushError(f"Git cannot be run: {problem.strerror}.") from problem


async def _push(repository: Path, url: str) -> str | None:
    git = partial(_git, repository, environment=environment_of(os.environ))
    refs = _refs(await git("for-each-ref", _FORMAT, "refs/heads", "refs/tags"))
    if MASTER not in refs:
        return None
    open_conflicts = _refs(await git("for-each-ref", _FORMAT, f"--no-merged={MASTER}", CLIENTS))
    has_own_ssh = (await git("config", "core.sshCommand")).code == 0
    environment = environment_of(os.environ, has_own_ssh=has_own_ssh)
    command = ("push", *_OPTIONS, "--", url, *refspecs(refs, open_conflicts))
    ran = await git(*command, environment=environment)
    if _NO_REPOSITORY in ran.err and await _make(url, environment):
        ran = await git(*command, environment=environment)
    if ran.code != 0:
        raise PushError(_sentence(ran, url))
    return refs[MASTER]


def refspecs(refs: Mapping[str, str], open_conflicts: Mapping[str, str]) -> Iterator[str]:
    """What to push where; commits by name of their ref."""
    for name, commit in refs.items():
        if not name.startswith((CLIENTS, UNMERGED)):
            yield f"{commit}:{name}"
    for name, commit in open_conflicts.items():
        yield f"+{commit}:{UNMERGED}{name.removeprefix(CLIENTS)}-open"
    yield f"+{UNMERGED}*:{UNMERGED}*"


def _refs(ran: _Ran) -> dict[str, str]:
    """The commits that `for-each-ref` has listed, by the names of their refs."""
    if ran.code != 0:
        raise PushError(_sentence(ran, ""))
    return dict(line.split(" ") for line in ran.out.splitlines())


async def _make(url: str, environment: Mapping[str, str]) -> bool:
    """Make a bare repository on this machine, in a folder that exists; whether that was so.

    `mkdir` makes neither the folder above, which may be a disk that is not there, nor one that
    exists and is something else.
    """
    path = local_path(url)
    if path is None or (await _run("mkdir", "--", path, environment=environment)).code != 0:
        return False
    init = ("git", "init", "--bare", "--quiet", "--template=", "--initial-branch=master")
    return (await _run(*init, "--", path, environment=environment)).code == 0


# --- what Git says


def _sentence(ran: _Ran, url: str) -> str:
    """Why a push failed."""
    refused = dict(_refused(ran.out))
    behind = [name for name, why in refused.items() if why in ("fetch first", "non-fast-forward")]
    if behind:
        return (
            f"The remote has commits that this server does not have, on {_listed(behind)};"
            " nothing there was changed."
        )
    if refused:
        return f"The remote refused {_listed(refused)}: {', '.join(sorted(set(refused.values())))}."
    lines = [line.strip() for line in mask(ran.err, url).splitlines()]
    telling = [line for line in lines if line and not line.startswith(_IDLE_WORDS)]
    first = telling[0] if telling else "it failed without a word"
    for word in ("fatal: ", "error: ", "remote: "):
        first = first.removeprefix(word)
    return f"Git says: {first[:_SENTENCE_CHARACTERS_MAX].removesuffix('.')}."


def _refused(said: str) -> Iterator[tuple[str, str]]:
    """Refs that were refused, and why: lines `!<tab>from:to<tab>[rejected] (why)`."""
    for line in said.splitlines():
        if line.startswith("!\t") and line.count("\t") == 2:
            _, moved, summary = line.split("\t")
            why = summary.partition("(")[2].removesuffix(")") or summary
            if why != "atomic push failed":  # because of another ref
                yield moved.partition(":")[2], why


def _listed(refs: Collection[str]) -> str:
    """The names of a few refs, as people know them."""
    names = [name.removeprefix("refs/heads/").removeprefix("refs/tags/") for name in refs]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


# --- running it


async def _git(repository: Path, *arguments: str, environment: Mapping[str, str]) -> _Ran:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    command = [*GENTLY, "git", *settings, f"--git-dir={repository}", *arguments]
    return await _run(*command, environment=environment)


async def _run(*command: str, environment: Mapping[str, str]) -> _Ran:
    """Run a program that reads nothing.

    It speaks into files: what it leaves behind (SSH keeps connections) would hold a pipe open. It
    has no terminal, and is ended with its children when nobody waits for it any more.
    """
    with TemporaryFile() as out, TemporaryFile() as err:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=out, stderr=err, env=environment, start_new_session=True
        )
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                await _end(process)
        return _Ran(code, _read(out), _read(err))


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_SAID_BYTES_MAX).decode(errors="replace")


async def _end(process: Process) -> None:
    """End a program and its children.

    Git removes its lock files when it is asked to end, also those of a remote on this disk.
    """
    try:
        _signal(process, signal.SIGTERM)
        await _ended(process)
    finally:
        _signal(process, signal.SIGKILL)  # also where Git has ended and left somebody
        await _reaped(process)


async def _reaped(process: Process) -> None:
    """Wait until a killed program has ended, also if its end is not waited for any more.

    Else the event loop may be closed with the program still to be noticed.
    """
    ending = asyncio.ensure_future(_ended(process))
    interrupted: asyncio.CancelledError | None = None
    while not ending.done():
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError as problem:
            interrupted = problem
    if interrupted:
        raise interrupted


def _signal(process: Process, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


async def _ended(process: Process) -> None:
    """Wait for the end, but not for ever: a disk that hangs lets nobody go."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_WAIT_S):
            await process.wait()


def environment_of(given: Mapping[str, str], *, has_own_ssh: bool = False) -> dict[str, str]:
    """An environment for a Git that has its user's settings and cannot ask.

    Args:
        given: the server's.
        has_own_ssh: the user has said in Git's configuration how SSH is called, and that counts.
    """
    own = {name: value for name, value in given.items() if name not in _NOT_OURS}
    if not (has_own_ssh or "GIT_SSH" in given):
        own.setdefault("GIT_SSH_COMMAND", _SSH)
    return own | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

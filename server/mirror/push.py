"""Push a document to a remote, with Git and the Git configuration of the server's user.

    master, other branches          as they are; never forced
    tags                            the same; those that name versions are forced, as the name may
                                    have changed
    unmerged/*                      forced, and pruned where they no longer exist here
    open conflicts                  as unmerged/<client>-open, until they are resolved
    merged clients/*                not pushed: their edits are in master's history

Or only the readable history (`versions_as`): `versions` under that name, instead of `master` and
the other branches.

A push of `master` with the conflicts is atomic (`--atomic`); so is one of the other branches and
tags, which follows. Git takes credentials from the usual places: the user's
configuration, credential helpers and SSH agent. It is never allowed to prompt.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from server.core.git_model import BRANCHES, CLIENTS, MASTER, REVISION, TAGS, UNMERGED, VERSIONS
from server.git.objects import DELTA_DEPTH_MAX
from server.git.process import ELSEWHERE, GENTLY
from server.mirror.remote import local_path, mask
from server.support.programs import running

_SETTINGS = (
    f"pack.depth={DELTA_DEPTH_MAX}",  # a lower value would split our delta chains
    "pack.threads=1",
    "http.lowSpeedLimit=1",  # give up on a dead connection
    "http.lowSpeedTime=60",
)
_OPTIONS = (
    *("--porcelain", "--atomic", "--no-verify", "--no-follow-tags"),
    "--no-recurse-submodules",  # with `only` in the user's settings Git would push nothing
)
# Other branches and tags are pushed by patterns: Git compares each refspec with each ref.
_NOT = (f"^{MASTER}", f"^{CLIENTS}*", f"^{UNMERGED}*")
_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15"
_UNSET = (*ELSEWHERE, "SSH_ASKPASS")  # the last one would open a window
_OUTPUT_BYTES_MAX = 16 * 2**20  # enough for 100,000 refs
_SENTENCE_CHARACTERS_MAX = 300
_NO_REPOSITORY = "does not appear to be a git repository"
_IGNORED_PREFIXES = ("warning:", "Warning:", "hint:")
_FORMAT = "--format=%(refname) %(objectname)"


class PushError(Exception):
    """The push failed; the message is a sentence without secrets."""


@dataclass(frozen=True, slots=True)
class _Ran:
    """The exit code and the output of a process."""

    code: int
    out: str
    err: str


async def push(
    repository: Path,
    url: str,
    wait_s: float,
    versions_as: str = "",
    *,
    folders: Sequence[str] = (),
    overwrites: bool = False,
) -> str | None:
    """Push a repository to a remote.

    Args:
        repository: the bare repository.
        url: the URL of the remote. A local repository is created if its parent folder exists.
        wait_s: the time limit.
        versions_as: the name that the branch `versions` has there, to push only that; empty to push
            all branches.
        folders: the URLs of the folders that are made there, too, from the outermost on.
        overwrites: whether commits that are only there are given up: after a purge.

    Returns:
        The revision at the remote, or None if there is nothing to push.

    Raises:
        PushError: The push failed. The remote is unchanged, except perhaps after a timeout.
    """
    try:
        async with asyncio.timeout(wait_s):
            return await _push(repository, url, versions_as, folders, overwrites)
    except TimeoutError:
        raise PushError(f"The remote did not answer within {wait_s:g} s.") from None
    except OSError as problem:
        raise PushError(f"Git cannot be run: {problem.strerror}.") from problem


async def _push(
    repository: Path, url: str, versions_as: str, folders: Sequence[str], overwrites: bool
) -> str | None:
    git = partial(_git, repository, environment=environment_of(os.environ))
    refs = _refs(await git("for-each-ref", _FORMAT, "refs/heads", "refs/tags"))
    source = VERSIONS if versions_as else MASTER
    if source not in refs:
        return None
    revision = refs[source]
    if versions_as:
        named = await git("log", "-1", f"--format=%(trailers:key={REVISION},valueonly)", revision)
        revision = named.out.strip() or revision
    open_conflicts = _refs(await git("for-each-ref", _FORMAT, f"--no-merged={MASTER}", CLIENTS))
    has_own_ssh = (await git("config", "core.sshCommand")).code == 0
    environment = environment_of(os.environ, has_own_ssh=has_own_ssh)
    branch = versions_as or MASTER.removeprefix(BRANCHES)
    force = "+" if overwrites else ""
    specs = _refspecs(f"{force}{refs[source]}:{BRANCHES}{branch}", open_conflicts)
    command = ("push", *_OPTIONS, "--prune", "--", url, *specs)
    ran = await git(*command, environment=environment)
    if _NO_REPOSITORY in ran.err and await _create(url, branch, folders, environment):
        ran = await git(*command, environment=environment)
    tags = await _named_versions(git) if VERSIONS in refs else []
    others = [
        *(() if versions_as else (f"{force}{BRANCHES}*:{BRANCHES}*", *_NOT)),
        f"{force}{TAGS}*:{TAGS}*",
        *(f"^{tag}" for tag in tags),
    ]
    if ran.code == 0 and any(_is_other(name, versions_as) for name in refs.keys() - set(tags)):
        ran = await git("push", *_OPTIONS, "--", url, *others, environment=environment)
    if ran.code == 0 and tags:  # a version may get another name
        forced = [f"+{tag}:{tag}" for tag in tags]
        ran = await git("push", *_OPTIONS, "--", url, *forced, environment=environment)
    if ran.code != 0:
        raise PushError(_sentence(ran, url))
    return revision


async def _named_versions(git: Callable[..., Awaitable[_Ran]]) -> list[str]:
    """Return the tags that name versions."""
    ran = await git("for-each-ref", "--format=%(refname)", f"--merged={VERSIONS}", TAGS)
    return ran.out.split()


def _refspecs(main: str, open_conflicts: Mapping[str, str]) -> Iterator[str]:
    """Yield the refspecs of all that the server moves.

    Args:
        main: that of the main branch.
        open_conflicts: the heads of branches with open conflicts, by ref.
    """
    yield main
    for name, commit in open_conflicts.items():
        yield f"+{commit}:{UNMERGED}{name.removeprefix(CLIENTS)}-open"
    yield f"+{UNMERGED}*:{UNMERGED}*"


def _is_other(ref: str, versions_as: str) -> bool:
    if versions_as:
        return ref.startswith(TAGS)
    return ref != MASTER and not ref.startswith((CLIENTS, UNMERGED))


def _refs(ran: _Ran) -> dict[str, str]:
    """Parse the output of `for-each-ref`: commits by ref."""
    if ran.code != 0:
        raise PushError(_sentence(ran, ""))
    return dict(line.split(" ") for line in ran.out.splitlines())


async def _create(
    url: str, branch: str, folders: Sequence[str], environment: Mapping[str, str]
) -> bool:
    """Create a local bare repository in an existing folder; return whether that succeeded.

    `mkdir` fails if the parent is missing (it may be an unmounted disk), and if the path exists.
    """
    path = local_path(url)
    if path is None:
        return False
    for folder in filter(None, map(local_path, folders)):  # which others may have made
        await _run("mkdir", "--", folder, environment=environment)
    if (await _run("mkdir", "--", path, environment=environment)).code != 0:
        return False
    init = ("git", "init", "--bare", "--quiet", "--template=", f"--initial-branch={branch}")
    return (await _run(*init, "--", path, environment=environment)).code == 0


# --- error messages


def _sentence(ran: _Ran, url: str) -> str:
    """Return why a push failed."""
    rejected = dict(_rejected(ran.out))
    behind = [name for name, why in rejected.items() if why in ("fetch first", "non-fast-forward")]
    if behind:
        return (
            f"The remote has commits that this server does not have, on {_listed(behind)};"
            " nothing there was changed."
        )
    if rejected:
        return (
            f"The remote rejected {_listed(rejected)}: {', '.join(sorted(set(rejected.values())))}."
        )
    lines = [line.strip() for line in mask(ran.err, url).splitlines()]
    relevant = [line for line in lines if line and not line.startswith(_IGNORED_PREFIXES)]
    first = relevant[0] if relevant else "the push failed"
    for prefix in ("fatal: ", "error: ", "remote: "):
        first = first.removeprefix(prefix)
    return f"Git says: {first[:_SENTENCE_CHARACTERS_MAX].removesuffix('.')}."


def _rejected(output: str) -> Iterator[tuple[str, str]]:
    """Yield rejected refs and the reasons, from lines `!<tab>from:to<tab>[rejected] (why)`."""
    for line in output.splitlines():
        if line.startswith("!\t") and line.count("\t") == 2:
            _, moved, summary = line.split("\t")
            why = summary.partition("(")[2].removesuffix(")") or summary
            if why != "atomic push failed":  # another ref is the cause
                yield moved.partition(":")[2], why


def _listed(refs: Collection[str]) -> str:
    """Return the short names of at most three refs."""
    names = [name.removeprefix(BRANCHES).removeprefix(TAGS) for name in refs]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


# --- processes


async def _git(repository: Path, *arguments: str, environment: Mapping[str, str]) -> _Ran:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    command = [*GENTLY, "git", *settings, f"--git-dir={repository}", *arguments]
    return await _run(*command, environment=environment)


async def _run(*command: str, environment: Mapping[str, str]) -> _Ran:
    """Run a program without input or terminal.

    Its output goes to files, because processes that it leaves behind (SSH keeps connections) would
    keep a pipe open. On cancellation it is terminated with its children.
    """
    with TemporaryFile() as out, TemporaryFile() as err:
        async with running(command, environment=environment, stdout=out, stderr=err) as program:
            code = await program.wait()
        return _Ran(code, _read(out), _read(err))


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_OUTPUT_BYTES_MAX).decode(errors="replace")


def environment_of(given: Mapping[str, str], *, has_own_ssh: bool = False) -> dict[str, str]:
    """Return an environment for a Git with its user's configuration that cannot prompt.

    Args:
        given: the server's environment.
        has_own_ssh: whether the user's Git configuration sets `core.sshCommand`.
    """
    own = {name: value for name, value in given.items() if name not in _UNSET}
    if not (has_own_ssh or "GIT_SSH" in given):
        own.setdefault("GIT_SSH_COMMAND", _SSH)
    return own | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

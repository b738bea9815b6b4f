"""Old revisions that a push may build on without sending them again.

Git's client looks for what both sides have among the refs of the server, and leaves out only what
it knows of those. But `master` moves with every word that somebody types, so all that it names is
new to a clone, and Git would send the whole history. A line `.have` names a commit that is here
and has no ref (Git's servers do so for forks; gitprotocol-pack(5)): the nearer to now, the denser.
Blocks.
"""

from collections.abc import Iterator
from pathlib import Path

from server.git.process import git

_REVISIONS_MAX = 20_000  # that are looked at
_GROWTH = 1.1  # a clone that lags n revisions behind sends up to n / 10 of them again
_FLUSH = b"0000"


def with_haves(advertisement: bytes, repository: Path) -> bytes:
    """What `receive-pack` says of a repository at first, with older revisions of it."""
    limit = f"--max-count={_REVISIONS_MAX}"
    listed = git(repository, "rev-list", "--first-parent", limit, "--branches=[m]aster")
    revisions = listed.decode().split()
    lines = [_line(revisions[at]) for at in _spread(len(revisions))]
    return b"".join([advertisement.removesuffix(_FLUSH), *lines, _FLUSH])


def _spread(count: int) -> Iterator[int]:
    """Numbers below `count`, denser at the beginning, and the last one."""
    at = 1
    while at < count - 1:
        yield at
        at = max(at + 1, int(at * _GROWTH))
    if count > 1:
        yield count - 1


def _line(commit: str) -> bytes:
    line = f"{commit} .have\n".encode()
    return b"%04x%s" % (len(line) + 4, line)

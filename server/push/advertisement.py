"""Advertise old revisions, so that a push need not send them again.

A Git client omits from a push only what the server's refs contain, as far as it knows these
commits. But `master` moves with every edit, so a clone never knows its head, and would send the
whole history. A `.have` line names a commit that the server has without a ref (Git uses it for
forks; see gitprotocol-pack(5)). Recent revisions are listed more densely than old ones. Blocks.
"""

from collections.abc import Iterator
from pathlib import Path

from server.git.process import git

_REVISIONS_MAX = 20_000  # to search
_GROWTH = 1.1  # a clone that is n revisions behind resends at most n / 10 of them
_FLUSH = b"0000"


def with_haves(advertisement: bytes, repository: Path) -> bytes:
    """Return the advertisement of `receive-pack` with older revisions of the repository."""
    limit = f"--max-count={_REVISIONS_MAX}"
    listed = git(repository, "rev-list", "--first-parent", limit, "--branches=[m]aster")
    revisions = listed.decode().split()
    lines = [_line(revisions[at]) for at in _spread(len(revisions))]
    return b"".join([advertisement.removesuffix(_FLUSH), *lines, _FLUSH])


def _spread(count: int) -> Iterator[int]:
    """Yield numbers from 1 to `count` - 1, denser at the beginning, always with the last."""
    at = 1
    while at < count - 1:
        yield at
        at = max(at + 1, int(at * _GROWTH))
    if count > 1:
        yield count - 1


def _line(commit: str) -> bytes:
    line = f"{commit} .have\n".encode()
    return b"%04x%s" % (len(line) + 4, line)

"""Processes that get a share of one processor only, to have several nodes on as many slow ones.

A control group (Linux's cgroup, of version 1 or 2) stops a process that has used its share of each
hundredth of a second. Making one needs root.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load.processes import BenchError

_GROUPS = Path("/sys/fs/cgroup")
_PERIOD_US = 10_000


@contextmanager
def limit(share: float, name: str) -> Iterator[Callable[[int], None]]:
    """Make a group; give the function that puts a process into it, which must end before it.

    Raises:
        BenchError: There are no control groups, or this user may not make them.
    """
    is_second_version = (_GROUPS / "cgroup.controllers").exists()
    group = (_GROUPS if is_second_version else _GROUPS / "cpu") / name
    quota = str(round(share * _PERIOD_US))
    try:
        if is_second_version:
            (_GROUPS / "cgroup.subtree_control").write_text("+cpu")
        group.mkdir()
        if is_second_version:
            (group / "cpu.max").write_text(f"{quota} {_PERIOD_US}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(quota)
    except OSError as problem:
        raise BenchError(f"no share of a processor can be set: {problem}") from None

    def put(pid: int) -> None:
        (group / "cgroup.procs").write_text(str(pid))

    try:
        yield put
    finally:
        group.rmdir()

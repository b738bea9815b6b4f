"""Whoever leaves a process, a connection or a file behind is the test that fails.

The warnings about these come when the garbage is collected. Without `collected` that is during some
later test.
"""

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_END_WAIT_S = 5.0  # a killed process may have to be noticed yet


@contextmanager
def none_left(*, children_may_stay: bool = False) -> Iterator[None]:
    """Collect the garbage at the end, which warns of what is open, and see all processes ended.

    Args:
        children_may_stay: do not look at the processes.

    Raises:
        AssertionError: a process that was started meanwhile is there, or was not waited for.
    """
    before = _children()
    yield
    gc.collect()
    if not children_may_stay and _children() - before:
        _see_ended(before)
        gc.collect()  # what their end had kept


def _see_ended(before: set[int]) -> None:
    """Wait for the end of all children but these, and of the threads that wait for them."""
    deadline = time.monotonic() + _END_WAIT_S
    while left := _children() - before:
        assert time.monotonic() < deadline, f"still there: {'; '.join(map(_command, left))}"
        time.sleep(0.005)
    for thread in threading.enumerate():
        if thread.name.startswith("asyncio-waitpid"):
            thread.join(_END_WAIT_S)


def freeze() -> None:
    """Make collecting cheap: what was imported stays, and is not looked at again."""
    gc.collect()
    gc.freeze()


def _children() -> set[int]:
    """The child processes of this one, also those that ended and were not waited for (Linux)."""
    found: set[int] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        try:
            found.update(map(int, file.read_text().split()))
        except FileNotFoundError:  # the thread has ended
            continue
    return found


def _command(process: int) -> str:
    """Its command line; its number where it has ended."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return str(process)
    return b" ".join(words).decode(errors="replace") or f"{process} (ended)"

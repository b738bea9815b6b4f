"""Leaks: processes, threads, connections and files that a test leaves open fail that test.

Python warns about them when it collects the garbage; without `none_left`, during a later test.
"""

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_END_WAIT_S = 5.0  # asyncio may not have noticed yet that a process was killed
_LOOPS = ("asyncio_", "uvloop_")  # begin the names of threads that end with an event loop


_parents = {"self"}  # whose children are looked at


def watch(process: int) -> None:
    """Look at the children of this process, too."""
    _parents.add(str(process))


@contextmanager
def none_left(*, children_may_stay: bool = False) -> Iterator[None]:
    """Collect the garbage at the end, which warns about leaks, and check that all processes ended.

    Only what is new is looked at: all the tests before leave hundreds of thousands of objects.

    Args:
        children_may_stay: whether processes and threads may outlive the context.

    Raises:
        AssertionError: A process that was started in the context is running, or was not waited for;
            or a thread is.
    """
    freeze()
    before, threads = _children(), _threads()
    yield
    gc.collect()
    if children_may_stay:
        return
    left = _threads() - threads
    if left or _children() - before:
        _see_children_ended(before)
        _see_threads_ended(left)
        gc.collect()  # what waited for their end


def _see_children_ended(before: set[int]) -> None:
    """Wait for the end of all other children."""
    deadline = time.monotonic() + _END_WAIT_S
    while left := _children() - before:
        assert time.monotonic() < deadline, f"still running: {'; '.join(map(_command, left))}"
        time.sleep(0.005)


def _see_threads_ended(threads: set[threading.Thread]) -> None:
    """Wait for the end of threads, such as those of asyncio that wait for children."""
    for thread in threads:
        thread.join(_END_WAIT_S)
        assert not thread.is_alive(), f"a thread is still running: {thread.name}"


def freeze() -> None:
    """Make later collections cheap: exempt everything that is there now."""
    gc.collect()
    gc.freeze()


def _threads() -> set[threading.Thread]:
    """Return the threads; without those of event loops, which the tests of a module may share."""
    return {it for it in threading.enumerate() if not it.name.startswith(_LOOPS)}


def _children() -> set[int]:
    """Return the ids of the child processes, including zombies; none where there is no /proc."""
    found: set[int] = set()
    for parent in _parents:
        for file in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found.update(map(int, file.read_text().split()))
            except (FileNotFoundError, ProcessLookupError):  # the thread has ended
                continue
    return found


def _command(process: int) -> str:
    """Return the command line of a process, or its id if it has ended."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return str(process)
    return b" ".join(words).decode(errors="replace") or f"{process} (ended)"

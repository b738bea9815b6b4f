"""Calls on threads: results and errors come back, and nothing ends a thread before its time."""

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from server.support.threads import WorkerThreads


@pytest.fixture
def threads() -> Iterator[WorkerThreads]:
    threads = WorkerThreads(2, "test")
    yield threads
    threads.close()


async def test_a_call_runs_on_another_thread_and_its_result_comes_back(
    threads: WorkerThreads,
) -> None:
    assert await threads.call(lambda: threading.current_thread().name) in ("test 0", "test 1")
    assert await threads.call(divmod, 7, 2) == (3, 1)


async def test_an_error_comes_back_too(threads: WorkerThreads) -> None:
    with pytest.raises(ZeroDivisionError):
        await threads.call(divmod, 7, 0)


async def test_nobody_minds_a_result_that_is_waited_for_no_more(threads: WorkerThreads) -> None:
    began, may_end = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        assert may_end.wait(20)

    waiting = asyncio.create_task(threads.call(work))
    await threads.call(began.wait, 20.0)
    waiting.cancel()
    await asyncio.wait([waiting])
    may_end.set()
    assert await threads.call(lambda: 1) == 1


async def test_what_nobody_waits_for_any_more_does_not_begin() -> None:
    threads = WorkerThreads(1, "test")
    may_end = threading.Event()
    ran: list[str] = []
    busy = asyncio.create_task(threads.call(may_end.wait, 20.0))
    waiting = asyncio.create_task(threads.call(ran.append, "too late"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    may_end.set()
    assert await busy
    await threads.call(ran.append, "in time")
    assert ran == ["in time"]
    threads.close()


async def test_a_fault_of_one_call_is_logged_and_the_thread_goes_on(
    threads: WorkerThreads, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    for _ in range(4):
        threads.run(fail)
    assert [await threads.call(lambda: 1) for _ in range(4)] == [1] * 4
    assert "a call on a thread failed" in caplog.text
    caplog.clear()
    assert logging.getLogger("server.support.threads").disabled is False


def test_the_end_waits_for_what_was_asked_for() -> None:
    threads, done = WorkerThreads(1, "test"), list[int]()
    for number in range(100):
        threads.run(lambda number=number: done.append(number))  # type: ignore[misc]
    threads.close()
    assert done == list(range(100))

"""Calls on threads: results and errors come back, and nothing ends a thread before its time."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from math import inf

import pytest

from server.support.threads import GroupThread, LoopCalls, WorkerThreads


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


# --- groups


def test_all_calls_that_wait_run_within_one_context(caplog: pytest.LogCaptureFixture) -> None:
    events: list[object] = []
    began, may_go_on = threading.Event(), threading.Event()

    @contextmanager
    def group() -> Iterator[None]:
        events.append("(")
        yield
        events.append(")")

    def first() -> None:
        began.set()
        assert may_go_on.wait(20)

    def fail() -> None:
        raise ZeroDivisionError

    thread = GroupThread("test", group)
    thread.run(first)
    assert began.wait(20)
    thread.run(fail)
    for number in range(3):
        thread.run(lambda number=number: events.append(number))  # type: ignore[misc]
    may_go_on.set()
    thread.close()
    assert events == ["(", 0, 1, 2, ")"]
    assert "a call on a thread failed" in caplog.text


def test_the_end_of_a_group_comes_before_the_end_of_the_thread() -> None:
    ended: list[str] = []

    @contextmanager
    def group() -> Iterator[None]:
        yield
        ended.append("group")

    thread = GroupThread("test", group)
    thread.run(lambda: ended.append("call"))
    thread.close()
    assert ended == ["call", "group"]


@pytest.mark.parametrize(
    ("paced_above_per_s", "group_s", "pauses"),
    [(0.0, 60.0, [0.001]), (inf, 60.0, []), (0.0, 0.0, [])],
    ids=["many calls", "few calls", "a long group"],
)
def test_a_short_group_of_many_calls_is_followed_by_a_pause(
    monkeypatch: pytest.MonkeyPatch, paced_above_per_s: float, group_s: float, pauses: list[float]
) -> None:
    monkeypatch.setattr("server.support.threads._PACED_ABOVE_PER_S", paced_above_per_s)
    monkeypatch.setattr("server.support.threads._GROUP_S", group_s)
    slept: list[float] = []
    monkeypatch.setattr("server.support.threads.time.sleep", slept.append)
    thread = GroupThread("test", nullcontext)
    thread.run(lambda: None)
    thread.close()
    assert slept == pauses


async def test_the_loop_is_woken_once_for_all_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, calls, made = asyncio.get_running_loop(), LoopCalls(), list[int]()
    wake, woken = loop.call_soon_threadsafe, list[object]()

    def counted(call: Callable[[], None]) -> None:
        woken.append(call)
        wake(call)

    monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
    for start in (0, 10):
        for number in range(start, start + 10):
            calls.add(loop, lambda number=number: made.append(number))  # type: ignore[misc]
        await asyncio.sleep(0)
    assert made == list(range(20))
    assert len(woken) == 2

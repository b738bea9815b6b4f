import asyncio

import pytest

from server.support.tasks import finish


async def test_a_cleanup_ends_however_often_its_task_is_cancelled() -> None:
    gate, ended = asyncio.Event(), []

    async def cleanup() -> None:
        await gate.wait()
        ended.append(True)

    task = asyncio.create_task(finish(cleanup()))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


async def test_what_a_work_returns_is_returned() -> None:
    async def work() -> int:
        return 7

    assert await finish(work()) == 7


async def test_what_goes_wrong_in_a_cleanup_is_raised() -> None:
    async def cleanup() -> None:
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await finish(cleanup())

"""Slots: never more than allowed, and keys take turns."""

import asyncio

from server.support.slots import FairSlots


class Work:
    """Tasks that take a slot until they are told to end."""

    def __init__(self, count: int) -> None:
        self.slots = FairSlots(count)
        self.began: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, name: str) -> None:
        """Begin a task; the first letter of its name is its key."""
        self._ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._run(name))
        await asyncio.sleep(0)

    async def _run(self, name: str) -> None:
        async with self.slots.of(name[0]):
            self.began.append(name)
            await self._ends[name].wait()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)


async def test_keys_take_turns_however_many_wait_for_one() -> None:
    work = Work(2)
    for name in ("a1", "a2", "a3", "a4", "a5", "b1", "b2", "c1"):
        await work.begin(name)
    assert work.began == ["a1", "a2"]
    for name in ("a1", "a2", "a3", "b1", "c1", "a4", "b2", "a5"):
        await work.end(name)
    assert work.began == ["a1", "a2", "a3", "b1", "c1", "a4", "b2", "a5"]


async def test_who_is_cancelled_takes_no_slot_along() -> None:
    work = Work(1)
    for name in ("a1", "a2", "b1", "c1"):
        await work.begin(name)
    work.tasks["a2"].cancel()
    await asyncio.wait([work.tasks["a2"]])
    work.tasks["b1"].cancel()  # not waited for: it may get its turn before it notices
    await work.end("a1")
    assert work.began == ["a1", "c1"]
    await work.end("c1")
    await work.begin("d1")
    assert work.began == ["a1", "c1", "d1"]
    await work.end("d1")

"""Checkpoints that wait are written together; only CPU time counts as work."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from server.git.repository import Unwritten
from server.hub import checkpoint_writer
from server.hub.checkpoint_writer import CheckpointWriter
from server.storage.checkpoint import Checkpoint
from server.storage.journal import JournalError

_NOTHING = Unwritten(0, (), ())


@contextmanager
def _writer() -> Iterator[CheckpointWriter]:
    writer = CheckpointWriter()
    try:
        yield writer
    finally:
        writer.close()


async def test_what_waits_is_written_together_and_fails_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, started = asyncio.get_running_loop(), asyncio.Event()
    go_on, groups = Event(), list[list[str]]()

    def write_all(checkpoints: Sequence[Checkpoint]) -> None:
        groups.append([each.path.name for each in checkpoints])
        loop.call_soon_threadsafe(started.set)
        go_on.wait()
        for each in checkpoints:
            if each.path.name == "damaged":
                each.fail(JournalError("an object is damaged"))

    monkeypatch.setattr(checkpoint_writer, "write_all", write_all)
    with _writer() as writer:
        names = ["first", "ann", "damaged", "bo"]
        first = asyncio.create_task(writer.write(Path("first"), _NOTHING))
        await started.wait()
        others = [asyncio.create_task(writer.write(Path(each), _NOTHING)) for each in names[1:]]
        await asyncio.sleep(0)
        go_on.set()
        results = await asyncio.gather(first, *others, return_exceptions=True)
    assert [group for group in groups if group] == [["first"], ["ann", "damaged", "bo"]]
    failed = {name for name, result in zip(names, results, strict=True) if result is not None}
    assert failed == {"damaged"}


async def test_only_the_time_of_the_processor_counts_as_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter([1.0, 1.25, 7.0, 7.5])
    monkeypatch.setattr(checkpoint_writer, "time", SimpleNamespace(thread_time=times.__next__))
    monkeypatch.setattr(checkpoint_writer, "write_all", lambda _: None)
    with _writer() as writer:
        await writer.write(Path("ann"), _NOTHING)
        await writer.write(Path("bo"), _NOTHING)
        assert writer.worked_s == 0.75

"""Readiness: whether the journal can write now."""

import threading
from pathlib import Path
from typing import Any, cast

import pytest

from server.config import Config
from server.hub import readiness
from server.hub.disk_space import DiskSpace
from server.hub.readiness import Readiness
from server.storage.journal import DiskFullError, Journal, JournalError


class Disk:
    """A journal that only says whether it can write."""

    def __init__(self) -> None:
        self.problem: JournalError | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.tries = 0

    def try_to_write(self) -> None:
        self.tries += 1
        self.answers.wait()
        if self.problem:
            raise self.problem


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
async def ready(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(readiness, "_TRY_EVERY_S", 0.0)
    space = DiskSpace(Config(), tmp_path)
    ready = Readiness(cast("Journal", disk), space)
    yield ready
    disk.answers.set()
    await ready.stop()
    for threads in (ready, space):
        threads.close(5.0)


async def test_a_journal_that_fails_is_named_and_recovers_by_itself(
    ready: Readiness, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert await ready.problem() == ""
    for kind, sentence in (
        (DiskFullError, "The journal cannot write: the disk is full."),
        (JournalError, "The journal cannot write; the log says why."),
    ):
        disk.problem = kind("/data/journal.sqlite: something is wrong")
        for _ in range(2):
            assert await ready.problem() == sentence
    disk.problem = None
    assert await ready.problem() == ""
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO"]
    assert "/data/journal.sqlite" in caplog.text


async def test_a_journal_that_hangs_is_a_problem_and_tried_once(
    ready: Readiness, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "_WAIT_S", 0.01)
    disk.answers.clear()
    for _ in range(3):
        assert "does not answer" in await ready.problem()
    assert disk.tries == 1
    monkeypatch.setattr(readiness, "_WAIT_S", 5.0)
    disk.answers.set()
    assert await ready.problem() == ""


async def test_many_who_ask_are_one_try(
    ready: Readiness, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "_TRY_EVERY_S", 60.0)
    for _ in range(3):
        assert await ready.problem() == ""
    assert disk.tries == 1

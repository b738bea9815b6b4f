"""Maintenance: the end of a server is short, and new documents do not delay the others."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from server.core.submission import Append, Create
from server.git import new_packs
from server.git.repack import RepackError
from server.hub import maintenance
from server.hub.hub import Hub
from server.hub.live_document import LiveDocument
from server.hub.maintenance import Maintenance
from server.storage.data_folder import DataFolder
from server.storage.journal.sqlite import SqliteJournal
from tests.git import assert_sound, git
from tests.server.hub.conftest import new_hub

_NAMES = [f"doc{number}" for number in range(5)]


@pytest_asyncio.fixture
async def hub_at_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    """A hub that begins no checkpoints by itself."""
    monkeypatch.setattr(maintenance, "_LOOK_EVERY_S", 3600.0)
    with DataFolder(tmp_path) as folder, closing(SqliteJournal(folder.journal_path)) as journal:
        async with new_hub(folder, journal) as hub:
            yield hub


async def test_what_is_not_written_in_time_stays_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with DataFolder(tmp_path) as folder:
        journal = SqliteJournal(folder.journal_path)
        with monkeypatch.context() as patch:
            patch.setattr(maintenance, "_FINISH_S", 0.0)
            async with new_hub(folder, journal, checkpoint_idle_s=3600.0) as hub:
                for name in _NAMES:
                    await hub.submit(name, "Ann", Create(f"I am {name}.\n"))
        assert "edits of 5 documents stay in the journal until the next start" in caplog.text
        assert journal.documents() == _NAMES
        async with new_hub(folder, journal) as hub:
            for name in _NAMES:
                found = await hub.reader.text(name)
                assert found is not None
                assert found[1] == f"I am {name}.\n"
                await hub.checkpoint(name)
        journal.close()  # it forgets in the background
        with closing(SqliteJournal(folder.journal_path)) as journal:
            assert journal.documents() == []


async def test_new_documents_are_written_after_those_that_have_a_repository(
    hub_at_rest: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = hub_at_rest
    await hub.submit("zebra", "Ann", Create("one\n"))
    await hub.checkpoint("zebra")
    for name in _NAMES:
        await hub.submit(name, "Ann", Create("new\n"))
    await hub.submit("zebra", "Ann", Append("two\n"))
    written: list[str] = []
    checkpoint = Maintenance.checkpoint

    async def noted(self: Maintenance, live: LiveDocument) -> bool:
        written.append(live.name)
        return await checkpoint(self, live)

    monkeypatch.setattr(Maintenance, "checkpoint", noted)
    monkeypatch.setattr(maintenance, "_NEW_S", 0.0)
    monkeypatch.setattr(Maintenance, "_is_due", lambda _, live: live.durable.backlog is not None)
    await hub._maintenance._checkpoint_due()
    assert written[0] == "zebra"
    assert len(written) < 1 + len(_NAMES)


@pytest.mark.parametrize(
    ("took_s", "worked_s", "rest_s"),
    [(1.0, 1.0, 1.0), (1.5, 1.0, 0.5), (2.0, 1.0, 0.0), (10.0, 1.0, 0.0), (1.0, 0.0, 0.0)],
)
def test_half_of_the_time_is_left_to_edits(took_s: float, worked_s: float, rest_s: float) -> None:
    """Waiting for the disk or a process leaves it to them already."""
    assert maintenance._rest_s(took_s, worked_s) == rest_s


async def test_new_documents_are_written_together_with_a_pause_between(
    hub_at_rest: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = hub_at_rest
    for name in _NAMES:
        await hub.submit(name, "Ann", Create("new\n"))
    pauses: list[float] = []
    open_at_once: list[int] = []
    checkpoint, running = Maintenance.checkpoint, [0]

    async def pause(_: Maintenance, seconds: float) -> bool:
        pauses.append(seconds)
        return True

    async def noted(self: Maintenance, live: LiveDocument) -> bool:
        running[0] += 1
        open_at_once.append(running[0])
        written = await checkpoint(self, live)
        running[0] -= 1
        return written

    monkeypatch.setattr(Maintenance, "_pause", pause)
    monkeypatch.setattr(Maintenance, "checkpoint", noted)
    monkeypatch.setattr(maintenance, "_TOGETHER_MAX", 3)
    monkeypatch.setattr(Maintenance, "_is_due", lambda _, live: live.durable.backlog is not None)
    await hub._maintenance._checkpoint_due()
    assert max(open_at_once) == 3
    assert len(pauses) == 2
    assert sum(pauses) <= hub._maintenance._writer.worked_s
    for name in _NAMES:
        assert_sound(hub.repository_path(name))
        assert git("show", "master:" + name + ".txt", cwd=hub.repository_path(name)) == "new"


@pytest.mark.parametrize("ending", [".pack", ".idx"])
async def test_the_journal_keeps_what_was_damaged_on_its_way_to_the_disk(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, ending: str
) -> None:
    write_file = new_packs.write_file

    def damaged(file: Path, content: bytes) -> None:
        spoilt = bytearray(content)
        spoilt[-30] ^= file.suffix == ending
        write_file(file, bytes(spoilt))

    await hub.submit("notes", "Ann", Create("one\n"))
    with monkeypatch.context() as patch:
        patch.setattr(new_packs, "write_file", damaged)
        await hub.checkpoint("notes")
    assert [message for message in caplog.messages if "damaged" in message]
    assert hub._journal.documents() == ["notes"]
    assert not hub.repository_path("notes").exists()
    await hub.checkpoint("notes")
    assert git("show", "master:notes.txt", cwd=hub.repository_path("notes")) == "one"
    await asyncio.wrap_future(hub._journal.forget("notes", 1_000, hub.repository_path("notes")))
    assert hub._journal.documents() == []


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (FileNotFoundError("objects/pack"), ""),  # a document that is deleted meanwhile
        (PermissionError("objects/pack"), "notes: objects/pack"),
        (RepackError("notes could not be packed"), "notes: notes could not be packed"),
    ],
)
async def test_a_repository_that_cannot_be_packed_does_not_end_the_maintenance(
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    problem: Exception,
    said: str,
) -> None:
    def fail(_: Path) -> None:
        raise problem

    monkeypatch.setattr(maintenance, "_repack_if_due", fail)
    hub._maintenance._to_repack.put_nowait("notes")
    hub._maintenance.stop()
    await hub._maintaining
    assert caplog.messages == ([said] if said else [])


class _Cycle:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def _no_automatic_collections() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_automatic_collections")
async def test_garbage_is_collected_once_a_document_is_at_rest(tmp_path: Path) -> None:
    collected, loop = asyncio.Event(), asyncio.get_running_loop()
    with DataFolder(tmp_path) as folder, closing(SqliteJournal(folder.journal_path)) as journal:
        async with new_hub(folder, journal, checkpoint_idle_s=0.01, unload_after_s=0.01) as hub:
            weakref.finalize(_Cycle(), loop.call_soon_threadsafe, collected.set)
            await hub.submit("notes", "Ann", Create("one\n"))
            async with asyncio.timeout(20):
                await collected.wait()

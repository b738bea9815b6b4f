"""The space on the disk: below a limit nothing is changed, until there is space again."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from server import protocol
from server.config import Config
from server.core.submission import Accepted, Append, Create
from server.hub import disk_space
from server.hub.disk_space import DiskSpace, FullError
from server.hub.hub import Hub
from server.support.disk import Disk, bytes_on_disk
from server.support.metrics import render
from tests.server.hub.test_connection import answers, joined, send

_MIB = 2**20


class Place:
    """A data folder on a disk whose free space a test decides, looked at when it says so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.free_bytes = 1000 * _MIB
        self.spaces: list[DiskSpace] = []

    def space(self, **settings: Any) -> DiskSpace:
        config = Config(data=self.path, **settings)
        self.spaces.append(DiskSpace(config, self.path, self._disk_of))
        return self.spaces[-1]

    def _disk_of(self, path: Path) -> Disk:
        assert path == self.path
        return Disk(self.free_bytes, 2000 * _MIB)

    def write(self, document: str, size: int) -> int:
        """Make a repository with a file; return what it takes on disk."""
        pack = self.path / f"{document}.git" / "objects" / "pack"
        pack.mkdir(parents=True, exist_ok=True)
        (pack / "pack").write_bytes(b"x" * size)
        taken = bytes_on_disk(self.path / f"{document}.git")
        assert taken >= size
        return taken


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    for space in place.spaces:
        space.close(1.0)


async def test_below_the_floor_everything_is_refused_until_there_is_space(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    space = place.space(disk_free_bytes_min=100 * _MIB)
    await space._look()
    assert (space.refusal("notes"), space.problem()) == (None, "")
    place.free_bytes = 99 * _MIB
    for _ in range(2):
        await space._look()
    refusal = space.refusal("notes")
    assert refusal
    assert refusal.reason == "disk_full"
    assert space.problem() == refusal.sentence
    place.free_bytes = 100 * _MIB
    await space._look()
    assert (space.refusal("notes"), space.problem()) == (None, "")
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "99 MiB is free, less than --disk-free-bytes-min (100 MiB)" in caplog.text


async def test_a_floor_of_0_is_none(place: Place) -> None:
    space = place.space(disk_free_bytes_min=0)
    place.free_bytes = 0
    await space._look()
    assert space.refusal("notes") is None


async def test_a_document_has_a_quota_of_its_own(place: Place) -> None:
    place.write("big", 3 * _MIB)
    place.write("small", 10)
    space = place.space(document_disk_bytes_max=2 * _MIB)
    for _ in range(2):  # what to scan, and the scan
        await space._look()
    refusal = space.refusal("big")
    assert refusal
    assert refusal.reason == "document_quota"
    assert space.refusal("small") is None
    assert space.problem() == "", "the server is ready"
    place.write("big", 10)
    space.written("big")
    await space._look()
    assert space.refusal("big") is None


async def test_all_documents_have_a_quota_together(place: Place) -> None:
    space = place.space(data_bytes_max=3 * _MIB)
    await space._look()
    for name in ("one", "two"):
        assert space.refusal("new") is None
        place.write(name, 2 * _MIB)
        space.written(name)
        await space._look()
    refusal = space.refusal("new")
    assert refusal
    assert refusal.reason == "data_quota"
    (place.path / "one.git").rename(place.path / "gone")
    space.written("one")
    await space._look()
    assert space.refusal("new") is None


async def test_a_scan_finds_what_nobody_has_told_of(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space, "_MEASURED_MAX", 2)
    total = sum(place.write(name, 5000) for name in ("a", "b", "c"))
    space = place.space()
    await space._look()
    (place.path / "journal.sqlite").write_bytes(b"x" * 5000)
    for _ in range(2):
        await space._look()
    metrics = render(space.metrics())
    assert f"\ngollabedit_documents_disk_bytes {total}\n" in metrics
    assert f"\ngollabedit_disk_free_bytes {1000 * _MIB}\n" in metrics
    assert f"\ngollabedit_disk_size_bytes {2000 * _MIB}\n" in metrics
    journal_bytes = bytes_on_disk(place.path / "journal.sqlite")
    assert f"\ngollabedit_journal_bytes {journal_bytes}\n" in metrics


async def test_a_disk_that_does_not_answer_is_a_problem(place: Place) -> None:
    space = place.space()
    await space._look()
    space._looked_at -= 60
    assert space.problem() == "The disk does not answer."


# --- the hub


@pytest_asyncio.fixture
async def full_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    """A hub with the document `notes`, whose disk is full now."""
    await hub.submit("notes", "Ann", Create("one\n"))
    monkeypatch.setattr(hub._space, "_disk_of", lambda _: Disk(0, 1))
    await hub._space._look()
    yield hub


async def test_a_full_disk_is_read_and_written_to_the_repositories(full_hub: Hub) -> None:
    with pytest.raises(FullError, match="nearly full"):
        await full_hub.submit("notes", "Ann", Append("two\n"))
    with pytest.raises(FullError):
        full_hub.check_writable("notes")
    connection, welcome = await joined(full_hub)
    assert welcome["text"] == "one\n"
    await full_hub.checkpoint("notes")
    assert full_hub.get_document("notes").durable.backlog is None
    assert "nearly full" in await full_hub.problem()
    connection.disconnect()


async def test_typing_goes_on_by_itself_once_there_is_space(
    full_hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, welcome = await joined(full_hub)
    edit = {"type": "edit", "seq": 1, "base": welcome["revision"], "splices": [[4, 0, "two\n"]]}
    await send(connection, **edit)
    [refused] = await answers(connection)
    assert (refused["code"], refused["seq"]) == (protocol.Code.UNAVAILABLE, 1)
    assert "nearly full" in refused["message"]
    assert "Your text is kept here" in refused["message"]
    await send(connection, type="sync")
    [text] = await answers(connection)
    assert text["text"] == "one\n"
    assert 'refused_total{reason="disk_full"} 1\n' in render(await full_hub.metrics())
    assert 'reason="unavailable"' not in render(await full_hub.metrics()), "counted once"
    monkeypatch.setattr(full_hub._space, "_disk_of", lambda _: Disk(2**40, 2**40))
    await full_hub._space._look()
    await send(connection, **edit)
    assert (await answers(connection))[0]["type"] == "merged"
    assert await full_hub.problem() == ""
    connection.disconnect()


async def test_a_checkpoint_has_the_document_measured(hub: Hub) -> None:
    outcome = await hub.submit("notes", "Ann", Create("one\n"))
    assert isinstance(outcome, Accepted)
    await hub.checkpoint("notes")
    await hub._space._look()
    path = hub.repository_path("notes")
    assert hub._space._sizes == {"notes": bytes_on_disk(path)}


async def test_edits_conflicts_batches_and_checkpoints_are_counted(hub: Hub) -> None:
    await hub.submit("notes", "Ann", Create("one\n"))
    connection, welcome = await joined(hub)
    for seq, text in ((1, "two\n"), (2, "three\n")):
        edit = {"type": "edit", "seq": seq, "base": welcome["revision"], "text": text}
        await send(connection, **edit)
        await answers(connection)
    await send(connection, type="edit", seq="x")
    await answers(connection)
    await hub.checkpoint("notes")
    metrics = render(await hub.metrics())
    for line in (
        "edits_total 3",
        "conflicts_total 1",
        "acknowledge_seconds_count 3",
        "batch_requests_count 4",
        'batch_requests_bucket{le="1"} 4',
        "checkpoint_seconds_count 1",
        'refused_total{reason="bad_message"} 1',
    ):
        assert f"\ngollabedit_{line}\n" in metrics, line
    connection.disconnect()

"""Maintenance: the end of a server is short, and new documents do not delay the others."""

from contextlib import closing
from pathlib import Path

import pytest

from server.core.submission import Append, Create
from server.git.repack import RepackError
from server.hub import maintenance
from server.hub.hub import Hub
from server.hub.live_document import LiveDocument
from server.hub.maintenance import Maintenance
from server.storage.data_folder import DataFolder
from server.storage.journal.sqlite import SqliteJournal
from tests.server.hub.conftest import new_hub

_NAMES = [f"doc{number}" for number in range(5)]


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
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
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

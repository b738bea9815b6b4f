"""A document of 40,000 commits that are all in the journal: opened again, and checkpointed."""

from pathlib import Path

import pytest

from server.core.clients import Author
from server.core.document import Document, Request
from server.core.git_model import MASTER, Signature
from server.protocol import Hello
from server.storage import checkpoint
from server.storage.data_folder import DataFolder
from server.storage.journal.sqlite import SqliteJournal
from tests.git import git

ANN = Signature("Ann", "ann@example.invalid", 1_700_000_000.0)
_COMMITS, _BATCH = 40_000, 1000  # more than the parameters of a statement of SQLite


@pytest.mark.long
def test_forty_thousand_commits_are_replayed_and_written(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        journal = SqliteJournal(folder.journal_path)
        last = _write(folder, journal)
        repository = folder.repository("notes", journal.read("notes"))
        assert repository.head(MASTER) == last
        document = Document("notes", repository, 1_000_000, 0)
        document.stage([Request(Author("bo", "Bo"), Hello(1))], 0)
        assert document.text == f"note {_COMMITS}\n" + "a line that stays\n" * 10
        unwritten = repository.unwritten()
        assert unwritten is not None
        checkpoint.write(repository.path, unwritten)
        repository.mark_checkpointed(unwritten)
        journal.forget("notes", unwritten.position)
        assert repository.size == 0
        again = folder.repository("notes", journal.read("notes"))
        assert again.text(last) == document.text
        journal.close()
    assert git("rev-list", "--count", "master", cwd=repository.path) == str(_COMMITS)


def _write(folder: DataFolder, journal: SqliteJournal) -> str:
    """All commits, in entries of many; returns the last one."""
    repository = folder.repository("notes")
    head = ""
    for number in range(1, _COMMITS + 1):
        text = f"note {number}\n" + "a line that stays\n" * 10
        head = repository.commit(text, (head,) if head else (), ANN, ANN, f"Write {number}\n")
        if number % _BATCH == 0:
            repository.move(MASTER, head)
            entry = repository.staged("notes")
            assert entry is not None
            repository.mark_journaled(journal.append(entry, repository.position).result())
    return head

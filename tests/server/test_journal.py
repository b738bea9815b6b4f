"""What every journal keeps; a new journal joins by a line in `JOURNALS`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.git_model import CLIENTS, MASTER, Signature
from server.journal import Entry, Journal, JournalError, OvertakenError
from server.journal.direct import DirectJournal
from server.repository import Repository
from tests.git import assert_sound

ANN = Signature("Ann", "ann@example.invalid", 1_700_000_000.0)

Repositories = Callable[[str], Repository]
JOURNALS: dict[str, Callable[[Repositories], Journal]] = {"direct": DirectJournal}


@pytest.fixture
def repositories(tmp_path: Path) -> Repositories:
    """Opens a document's repository as a process does that has just started."""
    return lambda document: Repository(tmp_path / f"{document}.git", f"{document}.txt")


@pytest.fixture(params=JOURNALS)
def journal(request: pytest.FixtureRequest, repositories: Repositories) -> Journal:
    return JOURNALS[request.param](repositories)


def written(repository: Repository, text: str, ref: str = MASTER) -> Entry:
    """An entry that adds one commit of `text` on top of `ref`."""
    head = repository.head(ref)
    commit = repository.commit(text, (head,) if head else (), ANN, ANN, "Write\n")
    repository.move(ref, commit)
    entry = repository.staged(repository.filename.removesuffix(".txt"))
    assert entry is not None
    return entry


def text_of(repository: Repository, ref: str = MASTER) -> str:
    head = repository.head(ref)
    assert head is not None
    return repository.text(head)


def test_an_entry_is_there_for_whoever_opens_the_document_next(
    journal: Journal, repositories: Repositories
) -> None:
    for number in range(3):
        journal.append(written(repositories("notes"), f"{number}\n"))
        assert text_of(repositories("notes")) == f"{number}\n"
    assert_sound(repositories("notes").path)


def test_documents_do_not_mix(journal: Journal, repositories: Repositories) -> None:
    for document in ("notes", "plans"):
        journal.append(written(repositories(document), document))
    assert [text_of(repositories(document)) for document in ("notes", "plans")] == [
        "notes",
        "plans",
    ]


def test_of_two_entries_that_follow_one_commit_the_second_is_overtaken(
    journal: Journal, repositories: Repositories
) -> None:
    journal.append(written(repositories("notes"), "start\n"))
    first, second = repositories("notes"), repositories("notes")
    mine, yours = written(first, "mine\n"), written(second, "yours\n")
    journal.append(mine)
    with pytest.raises(OvertakenError):
        journal.append(yours)
    assert text_of(repositories("notes")) == "mine\n"
    journal.append(written(repositories("notes"), "yours\n"))
    assert text_of(repositories("notes")) == "yours\n"


def test_an_overtaken_entry_moves_none_of_its_refs(
    journal: Journal, repositories: Repositories
) -> None:
    journal.append(written(repositories("notes"), "start\n"))
    late = repositories("notes")
    written(late, "branch\n", CLIENTS + "ann")
    entry = written(late, "late\n")
    journal.append(written(repositories("notes"), "first\n"))
    with pytest.raises(OvertakenError):
        journal.append(entry)
    assert repositories("notes").heads(CLIENTS) == {}


def test_many_threads_append_and_each_entry_counts_once(
    journal: Journal, repositories: Repositories
) -> None:
    journal.append(written(repositories("notes"), ""))

    def add(word: str) -> None:
        for _ in range(100):
            repository = repositories("notes")
            entry = written(repository, text_of(repository) + word + "\n")
            try:
                return journal.append(entry)
            except JournalError:
                continue  # overtaken, or the other still holds its locks
        raise AssertionError("refused a hundred times")

    words = [f"word{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, words))
    assert sorted(text_of(repositories("notes")).split()) == sorted(words)
    assert_sound(repositories("notes").path)


def test_a_disk_that_refuses_is_an_error_and_acknowledges_nothing(
    journal: Journal, repositories: Repositories
) -> None:
    entry = written(repositories("notes"), "start\n")
    in_the_way = repositories("notes").path
    in_the_way.write_text("")
    with pytest.raises(JournalError) as refused:
        journal.append(entry)
    assert not isinstance(refused.value, OvertakenError)
    in_the_way.unlink()
    journal.append(entry)
    assert text_of(repositories("notes")) == "start\n"

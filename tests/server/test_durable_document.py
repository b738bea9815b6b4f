"""Batches and the disk: what is answered is durable, and what fails costs one batch only."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server.document import Document, Request, View
from server.durable_document import DurableDocument, Result, Sweep
from server.git_model import CLIENTS, MASTER, UNMERGED
from server.journal import Entry, JournalError, OvertakenError
from server.journal.direct import DirectJournal
from server.master import Author
from server.protocol import Conflict, Edit, Error, Hello, Merged, Update
from server.repository import Repository
from tests.server.desk import NOON, Desk

if TYPE_CHECKING:
    from collections.abc import Callable

ANN, BO = Author("ann", "Ann"), Author("bo", "Bo")


class Disk:
    """A journal that refuses as often as it is told to, by this error."""

    def __init__(self, journal: DirectJournal) -> None:
        self._journal = journal
        self.refusals: list[JournalError] = []
        self.before: list[Callable[[], object]] = []

    def append(self, entry: Entry) -> None:
        if self.refusals:
            raise self.refusals.pop()
        while self.before:
            self.before.pop()()
        self._journal.append(entry)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes.git"


@pytest.fixture
def disk(path: Path) -> Disk:
    return Disk(DirectJournal(lambda _: Repository(path, "notes.txt")))


@pytest.fixture
def durable(path: Path, disk: Disk) -> DurableDocument:
    return DurableDocument("notes", lambda _: Repository(path, "notes.txt"), disk, 1000)


def edit(author: Author, text: str, base: str, seq: int = 1) -> Request:
    return Request(author, Edit(seq, base, text))


def run(durable: DurableDocument, *requests: Request) -> Result:
    return durable.run(requests, (), NOON)


def root(durable: DurableDocument) -> str:
    return run(durable, Request(ANN, Hello(1))).revision


def text_on_disk(path: Path) -> str:
    repository = Repository(path, "notes.txt")
    head = repository.head(MASTER)
    return repository.text(head) if head else ""


def test_whoever_only_looks_leaves_nothing_on_disk(durable: DurableDocument, path: Path) -> None:
    assert root(durable)
    assert not path.exists()


def test_a_batch_is_on_disk_when_it_is_answered(durable: DurableDocument, path: Path) -> None:
    base = root(durable)
    result = run(durable, edit(ANN, "one\n", base), edit(BO, "", base))
    assert [type(reply) for reply in result.replies] == [Merged, Merged]
    assert text_on_disk(path) == "one\n"


def test_news_is_of_the_end_of_the_batch(durable: DurableDocument) -> None:
    base = root(durable)
    views = [View("cy", base, None), View("dee", base, None)]
    result = durable.run([edit(ANN, "one\n", base)], views, NOON)
    [(first, frame), (second, _)] = [news for news in result.news if news]
    assert isinstance(first, Update)
    assert first is second, "computed once for all who were shown the same"
    assert (first.from_, first.revision) == (base, result.revision)
    assert b'"update"' in frame
    assert durable.run([], [View("cy", result.revision, None)], NOON).news == [None]


def test_a_full_disk_answers_unavailable_and_the_next_try_works(
    durable: DurableDocument, disk: Disk, path: Path
) -> None:
    base = root(durable)
    disk.refusals = [JournalError("no space left on device")]
    failed = durable.run([edit(ANN, "one\n", base)], [View("cy", base, None)], NOON)
    [answer] = failed.replies
    assert isinstance(answer, Error)
    assert (answer.code, answer.seq) == ("unavailable", 1)
    assert "Your text is kept" in answer.message
    assert (failed.revision, failed.news) == ("", [])
    assert text_on_disk(path) == ""
    [answer] = run(durable, edit(ANN, "one\n", base)).replies
    assert isinstance(answer, Merged)
    assert text_on_disk(path) == "one\n"


def test_a_batch_that_was_overtaken_is_merged_with_what_came_first(
    durable: DurableDocument, disk: Disk, path: Path
) -> None:
    first = run(durable, edit(ANN, "one\n\ntwo\n", root(durable))).revision
    disk.before = [lambda: Desk(path).commit_outside("ONE\n\ntwo\n")]
    [answer] = run(durable, edit(ANN, "one\n\nTWO\n", first, seq=2)).replies
    assert isinstance(answer, Merged)
    assert text_on_disk(path) == "ONE\n\nTWO\n"


def test_being_overtaken_without_end_is_unavailable(durable: DurableDocument, disk: Disk) -> None:
    base = root(durable)
    disk.refusals = [OvertakenError("moved") for _ in range(100)]
    [answer] = run(durable, edit(ANN, "one\n", base)).replies
    assert isinstance(answer, Error)
    assert answer.code == "unavailable"


def test_a_fault_of_ours_in_one_request_spares_the_others(
    durable: DurableDocument, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = root(durable)
    attempt = Document._attempt

    def faulty(self: Document, request: Request, now: float) -> object:
        if request.author == BO:
            raise ZeroDivisionError
        return attempt(self, request, now)

    monkeypatch.setattr(Document, "_attempt", faulty)
    good, bad = run(durable, edit(ANN, "one\n", base), edit(BO, "two\n", base)).replies
    assert isinstance(good, Merged)
    assert isinstance(bad, Error)
    assert bad.code == "unavailable"
    assert text_on_disk(path) == "one\n"


def test_a_conflict_that_somebody_is_shown_is_found_again(
    durable: DurableDocument, disk: Disk, path: Path
) -> None:
    base = run(durable, edit(ANN, "Meet on Monday\n", root(durable))).revision
    run(durable, edit(ANN, "Meet on Tuesday\n", base, seq=2))
    [found] = run(durable, edit(BO, "Meet on Friday\n", base)).replies
    assert isinstance(found, Conflict)
    again = DurableDocument("notes", lambda _: Repository(path, "notes.txt"), disk, 1000)
    view = View("bo", found.revision, found)
    assert again.run([], [view], NOON).news == [None], "still the same disagreement"
    assert again.run([], [view], NOON).has_open_conflicts


def test_a_sweep_is_made_durable(durable: DurableDocument, path: Path) -> None:
    base = run(durable, edit(ANN, "Meet on Monday\n", root(durable))).revision
    run(durable, edit(ANN, "Meet on Tuesday\n", base, seq=2))
    run(durable, edit(BO, "Meet on Friday\n", base))
    durable.run([], [], NOON + 100, Sweep(frozenset(), park_after_s=60, keep_s=50))
    repository = Repository(path, "notes.txt")
    assert list(repository.heads(UNMERGED)) == ["bo"]
    assert "bo" not in repository.heads(CLIENTS)

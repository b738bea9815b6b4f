"""The contract of every journal; a new one joins by a line in `JOURNALS`."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from server.core.git_model import CLIENTS, MASTER, Signature
from server.core.names import is_document_name
from server.git.changes import Entry, Log
from server.git.repository import Repository
from server.storage import checkpoint
from server.storage.journal import Journal, JournalError, OvertakenError
from server.storage.journal.direct import DirectJournal
from server.storage.journal.postgresql import PostgresqlJournal
from server.storage.journal.sqlite import SqliteJournal
from tests.git import assert_sound
from tests.postgres import MISSING, Postgres

ANN = Signature("Ann", "ann@example.invalid", 1_700_000_000.0)


class Place:
    """A folder with repositories and a journal; a document is opened from what is durable."""

    def __init__(
        self, path: Path, make: Callable[["Place"], Journal], postgres: Postgres | None = None
    ) -> None:
        self.path = path
        self._make = make
        self.postgres = postgres
        self.database = ""
        self.journal = make(self)

    def restart(self) -> None:
        """Discard everything that is not durable."""
        self.journal.close()
        self.journal = self._make(self)

    def on_disk(self, document: str, log: Log | None = None) -> Repository:
        return Repository(self.path / f"{document}.git", f"{document}.txt", log)

    def open(self, document: str) -> Repository:
        """The document as a process opens it that has just started."""
        assert not self.journal.own(document).url
        log = self.journal.read(document)
        self.journal.restore(document, self.path / f"{document}.git")
        return self.on_disk(document, log)

    def append(self, document: str, text: str, ref: str = MASTER) -> int:
        """Write a text; returns the entry's position."""
        repository = self.open(document)
        entry = written(repository, text, ref)
        return self.journal.append(entry, repository.position).result()

    def text(self, document: str) -> str:
        repository = self.open(document)
        head = repository.head(MASTER)
        assert head is not None
        return repository.text(head)

    def checkpoint(self, document: str) -> int:
        """Have all of a document in its repository, and let the journal forget it."""
        repository = self.open(document)
        unwritten = repository.unwritten()
        if unwritten is None:
            return repository.position
        checkpoint.write(repository.path, unwritten)
        self.journal.forget(document, unwritten.position, repository.path).result()
        return unwritten.position


def _in_postgresql(place: Place, node_url: str = "") -> Journal:
    assert place.postgres
    place.database = place.database or place.postgres.empty_database()
    return PostgresqlJournal(place.postgres.url(place.database), node_url=node_url)


JOURNALS: dict[str, Callable[[Place], Journal]] = {
    "direct": lambda place: DirectJournal(lambda document: place.on_disk(document).path),
    "sqlite": lambda place: SqliteJournal(place.path / "journal.sqlite"),
    "postgresql": _in_postgresql,
    "postgresql, a node": lambda place: _in_postgresql(place, "http://node.invalid"),
}


@pytest.fixture(params=JOURNALS)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres | None
) -> Iterator[Place]:
    if "postgresql" in request.param and postgres is None:
        pytest.skip(MISSING)
    place = Place(tmp_path, JOURNALS[request.param], postgres)
    yield place
    place.journal.close()


def written(repository: Repository, text: str, ref: str = MASTER) -> Entry:
    """An entry that adds one commit of `text` on top of `ref`."""
    head = repository.head(ref)
    commit = repository.commit(text, (head,) if head else (), ANN, ANN, "Write\n")
    repository.move(ref, commit)
    entry = repository.staged(repository.filename.removesuffix(".txt"))
    assert entry is not None
    return entry


# --- append and read


def test_an_entry_is_there_for_whoever_opens_the_document_next(place: Place) -> None:
    for number in range(3):
        place.append("notes", f"{number}\n")
        assert place.text("notes") == f"{number}\n"


def test_an_entry_is_there_after_a_restart(place: Place) -> None:
    for number in range(3):
        place.append("notes", f"{number}\n")
        place.restart()
        assert place.text("notes") == f"{number}\n"


def test_documents_do_not_mix(place: Place) -> None:
    for document in ("notes", "plans"):
        place.append(document, document)
    assert [place.text(document) for document in ("notes", "plans")] == ["notes", "plans"]


def test_positions_grow_and_are_read_back(place: Place) -> None:
    assert place.journal.read("notes").position == 0
    positions = [place.append("notes", f"{number}\n") for number in range(3)]
    assert positions == sorted(set(positions))
    assert min(positions) > 0
    assert place.journal.read("notes").position == positions[-1]
    assert place.journal.read("plans").position == 0


def test_what_was_read_before_is_not_read_again(place: Place) -> None:
    place.append("notes", "one\n")
    repository = place.open("notes")
    place.append("notes", "two\n")
    log = place.journal.read("notes", repository.position)
    assert len(log.entries) == (0 if place.journal.writes_through else 1)
    assert place.journal.read("notes", log.position).entries == ()


# --- gather


def test_entries_that_a_thread_gathers_are_durable_soon_after(place: Place) -> None:
    entries = [(written(place.open(name), name), name) for name in ("notes", "plans")]
    with place.journal.gather():
        appended = [place.journal.append(entry, 0) for entry, _ in entries]
    assert all(each.result(20) > 0 for each in appended)
    place.restart()
    assert [place.text(name) for _, name in entries] == ["notes", "plans"]


def test_two_threads_gather_at_the_same_time(place: Place) -> None:
    def gathered(name: str) -> int:
        with place.journal.gather():
            appended = place.journal.append(written(place.open(name), name), 0)
        return appended.result(20)

    with ThreadPoolExecutor(1) as other, place.journal.gather():
        assert other.submit(gathered, "notes").result(20) > 0
        appended = place.journal.append(written(place.open("plans"), "plans"), 0)
    assert appended.result(20) > 0


def test_another_thread_does_not_wait_for_one_that_gathers(place: Place) -> None:
    with ThreadPoolExecutor(1) as other, place.journal.gather():
        assert other.submit(place.append, "notes", "one\n").result(20) > 0
    assert place.text("notes") == "one\n"


# --- compare-and-swap


def test_of_two_entries_that_follow_one_the_second_is_overtaken(place: Place) -> None:
    place.append("notes", "start\n")
    first, second = place.open("notes"), place.open("notes")
    mine, yours = written(first, "mine\n"), written(second, "yours\n")
    place.journal.append(mine, first.position).result()
    late = place.journal.append(yours, second.position)
    with pytest.raises(OvertakenError):
        late.result()
    assert place.text("notes") == "mine\n"
    place.append("notes", "yours\n")
    assert place.text("notes") == "yours\n"


def test_an_overtaken_entry_moves_none_of_its_refs(place: Place) -> None:
    place.append("notes", "start\n")
    late = place.open("notes")
    written(late, "branch\n", CLIENTS + "ann")
    entry = written(late, "late\n")
    place.append("notes", "first\n")
    assert isinstance(place.journal.append(entry, late.position).exception(), OvertakenError)
    assert place.open("notes").heads(CLIENTS) == {}


def test_many_threads_append_and_each_entry_counts_once(place: Place) -> None:
    place.append("notes", "")

    def add(word: str) -> None:
        for _ in range(100):
            repository = place.open("notes")
            head = repository.head(MASTER)
            assert head is not None
            entry = written(repository, repository.text(head) + word + "\n")
            try:
                place.journal.append(entry, repository.position).result()
            except OvertakenError:
                continue
            return
        raise AssertionError("overtaken a hundred times")

    words = [f"word{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, words))
    assert sorted(place.text("notes").split()) == sorted(words)
    place.checkpoint("notes")
    assert_sound(place.path / "notes.git")


def test_a_future_cannot_be_cancelled(place: Place) -> None:
    repository = place.open("notes")
    future = place.journal.append(written(repository, "one\n"), repository.position)
    assert not future.cancel()
    future.result()
    assert place.text("notes") == "one\n"


# --- listen


def test_listeners_hear_of_every_entry_after_its_future_is_done(place: Place) -> None:
    heard: list[tuple[str, int]] = []
    came = threading.Condition()

    def listen(document: str, position: int) -> None:
        with came:
            heard.append((document, position))
            came.notify()

    place.journal.listen(listen)
    expected = []
    for document in ("notes", "plans", "notes"):
        repository = place.open(document)
        future = place.journal.append(written(repository, f"{document}\n"), repository.position)
        future.add_done_callback(lambda done: heard.append(("done", done.result())))
        expected += [("done", future.result()), (document, future.result())]
        with came:
            assert came.wait_for(partial(_are, heard, len(expected)), timeout=20)
    assert sorted(heard) == sorted(expected)


def _are(heard: Sequence[object], many: int) -> bool:
    return len(heard) == many


# --- forget


def test_what_is_in_the_repository_is_forgotten_and_the_log_goes_on(place: Place) -> None:
    for number in range(3):
        place.append("notes", f"{number}\n")
    position = place.checkpoint("notes")
    assert_sound(place.path / "notes.git")
    after = place.append("notes", "after\n")
    assert after > position
    assert len(place.journal.read("notes").entries) <= 1
    assert place.text("notes") == "after\n"
    place.checkpoint("notes")
    place.restart()
    assert place.journal.documents() == []
    assert place.journal.read("notes").entries == ()
    assert place.text("notes") == "after\n"


def test_the_documents_with_entries_are_known_after_a_restart(place: Place) -> None:
    for document in ("notes", "plans", "zoo"):
        place.append(document, "text\n")
    place.checkpoint("plans")
    place.restart()
    left = [] if place.journal.writes_through else ["notes", "zoo"]
    assert place.journal.documents() == left


# --- refusals


def test_a_try_to_write_leaves_no_trace(place: Place) -> None:
    place.append("notes", "start\n")
    before = sorted(path.name for path in place.path.iterdir())
    place.journal.try_to_write()
    assert sorted(path.name for path in place.path.iterdir()) == before
    assert place.append("notes", "next\n") == 2
    assert all(is_document_name(name) for name in place.journal.documents())


def test_a_disk_that_refuses_is_an_error_and_acknowledges_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path, JOURNALS["direct"])
    repository = place.open("notes")
    entry = written(repository, "start\n")
    in_the_way = repository.path
    in_the_way.write_text("")
    refused = place.journal.append(entry, 0).exception()
    assert isinstance(refused, JournalError)
    assert not isinstance(refused, OvertakenError)
    in_the_way.unlink()
    place.journal.append(entry, 0).result()
    assert place.text("notes") == "start\n"

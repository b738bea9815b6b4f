"""Nodes that share a database: each document has one owner, and nobody else can write it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.git.repository import Unwritten
from server.storage import checkpoint
from server.storage.journal import JournalError, NotOwnedError, OvertakenError
from server.storage.journal.postgresql import PostgresqlJournal
from tests.postgres import MISSING, Postgres
from tests.server.storage.test_postgresql_journal import Files, entry

_WAIT_S = 20
A, B = "http://a.invalid", "http://b.invalid"
Start = Callable[[str], Files]


@pytest.fixture
def url(postgres: Postgres | None) -> str:
    if postgres is None:
        pytest.skip(MISSING)
    return postgres.url(postgres.empty_database())


@pytest.fixture
def start(url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a node; a second one of a URL is that of a machine that was started again."""
    nodes: list[PostgresqlJournal] = []

    def start(node_url: str) -> Files:
        nodes.append(PostgresqlJournal(url, node_url=node_url, lock_wait_s=0))
        return Files(tmp_path / str(len(nodes)), nodes[-1])

    yield start
    for node in nodes:
        node.close()


def hang(files: Files) -> None:
    """Have a node renew its lease no more, as a machine that hangs, and let the lease be over."""
    files.journal._watcher.close()
    files.journal._shared.run(
        lambda connection: connection.execute(
            "update gollabedit.nodes set lease_until = clock_timestamp() where id = %s",
            [files.journal._ownership.name],
        )
    )


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + _WAIT_S
    while not condition():
        assert time.monotonic() < until, "it does not happen"
        time.sleep(0.005)


def unwritten(files: Files) -> Unwritten:
    found = files.open().unwritten()
    assert found is not None
    return found


def test_a_document_moves_once_its_owner_has_released_it(start: Start) -> None:
    first, second = start(A), start(B)
    assert not first.journal.own("notes").url
    first.write("one\n")
    first.checkpoint().result(_WAIT_S)
    first.write("two\n")
    assert second.journal.own("notes").url == A
    assert not second.journal.owns("notes")
    with pytest.raises(NotOwnedError):
        second.open()
    assert isinstance(second.journal.append(entry(), 2).exception(_WAIT_S), NotOwnedError)
    first.journal.release(["notes"]).result(_WAIT_S)
    assert isinstance(first.journal.append(entry(), 2).exception(_WAIT_S), NotOwnedError)
    taken = second.journal.own("notes")
    assert taken == ("", "notes", True)
    assert second.text() == "two\n"
    second.write("three\n")
    second.checkpoint().result(_WAIT_S)
    second.journal.release(["notes"]).result(_WAIT_S)
    assert first.journal.own("notes") == ("", "notes", False)
    assert first.text() == "three\n", "its own repository was an old one"


def test_a_checkpoint_before_a_release_is_stored_first(start: Start) -> None:
    first, second = start(A), start(B)
    first.journal.own("notes")
    first.write("one\n")
    content = unwritten(first)
    checkpoint.write(first.repository(), content)
    stored = first.journal.forget("notes", content.position, first.repository())
    first.journal.release(["notes"]).result(_WAIT_S)
    stored.result(0)
    assert second.journal.own("notes") == ("", "notes", False)


def test_whoever_was_overtaken_is_refused_whatever_it_writes(start: Start) -> None:
    first, second = start(A), start(B)
    lost: list[str] = []
    first.journal.watch_owners(lost.append, lambda _: None)
    for document in ("notes", "kept"):
        first.journal.own(document)
        first.write("one\n", document)
    content = unwritten(first)
    checkpoint.write(first.repository(), content)
    hang(first)
    assert not second.journal.own("notes").url
    second.write("two\n")
    journal, path = first.journal, first.repository()
    writes: list[Callable[[], object]] = [
        lambda: journal.store("notes", path),
        lambda: journal.forget("notes", content.position, path).result(_WAIT_S),
        lambda: journal.rename("notes", "plans"),
        lambda: journal.remove("notes"),
    ]
    for write in writes:  # it does not know yet
        with pytest.raises(NotOwnedError):
            write()
    together = [journal.append(entry(), 1), journal.append(entry("kept"), 1)]
    assert isinstance(together[0].exception(_WAIT_S), OvertakenError)
    assert together[1].result(_WAIT_S) == 2, "what nobody has taken is still its own"
    assert lost == ["notes"]
    with pytest.raises(NotOwnedError):
        first.open()
    assert second.text() == "two\n"
    assert journal.own("notes").url == B


def test_a_node_that_hung_finds_out_by_itself_what_it_has_lost(start: Start) -> None:
    first, second = start(A), start(B)
    lost: list[str] = []
    first.journal.watch_owners(lost.append, lambda _: None)
    for document in ("notes", "kept"):
        first.journal.own(document)
    first.journal._shared.run(
        lambda connection: connection.execute(
            "update gollabedit.nodes set lease_until = clock_timestamp() where url = %s", [A]
        )
    )
    taken = second.journal.own("notes")  # unless the first one has renewed its lease already
    eventually(lambda: lost == [] if taken.url else lost == ["notes"])
    assert first.journal.owns("kept")


def test_a_node_that_is_started_again_owns_at_once_and_the_old_process_nothing(
    start: Start,
) -> None:
    first = start(A)
    first.journal.own("notes")
    first.write("one\n")
    again = start(A)
    assert not again.journal.own("notes").url
    assert isinstance(first.journal.append(entry(), 1).exception(_WAIT_S), JournalError)
    eventually(lambda: first.journal._ownership.refusal is not None)
    with pytest.raises(JournalError, match="another gollabedit with this --node-url"):
        first.journal.own("plans")
    again.write("two\n")


def test_what_was_only_looked_at_leaves_nothing(start: Start) -> None:
    first = start(A)
    first.journal.own("looked-at")
    first.journal.own("notes")
    first.write("one\n")
    assert first.journal.stored().keys() == {"notes"}
    first.journal.release(["looked-at", "notes"]).result(_WAIT_S)
    rows = first.journal._shared.run(
        lambda connection: connection.execute("select name from gollabedit.documents").fetchall()
    )
    assert rows == [("notes",)]


def test_a_document_gets_a_name_that_was_looked_at(start: Start) -> None:
    first = start(A)
    for document in ("notes", "plans"):
        first.journal.own(document)
    first.write("one\n")
    first.journal.rename("notes", "plans")
    assert first.journal.owned() == ("plans",)
    assert first.journal.read("plans").position == 1
    first.journal.remove("plans")
    assert first.journal.owned() == ()
    assert first.journal.stored() == {}


def test_every_node_lists_and_reads_what_others_own(start: Start) -> None:
    first, second = start(A), start(B)
    first.journal.own("notes")
    for text in ("one\n", "two\n"):
        first.write(text)
        first.checkpoint().result(_WAIT_S)
        head = first.open().head("refs/heads/master")
        assert second.journal.newest("notes") == head
        second.journal.fetch("notes", second.repository())
        assert second.repository().exists()
    first.write("three\n")
    assert second.journal.newest("notes") == first.open().head("refs/heads/master")
    assert second.journal.newest("nothing") is None
    assert second.journal.documents() == ["notes"]
    assert second.journal.left() == []
    hang(first)
    assert second.journal.left() == ["notes"]


def test_nodes_and_a_server_that_shares_nothing_exclude_each_other(start: Start, url: str) -> None:
    only = PostgresqlJournal(url)
    with pytest.raises(JournalError, match="start it with --node-url"):
        start(A)
    only.close()
    first = start(A)
    with pytest.raises(JournalError, match="start this one with --node-url"):
        PostgresqlJournal(url, lock_wait_s=0)
    first.journal.own("notes")
    first.write("one\n")
    first.journal._watcher.close()  # as if PostgreSQL had lost it, and with it its lock
    only = PostgresqlJournal(url)  # waits for the end of that session
    assert isinstance(first.journal.append(entry(), 1).exception(_WAIT_S), JournalError)
    with pytest.raises(NotOwnedError):
        first.journal.own("plans")
    assert only.append(entry(), 1).result(_WAIT_S) == 2
    only.close()


def test_servers_that_come_and_go_are_told_and_share_a_secret(start: Start) -> None:
    first = start(A)
    seen: list[object] = []
    first.journal.watch_owners(lambda _: None, seen.append)
    second = start(B)
    assert first.journal.secret == second.journal.secret
    assert len(first.journal.secret) == 32
    eventually(lambda: seen[-3:] == [(B,)] * 3)  # at each look, whatever was seen before
    second.journal.own("notes")
    second.write("one\n")
    second.journal.close()
    assert not first.journal.own("notes").url, "a node that ends releases what it owned"
    eventually(lambda: seen[-1] == ())


def test_a_search_does_not_take_the_place_of_a_checkpoint_that_waits(start: Start) -> None:
    """The repository is made anew for it: the entries stay, as they are not stored."""
    first = start(A)
    first.journal.own("notes")
    first.write("one\n")
    content = unwritten(first)
    checkpoint.write(first.repository(), content)
    with first.journal._lock_of("notes"):
        waiting = first.journal.forget("notes", content.position, first.repository())
        released = first.journal.release(["notes"])
        first.journal.fetch("notes", first.repository())
    assert isinstance(waiting.exception(_WAIT_S), JournalError)
    released.result(_WAIT_S)
    first.journal.own("notes")
    assert first.text() == "one\n"

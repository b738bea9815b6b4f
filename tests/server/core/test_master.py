"""`master`: merges, splits, live typing, and authors."""

from pathlib import Path

import pytest

from server.core.clients import Author
from server.core.git_model import Signature
from server.core.master import Incoming, Master
from server.git.repository import Repository
from tests.server.desk import NOON

ANN, BO, CY = Author("ann", "Ann"), Author("bo", "Bo"), Author("cy", "Cy")


@pytest.fixture
def store(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "notes.git", "notes.txt")


@pytest.fixture
def master(store: Repository) -> Master:
    return Master(store)


def edit(author: Author, text: str, fork: str, seq: int = 1) -> Incoming:
    return Incoming(author, seq, text, fork, (fork,))


def test_every_document_begins_with_the_same_revision(tmp_path: Path, master: Master) -> None:
    elsewhere = Master(Repository(tmp_path / "other.git", "notes.txt"))
    assert (master.revision, master.text) == (elsewhere.revision, "")


def test_an_edit_of_the_last_revision_becomes_the_revision(master: Master) -> None:
    settled = master.merge(edit(ANN, "one\n", master.revision), NOON)
    assert settled.conflict is None
    assert (master.revision, master.text) == (settled.head, "one\n")


def test_an_edit_of_an_older_revision_is_merged(store: Repository, master: Master) -> None:
    base = master.merge(edit(ANN, "Good morning world!", master.revision), NOON).head
    ann = master.merge(edit(ANN, "Good morning everybody!", base, 2), NOON).head
    bo = master.merge(edit(BO, "Well, Good morning world!", base), NOON).head
    assert master.text == "Well, Good morning everybody!"
    assert master.revision not in (ann, bo)
    assert all(store.contains(master.revision, head) for head in (ann, bo))


def test_what_disagrees_waits_and_the_rest_is_merged(store: Repository, master: Master) -> None:
    base = master.merge(edit(ANN, "Meet on Monday\n\nRoom 1\n", master.revision), NOON).head
    master.merge(edit(ANN, "Meet on Tuesday\n\nRoom 1\n", base, 2), NOON)
    settled = master.merge(edit(BO, "Meet on Friday\n\nRoom 2\n", base), NOON)
    assert master.text == "Meet on Tuesday\n\nRoom 2\n"
    assert store.text(settled.head) == "Meet on Friday\n\nRoom 2\n"
    found = settled.conflict
    assert found is not None
    assert [(hunk.ours, hunk.theirs) for hunk in found.hunks] == [("Tuesday", "Friday")]
    assert store.text(found.merge_base) == "Meet on Monday\n\nRoom 2\n"
    assert store.merge_base(master.revision, settled.head) == found.merge_base
    assert master.open_conflict(found.merge_base, settled.head) == found


@pytest.mark.parametrize(
    ("words", "waits_s", "asks"),
    [
        ("tw", 0.0, False),
        ("tw", 29.0, False),
        ("tw", 31.0, True),
        ("two", 0.0, True),
        ("two " * 60, 0.0, True),
    ],
    ids=["at once", "soon", "after a while", "a whole word", "a paste"],
)
def test_letters_at_one_point_are_both_kept_only_while_typing(
    master: Master, words: str, waits_s: float, asks: bool
) -> None:
    base = master.merge(edit(ANN, "say: \n", master.revision), NOON).head
    master.merge(edit(ANN, "say: one\n", base, 2), NOON)
    settled = master.merge(edit(BO, f"say: {words}\n", base), NOON + waits_s)
    assert (settled.conflict is not None) == asks
    assert "one" in master.text
    assert ("two" in master.text) != asks


def test_a_clock_that_went_back_makes_nothing_live(master: Master) -> None:
    base = master.merge(edit(ANN, "say: \n", master.revision), NOON).head
    master.merge(edit(ANN, "say: one\n", base, 2), NOON)
    assert master.merge(edit(BO, "say: two\n", base), NOON - 60).conflict is not None


def test_the_other_side_is_named_by_who_wrote_it(master: Master) -> None:
    base = master.merge(edit(ANN, "Meet on Monday\n\nRoom 1\n", master.revision), NOON).head
    tuesday = master.merge(edit(CY, "Meet on Tuesday\n\nRoom 1\n", base), NOON).head
    master.merge(edit(ANN, "Hello\nMeet on Tuesday\n\nRoom 2\n", tuesday, 2), NOON)
    found = master.merge(edit(BO, "Meet on Friday\n\nRoom 1\n", base), NOON).conflict
    assert found is not None
    assert master.authors_of(found, BO) == ["Cy"]
    assert master.clients_since(base) == ["ann", "cy"]
    assert master.moves_since(base) == 2


def test_after_a_restart_the_other_side_is_found_in_the_log(
    store: Repository, master: Master
) -> None:
    base = master.merge(edit(ANN, "Meet on Monday\n", master.revision), NOON).head
    master.merge(edit(CY, "Meet on Tuesday\n", base), NOON)
    found = Master(store).merge(edit(BO, "Meet on Friday\n", base), NOON).conflict
    assert found is not None
    assert Master(store).authors_of(found, BO) == ["Cy"]


def test_commits_of_strangers_are_contained_as_well(store: Repository, master: Master) -> None:
    who = Signature("Olive", "olive@example.invalid", NOON)
    pushed = store.commit("one\n", (master.revision,), who, who, "Write\n")
    assert not master.contains(pushed)
    assert master.merge_base(pushed) == master.revision
    store.move("refs/heads/master", pushed)
    again = Master(store)
    assert again.text == "one\n"
    assert again.contains(master.revision)

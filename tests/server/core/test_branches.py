"""Branches of clients that are gone: parked, dropped, or kept."""

from server.core.document import Joined
from server.core.git_model import MASTER
from tests.server.desk import (
    FRIDAY_NOON,
    MONDAY,
    TUESDAY_NOON,
    Desk,
    Writer,
    conflict,
    disagree,
    merged,
)


def test_a_sweep_parks_the_conflict_of_a_client_that_is_gone_for_long(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    desk.now += 59
    desk.sweep()
    assert desk.unmerged() == {}
    desk.now += 2
    desk.sweep()
    assert desk.unmerged() == {"bo": found.commit}
    assert not desk.document.branches.has_open_conflicts


def test_a_sweep_leaves_those_alone_who_are_here(desk: Desk, ann: Writer, bo: Writer) -> None:
    disagree(desk, ann, bo)
    desk.now += 10_000
    desk.sweep(present=["bo"])
    assert desk.unmerged() == {}
    desk.now += 59
    desk.sweep()
    assert desk.unmerged() == {}, "the wait begins when the client goes"


def test_a_sweep_leaves_those_alone_who_have_said_nothing_since_the_document_was_opened(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    disagree(desk, ann, bo)
    desk.reopen()
    desk.now += 10_000
    desk.sweep(present=["ann", "bo"])
    assert desk.unmerged() == {}
    assert desk.branch("ann") is not None


def test_a_sweep_parks_a_conflict_of_before_the_restart(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    desk.now += 10_000
    desk.reopen()
    desk.sweep()
    assert desk.unmerged() == {}, "the client may be about to come back"
    desk.now += 61
    desk.sweep()
    assert desk.unmerged() == {"bo": found.commit}


def test_a_sweep_deletes_the_merged_branch_of_a_client_that_is_gone(
    desk: Desk, ann: Writer
) -> None:
    merged(ann.edit(MONDAY))
    desk.now += 599
    desk.sweep()
    assert desk.branch("ann") is not None
    desk.now += 2
    desk.sweep()
    assert desk.branch("ann") is None
    assert desk.repository().head(MASTER) == desk.revision


def test_a_sweep_deletes_an_unmerged_branch_that_was_merged(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    merged(bo.park(found))
    again = conflict(bo.edit(FRIDAY_NOON + "Bring cake.\n", found.commit))
    desk.sweep(present=["bo"])
    assert desk.unmerged() == {"bo": found.commit}
    merged(bo.resolve(again, again.text))
    desk.sweep(present=["bo"])
    assert desk.unmerged() == {}


def test_a_client_that_comes_back_after_it_was_parked_starts_from_master(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    disagree(desk, ann, bo)
    desk.now += 61
    desk.sweep()
    joined = bo.hello()
    assert isinstance(joined, Joined)
    assert (joined.conflict, joined.text, joined.seq) == (None, TUESDAY_NOON, 1)

"""Parked branches, which any client may resolve (rule P15)."""

import pytest

from server.core.document import Request
from server.core.git_model import CLIENTS, MASTER
from server.protocol import Code, Conflict, Hello, Resolve
from server.protocol.answers import UnmergedConflict
from tests.git import git
from tests.server.desk import (
    FRIDAY,
    FRIDAY_NOON,
    MONDAY,
    TUESDAY,
    TUESDAY_NOON,
    Desk,
    Writer,
    after,
    conflict,
    disagree,
    error,
    merged,
    parents,
    sides,
)

SUNDAY_NOON = "Meet on Sunday at noon.\n"


@pytest.fixture
def cy(desk: Desk) -> Writer:
    return desk.client("cy")


def parked(desk: Desk, ann: Writer, bo: Writer) -> UnmergedConflict:
    """Ann makes it Tuesday, Bo Friday, and he puts the question off."""
    merged(bo.park(disagree(desk, ann, bo)))
    return desk.question("bo")


def count(desk: Desk) -> int:
    """Return the count that a new client gets."""
    return desk.client("newcomer").hello().unmerged


def test_p15_anybody_can_answer_what_was_parked(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    found = parked(desk, ann, bo)
    reply = merged(cy.resolve(found, SUNDAY_NOON))
    assert desk.text == after(reply, SUNDAY_NOON) == SUNDAY_NOON
    assert parents(desk.store, reply.commit) == [found.revision, found.commit]
    assert desk.branch("cy") == reply.commit == desk.repository().head(MASTER)
    assert git("log", "-1", "--format=%an", reply.commit, cwd=desk.path) == "Cy"


def test_p15_it_is_dropped_in_the_very_step_that_brings_it_into_master(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    found = parked(desk, ann, bo)
    answer = Resolve(seq=1, commit=found.commit, base=found.revision, text=SUNDAY_NOON)
    merged(desk.stage(Request(cy.author, answer))[0])
    entry = desk.save()
    assert entry is not None
    moves = {move.name.removeprefix("refs/heads/"): move.new for move in entry.moves}
    assert moves["unmerged/bo"] is None
    assert moves["master"] == moves["clients/cy"] == desk.revision
    assert desk.unmerged() == {}


@pytest.mark.parametrize("reopen", [False, True])
def test_p15_everybody_is_told_how_many_there_are(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer, reopen: bool
) -> None:
    open_only = disagree(desk, ann, bo)
    assert count(desk) == 0
    merged(bo.park(open_only))
    if reopen:
        desk.reopen()
    assert count(desk) == 1
    merged(cy.resolve(desk.question("bo"), SUNDAY_NOON))
    assert count(desk) == 0


def test_p15_of_two_who_take_it_up_the_second_makes_an_ordinary_edit(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    found = parked(desk, ann, bo)
    first, second = desk.run(
        *(
            Request(who.author, Resolve(seq=9, commit=found.commit, base=found.revision, text=text))
            for who, text in ((ann, SUNDAY_NOON), (cy, FRIDAY_NOON))
        )
    )
    assert parents(desk.store, merged(first).commit) == [found.revision, found.commit]
    again = conflict(second)
    assert parents(desk.store, again.commit) == [found.revision]
    assert sides(again) == [("Tuesday", "Sunday", "Friday")]
    assert desk.unmerged() == {}


def test_p15_two_who_give_the_same_answer_agree(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    found = parked(desk, ann, bo)
    merged(ann.resolve(found, SUNDAY_NOON))
    merged(cy.resolve(found, SUNDAY_NOON))
    assert desk.text == SUNDAY_NOON


def test_p15_an_answer_that_meets_newer_words_is_a_conflict_of_who_gave_it(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    found = parked(desk, ann, bo)
    merged(ann.edit(TUESDAY_NOON.replace("Tuesday", "Wednesday")))
    again = conflict(cy.resolve(found, SUNDAY_NOON))
    assert sides(again) == [("Tuesday", "Wednesday", "Sunday")]
    assert parents(desk.store, again.commit) == [found.revision, found.commit]
    assert desk.unmerged() == {"bo": found.commit}, "until the answer is in master"
    merged(cy.resolve(again, SUNDAY_NOON))
    assert (desk.text, desk.unmerged()) == (SUNDAY_NOON, {})


def test_p15_an_answer_that_is_parked_again_takes_both_along(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    found = parked(desk, ann, bo)
    merged(ann.edit(TUESDAY_NOON.replace("Tuesday", "Wednesday")))
    again = conflict(cy.resolve(found, SUNDAY_NOON))
    merged(cy.park(again))
    assert desk.unmerged() == {"bo": found.commit, "cy": again.commit}
    merged(ann.resolve(desk.question("cy"), SUNDAY_NOON))
    assert desk.unmerged() == {}


def test_p15_who_has_a_question_open_answers_that_first(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    found = parked(desk, ann, bo)
    merged(ann.edit(TUESDAY_NOON.replace("Tuesday", "Wednesday")))
    own = conflict(cy.edit(SUNDAY_NOON, found.revision))
    refused = error(cy.resolve(found, FRIDAY_NOON))
    assert (refused.code, refused.seq) == (Code.UNKNOWN_BASE, 2)
    assert desk.unmerged() == {"bo": found.commit}
    merged(cy.resolve(own, SUNDAY_NOON))
    merged(cy.resolve(found, SUNDAY_NOON))
    assert desk.unmerged() == {}


def test_p15_only_the_head_of_an_unmerged_branch_can_be_taken_up(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    found = disagree(desk, ann, bo)
    assert error(cy.resolve(found, SUNDAY_NOON)).code == Code.UNKNOWN_BASE
    further = conflict(bo.edit(FRIDAY_NOON + "Bring cake.\n", found.commit))
    merged(bo.park(further))
    assert error(cy.resolve(found, SUNDAY_NOON)).code == Code.UNKNOWN_BASE
    assert error(cy.edit(SUNDAY_NOON, further.commit)).code == Code.UNKNOWN_BASE
    assert error(cy.park(further)).code == Code.UNKNOWN_BASE
    assert desk.unmerged() == {"bo": further.commit}


def test_p15_what_is_parked_may_be_answered_in_splices_of_the_revision_that_was_shown(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    found = parked(desk, ann, bo)
    answer = Resolve(seq=1, commit=found.commit, base=found.revision, splices=[(8, 7, "Sunday")])
    merged(desk.run(Request(cy.author, answer))[0])
    assert (desk.text, desk.unmerged()) == (SUNDAY_NOON, {})


@pytest.mark.parametrize("reopen", [False, True])
def test_p3_a_branch_taken_up_once_is_not_taken_up_again(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer, reopen: bool
) -> None:
    found = parked(desk, ann, bo)
    first = cy.resolve(found, SUNDAY_NOON)
    before = git("for-each-ref", cwd=desk.path)
    if reopen:
        desk.reopen()
    assert cy.resolve(found, SUNDAY_NOON, seq=1) == first
    assert git("for-each-ref", cwd=desk.path) == before


def test_p3_who_never_heard_of_a_conflict_that_others_settled_may_send_it_again(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    base = desk.begin(MONDAY)
    merged(ann.edit(TUESDAY, base))
    conflict(bo.edit(FRIDAY, base))  # Bo is cut off before he hears of it
    desk.now += 61
    desk.sweep()
    merged(cy.resolve(desk.question("bo"), MONDAY))
    desk.reopen()
    assert bo.hello().seq == 1
    assert after(merged(bo.edit(FRIDAY, base, seq=1)), FRIDAY) == MONDAY
    desk.now += 10_000
    desk.reopen()
    desk.now += 61
    desk.sweep()
    assert desk.branch("bo") is None, "it is kept as any merged branch"


def test_p3_the_number_of_a_newer_branch_stays(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = parked(desk, ann, bo)
    newer = merged(bo.edit(TUESDAY_NOON + "Bring cake.\n")).commit
    merged(ann.resolve(found, SUNDAY_NOON))
    assert desk.repository().head(CLIENTS + "bo") == newer


def test_p15_a_client_with_several_loses_none_of_them(
    desk: Desk, ann: Writer, bo: Writer, cy: Writer
) -> None:
    shown = parked(desk, ann, bo).revision
    merged(ann.edit(desk.text.replace("Tuesday", "Wednesday")))
    second = conflict(bo.edit(SUNDAY_NOON, shown))
    merged(bo.park(second))
    assert count(desk) == 2
    merged(cy.resolve(desk.question("bo-2"), SUNDAY_NOON))
    assert list(desk.unmerged()) == ["bo"]
    assert count(desk) == 1
    desk.reopen()
    assert bo.hello().seq == second.seq


def test_p15_what_was_merged_by_hand_is_noticed(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = parked(desk, ann, bo)
    repository = desk.repository()
    head = repository.head(MASTER)
    assert head is not None
    tree = git("rev-parse", f"{head}^{{tree}}", cwd=desk.path)
    who = ("-c", "user.name=Olive", "-c", "user.email=olive@example.invalid")
    both = git(
        *who, "commit-tree", "-p", head, "-p", found.commit, "-m", "By hand", tree, cwd=desk.path
    )
    git("update-ref", MASTER, both, cwd=desk.path)
    desk.reopen()
    assert count(desk) == 0
    assert desk.reader().all("notes").unmerged == []
    desk.sweep()
    assert desk.unmerged() == {}


def test_p15_a_branch_of_an_open_conflict_is_nobody_elses(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    [joined] = desk.run(Request(ann.author, Hello(1)))
    assert isinstance(found, Conflict)
    assert getattr(joined, "unmerged", None) == 0
    assert desk.reader().all("notes").unmerged == []

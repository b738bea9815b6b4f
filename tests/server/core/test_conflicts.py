"""A client disagrees with master: the question, its answer, and putting it off."""

from pathlib import Path

import pytest

from server.core.document import Request, View
from server.protocol import (
    Code,
    Resolve,
)
from tests.git import git, run_git
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


def test_p9_what_does_not_disagree_is_merged_at_once(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    assert desk.text == TUESDAY_NOON
    assert (found.text, found.revision) == (TUESDAY_NOON, desk.revision)
    assert sides(found) == [("Monday", "Tuesday", "Friday")]
    assert desk.store.text(found.commit) == FRIDAY_NOON


def test_p9_the_commit_is_split(desk: Desk, ann: Writer, bo: Writer) -> None:
    base = desk.begin(MONDAY)
    before = merged(ann.edit(TUESDAY, base)).revision
    found = conflict(bo.edit(FRIDAY_NOON, base))
    part = found.base
    assert desk.store.text(part) == "Meet on Monday at noon.\n"
    assert parents(desk.store, part) == [base]
    assert parents(desk.store, found.commit) == [part]
    assert parents(desk.store, found.revision) == [before, part]
    assert desk.branch("bo") == found.commit


def test_p9_where_nothing_merges_there_is_nothing_to_split(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin(MONDAY)
    revision = merged(ann.edit(TUESDAY, base)).revision
    found = conflict(bo.edit(FRIDAY, base))
    assert (found.base, found.revision) == (base, revision)
    assert parents(desk.store, found.commit) == [base]


def test_p9_git_meets_the_same_conflict_in_a_clone(
    desk: Desk, ann: Writer, bo: Writer, tmp_path: Path
) -> None:
    found = disagree(desk, ann, bo)
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(desk.path), str(clone), cwd=tmp_path)
    branch = "origin/clients/bo"
    assert git("merge-base", "master", branch, cwd=clone) == found.base
    tried = run_git("-c", "merge.conflictStyle=diff3", "merge", branch, cwd=clone)
    assert tried.returncode == 1
    assert (clone / "notes.txt").read_text() == (
        "<<<<<<< HEAD\nMeet on Tuesday at noon.\n"
        f"||||||| {git('rev-parse', '--short', found.base, cwd=clone)}\nMeet on Monday at noon.\n"
        f"=======\nMeet on Friday at noon.\n>>>>>>> {branch}\n"
    )


def test_p9_a_conflict_says_who_wrote_what_and_shows_the_difference(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    assert (found.names.ours, found.names.theirs) == (["Ann"], "Bo")
    assert "-Meet on Tuesday at noon.\n+Meet on Friday at noon.\n" in found.diff
    assert found.waiting == 1


def test_p9_only_those_who_wrote_the_disputed_words_are_named(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin(f"A title\n\n{MONDAY}")
    merged(desk.client("cy").edit(f"Another title\n\n{MONDAY}", base))
    merged(ann.edit(desk.text.replace("Monday", "Tuesday")))
    merged(desk.client("dee").edit(desk.text + "\nThe end\n"))
    found = conflict(bo.edit(f"A title\n\n{FRIDAY}", base))
    assert found.names.ours == ["Ann"]


def test_p9_a_conflict_names_its_authors_after_a_restart_too(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    disagree(desk, ann, bo)
    desk.reopen()
    again = bo.hello().conflict
    assert again is not None
    assert again.names.ours == ["Ann"]


def test_p9_nobody_is_told_that_they_disagree_with_themselves(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin(MONDAY)
    merged(ann.edit(TUESDAY, base))
    merged(desk.client("bo", "Bob as he was called before").edit(TUESDAY.replace("ten", "two")))
    found = conflict(bo.edit(FRIDAY.replace("ten", "six"), base, seq=2))
    assert found.names.ours == ["Ann"]


def test_p9_an_open_conflict_is_found_again_after_a_restart(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    desk.reopen()
    joined = bo.hello()
    assert joined.seq == 1
    assert joined.conflict is not None
    assert joined.conflict.commit == found.commit
    assert joined.conflict.base == found.base
    assert sides(joined.conflict) == sides(found)


def test_p9_typing_goes_on_and_continues_the_branch(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    again = conflict(bo.edit(FRIDAY_NOON + "Bring cake.\n", found.commit))
    assert again.text == desk.text == TUESDAY_NOON + "Bring cake.\n"
    assert sides(again) == [("Monday", "Tuesday", "Friday")]
    assert desk.branch("bo") == again.commit
    assert found.commit in parents(desk.store, again.commit)
    assert git("merge-base", "master", again.commit, cwd=desk.path) == again.base


def test_p9_own_words_that_merge_are_no_changes_that_wait(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    again = conflict(bo.edit(FRIDAY_NOON + "Bring cake.\n", found.commit))
    assert again.waiting == found.waiting == 1
    merged(ann.edit(desk.text + "And tea.\n"))
    joined = bo.hello().conflict
    assert joined is not None
    assert joined.waiting == 2


def test_p9_typing_can_end_the_disagreement(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    reply = merged(bo.edit(TUESDAY_NOON, found.commit))
    assert after(reply, TUESDAY_NOON) == desk.text == TUESDAY_NOON
    assert desk.store.contains(desk.revision, found.commit)
    assert bo.hello().conflict is None


def test_p9_master_moving_elsewhere_is_no_news(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    merged(ann.edit("First things first.\n" + desk.text))
    assert bo.news(found) is None
    joined = bo.hello().conflict
    assert joined is not None
    assert sides(joined) == sides(found)


def test_p9_a_disputed_word_that_changes_again_is_news(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    merged(ann.edit(TUESDAY_NOON.replace("Tuesday", "Wednesday")))
    fresh = conflict(bo.news(found))
    assert (fresh.seq, fresh.commit) == (found.seq, found.commit)
    assert sides(fresh) == [("Monday", "Wednesday", "Friday")]
    assert bo.news(fresh) is None


@pytest.mark.parametrize("healed", [MONDAY.replace("ten", "noon"), FRIDAY_NOON])
def test_p9_a_disagreement_ends_by_itself_when_master_comes_round(
    desk: Desk, ann: Writer, bo: Writer, healed: str
) -> None:
    found = disagree(desk, ann, bo)
    merged(ann.edit(healed))
    news = merged(bo.news(found))
    assert (news.seq, news.commit) == (found.seq, found.commit)
    assert after(news, FRIDAY_NOON) == desk.text == FRIDAY_NOON
    assert desk.repository().contains(desk.revision, found.commit)


def test_p9_of_two_disputes_one_can_end_by_itself(desk: Desk, ann: Writer, bo: Writer) -> None:
    base = desk.begin(f"{MONDAY}\nAnd that is all.\n\nCall me on Monday.\n")
    merged(ann.edit(desk.text.replace("Monday", "Tuesday")))
    sent = desk.store.text(base).replace("Monday", "Friday")
    found = conflict(bo.edit(sent, base))
    assert len(found.hunks) == 2
    merged(ann.edit(desk.text.replace("Meet on Tuesday", "Meet on Monday")))
    fresh = conflict(bo.news(found))
    assert sides(fresh) == [("Monday", "Tuesday", "Friday")]
    assert desk.text == f"{FRIDAY}\nAnd that is all.\n\nCall me on Tuesday.\n"
    assert desk.store.text(fresh.commit) == sent


def test_p9_typing_that_crosses_such_news_goes_on_with_the_conflict(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin(f"{MONDAY}\nAnd that is all.\n\nCall me on Monday.\n")
    merged(ann.edit(desk.text.replace("Monday", "Tuesday")))
    sent = desk.store.text(base).replace("Monday", "Friday")
    found = conflict(bo.edit(sent, base))
    merged(ann.edit(desk.text.replace("Meet on Tuesday", "Meet on Monday")))
    again = conflict(bo.edit(sent.replace("that is all", "that was all"), found.commit))
    assert sides(again) == [("Monday", "Tuesday", "Friday")]
    assert desk.unmerged() == {}


def test_p9_somebody_shown_a_conflict_is_not_told_it_ended_because_the_server_restarted(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    desk.reopen()
    desk.document.restore_conflicts([View("bo", found.revision, found)], desk.now)
    merged(ann.edit("First things first.\n" + desk.text))
    assert bo.news(found) is None
    assert desk.document.branches.has_open_conflicts


# --- resolving


@pytest.mark.parametrize("answer", [TUESDAY_NOON, FRIDAY_NOON, "Meet on Sunday at noon.\n"])
def test_p9_a_resolve_joins_what_was_shown_and_the_branch(
    desk: Desk, ann: Writer, bo: Writer, answer: str
) -> None:
    found = disagree(desk, ann, bo)
    reply = merged(bo.resolve(found, answer))
    assert desk.text == answer
    assert (reply.seq, reply.splices, reply.revision) == (2, [], reply.commit)
    assert parents(desk.store, reply.commit) == [found.revision, found.commit]
    assert desk.branch("bo") == reply.commit
    assert not desk.document.branches.has_open_conflicts


def test_p9_a_resolve_merges_where_master_moved_elsewhere(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    merged(ann.edit("First things first.\n" + desk.text))
    reply = merged(bo.resolve(found, "Meet on Sunday at noon.\n"))
    assert desk.text == "First things first.\nMeet on Sunday at noon.\n"
    assert after(reply, "Meet on Sunday at noon.\n") == desk.text


def test_p9_a_resolve_is_a_new_conflict_where_master_changed_the_same_spot(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    merged(ann.edit(TUESDAY_NOON.replace("Tuesday", "Wednesday")))
    again = conflict(bo.resolve(found, "Meet on Sunday at noon.\n"))
    assert (again.seq, again.revision) == (2, desk.revision)
    assert sides(again) == [("Tuesday", "Wednesday", "Sunday")]
    assert parents(desk.store, again.commit) == [found.revision, found.commit]
    assert merged(bo.resolve(again, "Meet on Sunday at noon.\n")).revision == desk.revision
    assert desk.text == "Meet on Sunday at noon.\n"


def test_p9_a_resolve_of_an_older_conflict_gets_the_one_that_is_open(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    current = conflict(bo.edit(FRIDAY_NOON + "Bring cake.\n", found.commit))
    reply = conflict(bo.resolve(found, TUESDAY_NOON))
    assert (reply.seq, sides(reply)) == (3, sides(current))
    assert desk.store.text(reply.commit) == desk.store.text(current.commit)
    assert desk.text == TUESDAY_NOON + "Bring cake.\n"
    conflict(bo.edit(FRIDAY_NOON + "Bring pie.\n", current.commit))  # goes on from what it knows
    assert desk.text == TUESDAY_NOON + "Bring pie.\n"


def test_p9_a_resolve_of_an_older_conflict_is_kept_in_the_history_of_the_branch(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    first = disagree(desk, ann, bo)
    typed = conflict(bo.edit(FRIDAY_NOON.replace("Meet", "Meet us"), first.commit))
    conflict(bo.resolve(first, "Meet on Sunday at noon.\n"))
    desk.reopen()
    again = bo.hello()
    assert again.seq == bo.seq
    assert again.conflict
    assert sides(again.conflict) == sides(typed)
    assert "Sunday" in git("log", "-p", f"clients/{bo.id}", cwd=desk.path)
    assert desk.store.text(again.conflict.commit) == desk.store.text(typed.commit)


def test_p9_a_resolve_that_crosses_a_new_split_of_the_same_text_is_the_answer(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin("the red fox.\n\n\nand the red hen\n")
    blue = merged(ann.edit("the blue fox.\n\n\nand the blue hen\n", base)).revision
    found = conflict(bo.edit("the green fox.\n\n\nand the green hen\n", base))
    merged(ann.edit("the red fox.\n\n\nand the blue hen\n", blue))
    crossing = conflict(bo.resolve(found, "the teal fox.\n\n\nand the grey hen\n"))
    assert desk.store.text(crossing.commit) == "the teal fox.\n\n\nand the grey hen\n"
    desk.reopen()
    assert bo.hello().seq == bo.seq
    answered = merged(bo.resolve(crossing, "the teal fox.\n\n\nand the grey hen\n"))
    assert desk.text == "the teal fox.\n\n\nand the grey hen\n"
    assert desk.store.contains(answered.revision, crossing.commit)


def test_p9_a_resolve_after_the_disagreement_ended_is_an_edit(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    healed = merged(ann.edit(MONDAY.replace("ten", "noon")))
    reply = merged(bo.resolve(found, TUESDAY_NOON))
    assert reply.commit != healed.commit
    [shown] = parents(desk.store, reply.commit)
    assert parents(desk.store, shown) == [found.revision, found.commit]
    assert desk.text == TUESDAY_NOON


def test_p9_a_resolve_after_the_disagreement_ended_says_nothing_twice(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    """Bo keeps both; meanwhile Ann takes her word back, so that his came in by itself."""
    found = disagree(desk, ann, bo)
    merged(ann.edit(MONDAY.replace("ten", "noon")))
    assert desk.text == FRIDAY_NOON
    merged(bo.resolve(found, "Meet on Tuesday or Friday at noon.\n"))
    assert desk.text == "Meet on Tuesday or Friday at noon.\n"


def test_p9_a_resolve_of_a_branch_that_was_parked_meanwhile_takes_it_in(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    merged(bo.park(found))
    reply = merged(bo.resolve(found, "Meet on Sunday at noon.\n"))
    assert parents(desk.store, reply.commit) == [found.revision, found.commit]
    desk.sweep()
    assert desk.unmerged() == {}


def test_p4_a_resolve_must_have_been_shown_a_revision(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    for commit, base in [(found.commit, found.commit), (found.commit, "0" * 40), ("1" * 40, None)]:
        message = Resolve(seq=9, commit=commit, base=base or found.revision, text="x")
        [reply] = desk.run(Request(bo.author, message))
        assert error(reply).code == Code.UNKNOWN_BASE
    assert bo.hello().seq == 1


# --- deciding later


def test_p9_park_keeps_the_branch_as_unmerged(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    reply = merged(bo.park(found))
    assert (reply.seq, reply.commit, reply.revision) == (2, found.commit, desk.revision)
    assert after(reply, FRIDAY_NOON) == TUESDAY_NOON
    assert desk.unmerged() == {"bo": found.commit}
    assert desk.branch("bo") is None
    fresh = merged(bo.edit(TUESDAY_NOON + "Bring cake.\n"))
    assert desk.branch("bo") == fresh.commit


@pytest.mark.parametrize("reopen", [False, True])
def test_p9_what_is_parked_next_gets_a_name_of_its_own(
    desk: Desk, ann: Writer, bo: Writer, reopen: bool
) -> None:
    first = disagree(desk, ann, bo)
    merged(bo.park(first))
    if reopen:
        desk.reopen()
    merged(ann.edit(desk.text.replace("Tuesday", "Wednesday")))
    second = conflict(bo.edit("Meet on Saturday at noon.\n", first.revision))
    assert second.seq == 3
    merged(bo.park(second))
    assert desk.unmerged() == {"bo": first.commit, "bo-2": second.commit}


def test_p9_an_edit_on_another_base_parks_the_open_conflict_first(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    merged(bo.edit(TUESDAY_NOON + "Bring cake.\n", found.revision))
    assert desk.unmerged() == {"bo": found.commit}
    assert desk.text == TUESDAY_NOON + "Bring cake.\n"


def test_p3_numbers_go_on_where_everything_of_a_client_is_parked(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    merged(bo.park(disagree(desk, ann, bo)))
    desk.reopen()
    assert bo.hello().seq == 1  # the number of what is in Git; a `park` can be done twice


def test_park_without_a_conflict_changes_nothing(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    merged(bo.edit(TUESDAY_NOON, found.commit))
    merged(bo.park(found))
    assert desk.unmerged() == {}

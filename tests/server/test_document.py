"""Requests of clients on one document, over a real repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from merge.splices import Splice, apply
from server.document import Joined, Request, View
from server.git_model import MASTER
from server.protocol import (
    Code,
    Conflict,
    FullText,
    Merged,
    Resolve,
    Sync,
    Update,
    WireSplice,
    check_of,
)
from server.repository import Repository
from tests.git import assert_sound, git, run_git
from tests.server.desk import Desk, Writer, conflict, error, merged, sides

MONDAY = "Meet on Monday at ten.\n"
TUESDAY = "Meet on Tuesday at ten.\n"
FRIDAY = "Meet on Friday at ten.\n"
FRIDAY_NOON = "Meet on Friday at noon.\n"
TUESDAY_NOON = "Meet on Tuesday at noon.\n"


@pytest.fixture(autouse=True)
def sound(desk: Desk) -> Iterator[None]:
    """Whatever a test does, Git finds nothing wrong with what it leaves on disk."""
    yield
    if desk.path.exists():
        assert_sound(desk.path)


@pytest.fixture
def ann(desk: Desk) -> Writer:
    return desk.client("ann")


@pytest.fixture
def bo(desk: Desk) -> Writer:
    return desk.client("bo")


def disagree(desk: Desk, ann: Writer, bo: Writer, theirs: str = FRIDAY_NOON) -> Conflict:
    """Ann makes it Tuesday; then comes what Bo wrote meanwhile."""
    base = desk.begin(MONDAY)
    merged(ann.edit(TUESDAY, base))
    return conflict(bo.edit(theirs, base))


def after(reply: Merged, sent: str) -> str:
    """The text that the sender of `sent` has after this answer."""
    text = apply(sent, [Splice(*splice) for splice in reply.splices])
    assert check_of(text) == reply.check
    return text


def parents(repository: Repository, commit: str) -> list[str]:
    return git("log", "-1", "--format=%P", commit, cwd=repository.path).split()


# --- looking


def test_a_look_leaves_nothing_on_disk(desk: Desk, ann: Writer) -> None:
    joined = ann.hello()
    assert (joined.text, joined.seq, joined.conflict) == ("", 0, None)
    assert not desk.path.exists()


def test_the_first_revision_is_the_same_on_every_server(desk: Desk, tmp_path: Path) -> None:
    assert Desk(tmp_path / "elsewhere.git").revision == desk.revision


def test_a_welcome_leads_from_the_base_that_the_client_still_has(desk: Desk, ann: Writer) -> None:
    base = desk.begin(MONDAY)
    merged(ann.edit(TUESDAY))
    joined = ann.hello(base)
    assert joined.base == base
    assert apply(MONDAY, joined.splices) == joined.text == TUESDAY
    assert joined.check == check_of(TUESDAY)


@pytest.mark.parametrize("base", ["", "0" * 40, "nonsense", "é" * 40, "\n" * 40])
def test_a_welcome_has_no_splices_where_the_base_is_unknown(
    desk: Desk, ann: Writer, base: str
) -> None:
    desk.begin(MONDAY)
    joined = ann.hello(base)
    assert (joined.base, joined.splices, joined.text) == (None, (), MONDAY)


def test_a_welcome_has_no_splices_where_the_base_is_not_in_master(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    assert bo.hello(found.commit).base is None


def test_sync_gets_the_whole_text(desk: Desk, ann: Writer) -> None:
    desk.begin(MONDAY)
    assert desk.run(Request(ann.author, Sync())) == [
        FullText(desk.revision, MONDAY, check_of(MONDAY))
    ]


# --- edits


def test_an_edit_on_the_last_revision_moves_master_on(desk: Desk, ann: Writer) -> None:
    base = desk.begin(MONDAY)
    reply = merged(ann.edit(TUESDAY))
    assert reply == Merged(1, reply.commit, reply.commit, [], check_of(TUESDAY))
    assert desk.repository().head(MASTER) == desk.branch("ann") == reply.commit
    assert parents(desk.store, reply.commit) == [base]


def test_an_edit_on_an_old_revision_is_merged(desk: Desk, ann: Writer, bo: Writer) -> None:
    base = desk.begin("Hello world!")
    first = merged(ann.edit("Good morning world!", base))
    second = merged(bo.edit("Hello everybody!", base))
    assert desk.text == "Good morning everybody!"
    assert after(second, "Hello everybody!") == desk.text
    assert parents(desk.store, second.revision) == [first.revision, second.commit]
    assert parents(desk.store, second.commit) == [base]
    assert desk.store.text(second.commit) == "Hello everybody!"


def test_the_order_of_two_edits_makes_no_difference(desk: Desk, ann: Writer, bo: Writer) -> None:
    base = desk.begin("Hello world!")
    merged(bo.edit("Hello everybody!", base))
    merged(ann.edit("Good morning world!", base))
    assert desk.text == "Good morning everybody!"


def test_edits_of_one_batch_get_answers_that_are_true_after_all_of_them(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin("Hello world!")
    replies = desk.run(
        ann.request("Good morning world!", base), bo.request("Hello everybody!", base)
    )
    for reply, sent in zip(replies, ("Good morning world!", "Hello everybody!"), strict=True):
        assert merged(reply).revision == desk.revision
        assert after(merged(reply), sent) == "Good morning everybody!"


def test_splices_and_full_text_come_to_the_same(desk: Desk, ann: Writer, bo: Writer) -> None:
    base = desk.begin("Hello world!")
    merged(ann.edit(splices=[(0, 5, "Good morning")], base=base))
    merged(bo.edit(splices=[(6, 5, "every"), (11, 0, "body")], base=base))
    assert desk.text == "Good morning everybody!"


def test_positions_are_code_points(desk: Desk, ann: Writer) -> None:
    base = desk.begin("a😀b")
    merged(ann.edit(splices=[(2, 1, "c")], base=base))
    assert desk.text == "a😀c"


@pytest.mark.parametrize("text", ["\ufeffa\r\nb \t\n", "no line end", "e\u0301", "\n\n", "a\rb"])
def test_a_text_stays_byte_for_byte(desk: Desk, ann: Writer, text: str) -> None:
    merged(ann.edit(text))
    shown = git("cat-file", "-s", f"{desk.revision}:notes.txt", cwd=desk.path)
    assert (desk.repository().text(desk.revision), int(shown)) == (text, len(text.encode()))


def test_edits_in_flight_together_continue_the_clients_own_branch(desk: Desk, ann: Writer) -> None:
    base = desk.begin("")
    first = merged(ann.edit("one ", base))
    second = merged(ann.edit("one two ", base, continues=True))
    merged(ann.edit("one two three ", base, continues=True))
    assert desk.text == "one two three "
    assert parents(desk.store, second.commit) == [first.commit]


def test_an_edit_that_does_not_continue_stands_against_the_clients_own_earlier_one(
    desk: Desk, ann: Writer
) -> None:
    base = desk.begin(MONDAY)
    merged(ann.edit(TUESDAY, base))
    conflict(ann.edit(FRIDAY, base))


def test_p8_a_no_op_in_flight_does_not_mislead_the_edit_after_it(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    merged(ann.edit("an old head of hers"))
    base = merged(bo.edit(MONDAY)).revision
    merged(ann.edit(MONDAY, base))
    last = merged(ann.edit(TUESDAY, base, continues=True))
    assert parents(desk.store, last.commit) == [base]


def test_p8_an_edit_that_changes_nothing_makes_no_commit(desk: Desk, ann: Writer) -> None:
    base = desk.begin(MONDAY)
    assert merged(ann.edit(MONDAY, base)) == Merged(1, base, base, [], check_of(MONDAY))
    assert (desk.branch("ann"), desk.revision) == (None, base)


def test_p8_an_edit_that_changes_nothing_still_hears_what_others_did(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin(MONDAY)
    merged(bo.edit(TUESDAY))
    assert after(merged(ann.edit(MONDAY, base)), MONDAY) == TUESDAY


# --- what a base may be


def test_p4_a_base_may_be_any_old_revision(desk: Desk, ann: Writer, bo: Writer) -> None:
    base = desk.begin("one two three\n")
    for number in range(5):
        merged(bo.edit(desk.text + f"line {number}\n"))
    merged(ann.edit("one 2 three\n", base))
    assert desk.text == "one 2 three\n" + "".join(f"line {number}\n" for number in range(5))


def test_p4_a_base_may_be_an_own_commit(desk: Desk, ann: Writer, bo: Writer) -> None:
    base = desk.begin("Hello world!")
    merged(bo.edit("Hello everybody!", base))
    own = merged(ann.edit("Good morning world!", base))
    assert own.commit != own.revision
    merged(ann.edit("Good evening world!", own.commit))
    assert desk.text == "Good evening everybody!"


def test_p4_a_base_may_be_a_commit_of_another_that_is_merged(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin("Hello world!")
    merged(ann.edit("Good morning world!", base))
    theirs = merged(bo.edit("Hello everybody!", base)).commit
    merged(ann.edit("Hello nobody!", theirs))
    assert desk.text == "Good morning nobody!"


def test_p4_a_base_may_be_an_own_commit_that_is_parked(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    merged(bo.park(found))
    again = conflict(bo.edit("Meet on Saturday at noon.\n", found.commit))
    assert sides(again) == [("Monday", "Tuesday", "Saturday")]
    assert parents(desk.store, again.commit) == [found.commit]


@pytest.mark.parametrize("base", ["0" * 40, "short", "", "é" * 40, "Z" * 40])
def test_p4_an_unknown_base_changes_nothing(desk: Desk, ann: Writer, base: str) -> None:
    revision = desk.begin(MONDAY)
    request = ann.request(TUESDAY, base or "x")
    [reply] = desk.run(request)
    assert (error(reply).code, error(reply).seq) == (Code.UNKNOWN_BASE, 1)
    assert desk.revision == revision
    assert ann.hello().seq == 0


def test_p4_a_base_is_spelled_in_small_letters(desk: Desk, ann: Writer) -> None:
    base = desk.begin(MONDAY)
    assert error(ann.edit(TUESDAY, base.upper())).code == Code.UNKNOWN_BASE


def test_p4_another_clients_unmerged_commit_is_no_base(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    assert error(ann.edit(FRIDAY, found.commit)).code == Code.UNKNOWN_BASE
    assert error(ann.park(found)).code == Code.UNKNOWN_BASE
    assert error(ann.resolve(found, FRIDAY)).code == Code.UNKNOWN_BASE
    merged(bo.park(found))
    assert error(ann.edit(FRIDAY, found.commit)).code == Code.UNKNOWN_BASE


def test_p4_a_file_of_the_repository_is_no_base(desk: Desk, ann: Writer) -> None:
    revision = desk.begin(MONDAY)
    blob = git("rev-parse", f"{revision}:notes.txt", cwd=desk.path)
    assert error(ann.edit(TUESDAY, blob)).code == Code.UNKNOWN_BASE


def test_p10_splices_outside_the_text_change_nothing(desk: Desk, ann: Writer) -> None:
    base = desk.begin("short")
    bad: list[list[WireSplice]] = [[(6, 0, "x")], [(0, 6, "")], [(2, 1, ""), (1, 1, "")]]
    for splices in bad:
        assert error(ann.edit(splices=splices, base=base)).code == Code.BAD_MESSAGE
    assert desk.revision == base


# --- size


def test_p10_a_text_over_the_limit_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "small.git", text_bytes_max=10)
    ann = desk.client("ann")
    merged(ann.edit("é" * 5))
    refused = error(ann.edit("é" * 5 + "x"))
    assert (refused.code, refused.seq) == (Code.TOO_LARGE, 2)
    assert desk.text == "é" * 5


def test_p10_a_text_over_the_limit_can_be_made_smaller_in_steps(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "small.git")
    ann = desk.client("ann")
    merged(ann.edit("0123456789" * 3))
    desk.text_bytes_max = 10
    desk.reopen()
    assert error(ann.edit("9876543210" * 3)).code == Code.TOO_LARGE
    merged(ann.edit("0123456789" * 2))
    merged(ann.edit("01234"))


# --- sending again


def test_p3_an_edit_sent_again_changes_nothing_and_gets_the_same_answer(
    desk: Desk, ann: Writer
) -> None:
    base = desk.begin(MONDAY)
    first = ann.edit(TUESDAY, base)
    assert ann.edit(TUESDAY, base, seq=1) == first


def test_p3_an_edit_sent_again_after_a_restart_is_recognised_from_git_alone(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin("Hello world!")
    ann.edit("Hello everybody!", base)
    first = merged(bo.edit("Good morning world!", base))
    before = desk.revision
    desk.reopen()
    again = merged(bo.edit("Good morning world!", base, seq=1))
    assert again == first
    assert desk.revision == before


def test_p3_an_edit_sent_again_hears_what_happened_meanwhile(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin("Hello world!")
    first = merged(ann.edit("Good morning world!", base))
    merged(bo.edit("Hello everybody!", base))
    again = merged(ann.edit("Good morning world!", base, seq=1))
    assert again.commit == first.commit
    assert after(again, "Good morning world!") == "Good morning everybody!"


@pytest.mark.parametrize("reopen", [False, True])
def test_p3_a_conflicting_edit_sent_again_gets_its_conflict_again(
    desk: Desk, ann: Writer, bo: Writer, reopen: bool
) -> None:
    base = desk.begin(MONDAY)
    merged(ann.edit(TUESDAY, base))
    first = conflict(bo.edit(FRIDAY_NOON, base))
    refs = git("for-each-ref", cwd=desk.path)
    if reopen:
        desk.reopen()
    again = conflict(bo.edit(FRIDAY_NOON, base, seq=1))
    assert (again.seq, again.commit, again.revision) == (1, first.commit, first.revision)
    assert (again.base, again.text, again.hunks) == (first.base, first.text, first.hunks)
    assert git("for-each-ref", cwd=desk.path) == refs


@pytest.mark.parametrize("reopen", [False, True])
def test_p3_a_resolve_sent_again_changes_nothing(
    desk: Desk, ann: Writer, bo: Writer, reopen: bool
) -> None:
    found = disagree(desk, ann, bo)
    first = bo.resolve(found, "Meet on Sunday at noon.\n")
    if reopen:
        desk.reopen()
    assert bo.resolve(found, "Meet on Sunday at noon.\n", seq=2) == first


@pytest.mark.parametrize("reopen", [False, True])
def test_p3_a_park_sent_again_changes_nothing(
    desk: Desk, ann: Writer, bo: Writer, reopen: bool
) -> None:
    found = disagree(desk, ann, bo)
    first = bo.park(found)
    unmerged = desk.unmerged()
    if reopen:
        desk.reopen()
    assert bo.park(found, seq=2) == first
    assert desk.unmerged() == unmerged


@pytest.mark.parametrize("reopen", [False, True])
def test_p3_an_edit_whose_branch_was_parked_meanwhile_is_answered_with_its_commit(
    desk: Desk, ann: Writer, bo: Writer, reopen: bool
) -> None:
    base = desk.begin(MONDAY)
    merged(ann.edit(TUESDAY, base))
    first = conflict(bo.edit(FRIDAY_NOON, base))
    merged(bo.park(first))
    if reopen:
        desk.reopen()
    again = merged(bo.edit(FRIDAY_NOON, base, seq=1))
    assert again.commit == first.commit
    assert desk.repository().text(again.commit) == FRIDAY_NOON
    assert after(again, FRIDAY_NOON) == desk.text


def test_p3_another_edit_under_a_number_that_is_used_is_not_carried_out(
    desk: Desk, ann: Writer
) -> None:
    desk.begin(MONDAY)
    merged(ann.edit(TUESDAY))
    again = merged(ann.edit(FRIDAY, seq=1))
    assert after(again, FRIDAY) == desk.text == TUESDAY


# --- conflicts


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
    desk.document.recall([View("bo", found.revision, found)], desk.now)
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
    assert (reply.seq, reply.commit) == (3, current.commit)
    assert desk.text == TUESDAY_NOON + "Bring cake.\n"


def test_p9_a_resolve_after_the_disagreement_ended_is_an_edit(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    healed = merged(ann.edit(MONDAY.replace("ten", "noon")))
    reply = merged(bo.resolve(found, TUESDAY_NOON))
    assert reply.commit != healed.commit
    assert parents(desk.store, reply.commit) == [found.revision]


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


# --- what others hear


def test_p6_an_update_leads_from_what_the_session_was_shown(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin("Hello world!")
    merged(ann.edit("Good morning world!", base))
    merged(bo.edit("Hello everybody!", base))
    news = desk.document.news(View("cy", base, None))
    assert isinstance(news, Update)
    assert (news.from_, news.revision, news.check) == (base, desk.revision, check_of(desk.text))
    assert apply("Hello world!", [Splice(*splice) for splice in news.splices]) == desk.text
    assert sorted(news.clients) == ["ann", "bo"]
    assert desk.document.news(View("cy", desk.revision, None)) is None


# --- what is not the document's


def test_other_files_stay_untouched(desk: Desk, ann: Writer, bo: Writer, tmp_path: Path) -> None:
    desk.begin("Hello world!")
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(desk.path), str(clone), cwd=tmp_path)
    (clone / "img").mkdir()
    (clone / "img" / "a.bin").write_bytes(b"\0\1")
    (clone / "run.sh").write_text("#!/bin/sh\n")
    (clone / "run.sh").chmod(0o755)
    git("add", ".", cwd=clone)
    git("commit", "--quiet", "-m", "Add files", cwd=clone)
    git("push", "--quiet", "origin", "master", cwd=clone)
    before = git("ls-tree", "-r", "HEAD", "img", "run.sh", cwd=clone)
    desk.reopen()
    base = desk.revision
    merged(ann.edit("Good morning world!", base))
    merged(bo.edit("Hello everybody!", base))
    assert git("ls-tree", "-r", "master", "img", "run.sh", cwd=desk.path) == before
    assert desk.text == "Good morning everybody!"


def test_a_commit_from_outside_is_merged_with(desk: Desk, ann: Writer) -> None:
    base = desk.begin("Hello world!")
    outside = desk.commit_outside("Hello everybody!")
    desk.reopen()
    reply = merged(ann.edit("Good morning world!", base))
    assert desk.text == "Good morning everybody!"
    assert parents(desk.store, reply.revision) == [outside, reply.commit]


def test_a_conflict_with_a_commit_from_outside_names_its_author(desk: Desk, bo: Writer) -> None:
    base = desk.begin(MONDAY)
    desk.commit_outside(TUESDAY)
    desk.reopen()
    assert conflict(bo.edit(FRIDAY, base)).names.ours == ["Olive"]


# --- tidying up


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

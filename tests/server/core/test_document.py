"""Requests of clients on one document, over a real repository."""

from pathlib import Path

import pytest

from merge.splices import Splice, apply
from server.core.document import Request, View
from server.core.git_model import MASTER
from server.protocol import (
    Code,
    FullText,
    Merged,
    Sync,
    Update,
    WireSplice,
    check_of,
)
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


@pytest.mark.parametrize("reverse", [False, True])
def test_a_splice_that_changes_nothing_is_beside_no_other_change(
    desk: Desk, ann: Writer, bo: Writer, reverse: bool
) -> None:
    base = desk.begin(MONDAY)
    edits: list[list[WireSplice]] = [[(8, 6, "Tuesday")], [(8, 0, ""), (18, 3, "noon")]]
    for writer, splices in zip((ann, bo), edits[::-1] if reverse else edits, strict=True):
        merged(writer.edit(splices=splices, base=base))
    assert desk.text == TUESDAY_NOON


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


def test_an_edit_after_one_that_was_sent_again_continues_nothing(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    """The client knows it from the `welcome`: both texts are kept, each on a branch."""
    base = desk.begin(MONDAY)
    merged(bo.edit(TUESDAY, base))
    first = conflict(ann.edit(FRIDAY, base))
    conflict(ann.edit(FRIDAY, base, seq=1))
    conflict(ann.edit("Meet on Sunday at ten.\n", base, continues=True))
    assert desk.unmerged() == {"ann": first.commit}


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


def test_p3_an_edit_of_an_open_conflict_is_recognised_when_that_was_parked_meanwhile(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin(MONDAY)
    merged(ann.edit(TUESDAY, base))
    first = conflict(bo.edit(FRIDAY, base))
    second = conflict(bo.edit(FRIDAY_NOON, first.commit))
    merged(bo.park(second))
    unmerged = desk.unmerged()
    again = merged(bo.edit(FRIDAY_NOON, first.commit, seq=2))
    assert desk.repository().text(again.commit) == FRIDAY_NOON
    assert after(again, FRIDAY_NOON) == desk.text
    assert desk.unmerged() == unmerged


def test_p3_another_edit_under_a_number_that_is_used_is_not_carried_out(
    desk: Desk, ann: Writer
) -> None:
    desk.begin(MONDAY)
    merged(ann.edit(TUESDAY))
    again = merged(ann.edit(FRIDAY, seq=1))
    assert after(again, FRIDAY) == desk.text == TUESDAY


# --- what others hear


def test_p6_an_update_leads_from_what_the_session_was_shown(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin("Hello world!")
    merged(ann.edit("Good morning world!", base))
    merged(bo.edit("Hello everybody!", base))
    news = desk.document.notification(View("cy", base, None))
    assert isinstance(news, Update)
    assert (news.from_, news.revision, news.check) == (base, desk.revision, check_of(desk.text))
    assert apply("Hello world!", [Splice(*splice) for splice in news.splices]) == desk.text
    assert sorted(news.clients) == ["ann", "bo"]
    assert desk.document.notification(View("cy", desk.revision, None)) is None


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

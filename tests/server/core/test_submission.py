"""Whole versions from outside the browser: merged as a whole, or not at all."""

import pytest

from server.core.clients import Author
from server.core.document import Reply, Request
from server.core.git_model import MASTER, Signature
from server.core.submission import (
    Accepted,
    AlreadyExists,
    Append,
    Conflicted,
    Create,
    MergeText,
    Replace,
    Submission,
)
from server.protocol import Code, Error
from tests.server.desk import FRIDAY, MONDAY, TUESDAY, TUESDAY_NOON, Desk, Writer, disagree, merged

OLIVE = Author("outside", "Olive")


def submit(desk: Desk, what: Submission) -> Reply:
    [reply] = desk.run(Request(OLIVE, what))
    return reply


def accepted(reply: Reply) -> Accepted:
    assert isinstance(reply, Accepted), reply
    return reply


def pushed(desk: Desk, text: str, *parents: str) -> str:
    """Make a commit as a push brings it."""
    olive = Signature("Olive", "olive@example.invalid", desk.now)
    return desk.store.commit(text, parents, olive, olive, "Written in a clone\n")


def test_a_text_on_the_newest_revision_becomes_the_next(desk: Desk) -> None:
    base = desk.begin(MONDAY)
    reply = accepted(submit(desk, MergeText(TUESDAY, base)))
    assert (reply.text, reply.is_new) == (TUESDAY, True)
    assert desk.repository().head(MASTER) == reply.revision
    assert desk.repository().author_name(reply.revision) == "Olive"


def test_a_text_on_an_old_revision_is_merged(desk: Desk, ann: Writer) -> None:
    base = desk.begin("one two three\n")
    merged(ann.edit("ONE two three\n"))
    reply = accepted(submit(desk, MergeText("one two THREE\n", base)))
    assert reply.text == desk.text == "ONE two THREE\n"


def test_where_words_disagree_nothing_changes(desk: Desk, ann: Writer) -> None:
    base = desk.begin(MONDAY)
    before = merged(ann.edit(TUESDAY)).revision
    reply = submit(desk, MergeText(FRIDAY, base))
    assert isinstance(reply, Conflicted)
    assert [(h.base, h.ours, h.theirs) for h in reply.hunks] == [("Monday", "Tuesday", "Friday")]
    assert (desk.revision, desk.text) == (before, TUESDAY)
    assert desk.save() is None


def test_a_disagreement_is_placed_in_the_text_that_is_there(desk: Desk, ann: Writer) -> None:
    base = desk.begin(f"one\n{MONDAY}")
    merged(ann.edit(f"one\n{TUESDAY}"))
    reply = submit(desk, MergeText(f"zero\n\none\n{FRIDAY}", base))
    assert isinstance(reply, Conflicted)
    [hunk] = reply.hunks
    assert reply.text == desk.text
    assert reply.text[hunk.start : hunk.end] == hunk.ours == "Tuesday"


def test_a_document_is_created_once(desk: Desk) -> None:
    first = accepted(submit(desk, Create(MONDAY)))
    assert first.created
    assert submit(desk, Create(TUESDAY)) == AlreadyExists(first.revision)
    assert desk.text == MONDAY


def test_of_two_that_create_a_document_in_one_step_one_does(desk: Desk) -> None:
    other = Author("other", "Other")
    first, second = desk.run(Request(OLIVE, Create(MONDAY)), Request(other, Create(TUESDAY)))
    assert accepted(first).created
    assert second == AlreadyExists(desk.revision)
    assert desk.text == MONDAY


def test_nothing_creates_nothing(desk: Desk) -> None:
    reply = accepted(submit(desk, Create("")))
    assert not reply.created
    assert desk.repository().head(MASTER) is None


def test_a_replacement_takes_the_place_of_whatever_is_there(desk: Desk, ann: Writer) -> None:
    desk.begin(MONDAY)
    merged(ann.edit(TUESDAY))
    reply = accepted(submit(desk, Replace(FRIDAY)))
    assert (reply.text, reply.created) == (FRIDAY, False)


def test_what_does_not_exist_is_not_replaced(desk: Desk) -> None:
    reply = submit(desk, Replace(FRIDAY))
    assert isinstance(reply, Error)
    assert reply.code == Code.UNKNOWN_BASE


def test_the_same_text_again_makes_no_commit(desk: Desk) -> None:
    base = desk.begin(MONDAY)
    first = accepted(submit(desk, MergeText(TUESDAY, base)))
    again = accepted(submit(desk, MergeText(TUESDAY, base)))
    assert (again.revision, again.is_new) == (first.revision, False)


def test_a_new_document_begins_with_what_is_offered(desk: Desk) -> None:
    reply = accepted(submit(desk, MergeText(MONDAY)))
    assert desk.text == MONDAY
    assert desk.repository().head(MASTER) == reply.revision


@pytest.mark.parametrize("base", ["0" * 40, "nonsense"])
def test_an_unknown_revision_is_refused(desk: Desk, base: str) -> None:
    desk.begin(MONDAY)
    reply = submit(desk, MergeText(TUESDAY, base))
    assert isinstance(reply, Error)
    assert reply.code == Code.UNKNOWN_BASE


def test_too_large_a_text_is_refused(desk: Desk) -> None:
    base = desk.begin(MONDAY)
    desk.document._text_bytes_max = 30
    reply = submit(desk, MergeText(MONDAY * 2, base))
    assert isinstance(reply, Error)
    assert reply.code == Code.TOO_LARGE
    assert desk.text == MONDAY


def test_lines_are_appended_to_whatever_there_is(desk: Desk) -> None:
    accepted(submit(desk, Append("one\n")))
    accepted(submit(desk, Append("two")))
    reply = accepted(submit(desk, Append("three\n")))
    assert reply.text == desk.text == "one\ntwo\nthree\n"


def test_a_commit_on_the_newest_revision_is_the_next_revision(desk: Desk) -> None:
    base = desk.begin(MONDAY)
    head = pushed(desk, TUESDAY, base)
    reply = accepted(submit(desk, MergeText(TUESDAY, head=head)))
    assert (desk.revision, desk.text) == (reply.revision, TUESDAY) == (head, TUESDAY)


def test_a_commit_on_an_old_revision_is_merged_and_is_an_ancestor(desk: Desk, ann: Writer) -> None:
    base = desk.begin("one two three\n")
    head = pushed(desk, "one two THREE\n", base)
    merged(ann.edit("ONE two three\n"))
    accepted(submit(desk, MergeText("one two THREE\n", head=head)))
    assert desk.text == "ONE two THREE\n"
    assert desk.repository().contains(desk.revision, head)


def test_who_wrote_what_a_commit_was_merged_with(desk: Desk, ann: Writer, bo: Writer) -> None:
    base = desk.begin("one two three\n")
    head = pushed(desk, "one two THREE\n", base)
    merged(ann.edit("ONE two three\n"))
    merged(bo.edit("ONE TWO three\n"))
    reply = accepted(submit(desk, MergeText("one two THREE\n", head=head)))
    assert sorted(reply.people) == ["Ann", "Bo"]


def test_a_commit_that_shares_nothing_with_the_document_is_refused(desk: Desk) -> None:
    desk.begin(MONDAY)
    reply = submit(desk, MergeText(TUESDAY, head=pushed(desk, TUESDAY)))
    assert isinstance(reply, Error)
    assert (reply.code, desk.text) == (Code.UNKNOWN_BASE, MONDAY)


def test_a_commit_that_is_nowhere_is_refused(desk: Desk) -> None:
    desk.begin(MONDAY)
    reply = submit(desk, MergeText(TUESDAY, head="c" * 40))
    assert isinstance(reply, Error)
    assert (reply.code, desk.text) == (Code.UNKNOWN_BASE, MONDAY)


def test_a_history_of_its_own_begins_a_new_document(desk: Desk, ann: Writer) -> None:
    shown = ann.hello().revision  # a page that is open already
    first = pushed(desk, MONDAY)
    head = pushed(desk, TUESDAY, first)
    accepted(submit(desk, MergeText(TUESDAY, head=head)))
    assert desk.repository().head(MASTER) == desk.revision == head
    assert merged(ann.edit("Hello!\n", shown)).check
    assert desk.text in ("Hello!\n" + TUESDAY, TUESDAY + "Hello!\n")


def test_a_commit_that_brings_an_open_conflict_along_ends_it(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    head = pushed(desk, TUESDAY_NOON, desk.revision, found.commit)
    accepted(submit(desk, MergeText(TUESDAY_NOON, head=head)))
    assert not desk.document.branches.has_open_conflicts
    assert desk.text == TUESDAY_NOON


def test_a_commit_that_brings_an_unmerged_branch_along_closes_it(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    found = disagree(desk, ann, bo)
    merged(bo.park(found))
    assert desk.document.unmerged == 1
    head = pushed(desk, TUESDAY_NOON, desk.revision, found.commit)
    accepted(submit(desk, MergeText(TUESDAY_NOON, head=head)))
    assert (desk.document.unmerged, desk.unmerged()) == (0, {})

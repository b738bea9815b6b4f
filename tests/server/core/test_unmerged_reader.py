"""The list of unmerged branches, and the conflict of one."""

from server.core.git_model import Signature
from server.core.unmerged_reader import _LISTED_MAX, UnmergedReader
from server.protocol.answers import UnmergedBranch, UnmergedList
from tests.server.desk import (
    FRIDAY_NOON,
    MONDAY,
    NOON,
    TUESDAY_NOON,
    Desk,
    Writer,
    conflict,
    disagree,
    merged,
    sides,
)


def listed(desk: Desk) -> list[UnmergedBranch]:
    return desk.reader().all("notes").unmerged


def test_nothing_is_listed_where_nothing_was_parked(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    assert desk.reader().all("notes") == UnmergedList("notes", found.revision, [])
    assert desk.reader().conflict("bo") is None


def test_a_branch_is_listed_with_what_it_disputes(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    merged(bo.park(found))
    assert listed(desk) == [UnmergedBranch("bo", found.commit, "Bo", int(NOON), 1, 6, "Friday")]


def test_the_newest_is_listed_first(desk: Desk, ann: Writer, bo: Writer) -> None:
    merged(bo.park(disagree(desk, ann, bo)))
    for name in ("eve", "dee"):
        desk.now += 60
        base, who = desk.revision, desk.client(name)
        merged(ann.edit(MONDAY.replace("Monday", f"{name} day")))
        merged(who.park(conflict(who.edit(MONDAY.replace("Monday", "Sunday"), base))))
    assert [branch.id for branch in listed(desk)] == ["dee", "eve", "bo"]


def test_of_very_many_only_the_newest_are_listed(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    merged(bo.park(found))
    desk.now += 60
    for number in range(_LISTED_MAX):
        desk.document.branches.unmerged.add(f"c{number}", _commit(desk, found.base, number))
    desk.save()
    assert len(desk.unmerged()) == _LISTED_MAX + 1
    assert len(listed(desk)) == _LISTED_MAX
    assert "bo" not in [branch.id for branch in listed(desk)]


def _commit(desk: Desk, parent: str, number: int) -> str:
    who = Signature("Cy", "cy@example.invalid", desk.now)
    return desk.store.commit(f"Meet in {number} days.\n", (parent,), who, who, "Another day\n")


def test_an_excerpt_is_one_short_line(desk: Desk, ann: Writer, bo: Writer) -> None:
    many = "Friday\n\tor " + "some day " * 20
    merged(bo.park(disagree(desk, ann, bo, MONDAY.replace("Monday", many))))
    [branch] = listed(desk)
    assert branch.excerpt == ("Friday or " + "some day " * 20)[:80].strip()
    assert branch.characters > 80


def test_what_is_only_taken_out_has_no_excerpt(desk: Desk, ann: Writer, bo: Writer) -> None:
    merged(bo.park(disagree(desk, ann, bo, "Meet at ten.\n")))
    [branch] = listed(desk)
    assert (branch.hunks, branch.characters, branch.excerpt) == (1, 0, "")


def test_a_question_is_what_its_author_was_asked(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    merged(bo.park(found))
    question = desk.question("bo")
    for field in ("commit", "revision", "base", "text", "hunks", "diff", "names"):
        assert getattr(question, field) == getattr(found, field), field
    assert (question.id, question.time) == ("bo", int(NOON))


def test_a_question_is_asked_of_the_text_as_it_is_now(desk: Desk, ann: Writer, bo: Writer) -> None:
    found = disagree(desk, ann, bo)
    merged(bo.park(found))
    desk.now += 86_400
    merged(ann.edit("First things first.\n" + TUESDAY_NOON.replace("Tuesday", "Wednesday")))
    question = desk.question("bo")
    assert sides(question) == [("Monday", "Wednesday", "Friday")]
    assert (question.text, question.revision) == (desk.text, desk.revision)
    assert (question.commit, question.base) == (found.commit, found.base)


def test_what_merges_by_now_is_in_the_text_of_the_question(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    base = desk.begin(f"{MONDAY}\nAnd that is all.\n\nCall me on Monday.\n")
    merged(ann.edit(desk.text.replace("Monday", "Tuesday")))
    found = conflict(bo.edit(desk.store.text(base).replace("Monday", "Friday"), base))
    merged(bo.park(found))
    merged(ann.edit(desk.text.replace("Meet on Tuesday", "Meet on Monday")))
    question = desk.question("bo")
    assert sides(question) == [("Monday", "Tuesday", "Friday")]
    assert question.text.startswith("Meet on Friday")
    merged(ann.edit(desk.text.replace("Tuesday", "Monday")))
    question = desk.question("bo")
    assert (question.hunks, question.diff) == ([], "")
    assert question.text == desk.store.text(found.commit)
    [branch] = listed(desk)
    assert (branch.hunks, branch.characters, branch.excerpt) == (0, 0, "")
    merged(ann.resolve(question, question.text))
    assert (desk.text, desk.unmerged()) == (question.text, {})


def test_a_branch_that_shares_nothing_with_master_can_be_taken_up(
    desk: Desk, ann: Writer, bo: Writer
) -> None:
    desk.begin(MONDAY)
    desk.document.branches.unmerged.add("outside", _alone(desk))
    desk.save()
    question = desk.question("outside")
    assert sides(question) == [("", MONDAY, FRIDAY_NOON)]
    merged(ann.resolve(question, MONDAY + FRIDAY_NOON))
    assert (desk.text, desk.unmerged()) == (MONDAY + FRIDAY_NOON, {})


def _alone(desk: Desk) -> str:
    who = Signature("Olive", "olive@example.invalid", desk.now)
    return desk.store.commit(FRIDAY_NOON, (), who, who, "Begin anew\n")


def test_reading_changes_nothing(desk: Desk, ann: Writer, bo: Writer) -> None:
    merged(bo.park(disagree(desk, ann, bo)))
    store = desk.repository()
    reader = UnmergedReader(store)
    reader.all("notes")
    reader.conflict("bo")
    assert store.staged("notes") is None

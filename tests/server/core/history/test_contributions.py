"""A version as one step of each author."""

from itertools import count, islice

import pytest
from hypothesis import given

from merge.splices import Splice, apply
from server.core.history.authorship import Authorship, Run
from server.core.history.contributions import Contribution, contributions
from tests.server.core.history.test_authorship import Reference, steps

ANN, BO = 1, 2


def made_by(before: str, *changes: tuple[int, list[Splice]]) -> list[Contribution]:
    """Return what the authors of these changes have contributed, one after another."""
    authorship, after = Authorship([Run(len(before), 0)] if before else ()), before
    for author, splices in changes:
        authorship.apply(splices, author)
        after = apply(after, splices)
    return contributions(before, after, authorship)


def test_who_changes_least_comes_first() -> None:
    found = made_by(
        "Meet on Monday.\n",
        (ANN, [Splice(16, 0, "Bring the plan, and tea.\n")]),
        (BO, [Splice(8, 6, "Friday")]),
    )
    assert [(each.author, each.text) for each in found] == [
        (BO, "Meet on Friday.\n"),
        (ANN, "Meet on Friday.\nBring the plan, and tea.\n"),
    ]
    assert [(each.words_added, each.words_removed) for each in found] == [(1, 1), (5, 0)]


def test_what_was_deleted_again_is_in_no_text() -> None:
    found = made_by(
        "User: ann\n",
        (ANN, [Splice(10, 0, "Password: hunter2\n")]),
        (BO, [Splice(0, 0, "# Access\n")]),
        (ANN, [Splice(19, 18, "")]),
    )
    assert [(each.author, each.text) for each in found] == [(BO, "# Access\nUser: ann\n")]


def test_nothing_remains_of_an_undone_change() -> None:
    assert made_by("a", (ANN, [Splice(1, 0, "b")]), (BO, [Splice(1, 1, "")])) == []


@pytest.mark.parametrize(
    ("before", "changes", "texts"),
    [
        pytest.param(
            "",
            [(ANN, [Splice(0, 0, "Nurses: 👩")]), (BO, [Splice(9, 0, "\u200d⚕️ ok")])],
            [" ok", "Nurses: 👩\u200d⚕️ ok"],
            id="an emoji that two authors typed",
        ),
        pytest.param(
            "👩\u200d⚕️ and tea",
            [(ANN, [Splice(0, 1, "")]), (BO, [Splice(0, 10, "")])],
            ["a"],
            id="an emoji that two authors deleted",
        ),
        pytest.param(
            "It is on Friday.",
            [(BO, [Splice(9, 3, "Satur")]), (ANN, [Splice(9, 5, "Sun")])],
            ["It is on Sunday."],
            id="a word that one author replaces after the other",
        ),
        pytest.param(
            "Salary: 1000 euros, Eve pays",
            [(ANN, [Splice(8, 1, "5")]), (BO, [Splice(8, 0, "9"), (Splice(24, 4, "paid"))])],
            ["Salary: 95000 euros, Eve paid"],
            id="a number that two authors change",
        ),
        pytest.param(
            "one two",
            [(ANN, [Splice(3, 0, "s")]), (BO, [Splice(5, 3, "2")])],
            ["ones two", "ones 2"],
            id="words beside each other",
        ),
        pytest.param(
            "one",
            [(ANN, [Splice(3, 0, "\r")]), (BO, [Splice(4, 0, "\ntwo")])],
            ["one\r\ntwo"],
            id="a line end that two authors typed",
        ),
    ],
)
def test_a_word_of_several_authors_is_changed_by_the_last_one(
    before: str, changes: list[tuple[int, list[Splice]]], texts: list[str]
) -> None:
    assert [each.text for each in made_by(before, *changes)] == texts


@given(steps("ab \u0301\u200d👩\r\n"))
def test_each_text_leads_to_the_next_and_the_last_is_the_new_one(
    made: tuple[str, list[tuple[int, list[Splice]]]],
) -> None:
    before, changes = made
    reference, after = Reference(before), before
    for author, splices in changes:
        reference.apply(splices, author)
        after = apply(after, splices)
    text = before
    for each in made_by(before, *changes):
        text = apply(text, each.splices)
        assert text == each.text
    assert text == after == reference.text()


@given(steps())
def test_no_text_has_what_was_added_and_deleted_again(
    made: tuple[str, list[tuple[int, list[Splice]]]],
) -> None:
    before, changes = made
    unused = map(chr, count(0x4E00))

    def letters(length: int) -> str:
        """Return letters that nobody else has typed."""
        return "".join(islice(unused, length))

    changes = [
        (author, [each._replace(inserted=letters(len(each.inserted))) for each in splices])
        for author, splices in changes
    ]
    reference = Reference(before)
    for author, splices in changes:
        reference.apply(splices, author)
    remaining = {each.letter for each in reference.letters}
    assert all(set(each.text) <= remaining for each in made_by(before, *changes))

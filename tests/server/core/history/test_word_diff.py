"""Texts compared by words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.history.word_diff import ADDED, KEPT, REMOVED, compare_words


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("same", "same", [(KEPT, "same")]),
        ("", "new", [(ADDED, "new")]),
        ("old", "", [(REMOVED, "old")]),
        (
            "We meet on Monday.",
            "We meet on Sunday.",
            [(KEPT, "We meet on "), (REMOVED, "Monday"), (ADDED, "Sunday"), (KEPT, ".")],
        ),
        (
            "It is undecided today",
            "It is decided today",
            [(KEPT, "It is "), (REMOVED, "undecided"), (ADDED, "decided"), (KEPT, " today")],
        ),
        ("a b", "a, b", [(KEPT, "a"), (ADDED, ","), (KEPT, " b")]),
    ],
)
def test_whole_words_are_compared(before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert [(part.kind, part.text) for part in compare_words(before, after)] == expected


@given(st.text("ab ,.\n"), st.text("ab ,.\n"))
def test_the_parts_are_both_texts(before: str, after: str) -> None:
    parts = list(compare_words(before, after))
    assert "".join(part.text for part in parts if part.kind != ADDED) == before
    assert "".join(part.text for part in parts if part.kind != REMOVED) == after
    for kind, start, text, letters in parts:
        source = before if kind == REMOVED else after
        assert source[start : start + len(text)] == text
        assert all(start <= begin <= end <= start + len(text) for begin, end in letters)


def test_of_a_corrected_word_only_some_letters_are_new() -> None:
    [_, _, added, _] = compare_words("We meet on Monday.", "We meet on Sunday.")
    assert [added.text[start - 11 : end - 11] for start, end in added.letters] == ["Su"]

"""The few words that say what a commit did."""

import pytest

from server.core.summary import describe


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", "one", "Edit line 1 (+1 words)"),
        ("one\n", "", "Edit line 1 (-1 words)"),
        ("one\ntwo\n", "one\n2 zwei\n", "Edit line 2 (+2 -1 words)"),
        ("a\nb\nc\nd\n", "A\nb\nc\nD\n", "Edit lines 1-4 (+2 -2 words)"),
        ("one", "one\n", "Edit line 1 (no words)"),
        ("one\n", "one\n\n- é, 🦊 naïve\n", "Edit lines 2-3 (+2 words)"),
        ("same", "same", "Change nothing"),
    ],
)
def test_an_edit_is_described(before: str, after: str, said: str) -> None:
    assert describe(before, after) == said


@pytest.mark.parametrize("size", [1, 1000])
def test_the_description_stays_on_one_short_line(size: int) -> None:
    said = describe("a b\n" * size, "x y z\n" * size)
    assert "\n" not in said
    assert len(said) <= 72

"""Rows of the corpus whose conflict no merge can detect."""

import pytest

from bench.merge.taken_back import is_taken_back


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("one two three\n", "one TWO three\n", "one two three, four\n"),
        ("one two\n", "one two\n\nmore\n", "ONE two\n"),
        ("a b c d e\n", "a B c D e\n", "a b c d! e\n"),
    ],
)
def test_an_edit_of_ours_where_theirs_has_the_base_is_taken_back(
    base: str, ours: str, theirs: str
) -> None:
    assert is_taken_back(base, ours, theirs)


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("one two three\n", "one TWO three\n", "one Two three\n"),
        ("one two three\n", "one TWO three\n", "one two! three\n"),
        ("one two\n", "one two\n", "one TWO\n"),
        # The new sentence stayed. One diff finds it behind the full stop, the other one before.
        (
            "They are useful tools, says the author.\n",
            "They are useful, says the author. Much was written without.\n",
            "They are useful, say I. Much was written without.\n",
        ),
    ],
)
def test_an_edit_of_ours_that_theirs_changes_or_touches_is_a_clash(
    base: str, ours: str, theirs: str
) -> None:
    assert not is_taken_back(base, ours, theirs)


def test_a_text_of_frequent_words_is_compared_too() -> None:
    base = "a b " * 100
    assert is_taken_back(base + "end", base + "END", "x " + base + "end")

"""Cuts are where a reader expects them, and lose nothing."""

from itertools import pairwise, product
from random import Random

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from merge.tokens import (
    _TOKEN,
    boundary_after,
    boundary_before,
    clauses,
    common_prefix,
    common_suffix,
    graphemes,
    is_boundary,
    lines,
    tokens,
)

# Letters, blanks and all kinds of characters that join with their neighbour.
TEXTS = st.text("ab .\n\r\u0301\u200d👩🏽🇩🇪각ᄀ\u0600क्षि日ก", max_size=12)


def cuts(text: str) -> set[int]:
    return {0} | {match.end() for match in regex.finditer(r"\X", text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's 3.14, not 4!", ["It's", " ", "3.14", ",", " ", "not", " ", "4", "!"]),
        ("2024-01-02 10:30\r\n", ["2024-01-02", " ", "10:30", "\r\n"]),
        ("```py --", ["```", "py", " ", "--"]),
        ("日本 ok", ["日", "本", " ", "ok"]),
        ("cafe\u0301s", ["cafe\u0301s"]),
        ("👨‍👩‍👧🇩🇪🇫🇷", ["👨‍👩‍👧", "🇩🇪", "🇫🇷"]),
        (" \u0301a", [" \u0301a"]),
    ],
)
def test_tokens_are_words_numbers_and_marks(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize("alphabet", ["1a,", "12.:-,", "a1'_ \r\n", "".join(map(chr, range(128)))])
def test_ascii_is_cut_like_any_text(alphabet: str) -> None:
    """It has a pattern of its own, for speed."""
    random = Random(7)
    for _ in range(1000):
        text = "".join(random.choices(alphabet, k=random.randint(0, 30)))
        assert tokens(text) == [match.group() for match in _TOKEN.finditer(text)]
    for text in map("".join, product(alphabet[:5], repeat=4)):
        assert tokens(text) == [match.group() for match in _TOKEN.finditer(text)]


def test_boundaries_in_ascii_are_all_but_those_within_a_line_end() -> None:
    for text in map("".join, product("a \r\n", repeat=4)):
        check_boundaries(text)


def test_lines_end_with_lf_only() -> None:
    assert lines("a\r\nb\rc\u2028d\n\ne") == ["a\r\n", "b\rc\u2028d\n", "\n", "e"]


@given(TEXTS)
def test_cutting_loses_nothing(text: str) -> None:
    for cut in (lines, tokens, graphemes):
        assert "".join(cut(text)) == text


@given(TEXTS)
def test_no_cut_is_inside_a_grapheme_cluster(text: str) -> None:
    position = 0
    for token in tokens(text):
        position += len(token)
        assert position in cuts(text)


@given(TEXTS)
def test_boundaries_are_those_of_unicode(text: str) -> None:
    check_boundaries(text)


def check_boundaries(text: str) -> None:
    expected = cuts(text)
    for position in range(len(text) + 1):
        assert is_boundary(text, position) == (position in expected)
        assert boundary_before(text, position) == max(c for c in expected if c <= position)
        assert boundary_after(text, position) == min(c for c in expected if c >= position)
    assert graphemes(text) == [text[one:other] for one, other in pairwise(sorted(expected))]


@given(TEXTS, TEXTS, TEXTS)
def test_common_ends_are_the_longest_of_whole_graphemes(start: str, a: str, b: str) -> None:
    left, right = start + a, start + b
    both = cuts(left) & cuts(right)
    assert common_prefix(left, right) == max(c for c in both if left[:c] == right[:c])
    left, right = a + start, b + start
    from_end = {len(left) - c for c in cuts(left)} & {len(right) - c for c in cuts(right)}
    longest = max(c for c in from_end if left[len(left) - c :] == right[len(right) - c :])
    assert common_suffix(left, right) == longest


def test_a_long_row_of_flags_is_cut_quickly() -> None:
    assert len(graphemes("🇩🇪" * 50_000)) == 50_000


def test_clauses_end_with_their_mark_and_the_blank_behind_it() -> None:
    assert clauses("One, two. Three\nfour。五 3.14, x") == [
        "One, ",
        "two. ",
        "Three\n",
        "four。",
        "五 3.14, ",
        "x",
    ]
    assert clauses("") == []


def test_no_clause_ends_within_a_grapheme_cluster() -> None:
    assert clauses("a. \u0301b, c") == ["a. \u0301b, ", "c"]

"""Searching in a text: lines, parts, upper and lower case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.search import LINES_MAX, Found, Line, Pattern, folded

MINUTES = "# Minutes\n\nBring a chair, two chairs or\na Chairperson.\nNobody sat.\n"


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (
            "chair",
            [
                (3, ["Bring a ", "chair", ", two ", "chair", "s or"]),
                (4, ["a ", "Chair", "person."]),
            ],
        ),
        ("CHAIR,", [(3, ["Bring a ", "chair,", " two chairs or"])]),
        ("# min", [(1, ["", "# Min", "utes"])]),
        ("sat.", [(5, ["Nobody ", "sat.", ""])]),
        ("a.c", []),
        ("chairs  or", []),
        ("orc", []),  # across a line end
        ("🦊", []),
    ],
)
def test_the_lines_with_the_words_are_found(words: str, lines: list[tuple[int, list[str]]]) -> None:
    pattern = Pattern(words)
    assert pattern.find(MINUTES) == Found([Line(*line) for line in lines], 0)
    assert pattern.may_be_in(folded(MINUTES)) == bool(lines)


def test_upper_and_lower_case_are_the_same_in_all_scripts() -> None:
    assert Pattern("ÜBER").find("über\r\nWhy Über?\r\n").lines == [
        Line(1, ["", "über", ""]),
        Line(2, ["Why ", "Über", "?"]),
    ]
    assert Pattern("ΣΊΣΥΦΟΣ").may_be_in(folded("Σίσυφος"))


def test_of_many_lines_the_first_are_shown_and_the_others_counted() -> None:
    found = Pattern("x").find("x\n\n" * 20)
    assert [line.number for line in found.lines] == [1, 3, 5, 7, 9]
    assert found.more == 20 - LINES_MAX
    assert Pattern("x").find("x\n" * 100_000).more == 1000


def test_of_a_long_line_the_part_around_the_match_is_shown() -> None:
    [line] = Pattern("needle").find("hay " * 1000 + "Needle" + " straw" * 1000).lines
    before, match, after = line.parts
    assert (match, before[0], after[-1]) == ("Needle", "…", "…")
    assert 100 < len("".join(line.parts)) < 400


@given(st.text("aAbB \n\rßé🦊", max_size=60), st.text("aAbBßé🦊", min_size=1, max_size=3))
def test_every_line_with_the_words_is_found_and_no_other(text: str, words: str) -> None:
    lines = [line.rstrip("\r") for line in text.split("\n")]
    found = Pattern(words).find(text)
    numbers = [number for number, line in enumerate(lines, 1) if words.lower() in line.lower()]
    assert [line.number for line in found.lines] == numbers[:LINES_MAX]
    assert found.more == len(numbers[LINES_MAX:])
    for line in found.lines:
        assert "".join(line.parts) == lines[line.number - 1].lstrip()
        assert {part.lower() for part in line.parts[1::2]} == {words.lower()}

"""Hunks on the wire: the lines as they were, with the disputed words in them."""

import pytest

from merge import merge
from server.core.wire_hunks import wire_hunks
from server.protocol import BaseLines


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "shown"),
    [
        ("a\nIt is on Monday.\nb\n", "Tuesday", "Friday", [("It is on Monday.", "Monday")]),
        ("It is on Monday", "Tuesday", "Friday", [("It is on Monday", "Monday")]),
        ("It is on Monday.\r\nb\r\n", "Tuesday", "Friday", [("It is on Monday.", "Monday")]),
    ],
)
def test_the_lines_of_the_base_are_sent_with_a_hunk(
    base: str, ours: str, theirs: str, shown: list[tuple[str, str]]
) -> None:
    found = merge(base, base.replace("Monday", ours), base.replace("Monday", theirs))
    assert [_marked(hunk.base_lines) for hunk in wire_hunks(found.hunks, base)] == shown


def test_what_both_changed_elsewhere_is_not_in_them() -> None:
    base = "The hall has room for sixty, the door is open, and tea is at four.\n"
    ours = base.replace("The hall", "Our hall").replace("sixty", "fifty")
    theirs = base.replace("four", "five").replace("sixty", "seventy")
    [hunk] = wire_hunks(merge(base, ours, theirs).hunks, base)
    assert _marked(hunk.base_lines) == (base[:-1], "sixty")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_whole_lines_are_sent_without_their_last_end(end: str) -> None:
    base = end.join(["one", "two", "three", ""])
    [hunk] = wire_hunks(merge(base, base.replace("two", "2"), f"one{end}three{end}").hunks, base)
    assert _marked(hunk.base_lines) == ("two", "two")


def test_new_lines_of_both_have_no_words_before() -> None:
    base = "one\ntwo\n"
    found = merge(base, "one\nAnn: yes\ntwo\n", "one\nAnn: no\ntwo\n")
    for hunk in wire_hunks(found.hunks, base):
        assert _marked(hunk.base_lines)[1] == ""


def test_long_lines_are_cut() -> None:
    base = "a " * 500 + "word" + " b" * 500
    found = merge(base, base.replace("word", "one"), base.replace("word", "two"))
    [hunk] = wire_hunks(found.hunks, base)
    text, words = _marked(hunk.base_lines)
    assert words == "word"
    assert text == "…" + "a " * 80 + "word" + " b" * 80 + "…"


def _marked(lines: object) -> tuple[str, str]:
    assert isinstance(lines, BaseLines)
    return lines.text, lines.text[lines.start : lines.end]

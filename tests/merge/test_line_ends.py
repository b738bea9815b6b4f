"""One side converts the line ends, the other goes on writing."""

import pytest

from merge import merge
from merge.diff_splices import diff_splices
from merge.line_ends import line_end
from merge.local_merge import merge_local

LF = "one\ntwo\nthree\n"
CRLF = LF.replace("\n", "\r\n")


@pytest.mark.parametrize("live", [False, True], ids=["careful", "live"])
@pytest.mark.parametrize(
    ("base", "converted", "written", "expected"),
    [
        (LF, CRLF, "one\ntwo\nthree\nfour\n", "one\r\ntwo\r\nthree\r\nfour\r\n"),
        (CRLF, LF, "one\r\n2\r\nthree\r\n", "one\n2\nthree\n"),
        (LF, CRLF, "one\ntwo\nthree", "one\r\ntwo\r\nthree"),
        (LF, CRLF, "", ""),
        (LF, "1\r\ntwo\r\nthree\r\n", "one\ntwo\n3\n", "1\r\ntwo\r\n3\r\n"),
        (LF, CRLF, "one\r\ntwo\r\n3\r\n", "one\r\ntwo\r\n3\r\n"),
    ],
    ids=["a line more", "to LF", "no last line end", "all deleted", "both write", "both convert"],
)
def test_the_document_does_not_become_mixed(
    base: str, converted: str, written: str, expected: str, live: bool
) -> None:
    for ours, theirs in ((converted, written), (written, converted)):
        merged = merge(base, ours, theirs, live=live)
        assert (merged.text, merged.clean) == (expected, True)
        assert (merged.theirs_clean, merged.ours_clean) == (theirs, ours)


def test_a_question_has_the_line_ends_of_the_text_and_its_places_in_the_inputs() -> None:
    ours, theirs = "one\r\n2\r\nthree\r\n", "one\nzwei\nthree\nfour\n"
    merged = merge(LF, ours, theirs)
    [hunk] = merged.hunks
    assert merged.text == "one\r\n2\r\nthree\r\nfour\r\n"
    assert (hunk.base, hunk.ours, hunk.theirs) == ("two", "2", "zwei")
    for text, place in ((ours, hunk.in_ours), (theirs, hunk.in_theirs)):
        assert text[place.start : place.end] in ("2", "zwei")
    assert merged.theirs_clean == "one\ntwo\nthree\nfour\n"


@pytest.mark.parametrize("live", [False, True], ids=["careful", "live"])
def test_a_conversion_is_no_change_of_the_lines_nearby(live: bool) -> None:
    written = diff_splices(LF, LF + "four\n")
    assert merge_local(LF, CRLF, diff_splices(LF, CRLF), written, live=live) is None
    typed = diff_splices(CRLF, CRLF + "four\r\n")
    near = merge_local(CRLF, "1" + CRLF, diff_splices(CRLF, "1" + CRLF), typed, live=live)
    assert near is not None
    assert near.text == "1" + CRLF + "four\r\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", None), ("one", None), (LF, "\n"), (CRLF, "\r\n"), ("a\nb\r\n", None), ("a\rb\n", "\n")],
)
def test_the_one_line_end_of_a_text(text: str, expected: str | None) -> None:
    assert line_end(text) == expected

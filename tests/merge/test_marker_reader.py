"""Edited conflict markers: they are read, or rejected with a helpful message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merge.marker_reader import MarkerError, read
from merge.markers import Conflict, Part, Side, conflicts, resolved

LIKE_MARKERS = [
    "x\n",
    "y z\r\n",
    "<<<<<<< q\n",
    "<<<<<<<<\r\n",
    "||||||| \n",
    "||||||| b\n",
    "=======\n",
    "========\r\n",
    ">>>>>>>\n",
    ">>>>>>> c\n",
    ">>>>>>> ours",
    "<<<<<<<",
]
WELL_FORMED = "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"


@pytest.mark.parametrize("text", ["", "a", "a\n", "Title\n=======\n", "<<<<<<\n", "x <<<<<<< a\n"])
def test_a_text_without_markers_is_one_clean_part(text: str) -> None:
    parts = read(text)
    assert parts == ((text,) if text else ())
    assert {resolved(parts, side) for side in Side} == {text}


def test_the_parts_are_in_order() -> None:
    assert read("1\n" + WELL_FORMED + "2\n" + WELL_FORMED) == (
        "1\n",
        Conflict("x\n", None, "y\n", "a", None, "b"),
        "2\n",
        Conflict("x\n", None, "y\n", "a", None, "b"),
    )


def test_a_size_that_is_known_leaves_other_markers_alone() -> None:
    assert read(WELL_FORMED, size=8) == (WELL_FORMED,)
    nested = "<<<<<<< a\n<<<<<<<<< i\n=========\n>>>>>>>>> j\n=======\ny\n>>>>>>> b\n"
    [conflict] = conflicts(read(nested, size=7))
    assert conflict.ours == "<<<<<<<<< i\n=========\n>>>>>>>>> j\n"


def test_a_base_that_is_not_shown_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not show its base"):
        resolved(read(WELL_FORMED), Side.BASE)


def test_an_edited_text_is_read_as_it_is() -> None:
    text = WELL_FORMED.replace("\n", "\r\n").replace("x\r\n", "x\nmore\n").removesuffix("\r\n")
    [conflict] = conflicts(read(text))
    assert (conflict.ours, conflict.theirs) == ("x\nmore", "y")


MALFORMED = {
    "no end": ("1\n<<<<<<< a\nx\n=======\ny\n", 2, "put the line >>>>>>> back below it"),
    "no middle, no end": ("<<<<<<< a\nx\n", 1, "put the line ======= back below it"),
    "no middle": ("<<<<<<< a\nx\n>>>>>>> b\n", 3, "put the line ======= above it"),
    "no beginning": ("x\n=======\ny\n>>>>>>> b\n", 4, "put the line <<<<<<< back above it"),
    "a base alone": ("x\n||||||| b\n", 2, "put the line <<<<<<< back above it"),
    "nested in ours": ("<<<<<<< a\nx\n" + WELL_FORMED, 3, "in the conflict of line 1"),
    "nested in theirs": ("<<<<<<< a\n=======\n" + WELL_FORMED, 3, "put the line >>>>>>> above"),
    "nested in the base": ("<<<<<<< a\n||||||| b\n" + WELL_FORMED, 3, "put the line ======="),
    "two bases": ("<<<<<<< a\n||||||| b\n||||||| b\n=======\n>>>>>>> c\n", 3, "======="),
    "the base last": ("<<<<<<< a\n=======\n||||||| b\n>>>>>>> c\n", 3, "put the line >>>>>>>"),
    "two middles": ("<<<<<<< a\n=======\n\n=======\n>>>>>>> c\n", 4, "put the line >>>>>>>"),
    "ends twice": (WELL_FORMED + ">>>>>>> b\n", 6, "put the line <<<<<<< back above it"),
    "the second has no end": (WELL_FORMED + "<<<<<<< a\n", 6, "the conflict that begins here"),
    "longer ones": ("<<<<<<<<< a\nx\n>>>>>>>>> b\n", 3, "put the line ========= above it"),
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_an_error_names_the_line_and_a_remedy(name: str, end: str) -> None:
    text, line, advice = MALFORMED[name]
    with pytest.raises(MarkerError) as caught:
        read(text.replace("\n", end))
    assert caught.value.line == line
    assert str(caught.value).startswith(f"line {line}: ")
    assert advice in str(caught.value)


def parts_or_line(text: str) -> tuple[Part, ...] | int:
    try:
        return read(text)
    except MarkerError as error:
        return error.line


@given(st.lists(st.sampled_from(LIKE_MARKERS), max_size=9))
def test_any_text_is_read_or_is_a_clear_error(rows: list[str]) -> None:
    text = "".join(rows)
    found = parts_or_line(text)
    if isinstance(found, int):
        assert 1 <= found <= text.count("\n") + 1
    elif not conflicts(found):
        assert resolved(found, Side.OURS) == text
    else:
        rest = iter(text)
        assert all(character in rest for character in resolved(found, Side.OURS)), "nothing new"


@pytest.mark.parametrize(
    "line",
    ["<" * 1_000_000 + "x", "=" * 1_000_000 + " ", "<<<<<<<\r" * 90_000],
    ids=["an opening", "a heading", "returns"],
)
def test_a_line_that_is_almost_a_marker_is_text(line: str) -> None:
    assert read(line) == (line,)

"""Conflict markers: the output can be read back exactly, and equals Git's."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merge.marker_reader import read
from merge.marker_writer import marker_size, write
from merge.markers import Conflict, Side, Style, conflicts, resolved
from merge.result import Merge
from merge.three_way import merge
from tests.merge.pieces import triples

STYLES = pytest.mark.parametrize("style", list(Style))
TEN = [f"{number}\n" for number in range(10)]


def written(merged: Merge, style: Style) -> str:
    return write(merged, style=style, ours_name="ours", base_name="base", theirs_name="theirs")


def taking(merged: Merge, side: Side) -> str:
    """Return the text with one side at every hunk, without the help of markers."""
    text = merged.text
    for hunk in reversed(merged.hunks):
        text = text[: hunk.start] + getattr(hunk, side) + text[hunk.end :]
    return str(text)


def replaced(*changes: tuple[int, int, str]) -> str:
    """Return the ten lines with some of them replaced."""
    rows = list(TEN)
    for start, end, new in reversed(changes):
        rows[start:end] = [new]
    return "".join(rows)


# Round trips

LETTERS = ["a", "b", " ", "\n"]
WORDS = ["foo ", "bar ", "x\n", "\n", "\r\n", "y\r\n", "\r", "e\u0301", "日"]
LIKE_MARKERS = [
    "x\n",
    "y z\r\n",
    "<<<<<<< q\n",
    "<<<<<<<<\r\n",
    "||||||| \n",
    "=======\n",
    "========\r\n",
    ">>>>>>>\n",
    ">>>>>>> ours",
    "<<<<<<<",
    "=======",
]


TEXTS = triples((LETTERS, WORDS, LIKE_MARKERS), (0, 1, 1, 2, 3))


# Cases that random texts hardly ever contain, by name.
TRIPLES = {
    "no line end anywhere": ("a", "x", "y"),
    "a line end on theirs only": ("a", "x", "y\n"),
    "a line end on ours only": ("a", "x\n", "y"),
    "a line end on the base only": ("a\n", "x", "y"),
    "all but the base": ("a", "x\n", "y\n"),
    "the last line is gone on one side": ("k\na", "k\n", "k\nb"),
    "nothing is left on one side": ("a", "", "b"),
    "empty lines at the end": ("a\n\n", "x\n", "y\n\n\n"),
    "CRLF without the last": ("q\r\na", "q\r\nx", "q\r\ny"),
    "a lone CR at the end": ("q\na\r", "q\nx\r", "q\ny\r"),
    "a lone CR at the end of CRLF lines": ("q\r\na\r", "q\r\nx\r", "q\r\ny\r"),
    "from nothing": ("", "x z\r\n", "y z\r\n"),
    "lines in common behind the conflict, and a base without": ("b", "x\nk", "y\nk"),
    "the same line once and twice": ("b\nc\n", "s\n", "s\ns\n"),
    "headings": ("T\n=======\na\n", "T\n=======\nx\n", "T\n=======\ny\n"),
    "an example of a conflict": (
        "<<<<<<< a\n=======\n>>>>>>> b\na\n",
        "<<<<<<< a\n=======\n>>>>>>> b\nx\n",
        "<<<<<<< a\n=======\n>>>>>>> b\ny\n",
    ),
    "a hunk at the very start that is empty in ours": (
        "e\na\nd\na\na\ne\nc\nd\nd\n",
        "a\na\nd\nd\n",
        "e\na\na\ne\na\na\ne\na\nd\n",
    ),
}


def check_round_trip(merged: Merge, style: Style, size: int | None) -> None:
    parts = read(written(merged, style), size=size)
    assert resolved(parts, Side.OURS) == merged.text
    assert resolved(parts, Side.THEIRS) == taking(merged, Side.THEIRS)
    if style is Style.DIFF3:
        assert resolved(parts, Side.BASE) == taking(merged, Side.BASE)
    assert bool(conflicts(parts)) == bool(merged.hunks)


@STYLES
@given(texts=TEXTS, live=st.booleans())
@settings(max_examples=250)
def test_every_side_can_be_read_back(texts: tuple[str, str, str], live: bool, style: Style) -> None:
    merged = merge(*texts, live=live)
    check_round_trip(merged, style, marker_size(merged))
    if merged.hunks:
        check_round_trip(merged, style, None)


@STYLES
@pytest.mark.parametrize("name", TRIPLES)
def test_every_side_can_be_read_back_from(name: str, style: Style) -> None:
    merged = merge(*TRIPLES[name])
    assert merged.hunks
    check_round_trip(merged, style, None)
    check_round_trip(merged, style, marker_size(merged))


@given(TEXTS)
def test_a_conflict_is_whole_lines(texts: tuple[str, str, str]) -> None:
    merged = merge(*texts)
    parts = read(written(merged, Style.DIFF3), size=marker_size(merged))
    for part in parts[:-1]:
        for text in [part] if isinstance(part, str) else [part.ours, part.base, part.theirs]:
            assert text is not None
            assert text.endswith("\n") or not text


# The output


def test_a_conflicting_word_includes_its_line() -> None:
    merged = merge(
        "Hi.\nSee you on Monday then.\nBye.\n",
        "Hi.\nSee you on Friday then.\nBye.\n",
        "Hi.\nSee you on Sunday then.\nBye all.\n",
    )
    assert written(merged, Style.DIFF3) == (
        "Hi.\n"
        "<<<<<<< ours\n"
        "See you on Friday then.\n"
        "||||||| base\n"
        "See you on Monday then.\n"
        "=======\n"
        "See you on Sunday then.\n"
        ">>>>>>> theirs\n"
        "Bye all.\n"
    )


@pytest.mark.parametrize(
    ("base", "count"),
    [("a k k d\n", 1), ("a k\nk d\n", 1), ("a\nkept\nd\n", 2), ("a k\n\nk d\n", 2)],
    ids=["one line", "neighbouring lines", "a line between", "an empty line between"],
)
def test_hunks_without_a_line_between_share_a_conflict(base: str, count: int) -> None:
    ours, theirs = (base.replace("a", new).replace("d", new) for new in ("x", "y"))
    merged = merge(base, ours, theirs)
    assert len(merged.hunks) == 2
    assert len(conflicts(read(written(merged, Style.DIFF3)))) == count


def test_lines_that_all_have_in_common_are_no_conflict() -> None:
    merged = merge("k\nm\n", "o p k\n", "k\nq\n")
    assert [(hunk.base, hunk.ours, hunk.theirs) for hunk in merged.hunks] == [("\nm", "", "\nq")]
    assert written(merged, Style.DIFF3) == (
        "o p k\n<<<<<<< ours\n||||||| base\nm\n=======\nq\n>>>>>>> theirs\n"
    )


def test_lines_that_ours_and_theirs_have_in_common_are_in_the_conflict_only_in_diff3() -> None:
    ours, theirs = "k\nx\nsame\n", "k\ny\nsame\n"
    merged = merge("k\na\nb\n", ours, theirs)
    assert written(merged, Style.ZDIFF3) == (
        "k\n<<<<<<< ours\nx\n||||||| base\na\nb\n=======\ny\n>>>>>>> theirs\nsame\n"
    )
    assert written(merged, Style.MERGE) == (
        "k\n<<<<<<< ours\nx\n=======\ny\n>>>>>>> theirs\nsame\n"
    )
    assert written(merged, Style.DIFF3) == (
        "k\n<<<<<<< ours\nx\nsame\n||||||| base\na\nb\n=======\ny\nsame\n>>>>>>> theirs\n"
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("a", "x", "y"), "<<<<<<< ours\nx\n=======\ny\n>>>>>>> theirs"),
        (("a", "x", "y\n"), "<<<<<<< ours\nx\n=======\ny\n>>>>>>> theirs\n"),
        (("a", "", "y"), "<<<<<<< ours\n=======\ny\n>>>>>>> theirs"),
        (
            ("q\r\na", "q\r\nx", "q\r\ny"),
            "q\r\n<<<<<<< ours\r\nx\r\n=======\r\ny\r\n>>>>>>> theirs",
        ),
        (("a\nend", "x\nend", "y\nend"), "<<<<<<< ours\nx\n=======\ny\n>>>>>>> theirs\nend"),
    ],
    ids=["no side has it", "theirs has it", "an empty side", "CRLF", "not in conflict"],
)
def test_a_missing_final_line_end_shows_at_the_last_marker(
    texts: tuple[str, str, str], expected: str
) -> None:
    assert written(merge(*texts), Style.MERGE) == expected


def test_a_file_that_loses_its_final_line_end_loses_that_of_each_side() -> None:
    text = written(merge("a\n", "x\n", "y\n"), Style.MERGE)
    parts = read(text.removesuffix("\n"))
    assert (resolved(parts, Side.OURS), resolved(parts, Side.THEIRS)) == ("x", "y")


def test_a_document_that_began_empty_gets_the_line_ends_that_were_typed() -> None:
    text = written(merge("", "x z\r\n", "y z\r\n"), Style.DIFF3)
    assert text.count("\n") == text.count("\r\n") == 6


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("<<<<<<", 7),
        ("<<<<<<<", 8),
        ("<<<<<<< a", 8),
        ("<<<<<<<a", 7),
        (">>>>>>>>>", 10),
        ("||||||| b", 8),
        ("=======", 8),
        ("==========", 7),
        ("======= a", 7),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_markers_are_longer_than_what_looks_like_one(line: str, size: int, end: str) -> None:
    base, ours, theirs = (f"{word}{end}kept{end}{line}{end}" for word in "axy")
    merged = merge(base, ours, theirs)
    assert marker_size(merged) == size
    text = written(merged, Style.MERGE)
    assert text.startswith("<" * size + " ours" + end)
    assert text.count("=" * size + end + "y") == 1


def test_a_line_like_a_marker_counts_on_whichever_side_it_is() -> None:
    texts = ("a\n", "x\n", "<<<<<<<< y\n")
    for base, ours, theirs in (texts, texts[1:] + texts[:1], texts[2:] + texts[:2]):
        assert marker_size(merge(base, ours, theirs)) == 9


@STYLES
def test_very_long_markers_are_written_once(style: Style) -> None:
    long = "<" * 10_000 + "\n"
    base, ours, theirs = (f"{w}\n{long}" * 100 for w in "axy")
    merged = merge(base, ours, theirs)
    assert len(merged.hunks) == 100
    text = written(merged, style)
    assert len(conflicts(read(text))) == 1
    assert len(text) < 4 * len(base)
    check_round_trip(merged, style, None)


@STYLES
def test_a_clean_merge_is_its_text(style: Style) -> None:
    merged = merge("a b\n", "A b\n", "a B\n")
    assert written(merged, style) == "A B\n"
    assert read("A B\n") == ("A B\n",)


def test_names_are_read_back_and_may_be_empty() -> None:
    merged = merge("a\n", "x\n", "y\n")
    text = write(
        merged, style=Style.DIFF3, ours_name="master 12", base_name="", theirs_name=" Zoë <z@x> "
    )
    assert read(text) == (Conflict("x\n", "a\n", "y\n", "master 12", "", " Zoë <z@x> "),)
    assert "\n|||||||\n" in text


@pytest.mark.parametrize("name", ["a\nb", "a\r"])
def test_a_name_is_one_line(name: str) -> None:
    merged = merge("a\n", "x\n", "y\n")
    with pytest.raises(ValueError, match="one line"):
        write(merged, style=Style.MERGE, ours_name="o", base_name=name, theirs_name="t")


# Git as the oracle

GIT_CASES = {
    "a line": (replaced((4, 5, "x\n")), replaced((4, 5, "y\n"))),
    "the first line": (replaced((0, 1, "x\n")), replaced((0, 1, "y\n"))),
    "the last line": (replaced((9, 10, "x\n")), replaced((9, 10, "y\n"))),
    "everything": ("x\n", "y\n"),
    "several lines": (replaced((3, 6, "x\nxx\n")), replaced((3, 6, "y\n"))),
    "overlapping lines": (replaced((3, 6, "x\n")), replaced((5, 8, "y\n"))),
    "two conflicts": (
        replaced((1, 2, "x\n"), (8, 9, "xx\n")),
        replaced((1, 2, "y\n"), (8, 9, "yy\n")),
    ),
    "two conflicts and a line between": (
        replaced((4, 5, "x\n"), (6, 7, "xx\n")),
        replaced((4, 5, "y\n"), (6, 7, "yy\n")),
    ),
    "deleted and changed": (replaced((4, 5, "")), replaced((4, 5, "y\n"))),
    "all deleted and changed": ("", replaced((4, 5, "y\n"))),
    "something clean before and after": (
        replaced((1, 2, "x\n"), (5, 6, "x\n")),
        replaced((5, 6, "y\n"), (8, 9, "y\n")),
    ),
    "lines in common at both ends": (
        replaced((4, 5, "same\nx\nend\n")),
        replaced((4, 5, "same\ny\nyy\nend\n")),
    ),
    "headings of another length": (
        replaced((3, 4, "x\n==========\n")),
        replaced((3, 4, "y\n===========\n")),
    ),
}


def git_merge_file(
    base: str, ours: str, theirs: str, style: Style, folder: Path, size: int = 7
) -> str:
    for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
        (folder / name).write_bytes(text.encode())
    command = ["git", "merge-file", "-p", f"--marker-size={size}"]
    command += [] if style is Style.MERGE else [f"--{style}"]
    command += [word for name in ("ours", "base", "theirs") for word in ("-L", name)]
    done = subprocess.run(
        [*command, "ours", "base", "theirs"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode > 0, "Git sees a conflict, too"
    return done.stdout.decode()


@STYLES
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("name", GIT_CASES)
def test_it_equals_the_output_of_git(name: str, end: str, style: Style, tmp_path: Path) -> None:
    if (name, style) == ("two conflicts and a line between", Style.MERGE):
        return  # Git joins them in this style only
    base, ours, theirs = (text.replace("\n", end) for text in ("".join(TEN), *GIT_CASES[name]))
    merged = merge(base, ours, theirs)
    assert written(merged, style) == git_merge_file(base, ours, theirs, style, tmp_path)


@STYLES
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_without_a_final_line_end_git_writes_one(end: str, style: Style, tmp_path: Path) -> None:
    base, ours, theirs = (f"kept{end}{word}" for word in "axy")
    git = git_merge_file(base, ours, theirs, style, tmp_path)
    assert written(merge(base, ours, theirs), style) + end == git


@STYLES
@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("q\r\na\nz\n", "q\r\nx\nz\n", "q\r\ny\nz\n"),
        ("q\na\r\nz\n", "q\nx\r\nz\n", "q\ny\r\nz\n"),
        ("q\r\nk\na\r\n", "q\r\nk\nx\r\n", "q\r\nk\ny\r\n"),
        ("a\r\nz\n", "x\r\nz\n", "y\r\nz\n"),
        ("q\nk\r\na\n", "q\nk\r\nx\n", "q\nk\r\ny\n"),
    ],
)
def test_line_ends_of_markers_are_gits_where_they_are_mixed(
    base: str, ours: str, theirs: str, style: Style, tmp_path: Path
) -> None:
    git = git_merge_file(base, ours, theirs, style, tmp_path)
    assert written(merge(base, ours, theirs), style) == git


@STYLES
def test_longer_markers_are_gits_conflict_marker_size(style: Style, tmp_path: Path) -> None:
    base, ours, theirs = (f"<<<<<<< q\nkept\n{word}\n" for word in "axy")
    git = git_merge_file(base, ours, theirs, style, tmp_path, size=8)
    assert written(merge(base, ours, theirs), style) == git

"""The pusher's terminal output."""

from merge.three_way import merge
from server.core.submission import Accepted, Conflicted
from server.push.report import accepted_line, conflict_lines, printable


def disputed(base: str, master: str, sent: str, *files: str) -> list[str]:
    hunks = merge(base, master, sent).hunks
    assert hunks or files
    return conflict_lines(Conflicted("c" * 40, master, hunks, files), sent, "notes.txt")


def taken(*people: str) -> str:
    return accepted_line(Accepted("a" * 40, "", is_new=True, people=people), "b" * 40)


def test_a_merge_names_the_authors() -> None:
    assert "Merged: master is now aaaaaaaaaa" in taken()
    assert "Merged with Ann's edits: master" in taken("Ann")
    assert "Merged with 2 people's edits (Ann, Bo): master" in taken("Ann", "Bo")
    assert "with 5 people's edits (A, B, C, …): master" in taken("A", "B", "C", "D", "E")


def test_a_conflict_names_file_line_and_all_three_sides() -> None:
    lines = disputed("one\nMonday\n", "zero\none\nTuesday\n", "one\nFriday\n")
    at = lines.index("notes.txt:2 (line 3 on master)")
    assert lines[at + 1 : at + 4] == ["  before Monday", "  master Tuesday", "  yours  Friday"]


def test_deleted_text_is_shown_as_nothing() -> None:
    assert "  yours  (nothing)" in disputed(
        "one\ntwo\nthree\n", "one\nTWO\nthree\n", "one\nthree\n"
    )


def test_long_sides_are_shortened() -> None:
    lines = disputed("x\n", "y\n" * 9, "z" * 500 + "\n")
    assert "         … 5 more lines" in lines
    assert max(map(len, lines)) < 100


def test_control_characters_are_removed() -> None:
    assert printable("\x1b[2Jtwo\x9b\tthree ü 🌳\u2028") == "�[2Jtwo�\tthree ü 🌳�"


def test_long_lines_are_shortened() -> None:
    assert len(printable("x" * 10_000)) < 600


def test_other_conflicting_files_are_named() -> None:
    assert "pic.png: others changed this file as well" in disputed("a", "a", "a", "pic.png")

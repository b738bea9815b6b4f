"""Line ends of a file and of its document: a save changes what was changed."""

import re
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cli.sync.endings import Endings, FileText, from_file, to_file

AS_THEY_ARE, CRLF, LF = Endings.AS_THEY_ARE, Endings.CRLF, Endings.LF

# Few different lines, so that many are alike; a CR within a line is no line end.
_WORDS = st.text("ab\r", max_size=3).map(lambda words: words.rstrip("\r"))
_END = st.sampled_from(["\n", "\r\n", "\n", "\r\n", "\r\r\n"])
_LINES = st.lists(st.tuples(_WORDS, _END), min_size=1, max_size=12)
_NEW_WORDS = st.text("abx", min_size=1, max_size=3)


class Saved(NamedTuple):
    """One word typed into one line, in an editor that may convert the whole file."""

    file: int
    line: int
    words: str
    conversion: str | None


_SAVES = st.builds(
    Saved,
    st.integers(0, 1),
    st.integers(0, 11),
    _NEW_WORDS,
    st.sampled_from([None, "\n", "\r\n"]),
)


def joined(lines: list[tuple[str, str]]) -> str:
    return "".join(words + end for words, end in lines)


def typed(text: str, saved: Saved) -> str:
    """The content of a file after a save."""
    parts = re.split(r"(\r*\n)", text)
    parts[2 * (saved.line % ((len(parts) + 1) // 2))] = saved.words
    content = "".join(parts)
    return content if saved.conversion is None else re.sub(r"\r*\n", saved.conversion, content)


@given(_LINES, st.booleans(), st.sampled_from(Endings), _SAVES)
def test_a_save_of_one_word_changes_one_line_and_no_line_end(
    lines: list[tuple[str, str]], is_ended: bool, endings: Endings, saved: Saved
) -> None:
    document = joined(lines) if is_ended else joined(lines) + "last"
    content = typed(to_file(document, endings), saved)
    unconverted = saved._replace(conversion=None)
    assert from_file(content, FileText(document, endings)).text == typed(document, unconverted)


@given(_LINES, st.tuples(st.sampled_from(Endings), st.sampled_from(Endings)), st.lists(_SAVES))
def test_two_files_with_different_line_ends_share_a_document_and_come_to_rest(
    lines: list[tuple[str, str]], kinds: tuple[Endings, Endings], saves: list[Saved]
) -> None:
    document = joined(lines)
    endings = list(kinds)
    for saved in saves:
        content = typed(to_file(document, endings[saved.file]), saved)
        before, (document, endings[saved.file]) = (
            document,
            from_file(content, FileText(document, endings[saved.file])),
        )
        assert document == typed(before, saved._replace(conversion=None))
        for own in endings:
            assert from_file(to_file(document, own), FileText(document, own)) == (document, own)


@given(st.text("ab\r\n", max_size=20), st.text("ab\r\n", max_size=20), st.sampled_from(Endings))
def test_whatever_was_saved_is_taken_apart_from_its_line_ends(
    saved: str, document: str, endings: Endings
) -> None:
    text, _ = from_file(saved, FileText(document, endings))
    assert to_file(text, LF) == to_file(saved, LF)


@pytest.mark.parametrize(
    ("saved", "document", "before", "text", "after"),
    [
        ("a\r\nb\r\n", "a\n", AS_THEY_ARE, "a\nb\n", CRLF),
        ("a\n", "a\r\nb\r\n", AS_THEY_ARE, "a\r\n", LF),
        ("x\r\na\r\n", "a\n", CRLF, "x\na\n", CRLF),
        ("a\r\nb\r\nc", "a\r\nb\n", CRLF, "a\r\nb\nc", CRLF),
        ("a\r\nb\r\nc\r\n", "a\r\nb", CRLF, "a\r\nb\r\nc\r\n", CRLF),
    ],
)
def test_a_new_line_ends_like_the_one_above_it(
    saved: str, document: str, before: Endings, text: str, after: Endings
) -> None:
    assert from_file(saved, FileText(document, before)) == (text, after)


@pytest.mark.parametrize(
    ("saved", "document", "before", "text", "after"),
    [
        ("a\r\nb\n", "a\nb\n", AS_THEY_ARE, "a\r\nb\n", AS_THEY_ARE),
        ("a\r\n", "a\r\n", AS_THEY_ARE, "a\r\n", AS_THEY_ARE),
        ("a\r\n", "", AS_THEY_ARE, "a\r\n", AS_THEY_ARE),
        ("a", "a\r\n", AS_THEY_ARE, "a", AS_THEY_ARE),
        ("a\nb\n", "a\r\nb\n", AS_THEY_ARE, "a\r\nb\n", LF),
        ("a\r\nb\n", "a\nb\n", CRLF, "a\nb\n", CRLF),
        ("a", "a\n", CRLF, "a", CRLF),
        ("a\n", "a\n", CRLF, "a\n", AS_THEY_ARE),
        ("a\r\n", "a\r\n", CRLF, "a\r\n", CRLF),
    ],
)
def test_a_file_has_line_ends_of_its_own_while_they_are_all_alike(
    saved: str, document: str, before: Endings, text: str, after: Endings
) -> None:
    assert from_file(saved, FileText(document, before)) == (text, after)


def test_a_long_run_of_carriage_returns_takes_no_time() -> None:
    text = "\r" * 1_000_000
    assert from_file(text, FileText("a\n", CRLF)).text == text

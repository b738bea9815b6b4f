"""A file and a document in step: what is said of saves, sent of them, and copied."""

from pathlib import Path

import pytest

from merge.splices import Splice, apply
from server.cli.sync.pair import Pair
from server.protocol import Code, Edit, Error, FullText, check_of
from tests.server.client.test_replica import merged, update, welcome

_URL = "http://localhost:8080/d/notes"


class Told:
    """What the user hears."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def warn(self, sentence: str) -> None:
        self.said.append(f"warning: {sentence}")


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def pair(tmp_path: Path, told: Told) -> Pair:
    """In step with a document of one line, in which another one came in."""
    pair = Pair(tmp_path / "notes.txt", _URL, "Ann", None, told)
    _settle(pair, 0.0)
    pair.opened()
    pair.received(welcome("one\n"))
    _settle(pair, 1.0)
    pair.received(update("one\n", "one\ntwo\n", "r1", "r2"))
    _settle(pair, 2.0)
    assert (tmp_path / "notes.txt").read_text() == "one\ntwo\n"
    return pair


def _settle(pair: Pair, now: float) -> None:
    """Look so often that a save counts as done."""
    for tenths in range(9):
        pair.step(now + tenths / 10)


def test_a_save_that_takes_out_what_came_in_is_told_of(
    pair: Pair, told: Told, tmp_path: Path
) -> None:
    """An editor read the file before, and was told to write over it a minute later."""
    (tmp_path / "notes.txt").write_text("ONE\n")
    _settle(pair, 60.0)
    assert (
        told.said[-1]
        == "this save removed text that others had written; it is in the document's history"
    )


def test_a_save_that_keeps_it_is_not(pair: Pair, told: Told, tmp_path: Path) -> None:
    said = list(told.said)
    (tmp_path / "notes.txt").write_text("ONE\ntwo\n")
    _settle(pair, 60.0)
    assert told.said == said


@pytest.fixture
def crlf_pair(tmp_path: Path, told: Told) -> Pair:
    """A file of CRLF in step with a document of LF."""
    (tmp_path / "notes.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    pair = Pair(tmp_path / "notes.txt", _URL, "Ann", None, told)
    _settle(pair, 0.0)
    pair.opened()
    pair.received(welcome("one\ntwo\nthree\n"))
    _settle(pair, 1.0)
    return pair


def _sent(pair: Pair, document: str) -> str:
    """What the one edit that is due makes of the document."""
    [edit] = pair.take_messages()
    assert isinstance(edit, Edit)
    assert isinstance(edit.splices, list)
    return apply(document, [Splice(*it) for it in edit.splices])


@pytest.mark.parametrize("document", ["one\r\ntwo\r\nthree\r\n", "one\ntwo\r\nthree\n"])
def test_a_save_changes_one_word_after_somebody_changed_the_line_ends_of_the_document(
    crlf_pair: Pair, tmp_path: Path, document: str
) -> None:
    file = tmp_path / "notes.txt"
    crlf_pair.received(update("one\ntwo\nthree\n", document, "r1", "r2"))
    _settle(crlf_pair, 2.0)
    assert file.read_bytes() == b"one\r\ntwo\r\nthree\r\n"
    file.write_bytes(b"one\r\ntwo\r\n3\r\n")
    _settle(crlf_pair, 60.0)
    assert _sent(crlf_pair, document) == document.replace("three", "3")


@pytest.mark.parametrize("document", ["one\ntwo\nthree\n", "one\ntwo\r\nthree\n"])
def test_an_editor_that_converts_a_whole_file_changes_the_word_that_was_typed(
    tmp_path: Path, told: Told, document: str
) -> None:
    file = tmp_path / "notes.txt"
    pair = Pair(file, _URL, "Ann", None, told)
    _settle(pair, 0.0)
    pair.opened()
    pair.received(welcome(document))
    _settle(pair, 1.0)
    assert file.read_bytes() == document.encode()
    file.write_bytes(b"one\r\ntwo\r\n3\r\n")
    _settle(pair, 60.0)
    after = document.replace("three", "3")
    assert _sent(pair, document) == after
    pair.received(merged(1, "c1", "r2", after, after.replace("one", "1")))
    _settle(pair, 70.0)
    assert file.read_bytes() == b"1\r\ntwo\r\n3\r\n"


def test_a_killed_sync_still_knows_the_line_ends_of_its_file(
    crlf_pair: Pair, tmp_path: Path, told: Told
) -> None:
    file = tmp_path / "notes.txt"
    document = "one\r\ntwo\r\nthree\r\n"
    crlf_pair.received(update("one\ntwo\nthree\n", document, "r1", "r2"))
    _settle(crlf_pair, 2.0)
    crlf_pair.end()
    file.write_bytes(b"one\r\ntwo\r\n3\r\n")
    pair = Pair(file, _URL, "Ann", None, told)
    pair.opened()
    pair.received(welcome(document, "r2"))
    _settle(pair, 60.0)
    assert _sent(pair, document) == document.replace("three", "3")


def test_what_a_restored_server_has_lost_is_copied_before_the_file_changes(
    pair: Pair, told: Told, tmp_path: Path
) -> None:
    """P4: it does not know the revision that the file is at."""
    pair.closed()
    pair.opened()
    pair.received(welcome("one\n", "r0"))
    _settle(pair, 3.0)
    [asked] = pair.take_messages()
    assert isinstance(asked, Edit)
    assert (asked.base, asked.splices) == ("r2", [])
    pair.received(Error(Code.UNKNOWN_BASE, "?", asked.seq))
    pair.received(FullText("r0", "one\n", check_of("one\n")))
    _settle(pair, 4.0)
    assert (tmp_path / "notes.txt").read_text() == "one\n"
    copy = tmp_path / "notes.txt.kept-1"
    assert copy.read_text() == "one\ntwo\n"
    assert any(it.startswith("warning: the server has an older") for it in told.said)
    assert str(copy) in "".join(told.said)


def test_nothing_is_copied_where_another_history_has_it_all(pair: Pair, tmp_path: Path) -> None:
    pair.closed()
    pair.opened()
    pair.received(welcome("one\ntwo\nthree\n", "r0"))
    _settle(pair, 3.0)
    [asked] = pair.take_messages()
    assert isinstance(asked, Edit)
    pair.received(Error(Code.UNKNOWN_BASE, "?", asked.seq))
    pair.received(FullText("r0", "one\ntwo\nthree\n", check_of("one\ntwo\nthree\n")))
    _settle(pair, 4.0)
    assert (tmp_path / "notes.txt").read_text() == "one\ntwo\nthree\n"
    assert not list(tmp_path.glob("*.kept-*"))

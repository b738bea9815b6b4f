"""A file and a document in step: what is said of saves, and what is copied."""

from pathlib import Path

import pytest

from server.protocol import Code, Edit, Error, FullText, check_of
from server.sync.pair import Pair
from tests.server.test_client_sync import update, welcome

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
    assert told.said[-1] == "this save took out what had come in; it is in the document's history"


def test_a_save_that_keeps_it_is_not(pair: Pair, told: Told, tmp_path: Path) -> None:
    said = list(told.said)
    (tmp_path / "notes.txt").write_text("ONE\ntwo\n")
    _settle(pair, 60.0)
    assert told.said == said


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

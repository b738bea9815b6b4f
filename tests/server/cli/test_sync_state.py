"""The file and the state beside it, killed between any two steps."""

from pathlib import Path

import pytest

from server.cli.sync.endings import Endings
from server.cli.sync.file import FileError, Seen, WatchedFile
from server.cli.sync.session import State
from server.cli.sync.state import StateError, StateFile
from server.client.replica import Known, Snapshot
from server.support import files as disk

URL = "http://localhost:8080/d/notes"
BEFORE = State(Snapshot(known=Known("r1", "before", is_revision=True), local="before"))
AFTER = State(Snapshot(known=Known("r2", "after", is_revision=True), local="after"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "notes.txt"
    file.write_text("before")
    return file


def loaded(file: Path) -> State:
    found = StateFile(file).load(URL)
    assert found
    return found[0]


def read(file: Path) -> WatchedFile:
    watched = WatchedFile(file)
    assert watched.read() == file.read_text()
    return watched


def test_killed_before_the_rename_the_state_is_the_one_before(file: Path) -> None:
    state = StateFile(file)
    temporary = state.temporary()
    read(file).prepare("after", temporary)
    state.save(URL, Endings.AS_THEY_ARE, BEFORE, planned=(temporary, AFTER))
    assert loaded(file) == BEFORE
    assert not temporary.exists()
    assert loaded(file) == BEFORE


def test_killed_after_the_rename_the_state_is_the_one_after(file: Path) -> None:
    state = StateFile(file)
    temporary = state.temporary()
    watched = read(file)
    watched.prepare("after", temporary)
    state.save(URL, Endings.AS_THEY_ARE, BEFORE, planned=(temporary, AFTER))
    assert watched.replace(temporary)
    assert loaded(file) == AFTER


def test_a_save_that_came_in_between_is_not_overwritten(file: Path) -> None:
    watched = read(file)
    temporary = StateFile(file).temporary()
    watched.prepare("after", temporary)
    file.write_text("saved meanwhile")
    assert not watched.replace(temporary)
    assert file.read_text() == "saved meanwhile"


def test_the_state_of_another_document_is_refused(file: Path) -> None:
    StateFile(file).save("http://localhost:8080/d/other", Endings.AS_THEY_ARE, BEFORE)
    with pytest.raises(StateError, match="synced with http://localhost:8080/d/other"):
        StateFile(file).load(URL)


def test_a_state_that_is_broken_is_said(file: Path) -> None:
    StateFile(file).path.write_text("{")
    with pytest.raises(StateError, match="cannot be read"):
        StateFile(file).load(URL)


@pytest.mark.parametrize("endings", Endings)
def test_a_state_of_the_first_version_is_read(file: Path, endings: Endings) -> None:
    known = '{"commit":"r1","text":"before","is_revision":true}'
    snapshot = f'{{"client":null,"key":null,"seq":0,"known":{known},"local":"before"}}'
    record = f'{{"url":"{URL}","endings":"{endings}","state":{{"snapshot":{snapshot}}}}}'
    StateFile(file).path.write_text(record)
    assert StateFile(file).load(URL) == (BEFORE, endings)


def test_only_a_file_that_was_still_has_changed(file: Path) -> None:
    watched = read(file)
    assert watched.look(10.0) is Seen.UNCHANGED
    file.write_text("one")
    assert watched.look(10.1) is Seen.CHANGING
    file.write_text("one and more")
    assert watched.look(10.2) is Seen.CHANGING
    assert watched.look(10.3) is Seen.CHANGING
    assert watched.look(10.4) is Seen.CHANGED


def test_an_empty_file_is_waited_for_longer(file: Path) -> None:
    watched = read(file)
    file.write_text("")
    assert watched.look(10.0) is Seen.CHANGING
    assert watched.look(10.9) is Seen.CHANGING
    assert watched.look(11.1) is Seen.CHANGED


def test_a_file_that_is_away_for_a_moment_is_not_gone(file: Path) -> None:
    watched = read(file)
    assert watched.look(10.0) is Seen.UNCHANGED
    backup = file.rename(file.with_name("notes.txt~"))
    assert watched.look(10.2) is Seen.CHANGING
    backup.rename(file)
    assert watched.look(10.4) is not Seen.GONE
    file.unlink()
    assert watched.look(10.6) is Seen.CHANGING
    assert watched.look(12.2) is Seen.GONE


@pytest.mark.parametrize(("raw", "sentence"), [(b"\xff", "not UTF-8"), (b"a\0b", "NUL")])
def test_what_is_no_text_stays_unread(file: Path, raw: bytes, sentence: str) -> None:
    watched = read(file)
    file.write_bytes(raw)
    with pytest.raises(FileError, match=sentence):
        watched.read()
    assert watched.look(10.0) is Seen.CHANGING
    assert watched.look(11.0) is Seen.CHANGED


def test_a_save_between_the_last_look_and_the_exchange_is_a_change_of_what_was_replaced(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = read(file)
    temporary = StateFile(file).temporary()
    watched.prepare("after", temporary)
    exchange = disk.exchange

    def late(one: Path, other: Path) -> None:
        other.write_text("saved in the last moment")
        exchange(one, other)

    monkeypatch.setattr(disk, "exchange", late)
    replaced = watched.replace(temporary)
    assert file.read_text() == "after"
    assert replaced
    assert replaced.look(10.0) is Seen.CHANGING
    assert replaced.look(10.2) is Seen.CHANGED
    assert replaced.read() == "saved in the last moment"


def test_where_files_cannot_change_places_in_one_step_they_do_it_in_several(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = file.with_name("other")
    other.write_text("after")
    monkeypatch.setattr(disk, "_rename", None)
    disk.exchange(other, file)
    assert (file.read_text(), other.read_text()) == ("after", "before")
    assert sorted(it.name for it in file.parent.iterdir()) == ["notes.txt", "other"]


def test_a_save_that_nobody_read_before_the_kill_is_kept_for_the_user(file: Path) -> None:
    state = StateFile(file)
    temporary = state.temporary()
    watched = read(file)
    watched.prepare("after", temporary)
    state.save(URL, Endings.AS_THEY_ARE, BEFORE, planned=(temporary, AFTER))
    assert watched.replace(temporary)
    temporary.write_text("saved by who had it open")
    later = StateFile(file)
    assert later.load(URL) == (AFTER, Endings.AS_THEY_ARE)
    [copy] = later.copies
    assert copy.read_text() == "saved by who had it open"
    assert not temporary.exists()


def test_a_file_is_locked_until_the_end(file: Path) -> None:
    first, second = StateFile(file), StateFile(file)
    first.lock()
    with pytest.raises(StateError, match="stop it first"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()
    assert [it.name for it in file.parent.iterdir()] == ["notes.txt"]

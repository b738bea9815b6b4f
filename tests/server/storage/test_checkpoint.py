"""Checkpoints: from the journal into the repository, safe wherever the machine stops."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server.core.git_model import CLIENTS, MASTER, Signature
from server.git import bare, packed_refs
from server.git import process as git_process
from server.git.changes import Entry, Log
from server.git.objects import GitObject
from server.git.repository import Repository, Unwritten
from server.storage import checkpoint
from server.storage.checkpoint import CheckpointError
from server.storage.journal import OvertakenError
from tests.git import assert_sound, git, run_git

if TYPE_CHECKING:
    from collections.abc import Callable

ANN = Signature("Ann", "ann@example.invalid", 1_700_000_000.0)
LINES = "".join(f"line {number} of a text that is long enough\n" for number in range(200))


class Book:
    """A log in memory over a repository on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self.reopen()

    def reopen(self) -> None:
        log = Log(len(self.entries), tuple(self.entries))
        self.repository = Repository(self.path, "notes.txt", log)

    def write(self, text: str, *moves: str) -> str:
        """Put a commit on `master`, and on other refs."""
        repository = self.repository
        head = repository.head(MASTER)
        commit = repository.commit(text, (head,) if head else (), ANN, ANN, "Write\n")
        for ref in (MASTER, *moves):
            repository.move(ref, commit)
        entry = repository.staged("notes")
        assert entry is not None
        self.entries.append(entry)
        repository.mark_journaled(len(self.entries))
        return commit

    def unwritten(self) -> Unwritten:
        found = self.repository.unwritten()
        assert found is not None
        return found

    def checkpoint(self) -> None:
        unwritten = self.unwritten()
        checkpoint.write(self.path, unwritten)
        self.repository.mark_checkpointed(unwritten)
        self.entries.clear()


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "notes.git")


def test_hundreds_of_versions_become_one_small_pack(book: Book) -> None:
    for number in range(300):
        book.write(LINES[: number * 20] + f"word{number} " + LINES[number * 20 :])
    book.checkpoint()
    assert_sound(book.path)
    assert git("rev-list", "--count", "master", cwd=book.path) == "300"
    [pack] = (book.path / "objects" / "pack").glob("*.pack")
    assert pack.stat().st_size < 300 * 350 + 2 * len(LINES)
    assert book.repository.size == 0
    text = book.repository.text(book.repository.head(MASTER) or "")
    assert text == LINES[: 299 * 20] + "word299 " + LINES[299 * 20 :]


def test_checkpoints_follow_each_other(book: Book) -> None:
    for number in range(12):
        book.write(f"{LINES}{number}\n", CLIENTS + "ann")
        if number % 3 == 2:
            book.checkpoint()
            assert_sound(book.path)
    assert git("rev-list", "--count", "clients/ann", cwd=book.path) == "12"
    assert git("show", "master:notes.txt", cwd=book.path) == f"{LINES}11"


@pytest.mark.parametrize("is_between", [False, True])
def test_a_text_is_emptied_and_written_anew(book: Book, is_between: bool) -> None:
    book.write("one\n")
    if is_between:
        book.checkpoint()
    book.write("")
    book.write("two\n")
    book.checkpoint()
    shown = [git("show", f"master~{back}:notes.txt", cwd=book.path) for back in (2, 1, 0)]
    assert shown == ["one", "", "two"]
    assert_sound(book.path)


def test_what_came_after_the_checkpoint_began_stays_in_memory(book: Book) -> None:
    book.write(LINES)
    unwritten = book.unwritten()
    checkpoint.write(book.path, unwritten)
    second = book.write(LINES + "more\n")
    book.repository.mark_checkpointed(unwritten)
    assert book.repository.head(MASTER) == second
    assert book.repository.text(second) == LINES + "more\n"
    assert git("show", "master:notes.txt", cwd=book.path) == LINES.rstrip()
    book.checkpoint()
    assert git("rev-parse", "master", cwd=book.path) == second
    assert_sound(book.path)


def test_a_text_that_becomes_what_it_was_is_no_delta_of_its_own_delta(book: Book) -> None:
    book.write(LINES)
    book.checkpoint()
    book.write(LINES + "one\n")
    last = book.write(LINES)
    assert book.repository.text(last) == LINES
    book.reopen()
    book.checkpoint()
    assert_sound(book.path)
    assert git("show", "master:notes.txt", cwd=book.path) == LINES.rstrip()


class _PowerLoss(BaseException):
    """The machine stops here."""


def _stops(monkeypatch: pytest.MonkeyPatch, place: tuple[object, str], *, before: bool) -> None:
    module, name = place
    real: Callable[..., object] = getattr(module, name)

    def stop(*arguments: object, **options: object) -> object:
        if not before:
            real(*arguments, **options)
        raise _PowerLoss

    monkeypatch.setattr(module, name, stop)


@pytest.mark.parametrize(
    ("place", "before"),
    [
        ((checkpoint, "create"), True),
        ((checkpoint, "create"), False),
        ((checkpoint, "git"), True),
        ((checkpoint, "git"), False),
        ((checkpoint, "fsync"), False),
        ((checkpoint, "locked_refs"), True),
        ((packed_refs, "fsync"), True),
        ((Path, "rename"), True),
        ((Path, "rename"), False),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_stop_anywhere_loses_nothing_and_doing_it_again_is_harmless(
    book: Book,
    monkeypatch: pytest.MonkeyPatch,
    place: tuple[object, str],
    before: bool,
    is_first: bool,
) -> None:
    if not is_first:
        book.write(LINES)
        book.checkpoint()
    book.write(LINES + "one\n", CLIENTS + "ann")
    last = book.write(LINES + "two\n", CLIENTS + "bo")
    with monkeypatch.context() as patch:
        _stops(patch, place, before=before)
        with pytest.raises(_PowerLoss):
            checkpoint.write(book.path, book.unwritten())
    (book.path / "packed-refs.lock").unlink(missing_ok=True)  # as the start of a server does
    if book.path.exists():
        ran = run_git("fsck", "--strict", "--no-dangling", cwd=book.path)
        assert ran.returncode == 0, ran.stderr
        assert "error" not in ran.stderr
    book.reopen()
    assert book.repository.head(MASTER) == last
    assert book.repository.text(last) == LINES + "two\n"
    book.checkpoint()
    assert_sound(book.path)
    assert git("rev-parse", "master", "clients/bo", cwd=book.path).split() == [last, last]


def test_a_damaged_object_is_not_taken_in_and_moves_no_ref(book: Book) -> None:
    book.write(LINES)
    book.checkpoint()
    book.write(LINES + "one\n")
    whole = book.unwritten()
    for spoil in range(len(whole.objects)):
        item = whole.objects[spoil]
        broken = GitObject(item.id, item.kind, item.data[:-1] + b"?", item.base)
        objects = (*whole.objects[:spoil], broken, *whole.objects[spoil + 1 :])
        with pytest.raises(CheckpointError):
            checkpoint.write(book.path, Unwritten(whole.position, objects, whole.moves))
        assert git("show", "master:notes.txt", cwd=book.path) == LINES.rstrip()
    assert_sound(book.path)


def test_half_a_pack_of_an_earlier_crash_does_no_harm(book: Book) -> None:
    book.write(LINES)
    book.checkpoint()
    [pack] = (book.path / "objects" / "pack").glob("*.pack")
    half = pack.with_name("tmp_pack_half")
    half.write_bytes(pack.read_bytes()[:100])
    book.write(LINES + "one\n")
    book.checkpoint()
    assert_sound(book.path)


def test_a_disk_that_refuses_is_an_error_and_moves_no_ref(book: Book) -> None:
    book.write(LINES)
    book.checkpoint()
    book.write(LINES + "one\n")
    packs = book.path / "objects" / "pack"
    packs.rename(packs.with_name("elsewhere"))
    packs.write_text("in the way")
    with pytest.raises(CheckpointError, match="could not be written"):
        checkpoint.write(book.path, book.unwritten())
    packs.unlink()
    packs.with_name("elsewhere").rename(packs)
    assert git("show", "master:notes.txt", cwd=book.path) == LINES.rstrip()
    book.checkpoint()
    assert_sound(book.path)


def test_a_locked_repository_is_an_error_that_passes(book: Book) -> None:
    book.write(LINES)
    bare.create(book.path)
    lock = book.path / "packed-refs.lock"
    lock.touch()
    with pytest.raises(CheckpointError, match="another program"):
        checkpoint.write(book.path, book.unwritten())
    lock.unlink()
    book.checkpoint()
    assert_sound(book.path)


def test_without_git_it_says_so(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    book.write(LINES)
    monkeypatch.setitem(git_process.ENVIRONMENT, "PATH", "/nowhere")

    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", "git")

    monkeypatch.setattr(subprocess, "run", missing)
    with pytest.raises(CheckpointError, match="git cannot be run"):
        checkpoint.write(book.path, book.unwritten())


def test_a_clock_that_goes_back_is_no_harm(book: Book) -> None:
    """Git orders by time where it can; the history must hold without."""
    repository = book.repository
    head: str | None = None
    for number in range(20):
        past = Signature("Ann", "ann@example.invalid", 1_700_000_000.0 - 1000 * number)
        head = repository.commit(
            f"{LINES}{number}\n", (head,) if head else (), past, past, "Write\n"
        )
        repository.move(MASTER, head)
    entry = repository.staged("notes")
    assert entry is not None
    book.entries.append(entry)
    repository.mark_journaled(1)
    book.checkpoint()
    assert_sound(book.path)
    first = git("rev-list", "--max-parents=0", "master", cwd=book.path)
    assert repository.contains(head or "", first)
    assert repository.merge_base(head or "", first) == first


def test_master_moved_by_hand_is_not_overwritten(book: Book) -> None:
    book.write(LINES)
    book.checkpoint()
    stray = git("commit-tree", "-m", "stray", "master^{tree}", "-p", "master", cwd=book.path)
    git("update-ref", "refs/heads/master", stray, cwd=book.path)
    book.write(LINES + "one\n")
    with pytest.raises(OvertakenError):
        checkpoint.write(book.path, book.unwritten())
    assert git("rev-parse", "master", cwd=book.path) == stray


def test_a_branch_deleted_by_hand_is_there_again(book: Book) -> None:
    book.write(LINES, CLIENTS + "ann")
    book.checkpoint()
    git("update-ref", "-d", "refs/heads/clients/ann", cwd=book.path)
    last = book.write(LINES + "one\n", CLIENTS + "ann")
    book.checkpoint()
    assert git("rev-parse", "clients/ann", cwd=book.path) == last

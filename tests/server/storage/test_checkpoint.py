"""Checkpoints: from the journal into the repository, safe wherever the machine stops."""

import itertools
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.core.commit_store import Tag
from server.core.git_model import CLIENTS, MASTER, Signature
from server.git import bare, new_packs, packed_refs
from server.git import process as git_process
from server.git.changes import Entry, Log
from server.git.objects import GitObject, Kind, new_object
from server.git.repository import Repository, Unwritten
from server.storage import checkpoint
from server.storage.checkpoint import Checkpoint, CheckpointError
from server.storage.journal import OvertakenError
from server.support import shared_sync
from server.support.shared_sync import SharedSync
from tests.git import assert_sound, git, run_git

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


def _stops(
    monkeypatch: pytest.MonkeyPatch, place: tuple[object, str], *, before: bool, call: int = 1
) -> None:
    """Stop before or after a call of a function: the first one, or a later one."""
    module, name = place
    real: Callable[..., object] = getattr(module, name)
    calls = itertools.count(1)

    def stop(*arguments: object, **options: object) -> object:
        is_it = next(calls) == call
        if is_it and before:
            raise _PowerLoss
        result = real(*arguments, **options)
        if is_it:
            raise _PowerLoss
        return result

    monkeypatch.setattr(module, name, stop)


_LAY_OUT, _SYNC, _PUBLISH, _FOLDER = (
    (checkpoint, "lay_out"),
    (SharedSync, "sync"),
    (checkpoint, "publish"),
    (checkpoint, "fsync"),
)
_ADD, _FSYNC, _LOCK, _LOCK_SYNC = (
    (checkpoint, "add_objects"),
    (new_packs, "fsync"),
    (checkpoint, "locked_refs"),
    (packed_refs, "fsync"),
)
_FILE, _VERIFY, _RENAME = (
    (new_packs, "write_file"),
    (new_packs, "_verify_objects"),
    (Path, "rename"),
)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    ("is_first", "place", "call"),
    [
        (True, _LAY_OUT, 1),
        (True, _FILE, 1),  # the pack
        (True, _FILE, 2),  # its index
        (True, _VERIFY, 1),
        (True, _SYNC, 1),
        (True, _PUBLISH, 1),
        (True, _RENAME, 1),
        (True, _FOLDER, 1),
        (False, _ADD, 1),
        (False, _FILE, 1),
        (False, _FILE, 2),
        (False, _VERIFY, 1),
        (False, _FSYNC, 1),  # of the pack
        (False, _FSYNC, 2),  # of its index
        (False, _FSYNC, 3),  # of their folder
        (False, _RENAME, 1),  # of the pack
        (False, _RENAME, 2),  # of its index
        (False, _RENAME, 3),  # of the refs
        (False, _LOCK, 1),
        (False, _LOCK_SYNC, 1),  # of the refs
        (False, _LOCK_SYNC, 2),  # of the repository
    ],
)
def test_a_stop_anywhere_loses_nothing_and_doing_it_again_is_harmless(
    book: Book,
    monkeypatch: pytest.MonkeyPatch,
    place: tuple[object, str],
    call: int,
    before: bool,
    is_first: bool,
) -> None:
    if not is_first:
        book.write(LINES)
        book.checkpoint()
    book.write(LINES + "one\n", CLIENTS + "ann")
    last = book.write(LINES + "two\n", CLIENTS + "bo")
    with monkeypatch.context() as patch:
        _stops(patch, place, before=before, call=call)
        with pytest.raises(_PowerLoss):
            checkpoint.write(book.path, book.unwritten())
    # The start of a server does this.
    (book.path / "packed-refs.lock").unlink(missing_ok=True)
    checkpoint.remove_unfinished(book.path.parent)
    if book.path.exists():
        ran = run_git("fsck", "--strict", "--no-dangling", cwd=book.path)
        assert ran.returncode == 0, ran.stderr
        assert "error" not in ran.stderr
        if is_first:
            assert git("rev-parse", "master", "clients/bo", cwd=book.path).split() == [last, last]
    book.reopen()
    assert book.repository.head(MASTER) == last
    assert book.repository.text(last) == LINES + "two\n"
    book.checkpoint()
    assert_sound(book.path)
    assert git("rev-parse", "master", "clients/bo", cwd=book.path).split() == [last, last]
    assert [file.name for file in book.path.parent.iterdir()] == ["notes.git"]


@pytest.mark.parametrize("folder", ["", "docs/a"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("has_syncfs", [True, False])
def test_nothing_gets_its_name_before_it_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, has_syncfs: bool, folder: str
) -> None:
    """And the folder of each new name is synced before the journal forgets anything."""
    synced: set[int] = set()
    renamed: set[int] = set()  # the folders with a new name that is not synced
    fsync, rename = os.fsync, Path.rename

    def noted_fsync(opened: int) -> None:
        fsync(opened)
        synced.add(os.fstat(opened).st_ino)
        renamed.discard(os.fstat(opened).st_ino)

    def noted_syncfs(_: int) -> int:
        synced.update(part.stat().st_ino for part in tmp_path.rglob("*"))
        return 0

    def checked_rename(self: Path, target: Path) -> Path:
        for part in (self, *self.rglob("*")):
            assert part.stat().st_ino in synced, f"{part} is not synced"
        if target.suffix == ".idx":
            assert target.with_suffix(".pack").exists(), "Git would miss it"
        renamed.add(target.parent.stat().st_ino)
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(shared_sync, "_syncfs", noted_syncfs if has_syncfs else None)
    monkeypatch.setattr(shared_sync, "_is_reliable", lambda _: True)
    monkeypatch.setattr(Path, "rename", checked_rename)
    monkeypatch.setattr(Path, "mkdir", mkdir_noting(renamed))
    books = [Book(tmp_path / folder / f"notes{number}.git") for number in range(count)]
    for text in (LINES, LINES + "one\n"):
        for each in books:
            each.write(text)
        assert checkpoint_all(*books) == [None] * count
        assert not renamed
    for each in books:
        assert_sound(each.path)


def mkdir_noting(changed: set[int]) -> Callable[..., None]:
    """Return a `Path.mkdir` that notes where it makes a folder of documents."""
    mkdir = Path.mkdir

    def noted(self: Path, *arguments: Any, **options: Any) -> None:
        mkdir(self, *arguments, **options)
        if ".git" not in str(self):
            changed.add(self.parent.stat().st_ino)

    return noted


def checkpoint_all(*books: Book) -> list[Exception | None]:
    together = [Checkpoint(book.path, book.unwritten()) for book in books]
    checkpoint.write_all(together)
    for book, one in zip(books, together, strict=True):
        if one.problem is None:
            book.repository.mark_checkpointed(one.unwritten)
            book.entries.clear()
    return [one.problem for one in together]


def test_new_documents_share_a_sync_and_fail_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []

    def syncfs(opened: int) -> int:
        syncs.append(opened)
        return 0

    monkeypatch.setattr(shared_sync, "_syncfs", syncfs)
    monkeypatch.setattr(shared_sync, "_is_reliable", lambda _: True)
    books = [Book(tmp_path / f"{name}.git") for name in ("ann", "bo", "cy", "known", "damaged")]
    known, damaged = books[-2:]
    known.write(LINES)
    known.checkpoint()
    for book in books:
        book.write(LINES + "one\n")
    books[0].path.write_text("in the way")
    whole = damaged.unwritten()
    monkeypatch.setattr(damaged, "unwritten", lambda: _spoilt(whole, 0))
    problems = checkpoint_all(*books)
    assert [problem is None for problem in problems] == [False, True, True, True, False]
    assert all(isinstance(problem, CheckpointError) for problem in problems if problem)
    assert len(syncs) == 1
    for book in books[1:4]:
        assert_sound(book.path)
        assert git("show", "master:notes.txt", cwd=book.path) == LINES + "one"
    assert not damaged.path.exists()
    assert not list(tmp_path.glob(".*"))


def test_a_sync_that_fails_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = [Book(tmp_path / f"{name}.git") for name in ("ann", "bo")]
    for book in books:
        book.write(LINES)
    with monkeypatch.context() as patch:
        patch.setattr(shared_sync, "_syncfs", lambda _: -1)
        patch.setattr(shared_sync, "_is_reliable", lambda _: True)
        assert all(isinstance(each, CheckpointError) for each in checkpoint_all(*books))
    assert not list(tmp_path.iterdir())
    assert checkpoint_all(*books) == [None, None]


def test_a_repository_that_a_push_makes_meanwhile_is_written_into(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = bare.publish

    def late(complete: Path, path: Path) -> bool:
        bare.create(path)
        git("update-ref", "refs/heads/drafts", _stray(path), cwd=path)
        return publish(complete, path)

    monkeypatch.setattr(checkpoint, "publish", late)
    last = book.write(LINES)
    book.checkpoint()
    assert git("rev-parse", "master", cwd=book.path) == last
    assert git("log", "--format=%s", "drafts", cwd=book.path) == "stray"
    assert_sound(book.path)


def _stray(path: Path) -> str:
    """Return a commit of an empty tree."""
    empty = git("hash-object", "-t", "tree", "-w", "/dev/null", cwd=path)
    return git("commit-tree", "-m", "stray", empty, cwd=path)


def test_no_process_is_started(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*arguments: object, **_: object) -> None:
        raise AssertionError(arguments)

    commit = ""
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", started)
        patch.setattr(subprocess, "Popen", started)
        for number in range(3):  # later ones have deltas of objects on disk
            commit = book.write(f"{LINES}{number}\n", CLIENTS + "ann")
            book.repository.tag(f"v{number}", Tag(commit, ANN, "A version\n"))
            entry = book.repository.staged("notes")
            assert entry is not None
            book.entries.append(entry)
            book.repository.mark_journaled(len(book.entries))
            book.checkpoint()
    assert_sound(book.path)
    assert git("show", "master:notes.txt", cwd=book.path) == f"{LINES}2"
    assert git("rev-parse", "v2^{}", cwd=book.path) == commit
    assert f"\n^{commit}\n" in (book.path / "packed-refs").read_text()


_WAYS = ["in this process", "by a process"]


@pytest.fixture(params=_WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Who verifies packs."""
    if request.param != _WAYS[0]:
        monkeypatch.setattr(new_packs, "_IN_PROCESS_BYTES_MAX", 0)
    return str(request.param)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_large_pack_is_verified_by_a_process(
    book: Book, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    if not is_first:
        book.write(LINES)
        book.checkpoint()
    monkeypatch.setattr(new_packs, "_IN_PROCESS_BYTES_MAX", 0)
    monkeypatch.setattr(new_packs, "_verify_objects", None)
    for number in range(3):
        book.write(f"{LINES}{number}\n", CLIENTS + "ann")
    book.checkpoint()
    assert_sound(book.path)
    assert git("show", "master:notes.txt", cwd=book.path) == f"{LINES}2"


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("ending", [".pack", ".idx"])
@pytest.mark.usefixtures("way")
def test_a_flipped_byte_in_what_was_written_is_refused(
    book: Book, monkeypatch: pytest.MonkeyPatch, ending: str, is_first: bool
) -> None:
    """Every file is read again before anything refers to it."""
    if not is_first:
        book.write(LINES)
        book.checkpoint()
    refs = book.path / "packed-refs"
    before = refs.read_bytes() if not is_first else b""
    last = book.write(LINES + "one\n")
    for place in (0.0, 0.3, 0.5, 0.8, 1.0):
        with monkeypatch.context() as patch:
            _flip_what_is_written(patch, ending, place)
            with pytest.raises(CheckpointError, match=r"damaged|check sum|failed"):
                checkpoint.write(book.path, book.unwritten())
        assert (refs.read_bytes() if refs.exists() else b"") == before
    if not is_first:
        assert_sound(book.path)
    assert book.path.exists() != is_first
    book.reopen()
    book.checkpoint()
    assert_sound(book.path)
    assert git("rev-parse", "master", cwd=book.path) == last


def _flip_what_is_written(patch: pytest.MonkeyPatch, ending: str, place: float) -> None:
    """Have a bit flipped in each file with this ending, at this part of it."""
    write_file, git_process_run = new_packs.write_file, git_process.git

    def flip(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[int(place * (len(content) - 1))] ^= 0x10
        file.chmod(0o600)
        file.write_bytes(content)

    def written(file: Path, content: bytes) -> None:
        write_file(file, content)
        if file.suffix == ending:
            flip(file)

    def indexed_by_git(repository: Path, *arguments: str, **options: Any) -> bytes:
        out = git_process_run(repository, *arguments, **options)
        if ending == ".idx":
            flip(Path(arguments[-1]).with_suffix(".idx"))
        return out

    patch.setattr(new_packs, "write_file", written)
    patch.setattr(new_packs, "git", indexed_by_git)


def _spoilt(whole: Unwritten, at: int) -> Unwritten:
    """Return this with one object that is not what its id says."""
    item = whole.objects[at]
    broken = GitObject(item.id, item.kind, item.data[:-1] + b"?", item.base)
    objects = (*whole.objects[:at], broken, *whole.objects[at + 1 :])
    return replace(whole, objects=objects)


@pytest.mark.usefixtures("way")
def test_a_damaged_object_makes_no_repository(book: Book) -> None:
    book.write(LINES)
    book.write(LINES + "one\n")
    whole = book.unwritten()
    for at in range(len(whole.objects)):
        with pytest.raises(CheckpointError):
            checkpoint.write(book.path, _spoilt(whole, at))
        assert not list(book.path.parent.iterdir())


@pytest.mark.usefixtures("way")
def test_a_damaged_object_is_not_taken_in_and_moves_no_ref(book: Book) -> None:
    book.write(LINES)
    book.checkpoint()
    book.write(LINES + "one\n")
    whole = book.unwritten()
    for at in range(len(whole.objects)):
        with pytest.raises(CheckpointError):
            checkpoint.write(book.path, _spoilt(whole, at))
        assert git("show", "master:notes.txt", cwd=book.path) == LINES.rstrip()
    assert_sound(book.path)


@pytest.mark.usefixtures("way")
def test_an_object_that_names_a_missing_or_wrong_one_is_refused(book: Book) -> None:
    book.write(LINES)
    whole = book.unwritten()
    [blob, tree, commit] = whole.objects
    name = tree.data.partition(b"\0")[0] + b"\0"
    for wrong in ("1" * 40, commit.id):
        wrong_tree = new_object(Kind.TREE, name + bytes.fromhex(wrong))
        wrong_commit = new_object(
            Kind.COMMIT, commit.data.replace(tree.id.encode(), wrong_tree.id.encode())
        )
        objects = (blob, tree, commit, wrong_tree, wrong_commit)
        with pytest.raises(CheckpointError):
            checkpoint.write(book.path, Unwritten(1, objects, whole.moves))
        assert not book.path.exists()


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
    monkeypatch.setattr(new_packs, "_IN_PROCESS_BYTES_MAX", 0)
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

"""Repacking: repositories stay small and intact while others read and write them."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pygit2
import pytest

from server.core.git_model import CLIENTS, MASTER, Signature
from server.git import object_files
from server.git.repack import RepackError, needs_repack, repack
from server.git.repository import Repository
from server.storage import checkpoint
from tests.git import ENVIRONMENT, assert_sound, git

ANN = Signature("Ann", "ann@example.invalid", 1_700_000_000.0)
LINES = "".join(f"line {number} of a text that is long enough\n" for number in range(100))


class Notes:
    """A document that is written into its repository in many small checkpoints."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repository = Repository(path, "notes.txt")
        self.written = 0

    def write(self, checkpoints: int, *, maintained: bool = False) -> None:
        for _ in range(checkpoints):
            for ref in (MASTER, CLIENTS + "ann"):
                self._commit(ref)
            unwritten = self.repository.unwritten()
            assert unwritten is not None
            checkpoint.write(self.path, unwritten)
            self.repository.mark_checkpointed(unwritten)
            if maintained and needs_repack(self.path):
                repack(self.path)

    def _commit(self, ref: str) -> None:
        repository = self.repository
        self.written += 1
        at = self.written * 7 % len(LINES)
        text = f"{LINES[:at]}word{self.written} {LINES[at:]}"
        head = repository.head(ref)
        commit = repository.commit(text, (head,) if head else (), ANN, ANN, "Write\n")
        repository.move(ref, commit)
        assert repository.staged("notes")
        repository.mark_journaled(self.written)

    def history(self) -> str:
        refs = git("for-each-ref", cwd=self.path)
        return refs + git("rev-list", "--objects", "--all", cwd=self.path)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "notes.git")


def test_packs_stay_few_however_many_checkpoints_there_are(notes: Notes) -> None:
    most = 0
    for _ in range(15):
        notes.write(5, maintained=True)
        most = max(most, object_files.packs(notes.path))
    assert most <= 21
    assert_sound(notes.path)


@pytest.mark.parametrize("thorough", [False, True])
def test_repack_changes_no_history_and_takes_less_room(notes: Notes, thorough: bool) -> None:
    notes.write(25)
    assert needs_repack(notes.path)
    history, before = notes.history(), object_files.size_of(notes.path)
    repack(notes.path, thorough=thorough)
    after = object_files.size_of(notes.path)
    assert after.packs == 1
    assert after.bytes < before.bytes / 2
    assert notes.history() == history
    assert not needs_repack(notes.path)
    assert (notes.path / "objects" / "info" / "commit-graph").exists()
    assert_sound(notes.path)


def test_a_repository_that_is_open_finds_everything_afterwards(notes: Notes) -> None:
    notes.write(25)
    opened = Repository(notes.path, "notes.txt")
    other = pygit2.Repository(str(notes.path))
    commits = git("rev-list", "--all", cwd=notes.path).split()
    assert opened.has_commit(commits[0])
    repack(notes.path)
    assert all(opened.text(commit) for commit in commits)
    assert all(other[commit].tree for commit in commits)
    notes.write(1)
    assert_sound(notes.path)


def test_loose_objects_are_packed_too(notes: Notes) -> None:
    notes.write(1)
    for number in range(201):
        (notes.path.parent / "file").write_text(f"{number}\n")
        git("hash-object", "-w", str(notes.path.parent / "file"), cwd=notes.path)
    assert needs_repack(notes.path)
    repack(notes.path, thorough=True)
    assert git("count-objects", cwd=notes.path).startswith("0 objects")
    blob = git("hash-object", str(notes.path.parent / "file"), cwd=notes.path)
    assert git("cat-file", "-p", blob, cwd=notes.path) == "200", "kept, though no ref reaches it"


def test_what_no_ref_reaches_yet_is_kept(notes: Notes) -> None:
    """A checkpoint adds its pack before it moves the refs."""
    notes.write(3)
    tree = git("rev-parse", "master^{tree}", cwd=notes.path)
    git("commit-tree", tree, "-m", "stray", cwd=notes.path)
    repack(notes.path, thorough=True)
    stray = git("commit-tree", tree, "-m", "stray", cwd=notes.path)
    git("update-ref", "refs/heads/stray", stray, cwd=notes.path)
    assert_sound(notes.path)


def test_clones_made_meanwhile_are_whole(notes: Notes, tmp_path: Path) -> None:
    notes.write(25)

    def clone(number: int) -> str:
        into = tmp_path / f"clone{number}"
        git("clone", "--quiet", "--mirror", f"file://{notes.path}", str(into), cwd=tmp_path)
        assert_sound(into)
        return git("rev-list", "--all", cwd=into)

    with ThreadPoolExecutor(2) as threads:
        clones = [threads.submit(clone, number) for number in range(6)]
        while not all(clone.done() for clone in clones):
            repack(notes.path, thorough=True)
    assert {clone.result() for clone in clones} == {git("rev-list", "--all", cwd=notes.path)}


def test_checkpoints_made_meanwhile_count(notes: Notes) -> None:
    notes.write(25)
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(notes.write, 15)
        while not writing.done():
            repack(notes.path)
        writing.result()
    assert_sound(notes.path)
    assert git("rev-list", "--count", "master", cwd=notes.path) == "40"


def test_a_repack_that_is_killed_leaves_all_and_the_next_cleans_up(notes: Notes) -> None:
    notes.write(25)
    history = notes.history()
    packs = notes.path / "objects" / "pack"
    killed = subprocess.Popen(
        ["git", "repack", "-a", "-d", "-q", "-f", "--window=100"],
        cwd=notes.path, env=ENVIRONMENT, start_new_session=True, stderr=subprocess.PIPE,
    )  # fmt: skip
    while killed.poll() is None and not list(packs.glob("*tmp*")):
        pass
    if killed.returncode is None:
        os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()  # to the end of its children as well: they write to it, too
    (packs / "tmp_pack_half").write_bytes(b"PACK")
    assert notes.history() == history
    repack(notes.path, alone=True)
    assert not list(packs.glob("*tmp*"))
    assert notes.history() == history
    assert_sound(notes.path)


def test_what_somebody_may_be_writing_is_left_alone(notes: Notes) -> None:
    notes.write(1)
    young = notes.path / "objects" / "pack" / "tmp_pack_young"
    young.write_bytes(b"PACK")
    repack(notes.path)
    assert young.exists()


def test_a_repository_that_git_refuses_is_an_error_and_stays_as_it_was(notes: Notes) -> None:
    notes.write(3)
    [*packs] = (notes.path / "objects" / "pack").glob("*.pack")
    packs[0].chmod(0o600)
    packs[0].write_bytes(packs[0].read_bytes()[:50])
    with pytest.raises(RepackError, match="could not be packed"):
        repack(notes.path, thorough=True)
    assert {*packs} <= {*(notes.path / "objects" / "pack").glob("*.pack")}


def test_git_runs_gently_and_syncs(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    notes.write(2)
    commands: list[list[str]] = []
    run = subprocess.run

    def watched(command: list[str], **options: object) -> object:
        commands.append(command)
        return run(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", watched)
    repack(notes.path)
    for command in commands:
        assert command[0] == "nice"
        assert "core.fsync=all" in command

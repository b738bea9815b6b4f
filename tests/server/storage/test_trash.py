"""The trash: a deleted document is complete in it, and comes back; wherever a server is killed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.core.git_model import MASTER, Signature
from server.git.process import GitError
from server.storage import trash as trash_module
from server.storage.data_folder import DataFolder
from server.storage.journal import direct
from server.storage.trash import FolderTrash, TrashError
from tests.git import assert_sound, git

_ROOT = Path(__file__).parents[3]
ANN = Signature("Ann", "ann@example.invalid", 1_700_000_000.0)


def write(folder: DataFolder, document: str, *refs: str) -> None:
    """Put a commit on these refs of a document on disk."""
    repository = folder.repository(document)
    head = repository.head(MASTER)
    text = f"{document}\n" * 20
    commit = repository.commit(text, (head,) if head else (), ANN, ANN, "Write\n")
    for ref in refs:
        repository.move(ref, commit)
    entry = repository.staged(document)
    assert entry is not None
    direct.store(repository.path, entry)


def refs(repository: Path) -> str:
    return git("for-each-ref", "--format=%(refname) %(objectname)", cwd=repository)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """A folder with a document that has branches of every kind."""
    with DataFolder(tmp_path / "data") as folder:
        write(folder, "notes", MASTER, "refs/heads/clients/ann")
        write(folder, "notes", "refs/heads/unmerged/bo", "refs/tags/v1")
        yield folder


def test_a_deleted_document_comes_back_with_all_refs(folder: DataFolder) -> None:
    path, trash = folder.repository_path("notes"), FolderTrash(folder)
    before = refs(path)
    assert before.count("\n") == 3
    id = trash.delete("notes")
    assert not path.exists()
    assert sorted(it.name for it in (folder.path / "trash").iterdir()) == [
        f"{id}.bundle",
        f"{id}.json",
    ]
    git("bundle", "verify", f"{folder.path}/trash/{id}.bundle", cwd=_ROOT)
    trash.restore(id, "notes")
    assert refs(path) == before
    assert_sound(path)
    assert git("symbolic-ref", "HEAD", cwd=path) == MASTER
    assert list((folder.path / "trash").iterdir()) == []


def test_the_name_is_free_and_both_documents_are_kept(folder: DataFolder) -> None:
    trash = FolderTrash(folder)
    first = trash.delete("notes")
    write(folder, "notes", MASTER)
    second = trash.delete("notes")
    assert [it.document for it in trash.deleted().values()] == ["notes", "notes"]
    assert first != second
    trash.restore(first, "notes")
    trash.restore(second, "plans")
    assert "unmerged/bo" in refs(folder.repository_path("notes"))
    assert "unmerged/bo" not in refs(folder.repository_path("plans"))


def test_under_another_name_it_keeps_its_file(folder: DataFolder) -> None:
    trash = FolderTrash(folder)
    trash.restore(trash.delete("notes"), "plans")
    assert folder.filename("plans") == "notes.txt"
    repository = folder.repository("plans")
    assert repository.text(str(repository.head(MASTER))) == "notes\n" * 20


def test_what_was_archived_comes_back_archived(folder: DataFolder) -> None:
    folder.catalog.set_archived("notes", is_archived=True)
    trash = FolderTrash(folder)
    id = trash.delete("notes")
    assert not folder.catalog.is_archived("notes")
    trash.restore(id, "notes")
    assert folder.catalog.is_archived("notes")


def test_a_bundle_that_lacks_something_undoes_the_deletion(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that keeps less than was written is noticed before anything is removed."""
    folder.rename("notes", "plans")
    folder.catalog.set_archived("plans", is_archived=True)
    path = folder.repository_path("plans")
    before = refs(path)

    def cut_off(repository: Path, file: Path) -> None:
        git("bundle", "create", str(file), MASTER, cwd=repository)

    monkeypatch.setattr(trash_module, "write_bundle", cut_off)
    with pytest.raises(TrashError, match="has not all refs"):
        FolderTrash(folder).delete("plans")
    assert refs(path) == before
    assert folder.catalog.is_archived("plans")
    assert folder.catalog.moved_to("notes") == "plans"
    FolderTrash(folder).recover()
    assert FolderTrash(folder).deleted() == {}
    assert refs(path) == before


def test_a_damaged_bundle_is_not_restored(folder: DataFolder) -> None:
    trash = FolderTrash(folder)
    id = trash.delete("notes")
    file = folder.path / "trash" / f"{id}.bundle"
    content = file.read_bytes()
    file.write_bytes(content[:-30] + bytes(10) + content[-20:])
    with pytest.raises(TrashError, match="cannot be restored"):
        trash.restore(id, "notes")
    assert not folder.exists("notes")
    assert list(trash.deleted()) == [id]


def test_what_was_deleted_long_ago_is_removed(folder: DataFolder) -> None:
    trash = FolderTrash(folder)
    id = trash.delete("notes")
    deleted_at = trash.deleted()[id].time
    trash.expire(deleted_at)
    assert list(trash.deleted()) == [id]
    trash.expire(deleted_at + 1)
    assert list((folder.path / "trash").iterdir()) == []


def test_a_deletion_that_cannot_be_finished_is_tried_again(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = folder.repository_path("notes")
    before = refs(path)
    id = FolderTrash(folder).delete("notes")
    FolderTrash(folder).restore(id, "notes")  # its record and repository, as a kill leaves them
    (folder.path / "trash" / f"{id}.json").write_bytes(
        b'{"document": "notes", "first_name": "notes", "former_names": [], "is_archived": false,'
        b' "time": 1}'
    )
    path.rename(folder.path / "trash" / f"{id}.git")
    with monkeypatch.context() as patched:
        patched.setattr(trash_module, "write_bundle", _no_room)
        FolderTrash(folder).recover()
    assert "stays as it is until the next start" in caplog.text
    assert FolderTrash(folder).deleted() == {}
    FolderTrash(folder).recover()
    FolderTrash(folder).restore(id, "notes")
    assert refs(path) == before


def _no_room(*_: Path) -> None:
    raise GitError("no room")


# --- killed


def killed_runs(path: Path, action: str) -> list[Path]:
    """Have an action killed before each of its changes; return the data folders."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.server.storage.killed", str(path), action],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return [path.with_name(f"{path.name}-{number}") for number in range(1, int(ran.stdout) + 2)]


def test_a_killed_deletion_is_finished_or_undone(folder: DataFolder) -> None:
    """Whatever the catalog says of it goes and comes with it."""
    folder.catalog.set_archived("notes", is_archived=True)
    before = refs(folder.repository_path("notes"))
    outcomes = set()
    for path in killed_runs(folder.path, "delete"):
        with DataFolder(path) as after:
            trash = FolderTrash(after)
            trash.recover()
            outcomes.add(after.exists("notes"))
            assert after.catalog.is_archived("notes") == after.exists("notes")
            if not after.exists("notes"):
                [id] = trash.deleted()
                trash.restore(id, "notes")
            assert after.catalog.is_archived("notes")
            assert refs(after.repository_path("notes")) == before
            assert trash.deleted() == {}
            assert list((path / "trash").glob("*")) == []
    assert outcomes == {False, True}


def test_a_killed_restoration_leaves_the_document_or_its_bundle(folder: DataFolder) -> None:
    before = refs(folder.repository_path("notes"))
    FolderTrash(folder).delete("notes")
    outcomes = set()
    for path in killed_runs(folder.path, "restore"):
        with DataFolder(path) as after:
            trash = FolderTrash(after)
            trash.recover()
            outcomes.add(after.exists("plans"))
            if not after.exists("plans"):
                assert after.filename("plans") == "plans.txt", "the next one is a new document"
                [id] = trash.deleted()
                trash.restore(id, "plans")
            assert refs(after.repository_path("plans")) == before
            assert after.filename("plans") == "notes.txt"
    assert outcomes == {False, True}


def test_a_killed_renaming_is_done_or_not(folder: DataFolder) -> None:
    before = refs(folder.repository_path("notes"))
    outcomes = set()
    for path in killed_runs(folder.path, "rename"):
        with DataFolder(path) as after:
            [name] = [it for it in ("notes", "plans") if after.exists(it)]
            outcomes.add(name)
            assert refs(after.repository_path(name)) == before
            assert after.filename(name) == "notes.txt"
            assert after.catalog.moved_to("notes") == (None if name == "notes" else name)
    assert outcomes == {"notes", "plans"}

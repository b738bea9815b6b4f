"""Backups: whatever a server does meanwhile, all that was acknowledged is in them."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.core.git_model import MASTER, UNMERGED, Signature
from server.git.changes import Log
from server.git.repack import repack
from server.git.repository import Repository
from server.storage import checkpoint
from server.storage.backup import BackupError
from server.storage.backup.copier import Copier
from server.storage.backup.create import Made, backups_in, create
from server.storage.backup.repository import copy_repository, inode_of
from server.storage.backup.restore import restore, verify
from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.fsck import check_folder
from server.storage.journal.sqlite import SqliteJournal
from server.storage.purge import purge
from server.storage.trash import FolderTrash
from tests.git import assert_sound, git

ANN = Signature("Ann", "ann@example.invalid", 1_700_000_000.0)


class Data:
    """A data folder, used as by a server."""

    def __init__(self, path: Path) -> None:
        self.folder = DataFolder(path)
        self.folder.__enter__()
        self.path = path
        self.journal = SqliteJournal(self.folder.journal_path)

    def close(self) -> None:
        self.journal.close()
        self.folder.__exit__()

    def open(self, document: str) -> Repository:
        return self.folder.repository(document, self.journal.read(document))

    def write(self, document: str, text: str) -> None:
        """Acknowledge a text: from now on it is in the journal."""
        repository = self.open(document)
        head = repository.head(MASTER)
        commit = repository.commit(text, (head,) if head else (), ANN, ANN, "Write\n")
        repository.move(MASTER, commit)
        entry = repository.staged(document)
        assert entry is not None
        self.journal.append(entry, repository.position).result()

    def checkpoint(self, document: str) -> None:
        repository = self.open(document)
        unwritten = repository.unwritten()
        if unwritten:
            checkpoint.write(repository.path, unwritten)
            self.journal.forget(document, unwritten.position).result()

    def write_out(self, document: str, text: str) -> None:
        self.write(document, text)
        self.checkpoint(document)

    def texts(self) -> dict[str, str]:
        """The texts of all documents."""
        paths = self.path.glob("*.git")
        names = {*(path.stem for path in paths), *self.journal.documents()}
        return {name: text_of(self.open(name)) for name in names}


def text_of(repository: Repository) -> str:
    head = repository.head(MASTER)
    return repository.text(head) if head else ""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two documents with packs and entries in the journal, and one in the trash."""
    data = Data(tmp_path_factory.mktemp("template") / "data")
    for name in ("a", "b", "c"):
        data.write_out(name, f"{name}: one\n")
    for name in ("a", "b"):
        data.write_out(name, f"{name}: one two\n")
        data.write(name, f"{name}: one two three\n")
    FolderTrash(data.folder).delete("c")
    data.close()
    return data.path


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Iterator[Data]:
    shutil.copytree(template, tmp_path / "data")
    data = Data(tmp_path / "data")
    yield data
    data.close()


def nothing(_: str) -> None:
    """Show no progress."""


def back_up(data: Data, keep: int | None = None, *, is_full: bool = False) -> Made:
    return create(data.path, data.path.parent / "backups", keep, nothing, is_full=is_full)


def restored(backup: Path) -> Data:
    """A data folder, restored from a backup and sound."""
    path = backup.parent.parent / f"restored from {backup.name}"
    restore(backup, path, nothing)
    documents = [it.stem for it in path.glob("*.git")]
    assert [it for it in check_folder(path, documents) if it.is_wrong] == []
    return Data(path)


def names_in(folder: Path) -> list[str]:
    return sorted(it.name for it in folder.iterdir())


# --- one repository


@pytest.mark.parametrize("is_read_first", [True, False])
def test_a_checkpoint_beside_the_copy_hides_nothing(
    data: Data, tmp_path: Path, is_read_first: bool
) -> None:
    """It moves entries from the journal into the repository, just when both are read."""
    data.write("a", "acknowledged\n")

    def read_log() -> Log:
        log = data.journal.read("a") if is_read_first else None
        data.checkpoint("a")
        return log or data.journal.read("a")

    copier = Copier(data.path, tmp_path, None)
    log = copy_repository(copier, "a.git", inode_of(data.path / "a.git"), read_log)
    copy = Repository(tmp_path / "a.git", "a.txt", log)
    assert text_of(copy) == "acknowledged\n"
    assert copy.outside_head() is None
    git("fsck", "--strict", cwd=tmp_path / "a.git")


def test_packs_that_are_replaced_meanwhile_are_looked_for_again(data: Data, tmp_path: Path) -> None:
    class Repacked(Copier):
        def copy(self, name: str, *, is_immutable: bool = False) -> None:
            if "/pack/" in name and not packed:
                packed.append(name)
                data.checkpoint("a")
                repack(data.path / "a.git", thorough=True)
            super().copy(name, is_immutable=is_immutable)

    packed: list[str] = []
    path = data.path / "a.git"
    log = copy_repository(
        Repacked(data.path, tmp_path, None), "a.git", inode_of(path), lambda: data.journal.read("a")
    )
    assert packed
    assert text_of(Repository(tmp_path / "a.git", "a.txt", log)) == "a: one two three\n"
    assert_sound(tmp_path / "a.git")


# --- documents that move


def rename_copied(data: Data) -> None:
    data.checkpoint("a")
    data.folder.rename("a", "z")


def rename_next(data: Data) -> None:
    data.checkpoint("b")
    data.folder.rename("b", "0")


def exchange_names(data: Data) -> None:
    for name in ("a", "b"):
        data.checkpoint(name)
    data.folder.rename("a", "spare")
    data.folder.catalog.remove_redirect("a")
    data.folder.rename("b", "a")
    data.folder.catalog.remove_redirect("b")
    data.folder.rename("spare", "b")


def delete_copied(data: Data) -> None:
    data.checkpoint("a")
    FolderTrash(data.folder).delete("a")


def delete_next(data: Data) -> None:
    data.checkpoint("b")
    FolderTrash(data.folder).delete("b")


def undelete(data: Data) -> None:
    [id] = FolderTrash(data.folder).deleted()
    FolderTrash(data.folder).restore(id, "c")


def purge_copied(data: Data) -> None:
    data.checkpoint("a")
    purge(data.path / "a.git", "a.txt", "three", "***")


def write_more(data: Data) -> None:
    data.write("a", "a: more\n")
    data.write("new", "begun later\n")


@pytest.mark.parametrize(
    "change",
    [
        rename_copied,
        rename_next,
        exchange_names,
        delete_copied,
        delete_next,
        undelete,
        purge_copied,
        write_more,
    ],
)
def test_a_document_that_moves_meanwhile_is_in_it_once(
    data: Data, change: Callable[[Data], None]
) -> None:
    seen: list[str] = []

    def progress(what: str) -> None:
        if what.endswith(" b.git"):  # `a` was copied
            seen.append(what)
            if len(seen) == 1:
                change(data)

    before = data.texts(), FolderTrash(data.folder).deleted()
    made = create(data.path, data.path.parent / "backups", None, progress)
    assert seen
    copy = restored(made.path)
    found = copy.texts(), FolderTrash(copy.folder).deleted()
    assert found in (before, (data.texts(), FolderTrash(data.folder).deleted()))
    assert all(FolderTrash(copy.folder).size(id) for id in found[1])
    copy.close()


# --- the folder


def test_a_commit_made_on_disk_is_left_to_the_server(data: Data) -> None:
    path = data.path / "a.git"
    tree = git("rev-parse", "master^{tree}", cwd=path)
    commit = git("commit-tree", tree, "-p", "master~1", "-m", "By hand", cwd=path)
    git("update-ref", MASTER, commit, cwd=path)
    copy = restored(back_up(data).path)
    repository = copy.open("a")
    assert repository.outside_head() == commit
    assert text_of(repository) == "a: one two three\n"
    assert repository.heads(UNMERGED) == {}
    copy.close()


def test_accounts_are_copied_while_they_are_in_use(data: Data) -> None:
    with closing(sqlite3.connect(data.path / "accounts.sqlite")) as accounts:
        accounts.execute("PRAGMA journal_mode = WAL")
        accounts.execute("CREATE TABLE people (name TEXT)")
        accounts.execute("INSERT INTO people VALUES ('ann')")
        accounts.commit()
        accounts.execute("INSERT INTO people VALUES ('not committed')")
        (data.path / "access.toml").write_text("# everybody\n")
        copy = restored(back_up(data).path)
    with closing(sqlite3.connect(copy.path / "accounts.sqlite")) as accounts:
        assert accounts.execute("SELECT name FROM people").fetchall() == [("ann",)]
    assert (copy.path / "access.toml").read_text() == "# everybody\n"
    assert copy.folder.site.secret() == data.folder.site.secret()
    copy.close()


def test_the_next_backup_links_what_has_not_changed(data: Data) -> None:
    for name in ("a", "b"):
        data.checkpoint(name)
    first = back_up(data)
    data.write("b", "b: another\n")
    second = back_up(data)
    assert (first.changed, second.changed) == (2, 1)
    for file in ("a.git/packed-refs", "secret", *packs(second.path, "a")):
        assert (first.path / file).samefile(second.path / file)
        assert not (data.path / file).samefile(second.path / file)
    verify(second.path, nothing)
    shutil.rmtree(first.path)
    copy = restored(second.path)
    assert copy.texts() == {"a": "a: one two three\n", "b": "b: another\n"}
    copy.close()
    full = back_up(data, is_full=True)
    assert not any((full.path / it).samefile(second.path / it) for it in packs(full.path, "a"))


def packs(backup: Path, document: str) -> list[str]:
    return [
        str(it.relative_to(backup)) for it in (backup / f"{document}.git/objects/pack").iterdir()
    ]


def test_old_backups_are_removed_unless_a_document_is_damaged(data: Data) -> None:
    folder = data.path.parent / "backups"
    data.checkpoint("b")
    made = [back_up(data, 2).path for _ in range(3)]
    assert backups_in(folder) == made[1:]
    pack = next((data.path / "b.git/objects/pack").glob("*.pack"))
    damaged = bytearray(pack.read_bytes())
    damaged[-25] ^= 1
    pack.unlink()
    pack.write_bytes(damaged)
    last = back_up(data, 2, is_full=True)
    assert list(last.about.faults) == ["b"]
    assert backups_in(folder) == [*made[1:], last.path]
    again = back_up(data, 2)
    assert list(again.about.faults) == ["b"], "it is checked again, although nothing has changed"


def test_an_interrupted_backup_leaves_nothing(data: Data) -> None:
    folder = data.path.parent / "backups"
    first = back_up(data).path

    def interrupt(what: str) -> None:
        if "checking" in what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create(data.path, folder, None, interrupt)
    assert names_in(folder) == [".lock", first.name]
    killed = folder / ".2026-11-30T090000Z.new"
    shutil.copytree(first, killed)
    back_up(data)
    assert not killed.exists()


def test_a_folder_that_cannot_be_is_refused(data: Data) -> None:
    with pytest.raises(BackupError, match="is in the data folder"):
        create(data.path, data.path / "backups", None, nothing)
    backups = back_up(data).path.parent

    def begin_another(_: str) -> None:
        back_up(data)

    with pytest.raises(BackupError, match="another backup into"):
        create(data.path, backups, None, begin_another)


# --- restoring


def test_nothing_is_overwritten(data: Data, tmp_path: Path) -> None:
    backup = back_up(data).path
    with pytest.raises(BackupError, match="a server uses the data folder"):
        restore(backup, data.path, nothing)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with pytest.raises(BackupError, match="is not empty"):
        restore(backup, tmp_path / "other", nothing)
    assert names_in(tmp_path / "other") == ["file", "lock"]
    with pytest.raises(BackupError, match=f"is a folder of backups; name one, as {backup}"):
        restore(backup.parent, tmp_path / "new", nothing)
    with pytest.raises(BackupError, match="is not a complete backup"):
        restore(tmp_path / "other", tmp_path / "new", nothing)
    assert not (tmp_path / "new").exists()


def test_an_interrupted_restore_is_not_opened_and_can_be_repeated(
    data: Data, tmp_path: Path
) -> None:
    backup, path = back_up(data).path, tmp_path / "new"
    opened: list[str] = []

    def look(_: str) -> None:
        opened.append((path / "format").read_text())
        shutil.copytree(path, tmp_path / "killed", dirs_exist_ok=True)
        if len(opened) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(backup, path, look)
    assert names_in(path) == ["lock"]
    killed = tmp_path / "killed"
    with pytest.raises(DataFolderError, match="was not restored completely"), DataFolder(killed):
        pass
    restore(backup, killed, nothing)
    with DataFolder(killed) as folder:
        assert folder.site.secret() == data.folder.site.secret()


@pytest.mark.parametrize("file", ["a.git/packed-refs", "secret", "backup.json"])
def test_a_backup_that_was_changed_is_not_restored(data: Data, tmp_path: Path, file: str) -> None:
    backup = back_up(data).path
    (backup / file).write_bytes((backup / file).read_bytes() + b"#")
    with pytest.raises(BackupError, match=f"{file} was damaged or changed"):
        verify(backup, nothing)
    with pytest.raises(BackupError, match=f"{file} was damaged or changed"):
        restore(backup, tmp_path / "new", nothing)
    assert names_in(tmp_path / "new") == ["lock"]
    (backup / file).unlink()
    with pytest.raises(BackupError, match="No such file"):
        restore(backup, tmp_path / "new", nothing)

"""The data folder: its lock, its format, its permissions."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from server.git.bare import create
from server.storage.data_folder import DataFolder, DataFolderError, documents_in


def refusal(path: Path) -> str:
    with pytest.raises(DataFolderError) as refused, DataFolder(path):
        pass
    said = str(refused.value)
    assert "\n" not in said
    return said


def test_a_new_folder_is_made_and_a_secret_kept(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "new" / "data") as folder:
        secret = folder.site.secret()
        assert len(secret) == 32
        assert (folder.path / "secret").stat().st_mode & 0o077 == 0, "others could read it"
    with DataFolder(tmp_path / "new" / "data") as again:
        assert again.site.secret() == secret


def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "below" / "data") as folder:
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_folder_that_exists_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    with DataFolder(tmp_path):
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


def test_a_document_exists_once_something_was_stored(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        assert not folder.exists("notes")
        repository = folder.repository("notes")
        assert not folder.exists("notes"), "opening it must leave nothing behind"
        assert repository.filename == "notes.txt"
        assert folder.repository_path("notes") == tmp_path / "notes.git"


def test_what_a_crash_left_of_a_new_repository_is_removed(tmp_path: Path) -> None:
    create(tmp_path / "notes.git")
    create(tmp_path / ".plans.git.checkpoint")
    with DataFolder(tmp_path) as folder:
        assert {path.name for path in folder.path.glob("*.git*")} == {"notes.git"}
        assert not list(folder.path.glob(".*"))


def test_what_a_crash_left_in_folders_is_removed(tmp_path: Path) -> None:
    create(tmp_path / "docs" / "notes.git")
    create(tmp_path / "docs" / ".plans.git.checkpoint")
    create(tmp_path / "a" / "b" / ".plans.git.checkpoint")
    create(tmp_path / "trash" / "old.git")
    with DataFolder(tmp_path) as folder:
        assert {it.name for it in folder.path.rglob("*.git*")} == {"notes.git", "old.git"}
        assert not (tmp_path / "a").exists(), "it was empty then"
        assert documents_in(tmp_path) == ["docs/notes"]


@pytest.mark.parametrize(("old", "new"), [("docs/a/plan", "plan"), ("plan", "docs/a/plan")])
def test_a_renaming_that_was_interrupted_is_finished_in_folders(
    tmp_path: Path, old: str, new: str
) -> None:
    with DataFolder(tmp_path) as folder:
        create(folder.repository_path(old))
        (folder.repository_path(old) / "refs/heads/master").write_text("0" * 40)
        folder.catalog.rename(old, new)
    with DataFolder(tmp_path) as folder:
        assert documents_in(tmp_path) == [new]
        assert (tmp_path / "docs").exists() == ("/" in new)
        assert folder.filename(new) == "plan.txt"


def test_a_renaming_that_fails_changes_nothing(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        create(tmp_path / "plans.git")
        (tmp_path / "plans.git" / "refs/heads/master").write_text("0" * 40)
        folder.catalog.rename("ideas", "plans")
        in_the_way = tmp_path / "notes.git" / "objects" / "00"
        in_the_way.mkdir(parents=True)
        (in_the_way / "1").touch()
        with pytest.raises(OSError, match="not empty"):
            folder.rename("plans", "notes")
        assert folder.exists("plans")
        assert folder.catalog.moves() == {"ideas": "plans"}
        assert folder.filename("plans") == "ideas.txt"


def test_two_servers_cannot_have_one_folder(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from server.storage.data_folder import DataFolder\n"
        "with DataFolder(Path(sys.argv[1])):\n print('mine', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "mine\n"
        assert refusal(tmp_path).startswith("another gollabedit is serving the data folder")
        other.communicate("")
    with DataFolder(tmp_path):
        pass


def test_the_lock_ends_with_the_with_block(tmp_path: Path) -> None:
    for _ in range(2):
        with DataFolder(tmp_path):
            refusal(tmp_path)


@pytest.mark.parametrize("found", ["4\n", "", "new"])
def test_the_folder_of_another_version_is_left_alone(tmp_path: Path, found: str) -> None:
    (tmp_path / "format").write_text(found)
    assert "use the newer version that made it" in refusal(tmp_path)
    assert not (tmp_path / "secret").exists()


def test_the_folder_of_a_server_without_a_journal_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "format").write_text("1\n")
    with DataFolder(tmp_path):
        assert (tmp_path / "format").read_text() == "3\n", "that server would overlook the journal"


def test_a_folder_without_folders_is_taken_over(tmp_path: Path) -> None:
    for name in ("notes.git", ".old/x.git", "lost+found/x.git", "push/empty.git", "Old/x.git"):
        create(tmp_path / name)
    (tmp_path / "format").write_text("2\n")
    with DataFolder(tmp_path):
        assert (tmp_path / "format").read_text() == "3\n"
        assert documents_in(tmp_path) == ["notes"]


def test_other_repositories_do_not_become_documents(tmp_path: Path) -> None:
    (tmp_path / "format").write_text("2\n")
    create(tmp_path / "old" / "notes.git")
    said = refusal(tmp_path)
    assert "old/notes.git would become the document old/notes" in said
    assert "move it out of the data folder" in said
    assert (tmp_path / "format").read_text() == "2\n"


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert "cannot be written" in refusal(tmp_path / "data")


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    said = refusal(Path("/proc/documents"))  # not even root may write there
    assert "choose another with --data, or change its owner" in said


def test_lock_files_of_a_server_that_was_killed_are_removed(tmp_path: Path) -> None:
    create(tmp_path / "notes.git")
    stale = tmp_path / "notes.git" / "refs" / "heads" / "clients" / "ann.lock"
    stale.parent.mkdir(parents=True)
    packed = tmp_path / "notes.git" / "packed-refs.lock"
    for lock in (stale, packed):
        lock.touch()
    with DataFolder(tmp_path) as folder:
        folder.repository("notes")
        assert not stale.exists()
        assert not packed.exists()
        packed.touch()
        folder.repository("notes")
        assert packed.exists(), "by now it is somebody's who works here"


def test_a_half_written_file_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / ".secret.new").write_bytes(b"half")
    with DataFolder(tmp_path) as folder:
        assert len(folder.site.secret()) == 32
        assert folder.site.secret() != b"half"

"""`gollabedit check` and `maintain`: what they find and do; a sound folder is left alone."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from server.cli.main import main
from server.core.git_model import MASTER, Signature
from server.storage.data_folder import DataFolder
from server.storage.journal import direct
from server.storage.journal.sqlite import SqliteJournal
from tests.git import assert_sound, git

ANN = Signature("Ann", "ann@example.invalid", 1_700_000_000.0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a document that was written, and one that is in the journal only."""
    path = tmp_path / "data"
    with DataFolder(path) as folder:
        journal = SqliteJournal(folder.journal_path)
        for document in ("notes", "plans"):
            repository = folder.repository(document, journal.read(document))
            repository.move(MASTER, repository.commit("text\n", (), ANN, ANN, "Write\n"))
            entry = repository.staged(document)
            assert entry is not None
            journal.append(entry, 0).result()
            if document == "notes":
                direct.store(repository.path, entry)
                journal.forget(document, 1)
        journal.close()
    return path


Said = Callable[..., tuple[int, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command; its exit code, and what it says."""

    def run(*arguments: str) -> tuple[int, str]:
        code = main(arguments)
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return run


def snapshot(path: Path) -> dict[str, bytes]:
    """All files but SQLite's own, which comes and goes."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and not file.name.endswith(("-wal", "-shm"))
    }


def test_a_sound_folder_is_sound_and_stays_as_it_is(data: Path, said: Said) -> None:
    before = snapshot(data)
    code, shown = said("check", "--data", str(data))
    assert code == 0
    assert "nothing is wrong" in shown
    assert "plans: by the way: not in the repository yet, but in the journal" in shown
    assert snapshot(data) == before


def break_pack(path: Path) -> None:
    git("repack", "-a", "-d", "-q", cwd=path)
    [pack] = (path / "objects" / "pack").glob("*.pack")
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:-30])


def lose_blob(path: Path) -> None:
    blob = git("rev-parse", "master:notes.txt", cwd=path)
    (path / "objects" / blob[:2] / blob[2:]).unlink()


def lose_commit(path: Path) -> None:
    (path / "refs" / "heads" / "stray").write_text("a" * 40 + "\n")


def commit(path: Path, name: str, content: bytes) -> None:
    file = path.parent / "content"
    file.write_bytes(content)
    blob = git("hash-object", "-w", str(file), cwd=path)
    file.unlink()
    listed = path.parent / "listed"
    listed.write_text(f"100644 blob {blob}\t{name}\n")
    tree = git("-c", "alias.t=!git mktree <" + str(listed), "t", cwd=path)
    listed.unlink()
    done = git("commit-tree", tree, "-m", "broken", "-p", "master", cwd=path)
    git("update-ref", "refs/heads/master", done, cwd=path)


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (break_pack, "Git says"),
        (lose_blob, "Git says"),
        (lose_commit, "refs/heads/stray"),
        (lambda path: commit(path, "notes.txt", b"\xff\xfe"), "not UTF-8 text, from byte 0 on"),
        (lambda path: commit(path, "other.txt", b"text"), "master has no file notes.txt"),
        (lambda path: (path / "HEAD").write_text("ref: refs/heads/main\n"), "HEAD names"),
        (lambda path: (path / "HEAD").unlink(), "it is not a Git repository"),
        (lambda path: git("update-ref", "-d", "refs/heads/master", cwd=path), "it has no master"),
    ],
)
def test_a_broken_repository_is_named_with_what_to_do(
    data: Path, said: Said, break_it: Callable[[Path], object], sentence: str
) -> None:
    break_it(data / "notes.git")
    code, shown = said("check", "--data", str(data))
    assert code == 1
    assert sentence in shown
    assert "notes: what to do: stop the server and put a sound copy in its place" in shown
    assert "something is wrong with notes" in shown


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda path: (path / "format").write_text("9\n"), "knows 3"),
        (lambda path: (path / "format").write_text("restoring\n"), "not restored completely"),
        (lambda path: (path / "accounts.sqlite").write_bytes(b"junk" * 999), "the accounts are"),
        (lambda path: (path / "secret").unlink(), "the file `secret` is missing"),
        (lambda path: (path / "journal.sqlite").write_bytes(b"junk" * 999), "the journal cannot"),
    ],
)
def test_what_is_wrong_with_the_folder_itself_is_said(
    data: Path, said: Said, break_it: Callable[[Path], object], sentence: str
) -> None:
    break_it(data)
    code, shown = said("check", "--data", str(data))
    assert code == 1
    assert sentence in shown
    assert "something is wrong with the data folder" in shown


def test_a_damaged_entry_of_the_journal_is_found(data: Path, said: Said) -> None:
    with sqlite3.connect(data / "journal.sqlite") as other:
        other.execute("UPDATE entries SET body = substr(body, 1, 30)")
    other.close()
    code, shown = said("check", "--data", str(data))
    assert code == 1
    assert "the journal is damaged" in shown


def test_a_text_that_the_journal_holds_half_is_found(data: Path, said: Said) -> None:
    with closing(SqliteJournal(data / "journal.sqlite")) as journal:
        with journal._connect() as connection:
            connection.execute("UPDATE entries SET document = 'notes'")
        connection.close()
    (data / "notes.git").rename(data / "elsewhere")
    (data / "notes.git").mkdir()
    code, shown = said("check", "--data", str(data))
    assert code == 1
    assert "something is wrong with notes" in shown


def test_of_much_that_git_says_only_the_beginning_is_shown(data: Path, said: Said) -> None:
    for number in range(9):
        (data / "notes.git" / "refs" / "heads" / f"stray{number}").write_text("a" * 40 + "\n")
    _, shown = said("check", "--data", str(data))
    assert shown.count("Git says: ") == 5
    assert "lines more: git fsck" in shown


def test_leftovers_are_mentioned_and_no_fault(data: Path, said: Said) -> None:
    (data / "notes.git" / "packed-refs.lock").touch()
    code, shown = said("check", "--data", str(data))
    assert code == 0
    assert "notes: by the way: packed-refs.lock is left over" in shown


def test_check_works_beside_a_server(data: Path, said: Said) -> None:
    with DataFolder(data):
        assert said("check", "--data", str(data))[0] == 0


def test_maintain_empties_the_journal_and_packs_all(data: Path, said: Said) -> None:
    code, shown = said("maintain", "--data", str(data), "--thorough")
    assert code == 0
    assert "1/2 notes: 0 → 1 packs" in shown
    for document in ("notes", "plans"):
        assert_sound(data / f"{document}.git")
        assert git("show", f"master:{document}.txt", cwd=data / f"{document}.git") == "text"
        assert git("count-objects", cwd=data / f"{document}.git").startswith("0 objects")
    assert "in the journal" not in said("check", "--data", str(data))[1]


def test_maintain_is_refused_while_a_server_runs(data: Path, said: Said) -> None:
    with DataFolder(data):
        code, shown = said("maintain", "--data", str(data))
    assert code == 2
    assert "another gollabedit is serving" in shown
    assert "It packs its documents by itself" in shown


@pytest.mark.parametrize("command", ["check", "maintain"])
def test_what_is_not_there_is_one_clear_line(
    data: Path, said: Said, tmp_path: Path, command: str
) -> None:
    assert said(command, "--data", str(data), "nothing") == (
        2,
        f"gollabedit: there is no document 'nothing' in the data folder {data}\n",
    )
    code, shown = said(command, "--data", str(tmp_path / "nowhere"))
    assert code == 2
    assert "there is no data folder" in shown
    assert not (tmp_path / "nowhere").exists()


def test_a_broken_document_does_not_keep_maintain_from_the_others(data: Path, said: Said) -> None:
    break_pack(data / "notes.git")
    code, shown = said("maintain", "--data", str(data), "--thorough")
    assert code == 1
    assert "gollabedit: notes:" in shown
    assert "2/2 plans:" in shown

"""Everything moves from a data folder into PostgreSQL, and back; killed at any moment, too."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, redirect_stdout
from pathlib import Path
from signal import SIGKILL

import pytest

from server.cli.main import main
from server.core.access.accounts import Kind, User
from server.core.access.right import Right
from server.core.git_model import MASTER, Signature
from server.git.changes import Log
from server.git.repository import Repository
from server.storage import checkpoint
from server.storage.accounts import AccountStore
from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.journal import Journal, JournalError
from server.storage.journal.opening import open_journal, open_reader, open_store, open_trash
from server.storage.journal.sqlite import SqliteJournal
from server.storage.migration import MigrationError
from server.storage.migration import move as moving
from server.storage.migration.ends import End, FolderEnd, StoreEnd
from server.storage.site import POLICY
from server.storage.trash import FolderTrash
from tests.git import assert_sound, git
from tests.postgres import MISSING, Postgres
from tests.server import forks

ANN = Signature("Ann", "ann@example.invalid", 1_700_000_000.0)
NOW = 1_700_000_000.0
_WAIT_S = 20
_STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "subprocess.Popen")
_STEPS_MORE = 70  # that the next one may take
_KILLS_MIN = 3
SIDE = "refs/heads/clients/ann"


@pytest.fixture
def url(postgres: Postgres | None) -> str:
    if postgres is None:
        pytest.skip(MISSING)
    return postgres.url(postgres.empty_database())


def write(folder: DataFolder, journal: Journal, document: str, text: str) -> Repository:
    """Write a text that is in the journal only."""
    repository = folder.repository(document, journal.read(document))
    head = repository.head(MASTER)
    commit = repository.commit(text, (head,) if head else (), ANN, ANN, "Write\n")
    for ref in (MASTER, SIDE):
        repository.move(ref, commit)
    entry = repository.staged(document)
    assert entry is not None
    journal.append(entry, repository.position).result(_WAIT_S)
    return folder.repository(document, journal.read(document))


def written(folder: DataFolder, journal: Journal, document: str, text: str) -> None:
    """Write a text that is in the repository."""
    repository = write(folder, journal, document, text)
    unwritten = repository.unwritten()
    assert unwritten is not None
    checkpoint.write(repository.path, unwritten)
    journal.forget(document, unwritten.position, repository.path).result(_WAIT_S)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with something of everything."""
    path = tmp_path / "data"
    with DataFolder(path) as folder, closing(SqliteJournal(folder.journal_path)) as journal:
        for document in ("archived", "lists/deleted", "notes", "old"):
            written(folder, journal, document, f"{document}\n")
        git("tag", "-a", "-m", "x", "v1", "master", cwd=folder.repository_path("notes"))
        write(folder, journal, "notes", "notes\nmore\n")
        write(folder, journal, "new", "only in the journal\n")
        folder.catalog.set_archived("archived", is_archived=True)
        folder.rename("old", "docs/plan.md")
        FolderTrash(folder).delete("lists/deleted")
        folder.site.text(POLICY).change(lambda _: b'operators = ["ann"]\n')
        with closing(AccountStore(folder.site.accounts)) as store:
            store.add_user(User("ann"))
            store.add_secret(Kind.TOKEN, "ann", "laptop", NOW)
            store.add_link("notes", Right.VIEW, "ann", NOW)
    return path


def files_in(path: Path) -> dict[str, bytes]:
    """All files but those of a lock and of SQLite's own."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and not file.name.endswith(("-wal", "-shm", "lock"))
    }


Seen = dict[str, tuple[str, str]]


def seen(folder: DataFolder, journal: Journal) -> Seen:
    """The text of each document, and its refs."""
    found = {}
    for document in ("archived", "new", "notes", "docs/plan.md"):
        log = journal.read(document)
        journal.restore(document, folder.repository_path(document))
        repository = folder.repository(document, log)
        head = repository.head(MASTER)
        assert head
        refs = ""
        if repository.path.exists():
            assert_sound(repository.path)
            refs = git("for-each-ref", cwd=repository.path)
        found[document] = (repository.text(head), refs)
    return found


def all_in(folder: DataFolder, journal: Journal) -> list[object]:
    """What a server would have."""
    catalog, trash = folder.catalog, open_trash(folder, journal)
    with closing(AccountStore(folder.site.accounts)) as store:
        return [
            seen(folder, journal),
            catalog.moves(),
            catalog.is_archived("archived"),
            folder.filename("docs/plan.md"),
            trash.deleted(),
            folder.site.secret(),
            folder.site.text(POLICY).read(),
            store.load(),
        ]


@contextmanager
def ends(path: Path, url: str) -> Iterator[tuple[FolderEnd, StoreEnd]]:
    with ExitStack() as stack:
        folder = stack.enter_context(DataFolder(path, is_migrating=True))
        journal = stack.enter_context(closing(SqliteJournal(folder.journal_path)))
        store = stack.enter_context(closing(open_store(url)))
        reader = stack.enter_context(closing(open_reader(url)))
        yield FolderEnd(folder, journal), StoreEnd(store, reader)


def test_everything_moves_into_a_database_and_back(
    data: Path, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with DataFolder(data) as folder, closing(SqliteJournal(folder.journal_path)) as journal:
        before = all_in(folder, journal)
    files = files_in(data)
    assert main(["migrate", "--data", str(data), "--to", url]) == 0
    assert "4 documents moved" in capsys.readouterr().out
    changed = files_in(data)
    assert changed.pop("moved.json")
    assert changed == files
    with pytest.raises(DataFolderError, match="was moved to postgresql:"), DataFolder(data):
        pass

    with DataFolder(tmp_path / "cache") as folder, closing(open_journal(folder, url)) as journal:
        assert all_in(folder, journal) == before
        trash = open_trash(folder, journal)
        [id] = trash.deleted()
        trash.restore(id, "lists/deleted")
        journal.restore("lists/deleted", folder.repository_path("lists/deleted"))
        repository = folder.repository("lists/deleted", Log())
        assert repository.text(str(repository.head(MASTER))) == "lists/deleted\n"
        trash.delete("lists/deleted")
        before = all_in(folder, journal)

    back = tmp_path / "back"
    assert main(["migrate", "--from", url, "--data", str(back)]) == 0
    with DataFolder(back) as folder, closing(SqliteJournal(folder.journal_path)) as journal:
        assert all_in(folder, journal) == before
        [id] = FolderTrash(folder).deleted()
        FolderTrash(folder).restore(id, "lists/deleted")
        assert_sound(folder.repository_path("lists/deleted"))
    with (
        DataFolder(tmp_path / "again") as folder,
        pytest.raises(DataFolderError, match="was moved"),
    ):
        open_journal(folder, url)

    for undone in (["--data", str(data)], ["--from", url]):
        assert main(["migrate", "--undo", *undone]) == 0
        assert main(["migrate", "--undo", *undone]) == 2
    with DataFolder(data), DataFolder(tmp_path / "again") as folder:
        open_journal(folder, url).close()


def test_an_interrupted_one_goes_on_where_it_was(
    data: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted at each document, in both directions; meanwhile nobody uses the target."""
    with DataFolder(data) as folder, closing(SqliteJournal(folder.journal_path)) as journal:
        before = all_in(folder, journal)
    for path, direction in ((data, 1), (tmp_path / "back", -1)):
        runs = 0
        while not _moves_one(path, url, direction, monkeypatch):
            runs += 1
        assert runs == 4, "four documents and one in the trash"
    with DataFolder(tmp_path / "back") as folder, closing(SqliteJournal(folder.journal_path)) as it:
        assert all_in(folder, it) == before


def _moves_one(path: Path, url: str, direction: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Move, and be interrupted once another document is complete; return whether all were."""
    with ends(path, url) as found, monkeypatch.context() as patch:
        source, target = found[::direction]
        one_more = iter([True])

        def move_one(source: End, target: End, document: str, first_name: str) -> None:
            if next(one_more, False):
                return move_really(source, target, document, first_name)
            with source.opened(document) as repository:
                target.put(document, first_name, repository, Log())  # half of it
            raise JournalError("killed")

        move_really = moving._move_document
        patch.setattr(moving, "_NOTE_EVERY_S", 0.0)
        patch.setattr(moving, "_move_document", move_one)
        try:
            moving.move(source, target, lambda _: None)
        except JournalError:
            return False
    return True


@pytest.fixture(scope="module")
def can_fork() -> None:
    forks.begin()


@pytest.mark.usefixtures("can_fork")
def test_one_that_is_killed_goes_on(data: Path, url: str, tmp_path: Path) -> None:
    """Killed with SIGKILL at many places, in both directions."""
    with DataFolder(data) as folder, closing(SqliteJournal(folder.journal_path)) as journal:
        before = all_in(folder, journal)
    back = tmp_path / "back"
    for ends in (["--data", str(data), "--to", url], ["--from", url, "--data", str(back)]):
        kills = 0
        while (code := forks.run(_migrate_until, ends, _STEPS_MORE * (kills + 1))) == -SIGKILL:
            kills += 1
        assert code == 0
        assert kills >= _KILLS_MIN
    with DataFolder(back) as folder, closing(SqliteJournal(folder.journal_path)) as journal:
        assert all_in(folder, journal) == before


def _migrate_until(ends: list[str], steps: int) -> None:
    """Migrate, and be killed after this many files, folders and programs that are touched."""
    left = iter(range(steps))

    def step(event: str, _: object) -> None:
        if event in _STEPS and next(left, None) is None:
            os.kill(os.getpid(), SIGKILL)

    sys.addaudithook(step)
    with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing):
        sys.exit(main(["migrate", *ends]))


def test_nobody_uses_what_is_not_complete(
    data: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise JournalError("killed")

    with ends(data, url) as (source, target), monkeypatch.context() as patch:
        patch.setattr(StoreEnd, "put_records", fail)
        with pytest.raises(JournalError, match="killed"):
            moving.move(source, target, lambda _: None)
    with DataFolder(tmp_path / "cache") as folder, pytest.raises(DataFolderError, match="complete"):
        open_journal(folder, url)
    with ends(tmp_path / "other", url) as (source, target):  # noqa: SIM117
        with pytest.raises(MigrationError, match="is being filled from"):
            moving.move(source, target, lambda _: None)


def test_what_is_not_the_same_is_an_error(
    data: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = StoreEnd.put

    def forgetful(end: StoreEnd, document: str, first_name: str, path: Path, log: Log) -> None:
        put(end, document, first_name, path, log if document != "notes" else Log())

    monkeypatch.setattr(StoreEnd, "put", forgetful)
    with ends(data, url) as (source, target):  # noqa: SIM117
        with pytest.raises(MigrationError, match="is not what"):
            moving.move(source, target, lambda _: None)


def test_a_target_with_something_of_its_own_is_refused(
    data: Path, url: str, tmp_path: Path
) -> None:
    with DataFolder(tmp_path / "cache") as folder, closing(open_journal(folder, url)) as journal:
        written(folder, journal, "mine", "mine\n")
    assert main(["migrate", "--data", str(data), "--to", url]) == 2
    assert main(["migrate", "--from", url, "--data", str(data)]) == 2
    with DataFolder(data), DataFolder(tmp_path / "cache") as folder:
        open_journal(folder, url).close()


def test_a_server_in_the_way_is_named(
    data: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with DataFolder(data):
        assert main(["migrate", "--data", str(data), "--to", url]) == 2
    assert "another gollabedit is serving the data folder" in capsys.readouterr().err

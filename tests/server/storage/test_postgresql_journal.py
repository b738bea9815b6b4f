"""The journal in PostgreSQL when that fails: nothing acknowledged is lost, nothing is doubled."""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from server.core.commit_store import Tag
from server.core.git_model import MASTER, Signature
from server.git.changes import Entry, RefMove
from server.git.objects import Kind, new_object
from server.git.repack import repack
from server.git.repository import Repository
from server.storage import checkpoint
from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.journal import (
    DamagedError,
    JournalError,
    OvertakenError,
    ReadOnlyError,
)
from server.storage.journal.opening import open_journal
from server.storage.journal.postgresql import PostgresqlJournal, store, watcher
from server.storage.journal.postgresql import journal as implementation
from server.storage.journal.sqlite import SqliteJournal
from tests.cut_connections import Cut, proxy
from tests.git import assert_sound, git
from tests.postgres import MISSING, Postgres, running

ANN = Signature("Ann", "ann@example.invalid", 1_700_000_000.0)
_WAIT_S = 20


@pytest.fixture
def server(postgres: Postgres | None) -> Postgres:
    if postgres is None:
        pytest.skip(MISSING)
    return postgres


@pytest.fixture
def database(server: Postgres) -> str:
    return server.empty_database()


@pytest.fixture
def journal(server: Postgres, database: str) -> Iterator[PostgresqlJournal]:
    journal = PostgresqlJournal(server.url(database))
    yield journal
    journal.close()


def entry(document: str = "notes", text: bytes = b"text") -> Entry:
    blob = new_object(Kind.BLOB, text)
    return Entry(document, (blob,), (RefMove("refs/heads/master", None, blob.id),))


class Files:
    """Documents on a disk, as a server has them."""

    def __init__(self, path: Path, journal: PostgresqlJournal) -> None:
        path.mkdir(exist_ok=True)
        self.path = path
        self.journal = journal

    def repository(self, document: str = "notes") -> Path:
        return self.path / f"{document}.git"

    def open(self, document: str = "notes") -> Repository:
        log = self.journal.read(document)
        self.journal.restore(document, self.repository(document))
        return Repository(self.repository(document), f"{document}.txt", log)

    def write(self, text: str, document: str = "notes", tag: str = "") -> int:
        repository = self.open(document)
        head = repository.head(MASTER)
        commit = repository.commit(text, (head,) if head else (), ANN, ANN, "Write\n")
        repository.move(MASTER, commit)
        if tag:
            repository.tag(tag, Tag(commit, ANN, "A version\n"))
        entry = repository.staged(document)
        assert entry is not None
        return self.journal.append(entry, repository.position).result(_WAIT_S)

    def checkpoint(self, document: str = "notes") -> Future[None]:
        repository = self.open(document)
        unwritten = repository.unwritten()
        assert unwritten is not None
        checkpoint.write(repository.path, unwritten)
        return self.journal.forget(document, unwritten.position, repository.path)

    def text(self, document: str = "notes") -> str:
        repository = self.open(document)
        head = repository.head(MASTER)
        return repository.text(head) if head else ""

    def refs(self) -> str:
        return git("for-each-ref", cwd=self.repository())


@pytest.fixture
def files(tmp_path: Path, journal: PostgresqlJournal) -> Files:
    return Files(tmp_path, journal)


# --- batches


def test_all_that_waits_is_one_commit(
    server: Postgres, database: str, journal: PostgresqlJournal
) -> None:
    journal.append(entry("first"), 0).result(_WAIT_S)
    with server.connect(database) as other:
        with other.transaction():
            other.execute("select from gollabedit.documents for update")
            waiting = [journal.append(entry("first"), 1)]  # waits for the lock
            _eventually(lambda: journal._writer.writing is not None)
            waiting += [journal.append(entry(f"d{number}"), 0) for number in range(10)]
            waiting.append(journal.append(entry("d0"), 1))
        assert [each.result(_WAIT_S) for each in waiting] == [2, *[1] * 10, 2]
        commits = other.execute(
            "select count(*) from gollabedit.entries group by xmin::text order by 1"
        ).fetchall()
    assert commits == [(1,), (1,), (1,), (10,)], "a document's second entry is of the next commit"


def test_one_that_is_overtaken_does_not_keep_the_others(journal: PostgresqlJournal) -> None:
    with journal.gather():
        futures = [journal.append(entry(name), 0) for name in ("notes", "notes", "plans")]
    assert [futures[0].result(_WAIT_S), futures[2].result(_WAIT_S)] == [1, 1]
    assert isinstance(futures[1].exception(_WAIT_S), OvertakenError)


def test_an_append_does_not_read_the_other_documents(server: Postgres, database: str) -> None:
    def index_scans() -> int:  # of what has been disconnected
        scans = "select idx_scan from pg_stat_user_tables where relname = 'documents'"
        return int(server.execute(scans, database)[0][0])

    url = server.url(database)
    with closing(PostgresqlJournal(url)) as journal:
        journal.append(entry(), 0).result(_WAIT_S)
    server.execute("analyze gollabedit.documents", database)  # says that they are few
    before = index_scans()
    with closing(PostgresqlJournal(url)) as journal:
        for follows in range(1, 10):
            journal.append(entry(), follows).result(_WAIT_S)
    assert index_scans() - before >= 9


def _eventually(condition: Callable[[], bool]) -> None:
    waiting, until = threading.Event(), time.monotonic() + 3 * _WAIT_S
    while not condition():
        assert time.monotonic() < until, "it does not happen"
        waiting.wait(0.005)


# --- PostgreSQL fails


@pytest.mark.usefixtures("server")  # or skips
def test_a_killed_server_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with running() as crashing, closing(PostgresqlJournal(crashing.url())) as journal:
        _crash(crashing, Files(tmp_path, journal))


def _crash(server: Postgres, files: Files) -> None:
    documents = ["a", "b", "c", "d"]
    acknowledged: dict[str, list[str]] = {document: [] for document in documents}
    is_over = threading.Event()

    def write(document: str) -> None:
        number = 0
        while not is_over.is_set():
            word = f"{document}{number}"
            try:
                if word not in files.text(document).split():  # else it was saved and not said
                    files.write(f"{files.text(document)}{word}\n", document)
            except JournalError:
                is_over.wait(0.01)
                continue
            acknowledged[document].append(word)
            number += 1

    with ThreadPoolExecutor(len(documents)) as threads:
        writing = [threads.submit(write, document) for document in documents]
        try:
            for many in (10, 20, 30):
                _eventually(lambda: all(len(words) >= many for words in acknowledged.values()))  # noqa: B023
                if many < 30:
                    server.kill()
                    server.start()
        finally:
            is_over.set()
    for each in writing:
        each.result()
    for document in documents:
        words = files.text(document).split()
        assert words == acknowledged[document]


def test_a_connection_that_is_cut_while_committing(server: Postgres, database: str) -> None:
    with TemporaryDirectory() as folder, proxy(Path(folder), server.folder) as between:
        journal = PostgresqlJournal(server.url(database, host=folder))
        journal.append(entry(), 0).result(_WAIT_S)
        between.cut = Cut()  # the next request
        unknown = journal.append(entry(), 1).exception(_WAIT_S)
        assert isinstance(unknown, JournalError)
        assert not isinstance(unknown, OvertakenError)
        _eventually(lambda: journal.read("notes").position == 2)  # it was written
        assert isinstance(journal.append(entry(), 1).exception(_WAIT_S), OvertakenError)
        assert journal.append(entry(), 2).result(_WAIT_S) == 3
        assert len(journal.read("notes").entries) == 3
        journal.close()


def test_a_database_that_is_read_only_is_an_error_of_its_kind(
    server: Postgres, database: str, journal: PostgresqlJournal
) -> None:
    journal.append(entry(), 0).result(_WAIT_S)
    server.execute(f"alter database {database} set default_transaction_read_only = on")
    server.end_connections(database)
    refused = [journal.append(entry(), 1).exception(_WAIT_S) for _ in range(2)]
    assert isinstance(refused[1], ReadOnlyError), refused
    with pytest.raises(ReadOnlyError):
        journal.try_to_write()
    with pytest.raises(ReadOnlyError):
        journal.read("notes")  # what was not certain may be there, and must not be seen yet
    server.execute(f"alter database {database} reset default_transaction_read_only")
    server.end_connections(database)
    _eventually(lambda: _can_write(journal))
    assert journal.append(entry(), 1).result(_WAIT_S) == 2


def _can_write(journal: PostgresqlJournal) -> bool:
    with suppress(JournalError):
        journal.try_to_write()
        return True
    return False


def test_a_role_without_connections_left_is_an_error_until_there_are(
    server: Postgres, database: str
) -> None:
    """Also: an ordinary role is enough."""
    server.execute(f"drop role if exists {database}_app")
    server.execute(f"create role {database}_app login")
    server.execute(f"grant create on database {database} to {database}_app")
    journal = PostgresqlJournal(server.url(database, user=f"{database}_app"))
    journal.append(entry(), 0).result(_WAIT_S)
    server.execute(f"alter role {database}_app connection limit 0")
    server.end_connections(database)
    for _ in range(2):
        assert isinstance(journal.append(entry(), 1).exception(_WAIT_S), JournalError)
    with pytest.raises(JournalError, match="too many connections"):
        journal.try_to_write()
    server.execute(f"alter role {database}_app connection limit -1")
    assert journal.append(entry(), 1).result(_WAIT_S) == 2
    journal.close()


def test_a_warning_leaves_the_outcome_unknown(
    server: Postgres, database: str, journal: PostgresqlJournal
) -> None:
    server.execute(
        "create function gollabedit.warn() returns trigger language plpgsql as"
        " 'begin raise warning ''perhaps''; return new; end';"
        "create trigger warn before insert on gollabedit.entries"
        " for each row execute function gollabedit.warn()",
        database,
    )
    unknown = journal.append(entry(), 0).exception(_WAIT_S)
    assert isinstance(unknown, JournalError)
    assert "perhaps" in str(unknown)
    assert journal.metrics()[-1].samples[0].value == 1
    server.execute("drop trigger warn on gollabedit.entries", database)
    assert journal.read("notes").position == 1
    assert journal.append(entry(), 1).result(_WAIT_S) == 2


def test_a_database_that_hangs_is_given_up(
    server: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "_LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(watcher, "_LOST_S", 0.5)
    with closing(PostgresqlJournal(server.url(database, connect_timeout="2"))) as journal:
        journal.append(entry(), 0).result(_WAIT_S)
        with server.stopped():
            unknown = journal.append(entry(), 1)
            with pytest.raises(JournalError):
                journal.read("notes")
            assert isinstance(unknown.exception(_WAIT_S), JournalError)
        _eventually(lambda: _can_write(journal))
        last = journal.read("notes").position
        assert journal.append(entry(), last).result(_WAIT_S) == last + 1


def test_without_the_standby_nothing_is_acknowledged_even_if_somebody_cancels_the_wait(
    server: Postgres, database: str, journal: PostgresqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(implementation, "_CONFIRM_S", 0.1)
    journal.append(entry(), 0).result(_WAIT_S)

    def waiting() -> list[tuple[Any, ...]]:
        return server.execute(
            f"select pid from pg_stat_activity where datname = '{database}'"
            " and wait_event = 'SyncRep'"
        )

    server.set("synchronous_standby_names", "gone")
    try:
        last, appended = 1, journal.append(entry(), 1)
        while not waiting():  # PostgreSQL may not have noticed yet
            if appended.done():
                last = appended.result()
                appended = journal.append(entry(), last)
        server.execute(f"select pg_cancel_backend({waiting()[0][0]})")
        unknown = appended.exception(_WAIT_S)
        assert isinstance(unknown, JournalError), "PostgreSQL says that it has succeeded"
        with pytest.raises(JournalError, match="does not answer"):
            journal.read("notes")
    finally:
        server.set("synchronous_standby_names", "")
    _eventually(lambda: _can_write(journal))
    assert journal.read("notes").position == last + 1, "the log tells what became of it"
    assert journal.append(entry(), last + 1).result(_WAIT_S) == last + 2


def test_a_standby_can_be_required(server: Postgres, database: str) -> None:
    with pytest.raises(JournalError, match="has no synchronous standby"):
        PostgresqlJournal(server.url(database), needs_standby=True)


# --- two servers


def test_a_second_server_does_not_start(server: Postgres, database: str) -> None:
    first = PostgresqlJournal(server.url(database))
    with pytest.raises(JournalError, match="another gollabedit uses"):
        PostgresqlJournal(server.url(database), lock_wait_s=0)
    assert first.append(entry(), 0).result(_WAIT_S) == 1
    first.close()
    PostgresqlJournal(server.url(database)).close()


def test_a_server_that_was_replaced_is_refused_whatever_it_writes(
    server: Postgres, database: str, tmp_path: Path
) -> None:
    first = PostgresqlJournal(server.url(database))
    old = Files(tmp_path / "old", first)
    old.write("one\n")
    old.write("two\n")
    unwritten = old.open().unwritten()
    assert unwritten is not None
    checkpoint.write(old.repository(), unwritten)
    first._watcher.close()  # as if its machine hung, and PostgreSQL had given its lock away
    second = PostgresqlJournal(server.url(database))
    new = Files(tmp_path / "new", second)
    refused = first.append(entry(), 2).exception(_WAIT_S)
    assert isinstance(refused, JournalError)
    assert not isinstance(refused, OvertakenError)
    with pytest.raises(JournalError, match="another gollabedit uses this database now"):
        first.try_to_write()
    late = first.forget("notes", unwritten.position, old.repository())
    assert isinstance(late.exception(_WAIT_S), JournalError)
    assert second.documents() == ["notes"]
    assert new.text() == "two\n"
    new.write("three\n")
    new.checkpoint().result(_WAIT_S)
    assert new.text() == "three\n"
    for journal in (first, second):
        journal.close()


def test_a_server_notices_by_itself_that_it_was_replaced(
    server: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "_LOOK_EVERY_S", 0.5)
    with closing(PostgresqlJournal(server.url(database))) as first:
        server.end_connections(database)  # and with them its lock
        with closing(PostgresqlJournal(server.url(database))):
            _eventually(lambda: first._ownership.refusal is not None)
            with pytest.raises(JournalError, match="another gollabedit uses this database now"):
                first.try_to_write()


def test_tables_of_a_newer_version_are_left_alone(server: Postgres, database: str) -> None:
    PostgresqlJournal(server.url(database)).close()
    server.execute("update gollabedit.store set version = 1000", database)
    with pytest.raises(JournalError, match="use the newer version"):
        PostgresqlJournal(server.url(database))


# --- repositories


def test_a_document_is_whole_when_the_disk_was_emptied(
    server: Postgres, database: str, tmp_path: Path
) -> None:
    journal = PostgresqlJournal(server.url(database))
    files = Files(tmp_path, journal)
    for number in range(5):
        files.write(f"{number}\n" * 100, tag=f"v{number}")
        files.checkpoint().result(_WAIT_S)
    repack(files.repository(), thorough=True)
    journal.store("notes", files.repository())
    files.write("checkpointed\n", tag="named")
    files.checkpoint().result(_WAIT_S)
    refs = files.refs()
    files.write("not yet\n")
    files.write("only entries\n", "plans")
    journal.close()
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    files = Files(tmp_path, PostgresqlJournal(server.url(database)))
    stored = files.journal.stored()
    assert stored.keys() == {"notes", "plans"}
    assert files.text() == "not yet\n"
    assert files.text("plans") == "only entries\n"
    assert files.refs() == refs
    assert git("rev-parse", "master", cwd=files.repository()) == stored["notes"].head
    assert_sound(files.repository())
    assert git("rev-list", "--count", "master", cwd=files.repository()) == "6"
    packs = server.execute("select distinct id from gollabedit.packs", database)
    assert len(packs) == 2, "a repack replaces rows"
    assert files.journal.documents() == ["notes", "plans"]
    files.journal.close()


@pytest.mark.parametrize("is_newer", [False, True])
def test_a_repository_that_differs_is_made_what_is_stored(
    server: Postgres, database: str, tmp_path: Path, is_newer: bool
) -> None:
    """It is older after another server has written, newer if the end came before the store."""
    journal = PostgresqlJournal(server.url(database))
    files, other = Files(tmp_path, journal), tmp_path / "other"
    files.write("one\n")
    files.checkpoint().result(_WAIT_S)
    if not is_newer:
        shutil.copytree(files.repository(), other)
    files.write("two\n")
    files.checkpoint().result(_WAIT_S)
    files.write("three\n")
    if is_newer:
        unwritten = files.open().unwritten()
        assert unwritten
        checkpoint.write(files.repository(), unwritten)
    else:
        shutil.rmtree(files.repository())
        other.rename(files.repository())
    journal.close()
    files = Files(tmp_path, PostgresqlJournal(server.url(database)))
    assert files.text() == "three\n"
    assert git("show", "master:notes.txt", cwd=files.repository()) == "two"
    files.checkpoint().result(_WAIT_S)
    assert git("show", "master:notes.txt", cwd=files.repository()) == "three"
    assert_sound(files.repository())
    files.journal.close()


def test_entries_are_forgotten_only_with_the_repository_that_has_them(files: Files) -> None:
    """A checkpoint that waits while the repository is made anew must not drop its entries."""
    files.write("one\n")
    unwritten = files.open().unwritten()
    assert unwritten is not None
    with files.journal._lock_of("notes"):
        waiting = files.journal.forget("notes", unwritten.position, files.repository())
        files.journal._restored.pop("notes")
        files.journal.restore("notes", files.repository())
    assert isinstance(waiting.exception(_WAIT_S), JournalError)
    assert files.text() == "one\n"


def test_a_damaged_pack_is_not_stored_and_the_entries_stay(files: Files) -> None:
    files.write("one\n")
    unwritten = files.open().unwritten()
    assert unwritten is not None
    checkpoint.write(files.repository(), unwritten)
    [pack] = (files.repository() / "objects" / "pack").glob("*.pack")
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:-1] + b"x")
    forgotten = files.journal.forget("notes", unwritten.position, files.repository())
    assert isinstance(forgotten.exception(_WAIT_S), DamagedError)
    assert files.journal.documents() == ["notes"]


def test_a_document_is_renamed_and_removed(files: Files) -> None:
    files.write("one\n")
    files.checkpoint().result(_WAIT_S)
    files.repository().rename(files.repository("plans"))
    for _ in range(2):  # as if the first outcome had been unknown
        files.journal.rename("notes", "plans")
    assert files.journal.stored().keys() == {"plans"}
    assert files.journal.stored()["plans"].first_name == "notes"
    assert files.journal.read("plans").position == 1
    for _ in range(2):
        files.journal.remove("plans")
    assert files.journal.stored() == {}
    assert files.journal.read("plans").position == 0


# --- the cache


def test_what_was_not_used_for_long_is_evicted_and_comes_back(
    files: Files, journal: PostgresqlJournal
) -> None:
    files.write("one\n")
    files.checkpoint().result(_WAIT_S)
    assert journal.used_at("notes") > 0
    path = files.repository()
    assert not journal.evict("notes", path, 60), "it was used just now"
    files.write("one\ntwo\n")
    repository = files.open()
    unwritten = repository.unwritten()
    assert unwritten is not None
    checkpoint.write(path, unwritten)
    assert not journal.evict("notes", path, 0), "it has what is not stored"
    journal.forget("notes", unwritten.position, path).result(_WAIT_S)
    assert journal.evict("notes", path, 0)
    assert not path.exists()
    assert files.text() == "one\ntwo\n"
    assert path.exists()
    assert_sound(path)


class _Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = time.monotonic()

    def monotonic(self) -> float:
        return self.now_s


def test_what_is_opened_while_it_is_evicted_is_there(
    files: Files, journal: PostgresqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write("one\n")
    files.checkpoint().result(_WAIT_S)
    clock = _Clock()
    monkeypatch.setattr(store, "time", clock)
    is_over = threading.Event()

    def evict() -> int:
        count = 0
        while not is_over.is_set():
            count += journal.evict("notes", files.repository(), 1)
        return count

    with ThreadPoolExecutor(1) as threads:
        evicting = threads.submit(evict)
        try:
            for number in range(100):
                clock.now_s += 10  # from now on it may be removed, until it is opened
                if number == 0:
                    _eventually(lambda: not files.repository().exists())
                journal.restore("notes", files.repository())
                assert not journal.evict("notes", files.repository(), 1), "it was just restored"
                repository = Repository(files.repository(), "notes.txt")
                assert repository.head(MASTER), "restored, and removed before it is opened"
        finally:
            is_over.set()
    assert evicting.result() > 0


@pytest.mark.parametrize("ending", [".pack", ".idx"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_repository_is_thrown_away(
    files: Files, journal: PostgresqlJournal, ending: str, damage: str
) -> None:
    files.write("".join(f"{number}\n" for number in range(1000)))
    files.checkpoint().result(_WAIT_S)
    before, refs = files.text(), files.refs()
    [file] = (files.repository() / "objects" / "pack").glob(f"*{ending}")
    content = file.read_bytes()
    middle = len(content) // 2
    changed = {
        "flip": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "cut": content[:middle],
        "empty": b"",
    }[damage]
    file.unlink()  # a process may have the file itself in its memory
    file.write_bytes(changed)
    journal.distrust("notes")
    assert (files.text(), files.refs()) == (before, refs)
    assert_sound(files.repository())


# --- the data folder


def test_a_folder_with_documents_is_refused_and_a_cache_serves_its_database_only(
    server: Postgres, database: str, tmp_path: Path
) -> None:
    url = server.url(database)
    with DataFolder(tmp_path / "own") as folder:
        journal = SqliteJournal(folder.journal_path)
        journal.append(entry(), 0).result(_WAIT_S)
        journal.close()
        with pytest.raises(DataFolderError, match="has documents, which are not in the database"):
            open_journal(folder, url)
    with DataFolder(tmp_path / "cache") as folder:
        for _ in range(2):
            open_journal(folder, url).close()
        with pytest.raises(DataFolderError, match="belongs to another database"):
            open_journal(folder, server.url(server.new_database()))
        for kind in ("sqlite", "direct"):
            with pytest.raises(DataFolderError, match="are in PostgreSQL"):
                open_journal(folder, kind)


def test_what_a_cache_has_of_documents_that_were_deleted_elsewhere_is_removed(
    server: Postgres, database: str, tmp_path: Path
) -> None:
    with DataFolder(tmp_path) as folder:
        journal = open_journal(folder, server.url(database))
        assert isinstance(journal, PostgresqlJournal)
        files = Files(tmp_path, journal)
        files.write("one\n")
        files.checkpoint().result(_WAIT_S)
        journal.remove("notes")
        journal.close()
        open_journal(folder, server.url(database)).close()
        assert not files.repository().exists()


def test_the_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "server.storage.journal.postgresql", None)
    with DataFolder(tmp_path) as folder, pytest.raises(DataFolderError, match="pip install"):
        open_journal(folder, "postgresql:///notes")


def test_a_password_comes_from_a_file_and_is_shown_nowhere(
    server: Postgres, database: str, tmp_path: Path
) -> None:
    role, secret = server.has_password, "ge%heim"
    with suppress(psycopg.Error):
        server.execute(f"create role {role} login superuser password '{secret}'")
    (tmp_path / "password").write_text(f"{secret}\n")
    with DataFolder(tmp_path / "data") as folder:
        with pytest.raises(DataFolderError, match="password"):
            open_journal(folder, server.url(database, user=role))
        file = str(tmp_path / "password")
        open_journal(folder, server.url(database, user=role), password_file=file).close()
        for wrong in (
            f"postgresql://ann:{secret}@localhost/notes",  # % must be encoded
            "postgresql://ann:ge%25heim@/notes?host=/nowhere",
            server.url(database, user=role, password="ge%25heim%25"),
        ):
            with pytest.raises(DataFolderError) as refused:
                open_journal(folder, wrong)
            assert "heim" not in str(refused.value)

"""The SQLite journal and a failing disk: an entry that is not durable is an error."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from server.git.changes import Entry, RefMove
from server.git.objects import Kind, new_object
from server.storage.journal import (
    DamagedError,
    DiskFullError,
    JournalError,
    OvertakenError,
    ReadOnlyError,
)
from server.storage.journal.sqlite import SqliteJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    journal = SqliteJournal(path)
    yield journal
    journal.close()


def entry(document: str = "notes", text: bytes = b"text") -> Entry:
    blob = new_object(Kind.BLOB, text)
    return Entry(document, (blob,), (RefMove("refs/heads/master", None, blob.id),))


def test_all_that_waits_is_one_transaction_with_one_sync(path: Path) -> None:
    journal = SqliteJournal(path, start=False)
    statements: list[str] = []
    journal._writer.set_trace_callback(statements.append)
    futures = [journal.append(entry(f"d{number}"), 0) for number in range(10)]
    futures.append(journal.append(entry("d0"), 1))
    assert not any(future.done() for future in futures)
    journal.write()
    assert [future.result() for future in futures[:-1]] == list(range(1, 11))
    assert futures[-1].result() == 11, "it follows the first one of the same transaction"
    assert len(statements) == 1, "a statement is a transaction"
    journal.close()


def test_whoever_gathers_writes_in_one_transaction(journal: SqliteJournal) -> None:
    statements: list[str] = []
    journal._writer.set_trace_callback(statements.append)
    with journal.gather():
        futures = [journal.append(entry(f"d{number}"), 0) for number in range(10)]
    assert [future.result(0) for future in futures] == list(range(1, 11))
    assert len(statements) == 1, "a statement is a transaction"


def test_whoever_gathers_does_not_wait_for_a_slow_disk(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", count(0.0, 0.005).__next__)  # a sync takes 5 ms
    for number in range(8):
        with journal.gather():
            appended = journal.append(entry(), number)
        appended.result(20)
    with journal._writing:  # a sync that does not end before the block
        with journal.gather():
            appended = journal.append(entry(), 8)
        assert not appended.done()
    assert appended.result(20) == 9


def test_whoever_gathers_does_not_wait_for_another_transaction(journal: SqliteJournal) -> None:
    with journal._writing:
        with journal.gather():
            appended = journal.append(entry(), 0)
        assert not appended.done()
    assert appended.result(20) == 1


def test_the_database_syncs_every_commit(journal: SqliteJournal) -> None:
    assert journal._writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert journal._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_one_that_is_overtaken_does_not_keep_the_others(path: Path) -> None:
    journal = SqliteJournal(path, start=False)
    good, late, other = (
        journal.append(entry("notes"), 0),
        journal.append(entry("notes"), 0),
        journal.append(entry("plans"), 0),
    )
    journal.write()
    assert (good.result(), other.result()) == (1, 2)
    assert isinstance(late.exception(), OvertakenError)
    journal.close()


def full(journal: SqliteJournal) -> None:
    """Let the database grow no further than it is."""
    (pages,) = journal._writer.execute("PRAGMA page_count").fetchone()
    journal._writer.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_is_an_error_of_its_kind_and_over_when_there_is_room(
    journal: SqliteJournal,
) -> None:
    journal.append(entry(), 0).result()
    full(journal)
    large = entry(text=b"x" * 100_000)
    failed = [journal.append(large, 1), journal.append(entry("plans", b"x" * 100_000), 0)]
    assert all(isinstance(future.exception(), DiskFullError) for future in failed)
    assert journal.read("notes").position == 1
    assert journal.documents() == ["notes"]
    journal._writer.execute("PRAGMA max_page_count = 1000000")
    assert journal.append(large, 1).result() == 2
    assert journal.read("notes").entries == (entry(), large)


def test_a_disk_that_may_not_be_written_is_an_error_of_its_kind(journal: SqliteJournal) -> None:
    journal._writer.execute("PRAGMA query_only = 1")
    assert isinstance(journal.append(entry(), 0).exception(), ReadOnlyError)
    journal._writer.execute("PRAGMA query_only = 0")
    assert journal.append(entry(), 0).result() == 1


def test_a_try_to_write_writes_and_syncs(path: Path, journal: SqliteJournal) -> None:
    journal.append(entry(), 0).result()
    for _ in range(2):
        log = path.with_name(f"{path.name}-wal")
        before = log.stat().st_size
        journal.try_to_write()
        assert log.stat().st_size > before
    assert journal.read("notes").entries == (entry(),)


def test_a_try_to_write_fails_as_an_entry_would(journal: SqliteJournal) -> None:
    journal._writer.execute("PRAGMA query_only = 1")
    with pytest.raises(ReadOnlyError):
        journal.try_to_write()
    journal._writer.execute("PRAGMA query_only = 0")
    journal.try_to_write()
    assert journal.append(entry(), 0).result() == 1


@pytest.mark.parametrize("is_forgetting", [False, True])
def test_a_failing_sync_acknowledges_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, is_forgetting: bool
) -> None:
    class Failing:
        """The connection, whose transactions fail as SQLite reports a failing sync."""

        def __init__(self, real: sqlite3.Connection) -> None:
            self._real = real
            self.execute = self._execute

        def _execute(self, statement: str, *arguments: object) -> sqlite3.Cursor:
            if statement.startswith("INSERT") and not self._real.in_transaction:
                self._real.execute("BEGIN")
                self._real.execute(statement, *arguments)  # type: ignore[arg-type]
                self._real.execute("ROLLBACK")
                raise sqlite3.OperationalError("disk I/O error")
            if statement == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return self._real.execute(statement, *arguments)  # type: ignore[arg-type]

        def __getattr__(self, name: str) -> object:
            return getattr(self._real, name)

    journal = SqliteJournal(path, start=False)
    journal.append(entry("plans"), 0)
    journal.write()
    real = journal._writer
    monkeypatch.setattr(journal, "_writer", Failing(real))
    problems = [journal.append(entry(), 0).exception]
    if is_forgetting:
        problems.append(journal.forget("plans", 1).exception)
    journal.write()
    for problem in problems:
        failed = problem(0)
        assert isinstance(failed, JournalError)
        assert "disk I/O error" in str(failed)
    monkeypatch.setattr(journal, "_writer", real)
    assert journal.read("notes").entries == ()
    assert journal.documents() == ["plans"]
    again = journal.append(entry(), 0)
    journal.write()
    assert again.result(0) == 2
    journal.close()


def test_a_file_that_is_no_database_is_refused_by_name(path: Path) -> None:
    path.write_bytes(b"no database at all " * 1000)
    with pytest.raises(DamagedError, match=r"journal\.sqlite"):
        SqliteJournal(path)


def test_a_folder_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ReadOnlyError, match="unable to open"):
        SqliteJournal(tmp_path / "nowhere" / "journal.sqlite")


def test_an_entry_that_cannot_be_decoded_is_damage_and_not_silence(
    journal: SqliteJournal, path: Path
) -> None:
    journal.append(entry(), 0).result()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE entries SET body = substr(body, 1, 20)")
    other.close()
    with pytest.raises(DamagedError, match="notes"):
        journal.read("notes")


def test_a_write_ahead_log_that_lost_its_end_loses_no_earlier_entry(path: Path) -> None:
    """A power loss leaves half of what was not synced yet; SQLite's check sums find it."""
    journal = SqliteJournal(path)
    for number in range(20):
        journal.append(entry(text=b"%d" % number), number).result()
    wal = path.with_name("journal.sqlite-wal").read_bytes()
    database = path.read_bytes()
    journal.close()
    for cut in (len(wal) - 1, len(wal) - 5000, len(wal) // 2, 100, 0):
        path.write_bytes(database)
        path.with_name("journal.sqlite-wal").write_bytes(wal[:cut])
        path.with_name("journal.sqlite-shm").unlink(missing_ok=True)
        again = SqliteJournal(path)
        log = again.read("notes")
        assert [each.objects[0].data for each in log.entries] == [
            b"%d" % number for number in range(log.position)
        ]
        assert log.position == len(log.entries)
        assert again.append(entry(), log.position).result() == log.position + 1
        again.close()


def test_the_write_ahead_log_does_not_grow_without_end(
    journal: SqliteJournal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.storage.journal.sqlite._WAL_BYTES_MAX", 100_000)
    monkeypatch.setattr("server.storage.journal.sqlite._WAL_BYTES_MORE", 400_000)
    for number in range(200):
        journal.append(entry(text=b"x" * 20_000), number).result()
        journal.forget("notes", number)
    journal.append(entry("plans"), 0).result()
    assert path.with_name("journal.sqlite-wal").stat().st_size < 1_000_000, "of 5 MB in all"
    assert path.stat().st_size < 1_000_000


def test_entries_are_written_while_the_write_ahead_log_is_moved(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.storage.journal.sqlite._WAL_BYTES_MAX", 20_000)
    moving, may_move = threading.Event(), threading.Event()

    def wait(statement: str) -> None:
        moving.set()
        assert may_move.wait(20)

    journal._mover.set_trace_callback(wait)
    journal.append(entry(text=b"x" * 30_000), 0).result(20)
    assert moving.wait(20)
    assert journal.append(entry(), 1).result(20) == 2
    may_move.set()
    journal.scrub()  # after the move
    assert [each.kind for each in journal.read("notes").entries[1].objects] == [Kind.BLOB]


def test_what_is_forgotten_is_gone_for_all_once_the_future_is_done(
    journal: SqliteJournal, path: Path
) -> None:
    for number in range(20):
        journal.append(entry(), number).result()
        journal.forget("notes", number + 1).result()
        other = SqliteJournal(path, read_only=True)
        assert other.documents() == []
        other.close()


def test_a_journal_of_the_first_versions_goes_on(path: Path) -> None:
    """They wrote the last position with every entry, and had an index."""
    journal = SqliteJournal(path)
    for number, document in enumerate(("notes", "plans", "notes")):
        journal.append(entry(document), (0, 0, 1)[number]).result()
    journal.close()
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE INDEX entries_by_document ON entries (document, position)")
        old.execute("INSERT INTO documents VALUES ('notes', 3), ('plans', 2), ('gone', 9)")
        old.commit()
    journal = SqliteJournal(path)
    assert [journal.read(name).position for name in ("notes", "plans", "gone", "new")] == [
        3,
        2,
        9,
        0,
    ]
    assert [len(journal.read(name).entries) for name in ("notes", "plans", "gone")] == [2, 1, 0]
    assert journal.append(entry("notes"), 3).result() == 10, "positions are used once"
    indexes = journal._reader.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
    assert "entries_by_document" not in {name for (name,) in indexes}
    journal.close()


def test_the_last_position_is_known_after_all_is_forgotten_and_a_restart(path: Path) -> None:
    journal = SqliteJournal(path)
    futures = [journal.append(entry(), number) for number in range(3)]
    journal.forget("notes", futures[-1].result()).result()
    journal.close()
    journal = SqliteJournal(path)
    assert (journal.read("notes").position, journal.documents()) == (3, [])
    assert journal.append(entry("plans"), 0).result() == 4
    journal.close()


def test_more_entries_than_one_statement_can_name_are_read_and_forgotten(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.storage.journal.sqlite._BATCH_MAX", 3)
    journal = SqliteJournal(path)
    for number in range(10):
        journal.append(entry(text=b"%d" % number), number).result()
    assert [each.objects[0].data for each in journal.read("notes", 1).entries] == [
        b"%d" % number for number in range(1, 10)
    ]
    journal.forget("notes", 8).result()
    assert [each.objects[0].data for each in journal.read("notes").entries] == [b"8", b"9"]
    journal.close()


def test_nothing_is_taken_after_the_end(path: Path) -> None:
    journal = SqliteJournal(path)
    last = journal.append(entry(), 0)
    journal.close()
    assert last.result() == 1
    assert isinstance(journal.append(entry(), 1).exception(), JournalError)
    assert isinstance(journal.forget("notes", 1).exception(), JournalError)

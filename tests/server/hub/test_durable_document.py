"""Batches and the disk: a reply means durable, and a failure costs one batch only."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from server.core.clients import Author
from server.core.document import Document, Request, View
from server.core.git_model import CLIENTS, MASTER, UNMERGED, Signature
from server.core.unmerged_reader import UnmergedReader
from server.git.changes import Entry
from server.git.repository import Repository
from server.hub.durable_document import DurableDocument, Result, Sweep, Threads
from server.protocol import Conflict, Edit, Error, Hello, Merged, Park, Resolve, Update
from server.storage.journal import JournalError, OnThisDisk, OvertakenError, direct
from server.storage.journal.sqlite import SqliteJournal
from server.support.threads import GroupThread, WorkerThreads
from tests.git import assert_sound, git
from tests.server.desk import NOON

ANN, BO, CY = Author("ann", "Ann"), Author("bo", "Bo"), Author("cy", "Cy")


class Disk(OnThisDisk):
    """A journal that fails a given number of times with a given error; and its disk."""

    writes_through = False

    def __init__(self, path: Path) -> None:
        self.path = path / "notes.git"
        self.refusals: list[Exception] = []
        self.before: list[Callable[[], object]] = []
        self._journal = SqliteJournal(path / "journal.sqlite")
        self.gather = self._journal.gather
        self.read = self._journal.read
        self.forget = self._journal.forget
        self.scrub = self._journal.scrub
        self.try_to_write = self._journal.try_to_write
        self.documents = self.left = self._journal.documents
        self.listen = self._journal.listen
        self.close = self._journal.close

    def append(self, entry: Entry, follows: int) -> Future[int]:
        if self.refusals:
            refused: Future[int] = Future()
            refused.set_exception(self.refusals.pop())
            return refused
        while self.before:
            self.before.pop()()
        return self._journal.append(entry, follows)

    def open(self, _: str = "") -> Repository:
        """The document as a process opens it that has just started."""
        return Repository(self.path, "notes.txt", self.read("notes"))

    def text(self) -> str:
        """The text that is durable."""
        repository = self.open()
        head = repository.head(MASTER)
        return repository.text(head) if head else ""

    def append_elsewhere(self, text: str) -> int:
        """Another process writes into the same log."""
        repository = self.open()
        head = repository.head(MASTER)
        who = Signature("Olive", "olive@example.invalid", NOON)
        commit = repository.commit(text, (head,) if head else (), who, who, "Written elsewhere\n")
        repository.move(MASTER, commit)
        entry = repository.staged("notes")
        assert entry is not None
        return elsewhere(lambda: self._journal.append(entry, repository.position).result())

    def commit_by_hand(self, text: str) -> str:
        """Commit in the bare repository itself, without the journal."""
        from_disk = Repository(self.path, "notes.txt")
        head = from_disk.head(MASTER)
        assert head is not None
        who = Signature("Olive", "olive@example.invalid", NOON)
        commit = from_disk.commit(text, (head,), who, who, "By hand\n")
        from_disk.move(MASTER, commit)
        entry = from_disk.staged("notes")
        assert entry is not None
        direct.store(from_disk.path, entry)
        return commit


def elsewhere(work: Callable[[], int]) -> int:
    """Run something on a thread of its own, as in another process."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(work).result()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path)
    yield disk
    disk.close()


class Runner:
    """A `DurableDocument`, run from outside an event loop."""

    def __init__(self, disk: Disk) -> None:
        self._loop = asyncio.Runner()
        self.threads = Threads(
            GroupThread("quick", disk.gather), WorkerThreads(2, "others"), WorkerThreads(1, "slow")
        )
        self.durable = DurableDocument("notes", disk.open, disk, self.threads, 1_000_000)

    def run(
        self, requests: Sequence[Request], views: Sequence[View], now: float, *sweep: Sweep
    ) -> Result:
        return self._loop.run(self.durable.run(requests, views, now, *sweep))

    def checkpoint(self) -> None:
        self._loop.run(self.durable.checkpoint())

    def close(self) -> None:
        self._loop.close()
        self.threads.quick.close()
        self.threads.others.close()
        self.threads.slow.close()


@pytest.fixture
def durable(disk: Disk) -> Iterator[Runner]:
    runner = Runner(disk)
    yield runner
    runner.close()


def edit(author: Author, text: str, base: str, seq: int = 1) -> Request:
    return Request(author, Edit(seq, base, text))


def run(durable: Runner, *requests: Request) -> Result:
    return durable.run(requests, (), NOON)


def root(durable: Runner) -> str:
    return run(durable, Request(ANN, Hello(1))).revision


def test_whoever_only_looks_leaves_nothing_on_disk(durable: Runner, disk: Disk) -> None:
    assert root(durable)
    assert not disk.open().is_on_disk
    assert disk.documents() == []


def test_a_batch_is_on_disk_when_it_is_answered(durable: Runner, disk: Disk) -> None:
    base = root(durable)
    result = run(durable, edit(ANN, "one\n", base), edit(BO, "", base))
    assert [type(reply) for reply in result.replies] == [Merged, Merged]
    assert disk.text() == "one\n"


def test_news_is_of_the_end_of_the_batch(durable: Runner) -> None:
    base = root(durable)
    views = [View("cy", base, None), View("dee", base, None)]
    result = durable.run([edit(ANN, "one\n", base)], views, NOON)
    [(first, frame), (second, _)] = [news for news in result.notifications if news]
    assert isinstance(first, Update)
    assert first is second, "computed once for all who were shown the same"
    assert (first.from_, first.revision) == (base, result.revision)
    assert b'"update"' in frame
    assert durable.run([], [View("cy", result.revision, None)], NOON).notifications == [None]


@pytest.mark.parametrize(
    "problem", [JournalError("no space left on device"), OSError(24, "Too many open files")]
)
def test_a_full_disk_answers_unavailable_and_the_next_try_works(
    durable: Runner, disk: Disk, problem: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    base = root(durable)
    disk.refusals = [problem]
    failed = durable.run([edit(ANN, "one\n", base)], [View("cy", base, None)], NOON)
    [answer] = failed.replies
    assert isinstance(answer, Error)
    assert (answer.code, answer.seq) == ("unavailable", 1)
    assert "Your text is kept" in answer.message
    assert (failed.revision, failed.notifications) == ("", [])
    assert "Traceback" not in caplog.text
    assert disk.text() == ""
    [answer] = run(durable, edit(ANN, "one\n", base)).replies
    assert isinstance(answer, Merged)
    assert disk.text() == "one\n"


def test_a_batch_that_was_overtaken_is_merged_with_what_came_first(
    durable: Runner, disk: Disk
) -> None:
    first = run(durable, edit(ANN, "one\n\ntwo\n", root(durable))).revision
    disk.before = [lambda: disk.append_elsewhere("ONE\n\ntwo\n")]
    [answer] = run(durable, edit(ANN, "one\n\nTWO\n", first, seq=2)).replies
    assert isinstance(answer, Merged)
    assert disk.text() == "ONE\n\nTWO\n"


def test_being_overtaken_without_end_is_unavailable(durable: Runner, disk: Disk) -> None:
    base = root(durable)
    disk.refusals = [OvertakenError("moved") for _ in range(100)]
    [answer] = run(durable, edit(ANN, "one\n", base)).replies
    assert isinstance(answer, Error)
    assert answer.code == "unavailable"


def test_a_fault_of_ours_in_one_request_spares_the_others(
    durable: Runner, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = root(durable)
    attempt = Document._handle

    def faulty(self: Document, request: Request, now: float) -> object:
        if request.author == BO:
            raise ZeroDivisionError
        return attempt(self, request, now)

    monkeypatch.setattr(Document, "_handle", faulty)
    good, bad = run(durable, edit(ANN, "one\n", base), edit(BO, "two\n", base)).replies
    assert isinstance(good, Merged)
    assert isinstance(bad, Error)
    assert bad.code == "unavailable"
    assert disk.text() == "one\n"


def test_a_conflict_that_somebody_is_shown_is_found_again(durable: Runner, disk: Disk) -> None:
    base = run(durable, edit(ANN, "Meet on Monday\n", root(durable))).revision
    run(durable, edit(ANN, "Meet on Tuesday\n", base, seq=2))
    [found] = run(durable, edit(BO, "Meet on Friday\n", base)).replies
    assert isinstance(found, Conflict)
    again = Runner(disk)
    view = View("bo", found.revision, found)
    assert again.run([], [view], NOON).notifications == [None], "still the same disagreement"
    assert again.run([], [view], NOON).state.has_open_conflicts
    again.close()


def test_a_sweep_is_made_durable(durable: Runner, disk: Disk) -> None:
    base = run(durable, edit(ANN, "Meet on Monday\n", root(durable))).revision
    run(durable, edit(ANN, "Meet on Tuesday\n", base, seq=2))
    run(durable, edit(BO, "Meet on Friday\n", base))
    durable.run([], [], NOON + 100, Sweep(frozenset(), park_after_s=60, keep_s=50))
    repository = disk.open()
    assert list(repository.heads(UNMERGED)) == ["bo"]
    assert "bo" not in repository.heads(CLIENTS)


# --- another writer


def test_an_entry_from_elsewhere_is_taken_in_and_is_news(durable: Runner, disk: Disk) -> None:
    first = run(durable, edit(ANN, "one\n", root(durable))).revision
    position = disk.append_elsewhere("one\ntwo\n")
    assert not durable.durable.is_behind
    durable.durable.on_journal_entry(position)
    assert durable.durable.is_behind
    [news] = durable.run([], [View("ann", first, None)], NOON).notifications
    assert news is not None
    assert isinstance(news[0], Update)
    assert news[0].splices == [(4, 0, "two\n")]
    assert not durable.durable.is_behind


def test_its_own_entries_are_no_news_to_a_document(durable: Runner) -> None:
    run(durable, edit(ANN, "one\n", root(durable)))
    durable.durable.on_journal_entry(durable.durable.position)
    assert not durable.durable.is_behind


# --- checkpoints


def test_a_checkpoint_writes_all_and_the_journal_forgets_it(durable: Runner, disk: Disk) -> None:
    base = root(durable)
    for seq, text in enumerate(("one\n", "one\ntwo\n", "one\ntwo\nthree\n"), 1):
        base = run(durable, edit(ANN, text, base, seq)).revision
    durable.checkpoint()
    assert durable.durable.backlog is None
    assert_sound(disk.path)
    assert git("show", "master:notes.txt", cwd=disk.path) == "one\ntwo\nthree"
    assert git("rev-list", "--count", "master", cwd=disk.path) == "4"
    assert git("count-objects", cwd=disk.path).startswith("0 objects"), "packs, no loose objects"
    run(durable, edit(BO, "One\ntwo\nthree\n", base))  # any later transaction forgets
    durable.checkpoint()
    assert disk.text() == "One\ntwo\nthree\n"
    assert git("for-each-ref", "--format=%(refname)", cwd=disk.path).split() == [
        "refs/heads/clients/ann",
        "refs/heads/clients/bo",
        "refs/heads/master",
    ]


def test_a_checkpoint_of_nothing_leaves_nothing(durable: Runner, disk: Disk) -> None:
    root(durable)
    durable.checkpoint()
    assert not disk.path.exists()


def test_batches_go_on_while_a_checkpoint_is_written(
    durable: Runner, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.storage import checkpoint

    first = run(durable, edit(ANN, "one\n", root(durable))).revision
    write, results = checkpoint.write, list[Result]()

    async def both() -> None:
        loop = asyncio.get_running_loop()

        def slow(*arguments: object) -> None:
            batch = durable.durable.run([edit(ANN, "one\ntwo\n", first, 2)], (), NOON)
            results.append(asyncio.run_coroutine_threadsafe(batch, loop).result())
            write(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(checkpoint, "write", slow)
        await durable.durable.checkpoint()

    durable._loop.run(both())
    assert results[0].revision
    assert git("show", "master:notes.txt", cwd=disk.path) == "one"
    assert durable.durable.backlog
    assert disk.text() == "one\ntwo\n"
    monkeypatch.undo()
    durable.checkpoint()
    assert git("show", "master:notes.txt", cwd=disk.path) == "one\ntwo"
    assert_sound(disk.path)


def test_a_commit_made_by_hand_on_disk_is_merged(durable: Runner, disk: Disk) -> None:
    first = run(durable, edit(ANN, "one\n\ntwo\n", root(durable))).revision
    durable.checkpoint()
    by_hand = disk.commit_by_hand("ONE\n\ntwo\n")
    run(durable, edit(ANN, "one\n\nTWO\n", first, seq=2))
    with pytest.raises(OvertakenError):
        durable.checkpoint()
    assert durable.durable.is_behind
    [news] = durable.run([], [View("cy", first, None)], NOON).notifications
    assert news is not None
    durable.checkpoint()
    assert git("show", "master:notes.txt", cwd=disk.path) == "ONE\n\nTWO"
    git("merge-base", "--is-ancestor", by_hand, "master", cwd=disk.path)
    assert_sound(disk.path)


def test_p15_what_is_taken_up_is_replayed_from_the_journal(durable: Runner, disk: Disk) -> None:
    resolve = parked(durable, disk)
    disk.refusals = [JournalError("no space left on device")]
    [failed] = run(durable, Request(CY, resolve)).replies
    assert isinstance(failed, Error)
    assert list(disk.open().heads(UNMERGED)) == ["bo"], "nothing of it counts"
    [answer] = run(durable, Request(CY, resolve)).replies
    assert isinstance(answer, Merged)
    restarted = Runner(disk)
    result = run(restarted, Request(CY, resolve), Request(BO, Hello(1)))
    assert result.replies[0] == answer
    assert result.state.unmerged == 0
    restarted.checkpoint()
    restarted.close()
    assert Repository(disk.path, "notes.txt").heads(UNMERGED) == {}
    assert_sound(disk.path)


def test_p15_a_head_in_the_repository_is_dropped_by_the_next_checkpoint(
    durable: Runner, disk: Disk
) -> None:
    resolve = parked(durable, disk)
    durable.checkpoint()
    assert list(Repository(disk.path, "notes.txt").heads(UNMERGED)) == ["bo"]
    assert run(durable, Request(CY, resolve)).state.unmerged == 0
    durable.checkpoint()
    assert Repository(disk.path, "notes.txt").heads(UNMERGED) == {}
    assert_sound(disk.path)


def parked(durable: Runner, disk: Disk) -> Resolve:
    """Ann and Bo conflict, and Bo parks it; return another client's resolution."""
    base = run(durable, edit(ANN, "Meet on Monday\n", root(durable))).revision
    run(durable, edit(ANN, "Meet on Tuesday\n", base, seq=2))
    [found] = run(durable, edit(BO, "Meet on Friday\n", base)).replies
    assert isinstance(found, Conflict)
    assert run(durable, Request(BO, Park(2, found.commit))).state.unmerged == 1
    question = UnmergedReader(disk.open()).conflict("bo")
    assert question is not None
    text = "Meet on Sunday\n"
    return Resolve(seq=1, commit=question.commit, base=question.revision, text=text)


def test_a_commit_made_by_hand_that_disagrees_is_put_aside(durable: Runner, disk: Disk) -> None:
    first = run(durable, edit(ANN, "Meet on Monday\n", root(durable))).revision
    durable.checkpoint()
    by_hand = disk.commit_by_hand("Meet on Friday\n")
    run(durable, edit(ANN, "Meet on Tuesday\n", first, seq=2))
    with pytest.raises(OvertakenError):
        durable.checkpoint()
    durable.checkpoint()
    assert git("show", "master:notes.txt", cwd=disk.path) == "Meet on Tuesday"
    assert git("rev-parse", "unmerged/outside", cwd=disk.path) == by_hand
    durable.checkpoint()
    assert_sound(disk.path)


def test_a_branch_moved_by_hand_is_kept_under_another_name(durable: Runner, disk: Disk) -> None:
    first = run(durable, edit(ANN, "one\n", root(durable))).revision
    durable.checkpoint()
    stray = git("commit-tree", "-m", "stray", "master^{tree}", "-p", "master~1", cwd=disk.path)
    git("update-ref", "refs/heads/clients/ann", stray, cwd=disk.path)
    run(durable, edit(ANN, "two\n", first, seq=2))
    durable.checkpoint()
    assert git("rev-parse", f"unmerged/ann-{stray[:8]}", cwd=disk.path) == stray
    assert_sound(disk.path)


def test_a_checkpoint_that_fails_keeps_the_journal(durable: Runner, disk: Disk) -> None:
    run(durable, edit(ANN, "one\n", root(durable)))
    disk.path.write_text("in the way")
    with pytest.raises(JournalError, match="could not be written"):
        durable.checkpoint()
    assert durable.durable.backlog
    disk.path.unlink()
    assert disk.text() == "one\n"
    durable.checkpoint()
    assert_sound(disk.path)


def test_with_too_much_unwritten_a_document_takes_no_more(
    durable: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.hub.durable_document._BACKLOG_BYTES_MAX", 1000)
    base = run(durable, edit(ANN, "x" * 900 + "\n", root(durable))).revision
    [answer] = run(durable, edit(ANN, "y\n", base, 2)).replies
    assert isinstance(answer, Error)
    assert answer.code == "unavailable"
    durable.checkpoint()
    [answer] = run(durable, edit(ANN, "y\n", base, 2)).replies
    assert isinstance(answer, Merged)


def test_at_rest_nothing_is_in_memory_and_the_next_batch_finds_it_again(durable: Runner) -> None:
    base = run(durable, edit(ANN, "one\n", root(durable))).revision
    durable._loop.run(durable.durable.release_memory())
    assert durable.durable._loaded is not None, "something waits to be written"
    durable.checkpoint()
    durable._loop.run(durable.durable.release_memory())
    assert durable.durable._loaded is None
    [answer] = run(durable, edit(ANN, "two\n", base, 2)).replies
    assert isinstance(answer, Merged)


# --- threads


def ran_on(durable: Runner, monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    """Return the thread that writes a text instead of all."""
    return thread_of(durable, monkeypatch, lambda base: edit(ANN, text, base))


def thread_of(
    durable: Runner, monkeypatch: pytest.MonkeyPatch, request: Callable[[str], Request]
) -> str:
    """Return the thread that runs a request that is made from the revision."""
    names = []
    stage = Document.stage

    def staged(*arguments: Any) -> Any:
        names.append(threading.current_thread().name)
        return stage(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Document, "stage", staged)
        run(durable, request(root(durable)))
    return names[-1].split()[0]


def test_what_takes_long_holds_up_only_what_takes_long(
    durable: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ran_on(durable, monkeypatch, "short") == "quick"
    assert ran_on(durable, monkeypatch, "long\n" * 20_000) == "slow"
    assert ran_on(durable, monkeypatch, "short again") == "quick"
    monkeypatch.setattr(time, "thread_time", count(1.0, 0.08).__next__)  # what each takes
    assert ran_on(durable, monkeypatch, "twice more") == "quick"
    assert ran_on(durable, monkeypatch, "once more") == "slow"


def test_what_opens_a_document_or_is_about_a_long_text_holds_up_no_typing(
    durable: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert thread_of(durable, monkeypatch, lambda _: Request(ANN, Hello(1))) == "quick"
    durable.durable._discard()
    with monkeypatch.context() as patch:
        patch.setattr("tests.server.hub.test_durable_document.root", lambda _: "")
        assert thread_of(durable, monkeypatch, lambda _: Request(ANN, Hello(1))) == "others"

    def typed(base: str, seq: int) -> Request:
        return Request(ANN, Edit(seq, base, splices=[(0, 0, "x")]))

    run(durable, edit(ANN, "x" * 64 * 1024, root(durable)))
    assert thread_of(durable, monkeypatch, lambda base: typed(base, 2)) == "quick"
    assert thread_of(durable, monkeypatch, lambda base: typed(base, 3)) == "others"


def test_a_slow_sync_does_not_keep_the_next_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the entry of one document is synced, the edit of another one is merged."""
    disk = Disk(tmp_path)
    journal = disk._journal
    journal._took_s.extend([0.005] * 8)
    runner = Runner(disk)
    plans = DurableDocument(
        "plans", lambda _: Repository(tmp_path / "plans.git", "plans.txt", disk.read("plans")),
        disk, runner.threads, 1_000_000,
    )  # fmt: skip
    base = root(runner)
    other = runner._loop.run(plans.run([Request(BO, Hello(1))], (), NOON)).revision
    began, merged = threading.Event(), threading.Event()
    stage = Document.stage

    def staged(document: Document, *arguments: Any) -> Any:
        if document.name == "plans":
            merged.set()
        return stage(document, *arguments)

    write = journal._write

    def slow(*arguments: Any) -> Any:
        began.set()
        assert merged.wait(20), "the next group waits for the sync"
        return write(*arguments)

    monkeypatch.setattr(Document, "stage", staged)
    monkeypatch.setattr(journal, "_write", slow)

    async def both() -> list[Result]:
        first = asyncio.create_task(runner.durable.run([edit(ANN, "one\n", base)], (), NOON))
        assert await asyncio.to_thread(began.wait, 20)
        second = plans.run([edit(BO, "two\n", other)], (), NOON)
        return list(await asyncio.gather(first, second))

    replies = [result.replies[0] for result in runner._loop.run(both())]
    assert [type(reply) for reply in replies] == [Merged, Merged], replies
    runner.close()
    disk.close()

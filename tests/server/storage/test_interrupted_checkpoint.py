"""A checkpoint whose connection is cut at any of its statements: nothing is lost or doubled."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from server.storage import checkpoint
from server.storage.journal import JournalError
from server.storage.journal.postgresql import PostgresqlJournal, watcher
from tests.cut_connections import Cut, Proxy, proxy
from tests.git import assert_sound, git
from tests.postgres import MISSING, Postgres
from tests.server.storage.test_postgresql_journal import Files

_WAIT_S = 20
_FIRST = b"gollabedit.packs"  # is in the first statement after BEGIN


class Cuts:
    """Two nodes, each with a disk of its own, which write a document in turn."""

    def __init__(self, between: Proxy, nodes: list[Files]) -> None:
        self._between = between
        self._nodes = nodes
        self.words: list[str] = []

    def _write(self, node: Files) -> None:
        """Write a word; again if the connection had been cut before."""
        assert node.text().split() == self.words
        self.words.append(f"word{len(self.words)}")
        for _ in range(2):
            if node.text().split() != self.words:
                with suppress(JournalError):
                    node.write(" ".join(self.words) + "\n")
        assert node.text().split() == self.words

    def run(self, cut: Cut) -> bool:
        """Cut a checkpoint, and go on; return False if it had ended before the cut."""
        node, other = self._nodes
        assert not node.journal.own("notes").url
        self._write(node)
        repository = node.open()
        content = repository.unwritten()
        assert content
        checkpoint.write(repository.path, content)
        self._between.cut = cut
        failed = node.journal.forget("notes", content.position, repository.path).exception(_WAIT_S)
        is_cut, self._between.cut = self._between.cut is None, None
        self._between.mend()
        if cut.all_end:
            assert isinstance(failed, JournalError) == is_cut, failed
        self._write(node)
        if cut.number % 2:
            node.checkpoint().result(_WAIT_S)
        node.journal.release(["notes"]).result(_WAIT_S)
        self._nodes = [other, node]
        return is_cut

    def check(self) -> None:
        """See that all disks have every word once, in a commit of its own."""
        for node in self._nodes:
            assert not node.journal.own("notes").url
            assert node.text().split() == self.words
            if node.open().unwritten():
                node.checkpoint().result(_WAIT_S)
            assert_sound(node.repository())
            count = git("rev-list", "--count", "master", cwd=node.repository())
            assert int(count) == len(self.words)
            node.journal.release(["notes"]).result(_WAIT_S)


@pytest.fixture
def cuts(
    postgres: Postgres | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cuts]:
    if postgres is None:
        pytest.skip(MISSING)
    monkeypatch.setattr(watcher, "_LOOK_EVERY_S", 0.05)
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        between = stack.enter_context(proxy(Path(folder), postgres.folder))
        url = postgres.url(postgres.empty_database(), host=folder)
        journals = [PostgresqlJournal(url, node_url=f"http://{name}.invalid") for name in "ab"]
        for journal in journals:
            stack.enter_context(closing(journal))
        nodes = [Files(tmp_path / name, each) for name, each in zip("ab", journals, strict=True)]
        yield Cuts(between, nodes)


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("all_end", [False, True], ids=["connection", "database"])
def test_a_checkpoint_is_cut_between_any_two_statements(
    cuts: Cuts, is_done: bool, all_end: bool
) -> None:
    """Before it is executed or after it; only its connection, or all of them."""
    number = 0
    while cuts.run(Cut(_FIRST, number, is_done, all_end)):
        number += 1
    assert number >= 5, "what a checkpoint sends, each time waiting for the answer"
    cuts.check()

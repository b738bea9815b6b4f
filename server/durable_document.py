"""A document together with its repository and the journal: a batch of requests goes in, and what
comes out is durable already.

All of it blocks, so all of it runs on a worker thread, one batch of a document at a time. Whatever
goes wrong, the document in memory is thrown away and opened again from what is durable.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from server import protocol
from server.document import Document, News, Reply, Request, View
from server.journal import Journal, JournalError, OvertakenError
from server.protocol import Code
from server.repository import Repository

_log = logging.getLogger(__name__)

# A batch that lost the race against another writer of the repository is run again this often.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Sweep:
    """Tidy up behind clients that are gone; see `Branches.sweep`."""

    present: Collection[str]
    park_after_s: float
    keep_s: float


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a batch: one reply for each request, news for each view, encoded once.

    `revision` is empty where the batch failed: every reply is an error then, and there is no news.
    """

    replies: list[Reply]
    news: list[tuple[News, bytes] | None]
    revision: str = ""
    has_open_conflicts: bool = False


class DurableDocument:
    """Runs batches of requests on one document and makes them durable."""

    def __init__(
        self,
        name: str,
        open_repository: Callable[[str], Repository],
        journal: Journal,
        text_bytes_max: int,
    ) -> None:
        self.name = name
        self._open_repository = open_repository
        self._journal = journal
        self._text_bytes_max = text_bytes_max
        self._opened: tuple[Document, Repository] | None = None

    def run(
        self,
        requests: Sequence[Request],
        views: Sequence[View],
        now: float,
        sweep: Sweep | None = None,
    ) -> Result:
        """Carry out a batch. Returns when all that the replies say is durable.

        Args:
            requests: of different clients.
            views: what the sessions were shown that should hear what is new after the batch.
            now: Unix time in seconds.
            sweep: tidy up as well.
        """
        try:
            return self._run(requests, views, now, sweep)
        except JournalError as problem:
            _log.error("%s: %s", self.name, problem)
        except Exception:  # noqa: BLE001  a fault of ours must cost one batch only
            _log.exception("%s: a batch of %d requests failed", self.name, len(requests))
            if len(requests) > 1:
                return self._one_by_one(requests, views, now)
        self._opened = None
        return Result([_unavailable(request) for request in requests], [])

    def _one_by_one(self, requests: Sequence[Request], views: Sequence[View], now: float) -> Result:
        """One request of the batch hit a fault of ours: keep the others from suffering."""
        self._opened = None
        replies = [self.run([request], (), now).replies[0] for request in requests]
        last = self.run((), views, now)
        return Result(replies, last.news, last.revision, last.has_open_conflicts)

    def _run(
        self,
        requests: Sequence[Request],
        views: Sequence[View],
        now: float,
        sweep: Sweep | None,
    ) -> Result:
        for _ in range(_TRIES):
            document, repository = self._opened or self._open(now)
            document.recall(views, now)
            replies = document.run(requests, now)
            if sweep:
                document.branches.sweep(sweep.present, now, sweep.park_after_s, sweep.keep_s)
            try:
                self._make_durable(repository)
            except OvertakenError:
                self._opened = None  # somebody else moved a ref: read it again, merge again
                continue
            news = _encoded_news(document, views)
            return Result(replies, news, document.revision, document.branches.has_open_conflicts)
        raise JournalError("another writer moved the branches again and again")

    def _open(self, now: float) -> tuple[Document, Repository]:
        repository = self._open_repository(self.name)
        document = Document(self.name, repository, self._text_bytes_max, now)
        self._opened = document, repository
        return self._opened

    def _make_durable(self, repository: Repository) -> None:
        entry = repository.staged(self.name)
        if entry is not None:
            self._journal.append(entry)
            repository.release()


def _encoded_news(document: Document, views: Sequence[View]) -> list[tuple[News, bytes] | None]:
    """News for each view; sessions that were shown the same revision share one computation."""
    by_revision: dict[str, tuple[News, bytes] | None] = {}
    news = []
    for view in views:
        if view.conflict is not None:
            news.append(_encoded(document.news(view)))
            continue
        if view.revision not in by_revision:
            by_revision[view.revision] = _encoded(document.news(view))
        news.append(by_revision[view.revision])
    return news


def _encoded(news: News | None) -> tuple[News, bytes] | None:
    return None if news is None else (news, protocol.encode(news))


def _unavailable(request: Request) -> protocol.Error:
    sentence = "The server cannot save at the moment. Your text is kept here and sent again."
    return protocol.Error(Code.UNAVAILABLE, sentence, getattr(request.message, "seq", None))

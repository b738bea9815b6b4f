"""Search in all documents: a look at the newest text of each, with no index to be kept up to date.

A text that did not change since it was last read is in memory, as far as there is room.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.core.budgets import FREE, Budget
from server.core.search import Pattern, folded
from server.core.titles import title_of
from server.git.repository import Repository, RepositoryError
from server.git.text_cache import TextCache
from server.hub.reader import Reader
from server.protocol import answers
from server.storage.journal import JournalError
from server.support.slots import FairSlots
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_WORK_S = 1.0  # for one answer
_HITS_MAX = 100  # documents in one answer
_LISTED = 1000  # documents that are listed at once


@dataclass(frozen=True, slots=True)
class _Scanned:
    """What was found in the first `count` of some documents; `cost_s` is the work for that."""

    hits: list[answers.SearchHit]
    count: int
    cost_s: float


class Search:
    """Answers searches, one at a time; people and addresses take turns.

    Args:
        reader: lists the documents.
        open_repository: opens the repository of a document, with what the journal has of it.
        characters_max: how much of the texts is kept in memory.
    """

    def __init__(
        self, reader: Reader, open_repository: Callable[[str], Repository], characters_max: int
    ) -> None:
        self._reader = reader
        self._open_repository = open_repository
        self._folded = TextCache(characters_max)
        self._threads = WorkerThreads(1, "search")
        self._turns = FairSlots(1)

    def close(self, wait_s: float) -> None:
        """Finish the search that runs. Blocks."""
        self._threads.close(wait_s)

    async def find(
        self,
        words: str,
        after: str,
        is_wanted: Callable[[str], bool],
        *,
        with_archived: bool,
        budget: Budget = FREE,
    ) -> answers.SearchResults:
        """Search in the documents by name, from the one that follows `after`, for about a second.

        Args:
            words: what to look for.
            after: a name.
            is_wanted: returns whether to search in a document; called on a thread.
            with_archived: whether to search in archived documents.
            budget: whose turn it takes, and which pays for the work.
        """
        pattern = Pattern(words)
        hits: list[answers.SearchHit] = []
        searched, more, is_time = 0, True, True
        async with self._turns.of(budget.who):
            until = time.monotonic() + _WORK_S
            while more and is_time and len(hits) < _HITS_MAX:
                listed = await self._reader.documents(
                    after, _LISTED, is_wanted, with_archived=with_archived
                )
                found = await self._threads.call(
                    self._scan, pattern, listed.documents, _HITS_MAX - len(hits), until
                )
                budget.use_work(found.cost_s, time.monotonic())
                hits += found.hits
                searched += found.count
                if found.count:
                    after = listed.documents[found.count - 1].document
                more = listed.more or found.count < len(listed.documents)
                is_time = time.monotonic() < until
        return answers.SearchResults(words, hits, searched, after if more else None)

    def _scan(
        self,
        pattern: Pattern,
        documents: Sequence[answers.DocumentState],
        hits_max: int,
        until: float,
    ) -> _Scanned:
        """Search in the documents, at least in the first one."""
        hits: list[answers.SearchHit] = []
        count, began = 0, time.thread_time()
        for document in documents:
            count += 1
            try:
                hit = self._hit(pattern, document)
            except (RepositoryError, JournalError, OSError) as problem:
                _log.error("%s: %s", document.document, problem)
                continue
            if hit is not None:
                hits.append(hit)
            if len(hits) == hits_max or time.monotonic() > until:
                break
        return _Scanned(hits, count, time.thread_time() - began)

    def _hit(self, pattern: Pattern, document: answers.DocumentState) -> answers.SearchHit | None:
        name, revision = document.document, document.revision
        known = self._folded.get(name, revision)
        if known is not None and not pattern.may_be_in(known):
            return None
        text = self._open_repository(name).text(revision)
        if known is None:
            self._folded.put(name, revision, folded(text))
        found = pattern.find(text)
        if not found.lines:
            return None
        lines = [answers.SearchLine(line.number, line.parts) for line in found.lines]
        return answers.SearchHit(name, revision, title_of(text), lines, found.more)

"""The schedule of one remote: which documents to push, when, and with what result.

    written ─▶ behind ─▶ taken ─▶ pushed: up to date, or behind again if written meanwhile
                 ▲         │
                 └─ later ─┴────▶ failed

A document is pushed soon after it was written, but at most once per `every_s`; failed pushes are
retried with exponential back-off. Sans-I/O: no clock, no task, no Git. `now` is monotonic, in
seconds.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf

from server.mirror.remote import Remote, mask
from server.protocol.answers import MirrorState
from server.support.backoff import backoff_s

_RETRY_BASE_S = 5.0
_RETRY_MAX_S = 600.0
# At the start the state of the remotes is unknown: all documents are pushed, spread over time.
_START_EVERY_S = 0.25
_NUMBERS = re.compile(r"\d+")


@dataclass(slots=True, eq=False)
class Mirror:
    """One document at one remote.

    Attributes:
        document: its name.
        url: the URL to push to.
        revision: the last revision pushed.
        time: when it was pushed, in Unix seconds.
        behind_since: since when there is something to push; None if there is nothing.
        not_before: when to push at the earliest.
        failures: consecutive failed pushes.
        problem: why the last push failed, in one sentence.
        is_taken: whether a push is running.
        was_written: whether the document was written since the push started.
    """

    document: str
    url: str
    revision: str | None = None
    time: float | None = None
    behind_since: float | None = None
    not_before: float = 0.0
    failures: int = 0
    problem: str | None = None
    is_taken: bool = False
    was_written: bool = False

    def state(self) -> MirrorState:
        """Return its public state."""
        is_behind = self.behind_since is not None
        return MirrorState(mask(self.url), self.revision, self.time, is_behind, self.problem)


class Mirrors:
    """The mirrors of all documents at one remote."""

    def __init__(self, remote: Remote, every_s: float, now: float) -> None:
        """Start without documents.

        Args:
            remote: the remote.
            every_s: the shortest time between two pushes of one document.
            now: the start of the age of the last success, until there is one.
        """
        self.remote = remote
        self.pushed_total = 0
        self.failed_total = 0
        self.succeeded_at = now
        self._every_s = every_s
        self._mirrors: dict[str, Mirror] = {}
        self._behind: dict[str, Mirror] = {}

    def mirror_of(self, document: str) -> Mirror | None:
        """Return a document's mirror, or None if the remote is for another document."""
        if document not in self._mirrors:
            url = self.remote.url_for(document)
            if url is None:
                return None
            self._mirrors[document] = Mirror(document, url)
        return self._mirrors[document]

    def behind(self) -> list[Mirror]:
        """Return the mirrors that have something to push."""
        return list(self._behind.values())

    def behind_s(self, now: float) -> float:
        """Return the longest time that a mirror has been behind, in seconds."""
        since = (mirror.behind_since for mirror in self._behind.values())
        return max((now - at for at in since if at is not None), default=0.0)

    # --- documents

    def start(self, documents: Iterable[str], now: float) -> None:
        """Schedule all documents, in case they were written before the start."""
        for number, document in enumerate(documents):
            mirror = self.mirror_of(document)
            if mirror and mirror.behind_since is None:
                mirror.not_before = now + number * _START_EVERY_S
                self._put_behind(mirror, now)

    def written(self, document: str, now: float) -> None:
        """Schedule a document after a checkpoint."""
        mirror = self.mirror_of(document)
        if mirror is None:
            return
        if mirror.time is None and not mirror.failures:
            mirror.not_before = now  # it does not wait for its turn at the start
        mirror.was_written = True
        self._put_behind(mirror, now)

    def forget(self, document: str) -> Mirror | None:
        """Stop pushing a document; return its mirror, which stays as it is, or None."""
        self._behind.pop(document, None)
        return self._mirrors.pop(document, None)

    def _put_behind(self, mirror: Mirror, now: float) -> None:
        if mirror.behind_since is None:
            mirror.behind_since = now
        self._behind[mirror.document] = mirror

    # --- pushes

    def take(self, now: float) -> Mirror | None:
        """Take a mirror that is due; give it back with `pushed` or `failed`."""
        due = [mirror for mirror in self._waiting() if mirror.not_before <= now]
        mirror = min(due, key=_priority, default=None)
        if mirror:
            mirror.is_taken, mirror.was_written = True, False
        return mirror

    def next_due(self) -> float:
        """Return when the next mirror is due unless something is written; `inf` if never."""
        return min((mirror.not_before for mirror in self._waiting()), default=inf)

    def hurry(self, now: float) -> None:
        """Make everything due at once, from now on."""
        self._every_s = 0.0
        for mirror in self._behind.values():
            mirror.not_before = min(mirror.not_before, now)

    def pushed(self, mirror: Mirror, revision: str | None, now: float, time: float) -> bool:
        """Record a successful push; return whether the push before it failed.

        Args:
            mirror: the mirror taken.
            revision: the head of `master`, if there is one.
            now: monotonic seconds.
            time: Unix seconds.
        """
        had_problem = mirror.problem is not None
        mirror.is_taken, mirror.failures, mirror.problem = False, 0, None
        mirror.revision, mirror.time = revision, time
        mirror.not_before = now + self._every_s
        mirror.behind_since = now if mirror.was_written else None
        if mirror.behind_since is None and self._behind.get(mirror.document) is mirror:
            del self._behind[mirror.document]  # else it was forgotten meanwhile
        self.pushed_total += 1
        self.succeeded_at = now
        return had_problem

    def failed(self, mirror: Mirror, problem: str, now: float, jitter: float) -> bool:
        """Record a failed push; return whether the problem is a new one.

        Args:
            mirror: the mirror taken.
            problem: a sentence.
            now: monotonic seconds.
            jitter: 0 to 1, random.
        """
        is_new = mirror.problem is None or _without_numbers(mirror.problem) != _without_numbers(
            problem
        )
        mirror.is_taken, mirror.problem = False, problem
        mirror.failures += 1
        mirror.not_before = now + backoff_s(
            mirror.failures, jitter, base_s=_RETRY_BASE_S, max_s=_RETRY_MAX_S
        )
        self.failed_total += 1
        return is_new

    def _waiting(self) -> Iterator[Mirror]:
        return (mirror for mirror in self._behind.values() if not mirror.is_taken)


def _priority(mirror: Mirror) -> tuple[bool, float]:
    """Return the sort key: mirrors that work go before those that failed."""
    return mirror.failures > 0, mirror.not_before


def _without_numbers(problem: str) -> str:
    """Return a problem without its numbers, which differ each time."""
    return _NUMBERS.sub("", problem)

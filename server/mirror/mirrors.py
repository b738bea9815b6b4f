"""Mirrors: which documents are to be pushed to a remote, when, and what became of it.

    written ─▶ behind ─▶ taken ─▶ pushed: up to date, or behind again if written meanwhile
                 ▲         │
                 └─ later ─┴────▶ failed

A document is pushed soon after it was written, but not more often than every so many seconds; after
failures later and later. Sans-I/O: no clock, no task, no Git. `now` is monotonic, in seconds.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf

from server.mirror.remote import Remote, mask
from server.protocol import MirrorState
from server.support.backoff import backoff_s

_RETRY_BASE_S = 5.0
_RETRY_MAX_S = 600.0
# At the start nobody knows what the remotes have: all documents are pushed, one after the other.
_START_EVERY_S = 0.25
_NUMBERS = re.compile(r"\d+")


@dataclass(slots=True, eq=False)
class Mirror:
    """One document at one remote.

    `revision` was pushed at `time` (Unix seconds). `behind_since` says since when something is to
    be pushed, which may be tried at `not_before`. `problem`: why the last try failed, a sentence.
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
    was_written: bool = False  # since it was taken

    def state(self) -> MirrorState:
        """What everybody may know of it."""
        is_behind = self.behind_since is not None
        return MirrorState(mask(self.url), self.revision, self.time, is_behind, self.problem)


class Mirrors:
    """The mirrors of all documents at one remote."""

    def __init__(self, remote: Remote, every_s: float, now: float) -> None:
        """None yet.

        Args:
            remote: the one of the settings.
            every_s: the least time between two pushes of one document.
            now: when there was no success yet, its age counts from here.
        """
        self.remote = remote
        self.pushed_total = 0
        self.failed_total = 0
        self.succeeded_at = now
        self._every_s = every_s
        self._mirrors: dict[str, Mirror] = {}
        self._behind: dict[str, Mirror] = {}

    def of(self, document: str) -> Mirror | None:
        """A document's mirror; None if the remote is for another."""
        if document not in self._mirrors:
            url = self.remote.url_for(document)
            if url is None:
                return None
            self._mirrors[document] = Mirror(document, url)
        return self._mirrors[document]

    def behind(self) -> list[Mirror]:
        """Those that have something to push."""
        return list(self._behind.values())

    def behind_s(self, now: float) -> float:
        """For how long the longest of them is."""
        since = (mirror.behind_since for mirror in self._behind.values())
        return max((now - at for at in since if at is not None), default=0.0)

    # --- what happens to documents

    def start(self, documents: Iterable[str], now: float) -> None:
        """These documents may have been written before the start: push them, without haste."""
        for number, document in enumerate(documents):
            mirror = self.of(document)
            if mirror and mirror.behind_since is None:
                mirror.not_before = now + number * _START_EVERY_S
                self._put_behind(mirror, now)

    def written(self, document: str, now: float) -> None:
        """A document has something new in its repository."""
        mirror = self.of(document)
        if mirror is None:
            return
        if mirror.time is None and not mirror.failures:
            mirror.not_before = now  # it need not wait for its turn at the start
        mirror.was_written = True
        self._put_behind(mirror, now)

    def _put_behind(self, mirror: Mirror, now: float) -> None:
        if mirror.behind_since is None:
            mirror.behind_since = now
        self._behind[mirror.document] = mirror

    # --- what is pushed

    def take(self, now: float) -> Mirror | None:
        """One that is to be pushed now, if there is any; `pushed` or `failed` gives it back."""
        due = [mirror for mirror in self._waiting() if mirror.not_before <= now]
        mirror = min(due, key=_turn, default=None)
        if mirror:
            mirror.is_taken, mirror.was_written = True, False
        return mirror

    def next_due(self) -> float:
        """When `take` has something, if nothing is written before; `inf`: never."""
        return min((mirror.not_before for mirror in self._waiting()), default=inf)

    def hurry(self, now: float) -> None:
        """All that is behind is due at once, and from now on: there will be no other time."""
        self._every_s = 0.0
        for mirror in self._behind.values():
            mirror.not_before = min(mirror.not_before, now)

    def pushed(self, mirror: Mirror, revision: str | None, now: float, time: float) -> bool:
        """The remote has what the repository had; whether it had a problem before.

        Args:
            mirror: the one that was taken.
            revision: where `master` is now; None: there is none.
            now: monotonic seconds.
            time: Unix seconds.
        """
        had_problem = mirror.problem is not None
        mirror.is_taken, mirror.failures, mirror.problem = False, 0, None
        mirror.revision, mirror.time = revision, time
        mirror.not_before = now + self._every_s
        mirror.behind_since = now if mirror.was_written else None
        if mirror.behind_since is None:
            del self._behind[mirror.document]
        self.pushed_total += 1
        self.succeeded_at = now
        return had_problem

    def failed(self, mirror: Mirror, problem: str, now: float, jitter: float) -> bool:
        """It could not be pushed; whether the problem is another one than before.

        Args:
            mirror: the one that was taken.
            problem: a sentence.
            now: monotonic seconds.
            jitter: 0 to 1, random.
        """
        is_news = mirror.problem is None or _kind(mirror.problem) != _kind(problem)
        mirror.is_taken, mirror.problem = False, problem
        mirror.failures += 1
        mirror.not_before = now + backoff_s(
            mirror.failures, jitter, base_s=_RETRY_BASE_S, max_s=_RETRY_MAX_S
        )
        self.failed_total += 1
        return is_news

    def _waiting(self) -> Iterator[Mirror]:
        return (mirror for mirror in self._behind.values() if not mirror.is_taken)


def _turn(mirror: Mirror) -> tuple[bool, float]:
    """Those that work go before those that do not."""
    return mirror.failures > 0, mirror.not_before


def _kind(problem: str) -> str:
    """A problem without what is another number each time."""
    return _NUMBERS.sub("", problem)

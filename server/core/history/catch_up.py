"""The steps since the last version, found out from the commits of `master`.

That is needed for documents whose window was not kept: those of a server that was killed, those
from before there were versions, and those that another program has written. Where the times of the
commits show a pause, a version is sealed. All of it may take long, so it is done in portions
between the edits, and what is sealed needs not be done again.

Sans-I/O: the repository sits behind `CommitStore`.
"""

from collections.abc import Iterator

from server.core import git_model
from server.core.commit_store import CommitInfo, CommitStore
from server.core.history.branch import VersionsBranch
from server.core.history.replay import Replay
from server.core.history.sealing import Kind, Origin, SealTimes, Unsealed, is_full
from server.core.history.window import Window
from server.core.master import Master

# The cost of looking at a commit, and of comparing its text, in characters of a text.
_LOOKED_AT = 20
_COMPARED = 2_000


class CatchUp:
    """Finds the window of the newest revision."""

    def __init__(
        self, store: CommitStore, master: Master, times: SealTimes, kept: Window | None = None
    ) -> None:
        """Prepare it.

        Args:
            store: the repository.
            master: the branch; it may move meanwhile.
            times: when versions end.
            kept: a window that may still be of use.
        """
        self._store = store
        self._master = master
        self._times = times
        self._branch = VersionsBranch(store)
        self._replay = Replay(store)
        self._window: Window | None = None
        self._work = self._run(kept)

    def run(self, cost: int) -> Window | None:
        """Go on, as far as `cost` allows; return the window of the newest revision, or None.

        Args:
            cost: roughly the number of characters that may be compared.
        """
        for spent in self._work:
            cost -= spent
            if cost <= 0:
                return None
        return self._window

    def _run(self, kept: Window | None) -> Iterator[int]:
        """Find the window, yielding the cost of each part of the work."""
        for known in filter(None, (kept, self._branch.recorded())):
            yield from self._go_on(known)
            if self._window:
                return
        last = self._branch.head
        if last and self._master.contains(self._branch.revision_of(last)):
            yield from self._read_versions(last)
        if self._window is None:
            self._branch.set_aside()
            yield from self._read_master()

    def _go_on(self, window: Window) -> Iterator[int]:
        """Add the revisions that follow a window; find nothing if there is no such revision."""
        while window.revision != self._master.revision:
            chain: list[str] = []
            for commit in self._store.first_parents(self._master.revision):
                if commit == window.revision:
                    break
                chain.append(commit)
                yield _LOOKED_AT
            else:
                return
            while chain:
                window = self._add(window, chain.pop())
                yield self._cost(window)
        self._window = window

    def _read_versions(self, last: str) -> Iterator[int]:
        """Find the authors of the last version from the commits of all versions."""
        chain: list[str] = []
        for commit in self._store.first_parents(last):
            chain.append(commit)
            yield _LOOKED_AT
        window = self._replay.first_window(chain.pop())
        while chain:
            self._replay.add(window, chain.pop())
            yield self._cost(window)
        window.revision = self._branch.revision_of(last)
        yield from self._go_on(window.sealed_here())

    def _read_master(self) -> Iterator[int]:
        """Make the versions of a document that has none."""
        chain: list[str] = []
        for commit in self._store.first_parents(self._master.revision):
            chain.append(commit)
            yield _LOOKED_AT
        window = self._replay.first_window(chain.pop())
        # A history that was pushed needs no versions: people have made its commits.
        while chain and not git_model.is_by_hub(self._store.info(chain[-1]).committer):
            self._replay.add(window, chain.pop())
            yield self._cost(window)
        yield from self._go_on(window.sealed_here())

    def _cost(self, window: Window) -> int:
        return _COMPARED + len(self._store.text(window.revision))

    def _add(self, window: Window, revision: str) -> Window:
        """Add a revision, and seal the version that ends before it, and one that ends with it."""
        info = self._store.info(revision)
        origin = self._origin_of(revision, info)
        steps = Unsealed(window.steps, window.began, window.last)
        ends = origin.kind is not Kind.EDITS or steps.is_due(info.committer.time, self._times)
        if window.steps and (ends or is_full(window.steps, window.began, window.last)):
            window = self._branch.add(window, Origin())
        self._replay.add(window, revision)
        return window if origin.kind is Kind.EDITS else self._branch.add(window, origin)

    def _origin_of(self, revision: str, info: CommitInfo) -> Origin:
        for commit in (revision, *info.parents[1:]):
            restores = self._store.trailers(commit).get(git_model.RESTORES)
            if restores:
                return Origin(Kind.RESTORE, restores=restores)
        pushed = self._replay.pushed_in(revision, info)
        if pushed is None:
            return Origin()
        before = next(iter(info.parents), revision)
        joins = pushed != revision and self._branch.joins(pushed, before)
        return Origin(Kind.PUSH, pushed=pushed, joins=joins)

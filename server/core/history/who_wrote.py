"""Who wrote the text of any revision, from the record of the versions and the steps since.

Sans-I/O: the repository sits behind `CommitStore`.
"""

from itertools import islice

from server.core.commit_store import CommitStore
from server.core.git_model import AUTHORSHIP, REVISION, VERSIONS
from server.core.history.replay import Replay
from server.core.history.window import Window

# So many commits are compared for one answer; of an older text only the newest part is attributed.
_REPLAYED_MAX = 5_000


class WhoWrote:
    """The authors in the repository of one document, as it is now."""

    def __init__(self, store: CommitStore) -> None:
        self._store = store
        self._replay = Replay(store)
        self._records = self._by_revision(AUTHORSHIP)
        self._versions = self._by_revision(VERSIONS)

    def _by_revision(self, ref: str) -> dict[str, str]:
        """Return the commits of a branch that name a revision, by that."""
        head = self._store.head(ref)
        commits = self._store.first_parents(head) if head else iter(())
        found = ((self._store.trailers(commit).get(REVISION), commit) for commit in commits)
        return {revision: commit for revision, commit in found if revision}

    def window_at(self, revision: str) -> Window:
        """Return a window whose runs are of the text of a revision."""
        chain: list[str] = []
        for commit in islice(self._store.first_parents(revision), _REPLAYED_MAX):
            window = self._known_window(commit)
            if window is not None:
                break
            chain.append(commit)
        else:
            window = self._replay.first_window(chain.pop())
        while chain:
            self._replay.add(window, chain.pop())
        return window

    def _known_window(self, revision: str) -> Window | None:
        """Return the window after the version of a revision; None if no version ends with it."""
        record = self._records.get(revision)
        window = Window.decoded(self._store.text(record)) if record else None
        if window is None and revision in self._versions:
            chain = list(islice(self._store.first_parents(self._versions[revision]), _REPLAYED_MAX))
            window = self._replay.first_window(chain.pop())
            while chain:
                self._replay.add(window, chain.pop())
        return window

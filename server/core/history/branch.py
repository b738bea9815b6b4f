"""The refs of a document's versions: the branch `versions`, and the record of who wrote what.

The record is a branch outside `refs/heads`, which no clone fetches: a commit for each version,
whose text is its `Window`, and one more at its head while there are steps since. It can be made
again from the other branches.

Sans-I/O: the repository sits behind `CommitStore`.
"""

from dataclasses import replace
from itertools import count

from server.core import git_model
from server.core.commit_store import CommitStore
from server.core.git_model import AUTHORSHIP, VERSIONS
from server.core.history.sealing import Origin, seal
from server.core.history.window import Window


class VersionsBranch:
    """The versions in the repository of one document."""

    def __init__(self, store: CommitStore) -> None:
        self._store = store

    @property
    def head(self) -> str | None:
        """The last version's commit; None if there is none."""
        return self._store.head(VERSIONS)

    def revision_of(self, commit: str) -> str:
        """Return the revision that a version's last commit is equal to; itself, if it is one."""
        store = self._store
        revision = store.trailers(commit).get(git_model.REVISION, "")
        if store.has_commit(revision) and store.info(revision).tree == store.info(commit).tree:
            return revision
        return commit

    def is_end(self, commit: str) -> bool:
        """Return whether a commit is the last one of a version."""
        is_by_hub = git_model.is_by_hub(self._store.info(commit).committer)
        return not is_by_hub or git_model.KIND in self._store.trailers(commit)

    def joins(self, pushed: str, revision: str) -> bool:
        """Return whether a pushed commit is based on the branch, so that it can become part of it.

        All its new commits are, rather than on revisions: those would bring the whole history.

        Args:
            pushed: the commit.
            revision: the newest one before the push.
        """
        head = self.head
        if head is None:
            return False
        bases = self._store.boundary(pushed, (revision, head))
        return bool(bases) and all(self._store.contains(head, base) for base in bases)

    def add(self, window: Window, origin: Origin) -> Window:
        """Stage a version of the steps in a window; return the window after it."""
        store = self._store
        head = self.head or window.sealed
        if origin.pushed == window.revision and head == window.sealed:
            after = window.revision  # all of it is commits that people made
        else:
            after = seal(store, window, head, origin)
        if after == head:
            return replace(window.sealed_here(), sealed=window.sealed)
        store.move(VERSIONS, after)
        following = window.sealed_here()
        self.record(following)
        return following

    def record(self, window: Window) -> None:
        """Stage the record of a window."""
        store = self._store
        last = store.head(AUTHORSHIP)
        if last and git_model.REVISION not in store.trailers(last):
            last = next(iter(store.info(last).parents), None)  # of steps since the version
        author = git_model.hub_signature(window.last or store.time(window.revision))
        message = git_model.authorship_message(window.sealed, window.revision)
        parents = (last,) if last else ()
        commit = store.commit(window.encoded(), parents, author, author, message)
        store.move(AUTHORSHIP, commit)

    def recorded(self) -> Window | None:
        """Return the window in the record's head, if it is of the last version."""
        head = self._store.head(AUTHORSHIP)
        window = Window.decoded(self._store.text(head)) if head else None
        if window is None:
            return None
        last = self.head
        return window if last is None or self.revision_of(last) == window.sealed else None

    def set_aside(self) -> None:
        """Rename a branch that holds no versions: it was pushed before the name was reserved."""
        head = self.head
        if head is not None:
            names = (f"{VERSIONS}-{number}" for number in count(2))
            name = next(name for name in names if self._store.head(name) is None)
            self._store.move(name, head)
            self._store.move(VERSIONS, None)

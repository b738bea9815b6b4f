"""Steps found in the commits of a branch, by comparing the texts of each commit and its parent.

Sans-I/O: the repository sits behind `CommitStore`.
"""

from merge.diff_splices import diff_splices
from server.core import git_model
from server.core.commit_store import CommitInfo, CommitStore
from server.core.history.window import Person, Window


class Replay:
    """Adds commits to windows."""

    def __init__(self, store: CommitStore) -> None:
        self._store = store

    def first_window(self, commit: str) -> Window:
        """Return the window after the first commit of a branch."""
        window = Window(commit, "")
        self.add(window, commit)
        return window.sealed_here()

    def add(self, window: Window, commit: str) -> None:
        """Add the step from the text of a window to that of a commit."""
        before = self._store.text(window.revision) if window.revision else ""
        info = self._store.info(commit)
        splices = diff_splices(before, self._store.text(commit))
        window.add(self.author_of(commit, info), splices, commit, info.committer.time)

    def author_of(self, commit: str, info: CommitInfo) -> Person:
        """Return the author of a revision: of one that was pushed, the author of that commit."""
        pushed = self.pushed_in(commit, info)
        author = self._store.info(pushed).author if pushed else info.author
        return Person(author.name, author.email)

    def pushed_in(self, revision: str, info: CommitInfo) -> str | None:
        """Return the commit that was pushed, if that made the revision."""
        if not git_model.is_by_hub(info.committer):
            return revision
        merged = info.parents[1:]
        return next((each for each in merged if self._is_pushed(each)), None)

    def _is_pushed(self, commit: str) -> bool:
        return not git_model.is_by_hub(self._store.info(commit).committer)

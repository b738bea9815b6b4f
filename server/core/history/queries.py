"""Queries about the history of one document: versions, texts, authors, comparisons, steps.

A text is named by a revision, a version's id or the beginning of one, the slug of a named version,
or `NOW`; the empty text before all others by `START`. Sans-I/O: the repository sits behind
`CommitStore`. Changes nothing.
"""

import re
from dataclasses import dataclass
from itertools import islice

from merge.rendering import unified_diff
from server.core.commit_store import CommitStore
from server.core.git_model import MASTER, VERSIONS
from server.core.history.branch import VersionsBranch
from server.core.history.comparison import Authors, Comparison, Steps, compare, steps_between
from server.core.history.version_list import Version, VersionList, open_version
from server.core.history.who_wrote import WhoWrote
from server.core.history.window import Window

NOW, START = "now", "start"
_ABBREVIATED = re.compile(r"[0-9a-f]{7,39}")


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A part of the list of versions, the newest first.

    Attributes:
        revision: the newest revision.
        versions: the versions.
        more: whether older ones follow.
        complete: whether all changes are in versions by now; those from before there were versions
            are not, for a while.
    """

    revision: str
    versions: list[Version]
    more: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class _Text:
    """A text, and who wrote it."""

    text: str
    authors: Authors


class HistoryQueries:
    """The history in a repository that has a `master`.

    Args:
        store: the repository.
        window: the steps since the last version; None if they are not known.
    """

    def __init__(self, store: CommitStore, window: Window | None) -> None:
        self._store = store
        self._window = window
        self._branch = VersionsBranch(store)

    def versions(self, before: str, limit: int) -> VersionPage | None:
        """Return at most `limit` sealed versions, and first the one that is open.

        Args:
            before: the id of the version that the first one follows; empty for the newest.
            limit: their number.

        Returns:
            The versions; None if there is none with this id.
        """
        store, head = self._store, self._branch.head
        if before and not (store.has_commit(before) and head and store.contains(head, before)):
            return None
        found = list(islice(VersionList(store).before(before), limit + 1))
        newest = open_version(store, self._window) if self._window and not before else None
        return VersionPage(
            store.head(MASTER) or "",
            [*filter(None, [newest]), *found[:limit]],
            len(found) > limit,
            self._window is not None,
        )

    def named(self, slug: str) -> Version | None:
        """Return the version with this name, or None."""
        found = VersionList(self._store).before("")
        return next((version for version in found if version.slug == slug), None)

    def commit_of(self, name: str) -> str | None:
        """Return the commit with the text of this name: a revision, or a version's last one."""
        store, master = self._store, self._store.head(MASTER)
        if name == NOW:
            return self._window.revision if self._window else master
        tag = store.tags().get(name)
        commit = tag.commit if tag else self._unabbreviated(name)
        if not store.has_commit(commit):
            return None
        if master and store.contains(master, commit):
            return commit
        return self._end_of_version(commit)

    def _unabbreviated(self, id: str) -> str:
        """Return the commit of `versions` whose id begins so; `id` itself if there is none."""
        head = self._branch.head
        if head is None or not _ABBREVIATED.fullmatch(id):
            return id
        commits = self._store.first_parents(head)
        return next((commit for commit in commits if commit.startswith(id)), id)

    def _end_of_version(self, commit: str) -> str | None:
        """Return the last commit of the version that a commit of `versions` is a part of."""
        end = None
        for each in self._store.first_parents(self._store.head(VERSIONS) or commit):
            end = each if self._branch.is_end(each) else end
            if each == commit:
                return end
        return None

    def authors(self, name: str) -> Authors | None:
        """Return who wrote a text; None if there is none of this name."""
        commit = self.commit_of(name)
        return self._authors(commit) if commit else None

    def compare(self, first: str, last: str, context: int | None) -> Comparison | None:
        """Return two texts compared by words; None if there is none of a name.

        Args:
            first: the name of a text.
            last: that of the other.
            context: the number of characters that are kept around a change; None for all of them.
        """
        old, new = self._text(first), self._text(last)
        if old is None or new is None:
            return None
        authors, runs = compare(old.text, new.text, old.authors, new.authors, context)
        return Comparison(old.authors.revision, new.authors.revision, authors, runs)

    def patch(self, first: str, last: str) -> str | None:
        """Return a unified diff of two texts; None if there is none of a name."""
        old, new = self._text(first), self._text(last)
        if old is None or new is None:
            return None
        return unified_diff(old.text, new.text, first, last)

    def _text(self, name: str) -> _Text | None:
        """Return the text of a name and its authors, or None."""
        if name == START:
            return _Text("", Authors("", [], []))
        commit = self.commit_of(name)
        return _Text(self._store.text(commit), self._authors(commit)) if commit else None

    def steps(self, first: str, last: str) -> Steps | None:
        """Return the steps from one text to another; None if there are none."""
        before, after = "" if first == START else self.commit_of(first), self.commit_of(last)
        if before is None or not after:
            return None
        revision_of = self._branch.revision_of
        return steps_between(self._store, before and revision_of(before), revision_of(after))

    def _authors(self, commit: str) -> Authors:
        window = self._window
        if window is not None and window.revision == commit:
            return Authors.of(window)
        return Authors.of(WhoWrote(self._store).window_at(self._branch.revision_of(commit)))

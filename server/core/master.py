r"""The `master` branch of one document, and how a text is merged into it.

    B ──────── C        a client's commit C on its base B
     \          \
      … ── m ─── M      master was at m; M merges C into it (or master moves on to C itself)

If C conflicts with m it is split, so that only the conflict waits::

    B ─── C1 ─── C2     C1: everything of C that merges; C2: the text as the client sent it
     \      \
      … ── m ─── M      M merges C1; merge-base(master, C2) is C1, so Git sees the same conflict

`master` only grows, and its first parents are the revisions in order. Sans-I/O: `now` is a
parameter, the repository sits behind `CommitStore`. Knows no message and no session.
"""

from dataclasses import dataclass
from itertools import islice

import msgspec

from merge.diff_splices import diff_splices
from merge.local_merge import LocalMerge, merge_local
from merge.result import Hunk, Merge, with_theirs
from merge.splices import Splice
from merge.three_way import merge
from server.core import git_model
from server.core.clients import Author
from server.core.commit_store import CommitStore
from server.core.recent_steps import RecentSteps, Splices, Step

# An edit counts as live typing if its base is at most this old and it changes at most this much:
# then known splices are applied where they were made. Of larger edits the live rules would merge
# too much without asking.
_LIVE_AGE_S = 30.0
_LIVE_CHARACTERS = 200

# At most this many revisions and commits are searched for the authors of a hunk.
_STEPS_SEARCHED = 100
_AUTHORS_SEARCHED = 50

# After one split nothing more merges, unless the careful rules, which open conflicts are judged by,
# find more than the live ones did.
_SPLITS_MAX = 3


class Incoming(msgspec.Struct, frozen=True):
    """A client's text that is to be merged into `master`."""

    author: Author
    seq: int
    text: str
    merge_base: str  # with `master`
    parents: tuple[str, ...]
    head: str | None = None  # the commit of `text`, if there is one already
    splices: Splices | None = None  # from the text of `merge_base` to `text`, if they are known
    restores: str = ""  # the revision that it brings back, if it does


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """The conflict between a branch and `master`."""

    merge_base: str
    revision: str  # of `master`; the hunks are placed in its text
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """The conflicts of a whole version with `master`: hunks, and files besides the document's."""

    hunks: tuple[Hunk, ...]
    files: tuple[str, ...]


class MergeOutcome(msgspec.Struct, frozen=True):
    """The branch's new head, which is in `master` unless there is a conflict."""

    head: str
    conflict: OpenConflict | None


class Master:
    """The branch that everyone sees: `revision` is its head, `text` the text of that."""

    def __init__(self, store: CommitStore) -> None:
        self._store = store
        self._steps = RecentSteps()
        self._first = ""
        self.revision = store.head(git_model.MASTER) or self.first
        self.text = store.text(self.revision)

    @property
    def first(self) -> str:
        """The first revision, the same on every server: staged, but not stored by itself."""
        if not self._first:
            start = git_model.hub_signature(0)
            self._first = self._store.commit("", (), start, start, git_model.ROOT_MESSAGE)
        return self._first

    @property
    def move_count(self) -> int:
        """The number of moves since the document was opened."""
        return self._steps.count

    @property
    def moved_at(self) -> float:
        """When it moved last since the document was opened; 0 if it has not."""
        return self._steps.moved_at

    def last_steps(self, count: int) -> list[Step] | None:
        """Return the last `count` moves, in order; None if they are not all remembered."""
        return self._steps.last(count)

    def contains(self, commit: str) -> bool:
        """Return whether `commit` is in `master`."""
        is_known = commit == self.revision or commit in self._steps
        return is_known or self._store.contains(self.revision, commit)

    def splices_since(self, commit: str) -> Splices:
        """Return the splices from the text of a commit to the newest text."""
        composed = () if commit == self.revision else self._steps.splices_since(commit)
        return diff_splices(self._store.text(commit), self.text) if composed is None else composed

    def merge_base(self, commit: str) -> str:
        """Return the merge base of `master` and a commit that is not in it.

        An unrelated commit, put here by hand, counts as based on the first revision.
        """
        return self._store.merge_base(self.revision, commit) or self.first

    # --- merging

    def merge(self, incoming: Incoming, now: float) -> MergeOutcome:
        """Merge a text; if it conflicts, split it and merge the part that does not."""
        splices = incoming.splices
        if splices is None:
            splices = diff_splices(self._store.text(incoming.merge_base), incoming.text)
        merge_base = incoming.merge_base
        live = merge_base != self.revision and self._is_live(merge_base, splices, now)
        outcome = self._merge_local(incoming, splices, live, now)
        # Splices tell what was typed where; for a whole text the live rules may find out.
        return outcome or self._merge_full(incoming, live and incoming.splices is None, now)

    def _merge_local(
        self, incoming: Incoming, splices: Splices, live: bool, now: float
    ) -> MergeOutcome | None:
        """Merge the splices of both sides without comparing texts; None if that is not clean."""
        merge_base = incoming.merge_base
        ours = () if merge_base == self.revision else self._steps.splices_since(merge_base)
        if ours is None:
            return None
        if ours:
            base = self._store.text(merge_base)
            merged = merge_local(base, self.text, ours, splices, live=live)
        else:
            merged = LocalMerge(incoming.text, splices, ())
        if merged is None:
            return None
        head = incoming.head or self._commit_edit(incoming, incoming.parents, now, splices)
        self._move_to_merge(head, merge_base, merged, incoming.author, now)
        return MergeOutcome(head, None)

    def _merge_full(self, incoming: Incoming, live: bool, now: float) -> MergeOutcome:
        """Merge by comparing the whole texts, and split the incoming one if it conflicts."""
        merge_base, parents, head = incoming.merge_base, incoming.parents, incoming.head
        result = self._three_way(merge_base, incoming.text, live=live)
        for _ in range(_SPLITS_MAX):
            if result.clean or result.theirs_clean == self._store.text(merge_base):
                break
            part = self._commit_part(incoming, merge_base, result.theirs_clean, now)
            self._move_to_text(part, merge_base, result.text, incoming.author, now)
            parents = (part, *(parent for parent in parents if parent != merge_base))
            merge_base, head = part, None
            result = self._three_way(merge_base, incoming.text)
        head = head or self._commit_edit(incoming, parents, now)
        if not result.clean:
            return MergeOutcome(head, OpenConflict(merge_base, self.revision, result.hunks))
        self._move_to_text(head, merge_base, result.text, incoming.author, now)
        return MergeOutcome(head, None)

    def merge_or_reject(self, incoming: Incoming, now: float) -> Rejection | None:
        """Merge a text by the careful rules, as a whole or not at all.

        Returns:
            The conflicts, if nothing was merged; None if the text is in `master` now.
        """
        merge_base, head = incoming.merge_base, incoming.head
        result = self._three_way(merge_base, incoming.text)
        files = None
        if head is not None and merge_base != self.revision:
            files = self._store.merge_files(merge_base, self.revision, head)
        conflicting = files.conflicting if files else ()
        if not result.clean or conflicting:
            return Rejection(tuple(result.hunks), conflicting)
        head = head or self._commit_edit(incoming, incoming.parents, now)
        tree = files.tree if files else None
        self._move_to_text(head, merge_base, result.text, incoming.author, now, tree)
        return None

    def commit_with_side_parent(
        self, author: Author, seq: int, text: str, parent: str, head: str, now: float
    ) -> str:
        """Commit a text on `parent`, and merge that commit into `head` without its change.

        Returns:
            The new head.
        """
        side = self._commit_edit(Incoming(author, seq, text, parent, (parent,)), (parent,), now)
        kept = Incoming(author, seq, self._store.text(head), head, (head,))
        return self._commit_edit(kept, (head, side), now)

    def commit_shown_text(self, author: Author, revision: str, head: str, now: float) -> str:
        """Commit the text that a client was shown with a conflict that has ended since.

        Both of its sides are in `master` by now. Compared with the revision alone, the client's
        resolution would bring the words of its branch a second time.

        Args:
            author: the client that resolves the conflict.
            revision: the revision that the conflict was shown with.
            head: the head of the branch that conflicted with it.
            now: Unix time in seconds.
        """
        store = self._store
        merge_base = store.merge_base(revision, head) or self.first
        merged = merge(store.text(merge_base), store.text(revision), store.text(head))
        shown = with_theirs(merged.text, merged.hunks)
        message = git_model.shown_message(author.client)
        return self._commit(shown, (revision, head), author, message, now)

    def open_conflict(self, merge_base: str, head: str) -> OpenConflict | None:
        """Return a branch's conflict with `master`; None if at least a part of it merges now."""
        result = self.preview_merge(merge_base, head)
        if result.clean or result.theirs_clean != self._store.text(merge_base):
            return None
        return OpenConflict(merge_base, self.revision, result.hunks)

    def preview_merge(self, merge_base: str, head: str) -> Merge:
        """Return what merging a branch by the careful rules would give."""
        return self._three_way(merge_base, self._store.text(head))

    def _three_way(self, merge_base: str, theirs: str, *, live: bool = False) -> Merge:
        return merge(self._store.text(merge_base), self.text, theirs, live=live)

    # --- commits

    def _commit_part(self, incoming: Incoming, merge_base: str, text: str, now: float) -> str:
        author, before = incoming.author, self._store.text(merge_base)
        message = git_model.part_message(git_model.describe(before, text), author.client)
        return self._commit(text, (merge_base,), author, message, now)

    def _commit_edit(
        self,
        incoming: Incoming,
        parents: tuple[str, ...],
        now: float,
        splices: Splices | None = None,
    ) -> str:
        author, text = incoming.author, incoming.text
        if parents[0] != incoming.merge_base:
            splices = None  # they lead from the merge base
        what = git_model.describe(self._store.text(parents[0]), text, splices)
        message = git_model.edit_message(what, author.client, incoming.seq, incoming.restores)
        return self._commit(text, parents, author, message, now, splices)

    def _commit(
        self,
        text: str,
        parents: tuple[str, ...],
        author: Author,
        message: str,
        now: float,
        splices: Splices | None = None,
        files: str | None = None,
    ) -> str:
        written = git_model.Signature(author.name, author.address, now)
        committed = git_model.hub_signature(now)
        return self._store.commit(text, parents, written, committed, message, splices, files)

    def _move_to_text(
        self,
        commit: str,
        merge_base: str,
        text: str,
        author: Author,
        now: float,
        files: str | None = None,
    ) -> None:
        """Move `master` to a merge with `commit` of this text."""
        from_ours = diff_splices(self.text, text)
        from_theirs = diff_splices(self._store.text(commit), text)
        merged = LocalMerge(text, from_ours, from_theirs)
        self._move_to_merge(commit, merge_base, merged, author, now, files)

    def _move_to_merge(
        self,
        commit: str,
        merge_base: str,
        merged: LocalMerge,
        author: Author,
        now: float,
        files: str | None = None,
    ) -> None:
        """Move `master` to `commit` if it is based on the last revision, else to a merge."""
        before, text = self.revision, merged.text
        if before != merge_base:
            what = git_model.describe(self.text, text, merged.from_ours)
            message = git_model.merge_message(what, author.name)
            parents = before, commit
            after = self._commit(text, parents, author, message, now, merged.from_ours, files)
        else:
            after = commit
        self._store.move(git_model.MASTER, after)
        self._steps.add(
            Step(before, after, commit, author, now, merged.from_ours, merged.from_theirs)
        )
        self.revision, self.text = after, text

    def _is_live(self, merge_base: str, splices: Splices, now: float) -> bool:
        """Return whether this is live typing, and no paste or edit after a long absence."""
        if sum(deleted + len(inserted) for _, deleted, inserted in splices) > _LIVE_CHARACTERS:
            return False
        superseded_at = self._steps.superseded_at(merge_base)
        return superseded_at is not None and 0 <= now - superseded_at <= _LIVE_AGE_S

    # --- authors

    def moves_since(self, commit: str) -> int:
        """Return the number of remembered moves since a commit."""
        return self._steps.count_since(commit)

    def clients_since(self, revision: str) -> list[str]:
        """Return the clients whose edits were merged since a revision, as far as remembered."""
        return list(dict.fromkeys(step.author.client for step in self._steps.since(revision)))

    def authors_since(self, commit: str, address: str = "") -> list[str]:
        """Return the names of the authors since a commit, latest first, without this address's."""
        names = self._store.authors(self.revision, commit, _AUTHORS_SEARCHED)
        names.pop(address, None)
        return list(dict.fromkeys(names.values()))

    def authors_of(self, conflict: OpenConflict, author: Author) -> list[str]:
        """Return the names of the authors of `master`'s side of a client's conflict."""
        ranges = [(hunk.start, hunk.end) for hunk in conflict.hunks]
        names: dict[str, None] = {}
        for step in islice(self._steps.since(conflict.merge_base), _STEPS_SEARCHED):
            if step.author.client != author.client and any(
                _touches(step.splices, *r) for r in ranges
            ):
                names[step.author.name] = None
            ranges = [_before(step.splices, *place) for place in ranges]
        return list(names) or self.other_authors(conflict.merge_base, author.address)

    def other_authors(self, commit: str, address: str) -> list[str]:
        """Return the names of the authors since a commit without this address's; never empty."""
        return self.authors_since(commit, address) or ["someone else"]


def _touches(splices: tuple[Splice, ...], start: int, end: int) -> bool:
    """Return whether splices touch `start` to `end`, positions in the text after them."""
    grown = 0
    for at, deleted, inserted in splices:
        if at + grown <= end and start <= at + grown + len(inserted):
            return True
        grown += len(inserted) - deleted
    return False


def _before(splices: tuple[Splice, ...], start: int, end: int) -> tuple[int, int]:
    """Map `start` to `end`, positions in the text after splices, to the text before them."""
    return _position_before(splices, start, False), _position_before(splices, end, True)


def _position_before(splices: tuple[Splice, ...], position: int, is_end: bool) -> int:
    grown = 0
    for at, deleted, inserted in splices:
        begin, end = at + grown, at + grown + len(inserted)
        if position < begin or (position == begin and is_end and not deleted):
            break
        if position < end or (position == end and is_end):
            return at + deleted if is_end else at
        grown += len(inserted) - deleted
    return position - grown

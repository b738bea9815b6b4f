r"""The `master` branch of one document, and how a text is merged into it.

    B ──────── C        a client's commit C on its base B
     \          \
      … ── m ─── M      master was at m; M merges C into it (or master just moves on to C)

Where C disagrees with m it is split, so that only the disagreement waits::

    B ─── C1 ─── C2     C1: everything of C that merges; C2: the text as it was sent
     \      \
      … ── m ─── M      M merges C1; merge-base(master, C2) is C1, so Git sees the same conflict

`master` only grows, and its first parents are the revisions in order. Sans-I/O: `now` is a
parameter, the repository sits behind `CommitStore`. Knows no message and no session.
"""

from dataclasses import dataclass

from merge.between import between
from merge.nearby import Nearby, merge_nearby
from merge.result import Hunk, Merge, with_theirs
from merge.splices import Splice
from merge.three_way import merge
from server.core import git_model
from server.core.clients import Author
from server.core.commit_store import CommitStore
from server.core.recent_steps import Change, Step, Steps
from server.core.summary import describe

# An edit counts as live typing while its base is at most this old and it changes no more than this:
# then known splices are carried out where they were made. Of larger changes the live rules would
# settle too much silently.
_LIVE_AGE_S = 30.0
_LIVE_CHARACTERS = 200

# How many of the last revisions are searched for who wrote a hunk.
_STEPS_SEARCHED = 100
_AUTHORS_SEARCHED = 50

# One split leaves nothing that merges; a second is needed only where the careful rules, by which
# an open conflict is judged, see more than the live ones did.
_SPLITS_MAX = 3


@dataclass(frozen=True, slots=True)
class Incoming:
    """A client's text that is to come into `master`."""

    author: Author
    seq: int
    sent: str
    fork: str  # the merge base with `master`
    parents: tuple[str, ...]
    head: str | None = None  # the commit of `sent`, where there is one already
    change: Change | None = None  # from the text at `fork` to `sent`, where that is known


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What keeps a branch out of `master`."""

    fork: str  # the merge base of the branch and `master`
    revision: str  # of `master`, in whose text the hunks are placed
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What keeps a whole version out of `master`: words, and other files than the document's."""

    hunks: tuple[Hunk, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """The branch's new head, in `master` already unless there is a disagreement."""

    head: str
    disagreement: Disagreement | None


class Master:
    """The branch that everyone sees: `revision` is its commit, `text` the text there."""

    def __init__(self, store: CommitStore) -> None:
        self._store = store
        self._steps = Steps()
        self._first = ""
        self.revision = store.head(git_model.MASTER) or self.first
        self.text = store.text(self.revision)

    @property
    def first(self) -> str:
        """The first revision, the same on every server: staged, and not yet worth storing."""
        if not self._first:
            start = git_model.hub_signature(0)
            self._first = self._store.commit("", (), start, start, git_model.ROOT_MESSAGE)
        return self._first

    @property
    def moves(self) -> int:
        """How often it has moved since it was opened."""
        return self._steps.moves

    def contains(self, commit: str) -> bool:
        """Whether `commit` is part of what everyone sees."""
        is_known = commit == self.revision or commit in self._steps
        return is_known or self._store.contains(self.revision, commit)

    def change_since(self, commit: str) -> Change:
        """What makes the text of the text at a commit."""
        composed = () if commit == self.revision else self._steps.change_since(commit)
        return between(self._store.text(commit), self.text) if composed is None else composed

    def merge_base(self, commit: str) -> str:
        """Where a branch that is not contained left `master`.

        What shares nothing with it, and was put here by hand, began with the first revision too.
        """
        return self._store.merge_base(self.revision, commit) or self.first

    # --- merging

    def take_in(self, incoming: Incoming, now: float) -> Settled:
        """Merge a text; where it disagrees, split it and merge what does not disagree."""
        change = incoming.change
        if change is None:
            change = between(self._store.text(incoming.fork), incoming.sent)
        live = self._is_live(incoming.fork, change, now)
        settled = self._take_in_nearby(incoming, change, live, now)
        # What was typed where is known, unless a whole text came: then comparing may read it.
        return settled or self._take_in_wholly(incoming, live and incoming.change is None, now)

    def _take_in_nearby(
        self, incoming: Incoming, change: Change, live: bool, now: float
    ) -> Settled | None:
        """Merge what is known to have changed on both sides, if that is clean."""
        fork = incoming.fork
        ours_change = () if fork == self.revision else self._steps.change_since(fork)
        if ours_change is None:
            return None
        if ours_change:
            base = self._store.text(fork)
            near = merge_nearby(base, self.text, ours_change, change, live=live)
        else:
            near = Nearby(incoming.sent, change, ())
        if near is None:
            return None
        head = incoming.head or self._commit_sent(incoming, incoming.parents, now, change)
        self._advance(head, fork, near, incoming.author, now)
        return Settled(head, None)

    def _take_in_wholly(self, incoming: Incoming, live: bool, now: float) -> Settled:
        """Compare the whole texts, and split what came in where it disagrees."""
        fork, parents, head = incoming.fork, incoming.parents, incoming.head
        result = self._merge(fork, incoming.sent, live=live)
        for _ in range(_SPLITS_MAX):
            if result.clean or result.theirs_clean == self._store.text(fork):
                break
            part = self._commit_part(incoming, fork, result.theirs_clean, now)
            self._advance_to(part, fork, result.text, incoming.author, now)
            parents = (part, *(parent for parent in parents if parent != fork))
            fork, head = part, None
            result = self._merge(fork, incoming.sent)
        head = head or self._commit_sent(incoming, parents, now)
        if not result.clean:
            return Settled(head, Disagreement(fork, self.revision, result.hunks))
        self._advance_to(head, fork, result.text, incoming.author, now)
        return Settled(head, None)

    def take_in_whole(self, incoming: Incoming, now: float) -> Refusal | None:
        """Merge a text by the careful rules if nothing of it disagrees.

        Returns:
            What disagrees, and then nothing was changed; None if it is in `master` now.
        """
        fork, head = incoming.fork, incoming.head
        result = self._merge(fork, incoming.sent)
        files = None
        if head is not None and fork != self.revision:
            files = self._store.merge_files(fork, self.revision, head)
        disputed = files.disputed if files else ()
        if not result.clean or disputed:
            return Refusal(tuple(result.hunks), disputed)
        head = head or self._commit_sent(incoming, incoming.parents, now)
        tree = files.tree if files else None
        self._advance_to(head, fork, result.text, incoming.author, now, tree)
        return None

    def commit_over(
        self, author: Author, seq: int, text: str, parent: str, head: str, now: float
    ) -> str:
        """Commit a text on `parent`, and `head` over it, whose text stays.

        Returns:
            The new head.
        """
        kept = Incoming(author, seq, text, parent, (parent,))
        over = Incoming(author, seq, self._store.text(head), head, (head,))
        beside = self._commit_sent(kept, kept.parents, now)
        return self._commit_sent(over, (head, beside), now)

    def commit_shown(self, author: Author, revision: str, head: str, now: float) -> str:
        """Commit what somebody was shown whose conflict ended meanwhile, without their answer.

        Both are in `master` by now. An answer compared with the revision alone would say again
        what came in with the branch.

        Args:
            author: who answers.
            revision: in whose text the conflict was shown.
            head: of the branch that was in conflict with it.
            now: Unix time in seconds.
        """
        fork = self._store.merge_base(revision, head) or self.first
        store = self._store
        merged = merge(store.text(fork), store.text(revision), store.text(head))
        shown = with_theirs(merged.text, merged.hunks)
        message = git_model.shown_message(author.client)
        return self._commit(shown, (revision, head), author, message, now)

    def disagreement(self, fork: str, head: str) -> Disagreement | None:
        """What a branch and `master` still disagree about; None: at least a part merges now."""
        result = self.merged_with(fork, head)
        if result.clean or result.theirs_clean != self._store.text(fork):
            return None
        return Disagreement(fork, self.revision, result.hunks)

    def merged_with(self, fork: str, head: str) -> Merge:
        """What taking in a branch would come to, by the careful rules."""
        return self._merge(fork, self._store.text(head))

    def _merge(self, fork: str, theirs: str, *, live: bool = False) -> Merge:
        return merge(self._store.text(fork), self.text, theirs, live=live)

    def _commit_part(self, incoming: Incoming, fork: str, text: str, now: float) -> str:
        author, before = incoming.author, self._store.text(fork)
        message = git_model.part_message(describe(before, text), author.client)
        return self._commit(text, (fork,), author, message, now)

    def _commit_sent(
        self,
        incoming: Incoming,
        parents: tuple[str, ...],
        now: float,
        change: Change | None = None,
    ) -> str:
        author, sent = incoming.author, incoming.sent
        if parents[0] != incoming.fork:
            change = None  # it is from the fork
        what = describe(self._store.text(parents[0]), sent, change)
        message = git_model.edit_message(what, author.client, incoming.seq)
        return self._commit(sent, parents, author, message, now, change)

    def _commit(
        self,
        text: str,
        parents: tuple[str, ...],
        author: Author,
        message: str,
        now: float,
        change: Change | None = None,
        files: str | None = None,
    ) -> str:
        written = git_model.signature_of(author.client, author.name, now)
        committed = git_model.hub_signature(now)
        return self._store.commit(text, parents, written, committed, message, change, files)

    def _advance_to(
        self,
        commit: str,
        fork: str,
        text: str,
        author: Author,
        now: float,
        files: str | None = None,
    ) -> None:
        """Move on to what merging whole texts came to."""
        from_ours = between(self.text, text)
        from_theirs = between(self._store.text(commit), text)
        self._advance(commit, fork, Nearby(text, from_ours, from_theirs), author, now, files)

    def _advance(
        self,
        commit: str,
        fork: str,
        merged: Nearby,
        author: Author,
        now: float,
        files: str | None = None,
    ) -> None:
        """Move on to `commit` if nothing happened since its fork, else to a merge with it."""
        before, text = self.revision, merged.text
        if before != fork:
            what = describe(self.text, text, merged.from_ours)
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

    def _is_live(self, fork: str, change: Change, now: float) -> bool:
        """Whether this is people typing at the same time, and not a long absence or a paste."""
        if sum(deleted + len(inserted) for _, deleted, inserted in change) > _LIVE_CHARACTERS:
            return False
        left_at = self._steps.left_at(fork)
        return left_at is not None and 0 <= now - left_at <= _LIVE_AGE_S

    # --- who did it

    def names_since(self, commit: str) -> tuple[str, ...]:
        """The names of those who wrote what is new since `commit`, latest first."""
        if commit == self.revision:
            return ()
        names = self._store.authors(self.revision, commit, _AUTHORS_SEARCHED).values()
        return tuple(dict.fromkeys(names))

    def moves_since(self, fork: str) -> int:
        """How many remembered revisions followed `fork`."""
        return 0 if fork == self.revision else sum(1 for _ in self._steps.back_to(fork))

    def clients_since(self, revision: str) -> list[str]:
        """The clients whose edits came in since `revision`, as far as remembered."""
        return list(dict.fromkeys(step.author.client for step in self._steps.back_to(revision)))

    def authors_of(self, found: Disagreement, but: Author) -> list[str]:
        """The names of those who wrote `master`'s side of a disagreement."""
        ranges = [(hunk.start, hunk.end) for hunk in found.hunks]
        names: dict[str, None] = {}
        for step in list(self._steps.back_to(found.fork))[:_STEPS_SEARCHED]:
            splices = step.change
            if step.author.client != but.client and any(_touches(splices, *r) for r in ranges):
                names[step.author.name] = None
            ranges = [_before(splices, *place) for place in ranges]
        if not names:
            since = self._store.authors(self.revision, found.fork, _AUTHORS_SEARCHED)
            since.pop(git_model.email_of(but.client), None)
            names = dict.fromkeys(since.values())
        return list(names)


def _touches(splices: tuple[Splice, ...], start: int, end: int) -> bool:
    """Whether a change reaches the places `start` to `end` of the text after it."""
    grown = 0
    for at, deleted, inserted in splices:
        if at + grown <= end and start <= at + grown + len(inserted):
            return True
        grown += len(inserted) - deleted
    return False


def _before(splices: tuple[Splice, ...], start: int, end: int) -> tuple[int, int]:
    """Where the places `start` to `end` of the text after a change were before it."""
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

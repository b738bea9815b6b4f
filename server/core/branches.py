"""The clients' branches of one document: which there are, what they wait for, how they end.

    clients/<client> ── merged ──▶ in `master`; dropped some time after its client has gone
         │
         └── disagrees ──▶ open ── decided later, or its client is gone ──▶ unmerged/<client>

Invariants:
    A client has an open conflict exactly while the head of its branch is not in `master`; all of
    it (merge base, hunks, last seq) is found again from the repository alone.
    What was ever the head of a branch stays reachable until it is in `master`.

Sans-I/O: `now` is a parameter, the repository sits behind `CommitStore`. Knows no message.
"""

from collections.abc import Collection
from dataclasses import dataclass

from server.core import git_model
from server.core.clients import Author
from server.core.commit_store import CommitStore
from server.core.git_model import CLIENTS
from server.core.master import Disagreement, Incoming, Master
from server.core.unmerged import Unmerged

# How many commits back from a branch's head an edit that is sent again is looked for.
_RESENT_SEARCHED = 500

# Stands for whoever writes into the repository on disk.
_OUTSIDE = "outside"


@dataclass(slots=True)
class Branch:
    """A client's line of work. `base` is what its last edit was based on."""

    author: Author
    seen: float
    head: str | None = None
    base: str | None = None
    seq: int = 0
    conflict: Disagreement | None = None
    waiting_since: int = 0  # in moves of `master`


class Branches:
    """The branches of the clients that are here, found in the repository as they come."""

    def __init__(self, store: CommitStore, master: Master, now: float) -> None:
        self._store = store
        self._master = master
        self._opened = now
        self._branches: dict[str, Branch] = {}
        self.unmerged = Unmerged(store, master)

    @property
    def has_open_conflicts(self) -> bool:
        return any(branch.conflict for branch in self._branches.values())

    def find(self, client: str) -> Branch | None:
        """A branch that was asked for before."""
        return self._branches.get(client)

    def of(self, author: Author, now: float) -> Branch:
        """The branch of a client who is here now."""
        branch = self._branches.get(author.client)
        if branch is None:
            branch = self._branches[author.client] = self._load(author, now)
        branch.author, branch.seen = author, now
        return branch

    def _load(self, author: Author, now: float) -> Branch:
        """Find a client's branch in the repository, with its conflict where it has one open."""
        head = self._store.head(CLIENTS + author.client)
        heads = [*self.unmerged.heads_of(author.client), *([head] if head else [])]
        seqs = [git_model.seq_in(self._store.trailers(commit), author.client) for commit in heads]
        branch = Branch(author, now, head, seq=max(seqs, default=0))
        if head and not self._master.contains(head):
            self._take_in_head(branch, head, self._master.merge_base(head), now)
        return branch

    def owns(self, branch: Branch, commit: str) -> bool:
        """Whether the client made this commit and it is not in `master` yet."""
        own = [branch.head] if branch.head else []
        own += self.unmerged.heads_of(branch.author.client)
        return any(self._store.contains(head, commit) for head in own)

    def commit_of(self, branch: Branch, seq: int) -> str | None:
        """The commit of an edit that is durable already."""
        client = branch.author.client
        heads = [branch.head or self._master.revision, *self.unmerged.heads_of(client)]
        trailers = git_model.trailers_of(client, seq)
        found = (self._store.find(head, trailers, _RESENT_SEARCHED) for head in heads)
        return next(filter(None, found), None)

    # --- into `master`

    def take_in(self, branch: Branch, incoming: Incoming, now: float) -> str:
        """Merge a text, and keep what does not merge as the branch's open conflict.

        Returns:
            The branch's new head.
        """
        master = self._master
        moves = master.moves
        shown = (
            branch.waiting_since if branch.conflict else moves - master.moves_since(incoming.fork)
        )
        settled = master.take_in(incoming, now)
        branch.head, branch.conflict = settled.head, settled.disagreement
        branch.waiting_since = shown + master.moves - moves  # what it moved itself is no news to it
        self._store.move(CLIENTS + branch.author.client, settled.head)
        if settled.disagreement is None and incoming.parents != (incoming.fork,):
            self.unmerged.drop_merged()  # it may have brought others' heads into `master`
        return settled.head

    def keep_aside(self, branch: Branch, parent: str, text: str, now: float) -> None:
        """Keep a text that the branch has left behind already: in its history, not in its text."""
        assert branch.head is not None, "a branch without a head has left nothing behind"
        branch.head = self._master.commit_over(
            branch.author, branch.seq, text, parent, branch.head, now
        )
        self._store.move(CLIENTS + branch.author.client, branch.head)

    def _take_in_head(self, branch: Branch, head: str, fork: str, now: float) -> None:
        """Take in what a branch holds already, as far as it merges."""
        text = self._store.text(head)
        incoming = Incoming(branch.author, branch.seq, text, fork, (head,), head)
        self.take_in(branch, incoming, now)

    def take_in_outside(self, head: str, now: float) -> None:
        """Merge what somebody put on `master` on disk; put aside what disagrees."""
        author = Author(_OUTSIDE, self._store.author_name(head))
        branch = Branch(author, now, head)
        fork = self._store.merge_base(self._master.revision, head)
        if fork is not None:
            self._take_in_head(branch, head, fork, now)
        if fork is None or branch.conflict:
            self.park(branch)

    def review(self, now: float) -> None:
        """See what is left of each open conflict after `master` moved.

        What merges by now is taken in, and that moves `master` for the others: again until it
        stands. Each time less is in dispute.
        """
        moves = -1
        while moves != self._master.moves:
            moves = self._master.moves
            self._review_each(now)

    def _review_each(self, now: float) -> None:
        for branch in list(self._branches.values()):
            found = branch.conflict
            if found is None or found.revision == self._master.revision or branch.head is None:
                continue
            if self._master.contains(branch.head):  # somebody pushed what they made of it
                branch.conflict = None
                continue
            branch.conflict = self._master.disagreement(found.fork, branch.head)
            if branch.conflict is None:
                self._take_in_head(branch, branch.head, found.fork, now)

    # --- put aside

    def park(self, branch: Branch) -> None:
        """Keep the branch as unmerged; the client starts a fresh one with its next edit."""
        client = branch.author.client
        assert branch.head is not None, "there is nothing to keep"
        self.unmerged.add(client, branch.head)
        self._store.move(CLIENTS + client, None)
        branch.head = branch.base = branch.conflict = None

    def sweep(
        self, present: Collection[str], now: float, park_after_s: float, keep_s: float
    ) -> None:
        """Tidy up behind clients that are gone: park open conflicts, drop merged branches.

        Args:
            present: the clients that have a session.
            now: the time (Unix time in seconds).
            park_after_s: how long an open conflict waits for its client.
            keep_s: how long a merged branch stays after its last commit.
        """
        for client in self._branches.keys() & present:
            self._branches[client].seen = now
        self._forget_absent(present, now - park_after_s)
        here = {*present, *self._branches}
        for client, head in self._store.heads(CLIENTS).items():
            if client not in here and now - self._opened >= park_after_s:
                self._tidy(client, head, now - keep_s)
        self.unmerged.drop_merged()
        self.review(now)  # a branch that was found may have moved `master`

    def _forget_absent(self, present: Collection[str], before: float) -> None:
        """Park what clients left open that were last seen before then, and forget them."""
        for client, branch in list(self._branches.items()):
            if client not in present and branch.seen <= before:
                if branch.conflict:
                    self.park(branch)
                del self._branches[client]

    def _tidy(self, client: str, head: str, before: float) -> None:
        """Look after a branch whose client has not been here since the document was opened."""
        if not self._master.contains(head):
            branch = self._load(Author(client, self._store.author_name(head)), self._opened)
            if branch.conflict:
                self.park(branch)
        elif self._store.time(head) <= before:
            self._store.move(CLIENTS + client, None)

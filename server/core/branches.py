"""The clients' branches of one document, and their open conflicts.

    clients/<client> ── merges ──▶ in `master`; dropped some time after its client has left
         │
         └── conflicts ──▶ open ── parked, or its client has left ──▶ unmerged/<client>

Invariants:
    A client has an open conflict exactly while the head of its branch is not in `master`; all of
    it (merge base, hunks, last seq) can be restored from the repository alone.
    Every former head of a branch stays reachable until it is in `master`.

Sans-I/O: `now` is a parameter, the repository sits behind `CommitStore`. Knows no message.
"""

from collections.abc import Collection
from dataclasses import dataclass

from server.core import git_model
from server.core.clients import Author
from server.core.commit_store import CommitStore
from server.core.git_model import CLIENTS
from server.core.master import Incoming, Master, OpenConflict
from server.core.unmerged import Unmerged

# An edit that is sent again is looked for in at most this many commits from a branch's head.
_RESENT_SEARCHED = 500

# Stands for any other writer of the repository on disk.
_OUTSIDE = "outside"


@dataclass(slots=True)
class Branch:
    """A client's branch; `base` is what the client's last edit was based on."""

    author: Author
    seen: float
    head: str | None = None
    base: str | None = None
    seq: int = 0
    conflict: OpenConflict | None = None
    waiting_since: int = 0  # the number of moves of `master` when its conflict began


class Branches:
    """The branches of the present clients, loaded from the repository when they come."""

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
        """Return a client's branch if it is loaded."""
        return self._branches.get(client)

    def get(self, author: Author, now: float) -> Branch:
        """Return the branch of a present client, loading it if necessary."""
        branch = self._branches.get(author.client)
        if branch is None:
            branch = self._branches[author.client] = self._load(author, now)
        branch.author, branch.seen = author, now
        return branch

    def _load(self, author: Author, now: float) -> Branch:
        """Load a client's branch from the repository, with its open conflict if it has one."""
        head = self._store.head(CLIENTS + author.client)
        heads = [*self.unmerged.heads_of(author.client), *([head] if head else [])]
        seqs = [git_model.seq_in(self._store.trailers(commit), author.client) for commit in heads]
        branch = Branch(author, now, head, seq=max(seqs, default=0))
        if head and not self._master.contains(head):
            self._merge_head(branch, head, self._master.merge_base(head), now)
        return branch

    def owns(self, branch: Branch, commit: str) -> bool:
        """Return whether the client made this commit and it is not in `master` yet."""
        own = [branch.head] if branch.head else []
        own += self.unmerged.heads_of(branch.author.client)
        return any(self._store.contains(head, commit) for head in own)

    def find_commit(self, branch: Branch, seq: int) -> str | None:
        """Return the commit of a client's edit that is durable already."""
        client = branch.author.client
        heads = [branch.head or self._master.revision, *self.unmerged.heads_of(client)]
        trailers = git_model.trailers_of(client, seq)
        found = (self._store.find(head, trailers, _RESENT_SEARCHED) for head in heads)
        return next(filter(None, found), None)

    # --- merging

    def merge(self, branch: Branch, incoming: Incoming, now: float) -> str:
        """Merge a text; keep the part that conflicts as the branch's open conflict.

        Returns:
            The branch's new head.
        """
        master = self._master
        moves = master.move_count
        if branch.conflict:
            since = branch.waiting_since
        else:
            since = moves - master.moves_since(incoming.merge_base)
        outcome = master.merge(incoming, now)
        branch.head, branch.conflict = outcome.head, outcome.conflict
        branch.waiting_since = since + master.move_count - moves  # its own moves do not count
        self._store.move(CLIENTS + branch.author.client, outcome.head)
        if outcome.conflict is None and incoming.parents != (incoming.merge_base,):
            self.unmerged.drop_merged()  # others' heads may be in `master` now
        return outcome.head

    def keep_in_history(self, branch: Branch, parent: str, text: str, now: float) -> None:
        """Keep an outdated text in the branch's history, without changing the branch's text."""
        assert branch.head is not None, "the text is outdated, so the branch has a head"
        branch.head = self._master.commit_with_side_parent(
            branch.author, branch.seq, text, parent, branch.head, now
        )
        self._store.move(CLIENTS + branch.author.client, branch.head)

    def _merge_head(self, branch: Branch, head: str, merge_base: str, now: float) -> None:
        """Merge the text of a branch's head."""
        text = self._store.text(head)
        self.merge(
            branch, Incoming(branch.author, branch.seq, text, merge_base, (head,), head), now
        )

    def merge_outside_head(self, head: str, now: float) -> None:
        """Merge a head that another writer put on `master` on disk; park it if it conflicts."""
        author = Author(_OUTSIDE, self._store.author_name(head))
        branch = Branch(author, now, head)
        merge_base = self._store.merge_base(self._master.revision, head)
        if merge_base is not None:
            self._merge_head(branch, head, merge_base, now)
        if merge_base is None or branch.conflict:
            self.park(branch)

    def recheck_conflicts(self, now: float) -> None:
        """Update the open conflicts after `master` moved.

        What merges by now is merged, which moves `master` for the others: this repeats until
        `master` stays. Each round leaves less in conflict.
        """
        moves = -1
        while moves != self._master.move_count:
            moves = self._master.move_count
            self._recheck_each(now)

    def _recheck_each(self, now: float) -> None:
        for branch in [each for each in self._branches.values() if each.conflict]:
            conflict = branch.conflict
            if branch.head is None or not conflict or conflict.revision == self._master.revision:
                continue
            if self._master.contains(branch.head):  # a push has resolved it
                branch.conflict = None
                continue
            branch.conflict = self._master.open_conflict(conflict.merge_base, branch.head)
            if branch.conflict is None:
                self._merge_head(branch, branch.head, conflict.merge_base, now)

    # --- parking and sweeping

    def park(self, branch: Branch) -> None:
        """Keep the branch as unmerged; the client starts a new one with its next edit."""
        client = branch.author.client
        assert branch.head is not None, "a conflict has a head"
        self.unmerged.add(client, branch.head)
        self._store.move(CLIENTS + client, None)
        branch.head = branch.base = branch.conflict = None

    def sweep(
        self, present: Collection[str], now: float, park_after_s: float, keep_s: float
    ) -> None:
        """Park the open conflicts and drop the merged branches of absent clients.

        Args:
            present: the clients that have a session.
            now: Unix time in seconds.
            park_after_s: for how long an open conflict waits for its client.
            keep_s: for how long a merged branch is kept after its last commit.
        """
        for client in self._branches.keys() & present:
            self._branches[client].seen = now
        self._drop_absent(present, now - park_after_s)
        here = {*present, *self._branches}
        for client, head in self._store.heads(CLIENTS).items():
            if client not in here and now - self._opened >= park_after_s:
                self._sweep_branch(client, head, now - keep_s)
        self.unmerged.drop_merged()
        self.recheck_conflicts(now)  # a branch that was loaded may have moved `master`

    def _drop_absent(self, present: Collection[str], before: float) -> None:
        """Drop clients last seen before this time; park their open conflicts."""
        for client, branch in list(self._branches.items()):
            if client not in present and branch.seen <= before:
                if branch.conflict:
                    self.park(branch)
                del self._branches[client]

    def _sweep_branch(self, client: str, head: str, before: float) -> None:
        """Sweep the branch of a client that was not here since the document was opened."""
        if not self._master.contains(head):
            branch = self._load(Author(client, self._store.author_name(head)), self._opened)
            if branch.conflict:
                self.park(branch)
        elif self._store.time(head) <= before:
            self._store.move(CLIENTS + client, None)

"""The unmerged branches of one document: what was parked, for anybody to take up.

    open conflict ── parked ──▶ unmerged/<client>, unmerged/<client>-2, ...
                                    │
                                    └── somebody's answer contains its head ──▶ in `master`; dropped

Whether a head is in `master` is asked of Git only where that can have changed: ordinary edits have
nothing but revisions as parents. Sans-I/O: the repository sits behind `CommitStore`. Knows no
message.
"""

from itertools import count

from server.core import git_model
from server.core.commit_store import CommitStore
from server.core.git_model import CLIENTS, UNMERGED
from server.core.master import Master


class Unmerged:
    """The heads of the unmerged branches, by id: the name of the branch without `unmerged/`."""

    def __init__(self, store: CommitStore, master: Master) -> None:
        self._store = store
        self._master = master
        self._look()

    def _look(self) -> None:
        """See which there are, and which of them wait: a merged one may not be dropped yet."""
        self._heads = self._store.heads(UNMERGED)
        self.waiting = {
            id: head for id, head in self._heads.items() if not self._master.contains(head)
        }

    def has(self, commit: str) -> bool:
        """Whether this is the head of a branch that waits."""
        return commit in self.waiting.values()

    def heads_of(self, client: str) -> list[str]:
        """The heads of one client's branches."""
        return [
            head for id, head in self._heads.items() if id == client or id.startswith(f"{client}-")
        ]

    def add(self, client: str, head: str) -> None:
        """Keep a branch under the first name that is free."""
        ids = (client if n == 1 else f"{client}-{n}" for n in count(1))
        id = next(id for id in ids if self._store.head(UNMERGED + id) is None)
        self._store.move(UNMERGED + id, head)
        self._heads[id] = self.waiting[id] = head

    def drop_merged(self) -> None:
        """Drop the branches that are in `master`."""
        self._look()
        for id in self._heads.keys() - self.waiting.keys():
            self._store.move(UNMERGED + id, None)
            self._keep_seq(id.partition("-")[0], self._heads.pop(id))

    def _keep_seq(self, client: str, head: str) -> None:
        """Keep the commit as its client's branch, as any that merged, if it has the last `seq`.

        The client may never have heard of it and send it again (rule P3).
        """
        branch = self._store.head(CLIENTS + client)
        known = git_model.seq_in(self._store.trailers(branch), client) if branch else 0
        if git_model.seq_in(self._store.trailers(head), client) > known:
            self._store.move(CLIENTS + client, head)

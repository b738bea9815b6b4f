"""The unmerged branches of one document: parked conflicts, which any client may resolve.

    open conflict ── parked ──▶ unmerged/<client>, unmerged/<client>-2, ...
                                    │
                                    └── a resolution has its head as parent ──▶ in `master`; dropped

Git is asked whether a head is in `master` only when that can have changed: the parents of ordinary
edits are revisions. Sans-I/O: the repository sits behind `CommitStore`. Knows no message.
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
        self._load()

    def _load(self) -> None:
        """Read the heads; those of merged branches that are not dropped yet do not wait."""
        self._heads = self._store.heads(UNMERGED)
        self.waiting = {
            id: head for id, head in self._heads.items() if not self._master.contains(head)
        }

    def has(self, commit: str) -> bool:
        """Return whether this is the head of an unmerged branch."""
        return commit in self.waiting.values()

    def heads_of(self, client: str) -> list[str]:
        """Return the heads of a client's branches."""
        return [
            head for id, head in self._heads.items() if id == client or id.startswith(f"{client}-")
        ]

    def add(self, client: str, head: str) -> None:
        """Keep a branch under the first free name."""
        ids = (client if n == 1 else f"{client}-{n}" for n in count(1))
        id = next(id for id in ids if self._store.head(UNMERGED + id) is None)
        self._store.move(UNMERGED + id, head)
        self._heads[id] = self.waiting[id] = head

    def drop_merged(self) -> None:
        """Drop the branches that are in `master`."""
        self._load()
        for id in self._heads.keys() - self.waiting.keys():
            self._store.move(UNMERGED + id, None)
            self._keep_seq(id.partition("-")[0], self._heads.pop(id))

    def _keep_seq(self, client: str, head: str) -> None:
        """Keep the commit as its client's merged branch if it has the client's last `seq`.

        The client may not know that it is durable and send it again (rule P3).
        """
        branch = self._store.head(CLIENTS + client)
        known = git_model.seq_in(self._store.trailers(branch), client) if branch else 0
        if git_model.seq_in(self._store.trailers(head), client) > known:
            self._store.move(CLIENTS + client, head)

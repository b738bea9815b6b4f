"""What the unmerged branches of a document are about: the list of them, and one in full.

Reads what is durable, beside the document that people are writing in, and changes nothing.
Sans-I/O: the repository sits behind `CommitStore`.
"""

from merge.rendering import unified_diff
from merge.result import Merge, with_theirs
from server import protocol
from server.core import git_model
from server.core.commit_store import CommitStore
from server.core.document import wire_hunks
from server.core.master import Master
from server.core.unmerged import Unmerged

# How many are listed: each is compared with the whole text.
_LISTED_MAX = 100
_EXCERPT_CHARACTERS_MAX = 80
_AUTHORS_SEARCHED = 50


class UnmergedReader:
    """The unmerged branches in the repository of one document, which must have a revision."""

    def __init__(self, store: CommitStore) -> None:
        self._store = store
        self._master = Master(store)
        self._heads = Unmerged(store, self._master).waiting

    def all(self, document: str) -> protocol.UnmergedList:
        """What there is to be taken up, newest first; of very many the newest only."""
        ids = sorted(self._heads, key=lambda id: (-self._store.time(self._heads[id]), id))
        listed = [self._listed(id, self._heads[id]) for id in ids[:_LISTED_MAX]]
        return protocol.UnmergedList(document, self._master.revision, listed)

    def _listed(self, id: str, head: str) -> protocol.UnmergedBranch:
        _, found = self._merge(head)
        return protocol.UnmergedBranch(
            id=id,
            commit=head,
            name=self._store.author_name(head),
            time=int(self._store.time(head)),
            hunks=len(found.hunks),
            characters=sum(len(hunk.theirs) for hunk in found.hunks),
            excerpt=_excerpt(found),
        )

    def conflict(self, id: str) -> protocol.UnmergedConflict | None:
        """The question that a branch asks now; None: there is no such branch, or it has merged."""
        head = self._heads.get(id)
        if head is None:
            return None
        fork, found = self._merge(head)
        name = self._store.author_name(head)
        theirs = with_theirs(found.text, found.hunks)
        return protocol.UnmergedConflict(
            id=id,
            time=int(self._store.time(head)),
            commit=head,
            revision=self._master.revision,
            base=fork,
            text=found.text,
            hunks=wire_hunks(found.hunks),
            diff=unified_diff(found.text, theirs, "master", name),
            names=protocol.Names(self._others(fork, head), name),
        )

    def _merge(self, head: str) -> tuple[str, Merge]:
        fork = self._master.merge_base(head)
        return fork, self._master.merged_with(fork, head)

    def _others(self, fork: str, head: str) -> list[str]:
        """Who wrote what is in `master` and not in the branch."""
        names = self._store.authors(self._master.revision, fork, _AUTHORS_SEARCHED)
        client = self._store.trailers(head).get("Client", "")
        names.pop(git_model.email_of(client), None)
        return list(dict.fromkeys(names.values())) or ["somebody else"]


def _excerpt(found: Merge) -> str:
    """The first words in dispute, on one line; empty where something is only taken out."""
    lines = (" ".join(hunk.theirs.split()) for hunk in found.hunks)
    return next(filter(None, lines), "")[:_EXCERPT_CHARACTERS_MAX]

"""The unmerged branches of a document, listed, and the conflict of one.

Reads what is durable, independently of the open document, and changes nothing. Sans-I/O: the
repository sits behind `CommitStore`.
"""

from merge.rendering import unified_diff
from merge.result import Merge, with_theirs
from server import protocol
from server.core.commit_store import CommitStore
from server.core.master import Master
from server.core.unmerged import Unmerged
from server.core.wire_hunks import wire_hunks
from server.protocol import answers

# At most this many are listed: each is merged with the whole text.
_LISTED_MAX = 100
_EXCERPT_CHARACTERS_MAX = 80


class UnmergedReader:
    """The unmerged branches in the repository of one document, which must have a revision."""

    def __init__(self, store: CommitStore) -> None:
        self._store = store
        self._master = Master(store)
        self._heads = Unmerged(store, self._master).waiting

    @property
    def heads(self) -> tuple[str, ...]:
        """The revision, and the branches with their commits: what the answers depend on."""
        heads = (f"{id} {head}" for id, head in sorted(self._heads.items()))
        return self._master.revision, *heads

    def all(self, document: str) -> answers.UnmergedList:
        """List them, newest first, and at most `_LISTED_MAX` of them."""
        ids = sorted(self._heads, key=lambda id: (-self._store.time(self._heads[id]), id))
        listed = [self._listed(id, self._heads[id]) for id in ids[:_LISTED_MAX]]
        return answers.UnmergedList(document, self._master.revision, listed)

    def _listed(self, id: str, head: str) -> answers.UnmergedBranch:
        _, found = self._merge(head)
        return answers.UnmergedBranch(
            id=id,
            commit=head,
            name=self._store.author_name(head),
            time=int(self._store.time(head)),
            hunks=len(found.hunks),
            characters=sum(len(hunk.theirs) for hunk in found.hunks),
            excerpt=_excerpt(found),
        )

    def conflict(self, id: str) -> answers.UnmergedConflict | None:
        """Return a branch's current conflict; None if there is no such branch, or it is merged."""
        head = self._heads.get(id)
        if head is None:
            return None
        merge_base, found = self._merge(head)
        author = self._store.info(head).author
        theirs = with_theirs(found.text, found.hunks)
        return answers.UnmergedConflict(
            id=id,
            time=int(self._store.time(head)),
            commit=head,
            revision=self._master.revision,
            base=merge_base,
            text=found.text,
            hunks=wire_hunks(found.hunks, self._store.text(merge_base)),
            diff=unified_diff(found.text, theirs, "master", author.name),
            names=protocol.Names(self._master.other_authors(merge_base, author.email), author.name),
        )

    def _merge(self, head: str) -> tuple[str, Merge]:
        merge_base = self._master.merge_base(head)
        return merge_base, self._master.preview_merge(merge_base, head)


def _excerpt(found: Merge) -> str:
    """Return the first conflicting words, on one line; empty if words are only deleted."""
    lines = (" ".join(hunk.theirs.split()) for hunk in found.hunks)
    return next(filter(None, lines), "")[:_EXCERPT_CHARACTERS_MAX]

"""Which documents a data folder has, and at which revision, without opening their repositories.

A revision is read from the files that Git keeps refs in: loose or packed (gitrepository-layout(5)).
What the journal holds and the disk not yet is asked of the caller. Blocks.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from server.core.git_model import MASTER
from server.git.packed_refs import PackedRefs
from server.protocol import DocumentList, DocumentState
from server.storage.data_folder import documents_in

_COMMIT = re.compile(r"[0-9a-f]{40}")


def list_documents(
    path: Path,
    unwritten: Sequence[str],
    newest: Callable[[str], str | None],
    after: str,
    limit: int,
) -> DocumentList:
    """List documents by name.

    Args:
        path: the data folder.
        unwritten: documents of which the journal holds something.
        newest: finds the revision of one of those.
        after: only names behind this one.
        limit: so many at most.
    """
    asked = frozenset(unwritten)
    names = sorted(name for name in asked.union(documents_in(path)) if name > after)

    def found() -> Iterator[DocumentState]:
        for name in names:
            revision = newest(name) if name in asked else _on_disk(path / f"{name}.git")
            if revision is not None:
                yield DocumentState(name, revision)

    listed = list(islice(found(), limit + 1))
    return DocumentList(listed[:limit], more=len(listed) > limit)


def _on_disk(repository: Path) -> str | None:
    """Where `master` is; a ref of its own counts more than its line among the packed ones."""
    with suppress(OSError):
        loose = (repository / MASTER).read_text().strip()
        if _COMMIT.fullmatch(loose):
            return loose
    with suppress(OSError):
        return PackedRefs((repository / "packed-refs").read_bytes()).heads.get(MASTER)
    return None

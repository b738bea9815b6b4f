"""The documents of a data folder and their revisions, without opening their repositories.

A revision is read from Git's own files, loose or packed (gitrepository-layout(5)), unless the
journal has a newer one. Blocks.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from server.core.git_model import COMMIT_ID, MASTER
from server.git.packed_refs import PackedRefs
from server.protocol.answers import DocumentList, DocumentState


def list_documents(
    names: Iterable[str],
    newest: Callable[[str], str | None],
    is_archived: Callable[[str], bool],
    after: str,
    limit: int,
    is_listed: Callable[[str], bool],
) -> DocumentList:
    """List documents by name.

    Args:
        names: of all documents.
        newest: returns the revision of one; None if it has none.
        is_archived: returns whether a document is archived.
        after: only names that follow this one.
        limit: at most this many.
        is_listed: returns whether to list a document.
    """
    wanted = sorted(name for name in names if name > after and is_listed(name))

    def found() -> Iterator[DocumentState]:
        for name in wanted:
            revision = newest(name)
            if revision is not None:
                yield DocumentState(name, revision, is_archived(name))

    listed = list(islice(found(), limit + 1))
    return DocumentList(listed[:limit], more=len(listed) > limit)


def revision_on_disk(repository: Path) -> str | None:
    """Return the head of `master`; a loose ref overrides a packed one."""
    with suppress(OSError):
        loose = (repository / MASTER).read_text().strip()
        if COMMIT_ID.fullmatch(loose):
            return loose
    with suppress(OSError):
        return PackedRefs((repository / "packed-refs").read_bytes()).heads.get(MASTER)
    return None

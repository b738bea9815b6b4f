"""The catalog of a data folder: what is known of documents beside their repositories.

    moved         former names of documents, which redirect to their names now
    first_names   the names that renamed documents were made with
    archived      the documents that can only be read

A document's first name decides what its file is called in Git, and what resume keys are made from:
so neither clones nor clients notice a new name. All is in one small file, which is replaced as a
whole, synced. A folder without renamed and archived documents has no such file.

Reading is from memory and safe on any thread. Changes block.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Lock

import msgspec

from server.support.files import write_synced


class CatalogError(Exception):
    """The file cannot be read; the message is one line."""


class _Content(msgspec.Struct, frozen=True):
    moved: Mapping[str, str] = {}
    first_names: Mapping[str, str] = {}
    archived: frozenset[str] = frozenset()


_decode = msgspec.json.Decoder(_Content).decode


def catalog_in(data: Path) -> "Catalog":
    """Return the catalog of a data folder."""
    return Catalog(data / "catalog.json")


class Catalog:
    """The catalog in a file, which need not exist.

    Raises:
        CatalogError: The file is damaged.
        OSError: It cannot be read.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._changing = Lock()
        try:
            self._content = _decode(file.read_bytes()) if file.exists() else _Content()
        except msgspec.MsgspecError as problem:
            raise CatalogError(f"{file} is damaged: {problem}") from None

    # --- reading

    def first_name(self, document: str) -> str:
        """Return the name that a document was made with."""
        return self._content.first_names.get(document, document)

    def is_archived(self, document: str) -> bool:
        return document in self._content.archived

    def moved_to(self, name: str) -> str | None:
        """Return what the document of a former name is called now, or None."""
        return self._content.moved.get(name)

    def former_names(self, document: str) -> list[str]:
        """Return the names that redirect to a document, in order."""
        return sorted(old for old, new in self._content.moved.items() if new == document)

    def moves(self) -> Mapping[str, str]:
        """Return all former names, and the names now."""
        return self._content.moved

    # --- changes, which are durable when they return

    def rename(self, old: str, new: str) -> None:
        """Give a document a new name. Its former names redirect there, at once."""
        first_name = self.first_name(old)

        def renamed(content: _Content) -> _Content:
            moved = {name: new if to == old else to for name, to in content.moved.items()}
            moved.pop(new, None)  # it is renamed back
            archived = content.archived - {old}
            return _Content(
                {**moved, old: new},
                _with_first_name(content.first_names, new, first_name, old),
                archived | {new} if old in content.archived else archived,
            )

        self._change(renamed)

    def add(
        self,
        document: str,
        first_name: str,
        *,
        is_archived: bool,
        former_names: Iterable[str] = (),
    ) -> None:
        """Record a document that comes back."""

        def added(content: _Content) -> _Content:
            archived = content.archived - {document}
            return _Content(
                {**content.moved, **dict.fromkeys(former_names, document)},
                _with_first_name(content.first_names, document, first_name),
                archived | {document} if is_archived else archived,
            )

        self._change(added)

    def remove(self, document: str) -> None:
        """Forget a document, and what redirects to it."""

        def removed(content: _Content) -> _Content:
            return _Content(
                {old: new for old, new in content.moved.items() if new != document},
                {name: first for name, first in content.first_names.items() if name != document},
                content.archived - {document},
            )

        self._change(removed)

    def set_archived(self, document: str, *, is_archived: bool) -> None:
        """Record whether a document can only be read."""
        self.add(document, self.first_name(document), is_archived=is_archived)

    def remove_redirect(self, name: str) -> None:
        """Forget a former name, which is free then."""

        def removed(content: _Content) -> _Content:
            moved = {old: new for old, new in content.moved.items() if old != name}
            return msgspec.structs.replace(content, moved=moved)

        self._change(removed)

    def _change(self, change: Callable[[_Content], _Content]) -> None:
        with self._changing:
            content = change(self._content)
            if content != self._content:
                write_synced(self._file, msgspec.json.encode(content, order="sorted"))
                self._content = content


def _with_first_name(
    first_names: Mapping[str, str], document: str, first_name: str, *without: str
) -> dict[str, str]:
    """Return first names with that of a document; one that equals its name is not recorded."""
    kept = {name: it for name, it in first_names.items() if name not in (document, *without)}
    return kept if first_name == document else kept | {document: first_name}

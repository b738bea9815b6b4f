"""The catalog of a server: what is known of documents beside their repositories.

    moved         former names of documents, which redirect to their names now
    first_names   the names that renamed documents were made with
    archived      the documents that can only be read

A document's first name decides what its file is called in Git, and what resume keys are made from:
so neither clones nor clients notice a new name. All is in one small text (`server.storage.site`),
which is replaced as a whole. Without renamed and archived documents there is none.

Reading is from memory and safe on any thread. Changes block, and raise an `OSError` if the text
cannot be written.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Lock

import msgspec

from server.storage.site import CATALOG, Text
from server.storage.site.folder import text_in


class CatalogError(Exception):
    """The text is damaged; the message is one line."""


class _Content(msgspec.Struct, frozen=True):
    moved: Mapping[str, str] = {}
    first_names: Mapping[str, str] = {}
    archived: frozenset[str] = frozenset()


_decode = msgspec.json.Decoder(_Content).decode


def catalog_in(data: Path) -> "Catalog":
    """Return the catalog of a data folder."""
    return Catalog(text_in(data, CATALOG))


class Catalog:
    """The catalog in a text, which need not exist.

    Raises:
        CatalogError: The text is damaged.
        OSError: It cannot be read.
    """

    def __init__(self, text: Text) -> None:
        self._text = text
        self._changing = Lock()
        self._seen = text.state()
        self._content = self._decoded(text.read())

    def follow(self) -> bool:
        """Read what others have changed; return whether they have. Blocks.

        Raises:
            CatalogError, OSError: It cannot be read; what was read before stays.
        """
        with self._changing:
            state = self._text.state()
            if state == self._seen:
                return False
            self._content = self._decoded(self._text.read())
            self._seen = state
            return True

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
        """Record a document that was restored."""

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
        def changed(raw: bytes | None) -> bytes | None:
            before = self._decoded(raw)
            after = change(before)
            return raw if after == before else msgspec.json.encode(after, order="sorted")

        with self._changing:
            self._content = self._decoded(self._text.change(changed))
            self._seen = object()  # what is changed may be undone with others, see `Site.together`

    def _decoded(self, raw: bytes | None) -> _Content:
        try:
            return _Content() if raw is None else _decode(raw)
        except msgspec.MsgspecError as problem:
            raise CatalogError(f"{self._text.shown} is damaged: {problem}") from None


def _with_first_name(
    first_names: Mapping[str, str], document: str, first_name: str, *without: str
) -> dict[str, str]:
    """Return first names with that of a document; one that equals its name is not recorded."""
    kept = {name: it for name, it in first_names.items() if name not in (document, *without)}
    return kept if first_name == document else kept | {document: first_name}

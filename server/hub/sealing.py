"""Has the open documents make versions when people pause, in the background of edits."""

import time
from collections.abc import Awaitable, Callable

from server.core.clients import Author
from server.core.history.requests import Seal
from server.core.history.sealing import SealTimes, Unsealed
from server.hub.open_documents import OpenDocuments

_LOOK_EVERY_S = 1.0
_OPEN_EVERY_S = 0.05  # of documents that were left unsealed
_PAUSE_S = 0.05  # between two documents: each reads old texts, and keeps them for some seconds
_SEALER = Author("sealer", "GollabEdit")


class Sealing:
    """Looks for documents whose changes are to become a version.

    A document may be closed meanwhile; it is opened again when its version is due.

    Args:
        times: when versions end.
        documents: the open documents.
        left_unsealed: returns the documents with a record of steps since their last version.
        owns: returns whether this server owns a document.
    """

    def __init__(
        self,
        times: SealTimes,
        documents: OpenDocuments,
        left_unsealed: Callable[[], Awaitable[list[str]]],
        owns: Callable[[str], bool],
    ) -> None:
        self._times = times
        self._owns = owns
        self._documents = documents
        self._left_unsealed = left_unsealed
        self._unsealed: dict[str, Unsealed] = {}

    def is_waiting(self, document: str) -> bool:
        """Return whether a version of a document is to be made later."""
        return document in self._unsealed

    async def run(self, pause: Callable[[float], Awaitable[bool]]) -> None:
        """Run until `pause`, which waits for a number of seconds, returns False."""
        for name in await self._left_unsealed():
            if await pause(_OPEN_EVERY_S) and self._owns(name):
                self._documents.get_document(name).catch_up()
        while await pause(min(_LOOK_EVERY_S, self._times.idle_s)):
            for live in self._documents.documents():
                self._note(live.name, live.unsealed)
            await self._seal_due(pause)

    def _note(self, document: str, unsealed: Unsealed | None) -> None:
        if unsealed:
            self._unsealed[document] = unsealed
        else:
            self._unsealed.pop(document, None)

    async def _seal_due(self, pause: Callable[[float], Awaitable[bool]]) -> None:
        now = time.time()
        due = [name for name, steps in self._unsealed.items() if steps.is_due(now, self._times)]
        for name in due:
            del self._unsealed[name]
            if not self._owns(name):
                continue  # whoever owns it makes the version
            await self._documents.get_document(name).ask(_SEALER, Seal())
            if not await pause(_PAUSE_S):
                return

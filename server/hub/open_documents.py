"""The open documents, as the parts of the hub that maintain them see them."""

from pathlib import Path
from typing import Protocol

from server.hub.live_document import LiveDocument


class OpenDocuments(Protocol):
    """See `server.hub.hub.Hub` for each method."""

    def documents(self) -> list[LiveDocument]: ...
    def get_document(self, name: str) -> LiveDocument: ...
    def unload(self, live: LiveDocument) -> None: ...
    def repository_path(self, document: str) -> Path: ...

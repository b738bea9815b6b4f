"""Answers about the history of documents, and names of versions.

What is asked about now is asked of the open document, so that it includes what was answered last.
Everything else is read beside it, from what is durable, on a thread of its own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from server import protocol
from server.core.clients import Author
from server.core.commit_store import StoreError
from server.core.git_model import MASTER
from server.core.history.queries import HistoryQueries
from server.core.history.requests import (
    HistoryOutcome,
    HistoryReply,
    HistoryRequest,
    ReadWindow,
)
from server.core.history.window import Window
from server.git.repository import Repository
from server.hub.gate import OverloadedError
from server.hub.live_document import LiveDocument
from server.support.threads import WorkerThreads

_ASKER = Author("history", "GollabEdit")
_Answer = TypeVar("_Answer")


class UnavailableError(Exception):
    """The document cannot answer at the moment; the message is for people."""


class History:
    """The history of the documents of a hub.

    Args:
        open_repository: opens the repository of a document, with what the journal has of it.
        get_document: returns an open document, opening it if necessary; raises an
            `OverloadedError` if it is being moved.
    """

    def __init__(
        self,
        open_repository: Callable[[str], Repository],
        get_document: Callable[[str], LiveDocument],
    ) -> None:
        self._open_repository = open_repository
        self._get_document = get_document
        self._threads = WorkerThreads(1, "history")

    def close(self, wait_s: float) -> None:
        """Finish the queries that end in time. Blocks."""
        self._threads.close(wait_s)

    async def read(
        self, document: str, query: Callable[[HistoryQueries], _Answer | None]
    ) -> _Answer | None:
        """Return what a query finds, called on a thread; None if there is no such document.

        Raises:
            UnavailableError: The document cannot answer at the moment.
        """
        if not await self._threads.call(self._exists, document):
            return None
        outcome = await self.ask(document, _ASKER.name, ReadWindow())
        assert isinstance(outcome, HistoryReply)
        return await self._threads.call(self._read, document, outcome.window, query)

    async def ask(
        self, document: str, name: str, request: HistoryRequest, email: str = ""
    ) -> HistoryOutcome:
        """Have a document execute a request.

        Args:
            document: a document that exists.
            name: the name of who asks.
            request: the request.
            email: the address of their account.

        Raises:
            UnavailableError: It cannot at the moment.
        """
        asker = replace(_ASKER, name=name, email=email)
        try:
            live = self._get_document(document)
        except OverloadedError as problem:
            raise UnavailableError(f"Try again later: {problem}.") from None
        outcome = await live.ask(asker, request)
        if isinstance(outcome, protocol.Error):
            raise UnavailableError(outcome.message)
        return outcome

    def _exists(self, document: str) -> bool:
        return self._open_repository(document).head(MASTER) is not None

    def _read(
        self, document: str, window: str, query: Callable[[HistoryQueries], _Answer | None]
    ) -> _Answer | None:
        queries = HistoryQueries(self._open_repository(document), Window.decoded(window))
        try:
            return query(queries)
        except StoreError:
            return None  # some commit of the history has no text

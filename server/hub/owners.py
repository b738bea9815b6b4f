"""The documents that this server owns: taken on demand, released when idle.

A server that shares its journal with others may only touch a document that it owns
(`server.storage.journal`). A server with a journal of its own owns all documents, and nothing here
takes any time.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial

from server.hub.gate import OverloadedError
from server.storage.journal import Journal, Place
from server.support.threads import WorkerThreads

_THREADS = 2
_KNOWN_S = 1.0  # for which it is remembered which other server owns a document
_KNOWN_MAX = 10_000
_LEAVE_S = 2.0
_OWN_S = 5.0
_LOOK_S = 0.01


class ElsewhereError(OverloadedError):
    """Another server owns the document, and not this one."""


class Owners:
    """Takes documents, and knows which of them are in use."""

    def __init__(
        self,
        journal: Journal,
        on_taken: Callable[[str, Place], None],
        is_written: Callable[[str], bool],
    ) -> None:
        """Create it; nothing is owned yet.

        Args:
            journal: says who owns a document.
            on_taken: called on a thread with a document that was taken.
            is_written: returns whether Git still writes into the repository of a document.
        """
        self._journal = journal
        self._on_taken = on_taken
        self._is_written = is_written
        self._threads = WorkerThreads(_THREADS, "owners")
        self._elsewhere: dict[str, tuple[str, float]] = {}
        self._uses: Counter[str] = Counter()
        self._used_at: dict[str, float] = {}
        self._writes: Counter[str] = Counter()
        self._lost: set[str] = set()  # and not being left yet
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._is_stopping = False

    @property
    def are_shared(self) -> bool:
        """Whether other servers may own documents."""
        return self._journal.is_shared

    def owns(self, document: str) -> bool:
        """Return whether this server owns a document."""
        is_lost = document in self._lost or document in self._leaving
        return self._journal.owns(document) and not is_lost

    async def find(self, document: str, *, may_be_old: bool = False) -> str:
        """Own a document, unless another server does; return the URL of that server, else "".

        Args:
            document: the document, which need not exist.
            may_be_old: whether a remembered answer will do: the caller notices if it is wrong.

        Raises:
            OverloadedError: It is just changing its owner, from or to this server.
            JournalError: It is not known who owns it.
        """
        if not self.are_shared:
            return ""
        if self._is_stopping:
            raise OverloadedError("the server is stopping")
        if not self.owns(document):
            url, until = self._elsewhere.get(document, ("", 0.0))
            if may_be_old and time.monotonic() < until:
                return url
            await self._wait_until_left(document)
            url = await self._own(document)
            if url:
                self._note_elsewhere(document, url)
                return url
        self._used_at[document] = time.monotonic()
        return ""

    async def _own(self, document: str) -> str:
        def own() -> str:
            place = self._journal.own(document)
            if place.first_name:
                self._on_taken(document, place)  # also if nobody waits for it any more
            return place.url

        try:
            async with asyncio.timeout(_OWN_S):
                return await self._threads.call(own)
        except TimeoutError:
            raise OverloadedError("the database does not answer") from None

    async def _wait_until_left(self, document: str) -> None:
        """Wait until all work in a document that was lost has ended.

        Raises:
            OverloadedError: It takes long.
        """
        if leaving := self._leaving.get(document):
            await asyncio.wait([leaving], timeout=_LEAVE_S)
        if document in self._lost or document in self._leaving or self._is_in_work(document):
            raise OverloadedError("the document is being moved")

    async def take(self, document: str) -> None:
        """Own a document.

        Raises:
            ElsewhereError: Another server owns it.
            OverloadedError, JournalError: see `find`.
        """
        if url := await self.find(document):
            raise ElsewhereError(f"the document is open on the node {url}")

    def check(self, document: str) -> None:
        """Raise an `OverloadedError` if this server does not own a document."""
        if not self.owns(document):
            raise OverloadedError("the document has moved to another node")

    def _note_elsewhere(self, document: str, url: str) -> None:
        if len(self._elsewhere) >= _KNOWN_MAX:
            self._elsewhere.clear()
        self._elsewhere[document] = url, time.monotonic() + _KNOWN_S

    def forget(self, document: str) -> None:
        """Forget the remembered owner of a document, which was wrong."""
        self._elsewhere.pop(document, None)

    # --- documents at rest

    @contextmanager
    def using(self, document: str) -> Iterator[None]:
        """Keep a document that this server owns, until the end of the block."""
        self._uses[document] += 1
        try:
            yield
        finally:
            self._uses[document] -= 1
            if not self._uses[document]:
                del self._uses[document]
            self._used_at[document] = time.monotonic()

    @contextmanager
    def writing(self, document: str) -> Iterator[None]:
        """Note that the repository of a document is written, until the end of the block."""
        self._writes[document] += 1
        try:
            yield
        finally:
            self._writes[document] -= 1
            if not self._writes[document]:
                del self._writes[document]

    def _is_in_work(self, document: str) -> bool:
        return document in self._writes or self._is_written(document)

    def at_rest(self, after_s: float, is_open: Callable[[str], bool]) -> list[str]:
        """Return the documents that have not been used for `after_s` seconds.

        Args:
            after_s: the time.
            is_open: returns whether a document is in memory.
        """
        owned = self._journal.owned()
        now = time.monotonic()
        before = now - after_s
        self._used_at = {name: self._used_at.get(name, now) for name in owned}
        return [
            name
            for name, at in self._used_at.items()
            if at <= before and not (name in self._uses or is_open(name) or self._is_in_work(name))
        ]

    async def release(self, documents: Collection[str]) -> None:
        """Let other servers own documents.

        Raises:
            JournalError: They can own them once this server has ended.
        """
        await asyncio.wrap_future(self._journal.release(documents))

    # --- documents that were lost

    def lost(self, document: str) -> None:
        """Note that another server has taken a document; called on a thread, before `leave`."""
        self._lost.add(document)

    def leave(self, document: str, leaving: Coroutine[object, object, None]) -> None:
        """Do not take a lost document again before `leaving` has ended."""
        task = asyncio.create_task(self._leave(document, leaving), name=f"leave {document}")
        self._leaving[document] = task
        self._lost.discard(document)
        task.add_done_callback(partial(self._left, document))

    async def _leave(self, document: str, leaving: Coroutine[object, object, None]) -> None:
        await leaving
        while self._journal.owns(document):  # noqa: ASYNC110  a thread is about to change it
            await asyncio.sleep(_LOOK_S)

    def _left(self, document: str, task: asyncio.Task[None]) -> None:
        if self._leaving.get(document) is task:
            del self._leaving[document]

    # --- the end

    def stop(self) -> None:
        """Take no more documents."""
        self._is_stopping = True

    async def hand_over(self, wait_s: float) -> None:
        """Let other servers own all documents, except those that Git still writes into.

        Raises:
            JournalError, TimeoutError: They can own them once this server has ended.
        """
        async with asyncio.timeout(wait_s):
            owned = self._journal.owned()
            await self.release([name for name in owned if not self._is_in_work(name)])

    async def finish(self) -> None:
        """Wait for documents that are being left."""
        if self._leaving:
            await asyncio.wait(list(self._leaving.values()))

    def close(self, wait_s: float) -> None:
        """End the threads. Blocks."""
        self._threads.close(wait_s)

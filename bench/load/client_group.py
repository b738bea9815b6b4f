"""All clients of one load, and the pace of their typing.

Without a pace each writer types as soon as it is answered. With one, words are due at equal
intervals; a writer that is still waiting delays its word, but the time counts from when it was due.
"""

import asyncio
import os
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any

from aiohttp import ClientSession

from bench.load.client import Client, Failure
from bench.load.figures import quantile
from bench.load.task import Load, Outcome
from bench.load.word_log import WordLog, now

_JOINING_MAX = 20  # at a time
_WARM_UP_S = 60.0
_SETTLE_S = 60.0
_LOOK_EVERY_S = 0.02
_SLEEP_MIN_S = 0.001


class ClientGroup:
    """The clients of one load.

    `begun` is called when the warm-up is over, `ended` when the last word is answered.
    """

    def __init__(
        self,
        load: Load,
        http: ClientSession,
        *,
        begun: Callable[[], None],
        ended: Callable[[], None],
    ) -> None:
        self._load = load
        self._http = http
        self._begun = begun
        self._ended = ended
        self._random = Random(load.seed)
        self._documents: dict[str, list[Client]] = {
            f"doc-{number}": [] for number in range(load.documents)
        }
        self._words = WordLog(0, 0)
        self._total = load.warm_up + load.edits
        self._typed = 0
        self._delayed: dict[int, deque[float]] = {}
        self._late_ms: list[float] = [0.0]
        self._cpu_s = 0.0
        self._limit = asyncio.timeout(None)
        self._done = asyncio.Event()

    async def connect(self) -> None:
        """Connect all clients; the first of each document inserts the text."""
        room = asyncio.Semaphore(_JOINING_MAX)
        numbers = [
            range(n, n + self._size)
            for n in range(0, self._load.documents * self._size, self._size)
        ]
        places = zip(self._documents, numbers, strict=True)
        await asyncio.gather(
            *(
                self._connect_to(document, numbers, self._load.servers_of(number), room)
                for number, (document, numbers) in enumerate(places)
            )
        )

    async def run(self) -> Outcome:
        """Type all words, and check that every client has them."""
        self._words = WordLog(self._size - 1, self._load.warm_up)
        listening = asyncio.gather(*(c.listen(self._words, self._answered) for c in self._clients))
        typing = asyncio.create_task(self._type())
        try:
            await _first_of(typing, listening)
            cpu_s = time.process_time() - self._cpu_s
            self._ended()
            if not self._load.kill:
                await _first_of(asyncio.create_task(self._settle()), listening)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, Failure):
                await listening
        return self._outcome(cpu_s)

    def stop(self) -> None:
        """Type no further word."""
        self._total = self._typed
        if len(self._words.answered) >= self._total:
            self._done.set()

    async def disconnect(self) -> None:
        await asyncio.gather(*(client.close() for client in self._clients))

    # --- connecting

    @property
    def _size(self) -> int:
        """The number of clients per document."""
        return self._load.writers + self._load.readers

    @property
    def _clients(self) -> list[Client]:
        return [client for clients in self._documents.values() for client in clients]

    async def _connect_to(
        self, document: str, numbers: range, servers: Sequence[str], room: asyncio.Semaphore
    ) -> None:
        """Connect the clients of a document; it is owned by the node that is reached first."""
        clients = self._documents[document]
        for number in numbers:
            async with room:
                server = servers[len(clients) % len(servers)]
                client = await Client.join(self._http, server, document, number)
                if not clients and client.text != self._load.text and self._load.text:
                    await client.replace(self._load.text)
            clients.append(client)

    # --- typing

    async def _type(self) -> None:
        """Type all words, and wait for the answers."""
        if not self._total:
            self._done.set()
        writers = [c for clients in self._documents.values() for c in clients[: self._load.writers]]
        self._random.shuffle(writers)
        with suppress(TimeoutError):
            async with asyncio.timeout(_WARM_UP_S) as self._limit:
                if self._words.began < now():
                    self._begin()
                if self._load.per_s:
                    await self._type_in_pace(writers)
                else:
                    for writer in writers:
                        await self._type_word(writer, now())
                await self._done.wait()
        self.stop()
        async with asyncio.timeout(_SETTLE_S):
            await self._done.wait()

    async def _type_in_pace(self, writers: list[Client]) -> None:
        self._delayed = {writer.number: deque() for writer in writers}
        start, distance_s = now(), 1 / self._load.per_s
        for number in range(self._total):
            due = start + number * distance_s
            moment = await _wait_until(due)
            self._late_ms.append(1000 * (moment - due))
            writer = writers[number % len(writers)]
            if writer.is_free:
                await self._type_word(writer, moment)
            else:
                self._delayed[writer.number].append(moment)

    async def _type_word(self, writer: Client, due: float) -> None:
        if self._typed < self._total:
            self._typed += 1
            full_text = self._load.full_text
            await writer.type(self._words, self._random, due, full_text=full_text)

    async def _answered(self, writer: Client, word: str, due: float) -> None:
        if self._words.record_answer(word, due):
            self._begin()
        if len(self._words.answered) >= self._total:
            if self._load.kill:
                os.kill(self._load.kill, signal.SIGKILL)
            self._done.set()
        elif not self._load.per_s:
            await self._type_word(writer, now())
        elif delayed := self._delayed[writer.number]:
            await self._type_word(writer, delayed.popleft())

    def _begin(self) -> None:
        self._cpu_s = time.process_time()
        self._limit.reschedule(asyncio.get_running_loop().time() + self._load.seconds)
        self._begun()

    # --- afterwards

    async def _settle(self) -> None:
        """Wait until all clients have the server's text, and check that it has every word."""
        found: Counter[str] = Counter()
        for document, clients in self._documents.items():
            async with self._http.get(f"{self._load.server}/d/{document}/raw") as answer:
                revision, text = answer.headers["ETag"].strip('"'), await answer.text()
            with suppress(TimeoutError):
                async with asyncio.timeout(_SETTLE_S):
                    await _all_at(revision, clients)
            if any(client.text != text for client in clients):
                raise Failure(f"not every client has the server's text of {document}")
            found.update(text.split())
        missing = [word for word in self._words.answered if not found[word]]
        if missing:
            raise Failure(f"{len(missing)} words were lost, the first is {missing[0]!r}")
        doubled = [word for word in self._words.answered if found[word] > 1]
        if doubled and not self._conflicts:
            raise Failure(f"{len(doubled)} words are there twice, the first is {doubled[0]!r}")

    @property
    def _conflicts(self) -> int:
        return sum(client.conflicts for client in self._clients)

    def _outcome(self, cpu_s: float) -> Outcome:
        answers = self._words.answers
        return Outcome(
            edits=len(answers),
            began=self._words.began,
            seconds=answers[-1][0] if answers else 0,
            answers=answers,
            visible=self._words.visible,
            unseen=self._words.unseen,
            conflicts=self._conflicts,
            late_ms=quantile(self._late_ms, 0.99),
            cpu_s=cpu_s,
            words=self._words.answered,
        )


async def _wait_until(moment: float) -> float:
    """Sleep until a moment; return the time, as a timer may be early or late.

    uvloop counts milliseconds, and rounds: for less than half of one it would not sleep at all.
    """
    while (found := now()) < moment:  # noqa: ASYNC110  time has no event
        await asyncio.sleep(max(moment - found, _SLEEP_MIN_S))
    return found


async def _all_at(revision: str, clients: Sequence[Client]) -> None:
    while any(client.revision != revision for client in clients):  # noqa: ASYNC110  no hurry
        await asyncio.sleep(_LOOK_EVERY_S)


async def _first_of(task: "asyncio.Task[None]", listening: "asyncio.Future[Any]") -> None:
    """Wait for the task, or for the first client that fails."""
    both: set[asyncio.Future[Any]] = {task, listening}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        await listening
    await task

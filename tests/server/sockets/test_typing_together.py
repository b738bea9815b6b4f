"""Many people type into one document through the real server, each at their own pace.

Nobody agrees on anything beforehand: each has an own base, an own outstanding edit, and drops or
takes updates as the rules say. `GOLLABEDIT_TYPING_S=30` makes it a long session.
"""

import asyncio
import os
import random
import re
from dataclasses import dataclass, field

import pytest

from tests.server.sockets.client import Client, Message, apply, with_theirs
from tests.server.sockets.harness import Served

_TYPING_S = float(os.environ.get("GOLLABEDIT_TYPING_S", "3"))
_PEOPLE = 16
pytestmark = pytest.mark.long
_START = "\n".join(f"line {number}: some words are here already." for number in range(20)) + "\n"


@dataclass
class _Typist:
    """Types words that nobody else types, until it is time to stop."""

    client: Client
    rng: random.Random
    words: list[str] = field(default_factory=list)
    edits: int = 0
    conflicts: int = 0
    in_splices: bool = False

    async def type_until(self, end: asyncio.Event) -> None:
        while not end.is_set():
            if self.client.conflict and self.rng.random() < 0.5:
                await self._decide()
            elif self.rng.random() < 0.3:
                await self._look_up()
            else:
                await self._type()
        while self.client.conflict:
            await self._decide()

    async def _type(self) -> None:
        """Type a new word somewhere; now and then change a word of one's own."""
        text = self.client.own_text
        word = f"{self.client.id[:4]}x{len(self.words)}"
        gaps = [found.start() for found in re.finditer(r"(?<=\S) ", text)] or [len(text)]
        at = self.rng.choice(gaps)
        self.words.append(word)
        self.edits += 1
        fields = {"splices": [[at, 0, f" {word}"]]} if self.in_splices else {}
        text = f"{text[:at]} {word}{text[at:]}"
        self._count(await self.client.edit(text, **fields))

    async def _decide(self) -> None:
        conflict = self.client.conflict
        assert conflict
        self.edits += 1
        if self.rng.random() < 0.5:
            self._count(await self.client.resolve(_with_both(conflict)))
        else:
            self._count(await self.client.park())

    async def _look_up(self) -> None:
        """Stop typing for a moment and read what the others wrote."""
        try:
            async with asyncio.timeout(0.02):
                while True:
                    await self.client.next()
        except TimeoutError:
            pass

    def _count(self, answer: dict[str, object]) -> None:
        assert answer["type"] != "error", answer
        self.conflicts += answer["type"] == "conflict"


def _with_both(conflict: Message) -> str:
    """The complete text with both sides' words at every hunk."""
    hunks = conflict["hunks"]
    both = [(hunk["start"], 0, f"{hunk['theirs']} ") for hunk in hunks]
    return apply(conflict["text"], both)


async def test_everybody_types_and_everybody_sees_every_word(server: Served) -> None:
    first = await server.join("First")
    await first.edit(_START)
    clients = [await server.join(f"Writer {number}") for number in range(_PEOPLE)]
    typists = [
        _Typist(client, random.Random(number), in_splices=number % 2 == 1)
        for number, client in enumerate(clients)
    ]
    end = asyncio.Event()
    asyncio.get_running_loop().call_later(_TYPING_S, end.set)
    await asyncio.gather(*(typist.type_until(end) for typist in typists))

    last = await first.sync()
    for client in clients:
        await client.until_revision(last["revision"])
        assert client.text == last["text"]
        assert (await client.sync())["text"] == last["text"]
    assert await server.raw() == last["text"]
    await server.fsck()
    await _check_words(server, typists, last["text"])


async def _check_words(server: Served, typists: list[_Typist], text: str) -> None:
    """Every word is in the text, or at least on a branch; nearly all are in the text."""
    words = [word for typist in typists for word in typist.words]
    counts = {word: text.split().count(word) + text.count(word + ".") for word in words}
    waiting = [word for word in words if not re.search(rf"\b{word}\b", text)]
    parked = ""
    for branch in await server.refs():
        parked += await server.git_on_disk("show", f"refs/heads/{branch}:notes.txt")
    lost = [word for word in waiting if not re.search(rf"\b{word}\b", parked)]
    doubled = [word for word, count in counts.items() if count > 1]
    edits = sum(typist.edits for typist in typists)
    conflicts = sum(typist.conflicts for typist in typists)
    print(
        f"\n{edits / _TYPING_S:.0f} edits/s of {_PEOPLE} people, {len(words)} words,"
        f" {conflicts} conflicts, {len(waiting)} words wait on branches"
    )
    assert not lost
    assert not doubled
    assert len(words) > 2 * _PEOPLE, "hardly anybody typed"
    assert len(waiting) <= len(words) * 0.02


async def test_everybody_types_letter_by_letter_at_one_place_and_no_words_mix(
    server: Served,
) -> None:
    """The hardest place: all at the end of an empty document, letter by letter."""
    first = await server.join("First")
    clients = [await server.join(f"Writer {number}") for number in range(4)]
    words = ["alpha", "bravo", "candy", "delta"]

    async def type_word(client: Client, word: str) -> None:
        for typed in range(1, len(word) + 1):
            before = word[: typed - 1]
            text = client.text
            at = text.index(before) + len(before) if before else len(text)
            await client.edit(f"{text[:at]}{word[typed - 1]}{text[at:]}")
            if client.conflict:
                await client.resolve(with_theirs(client.conflict))

    await asyncio.gather(*map(type_word, clients, words))
    text = (await first.sync())["text"]
    assert sorted(text.split("\n")) == words, "each has a line"


@pytest.mark.parametrize("number", range(3))
async def test_many_documents_do_not_disturb_each_other(server: Served, number: int) -> None:
    async def write(document: str) -> None:
        ann, bo = await server.pair(f"{document}: one two three", document)
        for count in range(5):
            await ann.edit(ann.text.replace("one", f"one a{count}"))
            await bo.edit(bo.text.replace("three", f"b{count} three"))
        await ann.until_revision((await bo.sync())["revision"])
        assert ann.text == bo.text
        assert ann.text.startswith(document)
        await server.fsck(document)

    await asyncio.gather(*(write(f"doc-{number}-{n}") for n in range(6)))

"""Somebody who types as fast as answers come, through every crash: one client, many connections.

A writer has one edit outstanding and keeps what docs/protocol.md tells a client to keep: id, key,
base, the edit without an answer. It types words that nobody else types, replaces some, and now and
then disagrees on purpose: it replaces, on an old revision, a word that is not there any more.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Any

from aiohttp import ClientError

from tests.crash.ledger import Ledger
from tests.crash.tally import Fault, Tally
from tests.crash.victim import Connection, Victim
from tests.crash.words import WORD, Words, words_in
from tests.server.sockets.client import ClosedError, Message, apply

# What a client sees of a server that was killed.
_GONE = (ClosedError, ClientError, ConnectionError)

_OLD_REVISIONS = 8
_TRIES = 200  # of an edit that is refused for the moment
_RETRY_S = 0.05

_Splice = tuple[int, int, str]


class ShutOutError(AssertionError):
    """The server does not take a client back as it was."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A message with a `seq`, and the text that it stands for."""

    message: Message
    text: str


class Writer:
    """One client of one document."""

    def __init__(self, number: int, ledger: Ledger, tally: Tally, random: Random) -> None:
        self.name = f"Writer {number}"
        self.ledger = ledger
        self.outstanding: Submission | None = None
        self._tally = tally
        self._random = random
        self._words = Words(number)
        self._in_splices = number % 2 == 1
        self._connection: Connection | None = None  # the last one that was welcomed
        self._seq = 0
        self._durable_seq = 0  # the last one that was acknowledged and made a commit
        self._mine = ""  # the text of the conflicting commit
        self._old: deque[tuple[str, str]] = deque(maxlen=_OLD_REVISIONS)

    @property
    def connection(self) -> Connection:
        assert self._connection, "nobody has welcomed it yet"
        return self._connection

    # --- coming and going

    async def come_in(self, server: Victim) -> None:
        """Connect as the client that it was, and finish what was not answered."""
        connection = await server.connect(self.ledger.document)
        fields: Message = {"name": self.name}
        if self._connection:
            connection.remember(self._connection)
            fields |= {"base": self._connection.revision, **self._connection.resuming}
        self._check(await connection.hello(**fields))
        self._connection = connection
        self._see()
        if self.outstanding:
            self._tally.resent += 1
            self._tally.resent_durable += connection.welcome["seq"] >= self._seq
            await self._finish()

    def _check(self, welcome: Message) -> None:
        """The server knows this client and all that it acknowledged."""
        earlier, seq = self._connection, welcome["seq"]
        if earlier and welcome["client"] != earlier.id:
            self._tally.complain(Fault.SHUT_OUT, f"{self.name} came back as somebody else")
            raise ShutOutError(self.name)
        if seq < self._durable_seq:
            what = f"{self.name}: seq {self._durable_seq} was acknowledged, {seq} is the last"
            self._tally.complain(Fault.LOST, what)
        if seq > self._seq:
            self._tally.complain(Fault.BROKEN, f"{self.name}: seq {seq} was never sent")
        if welcome["conflict"] and not self.outstanding and not (earlier and earlier.conflict):
            self._tally.complain(Fault.BROKEN, f"{self.name}: a conflict without an edit")

    async def come_in_until_killed(self, server: Victim) -> None:
        try:
            await self.come_in(server)
        except _GONE:
            if not server.is_killed:
                raise

    async def type_until_killed(self, server: Victim) -> None:
        try:
            while True:
                self.outstanding = self._next()
                if self._random.random() < 0.03:
                    await self._drop(server)
                else:
                    await self._finish()
        except _GONE:
            if not server.is_killed:
                raise

    async def _drop(self, server: Victim) -> None:
        """Lose the connection, with the edit on its way or not, and come back."""
        assert self.outstanding
        self._tally.dropped += 1
        if self._random.random() < 0.7:
            await self.connection.put(self.outstanding.message, self.outstanding.text)
        await self.connection.vanish()
        await self.come_in(server)

    async def catch_up(self, revision: str) -> str:
        """Hear of everything up to a revision; returns the text that the client then has."""
        if self.connection.conflict:
            await self.connection.sync()  # P9: nothing comes by itself
        else:
            await self.connection.until_revision(revision)
        return self.connection.text

    # --- answers

    async def _finish(self) -> None:
        """Send what is outstanding, until it is answered."""
        submission = self.outstanding
        assert submission
        tries = 0
        while (answer := await self._ask(submission))["type"] == "error":
            tries += 1
            if answer["code"] not in ("unavailable", "rate_limited") or tries == _TRIES:
                what = f"{self.name}: {submission.message} got {answer}"
                self._tally.complain(Fault.SHUT_OUT, what)
                raise ShutOutError(what)
            self._tally.refused += 1
            await asyncio.sleep(answer.get("retry_after_s", _RETRY_S))
        self._acknowledged(submission, answer)

    async def _ask(self, submission: Submission) -> Message:
        await self.connection.put(submission.message, submission.text)
        return await self.connection.answer(submission.message["seq"])

    def _acknowledged(self, submission: Submission, answer: Message) -> None:
        """Write down what the server has promised with this."""
        kind, is_conflict = submission.message["type"], answer["type"] == "conflict"
        self.outstanding = None
        self._tally.acknowledged += 1
        self._tally.conflicts += is_conflict
        self._tally.resolved += kind == "resolve"
        self._tally.parked += kind == "park"
        self.ledger.commits.add(answer["commit"])
        self.ledger.words |= set(words_in(submission.text))
        self._see()
        if kind != "park":  # which makes no commit
            self._durable_seq = self._seq
        if is_conflict:
            self._mine = submission.text
        elif kind != "park":
            self.ledger.revisions.add(answer["commit"])

    def _see(self) -> None:
        """The server has shown a revision."""
        self.ledger.revisions.add(self.connection.revision)
        if self.connection.conflict:
            self.ledger.revisions.add(self.connection.conflict["revision"])
        else:
            self._old.append((self.connection.revision, self.connection.text))

    # --- what it types

    def _next(self) -> Submission:
        dice = self._random.random()
        if self.connection.conflict:
            if dice < 0.35:
                return self._resolve(self.connection.conflict)
            if dice < 0.6:
                return self._park(self.connection.conflict)
            return self._dispute() if dice < 0.7 else self._type()
        return self._dispute() if dice < 0.2 else self._type()

    def _type(self) -> Submission:
        """Put a new word between the others, on the client's last commit."""
        conflict = self.connection.conflict
        text = self._mine if conflict else self.connection.text
        gaps = [0, *(place.end() + 1 for place in WORD.finditer(text) if place.end() < len(text))]
        word = self._words.new() + self._random.choice("   \n")
        return self._edit(self.connection.base, text, (self._random.choice(gaps), 0, word))

    def _dispute(self) -> Submission:
        """Replace a word on an old revision, if possible one that is not there any more."""
        base, text = self._old[0]
        there = set(words_in(self.connection.text))
        places = list(WORD.finditer(text))
        gone = [place for place in places if place[0] not in there]
        if not places:
            return self._type()
        place = self._random.choice(gone or places)
        length = place.end() - place.start()
        return self._edit(base, text, (place.start(), length, self._words.new()))

    def _edit(self, base: str, text: str, splice: _Splice) -> Submission:
        after = apply(text, [splice])
        self.ledger.remove(text, after)
        changed: Message = {"splices": [splice]} if self._in_splices else {"text": after}
        return self._submission({"type": "edit", "base": base} | changed, after)

    def _resolve(self, conflict: Message) -> Submission:
        """Decide each hunk in some way: one's own, the others', both, or by hand."""
        text, hunks = conflict["text"], conflict["hunks"]
        after = apply(text, [(h["start"], h["end"] - h["start"], self._decide(h)) for h in hunks])
        sides = "\n".join(hunk[side] for hunk in hunks for side in ("base", "ours", "theirs"))
        self.ledger.remove(sides, after)
        self.ledger.decided |= set(words_in(sides))
        where = {"commit": conflict["commit"], "base": conflict["revision"]}
        return self._submission({"type": "resolve", "text": after} | where, after)

    def _decide(self, hunk: Message) -> str:
        ours, theirs = str(hunk["ours"]), str(hunk["theirs"])
        decisions = [ours, theirs, self._words.new() + " "]
        if not set(words_in(ours)) & set(words_in(theirs)):
            decisions.append(f"{theirs} {ours}")
        return self._random.choice(decisions)

    def _park(self, conflict: Message) -> Submission:
        return self._submission({"type": "park", "commit": conflict["commit"]}, self._mine)

    def _submission(self, message: dict[str, Any], text: str) -> Submission:
        self._seq += 1
        return Submission(message | {"seq": self._seq}, text)

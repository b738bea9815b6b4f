"""A client that types as fast as it is answered, across crashes and connections.

A writer has one edit outstanding and keeps what docs/protocol.md requires of a client: id, key,
base, and the unanswered edit. It types unique words, replaces some, and sometimes causes a conflict
on purpose: it replaces, on an old revision, a word that has been replaced since.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Any

from aiohttp import ClientError

from tests.crash.crashing_server import Connection, CrashingServer
from tests.crash.promises import Promises
from tests.crash.results import Fault, Results
from tests.crash.words import WORD, Words, words_in
from tests.server.sockets.client import ClosedError, Message, apply

# What a client gets from a killed server.
_KILLED = (ClosedError, ClientError, ConnectionError)

_OLD_REVISIONS = 8
_TRIES = 200  # of an edit that is refused temporarily
_RETRY_S = 0.05

_Splice = tuple[int, int, str]


class NotResumedError(AssertionError):
    """The server did not resume a client."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A message with a `seq`, and the text that results."""

    message: Message
    text: str


class Writer:
    """One client of one document."""

    def __init__(self, number: int, promises: Promises, results: Results, random: Random) -> None:
        self.name = f"Writer {number}"
        self.promises = promises
        self.outstanding: Submission | None = None
        self._results = results
        self._random = random
        self._words = Words(number)
        self._in_splices = number % 2 == 1
        self._connection: Connection | None = None  # the last one with a welcome
        self._seq = 0
        self._durable_seq = 0  # the last acknowledged one that made a commit
        self._own_text = ""  # the text of the conflicting commit
        self._old: deque[tuple[str, str]] = deque(maxlen=_OLD_REVISIONS)

    @property
    def connection(self) -> Connection:
        assert self._connection, "no welcome yet"
        return self._connection

    # --- connections

    async def resume(self, server: CrashingServer) -> None:
        """Connect as the same client, and resend what was not answered."""
        connection = await server.connect(self.promises.document)
        fields: Message = {"name": self.name}
        if self._connection:
            connection.remember(self._connection)
            fields |= {"base": self._connection.revision, **self._connection.resuming}
        self._check(await connection.hello(**fields))
        self._connection = connection
        self._record_shown()
        if self.outstanding:
            self._results.resent += 1
            self._results.resent_durable += connection.welcome["seq"] >= self._seq
            await self._finish()

    def _check(self, welcome: Message) -> None:
        """Check that the server knows this client and everything it acknowledged."""
        earlier, seq = self._connection, welcome["seq"]
        if earlier and welcome["client"] != earlier.id:
            self._results.add_fault(Fault.NOT_RESUMED, f"{self.name} was not resumed")
            raise NotResumedError(self.name)
        if seq < self._durable_seq:
            what = f"{self.name}: seq {self._durable_seq} was acknowledged, {seq} is the last"
            self._results.add_fault(Fault.LOST, what)
        if seq > self._seq:
            self._results.add_fault(Fault.BROKEN, f"{self.name}: seq {seq} was never sent")
        if welcome["conflict"] and not self.outstanding and not (earlier and earlier.conflict):
            self._results.add_fault(Fault.BROKEN, f"{self.name}: a conflict without an edit")

    async def resume_until_killed(self, server: CrashingServer) -> None:
        try:
            await self.resume(server)
        except _KILLED:
            if not server.is_killed:
                raise

    async def type_until_killed(self, server: CrashingServer) -> None:
        try:
            while True:
                self.outstanding = self._next()
                if self._random.random() < 0.03:
                    await self._drop(server)
                else:
                    await self._finish()
        except _KILLED:
            if not server.is_killed:
                raise

    async def _drop(self, server: CrashingServer) -> None:
        """Close the connection, with the edit sent or not, and resume."""
        assert self.outstanding
        self._results.dropped += 1
        if self._random.random() < 0.7:
            await self.connection.put(self.outstanding.message, self.outstanding.text)
        await self.connection.vanish()
        await self.resume(server)

    async def catch_up(self, revision: str) -> str:
        """Receive everything up to a revision; return the client's text."""
        if self.connection.conflict:
            await self.connection.sync()  # P9: nothing comes by itself
        else:
            await self.connection.until_revision(revision)
        return self.connection.text

    # --- answers

    async def _finish(self) -> None:
        """Send the outstanding edit until it is answered."""
        submission = self.outstanding
        assert submission
        tries = 0
        while (answer := await self._submit(submission))["type"] == "error":
            tries += 1
            if answer["code"] not in ("unavailable", "rate_limited") or tries == _TRIES:
                what = f"{self.name}: {submission.message} got {answer}"
                self._results.add_fault(Fault.NOT_RESUMED, what)
                raise NotResumedError(what)
            self._results.refused += 1
            await asyncio.sleep(answer.get("retry_after_s", _RETRY_S))
        self._record_answer(submission, answer)

    async def _submit(self, submission: Submission) -> Message:
        await self.connection.put(submission.message, submission.text)
        return await self.connection.answer(submission.message["seq"])

    def _record_answer(self, submission: Submission, answer: Message) -> None:
        """Record the promises in an answer."""
        kind, is_conflict = submission.message["type"], answer["type"] == "conflict"
        self.outstanding = None
        self._results.acknowledged += 1
        self._results.conflicts += is_conflict
        self._results.resolved += kind == "resolve"
        self._results.parked += kind == "park"
        self.promises.commits.add(answer["commit"])
        self.promises.words |= set(words_in(submission.text))
        self._record_shown()
        if kind != "park":  # which makes no commit
            self._durable_seq = self._seq
        if is_conflict:
            self._own_text = submission.text
        elif kind != "park":
            self.promises.revisions.add(answer["commit"])

    def _record_shown(self) -> None:
        """Record the revision that the server has shown."""
        self.promises.revisions.add(self.connection.revision)
        if self.connection.conflict:
            self.promises.revisions.add(self.connection.conflict["revision"])
        else:
            self._old.append((self.connection.revision, self.connection.text))

    # --- edits

    def _next(self) -> Submission:
        dice = self._random.random()
        if self.connection.conflict:
            if dice < 0.35:
                return self._resolve(self.connection.conflict)
            if dice < 0.6:
                return self._park(self.connection.conflict)
            return self._conflict() if dice < 0.7 else self._type()
        return self._conflict() if dice < 0.2 else self._type()

    def _type(self) -> Submission:
        """Insert a new word, based on the client's last commit."""
        conflict = self.connection.conflict
        text = self._own_text if conflict else self.connection.text
        gaps = [0, *(place.end() + 1 for place in WORD.finditer(text) if place.end() < len(text))]
        word = self._words.new() + self._random.choice("   \n")
        return self._edit(self.connection.base, text, (self._random.choice(gaps), 0, word))

    def _conflict(self) -> Submission:
        """Replace a word of an old revision, if possible one that has been replaced since."""
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
        self.promises.remove(text, after)
        changed: Message = {"splices": [splice]} if self._in_splices else {"text": after}
        return self._submission({"type": "edit", "base": base} | changed, after)

    def _resolve(self, conflict: Message) -> Submission:
        """Resolve each hunk with theirs, ours, both, or a new word."""
        text, hunks = conflict["text"], conflict["hunks"]
        after = apply(text, [(h["start"], h["end"] - h["start"], self._decide(h)) for h in hunks])
        sides = "\n".join(hunk[side] for hunk in hunks for side in ("base", "ours", "theirs"))
        self.promises.remove(sides, after)
        self.promises.decided |= set(words_in(sides))
        where = {"commit": conflict["commit"], "base": conflict["revision"]}
        return self._submission({"type": "resolve", "text": after} | where, after)

    def _decide(self, hunk: Message) -> str:
        ours, theirs = str(hunk["ours"]), str(hunk["theirs"])
        decisions = [ours, theirs, self._words.new() + " "]
        if not set(words_in(ours)) & set(words_in(theirs)):
            decisions.append(f"{theirs} {ours}")
        return self._random.choice(decisions)

    def _park(self, conflict: Message) -> Submission:
        return self._submission({"type": "park", "commit": conflict["commit"]}, self._own_text)

    def _submission(self, message: dict[str, Any], text: str) -> Submission:
        self._seq += 1
        return Submission(message | {"seq": self._seq}, text)

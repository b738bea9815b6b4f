"""A cheap client of GollabEdit, after docs/protocol.md, with at most one edit outstanding.

It shares no code with the server or other clients. It types one word at a time and nothing while it
waits for an answer, so it has only one text: that of its base, or the one it sent.
"""

import zlib
from collections.abc import Awaitable, Callable
from random import Random
from typing import NamedTuple, Self

import msgspec
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from bench.load.word_log import WordLog

Splice = tuple[int, int, str]
_Fields = dict[str, object]

# Only every n-th message is checked, because the checksum of a long text costs more than the rest.
_CHECKED_EVERY = 16


class Failure(Exception):
    """The server broke a rule, or closed the connection."""


class _Hunk(msgspec.Struct):
    start: int
    end: int
    theirs: str


class _Message(msgspec.Struct):
    """Any message of the server, with the fields used here and their defaults."""

    type: str
    seq: int = 0
    revision: str = ""
    from_: str = msgspec.field(name="from", default="")
    splices: list[Splice] = []
    text: str = ""
    check: int = 0
    commit: str = ""
    hunks: list[_Hunk] = []
    code: str = ""
    message: str = ""


class _Outstanding(NamedTuple):
    """An unanswered submission."""

    seq: int
    word: str
    due: float
    text: str


_decode = msgspec.json.Decoder(_Message).decode
_encode = msgspec.json.Encoder().encode


class Client:
    """A websocket with a copy of the document."""

    def __init__(self, socket: ClientWebSocketResponse[bool], number: int) -> None:
        self.number = number
        self.text = ""
        self.revision = ""
        self.conflicts = 0
        self._socket = socket
        self._seq = 0
        self._received = 0
        self._outstanding: _Outstanding | None = None

    @classmethod
    async def join(cls, http: ClientSession, server: str, document: str, number: int = 0) -> Self:
        """Connect and wait for the welcome."""
        url = f"{server}/ws/{document}"
        socket = await http.ws_connect(url, max_msg_size=0, decode_text=False)
        client = cls(socket, number)
        await client._send({"type": "hello", "protocol": 1, "name": f"Writer {number}"})
        while (message := await client._receive()).type != "welcome":
            if message.type == "error":
                raise Failure(f"{message.code}: {message.message}")
        client.text, client.revision = message.text, message.revision
        return client

    @property
    def is_free(self) -> bool:
        """Whether the next word may be typed."""
        return self._outstanding is None

    async def replace(self, text: str) -> None:
        """Replace the document's text, and wait for the answer."""
        await self._send_edit({"text": text}, "", 0.0, text)
        while self._outstanding is not None:
            self._take(await self._receive(), None)

    async def type(self, words: WordLog, random: Random, due: float, *, full_text: bool) -> None:
        """Insert a word at a random place between two words."""
        word = words.new_word(self.number, due)
        place = self.text.find(" ", random.randrange(max(len(self.text) - 80, 1)))
        place = max(place, 0)
        text = f"{self.text[:place]} {word}{self.text[place:]}"
        splices = [(place, 0, f" {word}")]
        change: _Fields = {"text": text} if full_text else {"splices": splices}
        await self._send_edit(change, word, due, text)

    async def listen(
        self, words: WordLog, answered: Callable[[Self, str, float], Awaitable[None]]
    ) -> None:
        """Handle messages forever; call `answered` for each acknowledged word."""
        while True:
            message = await self._receive()
            done = self._take(message, words)
            if done:
                await answered(self, done.word, done.due)
            elif message.type == "conflict" and self._outstanding:
                await self._take_both(message, self._outstanding)

    async def close(self) -> None:
        await self._socket.close()

    def _take(self, message: _Message, words: WordLog | None) -> _Outstanding | None:
        """Handle a message; return the submission that it finally answers."""
        waiting = self._outstanding
        if message.type == "update" and waiting is None:
            if message.from_ != self.revision:
                raise Failure("P6: an update must begin where the last one ended")
            self._show(self.text, message, words)
        elif message.type == "merged" and waiting and message.seq == waiting.seq:
            self._show(waiting.text, message, words)
            self._outstanding = None
            return waiting
        elif message.type == "error":
            raise Failure(f"{message.code}: {message.message}")
        return None

    def _show(self, text: str, message: _Message, words: WordLog | None) -> None:
        """Apply a message's splices to the text that they refer to."""
        for start, deleted, inserted in reversed(message.splices):
            text = text[:start] + inserted + text[start + deleted :]
        self.text, self.revision = text, message.revision
        if words:
            for _, _, inserted in message.splices:
                words.record_shown(self.number, inserted)
        self._received += 1
        if self._received % _CHECKED_EVERY == 0 and zlib.crc32(text.encode()) != message.check:
            raise Failure("a text has drifted from the server's")

    async def _take_both(self, conflict: _Message, waiting: _Outstanding) -> None:
        """Resolve a conflict by keeping both sides in full."""
        if conflict.seq != waiting.seq:
            return  # an earlier one; the resolution sent since has its own answer
        self.conflicts += 1
        splices = [(hunk.end, 0, f" {hunk.theirs} ") for hunk in conflict.hunks if hunk.theirs]
        text = conflict.text
        for place, _, inserted in reversed(splices):
            text = text[:place] + inserted + text[place:]
        self._seq += 1
        self._outstanding = waiting._replace(seq=self._seq, text=text)
        await self._send(
            {
                "type": "resolve",
                "seq": self._seq,
                "commit": conflict.commit,
                "base": conflict.revision,
                "splices": splices,
            }
        )

    async def _send_edit(self, change: _Fields, word: str, due: float, text: str) -> None:
        self._seq += 1
        self._outstanding = _Outstanding(self._seq, word, due, text)
        await self._send({"type": "edit", "seq": self._seq, "base": self.revision, **change})

    async def _send(self, message: _Fields) -> None:
        await self._socket.send_frame(_encode(message), WSMsgType.TEXT)

    async def _receive(self) -> _Message:
        frame = await self._socket.receive()
        if frame.type is not WSMsgType.TEXT:
            raise Failure(f"the server closed the connection: {frame.data} {frame.extra or ''}")
        return _decode(frame.data)

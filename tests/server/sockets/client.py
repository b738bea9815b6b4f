"""A client of the wire protocol for tests: it keeps the rules and asserts that the server does.

Written against docs/protocol.md alone: it shares no code with the server, so that a mistake there
is not repeated here.
"""

import asyncio
import json
import zlib
from collections.abc import Iterable
from typing import Any, Self

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

DEADLINE_S = 20.0  # for one message; far more than any takes

_ASIDE = ("presence", "unmerged")  # what comes at any time and says nothing of the text

Message = dict[str, Any]
Splices = Iterable[tuple[int, int, str]]


class ClosedError(Exception):
    """The server closed the connection."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(f"closed with {code} {reason}")
        self.code = code


def apply(text: str, splices: Splices) -> str:
    """Carry out splices, whose positions are those of the text before any of them."""
    for start, deleted, inserted in sorted(splices, reverse=True):
        assert 0 <= start <= start + deleted <= len(text), "a splice lies outside its text"
        text = text[:start] + inserted + text[start + deleted :]
    return text


def check_of(text: str) -> int:
    return zlib.crc32(text.encode())


class Client:
    """One websocket, and the document as this client sees it."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.welcome: Message = {}
        self.revision = ""  # of `text`
        self.text = ""
        self.conflict: Message | None = None
        self.seq = 0
        self.people: dict[str, Message] = {}
        self.unmerged = 0
        self.updates: list[Message] = []
        self.closing: Message | None = None
        self._chain = ""  # rule P6: where the next `update` must come from
        self._sent: dict[int, str] = {}
        self._outstanding: set[int] = set()

    @classmethod
    async def connect(cls, http: ClientSession, url: str, **options: Any) -> Self:
        """Open the websocket, and say nothing yet."""
        async with asyncio.timeout(DEADLINE_S):
            return cls(await http.ws_connect(url, max_msg_size=0, **options))

    @property
    def id(self) -> str:
        """This client's id."""
        client: str = self.welcome["client"]
        return client

    @property
    def resuming(self) -> Message:
        """What a `hello` needs to come back as this client."""
        return {"client": self.id, "key": self.welcome["key"]}

    def remember(self, earlier: "Client") -> None:
        """Know what an earlier connection of this client knew."""
        self.text, self.seq = earlier.text, earlier.seq
        self._sent = dict(earlier._sent)

    # --- messages as they are

    async def send(self, **message: Any) -> None:
        """Send one message."""
        await self.send_raw(json.dumps(message))

    async def send_raw(self, frame: str | bytes) -> None:
        """Send one text frame, whatever is in it."""
        content = frame.encode() if isinstance(frame, str) else frame
        async with asyncio.timeout(DEADLINE_S):
            await self.socket.send_frame(content, WSMsgType.TEXT)

    async def receive_raw(self) -> Message:
        """The next message, of any type.

        Raises:
            ClosedError: there is none, the connection has ended.
        """
        async with asyncio.timeout(DEADLINE_S):
            frame = await self.socket.receive()
        if frame.type is not WSMsgType.TEXT:
            # The frame's own code: aiohttp may have noted that its answer was not sent any more.
            is_close = frame.type is WSMsgType.CLOSE
            code = frame.data if is_close else self.socket.close_code
            raise ClosedError(code, str(frame.extra or ""))
        message: Message = json.loads(frame.data)
        assert isinstance(message["type"], str)
        return message

    async def closed(self) -> int | None:
        """Wait for the end of the connection; returns its code."""
        try:
            while True:
                self._take(await self.receive_raw())
        except ClosedError as end:
            return end.code

    async def close(self) -> None:
        await self.socket.close()

    async def vanish(self) -> None:
        """Lose the connection without a word."""
        connection = self.socket._conn
        if connection is not None and connection.transport is not None:  # it has not ended yet
            connection.transport.abort()
        await self.socket.close()

    # --- the conversation

    async def hello(self, **fields: Any) -> Message:
        """Say hello and be welcomed."""
        await self.send(type="hello", protocol=1, **fields)
        welcome = await self.receive_raw()
        assert welcome["type"] == "welcome", welcome
        self.take_welcome(welcome)
        return welcome

    def take_welcome(self, welcome: Message) -> None:
        """Begin with what a `welcome` says."""
        known = welcome.get("from")
        self.welcome = welcome
        self.text = apply(self.text, welcome["splices"]) if known else welcome["text"]
        self.revision = self._chain = welcome["revision"]
        self.seq = max(self.seq, welcome["seq"])
        self.conflict = welcome["conflict"]
        self.unmerged = welcome["unmerged"]
        self.people = {person["client"]: person for person in welcome["people"]}
        assert check_of(self.text) == welcome["check"], "the text has drifted"

    async def submit(self, text: str, **fields: Any) -> int:
        """Send an edit and do not wait; returns its `seq`.

        Args:
            text: the text that it makes; `splices` may say how.
            fields: fields of the message that are not as usual.
        """
        self.seq += 1
        message = {"type": "edit", "seq": self.seq, "base": self.base, **fields}
        if "splices" not in message:
            message["text"] = text
        self._sent[message["seq"]] = text
        self._outstanding.add(message["seq"])
        await self.send(**message)
        return int(message["seq"])

    async def edit(self, text: str, **fields: Any) -> Message:
        """Send an edit and wait for its answer."""
        return await self.answer(await self.submit(text, **fields))

    async def resolve(self, text: str, **fields: Any) -> Message:
        """Answer the open conflict."""
        assert self.conflict
        return await self.edit(
            text,
            **{
                "type": "resolve",
                "commit": self.conflict["commit"],
                "base": self.conflict["revision"],
                **fields,
            },
        )

    async def park(self) -> Message:
        """Decide the open conflict later."""
        assert self.conflict
        self.seq += 1
        self._sent[self.seq] = self._sent[self.conflict["seq"]]
        self._outstanding.add(self.seq)
        await self.send(type="park", seq=self.seq, commit=self.conflict["commit"])
        return await self.answer(self.seq)

    async def take_up(self, found: Message, text: str, **fields: Any) -> Message:
        """Answer the conflict of an unmerged branch, whoever wrote it."""
        where = {"commit": found["commit"], "base": found["revision"]}
        return await self.edit(text, **{"type": "resolve"} | where | fields)

    async def sync(self) -> Message:
        """Ask for the whole text."""
        await self.send(type="sync")
        while "text" not in (message := await self.next("update")):
            pass
        return message

    @property
    def own_text(self) -> str:
        """What the next edit goes on from: in a conflict the own text, as it was sent."""
        return self._sent[self.conflict["seq"]] if self.conflict else self.text

    @property
    def base(self) -> str:
        """What the next edit is based on."""
        commit: str = self.conflict["commit"] if self.conflict else self.revision
        return commit

    async def answer(self, seq: int) -> Message:
        """Wait for the answer to a submission; `update`s before it are dropped (rule P6)."""
        while True:
            message = await self.next()
            if message.get("seq") == seq and message["type"] in ("merged", "conflict", "error"):
                return message

    async def next(self, kind: str | None = None) -> Message:
        """The next message, taken in; without `kind` the next that is about the text."""
        while True:
            message = await self.receive_raw()
            self._take(message)
            if message["type"] == kind or (kind is None and message["type"] not in _ASIDE):
                return message

    async def until(self, text: str) -> None:
        """Take in updates until the text is this."""
        async with asyncio.timeout(DEADLINE_S):
            while self.text != text:
                await self.next()

    async def until_revision(self, revision: str) -> None:
        """Take in updates until this revision is shown."""
        async with asyncio.timeout(DEADLINE_S):
            while self.revision != revision:
                await self.next()

    async def until_unmerged(self, count: int) -> None:
        """Wait until the server says that there are so many unmerged branches."""
        async with asyncio.timeout(DEADLINE_S):
            while self.unmerged != count:
                self._take(await self.receive_raw())

    async def pong(self) -> None:
        """Have everything that the server sent before this call taken in."""
        await self.send(type="ping")
        await self.next("pong")

    # --- what the messages mean

    def _take(self, message: Message) -> None:
        match message["type"]:
            case "update":
                self._take_update(message)
            case "merged":
                self._take_merged(message)
            case "conflict":
                self._take_conflict(message)
            case "error":
                self._outstanding.discard(message.get("seq", 0))
            case "presence" if message.get("left"):
                self.people.pop(message["client"], None)
            case "presence":
                self.people[message["client"]] = message
            case "unmerged":
                self.unmerged = message["count"]
            case "welcome":
                raise AssertionError("a second welcome")

    def _take_update(self, update: Message) -> None:
        self.updates.append(update)
        if "text" in update:
            self._show(update, update["text"])
            return
        assert update["from"] == self._chain, "P6: an update must begin where the last one ended"
        assert not self.conflict, "P9: no update while a conflict is open"
        self._chain = update["revision"]
        if not self._outstanding:
            self._show(update, apply(self.text, update["splices"]))

    def _take_merged(self, merged: Message) -> None:
        sent = self._sent.get(merged["seq"], self.text)
        self._outstanding.discard(merged["seq"])
        self.conflict = None
        self._show(merged, apply(sent, merged["splices"]))

    def _take_conflict(self, conflict: Message) -> None:
        self._outstanding.discard(conflict["seq"])
        self.conflict = conflict
        text = conflict["text"]
        for hunk in conflict["hunks"]:
            assert text[hunk["start"] : hunk["end"]] == hunk["ours"]

    def _show(self, message: Message, text: str) -> None:
        self.text, self.revision = text, message["revision"]
        self._chain = self.revision
        assert check_of(text) == message["check"], "the text has drifted"


def with_theirs(conflict: Message) -> str:
    """The complete text of the client's side: `theirs` at every hunk."""
    return apply(
        conflict["text"],
        [
            (hunk["start"], hunk["end"] - hunk["start"], hunk["theirs"])
            for hunk in conflict["hunks"]
        ],
    )

"""One websocket connection on one document, without the websocket.

    GREETING ── hello ──▶ JOINING ── welcome ──▶ OPEN ──▶ CLOSED
                                                            ▲
        anything else first, a wrong version, ten bad messages in a row: from any state

Frames and the document's replies come in, actions go out. A session knows what its client was last
shown (rule P6: `update` chains from there) and how many of its requests are unanswered. Sans-I/O:
`now` is a parameter; it knows no socket, task or Git.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from sys import getsizeof
from typing import assert_never

import msgspec
from msgspec import UNSET

from server import protocol
from server.core.clients import Author, ResumeKeys
from server.core.document import (
    Joined,
    Notification,
    Request,
    SessionReply,
    View,
    too_large,
)
from server.core.names import GUEST, clean_name, guest_name
from server.core.rates import Pace, TokenBucket
from server.core.standing import ANY_MEMBER, Member, Standing
from server.protocol import (
    BadMessageError,
    ClientMessage,
    CloseCode,
    Code,
    Edit,
    Hello,
    Park,
    Ping,
    Presence,
    Resolve,
    Sync,
)

_BAD_MESSAGES_MAX = 10  # in a row (rule P10)
_ARCHIVED = "This document is archived and can only be read. Your text is kept here."
_VIEW_ONLY = "You can view this document, but not change it. Your text is kept here."
# Texts above this many times the limit for a document are refused before they wait for their turn.
_TEXT_FACTOR = 2
# The pace of frames of any type: a page sends a caret for each edit, and a few others.
_FRAMES_PER_EDIT = 2
_OTHER_FRAMES_PER_S = 100.0
_SPLICE_BYTES = 160  # of memory, without its text


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a session; see the settings of the same names."""

    document_bytes_max: int
    frame_bytes_max: int
    edits_per_s: float
    edits_outstanding_max: int


class Send(msgspec.Struct, frozen=True):
    """Send this message to the client."""

    message: protocol.ServerMessage


class Submit(msgspec.Struct, frozen=True):
    """Submit this request to the document; its reply goes to `receive_reply`."""

    request: Request


class PresenceChanged(msgspec.Struct, frozen=True):
    """The client's caret or name changed: notify the others."""

    presence: Presence


class Close(msgspec.Struct, frozen=True):
    """Close the connection once the messages before are sent."""

    code: int
    reason: str


Action = Send | Submit | PresenceChanged | Close


class State(Enum):
    GREETING = auto()
    JOINING = auto()
    OPEN = auto()
    CLOSED = auto()


class Session:
    """The server's side of one connection."""

    def __init__(
        self,
        document: str,
        keys: ResumeKeys,
        limits: Limits,
        now: float,
        standing: Standing | None = None,
        member: Member = ANY_MEMBER,
    ) -> None:
        self.document = document
        self._member = member
        self._standing = standing or Standing(document)
        self.state = State.GREETING
        self.author = Author("", GUEST)
        self.unmerged = 0  # the count that its client was last sent
        self._keys = keys
        self._limits = limits
        self._edits = TokenBucket(limits.edits_per_s, now)
        frames_per_s = _FRAMES_PER_EDIT * limits.edits_per_s + _OTHER_FRAMES_PER_S
        self._pace = Pace(frames_per_s, limits.frame_bytes_max, now)
        self._bad_messages = 0
        self._outstanding: deque[int] = deque()  # the memory of each unanswered request
        self._outstanding_bytes = 0
        self._revision = ""
        self._conflict: protocol.Conflict | None = None

    @property
    def client(self) -> str:
        return self.author.client

    @property
    def branch(self) -> str:
        return f"clients/{self.client}"

    @property
    def accepts_updates(self) -> bool:
        """Whether to send others' changes: not during a request, whose reply covers them (P6)."""
        return self.state is State.OPEN and not self._outstanding

    @property
    def has_room(self) -> bool:
        """Whether to read on: what its unanswered requests hold in memory is limited."""
        return self._outstanding_bytes < self._limits.frame_bytes_max

    @property
    def _can_edit(self) -> bool:
        return self._member.can_edit and not self._standing.is_archived

    def view(self) -> View:
        """Return what the client was last shown."""
        return View(self.client, self._revision, self._conflict)

    # --- from the client

    def pause_s(self, size: int, now: float) -> float:
        """Count a frame of the websocket, of any type; return how long not to read the next one."""
        return self._pace.pause_s(size, now)

    def receive(self, frame: bytes, now: float) -> list[Action]:
        """Process one frame.

        Args:
            frame: a text frame, in UTF-8.
            now: a monotonic time in seconds.
        """
        if self.state is State.CLOSED:
            return []
        try:
            message = protocol.decode(frame)
        except BadMessageError as problem:
            return self._reject_message(problem.message, problem.seq)
        if message is None:
            return []
        if self.state is State.GREETING and not isinstance(message, Hello):
            return [
                self._error(Code.BAD_MESSAGE, "The first message must be `hello`."),
                self.close(CloseCode.POLICY, "no hello"),
            ]
        return self._dispatch(message, now)

    def _dispatch(self, message: ClientMessage, now: float) -> list[Action]:
        match message:
            case Hello():
                return self._hello(message)
            case Edit() | Resolve() | Park() | Sync():
                return self._submit_limited(message, now)
            case Presence():
                return self._presence(message)
            case Ping():
                return [Send(protocol.Pong())]
            case _:
                assert_never(message)

    def _hello(self, hello: Hello) -> list[Action]:
        if self.state is not State.GREETING:
            return self._reject_message("`hello` is sent once, as the first message.", None)
        if hello.protocol != protocol.VERSION:
            problem = f"This server speaks version {protocol.VERSION} of the protocol."
            return [
                self._error(Code.BAD_MESSAGE, f"{problem} Reload the page."),
                self.close(CloseCode.POLICY, "protocol version"),
            ]
        if self._standing.was_deleted and (hello.client or hello.base):
            return [self.close(CloseCode.DELETED, "the document was deleted")]
        self.state = State.JOINING
        self.author = self._author(self._client_of(hello), hello.name)
        return self._submit(hello)

    def _client_of(self, hello: Hello) -> str:
        """Return the client that resumes, or a new one (rule P14)."""
        client, key = hello.client or "", hello.key or ""
        if self._keys.is_valid(self._standing.first_name, client, key):
            return client
        return self._keys.new_client()

    def _author(self, client: str, name: str | None) -> Author:
        """Return the author under the account's name, or else under the one that was chosen."""
        member = self._member
        wish = clean_name(name or "")
        chosen = member.name or (guest_name(wish) if member.is_guest else wish) or self.author.name
        return Author(client, chosen, member.email)

    def _submit_limited(self, message: Edit | Resolve | Park | Sync, now: float) -> list[Action]:
        """Submit a request, unless the client exceeds its limits, or may only read."""
        if not self._can_edit and not isinstance(message, Sync):
            sentence = _ARCHIVED if self._standing.is_archived else _VIEW_ONLY
            return [self._error(Code.FORBIDDEN, sentence, message.seq)]
        wait_s = self._edits.take(now)
        if wait_s or len(self._outstanding) >= self._limits.edits_outstanding_max:
            sentence = "Too many edits at once; they are kept here and sent again in a moment."
            seq = None if isinstance(message, Sync) else message.seq
            retry_after_s = max(round(wait_s, 3), 0.1)
            return [Send(protocol.Error(Code.RATE_LIMITED, sentence, seq, retry_after_s))]
        most = self._limits.document_bytes_max
        if isinstance(message, Edit) and len(message.text or "") > _TEXT_FACTOR * most:
            problem = too_large(message.text or "", most)
            return [self._error(problem.code, problem.message, message.seq)]
        return self._submit(message)

    def _submit(self, message: Hello | Sync | Edit | Resolve | Park) -> list[Action]:
        continues = bool(self._outstanding)
        self._outstanding.append(_memory_of(message))
        self._outstanding_bytes += self._outstanding[-1]
        return [Submit(Request(self.author, message, continues))]

    def _presence(self, presence: Presence) -> list[Action]:
        if max(presence.anchor, presence.head) > self._limits.document_bytes_max:
            return self._reject_message("The caret is outside the text.", None)
        self.author = self._author(self.client, presence.name)
        return [PresenceChanged(presence)]

    def _reject_message(self, sentence: str, seq: int | None) -> list[Action]:
        self._bad_messages += 1
        actions: list[Action] = [self._error(Code.BAD_MESSAGE, sentence, seq)]
        if self.state is State.GREETING or self._bad_messages >= _BAD_MESSAGES_MAX:
            actions.append(self.close(CloseCode.POLICY, "bad messages"))
        return actions

    def _error(self, code: Code, sentence: str, seq: int | None = None) -> Send:
        return Send(protocol.Error(code, sentence, seq))

    def close(self, code: int, reason: str) -> Close:
        """Close the session; no message may follow."""
        self.state = State.CLOSED
        return Close(code, reason)

    # --- from the document

    def receive_reply(self, reply: SessionReply, people: Sequence[protocol.Person]) -> list[Action]:
        """Process the document's reply to the oldest unanswered request.

        Args:
            reply: the reply.
            people: the participants, for a `welcome`.
        """
        self._outstanding_bytes -= self._outstanding.popleft()
        if self.state is State.CLOSED:
            return []
        match reply:
            case Joined():
                return [Send(self._welcome(reply, people))]
            case protocol.Error():
                if reply.code == Code.BAD_MESSAGE:
                    return self._reject_message(reply.message, reply.seq)
                return self._reply_error(reply)
            case protocol.FullText():
                self._revision = reply.revision
            case protocol.Merged() | protocol.Conflict():
                self.record_shown(reply)
            case _:
                assert_never(reply)
        self._bad_messages = 0
        return [Send(reply)]

    def _reply_error(self, error: protocol.Error) -> list[Action]:
        """Send an error; before the welcome it also ends the session (rule P1)."""
        if self.state is State.JOINING:
            return [Send(error), self.close(CloseCode.OVERLOADED, error.code)]
        return [Send(error)]

    def record_shown(self, notification: Notification) -> None:
        """Record what the client is shown from now on."""
        if isinstance(notification, protocol.Conflict):
            self._conflict = notification
        else:
            self._conflict = None
            self._revision = notification.revision

    def _welcome(self, joined: Joined, people: Sequence[protocol.Person]) -> protocol.Welcome:
        self.state = State.OPEN
        self._revision, self._conflict = joined.revision, joined.conflict
        self.unmerged = joined.unmerged
        return protocol.Welcome(
            document=self.document,
            client=self.client,
            key=self._keys.key(self._standing.first_name, self.client),
            branch=self.branch,
            revision=joined.revision,
            text=UNSET if joined.base else joined.text,
            from_=joined.base or UNSET,
            splices=protocol.wire(joined.splices) if joined.base else UNSET,
            check=joined.check,
            seq=joined.seq,
            people=list(people),
            conflict=joined.conflict,
            unmerged=joined.unmerged,
            access="edit" if self._can_edit else "view",
            manage=self._member.can_manage,
            name=self._member.name or UNSET,
            limits=protocol.Limits(
                self._limits.document_bytes_max,
                self._limits.frame_bytes_max,
                self._limits.edits_per_s,
            ),
        )


def _memory_of(message: Hello | Sync | Edit | Resolve | Park) -> int:
    """Return roughly how many bytes of memory the texts of a request take."""
    if not isinstance(message, Edit):
        return 0
    splices = message.splices or ()
    texts = sum(getsizeof(inserted) for _, _, inserted in splices)
    return getsizeof(message.text) + texts + _SPLICE_BYTES * len(splices)

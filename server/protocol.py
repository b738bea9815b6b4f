"""The wire protocol, version 1: every message as a frozen type, decoding and encoding.

It knows JSON and nothing else: no socket, no clock, no document. A message object that exists is
valid in form: decoding checks types, ranges and characters. What needs the text to be judged
(positions, a known base) is the document's business. docs/protocol.md is the same in words.

Errors::

    ProtocolError      the peer's fault; carries a wire code and a sentence for the user
    └── BadMessageError     not decodable, wrong types, characters that no document may hold
"""

import json
import zlib
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec

if TYPE_CHECKING:  # it would load the whole merge into every command
    from merge.result import Hunk

VERSION = 1

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
SequenceNumber = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
CommitId = Annotated[str, msgspec.Meta(max_length=64)]
WireSplice = tuple[Count, Count, str]


class Code(StrEnum):
    """The closed list of error codes."""

    BAD_MESSAGE = "bad_message"
    UNKNOWN_BASE = "unknown_base"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    FORBIDDEN = "forbidden"
    UNAVAILABLE = "unavailable"


class CloseCode:
    """Websocket close codes (rule P12)."""

    SHUTDOWN = 1001
    POLICY = 1008
    TOO_LARGE = 1009
    FAILURE = 1011
    OVERLOADED = 1013
    NO_SUCH_DOCUMENT = 4404


class ProtocolError(Exception):
    """The peer asked for something that cannot be done; nothing was changed."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BadMessageError(ProtocolError):
    """A frame that is not a message of this protocol."""

    def __init__(self, message: str, seq: int | None = None) -> None:
        super().__init__(Code.BAD_MESSAGE, message)
        self.seq = seq


class Message(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """What all messages share: one JSON object with a `type`."""


# --- client to server


class Hello(Message, frozen=True, tag="hello"):
    protocol: Count
    name: str | None = None
    client: str | None = None
    key: str | None = None
    base: CommitId | None = None


class Edit(Message, frozen=True, tag="edit"):
    """A new text: in full, or as splices against the text at `base`. Exactly one of the two."""

    seq: SequenceNumber
    base: CommitId
    text: str | None = None
    splices: list[WireSplice] | None = None

    def __post_init__(self) -> None:
        if (self.text is None) == (self.splices is None):
            raise ValueError("exactly one of `text` and `splices` is needed")


class Resolve(Edit, frozen=True, tag="resolve", kw_only=True):
    """The answer to a conflict: `base` is the revision that the conflict showed."""

    commit: CommitId


class Park(Message, frozen=True, tag="park"):
    """Decide the conflict at `commit` later."""

    seq: SequenceNumber
    commit: CommitId


class Presence(Message, frozen=True, tag="presence"):
    """Where the client's caret (anchor == head) or selection is, in the text at `base`."""

    base: CommitId
    anchor: Count
    head: Count
    name: str | None = None


class Sync(Message, frozen=True, tag="sync"):
    """Send me the whole text."""


class Ping(Message, frozen=True, tag="ping"):
    """Are you there?"""


ClientMessage = Hello | Edit | Resolve | Park | Presence | Sync | Ping
Submission = Edit | Resolve | Park  # what carries a seq and is answered exactly once (rule P3)


# --- server to client


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """One client who is here."""

    client: str
    name: str
    color: str
    base: str | None = None
    anchor: int | None = None
    head: int | None = None


class WireHunk(msgspec.Struct, frozen=True):
    """A disputed region: the characters `start` to `end` of the conflict's text are `ours`."""

    start: int
    end: int
    base: str
    ours: str
    theirs: str


class Names(msgspec.Struct, frozen=True):
    """Who wrote the two sides of a conflict."""

    ours: list[str]
    theirs: str


class Limits(msgspec.Struct, frozen=True):
    """What the client should stay below."""

    document_bytes: int
    frame_bytes: int
    edits_per_s: float


class Conflict(Message, frozen=True, tag="conflict", omit_defaults=False):
    seq: int
    commit: str
    revision: str
    base: str
    text: str
    hunks: list[WireHunk]
    diff: str
    names: Names
    waiting: int


class Welcome(Message, frozen=True, tag="welcome", kw_only=True, omit_defaults=False):
    protocol: int = VERSION
    document: str
    client: str
    key: str
    branch: str
    revision: str
    text: str | msgspec.UnsetType = msgspec.UNSET
    from_: str | msgspec.UnsetType = msgspec.field(name="from", default=msgspec.UNSET)
    splices: list[WireSplice] | msgspec.UnsetType = msgspec.UNSET
    check: int
    seq: int
    people: list[Person]
    conflict: Conflict | None
    unmerged: int
    access: str = "edit"
    limits: Limits


class Merged(Message, frozen=True, tag="merged"):
    seq: int
    commit: str
    revision: str
    splices: list[WireSplice]
    check: int


class Update(Message, frozen=True, tag="update", kw_only=True):
    from_: str = msgspec.field(name="from")
    revision: str
    splices: list[WireSplice]
    check: int
    clients: list[str]


class FullText(Message, frozen=True, tag="update"):
    """The answer to `sync`: an update that carries the whole text."""

    revision: str
    text: str
    check: int


class PersonMoved(Message, frozen=True, tag="presence"):
    client: str
    name: str
    color: str
    base: str | None = None
    anchor: int | None = None
    head: int | None = None


class PersonLeft(Message, frozen=True, tag="presence", omit_defaults=False):
    client: str
    left: bool = True


class UnmergedCount(Message, frozen=True, tag="unmerged"):
    """How many unmerged branches wait for somebody to take them up."""

    count: int


class Pong(Message, frozen=True, tag="pong"):
    pass


class Error(Message, frozen=True, tag="error"):
    code: str
    message: str
    seq: int | None = None
    retry_after_s: float | None = None


Answer = Merged | Conflict | Error
ServerMessage = (
    Welcome
    | Merged
    | Update
    | FullText
    | Conflict
    | PersonMoved
    | PersonLeft
    | UnmergedCount
    | Pong
    | Error
)


# --- answers over plain HTTP


class UnmergedBranch(msgspec.Struct, frozen=True):
    """An unmerged branch in the list of them, and how much of it is in dispute now."""

    id: str
    commit: str
    name: str
    time: int
    hunks: int
    characters: int
    excerpt: str


class UnmergedList(msgspec.Struct, frozen=True):
    """The unmerged branches of a document, newest first."""

    document: str
    revision: str
    unmerged: list[UnmergedBranch]


class UnmergedConflict(msgspec.Struct, frozen=True):
    """What an unmerged branch disagrees about, as `Conflict` has it of an open one."""

    id: str
    time: int
    commit: str
    revision: str
    base: str
    text: str
    hunks: list[WireHunk]
    diff: str
    names: Names


class DisputedHunk(WireHunk, frozen=True):
    """A disputed region of a version that was not taken in.

    Attributes:
        line: where `start` is in the text of the document, from 1.
        line_sent: where `theirs` is in the text that was sent, from 1.
    """

    line: int
    line_sent: int


class DisputedText(msgspec.Struct, frozen=True):
    """Why a whole version was not taken in; the hunks are placed in the text at `revision`."""

    error: str
    document: str
    revision: str
    hunks: list[DisputedHunk]


class DocumentState(msgspec.Struct, frozen=True):
    """A document, and its newest revision."""

    document: str
    revision: str


class DocumentList(msgspec.Struct, frozen=True):
    """Documents by name; `more`: there are others behind the last one."""

    documents: list[DocumentState]
    more: bool


class MirrorState(msgspec.Struct, frozen=True):
    """A document at one remote, whose URL is shown without secrets.

    `revision` is the last one that was pushed, at `time` (Unix seconds); `behind`: there may be
    something newer here; `problem`: why the last try failed, a sentence.
    """

    remote: str
    revision: str | None
    time: float | None
    behind: bool
    problem: str | None


class MirrorList(msgspec.Struct, frozen=True):
    """All mirrors of a document."""

    document: str
    mirrors: list[MirrorState]


HttpAnswer = UnmergedList | UnmergedConflict | DisputedText | DocumentList | MirrorList

_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_encoder = msgspec.json.Encoder()
_TYPES = frozenset(("hello", "edit", "resolve", "park", "presence", "sync", "ping"))


def decode(frame: bytes) -> ClientMessage | None:
    """Read one frame.

    Args:
        frame: the UTF-8 of one JSON object.

    Returns:
        The message, or None for a type that this version does not know (to be ignored).

    Raises:
        BadMessageError: the frame is not a valid message; `seq` is filled in where it can be read.
    """
    try:
        message = _decoder.decode(frame)
    except RecursionError:
        raise BadMessageError("The message is nested too deeply.") from None
    except (msgspec.DecodeError, ValueError) as problem:
        _explain(frame, problem)
        return None
    if b"\\u0000" in frame:
        _refuse_nul(message)
    return message


def _explain(frame: bytes, problem: Exception) -> None:
    """Ignore an unknown type; otherwise say what is wrong, with the seq if there is one."""
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        raise BadMessageError(f"The message could not be read: {problem}.") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BadMessageError(f"The message could not be read: {problem}.") from None
    if message["type"] not in _TYPES:
        return
    seq = message.get("seq")
    raise BadMessageError(
        f"The message `{message['type']}` is not valid: {problem}.",
        seq if type(seq) is int and abs(seq) < 2**53 else None,
    ) from None


def _refuse_nul(message: ClientMessage) -> None:
    """NUL is the one character that no text file may hold (Git would call it binary)."""
    seq = getattr(message, "seq", None)
    strings = [getattr(message, field) for field in ("text", "name") if hasattr(message, field)]
    strings += [inserted for _, _, inserted in getattr(message, "splices", None) or ()]
    if any(string and "\0" in string for string in strings):
        raise BadMessageError("A text cannot hold the character NUL.", seq)


def encode(message: ServerMessage | HttpAnswer) -> bytes:
    """Write one message as the UTF-8 of one JSON object."""
    return _encoder.encode(message)


def check_of(text: str) -> int:
    """The `check` of a text: CRC-32 of its UTF-8."""
    return zlib.crc32(text.encode())


def wire(splices: Sequence[tuple[int, int, str]]) -> list[WireSplice]:
    """Splices as they go over the wire."""
    return [(start, deleted, inserted) for start, deleted, inserted in splices]


def wire_hunks(hunks: "Sequence[Hunk]") -> list[WireHunk]:
    """Hunks as they go over the wire."""
    return [WireHunk(h.start, h.end, h.base, h.ours, h.theirs) for h in hunks]

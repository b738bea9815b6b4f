"""The wire protocol, version 1: every message as a frozen type, with its decoding and encoding.

It knows JSON, but no socket, clock or document. Decoding checks types, ranges and characters, so a
message object is always well-formed. Whatever depends on the text (positions, a known base) is
checked by the document. What is sent over HTTP is in `answers`; docs/protocol.md describes both in
prose.

Errors::

    ProtocolError           the peer's fault; has a wire code and a sentence for the user
    └── BadMessageError     invalid JSON, wrong types, or a character that no document may contain
"""

import re
import zlib
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any

import msgspec

VERSION = 1

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
SequenceNumber = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
CommitId = Annotated[str, msgspec.Meta(max_length=64)]
WireSplice = tuple[Count, Count, str]


class Code(StrEnum):
    """The error codes; the list is closed."""

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
    MOVED = 1012  # another node has the document, or will
    OVERLOADED = 1013
    RENAMED = 4301  # the reason is the new name
    NOT_SIGNED_IN = 4401
    NO_SUCH_DOCUMENT = 4404
    DELETED = 4410


# The reason of a close with `POLICY`: the client's key was used for another connection.
TAKEN_OVER = "this client connected again"
# The reason of a close with `OVERLOADED`: the address or the person has too many.
TOO_MANY_CONNECTIONS = "too many connections from one address"


class ProtocolError(Exception):
    """The peer requested something impossible; nothing was changed."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BadMessageError(ProtocolError):
    """A frame that is not a valid message."""

    def __init__(self, message: str, seq: int | None = None) -> None:
        super().__init__(Code.BAD_MESSAGE, message)
        self.seq = seq


class Message(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of all messages: one JSON object with a `type`."""


# --- client to server


class Hello(Message, frozen=True, tag="hello"):
    protocol: Count
    name: str | None = None
    client: str | None = None
    key: str | None = None
    base: CommitId | None = None


class Edit(Message, frozen=True, tag="edit"):
    """A new text: either in full, or as splices of the text at `base`.

    `restores` is the revision that it brings back, if it does.
    """

    seq: SequenceNumber
    base: CommitId
    text: str | None = None
    splices: list[WireSplice] | None = None
    restores: CommitId | None = None

    def __post_init__(self) -> None:
        if (self.text is None) == (self.splices is None):
            raise ValueError("exactly one of `text` and `splices` is needed")


class Resolve(Edit, frozen=True, tag="resolve", kw_only=True):
    """The resolution of a conflict; `base` is the revision that the conflict showed."""

    commit: CommitId


class Park(Message, frozen=True, tag="park"):
    """Put the conflict at `commit` off."""

    seq: SequenceNumber
    commit: CommitId


class Presence(Message, frozen=True, tag="presence"):
    """The client's caret (anchor == head) or selection, in the text at `base`."""

    base: CommitId
    anchor: Count
    head: Count
    name: str | None = None


class Sync(Message, frozen=True, tag="sync"):
    """A request for the full text."""


class Ping(Message, frozen=True, tag="ping"):
    """A request for a pong."""


ClientMessage = Hello | Edit | Resolve | Park | Presence | Sync | Ping
Submission = Edit | Resolve | Park  # has a seq and is answered exactly once (rule P3)


# --- server to client


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """A connected client."""

    client: str
    name: str
    color: str
    base: str | None = None
    anchor: int | None = None
    head: int | None = None


class WireHunk(msgspec.Struct, frozen=True):
    """A conflicting region: the characters `start` to `end` of the conflict's text are `ours`."""

    start: int
    end: int
    base: str
    ours: str
    theirs: str


class BaseLines(msgspec.Struct, frozen=True):
    """The lines of the base that a hunk is on, as they were.

    Attributes:
        text: whole lines without the last line end; long ones are cut, with an ellipsis.
        start: where the words that became the hunk start in `text`.
        end: where they end.
    """

    text: str
    start: int
    end: int


class ConflictHunk(WireHunk, frozen=True):
    """A conflicting region, with the lines as they were before either side changed them."""

    base_lines: BaseLines | msgspec.UnsetType = msgspec.UNSET


class Names(msgspec.Struct, frozen=True):
    """The authors of the two sides of a conflict."""

    ours: list[str]
    theirs: str


class Limits(msgspec.Struct, frozen=True):
    """The server's limits for one client."""

    document_bytes: int
    frame_bytes: int
    edits_per_s: float


class Conflict(Message, frozen=True, tag="conflict", omit_defaults=False):
    seq: int
    commit: str
    revision: str
    base: str
    text: str
    hunks: list[ConflictHunk]
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
    manage: bool = True
    name: str | msgspec.UnsetType = msgspec.UNSET
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
    """The answer to `sync`: an update with the full text."""

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
    """The number of unmerged branches."""

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


# --- frames


class _Identity(msgspec.Struct):
    """What an invalid frame of a client has to be answered with; the rest of it is skipped."""

    type: str
    seq: Any = None


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")  # msgspec reads past no lone one
_identity = msgspec.json.Decoder(_Identity)
_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_encoder = msgspec.json.Encoder()
_TYPES = frozenset(("hello", "edit", "resolve", "park", "presence", "sync", "ping"))


def encode(message: msgspec.Struct) -> bytes:
    """Encode a message, or an answer over HTTP, as the UTF-8 of one JSON object."""
    return _encoder.encode(message)


def decode(frame: bytes) -> ClientMessage | None:
    """Decode a client's frame.

    Args:
        frame: one JSON object in UTF-8.

    Returns:
        The message, or None for an unknown type (to be ignored).

    Raises:
        BadMessageError: The frame is not a valid message. `seq` is set if it can be read.
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
    """Raise a BadMessageError for an invalid frame, unless its type is unknown."""
    try:
        found = _identity.decode(_SURROGATE.sub(rb"\\ufffd", frame))
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadMessageError(f"The message could not be read: {problem}.") from None
    if found.type not in _TYPES:
        return
    raise BadMessageError(
        f"The message `{found.type}` is not valid: {problem}.",
        found.seq if type(found.seq) is int and abs(found.seq) < 2**53 else None,
    ) from None


def _refuse_nul(message: ClientMessage) -> None:
    """Reject the one character that no text may contain (Git would call the file binary)."""
    seq = getattr(message, "seq", None)
    strings = [getattr(message, field) for field in ("text", "name") if hasattr(message, field)]
    strings += [inserted for _, _, inserted in getattr(message, "splices", None) or ()]
    if any(string and "\0" in string for string in strings):
        raise BadMessageError("A text cannot hold the character NUL.", seq)


class _Header(msgspec.Struct):
    """The fields that tell which type a frame has."""

    type: str
    text: Any = None
    left: Any = None


_header = msgspec.json.Decoder(_Header)
_SERVER_DECODERS: dict[str, Callable[[bytes | str], ServerMessage]] = {
    "welcome": msgspec.json.Decoder(Welcome).decode,
    "merged": msgspec.json.Decoder(Merged).decode,
    "update": msgspec.json.Decoder(Update).decode,
    "conflict": msgspec.json.Decoder(Conflict).decode,
    "presence": msgspec.json.Decoder(PersonMoved).decode,
    "unmerged": msgspec.json.Decoder(UnmergedCount).decode,
    "error": msgspec.json.Decoder(Error).decode,
}
_full_text = msgspec.json.Decoder(FullText)
_person_left = msgspec.json.Decoder(PersonLeft)


def decode_server_message(frame: bytes | str) -> ServerMessage | None:
    """Decode a server's frame.

    Returns:
        The message, or None for an unknown type and for `pong` (to be ignored).

    Raises:
        BadMessageError: The frame is not a valid message.
    """
    try:
        header = _header.decode(frame)
        if header.type == "update" and header.text is not None:
            return _full_text.decode(frame)
        if header.type == "presence" and header.left:
            return _person_left.decode(frame)
        decoder = _SERVER_DECODERS.get(header.type)
        return decoder(frame) if decoder else None
    except (msgspec.DecodeError, RecursionError) as problem:
        raise BadMessageError(f"A message could not be read: {problem}.") from None


def check_of(text: str) -> int:
    """Return the `check` of a text: the CRC-32 of its UTF-8."""
    return zlib.crc32(text.encode())


def wire(splices: Sequence[tuple[int, int, str]]) -> list[WireSplice]:
    """Return splices in their wire form."""
    return list(splices)

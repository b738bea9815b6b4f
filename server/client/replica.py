"""A client's half of the protocol for programs: the twin of web/replica/replica.js, but small.

    known ──── edited ───> local        `known` is the last commit whose text both sides have: a
      │                      │          revision, or an own commit while the revision with it is
      │ server's splices     │          not taken over. `local` is the program's text, `newest` the
      v                      v          newest revision that was heard of.
    newest ──  merged ────> local'

Messages go in; what is to be sent is collected until `take_messages`. It knows no socket, clock or
file. When something is sent (`flush`) and taken over (`catch_up`) is its owner's decision.

Invariants:
    Only `edited`, `resolve` and `catch_up` change `local`.
    At most one submission is outstanding; `known` does not move while it is (P5, P6).
    Where both sides changed the same words nothing is taken over: the text is sent on the base
    that it was written on, and the server merges, or asks.
    `known` gives way only to a server that knows its commit. One that was restored from a backup
    may not: then `is_cut_off` says that the newest text may lack what was acknowledged.
    What `snapshot` gives is enough to go on after a crash, and to send the same again (P3).
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from merge.diff_splices import diff_splices
from merge.result import Merge
from merge.splices import Splice, SpliceError, apply
from merge.three_way import merge
from server.protocol import (
    VERSION,
    ClientMessage,
    Code,
    Conflict,
    Edit,
    Error,
    FullText,
    Hello,
    Merged,
    Park,
    PersonLeft,
    PersonMoved,
    Pong,
    Resolve,
    ServerMessage,
    Submission,
    Sync,
    UnmergedCount,
    Update,
    Welcome,
    WireSplice,
    check_of,
    wire,
)

_RETRYABLE = (Code.RATE_LIMITED, Code.UNAVAILABLE)
_RETRY_AFTER_S = 5.0


class UnexpectedMessageError(Exception):
    """The server said what it must not say now; the connection is best opened anew."""


class Known(msgspec.Struct, frozen=True):
    """A commit and its text. Without a commit it is nothing that the server would know."""

    commit: str | None = None
    text: str = ""
    is_revision: bool = False


class Sent(msgspec.Struct, frozen=True):
    """A submission without an answer, and the text that the answer starts from."""

    message: Submission
    text: str


class Snapshot(msgspec.Struct, frozen=True):
    """What there is to go on from after a restart."""

    client: str | None = None
    key: str | None = None
    seq: int = 0
    known: Known = Known()
    local: str = ""
    sent: Sent | None = None
    conflict: Conflict | None = None
    is_cut_off: bool = False


class Refusal(msgspec.Struct, frozen=True):
    """A text that the server does not take, and why."""

    text: str
    code: str
    message: str


class ClientSync:
    """One document as one client has it."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        snapshot = snapshot or Snapshot()
        self.client = snapshot.client
        self.known = snapshot.known
        self.local = snapshot.local
        self.conflict = snapshot.conflict
        self.refusal: Refusal | None = None
        self.retry_after_s: float | None = None  # the submission waits this long, and for `retry`
        self.is_online = False
        self.is_cut_off = snapshot.is_cut_off
        self._key = snapshot.key
        self._seq = snapshot.seq
        self._sent = snapshot.sent
        self._newest: Known | None = None
        self._is_fetching = False
        self._is_astray = False  # the server is further than `newest`, and no answer is due
        self._is_unproven = (
            False  # the server has not shown yet that it knows the commit of `known`
        )
        self._document_bytes_max: int | None = None
        self._messages: list[ClientMessage] = []

    # --- what can be asked

    @property
    def newest(self) -> Known:
        """The newest revision that was heard of."""
        return self._newest or self.known

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way that `known` must not move under."""
        return self._sent is None and not self._is_fetching

    @property
    def is_unsent(self) -> bool:
        return self.local != (self._sent or self.known).text

    @property
    def can_catch_up(self) -> bool:
        is_free = self.is_idle and self.conflict is None and not self._is_unproven
        return self._newest is not None and is_free

    @property
    def is_settled(self) -> bool:
        """Whether the server has everything of ours, and nothing of the server's is missing."""
        is_behind = self._newest is not None or self._is_astray
        return self.is_online and self.is_idle and not self.is_unsent and not is_behind

    def snapshot(self) -> Snapshot:
        return Snapshot(
            self.client,
            self._key,
            self._seq,
            self.known,
            self.local,
            self._sent,
            self.conflict,
            self.is_cut_off,
        )

    def take_messages(self) -> list[ClientMessage]:
        """What is to be sent, in order. While there is no connection that is nothing."""
        messages, self._messages = self._messages, []
        return messages

    # --- the connection

    def opened(self, name: str) -> None:
        base = self.known.commit if self.known.is_revision else None
        self._messages = [Hello(VERSION, name, self.client, self._key, base)]

    def closed(self) -> None:
        """The next welcome brings the text; what was submitted is submitted again (P3)."""
        self.is_online = self._is_fetching = False
        self.retry_after_s = None
        self._messages.clear()

    def retry(self) -> None:
        """The time that `retry_after_s` names is over."""
        if self.retry_after_s is not None and self.is_online:
            self._resubmit()

    # --- the program

    def edited(self, text: str, base: Known | None = None) -> None:
        """The program's text is this now.

        Args:
            text: the whole text.
            base: what it was made of, if not of `local`; nothing may be outstanding then.
        """
        if base and base.commit != self.known.commit:
            assert self.is_idle
            self._newest = self._newest or (self.known if self.known.is_revision else None)
            self._is_astray = self._newest is None
            self.known = base
        self.local = text
        if self.refusal and self.refusal.text != text:
            self.refusal = None

    def flush(self) -> None:
        """Send what is due: the text, or the question what was missed."""
        if not self.is_online or not self.is_idle:
            return
        if self.is_unsent and self._submit_edit():
            return
        if self._is_unproven:
            self._submit_nothing()
            return
        if self._is_astray and self.conflict is None:
            self._fetch()

    def ahead(self) -> str | None:
        """What the text becomes by `catch_up`; None if only the server can merge it."""
        ours = self.newest.text
        if self.local == self.known.text:
            return ours
        merged = merge(self.known.text, ours, self.local)
        if merged.clean:
            return merged.text
        return keeping_all(merged) if self.known.commit is None else None

    def catch_up(self) -> bool:
        """Go on from `newest`; returns whether `local` contains it now."""
        assert self.can_catch_up
        text = self.ahead()
        if text is None:
            self.flush()
            return False
        self.known, self.local, self._newest = self.newest, text, None
        self.is_cut_off = False
        return True

    def resolve(self, conflict: Conflict, text: str) -> None:
        """Answer a conflict.

        Args:
            conflict: the one that was shown; the open one may have moved on since.
            text: the text of the conflict with the decision in it, and whatever else was changed.
        """
        assert self.is_idle
        commit = (self.conflict or conflict).commit
        self.known = Known(conflict.revision, conflict.text, is_revision=True)
        self.local = text
        change = wire(diff_splices(conflict.text, text))
        self._submit(Resolve(self._seq + 1, conflict.revision, splices=change, commit=commit), text)

    def park(self) -> None:
        """Decide later: go on from what everybody has."""
        assert self.is_idle
        assert self.conflict
        self._submit(Park(self._seq + 1, self.conflict.commit), self.known.text)

    # --- the server

    def received(self, message: ServerMessage) -> None:
        """Take in a message.

        Raises:
            UnexpectedMessageError: it must not come now.
        """
        if not self.is_online and not isinstance(message, Welcome | Error):
            raise UnexpectedMessageError("the server did not begin with a welcome")
        match message:
            case Welcome():
                self._welcomed(message)
            case Merged():
                self._merged(message)
            case Update():
                self._updated(message)
            case FullText():
                self._fetched(message)
            case Conflict():
                self._disagreed(message)
            case Error():
                self._refused(message)
            case PersonMoved() | PersonLeft() | UnmergedCount() | Pong():
                pass

    def _welcomed(self, welcome: Welcome) -> None:
        self.is_online = True
        self._document_bytes_max = welcome.limits.document_bytes
        if welcome.client != self.client:
            self._sent = self.conflict = None  # not resumed (P14): all of it is unsent again
            self._seq = 0
        self.client, self._key = welcome.client, welcome.key
        self._seq = max(self._seq, welcome.seq)
        self._newest = None
        self._is_unproven = self._is_unproven_by(welcome)
        if self._sent:
            self._is_astray = True  # and the answer tells the rest, also about a conflict
            self._resubmit()
            return
        self.conflict = welcome.conflict
        if welcome.conflict:
            if welcome.conflict.seq == self._seq and self.known.commit:
                self.known = Known(welcome.conflict.commit, self.known.text)
        elif isinstance(welcome.text, str):
            self._hear(welcome.revision, welcome.text)
        elif welcome.from_ == self.known.commit and isinstance(welcome.splices, list):
            text = _target(self.known.text, welcome.splices, welcome.check)
            self._hear(welcome.revision, text)
        else:
            self._fetch()

    def _is_unproven_by(self, welcome: Welcome) -> bool:
        """A server that knows the revision named in `hello` says what came since."""
        if welcome.conflict and welcome.conflict.seq == self._seq:
            return False
        is_whole = isinstance(welcome.text, str)
        return is_whole and self.known.commit not in (None, welcome.revision)

    def _merged(self, merged: Merged) -> None:
        sent = self._answered(merged.seq)
        # P9, unasked: the disagreement is gone. The splices start from the commit of the conflict.
        is_over = self.is_idle and self.conflict is not None and merged.seq == self._seq
        if not sent and not is_over:
            return
        text = (sent or self.known).text
        target = _target(text, merged.splices, merged.check)
        # The commit has the text that was sent, unless that was put aside while we were away: then
        # what was written stays based on what it was written on.
        if sent and (merged.commit != merged.revision or target == text):
            self.known = Known(merged.commit, text)
        if sent and not isinstance(sent.message, Park):
            self._is_unproven = False
        self._sent = self.conflict = None
        self._is_astray = False
        self._hear(merged.revision, target)

    def _updated(self, update: Update) -> None:
        if not self.is_idle or self._is_astray:
            self._is_astray = True  # P6: dropped; the answer, or the text asked for, covers it
        elif not self.conflict:
            newest = self.newest
            fits = update.from_ == newest.commit
            text = _target(newest.text, update.splices, update.check) if fits else None
            self._hear(update.revision, text)

    def _fetched(self, update: FullText) -> None:
        if self._is_fetching:
            self._is_fetching = self._is_astray = False
            self._hear(update.revision, update.text)

    def _disagreed(self, conflict: Conflict) -> None:
        sent = self._answered(conflict.seq)
        if sent:
            self.known = Known(conflict.commit, sent.text)
            self._sent = self._newest = None
            self._is_astray = self._is_unproven = False
        elif not self.is_idle:
            return
        elif self.conflict:
            self.known = Known(conflict.commit, self.known.text)
        self.conflict = conflict

    def _refused(self, error: Error) -> None:
        sent = self._sent
        if not sent or not self.is_online:
            return
        about = error.seq == sent.message.seq
        if not about and not (error.seq is None and error.code == Code.BAD_MESSAGE):
            return
        if error.code in _RETRYABLE:
            self.retry_after_s = error.retry_after_s or _RETRY_AFTER_S
            return
        self._sent = None
        self._is_unproven = False
        if not isinstance(sent.message, Edit) or isinstance(sent.message, Resolve):
            # The conflict is not as it was: what was decided goes on as an ordinary edit.
            self.conflict = None
            self._is_astray = True
        elif error.code == Code.UNKNOWN_BASE:
            # P4. There is no commit that both know: the texts are all there is to go by.
            self.conflict = None
            self.known = Known(None, self.known.text)
            self.is_cut_off = True
            self._fetch()
        elif sent.text != self.known.text:
            self.refusal = Refusal(sent.text, error.code, error.message)

    # --- steps

    def _submit_edit(self) -> bool:
        base, text = self.known.commit, self.local
        if base is None or (self.refusal and self.refusal.text == text):
            return False
        most = self._document_bytes_max
        problem = _size_problem(text, self.known.text, most)
        if problem:
            self.refusal = Refusal(text, Code.TOO_LARGE, problem)
            return False
        if self.conflict:  # in full: it means the same whatever the branch has become
            self._submit(Edit(self._seq + 1, base, text=text), text)
        else:
            change = wire(diff_splices(self.known.text, text))
            self._submit(Edit(self._seq + 1, base, splices=change), text)
        return True

    def _submit_nothing(self) -> None:
        """Find out whether the server knows the commit of `known`: P8 or P4 is the answer."""
        assert self.known.commit
        self._submit(Edit(self._seq + 1, self.known.commit, splices=[]), self.known.text)

    def _submit(self, message: Submission, text: str) -> None:
        """Number it, and send it now or with the next welcome."""
        self.refusal = None
        if self._newest:
            self._is_astray = True  # P6: as with an update that comes from now on
        self._newest = None
        self._seq = message.seq
        self._sent = Sent(message, text)
        if self.is_online:
            self._resubmit()

    def _resubmit(self) -> None:
        assert self._sent
        self.retry_after_s = None
        self._messages.append(self._sent.message)

    def _fetch(self) -> None:
        self._is_fetching = True
        self._messages.append(Sync())

    def _answered(self, seq: int) -> Sent | None:
        """What was submitted, if this is its answer. None also for P9, of an edit before."""
        if seq > self._seq:
            raise UnexpectedMessageError(f"an answer to {seq}, which was not asked")
        return self._sent if self._sent and self._sent.message.seq == seq else None

    def _hear(self, revision: str, text: str | None) -> None:
        if text is None:
            self._fetch()
        else:
            self._newest = Known(revision, text, is_revision=True)


def with_results(conflict: Conflict, results: Sequence[str]) -> str:
    """The text of a conflict with these words at its hunks, one for each."""
    answered = zip(conflict.hunks, results, strict=True)
    return apply(conflict.text, [Splice(h.start, h.end - h.start, r) for h, r in answered])


def _target(text: str, splices: list[WireSplice], check: int) -> str | None:
    """The text that the splices lead to; None where they do not give what they should."""
    try:
        target = apply(text, [Splice(*splice) for splice in splices])
    except SpliceError:
        return None
    return target if check_of(target) == check else None


def _size_problem(text: str, before: str, most: int | None) -> str | None:
    """Why a text is too large; a step out of being too large already is welcome."""
    if most is None or len(text) * 4 <= most:
        return None
    size = len(text.encode())
    if size <= most or size < len(before.encode()):
        return None
    return f"The text is too large to be saved: {size:,} of {most:,} bytes. Make it shorter."


def keeping_all(merged: Merge) -> str:
    """A merge where there is nobody to ask: both are kept, what was written here first."""
    splices = []
    for hunk in merged.hunks:
        blank = "" if not hunk.theirs or hunk.theirs[-1].isspace() else " "
        splices.append(Splice(hunk.start, 0, hunk.theirs + blank))
    return apply(merged.text, splices)


# --- frames

_Decode: TypeAlias = Callable[[bytes | str], ServerMessage]


class _Kind(msgspec.Struct):
    type: str
    text: str | None = None


_kind = msgspec.json.Decoder(_Kind)
_encoder = msgspec.json.Encoder()
_DECODE: dict[str, _Decode] = {
    "welcome": msgspec.json.Decoder(Welcome).decode,
    "merged": msgspec.json.Decoder(Merged).decode,
    "update": msgspec.json.Decoder(Update).decode,
    "conflict": msgspec.json.Decoder(Conflict).decode,
    "presence": msgspec.json.Decoder(PersonMoved).decode,
    "unmerged": msgspec.json.Decoder(UnmergedCount).decode,
    "error": msgspec.json.Decoder(Error).decode,
}
_full_text = msgspec.json.Decoder(FullText)


class _Presence(msgspec.Struct):
    client: str
    left: bool = False


def decode(frame: bytes | str) -> ServerMessage | None:
    """Read a server's frame; None for what this version does not know.

    Raises:
        UnexpectedMessageError: it is no message of this protocol.
    """
    try:
        kind = _kind.decode(frame)
        if kind.type == "update" and kind.text is not None:
            return _full_text.decode(frame)
        if kind.type == "presence":
            presence = msgspec.json.decode(frame, type=_Presence)
            if presence.left:
                return PersonLeft(presence.client)
        read = _DECODE.get(kind.type)
        return read(frame) if read else None
    except (msgspec.DecodeError, RecursionError) as problem:
        raise UnexpectedMessageError(f"a message could not be read: {problem}") from None


def encode(message: ClientMessage) -> bytes:
    return _encoder.encode(message)

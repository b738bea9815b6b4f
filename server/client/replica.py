"""The client's half of the protocol for programs; the smaller twin of web/replica/replica.js.

    known ─── edited ───> local         `known` is the last commit whose text both sides have: a
      │                     │           revision, or an own commit while the revision with it is
      │ server's splices    │           not yet adopted. `local` is the program's text, `newest`
      v                     v           the newest revision received.
    newest ── merged ───> local'

Messages go in; messages to send are collected until `take_messages`. This module knows no socket,
clock or file. Its owner decides when to send (`flush`) and when to adopt `newest` (`catch_up`).
Events that the owner reports are past participles, commands are imperatives. Members have the names
and the order of the twin; tests/vectors/replica.json runs in both.

Invariants:
    Only `edited`, `resolve` and `catch_up` change `local`.
    At most one submission is outstanding; `known` does not move while it is (P5, P6).
    If both sides changed the same words, nothing is adopted: the text is sent on the base it was
    written on, and the server merges it or opens a conflict.
    `known` is replaced only by a server that knows its commit. A server restored from a backup may
    not know it: `is_cut_off` then says that the newest text may lack acknowledged edits.
    A snapshot is enough to continue after a crash, and to send the same submission again (P3).
"""

from collections.abc import Sequence

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
    """The server sent a message out of turn; the connection should be reopened."""


class Known(msgspec.Struct, frozen=True):
    """A commit and its text. Without a commit, a text that the server does not know."""

    commit: str | None = None
    text: str = ""
    is_revision: bool = False


class Sent(msgspec.Struct, frozen=True):
    """An unanswered submission, and the text that the splices of its answer apply to."""

    message: Submission
    text: str


class Snapshot(msgspec.Struct, frozen=True):
    """The state to continue from after a restart."""

    client: str | None = None
    key: str | None = None
    seq: int = 0
    known: Known = Known()
    local: str = ""
    sent: Sent | None = None
    conflict: Conflict | None = None
    is_cut_off: bool = False


class RefusedText(msgspec.Struct, frozen=True):
    """A text that the server refuses, with the error code and message."""

    text: str
    code: str
    message: str


class Replica:
    """One client's copy of a document.

    Attributes:
        local: the program's text.
        known: the last commit whose text both sides have.
        client: the id given by the server.
        conflict: the open conflict.
        refused: the last text, if the server refuses it.
        retry_after_s: after a temporary error, when to call `retry`.
        is_online: whether a welcome was received since the connection was opened.
        is_cut_off: whether the server lost the commit of `known`, until the next `catch_up`.
    """

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        snapshot = snapshot or Snapshot()
        self.client = snapshot.client
        self.known = snapshot.known
        self.local = snapshot.local
        self.conflict = snapshot.conflict
        self.refused: RefusedText | None = None
        self.retry_after_s: float | None = None
        self.is_online = False
        self.is_cut_off = snapshot.is_cut_off
        self._key = snapshot.key
        self._seq = snapshot.seq
        self._sent = snapshot.sent
        self._newest: Known | None = None
        self._is_fetching = False
        self._needs_resync = False  # the server is ahead of `newest`, no answer is due
        # The server has not yet shown that it knows the commit of `known`.
        self._is_unconfirmed = False
        self._document_bytes_max: int | None = None
        self._messages: list[ClientMessage] = []

    # --- state

    @property
    def newest(self) -> Known:
        """The newest revision received, adopted or not."""
        return self._newest or self.known

    @property
    def is_idle(self) -> bool:
        """Whether nothing is outstanding, so that `known` may move."""
        return self._sent is None and not self._is_fetching

    @property
    def is_unsent(self) -> bool:
        return self.local != (self._sent or self.known).text

    @property
    def can_catch_up(self) -> bool:
        is_free = self.is_idle and self.conflict is None and not self._is_unconfirmed
        return self._newest is not None and is_free

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
        """Return the messages to send, in order; empty while there is no connection."""
        messages, self._messages = self._messages, []
        return messages

    # --- the connection

    def opened(self, name: str) -> None:
        """Record a new connection; a hello is due."""
        base = self.known.commit if self.known.is_revision else None
        self._messages = [Hello(VERSION, name, self.client, self._key, base)]

    def closed(self) -> None:
        """Record the loss of the connection; the next welcome resends the submission (P3)."""
        self.is_online = self._is_fetching = False
        self.retry_after_s = None
        self._messages.clear()

    def retry(self) -> None:
        """Resend the submission, `retry_after_s` after the error."""
        if self.retry_after_s is not None and self.is_online:
            self._resubmit()

    # --- the program's text

    def edited(self, text: str, base: Known | None = None) -> None:
        """Set the program's text.

        Args:
            text: the whole text.
            base: the version it was made from, if not `local`; requires `is_idle`.
        """
        if base and base.commit != self.known.commit:
            assert self.is_idle
            self._newest = self._newest or (self.known if self.known.is_revision else None)
            self._needs_resync = self._newest is None
            self.known = base
        self.local = text
        if self.refused and self.refused.text != text:
            self.refused = None

    def flush(self) -> None:
        """Queue what is due: the text, or a request for what was missed."""
        if not self.is_online or not self.is_idle:
            return
        if self.is_unsent and self._submit_edit():
            return
        if self._is_unconfirmed:
            self._submit_probe()
            return
        if self._needs_resync and self.conflict is None:
            self._fetch()

    def catch_up(self) -> bool:
        """Merge `newest` into `local`; return False if it is left to the server."""
        assert self.can_catch_up
        text = self.caught_up_text()
        if text is None:
            self.flush()
            return False
        self.known, self.local, self._newest = self.newest, text, None
        self.is_cut_off = False
        return True

    def caught_up_text(self) -> str | None:
        """Return the text after `catch_up`, or None if only the server can merge it."""
        ours = self.newest.text
        if self.local == self.known.text:
            return ours
        merged = merge(self.known.text, ours, self.local)
        if merged.clean:
            return merged.text
        return keep_all(merged) if self.known.commit is None else None

    # --- the conflict

    def resolve(self, conflict: Conflict, text: str) -> None:
        """Resolve a conflict.

        Args:
            conflict: the conflict as shown; the open one may have changed since.
            text: the text of the conflict with the resolution and any other edits.
        """
        assert self.is_idle
        commit = (self.conflict or conflict).commit
        self.known = Known(conflict.revision, conflict.text, is_revision=True)
        self.local = text
        change = wire(diff_splices(conflict.text, text))
        self._submit(Resolve(self._seq + 1, conflict.revision, splices=change, commit=commit), text)

    def park(self) -> None:
        """Put the open conflict off and continue from `master`."""
        assert self.is_idle
        assert self.conflict
        self._submit(Park(self._seq + 1, self.conflict.commit), self.known.text)

    # --- the server

    def received(self, message: ServerMessage) -> None:
        """Handle a message.

        Raises:
            UnexpectedMessageError: The message is out of turn.
        """
        if not self.is_online and not isinstance(message, Welcome | Error):
            raise UnexpectedMessageError("the server did not send a welcome first")
        match message:
            case Welcome():
                self._receive_welcome(message)
            case Merged():
                self._receive_merged(message)
            case Update():
                self._receive_update(message)
            case FullText():
                self._receive_full_text(message)
            case Conflict():
                self._receive_conflict(message)
            case Error():
                self._receive_error(message)
            case PersonMoved() | PersonLeft() | UnmergedCount() | Pong():
                pass

    def _receive_welcome(self, welcome: Welcome) -> None:
        self.is_online = True
        self._document_bytes_max = welcome.limits.document_bytes
        if self.refused and self.refused.code == Code.FORBIDDEN:
            self.refused = None  # it may be allowed now
        if welcome.client != self.client:
            self._sent = self.conflict = None  # not resumed (P14): everything is unsent again
            self._seq = 0
        self.client, self._key = welcome.client, welcome.key
        self._seq = max(self._seq, welcome.seq)
        self._newest = None
        self._is_unconfirmed = self._leaves_unconfirmed(welcome)
        if self._sent:
            self._needs_resync = True  # the answer brings the rest, including a conflict
            self._resubmit()
            return
        self.conflict = welcome.conflict
        if welcome.conflict:
            if welcome.conflict.seq == self._seq and self.known.commit:
                self.known = Known(welcome.conflict.commit, self.known.text)
        elif isinstance(welcome.text, str):
            self._receive_revision(welcome.revision, welcome.text)
        elif welcome.from_ == self.known.commit and isinstance(welcome.splices, list):
            text = _target_of(self.known.text, welcome.splices, welcome.check)
            self._receive_revision(welcome.revision, text)
        else:
            self._fetch()

    def _leaves_unconfirmed(self, welcome: Welcome) -> bool:
        """Whether it has a full text instead of splices: the server may not know `known`."""
        if welcome.conflict and welcome.conflict.seq == self._seq:
            return False
        is_whole = isinstance(welcome.text, str)
        return is_whole and self.known.commit not in (None, welcome.revision)

    def _receive_merged(self, merged: Merged) -> None:
        sent = self._answered_by(merged.seq)
        # P9, unsolicited: the conflict has resolved itself; the splices apply to its commit.
        is_over = self.is_idle and self.conflict is not None and merged.seq == self._seq
        if not sent and not is_over:
            return
        text = (sent or self.known).text
        target = _target_of(text, merged.splices, merged.check)
        # The commit has the text that was sent, unless the edit was parked while we were away: then
        # `known` stays the base of what was written.
        if sent and (merged.commit != merged.revision or target == text):
            self.known = Known(merged.commit, text)
        if sent and not isinstance(sent.message, Park):
            self._is_unconfirmed = False
        self._sent = self.conflict = None
        self._needs_resync = False
        self._receive_revision(merged.revision, target)

    def _receive_update(self, update: Update) -> None:
        if not self.is_idle or self._needs_resync:
            self._needs_resync = True  # P6: dropped; the pending answer covers it
        elif not self.conflict:
            newest = self.newest
            fits = update.from_ == newest.commit
            text = _target_of(newest.text, update.splices, update.check) if fits else None
            self._receive_revision(update.revision, text)

    def _receive_full_text(self, update: FullText) -> None:
        if self._is_fetching:
            self._is_fetching = self._needs_resync = False
            self._receive_revision(update.revision, update.text)

    def _receive_conflict(self, conflict: Conflict) -> None:
        sent = self._answered_by(conflict.seq)
        if sent:
            self.known = Known(conflict.commit, sent.text)
            self._sent = self._newest = None
            self._needs_resync = self._is_unconfirmed = False
        elif not self.is_idle:
            return
        elif self.conflict:
            self.known = Known(conflict.commit, self.known.text)
        self.conflict = conflict

    def _receive_error(self, error: Error) -> None:
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
        if error.code == Code.FORBIDDEN and self._is_unconfirmed:
            self.is_cut_off = True  # whether the server knows `known` stays unknown
        self._is_unconfirmed = False
        if not isinstance(sent.message, Edit) or isinstance(sent.message, Resolve):
            # The conflict has changed: the resolution is sent as an ordinary edit.
            self.conflict = None
            self._needs_resync = True
        elif error.code == Code.UNKNOWN_BASE:
            # P4: no commit is known to both sides; the texts must do.
            self.conflict = None
            self.known = Known(None, self.known.text)
            self.is_cut_off = True
            self._fetch()
        elif sent.text != self.known.text:
            self.refused = RefusedText(sent.text, error.code, error.message)

    # --- steps

    def _submit_edit(self) -> bool:
        base, text = self.known.commit, self.local
        if base is None or (self.refused and self.refused.text == text):
            return False
        problem = _size_problem(text, self.known.text, self._document_bytes_max)
        if problem:
            self.refused = RefusedText(text, Code.TOO_LARGE, problem)
            return False
        if self.conflict:  # in full, so that it does not depend on the head of the branch
            self._submit(Edit(self._seq + 1, base, text=text), text)
        else:
            change = wire(diff_splices(self.known.text, text))
            self._submit(Edit(self._seq + 1, base, splices=change), text)
        return True

    def _submit_probe(self) -> None:
        """Send an empty edit to find out whether the server knows `known`; P8 or P4 answers."""
        assert self.known.commit
        self._submit(Edit(self._seq + 1, self.known.commit, splices=[]), self.known.text)

    def _submit(self, message: Submission, text: str) -> None:
        """Make a message the outstanding submission; it is sent now or after the next welcome."""
        self.refused = None
        if self._newest:
            self._needs_resync = True  # P6: as for an update received from now on
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

    def _answered_by(self, seq: int) -> Sent | None:
        """Return the submission that `seq` answers; None for an earlier one (P9)."""
        if seq > self._seq:
            raise UnexpectedMessageError(f"the server answered {seq}, which was never sent")
        return self._sent if self._sent and self._sent.message.seq == seq else None

    def _receive_revision(self, revision: str, text: str | None) -> None:
        if text is None:
            self._fetch()
        else:
            self._newest = Known(revision, text, is_revision=True)


def resolution_of(conflict: Conflict, results: Sequence[str]) -> str:
    """Return the text of a conflict with its hunks replaced by the results, one for each."""
    answered = zip(conflict.hunks, results, strict=True)
    return apply(conflict.text, [Splice(h.start, h.end - h.start, r) for h, r in answered])


def _target_of(text: str, splices: list[WireSplice], check: int) -> str | None:
    """Apply the splices; return None if they do not fit or the result fails the check."""
    try:
        target = apply(text, [Splice(*splice) for splice in splices])
    except SpliceError:
        return None
    return target if check_of(target) == check else None


def _size_problem(text: str, before: str, bytes_max: int | None) -> str | None:
    """Return why a text is too large, or None; a text that shrinks is always accepted."""
    if bytes_max is None or len(text) * 4 <= bytes_max:
        return None
    size = len(text.encode())
    if size <= bytes_max or size < len(before.encode()):
        return None
    return f"The text is too large to be saved: {size:,} of {bytes_max:,} bytes. Make it shorter."


def keep_all(merged: Merge) -> str:
    """Resolve all hunks without asking: both sides are kept, `theirs` first."""
    splices = []
    for hunk in merged.hunks:
        blank = "" if not hunk.theirs or hunk.theirs[-1].isspace() else " "
        splices.append(Splice(hunk.start, 0, hunk.theirs + blank))
    return apply(merged.text, splices)

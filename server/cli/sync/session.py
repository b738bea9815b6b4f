"""What becomes of a file that is kept in step with a document: the machine without disk or socket.

                saved               flush
    file ─────────────────> local ─────────> document       `Replica` is the right half
         <─────────────────       <─────────
                 plan              received

A conflict is shown in the file, with markers. From then on until they are gone from the file
nothing of it is taken for text; a file without them is the answer.

Invariants:
    What the file should become is planned first, and carried out only when it is in the file; so
    a save that comes in between is never overwritten, and has the right base.
    A save over what was replaced meanwhile is not taken for the file's text (`rescued`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from merge.between import between
from merge.marker_reader import MarkerError, read
from merge.marker_writer import marker_size, write
from merge.markers import Style, conflicts
from merge.result import Hunk, Merge, Range
from merge.three_way import merge
from server.client.replica import Known, Replica, Snapshot, keep_all
from server.protocol import Conflict


class Shown(msgspec.Struct, frozen=True):
    """A conflict that is in the file, and the whole text as it was written."""

    conflict: Conflict
    text: str
    size: int  # of the markers, in characters


class State(msgspec.Struct, frozen=True):
    """What to go on from after a restart."""

    snapshot: Snapshot
    shown: Shown | None = None


class Plan(NamedTuple):
    """What the file should hold."""

    text: str
    after: State


class SyncSession:
    """The file's text and the document's."""

    def __init__(self, state: State) -> None:
        self.sync = Replica(state.snapshot)
        self.shown = state.shown
        self.in_file = self.shown.text if self.shown else self.sync.local

    @property
    def state(self) -> State:
        return State(self.sync.snapshot(), self.shown)

    @property
    def is_held(self) -> bool:
        """Whether somebody is at work on the markers."""
        return self.shown is not None and self.in_file != self.shown.text

    def saved(self, text: str) -> None:
        """The file holds this now."""
        self.in_file = text
        self._take_up()

    def _take_up(self) -> None:
        if self.shown is None:
            self.sync.edited(self.in_file)
        elif self.is_held and self.sync.is_idle and not has_markers(self.in_file, self.shown.size):
            self.sync.resolve(self.shown.conflict, self.in_file)
            self.shown = None

    def rescued(self, before: str, text: str) -> str:
        """What the file should hold, as `text` was made of `before`, which is replaced since.

        Where the file shows a conflict it is this side of it, which then goes on without markers.
        """
        merged = merge(before, self.sync.local if self.shown else self.in_file, text)
        return merged.text if merged.clean else keep_all(merged)

    def put(self, text: str) -> None:
        """The file holds what was rescued."""
        self.shown = None
        self.saved(text)

    def made_of(self, replaced: Sequence[str], text: str) -> str | None:
        """Which of the texts that were replaced a text was made of; None if of what is there.

        Whoever saves right after the file was replaced may not have seen that. The text tells: most
        of what came in is undone in it. Not so with markers: an answer undoes them.
        """
        if self.shown is not None:
            return None
        ways = {it: _size(it, text) for it in replaced if it != self.in_file}
        way = _size(self.in_file, text)
        behind = [it for it in ways if it and 2 * (way - ways[it]) > _size(it, self.in_file)]
        return min(behind, key=ways.__getitem__, default=None)

    def plan(self) -> Plan | None:
        """What the file should hold, if that is something else than it does."""
        self._take_up()
        if self.is_held or not self.sync.is_idle:
            return None
        if self.sync.conflict:
            return self._plan_markers(self.sync.conflict)
        return self._plan_text() if self.sync.can_catch_up else None

    def _plan_markers(self, conflict: Conflict) -> Plan | None:
        if self.shown and self.shown.conflict == conflict:
            return None
        if self.sync.local != self.sync.known.text:
            return None  # what was saved since goes first
        shown = show(conflict)
        if self.shown and shown.text == self.in_file:
            self.shown = shown
            return None
        return Plan(shown.text, State(self.sync.snapshot(), shown))

    def _plan_text(self) -> Plan | None:
        text = self.sync.caught_up_text()
        if text is None or (text == self.in_file and self.shown is None):
            self.sync.catch_up()
            return None
        snapshot = self.sync.snapshot()
        after = msgspec.structs.replace(
            snapshot, known=self.sync.newest, local=text, is_cut_off=False
        )
        return Plan(text, State(after))

    def carried_out(self, plan: Plan) -> None:
        """The file holds what was planned."""
        self.in_file, self.shown = plan.text, plan.after.shown
        if self.shown is None:
            self.sync.catch_up()


def _size(before: str, after: str) -> int:
    """How much was changed, in characters."""
    return sum(it.deleted + len(it.inserted) for it in between(before, after))


def show(conflict: Conflict) -> Shown:
    """A conflict as the text of a file."""
    nowhere = Range(0, 0)
    hunks = tuple(
        Hunk(it.start, it.end, it.base, it.ours, it.theirs, nowhere, nowhere, nowhere)
        for it in conflict.hunks
    )
    merged = Merge(conflict.text, hunks, "", "", ())
    names = ", ".join(name for name in conflict.names.ours if name) or "the others"
    text = write(
        merged,
        style=Style.MERGE,
        ours_name=names,
        base_name="",
        theirs_name=f"{conflict.names.theirs or 'you'} (this file)",
    )
    return Shown(conflict, text, marker_size(merged))


def has_markers(text: str, size: int) -> bool:
    """Whether something of a conflict is left, be it in disorder."""
    try:
        return bool(conflicts(read(text, size=size)))
    except MarkerError:
        return True


def begun(known: Known, local: str) -> SyncSession:
    """A file that is joined to a document for the first time, on what the document holds."""
    return SyncSession(State(Snapshot(known=known, local=local)))

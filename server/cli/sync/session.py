"""The state machine of `gollabedit sync`: a file's text and a document's, without disk or socket.

                saved               flush
    file ─────────────────> local ─────────> document       `Replica` is the right half
         <─────────────────       <─────────
                 plan              received

A conflict is written into the file, with markers. Until no marker is left nothing of the file is
sent; then its text is the resolution.

Invariants:
    A new content of the file is planned first, and applied once it is in the file. So a save in
    between is never overwritten, and is merged on the right base.
    A save made on a content that has been replaced is not taken for the file's text
    (`merge_stale_save`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from merge.diff_splices import diff_splices
from merge.marker_reader import MarkerError, read
from merge.marker_writer import marker_size, write
from merge.markers import Style, conflicts
from merge.result import Hunk, Merge, Range
from merge.three_way import merge
from server.client.replica import Known, Replica, Snapshot, keep_all
from server.protocol import Conflict


class ShownConflict(msgspec.Struct, frozen=True):
    """A conflict that the file shows, and the whole text as it was written."""

    conflict: Conflict
    text: str
    size: int  # of the markers, in characters


class State(msgspec.Struct, frozen=True):
    """The state to resume from after a restart."""

    snapshot: Snapshot
    shown: ShownConflict | None = None


class Plan(NamedTuple):
    """The content that the file should get, and the state once it has it."""

    text: str
    after: State


class SyncSession:
    """The file's text, and a replica of the document."""

    def __init__(self, state: State) -> None:
        self.replica = Replica(state.snapshot)
        self.shown = state.shown
        self.file_text = self.shown.text if self.shown else self.replica.local

    @property
    def state(self) -> State:
        return State(self.replica.snapshot(), self.shown)

    @property
    def is_resolving(self) -> bool:
        """Whether the user has begun to edit a conflict in the file."""
        return self.shown is not None and self.file_text != self.shown.text

    def saved(self, text: str) -> None:
        """The file has this text now."""
        self.file_text = text
        self._submit_file()

    def _submit_file(self) -> None:
        """Hand the file's text to the replica, as an edit or as the resolution of its conflict."""
        if self.shown is None:
            self.replica.edited(self.file_text)
        elif (
            self.is_resolving
            and self.replica.is_idle
            and not has_markers(self.file_text, self.shown.size)
        ):
            self.replica.resolve(self.shown.conflict, self.file_text)
            self.shown = None

    def stale_base(self, replaced: Sequence[str], text: str) -> str | None:
        """Return which replaced content a save was made on; None if it is the current one.

        An editor that saves right after the file was replaced may not have loaded the new content.
        Its save then undoes most of what the replacement brought. While the file shows a conflict
        this is no evidence, as a resolution removes markers too.
        """
        if self.shown is not None:
            return None
        size = _change_size(self.file_text, text)
        near = (it for it in replaced if it and abs(len(it) - len(text)) < size)  # for speed
        sizes = {it: _change_size(it, text) for it in near}
        stale = [
            it
            for it in sizes
            if sizes[it] < size and 2 * (size - sizes[it]) > _change_size(it, self.file_text)
        ]
        return min(stale, key=sizes.__getitem__, default=None)

    def merge_stale_save(self, base: str, text: str) -> str:
        """Merge a save that was made on a replaced content, and return the file's new content.

        If the file shows a conflict, the save is merged into this side of it, without markers.
        """
        merged = merge(base, self.replica.local if self.shown else self.file_text, text)
        return merged.text if merged.clean else keep_all(merged)

    def stale_save_merged(self, text: str) -> None:
        """The file has the result of `merge_stale_save` now."""
        self.shown = None
        self.saved(text)

    def plan(self) -> Plan | None:
        """Return the content that the file should get; None if it has it, or cannot change now."""
        self._submit_file()
        if self.is_resolving or not self.replica.is_idle:
            return None
        if self.replica.conflict:
            return self._plan_conflict(self.replica.conflict)
        return self._plan_text() if self.replica.can_catch_up else None

    def _plan_conflict(self, conflict: Conflict) -> Plan | None:
        if self.shown and self.shown.conflict == conflict:
            return None
        if self.replica.local != self.replica.known.text:
            return None  # a later save is sent first
        shown = render(conflict)
        if self.shown and shown.text == self.file_text:
            self.shown = shown
            return None
        return Plan(shown.text, State(self.replica.snapshot(), shown))

    def _plan_text(self) -> Plan | None:
        text = self.replica.caught_up_text()
        if text is None or (text == self.file_text and self.shown is None):
            self.replica.catch_up()
            return None
        after = msgspec.structs.replace(
            self.replica.snapshot(), known=self.replica.newest, local=text, is_cut_off=False
        )
        return Plan(text, State(after))

    def applied(self, plan: Plan) -> None:
        """The file has the planned content now."""
        self.file_text, self.shown = plan.text, plan.after.shown
        if self.shown is None:
            self.replica.catch_up()


def new_session(known: Known, local: str) -> SyncSession:
    """Return the session of a file that is joined to a document for the first time."""
    return SyncSession(State(Snapshot(known=known, local=local)))


def render(conflict: Conflict) -> ShownConflict:
    """Render a conflict as the text of a file, with markers."""
    nowhere = Range(0, 0)
    hunks = tuple(
        Hunk(it.start, it.end, it.base, it.ours, it.theirs, nowhere, nowhere, nowhere)
        for it in conflict.hunks
    )
    merged = Merge(conflict.text, hunks, "", "", ())
    text = write(
        merged,
        style=Style.MERGE,
        ours_name=", ".join(name for name in conflict.names.ours if name) or "the others",
        base_name="",
        theirs_name=f"{conflict.names.theirs or 'you'} (this file)",
    )
    return ShownConflict(conflict, text, marker_size(merged))


def has_markers(text: str, size: int) -> bool:
    """Return whether a text has any marker of this size, also if they are out of order."""
    try:
        return bool(conflicts(read(text, size=size)))
    except MarkerError:
        return True


def _change_size(before: str, after: str) -> int:
    """Return how many characters were deleted and inserted."""
    return sum(it.deleted + len(it.inserted) for it in diff_splices(before, after))

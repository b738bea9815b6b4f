"""What a push is told on the pusher's terminal."""

from collections.abc import Sequence

from merge.result import Hunk
from server.core.submission import Accepted, Conflicted, line_of
from server.support.terminal import harmless

_NAMED_MAX = 3
_HUNKS_MAX = 20
_WIDTH = 72  # of one line of a hunk
_LINE_MAX = 500
_LINES_MAX = 4  # of one side of a hunk

_WAY_OUT = (
    "To decide between them: git pull --no-rebase, choose in {filename}, git commit -a, push again."
)


def taken_line(taken: Accepted, commit: str) -> str:
    """What became of a commit that is in `master` now."""
    if not taken.is_new:
        return "master has this commit already."
    if taken.created:
        return "A new document; it can be edited in the browser now."
    if taken.revision == commit:
        return f"master is your commit {commit[:10]} now; everybody sees it."
    others = f" with {_edits_of(taken.people)}" if taken.people else ""
    return f"Merged{others}: master is {taken.revision[:10]} now. git pull brings it."


def _edits_of(people: Sequence[str]) -> str:
    """Whose: `Ann's edits`, `3 people's edits (Ann, Bo, Cy)`."""
    if len(people) == 1:
        return f"{people[0]}'s edits"
    named = ", ".join(people[:_NAMED_MAX]) + (", …" if len(people) > _NAMED_MAX else "")
    return f"{len(people)} people's edits ({named})"


def disputed_lines(disputed: Conflicted, sent: str, filename: str) -> list[str]:
    """What disagrees, where, and what to do about it."""
    lines = ["Others changed the same words as you; nothing was changed.", ""]
    for hunk in disputed.hunks[:_HUNKS_MAX]:
        here, there = line_of(disputed.text, hunk.start), line_of(sent, hunk.in_theirs.start)
        lines += [f"{filename}:{there} (line {here} on master)", *_sides(hunk), ""]
    more = len(disputed.hunks) - _HUNKS_MAX
    if more > 0:
        lines += [f"and {more} more", ""]
    for file in disputed.files:
        lines += [f"{file}: others changed this file as well", ""]
    return [*lines, _WAY_OUT.format(filename=filename)]


def _sides(hunk: Hunk) -> list[str]:
    sides = (("  before ", hunk.base), ("  master ", hunk.ours), ("  yours  ", hunk.theirs))
    return [line for mark, text in sides for line in _side(mark, text)]


def _side(mark: str, text: str) -> list[str]:
    """One side of a hunk, cut where it is long."""
    rows = text.splitlines() or ["(nothing)"]
    shown = [row if len(row) <= _WIDTH else f"{row[: _WIDTH - 1]}…" for row in rows[:_LINES_MAX]]
    if len(rows) > _LINES_MAX:
        shown.append(f"… {len(rows) - _LINES_MAX} more lines")
    return [f"{' ' * len(mark) if at else mark}{row}" for at, row in enumerate(shown)]


def printable(line: str) -> str:
    """A line without what would move a terminal's cursor or colour it, and not endless."""
    return harmless(line if len(line) <= _LINE_MAX else f"{line[:_LINE_MAX]}…")

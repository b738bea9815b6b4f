"""What a pusher reads in the terminal."""

from collections.abc import Sequence

from merge.result import Hunk
from server.core.submission import Accepted, Conflicted, line_of
from server.support.terminal import harmless

_NAMES_MAX = 3
_HUNKS_MAX = 20
_HUNK_LINE_MAX = 72
_LINE_MAX = 500
_SIDE_LINES_MAX = 4

_HOW_TO_RESOLVE = (
    "To resolve them: git pull --no-rebase, edit {filename}, git commit -a, push again."
)


def accepted_line(accepted: Accepted, commit: str) -> str:
    """Describe the result of merging a commit into `master`."""
    if not accepted.is_new:
        return "master has this commit already."
    if accepted.created:
        return "A new document was created; it can be edited in the browser now."
    if accepted.revision == commit:
        return f"master is now your commit {commit[:10]}; everyone can see it."
    others = f" with {_edits_of(accepted.people)}" if accepted.people else ""
    return f"Merged{others}: master is now {accepted.revision[:10]}. To get it: git pull."


def stored_line(branch: str) -> str:
    """Describe what happens to a pushed branch."""
    return (
        f"{branch} was stored beside the document, whose text is in master. To merge it there:"
        " git push origin HEAD:refs/for/master"
    )


def _edits_of(people: Sequence[str]) -> str:
    """Return `Ann's edits` or `3 people's edits (Ann, Bo, Cy)`."""
    if len(people) == 1:
        return f"{people[0]}'s edits"
    named = ", ".join(people[:_NAMES_MAX]) + (", …" if len(people) > _NAMES_MAX else "")
    return f"{len(people)} people's edits ({named})"


def conflict_lines(conflicted: Conflicted, sent: str, filename: str) -> list[str]:
    """Describe the conflicts, their places, and how to resolve them."""
    lines = ["Others changed the same words as you; nothing was changed.", ""]
    for hunk in conflicted.hunks[:_HUNKS_MAX]:
        here, there = line_of(conflicted.text, hunk.start), line_of(sent, hunk.in_theirs.start)
        lines += [f"{filename}:{there} (line {here} on master)", *_sides(hunk), ""]
    more = len(conflicted.hunks) - _HUNKS_MAX
    if more > 0:
        lines += [f"and {more} more", ""]
    for file in conflicted.files:
        lines += [f"{file}: others changed this file as well", ""]
    return [*lines, _HOW_TO_RESOLVE.format(filename=filename)]


def _sides(hunk: Hunk) -> list[str]:
    sides = (("  before ", hunk.base), ("  master ", hunk.ours), ("  yours  ", hunk.theirs))
    return [line for mark, text in sides for line in _side(mark, text)]


def _side(mark: str, text: str) -> list[str]:
    """Return the lines of one side of a hunk, shortened if necessary."""
    rows = text.splitlines() or ["(nothing)"]
    shown = [
        row if len(row) <= _HUNK_LINE_MAX else f"{row[: _HUNK_LINE_MAX - 1]}…"
        for row in rows[:_SIDE_LINES_MAX]
    ]
    if len(rows) > _SIDE_LINES_MAX:
        shown.append(f"… {len(rows) - _SIDE_LINES_MAX} more lines")
    return [f"{' ' * len(mark) if at else mark}{row}" for at, row in enumerate(shown)]


def printable(line: str) -> str:
    """Return a line without control characters, at most `_LINE_MAX` long."""
    return harmless(line if len(line) <= _LINE_MAX else f"{line[:_LINE_MAX]}…")

"""The difference between two texts as people read it: a unified diff."""

from collections.abc import Iterator, Sequence

from merge.diff import Change, diff
from merge.tokens import lines

# Unchanged lines shown around each change, as `git diff` does.
_CONTEXT = 3


def unified_diff(before: str, after: str, before_name: str, after_name: str) -> str:
    """Return a unified diff of whole lines, as `diff -u` and `git diff` write it.

    Returns:
        The diff with a `---` and a `+++` line, or an empty string for equal texts.
    """
    old, new = lines(before), lines(after)
    changes = diff(old, new)
    if not changes:
        return ""
    parts = [f"--- {before_name}\n+++ {after_name}\n"]
    for group in _grouped(changes):
        parts += _section(group, old, new)
    return "".join(parts)


def _grouped(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Group the changes whose contexts overlap or touch: they share a section."""
    group: list[Change] = []
    for change in changes:
        if group and change.start - group[-1].end > 2 * _CONTEXT:
            yield group
            group = []
        group.append(change)
    yield group


def _section(changes: Sequence[Change], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    first, last = changes[0], changes[-1]
    lead = min(_CONTEXT, first.start)
    trail = min(_CONTEXT, len(old) - last.end)
    old_range = _range(first.start - lead, last.end + trail)
    new_range = _range(first.new_start - lead, last.new_end + trail)
    yield f"@@ -{old_range} +{new_range} @@\n"
    position = first.start - lead
    for change in changes:
        yield from _marked(" ", old[position : change.start])
        yield from _marked("-", old[change.start : change.end])
        yield from _marked("+", new[change.new_start : change.new_end])
        position = change.end
    yield from _marked(" ", old[position : last.end + trail])


def _range(start: int, end: int) -> str:
    """Format a range: lines count from 1, an empty range names the line before it."""
    length = end - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


def _marked(mark: str, section: Sequence[str]) -> Iterator[str]:
    for line in section:
        yield mark + line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"

"""The human resolution of each single conflict of Git's line merge.

A hard file has many conflicts and one resolved text. The conflicts are Git's own. The resolution
of each is found by searching for the unchanged lines around it or, if those were changed as well,
by aligning the unchanged lines with the resolved text. A conflict whose place is uncertain is left
out.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from bench.merge.corpus import Row, Triple
from bench.merge.processes import Numbers, git_changes, git_conflicts
from merge.tokens import lines, tokens

# An unchanged text of at least this length is considered unique.
_UNIQUE_LENGTH = 40

# Where the words of the resolution come from:
#   side    from one side, or the base
#   novel   some are from neither side
#   mix     from both sides, but not simply one side after the other
#   other   one side after the other; nothing; equal sides
Origin = Literal["side", "novel", "mix", "other"]
# Kept text, or a conflict.
Segment = str | Triple


class Hunk(NamedTuple):
    """One conflict and its human resolution."""

    triple: Triple
    resolved: str
    origin: Origin
    cls: str


def hunks(rows: Iterable[Row]) -> list[Hunk]:
    """Return all conflicts with a known resolution, each once per repository."""
    found: dict[tuple[str, Triple], Hunk] = {}
    for row in rows:
        for triple, resolved in _resolutions(_segments(row.triple), row.resolved):
            hunk = Hunk(triple, resolved, _origin(triple, resolved), row.cls)
            found.setdefault((row.repo, triple), hunk)
    return list(found.values())


def normalize_blanks(text: str) -> str:
    return " ".join(text.split())


def _segments(triple: Triple) -> list[Segment]:
    """Return the kept texts and the conflicts of Git's merge, in order.

    Git gets numbers instead of lines, so that no line looks like a marker or lacks its end.
    """
    numbers = Numbers()
    shown = git_conflicts(*(numbers.encode(lines(text)) for text in triple))
    found: list[Segment] = []
    # The parts since the last marker, in the order of `git merge-file --diff3`: ours, base, theirs.
    parts: list[list[str]] = [[]]
    for line in shown.splitlines(keepends=True):
        if line[0].isdigit():
            parts[-1].append(line)
        elif line[0] in "|=":
            parts.append([])
        else:
            found.append(_segment(parts, numbers))
            parts = [[]]
    found.append(_segment(parts, numbers))
    return [segment for segment in found if segment]


def _segment(parts: list[list[str]], numbers: Numbers) -> Segment:
    texts = ["".join(numbers.decode("".join(part))) for part in parts]
    if len(texts) == 1:
        return texts[0]
    ours, base, theirs = texts
    return Triple(base, ours, theirs)


def _resolutions(segments: list[Segment], resolved: str) -> Iterable[tuple[Triple, str]]:
    texts = _search(segments, resolved)
    if texts is None:
        texts = _align(segments, resolved)
    for number, text in texts.items():
        segment = segments[number]
        assert isinstance(segment, Triple)
        yield segment, text


def _search(segments: list[Segment], resolved: str) -> dict[int, str] | None:
    """Return the texts between the kept ones by segment number, if all kept ones are found."""
    texts: dict[int, str] = {}
    position = 0
    for number, segment in enumerate(segments):
        if isinstance(segment, Triple):
            continue
        start = _start(segments, number, resolved, position)
        if start is None:
            return None
        if number:
            texts[number - 1] = resolved[position:start]
        position = start + len(segment)
    if isinstance(segments[-1], Triple):
        texts[len(segments) - 1] = resolved[position:]
    return texts


def _start(segments: list[Segment], number: int, resolved: str, position: int) -> int | None:
    """Return the place of a kept text at or after a position, or None if it is uncertain."""
    kept = segments[number]
    assert isinstance(kept, str)
    if number == 0:
        return 0 if resolved.startswith(kept) else None
    if number == len(segments) - 1:
        start = len(resolved) - len(kept)
        return start if start >= position and resolved.endswith(kept) else None
    start = resolved.find(kept, position)
    is_ambiguous = len(kept) < _UNIQUE_LENGTH and resolved.find(kept, start + 1) >= 0
    return None if start < 0 or is_ambiguous else start


def _align(segments: list[Segment], resolved: str) -> dict[int, str]:
    """Return what a line diff puts in place of each conflict, if it changes nothing else there."""
    before: list[str] = []
    places: dict[int, int] = {}
    for number, segment in enumerate(segments):
        if isinstance(segment, Triple):
            places[len(before)] = number
            before.append(f"\0{number}")
        else:
            before.extend(lines(segment))
    after = lines(resolved)
    return {
        places[old.start]: "".join(after[new.start : new.stop])
        for old, new in git_changes(before, after)
        if len(old) == 1 and old.start in places
    }


def _origin(triple: Triple, resolved: str) -> Origin:
    _, ours, theirs = triple
    if ours == theirs:
        return "other"
    if resolved in triple:
        return "side"
    if resolved in {ours + theirs, theirs + ours}:
        return "other"
    if normalize_blanks(resolved) in map(normalize_blanks, (ours, theirs)):
        return "side"
    return _origin_of_words(ours, theirs, resolved)


def _origin_of_words(ours: str, theirs: str, resolved: str) -> Origin:
    words = _words(resolved)
    every_line = {*_nonblank_lines(ours), *_nonblank_lines(theirs)}
    if not words or sorted(_nonblank_lines(resolved)) == sorted(every_line):
        return "other"
    return "mix" if words <= _words(ours) | _words(theirs) else "novel"


def _words(text: str) -> set[str]:
    return {token for token in tokens(text) if not token.isspace()}


def _nonblank_lines(text: str) -> list[str]:
    """Return the non-blank lines."""
    return [line for line in lines(text) if line.strip()]

"""What somebody made of each single conflict of Git's line merge.

A hard file has many conflicts and one resolved text. The conflicts are Git's own; the words that
took the place of each are found by looking for the untouched lines around it, or, where those were
changed as well, by aligning what is untouched with the resolved text line by line. A conflict whose
place stays uncertain is left out.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from bench.merge.corpus import Row, Triple
from bench.merge.processes import Numbers, git_changes, git_conflicts
from merge.tokens import lines, tokens

# An untouched text as long as this is found again without being mistaken for another.
_CERTAIN = 40

# Where the words of the resolution come from:
#   side    one side, or the base
#   novel   some are of neither side
#   mix     of both sides, and it is no plain "both, one after the other"
#   other   both one after the other; nothing; two sides that agree
Origin = Literal["side", "novel", "mix", "other"]
# Kept text, or a conflict.
Segment = str | Triple


class Hunk(NamedTuple):
    """One conflict, and what somebody made of it."""

    triple: Triple
    resolved: str
    origin: Origin
    cls: str


def hunks(rows: Iterable[Row]) -> list[Hunk]:
    """Every conflict of these files whose resolution is known; each once in a repository."""
    found: dict[tuple[str, Triple], Hunk] = {}
    for row in rows:
        for triple, resolved in _resolutions(_segments(row.triple), row.resolved):
            hunk = Hunk(triple, resolved, _origin(triple, resolved), row.cls)
            found.setdefault((row.repo, triple), hunk)
    return list(found.values())


def blanks_normalised(text: str) -> str:
    return " ".join(text.split())


def _segments(triple: Triple) -> list[Segment]:
    """What Git kept and where it asks, in turn.

    The lines are handed over as numbers: no line can then look like a marker or lack its end.
    """
    numbers = Numbers()
    shown = git_conflicts(*(numbers.written(lines(text)) for text in triple))
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
    texts = ["".join(numbers.read("".join(part))) for part in parts]
    if len(texts) == 1:
        return texts[0]
    ours, base, theirs = texts
    return Triple(base, ours, theirs)


def _resolutions(segments: list[Segment], resolved: str) -> Iterable[tuple[Triple, str]]:
    texts = _searched(segments, resolved)
    if texts is None:
        texts = _aligned(segments, resolved)
    for number, text in texts.items():
        segment = segments[number]
        assert isinstance(segment, Triple)
        yield segment, text


def _searched(segments: list[Segment], resolved: str) -> dict[int, str] | None:
    """What lies between the kept texts, if all of those are there; by number of the segment."""
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
    """Where this kept text is, from this position on; None if that is not certain."""
    kept = segments[number]
    assert isinstance(kept, str)
    if number == 0:
        return 0 if resolved.startswith(kept) else None
    if number == len(segments) - 1:
        start = len(resolved) - len(kept)
        return start if start >= position and resolved.endswith(kept) else None
    start = resolved.find(kept, position)
    mistakable = len(kept) < _CERTAIN and resolved.find(kept, start + 1) >= 0
    return None if start < 0 or mistakable else start


def _aligned(segments: list[Segment], resolved: str) -> dict[int, str]:
    """What a line diff puts in the place of each conflict, if nothing else goes with it."""
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
    if blanks_normalised(resolved) in map(blanks_normalised, (ours, theirs)):
        return "side"
    return _origin_of_words(ours, theirs, resolved)


def _origin_of_words(ours: str, theirs: str, resolved: str) -> Origin:
    words = _words(resolved)
    every_line = {*_filled(ours), *_filled(theirs)}
    if not words or sorted(_filled(resolved)) == sorted(every_line):
        return "other"
    return "mix" if words <= _words(ours) | _words(theirs) else "novel"


def _words(text: str) -> set[str]:
    return {token for token in tokens(text) if not token.isspace()}


def _filled(text: str) -> list[str]:
    """The lines that are not blank."""
    return [line for line in lines(text) if line.strip()]

"""People who edit lines that look alike, in lists, tables and nested code; each edit has its line.

Each line has a word that no other line has, or, where all lines are equal and none comes or goes,
its number. Each edit leaves a mark that no other edit leaves: at the end it has to be on the line
that its author saw it on. A new line has to be below the line that it was put under, and in nested
code it has to keep its parent: the nearest line above that is indented less.
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from merge.splices import Splice
from tests.merge.typist import ALPHABETS, Typist

# Letters of no alphabet that people have; each is used once.
_EDIT_MARKS = range(0xAC00, 0xCC00)
_LINE_MARKS = range(0xCC00, 0xD7A4)
_EDIT_MARK = f"[{chr(_EDIT_MARKS[0])}-{chr(_EDIT_MARKS[-1])}]"
_LINE_MARK = f"[{chr(_LINE_MARKS[0])}-{chr(_LINE_MARKS[-1])}]"
_NAME = re.compile(rf"[A-Z]{{6}}|{_LINE_MARK}")
_MARK = re.compile(f"{_EDIT_MARK}|{_LINE_MARK}")
_WORD = re.compile("|".join(f"[{letters}]+" for letters in ALPHABETS))
_INDENTATION = "  "


@dataclass(frozen=True)
class Layout:
    """How the lines of a text look.

    Attributes:
        prefix: what a new line begins with.
        is_numbered: whether lines are told apart by their numbers, and none comes or goes.
        is_nested: whether lines are children of others.
    """

    prefix: str
    is_numbered: bool = False
    is_nested: bool = False

    def names(self, lines: Sequence[str]) -> list[str]:
        """Which line each of them is; empty where that cannot be said."""
        if self.is_numbered:
            return [str(number) if line else "" for number, line in enumerate(lines)]
        found = [{*_NAME.findall(line)} for line in lines]
        return [names.pop() if len(names) == 1 else "" for names in found]


class Place(NamedTuple):
    """Where a line is: below which of the first lines, and under which parent if that counts."""

    above: str
    parent: str


class Ledger:
    """What everybody did to which line."""

    def __init__(self, text: str, layout: Layout) -> None:
        self.layout = layout
        self.marks: dict[str, str] = {}
        self.indented: Counter[str] = Counter()
        self.words_gone: Counter[str] = Counter()
        self._left_out: set[str] = set()
        self._fresh = map(chr, _EDIT_MARKS)
        self._fresh_lines = map(chr, _LINE_MARKS)
        lines = text.split("\n")
        names = layout.names(lines)
        self.first = {name: line for name, line in zip(names, lines, strict=True) if name}
        self.places = {
            name: Place(
                self.above(names[:number]),
                names[_parent(lines, number)] if layout.is_nested else "",
            )
            for number, name in enumerate(names)
            if name and not layout.is_numbered
        }

    def mark(self, name: str) -> str:
        """A mark for an edit of this line."""
        mark = next(self._fresh)
        if name:
            self.marks[mark] = name
        return mark

    def line_mark(self, place: Place) -> str:
        """What tells a new line from all others."""
        mark = next(self._fresh_lines)
        self.places[mark] = place
        return mark

    def indent(self, name: str) -> None:
        """Whoever indents a line chooses its parent."""
        self.indented[name] += 1
        if name in self.places:
            self.places[name] = self.places[name]._replace(parent="")

    def remove(self, text: str) -> None:
        """Somebody removed this on purpose."""
        for mark in _MARK.findall(text):
            self.marks.pop(mark, None)
            self.places.pop(mark, None)
        self.words_gone.update(_WORD.findall(text))

    def above(self, names: Sequence[str]) -> str:
        """The last of these lines that was there at first."""
        return next((name for name in reversed(names) if name in self.first), "")

    def leave_out(self, text: str, spans: Iterable[tuple[int, int]], others: Iterable[str]) -> None:
        """An answer to a question may have moved what is on these lines of the text."""
        for start, end in spans:
            low, high = text.rfind("\n", 0, start) + 1, text.find("\n", end)
            self._leave_out(text[low : high if high >= 0 else len(text)])
        for other in others:
            self._leave_out(other)

    def _leave_out(self, text: str) -> None:
        self._left_out.update(_MARK.findall(text), _NAME.findall(text))

    # --- at the end

    @property
    def left_out(self) -> int:
        """How many edits are not looked for, as a question came between."""
        return len(self._left_out & (self.marks.keys() | self.places.keys()))

    def lost(self, text: str) -> set[str]:
        """The marks and lines that are not there."""
        there = {*_MARK.findall(text), *_NAME.findall(text)}
        return (self.marks.keys() | self.places.keys()) - self._left_out - there

    def misplaced(self, text: str) -> set[str]:
        """The marks on another line than they were made on, and the lines in another place."""
        found = _Lines(text, self.layout)
        return self._moved(found).union(self._indented_otherwise(found)) - self._left_out

    def _moved(self, found: "_Lines") -> set[str]:
        moved = {mark for mark, name in self.marks.items() if not found.is_on(mark, name)}
        for name, place in self.places.items():
            if name in found.numbers and not found.is_at(name, place, self.first):
                moved.add(name)
        return moved

    def _indented_otherwise(self, found: "_Lines") -> Iterator[str]:
        for name, line in self.first.items():
            more = found.indentation(name) - _indentation(line)
            times = self.indented[name]
            if not (0 < more <= times * len(_INDENTATION) if times else more == 0):
                yield name


class _Lines:
    """What there is at the end."""

    def __init__(self, text: str, layout: Layout) -> None:
        self.lines = text.split("\n")
        self.names = [set(_NAME.findall(line)) for line in self.lines]
        if layout.is_numbered:
            self.names = [{str(number)} for number in range(len(self.lines))]
        self.numbers = {name: at for at, names in enumerate(self.names) for name in names}
        self.numbers |= {
            mark: at for at, line in enumerate(self.lines) for mark in _MARK.findall(line)
        }

    def is_on(self, mark: str, name: str) -> bool:
        return mark not in self.numbers or name in self.names[self.numbers[mark]]

    def is_at(self, name: str, place: Place, first: Iterable[str]) -> bool:
        number = self.numbers[name]
        names = [name for names in self.names[:number] for name in names if name in first]
        return (
            self.names[number] == {name}
            and place.above == (names[-1] if names else "")
            and (not place.parent or place.parent in self.names[_parent(self.lines, number)])
        )

    def indentation(self, name: str) -> int:
        return _indentation(self.lines[self.numbers[name]]) if name in self.numbers else -1


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _parent(lines: Sequence[str], number: int) -> int:
    """The nearest line above that is indented less; the line itself without one."""
    for above in range(number - 1, -1, -1):
        if lines[above] and _indentation(lines[above]) < _indentation(lines[number]):
            return above
    return number


class Point(NamedTuple):
    """Where a line may be put: behind which line, how far indented, and what it becomes."""

    behind: int
    indentation: str
    place: Place


@dataclass(kw_only=True)
class LineTypist(Typist):
    """Somebody who ticks, fills in, indents and adds lines, and types in between."""

    ledger: Ledger
    lines_own: list[str] = field(default_factory=list)
    edits_own: list[str] = field(default_factory=list)
    _begun: Place | None = None  # the line that Enter was pressed for a moment ago

    # --- typing

    def type(self, rng: random.Random, *, wanders: bool) -> None:
        if self._begun:
            self._begin_line(self._begun)
        elif not self.words[-1] and rng.random() < 0.4:
            self._edit_some_line(rng)
        else:
            super().type(rng, wanders=wanders)

    def finish(self, rng: random.Random) -> None:
        if self._begun:
            self._begin_line(self._begun)
        super().finish(rng)

    def jump(self, rng: random.Random) -> None:
        """Go on in a line that was there at first, or an own one: at its end, or before a word."""
        starts, lines, names = self._lines()
        own = self.ledger.first.keys() | set(self.lines_own)
        number = rng.choice([number for number, name in enumerate(names) if name in own])
        spot = rng.choice(_spots(lines[number]))
        self.caret = starts[number] + spot
        if spot == len(lines[number]):
            self.put(" ")

    def type_letter(self, rng: random.Random) -> None:
        if not self.words[-1]:
            self._put_mark()
        super().type_letter(rng)

    def end_word(self, rng: random.Random) -> None:
        self.put(" ")
        self.words.append("")

    def paste(self, rng: random.Random) -> None:
        self._put_mark()
        self.put(" ".join(self.some_word(rng) for _ in range(5)) + " ")

    def _put_mark(self) -> None:
        line = self.text.count("\n", 0, self.caret)
        self.put(self.ledger.mark(self._lines()[2][line]))

    # --- lines

    def _edit_some_line(self, rng: random.Random) -> None:
        layout = self.ledger.layout
        edits = [self._add_word, self._change_word]
        if not layout.is_numbered:
            edits += [self._paste_line, self._press_enter, self._delete_line]
        if "|" in layout.prefix:
            edits += [self._change_cell]
        else:
            edits += [self._indent]
        if "[" in layout.prefix:
            edits += [self._tick]
        rng.choice(edits)(rng)

    def _lines(self) -> tuple[list[int], list[str], list[str]]:
        """Where the lines start, what they are, and which."""
        lines = self.text.split("\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        return starts, lines, self.ledger.layout.names(lines)

    def _some_line(self, rng: random.Random, pattern: str) -> tuple[str, re.Match[str]] | None:
        """Some line of a known name in which this is found."""
        starts, lines, names = self._lines()
        numbers = [number for number, name in enumerate(names) if name]
        rng.shuffle(numbers)
        for number in numbers:
            places = re.compile(pattern, re.MULTILINE).finditer(
                self.text, starts[number], starts[number] + len(lines[number])
            )
            found = [place for place in places if "\n" not in place[0]]
            if found:
                return names[number], rng.choice(found)
        return None

    def _replace(self, rng: random.Random, pattern: str, *, word: bool) -> None:
        """Put a mark, or a word with one, in the place of what is found in some line."""
        found = self._some_line(rng, pattern)
        if found is None:
            return
        name, match = found
        self.ledger.remove(match[0])
        mark = self.ledger.mark(name)
        self.edits_own.append(mark)
        written = mark + (self.some_word(rng) if word else "")
        self.edit(Splice(match.start(), match.end() - match.start(), written))

    def _tick(self, rng: random.Random) -> None:
        self._replace(rng, r"(?<=\[).(?=\])", word=False)

    def _change_word(self, rng: random.Random) -> None:
        """Write another word in the place of one that was written at once."""
        marks = "".join(self.edits_own[-10:])
        if marks:
            self._replace(rng, rf"(?<= )[{marks}][{self.alphabet}]+(?= |$)", word=True)

    def _change_cell(self, rng: random.Random) -> None:
        self._replace(rng, rf"(?<=\| )(?:OPEN|{_EDIT_MARK}(?:{_WORD.pattern}))(?= \|)", word=True)

    def _add_word(self, rng: random.Random) -> None:
        """At the end of a line, or before a word in it."""
        starts, lines, names = self._lines()
        number = rng.choice([number for number, name in enumerate(names) if name])
        spot = rng.choice(_spots(lines[number]))
        mark = self.ledger.mark(names[number])
        self.edits_own.append(mark)
        word = mark + self.some_word(rng)
        written = f" {word}" if spot == len(lines[number]) else f"{word} "
        self.edit(Splice(starts[number] + spot, 0, written))

    def _indent(self, rng: random.Random) -> None:
        """Indent a line that nobody has indented; in nested code an own one, without children."""
        starts, _, names = self._lines()
        ledger = self.ledger
        may = set(self.lines_own) if ledger.layout.is_nested else ledger.first.keys()
        numbers = [
            number for number, name in enumerate(names) if name in may and not ledger.indented[name]
        ]
        if not numbers:
            return
        number = rng.choice(numbers)
        ledger.indent(names[number])
        self.edit(Splice(starts[number], 0, _INDENTATION))

    def _paste_line(self, rng: random.Random) -> None:
        """Put a whole line before another."""
        starts, _, _ = self._lines()
        point = self._some_point(rng)
        mark = self.ledger.line_mark(point.place)
        self.lines_own.append(mark)
        line = f"{point.indentation}{self.ledger.layout.prefix}{mark}{self.some_word(rng)}\n"
        self.edit(Splice(starts[point.behind + 1], 0, line))

    def _press_enter(self, rng: random.Random) -> None:
        """Begin a line at the end of another."""
        starts, lines, _ = self._lines()
        point = self._some_point(rng)
        self.caret = starts[point.behind] + len(lines[point.behind])
        self.put("\n" + point.indentation)
        self._begun = point.place

    def _begin_line(self, place: Place) -> None:
        mark = self.ledger.line_mark(place)
        self.lines_own.append(mark)
        self.put(self.ledger.layout.prefix + mark)
        self._begun = None

    def _delete_line(self, rng: random.Random) -> None:
        starts, _, names = self._lines()
        numbers = [number for number, name in enumerate(names) if name in self.lines_own]
        if len(numbers) < 5:
            return
        number = rng.choice(numbers)
        start, end = starts[number], starts[number + 1]
        self.ledger.remove(self.text[start:end])
        self.edit(Splice(start, end - start, ""))
        self.jump(rng)

    def _some_point(self, rng: random.Random) -> Point:
        _, lines, names = self._lines()
        if self.ledger.layout.is_nested:
            return rng.choice(list(self._child_points(lines, names, rng)))
        number = rng.choice([number for number, name in enumerate(names) if name])
        return Point(number, "", Place(self.ledger.above(names[: number + 1]), ""))

    def _child_points(
        self, lines: Sequence[str], names: Sequence[str], rng: random.Random
    ) -> Iterator[Point]:
        """Where a parent may get another child without taking those of others."""
        parents = [
            number
            for number, name in enumerate(names)
            if name in self.ledger.first and self.ledger.first[name].endswith(":")
        ]
        parent = rng.choice(parents)
        own = _indentation(lines[parent])
        child = own + 2 * len(_INDENTATION)
        lowest = child
        for number in range(parent, len(lines)):
            below = next((line for line in lines[number + 1 :] if line), "")
            if lines[number] and lowest >= child >= _indentation(below):
                place = Place(self.ledger.above(names[: number + 1]), names[parent])
                yield Point(number, " " * child, place)
            if _indentation(below) <= own:
                return
            lowest = min(lowest, _indentation(below))


def _spots(line: str) -> list[int]:
    """Where a word may be put: at the end of a line, or before a word."""
    return [len(line), *(place.start() for place in re.finditer(r"(?<=\S )(?=\w)", line))]


# --- the texts


def _some_names(rng: random.Random, number: int) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < number:
        names["".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=6))] = None
    return list(names)


def checklist(rng: random.Random, length: int) -> str:
    lines = [f"- [ ] {rng.choice(['BUY', 'PAY'])} {name}\n" for name in _some_names(rng, length)]
    return "".join(["# LIST\n\n", *lines])


def table(rng: random.Random, length: int) -> str:
    lines = [
        f"| OPEN | {rng.choice(['BUY', 'PAY'])} | {name} |\n" for name in _some_names(rng, length)
    ]
    return "".join(["| HOW | WHAT | WHO |\n|-----|-----|-----|\n", *lines])


def nested(rng: random.Random, length: int) -> str:
    """Blocks in blocks, with a blank line between the outermost."""
    names = iter(_some_names(rng, length))
    lines: list[str] = []
    depth = 0
    for name in names:
        is_parent = depth == 0 or (depth < 3 and rng.random() < 0.4)
        if depth == 0 and lines:
            lines.append("\n")
        lines.append("    " * depth + (f"IF {name}:\n" if is_parent else f"DO {name}\n"))
        depth = depth + 1 if is_parent else rng.choice([depth, depth, depth, rng.randint(0, depth)])
    if lines[-1].endswith(":\n"):
        lines[-1] = lines[-1].replace("IF", "DO").replace(":", "")
    return "".join(lines)

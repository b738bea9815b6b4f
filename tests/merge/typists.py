"""People who type into one text at the same time, keystroke by keystroke.

What the server and the pages do with the merge, without either: everybody types into a text of
their own, sends it every 50 to 500 ms (one edit on its way at most), and gets what came of it, and
of the others' edits, some time later, when they have typed on. Everybody's letters are nobody
else's, so the end can be read: whose letters are there, and in which words.

`python -m tests.merge.typists --help` runs as many keystrokes as you like.
"""

import argparse
import heapq
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from merge.result import Merge
from merge.three_way import merge

# About as many letters as people have: of fewer, too many words look alike by chance. The text
# that was there before is of capitals.
ALPHABETS = [
    "".join(map(chr, range(first, first + 22)))
    for first in (0x61, 0x3B1, 0x430, 0x561, 0x10D0, 0x5D0, 0x1E900 + 0x22, 0x2D00)
]
# Typed for a moment where the caret is, so that it goes where its owner's letters go.
_CARET = "\ue000"
_SEPARATORS = ["", " ", " ", " ", " ", " ", ". ", ", ", "\n", "\n\n"]


@dataclass(frozen=True)
class Scene:
    """Where how many people type.

    Attributes:
        text: what is there before.
        people: how many type.
        spots: where they begin; who comes later begins anywhere.
        wanders: whether they go elsewhere every few words.
    """

    text: str
    people: int
    spots: tuple[int, ...] = ()
    wanders: bool = False


@dataclass
class Tally:
    """What a run came to.

    Attributes:
        keystrokes: how many there were, pastes counted as one.
        edits: how many the server got.
        merges: how many of them on something else than `master`.
        questions: how many merges asked.
        letters_lost: letters that somebody typed and that are not there.
        words_split: words that are not there as they were typed.
    """

    keystrokes: int = 0
    edits: int = 0
    merges: int = 0
    questions: int = 0
    letters_lost: int = 0
    words_split: int = 0

    def add(self, other: "Tally") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class _Typist:
    alphabet: str
    text: str
    caret: int
    base: str = ""
    sent: str | None = None
    words: list[str] = field(default_factory=lambda: [""])
    is_done: bool = False

    def __post_init__(self) -> None:
        self.base = self.text

    def type(self, rng: random.Random, *, wanders: bool) -> None:
        """One keystroke, or a paste, or a jump to elsewhere."""
        word, roll = self.words[-1], rng.random()
        if word and roll < 0.06 and self.text[self.caret - 1 : self.caret] == word[-1]:
            self.words[-1] = word[:-1]
            self._put("", deleted=1)
        elif word and roll < 0.25:
            self._end_word(rng)
        elif not word and wanders and roll < 0.1:
            self.caret = rng.choice(
                [match.end() for match in re.finditer(r"\A|\s", self.text)] or [0]
            )
        elif not word and roll < 0.12:
            self._paste(rng)
        else:
            letter = rng.choice(self.alphabet)
            self.words[-1] += letter
            self._put(letter)

    def finish(self, rng: random.Random) -> None:
        if self.words[-1]:
            self._end_word(rng)
        self.is_done = True

    def _end_word(self, rng: random.Random) -> None:
        self._put(rng.choice(_SEPARATORS) or " ")
        self.words.append("")

    def _paste(self, rng: random.Random) -> None:
        words = ["".join(rng.choices(self.alphabet, k=rng.randint(1, 9))) for _ in range(5)]
        self.words[-1:] = [*words, ""]
        self._put(" ".join(words) + rng.choice([" ", "\n"]))

    def _put(self, inserted: str, *, deleted: int = 0) -> None:
        self.caret -= deleted
        self.text = self.text[: self.caret] + inserted + self.text[self.caret + deleted :]
        self.caret += len(inserted)

    def take(self, before: str, after: str) -> bool:
        """Take in what others wrote, under what was typed since; False if that is in dispute."""
        marked = self.text[: self.caret] + _CARET + self.text[self.caret :]
        moved = merge(before, after, marked, live=True)
        if moved.clean:
            self.caret = moved.text.index(_CARET)
            self.text, self.base = moved.text.replace(_CARET, ""), after
        return moved.clean


class Room:
    """One run of a scene; the same seed is the same run."""

    def __init__(self, scene: Scene, seed: int, keystrokes: int) -> None:
        self._rng = random.Random(seed)
        self._scene = scene
        self._left = keystrokes
        self.master = scene.text
        self.tally = Tally()
        self._typists = [self._typist(place) for place in range(scene.people)]
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._now = 0.0

    def _typist(self, place: int) -> _Typist:
        spots = self._scene.spots or range(len(self.master) + 1)
        caret = spots[place] if place < len(self._scene.spots) else self._rng.choice(spots)
        return _Typist(ALPHABETS[place], self.master, caret)

    def run(self) -> Tally:
        for typist in self._typists:
            self._press(typist)
            self._send_soon(typist)
        while self._events:
            self._now, _, action = heapq.heappop(self._events)
            action()
        for typist in self._typists:
            self.tally.letters_lost += self._lost(typist)
            self.tally.words_split += self._split(typist)
        return self.tally

    def _after(self, least_ms: float, most_ms: float, action: Callable[[], None]) -> None:
        at = self._now + self._rng.uniform(least_ms, most_ms)
        heapq.heappush(self._events, (at, next(self._order), action))

    def _press(self, typist: _Typist) -> None:
        if self._left > 0:
            self._left -= 1
            self.tally.keystrokes += 1
            typist.type(self._rng, wanders=self._scene.wanders)
            self._after(60, 300, partial(self._press, typist))
        else:
            typist.finish(self._rng)

    def _send_soon(self, typist: _Typist) -> None:
        if not typist.is_done or typist.text != typist.base:
            self._after(50, 500, partial(self._send, typist))

    def _send(self, typist: _Typist) -> None:
        base, sent = typist.base, typist.text
        if sent == base:
            self._send_soon(typist)
            return
        typist.sent = sent
        self._after(5, 200, partial(self._receive, typist, base, sent))

    def _receive(self, typist: _Typist, base: str, sent: str) -> None:
        """What the server does with an edit."""
        merged = merge(base, self.master, sent, live=True)
        self.tally.edits += 1
        self.tally.merges += self.master != base
        self.tally.questions += not merged.clean
        before, self.master = self.master, _both(merged)
        after = self.master
        self._after(5, 200, partial(self._answer, typist, sent, after))
        for other in self._typists:
            if other is not typist:
                self._after(5, 200, partial(self._update, other, before, after))

    def _answer(self, typist: _Typist, sent: str, after: str) -> None:
        typist.sent = None
        if not typist.take(sent, after):
            typist.base = sent  # the own commit, as the page does it
        self._send_soon(typist)

    def _update(self, typist: _Typist, before: str, after: str) -> None:
        """Rule P6: the answer to an edit on its way covers it. Frames that overtook are dropped."""
        if typist.sent is None and typist.base == before:
            typist.take(before, after)

    def _lost(self, typist: _Typist) -> int:
        typed, there = Counter("".join(typist.words)), Counter(self.master)
        return (typed - there).total()

    def _split(self, typist: _Typist) -> int:
        there = Counter(re.findall(f"[{typist.alphabet}]+", self.master))
        return (Counter(filter(None, typist.words)) - there).total()


def _both(merged: Merge) -> str:
    """Somebody is asked, and keeps both."""
    text = merged.text
    for hunk in reversed(merged.hunks):
        text = f"{text[: hunk.start]}{hunk.theirs} {hunk.ours}{text[hunk.end :]}"
    return text


def prose(rng: random.Random, length: int) -> str:
    """Words in capitals, with lines and paragraphs."""
    parts: list[str] = []
    size = 0
    while size < length:
        word = "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=rng.randint(1, 9)))
        parts.append(word + rng.choice([" ", " ", " ", " ", " ", " ", ", ", ". ", "\n", "\n\n"]))
        size += len(parts[-1])
    return "".join(parts)


PAGE = prose(random.Random(0), 20_000)
PARAGRAPH = prose(random.Random(1), 400).replace("\n", " ")
SCENES = {
    "8 people all over 20 KB": Scene(PAGE, 8, wanders=True),
    "3 people in one paragraph": Scene(PARAGRAPH, 3, wanders=True),
    "2 people begin an empty text": Scene("", 2),
    "3 people at one spot": Scene("NOTES:\n\nTHE END.\n", 3, (7, 7, 7)),
    "2 people at the end of a line": Scene("NOTES: \nTHE END.\n", 2, (7, 7)),
    "2 people in one word": Scene("NOTES", 2, (2, 2)),
    "3 people in one word": Scene("NOTES", 3, (2, 2, 2)),
    "3 people two letters apart": Scene("NOTES", 3, (2, 3, 4)),
    "3 people in three sentences": Scene("ONE. TWO. THREE.\n", 3, (4, 9, 16)),
}


def runs(scene: Scene, keystrokes: int, *, each: int = 2_000, first: int = 0) -> Iterator[Tally]:
    """Runs of the scene with other seeds, this many keystrokes in all."""
    for seed in count(first):
        if keystrokes <= 0:
            return
        yield Room(scene, seed, min(each, keystrokes)).run()
        keystrokes -= each


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.merge.typists",
        description="People type at the same time; says what became of their words.",
        epilog="example: python -m tests.merge.typists --keystrokes 1000000",
    )
    parser.add_argument("--keystrokes", type=int, default=60_000, help="in all (60000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    options = parser.parse_args()
    worst = 0
    print("| scene | keystrokes | edits | merges | questions | letters lost | words split |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name, scene in SCENES.items():
        total = Tally()
        for tally in runs(scene, -(-options.keystrokes // len(SCENES)), first=options.first):
            total.add(tally)
            print(f"{name}: {total.keystrokes} keystrokes  ", end="\r", file=sys.stderr)
        worst += total.letters_lost + total.words_split
        print(f"| {name} | {' | '.join(map(str, vars(total).values()))} |", flush=True)
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())

"""A simulation of people who type into one text at the same time, keystroke by keystroke.

It does with the merge what the server and the pages do, without either. Each typist has a copy of
the text, sends the changes every 50 to 500 ms (at most one edit at a time), and receives the merged
edit and those of others some time later, after typing on. Each typist has letters of their own, so
the final text shows which letters and words are there.

`python -m tests.merge.typists --help` runs any number of keystrokes.
"""

import argparse
import heapq
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

from merge.diff_splices import diff_splices
from merge.local_merge import LocalMerge, merge_local
from merge.result import Merge
from merge.three_way import merge
from server.core.clients import Author
from server.core.recent_steps import RecentSteps, Splices, Step
from tests.merge.line_typist import Layout, Ledger, LineTypist, checklist, nested, table
from tests.merge.typist import ALPHABETS, Commit, Edit, Typist

# Larger changes are not live; see `server.core.master`.
_LIVE_CHARACTERS = 200
_AUTHOR = Author("", "")


@dataclass(frozen=True)
class Scene:
    """The setting of a run.

    Attributes:
        text: the text at the start.
        people: the number of typists.
        spots: the offsets where the first of them begin; the others begin anywhere.
        wanders: whether they move the caret every few words.
        compares: whether they send whole texts, so that changes are found by comparing.
        layout: the layout of the lines, if people also edit lines.
    """

    text: str
    people: int
    spots: tuple[int, ...] = ()
    wanders: bool = False
    compares: bool = False
    layout: Layout | None = None


@dataclass
class Tally:
    """The numbers of a run.

    Attributes:
        keystrokes: keystrokes, a paste counted as one.
        edits: edits that the server received.
        merges: edits with another base than `master`.
        conflicts: merges with a conflict.
        letters_lost: letters that were typed and are missing at the end.
        words_split: words that are not there as they were typed.
        misplaced: edits on another line than they were made on, and lines at another place.
        left_out: edits that are not checked, as resolving a conflict may have moved their lines.
    """

    keystrokes: int = 0
    edits: int = 0
    merges: int = 0
    conflicts: int = 0
    letters_lost: int = 0
    words_split: int = 0
    misplaced: int = 0
    left_out: int = 0

    def add(self, other: "Tally") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


class Room:
    """One run of a scene; the same seed is the same run."""

    def __init__(self, scene: Scene, seed: int, keystrokes: int) -> None:
        self._rng = random.Random(seed)
        self._scene = scene
        self._left = keystrokes
        self.master = Commit("0", scene.text)
        self.tally = Tally()
        self._steps = RecentSteps()
        self._ledger = Ledger(scene.text, scene.layout) if scene.layout else None
        self._typists = [self._typist(place) for place in range(scene.people)]
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._names = map(str, count(1))
        self._now = 0.0

    def _typist(self, place: int) -> Typist:
        spots = self._scene.spots or range(len(self.master.text) + 1)
        caret = spots[place] if place < len(self._scene.spots) else self._rng.choice(spots)
        compares = self._scene.compares
        if self._ledger is None:
            return Typist(ALPHABETS[place], self.master, caret, compares)
        typist = LineTypist(ALPHABETS[place], self.master, caret, compares, ledger=self._ledger)
        typist.jump(self._rng)
        return typist

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
        if self._ledger:
            self.tally.letters_lost += len(self._ledger.lost(self.master.text))
            self.tally.misplaced += len(self._ledger.misplaced(self.master.text))
            self.tally.left_out += self._ledger.left_out
        return self.tally

    def _after(self, least_ms: float, most_ms: float, action: Callable[[], None]) -> None:
        at = self._now + self._rng.uniform(least_ms, most_ms)
        heapq.heappush(self._events, (at, next(self._order), action))

    def _press(self, typist: Typist) -> None:
        if self._left > 0:
            self._left -= 1
            self.tally.keystrokes += 1
            typist.type(self._rng, wanders=self._scene.wanders)
            self._after(60, 300, partial(self._press, typist))
        else:
            typist.finish(self._rng)

    def _send_soon(self, typist: Typist) -> None:
        if not typist.is_done or typist.text != typist.base.text:
            self._after(50, 500, partial(self._send, typist))

    def _send(self, typist: Typist) -> None:
        if typist.text == typist.base.text:
            self._send_soon(typist)
            return
        edit = typist.send(next(self._names))
        self._after(5, 200, partial(self._receive, typist, edit))

    def _receive(self, typist: Typist, edit: Edit) -> None:
        """Do what the server does with an edit."""
        before = self.master
        self.tally.edits += 1
        self.tally.merges += before != edit.base
        local = self._merged(edit)
        name = edit.sent.name if before == edit.base else next(self._names)
        self.master = Commit(name, local.text)
        self._steps.add(
            Step(
                before.name,
                name,
                edit.sent.name,
                _AUTHOR,
                self._now,
                local.from_ours,
                local.from_theirs,
            )
        )
        self._after(5, 200, partial(self._answer, typist, self.master, local.from_theirs))
        update = before, self.master, local.from_ours
        for other in self._typists:
            if other is not typist:
                self._after(5, 200, partial(self._update, other, *update))

    def _merged(self, edit: Edit) -> LocalMerge:
        """Merge an edit as the master does; a conflict is resolved at once."""
        base, sent = edit.base, edit.sent.text
        change = diff_splices(base.text, sent) if self._scene.compares else edit.change
        local = self._merged_locally(base, change, sent)
        if local is None:
            live = self._scene.compares and _is_live(change)
            merged = merge(base.text, self.master.text, sent, live=live)
            self.tally.conflicts += not merged.clean
            layout = self._scene.layout
            text, spans = _both(merged, in_line=layout is not None and layout.is_numbered)
            if self._ledger and spans:
                sides = [
                    side for hunk in merged.hunks for side in (hunk.base, hunk.ours, hunk.theirs)
                ]
                self._ledger.leave_out(text, spans, sides)
            local = LocalMerge(text, diff_splices(self.master.text, text), diff_splices(sent, text))
        return local

    def _merged_locally(self, base: Commit, change: Splices, sent: str) -> LocalMerge | None:
        if base == self.master:
            return LocalMerge(sent, change, ())
        since = self._steps.splices_since(base.name)
        if since is None:
            return None
        live = _is_live(change)
        return merge_local(base.text, self.master.text, since, change, live=live)

    def _answer(self, typist: Typist, after: Commit, change: Splices) -> None:
        typist.is_sending = False
        typist.take(after, change)
        self._send_soon(typist)

    def _update(self, typist: Typist, before: Commit, after: Commit, change: Splices) -> None:
        """Apply an update, except while an edit is on its way: its answer covers it (P6)."""
        if not typist.is_sending and typist.base == before:
            typist.take(after, change)

    def _lost(self, typist: Typist) -> int:
        typed, there = Counter("".join(typist.words)), Counter(self.master.text)
        gone = Counter("".join(self._gone().elements()))
        return (typed - gone - there).total()

    def _split(self, typist: Typist) -> int:
        there = Counter(re.findall(f"[{typist.alphabet}]+", self.master.text))
        return (Counter(filter(None, typist.words)) - self._gone() - there).total()

    def _gone(self) -> Counter[str]:
        return self._ledger.words_gone if self._ledger else Counter()


def _is_live(change: Splices) -> bool:
    return sum(deleted + len(inserted) for _, deleted, inserted in change) <= _LIVE_CHARACTERS


def _both(merged: Merge, *, in_line: bool) -> tuple[str, list[tuple[int, int]]]:
    """Resolve all conflicts by keeping both sides; return the text and the ranges of both.

    Args:
        merged: a merge.
        in_line: whether only the new words of theirs are kept, so that the lines stay the same.
    """
    text, spans = merged.text, []
    grown = 0
    for hunk in merged.hunks:
        start, end = hunk.start + grown, hunk.end + grown
        theirs = hunk.theirs
        if in_line:
            known = {*hunk.base.split(), *hunk.ours.split()}
            theirs = " ".join(word for word in theirs.split() if word not in known)
        both = f"{theirs} {hunk.ours}"
        text = text[:start] + both + text[end:]
        spans.append((start, start + len(both)))
        grown += len(both) - (end - start)
    return text, spans


def prose(rng: random.Random, length: int) -> str:
    """Return random words in capitals, with lines and paragraphs."""
    parts: list[str] = []
    size = 0
    while size < length:
        word = "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=rng.randint(1, 9)))
        parts.append(word + rng.choice([" ", " ", " ", " ", " ", " ", ", ", ". ", "\n", "\n\n"]))
        size += len(parts[-1])
    return "".join(parts)


PAGE = prose(random.Random(0), 20_000)
LIST, TABLE, CODE = (make(random.Random(2), 40) for make in (checklist, table, nested))
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
    "3 people whose whole texts are compared": Scene(PARAGRAPH, 3, wanders=True, compares=True),
    "4 people in a list": Scene(LIST, 4, layout=Layout("- [ ] ")),
    "4 people in a table": Scene(TABLE, 4, layout=Layout("| OPEN | ")),
    "4 people in nested code": Scene(CODE, 4, layout=Layout("DO ", is_nested=True)),
    "4 people in lines that are equal": Scene(
        "- [ ] MILK\n" * 40, 4, layout=Layout("- [ ] ", is_numbered=True)
    ),
}


def runs(scene: Scene, keystrokes: int, *, each: int = 2_000, first: int = 0) -> Iterator[Tally]:
    """Run the scene with different seeds, with this many keystrokes in all."""
    for seed in count(first):
        if keystrokes <= 0:
            return
        yield Room(scene, seed, min(each, keystrokes)).run()
        keystrokes -= each


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.merge.typists",
        description="Simulates people who type at the same time; counts lost letters and words.",
        epilog="example: python -m tests.merge.typists --keystrokes 1000000",
    )
    parser.add_argument("--keystrokes", type=int, default=60_000, help="in all (60000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    options = parser.parse_args()
    worst = 0
    print(f"| scene | {' | '.join(vars(Tally())).replace('_', ' ')} |")
    print("|---" + "|--:" * len(vars(Tally())) + "|")
    for name, scene in SCENES.items():
        total = Tally()
        for tally in runs(scene, -(-options.keystrokes // len(SCENES)), first=options.first):
            total.add(tally)
            print(f"{name}: {total.keystrokes} keystrokes  ", end="\r", file=sys.stderr)
        worst += total.letters_lost + total.words_split + total.misplaced
        print(f"| {name} | {' | '.join(map(str, vars(total).values()))} |", flush=True)
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())

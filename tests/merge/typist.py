"""A simulated typist: a text, a caret, and the changes since the last text that the server knows.

It is a page without an editor. Changes are known as splices, so a typist's own and those of others
are merged without comparing texts, unless the client only knows whole texts (`compares`).
"""

import random
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from merge.diff_splices import diff_splices
from merge.local_merge import merge_local
from merge.splices import Splice, apply, compose
from merge.three_way import merge
from server.core.recent_steps import Splices
from tests.merge.carets import map_position

# About as many letters as in real alphabets: of fewer, too many words are alike by chance. The text
# at the start is in capitals.
ALPHABETS = [
    "".join(map(chr, range(first, first + 22)))
    for first in (0x61, 0x3B1, 0x430, 0x561, 0x10D0, 0x5D0, 0x1E900 + 0x22, 0x2D00)
]
# Inserted at the caret during a merge of whole texts, so that the caret moves with the letters.
_CARET = "\ue000"
_SEPARATORS = ["", " ", " ", " ", " ", " ", ". ", ", ", "\n", "\n\n"]


class Commit(NamedTuple):
    """A text with the name that the server knows it by."""

    name: str
    text: str


class Edit(NamedTuple):
    """An edit as it is sent: its base, the splices from it, and the resulting text."""

    base: Commit
    change: Splices
    sent: Commit


@dataclass
class Typist:
    """A typist with letters that no other typist has.

    Attributes:
        alphabet: the letters.
        base: the last text that the server knows.
        caret: the offset of the next letter.
        compares: whether changes of others are found by comparing whole texts.
        change: the splices from the base to `text`.
        is_sending: whether an edit is on its way.
        words: all words that were typed; the last one is being typed, or empty.
        is_done: whether typing has ended.
    """

    alphabet: str
    base: Commit
    caret: int
    compares: bool = False
    change: Splices = ()
    is_sending: bool = False
    words: list[str] = field(default_factory=lambda: [""])
    is_done: bool = False

    def __post_init__(self) -> None:
        self.text = self.base.text

    # --- typing

    def type(self, rng: random.Random, *, wanders: bool) -> None:
        """Do one keystroke, paste or jump."""
        word, roll = self.words[-1], rng.random()
        if word and roll < 0.06 and self.text[self.caret - 1 : self.caret] == word[-1]:
            self.words[-1] = word[:-1]
            self.put("", deleted=1)
        elif word and roll < 0.25:
            self.end_word(rng)
        elif not word and wanders and roll < 0.1:
            self.jump(rng)
        elif not word and roll < 0.12:
            self.paste(rng)
        else:
            self.type_letter(rng)

    def finish(self, rng: random.Random) -> None:
        """End the last word."""
        if self.words[-1]:
            self.end_word(rng)
        self.is_done = True

    def jump(self, rng: random.Random) -> None:
        """Move the caret behind some blank."""
        self.caret = rng.choice([match.end() for match in re.finditer(r"\A|\s", self.text)] or [0])

    def type_letter(self, rng: random.Random) -> None:
        letter = rng.choice(self.alphabet)
        self.words[-1] += letter
        self.put(letter)

    def end_word(self, rng: random.Random) -> None:
        self.put(rng.choice(_SEPARATORS) or " ")
        self.words.append("")

    def paste(self, rng: random.Random) -> None:
        words = [self.some_word(rng) for _ in range(5)]
        self.put(" ".join(words) + rng.choice([" ", "\n"]))

    def some_word(self, rng: random.Random) -> str:
        """Return a word that is inserted at once."""
        word = "".join(rng.choices(self.alphabet, k=rng.randint(1, 9)))
        self.words[-1:] = [word, ""]
        return word

    def put(self, inserted: str, *, deleted: int = 0) -> None:
        """Insert text before the caret."""
        start = self.caret - deleted
        self.edit(Splice(start, deleted, inserted))
        self.caret = start + len(inserted)

    def edit(self, splice: Splice) -> None:
        """Splices the text anywhere; the caret stays where it is."""
        self.text = apply(self.text, [splice])
        self.caret = map_position([splice], self.caret)
        self.change = compose(self.change, [splice])

    # --- the server

    def send(self, name: str) -> Edit:
        """Send the changes; the sent text is the new base (P5: one edit at a time)."""
        edit = Edit(self.base, self.change, Commit(name, self.text))
        self.base, self.change, self.is_sending = edit.sent, (), True
        return edit

    def take(self, newest: Commit, remote: Splices) -> None:
        """Merge the changes of others; if there is a conflict, leave it to the server."""
        if self.compares:
            self._compare(newest)
            return
        local = merge_local(self.base.text, newest.text, remote, self.change, live=True)
        if local is not None:
            self.caret = _map_caret(self.text, local.from_theirs, self.caret)
            self.base, self.text, self.change = newest, local.text, local.from_ours

    def _compare(self, newest: Commit) -> None:
        marked = self.text[: self.caret] + _CARET + self.text[self.caret :]
        moved = merge(self.base.text, newest.text, marked, live=True)
        if moved.clean:
            self.caret = moved.text.index(_CARET)
            self.base, self.text = newest, moved.text.replace(_CARET, "")
            self.change = diff_splices(newest.text, self.text)


def _map_caret(text: str, change: Splices, caret: int) -> int:
    """Map the caret as the page does: before insertions of others at it, but behind whole lines.

    See `addsLinesAt` in web/text/splices.js.
    """
    is_line_start = caret == 0 or text[caret - 1] == "\n"
    lines_come = any(
        start == caret and not deleted and inserted.endswith("\n")
        for start, deleted, inserted in change
    )
    return map_position(change, caret, after=is_line_start and lines_come)

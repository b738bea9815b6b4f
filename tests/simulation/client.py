"""A client of the protocol as a model: it types at random and keeps every rule of docs/protocol.md.

It shares nothing with the page's `sync` but the rules. Frames go in, frames come out; it knows no
socket and no clock, and all its choices come from the random generator that it is given.

Where others change the very words that it is changing it does not rebase: it sends what it has on
the base that it has, or on its own last commit, and the server merges (rule P4).
"""

import json
import re
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random
from typing import Any

from merge.diff_splices import diff_splices
from merge.splices import Splice, apply
from server.protocol import check_of

Message = dict[str, Any]

_WORD = re.compile(r"\S+")
_SIDES = ("base", "ours", "theirs")


class DriftError(AssertionError):
    """The server sent something that contradicts the client's state."""


class Choice(Enum):
    MINE = auto()
    THEIRS = auto()
    BOTH = auto()
    BY_HAND = auto()


@dataclass
class Outstanding:
    """A submission without an answer, and the text that it stands for."""

    message: Message
    text: str


@dataclass
class Words:
    """All words that were ever typed, and those that were deleted on purpose."""

    typed: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def new(self, author: str) -> str:
        word = f"{author}{len(self.typed):04}"
        self.typed.add(word)
        return word

    def remove(self, before: str, after: str) -> None:
        """Record that a person changed `before` to `after`."""
        self.removed |= {word for word in self.typed if word in before and word not in after}


class Client:
    """One person at one browser tab, with and without a connection."""

    def __init__(self, name: str, random: Random, words: Words, *, splices: bool) -> None:
        self.name = name
        self.id = ""
        self.is_open = False
        self.editor = ""
        self.conflict: Message | None = None
        self.unmerged = 0  # as the server says
        self.seq = 0
        self.outstanding: Outstanding | None = None
        self.sends_splices = splices
        self.acknowledged: set[str] = set()
        self._random = random
        self._words = words
        self._key = ""
        self._base = ""  # the commit whose text is `_text`; of the branch while in conflict
        self._text = ""
        self._must_send = False
        self._must_repeat = False
        self._is_lost = False

    @property
    def is_settled(self) -> bool:
        """Whether the server has all that was typed, and the client all that it may see."""
        return self.is_open and not self.outstanding and self.editor == self._text

    # --- the person

    def type(self) -> None:
        """Write a word, or take one out, or put another in its place, or begin a line."""
        if not self.id:
            return  # the page is still loading
        # What stands here in part, as its author is still at it, is left alone.
        places = [it for it in _WORD.finditer(self.editor) if it[0] in self._words.typed]
        action = self._random.random()
        if not places or action < 0.5:
            self._insert()
        elif action < 0.65:
            self._change(self._random.choice(places), "")
        else:
            self._change(self._random.choice(places), self._words.new(self.name))

    def _insert(self) -> None:
        places = [0, *(found.end() for found in re.finditer(r"\S+\s", self.editor))]
        at = self._random.choice(places)
        word = self._words.new(self.name)
        end = self._random.choice([" ", " ", " ", "\n"])
        self.editor = self.editor[:at] + word + end + self.editor[at:]

    def _change(self, place: re.Match[str], word: str) -> None:
        self._words.remove(place[0], word)
        self.editor = self.editor[: place.start()] + word + self.editor[place.end() :]

    # --- what it sends

    def hello(self) -> bytes:
        message: Message = {"type": "hello", "protocol": 1, "name": self.name}
        if self.id:
            message |= {"client": self.id, "key": self._key}
        if self._base:
            message["base"] = self._base
        return _frame(message)

    def due(self) -> bytes | None:
        """Return the next frame to send, if any: at most one submission is outstanding."""
        if not self.is_open:
            return None
        if self.outstanding:
            return self.again() if self._must_repeat else None
        if self.editor == self._text:
            return None
        changed: Message = {"text": self.editor}
        if self.sends_splices:
            changed = {"splices": diff_splices(self._text, self.editor)}
        return self._submit({"type": "edit", "base": self._base} | changed, self.editor)

    def urgent(self) -> bytes | None:
        """What must be sent at once, so that what comes next makes sense."""
        if self._is_lost:
            return self.sync()
        return self.due() if self._must_send else None

    def sync(self) -> bytes:
        """Request the whole text."""
        return _frame({"type": "sync"})

    def resolve(self) -> bytes:
        """Answer the conflict that is shown, each hunk in some way; nothing may wait to be sent."""
        return self._answer_all(self._settled_conflict())

    def take_up(self, found: Message) -> bytes:
        """Resolve the conflict of an unmerged branch of any client (P15)."""
        assert self.is_settled
        assert not self.conflict
        return self._answer_all(found)

    def _answer_all(self, found: Message) -> bytes:
        sides = [_with(found, [hunk[side] for hunk in found["hunks"]]) for side in _SIDES]
        answers = [self._answer(hunk, self._random.choice(list(Choice))) for hunk in found["hunks"]]
        self.editor = _with(found, answers)
        self._words.remove("\n".join(sides), self.editor)
        where = {"commit": found["commit"], "base": found["revision"], "text": self.editor}
        return self._submit({"type": "resolve"} | where, self.editor)

    def park(self) -> bytes:
        """Decide later."""
        found = self._settled_conflict()
        return self._submit({"type": "park", "commit": found["commit"]}, self._text)

    def again(self) -> bytes | None:
        """The outstanding submission once more, after a reconnect or as the server was busy."""
        self._must_repeat = False
        return _frame(self.outstanding.message) if self.outstanding else None

    def disconnected(self) -> None:
        self.is_open = self._is_lost = False

    def _answer(self, hunk: Message, choice: Choice) -> str:
        match choice:
            case Choice.MINE:
                return str(hunk["theirs"])
            case Choice.THEIRS:
                return str(hunk["ours"])
            case Choice.BOTH:
                return f"{hunk['theirs']} {hunk['ours']}"
            case Choice.BY_HAND:
                return self._words.new(self.name) + " "

    def _settled_conflict(self) -> Message:
        assert self.conflict is not None
        assert self.is_settled
        return self.conflict

    def _submit(self, message: Message, text: str) -> bytes:
        self.seq += 1
        message["seq"] = self.seq
        self.outstanding = Outstanding(message, text)
        self._must_send = False
        return _frame(message)

    # --- what it hears

    def receive(self, frame: bytes) -> None:
        """Take in one frame of the server."""
        message = json.loads(frame)
        match message["type"]:
            case "welcome":
                self._welcomed(message)
            case "merged":
                self._merged(message)
            case "conflict":
                self._conflicted(message)
            case "update" if "text" in message:
                self._synced(message)
            case "update":
                self._updated(message)
            case "unmerged":
                self.unmerged = message["count"]
            case "error":
                self._refused(message)

    def _welcomed(self, welcome: Message) -> None:
        self.is_open = True
        self.id, self._key = welcome["client"], welcome["key"]
        self.unmerged = welcome["unmerged"]
        _expect(welcome["seq"] <= self.seq, "the server counts further than the client")
        if self.outstanding:
            self._must_repeat = True  # its answer covers everything
            return
        if welcome["conflict"]:
            _expect(self.conflict is not None, "a conflict without a submission")
            self._show(welcome["conflict"])
            return
        text = welcome.get("text")
        if text is None:
            _expect(welcome["from"] == self._base, "splices from another base than was named")
            text = apply(self._text, _splices(welcome))
        _expect(check_of(text) == welcome["check"], "the text of the welcome has drifted")
        self.conflict = None
        self._take(welcome["revision"], text)

    def _merged(self, merged: Message) -> None:
        if self.outstanding is None or merged["seq"] != self.outstanding.message["seq"]:
            self._healed(merged)
            return
        self._base, self._text = merged["commit"], self.outstanding.text
        self.outstanding = self.conflict = None
        self.acknowledged |= {merged["commit"], merged["revision"]}
        self._take(merged["revision"], self._checked(merged))

    def _healed(self, merged: Message) -> None:
        """A notification: the conflict is gone (P9). Outstanding submissions are answered too."""
        if self.outstanding:
            return
        if self.conflict is None:
            self._is_lost = True  # the news came first and was taken for the answer
            return
        self.conflict = None
        self._take(merged["revision"], self._checked(merged))

    def _conflicted(self, found: Message) -> None:
        for hunk in found["hunks"]:
            ours = found["text"][hunk["start"] : hunk["end"]]
            _expect(ours == hunk["ours"], "a hunk is not where it says")
        self.acknowledged |= {found["commit"], found["revision"]}
        if self.outstanding is None:
            _expect(self.conflict is not None, "news of a conflict that never was")
            self._show(found)
        elif found["seq"] == self.outstanding.message["seq"]:
            self._text, self.outstanding = self.outstanding.text, None
            self._show(found)

    def _show(self, found: Message) -> None:
        self.conflict = found
        self._base = found["commit"]

    def _updated(self, update: Message) -> None:
        if self.outstanding or self._is_lost:
            return  # P6: the answer covers it
        _expect(self.conflict is None, "an update while a conflict is open")
        _expect(update["from"] == self._base, "an update from something else (P6)")
        self._take(update["revision"], self._checked(update))

    def _synced(self, update: Message) -> None:
        _expect(check_of(update["text"]) == update["check"], "the synced text has drifted")
        self._is_lost = False
        if not self.outstanding and not self.conflict:
            self._take(update["revision"], update["text"])

    def _refused(self, error: Message) -> None:
        _expect(error["code"] in ("unavailable", "rate_limited"), f"refused: {error}")
        if self.outstanding and error.get("seq") == self.outstanding.message["seq"]:
            self._must_repeat = True

    def _checked(self, message: Message) -> str:
        text = apply(self._text, _splices(message))
        _expect(check_of(text) == message["check"], "check and splices disagree")
        return text

    def _take(self, revision: str, text: str) -> None:
        """Move the base on, under what was typed since; unless the same words are touched."""
        typed, told = diff_splices(self._text, self.editor), diff_splices(self._text, text)
        if not _touch(self._text, typed, told):
            self.editor = apply(self._text, sorted([*typed, *told]))
            self._base, self._text = revision, text
        else:
            self._must_send = True  # on the old base; the answer brings the rest


def _touch(text: str, one: tuple[Splice, ...], other: tuple[Splice, ...]) -> bool:
    """Whether both change one word, or words or blanks side by side.

    Splices may be of letters, and words that have letters in common by chance ("bo0001" made
    "ann0012") change here and there: so each counts for all of the words that it is in.
    """
    return any(
        start <= other_end and other_start <= end
        for start, end in (_reach(text, splice) for splice in one)
        for other_start, other_end in (_reach(text, splice) for splice in other)
    )


def _reach(text: str, splice: Splice) -> tuple[int, int]:
    """From where to where the words go that the splice is in."""
    start, end = splice.start, splice.start + splice.deleted
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def _with(conflict: Message, answers: list[str]) -> str:
    """The text of a conflict with these answers at its hunks."""
    places = [(hunk["start"], hunk["end"] - hunk["start"]) for hunk in conflict["hunks"]]
    return apply(conflict["text"], [Splice(*p, a) for p, a in zip(places, answers, strict=True)])


def _splices(message: Message) -> list[Splice]:
    return [Splice(*splice) for splice in message["splices"]]


def _frame(message: Message) -> bytes:
    return json.dumps(message).encode()


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise DriftError(what)

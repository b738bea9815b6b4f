"""People type at the same time, in the same place and elsewhere, and nobody's words suffer."""

import random
import re
from collections.abc import Sequence

import pytest

from merge.diff_splices import diff_splices
from merge.local_merge import LocalMerge
from merge.splices import Splice, apply
from merge.three_way import merge
from tests.merge.line_typist import Layout, Ledger, Place
from tests.merge.typists import SCENES, Scene, Tally, runs

# Nobody is asked more often than this, in questions an edit: all over a text, and close together.
QUESTIONS_MAX = {"8 people all over 20 KB": 1 / 20_000}
QUESTIONS_MAX_CLOSE = 1 / 100
# Of at most this share of the edits it is not known where they belong: a question came between.
LEFT_OUT_MAX = 1 / 50


def total(scene: Scene, keystrokes: int) -> Tally:
    tally = Tally()
    for each in runs(scene, keystrokes, each=500):
        tally.add(each)
    return tally


@pytest.mark.parametrize("name", SCENES)
def test_nothing_is_lost_or_split_and_every_edit_is_on_its_line(name: str) -> None:
    keystrokes = 2_000 if SCENES[name].compares else 6_000
    tally = total(SCENES[name], keystrokes)
    assert tally.keystrokes == keystrokes
    assert tally.merges > 300, "or they would not have typed at the same time"
    assert (tally.letters_lost, tally.words_split, tally.misplaced) == (0, 0, 0)
    assert tally.questions <= QUESTIONS_MAX.get(name, QUESTIONS_MAX_CLOSE) * tally.edits
    assert tally.left_out <= LEFT_OUT_MAX * tally.edits


def test_the_end_of_a_run_shows_what_was_lost_and_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """That the numbers above can be others than nothing: here the last writer wins."""

    def last_writer_wins(
        base: str, ours: str, _: Sequence[Splice], change: Sequence[Splice], *, live: bool
    ) -> LocalMerge:
        theirs = apply(base, change)
        return LocalMerge(theirs, diff_splices(ours, theirs), ())

    monkeypatch.setattr("tests.merge.typists.merge_local", last_writer_wins)
    assert total(SCENES["3 people in one paragraph"], 1_000).letters_lost > 0


def test_the_end_of_a_run_shows_what_is_on_another_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the whole texts are compared, by Git's diff alone, to which equal lines are the same."""

    def comparing(
        base: str, ours: str, _: Sequence[Splice], change: Sequence[Splice], *, live: bool
    ) -> LocalMerge:
        theirs = apply(base, change)
        text = merge(base, ours, theirs, live=live).text
        return LocalMerge(text, diff_splices(ours, text), diff_splices(theirs, text))

    monkeypatch.setattr("tests.merge.typists.merge_local", comparing)
    monkeypatch.setattr("merge.diff._in_place", lambda before, after, found: found)
    assert total(SCENES["4 people in lines that are equal"], 1_000).misplaced > 0


def test_a_line_that_lost_its_parent_is_misplaced() -> None:
    code = "IF AAAAAA:\n    DO BBBBBB\nIF CCCCCC:\n    DO DDDDDD\n"
    ledger = Ledger(code, Layout("DO ", is_nested=True))
    line = "    DO " + ledger.line_mark(Place(above="DDDDDD", parent="CCCCCC")) + "\n"
    tick = ledger.mark("BBBBBB")
    right = code.replace("BBBBBB", "BBBBBB " + tick) + line
    assert ledger.misplaced(right) == set()
    assert ledger.misplaced(right.replace("IF CCCCCC", "    IF CCCCCC")) >= {line.strip()[-1]}
    assert ledger.misplaced(code.replace("DDDDDD", "DDDDDD " + tick) + line) == {tick}
    assert ledger.lost(code) == {tick, line.strip()[-1]}


# --- whole words, as quick people or slow connections send them


def _rewritten(rng: random.Random, text: str, author: str) -> tuple[str, set[str]]:
    """A text after some words came, went, or gave way to others; and the words that came."""
    came: set[str] = set()
    for _ in range(rng.randint(1, 4)):
        word = f"{author}{rng.randrange(40):04}"
        places = list(re.finditer(r"\S+", text))
        if word in text or not places or rng.random() < 0.5:
            at = rng.choice([0, *(place.end() for place in re.finditer(r"\S+\s", text))])
            text = text[:at] + word + rng.choice("  \n") + text[at:]
        else:
            place = rng.choice(places)
            came.discard(place[0])
            word = rng.choice([word, ""])
            text = text[: place.start()] + word + text[place.end() :]
        came |= {word} - {""}
    return text, came


def test_words_that_share_letters_by_chance_are_hardly_ever_torn() -> None:
    """Letters cannot tell "0012" typed between from "0012" in another's place: rarely is not never.

    Of these words, all but alike, one merge in a thousand may tear one; all letters stay there.
    """
    rng = random.Random(0)
    torn = []
    for _ in range(1000):
        words = [f"{rng.choice(['bo', 'cy'])}{rng.randrange(40):04}" for _ in range(5)]
        base = "".join(word + rng.choice("   \n") for word in words)
        (ours, ours_words), (theirs, theirs_words) = (
            _rewritten(rng, base, who) for who in ("bo", "ann")
        )
        merged = merge(base, ours, theirs, live=True)
        kept = "\n".join([merged.text, *(hunk.theirs for hunk in merged.hunks)])
        torn += [(base, ours, theirs) for word in ours_words | theirs_words if word not in kept]
    assert len(torn) <= 1, torn

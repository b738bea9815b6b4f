"""Merging around one change gives what merging the whole texts gives."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merge.diff_splices import diff_splices
from merge.local_merge import _window, merge_local
from merge.splices import Splice, apply
from merge.three_way import merge

_PAGE_CASES = json.loads(
    (Path(__file__).parents[1] / "vectors" / "rebase.json").read_text(encoding="utf-8")
)["cases"]
_WORDS = [f"word{number}" for number in range(50)]


def text_of(random: Random, lines: int) -> str:
    """Lines that are all different, as those of notes are."""
    return "".join(
        f"{number} {' '.join(random.choices(_WORDS, k=random.randint(0, 6)))}\n"
        for number in range(lines)
    )


def changed(random: Random, text: str, changes: int) -> tuple[Splice, ...]:
    """Some words and lines come, go and change."""
    after = text
    for _ in range(changes):
        at = random.randint(0, len(after))
        kind = random.random()
        if kind < 0.6:
            after = f"{after[:at]} {random.choice(_WORDS)} {after[at:]}"
        elif kind < 0.8:
            after = after[:at] + after[at + random.randint(1, 30) :]
        else:
            after = f"{after[:at]}\nnew {random.choice(_WORDS)}\n{after[at:]}"
    return diff_splices(text, after)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("seed", range(300))
def test_it_is_the_merge_of_the_whole_texts(seed: int, live: bool) -> None:
    random = Random(seed)
    base = text_of(random, random.randint(1, 60))
    ours_change = changed(random, base, random.randint(0, 12))
    theirs_change = changed(random, base, random.choice([0, 1, 1, 1, 2, 3]))
    ours, theirs = apply(base, ours_change), apply(base, theirs_change)
    whole = merge(base, ours, theirs, live=live)
    near = merge_local(base, ours, ours_change, theirs_change, live=live)
    if near is None:
        assert live or not whole.clean
        return
    if not live:  # around one change each, more counts as typing than in the whole texts
        assert near.text == whole.text
        assert whole.clean
    assert apply(ours, near.from_ours) == near.text
    assert apply(theirs, near.from_theirs) == near.text


@pytest.mark.parametrize("case", _PAGE_CASES, ids=lambda case: case["name"])
def test_what_the_page_merges_by_itself(case: dict[str, Any]) -> None:
    """`rebase` in web/text/rebase.js gives this text too, or leaves it to the server."""
    text = case["text"]
    local, remote = ([Splice(*row) for row in case[side]] for side in ("local", "remote"))
    near = merge_local(text, apply(text, remote), remote, local, live=True)
    assert (near and near.text) == case["merged"]
    assert near or not case["page"]


@given(st.text("ab\n", max_size=40), st.text("ab\n", max_size=40), st.text("ab\n", max_size=40))
def test_whatever_the_texts_are_the_ways_lead_to_the_merged_text(
    base: str, ours: str, theirs: str
) -> None:
    near = merge_local(base, ours, diff_splices(base, ours), diff_splices(base, theirs))
    if near is not None:
        assert apply(ours, near.from_ours) == near.text
        assert apply(theirs, near.from_theirs) == near.text


def test_only_the_lines_around_the_change_are_looked_at() -> None:
    base = "".join(f"line {number}\n" for number in range(1000))
    place = base.index("line 500")
    ours_change = tuple(
        Splice(base.index(f"line {number}\n"), 0, "x") for number in (3, 400, 600, 900)
    )
    low, high = _window(base, ours_change, [Splice(place + 4, 0, "!")])
    assert base[low:high] == "".join(f"line {number}\n" for number in range(498, 503))


def test_the_window_reaches_over_what_it_touches() -> None:
    base = "".join(f"line {number}\n" for number in range(1000))
    start, end = base.index("line 100\n"), base.index("line 499\n")
    ours_change = (Splice(start, end - start, ""), Splice(base.index("line 503"), 0, "x"))
    low, high = _window(base, ours_change, [Splice(base.index("line 501"), 0, "!")])
    assert base[low:high] == "".join(f"line {number}\n" for number in range(98, 506))


def test_words_changed_by_both_sides_are_a_disagreement() -> None:
    base = "one\ntwo\nthree\n"
    ours, theirs = base.replace("two", "2"), base.replace("two", "zwei")
    assert merge_local(base, ours, diff_splices(base, ours), diff_splices(base, theirs)) is None


def test_words_that_begin_alike_at_one_spot_stay_whole() -> None:
    base = "ppprint"  # the first p is Bo's, the second Ann's, who began before "print"
    bo, ann = [Splice(1, 0, "aris ")], [Splice(2, 0, "eter ")]
    near = merge_local(base, apply(base, bo), bo, ann, live=True)
    assert near is not None
    assert near.text == "paris peter print"


def test_what_is_deleted_by_one_and_typed_into_by_the_other_is_compared() -> None:
    base = "one two three"
    ours, theirs = [Splice(4, 4, "")], [Splice(7, 0, "s")]
    near = merge_local(base, apply(base, ours), ours, theirs, live=True)
    whole = merge(base, apply(base, ours), apply(base, theirs), live=True)
    assert near is None or near.text == whole.text


@pytest.mark.parametrize("seed", range(200))
def test_what_is_typed_and_deleted_apart_stays_where_it_was_made(seed: int) -> None:
    random = Random(seed)
    base = "".join(random.choices("ab \n", k=random.randint(0, 30)))
    places = random.sample(range(len(base) + 1), min(len(base) + 1, random.randint(1, 5)))
    changes = [
        Splice(place, 0, random.choice(["a", "b ", "ab"]))
        if random.random() < 0.7 or place == len(base) or place + 1 in places
        else Splice(place, 1, "")
        for place in sorted(places)
    ]
    sides = [random.random() < 0.5 for _ in changes]
    ours = [it for it, is_ours in zip(changes, sides, strict=True) if is_ours]
    theirs = [it for it, is_ours in zip(changes, sides, strict=True) if not is_ours]
    near = merge_local(base, apply(base, ours), ours, theirs, live=True)
    assert near is not None
    assert near.text == apply(base, changes)
    assert apply(apply(base, ours), near.from_ours) == near.text
    assert apply(apply(base, theirs), near.from_theirs) == near.text

"""Splices: the vectors shared with the browser, and their properties."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from merge.diff_splices import diff_splices
from merge.splices import Splice, SpliceError, apply, compose
from tests.merge.carets import map_position

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "splices.json").read_text(encoding="utf-8")
)
TEXTS = st.text("ab \n\r.\u0301\u200d👩🇩🇪日", max_size=16)


def splices(rows: list[list[Any]]) -> list[Splice]:
    return [Splice(*row) for row in rows]


@pytest.mark.parametrize("case", VECTORS["apply"])
def test_apply(case: dict[str, Any]) -> None:
    if case.get("error"):
        with pytest.raises(SpliceError):
            apply(case["text"], splices(case["splices"]))
    else:
        assert apply(case["text"], splices(case["splices"])) == case["result"]


@pytest.mark.parametrize("case", VECTORS["compose"])
def test_compose(case: dict[str, Any]) -> None:
    composed = compose(splices(case["first"]), splices(case["second"]))
    assert apply(case["text"], composed) == case["result"]


@pytest.mark.parametrize("case", VECTORS["map"])
def test_map_position(case: dict[str, Any]) -> None:
    mapped = map_position(splices(case["splices"]), case["position"], after=case["after"])
    assert mapped == case["result"]


@pytest.mark.parametrize("case", VECTORS["between"])
def test_diff_splices(case: dict[str, Any]) -> None:
    before, after = case["before"], case["after"]
    assert apply(before, diff_splices(before, after)) == after


def test_diff_splices_is_small() -> None:
    assert diff_splices("Hello world!\nBye.\n", "Hello big world!\nBye now.\n") == (
        Splice(6, 0, "big "),
        Splice(16, 0, " now"),
    )
    assert diff_splices("e", "e\u0301") == (Splice(0, 1, "e\u0301"),), "never inside a cluster"


@given(TEXTS, TEXTS, TEXTS)
def test_splices_lead_to_the_other_text(first: str, second: str, third: str) -> None:
    forth, on = diff_splices(first, second), diff_splices(second, third)
    assert apply(first, forth) == second
    assert apply(first, compose(forth, on)) == third


@st.composite
def changes(draw: st.DrawFn, text: str) -> list[Splice]:
    """Splices of a text, some beside each other, and some that change nothing."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=10)))
    return [
        Splice(start, end - start, draw(st.text("xyz", max_size=3)))
        for start, end in zip(places[::2], places[1::2], strict=False)
    ]


@given(st.text("abc", max_size=12), st.data())
@settings(max_examples=400)
def test_composed_splices_have_the_effect_of_both(text: str, data: st.DataObject) -> None:
    first = data.draw(changes(text))
    middle = apply(text, first)
    second = data.draw(changes(middle))
    composed = compose(first, second)
    assert apply(text, composed) == apply(middle, second)
    if first and second:
        assert all(deleted or inserted for _, deleted, inserted in composed)
        assert all(one.start + one.deleted < other.start for one, other in pairwise(composed))


@given(TEXTS, TEXTS)
@example("\u200d", "\u200d1 \u200d")
@example("a\u0301", "\u0301 a\u0301")
@settings(max_examples=400)
def test_diff_splices_never_cuts_a_grapheme_cluster(before: str, after: str) -> None:
    allowed, new_allowed = (
        {0} | {match.end() for match in regex.finditer(r"\X", text)} for text in (before, after)
    )
    shift = 0
    for start, deleted, inserted in diff_splices(before, after):
        assert {start, start + deleted} <= allowed
        assert {start + shift, start + shift + len(inserted)} <= new_allowed
        shift += len(inserted) - deleted


@given(TEXTS, TEXTS)
@example("👩ab", "aba👩b 👩a.b")
@settings(max_examples=400)
def test_unchanged_text_is_between_two_splices(before: str, after: str) -> None:
    for first, second in pairwise(diff_splices(before, after)):
        assert first.start + first.deleted < second.start


@given(TEXTS, TEXTS, st.data())
def test_carets_keep_their_order(before: str, after: str, data: st.DataObject) -> None:
    found = diff_splices(before, after)
    carets = sorted(data.draw(st.lists(st.integers(0, len(before)), min_size=2)))
    mapped = [map_position(found, caret) for caret in carets]
    assert mapped == sorted(mapped)
    assert all(0 <= caret <= len(after) for caret in mapped)
    assert all(
        here <= map_position(found, caret, after=True)
        for caret, here in zip(carets, mapped, strict=True)
    )

"""What two people do to a list, a table, a block of code, and the answers that are right.

General rules, no single texts: each case stands for its kind.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from merge import merge
from merge.local_merge import merge_local
from merge.splices import Splice, apply

CASES = json.loads(
    (Path(__file__).parents[1] / "vectors" / "everyday.json").read_text(encoding="utf-8")
)
# Both add a line "import …": nothing tells that they are not two values of one thing.
NEEDLESS = {"py: both add an import"}


def check(case: dict[str, Any], text: str | None) -> None:
    if text is None:
        assert case["ask_is_right"] or case["name"] in NEEDLESS
    else:
        assert text in case["accept"]


@pytest.mark.parametrize("live", [False, True], ids=["careful", "live"])
@pytest.mark.parametrize("case", CASES["whole"], ids=lambda case: case["name"])
def test_whole_texts(case: dict[str, Any], live: bool) -> None:
    for ours, theirs in (("ours", "theirs"), ("theirs", "ours")):
        merged = merge(case["base"], case[ours], case[theirs], live=live)
        check(case, merged.text if merged.clean else None)


@pytest.mark.parametrize("case", CASES["live"], ids=lambda case: case["name"])
def test_known_changes(case: dict[str, Any]) -> None:
    base = case["base"]
    one, other = ([Splice(*it) for it in case[side]] for side in ("one", "other"))
    for ours_change, theirs_change in ((one, other), (other, one)):
        ours, theirs = apply(base, ours_change), apply(base, theirs_change)
        near = merge_local(base, ours, ours_change, theirs_change, live=True)
        if near is None:  # as the server does
            merged = merge(base, ours, theirs)
            check(case, merged.text if merged.clean else None)
        else:
            check(case, near.text)
            assert apply(ours, near.from_ours) == apply(theirs, near.from_theirs) == near.text

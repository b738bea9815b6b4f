"""The merge benchmark completes whatever a tool does."""

import shutil

import pytest

from bench.merge.corpus import Corpus, Row, Triple
from bench.merge.in_process import Ours
from bench.merge.processes import Wiggle
from bench.merge.score import score
from bench.merge.tool import Failed, Tool, third_party

_ROWS = [
    Row(Triple("", "one\n", ""), "one\n", "prose", ""),
    Row(Triple("one two\n", "1 two\n", "one two\n"), "1 two\n", "prose", ""),
]


class Brittle(Tool):
    """Returns ours, and crashes without a base."""

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        with third_party():
            assert base
        return ours


def cells(tool: Tool, **corpus: list[Row]) -> dict[str, str]:
    """Return a tool's row of the first table, by column."""
    empty: Corpus = {kind: [] for kind in ("split", "indep", "clash", "taken back", "easy", "hard")}
    table = next(score({"tool": tool}, empty | corpus))
    head, _, row = (line for line in table.splitlines() if line.startswith("|"))
    names, found = ([cell.strip() for cell in line.split("|")[1:-1]] for line in (head, row))
    return dict(zip(names, found, strict=True))


def test_a_tool_that_fails_on_one_row_continues_with_the_next() -> None:
    found = cells(Brittle(), split=_ROWS)
    assert (found["split right"], found["split wrong"]) == ("50.0 %", "0.00 %")
    assert (found["over 5 s"], found["failed"]) == ("0", "1")


def test_a_failing_tool_is_not_given_up_as_a_slow_one_is() -> None:
    found = cells(Brittle(), split=[_ROWS[0]] * 5 + [_ROWS[1]] * 5)
    assert (found["split right"], found["failed"]) == ("50.0 %", "5")


@pytest.mark.skipif(shutil.which("wiggle") is None, reason="wiggle is not installed")
def test_wiggle_completes_although_it_crashes_on_an_empty_base() -> None:
    """Version 1.1 does; a later one may not."""
    assert cells(Wiggle(), split=_ROWS)["split right"] in {"50.0 %", "100.0 %"}


def test_a_crash_of_our_own_merge_is_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def merge(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bench.merge.in_process.merge", merge)
    with pytest.raises(ZeroDivisionError):
        cells(Ours(live=False), split=_ROWS)


def test_an_exception_in_third_party_code_is_a_failure_of_the_tool() -> None:
    with pytest.raises(Failed), third_party():
        raise RecursionError

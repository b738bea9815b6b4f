"""The recent steps of `master`: their composed splices are those between the texts."""

from random import Random

import pytest

from merge.diff_splices import diff_splices
from merge.splices import apply
from server.core.clients import Author
from server.core.recent_steps import RecentSteps, Step

ANN = Author("ann", "Ann")


class Walk:
    """A `master` that moves, with all its texts."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.steps = RecentSteps()
        self.text = "".join(f"line {number}\n" for number in range(20))
        self.revision = "r0"
        self.texts = {"r0": self.text}
        self.at = 0.0

    def changed(self, text: str) -> str:
        at = self.random.randrange(len(text) + 1)
        return (
            text[:at] + f"w{self.random.randrange(1000)} " + text[at + self.random.randrange(4) :]
        )

    def move(self, *, merges: bool) -> str:
        """One more step; returns the commit that it took in."""
        number = self.steps.count + 1
        self.at += 1
        before, text = self.revision, self.changed(self.text)
        commit, after = (f"c{number}", f"r{number}") if merges else (f"r{number}", f"r{number}")
        sent = self.changed(text) if merges else text
        step = Step(
            before,
            after,
            commit,
            ANN,
            self.at,
            diff_splices(self.text, text),
            diff_splices(sent, text),
        )
        self.steps.add(step)
        self.text, self.revision = text, after
        self.texts |= {after: text} if not merges else {after: text, commit: sent}
        return commit


@pytest.mark.parametrize("seed", range(5))
def test_a_composed_change_makes_the_newest_text_of_any_earlier_one(seed: int) -> None:
    walk = Walk(seed)
    for number in range(60):
        walk.move(merges=number % 3 == 0)
        for commit in walk.random.sample(sorted(walk.texts), min(len(walk.texts), 5)):
            change = walk.steps.splices_since(commit)
            assert change is not None
            assert apply(walk.texts[commit], change) == walk.text
            assert commit in walk.steps


def test_what_is_long_ago_or_unknown_is_not_composed() -> None:
    walk = Walk(1)
    for _ in range(100):
        walk.move(merges=False)
    assert walk.steps.splices_since("r10") is None
    assert walk.steps.splices_since("nothing") is None
    assert "r10" in walk.steps
    assert "nothing" not in walk.steps


def test_what_a_commit_became_is_known_as_long_as_it_is_composed() -> None:
    walk = Walk(5)
    for _ in range(100):
        walk.move(merges=True)
    change = walk.steps.splices_since("c36")
    assert change is not None
    assert apply(walk.texts["c36"], change) == walk.text
    assert walk.steps.splices_since("c35") is None
    steps = walk.steps.last(100)
    assert steps is not None
    assert next(step.after for step in steps if step.splices_from_commit) == "r36"


def test_only_so_many_steps_are_remembered() -> None:
    walk = Walk(2)
    for _ in range(1200):
        walk.move(merges=True)
    assert len(list(walk.steps.since("nothing"))) == 500
    assert len(walk.steps._numbers) <= 1001
    assert len(walk.steps._composed) <= 65
    assert ("r600" in walk.steps, "r701" in walk.steps) == (False, True)
    assert walk.steps.count == 1200


def test_when_master_moved_on_from_a_commit() -> None:
    walk = Walk(3)
    taken_in = [walk.move(merges=number == 1) for number in range(3)]
    assert walk.steps.superseded_at("r0") == 1
    assert walk.steps.superseded_at("r1") == 2
    assert walk.steps.superseded_at(taken_in[1]) == 2, "it was never `master` itself"
    assert walk.steps.superseded_at("r3") is None
    assert walk.steps.superseded_at("nothing") is None
    assert RecentSteps().superseded_at("r0") is None


def test_the_steps_back_to_a_commit() -> None:
    walk = Walk(4)
    for _ in range(5):
        walk.move(merges=True)
    assert [step.after for step in walk.steps.since("r2")] == ["r5", "r4", "r3"]
    assert [step.after for step in walk.steps.since("c4")] == ["r5", "r4"]
    counts = [walk.steps.count_since(commit) for commit in ("r0", "r2", "c4", "r5", "nothing")]
    assert counts == [5, 3, 2, 0, 5]

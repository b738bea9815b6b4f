"""The main test: many random runs of the real server in a world full of faults.

`SIMULATION_SEEDS=1000 pytest tests/simulation` runs more of them,
`SIMULATION_FIRST=4711` begins there.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.world import World

_FIRST = int(os.environ.get("SIMULATION_FIRST", "0"))
_SEEDS = range(_FIRST, _FIRST + int(os.environ.get("SIMULATION_SEEDS", "40")))

_happened: Counter[str] = Counter()
pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", _SEEDS)
def test_everybody_agrees_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    world = World(tmp_path, seed, monkeypatch)
    world.run()
    _happened.update(world.happened)


@pytest.mark.skipif(len(_SEEDS) < 40, reason="few seeds: not everything happens")
def test_the_runs_before_were_not_vacuous() -> None:
    """Runs last, as it stands last: each fault that the world can make was made."""
    missing = [
        what
        for what in (
            "merged", "conflict", "resolved", "parked", "taken up",
            "merge commits", "resent", "dropped", "unavailable", "died with work undone",
            "died before the answer",
            "died with entries unwritten", "died within a checkpoint", "checkpoint",
            "checkpoint overtaken", "pushed", "by hand",
        )
        if not _happened[what]
    ]  # fmt: skip
    assert not missing

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


@pytest.mark.parametrize("seed", _SEEDS)
def test_everybody_agrees_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    world = World(tmp_path, seed, monkeypatch)
    world.run()
    _happened.update(world.happened)

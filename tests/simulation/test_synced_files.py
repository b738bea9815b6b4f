"""`gollabedit sync` in a world full of faults: no saved word is lost, none is there twice.

`SIMULATION_SEEDS=1000 pytest tests/simulation/test_synced_files.py` runs more of them,
`SIMULATION_FIRST=4711` begins there.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.synced_files import World

_FIRST = int(os.environ.get("SIMULATION_FIRST", "0"))
_SEEDS = range(_FIRST, _FIRST + int(os.environ.get("SIMULATION_SEEDS", "20")))

_happened: Counter[str] = Counter()
pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("is_careless", [False, True])
def test_files_and_document_come_together_and_no_word_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, is_careless: bool
) -> None:
    world = World(tmp_path, seed, monkeypatch, is_careless=is_careless)
    world.run()
    _happened.update(world.happened)


@pytest.mark.skipif(len(_SEEDS) < 20, reason="few seeds: not everything happens")
def test_the_runs_before_were_not_vacuous() -> None:
    """Runs last, as it stands last: each fault that the world can make was made."""
    missing = [
        what
        for what in (
            "saved", "saved unseen", "saved late", "answered", "killed within a step",
            "server died", "Merged", "Conflict",
        )
        if not _happened[what]
    ]  # fmt: skip
    assert not missing

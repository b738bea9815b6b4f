"""The real server, killed again and again, keeps every promise it made."""

from pathlib import Path

import pytest

from tests.crash.rounds import Rounds
from tests.server import forks

_ROUNDS = 4


# Checkpoints all the time, so that a kill hits within one.
_EAGER = ("--checkpoint-idle-s", "0.02", "--checkpoint-bytes-max", "20000")


@pytest.fixture(scope="module", autouse=True)
def commands_can_fork() -> None:
    forks.begin()


@pytest.mark.long
@pytest.mark.parametrize(("seed", "options"), [(1, ()), (2, _EAGER), (3, _EAGER)])
async def test_what_was_acknowledged_survives_every_kill(
    tmp_path: Path, seed: int, options: tuple[str, ...]
) -> None:
    rounds = Rounds(tmp_path / "data", seed, *options)
    results = rounds.results
    try:
        await rounds.run(_ROUNDS)
    finally:
        print(
            results.table(), f"seed {seed}", results.fault_list(), "--- log of the server", sep="\n"
        )
        print(*rounds.logs, sep="---\n")
    assert not results.faults
    assert results.rounds == results.kills == _ROUNDS
    assert results.early_kills > 0
    assert results.kills_at_work > 0, "no edit was outstanding"
    assert results.acknowledged > 20 * _ROUNDS
    assert results.conflicts > 0
    assert results.resolved + results.parked > 0
    assert results.resent > 0

"""The real server, killed again and again, keeps every promise it made."""

from pathlib import Path

import pytest

from tests.crash.rounds import Rounds

_ROUNDS = 4


# Checkpoints all the time, so that a kill hits within one.
_EAGER = ("--checkpoint-idle-s", "0.02", "--checkpoint-bytes-max", "20000")


@pytest.mark.parametrize(("seed", "options"), [(1, ()), (2, _EAGER), (3, _EAGER)])
async def test_what_was_acknowledged_survives_every_kill(
    tmp_path: Path, seed: int, options: tuple[str, ...]
) -> None:
    rounds = Rounds(tmp_path / "data", seed, *options)
    tally = rounds.tally
    try:
        await rounds.run(_ROUNDS)
    finally:
        print(tally.table(), f"seed {seed}", tally.complaints(), "--- log of the server", sep="\n")
        print(*rounds.logs, sep="---\n")
    assert not tally.faults
    assert tally.rounds == tally.kills == _ROUNDS
    assert tally.early_kills > 0
    assert tally.kills_at_work > 0, "nobody had an edit outstanding"
    assert tally.acknowledged > 20 * _ROUNDS
    assert tally.conflicts > 0
    assert tally.resolved + tally.parked > 0
    assert tally.resent > 0

"""Short runs of `make soak-history`: versions, authors, a purge, and what is forgotten."""

from pathlib import Path

import pytest

from tests.soak import history


@pytest.mark.parametrize("kills", [0, 4])
def test_the_history_of_people_who_write_with_pauses(tmp_path: Path, kills: int) -> None:
    assert history.run(tmp_path, edits=900, writers=4, kills=kills, seed=1) == 0

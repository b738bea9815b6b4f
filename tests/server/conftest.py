"""Documents on real repositories; see desk.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git import assert_sound
from tests.server.desk import Desk, Writer


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty document, and nothing on disk yet. Git must find nothing wrong with its end."""
    desk = Desk(tmp_path / "notes.git")
    yield desk
    if desk.path.exists():
        assert_sound(desk.path)


@pytest.fixture
def ann(desk: Desk) -> Writer:
    return desk.client("ann")


@pytest.fixture
def bo(desk: Desk) -> Writer:
    return desk.client("bo")

"""Documents on real repositories; see desk.py."""

from pathlib import Path

import pytest

from tests.server.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty document, and nothing on disk yet."""
    return Desk(tmp_path / "notes.git")

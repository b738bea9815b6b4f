"""All tests: the speed of the machine does not matter, and leaks are failures."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import leaks

_WORKERS_MAX = 8  # each may start two browsers

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processes for `-n auto`: more than processors, as most tests wait."""
    return min(_WORKERS_MAX, (os.cpu_count() or 1) * 3 // 2)


def pytest_collection_finish() -> None:
    leaks.freeze()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Fail a test that leaks. Set up first, so torn down after the servers and the event loop."""
    with leaks.none_left():
        yield

"""For all tests: how fast the machine is decides nothing, and nothing may be left behind."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import leaks

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    leaks.freeze()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Comes first, so it ends last: after the fixtures that stop servers and close the loop."""
    with leaks.none_left():
        yield

"""All tests: the speed of the machine does not matter, and leaks are failures."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests import leaks
from tests.postgres import Postgres, programs, running

_GARBAGE_MAX = 100_000  # objects
_WORKERS_MAX = 8
# And all tests in Firefox.
_FIRST_THIRD = (
    "test_conflicts.py",
    "test_several_conflicts.py",
    "test_landing.py",
    "test_texts.py",
)
_SECOND_THIRD = ("test_access.py", "test_presence.py", "test_settings.py")
_PURE = Path(__file__).parent / "merge"  # these tests open nothing

gc.set_threshold(_GARBAGE_MAX)  # most is collected at the end of each test

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processes for `-n auto`: more than processors, as most tests wait."""
    return min(_WORKERS_MAX, (os.cpu_count() or 1) * 2)


class _Scheduling(LoadScopeScheduling):
    """Keeps the tests of one file in one process, and those of the browsers in three.

    A simulation ends with a look at all its seeds. A browser is busy for two thirds of its time:
    with many more of them, pages are too slow for what the tests wait for.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if not file.startswith("tests/browser/"):
            return file
        if "[firefox" in nodeid or file.endswith(_FIRST_THIRD):
            return "tests/browser: first third"
        return f"tests/browser: {'second' if file.endswith(_SECOND_THIRD) else 'last'} third"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Scheduling:
    """Return how `--dist loadscope` shares out the tests."""
    return _Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no process has it left at the end."""
    items.sort(key=lambda item: not any(map(item.get_closest_marker, ("browser", "long"))))


def pytest_collection_finish() -> None:
    leaks.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres | None]:
    """A PostgreSQL for the tests of this process; None where it is not installed."""
    if programs() is None:
        yield None
        return
    with running() as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaks. Set up first, so torn down after the servers and the event loop."""
    if _PURE in request.path.parents:
        yield
        return
    with leaks.none_left():
        yield

"""Databases for our server: PostgreSQL on this machine, alone or with a synchronous standby.

Unlike that of the tests it syncs to disk, and its data is on the disk of the temporary folder.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.postgres import MISSING, programs, running

Database = Callable[[], AbstractContextManager[str]]
"""Runs a database, and gives its URL."""

_SETTINGS = {"fsync": "on", "autovacuum": "on", "shared_buffers": "128MB"}


def why_missing() -> str:
    """Return a sentence if PostgreSQL cannot be run, else nothing."""
    return "" if programs() else MISSING


@contextmanager
def alone() -> Iterator[str]:
    """Run one server: a commit is synced to its disk."""
    with running(settings=_SETTINGS) as server:
        yield server.url(server.new_database())


@contextmanager
def with_standby() -> Iterator[str]:
    """Run two servers: a commit is synced to both disks."""
    with running(settings=_SETTINGS) as primary, running(primary, settings=_SETTINGS):
        primary.set("synchronous_standby_names", "ANY 1 (*)")
        yield primary.url(primary.new_database())

"""Databases for our server: PostgreSQL on this machine, alone or with a synchronous standby.

Unlike that of the tests it syncs to disk, and its data is on the disk of the temporary folder.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from bench.load.processes import cpu_s_of_tree
from tests.postgres import MISSING, Postgres, programs, running

_SETTINGS = {"fsync": "on", "autovacuum": "on", "shared_buffers": "128MB"}


@dataclass(frozen=True, slots=True)
class Running:
    """A database: its name, and the servers that have it, the primary first."""

    name: str
    servers: Sequence[Postgres]

    @property
    def url(self) -> str:
        """Its URL, with the places of all servers."""
        primary, *_ = self.servers
        return primary.url(self.name, host=",".join(str(each.folder) for each in self.servers))

    @property
    def cpu_s(self) -> float:
        """User and system time of all its processes."""
        return sum(cpu_s_of_tree(_first_process(server)) for server in self.servers)

    def execute(self, command: str) -> list[tuple[Any, ...]]:
        """Execute a command at the primary; return its rows."""
        return self.servers[0].execute(command, self.name)


Database = Callable[[], AbstractContextManager[Running]]
"""Runs a database."""


def why_missing() -> str:
    """Return a sentence if PostgreSQL cannot be run, else nothing."""
    return "" if programs() else MISSING


@contextmanager
def alone() -> Iterator[Running]:
    """Run one server: a commit is synced to its disk."""
    with running(settings=_SETTINGS) as server:
        yield Running(server.new_database(), [server])


@contextmanager
def with_standby() -> Iterator[Running]:
    """Run two servers: a commit is synced to both disks."""
    with (
        running(settings=_SETTINGS) as primary,
        running(primary, settings=_SETTINGS) as standby,
    ):
        primary.set("synchronous_standby_names", "ANY 1 (*)")
        yield Running(primary.new_database(), [primary, standby])


def _first_process(server: Postgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])

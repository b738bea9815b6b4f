"""A PostgreSQL and its synchronous standby: either may fail, and they may change places."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path  # noqa: TC003
from typing import Any

from tests.postgres import running

_ROLE = "app"  # an ordinary one
_FULL = "could not extend file: No space left on device"
_FILL = f"""
create function gollabedit.is_full() returns trigger language plpgsql as
    'begin raise exception ''{_FULL}'' using errcode = ''53100''; end';
create trigger is_full before insert on gollabedit.entries
    for each statement execute function gollabedit.is_full();
create trigger is_full before update on gollabedit.store
    for each statement execute function gollabedit.is_full();
"""
_EMPTY = "drop function gollabedit.is_full cascade"


class Pair:
    """A primary that waits for its standby; a promoted one waits for the next one.

    Args:
        machines: ends them.
    """

    def __init__(self, machines: ExitStack) -> None:
        self.primary = machines.enter_context(running())
        self.standby = machines.enter_context(running(self.primary))
        self.folders: tuple[Path, ...] = (self.primary.folder, self.standby.folder)
        for server in (self.primary, self.standby):  # which may become the primary
            server.set("synchronous_standby_names", "ANY 1 (*)")
        self.primary.execute(f"create role {_ROLE} login")

    def new_database(self) -> str:
        """Create a database; return its name."""
        self.database = self.primary.new_database()
        self.primary.execute(f"grant create on database {self.database} to {_ROLE}")
        return self.database

    def url(self, database: str, **more: str) -> str:
        """Return the URL of a database on both."""
        hosts = ",".join(map(str, self.folders))
        return self.primary.url(database, **{"host": hosts, "user": _ROLE, **more})

    def execute(self, command: str, database: str) -> list[tuple[Any, ...]]:
        """Execute a command on the primary; return its rows."""
        return self.primary.execute(command, database)

    def fail_over(self) -> None:
        """Lose the primary; the standby takes its place, and has no standby yet."""
        self.primary.kill()
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def start_former(self) -> None:
        """Start the former primary by mistake: it takes itself for the primary."""
        self.standby.start()
        assert self.standby.execute("select pg_is_in_recovery()") == [(False,)]
        self.end_connections()  # so that everybody looks for the primary again

    def follow(self) -> None:
        """Have the former primary follow the new one."""
        self.standby.kill()
        self.standby.follow(self.primary)

    def end_connections(self) -> None:
        """End all connections to the database, as a restart does."""
        self.primary.end_connections(self.database)

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Refuse what writes."""
        setting = "default_transaction_read_only"
        self.primary.execute(f"alter database {self.database} set {setting} = on")
        self.end_connections()
        try:
            yield
        finally:
            self.primary.execute(f"alter database {self.database} reset {setting}")
            self.end_connections()

    @contextmanager
    def without_connections(self) -> Iterator[None]:
        """Have no connections left for anybody."""
        self.primary.execute(f"alter role {_ROLE} connection limit 0")
        self.end_connections()
        try:
            yield
        finally:
            self.primary.execute(f"alter role {_ROLE} connection limit -1")

    @contextmanager
    def full(self) -> Iterator[None]:
        """Refuse what takes space, with the error of a full disk."""
        self.execute(_FILL, self.database)
        try:
            yield
        finally:
            self.execute(_EMPTY, self.database)


@contextmanager
def running_pair() -> Iterator[Pair]:
    """Run a pair."""
    with ExitStack() as machines:
        yield Pair(machines)

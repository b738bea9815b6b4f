"""What is checked before a server uses a database: nobody else may, and it may need a standby."""

import logging

from server.storage.journal import JournalError
from server.storage.journal.postgresql.connection import Connection

_log = logging.getLogger(__name__)


def why_in_use(connection: Connection, shown: str, *, is_shared: bool) -> str:
    """Return why a server cannot use the database beside the others there.

    Args:
        connection: to the database.
        shown: where that is.
        is_shared: whether the server would share it with others.
    """
    row = connection.execute("select is_shared from gollabedit.store").fetchone()
    if is_shared:
        return (
            f"a gollabedit without --node-url uses {shown}, and shares it with nobody; stop it, and"
            " start it with --node-url"
        )
    if row and row[0]:
        return f"nodes share {shown}; start this one with --node-url, too, or stop them"
    return (
        f"another gollabedit uses {shown}; stop it, or create a database for this one. Several"
        " share one if each is started with --node-url"
    )


def check_standby(shown: str, *, has_standby: bool, needs_standby: bool) -> None:
    """Log what an acknowledged edit survives.

    Raises:
        JournalError: A standby is needed, and there is none.
    """
    if has_standby:
        _log.info("%s: each edit is on two machines", shown)
    elif needs_standby:
        raise JournalError(
            f"{shown} has no synchronous standby (synchronous_standby_names is empty); set one up,"
            " or start without --journal-needs-standby"
        )
    else:
        _log.info(
            "%s has no synchronous standby: an acknowledged edit survives a crash of its machine,"
            " and not the loss of it",
            shown,
        )

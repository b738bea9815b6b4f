"""Moves everything that a server has from a data folder into a database, or back.

    ends      what is read and written: a data folder, a store
    move      the steps, and what is verified

Until the target is complete it has the text `MOVING`, which lists what is done; no server starts on
it, and the same command continues it. The source is only read; in the end it gets the text `MOVED`,
so that no server starts on it by mistake.
"""

from server.support.errors import UserError


class MigrationError(UserError):
    """It cannot go on; the message is one sentence."""

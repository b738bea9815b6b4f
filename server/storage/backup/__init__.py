"""Backups of a data folder, made while a server uses it, and the way back.

    DIR/2026-11-30T090000Z/   a backup: a data folder that a server could open
        SHA256SUMS            its files and their hashes; written last
        backup.json           what it is
    DIR/.lock                 held while a backup is made
    DIR/.….new                one that is being made, or was interrupted

The server is neither asked nor delayed: only its files are read. The order is what keeps a copy
consistent; see `repository` (edits) and `contents` (documents that are renamed or deleted).
"""

from server.support.errors import UserError


class BackupError(UserError):
    """There is no backup, or nothing was restored; the message is one sentence."""

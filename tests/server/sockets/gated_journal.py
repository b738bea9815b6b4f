"""A journal that waits, or fails, as a test wants it."""

import threading
from concurrent.futures import Future

from server.git.changes import Entry
from server.storage.journal import JournalError
from server.storage.journal.sqlite import SqliteJournal


class GatedJournal(SqliteJournal):
    """The real journal, which waits for `gate` before it begins, or fails."""

    gate = threading.Event()
    waits = threading.Event()
    is_broken = False
    has_fault = False

    def append(self, entry: Entry, follows: int) -> Future[int]:
        self.waits.set()
        assert self.gate.wait(20)
        if self.has_fault and len(entry.moves) > 2:  # more than master and one client's branch
            raise ArithmeticError("a fault of ours")
        if self.is_broken:
            raise JournalError("no space left on device")
        return super().append(entry, follows)

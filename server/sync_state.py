"""What `gollabedit sync` remembers beside the file, so that it may be killed at any moment.

    .notes.txt.gollabedit            the state (mode 0600: it holds the key of the client)
    .notes.txt.gollabedit-<number>   what is about to take the file's place

A change of the file goes: write the new file aside; note in the state what holds once it is there;
rename. After a crash the file that lies aside tells which of the two states is true.
"""

import os
from pathlib import Path

import msgspec

from server import disk
from server.sync_file import Endings
from server.sync_session import State


class StateError(Exception):
    """The state beside a file is of no use; a sentence for the user."""


class _Planned(msgspec.Struct, frozen=True):
    temporary: str
    after: State


class _Record(msgspec.Struct, frozen=True):
    url: str
    endings: Endings
    state: State
    planned: _Planned | None = None


_decoder = msgspec.json.Decoder(_Record)


class StateFile:
    """The state of one file, on disk."""

    def __init__(self, file: Path) -> None:
        self.path = file.with_name(f".{file.name}.gollabedit")
        self._written: bytes | None = None
        self._number = 0

    def load(self, url: str) -> tuple[State, Endings] | None:
        """What holds, and the file's line ends; None if there is no state yet.

        Raises:
            StateError: it is of another document, or cannot be read.
        """
        try:
            record = _decoder.decode(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as problem:
            raise StateError(f"{self.path} cannot be read ({problem}); move it away") from None
        if record.url != url:
            raise StateError(
                f"the file is in step with {record.url}; to join it to another document, remove"
                f" {self.path}"
            )
        state = record.state
        if record.planned and not self.path.with_name(record.planned.temporary).exists():
            state = record.planned.after
        self.save(url, record.endings, state)
        for left in self.path.parent.glob(f"{_literal(self.path.name)}-*"):
            left.unlink()
        return state, record.endings

    def temporary(self) -> Path:
        """A name that no state mentions yet."""
        self._number += 1
        return self.path.with_name(f"{self.path.name}-{os.getpid()}-{self._number}")

    def save(
        self,
        url: str,
        endings: Endings,
        state: State,
        planned: tuple[Path, State] | None = None,
    ) -> None:
        """Have it on disk before anything that it tells of is done."""
        plan = _Planned(planned[0].name, planned[1]) if planned else None
        content = msgspec.json.encode(_Record(url, endings, state, plan))
        if content != self._written:
            disk.write_synced(self.path, content)
            self._written = content


def _literal(name: str) -> str:
    """A name as a pattern that means it."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)

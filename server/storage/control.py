"""The control socket of a running server: its address and its messages, for both ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import msgspec

from server.storage.forget import Forgotten
from server.storage.purge import Purged

LOOK = "/look"  # the address of a request to look for changed accounts now

_NAME = "control"
_PATH_BYTES_MAX = 100  # of the address of a Unix socket


class Purge(msgspec.Struct, frozen=True):
    """A request to remove a text from the history of a document, and perhaps of its mirrors."""

    address: ClassVar[str] = "/purge"
    document: str
    text: str
    replacement: str
    dry_run: bool = False
    mirror_force: bool = False


class PurgeResult(msgspec.Struct, frozen=True):
    """What was done; `mirrors` are sentences about those that have the old history still."""

    done: Purged
    mirrors: list[str] = []


class Forget(msgspec.Struct, frozen=True):
    """A request to remove the history of a document before a time (Unix time in seconds)."""

    address: ClassVar[str] = "/forget"
    document: str
    before: float
    dry_run: bool = False
    mirror_force: bool = False


class ForgetResult(msgspec.Struct, frozen=True):
    """The same, of such a request."""

    done: Forgotten
    mirrors: list[str] = []


class Failure(msgspec.Struct, frozen=True):
    """The answer if nothing was changed; `error` is a sentence."""

    error: str


@contextmanager
def socket_path(data: Path) -> Iterator[Path]:
    """Yield an address of the socket of a data folder that is short enough for the system."""
    path = data.absolute() / _NAME
    if len(os.fsencode(path)) <= _PATH_BYTES_MAX:
        yield path
        return
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{folder}/{_NAME}")
    finally:
        os.close(folder)

"""The address of the control socket of a running server; loads nothing else, for quick commands."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOOK = "/look"  # the address of a request to look for changed accounts now

_NAME = "control"
_PATH_BYTES_MAX = 100  # of the address of a Unix socket


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

"""Requests to a running server, over the control socket of its data folder."""

import socket
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from server.storage.control_socket import LOOK, socket_path

_LOOK_WAIT_S = 2.0


class _SocketConnection(HTTPConnection):
    """An HTTP connection over a Unix socket."""

    def __init__(self, data: Path, wait_s: float | None) -> None:
        super().__init__("localhost")
        self._data = data
        self._wait_s = wait_s

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._wait_s)
        with socket_path(self._data) as path:
            self.sock.connect(str(path))


def ask(data: Path, address: str, body: bytes, wait_s: float | None = None) -> tuple[int, bytes]:
    """Send a request to the server of a data folder; return the status and the body of its answer.

    Raises:
        OSError: the server cannot be reached.
        HTTPException: its answer is invalid.
    """
    connection = _SocketConnection(data, wait_s)
    try:
        connection.request("POST", address, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def have_server_look(data: Path) -> None:
    """Make the server of a data folder apply changed accounts now, if one runs.

    If it does not answer, it does so by itself within a second.
    """
    with suppress(OSError, HTTPException):
        ask(data, LOOK, b"", _LOOK_WAIT_S)

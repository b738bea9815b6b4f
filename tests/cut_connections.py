"""A proxy on a Unix socket that can cut connections while PostgreSQL commits."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NAME = ".s.PGSQL.5432"


class Proxy:
    """Passes on what clients and PostgreSQL say, from its own folder to that of the server.

    Attributes:
        swallows: whether the next request is passed on, and its connection cut before the answer.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.swallows = threading.Event()
        self._server = server
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / _NAME))
        self._listening.listen()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server / _NAME))
                self._open += [client, server]
                cut = threading.Event()
                for one, other, is_request in ((client, server, True), (server, client, False)):
                    thread = threading.Thread(target=self._pass, args=(one, other, is_request, cut))
                    self._threads.append(thread)
                    thread.start()

    def _pass(
        self, one: socket.socket, other: socket.socket, is_request: bool, cut: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if is_request and self.swallows.is_set():
                    cut.set()
                    self.swallows.clear()
                if not is_request and cut.is_set():
                    break  # PostgreSQL has done it, and nobody learns of it
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Cut all connections."""
        for each in (self._listening, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (self._listening, *self._open):
            each.close()


@contextmanager
def proxy(folder: Path, server: Path) -> Iterator[Proxy]:
    """Run a proxy to the socket of a server in another folder."""
    running = Proxy(folder, server)
    try:
        yield running
    finally:
        running.close()

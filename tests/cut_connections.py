"""A proxy on a Unix socket that cuts connections to PostgreSQL, before or after a request."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_NAME = ".s.PGSQL.5432"
_BLOCK_BYTES = 65536


@dataclass(eq=False)
class Cut:
    """Where to cut a connection: the first one with a request that has a certain text.

    Attributes:
        text: in the first request that counts.
        number: of the request that is cut, beginning at 0.
        is_done: whether the request is passed on, and only its answer is not.
        all_end: whether all connections are cut from then on, until `Proxy.mend`.
    """

    text: bytes = b""
    number: int = 0
    is_done: bool = True
    all_end: bool = False


@dataclass
class _Connection:
    """What has passed: the requests that count for a cut, and who said something last."""

    cut: Cut | None = None
    requests: int = 0
    is_asking: bool = False
    loses_answer: bool = False


class Proxy:
    """Passes on what clients and PostgreSQL say, from its own folder to that of the server.

    Attributes:
        cut: where to cut next; None once that has happened.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.cut: Cut | None = None
        self._server = server
        self._is_down = False
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
                if self._is_down:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server / _NAME))
                self._open += [client, server]
                state = _Connection()
                for target, ends in (
                    (self._pass_requests, (client, server)),
                    (self._pass_answers, (server, client)),
                ):
                    thread = threading.Thread(target=target, args=(*ends, state))
                    self._threads.append(thread)
                    thread.start()

    def _pass_requests(
        self, client: socket.socket, server: socket.socket, state: _Connection
    ) -> None:
        with suppress(OSError):
            while data := client.recv(_BLOCK_BYTES):
                cut = self._cut_at(data, state)
                if cut:
                    self.cut = None
                    self._is_down = cut.all_end
                    if not cut.is_done:
                        break
                    state.loses_answer = True
                server.sendall(data)
        _end(client, server)
        self._end_all_if_down()

    def _cut_at(self, data: bytes, state: _Connection) -> Cut | None:
        """Return the cut that is due at a request, which may come in several blocks."""
        is_new, state.is_asking = not state.is_asking, True
        cut = self.cut
        if cut is None or not is_new:
            return None
        if state.cut is cut:
            state.requests += 1
        elif cut.text in data:
            state.cut, state.requests = cut, 0
        return cut if state.cut is cut and state.requests == cut.number else None

    def _pass_answers(
        self, server: socket.socket, client: socket.socket, state: _Connection
    ) -> None:
        with suppress(OSError):
            while data := server.recv(_BLOCK_BYTES):
                if state.loses_answer:
                    break  # PostgreSQL has done it, and nobody learns of it
                state.is_asking = False
                client.sendall(data)
        _end(client, server)
        self._end_all_if_down()

    def _end_all_if_down(self) -> None:
        if self._is_down:
            _end(*self._open)

    def mend(self) -> None:
        """Accept connections again."""
        self._is_down = False

    def close(self) -> None:
        """Cut all connections."""
        _end(self._listening, *self._open)
        for thread in self._threads:
            thread.join()
        for each in (self._listening, *self._open):
            each.close()


def _end(*sockets: socket.socket) -> None:
    for each in tuple(sockets):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(folder: Path, server: Path) -> Iterator[Proxy]:
    """Run a proxy to the socket of a server in another folder."""
    running = Proxy(folder, server)
    try:
        yield running
    finally:
        running.close()

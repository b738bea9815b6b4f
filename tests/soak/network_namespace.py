"""A network namespace: a machine of its own to the network, whose cable can be pulled."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_OUTSIDE, _INSIDE, _BITS = "10.213.97.1", "10.213.97.2", 30
_PORT = "eth0"


class Namespace:
    """A namespace, and a cable from it to this machine.

    Attributes:
        prefix: begins a command that runs in it.
        outside: the address of this machine for those in the namespace.
        inside: the address there.
    """

    outside, inside = _OUTSIDE, _INSIDE

    def __init__(self) -> None:
        self._name = f"gollabedit{os.getpid()}"
        self._end = f"gollab{os.getpid() % 2**24}"
        self.prefix = ("ip", "netns", "exec", self._name)

    def make(self) -> None:
        """Make it.

        Raises:
            subprocess.CalledProcessError: This user may not.
        """
        _ip("netns", "add", self._name)
        _ip("link", "add", self._end, "type", "veth", "peer", "name", _PORT, "netns", self._name)
        _ip("address", "add", f"{_OUTSIDE}/{_BITS}", "dev", self._end)
        _ip("link", "set", self._end, "up")
        self._inside("address", "add", f"{_INSIDE}/{_BITS}", "dev", _PORT)
        self._inside("link", "set", "lo", "up")
        self.plug()

    def pull(self) -> None:
        """Pull the cable: neither side gets an answer."""
        self._inside("link", "set", _PORT, "down")

    def plug(self) -> None:
        """Plug the cable in."""
        self._inside("link", "set", _PORT, "up")

    def remove(self) -> None:
        """Remove it, and with it the cable."""
        with suppress(subprocess.CalledProcessError):
            _ip("netns", "delete", self._name)

    def _inside(self, *arguments: str) -> None:
        _ip("-netns", self._name, *arguments)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def namespace() -> Iterator[Namespace | None]:
    """Have a namespace; None where there is no `ip`, or this user may not make one."""
    made = Namespace()
    try:
        if shutil.which("ip") is None:
            yield None
            return
        try:
            made.make()
        except subprocess.CalledProcessError:
            yield None
            return
        yield made
    finally:
        if shutil.which("ip"):
            made.remove()

"""Measured child processes: their output, CPU time and memory, and their termination.

CPU time and memory are read from Linux's clocks and /proc.
"""

import os
import re
import select
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from bench.load import task

ROOT = Path(__file__).parents[2]

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_CPUCLOCK_SCHED = 2  # of the id that clock_getcpuclockid(3) returns
_START_S = 120.0
_STOP_S = 60.0
_POLL_S = 0.002
_HOST = rb"http://(?:localhost|127\.0\.0\.1):"

# Independent of the user's settings.
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "PYTHONUNBUFFERED": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}


class BenchError(Exception):
    """A measured process failed."""


class Process:
    """A child process; the `with` block ends it."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        folder: Path = ROOT,
        talks: bool = False,
    ) -> None:
        self.log = log
        self._cpu_s = 0.0  # after its exit
        pipe = subprocess.PIPE if talks else None
        with log.open("ab") as out:
            self._child = subprocess.Popen(
                command,
                stdin=pipe or subprocess.DEVNULL,
                stdout=pipe or out,
                stderr=out,
                cwd=folder,
                env={**ENVIRONMENT, **(environment or {})},
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.returncode is None:
            self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def has_ended(self) -> bool:
        """Whether it has exited; as a zombie it can still be measured."""
        return _stat(self.pid)[0] == "Z"

    @property
    def cpu_s(self) -> float:
        """User and system time of the process and its exited children."""
        return _cpu_s(self.pid)

    def memory_kb(self, field: str) -> int:
        """Return the current memory (`VmRSS`) or its peak (`VmHWM`)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"{field}:\s+(\d+) kB", status)
        return int(found[1]) if found else 0

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._child.terminate()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._child.kill()

    def end(self) -> float:
        """Send SIGTERM and wait; return the CPU seconds of its whole life."""
        self.terminate()
        return self.wait()

    def wait(self) -> float:
        """Wait for its exit; return the CPU seconds of its whole life."""
        if self._child.returncode is not None:
            return self._cpu_s
        deadline = time.monotonic() + _STOP_S
        while not self.has_ended:
            if time.monotonic() > deadline:
                raise BenchError(f"it did not end within {_STOP_S:.0f} s\n{self.log_tail()}")
            time.sleep(_POLL_S)
        self._cpu_s = self.cpu_s
        self._child.wait()
        return self._cpu_s

    def log_tail(self) -> str:
        """Return the last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  | {line}" for line in lines[-12:])


class Server(Process):
    """A server, whose address is read from its log."""

    def address(self, port: int | None = None) -> str:
        """Wait until it listens, on this port if it was given one; return its address."""
        deadline = time.monotonic() + _START_S
        address = re.compile(_HOST + (rb"(%d)\b" % port if port else rb"(\d+)"))
        while not (found := address.search(self.log.read_bytes())):
            if self.has_ended or time.monotonic() > deadline:
                raise BenchError(f"the server did not start\n{self.log_tail()}")
            time.sleep(_POLL_S)
        return f"http://127.0.0.1:{int(found[1])}"


class Generator(Process):
    """A load generator: a task in, reports out."""

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(command, log, environment, talks=True)
        self._read = bytearray()

    def ask(self, asked: task.Task) -> None:
        self._stdin.write(task.encode(asked) + b"\n")
        self._stdin.flush()

    def release(self) -> None:
        """Let it stop its task early."""
        self._stdin.write(b"\n")
        self._stdin.flush()

    def report(self, wait_s: float) -> task.Report:
        """Return its next report.

        Raises:
            BenchError: It failed or did not report in time.
        """
        report: task.Report = task.decode_report(self._line(wait_s))
        if isinstance(report, task.Failed):
            raise BenchError(report.why)
        return report

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._child.stdin is not None
        return self._child.stdin

    def _line(self, wait_s: float) -> bytes:
        assert self._child.stdout is not None
        out = self._child.stdout.fileno()
        deadline = time.monotonic() + wait_s
        while b"\n" not in self._read:
            left_s = max(deadline - time.monotonic(), 0)
            if not select.select([out], [], [], left_s)[0]:
                raise BenchError(
                    f"the generator did not report within {wait_s:.0f} s\n{self.log_tail()}"
                )
            block = os.read(out, 1 << 20)
            if not block:
                raise BenchError(f"the generator exited\n{self.log_tail()}")
            self._read += block
        line, _, rest = bytes(self._read).partition(b"\n")
        self._read = bytearray(rest)
        return line


def cpu_s_of_tree(pid: int) -> float:
    """Return the CPU time of a process, its descendants, and its exited children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = _cpu_s(pid)
    for child in children:
        with suppress(OSError):  # it has just ended
            found += cpu_s_of_tree(int(child))
    return found


def _cpu_s(pid: int) -> float:
    ticks_of_children = sum(int(ticks) for ticks in _stat(pid)[13:15])
    # /proc counts hundredths of a second, the clock of a process nanoseconds.
    own_s = time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)
    return own_s + ticks_of_children / _TICKS_PER_S


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def free_port() -> int:
    """Return a TCP port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])

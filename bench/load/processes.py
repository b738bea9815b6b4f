"""Processes under watch: what they say, what they need, and that they end.

CPU time and memory come from Linux's /proc.
"""

import os
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from bench.load import task

ROOT = Path(__file__).parents[2]

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_START_S = 120.0
_STOP_S = 60.0
_LOOK_EVERY_S = 0.002
_ADDRESS = re.compile(rb"http://(?:localhost|127\.0\.0\.1):(\d+)")

# The settings of whoever runs this change nothing.
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "PYTHONUNBUFFERED": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}


class BenchError(Exception):
    """Something that is measured does not do what it should."""


class Process:
    """A child process; it does not outlive the `with` block."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        talks: bool = False,
    ) -> None:
        self.log = log
        self._cpu_s = 0.0  # when it has ended
        pipe = subprocess.PIPE if talks else None
        with log.open("ab") as out:
            self._child = subprocess.Popen(
                command,
                stdin=pipe or subprocess.DEVNULL,
                stdout=pipe or out,
                stderr=out,
                cwd=ROOT,
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
        """Whether it has; it can still be measured."""
        return self._stat()[0] == "Z"

    @property
    def cpu_s(self) -> float:
        """What it and its ended children have used so far, in the kernel too."""
        return sum(int(ticks) for ticks in self._stat()[11:15]) / _TICKS_PER_S

    def memory_kb(self, field: str) -> int:
        """`VmRSS`: what it has in memory now; `VmHWM`: the most it had."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"{field}:\s+(\d+) kB", status)
        return int(found[1]) if found else 0

    def end(self) -> float:
        """Let it end by itself, after SIGTERM; returns the CPU seconds of its whole life."""
        self._child.terminate()
        return self.wait()

    def wait(self) -> float:
        """Wait until it has ended; returns the CPU seconds of its whole life."""
        if self._child.returncode is not None:
            return self._cpu_s
        deadline = time.monotonic() + _STOP_S
        while not self.has_ended:
            if time.monotonic() > deadline:
                raise BenchError(f"it did not end within {_STOP_S:.0f} s\n{self.said()}")
            time.sleep(_LOOK_EVERY_S)
        self._cpu_s = self.cpu_s
        self._child.wait()
        return self._cpu_s

    def said(self) -> str:
        """The last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  | {line}" for line in lines[-12:])

    def _stat(self) -> list[str]:
        """The fields of /proc/PID/stat from the state on; there until somebody has waited."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()


class Server(Process):
    """A server, found by the address in its log."""

    def address(self) -> str:
        """Wait until it listens."""
        deadline = time.monotonic() + _START_S
        while not (found := _ADDRESS.search(self.log.read_bytes())):
            if self.has_ended or time.monotonic() > deadline:
                raise BenchError(f"the server did not start\n{self.said()}")
            time.sleep(_LOOK_EVERY_S)
        return f"http://127.0.0.1:{int(found[1])}"


class Generator(Process):
    """A generator of load: a task in, reports out."""

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(command, log, environment, talks=True)
        self._read = bytearray()

    def ask(self, asked: task.Task) -> None:
        self._stdin.write(task.encode(asked) + b"\n")
        self._stdin.flush()

    def release(self) -> None:
        """It need not go on with its task."""
        self._stdin.write(b"\n")
        self._stdin.flush()

    def report(self, wait_s: float) -> task.Report:
        """The next thing it says.

        Raises:
            BenchError: it failed, or said nothing in time.
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
                raise BenchError(f"the generator said nothing for {wait_s:.0f} s\n{self.said()}")
            block = os.read(out, 1 << 20)
            if not block:
                raise BenchError(f"the generator ended\n{self.said()}")
            self._read += block
        line, _, rest = bytes(self._read).partition(b"\n")
        self._read = bytearray(rest)
        return line

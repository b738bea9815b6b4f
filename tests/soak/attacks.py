"""One hostile address after the other attacks a server, while somebody else types.

python -m tests.soak.attacks
python -m tests.soak.attacks --seconds 5 pings clones

Each attack runs in a process of its own. The table shows how long an edit of the other user took
until it was acknowledged (p50, p95, the longest), and the server's memory and open files: the most
during the attack, and some seconds after it. The exit code is 1 if p95 is 200 ms or more, or the
memory 600 MiB or more. Everything that was acknowledged has to be in a sound repository at the end.
"""

import asyncio
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from tests.git import assert_sound, git
from tests.server.sockets.client import Client
from tests.server.sockets.real_server import RealServer
from tests.soak.attackers import ATTACKS, prepare

_KEY_EVERY_S = 0.1
_SAMPLE_EVERY_S = 0.1
_P95_MAX_MS = 200.0
_MEMORY_MAX_MIB = 600.0


@dataclass
class Measured:
    """What one attack did: milliseconds, MiB, and numbers of files."""

    latencies: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    memory_after: float = 0.0
    files_after: int = 0

    @property
    def p95(self) -> float:
        return quantiles(self.latencies, n=20)[-1]

    @property
    def is_harmless(self) -> bool:
        return self.p95 < _P95_MAX_MS and max(self.memory) < _MEMORY_MAX_MIB

    def row(self, name: str) -> str:
        took = sorted(self.latencies)
        return (
            f"{name:<16} {took[len(took) // 2]:7.0f} {self.p95:7.0f} {took[-1]:7.0f}"
            f"   {max(self.memory):6.0f} {self.memory_after:6.0f}"
            f"   {max(self.files):6} {self.files_after:6}{'' if self.is_harmless else '   <--'}"
        )


_HEAD = (
    f"{'attack':<16} {'p50':>7} {'p95':>7} {'max ms':>7}   {'MiB':>6} {'after':>6}"
    f"   {'files':>6} {'after':>6}"
)


async def soak(names: list[str], seconds: float, rest: float) -> bool:
    """Run the attacks one by one, each on a server of its own; return whether all are harmless."""
    print(_HEAD)
    all_harmless = True
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            async with RealServer(Path(folder) / "data") as server:
                measured = await _attacked(server, name, seconds, rest)
            assert_sound(Path(folder) / "data" / "victim.git")
        print(measured.row(name), flush=True)
        all_harmless = all_harmless and measured.is_harmless
    return all_harmless


async def _attacked(server: RealServer, name: str, seconds: float, rest: float) -> Measured:
    measured = Measured()
    await prepare(name, server.url)
    victim = await server.connect("victim")
    await victim.hello(name="Vic")
    await victim.edit("")
    async with _attacker(name, server.url) as attacker:
        until = time.monotonic() + seconds
        sampling = asyncio.create_task(_sample(server.process_id, measured))
        while time.monotonic() < until and attacker.returncode is None:
            await _type(victim, measured)
        sampling.cancel()
    await asyncio.sleep(rest)
    measured.memory_after = _memory(server.process_id)
    measured.files_after = _files(server.process_id)
    text = victim.text
    server.signal(signal.SIGTERM)
    assert await server.ended() == 0
    written = (server.data / "victim.git").is_dir() and _text_of(server.data / "victim.git")
    assert written in (False, text), "an acknowledged word is missing"
    return measured


async def _type(victim: Client, measured: Measured) -> None:
    began = time.monotonic()
    merged = await victim.edit(victim.text + "x")
    assert merged["type"] == "merged", merged
    took = time.monotonic() - began
    measured.latencies.append(1000 * took)
    await asyncio.sleep(max(0.0, _KEY_EVERY_S - took))


@asynccontextmanager
async def _attacker(name: str, url: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.soak.attackers", name, url
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _sample(process_id: int, measured: Measured) -> None:
    while True:
        measured.memory.append(_memory(process_id))
        measured.files.append(_files(process_id))
        await asyncio.sleep(_SAMPLE_EVERY_S)


def _memory(process_id: int) -> float:
    """Return the resident memory of a process in MiB."""
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def _files(process_id: int) -> int:
    return len(list(Path(f"/proc/{process_id}/fd").iterdir()))


def _text_of(repository: Path) -> str:
    return git("show", "master:victim.txt", cwd=repository)


def _options() -> Namespace:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help=", ".join(ATTACKS))
    parser.add_argument("--seconds", type=float, default=12.0, help="of each (default: 12)")
    parser.add_argument("--rest", type=float, default=5.0, help="seconds after it (default: 5)")
    return parser.parse_args()


def main() -> int:
    """Parse the options and run."""
    options = _options()
    names = options.attacks or list(ATTACKS)
    return 0 if asyncio.run(soak(names, options.seconds, options.rest)) else 1


if __name__ == "__main__":
    sys.exit(main())

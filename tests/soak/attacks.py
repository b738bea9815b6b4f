"""One hostile address after the other attacks a server, while somebody else types.

python -m tests.soak.attacks
python -m tests.soak.attacks --seconds 5 pings clones
python -m tests.soak.attacks --budgets none seats documents

Each attack runs in a process of its own, from an address of its own. The table shows how long an
edit of the other user took until it was acknowledged (p50, p95, the longest); the longest time in
which a newcomer came into the attacked document, and a program put a long text; the server's memory
and open files, the most during the attack and some seconds after it; and how much the data folder
grew. The exit code is 1 if p95 is 200 ms or more, the memory 600 MiB or more, or a newcomer or a
program was turned away. What was acknowledged has to be in a sound repository at the end.
"""

import asyncio
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from statistics import quantiles

from aiohttp import ClientError

from tests.git import assert_sound, git
from tests.server.sockets.client import Client, ClosedError
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
    entering: list[float] = field(default_factory=list)
    putting: list[float] = field(default_factory=list)
    turned_away: int = 0
    memory_after: float = 0.0
    files_after: int = 0
    disk: float = 0.0
    stopping: float = 0.0

    @property
    def p95(self) -> float:
        return quantiles(self.latencies, n=20)[-1]

    @property
    def is_harmless(self) -> bool:
        is_bounded = max(self.memory) < _MEMORY_MAX_MIB
        return self.p95 < _P95_MAX_MS and is_bounded and not self.turned_away

    def row(self, name: str) -> str:
        took = sorted(self.latencies)
        return (
            f"{name:<16} {took[len(took) // 2]:7.0f} {self.p95:7.0f} {took[-1]:7.0f}"
            f"   {max(self.memory):6.0f} {self.memory_after:6.0f}"
            f"   {max(self.files):6} {self.files_after:6}"
            f"   {max(self.entering, default=0):6.0f} {max(self.putting, default=0):6.0f}"
            f" {self.turned_away:6}   {self.disk:6.0f} {self.stopping:6.1f}"
            f"{'' if self.is_harmless else '   <--'}"
        )


_HEAD = (
    f"{'attack':<16} {'p50':>7} {'p95':>7} {'max ms':>7}   {'MiB':>6} {'after':>6}"
    f"   {'files':>6} {'after':>6}   {'enter':>6} {'put ms':>6} {'away':>6}"
    f"   {'disk':>6} {'stop s':>6}"
)


async def soak(names: list[str], seconds: float, rest: float, budgets: str) -> bool:
    """Run the attacks one by one, each on a server of its own; return whether all are harmless."""
    print(_HEAD)
    all_harmless = True
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            async with RealServer(Path(folder) / "data", "--budgets", budgets) as server:
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
    await victim.edit(victim.text)
    async with _attacker(name, server.url) as attacker:
        until = time.monotonic() + seconds
        others = [
            asyncio.create_task(_sample(server.process_id, measured)),
            asyncio.create_task(_repeat(partial(_enter, server), measured, measured.entering)),
            asyncio.create_task(_repeat(partial(_put, server), measured, measured.putting)),
        ]
        while time.monotonic() < until and attacker.returncode is None:
            await _type(victim, measured)
        for other in others:
            other.cancel()
        await asyncio.wait(others)
    await asyncio.sleep(rest)
    measured.memory_after = _memory(server.process_id)
    measured.files_after = _files(server.process_id)
    text = victim.text
    began = time.monotonic()
    server.signal(signal.SIGTERM)
    assert await server.ended() == 0
    measured.stopping = time.monotonic() - began
    measured.disk = (
        sum(file.stat().st_size for file in server.data.rglob("*") if file.is_file()) / 2**20
    )
    written = (server.data / "victim.git").is_dir() and _text_of(server.data / "victim.git")
    assert written is False or written.count("x") == text.count("x"), "words are missing"
    return measured


async def _type(victim: Client, measured: Measured) -> None:
    began = time.monotonic()
    text = victim.text
    merged = await victim.edit(f"{text}x", splices=[[len(text), 0, "x"]])
    assert merged["type"] == "merged", merged
    took = time.monotonic() - began
    measured.latencies.append(1000 * took)
    await asyncio.sleep(max(0.0, _KEY_EVERY_S - took))


async def _repeat(
    act: Callable[[int], Awaitable[None]], measured: Measured, durations: list[float]
) -> None:
    """Do something about once a second; count how often it is refused."""
    for number in count():
        began = time.monotonic()
        try:
            await act(number)
        except (AssertionError, ClosedError, ClientError, OSError):
            measured.turned_away += 1
        durations.append(1000 * (time.monotonic() - began))
        await asyncio.sleep(1.0)


async def _enter(server: RealServer, _: int) -> None:
    """Come into the document that is attacked."""
    client = await server.connect("notes")
    try:
        await client.hello(name="Newcomer")
    finally:
        await client.close()


async def _put(server: RealServer, number: int) -> None:
    """Put a text that is long enough for the thread of those that take long."""
    address = f"{server.url}/d/long/raw"
    headers = {"If-Match": "*"} if number else {}
    text = f"{number}\n" + "A line of a report.\n" * 1000
    async with server.http.put(address, data=text.encode(), headers=headers) as response:
        assert response.status < 400, await response.text()


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
    parser.add_argument("--budgets", default="all", help="setting of the server (default: all)")
    parser.add_argument("--rest", type=float, default=5.0, help="seconds after it (default: 5)")
    return parser.parse_args()


def main() -> int:
    """Parse the options and run."""
    options = _options()
    names = options.attacks or list(ATTACKS)
    return 0 if asyncio.run(soak(names, options.seconds, options.rest, options.budgets)) else 1


if __name__ == "__main__":
    sys.exit(main())

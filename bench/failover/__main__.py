"""The time until a document is open that another node owns, and until a site goes on.

    python -m bench.failover
    python -m bench.failover --rounds 20

Each round has two nodes on a PostgreSQL with a synchronous standby, all on this machine. A table in
Markdown goes to stdout, progress to stderr.
"""

import asyncio
import sys
import time
from argparse import ArgumentParser
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from bench.failover.site import Node, Site
from bench.load import databases
from bench.load.processes import ROOT, free_port
from bench.merge.report import table


class Times:
    """What was measured, in milliseconds, by what it is."""

    def __init__(self) -> None:
        self._found: dict[str, list[float]] = defaultdict(list)

    def add(self, what: str, since: float) -> None:
        """Note the time since a moment (monotonic, in seconds)."""
        self._found[what].append(1000 * (time.monotonic() - since))

    def table(self) -> str:
        head = ["", "median ms", "from", "to"]
        rows = [
            [what, *(f"{number:,.0f}" for number in (median(found), min(found), max(found)))]
            for what, found in self._found.items()
        ]
        return table(head, rows)


async def measure(site: Site, times: Times) -> None:
    """Measure everything once; the primary is gone afterwards."""
    ann, bo = site.nodes
    document = await site.make(ann)
    await _open(site, ann, document, times, "open: at the node that owns it")
    await _open(site, bo, document, times, "open: at the other node, which passes it on")
    await site.until_released(document)
    await _open(site, bo, document, times, "open: released by the other node")
    await site.until_released(document)
    await _open(site, bo, document, times, "open: released by this node")
    for what, end, comes_back in (
        ("stopped", Node.terminate, False),
        ("killed", Node.kill, False),
        ("killed and started again", Node.kill, True),
    ):
        owner, other = site.nodes
        document = await site.make(owner)
        reader = await site.open(owner, document)
        end(owner)
        opening = _open(site, other, document, times, f"owner {what}: open at the other node")
        if comes_back:
            await asyncio.gather(opening, site.restart(owner, owner.port))
        else:
            await opening
            await site.restart(owner, free_port())
        await reader.close()
    await _promote(site, times)


async def _open(site: Site, node: Node, document: str, times: Times, what: str) -> None:
    began = time.monotonic()
    client = await site.open(node, document)
    times.add(what, began)
    await client.close()


async def _promote(site: Site, times: Times) -> None:
    """Kill the primary and promote the standby while a client saves."""
    node, _ = site.nodes
    document = await site.make(node)
    primary, standby = site.database.servers
    began = time.monotonic()

    def promote() -> None:
        primary.kill()
        standby.promote()
        times.add("primary killed: the standby is promoted", began)

    await asyncio.to_thread(promote)
    await site.save(node, document)
    times.add("primary killed: an edit is saved", began)


async def _run(rounds: int, folder: Path) -> Times:
    times = Times()
    connector = TCPConnector(limit=0)
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as http:
        for number in range(rounds):
            path = folder / str(number)
            path.mkdir()
            with databases.with_standby() as database, Site(database, path, http) as site:
                await measure(site, times)
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return times


def main() -> int:
    parser = ArgumentParser(prog="python -m bench.failover", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="each takes half a minute")
    options = parser.parse_args()
    if problem := databases.why_missing():
        parser.error(problem)
    scratch = ROOT / "build" / "bench"
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="failover-", dir=scratch) as folder:
        print(asyncio.run(_run(options.rounds, Path(folder))).table())
    return 0


if __name__ == "__main__":
    sys.exit(main())

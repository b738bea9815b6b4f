"""Push 200 times from 4 clones while 16 people type, and check that nothing is lost.

python -m tests.soak.push
python -m tests.soak.push --clones 8 --pushes 25 --writers 4
"""

import asyncio
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from server.cli.serve import new_event_loop
from server.config import Config
from server.storage.data_folder import DataFolder
from tests.server.sockets.harness import Served
from tests.server.sockets.pushing import assert_nothing_lost, push_and_type


async def soak(options: Namespace, folder: Path) -> None:
    """Run the scene once, and print the results."""
    config = Config(data=folder / "data")
    with DataFolder(config.data) as data:
        connector = TCPConnector(limit=0)
        async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as http:
            server = Served(config, data, http)
            await server.start()
            try:
                began = time.monotonic()
                outcome = await push_and_type(
                    server,
                    folder,
                    clones=options.clones,
                    pushes=options.pushes,
                    writers=options.writers,
                )
                took = time.monotonic() - began
                await assert_nothing_lost(server, outcome)
            finally:
                await server.close_clients()
                await server.stop()
    print(
        f"{len(outcome.accepted)} pushes accepted, {len(outcome.rejected)} rejected,"
        f" {len(outcome.words)} words written and found, {took:.0f} s"
    )


def main() -> int:
    """Parse the options and run."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clones", type=int, default=4, help="clones that push (default: 4)")
    parser.add_argument("--pushes", type=int, default=50, help="pushes per clone (default: 50)")
    parser.add_argument("--writers", type=int, default=16, help="people who type (default: 16)")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=new_event_loop) as runner,
    ):
        runner.run(soak(options, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The time of a push until others see it, and until `git push` ends.

python -m bench.push
python -m bench.push --pushes 100 --lines 5000
"""

import asyncio
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from statistics import median

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from server.cli.serve import new_event_loop
from server.config import Config
from server.storage.data_folder import DataFolder
from tests.server.sockets.harness import Served, git, run_git


async def measure(folder: Path, pushes: int, lines: int) -> tuple[list[float], list[float]]:
    """Return the seconds per push until a client has the text, and until `git push` ends."""
    with DataFolder(folder / "data") as data:
        connector = TCPConnector(limit=0)
        async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as http:
            server = Served(Config(data=folder / "data"), data, http)
            await server.start()
            try:
                return await _push(server, folder / "clone", pushes, lines)
            finally:
                await server.close_clients()
                await server.stop()


async def _push(
    server: Served, path: Path, pushes: int, lines: int
) -> tuple[list[float], list[float]]:
    ann = await server.join("Ann")
    await ann.edit(
        "".join(f"line {number} of a text with some words\n\n" for number in range(lines))
    )
    clone = await server.clone(path)
    visible, ended = [], []
    for number in range(pushes):
        await git("pull", "--quiet", "--ff-only", cwd=clone)
        text = f"{ann.text}push {number}\n"
        await asyncio.to_thread((clone / "notes.txt").write_text, text)
        await git("commit", "--quiet", "--all", "-m", f"Push {number}", cwd=clone)
        began = time.monotonic()
        pushing = asyncio.create_task(run_git("push", "origin", "HEAD:refs/for/master", cwd=clone))
        await ann.until(text)
        visible.append(time.monotonic() - began)
        ran = await pushing
        ended.append(time.monotonic() - began)
        assert ran.code == 0, ran.err
    return visible, ended


def main() -> int:
    """Parse the options, measure, and print."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pushes", type=int, default=30, help="default: 30")
    parser.add_argument("--lines", type=int, default=600, help="of the text (default: 600)")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=new_event_loop) as runner,
    ):
        visible, ended = runner.run(measure(Path(folder), options.pushes, options.lines))
    for what, times in (("visible", visible), ("git push ends", ended)):
        print(f"{what}: median {1e3 * median(times):.0f} ms, at most {1e3 * max(times):.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())

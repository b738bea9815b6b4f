"""The generator of load for GollabEdit, a process of its own: one task in, reports out.

    python -m bench.load.generator < task.json

It shares the machine with the server, so it is frugal, and measures what it needs itself.
"""

import asyncio
import gc
import sys

import uvloop
from aiohttp import ClientError, ClientSession, DummyCookieJar, TCPConnector

from bench.load import task
from bench.load.client import Client, Failure
from bench.load.crowd import Crowd
from bench.load.words import now


def main() -> int:
    gc.disable()  # it does not live long, and its pauses would be counted as the server's
    asked = task.decode_task(sys.stdin.buffer.readline())
    try:
        uvloop.run(_carry_out(asked))
    except (Failure, ClientError, OSError, TimeoutError) as problem:
        _say(task.Failed(f"{type(problem).__name__}: {problem}"))
        return 1
    return 0


async def _carry_out(asked: task.Task) -> None:
    connector = TCPConnector(limit=0)
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as http:
        match asked:
            case task.Load():
                await _load(asked, http)
            case task.Open():
                _say(await _open(asked, http))


async def _load(load: task.Load, http: ClientSession) -> None:
    crowd = Crowd(load, http, begun=lambda: _say(task.Begun()))
    released = asyncio.create_task(asyncio.to_thread(sys.stdin.buffer.readline))
    released.add_done_callback(lambda line: crowd.stop() if line.result() else None)
    try:
        await crowd.come()
        if load.hold:
            _say(task.Begun())
            await released
        else:
            _say(await crowd.work())
    finally:
        await crowd.go()


async def _open(asked: task.Open, http: ClientSession) -> task.Opened:
    async def joined(document: str) -> tuple[float, Client]:
        start = now()
        client = await Client.join(http, asked.server, document)
        return 1000 * (now() - start), client

    opened = await asyncio.gather(*(joined(document) for document in asked.documents))
    last = now()
    await asyncio.gather(*(client.close() for _, client in opened))
    took_ms = [took for took, _ in opened]
    return task.Opened(took_ms=took_ms, last=last, text=opened[0][1].text)


def _say(report: task.Report) -> None:
    sys.stdout.buffer.write(task.encode(report) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())

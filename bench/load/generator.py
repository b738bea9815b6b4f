"""The load generator for GollabEdit, a separate process: one task in, reports out.

    python -m bench.load.generator < task.json

It shares the machine with the server, so it is frugal and measures its own CPU time.
"""

import asyncio
import gc
import sys
from functools import partial

import uvloop
from aiohttp import ClientError, ClientSession, DummyCookieJar, TCPConnector

from bench.load import task
from bench.load.client import Client, Failure
from bench.load.client_group import ClientGroup
from bench.load.word_log import now

_PUTS_AT_ONCE = 16


def main() -> int:
    gc.disable()  # short-lived, and its pauses would count as the server's
    asked = task.decode_task(sys.stdin.buffer.readline())
    try:
        uvloop.run(_run(asked))
    except (Failure, ClientError, OSError, TimeoutError) as problem:
        _report(task.Failed(f"{type(problem).__name__}: {problem}"))
        return 1
    return 0


async def _run(asked: task.Task) -> None:
    connector = TCPConnector(limit=0)
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as http:
        match asked:
            case task.Load():
                await _load(asked, http)
            case task.Open():
                _report(await _open(asked, http))
            case task.Create():
                _report(await _create(asked, http))


async def _load(load: task.Load, http: ClientSession) -> None:
    begun, ended = partial(_report, task.Begun()), partial(_report, task.Ended())
    group = ClientGroup(load, http, begun=begun, ended=ended)
    released = asyncio.create_task(asyncio.to_thread(sys.stdin.buffer.readline))
    released.add_done_callback(lambda line: group.stop() if line.result() else None)
    try:
        await group.connect()
        if load.hold:
            _report(task.Begun())
            await released
        else:
            _report(await group.run())
    finally:
        await group.disconnect()


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


async def _create(asked: task.Create, http: ClientSession) -> task.Created:
    numbers = iter(range(asked.documents))
    body = asked.text.encode()

    async def put() -> None:
        for number in numbers:
            async with http.put(f"{asked.server}/d/doc-{number}/raw", data=body) as answer:
                if not answer.ok:
                    raise Failure(f"PUT was answered {answer.status}: {await answer.text()}")

    began = now()
    await asyncio.gather(*(put() for _ in range(_PUTS_AT_ONCE)))
    return task.Created(began, now() - began)


def _report(report: task.Report) -> None:
    sys.stdout.buffer.write(task.encode(report) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())

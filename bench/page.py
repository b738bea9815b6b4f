"""How long a key takes: to the own screen, and to the screen of another page, while others type.

    python -m bench.page [--seconds N] [--others N] [--kilobytes N]

Two real pages, and programs that each type two or three words a second, at one document, on this
machine. Key to screen: from the event of the key to the frame after the text has it. Page to page:
from the key in one page to the frame in which the other shows it.
"""

import argparse
import asyncio
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory

from aiohttp import ClientSession, WSMsgType

from tests.browser.chromium import chromium
from tests.browser.room import Room
from tests.browser.server_process import ServerProcess
from tests.browser.window import Window
from tests.simulation.client import Client, Words

_SENTENCE = "The quick brown fox jumps over the lazy dog near the river bank today.\n"
_KEYS_EVERY_S = 0.12

# After a frame's callbacks comes its paint; the message arrives right behind it.
_WATCH = """() => {
  window.keys = [];
  window.seen = {};
  const painted = done => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  });
  const wall = ms => performance.timeOrigin + ms;
  const area = document.getElementById('text');
  let down = null;
  area.addEventListener('keydown', event => { down = event.timeStamp; }, true);
  area.addEventListener('input', () => {
    const from = down;
    painted(() => keys.push([wall(from), performance.now() - from]));
  });
  const setRangeText = area.setRangeText;
  area.setRangeText = function (...given) {
    setRangeText.apply(this, given);
    for (const mark of given[0].match(/<\\d+>/g) ?? [])
      painted(() => { seen[mark] ??= wall(performance.now()); });
  };
}"""


async def measure(seconds: int, others: int, kilobytes: int) -> None:
    with TemporaryDirectory() as data:
        server = ServerProcess(Path(data))
        await server.start()
        async with chromium() as browser, ClientSession() as http:
            room = Room(browser, server, "page")
            text = _SENTENCE * (kilobytes * 1000 // len(_SENTENCE))
            await room.begin(text)
            ann, bo = await asyncio.gather(room.enter("Ann"), room.enter("Bo"))
            for window in (ann, bo):
                await window.page.evaluate(_WATCH)
            until = time.monotonic() + seconds
            url = f"{server.url}/ws/{room.document}"
            async with asyncio.TaskGroup() as group:
                for n in range(others):
                    group.create_task(_type_on(http, url, Random(n), until))
                sent = await _type_marks(ann, until)
            await bo.settled()
            keys = [took for _, took in await ann.page.evaluate("keys")]
            seen = await bo.page.evaluate("seen")
            _report("key to screen", keys)
            _report("page to page", [seen[mark] - at for mark, at in sent.items() if mark in seen])
            print(f"{len(sent)} marks, {len(seen)} seen")
            await room.close()
        await server.stop()


async def _type_marks(ann: Window, until: float) -> dict[str, float]:
    """Ann types marks that can be found again. Returns when the last key of each was pressed."""
    await ann.goes_after("The quick")
    count = 0
    sent = {}
    while time.monotonic() < until:
        mark = f"<{count}>"
        await ann.types(f" {mark}", pause_ms=_KEYS_EVERY_S * 1000)
        sent[mark] = await ann.page.evaluate("keys.at(-1)?.[0] ?? performance.timeOrigin")
        count += 1
    return sent


async def _type_on(http: ClientSession, url: str, random: Random, until: float) -> None:
    """A program that types a word now and then."""
    client = Client(f"w{random.randrange(1000)}x", random, Words(), splices=True)
    async with http.ws_connect(url, max_msg_size=1 << 24) as socket:
        await socket.send_str(client.hello().decode())
        next_at = time.monotonic() + random.random()
        while time.monotonic() < until:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    message = await socket.receive()
                    if message.type is WSMsgType.TEXT:
                        client.receive(message.data.encode())
            if time.monotonic() > next_at and client.is_settled and not client.conflict:
                client.type()
                next_at = time.monotonic() + random.uniform(0.3, 0.5)
            if frame := client.urgent() or client.due():
                await socket.send_str(frame.decode())
            elif client.conflict and client.is_settled:
                await socket.send_str(client.park().decode())


def _report(what: str, took_ms: list[float]) -> None:
    if len(took_ms) < 2:
        print(f"{what}: only {len(took_ms)} measured")
        return
    cuts = quantiles(took_ms, n=100, method="inclusive")
    print(
        f"{what}: p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, p99 {cuts[98]:.0f} ms"
        f" ({len(took_ms)} measured)"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--others", type=int, default=16)
    parser.add_argument("--kilobytes", type=int, default=100)
    options = parser.parse_args()
    asyncio.run(measure(options.seconds, options.others, options.kilobytes))
    return 0


if __name__ == "__main__":
    sys.exit(main())

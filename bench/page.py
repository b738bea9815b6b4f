"""The latency of a key, to the own screen and to another page's, while others type.

    python -m bench.page [--seconds N] [--others N] [--kilobytes N]

Two real pages and some programs, which type two or three words per second, edit one document on
this machine. Key to screen: from the key event to the frame that shows it. Page to page: from the
key in one page to the frame in which the other shows it. Of it in the server: from the edit's
frame to its answer, which is sent together with the updates to others: durable and merged.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory

from aiohttp import ClientSession

from bench.load.client import Client
from bench.load.word_log import WordLog
from tests.browser.chromium import chromium
from tests.browser.room import Room
from tests.browser.server_process import ServerProcess
from tests.browser.window import Window

_SENTENCE = "The quick brown fox jumps over the lazy dog near the river bank today.\n"
_KEYS_EVERY_S = 0.12

# A message posted in a frame's callback arrives right after the frame was painted.
_WATCH = """() => {
  window.keys = [];
  window.seen = [];
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
  let next = 0;
  const setRangeText = area.setRangeText;
  area.setRangeText = function (...given) {
    setRangeText.apply(this, given);
    if (area.value.includes(`<${next}>`)) {
      next++;
      painted(() => { seen.push(wall(performance.now())); });
    }
  };
  window.answers = [];
  const watched = new WeakSet();
  let left = null;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (frame) {
    if (!watched.has(this)) {
      watched.add(this);
      this.addEventListener('message', ({ data }) => {
        if (left === null || !/"type": ?"(merged|conflict)"/.test(data)) return;
        answers.push(performance.now() - left);
        left = null;
      });
    }
    if (/"type": ?"edit"/.test(frame)) left = performance.now();
    send.call(this, frame);
  };
}"""


async def measure(seconds: int, others: int, kilobytes: int) -> None:
    with TemporaryDirectory() as data:
        async with (
            ServerProcess(Path(data)) as server,
            chromium() as browser,
            ClientSession() as http,
        ):
            room = Room(browser, server, "page")
            text = _SENTENCE * (kilobytes * 1000 // len(_SENTENCE))
            await room.begin(text)
            ann, bo = await asyncio.gather(room.enter("Ann"), room.enter("Bo"))
            for window in (ann, bo):
                await window.page.evaluate(_WATCH)
            until = time.monotonic() + seconds
            clients = [
                await Client.join(http, server.url, room.document, number)
                for number in range(others)
            ]
            async with asyncio.TaskGroup() as group:
                for client in clients:
                    group.create_task(_type_on(client, Random(client.number), until))
                sent = await _type_marks(ann, until)
            await asyncio.gather(*(client.close() for client in clients))
            await bo.settled()
            keys = [took for _, took in await ann.page.evaluate("keys")]
            seen = await bo.page.evaluate("seen")
            _report("key to screen", keys)
            _report("page to page", [at - pressed for pressed, at in zip(sent, seen, strict=False)])
            _report("of it in the server", await ann.page.evaluate("answers"))
            print(f"{len(sent)} marks, {len(seen)} seen")
            await room.close()


async def _type_marks(ann: Window, until: float) -> list[float]:
    """Let Ann type unique marks; return when the last key of each was pressed."""
    await ann.goes_after("The quick")
    sent: list[float] = []
    while time.monotonic() < until:
        await ann.types(f" <{len(sent)}>", pause_ms=_KEYS_EVERY_S * 1000)
        sent.append(await ann.page.evaluate("keys.at(-1)?.[0] ?? performance.timeOrigin"))
    return sent


async def _type_on(client: Client, random: Random, until: float) -> None:
    """Type a word two or three times per second."""
    words = WordLog(others=0, warm_up=0)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(client.listen(words, _ignore))
        while time.monotonic() < until:
            await asyncio.sleep(random.uniform(0.3, 0.5))
            if client.is_free:
                await client.type(words, random, time.monotonic(), full_text=False)
        listening.cancel()


async def _ignore(_client: Client, _word: str, _due: float) -> None:
    """Ignore an answer."""


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

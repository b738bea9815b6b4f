"""Five hundred people and programs use a server at one time, and none is limited.

python -m tests.soak.honest
python -m tests.soak.honest --seconds 60 --people 100

Most type, some hold a key down, paste, write a long document, use plain HTTP, clone and push. All
have one address, as in an office, and the budgets of the server apply to it. Whoever is told
`rate_limited`, gets 4xx or 5xx, or loses a connection, counts as limited: the exit code is 1.
"""

import asyncio
import random
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from tests.server.sockets.client import Client, ClosedError
from tests.server.sockets.harness import run_git
from tests.server.sockets.real_server import RealServer

_DOCUMENTS = 60
_LONG = "".join(f"A line of a long document, number {number}.\n" for number in range(18_000))


class Crowd:
    """The people, what happened to them, and how long their edits took."""

    def __init__(self, url: str, http: ClientSession, folder: Path, seconds: float) -> None:
        self.url = url
        self.http = http
        self.folder = folder
        self.until = time.monotonic() + seconds
        self.limited: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.latencies: list[float] = []

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.until

    async def join(self, document: str, name: str) -> Client:
        client = await Client.connect(self.http, f"{self.url}/ws/{document}")
        await client.hello(name=name)
        return client

    async def write(self, client: Client, text: str, what: str) -> None:
        began = time.monotonic()
        answer = await client.edit(text)
        self.latencies.append(1000 * (time.monotonic() - began))
        if answer["type"] == "error":
            self.limited[f"{what}: {answer['code']}"] += 1
        else:
            self.done[what] += 1

    # --- kinds of people

    async def types(self, number: int) -> None:
        """Type a word now and then, letter by letter, on a line of one's own."""
        client = await self.join(f"notes{number % _DOCUMENTS}", f"Writer {number}")
        line = f"writer {number}:"
        await self.write(client, f"{client.text}{line}\n", "lines")
        while not self.is_over:
            for letter in " word"[: random.randint(2, 5)]:
                await self.write(client, client.text.replace(line, line + letter, 1), "letters")
                await client.send(
                    type="presence", base=client.revision, anchor=0, head=random.randint(0, 9)
                )
                await asyncio.sleep(0.12)
            await asyncio.sleep(random.uniform(2, 12))
        await client.close()

    async def holds_a_key(self, number: int) -> None:
        """Hold a key down: thirty letters a second."""
        client = await self.join(f"held{number}", "Holder")
        while not self.is_over:
            for _ in range(60):
                await self.write(client, client.text[-2000:] + "x", "held letters")
                await asyncio.sleep(0.03)
            await asyncio.sleep(5)
        await client.close()

    async def pastes(self, number: int) -> None:
        """Paste and undo a long text."""
        client = await self.join(f"pasted{number}", "Paster")
        while not self.is_over:
            await self.write(client, _LONG[:500_000], "pastes")
            await asyncio.sleep(random.uniform(3, 9))
            await self.write(client, "", "pastes")
        await client.close()

    async def writes_long(self, number: int) -> None:
        """Type into a document of 800 KB."""
        client = await self.join(f"long{number % 3}", f"Author {number}")
        if not client.text:
            await self.write(client, _LONG, "long texts")
        place = random.randint(0, len(client.text) // 2)
        while not self.is_over:
            began = time.monotonic()
            splices = [[place, 0, "y"]]
            text = client.text[:place] + "y" + client.text[place:]
            answer = await client.edit(text, splices=splices)
            self.latencies.append(1000 * (time.monotonic() - began))
            if answer["type"] == "error":
                self.limited[f"long letters: {answer['code']}"] += 1
            self.done["long letters"] += 1
            await asyncio.sleep(random.uniform(0.3, 1.5))
        await client.close()

    async def uses_http(self, number: int) -> None:
        """Append lines and read the text, as scripts do."""
        url = f"{self.url}/d/log{number % 5}/raw"
        while not self.is_over:
            for method, body in (("POST", f"{number}: a line\n"), ("GET", None)):
                async with self.http.request(method, url, data=body) as response:
                    await response.read()
                    if response.status >= 400:
                        self.limited[f"{method}: {response.status}"] += 1
                    self.done[method] += 1
            await asyncio.sleep(random.uniform(0.5, 3))

    async def clones(self, number: int) -> None:
        """Clone, commit and push again."""
        round_ = 0
        while not self.is_over:
            round_ += 1
            path = self.folder / f"clone{number}-{round_}"
            url = f"{self.url}/log{number % 5}.git"
            cloned = await run_git("clone", "--quiet", url, str(path))
            if cloned.code == 0:
                (path / f"log{number % 5}.txt").open("a").write(f"pushed by {number}\n")
                await run_git("commit", "--quiet", "--all", "-m", "Push", cwd=path)
                pushed = await run_git("push", "origin", "HEAD:refs/for/master", cwd=path)
                self.done["pushes"] += 1
                if pushed.code != 0 and "changed the same words" not in pushed.err:
                    self.limited[f"push: {pushed.err[-100:]}"] += 1
            elif "not found" not in cloned.err:
                self.limited[f"clone: {cloned.err[-100:]}"] += 1
            await asyncio.sleep(random.uniform(5, 20))

    async def live(self, kind: Callable[[int], Awaitable[None]], number: int) -> None:
        """Come at some time, and count a lost connection."""
        await asyncio.sleep(random.uniform(0, 20))
        try:
            await kind(number)
        except (ClosedError, OSError, TimeoutError) as problem:
            self.limited[f"{kind.__name__}: {type(problem).__name__} {problem}"] += 1


async def soak(people: int, seconds: float) -> bool:
    """Run the crowd; return whether nobody was limited."""
    with tempfile.TemporaryDirectory() as folder:
        connector = TCPConnector(limit=0)
        async with (
            RealServer(Path(folder) / "data", "--budgets", "all") as server,
            ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as http,
        ):
            crowd = Crowd(server.url, http, Path(folder), seconds)
            few = max(1, people // 50)
            kinds = [
                *[crowd.holds_a_key] * few,
                *[crowd.pastes] * few,
                *[crowd.writes_long] * few,
                *[crowd.uses_http] * (2 * few),
                *[crowd.clones] * max(1, few // 3),
            ]
            kinds += [crowd.types] * (people - len(kinds))
            await asyncio.gather(*(crowd.live(kind, n) for n, kind in enumerate(kinds)))
    p50, p95 = quantiles(crowd.latencies, n=20)[9], quantiles(crowd.latencies, n=20)[18]
    print(f"{people} people, {seconds:g} s: {dict(crowd.done)}")
    print(f"an edit took p50 {p50:.0f} ms, p95 {p95:.0f} ms, at most {max(crowd.latencies):.0f} ms")
    print(f"limited: {dict(crowd.limited) or 'nobody'}")
    return not crowd.limited


def main() -> int:
    """Parse the options and run."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=500, help="(default: 500)")
    parser.add_argument("--seconds", type=float, default=600.0, help="(default: 600)")
    options = parser.parse_args()
    return 0 if asyncio.run(soak(options.people, options.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())

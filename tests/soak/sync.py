"""Two files of one document, edited, cut off and killed at random: `python -m tests.soak.sync`.

At the end both files and the document are equal, and contain every saved word or have resolved it
in a conflict. A failing run prints its seed.
"""

import argparse
import asyncio
import asyncio.subprocess
import itertools
import os
import random
import re
import signal
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.browser.server_process import ServerProcess

_ROOT = Path(__file__).parents[2]
_MARKER = re.compile(r"^(<{7}|={7}|>{7})( .*)?\n", re.MULTILINE)
_CONFLICT = re.compile(r"^<{7} .*\n((?:.*\n)*?)={7}\n((?:.*\n)*?)>{7}.*(?:\n|$)", re.MULTILINE)
_SETTLE_S = 90.0
_START_S = 30.0


class Writer:
    """A file that is saved at random, with a `gollabedit sync` that is started and killed."""

    def __init__(self, file: Path, url: str, rng: random.Random) -> None:
        self.file = file
        self.state = file.with_name(f".{file.name}.gollabedit")
        self.words: list[str] = []
        self.resolved = self.kills = 0
        self._numbers = itertools.count()
        self._url = url
        self._random = rng
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "server", "sync", "--name", self.file.stem),
                *("-q", str(self.file), self._url),
                cwd=_ROOT,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
            )

    async def end(self, number: int) -> None:
        if self._process:
            if self._process.returncode is None:
                self._process.send_signal(number)
            await self._process.wait()
            self._process = None
            self.kills += 1

    def save(self) -> None:
        """Insert a word, or resolve a conflict by keeping both; save in one of two ways."""
        text = self.file.read_text()
        before = text
        if _MARKER.search(text):
            self.resolved += 1
            text = _CONFLICT.sub(_both, text)
        else:
            word = f"{self.file.stem}{next(self._numbers):05}"
            places = [it.end() for it in re.finditer(r"\s", text)] or [0]
            at = self._random.choice([0, *places])
            end = at
            if self._random.random() < 0.2 and self.words:  # replace an own word
                old = self._random.choice(self.words)
                if (found := text.find(old)) >= 0:
                    self.words.remove(old)
                    at, end = found, found + len(old)
            text = f"{text[:at]}{word}{self._random.choice('    ' + chr(10))}{text[end:]}"
            self.words.append(word)
        fresh = self.file.with_name(f"{self.file.name}.fresh")
        fresh.write_text(text)
        if self.file.read_text() != before:
            if not _MARKER.search(before):
                self.words.pop()
            return  # an editor would report that the file has changed on disk
        if self._random.random() < 0.5:
            self.file.write_text(text)
        else:
            fresh.rename(self.file)


def _both(conflict: re.Match[str]) -> str:
    """Return the lines of one side, and the other side's additional words."""
    ours, theirs = conflict.groups()
    return ours + "".join(f"{word}\n" for word in theirs.split() if word not in ours)


def master(url: str) -> str:
    with urllib.request.urlopen(f"{url}/raw") as response:
        return str(response.read().decode())


async def run(seconds: float, seed: int, folder: Path) -> None:
    """Run random events, then restart everything and check that it converges."""
    rng = random.Random(seed)
    server = ServerProcess(folder / "data")
    await server.start()
    url = f"{server.url}/d/notes"
    writers = [Writer(folder / f"{name}.txt", url, rng) for name in ("ann", "bo")]
    try:
        await play(server, writers, url, rng, seconds)
        report(writers, master(url), seed)
    finally:
        for writer in writers:
            await writer.end(signal.SIGINT)
        await server.stop()


async def play(
    server: ServerProcess, writers: list[Writer], url: str, rng: random.Random, seconds: float
) -> None:
    for writer in writers:
        await writer.start()
        async with asyncio.timeout(_START_S):
            while not writer.state.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    if not await storm(server, writers, rng, time.monotonic() + seconds):
        await server.start()
    for writer in writers:
        await writer.start()
    await settle(writers, url)


async def storm(
    server: ServerProcess, writers: list[Writer], rng: random.Random, until: float
) -> bool:
    """Run random events; return whether the server is running at the end."""
    is_up = True
    while time.monotonic() < until:
        await asyncio.sleep(rng.uniform(0.02, 0.6))
        writer = rng.choice(writers)
        chance = rng.random()
        if chance < 0.80:
            writer.save()
        elif chance < 0.88:
            await writer.end(signal.SIGKILL)
        elif chance < 0.97:
            await writer.start()
        elif is_up:
            await server.kill()
            is_up = False
        if not is_up and rng.random() < 0.3:
            await server.start()
            is_up = True
    return is_up


async def settle(writers: list[Writer], url: str) -> None:
    """Resolve conflicts until both files and the document have stayed equal for a while."""
    until = time.monotonic() + _SETTLE_S
    same = 0
    while same < 10:
        await asyncio.sleep(0.4)
        for writer in writers:
            if _MARKER.search(writer.file.read_text()):
                writer.save()
        texts = {writer.file.read_text() for writer in writers} | {master(url)}
        same = same + 1 if len(texts) == 1 else 0
        assert time.monotonic() < until, f"they do not converge: {texts}"


def report(writers: list[Writer], text: str, seed: int) -> None:
    words = [word for writer in writers for word in writer.words]
    missing = [word for word in words if word not in text]
    twice = [word for word in words if text.count(word) > 1]
    resolved, kills = (sum(getattr(w, it) for w in writers) for it in ("resolved", "kills"))
    print(
        f"seed {seed}: {len(words)} words, {resolved} conflicts resolved, {kills} kills,"
        f" {len(missing)} missing, {len(twice)} twice"
    )
    assert not missing, f"seed {seed}: missing {missing}"
    assert not twice, f"seed {seed}: twice {twice}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(options.seconds, options.seed, Path(folder)))


if __name__ == "__main__":
    main()

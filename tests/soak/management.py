"""A document is moved while programs write: `python -m tests.soak.management`.

It is renamed, deleted and restored, and the server killed meanwhile. Then there is one document,
which has every acknowledged line once. A failing run prints its seed; its data folder is kept.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from aiohttp import ClientError as HttpError
from aiohttp import ClientSession

from server.client import ClientError, ConflictError, connect
from tests.browser.server_process import ServerProcess, faults

_NAMES = ("notes", "plans", "ideas")
_BEGINNING = "The first line.\n"
_WRITERS = 3
_EDIT_WAIT_S = 20.0
_OPEN_WAIT_S = 5.0
_PAUSE_S = 0.05


class Run:
    """One document, its writers, and the one who moves it."""

    def __init__(self, server: ServerProcess, http: ClientSession, rng: random.Random) -> None:
        self.name = _NAMES[0]
        self.acknowledged: list[str] = []
        self.steps = {"renamed": 0, "deleted": 0, "killed": 0}
        self._server = server
        self._http = http
        self._random = rng

    async def run(self, seconds: float) -> None:
        url = f"{self._server.url}/d/{self.name}/raw"
        async with self._http.put(url, data=_BEGINNING.encode()) as response:
            assert response.status == 201
        writers = [asyncio.create_task(self._write(number)) for number in range(_WRITERS)]
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                await asyncio.sleep(self._random.random() / 2)
                await self._step()
                await self._check()
                for writer in writers:
                    assert not writer.done(), writer.exception()
        finally:
            for writer in writers:
                writer.cancel()
            await asyncio.gather(*writers, return_exceptions=True)

    # --- the writers

    async def _write(self, writer: int) -> None:
        """Write numbered lines, as a program that comes back after everything."""
        number = 0
        while True:
            try:
                url = f"{self._server.url}/d/{self.name}"
                async with connect(url, name=f"W{writer}", wait_s=_OPEN_WAIT_S) as document:
                    while _BEGINNING in document.text:  # else it is a free name
                        line = f"{writer}.{number};\n"
                        if line not in document.text:
                            async with asyncio.timeout(_EDIT_WAIT_S):
                                await document.edit(document.text + line)
                        self.acknowledged.append(line)
                        number += 1
                        await asyncio.sleep(self._random.random() * _PAUSE_S)
            except ConflictError as conflict:
                raise AssertionError("lines at the end do not conflict") from conflict
            except (ClientError, TimeoutError):
                pass
            await asyncio.sleep(_PAUSE_S)

    # --- the steps

    async def _step(self) -> None:
        """Rename or delete the document; the server may be killed meanwhile."""
        step = self._rename if self._random.random() < 0.5 else self._delete
        moving = asyncio.create_task(step())
        if self._random.random() < 0.5:
            await asyncio.sleep(self._random.random() / 4)
            await self._server.kill()
            await self._server.start()
            self.steps["killed"] += 1
        await asyncio.gather(moving, return_exceptions=True)
        problem = moving.exception()
        if problem and not isinstance(problem, HttpError):
            raise problem  # else the server was killed, or too busy to move it

    async def _rename(self) -> None:
        new = self._random.choice([name for name in _NAMES if name != self.name])
        await self._ask("PATCH", f"documents/{self.name}", {"document": new})
        self.steps["renamed"] += 1

    async def _delete(self) -> None:
        await self._ask("DELETE", f"documents/{self.name}")
        self.steps["deleted"] += 1

    async def _check(self) -> None:
        """Find the document, wherever it is now; it has all that was acknowledged until now."""
        expected = list(self.acknowledged)
        listed = (await self._ask("GET", "documents"))["documents"]
        if not listed:
            newest = (await self._ask("GET", "trash"))["trash"][0]
            listed = [await self._ask("POST", f"trash/{newest['id']}", {})]
        [document] = listed
        self.name = document["document"]
        async with self._http.get(f"{self._server.url}/d/{self.name}/raw") as response:
            lines = (await response.text()).splitlines(keepends=True)
        wrong = [line for line in expected if lines.count(line) != 1]
        assert not wrong, f"lost or doubled: {wrong[:5]}, of {len(expected)} lines"

    async def _ask(self, method: str, path: str, fields: object = None) -> Any:
        url = f"{self._server.url}/api/{path}"
        async with self._http.request(method, url, json=fields) as response:
            if response.status == 503:
                raise HttpError(await response.text())
            assert response.ok, f"{method} {path}: {await response.text()}"
            return await response.json()


async def _soak(data: Path, seconds: float, seed: int) -> str:
    async with ServerProcess(data) as server, ClientSession() as http:
        run = Run(server, http, random.Random(seed))
        try:
            await run.run(seconds)
        except BaseException:
            print(*server.log[-30:], sep="\n", file=sys.stderr)
            raise
        assert not faults(server.log), faults(server.log)
        return f"{len(run.acknowledged)} lines acknowledged; {run.steps}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.management", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180, help="how long (180)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gollabedit-management-"))
    try:
        print(asyncio.run(_soak(folder / "data", options.seconds, options.seed)))
    except AssertionError as problem:
        print(f"seed {options.seed}, see {folder}: {problem}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

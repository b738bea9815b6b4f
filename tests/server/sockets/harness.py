"""The real application on a free port, in this process, and the real `git` for it."""

import asyncio
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from aiohttp import ClientSession, web

from server.app import create_app, new_runner
from server.config import Config
from server.http.app_keys import HUB
from server.storage.data_folder import DataFolder
from tests.server.sockets.client import DEADLINE_S, Client

GIT_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Tester",
    "GIT_AUTHOR_EMAIL": "tester@example.invalid",
    "GIT_COMMITTER_NAME": "Tester",
    "GIT_COMMITTER_EMAIL": "tester@example.invalid",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a finished process said."""

    code: int
    out: str
    err: str


async def run_git(*arguments: str, cwd: Path | None = None, given: str = "") -> Ran:
    """Run Git without the user's settings; nobody minds how it ends."""
    ran = await run("git", *arguments, cwd=cwd, env=GIT_ENVIRONMENT, given=given.encode())
    return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode(errors="replace"))


async def run(
    *command: str, cwd: Path | None, env: dict[str, str], given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end, in a thread: uvloop copies the page tables for each process."""
    return await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=cwd,
        env=env,
        input=given,
        capture_output=True,
        timeout=2 * DEADLINE_S,
        check=False,
    )


async def git(*arguments: str, cwd: Path | None = None, given: str = "") -> str:
    """Run Git, which must succeed; returns what it says."""
    ran = await run_git(*arguments, cwd=cwd, given=given)
    assert ran.code == 0, f"git {' '.join(arguments)}: {ran.err}"
    return ran.out


class Served:
    """A running server."""

    def __init__(self, config: Config, folder: DataFolder, http: ClientSession) -> None:
        self.folder = folder
        self.http = http
        self.app = create_app(config, folder)
        self._runner = new_runner(self.app, shutdown_wait_s=0.5)
        self._clients: list[Client] = []

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def close_clients(self) -> None:
        await asyncio.gather(*(client.close() for client in self._clients))

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._runner.addresses[0][:2]
        return host, port

    @property
    def url(self) -> str:
        host, port = self.address
        return f"http://{host}:{port}"

    def connections(self, document: str = "notes") -> int:
        """How many connections the hub holds on a document."""
        running = self.app[HUB]._running.get(document)
        return len(running.live.connections) if running else 0

    async def connect(self, document: str = "notes", **options: Any) -> Client:
        """Open a websocket, and say nothing yet."""
        client = await Client.connect(self.http, f"{self.url}/ws/{document}", **options)
        self._clients.append(client)
        return client

    async def join(self, name: str = "Ann", document: str = "notes", **hello: Any) -> Client:
        """Come in as somebody."""
        client = await self.connect(document)
        await client.hello(name=name, **hello)
        return client

    async def come_back(self, earlier: Client, document: str = "notes") -> Client:
        """The same client on a new connection, with the text that it had."""
        client = await self.connect(document)
        client.remember(earlier)
        await client.hello(base=earlier.revision, **earlier.resuming)
        return client

    async def pair(self, text: str, document: str = "notes") -> tuple[Client, Client]:
        """Ann and Bo, who both see this text."""
        ann = await self.join("Ann", document)
        await ann.edit(text)
        return ann, await self.join("Bo", document)

    async def raw(self, document: str = "notes") -> str:
        """The document's text as plain HTTP gives it."""
        async with self.http.get(f"{self.url}/d/{document}/raw") as response:
            assert response.status == 200, await response.text()
            return await response.text()

    async def repository(self, document: str = "notes") -> Path:
        """The bare repository, with all that was answered in it."""
        if not self.app[HUB].is_stopping:
            await self.app[HUB].checkpoint(document)
        return self.folder.repository_path(document)

    async def fsck(self, document: str = "notes") -> None:
        """Git finds nothing wrong with the repository on disk."""
        path = await self.repository(document)
        ran = await run_git("fsck", "--strict", "--no-dangling", cwd=path)
        assert ran.code == 0, ran.err
        assert "error" not in ran.err, ran.err

    async def refs(self, document: str = "notes") -> dict[str, str]:
        """The branches on disk and their commits."""
        path = await self.repository(document)
        listed = await git("for-each-ref", "--format=%(refname) %(objectname)", cwd=path)
        return {
            ref.removeprefix("refs/heads/"): id for ref, id in map(str.split, listed.splitlines())
        }

    async def git_on_disk(self, *arguments: str, document: str = "notes") -> str:
        """Run Git in the bare repository itself."""
        return await git(*arguments, cwd=await self.repository(document))

    async def clone(self, into: Path, *options: str, document: str = "notes") -> Path:
        """Clone a document as anybody would."""
        await git("clone", "--quiet", *options, f"{self.url}/{document}.git", str(into))
        return into


class Serve(Protocol):
    """Starts a server; see the fixture `serve`."""

    async def __call__(self, data: str = "data", **settings: Any) -> Served: ...


async def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that the server does without telling anybody."""
    deadline = asyncio.get_running_loop().time() + DEADLINE_S
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"not so: {what}"
        await asyncio.sleep(0.005)

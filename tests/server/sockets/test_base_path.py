"""A server that is below a path, without a proxy: programs reach it, and nothing is outside."""

from pathlib import Path

from server.client.document import connect
from tests.server.sockets.harness import Serve
from tests.server.sockets.real_server import RealServer
from tests.server.sockets.shell import Shell


async def test_commands_take_an_address_below_a_path(tmp_path: Path) -> None:
    async with RealServer(tmp_path / "data", "--base-path", "/my/pad") as server:
        assert server.url.endswith("/my/pad"), "the log has the whole address"
        shell = Shell(tmp_path / "home", f"{server.url}/d/notes")
        await shell.does("new", shell.url, given=b"one\n")
        assert await shell.does("ls", server.url) == "notes\n"
        await shell.does("mv", shell.url, "plans")
        assert await shell.does("cat", shell.url) == "one\n", "the old name redirects"


async def test_a_program_stays_connected_when_its_document_is_renamed(serve: Serve) -> None:
    server = await serve(base_path="/my/pad")
    url = f"{server.url}/my/pad"
    async with connect(f"{url}/d/notes") as document:
        await document.edit("one\n")
        change = {"document": "plans"}
        async with server.http.patch(f"{url}/api/documents/notes", json=change) as answer:
            assert answer.status == 200
        await document.edit("two\n")
    async with server.http.get(f"{url}/d/plans/raw") as answer:
        assert await answer.text() == "two\n"


async def test_nothing_is_outside_the_path(serve: Serve) -> None:
    server = await serve(base_path="/my/pad")
    for path, status in (
        ("/d/notes", 404),
        ("/readyz", 404),
        ("/my/padding", 404),
        ("/my/pad/readyz", 200),
        ("/my/pad", 200),
    ):
        async with server.http.get(server.url + path) as answer:
            assert answer.status == status, path
    page = {"Accept": "text/html"}
    async with server.http.get(f"{server.url}/notes", headers=page) as answer:
        assert 'href="my/pad/d/notes"' in await answer.text()

"""The commands, against a server that wants to harm whoever runs them."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import pytest
from aiohttp import web

from server.client import NoAccessError, connect
from tests.server.sockets.shell import Shell

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Host = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """Starts servers that answer every request as a test says; returns their URLs."""
    async with AsyncExitStack() as stack:

        async def start(handler: Handler) -> str:
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", handler)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return "http://{}:{}".format(*runner.addresses[0][:2])

        yield start


def listing(*names: object, more: bool = False) -> Handler:
    """Lists these documents, and has a text for any."""

    async def handler(request: web.Request) -> web.Response:
        if request.path != "/api/documents":
            return web.Response(text="owned")
        return web.json_response({"documents": [{"document": it} for it in names], "more": more})

    return handler


@pytest.mark.parametrize(
    "name",
    [
        "../escaped",
        "/tmp/escaped",
        ".bashrc",
        "a//b",
        "..",
        "",
        "x\x1b]0;owned",
        "a\nb",
        "A",
        7,
        None,
    ],
)
@pytest.mark.parametrize("command", ["export", "ls"])
async def test_a_name_that_no_document_can_have_is_not_taken(
    shell: Shell, host: Host, command: str, name: object
) -> None:
    url = await host(listing(name))
    home = shell.folder / "home"
    home.mkdir()
    where = ["--overwrite", url, "home/copies"] if command == "export" else [url]
    error = await shell.fails(command, *where)
    assert "lists an invalid document" in error or "not the answer" in error
    assert error.rstrip("\n").isprintable()
    assert list(home.rglob("*")) == []
    assert not (shell.folder / "escaped").exists()


async def test_a_list_without_end_ends(shell: Shell, host: Host) -> None:
    ran = await shell.run("ls", await host(listing("a", "b", more=True)))
    assert (ran.code, ran.out) == (2, "a\nb\n")
    assert "invalid document: 'a'" in ran.err


@pytest.mark.parametrize("answer", ["no JSON", "[]", "{}", '{"documents": 1, "more": 1}', "null"])
async def test_an_answer_that_is_no_list_is_an_error(shell: Shell, host: Host, answer: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=answer)

    assert "not the answer of a GollabEdit server" in await shell.fails("ls", await host(handler))


@pytest.mark.parametrize("answer", [{}, {"hunks": 1}, {"hunks": [{}], "revision": "x"}, []])
async def test_a_conflict_that_cannot_be_read_is_an_error(
    shell: Shell, host: Host, answer: object
) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=409, text=json.dumps(answer), content_type="application/json")

    shell.write("notes.txt", "text\n")
    url = f"{await host(handler)}/d/notes"
    assert "not the answer of a GollabEdit server" in await shell.fails("put", url, "notes.txt")


async def test_a_text_that_does_not_end_is_given_up(shell: Shell, host: Host) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(bytes(1024 * 1024))
        return response

    url = f"{await host(handler)}/d/notes"
    assert "more than 64 MB" in await shell.fails("cat", url)


async def test_a_revision_has_no_control_characters(shell: Shell, host: Host) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(headers={"ETag": '"\x9b31mowned"'})

    assert await shell.does("append", f"{await host(handler)}/d/notes", given=b"x") == "\n"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("is_password", [True, False])
async def test_no_secret_goes_to_where_a_redirect_leads(
    shell: Shell, host: Host, status: int, *, is_password: bool
) -> None:
    seen: list[str | None] = []

    async def other(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(text="text")

    there = await host(other)

    async def redirecting(request: web.Request) -> web.Response:
        secret = "Basic YW5uOnMzY3JldA==" if is_password else "Bearer gollabedit_x"
        assert request.headers["Authorization"] == secret
        return web.Response(status=status, headers={"Location": f"{there}/d/notes/raw"})

    url = await host(redirecting)
    if is_password:
        await shell.does("cat", f"{url.replace('://', '://ann:s3cret@')}/d/notes")
    else:
        await shell.does("cat", f"{url}/d/notes", GOLLABEDIT_TOKEN="gollabedit_x")
    assert seen == [None]


async def test_no_token_goes_to_where_the_handshake_of_a_websocket_is_redirected(
    host: Host,
) -> None:
    seen: list[str | None] = []

    async def other(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=403)

    there = await host(other)

    async def redirecting(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer gollabedit_x"
        return web.Response(status=307, headers={"Location": f"{there}/ws/notes"})

    with pytest.raises(NoAccessError):
        async with connect(f"{await host(redirecting)}/d/notes", token="gollabedit_x"):
            pass
    assert seen == [None]

"""Requests between nodes: nobody else can send them, none goes in circles, none is sent twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientError, WSServerHandshakeError, web
from yarl import URL

from server.http.app_keys import HUB
from server.http.passing.original import Original, headers_for
from tests.postgres import MISSING, Postgres
from tests.server.sockets.client import DEADLINE_S, ClosedError
from tests.server.sockets.harness import Serve, Served
from tests.server.sockets.test_management import rename

_PROXY = "10.1.1.1"
_Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


@pytest.fixture
def database(postgres: Postgres | None) -> str:
    if postgres is None:
        pytest.skip(MISSING)
    return postgres.empty_database()


@pytest.fixture
def node(serve: Serve, postgres: Postgres, database: str) -> Callable[..., Any]:
    """Starts the only real node."""

    async def start(**settings: Any) -> Served:
        url = postgres.url(database)
        return await serve(journal=url, node_url="http://127.0.0.1:9", **settings)

    return start


@dataclass
class Owner:
    """A node that owns the document `elsewhere`, as far as the database knows."""

    postgres: Postgres
    database: str
    url: str = ""
    seen: list[web.Request] = field(default_factory=list)
    answer: _Handler | None = None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        assert self.answer
        return await self.answer(request)

    def own(self, url: str, lease: str = "1 hour") -> None:
        self.postgres.execute(
            "delete from gollabedit.nodes where id = 'other';"
            "insert into gollabedit.nodes"
            f" values ('other', '{url}', '', now(), now() + interval '{lease}');"
            "insert into gollabedit.documents (name, position, epoch, owner)"
            " values ('elsewhere', 0, 1, 'other') on conflict do nothing",
            self.database,
        )


@pytest.fixture
async def owner(postgres: Postgres, database: str) -> AsyncIterator[Owner]:
    owner = Owner(postgres, database)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", owner.serve)
    runner = web.AppRunner(app, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    owner.url = f"http://{host}:{port}"
    yield owner
    await runner.cleanup()


def passed(server: Served, secret: bytes | None = None, **said: str) -> dict[str, str]:
    """The headers of a node; with the true secret, unless told otherwise."""
    found = {"peer": "10.9.9.9", "remote": "10.9.9.9", "scheme": "http", "host": "localhost"}
    original = Original(**(found | {"prefix": "", "who": "anybody"} | said))
    return headers_for(original, secret or server.app[HUB].journal.secret)


async def test_only_nodes_are_believed(
    node: Callable[..., Any], serve: Serve, server_log: pytest.LogCaptureFixture
) -> None:
    settings = {"access": "closed", "trusted_proxies": (_PROXY,), "user_header": "Remote-User"}
    server = await node(**settings)

    async def user(at: Served, headers: dict[str, str]) -> str | None:
        sent = headers | {"Remote-User": "ann"}
        async with at.http.get(f"{at.url}/api/me", headers=sent) as answer:
            assert answer.status == 200, await answer.text()
            found: str | None = (await answer.json())["user"]
            return found

    assert await user(server, passed(server, peer=_PROXY)) == "ann"
    assert await user(server, passed(server, peer="10.9.9.9")) is None
    alone = await serve("alone", **settings)  # shares nothing, so it has no secret
    for at in (server, alone):
        for secret in (b"x" * 32, b"\0", server.app[HUB].journal.secret[:-1]):
            assert await user(at, passed(at, secret, peer=_PROXY)) is None
        for value in ("", "é", "0" * 64):
            forged = passed(server, peer=_PROXY) | {"X-GollabEdit-Node": value}
            assert await user(at, forged) is None
    assert "ignored headers for nodes" in server_log.text
    server_log.clear()


async def test_a_request_that_was_passed_on_is_not_passed_on_again(
    node: Callable[..., Any], owner: Owner
) -> None:
    server = await node()
    owner.own(owner.url)
    headers = passed(server)
    async with server.http.get(f"{server.url}/d/elsewhere/raw", headers=headers) as refused:
        assert refused.status == 503
        assert refused.headers["X-GollabEdit-Refused"]
    with pytest.raises(WSServerHandshakeError) as handshake:
        await server.connect("elsewhere", headers=headers)
    assert handshake.value.status == 503
    assert owner.seen == []
    async with server.http.put(f"{server.url}/d/here/raw", data="1", headers=headers) as taken:
        assert taken.status == 201, "what nobody owns is taken"


async def test_an_owner_that_is_gone_keeps_the_document_until_its_lease_is_over(
    node: Callable[..., Any], owner: Owner
) -> None:
    server = await node()
    owner.own("http://127.0.0.1:1")
    for method in ("GET", "PUT", "POST"):
        async with server.http.request(method, f"{server.url}/d/elsewhere/raw") as refused:
            assert refused.status == 503
            assert refused.headers["Retry-After"]
            assert "X-GollabEdit-Refused" not in refused.headers
    with pytest.raises(ClosedError) as closed:
        await server.join("Ann", "elsewhere")
    assert closed.value.code == 1012
    owner.own("http://127.0.0.1:1", "0")
    ann = await server.join("Ann", "elsewhere")
    await ann.edit("mine\n")


async def test_the_owner_is_told_the_truth_about_the_client(
    node: Callable[..., Any], owner: Owner, server_log: pytest.LogCaptureFixture
) -> None:
    server = await node(access="open")
    owner.own(owner.url)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.raw_path, headers={"Set-Cookie": "a=b"}, status=207)

    owner.answer = answer
    forged = {
        "X-GollabEdit-Node": "forged",
        "x-gollabedit-original": "forged",
        "X-GollabEdit-Refused": "forged",
        "Connection": "keep-alive, X-Mine",
        "X-Mine": "of this connection",
        "Cookie": "c=d",
        "X-Forwarded-For": "1.2.3.4",
    }
    path = "/d/elsewhere/raw?revision=a%2Fb"
    url = URL(server.url + path, encoded=True)
    async with server.http.get(url, headers=forged) as answered:
        assert answered.status == 207
        assert await answered.text() == path
        assert answered.headers["Set-Cookie"] == "a=b"
    [seen] = owner.seen
    secret = server.app[HUB].journal.secret.hex()
    assert seen.headers.getall("X-GollabEdit-Node") == [secret]
    [original] = seen.headers.getall("X-GollabEdit-Original")
    host, port = server.address
    assert json.loads(original) == {
        "peer": "127.0.0.1",
        "remote": "127.0.0.1",
        "scheme": "http",
        "host": f"{host}:{port}",
        "prefix": "",
        "who": "anybody",
    }
    assert "X-GollabEdit-Refused" not in seen.headers
    assert "X-Mine" not in seen.headers
    assert seen.headers["Cookie"] == "c=d"
    assert seen.headers["X-Forwarded-For"] == "1.2.3.4", "it says that there was a proxy"
    server_log.clear()


async def test_what_may_have_been_done_is_not_done_again(
    node: Callable[..., Any], owner: Owner
) -> None:
    server = await node()
    owner.own(owner.url)

    async def cut(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport
        request.transport.abort()
        raise ConnectionResetError

    owner.answer = cut
    url = f"{server.url}/d/elsewhere/raw"
    with pytest.raises(ClientError):
        await server.http.post(url, data="line\n")
    assert len(owner.seen) == 1
    async with server.http.get(url) as refused:
        assert refused.status == 503

    async def stop_in_the_middle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"part")
        return await cut(request)

    owner.answer = stop_in_the_middle
    with pytest.raises(ClientError):
        async with server.http.get(url) as answered:
            await answered.read()


async def test_a_wrong_answer_about_the_owner_is_corrected(
    node: Callable[..., Any], owner: Owner
) -> None:
    server = await node()
    owner.own(owner.url)

    async def refuse(_: web.Request) -> web.Response:
        owner.own(owner.url, "0")  # it has just lost it
        return web.Response(status=503, headers={"X-GollabEdit-Refused": "1"})

    owner.answer = refuse
    async with server.http.get(f"{server.url}/d/elsewhere/raw") as found:
        assert found.status == 404, "this node has taken it: there is no text"
    assert len(owner.seen) == 1


async def test_a_node_that_hangs_is_waited_for_until_its_lease_is_over(
    node: Callable[..., Any], owner: Owner
) -> None:
    server = await node()
    owner.own(owner.url)
    asked, hanging = asyncio.Event(), asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        asked.set()
        await hanging.wait()
        return web.Response()

    owner.answer = hang
    reading = asyncio.create_task(server.raw("elsewhere"))
    await asked.wait()
    server.app[HUB].on_servers(())  # as the journal says once the lease is over
    owner.own(owner.url, "0")
    with pytest.raises(AssertionError, match="There is no document"):
        await reading
    hanging.set()


async def test_a_reader_that_takes_nothing_stops_the_owner_not_the_node(
    node: Callable[..., Any], owner: Owner
) -> None:
    """Back pressure: the node does not keep what the client does not take."""
    server = await node()
    owner.own(owner.url)
    sent, has_ended = 0, asyncio.Event()

    async def flood(request: web.Request) -> web.WebSocketResponse:
        nonlocal sent
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        try:
            while sent < 256 * 2**20:
                async with asyncio.timeout(0.5):
                    await websocket.send_bytes(b"x" * 2**20)
                sent += 2**20
        except TimeoutError:
            assert request.transport
            request.transport.abort()
        has_ended.set()
        return websocket

    owner.answer = flood
    client = await server.connect("elsewhere")
    connection = client.socket._conn
    assert connection
    assert connection.transport
    connection.transport.pause_reading()
    async with asyncio.timeout(DEADLINE_S):
        await has_ended.wait()
    assert sent < 64 * 2**20
    await client.vanish()


async def test_what_the_owner_answers_to_a_handshake_is_passed_on(
    node: Callable[..., Any], owner: Owner
) -> None:
    server = await node()
    owner.own(owner.url)

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=429, text="too many\n", headers={"Retry-After": "7"})

    owner.answer = refuse
    with pytest.raises(WSServerHandshakeError) as handshake:
        await server.connect("elsewhere")
    assert handshake.value.status == 429
    assert handshake.value.headers
    assert handshake.value.headers["Retry-After"] == "7"


async def test_a_document_that_another_node_has_renamed_is_read_by_its_first_name(
    node: Callable[..., Any], serve: Serve, postgres: Postgres, database: str
) -> None:
    first = await node(checkpoint_idle_s=3600.0)
    second = await serve("second", journal=postgres.url(database), node_url="http://127.0.0.1:10")
    ann = await first.join("Ann", "plan")
    await ann.edit("a needle\n")
    await rename(first, "plan", "plans")
    bo = await first.join("Bo", "plans")
    await bo.edit("a needle, twice\n")
    async with second.http.get(f"{second.url}/api/search?q=needle") as found:
        [hit] = (await found.json())["documents"]
    assert hit["document"] == "plans"
    await first.stop()
    assert await second.raw("plans") == "a needle, twice\n"
    clone = await second.clone(first.folder.path / "clone", document="plans")
    assert (clone / "plan.txt").read_text() == "a needle, twice\n"


async def test_a_clone_has_what_a_dead_owner_has_left_in_the_journal(
    node: Callable[..., Any], serve: Serve, postgres: Postgres, database: str,
    server_log: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    first = await node(checkpoint_idle_s=3600.0)
    second = await serve("second", journal=postgres.url(database), node_url="http://127.0.0.1:10")
    ann = await first.join("Ann")
    await ann.edit("one\n")
    await first.repository()  # writes a checkpoint
    await ann.edit("two\n")
    first.app[HUB].journal.close()  # it renews no lease, as if it were dead
    postgres.execute("delete from gollabedit.nodes where url like '%:9'", database)
    clone = await second.clone(first.folder.path / "clone")
    assert (clone / "notes.txt").read_text() == "two\n"
    server_log.clear()

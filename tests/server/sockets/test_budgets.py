"""Budgets over HTTP and websockets, and with the real clients; creating documents switched off.

In the tests all addresses are loopback, which is spared unless the setting says otherwise.
"""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, TCPConnector

from server.client.document import NotReachableError, connect
from server.core.access.accounts import Kind, User
from server.core.budgets import Budget
from server.http import budgets
from server.http.app_keys import ACCESS, HUB
from server.http.budgets import BUDGETS
from tests.server.sockets.accounts import bearer
from tests.server.sockets.harness import Serve, Served, eventually, run_git
from tests.server.sockets.raw_socket import RawSocket, frame
from tests.server.sockets.shell import Shell

_HALF_A_PUT = "PUT /d/half/raw HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"


@pytest.fixture(autouse=True)
def _refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "HOLD_S", 0.0)


def budget(server: Served, address: str = "127.0.0.1") -> Budget:
    return server.app[BUDGETS].budget(address, time.monotonic())


def refused(server: Served) -> dict[str, float]:
    """What was refused, by reason."""
    [metric] = (it for it in server.app[HUB].meters.metrics() if it.name == "refused_total")
    return {it.labels["reason"]: it.value for it in metric.samples}


async def told(response: ClientResponse) -> tuple[int, bool, str]:
    """A status, whether it says when to come back, and the sentence."""
    waits = 1 <= int(response.headers.get("Retry-After", "0")) <= 3600
    return response.status, waits, (await response.text()).strip()


@asynccontextmanager
async def from_address(address: str) -> AsyncIterator[ClientSession]:
    """A client at another address."""
    async with ClientSession(connector=TCPConnector(local_addr=(address, 0))) as http:
        yield http


async def test_who_sends_too_many_requests_is_told_when_to_come_back(serve: Serve) -> None:
    server = await serve(budgets="all", client_requests_per_s=1.0)
    answers = [await server.http.get(f"{server.url}/healthz") for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["Connection"] == "close"
    async with server.http.get(f"{server.url}/d/notes/raw") as response:
        status, waits, sentence = await told(response)
    assert (status, waits) == (429, True)
    assert sentence.startswith("You send too many requests; try again in ")
    async with server.http.get(f"{server.url}/api/documents") as response:
        assert (await response.json())["error"] == sentence
    assert refused(server) == {"requests": 3}
    async with from_address("127.0.0.2") as http, http.get(f"{server.url}/metrics") as response:
        assert 'gollabedit_refused_total{reason="requests"} 3' in await response.text()


@pytest.mark.parametrize("whose", ["remote", "none"])
async def test_this_machine_is_not_limited_and_nobody_without_budgets(
    serve: Serve, whose: str
) -> None:
    server = await serve(budgets=whose, client_requests_per_s=0.1, client_connections_max=1)
    for _ in range(3):
        await server.join()
        async with server.http.get(f"{server.url}/healthz") as response:
            assert response.status == 200
    assert budget(server, "192.0.2.1").is_limited == (whose == "remote")


async def test_few_requests_are_in_progress_and_a_websocket_is_none(serve: Serve) -> None:
    server = await serve(budgets="all", client_connections_max=16)
    await server.join(), await server.join(), await server.join()
    async with RawSocket(*server.address) as first, RawSocket(*server.address) as second:
        await first.send(_HALF_A_PUT.encode())
        await second.send(_HALF_A_PUT.encode())
        await eventually(lambda: budget(server).requests == 2, "both are in progress")
        async with server.http.get(f"{server.url}/healthz") as response:
            status, waits, _ = await told(response)
            assert (status, waits) == (429, True)
        async with from_address("127.0.0.2") as http, http.get(f"{server.url}/healthz") as other:
            assert other.status == 200
    await eventually(lambda: not budget(server).requests, "their clients have gone")
    async with server.http.get(f"{server.url}/healthz") as response:
        assert response.status == 200


async def test_one_address_leaves_places_to_others(serve: Serve) -> None:
    server = await serve(budgets="all", client_connections_max=2)
    ann, _ = await server.pair("one\n")
    third = await server.connect("third")
    assert await third.closed() == 1013
    with pytest.raises(NotReachableError, match="too many connections from one address"):
        async with connect(f"{server.url}/d/notes", wait_s=0.3):
            pass
    assert refused(server)["connections"] >= 2
    async with from_address("127.0.0.2") as http:
        other = await http.ws_connect(f"{server.url}/ws/notes")
        await other.send_json({"type": "hello", "protocol": 1})
        assert (await other.receive_json())["type"] == "welcome"
    await ann.close()
    await eventually(lambda: budget(server).connections == 1, "a place is free again")
    await server.join("Cat")


async def test_messages_that_do_not_end_are_held_up_to_a_limit(serve: Serve) -> None:
    server = await serve(budgets="all", frame_bytes_max=100_000)
    ann = await server.join()
    await ann.edit("x" * 99_000)
    await ann.edit("y" * 99_000)
    assert budget(server).unread_bytes == 0
    begun = frame(b"x" * 99_000)[:-1]
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(RawSocket(*server.address)) for _ in range(10)]
        for socket in sockets:
            await socket.upgrade("/ws/notes")
            await socket.send(begun)
        await eventually(lambda: refused(server) == {"bytes": 2}, "two are ended")
        assert 700_000 < budget(server).unread_bytes <= 900_000
    await eventually(lambda: budget(server).unread_bytes == 0, "they have gone")
    assert (await ann.edit("z"))["type"] == "merged"


async def test_bodies_come_at_a_pace_and_none_begins_in_debt(serve: Serve) -> None:
    server = await serve(budgets="all", client_bytes_per_s=400_000, push_bytes_max=10_000)
    began = time.monotonic()
    async with server.http.put(f"{server.url}/d/notes/raw", data=b"x\n" * 60_000) as response:
        assert response.status == 201
    assert time.monotonic() - began >= 0.2  # 120 KB, of which 20 KB may come at once
    budget(server).use_bytes(400_000, time.monotonic())
    async with server.http.post(f"{server.url}/d/notes/raw", data=b"more\n") as response:
        status, waits, sentence = await told(response)
    assert (status, waits) == (429, True)
    assert sentence.startswith("You have sent too many bytes; try again in ")
    async with from_address("127.0.0.2") as http:
        address = f"{server.url}/d/notes/raw"
        assert (await http.post(address, data=b"more\n")).status == 200


async def test_who_is_signed_in_is_counted_as_a_person(serve: Serve) -> None:
    server = await serve(access="open")
    control = server.app[ACCESS]
    await control.change(control.store.add_user, User("ann"))
    _, token = await control.change(control.store.add_secret, Kind.TOKEN, "ann", "laptop", 1.0)
    budget(server, "user:ann").use_bytes(10**9, time.monotonic())
    for headers, status in ((bearer(token), 429), ({}, 201)):
        address = f"{server.url}/d/notes/raw"
        async with server.http.post(address, data=b"one\n", headers=headers) as response:
            assert response.status == status


async def test_a_search_is_paid_for_and_waits_until_its_debt_is_paid(serve: Serve) -> None:
    server = await serve(budgets="all", client_merge_share=0.001)
    await (await server.join()).edit("one\n")
    status = 200
    while status == 200:
        async with server.http.get(f"{server.url}/api/search?q=one") as response:
            status = response.status
    assert status == 429
    assert refused(server) == {"work": 1}


async def test_clients_wait_until_their_debt_of_work_is_paid(serve: Serve, tmp_path: Path) -> None:
    server = await serve(budgets="all")
    url = f"{server.url}/d/notes"
    shell = Shell(tmp_path / "home", url)

    def owe(seconds: float) -> None:
        budget(server).use_work(10_000.0, time.monotonic())
        debt_s, _ = budget(server).wait_s(time.monotonic())
        budget(server).use_work((seconds - debt_s) / 2, time.monotonic())

    async with connect(url, name="Bot") as document:
        owe(0.3)
        await document.edit("from a program\n")
    owe(1000.0)
    said = await shell.fails("append", url, given=b"from a command\n")
    assert "/d/notes: Your requests take too much of the server’s time; try again in" in said
    owe(2.0)  # which takes longer than the command needs to start
    await shell.does("append", url, given=b"from a command\n")
    assert await server.raw() == "from a program\nfrom a command\n"
    assert refused(server)["work"] >= 2


async def test_new_documents_are_counted_whoever_makes_them(serve: Serve, tmp_path: Path) -> None:
    server = await serve(budgets="all", client_new_documents_per_hour=6.0)
    await (await server.join(document="page")).edit("one\n")
    async with server.http.put(f"{server.url}/d/put/raw", data=b"one\n") as response:
        assert response.status == 201
    async with server.http.post(f"{server.url}/d/post/raw", data=b"one\n") as response:
        assert response.status == 201
    for method in ("PUT", "POST"):
        address = f"{server.url}/d/another/raw"
        async with server.http.request(method, address, data=b"one\n") as response:
            status, waits, sentence = await told(response)
        assert (status, waits) == (429, True)
        assert sentence.startswith("You have created too many documents; try again in ")
    clone = await server.clone(tmp_path / "clone", document="put")
    pushed = await run_git("push", f"{server.url}/pushed.git", "HEAD:master", cwd=clone)
    assert pushed.code != 0
    assert "429" in pushed.err
    assert not server.folder.exists("pushed")
    error = await (await server.join(document="yet-another")).edit("one\n")
    assert (error["code"], error["message"].split(".")[0]) == (
        "rate_limited",
        "You have created too many documents",
    )
    assert (await (await server.join(document="page")).edit("more\n"))["type"] == "merged"
    async with server.http.post(f"{server.url}/d/post/raw", data=b"more\n") as response:
        assert response.status == 200


async def test_where_creating_is_off_what_exists_goes_on(serve: Serve, tmp_path: Path) -> None:
    before = await serve("before")
    await before.pair("one\n")
    mirrored = tmp_path / "data" / "notes.git"
    clone = await before.clone(mirrored, "--mirror")
    server = await serve("data", creating="refused")
    stranger = await server.connect("new")
    await stranger.send(type="hello", protocol=1)
    assert await stranger.closed() == 4404
    with pytest.raises(NotReachableError, match="there is no such document"):
        async with connect(f"{server.url}/d/new"):
            pass
    for method in ("PUT", "POST"):
        address = f"{server.url}/d/new/raw"
        async with server.http.request(method, address, data=b"one\n") as response:
            assert response.status == 404
            assert "you may not create documents here" in await response.text()
    pushed = await run_git("push", f"{server.url}/new.git", "master", cwd=clone)
    assert pushed.code != 0
    assert "not found" in pushed.err
    assert not server.folder.exists("new")

    ann = await server.join()
    assert (await ann.edit("one two\n"))["type"] == "merged"
    async with server.http.post(f"{server.url}/d/notes/raw", data=b"three\n") as response:
        assert response.status == 200
    pushed = await run_git("push", f"{server.url}/notes.git", "HEAD:refs/for/master", cwd=clone)
    assert pushed.code == 0, pushed.err

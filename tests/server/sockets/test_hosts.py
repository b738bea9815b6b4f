"""A page whose name was pointed at the server (DNS rebinding) gets nothing from it."""

import pytest
from aiohttp import WSServerHandshakeError

from tests.server.sockets.harness import Serve, Served

EVIL = {"Host": "evil.example:8080", "Origin": "http://evil.example:8080"}


async def test_a_page_of_another_name_reads_and_writes_nothing(
    server: Served, server_log: pytest.LogCaptureFixture
) -> None:
    ann = await server.join()
    await ann.edit("secret")
    for method, path in (
        ("GET", "/"),
        ("GET", "/api/documents"),
        ("GET", "/d/notes/raw"),
        ("PUT", "/d/notes/raw"),
        ("GET", "/notes.git/info/refs?service=git-upload-pack"),
        ("GET", "/no/such/page"),
    ):
        headers = {**EVIL, "If-Match": "*"}
        async with server.http.request(method, server.url + path, headers=headers) as response:
            assert response.status == 421
            assert "--hosts" in await response.text()
    with pytest.raises(WSServerHandshakeError) as refused:
        await server.connect(headers=EVIL)
    assert refused.value.status == 421
    assert await server.raw() == "secret"
    assert len(server_log.records) == 1, "the name is logged once"
    server_log.clear()


async def test_a_name_of_the_server_is_a_setting(serve: Serve) -> None:
    server = await serve(hosts=("pad.example",))
    host = {"Host": "pad.example", "Origin": "http://pad.example"}
    client = await server.connect(headers=host)
    await client.hello(name="Ann")
    async with server.http.get(f"{server.url}/api/documents", headers=host) as response:
        assert response.status == 200


async def test_behind_a_proxy_the_name_is_that_of_its_client(
    serve: Serve, server_log: pytest.LogCaptureFixture
) -> None:
    server = await serve(hosts=("pad.example",), trusted_proxies=("127.0.0.1",), access="open")
    for name, status in (("pad.example", 200), ("evil.example", 421)):
        headers = {"X-Forwarded-Host": name, "Host": "127.0.0.1:8080"}
        async with server.http.get(f"{server.url}/api/documents", headers=headers) as response:
            assert response.status == status
    server_log.clear()
    client = await server.connect(
        headers={"X-Forwarded-Host": "pad.example", "Origin": "https://pad.example"}
    )
    await client.hello(name="Ann")


async def test_nobody_else_says_which_name_was_asked_for(
    serve: Serve, server_log: pytest.LogCaptureFixture
) -> None:
    server = await serve(hosts=("pad.example",), trusted_proxies=("203.0.113.9",))
    headers = EVIL | {"X-Forwarded-Host": "pad.example", "X-Forwarded-For": "203.0.113.9"}
    for _ in range(2):
        async with server.http.get(f"{server.url}/api/documents", headers=headers) as response:
            assert response.status == 421
    [ignored, _] = server_log.messages
    assert "ignored the X-Forwarded headers of 127.0.0.1" in ignored
    server_log.clear()

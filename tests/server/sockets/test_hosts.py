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

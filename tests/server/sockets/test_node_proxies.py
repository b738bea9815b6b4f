"""The files of docs/proxy for two nodes: all that is about one document reaches one of them."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from tests.server.sockets.proxies import NoProxyError, running

_ADDRESSES = (
    "/d/{}",
    "/d/{}/raw",
    "/d/{}/view",
    "/ws/{}",
    "/api/documents/{}",
    "/api/documents/{}/versions?limit=1",
    "/{}.git/info/refs?service=git-upload-pack",
    "/{}.git/git-receive-pack",
    "/d/{}.git/info/refs",
)


async def _node(name: str) -> web.AppRunner:
    """Serve something that says its name."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=name)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


@pytest.mark.parametrize("file", ["Caddyfile.nodes", "nginx-nodes.conf"])
async def test_a_document_has_one_node_while_both_live(file: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        nodes = [await _node(name) for name in ("first", "second")]
        for node in nodes:
            stack.push_async_callback(node.cleanup)
        addresses = [node.addresses[0][:2] for node in nodes]
        try:
            url = await stack.enter_async_context(running(file, tmp_path, *addresses))
        except NoProxyError as missing:
            pytest.skip(str(missing))
        http = await stack.enter_async_context(ClientSession())

        async def served_by(document: str) -> set[str]:
            found = set()
            for address in _ADDRESSES:
                async with http.get(url + address.format(document)) as answer:
                    assert answer.status == 200
                    found.add(await answer.text())
            return found

        of = {name: await served_by(name) for name in (f"doc.{number}" for number in range(16))}
        assert all(len(each) == 1 for each in of.values()), of
        assert set().union(*of.values()) == {"first", "second"}, "both have some"
        await nodes[0].cleanup()
        for document in of:
            assert await served_by(document) == {"second"}

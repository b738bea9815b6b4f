"""The files of docs/proxy, in the real Caddy and nginx, before the real application."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import pytest_asyncio
from aiohttp import ClientSession, DummyCookieJar, TCPConnector, WSServerHandshakeError, web
from aiohttp.typedefs import Handler

from server.config import Config
from server.core.access.accounts import Kind, User
from server.http.addresses import cookie_path
from server.http.app_keys import ACCESS
from server.http.forwarded import PEER
from server.storage.data_folder import DataFolder
from tests.server.sockets.client import Client
from tests.server.sockets.harness import Served, eventually, git, run_git
from tests.server.sockets.proxies import NoProxyError, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLIENT = "127.0.0.2"  # not the address of the proxy
SIGNED_IN = {"Cookie": "session=ann"}
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil",
    "Remote-User": "root",
    "Remote-Groups": "owners",
}
# The file, the path of the start page, and whether the server knows that path.
PLAIN = (
    ("Caddyfile", "", False),
    ("Caddyfile.path", "/pad", False),
    ("nginx.conf", "", False),
    ("nginx-path.conf", "/pad", True),
)
WITH_SIGN_IN = (("Caddyfile.authelia", "", False), ("nginx-oauth2-proxy.conf", "", False))


@dataclass
class Proxied:
    """A proxy before a server, and the requests that reach the server."""

    url: str
    http: ClientSession
    app: web.Application
    folder: Path
    seen: list[web.Request] = field(default_factory=list)

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """Send a request, and return the status and the text."""
        async with self.http.request(
            method, self.url + path, allow_redirects=False, **options
        ) as answer:
            return answer.status, await answer.text()


async def _behind(
    file: str, path: str, is_known: bool, folder: Path, stack: AsyncExitStack
) -> Proxied:
    """Start a server, a service for signing in, and a proxy before them."""
    sign_in = await _serve_sign_in(stack)
    has_sign_in = (file, path, is_known) in WITH_SIGN_IN
    config = Config(
        data=folder / "data",
        base_path=path if is_known else "",
        access="auto" if has_sign_in else "open",
        trusted_proxies=("127.0.0.1",),
        user_header="Remote-User" if has_sign_in else "",
        groups_header="Remote-Groups" if has_sign_in else "",
    )
    data = stack.enter_context(DataFolder(config.data))
    connector = TCPConnector(limit=0, local_addr=(CLIENT, 0))
    http = ClientSession(connector=connector, cookie_jar=DummyCookieJar())
    await stack.enter_async_context(http)
    served = Served(config, data, http)
    proxied = Proxied("", http, served.app, folder)

    @web.middleware
    async def see(request: web.Request, handler: Handler) -> web.StreamResponse:
        proxied.seen.append(request)
        return await handler(request)

    served.app.middlewares.append(see)
    await served.start()
    stack.push_async_callback(served.stop)
    proxy = running(file, folder, served.address, sign_in)
    proxied.url = await stack.enter_async_context(proxy) + path
    return proxied


async def _serve_sign_in(stack: AsyncExitStack) -> tuple[str, int]:
    """Serve what Authelia and oauth2-proxy answer to the question who somebody is."""

    async def answer(request: web.Request) -> web.Response:
        match request.cookies.get("session"):
            case "ann":
                names = ("Remote", "X-Auth-Request")
                people = {f"{name}-User": "ann" for name in names}
                return web.Response(
                    headers=people | {f"{name}-Groups": "team,writers" for name in names}
                )
            case "guest":  # let through without a name
                return web.Response()
            case _:
                raise web.HTTPUnauthorized

    app = web.Application()
    app.router.add_get("/oauth2/auth", answer)
    app.router.add_get("/api/authz/forward-auth", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return host, port


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proxied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Proxied]:
    """A proxy with one of the files; all tests of a file share it."""
    async with AsyncExitStack() as stack:
        try:
            file, path, is_known = request.param
            folder = tmp_path_factory.mktemp("proxy")
            yield await _behind(file, path, is_known, folder, stack)
        except NoProxyError as missing:
            pytest.skip(str(missing))


def behind(files: Sequence[tuple[str, str, bool]]) -> pytest.MarkDecorator:
    names = [file for file, *_ in files]
    return pytest.mark.parametrize("proxied", files, ids=names, indirect=True, scope="module")


async def edit(proxied: Proxied, document: str, text: str, **headers: str) -> None:
    """Edit through the websocket, as a page does."""
    parts = urlsplit(proxied.url)
    origin = {"Origin": f"{parts.scheme}://{parts.netloc}"}
    client = await Client.connect(
        proxied.http, f"{proxied.url}/ws/{document}", headers=origin | headers
    )
    await client.hello(name="Ann")
    assert (await client.edit(text))["type"] == "merged"
    await client.close()


@behind(PLAIN)
async def test_edit_put_clone_and_push(proxied: Proxied, tmp_path: Path) -> None:
    await edit(proxied, "notes", "one\n")
    headers = {"If-Match": "*", "Content-Type": "text/plain; charset=utf-8"}
    assert (await proxied.ask("PUT", "/d/notes/raw", data="two\n", headers=headers))[0] == 200
    # The limit is the server's: the answer is its own sentence.
    status, text = await proxied.ask(
        "PUT", "/d/notes/raw", data=BytesIO(b"x" * 3_000_000), headers=headers
    )
    assert (status, text.partition(":")[0]) == (413, "The text is too large")
    # What people paste is the address of the page; Git follows the redirect.
    await git("clone", "--quiet", f"{proxied.url}/d/notes", str(tmp_path / "notes"))
    (tmp_path / "notes" / "notes.txt").write_text("three\n")
    for command in (
        ("commit", "--quiet", "-am", "Three"),
        ("push", "--quiet", f"{proxied.url}/notes.git", "HEAD:refs/for/master"),
    ):
        await git(*command, cwd=tmp_path / "notes")
    assert await proxied.ask("GET", "/d/notes/raw") == (200, "three\n")


@behind(PLAIN)
async def test_the_server_sees_the_client_and_no_forgery(proxied: Proxied) -> None:
    await proxied.ask("GET", "/help", headers=FORGED)
    request = proxied.seen[-1]
    parts = urlsplit(proxied.url)
    assert (request.remote, request[PEER]) == (CLIENT, "127.0.0.1")
    assert (request.scheme, request.host) == ("http", parts.netloc)
    assert cookie_path(request) == (parts.path or "/")
    assert not {"Remote-User", "Remote-Groups"} & set(request.headers)


@behind(PLAIN)
async def test_no_log_has_the_key_of_a_link(proxied: Proxied) -> None:
    await proxied.ask("GET", "/d/logged?key=of-a-link")
    log, requests = proxied.folder / "log", proxied.folder / "access.log"
    if requests.exists():
        await eventually(lambda: "/d/logged" in requests.read_text(), "nginx logs requests")
        assert "of-a-link" not in requests.read_text()
    assert "of-a-link" not in log.read_text()


@behind(PLAIN)
async def test_every_address_in_a_page_leads_somewhere(proxied: Proxied) -> None:
    await edit(proxied, "links", "one\n")
    pages = ["/", "/d/links", "/help", "/d/Bad%20Name", "/no/such/page"]
    checked = set()
    for page in pages:
        _, text = await proxied.ask("GET", page, headers={"Accept": "text/html"})
        for address in re.findall(r'(?:href|src)="([^"#]+)"', text):
            url = urljoin(proxied.url + page, address)
            assert url.startswith(f"{proxied.url}/"), (page, address)
            checked.add(url)
    for url in checked:
        async with proxied.http.get(url) as answer:
            assert answer.status == 200, url
    assert f"{proxied.url}/static/pages/document.js" in checked


@behind(PLAIN)
async def test_redirects_stay_below_the_path(proxied: Proxied) -> None:
    await edit(proxied, "old", "one\n")
    status, _ = await proxied.ask("PATCH", "/api/documents/old", json={"document": "new"})
    assert status == 200
    start = urlsplit(proxied.url).path
    redirects = {"/d/old/raw?x=1": "/d/new/raw?x=1", "/d/new.": "/d/new", "": "/"}
    for path, target in redirects.items():
        async with proxied.http.get(proxied.url + path) as answer:
            assert answer.url.path_qs == start + target


@behind(WITH_SIGN_IN)
async def test_only_the_sign_in_says_who_somebody_is(proxied: Proxied) -> None:
    proxied.seen.clear()
    status, _ = await proxied.ask("GET", "/d/notes", headers=FORGED)
    assert status in (302, 401), "a person signs in first"
    assert (await proxied.ask("GET", "/api/me", headers=FORGED))[0] == 401
    assert not proxied.seen
    _, me = await proxied.ask("GET", "/api/me", headers=FORGED | SIGNED_IN)
    assert '"user":"ann"' in me
    _, me = await proxied.ask("GET", "/api/me", headers=FORGED | {"Cookie": "session=guest"})
    assert '"user":null' in me
    ann, guest = proxied.seen
    assert ann.headers["Remote-Groups"] == "team,writers"
    assert not {"Remote-User", "Remote-Groups"} & set(guest.headers)
    assert (ann.remote, guest.remote) == (CLIENT, CLIENT)


@behind(WITH_SIGN_IN)
async def test_writing_needs_the_sign_in(proxied: Proxied) -> None:
    await edit(proxied, "notes", "one\n", **SIGNED_IN)
    text, headers = "long\n" * 100_000, {"If-Match": "*"}
    for cookie, status in (({}, 401), (SIGNED_IN, 200)):
        answer = await proxied.ask("PUT", "/d/notes/raw", data=text, headers=headers | cookie)
        assert answer[0] == status
    with pytest.raises(WSServerHandshakeError) as refused:
        await edit(proxied, "notes", "two\n")
    assert refused.value.status == 401


@behind(WITH_SIGN_IN)
async def test_programs_reach_the_server_with_a_token(proxied: Proxied, tmp_path: Path) -> None:
    await edit(proxied, "notes", "one\n", **SIGNED_IN)
    control = proxied.app[ACCESS]
    await control.change(control.store.add_user, User("bot"))
    _, token = await control.change(control.store.add_secret, Kind.TOKEN, "bot", "laptop", 1.0)
    proxied.seen.clear()
    for sent, status in ((token, 200), ("wrong", 401)):
        headers = FORGED | {"Authorization": f"Bearer {sent}"}
        assert (await proxied.ask("GET", "/d/notes/raw", headers=headers))[0] == status
    repository = f"{proxied.url}/notes.git"
    refused = await run_git("clone", repository, str(tmp_path / "none"))
    assert "could not read Username" in refused.err, "the server asks Git for a token"
    with_token = repository.replace("://", f"://git:{token}@")
    await git("clone", "--quiet", with_token, str(tmp_path / "notes"))
    assert not [it for it in proxied.seen if "Remote-User" in it.headers]

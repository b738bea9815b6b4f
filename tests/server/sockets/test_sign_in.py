"""A browser signs in and out, opens links, and is shown pages where it may not go on."""

import re
import time
from contextlib import closing
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pytest
from multidict import CIMultiDict

from server.core.access.accounts import Kind, User
from server.core.access.right import Right
from server.http.app_keys import ACCESS
from server.storage.accounts import AccountStore
from server.storage.site.folder import SqliteAccounts, accounts_in
from tests.server.sockets.harness import Serve, Served

if TYPE_CHECKING:
    from aiohttp import ClientResponse

BROWSER = {"User-Agent": "Mozilla/5.0", "Accept": "text/html,*/*;q=0.8"}
LONG_AGO = 1.0


class Browser:
    """Keeps cookies, and follows no redirects."""

    def __init__(self, server: Served, cookie_path: str = "/") -> None:
        self._server = server
        self._cookie_path = cookie_path
        self.cookies: dict[str, str] = {}
        self.last: ClientResponse

    async def _send(self, method: str, path: str, **options: Any) -> str:
        headers = {**BROWSER, **options.pop("headers", {})}
        async with self._server.http.request(
            method,
            self._server.url + path,
            headers=headers,
            cookies=self.cookies,
            allow_redirects=False,
            **options,
        ) as self.last:
            text = await self.last.text()
        for line in self.last.headers.getall("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                assert morsel["httponly"]
                assert morsel["samesite"] == "Lax"
                assert morsel["path"] == self._cookie_path
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return text

    async def get(self, path: str) -> str:
        return await self._send("GET", path)

    async def post(self, path: str, **options: Any) -> str:
        return await self._send("POST", path, **options)

    @property
    def location(self) -> str:
        assert self.last.status == 303
        return urljoin(self.last.url.path, self.last.headers["Location"])


@pytest.fixture
async def closed(serve: Serve) -> Served:
    return await serve(access="closed")


@pytest.fixture
def browser(closed: Served) -> Browser:
    return Browser(closed)


async def _invite(server: Served, name: str = "ann") -> str:
    control = server.app[ACCESS]
    await control.change(control.store.add_user, User(name, name.title()))
    _, key = await control.change(control.store.add_secret, Kind.INVITATION, name, "", LONG_AGO)
    return key


async def test_a_page_that_needs_an_account_is_the_one_to_sign_in(browser: Browser) -> None:
    for path in ("/", "/d/notes", "/d/notes?x=1"):
        page = await browser.get(path)
        assert browser.last.status == 401
        assert f'name="next" value="{path}"' in page
        assert "WWW-Authenticate" not in browser.last.headers, "it opens a dialog of the browser"
        assert browser.last.headers["Cache-Control"] == "no-store"


async def test_an_invitation_signs_in_once_and_is_not_kept_in_the_address(
    closed: Served, browser: Browser
) -> None:
    key = await _invite(closed)
    await browser.get(f"/sign-in?key={key}&next=/d/notes")
    assert browser.location == "/sign-in?next=/d/notes"
    page = await browser.get(browser.location)
    assert re.search(r"Sign in as\s+Ann", page)
    assert key not in page

    await browser.post("/sign-in", data={"next": "/d/notes"})
    assert browser.location == "/d/notes"
    await browser.get("/d/notes")
    assert browser.last.status == 200
    assert '"user":"ann"' in await browser.get("/api/me")

    other = Browser(closed)
    await other.get(f"/sign-in?key={key}")
    kept = dict(other.cookies)
    assert "used already" in await other.get("/sign-in")
    assert not other.cookies
    other.cookies = kept
    assert "used already" in await other.post("/sign-in", data={})
    assert other.last.status == 400
    await other.get("/d/notes")
    assert other.last.status == 401


async def test_the_owner_signs_in_while_nobody_has_an_account(
    closed: Served, browser: Browser
) -> None:
    key = closed.app[ACCESS].owner_key
    await browser.get(f"/sign-in?key={key}")
    await browser.post("/sign-in", data={})
    assert '"operator":true' in await browser.get("/api/me")
    other = Browser(closed)
    await other.get(f"/sign-in?key={key}")
    assert "used already" in await other.post("/sign-in", data={})


async def test_where_others_can_come_in_no_link_for_the_owner_is_made(
    serve: Serve, tmp_path: Path
) -> None:
    assert not (await serve(data="open")).app[ACCESS].owner_key
    by_proxy = {"user_header": "Remote-User", "trusted_proxies": ("10.0.0.1",)}
    assert not (await serve(data="proxy", **by_proxy)).app[ACCESS].owner_key
    (tmp_path / "data").mkdir()
    with closing(AccountStore(SqliteAccounts(accounts_in(tmp_path / "data")))) as store:
        store.add_user(User("ann"))
    assert not (await serve(access="closed")).app[ACCESS].owner_key


async def test_a_token_signs_a_browser_in_and_signing_out_ends_the_session(
    closed: Served, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    await _invite(closed)
    control = closed.app[ACCESS]
    _, token = await control.change(control.store.add_secret, Kind.TOKEN, "ann", "", LONG_AGO)
    assert "isn’t valid" in await browser.post("/sign-in", data={"token": "gollabedit_x"})
    await browser.post("/sign-in", data={"token": f" {token} ", "next": "/help"})
    assert browser.location == "/help"
    kept = dict(browser.cookies)
    client = await closed.connect(headers={"Cookie": f"gollabedit_session={_session(kept)}"})
    welcome = await client.hello(name="Somebody else")
    assert welcome["name"] == "Ann"

    await browser.post("/sign-out")
    assert not browser.cookies
    browser.cookies = kept
    await browser.get("/")
    assert browser.last.status == 401
    assert await client.closed() == 4401
    said = [line for line in caplog.messages if line.startswith("audit: ")]
    assert [line.split()[1] for line in said] == [
        *("refused", "sign-in", "access-ended", "sign-out"),
    ]
    assert all("who=ann" in line for line in said[1:])
    assert not any(token in line or _session(kept) in line for line in said)


def _session(cookies: dict[str, str]) -> str:
    return cookies["gollabedit_session"]


async def test_a_link_opens_its_document_and_no_other(closed: Served, browser: Browser) -> None:
    control = closed.app[ACCESS]
    keys = [
        (await control.change(control.store.add_link, name, Right.EDIT, "", LONG_AGO))[1]
        for name in ("notes", "plans")
    ]
    await browser.get(f"/d/notes?key={keys[0]}&x=1")
    assert browser.location == "/d/notes?x=1"
    await browser.get("/d/notes")
    assert browser.last.status == 200
    await browser.get("/d/plans")
    assert browser.last.status == 401
    await browser.get(f"/d/plans?key={keys[1]}")
    for path in ("/d/notes", "/d/plans"):
        await browser.get(path)
        assert browser.last.status == 200, "a browser keeps several links"
    await browser.get("/")
    assert browser.last.status == 401
    assert "revoked" in await browser.get("/d/other?key=none")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/sign-in", "", "x"]
)
async def test_after_signing_in_a_browser_stays_here(
    closed: Served, browser: Browser, target: str
) -> None:
    key = await _invite(closed)
    await browser.get(f"/sign-in?key={key}")
    await browser.post("/sign-in", data={"next": target})
    assert browser.location == "/"


async def test_a_page_of_another_site_signs_nobody_in_or_out(
    closed: Served, browser: Browser
) -> None:
    key = await _invite(closed)
    await browser.get(f"/sign-in?key={key}")
    evil = {"Origin": "https://evil.example"}
    for path in ("/sign-in", "/sign-out"):
        await browser.post(path, headers=evil)
        assert browser.last.status == 403
    assert browser.cookies


async def test_a_document_that_one_may_not_see_looks_like_none(
    serve: Serve, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "access.toml").write_text('[[documents]]\nnames = ["secret*"]\n')
    server = await serve(access="closed")
    browser = Browser(server)
    await browser.get(f"/sign-in?key={await _invite(server)}")
    await browser.post("/sign-in", data={})
    pages = [await browser.get(path) for path in ("/d/secret", "/d/secret-that-is-not")]
    assert browser.last.status == 404
    assert browser.last.headers["Cache-Control"] == "no-store"
    assert pages[0] == pages[1]
    assert "Document not found" in pages[0]


async def test_a_session_ends_with_the_token_that_it_began_with(
    closed: Served, browser: Browser
) -> None:
    await _invite(closed)
    control, now = closed.app[ACCESS], time.time()
    add = control.store.add_secret
    for expires in (None, now + 3600):
        token, key = await control.change(add, Kind.TOKEN, "ann", "laptop", now, expires)
        await browser.post("/sign-in", data={"token": key})
        assert '"user":"ann"' in await browser.get("/api/me")
        [session] = [
            it for it in control.current.accounts.secrets.values() if it.kind is Kind.SESSION
        ]
        assert session.expires is not None
        assert expires is None or session.expires == expires
        await control.change(control.store.remove_secret, token.id, Kind.TOKEN)
        assert '"user":null' in await browser.get("/api/me")


@pytest.mark.parametrize(
    ("status", "headers", "form"),
    [
        (303, {}, {"next": "//["}),
        (303, {}, {"next": "/\t/evil.example"}),
        (303, {}, {"next": "/\\evil.example"}),
        (303, {}, {"next": "/sign-in?next=/sign-in"}),
        (400, {"Content-Type": "multipart/form-data"}, b"x"),
        (400, {"Content-Type": "multipart/form-data; boundary=a"}, b"--a\r\nbad"),
        (400, {"Content-Type": "application/x-www-form-urlencoded; charset=none"}, b"a=b"),
        (400, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-16"}, b"a"),
        (400, {}, b"token=%ff%00&token&=&;;"),
        (413, {}, b"token=" + 5000 * b"a"),
        (401, {"Authorization": "Basic \xe9"}, b""),
        (401, {"Authorization": "Basic YQ=="}, b""),
        (401, {"Authorization": "Digest x"}, b""),
        (403, {"Origin": "null"}, b""),
    ],
)
async def test_odd_requests_are_refused_and_lead_nowhere_else(
    closed: Served,
    browser: Browser,
    status: int,
    headers: dict[str, str],
    form: dict[str, str] | bytes,
) -> None:
    await _invite(closed)
    control = closed.app[ACCESS]
    _, key = await control.change(control.store.add_secret, Kind.TOKEN, "ann", "", LONG_AGO)
    data = form | {"token": key} if isinstance(form, dict) else form
    await browser.post("/sign-in", data=data, headers=headers)
    assert browser.last.status == status
    if status == 303:
        here = urlsplit(urljoin("http://docs.example/sign-in", browser.last.headers["Location"]))
        assert (here.scheme, here.netloc) == ("http", "docs.example")
        assert here.path != "/sign-in"


async def test_a_user_that_is_named_twice_is_nobody(serve: Serve) -> None:
    """The proxy has added its header to that of the client, instead of replacing it."""
    server = await serve(
        trusted_proxies=("127.0.0.1",), user_header="Remote-User", groups_header="Remote-Groups"
    )
    for forged in ("Remote-User", "Remote-Groups"):
        headers = CIMultiDict({"Remote-User": "ann", "Remote-Groups": "staff"})
        headers.add(forged, "root")
        async with server.http.get(f"{server.url}/api/me", headers=headers) as response:
            assert response.status == 400
            assert f"the header {forged} twice" in await response.text()


async def test_everything_stays_below_a_base_path(serve: Serve) -> None:
    server = await serve(access="closed", base_path="/my/pad")
    browser = Browser(server, cookie_path="/my/pad")
    page = await browser.get("/my/pad/d/notes?x=1")
    assert browser.last.status == 401
    assert 'name="next" value="/d/notes?x=1"' in page
    assert 'action="../sign-in"' in page
    await browser.get(f"/my/pad/sign-in?key={await _invite(server)}&next=/d/notes")
    assert browser.location == "/my/pad/sign-in?next=/d/notes"
    await browser.post("/my/pad/sign-in", data={"next": "/d/notes?x=1"})
    assert browser.location == "/my/pad/d/notes?x=1"
    assert '"user":"ann"' in await browser.get("/my/pad/api/me")
    await browser.post("/my/pad/sign-out")
    assert browser.location == "/my/pad/sign-in"
    control = server.app[ACCESS]
    _, key = await control.change(control.store.add_link, "notes", Right.EDIT, "ann", LONG_AGO)
    await browser.get(f"/my/pad/d/notes?key={key}&x=1")
    assert browser.location == "/my/pad/d/notes?x=1"
    await browser.get("/my/pad/d/notes/raw")
    assert browser.last.status == 404
    assert "WWW-Authenticate" not in browser.last.headers
    assert (await browser.get("/my/pad/api/documents")).startswith('{"error":'), "JSON as elsewhere"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_a_server_that_is_open_by_default_is_not_so_behind_a_proxy(
    server: Served, serve: Serve, server_log: pytest.LogCaptureFixture, header: str
) -> None:
    """Only this machine reaches it, until a proxy lets others in that nobody has named."""
    for path in ("/d/notes", "/d/notes/raw", "/ws/notes", "/notes.git/info/refs"):
        async with server.http.get(server.url + path, headers={header: "192.0.2.1"}) as response:
            assert response.status == 403
            assert "--trusted-proxies" in await response.text()
    async with server.http.get(f"{server.url}/healthz", headers={header: "x"}) as response:
        assert response.status == 200
    opened = await serve(data="opened", access="open")
    async with opened.http.get(f"{opened.url}/d/notes", headers={header: "x"}) as response:
        assert response.status == 200
    named = await serve(data="named", trusted_proxies=("127.0.0.1",))
    value = "192.0.2.1" if header == "X-Forwarded-For" else "x"
    async with named.http.get(f"{named.url}/d/notes", headers={header: value}) as response:
        assert response.status == 401, "with a proxy it is closed"
    server_log.clear()


async def test_the_page_to_sign_in_shows_what_applies(
    closed: Served, browser: Browser, serve: Serve
) -> None:
    page = await browser.get("/d/notes")
    assert " autofocus>" in page
    assert "Guests: open the whole link" in page
    page = await browser.post("/sign-in", data={"token": "gollabedit_x"})
    assert "<title>Error: Sign in" in page
    assert 'aria-describedby="sign-in-problem token-hint" aria-invalid="true" autofocus>' in page
    page = await browser.get("/d/notes?key=none")
    assert "<h1>This link no longer works</h1>" in page
    assert "autofocus" not in page, "it would hide the sentence on a phone"
    await browser.get(f"/sign-in?key={await _invite(closed)}")
    page = await browser.get("/sign-in")
    assert "Access token" not in page
    assert "<!--" not in page

    proxies = ("203.0.113.9",)
    by_proxy = Browser(
        await serve(data="proxy", user_header="Remote-User", trusted_proxies=proxies)
    )
    page = await by_proxy.get("/d/notes")
    assert 'href="../d/notes">Reload</a>' in page
    assert "Open the sign-in link" not in page


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("", "form-action 'self';"),
        ("/oauth2/sign_out", "form-action 'self';"),
        ("https://auth.example/logout?x=1", "form-action 'self' https://auth.example;"),
    ],
)
async def test_the_button_to_sign_out_may_lead_to_the_proxy(
    serve: Serve, url: str, allowed: str
) -> None:
    browser = Browser(await serve(sign_out_url=url))
    await browser.get("/help")
    assert allowed in browser.last.headers["Content-Security-Policy"]


async def test_pages_say_who_is_signed_in_and_whom_the_server_is_open_to(
    closed: Served, browser: Browser, serve: Serve
) -> None:
    control = closed.app[ACCESS]
    await control.change(control.store.add_user, User("eve", '<b title="x">'))
    _, session = await control.change(control.store.add_secret, Kind.SESSION, "eve", "", LONG_AGO)
    browser.cookies["gollabedit_session"] = session
    page = await browser.get("/")
    assert "&lt;b title=&quot;x&quot;&gt;</span>" in page
    assert "<span hidden>Anyone who can reach this server" in page
    assert "<span >Only people with access" in page
    assert 'action="sign-out" >' in page
    document = await browser.get("/d/notes")
    assert "<span >Send this link to people who can sign in here" in document
    assert "<li ><form" in document
    assert "<li hidden><a href=" in document

    guest = Browser(closed)
    _, key = await control.change(control.store.add_link, "notes", Right.EDIT, "", LONG_AGO)
    guest.cookies["gollabedit_links"] = key
    document = await guest.get("/d/notes")
    assert '<li ><a href="../sign-in?next=/d/notes"' in document
    assert "<li hidden><form" in document

    anybody = Browser(await serve(data="open"))
    page = await anybody.get("/")
    assert "<span >Anyone who can reach this server" in page
    assert 'action="sign-out" hidden>' in page


async def test_a_name_says_whether_it_may_be_given_to_a_document(
    serve: Serve, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "access.toml").write_text('create = ["ann"]\n')
    server = await serve(access="closed")
    for name in ("ann", "bo"):
        browser = Browser(server)
        await browser.get(f"/sign-in?key={await _invite(server, name)}")
        await browser.post("/sign-in", data={})
        answer = await browser.get("/api/documents/new")
        assert browser.last.status == 404
        assert ('"may_create": true' in answer) is (name == "ann")
        assert ('id="new" class="main" hidden>' in await browser.get("/")) is (name == "bo")

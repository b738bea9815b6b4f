"""Every address and message, asked by everybody who may or may not use it."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import ClientSession
from yarl import URL

from server import protocol
from server.core.access.accounts import Kind, User
from server.core.access.right import Right
from server.http.app_keys import ACCESS, MANAGEMENT
from tests.server.sockets.harness import Serve, Served, eventually

POLICY = """
create = ["@writers"]

[[documents]]
names = ["notes", "plans", "new", "former", "gone"]
view = ["vic"]
edit = ["ed"]
manage = ["mia"]
"""
LONG_AGO = 1.0


@dataclass(frozen=True)
class Person:
    """Somebody who asks: the headers and cookies of their requests."""

    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def with_token(cls, token: str) -> "Person":
        return cls({"Authorization": f"Bearer {token}"})

    @classmethod
    def with_password(cls, token: str) -> "Person":
        secret = base64.b64encode(f"git:{token}".encode()).decode()
        return cls({"Authorization": f"Basic {secret}"})

    @classmethod
    def with_links(cls, *keys: str) -> "Person":
        return cls({"Cookie": f"gollabedit_links={'.'.join(keys)}"})

    @classmethod
    def with_session(cls, key: str) -> "Person":
        return cls({"Cookie": f"gollabedit_session={key}"})


@pytest.fixture
async def closed(serve: Serve, tmp_path: Path) -> Served:
    """A server that is closed, with a policy and one document."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "access.toml").write_text(POLICY)
    return await serve(access="closed", user_header="Remote-User", trusted_proxies=("10.0.0.1",))


@pytest.fixture
async def people(closed: Served) -> dict[str, Person]:
    """Everybody who asks."""
    control = closed.app[ACCESS]
    store = control.store
    people = {
        "nobody": Person(),
        "wrong token": Person.with_token("gollabedit_wrong"),
        "wrong session": Person.with_session("wrong"),
        "forged header": Person({"Remote-User": "mia", "X-Forwarded-For": "127.0.0.1"}),
    }
    for name in ("vic", "ed", "mia", "out", "root"):
        user = User(name, groups=frozenset({"writers"}), is_operator=name == "root")
        await control.change(store.add_user, user)
        _, token = await control.change(store.add_secret, Kind.TOKEN, name, "laptop", LONG_AGO)
        people[name] = Person.with_token(token)
    _, session = await control.change(store.add_secret, Kind.SESSION, "ed", "browser", LONG_AGO)
    people["ed's browser"] = Person.with_session(session)
    for right in (Right.VIEW, Right.EDIT):
        _, key = await control.change(store.add_link, "notes", right, "mia", LONG_AGO)
        people[f"{right.label} link"] = Person.with_links(key)
        people[f"{right.label} link as password"] = Person.with_password(key)
    _, key = await control.change(store.add_link, "notes", Right.EDIT, "mia", LONG_AGO, LONG_AGO)
    people["expired link"] = Person.with_links(key)
    link, key = await control.change(store.add_link, "notes", Right.EDIT, "mia", LONG_AGO)
    await control.change(store.remove_link, link.id)
    people["revoked link"] = Person.with_links(key)
    writer = {**people["mia"].headers, "If-None-Match": "*"}
    for document in ("notes", "former", "gone"):
        url = f"{closed.url}/d/{document}/raw"
        async with closed.http.put(url, data="one\n", headers=writer) as put:
            assert put.status == 201
    return people


OUT = dict.fromkeys(
    ["nobody", "wrong session", "forged header", "expired link", "revoked link"], "401"
)
EVERYBODY: dict[str, str] = {}  # who is not mentioned is let in
VIEW = OUT | {"out": "404"}
EDIT = VIEW | dict.fromkeys(["vic", "view link", "view link as password"], "403")
MANAGE = EDIT | dict.fromkeys(["ed", "ed's browser", "edit link", "edit link as password"], "403")
SIGNED_IN = OUT | dict.fromkeys(
    ["view link", "view link as password", "edit link", "edit link as password"], "401"
)
# Links lead to documents, and not to what was done with them.
FORMER = SIGNED_IN | {"out": "404"} | dict.fromkeys(["vic", "ed", "ed's browser"], "403")
OPERATOR = SIGNED_IN | dict.fromkeys(["vic", "ed", "ed's browser", "mia", "out"], "403")

DOCUMENT = "/api/documents/{document}"
ROUTES = {
    "GET /": SIGNED_IN,
    "GET /help": EVERYBODY,
    "GET /static/{file}": EVERYBODY,
    "GET /preview": EVERYBODY,
    "GET /service-worker.js": EVERYBODY,
    "GET /kept.json": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /metrics": OPERATOR,
    "GET /sign-in": EVERYBODY,
    "POST /sign-in": EVERYBODY,
    "GET /api/me": EVERYBODY,
    "GET /d/{document}": VIEW,
    "GET /d/{document}/view": VIEW,
    "GET /ws": EVERYBODY,  # answered by a close code, see below
    "GET /ws/{document}": EVERYBODY,
    "GET /d/{document}/raw": VIEW,
    "PUT /d/{document}/raw": EDIT,
    "POST /d/{document}/raw": EDIT,
    "GET /{document}.git/info/refs?service=git-upload-pack": VIEW,
    "GET /{document}.git/info/refs?service=git-receive-pack": EDIT,
    "GET /d/{document}.git/info/refs": EVERYBODY,  # redirects to the address above
    "GET /d/{document}/info/refs": EVERYBODY,
    "GET /{document}/info/refs": EVERYBODY,
    "POST /{document}.git/git-upload-pack": VIEW,
    "POST /{document}.git/git-receive-pack": EDIT,
    "GET /search": SIGNED_IN,
    "GET /api/search?q=one": SIGNED_IN,
    "GET /api/documents": SIGNED_IN,
    f"GET {DOCUMENT}": VIEW,
    f"GET {DOCUMENT}/unmerged": VIEW,
    f"GET {DOCUMENT}/unmerged/{{id}}": VIEW,
    f"GET {DOCUMENT}/mirror": MANAGE,
    f"GET {DOCUMENT}/versions": VIEW,
    f"POST {DOCUMENT}/versions": EDIT,
    f"PATCH {DOCUMENT}/versions/{{slug}}": EDIT,
    f"DELETE {DOCUMENT}/versions/{{slug}}": EDIT,
    f"GET {DOCUMENT}/diff": VIEW,
    f"GET {DOCUMENT}/authors": VIEW,
    f"GET {DOCUMENT}/steps": VIEW,
    f"GET {DOCUMENT}/links": MANAGE,
    f"POST {DOCUMENT}/links": MANAGE,
    f"DELETE {DOCUMENT}/links/{{id}}": MANAGE,
    f"PATCH {DOCUMENT}": MANAGE,
    "GET /api/trash": SIGNED_IN,
    "DELETE /api/redirects/{former}": FORMER,
    "POST /api/trash/{gone}": FORMER,
    # The last ones, as they end something.
    f"DELETE {DOCUMENT}": MANAGE,
    "POST /sign-out": EVERYBODY,
}
VALUES = {"document": "notes", "file": "ui/style.css", "id": "none", "slug": "no"}
NAMES = {"{former}": "{name}", "{gone}": "{id}"}  # what the server calls them


async def outcome(
    http: ClientSession, method: str, url: str, person: Person, *, is_public: bool
) -> str:
    """Ask; return `in`, or how the person was turned away."""
    async with http.request(
        method, URL(url), headers=person.headers, allow_redirects=False
    ) as response:
        sentence = await response.text()
        cached = response.headers.get("Cache-Control", "")
        assert is_public or "no-store" in cached or "private" in cached, "for proxies"
        turned_away = "no access" in sentence or "may not create" in sentence
        if response.status in (401, 403) or (response.status == 404 and turned_away):
            if response.status == 401:
                assert "WWW-Authenticate" in response.headers, "Git asks for a password by it"
            return str(response.status)
        assert response.status < 500, sentence
        return "in"


async def test_every_address_asks_for_what_is_documented(
    closed: Served, people: dict[str, Person], server_log: pytest.LogCaptureFixture
) -> None:
    found = {}
    management = closed.app[MANAGEMENT]
    await management.rename("former", "plans")
    values = VALUES | {"former": "former", "gone": (await management.delete("gone")).id}
    for route, turned_away in ROUTES.items():
        method, _, path = route.partition(" ")
        url = closed.url + path.format(**values)
        ask = partial(outcome, closed.http, is_public=turned_away == EVERYBODY)
        # Who may use it comes last: some addresses change what the next one is told.
        order = sorted(people, key=lambda name: name not in turned_away)
        found[route] = {
            name: said for name in order if (said := await ask(method, url, people[name])) != "in"
        }
    expected = {route: {"wrong token": "401"} | said for route, said in ROUTES.items()}
    for route in ROUTES:
        assert found[route] == expected[route], route
    [ignored] = [it for it in server_log.messages if "X-Forwarded" in it]
    assert ignored.startswith("ignored"), "of the forged header"
    server_log.clear()


def test_every_address_is_in_the_table(closed: Served) -> None:
    routes = {
        f"{route.method} {route.resource.canonical}"
        for route in closed.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    listed = {route.partition("?")[0] for route in ROUTES}
    for ours, theirs in NAMES.items():
        listed = {route.replace(ours, theirs) for route in listed}
    assert routes == listed


async def answer_about(
    server: Served, method: str, path: str, document: str, person: Person
) -> tuple[object, ...]:
    """Ask about a document; return all of the answer that could tell it from another one."""
    url = URL(server.url + path.replace("{document}", document).format(**VALUES))
    async with server.http.request(
        method, url, headers=person.headers, allow_redirects=False
    ) as response:
        headers = {name: it for name, it in response.headers.items() if name != "Date"}
        text = await response.text()
    return response.status, str(headers).replace(document, "it"), text.replace(document, "it")


async def test_a_document_that_one_may_not_see_is_as_one_that_does_not_exist(
    closed: Served, people: dict[str, Person]
) -> None:
    control, management = closed.app[ACCESS], closed.app[MANAGEMENT]
    _, key = await control.change(control.store.add_link, "other", Right.EDIT, "", LONG_AGO)
    await management.rename("former", "plans")
    strangers = [people["out"], people["nobody"], Person.with_links(key), Person.with_password(key)]
    for route in ROUTES:
        method, _, path = route.partition(" ")
        if "{document}" not in path:
            continue
        for person in strangers:
            said = [
                await answer_about(closed, method, path, document, person)
                for document in ("notes", "new", "former")
            ]
            assert said == [said[0]] * 3, route


@pytest.mark.parametrize(
    ("person", "documents"), [("vic", ["former", "gone", "notes"]), ("out", [])]
)
async def test_a_search_finds_only_what_one_may_see(
    closed: Served, people: dict[str, Person], person: str, documents: list[str]
) -> None:
    url, seen, searched = f"{closed.url}/api/search?q=one", [], 0
    after: str | None = ""
    while after is not None:  # an answer has what was found within a second
        async with closed.http.get(
            f"{url}&after={after}", headers=people[person].headers
        ) as response:
            found = await response.json()
        seen += [hit["document"] for hit in found["documents"]]
        searched += found["searched"]
        after = found["next"]
    assert (seen, searched) == (documents, len(seen))


async def test_nobody_learns_what_is_in_the_trash_or_was_renamed(
    closed: Served, people: dict[str, Person]
) -> None:
    management = closed.app[MANAGEMENT]
    await management.rename("former", "plans")
    deleted = await management.delete("gone")
    for method, path, there in (
        ("POST", "/api/trash/{document}", deleted.id),
        ("DELETE", "/api/redirects/{document}", "former"),
    ):
        for name in ("out", "nobody", "view link"):
            said = await answer_about(closed, method, path, there, people[name])
            assert said == await answer_about(closed, method, path, "not-there", people[name])
    body = {"document": "former"}
    async with closed.http.patch(
        f"{closed.url}/api/documents/notes", json=body, headers=people["mia"].headers
    ) as response:
        assert response.status == 409
        assert "plans" not in await response.text(), "it may be hidden"


@pytest.mark.parametrize(
    ("name", "path", "leads_to"),
    [
        ("vic", "/d/notes", "../d/notes/view"),
        ("view link", "/d/notes", "../d/notes/view"),
        ("view link", "/d/notes?plain", None),
        ("view link", "/d/notes/view", None),
        ("ed", "/d/notes", None),
        ("edit link", "/d/notes", None),
        ("edit link", "/d/notes/view", None),
    ],
)
async def test_who_may_only_view_is_led_to_the_read_view(
    closed: Served, people: dict[str, Person], name: str, path: str, leads_to: str | None
) -> None:
    url, headers = closed.url + path, people[name].headers
    async with closed.http.get(url, headers=headers, allow_redirects=False) as response:
        assert response.headers.get("Location") == leads_to
        assert response.status == (302 if leads_to else 200)
        page = await response.text()
    if path.endswith("view"):
        way_back = "/d/notes" if name == "edit link" else "/d/notes?plain"
        assert f'href="../..{way_back}"' in page
        assert "$" not in page


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/d/notes/raw"), ("POST", "/notes.git/git-receive-pack"), ("PATCH", DOCUMENT)],
)
async def test_who_loses_access_while_a_request_arrives_changes_nothing(
    closed: Served, people: dict[str, Person], method: str, path: str
) -> None:
    control = closed.app[ACCESS]
    control._used.clear()
    begun, removed = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"more\n"
        begun.set()
        await removed.wait()
        yield b"more\n"

    headers = people["mia"].headers | {"Content-Type": "application/x-git-receive-pack-request"}
    url = closed.url + path.format(**VALUES)
    asking = asyncio.create_task(
        closed.http.request(method, url, data=body(), headers=headers).__aenter__()
    )
    await begun.wait()
    await eventually(lambda: bool(control._used), "it was let in")
    await control.change(control.store.remove_user, "mia")
    removed.set()
    async with await asking as response:
        assert response.status == 401, await response.text()
    async with closed.http.get(f"{closed.url}/d/notes/raw", headers=people["ed"].headers) as raw:
        assert await raw.text() == "one\n"


@pytest.mark.parametrize(
    ("names", "access"),
    [
        (["nobody", "wrong session", "forged header", "expired link", "revoked link"], 4401),
        (["out"], 4404),
        (["vic", "view link", "view link as password"], "view"),
        (["ed", "ed's browser", "edit link", "mia", "root"], "edit"),
    ],
)
async def test_a_websocket_is_told_by_its_code_or_its_welcome(
    closed: Served,
    people: dict[str, Person],
    names: list[str],
    access: str | int,
    server_log: pytest.LogCaptureFixture,
) -> None:
    for name in names:
        client = await closed.connect(headers=people[name].headers)
        if isinstance(access, int):
            assert await client.closed() == access, name
            continue
        welcome = await client.hello(name="Somebody")
        assert welcome["access"] == access, name
        assert welcome["manage"] is (name in ("mia", "root"))
    server_log.clear()  # of the forged header


async def test_nobody_has_the_name_of_somebody_else(
    closed: Served, people: dict[str, Person]
) -> None:
    guest = await closed.connect(headers=people["edit link"].headers)
    await guest.hello(name="mia")
    await guest.send(type="presence", anchor=0, head=0, name="mia")
    await guest.edit("two\n")
    editor = await closed.connect(headers=people["ed"].headers)
    welcome = await editor.hello(name="mia")
    assert {person["name"] for person in welcome["people"]} == {"mia (guest)", "ed"}
    url = f"{closed.url}/d/notes/raw?name=mia"
    for name in ("edit link", "ed"):
        async with closed.http.post(url, data="more\n", headers=people[name].headers) as response:
            assert response.status == 200
    names = await closed.git_on_disk("log", "--format=%an", "master")
    assert names.splitlines() == ["ed", "mia (guest)", "mia (guest)", "mia", "GollabEdit"]


MESSAGES: dict[type, dict[str, Any]] = {
    protocol.Edit: {"type": "edit", "seq": 1, "base": "?", "text": "two\n"},
    protocol.Resolve: {"type": "resolve", "seq": 1, "base": "?", "commit": "?", "splices": []},
    protocol.Park: {"type": "park", "seq": 1, "commit": "?"},
    protocol.Sync: {"type": "sync"},
    protocol.Presence: {"type": "presence", "anchor": 0, "head": 0},
    protocol.Ping: {"type": "ping"},
}


async def test_whoever_only_views_changes_nothing(
    closed: Served, people: dict[str, Person]
) -> None:
    assert {*MESSAGES, protocol.Hello} == set(get_args(protocol.ClientMessage))
    viewer = await closed.connect(headers=people["view link"].headers)
    welcome = await viewer.hello(name="Vera")
    for kind, message in MESSAGES.items():
        if "base" in message:
            message = message | {"base": welcome["revision"]}
        await viewer.send(**message)
        if kind in (protocol.Edit, protocol.Resolve, protocol.Park):
            assert (await viewer.next())["code"] == "forbidden", kind
    assert (await viewer.sync())["text"] == "one\n"


async def test_a_change_that_is_refused_in_part_changes_nothing(
    closed: Served, people: dict[str, Person]
) -> None:
    """Mia manages the document, and may not create one of the other name."""
    control = closed.app[ACCESS]
    mia = control.current.accounts.users["mia"]
    await control.change(control.store.change_user, replace(mia, groups=frozenset()))
    url = f"{closed.url}/api/documents/notes"
    for change in ({"archived": True, "document": "other"}, {"document": "other"}):
        async with closed.http.patch(url, json=change, headers=people["mia"].headers) as response:
            assert response.status == 403
    async with closed.http.get(url, headers=people["mia"].headers) as response:
        assert "archived" not in await response.json()

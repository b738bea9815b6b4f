"""Every address and message, asked by everybody who may or may not use it."""

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import ClientSession
from yarl import URL

from server import protocol
from server.core.access.accounts import Kind, User
from server.core.access.right import Right
from server.http.app_keys import ACCESS
from tests.server.sockets.harness import Serve, Served

POLICY = """
create = ["@writers"]

[[documents]]
names = ["notes", "plans", "new"]
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
    async with closed.http.put(f"{closed.url}/d/notes/raw", data="one\n", headers=writer) as put:
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
OPERATOR = SIGNED_IN | dict.fromkeys(["vic", "ed", "ed's browser", "mia", "out"], "403")

DOCUMENT = "/api/documents/{document}"
ROUTES = {
    "GET /": SIGNED_IN,
    "GET /help": EVERYBODY,
    "GET /static/{file}": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /metrics": OPERATOR,
    "GET /sign-in": EVERYBODY,
    "POST /sign-in": EVERYBODY,
    "GET /api/me": EVERYBODY,
    "GET /d/{document}": VIEW,
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
    # Without a document to ask about, whoever is signed in is told that there is none.
    "DELETE /api/redirects/{name}": SIGNED_IN,
    "POST /api/trash/{id}": SIGNED_IN,
    # The last ones, as they end something.
    f"DELETE {DOCUMENT}": MANAGE,
    "POST /sign-out": EVERYBODY,
}
VALUES = {"document": "notes", "file": "styles/style.css", "id": "none", "slug": "no", "name": "no"}


async def outcome(http: ClientSession, method: str, url: str, person: Person) -> str:
    """Ask; return `in`, or how the person was turned away."""
    async with http.request(
        method, URL(url), headers=person.headers, allow_redirects=False
    ) as response:
        sentence = await response.text()
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
    for route, turned_away in ROUTES.items():
        method, _, path = route.partition(" ")
        url = closed.url + path.format(**VALUES)
        # Who may use it comes last: some addresses change what the next one is told.
        order = sorted(people, key=lambda name: name not in turned_away)
        found[route] = {
            name: said
            for name in order
            if (said := await outcome(closed.http, method, url, people[name])) != "in"
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
    assert routes == {route.partition("?")[0] for route in ROUTES}


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

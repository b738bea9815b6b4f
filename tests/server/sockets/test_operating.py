"""What operators see: readiness, metrics, the audit, and a server whose disk is full."""

import asyncio
import json
import re
import resource
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from server.core.access.accounts import Kind, User
from server.http.app_keys import ACCESS, HUB, MANAGEMENT
from server.support.audit import FIELDS
from server.support.disk import Disk
from server.support.metrics import render
from tests.server.sockets.accounts import bearer
from tests.server.sockets.client import DEADLINE_S
from tests.server.sockets.clones import commit_text, push, push_for_master
from tests.server.sockets.harness import Serve, Served, eventually
from tests.server.sockets.real_server import RealServer

_PAGE = Path(__file__).parents[3] / "docs" / "operate.md"


async def _ready(server: Served | RealServer) -> tuple[int, str]:
    """Return the status and the sentence of `/readyz`."""
    async with server.http.get(f"{server.url}/readyz") as response:
        return response.status, await response.text()


async def _until_ready(server: RealServer) -> None:
    async with asyncio.timeout(DEADLINE_S):
        status, _ = await _ready(server)
        while status != 200:
            await asyncio.sleep(0.05)
            status, _ = await _ready(server)


def _limit_files(server: RealServer, size: int) -> None:
    """Have the system refuse the server's writes beyond a size of a file."""
    _, hard = resource.prlimit(server.process_id, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process_id, resource.RLIMIT_FSIZE, (size, hard))


async def test_a_journal_that_cannot_write_is_not_ready_until_it_can(tmp_path: Path) -> None:
    async with RealServer(tmp_path, "--log-format", "json") as server:
        ann = await server.join("Ann")
        await ann.edit("one\n")
        _limit_files(server, 1)
        refused = await ann.edit("one\ntwo\n")
        assert (refused["type"], refused["code"]) == ("error", "unavailable")
        status, sentence = await _ready(server)
        assert status == 503
        assert sentence.startswith("The journal cannot write")
        assert (await server.join("Bo")).text == "one\n"
        _limit_files(server, resource.RLIM_INFINITY)
        await _until_ready(server)
        assert (await ann.edit("one\ntwo\n", seq=refused["seq"]))["type"] == "merged"
    records = [json.loads(line) for line in server.log.splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(record) for record in records)
    assert {"error", "warning"} <= {record["level"] for record in records}


# --- a full disk


async def _fill_disk(server: Served, free_bytes: int) -> None:
    """Have the disk of a server be nearly full, or not any more."""
    space = server.app[HUB]._space
    space._disk_of = lambda _: Disk(free_bytes, 2**40)
    await space._look()


async def _refused_for_space(response: ClientResponse) -> None:
    assert response.status == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "nearly full" in await response.text()


async def test_a_full_disk_is_read_and_everything_goes_on_by_itself(
    server: Served, tmp_path: Path, server_log: pytest.LogCaptureFixture
) -> None:
    ann = await server.join("Ann")
    await ann.edit("one\n")
    clone = await server.clone(tmp_path / "clone")
    await commit_text(clone, "one\nfrom Git\n")
    for name in ("gone", "old"):
        async with server.http.put(f"{server.url}/d/{name}/raw", data="old\n") as response:
            assert response.status == 201
    async with server.http.delete(f"{server.url}/api/documents/gone") as response:
        trash = f"{server.url}/api/trash/{(await response.json())['id']}"

    await _fill_disk(server, 0)
    raw = f"{server.url}/d/notes/raw"
    assert (await _ready(server))[0] == 503
    assert (await ann.edit("one\ntwo\n"))["code"] == "unavailable"
    for writing in (
        server.http.put(raw, data="x", headers={"If-Match": "*"}),
        server.http.post(raw, data="x"),
        server.http.put(f"{server.url}/d/new/raw", data="x"),
        server.http.post(trash),
        server.http.post(f"{server.url}/api/documents/notes/versions", json={"name": "x"}),
    ):
        async with writing as response:
            await _refused_for_space(response)
    pushed = await push_for_master(clone)
    assert pushed.code
    assert "nearly full" in pushed.err
    async with server.http.get(f"{server.url}/healthz") as response:
        assert response.status == 200
    assert await server.raw() == "one\n"
    await server.clone(tmp_path / "another")
    async with server.http.delete(f"{server.url}/api/documents/old") as response:
        assert response.status == 200
    metrics = await _metrics(server)
    assert metrics['gollabedit_refused_total{reason="disk_full"}'] == "7"
    assert metrics["gollabedit_disk_free_bytes"] == "0"
    assert metrics["gollabedit_ready"] == "0"

    await _fill_disk(server, 2**40)
    server_log.clear()
    assert await _ready(server) == (200, "ok\n")
    assert (await ann.edit("one\ntwo\n", seq=ann.seq))["type"] == "merged"
    assert (await push_for_master(clone)).code == 0
    await ann.sync()
    assert ann.text in ("one\ntwo\nfrom Git\n", "one\nfrom Git\ntwo\n")


async def _metrics(server: Served) -> dict[str, str]:
    async with server.http.get(f"{server.url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


async def test_the_page_for_operators_has_exactly_the_metrics_that_there_are(
    server: Served,
) -> None:
    async with server.http.get(f"{server.url}/metrics") as response:
        there_are = set(re.findall(r"# TYPE (\w+)", await response.text()))
    named = set(re.findall(r"\bgollabedit_\w*[a-z]", _PAGE.read_text()))
    mirrors = {name for name in named if name.startswith("gollabedit_mirror")}
    assert {name.removesuffix("_bucket") for name in named} - mirrors == there_are


# --- the audit


def _audited(log: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [getattr(record, FIELDS) for record in log.records if hasattr(record, FIELDS)]


async def test_what_changes_documents_is_in_the_audit(
    server: Served, tmp_path: Path, server_log: pytest.LogCaptureFixture
) -> None:
    ann = await server.join("Ann")
    await ann.edit("one\n")
    first = ann.revision
    await ann.edit("two\n")
    clone = await server.clone(tmp_path / "clone")
    await commit_text(clone, "two\nfrom Git\n")
    assert (await push(clone, "HEAD:refs/for/master", "HEAD:refs/heads/v+1")).code == 0
    url = f"{server.url}/api/documents/notes"
    condition = {"If-Match": f'"{first}"'}
    restored = server.http.put(
        f"{server.url}/d/notes/raw?restores={first}", data="one\n", headers=condition
    )
    async with restored as response:
        assert response.status in (200, 409)
    for request in (
        server.http.patch(url, json={"document": "plans", "archived": True}),
        server.http.patch(f"{server.url}/api/documents/plans", json={"archived": False}),
        server.http.delete(f"{server.url}/api/redirects/notes"),
    ):
        async with request as response:
            assert response.status < 300
    async with server.http.delete(f"{server.url}/api/documents/plans") as response:
        id = (await response.json())["id"]
    async with server.http.post(f"{server.url}/api/trash/{id}") as response:
        assert response.status == 201
    audited = _audited(server_log)
    assert all(each.pop("who") == "anybody" for each in audited)
    assert all(each.pop("address") == "127.0.0.1" for each in audited)
    assert audited == [
        {"event": "push", "document": "notes", "refs": "refs/for/master refs/heads/v+1"},
        {"event": "restore", "document": "notes", "revision": first},
        {"event": "archive", "document": "notes"},
        {"event": "rename", "document": "notes", "to": "plans"},
        {"event": "unarchive", "document": "plans"},
        {"event": "remove-redirect", "document": "notes"},
        {"event": "delete", "document": "plans", "trash": id},
        {"event": "undelete", "document": "plans", "trash": id},
    ]


async def test_who_signs_in_shares_and_is_refused_is_in_the_audit(
    serve: Serve, server_log: pytest.LogCaptureFixture
) -> None:
    server = await serve(access="closed")
    control = server.app[ACCESS]
    await control.change(control.store.add_user, User("ann"))
    _, token = await control.change(control.store.add_secret, Kind.TOKEN, "ann", "", 1.0)
    as_ann = bearer(token)
    document, links = f"{server.url}/d/notes/raw", f"{server.url}/api/documents/notes/links"
    async with server.http.put(document, data="one\n", headers=as_ann) as response:
        assert response.status == 201
    async with server.http.post(links, json={"right": "view"}, headers=as_ann) as response:
        link = await response.json()
    by_link = bearer(link["key"])
    for headers, status in ((by_link, 403), ({"Authorization": "Bearer wrong"}, 401), ({}, 401)):
        async with server.http.post(document, data="x", headers=headers) as response:
            assert response.status == status
    async with server.http.delete(f"{links}/{link['id']}", headers=as_ann) as response:
        assert response.status == 204
    sign_in = f"{server.url}/sign-in"
    async with server.http.post(sign_in, data={"token": token}, allow_redirects=False) as response:
        session = {name: morsel.value for name, morsel in response.cookies.items() if morsel.value}
    async with server.http.post(sign_in, data={"token": "wrong"}) as response:
        assert response.status == 400
    sign_out = f"{server.url}/sign-out"
    async with server.http.post(sign_out, cookies=session, allow_redirects=False) as response:
        assert response.status == 303
    audited = _audited(server_log)
    assert all(each.pop("address") == "127.0.0.1" for each in audited)
    refused = {"event": "refused", "who": "anybody", "method": "POST"}
    of_ann = {"who": "ann", "document": "notes", "link": link["id"]}
    assert audited == [
        {"event": "link", "right": "view", **of_ann},
        {**refused, "who": f"link:{link['id']}", "document": "notes", "reason": "forbidden"},
        {**refused, "document": "notes", "reason": "credentials"},
        {"event": "revoke-link", **of_ann},
        {"event": "sign-in", "who": "ann"},
        {**refused, "reason": "credentials"},
        {"event": "sign-out", "who": "ann"},
    ]
    assert token not in server_log.text
    assert link["key"] not in server_log.text
    metrics = render(await server.app[HUB].metrics())
    assert 'refused_total{reason="credentials"} 2\n' in metrics
    assert 'refused_total{reason="not_signed_in"} 1\n' in metrics


async def test_what_somebody_did_who_left_at_once_is_in_the_audit(
    server: Served, server_log: pytest.LogCaptureFixture
) -> None:
    async with server.http.put(
        f"{server.url}/d/notes/raw", data="one\n", headers={"If-None-Match": "*"}
    ) as response:
        assert response.status == 201
    management, connections = server.app[MANAGEMENT], server._runner.server
    assert connections is not None
    others = set(connections.connections)
    async with management._one_change:
        leaving = await asyncio.open_connection(*server.address)
        leaving[1].write(b"DELETE /api/documents/notes HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await eventually(lambda: bool(management._changes), "it was asked for")
        [left] = set(connections.connections) - others
        leaving[1].transport.abort()
        await eventually(lambda: left.transport is None, "it was noticed")
    await eventually(lambda: bool(_audited(server_log)), "there is a line")
    [line] = _audited(server_log)
    assert (line["event"], line["document"]) == ("delete", "notes")


async def test_a_flood_of_refusals_is_counted_and_does_not_fill_the_log(
    serve: Serve, server_log: pytest.LogCaptureFixture
) -> None:
    server = await serve(access="closed")
    wrong = {"Authorization": "Bearer wrong"}
    for _ in range(120):
        async with server.http.get(f"{server.url}/d/notes/raw", headers=wrong) as response:
            assert response.status == 401
    assert 100 <= len(_audited(server_log)) < 120
    metrics = render(await server.app[HUB].metrics())
    assert 'refused_total{reason="credentials"} 120\n' in metrics

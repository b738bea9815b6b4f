"""Documents are deleted, restored, renamed and archived while people and programs use them."""

import asyncio
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from aiohttp import ClientSession

from server.core.submission import Append
from server.http.app_keys import HUB, MANAGEMENT
from server.hub.gate import OverloadedError
from server.storage import trash as trash_module
from server.storage.trash import FolderTrash
from tests.server.desk import FRIDAY, MONDAY, TUESDAY
from tests.server.sockets.client import Client, ClosedError
from tests.server.sockets.harness import Serve, Served, eventually, git, run_git
from tests.server.sockets.real_server import RealServer

Answer = tuple[int, Any]


async def ask(server: Served, method: str, path: str, fields: object = None) -> Answer:
    """Send a request to the JSON API, which follows no redirect; status and answer."""
    url = f"{server.url}/api/{path}"
    async with server.http.request(method, url, json=fields, allow_redirects=False) as response:
        is_json = response.content_type == "application/json"
        return response.status, await (response.json() if is_json else response.text())


async def delete(server: Served, document: str = "notes") -> Any:
    status, entry = await ask(server, "DELETE", f"documents/{document}")
    assert status == 200, entry
    return entry


async def rename(server: Served, old: str = "notes", new: str = "plans") -> None:
    answer = await ask(server, "PATCH", f"documents/{old}", {"document": new})
    assert answer[0] == 200, answer
    assert answer[1]["document"] == new


async def restore(server: Served, entry: Any, **fields: str) -> None:
    answer = await ask(server, "POST", f"trash/{entry['id']}", fields)
    assert answer[0] == 201, answer


async def read_on(client: Client) -> None:
    """Receive until the connection ends."""
    while True:
        await client.receive_raw()


async def write_on(client: Client) -> None:
    """Write, one edit after the other, until the connection ends."""
    while True:
        await client.edit(f"{client.text}one more\n")


async def conflict_of(server: Served) -> Client:
    """Have a document with a parked conflict; return a client whose conflict is open."""
    ann, bo = await server.pair(MONDAY)
    await ann.edit(TUESDAY)
    await bo.edit(FRIDAY)
    assert bo.conflict
    return bo


# --- deleting and restoring


async def test_a_deleted_document_comes_back_with_everything(server: Served) -> None:
    bo = await conflict_of(server)
    refs = await server.refs()
    assert {"master", f"clients/{bo.id}"} <= refs.keys()
    entry = await delete(server)
    assert await bo.closed() == 4410
    assert await ask(server, "GET", "documents") == (200, {"documents": [], "more": False})
    assert await ask(server, "GET", "trash") == (200, {"trash": [entry]})
    await restore(server, entry)
    assert await server.refs() == refs
    await server.fsck()
    again = await server.connect()
    again.remember(bo)
    welcome = await again.hello(**bo.resuming)
    assert welcome["client"] == bo.id
    assert welcome["conflict"]["hunks"] == bo.conflict["hunks"]  # type: ignore[index]
    assert await ask(server, "GET", "trash") == (200, {"trash": []})


async def test_what_is_in_the_journal_only_is_in_the_bundle(server: Served, ann: Client) -> None:
    await ann.edit(FRIDAY)
    entry = await delete(server)
    assert server.app[HUB]._journal.documents() == []
    await restore(server, entry, document="plans")
    assert await server.raw("plans") == FRIDAY


async def test_edits_that_come_too_late_are_not_acknowledged(server: Served, ann: Client) -> None:
    """A writer who goes on while the document is deleted: each answered edit is in the bundle."""
    deleting = asyncio.create_task(delete(server))
    with pytest.raises(ClosedError, match="4410"):
        await write_on(ann)
    entry = await deleting
    await restore(server, entry)
    assert await server.raw() == ann.text


async def test_the_name_is_free_at_once(server: Served, ann: Client) -> None:
    first = await delete(server)
    bo = await server.join("Bo")
    assert bo.text == ""
    await bo.edit("another one\n")
    assert await server.raw() == "another one\n"
    status, answer = await ask(server, "POST", f"trash/{first['id']}", {})
    assert (status, answer) == (409, {"error": "There is a document notes already."})
    await restore(server, first, document="plans")
    assert await server.raw("plans") == ann.text
    await server.fsck("plans")


async def test_a_client_that_slept_is_told_and_makes_nothing_anew(
    serve: Serve, server: Served, ann: Client
) -> None:
    await ann.close()
    await delete(server)
    for _ in range(2):
        sleeper = await server.connect()
        await sleeper.send(type="hello", protocol=1, base=ann.revision, **ann.resuming)
        assert await sleeper.closed() == 4410
        await server.stop()
        server.folder.__exit__()
        server = await serve()  # which knows it, too
    await (await server.join("Bo")).edit("another one\n")
    back = await server.connect()
    await back.hello(base=ann.revision, **ann.resuming)
    assert back.text == "another one\n"


async def test_a_deletion_that_fails_leaves_the_document(
    server: Served, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(trash_module, "write_bundle", no_room)
    status, answer = await ask(server, "DELETE", "documents/notes")
    assert status == 503
    assert "No space left on device" in answer["error"]
    assert await ann.closed() == 1001
    again = await server.come_back(ann)
    await again.edit(f"{again.text}and on\n")
    await server.fsck()


async def test_a_deletion_runs_to_its_end_without_its_caller(server: Served, ann: Client) -> None:
    deleting = asyncio.create_task(delete(server))
    await eventually(lambda: bool(server.app[MANAGEMENT]._changes), "it began")
    deleting.cancel()
    assert await ann.closed() == 4410
    await eventually(lambda: not server.app[MANAGEMENT]._changes, "it ended")
    assert (await ask(server, "GET", "trash"))[1]["trash"]


@pytest.mark.parametrize("seen", ["*.git", "*.bundle"])
async def test_a_server_that_is_killed_during_a_deletion_loses_nothing(
    tmp_path: Path, seen: str
) -> None:
    data = tmp_path / "data"
    async with RealServer(data) as server, ClientSession() as http:
        ann = await server.join("Ann")
        for number in range(20):
            await ann.edit(f"{ann.text}{number}\n")  # most of them are in the journal only
        deleting = asyncio.create_task(http.delete(f"{server.url}/api/documents/notes"))
        await eventually(lambda: any((data / "trash").glob(seen)), f"{seen} is there")
        server.signal(signal.SIGKILL)
        await server.ended()
        await asyncio.gather(deleting, return_exceptions=True)
    async with RealServer(data) as server, ClientSession() as http:
        for entry in (await server.get("/api/trash"))["trash"]:
            url = f"{server.url}/api/trash/{entry['id']}"
            assert (await http.post(url, json={})).status == 201
        back = await server.come_back(ann)
        assert (back.text, back.id) == (ann.text, ann.id)


async def test_a_push_and_a_deletion_wait_for_each_other(server: Served, clone: Path) -> None:
    hub = server.app[HUB]
    with hub.pushing("notes"):
        deleting = asyncio.create_task(delete(server))
        await eventually(lambda: bool(hub._gate._closing), "it waits for the push")
        ran = await run_git("push", "origin", "HEAD:refs/heads/draft", cwd=clone)
        assert "503" in ran.err
        assert not hub._gate._closed, "it does not wait"
        assert server.folder.exists("notes")
    await deleting


async def test_others_are_told_to_come_back_while_a_document_is_moved(
    server: Served, clone: Path, ann: Client
) -> None:
    async with server.app[HUB].exclusively("notes"):
        bo = await server.connect()
        assert await bo.closed() == 1013
        async with server.http.post(f"{server.url}/d/notes/raw", data=b"late\n") as response:
            assert response.status == 503
            assert response.headers["Retry-After"]
        assert "503" in (await run_git("fetch", cwd=clone)).err
    assert await ann.closed() == 1001
    assert (await server.come_back(ann)).text == ann.text


async def test_a_request_that_was_on_its_way_makes_no_document_of_the_old_name(
    server: Served, ann: Client
) -> None:
    """Its address was looked at before the renaming, its body came after it."""
    await rename(server)
    hub = server.app[HUB]
    for document in ("notes", "plans"):
        arrived = hub.submit(document, "Bo", Append("late\n"))
        if document == "notes":
            with pytest.raises(OverloadedError):
                await arrived
            with pytest.raises(OverloadedError), hub.pushing(document):
                pass
        else:
            await arrived
    assert await server.raw("plans") == f"{ann.text}late\n"


async def test_what_is_not_there_is_not_found(server: Served) -> None:
    for method, path in (("DELETE", "documents/notes"), ("POST", "trash/notes-1")):
        status, answer = await ask(server, method, path)
        assert status == 404
        assert answer["error"].startswith("There is no such document")
    assert (await ask(server, "PATCH", "documents/notes", {"document": "plans"}))[0] == 404
    assert (await ask(server, "DELETE", "redirects/notes"))[0] == 404


async def test_other_sites_may_not_do_any_of_it(server: Served, ann: Client) -> None:
    entry = await delete(server, "notes")
    headers = {"Origin": "https://other.example"}
    for method, path in (
        ("DELETE", "documents/notes"),
        ("PATCH", "documents/notes"),
        ("DELETE", "redirects/notes"),
        ("POST", f"trash/{entry['id']}"),
    ):
        url = f"{server.url}/api/{path}"
        async with server.http.request(method, url, json={}, headers=headers) as response:
            assert response.status == 403


# --- renaming


async def test_clients_resume_under_the_new_name(server: Served) -> None:
    bo = await conflict_of(server)
    await rename(server)
    with pytest.raises(ClosedError, match="4301 plans"):
        await read_on(bo)
    again = await server.connect("plans")
    again.remember(bo)
    welcome = await again.hello(base=bo.revision, **bo.resuming)
    assert (welcome["document"], welcome["client"]) == ("plans", bo.id)
    assert welcome["conflict"]
    assert await server.raw("plans") == TUESDAY
    await server.fsck("plans")


async def test_an_edit_that_comes_too_late_can_be_sent_again_under_the_new_name(
    server: Served, ann: Client
) -> None:
    renaming = asyncio.create_task(rename(server))
    with pytest.raises(ClosedError, match="4301 plans"):
        await write_on(ann)
    await renaming
    assert await server.raw("plans") == ann.text
    again = await server.come_back(ann, "plans")
    assert again.id == ann.id
    await again.edit(f"{ann.text}one more\n")  # with the number that was not answered
    assert await server.raw("plans") == again.text
    await server.fsck("plans")


async def test_the_old_address_leads_to_the_new_one(
    serve: Serve, server: Served, ann: Client
) -> None:
    await rename(server)
    for _ in range(2):
        for path, target in (
            ("/d/notes", "/d/plans"),
            ("/d/notes/raw?revision=1", "/d/plans/raw?revision=1"),
            ("/api/documents/notes", "/api/documents/plans"),
            ("/api/documents/notes/unmerged/x", "/api/documents/plans/unmerged/x"),
            (
                "/notes.git/info/refs?service=git-upload-pack",
                "/plans.git/info/refs?service=git-upload-pack",
            ),
        ):
            async with server.http.get(server.url + path, allow_redirects=False) as response:
                assert response.status == 307
                assert urljoin(path, response.headers["Location"]) == target
                assert response.headers["Cache-Control"] == "no-store"
        late = await server.connect("notes")
        with pytest.raises(ClosedError, match="4301 plans"):
            await late.receive_raw()
        assert await server.raw("notes") == ann.text
        await server.stop()
        server.folder.__exit__()
        server = await serve()
    url = f"{server.url}/d/notes/raw"
    async with server.http.post(url, data=b"appended\n") as response:
        assert response.status == 200
    assert (await server.raw("plans")).endswith("appended\n")
    assert not server.folder.exists("notes")


async def test_an_old_clone_fetches_and_pushes_as_before(
    server: Served, clone: Path, ann: Client, tmp_path: Path
) -> None:
    await rename(server)
    plans = await server.join("Bo", "plans")
    await plans.edit(f"{plans.text}by Bo\n")
    await git("pull", "--quiet", "--rebase", cwd=clone)
    file = clone / "notes.txt"
    assert file.read_text() == plans.text
    file.write_text(f"{plans.text}by a clone\n")
    await git("commit", "-qam", "More", cwd=clone)
    await git("push", "--quiet", "origin", "HEAD:refs/for/master", cwd=clone)
    assert (await server.raw("plans")).endswith("by a clone\n")
    fresh = await server.clone(tmp_path / "fresh", document="notes")
    assert [it.name for it in fresh.iterdir() if it.name != ".git"] == ["notes.txt"]
    status, shown = await ask(server, "GET", "documents/plans")
    assert (status, shown["file"]) == (200, "notes.txt")


async def test_a_name_that_is_taken_is_not_given(server: Served, ann: Client) -> None:
    await (await server.join("Bo", "plans")).edit("taken\n")
    status, answer = await ask(server, "PATCH", "documents/notes", {"document": "plans"})
    assert (status, answer["error"]) == (409, "There is a document plans already.")
    await rename(server, "plans", "ideas")
    status, answer = await ask(server, "PATCH", "documents/notes", {"document": "plans"})
    assert status == 409
    assert "plans is a former name of another document" in answer["error"]
    assert (await ask(server, "DELETE", "redirects/plans"))[0] == 204
    await rename(server)
    assert await server.raw("plans") == ann.text
    assert (await ask(server, "PATCH", "documents/plans", {"document": "a..b"}))[0] == 400


async def test_a_document_is_renamed_back(server: Served, ann: Client) -> None:
    await rename(server)
    await rename(server, "plans", "notes")
    assert await server.raw() == ann.text
    async with server.http.get(f"{server.url}/d/plans", allow_redirects=False) as response:
        assert response.headers["Location"] == "../d/notes"


async def test_people_who_wait_at_the_new_name_find_the_document(
    server: Served, ann: Client
) -> None:
    cy = await server.join("Cy", "plans")
    await rename(server)
    assert await cy.closed() == 1001
    again = await server.connect("plans")
    await again.hello(base=cy.revision, **cy.resuming)
    assert again.text == ann.text


async def test_a_renamed_document_is_deleted_and_its_old_names_are_free(
    server: Served, ann: Client
) -> None:
    await rename(server)
    entry = await delete(server, "plans")
    sleeper = await server.connect("notes")
    await sleeper.send(type="hello", protocol=1, base=ann.revision, **ann.resuming)
    assert await sleeper.closed() == 4410
    await (await server.join("Bo", "notes")).edit("a new one\n")
    await restore(server, entry)
    assert await server.raw("plans") == ann.text
    assert await server.raw("notes") == "a new one\n"


async def test_nobody_comes_in_under_a_former_name_while_its_document_is_deleted(
    server: Served, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that slept would find nothing there, and begin a document of its own."""
    await rename(server)
    loop, delete_really = asyncio.get_running_loop(), FolderTrash.delete

    async def come_in() -> int | None:
        sleeper = await server.connect("notes")
        await sleeper.send(type="hello", protocol=1, base=ann.revision, **ann.resuming)
        return await sleeper.closed()

    def then_come_in(trash: FolderTrash, document: str) -> str:
        id = delete_really(trash, document)
        assert asyncio.run_coroutine_threadsafe(come_in(), loop).result() == 1013
        return id

    monkeypatch.setattr(FolderTrash, "delete", then_come_in)
    await delete(server, "plans")
    assert await come_in() == 4410


async def test_names_that_are_still_free_lead_to_a_restored_document(
    serve: Serve, server: Served, ann: Client
) -> None:
    """A client that slept must not begin a document of its own under one of them."""
    await rename(server)
    await restore(server, await delete(server, "plans"))
    await restore(server, await delete(server, "plans"), document="ideas")
    await server.stop()
    server.folder.__exit__()
    server = await serve()
    for name in ("notes", "plans"):
        sleeper = await server.connect(name)
        with pytest.raises(ClosedError, match="4301 ideas"):
            await sleeper.receive_raw()
    assert (await server.come_back(ann, "ideas")).id == ann.id


async def test_mirrors_keep_the_old_copy_and_get_the_new_name(
    serve: Serve, tmp_path: Path, server_log: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "mirrors").mkdir()
    server = await serve("mirrored", mirror=(f"{tmp_path}/mirrors/{{document}}.git",))
    ann = await server.join()
    await ann.edit("one\n")
    await server.repository()
    master = Path("refs/heads/master")
    await eventually((tmp_path / "mirrors/notes.git" / master).exists, "it is mirrored")
    await rename(server)
    await eventually((tmp_path / "mirrors/plans.git" / master).exists, "it is mirrored again")
    assert f"notes: mirror {tmp_path}/mirrors/notes.git is left as it is" in server_log.text
    await delete(server, "plans")
    assert f"plans: mirror {tmp_path}/mirrors/plans.git is left as it is" in server_log.text
    assert (tmp_path / "mirrors/plans.git" / master).exists()


# --- archiving


async def test_an_archived_document_can_only_be_read(
    server: Served, ann: Client, clone: Path
) -> None:
    assert (await ask(server, "PATCH", "documents/notes", {"archived": True}))[0] == 200
    assert await ann.closed() == 1001
    again = await server.come_back(ann)
    assert again.welcome["access"] == "view"
    await again.send(type="edit", seq=again.seq + 1, base=again.revision, text="no")
    answer = await again.next()
    assert (answer["type"], answer["code"], answer["seq"]) == ("error", "forbidden", again.seq + 1)
    async with server.http.post(f"{server.url}/d/notes/raw", data=b"no\n") as response:
        assert response.status == 403
        assert "is archived, and can only be read" in await response.text()
    ran = await run_git("push", "origin", "HEAD:refs/heads/draft", cwd=clone)
    assert "The document notes is archived" in ran.err
    assert await server.raw() == ann.text
    assert (await ask(server, "GET", "documents"))[1]["documents"] == []
    [listed] = (await ask(server, "GET", "documents?archived=1"))[1]["documents"]
    assert (listed["document"], listed["archived"]) == ("notes", True)


async def test_an_archived_document_is_writable_again(server: Served, ann: Client) -> None:
    await ask(server, "PATCH", "documents/notes", {"archived": True})
    await ask(server, "PATCH", "documents/notes", {"archived": False})
    again = await server.come_back(ann)
    assert again.welcome.get("access", "edit") == "edit"
    await again.edit(f"{again.text}and on\n")
    [listed] = (await ask(server, "GET", "documents"))[1]["documents"]
    assert "archived" not in listed

"""Servers whose documents are in PostgreSQL: their disks may be lost."""

import shutil
import signal
from contextlib import closing
from pathlib import Path

import pytest

from server.core.access.accounts import User
from server.http.app_keys import ACCESS, HUB
from server.storage.accounts import AccountStore
from server.storage.catalog import Catalog
from server.storage.data_folder import DataFolder
from server.storage.journal import JournalError
from server.storage.journal.postgresql import PostgresqlJournal, PostgresqlReader
from server.storage.site import CATALOG
from tests.git import objects_with
from tests.postgres import MISSING, Postgres
from tests.server.sockets.accounts import bearer
from tests.server.sockets.clones import commit_text, push, push_for_master
from tests.server.sockets.harness import Serve, Served, eventually, git
from tests.server.sockets.real_server import RealServer
from tests.server.sockets.shell import Shell
from tests.server.sockets.test_management import ask, delete, rename, restore
from tests.server.sockets.test_purge import SECRET, purge

POLICY = b'[[documents]]\nnames = ["*"]\nview = ["anybody"]\n'


@pytest.fixture
def url(postgres: Postgres | None) -> str:
    """An empty database."""
    if postgres is None:
        pytest.skip(MISSING)
    return postgres.url(postgres.empty_database())


async def test_an_empty_folder_serves_what_another_one_had(
    serve: Serve, url: str, tmp_path: Path
) -> None:
    first = await serve("first", journal=url, seal_idle_s=0.05)
    ann, bo = await first.pair("# Plan\n\none\n")
    clone = await first.clone(tmp_path / "clone")
    await commit_text(clone, "# Plan\n\none\ntwo\n")
    await git("tag", "-a", "-m", "A version", "v1", cwd=clone)
    for pushed in (push_for_master(clone), push(clone, "HEAD:refs/heads/side", "v1")):
        ran = await pushed
        assert ran.code == 0, ran.err
    await bo.until("# Plan\n\none\ntwo\n")
    await bo.edit(f"{bo.text}three\n")
    await ann.until(bo.text)
    await first.join("Cy", "lists/todo")
    answer = await first.http.put(f"{first.url}/d/lists/todo/raw", data="Buy milk\n")
    assert answer.status == 201, await answer.text()
    repository = first.folder.repository_path("notes") / "packed-refs"
    await eventually(
        lambda: repository.exists() and b"heads/versions\n" in repository.read_bytes(), "a version"
    )
    async with first.http.get(f"{first.url}/metrics") as metrics:
        assert "gollabedit_journal_standby 0\n" in await metrics.text()
    await first.stop()
    before = await git("for-each-ref", cwd=first.folder.repository_path("notes"))

    second = await serve("second", journal=url)
    _, listed = await ask(second, "GET", "documents")
    assert [document["document"] for document in listed["documents"]] == ["lists/todo", "notes"]
    assert not second.folder.repository_path("notes").exists(), "listed without being fetched"
    again = await second.clone(tmp_path / "again")
    assert (again / "notes.txt").read_text() == bo.text
    assert await git("for-each-ref", cwd=second.folder.repository_path("notes")) == before
    assert {"refs/heads/side", "refs/heads/versions", "refs/tags/v1"} <= set(before.split())
    assert await second.raw("lists/todo") == "Buy milk\n"
    cy = await second.join("Cy")
    await cy.edit(f"{cy.text}four\n")
    await second.fsck()


async def test_a_killed_server_has_saved_what_it_acknowledged(url: str, tmp_path: Path) -> None:
    options = ("--journal", url)
    async with RealServer(tmp_path / "first", *options) as server:
        ann = await server.join("Ann")
        for number in range(10):
            await ann.edit(f"{ann.text}{number}\n")
        server.signal(signal.SIGKILL)
        await server.ended()
    shutil.rmtree(tmp_path / "first")
    async with RealServer(tmp_path / "second", *options) as server:
        bo = await server.join("Bo")
        assert bo.text == ann.text
        await bo.edit(f"{bo.text}more\n")
        assert "has no synchronous standby" in server.log


async def test_documents_are_managed_in_the_database(
    serve: Serve, url: str, tmp_path: Path
) -> None:
    first = await serve("first", journal=url)
    for document in ("moved", "deleted", "restored", "notes"):
        ann = await first.join("Ann", document)
        await ann.edit(f"# {document}\n{SECRET}\n")
        await ann.edit(f"# {document}\n")
    await rename(first, "moved", "plans")
    await delete(first, "deleted")
    await rename(first, "restored", "again")
    await restore(first, await delete(first, "again"), document="restored-again")
    await purge(first, Shell(tmp_path / "home", f"{first.url}/d/notes"))
    await first.stop()

    second = await serve("second", journal=url)
    _, listed = await ask(second, "GET", "documents")
    names = [document["document"] for document in listed["documents"]]
    assert names == ["notes", "plans", "restored-again"]
    for document in names:
        await second.fsck(document)
    assert await second.raw("plans") == "# moved\n", "from the file moved.txt"
    assert await second.raw("restored-again") == "# restored\n"
    assert objects_with(await second.repository("notes"), SECRET) == set()


async def test_an_empty_folder_lets_in_whom_another_one_did(
    serve: Serve, url: str, tmp_path: Path
) -> None:
    """Accounts, the policy, links, redirects, archived documents, the trash, and resume keys."""
    first = await serve("first", journal=url, access="closed")
    shell = Shell(tmp_path / "home", first.url)
    await shell.does("user", "add", "ann", "--operator", GOLLABEDIT_JOURNAL=url)
    made = await shell.does("token", "create", "ann", "--label", "x", GOLLABEDIT_JOURNAL=url)
    token = made.strip()
    link = await shell.does("link", "create", "kept", "--right", "view", GOLLABEDIT_JOURNAL=url)
    await shell.does("access", "set", "-", given=b'operators = ["ann"]\n', GOLLABEDIT_JOURNAL=url)
    assert await shell.does("access", "show", GOLLABEDIT_JOURNAL=url) == 'operators = ["ann"]\n'
    await eventually(lambda: bool(first.app[ACCESS].current.accounts.links), "it was read")
    first.http.headers.update(bearer(token))
    for document in ("kept", "moved", "deleted"):
        status, _ = await put(first, document, f"{document}\n")
        assert status == 201
    await rename(first, "moved", "plans")
    answer = await ask(first, "PATCH", "documents/kept", {"archived": True})
    assert answer[0] == 200, answer
    entry = await delete(first, "deleted")
    assert entry["bytes"] > 0
    ann = await first.connect("plans", headers=bearer(token))
    await ann.hello(name="Ann")
    await first.stop()
    assert not {"accounts.sqlite", "access.toml", "catalog.json", "trash", "secret"} & {
        file.name for file in first.folder.path.iterdir()
    }

    second = await serve("second", journal=url, access="closed")
    assert not second.app[ACCESS].owner_key
    key = link.partition("key=")[2].strip()
    async with second.http.get(f"{second.url}/d/kept/raw", headers=bearer(key)) as response:
        assert await response.text() == "kept\n"
    second.http.headers.update(bearer(token))
    again = await second.connect("moved", headers=bearer(token))
    assert await again.closed() == 4301, "it redirects"
    again = await second.connect("plans", headers=bearer(token))
    again.remember(ann)
    await again.hello(base=ann.revision, **ann.resuming)
    assert again.id == ann.id, "its key counts still"
    assert (await put(second, "kept", "more\n"))[0] == 403, "it is archived"
    _, trash = await ask(second, "GET", "trash")
    assert trash["trash"] == [entry]
    await restore(second, entry, document="again")
    assert await second.raw("again") == "deleted\n"
    repository = await second.repository("again")
    assert await git("ls-tree", "--name-only", "master", cwd=repository) == "deleted.txt\n"
    await second.fsck("again")


async def put(server: Served, document: str, text: str) -> tuple[int, str]:
    async with server.http.put(f"{server.url}/d/{document}/raw", data=text) as response:
        return response.status, await response.text()


async def test_a_backup_beside_the_server_is_a_data_folder(
    serve: Serve, url: str, tmp_path: Path, postgres: Postgres
) -> None:
    server = await serve("first", journal=url, access="open")
    for document in ("notes", "old", "lists/deleted"):
        assert (await put(server, document, f"{document}\n"))[0] == 201
        await server.repository(document)
    await rename(server, "old", "docs/plans")
    await delete(server, "lists/deleted")
    ann = await server.join("Ann")
    await ann.edit("notes\nmore\n")  # which is in the journal only
    shell, backups = Shell(tmp_path / "home", server.url), tmp_path / "backups"
    await shell.does("user", "add", "ann", GOLLABEDIT_JOURNAL=url)
    made = await shell.does("backup", "create", str(backups), GOLLABEDIT_JOURNAL=url)
    assert "2 documents, 2 of them new or changed" in made
    assert (await put(server, "third", "third\n"))[0] == 201
    again = await shell.does("backup", "create", str(backups), GOLLABEDIT_JOURNAL=url)
    assert "3 documents, " in again
    one, two = sorted(backups.glob("2*"))
    [pack] = (one / "docs" / "plans.git").rglob("*.pack")
    assert pack.samefile(two / pack.relative_to(one)), "it is linked"
    assert (await shell.does("check", GOLLABEDIT_JOURNAL=url)).endswith("nothing is wrong\n")

    await shell.does("backup", "restore", str(two), "--data", str(tmp_path / "restored"))
    restored = await serve("restored", access="open")
    assert await restored.raw("notes") == "notes\nmore\n"
    assert await restored.raw("docs/plans") == "old\n"
    assert await restored.raw("old") == await restored.raw("docs/plans"), "it redirects"
    [entry] = (await ask(restored, "GET", "trash"))[1]["trash"]
    await restore(restored, entry)
    assert await restored.raw("lists/deleted") == "lists/deleted\n"
    assert set(restored.app[ACCESS].current.accounts.users) == {"ann"}
    for document in ("notes", "docs/plans", "lists/deleted", "third"):
        await restored.fsck(document)

    postgres.execute(
        "update gollabedit.packs set bytes = overlay(bytes placing '\\x00000000' from 40)"
        " where document = 'docs/plans'",
        url.removeprefix("postgresql:///").partition("?")[0],
    )
    ran = await shell.run("check", GOLLABEDIT_JOURNAL=url)
    assert ran.code == 1
    assert "docs/plans: what is stored of docs/plans is damaged" in ran.out
    assert ran.out.endswith(
        "3 documents checked in the database: something is wrong with docs/plans\n"
    )


async def test_what_another_server_changes_is_followed(
    serve: Serve, url: str, tmp_path: Path
) -> None:
    server = await serve(journal=url)
    await server.pair("Monday\n")
    shell = Shell(tmp_path / "home", server.url)
    with closing(PostgresqlReader(url)) as other:
        Catalog(other.site.text(CATALOG)).rename("notes", "plans")
        catalog = server.folder.catalog
        await eventually(lambda: catalog.moved_to("notes") == "plans", "it was read")
        await shell.does("access", "set", "-", given=POLICY, GOLLABEDIT_JOURNAL=url)
        policy = server.app[ACCESS].current
        await eventually(lambda: server.app[ACCESS].current is not policy, "it was read")
        AccountStore(other.site.accounts).add_user(User("bo"))
        accounts = server.app[ACCESS]
        await eventually(lambda: "bo" in accounts.current.accounts.users, "it was read")
    refused = await shell.fails("user", "list", "--data", str(server.folder.path))
    assert "are in PostgreSQL" in refused


async def test_nothing_of_a_renaming_is_done_if_it_cannot_be_stored(
    serve: Serve, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(journal=url)
    await server.pair("Monday\n")

    def fail(_: DataFolder, old: str, new: str) -> None:
        raise OSError(f"{old} {new}: no room")

    with monkeypatch.context() as patch:
        patch.setattr(DataFolder, "_finish_rename", fail)
        status, answer = await ask(server, "PATCH", "documents/notes", {"document": "plans"})
        assert status >= 500, answer
    assert await server.raw("notes") == "Monday\n"
    assert server.folder.catalog.moved_to("notes") is None
    await rename(server, "notes", "plans")
    await restore(server, await delete(server, "plans"))
    assert await server.raw("plans") == "Monday\n"


async def test_documents_at_rest_leave_the_disk_and_come_back(serve: Serve, url: str) -> None:
    server = await serve(
        journal=url, cache_bytes_max=1, checkpoint_idle_s=0.05, git_wait_s=0.05, mirror_wait_s=0.05,
        unload_after_s=0.05,
    )  # fmt: skip
    await server.join("Ann", "open")
    for document in ("open", "docs/closed"):
        status, _ = await put(server, document, f"{document}\n")
        assert status == 201
    paths = {name: await server.repository(name) for name in ("open", "docs/closed")}
    folder = paths["docs/closed"].parent
    await eventually(lambda: not folder.exists(), "it is removed, and its folder")
    assert paths["open"].exists(), "it is in use"
    assert await server.raw("docs/closed") == "docs/closed\n"
    bo = await server.join("Bo", "docs/closed")
    await bo.edit(f"{bo.text}more\n")
    await server.fsck("docs/closed")


async def test_a_repository_that_is_damaged_while_it_is_served_is_fetched_again(
    serve: Serve, url: str, server_log: pytest.LogCaptureFixture
) -> None:
    server = await serve(journal=url, unload_after_s=0.05)
    assert (await put(server, "notes", "Monday\n" * 100))[0] == 201
    [pack] = (await server.repository() / "objects" / "pack").glob("*.pack")
    await eventually(lambda: "notes" not in server.app[HUB]._running, "it is at rest")
    with closing(PostgresqlReader(url)) as reader:
        await eventually(lambda: not reader.read("notes").entries, "its checkpoint is stored")
    size = pack.stat().st_size
    pack.unlink()  # a process may have the file itself in its memory
    pack.write_bytes(bytes(size))
    server.app[HUB]._texts.drop(str(server.folder.repository_path("notes")))
    assert await server.raw() == "Monday\n" * 100
    assert "is fetched again" in server_log.text
    server_log.clear()
    await server.fsck()


async def test_a_push_that_cannot_be_stored_is_not_reported_as_done(
    serve: Serve, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    server_log: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    server = await serve(journal=url)
    await server.pair("Monday\n")
    clone = await server.clone(tmp_path / "clone")
    await commit_text(clone, "Tuesday\n")

    def fail(_: PostgresqlJournal, document: str, repository: Path) -> None:
        raise JournalError(f"{document} {repository}: no connection")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresqlJournal, "store", fail)
        assert (await push(clone, "HEAD:refs/heads/side")).code != 0
        assert (await push_for_master(clone)).code != 0
    assert "no connection" in server_log.text
    server_log.clear()
    assert await server.raw() == "Monday\n"
    assert (await push_for_master(clone)).code == 0
    assert await server.raw() == "Tuesday\n"

"""Documents in folders, at every address and on the disk."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from server.http.app_keys import MANAGEMENT
from server.storage.backup.create import Made, create
from server.storage.backup.restore import restore
from server.storage.data_folder import DataFolder, documents_in
from tests.server.sockets.client import ClosedError
from tests.server.sockets.clones import commit_text, push_for_master
from tests.server.sockets.harness import Serve, Served, eventually, git, run_git

PLAN = "docs/plan.md"


async def ask(server: Served, method: str, path: str, **options: Any) -> tuple[int, str, str]:
    """Ask; return the status, where it leads, and the body."""
    url = URL(server.url + path, encoded=True)
    async with server.http.request(method, url, allow_redirects=False, **options) as response:
        return response.status, response.headers.get("Location", ""), await response.text()


async def make(server: Served, *documents: str) -> None:
    for document in documents:
        status, _, said = await ask(server, "POST", f"/d/{document}/raw", data=f"of {document}\n")
        assert status == 201, said


def folders_of(path: Path) -> set[str]:
    """The folders in a data folder, but for those in repositories and of the server."""
    inside = (it.relative_to(path) for it in path.rglob("*") if it.is_dir())
    return {
        str(it)
        for it in inside
        if ".git" not in str(it.parent) and it.parts[0] not in ("push", "trash")
    }


# --- addresses


@pytest.mark.parametrize("name", [PLAN, "docs/plan.md."])
async def test_every_address_of_a_document_may_have_folders(server: Served, name: str) -> None:
    await make(server, PLAN)
    api = f"/api/documents/{name}"
    for path, status, part in (
        (f"/d/{name}", 200, "of docs/plan.md"),
        (f"/d/{name}/view", 200, 'content="docs/plan.md"'),
        (f"/d/{name}/raw", 200, "of docs/plan.md\n"),
        (api, 200, '"file": "plan.md"'),
        (f"{api}/unmerged", 200, '"docs/plan.md"'),
        (f"{api}/unmerged/none", 404, "no such unmerged branch"),
        (f"{api}/mirror", 200, '"docs/plan.md"'),
        (f"{api}/versions", 200, '"docs/plan.md"'),
        (f"{api}/diff?from=start", 200, '"docs/plan.md"'),
        (f"{api}/authors", 200, '"docs/plan.md"'),
        (f"{api}/steps?from=start", 200, '"docs/plan.md"'),
        (f"{api}/links", 200, "links"),
    ):
        said = await ask(server, "GET", path)
        if name.endswith("."):  # of a sentence
            assert said[0] == 307, path
            path = str(URL(server.url + path).join(URL(said[1])).relative())
            assert path.startswith(("/d/docs/plan.md", "/api/documents/docs/plan.md"))
            said = await ask(server, "GET", path)
        assert said[0] == status, path
        assert part in said[2], path


async def test_a_page_in_a_folder_finds_its_files_and_the_start_page(server: Served) -> None:
    await make(server, PLAN)
    for path in (f"/d/{PLAN}", f"/d/{PLAN}/view"):
        page = (await ask(server, "GET", path))[2]
        base = URL(server.url + path, encoded=True)
        script = page.partition('<script type="module" src="')[2].partition('"')[0]
        assert str(base.join(URL(script))).startswith(f"{server.url}/static/pages/")
        assert "$" not in page.partition("<body")[0]


@pytest.mark.parametrize(
    "path",
    ["/d/a/b/c/d/e", "/d/docs/Plan", "/d/trash/x", "/d/docs/aux", "/d/docs/x.lock"],
)
async def test_what_is_no_name_is_not_found(server: Served, path: str) -> None:
    status, _, page = await ask(server, "GET", path, headers={"Accept": "text/html"})
    assert (status, "That name can’t be used" in page) == (404, True)


@pytest.mark.parametrize(
    "path",
    ["/d/docs/", "/d/docs//plan", "/d//docs", "/d/docs/versions", "/d/docs%2Fplan.md", "/d/a%2fb"],
)
async def test_what_is_no_address_of_a_document_is_not_found(server: Served, path: str) -> None:
    status, _, page = await ask(server, "GET", path, headers={"Accept": "text/html"})
    assert (status, "Page not found" in page) == (404, True)


async def test_a_folder_and_documents_may_be_called_alike(server: Served) -> None:
    names = ["docs", "docs.md", "docs/docs", "docs/docs.md", "docs/docs/docs", "d", "view"]
    await make(server, *names)
    for name in names:
        assert await server.raw(name) == f"of {name}\n"
        await server.fsck(name)
    assert documents_in(server.folder.path) == sorted(names)


async def test_people_write_together_in_a_folder(server: Served) -> None:
    ann, bo = await server.pair("one two\n", PLAN)
    await ann.edit("ONE two\n")
    await bo.until("ONE two\n")
    assert (await server.repository(PLAN)) == server.folder.path / "docs" / "plan.md.git"
    assert (await server.git_on_disk("ls-tree", "--name-only", "master", document=PLAN)) == (
        "plan.md\n"
    )


# --- Git


@pytest.mark.parametrize("address", ["docs/plan.md.git", "d/docs/plan.md", "docs/plan.md"])
async def test_a_clone_is_pushed_from(server: Served, tmp_path: Path, address: str) -> None:
    await make(server, PLAN)
    clone = tmp_path / "clone"
    await git("clone", "--quiet", f"{server.url}/{address}", str(clone))
    assert (clone / "plan.md").read_text() == "of docs/plan.md\n"
    (clone / "plan.md").write_text("pushed\n")
    await git("commit", "--quiet", "--all", "-m", "Change", cwd=clone)
    ran = await push_for_master(clone)
    assert ran.code == 0, ran.err
    assert await server.raw(PLAN) == "pushed\n"


async def test_a_push_makes_a_document_and_a_refused_one_leaves_nothing(
    server: Served, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    await git("init", "--quiet", "--initial-branch=master", str(clone))
    await commit_text(clone, "one\n")
    for document, code in (("a/b/c/notes", 0), ("x/y/wrong", 1)):
        url = f"{server.url}/{document}.git"
        assert (await run_git("push", url, "HEAD:refs/for/master", cwd=clone)).code == code
    assert await server.raw("a/b/c/notes") == "one\n"
    assert folders_of(server.folder.path) == {"a", "a/b", "a/b/c", "a/b/c/notes.git"}


# --- as a whole


async def test_a_document_moves_into_another_folder_and_back(server: Served) -> None:
    ann = await server.join("Ann", PLAN)
    await ann.edit("one\n")
    for old, new in ((PLAN, "team/a/plan"), ("team/a/plan", "plan"), ("plan", PLAN)):
        status, _, said = await ask(
            server, "PATCH", f"/api/documents/{old}", json={"document": new}
        )
        assert status == 200, said
        assert '"file": "plan.md"' in said
        with pytest.raises(ClosedError, match=f"4301 {new}$"):
            await ann.until("never")
        ann = await server.come_back(ann, new)
        await ann.edit(f"{ann.text}{new}\n")
        status, there, _ = await ask(server, "GET", f"/d/{old}/raw")
        assert status == 307
        base = URL(f"{server.url}/d/{old}/raw")
        assert base.join(URL(there)) == URL(f"{server.url}/d/{new}/raw")
        await server.fsck(new)
        assert documents_in(server.folder.path) == [new]
    assert folders_of(server.folder.path) == {"docs", "docs/plan.md.git"}
    assert await server.raw(PLAN) == "one\nteam/a/plan\nplan\ndocs/plan.md\n"
    assert (await ask(server, "DELETE", "/api/redirects/team/a/plan"))[0] == 204


async def test_a_deleted_document_takes_its_empty_folders_along(server: Served) -> None:
    await make(server, "a/b/one", "a/two", "a-b/one")
    for document in ("a/b/one", "a-b/one"):
        status, _, said = await ask(server, "DELETE", f"/api/documents/{document}")
        assert status == 200, said
    assert folders_of(server.folder.path) <= {"a", "a/two.git"}
    trash = await server.app[MANAGEMENT].trash()
    ids = {entry.document: entry.id for entry in trash.trash}
    assert ids.keys() == {"a/b/one", "a-b/one"}
    assert len(set(ids.values())) == 2
    for document, id in ids.items():
        assert (await ask(server, "POST", f"/api/trash/{id}", json={}))[0] == 201
        assert await server.raw(document) == f"of {document}\n"
    status, _, said = await ask(server, "DELETE", "/api/documents/a/b/one")
    fields = {"document": "c/one"}
    id = (await server.app[MANAGEMENT].trash()).trash[0].id
    assert (await ask(server, "POST", f"/api/trash/{id}", json=fields))[0] == 201
    assert await server.raw("a/b/one") == "of a/b/one\n", "it leads there"


async def test_a_list_of_one_folder(server: Served) -> None:
    await make(server, "docs", "docs-old", "docs/a", "docs/b/c", "other/docs/a")
    for query, names in (
        ("under=docs/", ["docs/a", "docs/b/c"]),
        ("under=docs", ["docs/a", "docs/b/c"]),
        ("under=docs/&after=docs/a", ["docs/b/c"]),
        ("under=docs/b/", ["docs/b/c"]),
        ("under=doc", []),
        ("under=", ["docs", "docs-old", "docs/a", "docs/b/c", "other/docs/a"]),
    ):
        async with server.http.get(f"{server.url}/api/documents?{query}") as response:
            listed = await response.json()
        assert [it["document"] for it in listed["documents"]] == names, query
    async with server.http.get(f"{server.url}/api/search?q=of&under=docs") as response:
        found = await response.json()
    assert [it["document"] for it in found["documents"]] == ["docs/a", "docs/b/c"]


async def test_rights_are_given_by_folder(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "access.toml").write_text(
        '[[documents]]\nnames = ["board/*"]\n[[documents]]\nnames = ["*"]\nmanage = ["anybody"]\n'
    )
    server = await serve(access="open")
    await make(server, "boards", "team/board/x")
    for path in ("/d/board/plan/raw", "/board/plan.git/info/refs?service=git-upload-pack"):
        assert (await ask(server, "GET", path))[0] == 401
    assert (await ask(server, "POST", "/d/board/a/b/raw", data="x"))[0] == 401
    ann = await server.connect("board/plan")
    with pytest.raises(ClosedError) as closed:
        await ann.hello()
    assert closed.value.code == 4401


# --- the disk


async def test_nothing_in_a_data_folder_is_in_the_way_of_a_folder(server: Served) -> None:
    await make(server, "notes")
    await ask(server, "PATCH", "/api/documents/notes", json={"archived": True})
    await ask(server, "DELETE", "/api/documents/notes")
    files = {it.name for it in server.folder.path.iterdir()}
    assert {"trash", "push", "lock", "format", "secret", "catalog.json"} <= files
    for name in files:
        assert (await ask(server, "GET", f"/api/documents/{name}/x"))[0] == 404, name
        assert "error" not in (await ask(server, "GET", f"/api/documents/{name}/x"))[2], name


async def test_folders_are_in_a_backup(server: Served, tmp_path: Path) -> None:
    async def backup() -> Made:
        folders = (server.folder.path, tmp_path / "backups")
        return await asyncio.to_thread(create, *folders, None, lambda _: None)

    await make(server, PLAN, "docs/in-journal", "gone/x")
    await server.repository(PLAN)
    made = await backup()
    assert made.about.documents == 3
    await ask(server, "DELETE", "/api/documents/gone/x")
    made = await backup()
    assert (made.about.documents, made.about.faults) == (2, {})
    restored = tmp_path / "restored"
    restore(made.path, restored, lambda _: None)
    with DataFolder(restored):
        assert documents_in(restored) == ["docs/in-journal", PLAN]
        assert folders_of(restored) == {"docs", "docs/in-journal.git", "docs/plan.md.git"}


async def test_a_mirror_keeps_folders_or_replaces_them(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    server = await serve(
        mirror=(f"{tmp_path}/kept/{{document}}.git", f"{tmp_path}/kept/flat-{{document:-}}.git"),
        mirror_every_s=0.01,
        checkpoint_idle_s=0.01,
    )
    await make(server, "a/b/notes")
    for name in ("a/b/notes.git", "flat-a-b-notes.git"):
        master = tmp_path / "kept" / name / "refs/heads/master"
        await eventually(master.exists, name)

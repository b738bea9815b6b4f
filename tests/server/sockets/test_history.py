"""The history of a document over HTTP, and with Git: a real server, a real socket."""

from pathlib import Path
from typing import Any

import pytest

from tests.server.sockets.clones import commit_text, push, push_for_master
from tests.server.sockets.harness import Serve, Served, git, run_git

API = "/api/documents/notes"


async def get(server: Served, path: str, status: int = 200) -> Any:
    async with server.http.get(f"{server.url}{API}{path}") as response:
        assert response.status == status, await response.text()
        return await response.json()


async def send(server: Served, method: str, path: str, status: int, **body: str) -> Any:
    url = f"{server.url}{API}{path}?name=Ann"
    async with server.http.request(method, url, json=body) as response:
        assert response.status == status, await response.text()
        return await response.json() if status != 204 else None


async def versions(server: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await get(server, "/versions"))["versions"]
    return found


async def minutes(server: Served) -> tuple[Any, Any]:
    """Two people have written; there are two named versions and one that is open."""
    ann, bo = await server.pair("Meet on Monday.\n")
    await send(server, "POST", "/versions", 201, name="First")
    await bo.edit("Meet on Tuesday.\n")
    await ann.until(bo.text)
    await ann.edit("Meet on Tuesday.\nAnn brings tea.\n")
    await bo.until(ann.text)
    await send(server, "POST", "/versions", 201, name="Second", note="With tea")
    await bo.edit("Meet on Tuesday.\nAnn brings green tea.\n")
    return ann, bo


async def test_versions_are_listed_with_the_open_one_first(server: Served) -> None:
    ann, bo = await minutes(server)
    page = await get(server, "/versions")
    assert (page["document"], page["revision"]) == ("notes", bo.revision)
    assert (page["more"], page["complete"]) == (False, True)
    newest, second, first = page["versions"]
    assert (newest["id"], newest["name"], newest["steps"]) == ("open", "", 1)
    assert (second["name"], second["slug"], second["note"]) == ("Second", "second", "With tea")
    assert second["authors"] == [
        {"name": "Ann", "client": ann.id, "email": "", "added": 3, "removed": 0},
        {"name": "Bo", "client": bo.id, "email": "", "added": 1, "removed": 1},
    ]
    assert (second["subject"], second["steps"], second["kind"]) == ("Write a line", 2, "edits")
    assert first["began"] <= first["time"] <= second["time"] <= newest["time"]
    older = (await get(server, f"/versions?before={second['id']}"))["versions"]
    assert older == [first]
    assert (await get(server, "/versions?limit=1"))["more"]


async def test_texts_are_compared_by_words_with_their_authors(server: Served) -> None:
    await minutes(server)
    found = await get(server, "/diff?from=first&to=now")
    names = [author["name"] for author in found["authors"]]
    runs = [(kind, text, names[at] if at is not None else "") for kind, text, at in found["runs"]]
    assert runs == [
        ("kept", "Meet on ", ""),
        ("removed", "Monday", "Ann"),
        ("added", "Tuesday", "Bo"),
        ("kept", ".\n", ""),
        ("added", "Ann brings ", "Ann"),
        ("added", "green ", "Bo"),
        ("added", "tea.\n", "Ann"),
    ]
    async with server.http.get(
        f"{server.url}{API}/diff?from=first&to=second&format=unified"
    ) as got:
        assert (await got.text()).splitlines()[2:] == [
            "@@ -1 +1,2 @@",
            "-Meet on Monday.",
            "+Meet on Tuesday.",
            "+Ann brings tea.",
        ]


async def test_the_authors_of_any_text_are_told(server: Served) -> None:
    _, bo = await minutes(server)
    now = await get(server, "/authors")
    assert now["revision"] == bo.revision
    assert sum(length for length, _ in now["runs"]) == len(bo.text)
    second = await get(server, "/authors?revision=second")
    names = [author["name"] for author in second["authors"]]
    assert [(length, names[author]) for length, author in second["runs"]] == [
        (8, "Ann"),
        (4, "Bo"),
        (21, "Ann"),
    ]
    async with server.http.get(
        f"{server.url}{API}/authors", headers={"If-None-Match": f'"{bo.revision}"'}
    ) as response:
        assert response.status == 304


async def test_steps_lead_from_one_text_to_another(server: Served) -> None:
    _, bo = await minutes(server)
    found = await get(server, "/steps?from=first&to=now")
    text = found["text"]
    assert text == "Meet on Monday.\n"
    for step in found["steps"]:
        for start, deleted, inserted in step["splices"]:
            text = text[:start] + inserted + text[start + deleted :]
    assert text == bo.text
    assert (found["to"], found["more"], len(found["steps"])) == (bo.revision, False, 3)
    await get(server, "/steps?from=now&to=first", status=404)


async def test_the_first_version_can_be_played_from_the_start(server: Served) -> None:
    await minutes(server)
    found = await get(server, "/steps?from=start&to=first")
    assert (found["text"], found["more"]) == ("", False)
    assert [step["splices"] for step in found["steps"]] == [[[0, 0, "Meet on Monday.\n"]]]
    assert [author["name"] for author in found["authors"]] == ["Ann"]


async def test_a_step_in_two_places_leaves_alone_what_is_between(server: Served) -> None:
    ann, _ = await minutes(server)
    await ann.edit("Meet on Friday.\nAnn brings green tea, Bo cake.\n")
    *_, last = (await get(server, "/steps?from=first"))["steps"]
    assert [inserted for _, _, inserted in last["splices"]] == ["Fri", ", Bo cake"]


async def test_names_can_be_changed_and_removed(server: Served) -> None:
    await minutes(server)
    taken = await send(server, "POST", "/versions", 409, name="First")
    assert taken == {"error": "Another version has this name. Choose another one."}
    await send(server, "POST", "/versions", 400, name=" ")
    await send(server, "POST", "/versions", 404, name="x", revision="0" * 40)
    renamed = await send(server, "PATCH", "/versions/first", 200, name="The first", note="n")
    assert (renamed["name"], renamed["slug"], renamed["note"]) == ("The first", "first", "n")
    await send(server, "DELETE", "/versions/first", 204)
    await send(server, "DELETE", "/versions/first", 404)
    assert [each["name"] for each in await versions(server)] == ["", "Second", ""]
    await server.fsck()


async def test_a_restored_text_is_a_version_of_its_own(server: Served) -> None:
    ann, bo = await minutes(server)
    old = (await versions(server))[2]
    await bo.edit("Meet on Monday.\n", restores=old["revision"])
    newest, before, *_ = await versions(server)
    assert (newest["kind"], newest["restores"]) == ("restore", old["revision"])
    assert newest["authors"][0]["name"] == "Bo"
    assert before["kind"] == "edits"
    await ann.until("Meet on Monday.\n")
    await ann.edit("Meet on Sunday.\n", restores="f" * 40)
    assert (await versions(server))[0]["kind"] == "edits", "there is no such revision"


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/versions?limit=0", 400, "limit must be a number from 1 to 200, not '0'."),
        ("/versions?limit=x", 400, "limit must be a number from 1 to 200, not 'x'."),
        ("/versions?before=open", 404, "There is no such document, version or revision."),
        ("/diff?from=nothing&to=now", 404, "There is no such document, version or revision."),
        ("/authors?revision=" + "f" * 40, 404, "There is no such document, version or revision."),
    ],
)
async def test_bad_requests_are_explained(
    server: Served, path: str, status: int, sentence: str
) -> None:
    ann, _ = await server.pair("one\n")
    assert (await get(server, path, status))["error"] == sentence
    assert ann.text == "one\n"


async def test_reading_the_history_of_nothing_makes_nothing(server: Served) -> None:
    for path in ("/versions", "/authors", "/diff?from=now", "/steps?from=now"):
        await get(server, path, 404)
    await send(server, "POST", "/versions", 404, name="x")
    assert not (await server.repository()).exists()


# --- when people pause


async def test_a_pause_makes_a_version_and_a_restart_does_not(serve: Serve) -> None:
    first = await serve(seal_idle_s=3600.0)
    ann = await first.join("Ann")
    await ann.edit("one\n")
    await first.stop()
    first.folder.__exit__()
    second = await serve(seal_idle_s=0.05)
    found: list[Any] = []

    async def look() -> None:
        found[:] = (await get(second, "/versions"))["versions"]

    await look()
    while found[0]["id"] == "open":
        await look()
    assert [(each["subject"], each["authors"][0]["name"]) for each in found] == [
        ("Write a line", "Ann")
    ]


# --- with Git


async def test_a_clone_of_versions_is_readable_and_can_be_pushed_from(
    server: Served, tmp_path: Path
) -> None:
    ann, _ = await minutes(server)
    clone = await server.clone(tmp_path / "clone", "--branch", "versions", "--single-branch")
    log = await git("log", "--format=%an: %s", cwd=clone)
    assert log.splitlines() == [
        "Ann: Write a line (+3 words)",
        "Bo: Edit line 1 (+1 -1 words)",
        "Ann: Write a line (+3 words)",
        "GollabEdit: Start the document",
    ]
    assert (await git("tag", cwd=clone)).split() == ["first", "second"]
    mine = await commit_text(clone, "Meet on Tuesday.\nAnn brings tea.\nI bring cake.\n", "Cake")
    refused = await push(clone, "versions")
    assert refused.code != 0
    assert "git push origin HEAD:refs/for/master" in refused.err
    assert (await push_for_master(clone)).code == 0
    await ann.until("Meet on Tuesday.\nAnn brings green tea.\nI bring cake.\n")
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    assert (clone / "notes.txt").read_text() == ann.text
    log = await git("log", "--format=%H %an: %s", cwd=clone)
    assert log.splitlines()[0].endswith("Tester: Merge Tester: Cake (+3 words)")
    assert f"{mine} Tester: Cake" in log.splitlines()
    assert len(log.splitlines()) == 7
    await server.fsck()
    pushed = (await versions(server))[0]
    assert (pushed["kind"], pushed["subject"]) == ("push", "Cake")
    assert (pushed["authors"][0]["added"], pushed["authors"][0]["removed"]) == (3, 0)


async def test_refs_of_the_server_are_neither_cloned_nor_pushed(
    server: Served, tmp_path: Path
) -> None:
    await minutes(server)
    clone = await server.clone(tmp_path / "clone", "--mirror")
    assert "gollabedit" not in await git("for-each-ref", cwd=clone)
    assert "refs/gollabedit/authors" in await server.refs()
    ran = await run_git(
        "push", f"{server.url}/notes.git", "master:refs/gollabedit/authors", cwd=clone
    )
    assert ran.code != 0
    assert "reserved for the server" in ran.err

"""Several nodes on one database: whichever a client reaches, it is as if that were the owner."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from tests.server.sockets.clones import commit_text, push, push_for_master
from tests.server.sockets.harness import git, run_git
from tests.server.sockets.nodes import Node, Nodes

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Pair(NamedTuple):
    """Two nodes: tests make documents at the first one, and use them through the other."""

    nodes: Nodes
    owner: Node
    other: Node


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(nodes: Nodes) -> Pair:
    return Pair(nodes, await nodes.start("a"), await nodes.start("b"))


async def test_people_on_two_nodes_edit_one_document(pair: Pair) -> None:
    ann = await pair.owner.join("Ann", "live")
    bo = await pair.other.join("Bo", "live")  # it does not exist yet
    assert {person["name"] for person in bo.welcome["people"]} == {"Ann", "Bo"}
    await ann.edit("Monday\n\ntwo\n")
    await bo.until(ann.text)
    await bo.edit("Monday\n\ntwo, three\n")
    await ann.until(bo.text)
    await ann.edit("Tuesday\n\ntwo, three\n")
    conflict = await bo.edit("Friday\n\ntwo, three\n", base=bo.revision)
    assert conflict["type"] in ("conflict", "merged")
    assert pair.nodes.owner("live") == pair.owner.url


async def test_a_conflict_is_resolved_after_coming_back_to_another_node(pair: Pair) -> None:
    ann = await pair.owner.join("Ann", "conflict")
    await ann.edit("Monday\n")
    bo = await pair.other.join("Bo", "conflict")
    base = bo.revision
    await ann.edit("Tuesday\n")
    assert (await bo.edit("Friday\n", base=base))["type"] == "conflict"
    await bo.vanish()
    again = await pair.owner.come_back(bo, "conflict")
    assert again.welcome["conflict"]
    await again.vanish()
    again = await pair.other.come_back(bo, "conflict")
    assert again.id == bo.id
    again.conflict = again.welcome["conflict"]
    assert (await again.resolve("Wednesday\n"))["type"] == "merged"
    await ann.until("Wednesday\n")
    moved = {"base": ann.revision, "anchor": 1, "head": 2}
    await again.send(type="presence", **moved)
    while (seen := await ann.next("presence"))["client"] != again.id or "anchor" not in seen:
        pass
    assert moved.items() <= seen.items()


async def test_a_long_text_passes_both_ways(pair: Pair) -> None:
    """Longer than what sockets and transports take at once."""
    long = "".join(f"line {number}\n" for number in range(60_000))
    ann = await pair.other.join("Ann", "long")
    await ann.edit(long)
    bo = await pair.other.join("Bo", "long")
    assert bo.text == long


async def test_close_codes_are_those_of_the_owner(pair: Pair) -> None:
    await pair.nodes.owned_by(pair.owner, "closing", "one\n")
    for node in (pair.owner, pair.other):
        client = await node.connect("closing")
        await client.send(type="hello", protocol=99)
        assert await client.closed() == 1008
        client = await node.join("Ann", "closing")
        await client.send_raw(b"x" * 5 * 2**20)
        assert await client.closed() == 1009


async def test_answers_cannot_be_told_from_the_owners(pair: Pair) -> None:
    await pair.nodes.owned_by(pair.owner, "answers", "one\n")
    api = "/api/documents/answers"
    for path in (
        "/d/answers/raw",
        "/d/answers/raw?revision=0123",
        "/d/answers",
        "/d/answers/view",
        api,
        f"{api}/unmerged",
        f"{api}/unmerged/nobody",
        f"{api}/mirror",
        f"{api}/versions",
        f"{api}/diff?from=start",
        f"{api}/authors",
        f"{api}/steps?from=start",
        "/answers.git/info/refs?service=git-upload-pack",
        "/ws/answers",
        "/d/No%20name/raw",
    ):
        for method in ("GET", "HEAD"):
            answers = []
            for node in (pair.owner, pair.other):
                async with node.http.request(method, node.url + path) as answer:
                    headers = {n: v for n, v in answer.headers.items() if n != "Date"}
                    answers.append((answer.status, headers, await answer.read()))
            assert answers[0] == answers[1], (method, path)


async def test_texts_are_put_and_posted(pair: Pair) -> None:
    await pair.nodes.owned_by(pair.owner, "texts", "one\n")
    url, http = f"{pair.other.url}/d/texts/raw", pair.other.http
    async with http.get(url) as found:
        tag = found.headers["ETag"]
    async with http.put(url, data="two\n", headers={"If-Match": tag}) as put:
        assert (put.status, await put.text()) == (200, "two\n")
    async with http.put(url, data="three\n", headers={"If-Match": tag}) as put:
        assert put.status == 409
        assert (await put.json())["hunks"][0]["theirs"] == "three"
    async with http.get(url, headers={"If-None-Match": tag}) as known:
        assert known.status == 200
    async with http.post(url, data="line\n" * 100_000) as post:  # the owner accepts it in parts
        assert post.status == 200
    async with http.post(url, data=BytesIO(b"x" * 5_000_000)) as post:
        assert post.status == 413
    versions = f"{pair.other.url}/api/documents/texts/versions"
    async with http.post(versions, json={"name": "Sent"}) as named:
        assert named.status == 201, await named.text()
    assert pair.nodes.owner("texts") == pair.owner.url


async def test_git_clones_and_pushes(pair: Pair, tmp_path: Path) -> None:
    await pair.nodes.owned_by(pair.owner, "notes", "Monday\n")
    clone = tmp_path / "clone"
    await git("clone", "--quiet", f"{pair.other.url}/d/notes", str(clone))
    ann = await pair.owner.join("Ann", "notes")
    for number in range(3):
        await commit_text(clone, f"Monday {number}\n")
        ran = await push_for_master(clone)
        assert ran.code == 0, ran.err
        await git("pull", "--quiet", "--rebase", cwd=clone)
    (clone / "large").write_bytes(bytes(range(256)) * 4096)
    await git("add", "large", cwd=clone)
    await git("commit", "--quiet", "-m", "Large", cwd=clone)
    ran = await push(clone, "HEAD:refs/heads/side")
    assert ran.code == 0, ran.err
    await ann.until("Monday 2\n")
    await ann.edit("Tuesday\n")
    await commit_text(clone, "Friday\n")
    ran = await push_for_master(clone)
    assert ran.code != 0
    assert "others changed the same words" in ran.err
    again = tmp_path / "again"
    await git("clone", "--quiet", "--mirror", f"{pair.other.url}/notes.git", str(again))
    checked = await run_git("fsck", "--strict", "--no-dangling", cwd=again)
    assert checked.code == 0, checked.err


async def test_every_node_lists_and_finds_all(pair: Pair) -> None:
    await pair.nodes.owned_by(pair.owner, "listed-a", "a needle here\n")
    await pair.nodes.owned_by(pair.other, "listed-b", "a needle there\n")
    answers = [await node.get("/api/documents") for node in (pair.owner, pair.other)]
    assert answers[0] == answers[1]
    names = {document["document"] for document in answers[0]["documents"]}
    assert {"listed-a", "listed-b"} <= names
    for node in (pair.owner, pair.other):
        hits, after = [], ""
        while after is not None:  # an answer has what is found in a second
            found = await node.get(f"/api/search?q=needle&after={after}")
            hits += [hit["document"] for hit in found["documents"]]
            after = found["next"]
        assert hits == ["listed-a", "listed-b"]
    assert pair.nodes.owner("listed-a") == pair.owner.url


async def test_documents_are_managed_through_any_node(pair: Pair) -> None:
    await pair.nodes.owned_by(pair.owner, "moved", "one\n")
    api = f"{pair.other.url}/api/documents"
    async with pair.other.http.patch(f"{api}/moved", json={"document": "moved-on"}) as renamed:
        assert renamed.status == 200, await renamed.text()
    assert await _text(pair.other, "moved-on") == "one\n"
    async with pair.other.http.delete(f"{api}/moved-on") as deleted:
        assert deleted.status == 200, await deleted.text()
    async with pair.other.http.get(f"{api}/moved-on") as gone:
        assert gone.status == 404


async def _text(node: Node, document: str) -> str:
    async with node.http.get(f"{node.url}/d/{document}/raw") as found:
        assert found.status == 200, await found.text()
        return await found.text()


async def test_many_make_one_new_document_at_the_same_time(pair: Pair) -> None:
    for number in range(5):
        document = f"new{number}"
        nodes = (pair.owner, pair.other) * 3
        clients = await asyncio.gather(*(node.join("Ann", document) for node in nodes))
        await asyncio.gather(*(client.edit(f"{at}\n") for at, client in enumerate(clients)))
        texts = {await _text(node, document) for node in nodes}
        assert len(texts) == 1

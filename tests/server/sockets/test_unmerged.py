"""Parked branches over a real socket: listed, shown, taken up by anybody (rule P15)."""

import asyncio
import time

import pytest

from tests.server.sockets.client import Client, Message, with_theirs
from tests.server.sockets.harness import Served
from tests.server.sockets.raw_socket import RawSocket

_FOXES = "The red fox\njumps over\nthe lazy dog"
_BLUE = "The blue fox\njumps over\nthe lazy dog"
_GREEN = "The green fox\njumps over\nthe sleepy dog"
_BOTH = "The turquoise fox\njumps over\nthe sleepy dog"


def _page(letter: str) -> str:
    """A text that fills a good part of a socket's buffers."""
    return f"{_FOXES}\n" + "\n".join([letter * 79] * 6000)


async def _get(server: Served, path: str = "", document: str = "notes") -> tuple[int, Message]:
    url = f"{server.url}/api/documents/{document}/unmerged{path}"
    async with server.http.get(url) as response:
        assert response.content_type == "application/json", await response.text()
        return response.status, await response.json()


async def _park(server: Served) -> tuple[Client, Client, Message]:
    """Ann makes the fox blue, Bo green, and he puts the question off."""
    ann, bo = await server.pair(_FOXES)
    await ann.edit(_BLUE)
    conflict = await bo.edit(_GREEN, base=bo.welcome["revision"])
    assert (await bo.park())["type"] == "merged"
    return ann, bo, conflict


async def _question(server: Served, id: str) -> Message:
    status, found = await _get(server, f"/{id}")
    assert status == 200
    return found


async def test_p15_the_list_says_what_there_is_to_take_up(server: Served) -> None:
    ann, bo, conflict = await _park(server)
    status, found = await _get(server)
    assert status == 200
    [branch] = found.pop("unmerged")
    assert found == {"document": "notes", "revision": conflict["revision"]}
    assert abs(branch.pop("time") - time.time()) < 60
    assert branch == {
        "id": bo.id,
        "commit": conflict["commit"],
        "name": "Bo",
        "hunks": 1,
        "characters": 5,
        "excerpt": "green",
    }
    assert ann.id != bo.id


async def test_p15_a_branch_is_shown_as_its_author_was_asked(server: Served) -> None:
    _, bo, conflict = await _park(server)
    found = await _question(server, bo.id)
    assert abs(found.pop("time") - time.time()) < 60
    assert found.pop("id") == bo.id
    del conflict["type"], conflict["seq"], conflict["waiting"]
    assert found == conflict
    assert with_theirs(found) == _GREEN


async def test_p15_there_is_an_empty_list_where_nothing_was_parked(server: Served) -> None:
    ann = await server.join()
    await ann.edit("one")
    empty = {"document": "notes", "revision": ann.revision, "unmerged": []}
    assert await _get(server) == (200, empty)


async def test_p15_what_does_not_exist_is_not_found(server: Served) -> None:
    for path in ("", "/nobody"):
        status, found = await _get(server, path)
        assert (status, list(found)) == (404, ["error"])
    ann, bo, _ = await _park(server)
    for id in ("nobody", f"{bo.id}-2", ann.id, "%2e%2e%2fmaster", "a%20b~^:", "é" * 300):
        status, found = await _get(server, f"/{id}")
        assert (status, list(found)) == (404, ["error"]), id


@pytest.mark.parametrize("document", ["Notes", "a..b", "x.git", "é"])
async def test_p15_a_name_that_no_document_has_is_not_found(server: Served, document: str) -> None:
    for path in ("", "/bo"):
        url = f"{server.url}/api/documents/{document}/unmerged{path}"
        async with server.http.get(url) as response:
            assert response.status == 404


async def test_p15_asking_leaves_nothing_on_disk(server: Served) -> None:
    before = sorted(path.name for path in server.folder.path.iterdir())
    assert (await _get(server))[0] == (await _get(server, "/bo"))[0] == 404
    assert sorted(path.name for path in server.folder.path.iterdir()) == before


async def test_p15_everybody_hears_of_each_change_of_the_count(server: Served) -> None:
    ann, bo, _ = await _park(server)
    for client in (ann, bo):
        assert client.welcome["unmerged"] == 0
        await client.until_unmerged(1)
    cat = await server.join("Cat")
    assert cat.welcome["unmerged"] == 1
    await cat.take_up(await _question(server, bo.id), _BOTH)
    for client in (ann, bo, cat):
        await client.until_unmerged(0)
    assert (await server.join("Dan")).welcome["unmerged"] == 0


async def test_p15_who_is_welcomed_with_the_count_is_not_told_it_again(server: Served) -> None:
    await _park(server)
    cat = await server.join("Cat")
    await cat.send(type="ping")
    kinds = set()
    while (message := await cat.receive_raw())["type"] != "pong":
        kinds.add(message["type"])
    assert kinds <= {"presence"}


async def test_p15_another_client_answers_what_was_parked(server: Served) -> None:
    ann, bo, conflict = await _park(server)
    cat = await server.join("Cat")
    merged = await cat.take_up(await _question(server, bo.id), _BOTH)
    assert merged["type"] == "merged"
    for client in (ann, bo):
        await client.until(_BOTH)
    refs = await server.refs()
    assert f"unmerged/{bo.id}" not in refs
    parents = await server.git_on_disk("log", "-1", "--format=%P", merged["commit"])
    assert parents.split() == [conflict["revision"], conflict["commit"]]
    assert (await _get(server))[1]["unmerged"] == []
    assert (await _get(server, f"/{bo.id}"))[0] == 404
    await server.fsck()


async def test_p15_two_who_take_it_up_at_once_lose_nothing(server: Served) -> None:
    ann, bo, _ = await _park(server)
    found = await _question(server, bo.id)
    await ann.until(found["text"])
    cat = await server.join("Cat")
    answers = await asyncio.gather(
        ann.take_up(found, _BOTH), cat.take_up(found, _BOTH.replace("turquoise", "teal"))
    )
    kinds = {answer["type"]: answer for answer in answers}
    assert set(kinds) == {"merged", "conflict"}
    [hunk] = kinds["conflict"]["hunks"]
    assert {hunk["ours"], hunk["theirs"]} == {"turquoise", "teal"}
    loser = ann if ann.conflict else cat
    assert (await loser.resolve(_BOTH))["type"] == "merged"
    assert await server.raw() == _BOTH
    assert not any(ref.startswith("unmerged/") for ref in await server.refs())


async def test_p15_a_commit_that_is_no_unmerged_head_is_unknown(server: Served) -> None:
    ann, bo, conflict = await _park(server)
    found = await _question(server, bo.id)
    cat = await server.join("Cat")
    for commit in ("0" * 40, "nonsense", conflict["commit"].upper()):
        error = await cat.take_up(found | {"commit": commit}, _BOTH)
        assert (error["type"], error["code"]) == ("error", "unknown_base"), commit
    assert await server.raw() == conflict["text"]
    assert (await cat.take_up(found, _BOTH))["type"] == "merged"
    await ann.until(_BOTH)


async def test_p15_a_slow_reader_gets_the_newest_count_only(server: Served) -> None:
    ann, bo = await server.pair(_FOXES)
    async with RawSocket(*server.address) as slow:
        await slow.upgrade("/ws/notes")
        await slow.send_text('{"type": "hello", "protocol": 1, "name": "Slow"}')
        while len(ann.people) < 3:
            await ann.next("presence")
        for letter in "abcdefgh":  # all of these do not fit into the socket
            await ann.edit(_page(letter))
        base, text = ann.revision, ann.text
        await ann.edit(text.replace("red", "blue"))
        for number in range(20):
            answer = await bo.edit(text.replace("red", f"green{number}"), base=base)
            assert answer["type"] == "conflict"
            await bo.park()
        await ann.until_unmerged(20)
        await ann.edit(f"The end\n{ann.text}")
        messages = [message async for message in slow.messages_until(ann.revision)]
    counts = [message["count"] for message in messages if message["type"] == "unmerged"]
    assert counts[-1] == 20
    assert len(counts) < 10

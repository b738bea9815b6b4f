"""The list of documents, over a real socket."""

from typing import Any

import pytest

from server.git.packed_refs import PackedRefs
from server.http import api
from server.http.app_keys import HUB
from tests.server.sockets.harness import Serve, Served


async def listed(server: Served, query: str = "") -> Any:
    async with server.http.get(f"{server.url}/api/documents{query}") as response:
        assert response.status == 200
        return await response.json()


async def make(server: Served, *documents: str) -> dict[str, str]:
    """Write into documents; returns their revisions."""
    revisions = {}
    for document in documents:
        url = f"{server.url}/d/{document}/raw"
        async with server.http.post(url, data=b"one\n") as response:
            assert response.status == 201
            revisions[document] = response.headers["ETag"].strip('"')
    return revisions


def as_list(revisions: dict[str, str]) -> list[dict[str, str]]:
    return [{"document": name, "revision": revisions[name]} for name in sorted(revisions)]


async def test_there_is_nothing_at_first_and_a_look_adds_nothing(server: Served) -> None:
    await server.join()
    assert await listed(server) == {"documents": [], "more": False}


async def test_documents_are_listed_wherever_they_are(server: Served) -> None:
    made = await make(server, "zebra", "ant", "notes.md")
    assert await listed(server) == {"documents": as_list(made), "more": False}
    await server.repository("ant")  # on disk, and no longer in the journal
    assert await listed(server) == {"documents": as_list(made), "more": False}


async def test_a_server_that_was_started_anew_lists_without_opening(serve: Serve) -> None:
    first = await serve()
    made = await make(first, "a", "b", "c")
    await first.stop()
    first.folder.__exit__()
    second = await serve()
    assert await listed(second) == {"documents": as_list(made), "more": False}
    assert second.app[HUB].documents() == []


async def test_a_loose_ref_counts_more_than_a_packed_one(server: Served) -> None:
    made = await make(server, "notes")
    packed = await server.git_on_disk("rev-parse", "master")
    assert packed.strip() == made["notes"]
    path = await server.repository()
    assert PackedRefs((path / "packed-refs").read_bytes()).heads["refs/heads/master"]
    tree = (await server.git_on_disk("rev-parse", "master^{tree}")).strip()
    commit = (
        await server.git_on_disk("commit-tree", tree, "-m", "x", "-p", packed.strip())
    ).strip()
    await server.git_on_disk("update-ref", "refs/heads/master", commit)
    assert await listed(server) == {"documents": as_list({"notes": commit}), "more": False}


async def test_what_is_no_document_is_not_listed(server: Served) -> None:
    for name in ("Upper.git", "empty.git", "x.lock.git", "folder"):
        (server.folder.path / name).mkdir()
    assert await listed(server) == {"documents": [], "more": False}


async def test_a_long_list_comes_in_parts(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_LISTED_MAX", 2)
    made = as_list(await make(server, "a", "b", "c"))
    assert await listed(server) == {"documents": made[:2], "more": True}
    assert await listed(server, "?after=b") == {"documents": made[2:], "more": False}
    assert await listed(server, "?after=c") == {"documents": [], "more": False}

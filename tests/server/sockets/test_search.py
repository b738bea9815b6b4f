"""Search in all documents, over a real socket and from the command line."""

from typing import Any

import pytest

from server.hub import search
from tests.server.sockets.harness import Served
from tests.server.sockets.shell import Shell

PLAN = "# Plan\n\nA chair for Ann.\n"
NOTES = "Chairs: forty.\n"


async def _write(server: Served, **texts: str) -> None:
    for document, text in texts.items():
        url = f"{server.url}/d/{document}/raw"
        async with server.http.put(url, data=text, headers={"If-None-Match": "*"}) as response:
            assert response.status == 201


async def _search(server: Served, words: str, **query: str) -> Any:
    url = f"{server.url}/api/search"
    async with server.http.get(url, params={"q": words, **query}) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def _found(server: Served, words: str, **query: str) -> list[str]:
    return [hit["document"] for hit in (await _search(server, words, **query))["documents"]]


async def test_documents_are_found_with_their_lines(server: Served) -> None:
    await _write(server, plan=PLAN, notes=NOTES, other="nothing\n")
    found = await _search(server, " CHAIR ")
    revisions = [hit.pop("revision") for hit in found["documents"]]
    assert all(len(revision) == 40 for revision in revisions)
    assert found == {
        "query": "CHAIR",
        "documents": [
            {
                "document": "notes",
                "title": "Chairs: forty.",
                "lines": [{"line": 1, "parts": ["", "Chair", "s: forty."]}],
                "more": 0,
            },
            {
                "document": "plan",
                "title": "Plan",
                "lines": [{"line": 3, "parts": ["A ", "chair", " for Ann."]}],
                "more": 0,
            },
        ],
        "searched": 3,
        "next": None,
    }
    assert await _found(server, "a sofa") == []


async def test_what_is_typed_is_found_at_once_and_what_is_gone_is_not(server: Served) -> None:
    await _write(server, notes=NOTES)
    ann = await server.join()
    assert await _found(server, "forty") == ["notes"]
    await ann.edit("Chairs: fifty.\n")
    assert await _found(server, "forty") == []
    await server.repository("notes")  # on disk, and no longer in the journal
    assert await _found(server, "fifty") == ["notes"]
    url = f"{server.url}/api/documents/notes"
    async with server.http.patch(url, json={"archived": True}) as response:
        assert response.status == 200
    assert await _found(server, "fifty") == []
    assert await _found(server, "fifty", archived="1") == ["notes"]
    async with server.http.delete(url) as response:
        assert response.status == 200
    assert await _found(server, "fifty", archived="1") == []


async def test_a_long_search_goes_on_where_it_stopped(
    server: Served, monkeypatch: pytest.MonkeyPatch, shell: Shell
) -> None:
    monkeypatch.setattr(search, "_WORK_S", 1e-9)
    names = [f"doc{number}" for number in range(4)]
    await _write(server, **dict.fromkeys(names, NOTES), zebra="nothing\n")
    found, after = [], ""
    for number in range(5):
        answer = await _search(server, "forty", after=after)
        found += [hit["document"] for hit in answer["documents"]]
        assert answer["searched"] == 1
        assert (answer["next"] is None) == (number == 4)
        after = answer["next"]
    assert found == names
    printed = await shell.does("search", "forty", server.url)
    assert printed == "".join(f"{name}:1: Chairs: forty.\n" for name in names)


async def test_a_document_that_is_damaged_does_not_hide_the_others(
    server: Served, server_log: pytest.LogCaptureFixture
) -> None:
    await _write(server, plan=PLAN)
    refs = server.folder.path / "damaged.git" / "refs" / "heads"
    refs.mkdir(parents=True)
    (refs / "master").write_text(f"{'1' * 40}\n")
    assert await _found(server, "chair") == ["plan"]
    assert "damaged.git is not a Git repository" in server_log.text
    server_log.clear()


@pytest.mark.parametrize("words", ["", "  ", "two\nlines", "x" * 201])
async def test_what_cannot_be_searched_for_is_refused(server: Served, words: str) -> None:
    async with server.http.get(f"{server.url}/api/search", params={"q": words}) as response:
        assert response.status == 400
        assert "1 to 200 characters" in (await response.json())["error"]


async def test_the_command_prints_lines_and_fails_if_there_are_none(
    server: Served, shell: Shell
) -> None:
    await _write(server, plan=PLAN, notes=NOTES + "chair\n" * 8)
    ran = await shell.run("search", "chair", server.url)
    assert (ran.code, ran.out.splitlines()[0], ran.out.splitlines()[-1]) == (
        *(0, "notes:1: Chairs: forty."),
        "plan:3: A chair for Ann.",
    )
    assert ran.err == "notes: 4 more lines\n"
    ran = await shell.run("search", "sofa", server.url)
    assert (ran.code, ran.out, ran.err) == (1, "", "gollabedit: nothing was found\n")

"""The client for programs, against the real server."""

import asyncio

import pytest

from server.client.document import (
    ConflictError,
    DeletedError,
    NotReachableError,
    RefusedError,
    connect,
    websocket_url,
)
from server.http.app_keys import MANAGEMENT
from tests.server.sockets.harness import Serve, Served


def at(server: Served) -> str:
    return f"{server.url}/d/notes"


async def test_an_edit_is_durable_when_it_returns(server: Served) -> None:
    async with connect(at(server), name="Bot") as document:
        assert document.text == ""
        await document.edit("Hello world!\n")
        assert document.text == "Hello world!\n"
    assert await server.raw() == "Hello world!\n"


async def test_edits_of_two_programs_merge_and_both_hear_of_it(server: Served) -> None:
    async with connect(at(server), name="Ann") as ann, connect(at(server), name="Bo") as bo:
        await ann.edit("one two three\n")
        seen = bo.revisions()
        async for revision in seen:
            if revision.text == "one two three\n":
                assert revision.who in {("Ann",), ()}  # () if it was there when Bo came
                break
        await asyncio.gather(ann.edit("1 two three\n"), bo.edit("one two 3\n"))
        async for revision in ann.revisions():
            if revision.text == "1 two 3\n":
                break
        async for revision in bo.revisions():
            if revision.text == "1 two 3\n":
                break
        assert ann.text == bo.text == await server.raw()
        await ann._wait_until(lambda: ann.people == ("Bo",))


async def test_a_text_made_of_an_older_one_is_merged(server: Served) -> None:
    async with connect(at(server)) as document:
        await document.edit("one two three\n")
        before = document.text
        await document.edit("1 two three\n")
        await document.edit("one two 3\n", of=before)
        assert document.text == await server.raw() == "1 two 3\n"
        with pytest.raises(ValueError, match="not among"):
            await document.edit("", of="never seen")


@pytest.mark.parametrize(
    ("results", "text"), [(["zwei"], "one zwei three\n"), (["2 deux"], "one 2 deux three\n")]
)
async def test_a_conflict_is_raised_and_resolved(
    server: Served, results: list[str], text: str
) -> None:
    async with connect(at(server), name="Ann") as document:
        await document.edit("one two three\n")
        before = document.text
        await document.edit("one zwei three\n")
        with pytest.raises(ConflictError) as raised:
            await document.edit("one deux three\n", of=before)
        [hunk] = raised.value.hunks
        assert (hunk.base, hunk.ours, hunk.theirs) == ("two", "zwei", "deux")
        assert document.conflict
        await raised.value.resolve(results)
        assert document.text == await server.raw() == text
        assert document.conflict is None


async def test_a_conflict_can_be_put_off(server: Served) -> None:
    async with connect(at(server), name="Ann") as document:
        await document.edit("one two three\n")
        before = document.text
        await document.edit("one zwei three\n")
        with pytest.raises(ConflictError) as raised:
            await document.edit("one deux three\n", of=before)
        await raised.value.park()
        assert document.text == "one zwei three\n"
        await document.edit("one zwei drei\n")
        assert await server.raw() == "one zwei drei\n"


async def test_a_text_that_the_server_does_not_take_changes_nothing(serve: Serve) -> None:
    server = await serve(document_bytes_max=1024)
    async with connect(at(server)) as document:
        await document.edit("small\n")
        with pytest.raises(RefusedError) as raised:
            await document.edit("x" * 2000)
        assert raised.value.code == "too_large"
        with pytest.raises(RefusedError):
            await document.edit("a\0b")
        assert document.text == "small\n"
        await document.edit("small again\n")


async def test_it_comes_back_after_a_restart_and_loses_nothing(server: Served) -> None:
    async with connect(at(server)) as document:
        await document.edit("before\n")
        socket = document._connection._socket
        assert socket
        assert socket._response.connection
        assert socket._response.connection.transport
        socket._response.connection.transport.abort()
        await document.edit("before\nafter\n")
        assert await server.raw() == "before\nafter\n"


async def test_no_server_is_said_in_one_line(unused_tcp_port: int) -> None:
    with pytest.raises(NotReachableError, match="cannot be reached") as raised:
        async with connect(f"http://ann:secret@127.0.0.1:{unused_tcp_port}/d/notes", wait_s=0.1):
            pass
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    ["", "notes", "http://localhost/notes", "ftp://a/d/b", "http:///d/b", "http://a:secret@b/c"],
)
def test_an_address_of_no_document_is_said(url: str) -> None:
    with pytest.raises(NotReachableError, match="not the address") as raised:
        websocket_url(url)
    assert "secret" not in str(raised.value)


def test_an_address_may_have_a_path_before_it() -> None:
    assert websocket_url("https://a.example/w/d/notes") == "https://a.example/w/ws/notes"


async def test_a_program_follows_a_document_to_its_new_name(server: Served) -> None:
    async with connect(at(server), name="Bot") as document:
        await document.edit("one\n")
        client = document._replica.client
        await server.app[MANAGEMENT].rename("notes", "plans")
        await document.edit(f"{document.text}two\n")
        assert document._replica.client == client, "it did not resume"
    assert await server.raw("plans") == "one\ntwo\n"


async def test_a_deleted_document_is_not_made_anew_by_a_program(server: Served) -> None:
    async with connect(at(server), name="Bot") as document:
        await document.edit("one\n")
        await server.app[MANAGEMENT].delete("notes")
        with pytest.raises(DeletedError, match="/d/notes: the document was deleted"):
            await document.edit("two\n")
        assert document.text == "two\n", "the words stay with the program"
    assert not server.folder.exists("notes")

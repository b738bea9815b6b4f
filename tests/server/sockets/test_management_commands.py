"""`rm`, `mv`, `archive`, `trash` and `undelete` as subprocesses, against a real server."""

import pytest

from tests.server.sockets.harness import Served
from tests.server.sockets.shell import Shell


@pytest.fixture
async def text(shell: Shell) -> str:
    """The text of the document `notes`."""
    await shell.does("new", shell.url, given=b"one\n")
    return "one\n"


async def test_what_is_deleted_is_listed_and_restored(
    server: Served, shell: Shell, text: str
) -> None:
    said = await shell.does("rm", shell.url)
    assert said.startswith("notes is in the trash until 20")
    assert said.endswith(f"to bring it back: gollabedit undelete {shell.url}\n")
    assert await shell.does("ls", server.url) == ""
    listed = await shell.does("trash", server.url)
    assert "  notes, deleted 20" in listed
    id = listed.split()[0]
    assert "there is no such notes in the trash" in await shell.fails(
        "undelete", shell.url, "--id", "notes-1"
    )
    plans = f"{server.url}/d/plans"
    assert await shell.does("undelete", shell.url, "--as", "plans", "--id", id) == f"{plans}\n"
    assert await shell.does("cat", plans) == text
    assert await shell.does("trash", server.url) == ""


async def test_the_last_of_several_is_restored(shell: Shell, text: str) -> None:
    await shell.does("rm", shell.url)
    await shell.does("new", shell.url, given=b"two\n")
    await shell.does("rm", shell.url)
    assert await shell.does("undelete", shell.url) == f"{shell.url}\n"
    assert await shell.does("cat", shell.url) == "two\n"
    assert "There is a document notes already" in await shell.fails("undelete", shell.url)


async def test_a_renamed_document_is_found_at_both_addresses(
    server: Served, shell: Shell, text: str
) -> None:
    plans = f"{server.url}/d/plans"
    assert await shell.does("mv", shell.url, "plans") == f"{plans}\n"
    assert await shell.does("cat", shell.url) == await shell.does("cat", plans) == text
    assert "notes is called plans now" in await shell.fails("append", shell.url, given=b"two\n")
    assert "notes is called plans now" in await shell.fails("rm", shell.url)
    assert await shell.does("rm", "--redirect", shell.url) == "notes is free\n"
    await shell.does("new", shell.url, given=b"another\n")
    assert "There is a document notes already" in await shell.fails("mv", plans, "notes")
    assert "That name can't be used" in await shell.fails("mv", plans, "No Name")


async def test_an_archived_document_is_not_listed_and_can_only_be_read(
    server: Served, shell: Shell, text: str
) -> None:
    await shell.does("archive", shell.url)
    assert await shell.does("ls", server.url) == ""
    assert await shell.does("ls", server.url, "--archived") == "notes\n"
    assert await shell.does("cat", shell.url) == text
    assert "is archived, and can only be read" in await shell.fails(
        "append", shell.url, given=b"two\n"
    )
    await shell.does("archive", shell.url, "--undo")
    await shell.does("append", shell.url, given=b"two\n")


async def test_what_is_not_there_is_said(server: Served, shell: Shell) -> None:
    for words in (("rm",), ("mv", "plans"), ("archive",)):
        command, *more = words
        assert "There is no such document" in await shell.fails(command, shell.url, *more)
    assert "is not the address of a document" in await shell.fails("rm", server.url)

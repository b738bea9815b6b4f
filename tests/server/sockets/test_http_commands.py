"""`ls`, `cat`, `new`, `put` and `append` as subprocesses, against a real server."""

import pytest

from server.http.app_keys import HUB
from tests.server.desk import FRIDAY, MONDAY, TUESDAY
from tests.server.sockets.harness import Served
from tests.server.sockets.shell import Shell


async def _fetch(shell: Shell) -> None:
    """Have the text in notes.txt and its revision in notes.etag."""
    text = await shell.does("cat", shell.url, "--etag-file", "notes.etag")
    shell.write("notes.txt", text)


async def test_a_document_is_made_printed_and_listed(server: Served, shell: Shell) -> None:
    text = "Grüße 🦊\r\nno end"
    shell.write("notes.txt", text)
    revision = await shell.does("new", shell.url, "notes.txt")
    assert (await shell.run("cat", shell.url)).out == text
    assert await shell.does("ls", server.url) == "notes\n"
    assert await shell.does("ls", shell.url) == "notes\n"
    assert (await server.git_on_disk("rev-parse", "master")) == revision


async def test_what_exists_is_not_made_again(shell: Shell) -> None:
    await shell.does("new", shell.url, given=b"one\n")
    said = await shell.fails("new", shell.url, given=b"two\n")
    assert "/d/notes exists; gollabedit put changes it" in said


async def test_what_does_not_exist_is_not_put(shell: Shell) -> None:
    said = await shell.fails("put", shell.url, given=b"two\n")
    assert "/d/notes does not exist; gollabedit new makes it" in said
    await shell.does("new", shell.url, given=b"one\n")
    said = await shell.fails("put", shell.url, "--base", "0" * 40, given=b"two\n")
    assert f"has no revision {'0' * 40}" in said


async def test_an_old_revision_is_printed(shell: Shell) -> None:
    old = await shell.does("new", shell.url, given=b"one\n")
    await shell.does("append", shell.url, given=b"two\n")
    assert await shell.does("cat", shell.url, "--revision", old.strip()) == "one\n"


async def test_lines_come_in_and_are_appended(server: Served, shell: Shell) -> None:
    await shell.does("append", shell.url, given=b"one\n")
    shell.write("more", "two\n")
    await shell.does("append", shell.url, "more", "--name", "Jürgen")
    assert await server.raw() == "one\ntwo\n"
    assert (await server.git_on_disk("log", "-1", "--format=%an", "master")) == "Jürgen\n"


async def test_put_takes_the_place_of_whatever_is_there(server: Served, shell: Shell) -> None:
    await shell.does("new", shell.url, "-", given=MONDAY.encode())
    await shell.does("put", shell.url, given=TUESDAY.encode())
    assert await server.raw() == TUESDAY


async def test_put_makes_no_document(shell: Shell) -> None:
    assert "does not exist" in await shell.fails("put", shell.url, given=b"one\n")


async def test_put_merges_and_brings_the_files_up_to_date(server: Served, shell: Shell) -> None:
    await shell.does("new", shell.url, given=b"one two three\n")
    await _fetch(shell)
    await shell.does("put", shell.url, given=b"ONE two three\n")
    shell.write("notes.txt", "one two THREE\n")
    ran = await shell.run("put", shell.url, "notes.txt", "--etag-file", "notes.etag")
    assert ran.code == 0
    assert "what others wrote" in ran.err
    assert shell.read("notes.txt") == await server.raw() == "ONE two THREE\n"
    assert shell.read("notes.etag") == ran.out
    shell.write("notes.txt", "ONE TWO THREE\n")
    ran = await shell.run("put", shell.url, "notes.txt", "--etag-file", "notes.etag")
    assert (ran.code, ran.err) == (0, "")
    assert await server.raw() == "ONE TWO THREE\n"


async def test_a_disagreement_is_shown_and_changes_nothing(server: Served, shell: Shell) -> None:
    base = (await shell.does("new", shell.url, given=b"one\n" + MONDAY.encode())).strip()
    newest = await shell.does("put", shell.url, given=b"one\n" + TUESDAY.encode())
    shell.write("notes.txt", f"zero\n\none\n{FRIDAY}")
    shell.write("notes.etag", f"{base}\n")
    for how in (["--base", base], ["--etag-file", "notes.etag"]):
        ran = await shell.run("put", shell.url, "notes.txt", *how)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.splitlines() == [
            "gollabedit: others changed the same words in 1 place; nothing was changed",
            "notes.txt:4:",
            "  before: Monday",
            "  yours:  Friday",
            "  theirs: Tuesday",
            "gollabedit: resolve the conflict in your text, and put it with --base "
            + newest.strip(),
        ]
    assert await server.raw() == f"one\n{TUESDAY}"
    assert shell.read("notes.txt") == f"zero\n\none\n{FRIDAY}"
    assert shell.read("notes.etag").strip() == base


async def test_what_others_wrote_does_not_reach_the_terminal_as_codes(shell: Shell) -> None:
    base = (await shell.does("new", shell.url, given=MONDAY.encode())).strip()
    await shell.does("put", shell.url, given=MONDAY.replace("Monday", "\x1b[2J").encode())
    ran = await shell.run("put", shell.url, "-", "--base", base, given=FRIDAY.encode())
    assert ran.code == 1
    assert "\x1b" not in ran.err


async def test_a_clone_s_address_names_the_document_too(server: Served, shell: Shell) -> None:
    await shell.does("append", f"{server.url}/notes.git", given=b"one\n")
    for url in (shell.url, f"{shell.url}/", f"{shell.url}/raw", f"{server.url}/notes.git/"):
        assert await shell.does("cat", url) == "one\n"


async def test_what_goes_wrong_is_one_line(server: Served, shell: Shell) -> None:
    for command, arguments, words in (
        ("cat", [shell.url], "There is no document"),
        ("cat", [server.url], "is not the address of a document"),
        ("cat", ["notes"], "is not an address"),
        ("cat", ["http://[/d/notes"], "is not an address"),
        ("cat", ["http://127.0.0.1:1/d/notes"], "cannot be reached"),
        ("cat", [f"{server.url}/d/Notes"], "That name can't be used"),
        ("ls", ["file:///etc"], "is not an address"),
        ("new", [shell.url, "missing.txt"], "missing.txt cannot be read"),
        ("append", [shell.url], "the body is empty"),
        ("put", [shell.url, "--etag-file", "x"], "--etag-file needs a FILE"),
        ("put", [shell.url, "missing", "--base", "0" * 40], "missing cannot be read"),
    ):
        assert words in await shell.fails(command, *arguments), arguments


async def test_an_etag_file_that_holds_none_is_refused(shell: Shell) -> None:
    shell.write("notes.txt", MONDAY)
    shell.write("notes.etag", "hello\n")
    said = await shell.fails("put", shell.url, "notes.txt", "--etag-file", "notes.etag")
    assert "has no revision in it" in said


async def test_a_server_that_stops_is_told_in_one_line(server: Served, shell: Shell) -> None:
    await server.app[HUB].stop()
    assert "try again later" in await shell.fails("append", shell.url, given=b"one\n")


async def test_no_password_is_shown(server: Served, shell: Shell) -> None:
    url = shell.url.replace("http://", "http://ann:secret@")
    await shell.does("append", url, given=b"one\n")
    assert "secret" not in await shell.fails("new", url, given=b"two\n")


@pytest.mark.parametrize("command", ["ls", "cat", "new", "put", "append"])
async def test_help_has_examples(shell: Shell, command: str) -> None:
    assert "examples:\n  " in await shell.does(command, "--help")

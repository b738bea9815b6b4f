"""`export` and `import` as subprocesses, against a real server."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.server.sockets.client import DEADLINE_S
from tests.server.sockets.harness import Served
from tests.server.sockets.shell import Shell

_TEXTS = {
    "Meeting Notes.md": "\ufeff# Grüße 🦊\r\nno end",
    "README": "\n\n  blanks  \t\n\n",
    "todo.txt": "one\ntwo\n",
}


@pytest.fixture
def folder(shell: Shell) -> Path:
    """A folder with a few texts."""
    path = shell.folder / "docs"
    path.mkdir()
    for name, text in _TEXTS.items():
        (path / name).write_bytes(text.encode())
    return path


def _files(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


# --- import


async def test_the_texts_of_a_folder_become_documents(
    server: Served, shell: Shell, folder: Path
) -> None:
    said = await shell.does("import", "docs", server.url, "--name", "Jürgen")
    assert said.splitlines() == [
        "Meeting Notes.md → meeting-notes.md: new",
        "README → readme: new",
        "todo.txt → todo: new",
        "3 files: 3 new",
    ]
    assert await server.raw("meeting-notes.md") == _TEXTS["Meeting Notes.md"]
    assert await server.raw("readme") == _TEXTS["README"]
    assert await server.raw("todo") == _TEXTS["todo.txt"]
    log = await server.git_on_disk("log", "-1", "--format=%an", "master", document="todo")
    assert log == "Jürgen\n"


async def test_what_was_imported_comes_out_byte_for_byte_and_goes_in_again(
    server: Served, shell: Shell, folder: Path
) -> None:
    await shell.does("import", "docs", server.url)
    await shell.does("export", server.url, "copies")
    assert _files(shell.folder / "copies") == {
        "meeting-notes.md": _TEXTS["Meeting Notes.md"].encode(),
        "readme.txt": _TEXTS["README"].encode(),
        "todo.txt": _TEXTS["todo.txt"].encode(),
    }
    assert await shell.does("import", "copies", server.url) == "3 files: 3 unchanged\n"


async def test_folders_go_in_and_come_out(server: Served, shell: Shell, folder: Path) -> None:
    inner = folder / "New" / "My Plans"
    inner.mkdir(parents=True)
    (inner / "Plan B.md").write_text("B\n")
    (inner / "notes.txt").write_text("A\n")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("no\n")
    assert "New/My Plans/Plan B.md → new/my-plans/plan-b.md: new" in (
        await shell.does("import", "docs", server.url)
    )
    assert await shell.does("ls", server.url, "--under", "new") == (
        "new/my-plans/notes\nnew/my-plans/plan-b.md\n"
    )
    await shell.does("export", server.url, "copies", "new/*")
    assert _files(shell.folder / "copies") == {
        "new/my-plans/notes.txt": b"A\n",
        "new/my-plans/plan-b.md": b"B\n",
    }
    assert await shell.does("import", "copies", server.url) == "2 files: 2 unchanged\n"
    url = f"{server.url}/d/new/my-plans/notes"
    assert await shell.does("cat", f"{url}/raw") == await shell.does("cat", f"{url}/view") == "A\n"
    await shell.does("mv", url, "old/notes")
    await shell.does("rm", f"{server.url}/d/old/notes")
    assert await shell.does("undelete", f"{server.url}/d/old/notes") == (
        f"{server.url}/d/old/notes\n"
    )
    assert await shell.does("cat", url) == "A\n", "it redirects"
    await shell.does("rm", "--redirect", url)
    assert "no document" in await shell.fails("cat", url)


async def test_two_files_for_one_document_send_nothing(
    server: Served, shell: Shell, folder: Path
) -> None:
    (folder / "Todo").write_text("three\n")
    said = await shell.fails("import", "docs", server.url)
    assert "docs/Todo and docs/todo.txt would both be the document todo" in said
    assert await shell.does("ls", server.url) == ""


async def test_what_is_no_text_is_told_and_the_others_go_in(
    server: Served, shell: Shell, folder: Path
) -> None:
    (folder / "latin.txt").write_bytes(b"one\nGr\xfc\xdfe\n")
    (folder / "nul.bin").write_bytes(b"\0")
    (folder / "large.txt").write_text("x" * 1_048_577)
    (folder / "very-large.txt").write_text("x" * 20_000_000)
    (folder / "日本語.md").write_text("text\n")
    (folder / "link").symlink_to("nowhere")
    (folder / ".hidden").write_text("text\n")
    (folder / "back").symlink_to(".")
    ran = await shell.run("import", "docs", server.url)
    assert ran.code == 1
    assert ran.out.splitlines()[-1] == "9 files: 3 new, 6 left out"
    too_large = "The text is too large: a document can hold 1,048,576 bytes."
    assert ran.err.splitlines() == [
        "gollabedit: docs/back links to a folder and was left out; import that separately",
        f"gollabedit: large.txt → large: {too_large}",
        "gollabedit: latin.txt → latin: this is not UTF-8 text (line 2)",
        "gollabedit: link → link: this is not a regular file",
        "gollabedit: nul.bin → nul.bin: this contains the character NUL (line 1)",
        f"gollabedit: very-large.txt → very-large: {too_large}",
        "gollabedit: 日本語.md → ?: no document can have this name; import it to …/d/NAME",
    ]
    assert await shell.does("ls", server.url) == "meeting-notes.md\nreadme\ntodo\n"


async def test_a_document_with_another_text_is_left_alone_or_overwritten(
    server: Served, shell: Shell, folder: Path
) -> None:
    old = await shell.does("new", f"{server.url}/d/todo", given=b"what Ann wrote\n")
    ran = await shell.run("import", "docs", server.url)
    assert ran.code == 1
    assert ran.err == (
        "gollabedit: todo.txt → todo: the document exists with another text;"
        " --overwrite replaces it\n"
    )
    assert await server.raw("todo") == "what Ann wrote\n"
    said = await shell.does("import", "docs", server.url, "--overwrite")
    assert said == "todo.txt → todo: replaced\n3 files: 1 replaced, 2 unchanged\n"
    assert await server.raw("todo") == _TEXTS["todo.txt"]
    url = f"{server.url}/d/todo"
    assert await shell.does("cat", url, "--revision", old.strip()) == "what Ann wrote\n"


async def test_an_empty_file_makes_no_document_and_empties_one(
    server: Served, shell: Shell
) -> None:
    shell.write("notes.txt", "")
    assert await shell.does("import", "notes.txt", server.url) == "1 file: 1 unchanged\n"
    assert await shell.does("ls", server.url) == ""
    await shell.does("new", shell.url, given=b"text\n")
    assert (await shell.run("import", "notes.txt", server.url)).code == 1
    await shell.does("import", "notes.txt", server.url, "--overwrite")
    assert await server.raw() == ""


async def test_one_file_may_become_any_document(server: Served, shell: Shell, folder: Path) -> None:
    await shell.does("import", "docs/README", f"{server.url}/d/about.md")
    assert await server.raw("about.md") == _TEXTS["README"]
    said = await shell.fails("import", "docs", f"{server.url}/d/about.md")
    assert "3 files cannot all be the document about.md" in said
    said = await shell.fails("import", "docs/README", f"{server.url}/d/About")
    assert "no document can have the name About" in said


# --- export


async def test_a_file_with_another_text_is_left_alone_or_overwritten(
    server: Served, shell: Shell
) -> None:
    await shell.does("new", shell.url, given=b"theirs\n")
    await shell.does("new", f"{server.url}/d/plan.md", given=b"# Plan\n")
    shell.write("notes.txt", "mine\n")
    (shell.folder / "notes.txt").chmod(0o640)
    ran = await shell.run("export", server.url, ".")
    assert (ran.code, ran.out.splitlines()) == (
        1,
        ["plan.md → plan.md: new", "2 documents: 1 new, 1 left out"],
    )
    assert ran.err == (
        "gollabedit: notes → notes.txt: the file exists with another text;"
        " --overwrite replaces it\n"
    )
    assert shell.read("notes.txt") == "mine\n"
    (shell.folder / "kept").hardlink_to(shell.folder / "notes.txt")
    before = (shell.folder / "plan.md").stat()
    said = await shell.does("export", "--overwrite", server.url, ".")
    assert said == "notes → notes.txt: replaced\n2 documents: 1 replaced, 1 unchanged\n"
    assert shell.read("notes.txt") == "theirs\n"
    assert (shell.folder / "notes.txt").stat().st_mode & 0o777 == 0o640
    after = (shell.folder / "plan.md").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert shell.read("kept") == "mine\n", "nothing was written into the file that was there"
    assert set(_files(shell.folder)) == {"notes.txt", "plan.md", "kept"}


async def test_a_link_is_not_followed(server: Served, shell: Shell) -> None:
    await shell.does("new", shell.url, given=b"theirs\n")
    shell.write("mine", "mine\n")
    (shell.folder / "copies").mkdir()
    (shell.folder / "copies" / "notes.txt").symlink_to("../mine")
    ran = await shell.run("export", server.url, "copies", "--overwrite")
    assert ran.code == 1
    assert "not a regular file" in ran.err
    assert shell.read("mine") == "mine\n"


async def test_only_what_is_asked_for_is_exported(server: Served, shell: Shell) -> None:
    for name in ("notes", "plan.md", "plan-b", "log"):
        await shell.does("new", f"{server.url}/d/{name}", given=b"text\n")
    await shell.does("export", server.url, "some", "log", "plan*")
    assert set(_files(shell.folder / "some")) == {"log.txt", "plan.md", "plan-b.txt"}
    await shell.does("export", shell.url, "one")
    assert set(_files(shell.folder / "one")) == {"notes.txt"}
    assert "no document x*" in await shell.fails("export", server.url, "none", "x*")
    assert not (shell.folder / "none").exists()


async def test_two_documents_of_one_file_do_not_overwrite_each_other(
    server: Served, shell: Shell
) -> None:
    await shell.does("new", shell.url, given=b"one\n")
    await shell.does("new", f"{shell.url}.txt", given=b"two\n")
    ran = await shell.run("export", "--overwrite", server.url, ".")
    assert ran.code == 1
    assert "notes.txt → notes.txt: the document notes has the same file" in ran.err
    assert shell.read("notes.txt") == "one\n"


async def test_a_folder_that_cannot_be_made_is_one_line(server: Served, shell: Shell) -> None:
    shell.write("file", "text\n")
    assert "file/copies cannot be created" in await shell.fails("export", server.url, "file/copies")


# --- what ends them


class _Stalling:
    """A server that ends in the middle of the second text, or never goes on there."""

    def __init__(self) -> None:
        self.stalled = asyncio.Event()
        self.writer: asyncio.StreamWriter | None = None

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        if "/api/documents" in request:
            body = b'{"documents": [{"document": "a"}, {"document": "b"}], "more": false}'
        else:
            body = b"a whole text\n"
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        if "/d/b/" not in request:
            writer.write(body)
            writer.close()
            return
        writer.write(body[:5])
        await writer.drain()
        self.writer = writer
        self.stalled.set()


@pytest.mark.parametrize(
    ("ending", "code", "words"),
    [("Ctrl-C", 130, "stopped; nothing is lost"), ("the server goes", 2, "cannot be reached")],
)
async def test_an_export_that_is_stopped_leaves_whole_files(
    tmp_path: Path, ending: str, code: int, words: str
) -> None:
    stalling = _Stalling()
    async with await asyncio.start_server(stalling, "127.0.0.1", 0) as listening:
        host, port = listening.sockets[0].getsockname()
        shell = Shell(tmp_path / "home", f"http://{host}:{port}")
        (shell.folder / "copies").mkdir()
        (shell.folder / "copies" / "b.txt").write_text("an older text\n")
        process = await shell.start("export", "--overwrite", shell.url, "copies")
        async with asyncio.timeout(DEADLINE_S):
            await stalling.stalled.wait()
            assert stalling.writer is not None
            if ending == "Ctrl-C":
                process.send_signal(signal.SIGINT)
            else:
                stalling.writer.close()
            _, err = await process.communicate()
        stalling.writer.close()
    assert process.returncode == code
    assert words in err.decode()
    assert _files(shell.folder / "copies") == {
        "a.txt": b"a whole text\n",
        "b.txt": b"an older text\n",
    }


async def test_an_import_whose_reader_has_enough_ends_quietly(
    server: Served, shell: Shell, folder: Path
) -> None:
    process = await shell.start("import", "docs", server.url)
    process.stdout._transport.close()  # type: ignore[attr-defined]
    async with asyncio.timeout(DEADLINE_S):
        _, err = await process.communicate()
    assert (process.returncode, err) == (1, b"")


async def test_an_import_without_a_server_ends_at_once(shell: Shell, folder: Path) -> None:
    ran = await shell.run("import", "docs", "http://127.0.0.1:1")
    assert ran.code == 2
    assert ran.err.count("cannot be reached") == 1


@pytest.mark.parametrize("command", ["export", "import"])
async def test_help_has_examples_and_exit_codes(shell: Shell, command: str) -> None:
    said = await shell.does(command, "--help")
    assert "examples:\n  " in said
    assert "Exit code: 0 if" in said

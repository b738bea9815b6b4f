"""A text is purged while people write: from the control socket to the pages."""

import asyncio
from pathlib import Path

import pytest

from tests.git import objects_with
from tests.server.sockets.harness import Serve, Served, eventually, git
from tests.server.sockets.shell import Shell

SECRET = "hunter2"


async def purge(server: Served, shell: Shell, *options: str) -> str:
    shell.write("secret.txt", f"{SECRET}\n")
    data = str(server.folder.path)
    return await shell.does("purge", "notes", "--data", data, "--text-file", "secret.txt", *options)


def files_with(folder: Path, text: str) -> list[str]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file.name for file in files if text.encode() in file.read_bytes()]


async def test_a_leaked_password_is_nowhere_and_people_go_on(server: Served, shell: Shell) -> None:
    ann, bo = await server.pair(f"# Access\n{SECRET}\n")
    await server.repository()
    await bo.edit(f"# Access\n{SECRET}\nBo was here.\n")
    await ann.until(bo.text)
    await ann.edit("# Access\nBo was here.\n")
    said = await purge(server, shell)
    assert "commits were rewritten" in said
    assert files_with(server.folder.path, SECRET) == []
    assert objects_with(await server.repository(), SECRET) == set()
    assert [await person.closed() for person in (ann, bo)] == [1001, 1001], "to come back at once"
    cy = await server.join("Cy")
    assert cy.text == "# Access\nBo was here.\n"
    await cy.edit("# Access\nBo was here. So was Cy.\n")
    await server.fsck()


async def test_a_tab_that_was_offline_keeps_its_words(server: Served, shell: Shell) -> None:
    """It is told that its base is unknown (rule P4), and puts its words on the new text."""
    ann, bo = await server.pair(f"# Access\n{SECRET}\n\nend\n")
    await bo.socket.close()
    await ann.edit("# Access\n(none)\n\nend\n")
    await purge(server, shell)
    again = await server.connect()
    again.remember(bo)
    await again.hello(base=bo.revision, **bo.resuming)
    assert again.text == "# Access\n(none)\n\nend\n", "the whole text, as its base is not known"
    answer = await again.edit(f"# Access\n{SECRET}\n\nend, says Bo\n", base=bo.revision)
    assert (answer["type"], answer["code"]) == ("error", "unknown_base")
    await again.edit("# Access\n(none)\n\nend, says Bo\n")
    assert await server.raw() == "# Access\n(none)\n\nend, says Bo\n"


async def test_mirrors_are_overwritten_on_demand(
    serve: Serve, tmp_path: Path, server_log: pytest.LogCaptureFixture
) -> None:
    mirror = tmp_path / "mirror.git"
    server = await serve(mirror=(f"notes={mirror}",), checkpoint_idle_s=0.01, mirror_every_s=0.01)
    shell = Shell(tmp_path / "shell", f"{server.url}/d/notes")
    ann = await server.join("Ann")
    await ann.edit(f"{SECRET}\n")
    await ann.edit("gone\n")
    await eventually((mirror / "refs" / "heads" / "master").exists, "the mirror has it")
    await purge(server, shell, "--mirror-force")
    assert await git("show", "master~1:notes.txt", cwd=mirror) == "***\n"
    server_log.clear()  # an ordinary push may have come between, and been rejected


async def test_a_dry_run_disturbs_nobody(server: Served, shell: Shell) -> None:
    ann, _ = await server.pair(f"{SECRET}\n")
    said = await purge(server, shell, "--dry-run")
    assert "1 commits would be rewritten" in said
    await ann.edit(f"{SECRET} more\n")
    assert await server.raw() == f"{SECRET} more\n"


async def test_without_a_server_the_command_does_it_itself(server: Served, shell: Shell) -> None:
    ann = await server.join("Ann")
    await ann.edit(f"{SECRET}\n")
    await ann.edit("gone\n")
    await server.stop()
    server.folder.__exit__()
    await purge(server, shell, "--replacement", "(removed)")
    assert files_with(server.folder.path, SECRET) == []
    path = server.folder.repository_path("notes")
    assert await git("show", "master~1:notes.txt", cwd=path) == "(removed)\n"


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (SECRET, ("other",), "There is no such document."),
        ("abc", ("notes",), "the text must have 4 characters or more"),
        (SECRET, ("notes", "--replacement", f"x{SECRET}"), "the replacement contains the text"),
    ],
)
async def test_what_cannot_be_purged_is_explained(
    server: Served, shell: Shell, text: str, options: tuple[str, ...], sentence: str
) -> None:
    ann = await server.join("Ann")
    await ann.edit(f"{SECRET}\n")
    shell.write("secret.txt", text)
    data = str(server.folder.path)
    said = await shell.fails("purge", *options, "--data", data, "--text-file", "secret.txt")
    assert sentence in said
    assert await asyncio.wait_for(server.raw(), 10) == f"{SECRET}\n"

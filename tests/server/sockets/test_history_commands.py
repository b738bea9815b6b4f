"""`log`, `show`, `diff`, `restore` and `name` as subprocesses, against a real server."""

import json
import re

from tests.server.sockets.harness import Served
from tests.server.sockets.shell import Shell

MONDAY, TUESDAY = "Meet on Monday.\n", "Meet on Tuesday.\nBring tea.\n"


async def minutes(shell: Shell) -> str:
    """Ann has made a named version, and Bo one that follows; return the id of Ann's."""
    await shell.does("new", shell.url, "--name", "Ann", given=MONDAY.encode())
    assert await shell.does("name", shell.url, "First draft", "--note", "For Bo") == "first-draft\n"
    await shell.does("put", shell.url, "--name", "Bo", given=TUESDAY.encode())
    found = json.loads(await shell.does("log", shell.url, "--json"))
    id: str = found["versions"][-1]["id"]
    return id


async def test_versions_are_listed_and_shown(shell: Shell) -> None:
    id = await minutes(shell)
    day, bo, ann = (await shell.does("log", shell.url)).splitlines()
    assert re.fullmatch(r"\w+, \d+ \w+ \d{4}", day)
    assert bo.endswith("Bo: Write a line (+3 -1 words)")
    assert ann.endswith(f"{id[:8]}  Ann: Write a line (+3 words)  [First draft: first-draft]")
    assert "\033" not in day + bo + ann
    assert len((await shell.does("log", shell.url, "--limit", "1")).splitlines()) == 2
    for version in (id, id[:8], "first-draft", "First draft"):
        shown = await shell.does("show", shell.url, version)
        assert shown.splitlines()[0] == f"version {id}"
        assert "    For Bo\n" in shown
        assert shown.endswith("{+Meet on Monday.\n+}\n")
    assert await shell.does("show", shell.url, "first-draft", "--text") == MONDAY


async def test_versions_are_compared(shell: Shell) -> None:
    await minutes(shell)
    words = "Meet on [-Monday-]{+Tuesday+}.\n{+Bring tea.\n+}\n"
    assert await shell.does("diff", shell.url, "first-draft") == words
    assert (await shell.does("show", shell.url, "now")).endswith(words)
    patch = await shell.does("diff", shell.url, "first-draft", "now", "--unified")
    assert patch.splitlines()[2:] == [
        "@@ -1 +1,2 @@",
        "-Meet on Monday.",
        "+Meet on Tuesday.",
        "+Bring tea.",
    ]
    runs = json.loads(await shell.does("diff", shell.url, "first-draft", "--json"))["runs"]
    assert runs[1:3] == [["removed", "Monday", 0], ["added", "Tuesday", 1]]


async def test_a_patch_has_the_text_as_it_is(shell: Shell) -> None:
    text = "cinq\u00a0euros 👨\u200d👩\u200d👧\n"
    await shell.does("new", shell.url, given=text.encode())
    patch = await shell.does("diff", shell.url, "start", "--unified")
    assert patch.endswith(f"+{text}")
    assert f"{{+{text}+}}" in await shell.does("diff", shell.url, "start")


async def test_a_version_is_restored(server: Served, shell: Shell) -> None:
    await minutes(shell)
    await shell.does("restore", shell.url, "first-draft", "--name", "Cy")
    assert await server.raw() == MONDAY
    newest = (await shell.does("log", shell.url)).splitlines()[1]
    assert "Cy: Restore the text of " in newest
    ran = await shell.run("restore", shell.url, "first-draft")
    assert (ran.code, ran.err) == (0, "gollabedit: the document has this text already\n")


async def test_a_name_is_taken_removed_and_unknown(shell: Shell) -> None:
    await minutes(shell)
    said = await shell.fails("name", shell.url, "First draft")
    assert said.endswith("Another version has this name. Choose another one.\n")
    await shell.does("name", shell.url, "--remove", "first-draft")
    for command in ("show", "restore"):
        said = await shell.fails(command, shell.url, "first-draft")
        assert said.endswith("there is no version 'first-draft'\n")
    assert (await shell.fails("name", shell.url)).endswith("needs a NAME, or --remove SLUG\n")
    assert "There is no such document." in await shell.fails("log", f"{shell.url}-other")

"""A data folder and the state of a `sync`, as an earlier release left them when it was killed.

format_2.zip is never written anew: a release that cannot read it needs another format. It holds

    data/               `notes`: a repository, later edits in the journal, an unmerged branch of
                        Eve and an open conflict of Bo; `other`: nothing but edits in the journal
    file.txt            in step with `notes`, and saved once more after its `sync` was killed
    .file.txt.gollabedit
"""

import asyncio
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from server.cli.main import main
from tests.server.sockets.client import DEADLINE_S
from tests.server.sockets.harness import Serve, Served
from tests.server.sockets.shell import Shell

TEXT = """\
We meet 😀 on Wednesday at noon.

Music: Kim and Sam

Tables: six
one more
from the file
"""
REVISION = "3b5c50b96db3dcb15b4246a821f28baa062e2f1e"
EVE = {"id": "wbvu58bxbg", "commit": "36b496bde68ed5fc6638092dfb183acb728e8b73"}
BO = {"client": "pzx94c7tcu", "key": "7398bcf39f55f9e74faf65f0e3a59143"}


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What that release left, in a folder of its own."""
    shutil.unpack_archive(Path(__file__).with_name("format_2.zip"), tmp_path)
    return tmp_path


@pytest.fixture
async def server(left: Path, serve: Serve) -> Served:
    return await serve("data")


async def test_texts_and_revisions_are_those_that_were_acknowledged(server: Served) -> None:
    async with server.http.get(f"{server.url}/d/notes/raw") as response:
        assert (await response.text(), response.headers["ETag"]) == (TEXT, f'"{REVISION}"')
    assert await server.raw("other") == "α\r\nβ\n"
    await server.fsck("notes")
    await server.fsck("other")


async def test_the_unmerged_branch_is_offered(server: Served) -> None:
    listed = await _api(server, "unmerged")
    [found] = listed["unmerged"]
    assert found | EVE == found
    assert (found["name"], found["excerpt"], listed["revision"]) == ("Eve", "nine", REVISION)
    conflict = await _api(server, f"unmerged/{EVE['id']}")
    cy = await server.join("Cy")
    await cy.take_up(conflict, TEXT.replace("six", "six or nine"))
    assert cy.text == TEXT.replace("six", "six or nine")
    await cy.until_unmerged(0)


async def test_the_client_with_the_open_conflict_comes_back(server: Served) -> None:
    bo = await server.connect()
    welcome = await bo.hello(**BO)
    assert (welcome["client"], welcome["seq"], welcome["unmerged"]) == (BO["client"], 6, 1)
    assert bo.conflict
    [hunk] = bo.conflict["hunks"]
    assert (hunk["base"], hunk["theirs"]) == ("?", "twelve")
    await bo.resolve(TEXT.replace("six", "ten"))
    assert await server.raw() == TEXT.replace("six", "ten")


async def test_the_sync_goes_on(left: Path, server: Served, shell: Shell) -> None:
    state = left / ".file.txt.gollabedit"
    state.write_text(state.read_text().replace("URL", shell.url))
    syncing = await shell.start("sync", str(left / "file.txt"), shell.url)
    try:
        reader = await server.join("Reader")
        await reader.until(f"{TEXT}while the sync was away\n")
        syncing.send_signal(signal.SIGINT)
        async with asyncio.timeout(DEADLINE_S):
            out, err = await syncing.communicate()
    finally:
        if syncing.returncode is None:
            syncing.kill()
            await syncing.wait()
    assert syncing.returncode == 0, (out, err)
    assert not list(left.glob("*.kept-*"))  # noqa: ASYNC240


def test_check_finds_nothing_wrong(left: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--data", str(left / "data")]) == 0
    assert "nothing is wrong" in capsys.readouterr().out


async def _api(server: Served, path: str) -> dict[str, Any]:
    async with server.http.get(f"{server.url}/api/documents/notes/{path}") as response:
        assert response.status == 200
        answer: dict[str, Any] = await response.json()
        return answer

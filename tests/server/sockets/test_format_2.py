"""Data folders and the state of a `sync`, as earlier releases left them when they were killed.

The files are never written anew: a release that cannot read them needs another format. They hold

    data/               `notes`: a repository, later edits in the journal, an unmerged branch of
                        Eve and an open conflict of Bo; `other`: nothing but edits in the journal
    file.txt            in step with `notes`, and saved once more after its `sync` was killed
    .file.txt.gollabedit

and that of 4d03973 also `plan.md`, a repository with nothing in the journal.
"""

import asyncio
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.cli.main import main
from server.storage.backup.create import create
from server.storage.backup.restore import restore
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


@dataclass(frozen=True)
class Release:
    """A file, and what the server of that release said before it was killed."""

    file: str
    revision: str
    eve: dict[str, str]
    bo: dict[str, str]
    bo_seq: int


LATER = Release(
    "format_2.zip",
    "3b5c50b96db3dcb15b4246a821f28baa062e2f1e",
    {"id": "wbvu58bxbg", "commit": "36b496bde68ed5fc6638092dfb183acb728e8b73"},
    {"client": "pzx94c7tcu", "key": "7398bcf39f55f9e74faf65f0e3a59143"},
    6,
)
OLDEST = Release(
    "format_2_4d03973.zip",
    "79e3423b2f3f3faef25357bf9dfe3ae99d887a11",
    {"id": "vs63vxcxwg", "commit": "0cea3cc904d36571200ef1013fa4a584b257cc36"},
    {"client": "c95prqrhxx", "key": "a75ca47f8157b0276cd52b1521b74f72"},
    1,
)
# Ann's last edit there, whose answer she may not have got.
ANN = {"client": "7rmkd82ku3", "key": "9cc1648c1438f4cdb1eb50c6a5ec069d"}
ANN_SEQ, ANN_BASE = 6, "0e2d1cf57401af446d569b5739fb808d4fa28a5a"


@pytest.fixture(params=[OLDEST, LATER], ids=["4d03973", "later"])
def release(request: pytest.FixtureRequest) -> Release:
    found: Release = request.param
    return found


@pytest.fixture
def left(release: Release, tmp_path: Path) -> Path:
    """What that release left, in a folder of its own."""
    shutil.unpack_archive(Path(__file__).with_name(release.file), tmp_path)
    return tmp_path


@pytest.fixture
async def server(left: Path, serve: Serve) -> Served:
    return await serve("data")


async def test_texts_and_revisions_are_those_that_were_acknowledged(
    server: Served, release: Release
) -> None:
    async with server.http.get(f"{server.url}/d/notes/raw") as response:
        assert (await response.text(), response.headers["ETag"]) == (TEXT, f'"{release.revision}"')
    assert await server.raw("other") == "α\r\nβ\n"
    await server.fsck("notes")
    await server.fsck("other")


async def test_the_unmerged_branch_is_offered(server: Served, release: Release) -> None:
    listed = await _api(server, "unmerged")
    [found] = listed["unmerged"]
    assert found | release.eve == found
    assert (found["name"], found["excerpt"], listed["revision"]) == (
        "Eve",
        "nine",
        release.revision,
    )
    conflict = await _api(server, f"unmerged/{release.eve['id']}")
    cy = await server.join("Cy")
    await cy.take_up(conflict, TEXT.replace("six", "six or nine"))
    assert cy.text == TEXT.replace("six", "six or nine")
    await cy.until_unmerged(0)


async def test_the_client_with_the_open_conflict_comes_back(
    server: Served, release: Release
) -> None:
    bo = await server.connect()
    welcome = await bo.hello(**release.bo)
    assert (welcome["client"], welcome["unmerged"]) == (release.bo["client"], 1)
    assert welcome["seq"] == release.bo_seq
    assert bo.conflict
    [hunk] = bo.conflict["hunks"]
    assert (hunk["base"], hunk["theirs"]) == ("?", "twelve")
    await bo.resolve(TEXT.replace("six", "ten"))
    assert await server.raw() == TEXT.replace("six", "ten")


@pytest.mark.parametrize("release", [OLDEST], indirect=True)
async def test_an_edit_that_is_sent_again_is_known(server: Served) -> None:
    ann = await server.connect()
    welcome = await ann.hello(**ANN)
    assert (welcome["client"], welcome["seq"]) == (ANN["client"], ANN_SEQ)
    text = TEXT.replace("Kim and Sam", "Kim, who was late")  # not what was sent
    answer = await ann.edit(text, base=ANN_BASE, seq=ANN_SEQ)
    assert answer["commit"] == OLDEST.revision
    assert await server.raw() == TEXT
    await ann.sync()
    await ann.edit(f"{TEXT}and more\n", seq=ANN_SEQ + 1)
    assert await server.raw() == f"{TEXT}and more\n"
    assert await server.raw("plan.md") == "# Plan\n\nβ\r\n"


async def test_a_backup_of_it_is_the_same(left: Path, release: Release, serve: Serve) -> None:
    def there_and_back() -> None:
        made = create(left / "data", left / "backups", None, lambda _: None)
        assert not made.about.faults
        restore(made.path, left / "restored", lambda _: None)

    await asyncio.to_thread(there_and_back)
    server = await serve("restored")
    assert await server.raw() == TEXT
    assert await server.raw("other") == "α\r\nβ\n"
    bo = await server.connect()
    await bo.hello(**release.bo)
    assert bo.conflict
    [found] = (await _api(server, "unmerged"))["unmerged"]
    assert found | release.eve == found


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

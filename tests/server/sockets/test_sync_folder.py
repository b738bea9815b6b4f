"""`gollabedit sync` with a folder: many documents, each with a file."""

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from server.cli.sync import folder as module
from server.cli.sync.command import _ALL_PROBLEMS, SyncCommand
from server.cli.sync.folder import FolderSync
from server.http.app_keys import MANAGEMENT
from tests.server.sockets.harness import Served, eventually


@pytest.fixture
async def start(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., FolderSync]]:
    """Begin to sync a folder, which looks again soon."""
    monkeypatch.setattr(module, "_LOOK_EVERY_S", 0.02)
    running: list[tuple[FolderSync, asyncio.Task[int]]] = []

    def new_command(file: Path, url: str, label: str) -> SyncCommand:
        return SyncCommand(Namespace(file=file, url=url, name="Syd", take=None, quiet=True), label)

    def begin(under: str = "") -> FolderSync:
        sync = FolderSync(tmp_path / "here", server.url, under, new_command, _ALL_PROBLEMS)
        running.append((sync, asyncio.create_task(sync.run())))
        return sync

    (tmp_path / "here").mkdir()
    yield begin
    for sync, task in running:
        sync.stop()
        await task


async def put(server: Served, document: str, text: str) -> None:
    async with server.http.post(f"{server.url}/d/{document}/raw", data=text) as response:
        assert response.ok, await response.text()


def holds(file: Path, text: str) -> Callable[[], bool]:
    return lambda: file.exists() and file.read_text() == text


async def test_files_follow_documents_and_documents_files(
    server: Served, start: Callable[..., FolderSync], tmp_path: Path
) -> None:
    here = tmp_path / "here"
    await put(server, "notes", "one\n")
    await put(server, "docs/plan.md", "plan\n")
    (here / "mine").mkdir()
    (here / "mine" / "new.md").write_text("new\n")
    (here / "mine" / "no Name.md").write_text("no\n")
    (here / "mine" / ".hidden.md").write_text("no\n")
    (here / "notes.txt.kept-1").write_text("no\n")
    (here / "mine" / "data.bin").write_bytes(b"\0")
    start()
    await eventually(holds(here / "notes.txt", "one\n"), "a file is made")
    await eventually(holds(here / "docs" / "plan.md", "plan\n"), "with its folder")
    await put(server, "docs/later", "later\n")
    await eventually(holds(here / "docs" / "later.txt", "later\n"), "of a later one, too")
    mine = await server.join("Ann", "mine/new.md")
    await mine.until("new\n")
    (here / "docs" / "plan.md").write_text("plan B\n")
    plan = await server.join("Ann", "docs/plan.md")
    await plan.until("plan B\n")
    await server.app[MANAGEMENT].rename("notes", "docs/notes")
    await put(server, "docs/notes", "two\n")
    await eventually(holds(here / "notes.txt", "one\ntwo\n"), "it keeps its file")
    assert not (here / "docs" / "notes.txt").exists()
    async with server.http.get(f"{server.url}/api/documents") as response:
        names = [it["document"] for it in (await response.json())["documents"]]
    assert names == ["docs/later", "docs/notes", "docs/plan.md", "mine/new.md"]


async def test_one_folder_of_a_server(
    server: Served,
    start: Callable[..., FolderSync],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = tmp_path / "here"
    await put(server, "notes", "one\n")
    await put(server, "docs/a/plan.md", "plan\n")
    await put(server, "docs/other", "theirs\n")
    (here / "more.txt").write_text("more\n")
    (here / "other.txt").write_text("mine\n")
    sync = start("docs")
    await eventually(holds(here / "a" / "plan.md", "plan\n"), "below the folder")
    more = await server.join("Ann", "docs/more")
    await more.until("more\n")
    await eventually(lambda: sync._has_failed, "two texts are there")
    assert "other.txt: " in capsys.readouterr().err
    assert (here / "other.txt").read_text() == "mine\n"
    assert not (here / "notes.txt").exists()

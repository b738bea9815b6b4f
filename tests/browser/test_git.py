"""Pushes with Git arrive in pages while users are typing."""

import asyncio
from pathlib import Path

from playwright.async_api import expect

from tests.browser.disagreement import disagree
from tests.browser.room import Room
from tests.server.sockets.harness import git, run_git


async def _clone(room: Room, path: Path) -> Path:
    """Clone as the share popover says."""
    url = f"{room.server.url}/{room.document}.git"
    await git("clone", "--quiet", "-c", "remote.origin.push=HEAD:refs/for/master", url, str(path))
    return path / f"{room.document}.txt"


async def _commit_and_push(file: Path, text: str) -> None:
    await asyncio.to_thread(file.write_text, text)
    await git("commit", "--quiet", "--all", "-m", "From a clone", cwd=file.parent)
    ran = await run_git("push", cwd=file.parent)
    assert ran.code == 0, ran.err


async def test_a_push_arrives_while_two_windows_type(room: Room, tmp_path: Path) -> None:
    start = "Ann: \n\nBo: \n\nOlive: \n"
    ann, bo = await room.pair(start)
    file = await _clone(room, tmp_path / "clone")
    await ann.goes_after("Ann: ")
    await bo.goes_after("Bo: ")
    words = " ".join(f"word{number}" for number in range(60))
    typing = asyncio.gather(ann.types(words), bo.types(words))

    async def pushes() -> None:
        await _commit_and_push(file, start.replace("Olive: ", "Olive: 🌳 from a clone"))
        assert not typing.done()

    await asyncio.gather(typing, pushes())
    merged = f"Ann: {words}\n\nBo: {words}\n\nOlive: 🌳 from a clone\n"
    await ann.reads(merged)
    await bo.reads(merged)
    assert await ann.selected() == merged.replace(f"Ann: {words}", f"Ann: {words}|")
    assert await room.agreed() == merged
    await git("pull", "--quiet", "--ff-only", cwd=file.parent)
    assert await asyncio.to_thread(file.read_text) == merged
    await room.fsck()


async def test_a_push_resolves_a_conflict_parked_in_a_window(room: Room, tmp_path: Path) -> None:
    ann, bo = await disagree(room, "Hello world!\n")
    await bo.opens_dialog()
    await bo.dialog.get_by_role("button", name="Decide later").click()
    counted = ann.page.get_by_role("button", name="1 unresolved conflict")
    await expect(counted).to_be_visible()
    [unmerged] = await room.branches("unmerged")
    file = await _clone(room, tmp_path / "clone")
    await run_git("merge", "--quiet", f"origin/unmerged/{unmerged}", cwd=file.parent)
    await _commit_and_push(file, "Hello people and friends!\n")
    await ann.reads("Hello people and friends!\n")
    await bo.reads("Hello people and friends!\n")
    await expect(counted).to_be_hidden()
    assert await room.branches("unmerged") == []

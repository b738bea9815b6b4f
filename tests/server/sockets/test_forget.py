"""Old history is removed while people write: from the control socket to the pages."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.git import objects_with
from tests.server.sockets.clones import commit_text, push, push_for_master
from tests.server.sockets.harness import Serve, Served, eventually, git
from tests.server.sockets.shell import Shell

OLD = "quince"
# A hook: while one push is slow, another one is rejected.
_SLOW = """#!/bin/sh
mkdir busy || exit 1
touch began
if [ -e hold ]; then while [ -e hold ]; do sleep 0.02; done; sleep 0.5; fi
rmdir busy
"""


def tomorrow() -> str:
    at = datetime.now().astimezone() + timedelta(days=1)
    return at.replace(tzinfo=None).isoformat(timespec="minutes")


async def forget(server: Served, shell: Shell, *options: str) -> str:
    data = str(server.folder.path)
    return await shell.does("forget", "notes", "--data", data, "--before", tomorrow(), *options)


async def name_version(server: Served, name: str) -> None:
    url = f"{server.url}/api/documents/notes/versions"
    async with server.http.post(url, json={"name": name}) as response:
        assert response.status == 201, await response.text()


async def versions(server: Served) -> list[dict[str, Any]]:
    async with server.http.get(f"{server.url}/api/documents/notes/versions") as response:
        found: list[dict[str, Any]] = (await response.json())["versions"]
        return found


async def replace(server: Served, text: str) -> None:
    """Send a file, which is a version of its own."""
    url = f"{server.url}/d/notes/raw"
    async with server.http.put(url, data=text, headers={"If-Match": "*"}) as response:
        assert response.status == 200, await response.text()


async def written(server: Served) -> tuple[Any, Any]:
    """Ann and Bo have a named version, an old text, a version, and an edit since."""
    ann, bo = await server.pair("# Jam\napples\n")
    await name_version(server, "Apples")
    await bo.edit(f"# Jam\n{OLD}\n")
    await replace(server, "# Jam\nplums\n")
    await ann.until("# Jam\nplums\n")
    await ann.edit("# Jam\nplums\nsugar\n")
    await bo.until(ann.text)
    return ann, bo


def files_with(folder: Path, text: str) -> list[str]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file.name for file in files if text.encode() in file.read_bytes()]


async def test_old_words_are_gone_and_people_go_on(server: Served, shell: Shell) -> None:
    ann, bo = await written(server)
    said = await forget(server, shell)
    assert "commits were removed; the history begins with the version of" in said
    assert "the named version 'Apples' stays" in said
    assert files_with(server.folder.path, OLD) == []
    assert objects_with(await server.repository(), OLD) == set()
    assert [await person.closed() for person in (ann, bo)] == [1001, 1001], "to come back at once"
    again = await server.connect()
    again.remember(bo)
    await again.hello(base=bo.revision, **bo.resuming)
    assert again.text == "# Jam\nplums\nsugar\n", "the whole text, as its base is not known"
    answer = await again.edit("# Jam\nplums\nsugar\nwords of Bo\n", base=bo.revision)
    assert (answer["type"], answer["code"]) == ("error", "unknown_base")
    await again.edit("# Jam\nplums\nsugar\nwords of Bo\n")
    assert await server.raw() == "# Jam\nplums\nsugar\nwords of Bo\n"
    assert [each["name"] for each in await versions(server)] == ["", "", "Apples"]
    await server.fsck()


async def test_old_clones_are_refused_and_new_ones_work(
    server: Served, shell: Shell, tmp_path: Path
) -> None:
    await written(server)
    old = await server.clone(tmp_path / "old")
    readable = ("-b", "versions", "--single-branch")
    old_versions = await server.clone(tmp_path / "old_versions", *readable)
    await forget(server, shell)
    for clone, ref in (
        (old, "+HEAD:master"),
        (old, "HEAD:refs/for/master"),
        (old_versions, "HEAD:refs/for/master"),
    ):
        await commit_text(clone, "# Jam\nplums\nlemons\n")
        ran = await push(clone, ref)
        assert ran.code != 0
        assert "clone it again" in ran.err
    assert objects_with(await server.repository(), OLD) == set(), "they bring nothing back"
    new = await server.clone(tmp_path / "new", *readable)
    await commit_text(new, "# Jam, and jelly\nplums\n")
    assert (await push_for_master(new)).code == 0
    assert await server.raw() == "# Jam, and jelly\nplums\nsugar\n"
    await git("pull", "--quiet", "--ff-only", cwd=new)
    await server.fsck()


async def test_without_a_server_the_command_does_it_itself(server: Served, shell: Shell) -> None:
    await written(server)
    await server.stop()
    server.folder.__exit__()
    await forget(server, shell)
    assert files_with(server.folder.path, OLD) == []
    path = server.folder.repository_path("notes")
    assert await git("show", "master:notes.txt", cwd=path) == "# Jam\nplums\nsugar\n"


async def test_a_dry_run_disturbs_nobody(server: Served, shell: Shell) -> None:
    ann, _ = await written(server)
    said = await forget(server, shell, "--dry-run")
    assert "commits would be removed; the history would begin with" in said
    await ann.edit("# Jam\nplums\nsugar\npectin\n")
    assert objects_with(await server.repository(), OLD) != set()


async def test_mirrors_are_overwritten_on_demand(
    serve: Serve, tmp_path: Path, server_log: pytest.LogCaptureFixture
) -> None:
    mirror = tmp_path / "mirror.git"
    server = await serve(mirror=(f"notes={mirror}",), checkpoint_idle_s=0.01, mirror_every_s=0.01)
    ann, _ = await written(server)
    await eventually((mirror / "refs" / "heads" / "master").exists, "the mirror has it")
    # An ordinary push is on its way: of two at one time the mirror rejects one.
    (mirror / "hold").touch()
    (mirror / "hooks").mkdir(exist_ok=True)
    (mirror / "hooks" / "pre-receive").write_text(_SLOW)
    (mirror / "hooks" / "pre-receive").chmod(0o755)
    await ann.edit(f"{ann.text}pectin\n")
    await eventually((mirror / "began").exists, "a push has begun")
    shell = Shell(tmp_path / "shell", server.url)
    forgetting = asyncio.create_task(forget(server, shell, "--mirror-force"))
    await eventually(lambda: "was rewritten" in server_log.text, "the history is rewritten")
    (mirror / "hold").unlink()
    await forgetting
    assert await git(
        "rev-list", "--max-parents=0", "master", cwd=mirror
    ) == await server.git_on_disk("rev-list", "--max-parents=0", "master")
    server_log.clear()  # an ordinary push may have come between, and been rejected


async def test_nothing_is_removed_if_nothing_is_old(server: Served, shell: Shell) -> None:
    await written(server)
    data = str(server.folder.path)
    said = await shell.does("forget", "notes", "--data", data, "--before", "2001-01-01")
    assert said == (
        "notes: nothing is older than the last version that ended by 1 January 2001 00:00; nothing"
        " was changed\n"
    )
    assert objects_with(await server.repository(), OLD) != set()


@pytest.mark.parametrize(
    ("document", "date", "sentence"),
    [
        ("other", "2026-11-01", "There is no such document."),
        ("notes", "yesterday", "'yesterday' is not a date like 2026-11-01 or 2026-11-01T12:00"),
        ("notes", "2026-13-01", "is not a date like"),
    ],
)
async def test_what_cannot_be_done_is_explained(
    server: Served, shell: Shell, document: str, date: str, sentence: str
) -> None:
    await server.join("Ann")
    await written(server)
    data = str(server.folder.path)
    said = await shell.fails("forget", document, "--data", data, "--before", date)
    assert sentence in said


async def test_old_conflicts_have_to_be_resolved_first(server: Served, shell: Shell) -> None:
    ann, bo = await server.pair("Meet on Monday.\n")
    base = bo.revision
    await ann.edit("Meet on Tuesday.\n")
    answer = await bo.edit("Meet on Friday.\n", base=base)
    assert answer["type"] == "conflict"
    await replace(server, "Meet on Wednesday.\n")
    data = str(server.folder.path)
    said = await shell.fails("forget", "notes", "--data", data, "--before", tomorrow())
    assert "Resolve these first: 1 conflict with what would be removed." in said

"""The real server mirrors to real repositories."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.mirror import mirrors as mirror
from tests.git import without_settings
from tests.server.mirror.hanging_ssh import HangingSsh
from tests.server.sockets.client import DEADLINE_S, Message
from tests.server.sockets.harness import Serve, Served, git, run_git
from tests.server.sockets.real_server import RealServer

_WAIT_S = 60.0  # for several runs of Git, each of which lets all others go first
_SOON: dict[str, Any] = {"checkpoint_idle_s": 0.02, "mirror_every_s": 0.01}


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    without_settings(monkeypatch)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A folder for remotes."""
    path = tmp_path / "backup"
    path.mkdir()
    return path


@pytest.fixture
def hanging_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingSsh]:
    with HangingSsh(tmp_path) as ssh:
        monkeypatch.setenv("GIT_SSH", str(ssh.program))
        yield ssh


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "_RETRY_BASE_S", 0.01)
    monkeypatch.setattr(mirror, "_RETRY_MAX_S", 0.1)


async def _mirrors(server: Served, document: str = "notes") -> list[Message]:
    async with server.http.get(f"{server.url}/api/documents/{document}/mirror") as response:
        assert response.status == 200, await response.text()
        found = await response.json()
        assert found["document"] == document
        mirrors: list[Message] = found["mirrors"]
        return mirrors


async def _mirror_that(
    server: Served, is_so: Callable[[Message], bool], document: str = "notes"
) -> Message:
    """Wait until a document's only mirror has this state."""
    found: Message = {}

    async def look() -> bool:
        nonlocal found
        [found] = await _mirrors(server, document)
        return is_so(found)

    await _until(look)
    return found


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Poll slowly, so that Git with its low priority gets the CPU."""
    async with asyncio.timeout(_WAIT_S):
        while not await condition():  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.05)


async def _pushed(server: Served, revision: str, document: str = "notes") -> Message:
    def is_there(found: Message) -> bool:
        return found["revision"] == revision and not found["behind"]

    return await _mirror_that(server, is_there, document)


async def _failing(server: Served) -> Message:
    return await _mirror_that(server, lambda found: found["problem"] is not None)


async def _put(server: Served, document: str, text: str = "one\n") -> str:
    """Write a document; return its revision."""
    async with server.http.post(f"{server.url}/d/{document}/raw", data=text.encode()) as response:
        assert response.status in (200, 201), await response.text()
        return response.headers["ETag"].strip('"')


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def _branches(remote: Path) -> dict[str, str]:
    listed = await git("for-each-ref", "--format=%(refname:short) %(objectname)", cwd=remote)
    return dict(line.split() for line in listed.splitlines())


async def _commit(remote: Path) -> str:
    """Commit to the remote's master."""
    tree = (await git("rev-parse", "master^{tree}", cwd=remote)).strip()
    made = (await git("commit-tree", tree, "-p", "master", "-m", "Theirs", cwd=remote)).strip()
    await git("update-ref", "refs/heads/master", made, cwd=remote)
    return made


async def _metrics(server: Served) -> dict[str, str]:
    async with server.http.get(f"{server.url}/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = (await response.text()).splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def _warnings(log: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in log.records if r.levelno >= logging.WARNING]


# --- what is pushed, and when


@pytest.mark.parametrize("journal", ["sqlite", "direct"])
async def test_a_document_is_pushed_when_it_is_quiet(
    serve: Serve, backup: Path, journal: str
) -> None:
    server = await serve(mirror=(f"{backup}/{{document}}.git",), journal=journal, **_SOON)
    ann, bo = await server.pair("one two\n")
    await ann.edit("ONE two\n")
    await bo.edit("one TWO\n", base=bo.welcome["revision"])
    found = await _pushed(server, bo.revision)
    assert abs(found["time"] - time.time()) < 60
    assert (found["remote"], found["problem"]) == (f"{backup}/notes.git", None)
    assert await git("show", "master:notes.txt", cwd=backup / "notes.git") == "ONE TWO\n"
    assert await _branches(backup / "notes.git") == {"master": bo.revision}
    ran = await run_git("fsck", "--strict", "--no-dangling", cwd=backup / "notes.git")
    assert (ran.code, ran.err) == (0, "")


async def test_refs_changed_by_pushes_are_mirrored_too(
    serve: Serve, backup: Path, tmp_path: Path
) -> None:
    server = await serve(mirror=(f"{backup}/{{document}}.git",), **_SOON)
    ann = await server.join()
    await ann.edit("one\n")
    await _pushed(server, ann.revision)
    clone = await server.clone(tmp_path / "clone")
    await git("push", "--quiet", "origin", "HEAD:refs/tags/v1", cwd=clone)

    async def is_there() -> bool:
        return "v1" in await git("tag", "--list", cwd=backup / "notes.git")

    await _until(is_there)


async def test_a_document_that_is_never_quiet_is_pushed_too(serve: Serve, backup: Path) -> None:
    server = await serve(
        mirror=(f"{backup}/{{document}}.git",),
        checkpoint_idle_s=1000.0,
        checkpoint_age_s=0.1,
        mirror_every_s=0.01,
    )
    ann = await server.join()
    await ann.edit("one\n")
    first = await _mirror_that(server, lambda found: found["revision"] is not None)
    await ann.edit("one\ntwo\n")
    await _mirror_that(server, lambda found: found["revision"] != first["revision"])
    assert await git("show", "master:notes.txt", cwd=backup / "notes.git") == "one\ntwo\n"


async def test_remotes_for_all_documents_and_for_one(serve: Serve, backup: Path) -> None:
    pair = f"b={backup}/special.git"
    server = await serve(mirror=(f"{backup}/all-{{document}}.git", pair), **_SOON)
    made = {document: await _put(server, document) for document in ("a", "b", "c.md")}
    for document in ("a", "c.md"):
        await _pushed(server, made[document], document)

    async def are_there() -> bool:
        return not any(found["behind"] for found in await _mirrors(server, "b"))

    await _until(are_there)
    remotes = {"all-a.git": "a", "all-b.git": "b", "all-c.md.git": "c.md", "special.git": "b"}
    assert {path.name for path in _inside(backup)} == remotes.keys()
    for remote, document in remotes.items():
        assert await _branches(backup / remote) == {"master": made[document]}


async def test_an_open_conflict_is_mirrored_until_it_is_resolved(
    serve: Serve, backup: Path
) -> None:
    server = await serve(mirror=(f"{backup}/{{document}}.git",), **_SOON)
    remote = backup / "notes.git"
    ann, bo = await server.pair("the red fox")
    await ann.edit("the blue fox")
    conflict = await bo.edit("the green fox", base=bo.welcome["revision"])
    name = f"unmerged/{bo.id}"
    await _branches_are(remote, {"master": ann.revision, f"{name}-open": conflict["commit"]})
    await bo.park()
    await _branches_are(remote, {"master": ann.revision, name: conflict["commit"]})
    question = f"{server.url}/api/documents/notes/unmerged/{bo.id}"
    async with server.http.get(question) as response:
        await ann.take_up(await response.json(), "the teal fox")
    await _branches_are(remote, {"master": ann.revision})


async def _branches_are(remote: Path, expected: dict[str, str]) -> None:
    """Wait until a remote has these branches, and no others."""

    async def are_so() -> bool:
        ran = await run_git("ls-remote", "--heads", str(remote))
        lines = (line.split("\trefs/heads/") for line in ran.out.splitlines())
        return {name: commit for commit, name in lines} == expected

    await _until(are_so)


# --- what goes wrong


async def test_a_remote_that_recovers_is_updated_and_logged_once(
    serve: Serve, tmp_path: Path, quick_retries: None, server_log: pytest.LogCaptureFixture
) -> None:
    server = await serve(mirror=(f"{tmp_path}/disk/{{document}}.git",), **_SOON)
    ann = await server.join()
    await ann.edit("one\n")
    found = await _failing(server)
    assert (found["revision"], found["time"], found["behind"]) == (None, None, True)
    assert found["problem"].endswith("/disk/notes.git' does not appear to be a git repository.")
    failed = f'gollabedit_mirror_failed_total{{remote="{tmp_path}/disk/{{document}}.git"}}'

    async def was_tried_often() -> bool:
        await ann.edit(ann.text + "more\n")
        return int((await _metrics(server))[failed]) >= 3

    await _until(was_tried_often)
    (tmp_path / "disk").mkdir()
    found = await _pushed(server, ann.revision)
    assert (found["behind"], found["problem"]) == (False, None)
    [warning] = _warnings(server_log)
    assert warning.startswith(f"notes: push to mirror {tmp_path}/disk/notes.git failed: Git says: ")
    assert f"notes: push to mirror {tmp_path}/disk/notes.git works again" in server_log.messages
    server_log.clear()


async def test_a_remote_with_other_commits_is_left_alone(
    serve: Serve, backup: Path, server_log: pytest.LogCaptureFixture
) -> None:
    server = await serve(mirror=(f"{backup}/{{document}}.git",), **_SOON)
    ann = await server.join()
    await ann.edit("one\n")
    await _pushed(server, ann.revision)
    before = ann.revision
    theirs = await _commit(backup / "notes.git")
    await ann.edit("one\ntwo\n")
    found = await _failing(server)
    assert found["problem"] == (
        "The remote has commits that this server does not have, on master; nothing there was"
        " changed."
    )
    assert (found["revision"], found["behind"]) == (before, True)
    assert await _branches(backup / "notes.git") == {"master": theirs}
    server_log.clear()


async def test_a_hanging_remote_delays_nothing_else(
    serve: Serve, backup: Path, hanging_ssh: HangingSsh, server_log: pytest.LogCaptureFixture
) -> None:
    hangs = "ssh://git@host.invalid/{document}.git"
    server = await serve(mirror=(hangs, f"{backup}/{{document}}.git"), **_SOON)
    ann = await server.join()
    await ann.edit("one\n")
    await hanging_ssh.started()
    for number in range(10):
        await ann.edit(f"one\n{number}\n")

    async def other_is_there() -> bool:
        return bool((await _mirrors(server))[1]["revision"] == ann.revision)

    await _until(other_is_there)
    [hanging, _] = await _mirrors(server)
    assert (hanging["behind"], hanging["problem"]) == (True, None)
    async with asyncio.timeout(DEADLINE_S):
        await server.stop()
    await hanging_ssh.ended()
    assert _warnings(server_log) == [f"mirror {hangs} stays behind until the next start: notes"]
    server_log.clear()


async def test_a_hanging_remote_times_out(
    serve: Serve, hanging_ssh: HangingSsh, server_log: pytest.LogCaptureFixture
) -> None:
    hangs = "ssh://git@host.invalid/{document}.git"
    server = await serve(mirror=(hangs,), mirror_wait_s=0.1, **_SOON)
    await _put(server, "notes")
    found = await _failing(server)
    assert found["problem"] == "The remote did not answer within 0.1 s."
    server_log.clear()


async def test_credentials_are_shown_nowhere(
    serve: Serve, quick_retries: None, server_log: pytest.LogCaptureFixture
) -> None:
    server_log.set_level(logging.DEBUG)
    server = await serve(mirror=("http://me:s3cret@127.0.0.1:1/{document}.git",), **_SOON)
    await _put(server, "notes")
    found = await _failing(server)
    assert found["remote"] == "http://***@127.0.0.1:1/notes.git"
    numbers = await _metrics(server)
    assert (
        numbers['gollabedit_mirror_behind{remote="http://***@127.0.0.1:1/{document}.git"}'] == "1"
    )
    await server.stop()
    assert len(_warnings(server_log)) == 2
    assert "s3cret" not in f"{server_log.text} {found} {numbers}"
    server_log.clear()


# --- starts and ends


async def test_what_was_written_before_the_start_is_pushed(serve: Serve, backup: Path) -> None:
    first = await serve()
    made = {document: await _put(first, document) for document in ("a", "b")}
    await first.stop()
    first.folder.__exit__()
    second = await serve(mirror=(f"{backup}/{{document}}.git",))
    for document, revision in made.items():
        await _pushed(second, revision, document)
        assert await _branches(backup / f"{document}.git") == {"master": revision}


async def test_what_a_server_left_in_the_journal_is_pushed(tmp_path: Path, backup: Path) -> None:
    options = ("--mirror", f"{backup}/{{document}}.git")
    async with RealServer(tmp_path / "data", "--checkpoint-idle-s", "1000") as server:
        ann = await server.join("Ann")
        await ann.edit("one\n")  # and no more: it is killed
    assert not (tmp_path / "data" / "notes.git").exists()
    async with RealServer(tmp_path / "data", *options):
        await _branches_are(backup / "notes.git", {"master": ann.revision})


async def test_pending_pushes_are_tried_at_shutdown(serve: Serve, backup: Path) -> None:
    server = await serve(mirror=(f"{backup}/{{document}}.git",), mirror_every_s=1000.0)
    ann = await server.join()
    await ann.edit("one\n")
    await server.repository()
    await _pushed(server, ann.revision)
    await ann.edit("one\ntwo\n")
    await server.stop()
    assert await _branches(backup / "notes.git") == {"master": ann.revision}


async def test_a_mirror_restores_a_document_with_its_conflicts(
    serve: Serve, backup: Path, tmp_path: Path
) -> None:
    server = await serve(mirror=(f"{backup}/{{document}}.git",), **_SOON)
    ann, bo = await server.pair("the red fox")
    await ann.edit("the blue fox")
    conflict = await bo.edit("the green fox", base=bo.welcome["revision"])
    id = f"{bo.id}-open"
    expected = {"master": ann.revision, f"unmerged/{id}": conflict["commit"]}
    await _branches_are(backup / "notes.git", expected)
    copied = str(tmp_path / "restored" / "notes.git")
    await git("clone", "--quiet", "--mirror", str(backup / "notes.git"), copied)
    restored = await serve("restored")
    cat = await restored.join("Cat")
    assert (cat.text, cat.welcome["unmerged"]) == ("the blue fox", 1)
    async with restored.http.get(f"{restored.url}/api/documents/notes/unmerged/{id}") as response:
        await cat.take_up(await response.json(), "the teal fox")
    assert (await restored.refs())["master"] == cat.revision
    assert f"unmerged/{id}" not in await restored.refs()


# --- what can be seen


async def test_answers_without_mirrors_and_without_the_document(server: Served) -> None:
    await _put(server, "notes")
    assert await _mirrors(server) == []
    async with server.http.get(f"{server.url}/api/documents/nothing/mirror") as response:
        assert response.status == 404
        assert await response.json() == {"error": "There is no such document."}


async def test_metrics_cover_documents_and_mirrors(serve: Serve, backup: Path) -> None:
    remote = f"{backup}/{{document}}.git"
    server = await serve(mirror=(remote,), **_SOON)
    ann = await server.join()
    await server.join("Bo")
    await ann.edit("one\n")
    await _pushed(server, ann.revision)
    numbers = await _metrics(server)
    assert float(numbers.pop(f'gollabedit_mirror_success_age_seconds{{remote="{remote}"}}')) < 60
    assert int(numbers.pop(f'gollabedit_mirror_pushed_total{{remote="{remote}"}}')) >= 1
    assert float(numbers.pop("gollabedit_unwritten_seconds")) < 60
    assert (
        numbers.items()
        >= {
            "gollabedit_documents_open": "1",
            "gollabedit_connections": "2",
            f'gollabedit_mirror_failed_total{{remote="{remote}"}}': "0",
            f'gollabedit_mirror_behind{{remote="{remote}"}}': "0",
            f'gollabedit_mirror_behind_seconds{{remote="{remote}"}}': "0",
        }.items()
    )

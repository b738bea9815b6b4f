"""One push to a remote, with the real Git and real repositories."""

import asyncio
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from server.mirror.push import PushError, environment_of, push
from tests.git import assert_sound, git, refs, without_settings
from tests.server.mirror.hanging_ssh import HangingSsh

WAIT_S = 60.0
_numbers = count()  # so that no two commits are the same


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    without_settings(monkeypatch)


@pytest.fixture
def hanging_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingSsh]:
    with HangingSsh(tmp_path) as ssh:
        monkeypatch.setenv("GIT_SSH", str(ssh.program))
        yield ssh


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A document with one revision."""
    path = bare(tmp_path / "data" / "notes.git")
    commit(path, "refs/heads/master")
    return path


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    return bare(tmp_path / "remote.git")


def bare(path: Path) -> Path:
    path.mkdir(parents=True)
    git("init", "--quiet", "--bare", "--initial-branch=master", cwd=path)
    return path


def commit(path: Path, ref: str, *parents: str) -> str:
    """Commit an empty tree to a ref; return the commit."""
    tree = git("hash-object", "-t", "tree", "-w", os.devnull, cwd=path)
    words = [word for parent in parents for word in ("-p", parent)]
    made = git("commit-tree", tree, *words, "-m", f"{next(_numbers)}", cwd=path)
    git("update-ref", ref, made, cwd=path)
    return made


async def test_only_the_readable_history_is_pushed(repository: Path, tmp_path: Path) -> None:
    remote = tmp_path / "new.git"
    assert await push(repository, str(remote), WAIT_S, "main") is None
    assert not remote.exists()
    master = git("rev-parse", "master", cwd=repository)
    version = commit(repository, "refs/heads/versions")
    message = f"Write a line\n\nRevision: {master}\n"
    tree = git("rev-parse", "versions^{tree}", cwd=repository)
    last = git("commit-tree", tree, "-p", version, "-m", message, cwd=repository)
    git("update-ref", "refs/heads/versions", last, cwd=repository)
    git("tag", "-a", "-m", "First", "first", last, cwd=repository)
    cat = commit(repository, "refs/heads/unmerged/cat", version)
    commit(repository, "refs/heads/draft", master)
    assert await push(repository, str(remote), WAIT_S, "main") == master
    assert refs(remote) == {
        "refs/heads/main": last,
        "refs/heads/unmerged/cat": cat,
        "refs/tags/first": git("rev-parse", "first", cwd=repository),
    }
    assert git("symbolic-ref", "HEAD", cwd=remote) == "refs/heads/main"
    git("tag", "-f", "-a", "-m", "Renamed", "first", last, cwd=repository)
    assert await push(repository, str(remote), WAIT_S, "main") == master
    assert refs(remote)["refs/tags/first"] == git("rev-parse", "first", cwd=repository)
    assert_sound(remote)


async def test_everything_is_pushed_but_merged_client_branches(
    repository: Path, remote: Path
) -> None:
    master = git("rev-parse", "master", cwd=repository)
    git("update-ref", "refs/heads/clients/ann", master, cwd=repository)
    git("update-ref", "refs/tags/v1", master, cwd=repository)
    bo = commit(repository, "refs/heads/clients/bo", master)
    cat = commit(repository, "refs/heads/unmerged/cat", master)
    draft = commit(repository, "refs/heads/draft", master)
    assert await push(repository, str(remote), WAIT_S) == master
    assert refs(remote) == {
        "refs/heads/master": master,
        "refs/heads/draft": draft,
        "refs/heads/unmerged/bo-open": bo,
        "refs/heads/unmerged/cat": cat,
        "refs/tags/v1": master,
    }
    assert_sound(remote)


async def test_settings_of_the_user_for_their_own_pushes_do_not_count(
    repository: Path, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[push]\nrecurseSubmodules = only\nfollowTags = true\ndefault = nothing\n"
        "[remote]\npushDefault = elsewhere\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    master = await push(repository, str(remote), WAIT_S)
    assert refs(remote) == {"refs/heads/master": master}


async def test_only_unmerged_branches_are_pruned(repository: Path, remote: Path) -> None:
    master = git("rev-parse", "master", cwd=repository)
    commit(repository, "refs/heads/clients/bo", master)
    commit(repository, "refs/heads/unmerged/cat", master)
    await push(repository, str(remote), WAIT_S)
    for ref in ("refs/heads/theirs", "refs/tags/theirs"):
        git("update-ref", ref, master, cwd=remote)
    for ref in ("clients/bo", "unmerged/cat"):
        git("update-ref", "-d", f"refs/heads/{ref}", cwd=repository)
    await push(repository, str(remote), WAIT_S)
    assert refs(remote).keys() == {"refs/heads/master", "refs/heads/theirs", "refs/tags/theirs"}


async def test_an_open_conflict_is_forced(repository: Path, remote: Path) -> None:
    master = git("rev-parse", "master", cwd=repository)
    for _ in range(2):
        commit(repository, "refs/heads/clients/bo", master)
        await push(repository, str(remote), WAIT_S)
        bo = commit(repository, "refs/heads/clients/bo", master, master)
        await push(repository, str(remote), WAIT_S)
        assert refs(remote)["refs/heads/unmerged/bo-open"] == bo


@pytest.mark.parametrize("is_related", [True, False])
async def test_a_remote_with_other_commits_on_master_is_left_alone(
    repository: Path, remote: Path, is_related: bool
) -> None:
    master = git("rev-parse", "master", cwd=repository)
    await push(repository, str(remote), WAIT_S)
    commit(remote, "refs/heads/master", *([master] if is_related else []))
    before = refs(remote)
    commit(repository, "refs/heads/master", master, master)
    commit(repository, "refs/heads/unmerged/cat", master)
    with pytest.raises(PushError) as failed:
        await push(repository, str(remote), WAIT_S)
    assert str(failed.value) == (
        "The remote has commits that this server does not have, on master; nothing there was"
        " changed."
    )
    assert refs(remote) == before


async def test_a_tag_that_differs_at_the_remote_is_named(repository: Path, remote: Path) -> None:
    master = git("rev-parse", "master", cwd=repository)
    git("update-ref", "refs/tags/v1", master, cwd=repository)
    commit(remote, "refs/tags/v1")
    with pytest.raises(PushError, match=r"^The remote rejected v1: already exists\.$"):
        await push(repository, str(remote), WAIT_S)
    assert refs(remote).keys() == {"refs/heads/master", "refs/tags/v1"}, (
        "the document is there all the same"
    )


async def test_a_hook_that_declines_is_named(repository: Path, remote: Path) -> None:
    hook = remote / "hooks" / "update"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(PushError, match=r"^The remote rejected master: hook declined"):
        await push(repository, str(remote), WAIT_S)


async def test_a_local_repository_is_created_if_its_folder_exists(
    repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "backup").mkdir()
    for url in (f"{tmp_path}/backup/a.git", f"file://{tmp_path}/backup/b.git"):
        master = await push(repository, url, WAIT_S)
        assert refs(tmp_path / "backup" / url[-5:]) == {"refs/heads/master": master}
    assert_sound(tmp_path / "backup" / "a.git")


async def test_a_missing_disk_is_not_created(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(PushError, match=r"^Git says: '.*' does not appear to be a git repository"):
        await push(repository, f"{tmp_path}/gone/notes.git", WAIT_S)
    assert not (tmp_path / "gone").exists()


async def test_another_folder_is_left_as_it_is(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "photo").write_text("x")
    with pytest.raises(PushError):
        await push(repository, f"{tmp_path}/holiday", WAIT_S)
    assert [path.name for path in (tmp_path / "holiday").iterdir()] == ["photo"]


async def test_without_a_revision_there_is_nothing_to_push(remote: Path, tmp_path: Path) -> None:
    assert await push(bare(tmp_path / "empty.git"), str(remote), WAIT_S) is None
    assert refs(remote) == {}


async def test_a_missing_document_is_a_push_error(remote: Path, tmp_path: Path) -> None:
    with pytest.raises(PushError, match=r"^Git says: not a git repository"):
        await push(tmp_path / "gone.git", str(remote), WAIT_S)


async def test_a_hanging_remote_times_out(repository: Path, hanging_ssh: HangingSsh) -> None:
    with pytest.raises(PushError, match=r"^The remote did not answer within 0\.1 s\.$"):
        await push(repository, "ssh://git@host.invalid/notes.git", 0.1)


async def test_cancellation_ends_all_processes_of_a_push(
    repository: Path, hanging_ssh: HangingSsh
) -> None:
    pushing = asyncio.create_task(push(repository, "ssh://git@host.invalid/notes.git", WAIT_S))
    await hanging_ssh.started()
    pushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pushing
    await hanging_ssh.ended()


async def test_processes_end_even_if_waiting_for_them_is_cancelled(
    repository: Path, hanging_ssh: HangingSsh
) -> None:
    pushing = asyncio.create_task(push(repository, "ssh://git@host.invalid/notes.git", WAIT_S))
    await hanging_ssh.started()
    for _ in range(2):
        pushing.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await pushing
    await hanging_ssh.ended()


async def test_ssh_never_prompts(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ssh"
    program.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/called\necho "No entry." >&2\nexit 255\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(PushError, match=r"^Git says: No entry\.$"):
        await push(repository, "git@host.invalid:notes.git", WAIT_S)
    assert "-o BatchMode=yes" in (tmp_path / "called").read_text()


async def test_the_users_configuration_is_used(
    repository: Path, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(f'[url "{remote.parent}/"]\n    insteadOf = https://host.invalid/\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    master = await push(repository, "https://host.invalid/remote.git", WAIT_S)
    assert refs(remote) == {"refs/heads/master": master}


async def test_the_users_own_ssh_command_is_used(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("config", "core.sshCommand", "echo It is mine. >&2; false", cwd=repository)
    with pytest.raises(PushError, match=r"^Git says: It is mine\.$"):
        await push(repository, "ssh://git@host.invalid/notes.git", WAIT_S)


async def test_a_password_is_not_in_the_error(repository: Path) -> None:
    with pytest.raises(PushError, match=r"unable to access") as failed:
        await push(repository, "http://user:s3cret@127.0.0.1:1/notes.git", WAIT_S)
    assert "s3cret" not in str(failed.value)


def test_variables_of_other_repositories_and_prompts_are_unset() -> None:
    given = {"HOME": "/home/x", "SSH_AUTH_SOCK": "/s", "GIT_DIR": "/other", "SSH_ASKPASS": "/ask"}
    environment = environment_of(given)
    assert environment.pop("GIT_SSH_COMMAND").startswith("ssh -o BatchMode=yes ")
    assert environment == {
        "HOME": "/home/x", "SSH_AUTH_SOCK": "/s", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
    }  # fmt: skip
    own = {"GIT_SSH_COMMAND": "ssh -i /key"}
    assert environment_of(own)["GIT_SSH_COMMAND"] == "ssh -i /key"
    assert "GIT_SSH_COMMAND" not in environment_of({"GIT_SSH": "/bin/ssh"})
    assert "GIT_SSH_COMMAND" not in environment_of({}, has_own_ssh=True)

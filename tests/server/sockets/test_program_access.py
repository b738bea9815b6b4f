"""Programs on a closed server: the commands, `sync` and the Python client, with their tokens."""

import asyncio
import os
import re
import shlex
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.cli.sync.command import SyncCommand
from server.client import NoAccessError, NotSignedInError, RefusedError, connect
from server.core.access.accounts import Kind, User, hash_of
from server.http.app_keys import ACCESS
from server.storage.accounts import AccountStore
from server.storage.site.folder import SqliteAccounts, accounts_in
from tests.server.sockets.accounts import known
from tests.server.sockets.harness import Serve, Served, eventually, git, run
from tests.server.sockets.shell import Shell

_DOCS = Path(__file__).parents[3] / "docs" / "access.md"
_CURL = re.compile(r"^curl .*", re.MULTILINE)
POLICY = """
[[documents]]
names = ["hidden"]

[[documents]]
names = ["*"]
view = ["vic"]
manage = ["ann"]
"""


@pytest.fixture
async def closed(serve: Serve, tmp_path: Path) -> Served:
    """A closed server with the accounts ann, who manages, and vic, who views."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "access.toml").write_text(POLICY)
    return await serve(access="closed")


@pytest.fixture
def store(closed: Served) -> Iterator[AccountStore]:
    store = AccountStore(SqliteAccounts(accounts_in(closed.folder.path)))
    store.add_user(User("ann", "Ann Lee", "ann@example.org"))
    store.add_user(User("vic"))
    yield store
    store.close()


async def token_of(server: Served, store: AccountStore, user: str) -> str:
    """Make a token, and wait until it counts."""
    _, token = store.add_secret(Kind.TOKEN, user, "", time.time())
    await known(server, store)
    return token


def keep(file: Path, token: str) -> str:
    file.write_text(f"{token}\n")
    file.chmod(0o600)
    return str(file)


# --- the commands


async def test_the_story_of_a_team_in_commands(closed: Served, tmp_path: Path) -> None:
    shell = Shell(tmp_path / "home", f"{closed.url}/d/notes")
    data = ("--data", str(closed.folder.path))
    await shell.does("user", "add", "ann", "--full-name", "Ann Lee", *data)
    token = await shell.does("token", "create", "ann", "--label", "laptop", *data)
    file = keep(shell.folder / "token", token.strip())
    signed_in = ("--token-file", file)
    held = closed.app[ACCESS]
    key = hash_of(token.strip())
    assert key in held.current.accounts.secrets  # when the command has ended

    said = await shell.fails("cat", shell.url)
    assert "Sign in to do this" in said
    assert "--token-file" in said
    await shell.does("new", shell.url, "--name", "Nobody", *signed_in, given=b"one\n")
    assert await closed.git_on_disk("log", "-1", "--format=%an", "master") == "Ann Lee\n"
    assert await shell.does("ls", closed.url, GOLLABEDIT_TOKEN=token) == "notes\n"
    netrc = keep(shell.folder / "netrc", f"machine 127.0.0.1 login x password {token.strip()}")
    assert await shell.does("log", shell.url, "--json", NETRC=netrc)

    address = ("--url", closed.url)
    link = await shell.does("link", "create", "notes", "--right", "view", *address, *data)
    guest = keep(shell.folder / "guest", link.strip().partition("?key=")[2])
    assert await shell.does("cat", shell.url, "--token-file", guest) == "one\n"
    said = await shell.fails("append", shell.url, "--token-file", guest, given=b"two\n")
    assert "You can view this document, but not change it." in said

    await shell.does("mv", shell.url, "plans", *signed_in)
    assert await shell.does("cat", shell.url, *signed_in) == "one\n"  # the same server
    work = shell.folder / "work"
    await git("init", "--quiet", "--initial-branch=main", str(work))
    (work / "Old.md").write_text("old\n")
    await git("add", "--all", cwd=work)
    await git("commit", "--quiet", "-m", "Begin", cwd=work)
    ran = await shell.run("import", "--history", "work/Old.md", closed.url, *signed_in)
    assert ran.code == 0, ran.err
    assert await shell.does("ls", closed.url, *signed_in) == "old.md\nplans\n"

    await shell.does("token", "revoke", held.current.accounts.secrets[key].id, *data)
    assert "This token is wrong, expired or revoked" in await shell.fails(
        "cat", shell.url, *signed_in
    )


async def test_the_examples_with_curl_do_what_they_say(
    closed: Served, store: AccountStore, tmp_path: Path
) -> None:
    token = await token_of(closed, store, "ann")
    keep(tmp_path / ".netrc", f"machine 127.0.0.1 login ann password {token}")
    keep(tmp_path / "header.txt", f"Authorization: Bearer {token}")
    async with connect(f"{closed.url}/d/notes", token=token) as document:
        await document.edit("one\n")
    printed = []
    for line in _CURL.findall(_DOCS.read_text()):
        command = shlex.split(line.replace("https://docs.example.org", closed.url))
        environment = {"PATH": os.defpath, "HOME": str(tmp_path)}
        ran = await run(*command, "--silent", "--fail", cwd=tmp_path, env=environment)
        assert ran.returncode == 0, line
        printed.append(ran.stdout.decode())
    assert printed[0] == "one\n"
    assert '"document":"notes"' in printed[1]
    assert len(printed) == 3
    async with connect(f"{closed.url}/d/notes", token=token) as document:
        assert document.text == "one\nOne more line."


# --- the Python client


async def test_a_program_signs_in_with_a_token(closed: Served, store: AccountStore) -> None:
    token = await token_of(closed, store, "ann")
    url = f"{closed.url}/d/notes"
    async with connect(url, name="Bot", token=token) as document:
        await document.edit("one\n")
    assert await closed.git_on_disk("log", "-1", "--format=%an <%ae>", "master") == (
        "Ann Lee <ann@example.org>\n"
    )
    with_password = url.replace("://", f"://x:{token}@")
    async with connect(with_password) as document:
        assert document.text == "one\n"
    for wrong in ("gollabedit_wrong", None):
        with pytest.raises(NotSignedInError, match="sign in with a valid token"):
            async with connect(url, token=wrong):
                pass
    for document_name in ("hidden", "new"):
        vic = await token_of(closed, store, "vic")
        with pytest.raises(NoAccessError, match="no access to it"):
            async with connect(f"{closed.url}/d/{document_name}", token=vic):
                pass


async def test_a_program_hears_that_it_may_only_view_or_not_any_more(
    closed: Served, store: AccountStore
) -> None:
    url = f"{closed.url}/d/notes"
    ann, vic = [await token_of(closed, store, user) for user in ("ann", "vic")]
    async with connect(url, token=ann) as writing:
        await writing.edit("one\n")
        async with connect(url, token=vic) as viewing:
            with pytest.raises(RefusedError, match="not change it") as refused:
                await viewing.edit("two\n")
            assert refused.value.code == "forbidden"
            assert viewing.text == "one\n"
            await writing.edit("three\n")
            async for revision in viewing.revisions():
                if revision.text == "three\n":
                    break
        store.remove_user("ann")
        with pytest.raises(NotSignedInError):
            async for _ in writing.revisions():
                pass
        assert writing.text == "three\n"


# --- sync


class Syncing:
    """A `gollabedit sync` in this process."""

    def __init__(self, file: Path, url: str) -> None:
        self.file = file
        options = Namespace(file=file, url=url, name="Somebody", take=None, quiet=False)
        self.command = SyncCommand(options)
        self.running = asyncio.create_task(self.command.run())

    async def holds(self, text: str) -> None:
        await eventually(
            lambda: self.running.done() or (self.file.exists() and self.file.read_text() == text),
            f"the file has {text!r}",
        )
        assert not self.running.done(), self.running.result()


@asynccontextmanager
async def syncing(file: Path, url: str) -> AsyncIterator[Syncing]:
    sync = Syncing(file, url)
    try:
        yield sync
    finally:
        sync.command.stop()
        await sync.running


async def test_sync_waits_for_access_and_keeps_both_sides(
    closed: Served,
    store: AccountStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    token_file = tmp_path / "token"
    keep(token_file, await token_of(closed, store, "ann"))
    monkeypatch.setenv("GOLLABEDIT_TOKEN_FILE", str(token_file))
    url, file = f"{closed.url}/d/notes", tmp_path / "notes.txt"
    file.write_text("one two three\n")
    async with syncing(file, url) as sync:
        other = await token_of(closed, store, "ann")
        async with connect(url, token=other) as document:
            await eventually(lambda: document.text == "one two three\n", "it is sent")
            first, _ = sorted(store.load().secrets.values(), key=lambda it: it.created)
            store.remove_secret(first.id, Kind.TOKEN)
            await eventually(lambda: "sign in with a valid token" in capfd.readouterr().err, "said")
            await document.edit("one two 3\n")
            file.write_text("1 two three\n")
            keep(token_file, other)
            await sync.holds("1 two 3\n")
            await eventually(lambda: document.text == "1 two 3\n", "the save is sent")


async def test_sync_follows_a_document_that_may_only_be_viewed(
    closed: Served,
    store: AccountStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ann = await token_of(closed, store, "ann")
    monkeypatch.setenv("GOLLABEDIT_TOKEN", await token_of(closed, store, "vic"))
    url, file = f"{closed.url}/d/notes", tmp_path / "notes.txt"
    async with connect(url, token=ann) as document:
        await document.edit("one\ntwo\nthree\n")
        async with syncing(file, url) as sync:
            await sync.holds("one\ntwo\nthree\n")
            assert "you can view this document, but not change it" in capfd.readouterr().err
            file.write_text("one\ntwo\nthree\nmine\n")
            await eventually(lambda: "not sent" in capfd.readouterr().err, "it is said")
            await document.edit("1\ntwo\nthree\n")
            await sync.holds("1\ntwo\nthree\nmine\n")
            await document.edit("1\n2\nthree\n")
            await sync.holds("1\n2\nthree\nmine\n")
            # With the right to edit, what was kept is sent.
            policy = closed.folder.path / "access.toml"
            policy.write_text(POLICY.replace('view = ["vic"]', 'edit = ["vic"]'))
            await eventually(lambda: document.text == "1\n2\nthree\nmine\n", "it is sent")


async def test_sync_leaves_words_that_others_change_too_until_it_may_edit(
    closed: Served,
    store: AccountStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ann = await token_of(closed, store, "ann")
    monkeypatch.setenv("GOLLABEDIT_TOKEN", await token_of(closed, store, "vic"))
    url, file = f"{closed.url}/d/notes", tmp_path / "notes.txt"
    async with connect(url, token=ann) as document:
        await document.edit("on Monday\n")
        async with syncing(file, url) as sync:
            await sync.holds("on Monday\n")
            file.write_text("on Friday\n")
            await eventually(lambda: "not sent" in capfd.readouterr().err, "it is said")
            await document.edit("on Tuesday\n")
            await sync.holds("on Friday\n")
            policy = closed.folder.path / "access.toml"
            policy.write_text(POLICY.replace('view = ["vic"]', 'edit = ["vic"]'))
            await eventually(lambda: "<<<<<<<" in file.read_text(), "the conflict is shown")
            assert "on Tuesday\n" in file.read_text()
            assert "on Friday\n" in file.read_text()

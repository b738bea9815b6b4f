"""The real Git on a closed server: tokens and links as passwords, and rights that are missing."""

import base64
import time
from contextlib import closing
from pathlib import Path

import pytest

from server.core.access.accounts import Kind, User
from server.core.access.right import Right
from server.storage.accounts import AccountStore
from server.storage.site.folder import SqliteAccounts, accounts_in
from tests.server.sockets.accounts import bearer
from tests.server.sockets.clones import commit_text
from tests.server.sockets.harness import GIT_ENVIRONMENT, Ran, Serve, Served, run

POLICY = """
[[documents]]
names = ["public"]
view = ["anybody"]
edit = ["ed"]

[[documents]]
names = ["notes", "plans"]
view = ["vic"]
edit = ["ed"]
"""


class Desk:
    """A closed server with the documents `notes` and `public`, and who can sign in there."""

    def __init__(self, server: Served, home: Path) -> None:
        self.server = server
        self.home = home
        self.keys: dict[str, str] = {}

    async def git(self, *arguments: str, cwd: Path | None = None, **environment: str) -> Ran:
        """Run Git, which has no settings but these; nobody minds how it ends."""
        ran = await run(
            "git",
            *arguments,
            cwd=cwd or self.home,
            env={**GIT_ENVIRONMENT, "HOME": str(self.home), **environment},
        )
        return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    def helper(self, who: str) -> str:
        """Return the setting of a credential helper, as in docs/git.md, and keep the token."""
        file = self.home / f"{who}-token"
        file.write_text(f"{self.keys[who]}\n")
        return f"credential.helper=!f() {{ echo username=x; echo password=$(cat {file}); }}; f"

    async def clone(self, who: str, document: str = "notes") -> Path:
        into = self.home / f"{document}-{who}"
        url = f"{self.server.url}/{document}.git"
        ran = await self.git("clone", "-q", "-c", self.helper(who), url, str(into))
        assert ran.code == 0, ran.err
        return into


@pytest.fixture
async def desk(serve: Serve, tmp_path: Path) -> Desk:
    data, home = tmp_path / "data", tmp_path / "home"
    data.mkdir()
    home.mkdir()
    (data / "access.toml").write_text(POLICY)
    keys = {}
    with closing(AccountStore(SqliteAccounts(accounts_in(data)))) as store:
        for name in ("vic", "ed", "root"):
            store.add_user(User(name, is_operator=name == "root"))
            keys[name] = store.add_secret(Kind.TOKEN, name, "laptop", time.time())[1]
        for right in (Right.VIEW, Right.EDIT):
            keys[f"{right.label}-link"] = store.add_link("notes", right, "", time.time())[1]
    server = await serve(access="closed")
    desk = Desk(server, home)
    desk.keys = keys
    for document in ("notes", "public"):
        url = f"{server.url}/d/{document}/raw"
        headers = bearer(keys["root"]) | {"If-None-Match": "*"}
        async with server.http.put(url, data="one\n", headers=headers) as response:
            assert response.status == 201, await response.text()
    return desk


async def test_without_a_token_git_asks_for_a_password(desk: Desk) -> None:
    url = f"{desk.server.url}/notes.git"
    ran = await desk.git("clone", url, "nothing")
    assert ran.code == 128
    assert "could not read Username" in ran.err
    # Git passes on the sentence of the server once a password was wrong.
    ran = await desk.git("clone", url.replace("://", "://x:gollabedit_wrong@"), "nothing")
    assert "remote: This token is wrong, expired or revoked." in ran.err
    assert "Authentication failed" in ran.err
    assert not (desk.home / "nothing").exists()


@pytest.mark.parametrize("who", ["ed", "edit-link"])
async def test_a_clone_is_made_changed_and_pushed_with_a_credential_helper(
    desk: Desk, who: str
) -> None:
    clone = await desk.clone(who)
    await commit_text(clone, "two\n")
    ran = await desk.git("push", "origin", "HEAD:refs/for/master", cwd=clone)
    assert ran.code == 0, ran.err
    ran = await desk.git("fetch", cwd=clone)
    assert ran.code == 0, ran.err
    assert (await desk.git("show", "origin/master:notes.txt", cwd=clone)).out == "two\n"


async def test_a_token_comes_from_askpass_a_header_or_netrc(desk: Desk) -> None:
    url, token = f"{desk.server.url}/notes.git", desk.keys["ed"]
    program = desk.home / "askpass"
    program.write_text('#!/bin/sh\ncase $1 in User*) echo ann;; *) echo "$TOKEN";; esac\n')
    program.chmod(0o700)
    ran = await desk.git("ls-remote", url, GIT_ASKPASS=str(program), TOKEN=token)
    assert "refs/heads/master" in ran.out, ran.err

    basic = base64.b64encode(f"x:{token}".encode()).decode()
    for header in (f"Bearer {token}", f"Basic {basic}"):
        ran = await desk.git(
            "ls-remote",
            url,
            GIT_CONFIG_COUNT="1",
            GIT_CONFIG_KEY_0="http.extraHeader",
            GIT_CONFIG_VALUE_0=f"Authorization: {header}",
        )
        assert "refs/heads/master" in ran.out, ran.err

    netrc = desk.home / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login ed password {token}\n")
    netrc.chmod(0o600)
    ran = await desk.git("ls-remote", url)
    assert "refs/heads/master" in ran.out, ran.err


@pytest.mark.parametrize("who", ["vic", "view-link"])
async def test_whoever_only_views_is_told_so_and_loses_nothing(desk: Desk, who: str) -> None:
    clone = await desk.clone(who)
    commit = await commit_text(clone, "two\n")
    for target in ("HEAD:refs/for/master", "master"):
        ran = await desk.git("push", "origin", target, cwd=clone)
        assert ran.code == 128
        assert "remote: You can view this document, but not change it." in ran.err
        assert "403" in ran.err
    assert (await desk.git("rev-parse", "HEAD", cwd=clone)).out == f"{commit}\n"
    assert (await desk.git("fetch", cwd=clone)).code == 0

    # With another token the same clone pushes the same commit.
    await desk.git("config", *desk.helper("ed").split("=", 1), cwd=clone)
    ran = await desk.git("push", "origin", "HEAD:refs/for/master", cwd=clone)
    assert ran.code == 0, ran.err
    headers = bearer(desk.keys["vic"])
    async with desk.server.http.get(f"{desk.server.url}/d/notes/raw", headers=headers) as response:
        assert await response.text() == "two\n"


async def test_what_anybody_may_view_is_cloned_without_a_password_and_a_push_asks(
    desk: Desk,
) -> None:
    clone = desk.home / "clone"
    ran = await desk.git("clone", "-q", f"{desk.server.url}/public.git", str(clone))
    assert ran.code == 0, ran.err
    (clone / "public.txt").write_text("two\n")
    await desk.git("commit", "-qam", "Mine", cwd=clone)
    ran = await desk.git("push", "origin", "HEAD:refs/for/master", cwd=clone)
    assert (ran.code, "could not read Username" in ran.err) == (128, True), ran.err
    ran = await desk.git(
        "-c", desk.helper("ed"), "push", "origin", "HEAD:refs/for/master", cwd=clone
    )
    assert ran.code == 0, ran.err


async def test_a_clone_of_a_renamed_document_goes_on(desk: Desk) -> None:
    clone = await desk.clone("ed")
    headers = bearer(desk.keys["root"])
    url = f"{desk.server.url}/api/documents/notes"
    async with desk.server.http.patch(url, json={"document": "plans"}, headers=headers) as answer:
        assert answer.status < 300, await answer.text()
    await commit_text(clone, "two\n")
    ran = await desk.git("push", "origin", "HEAD:refs/for/master", cwd=clone)
    assert ran.code == 0, ran.err


async def test_the_address_of_the_page_is_cloned_with_a_token(desk: Desk) -> None:
    url = f"{desk.server.url}/d/notes"
    ran = await desk.git("-c", desk.helper("ed"), "clone", "-q", url, "clone")
    assert ran.code == 0, ran.err


async def test_a_document_that_one_may_not_see_looks_like_none(desk: Desk) -> None:
    url = f"{desk.server.url}/secret.git"
    ran = await desk.git("-c", desk.helper("vic"), "clone", url, "nothing")
    assert ran.code == 128
    assert "not found" in ran.err

"""What people do with Git, and with clients that are not Git's own, against a real server."""

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from dulwich import porcelain
from dulwich.client import SendPackResult
from dulwich.objects import Blob, Commit, Tree
from dulwich.repo import Repo

from tests.server.sockets.client import Client
from tests.server.sockets.clones import push
from tests.server.sockets.harness import Served, git, run_git

_TEXT = "Monday\n\ntwo\n\nthree\n"
_MINE = _TEXT.replace("two", "TWO")
_OTHERS = _TEXT.replace("three", "THREE")
_BOTH = "Monday\n\nTWO\n\nTHREE\n"


@pytest.fixture
async def ann(server: Served) -> Client:
    client = await server.join("Ann")
    await client.edit("Sunday\n\ntwo\n\nthree\n")
    await client.edit(_TEXT)
    return client


async def _commit(clone: Path, text: str = _MINE) -> str:
    (clone / "notes.txt").write_text(text)
    await git("commit", "--quiet", "--all", "-m", "Mine", cwd=clone)
    return (await git("rev-parse", "HEAD", cwd=clone)).strip()


async def _all_refs(server: Served) -> str:
    return await server.git_on_disk("for-each-ref", "--format=%(refname) %(objectname)")


# --- versions of the protocol, and clones that have not all


@pytest.mark.parametrize("version", ["0", "1", "2"])
async def test_every_version_of_the_protocol_clones_and_pushes(
    server: Served, ann: Client, tmp_path: Path, version: str
) -> None:
    clone = await server.clone(tmp_path / "clone", "-c", f"protocol.version={version}")
    assert (await git("config", "protocol.version", cwd=clone)).strip() == version
    await ann.edit(_OTHERS)
    await _commit(clone)
    ran = await push(clone, "HEAD:refs/for/master")
    assert ran.code == 0, ran.err
    await ann.until(_BOTH)
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    await _commit(clone, "by master\n")
    assert (await push(clone, "master")).code == 0
    await ann.until("by master\n")
    await server.fsck()


@pytest.mark.parametrize(
    "options",
    [
        ["--depth=1"],
        ["--depth=1", "--no-single-branch"],
        ["--filter=blob:none"],
        ["--filter=tree:0"],
        ["--depth=1", "--filter=blob:none", "--single-branch"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("ref", ["HEAD:refs/for/master", "master"])
async def test_a_clone_that_has_not_all_pushes(
    server: Served, ann: Client, tmp_path: Path, options: list[str], ref: str
) -> None:
    clone = await server.clone(tmp_path / "clone", *options)
    if "--depth=1" in options:
        assert (await git("rev-list", "--count", "HEAD", cwd=clone)).strip() == "1"
    else:
        said = await git("rev-list", "--objects", "--all", "--missing=print", cwd=clone)
        assert "\n?" in said, "an old text is not there"
    commit = await _commit(clone)
    if ref != "master":
        await ann.edit(_OTHERS)
    ran = await push(clone, ref)
    assert ran.code == 0, ran.err
    await ann.until(_MINE if ref == "master" else _BOTH)
    assert commit in await server.git_on_disk("rev-list", "master")
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    assert (clone / "notes.txt").read_text() == ann.text
    await server.fsck()


async def test_a_sparse_checkout_changes_what_it_has_and_keeps_the_rest(
    server: Served, ann: Client, tmp_path: Path
) -> None:
    whole = await server.clone(tmp_path / "whole")
    for folder in ("pictures", "drafts"):
        (whole / folder).mkdir()
        (whole / folder / "one").write_text(f"{folder}\n")
    await git("add", "--all", cwd=whole)
    await git("commit", "--quiet", "-m", "Folders", cwd=whole)
    assert (await push(whole, "HEAD:refs/for/master")).code == 0

    clone = await server.clone(tmp_path / "clone", "--sparse", "--filter=blob:none")
    await git("sparse-checkout", "set", "drafts", cwd=clone)
    assert not (clone / "pictures").exists()
    (clone / "drafts" / "one").write_text("changed\n")
    await _commit(clone)
    ran = await push(clone, "HEAD:refs/for/master")
    assert ran.code == 0, ran.err
    await ann.until(_MINE)
    await git("pull", "--quiet", cwd=whole)
    assert (whole / "pictures" / "one").read_text() == "pictures\n"
    assert (whole / "drafts" / "one").read_text() == "changed\n"
    await server.fsck()


# --- what else is pushed, and comes back


async def test_tags_and_notes_come_back(server: Served, ann: Client, tmp_path: Path) -> None:
    clone = await server.clone(tmp_path / "clone")
    await git("tag", "-a", "v1", "-m", "The first", cwd=clone)
    await git("tag", "light", "HEAD~1", cwd=clone)
    await git("notes", "add", "-m", "Well said", "HEAD", cwd=clone)
    ran = await push(clone, "--tags", "refs/notes/*")
    assert ran.code == 0, ran.err
    other = await server.clone(tmp_path / "other")
    await git("fetch", "--quiet", "origin", "refs/notes/*:refs/notes/*", cwd=other)
    assert await git("notes", "show", "v1^{}", cwd=other) == "Well said\n"
    assert "The first" in await git("cat-file", "tag", "v1", cwd=other)
    names = ("v1", "light", "refs/notes/commits")
    assert await git("rev-parse", *names, cwd=other) == await git("rev-parse", *names, cwd=clone)
    await server.fsck()


async def test_a_bundle_is_cloned_and_goes_on_with_the_server(
    server: Served, ann: Client, tmp_path: Path
) -> None:
    clone = await server.clone(tmp_path / "clone")
    await git("bundle", "create", "--quiet", str(tmp_path / "it.bundle"), "--all", cwd=clone)
    other = tmp_path / "other"
    await git("clone", "--quiet", "-b", "master", str(tmp_path / "it.bundle"), str(other))
    await ann.edit(_OTHERS)
    await git("remote", "set-url", "origin", f"{server.url}/notes.git", cwd=other)
    await git("pull", "--quiet", "--ff-only", "origin", "master", cwd=other)
    assert (other / "notes.txt").read_text() == _OTHERS
    await _commit(other, _BOTH)
    assert (await push(other, "HEAD:refs/for/master")).code == 0
    await ann.until(_BOTH)


async def test_a_document_is_a_submodule(server: Served, ann: Client, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    await git("init", "--quiet", "-b", "main", str(outer))
    url = f"{server.url}/notes.git"
    await git("submodule", "--quiet", "add", "-b", "master", url, "notes", cwd=outer)
    await git("commit", "--quiet", "-m", "With notes", cwd=outer)
    await ann.edit(_OTHERS)
    await git("submodule", "--quiet", "update", "--remote", cwd=outer)
    assert (outer / "notes" / "notes.txt").read_text() == _OTHERS
    await git("commit", "--quiet", "--all", "-m", "Newer notes", cwd=outer)
    fresh = tmp_path / "fresh"
    await git("clone", "--quiet", "--recurse-submodules", str(outer), str(fresh))
    assert (fresh / "notes" / "notes.txt").read_text() == _OTHERS
    await _commit(outer / "notes", _BOTH)
    assert (await push(outer / "notes", "HEAD:refs/for/master")).code == 0
    await ann.until(_BOTH)


# --- what is refused, and harms nothing


@pytest.mark.parametrize("force", ["--force", "--force-with-lease"])
async def test_master_is_not_forced(
    server: Served, ann: Client, tmp_path: Path, force: str
) -> None:
    clone = await server.clone(tmp_path / "clone")
    await git("reset", "--quiet", "--hard", "HEAD~1", cwd=clone)
    await _commit(clone)
    before = await _all_refs(server)
    ran = await push(clone, force, "master")
    assert ran.code != 0
    assert "git push origin HEAD:refs/for/master" in ran.err
    assert await _all_refs(server) == before
    assert await server.raw() == _TEXT


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("HEAD:refs/heads/clients/somebody", "it is reserved for connected clients"),
        ("HEAD:refs/for/master", "others changed the same words"),
    ],
)
async def test_an_atomic_push_is_all_or_nothing(
    server: Served, ann: Client, tmp_path: Path, bad: str, why: str
) -> None:
    clone = await server.clone(tmp_path / "clone")
    await ann.edit(_TEXT.replace("two", "ZWEI"))
    await _commit(clone)
    await git("tag", "v1", cwd=clone)
    before = await _all_refs(server)
    ran = await push(clone, "--atomic", "v1", "HEAD:refs/heads/beside", bad)
    assert ran.code != 0
    assert why in ran.err
    assert await _all_refs(server) == before
    assert (await push(clone, "--atomic", "v1", "HEAD:refs/heads/beside")).code == 0


async def test_a_ref_that_git_cannot_make_keeps_the_merge_out_as_well(
    server: Served, ann: Client, tmp_path: Path
) -> None:
    clone = await server.clone(tmp_path / "clone")
    assert (await push(clone, "HEAD:refs/tags/v1/first")).code == 0
    await _commit(clone)
    await git("tag", "v1", cwd=clone)
    before = await _all_refs(server)
    ran = await push(clone, "--atomic", "v1", "HEAD:refs/for/master")
    assert ran.code != 0
    assert "refs/tags/v1 cannot be created: refs/tags/v1/first exists" in ran.err
    ran = await push(clone, "HEAD:refs/heads/a", "HEAD:refs/heads/a/b", "HEAD:refs/for/master")
    assert ran.code != 0
    assert "refs/heads/a cannot be created: refs/heads/a/b exists" in ran.err
    assert await _all_refs(server) == before
    assert await server.raw() == _TEXT
    ran = await push(clone, ":refs/tags/v1/first")
    assert ran.code == 0, ran.err
    assert (await push(clone, "--atomic", "v1", "HEAD:refs/for/master")).code == 0
    await ann.until(_MINE)


async def test_a_mirror_follows_and_cannot_push_itself(
    server: Served, ann: Client, tmp_path: Path
) -> None:
    mirror = await server.clone(tmp_path / "mirror", "--mirror")
    form = "--format=%(refname) %(objectname)"
    assert await git("for-each-ref", form, cwd=mirror) == await _all_refs(server)
    clone = await server.clone(tmp_path / "clone")
    assert (await push(clone, "HEAD:refs/heads/draft")).code == 0
    await git("fetch", "--quiet", "--prune", cwd=mirror)
    assert "refs/heads/draft" in await git("for-each-ref", cwd=mirror)
    assert (await push(clone, ":refs/heads/draft")).code == 0
    await git("fetch", "--quiet", "--prune", cwd=mirror)
    assert "refs/heads/draft" not in await git("for-each-ref", cwd=mirror)

    bo = await server.join("Bo")
    await bo.edit(_OTHERS)  # the mirror has neither this nor Bo's branch
    before = await _all_refs(server)
    ran = await run_git("push", "--mirror", f"{server.url}/notes.git", cwd=mirror)
    assert ran.code != 0
    assert "it is reserved for connected clients" in ran.err
    assert await _all_refs(server) == before
    await git("remote", "update", "--prune", cwd=mirror)
    assert await git("for-each-ref", form, cwd=mirror) == before


async def test_what_is_gone_is_pruned(server: Served, ann: Client, tmp_path: Path) -> None:
    clone = await server.clone(tmp_path / "clone")
    assert (await push(clone, "HEAD:refs/heads/draft")).code == 0
    other = await server.clone(tmp_path / "other")
    assert "origin/draft" in await git("branch", "--remotes", cwd=other)
    assert (await push(clone, "--delete", "draft")).code == 0
    await git("fetch", "--quiet", "--prune", cwd=other)
    assert "origin/draft" not in await git("branch", "--remotes", cwd=other)


# --- Dulwich: Git's protocol and formats, written by others in Python


class _Dulwich:
    """A clone in which Dulwich does everything."""

    def __init__(self, url: str, path: Path, branch: str = "master") -> None:
        self.path = path
        self._url = url
        self._branch = branch

    async def clone(self) -> "_Dulwich":
        def run() -> None:
            porcelain.clone(self._url, self.path, errstream=BytesIO(), branch=self._branch).close()

        await asyncio.to_thread(run)
        return self

    async def commit(self, text: str) -> str:
        """Commit a text; returns the commit."""

        def run() -> bytes:
            (self.path / "notes.txt").write_text(text)
            porcelain.add(self.path, [self.path / "notes.txt"])
            by = b"Dora <dora@example.invalid>"
            return porcelain.commit(self.path, b"By Dulwich", author=by, committer=by)

        return (await asyncio.to_thread(run)).decode()

    async def push(self, ref: str) -> tuple[SendPackResult, str]:
        """Push the commit; returns what became of it, and what was said."""

        def run() -> tuple[SendPackResult, str]:
            said = BytesIO()
            refspec = f"refs/heads/{self._branch}:{ref}"
            result = porcelain.push(
                self.path, self._url, refspec, outstream=BytesIO(), errstream=said
            )
            return result, said.getvalue().decode()

        return await asyncio.to_thread(run)

    async def fetch(self) -> dict[bytes, str]:
        """Fetch; returns where the server's refs are."""

        def run() -> dict[bytes, str]:
            found = porcelain.fetch(self.path, self._url, errstream=BytesIO(), quiet=True)
            return {ref: id.decode() for ref, id in found.refs.items() if id is not None}

        return await asyncio.to_thread(run)

    async def text(self, revision: str) -> str:
        """The text at a revision that was fetched."""

        def run() -> str:
            with Repo(str(self.path)) as repo:
                commit = repo[revision.encode()]
                assert isinstance(commit, Commit)
                tree = repo[commit.tree]
                assert isinstance(tree, Tree)
                blob = repo[tree[b"notes.txt"][1]]
                assert isinstance(blob, Blob)
                return blob.data.decode()

        return await asyncio.to_thread(run)


@pytest.fixture
async def dulwich(
    server: Served, ann: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> _Dulwich:
    monkeypatch.setenv("HOME", str(tmp_path))  # it reads the settings of whoever runs the tests
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return await _Dulwich(f"{server.url}/notes.git", tmp_path / "dulwich").clone()


async def test_dulwich_clones_commits_and_pushes_to_master(
    server: Served, ann: Client, dulwich: _Dulwich
) -> None:
    assert (dulwich.path / "notes.txt").read_text() == _TEXT
    commit = await dulwich.commit(_MINE)
    result, said = await dulwich.push("refs/heads/master")
    assert f"master is now your commit {commit[:10]}" in said
    assert not any((result.ref_status or {}).values())
    await ann.until(_MINE)
    assert ann.revision == commit
    await server.fsck()


async def test_dulwich_is_merged_and_fetches_the_result(
    server: Served, ann: Client, dulwich: _Dulwich
) -> None:
    commit = await dulwich.commit(_MINE)
    await ann.edit(_OTHERS)
    result, said = await dulwich.push("refs/for/master")
    assert "Merged with Ann's edits" in said
    assert not any((result.ref_status or {}).values())
    await ann.until(_BOTH)
    master = (await dulwich.fetch())[b"refs/heads/master"]
    assert master == (await server.refs())["master"]
    assert await dulwich.text(master) == _BOTH
    assert commit in await server.git_on_disk("log", "--format=%P", "-1", master)
    await server.fsck()


async def test_dulwich_commits_to_the_versions(
    server: Served, ann: Client, dulwich: _Dulwich, tmp_path: Path
) -> None:
    url = f"{server.url}/api/documents/notes/versions"
    async with server.http.post(url, json={"name": "First"}) as response:
        assert response.status == 201
    versions = _Dulwich(f"{server.url}/notes.git", tmp_path / "versions", "versions")
    await versions.clone()
    commit = await versions.commit(_MINE)
    await ann.edit(_OTHERS)
    result, _ = await versions.push("refs/for/master")
    assert not any((result.ref_status or {}).values())
    await ann.until(_BOTH)
    head = (await versions.fetch())[b"refs/heads/versions"]
    assert await versions.text(head) == _BOTH
    assert commit in await server.git_on_disk("log", "--format=%P", "-1", head)
    await server.fsck()


async def test_dulwich_is_told_of_a_refusal(server: Served, ann: Client, dulwich: _Dulwich) -> None:
    await dulwich.commit(_MINE)
    await ann.edit(_TEXT.replace("two", "ZWEI"))
    before = await _all_refs(server)
    result, said = await dulwich.push("refs/for/master")
    assert "others changed the same words" in str((result.ref_status or {})[b"refs/for/master"])
    assert "master ZWEI" in said
    assert "git pull --no-rebase" in said
    assert await _all_refs(server) == before

"""Rejected pushes, by Git and handmade ones that Git would not send."""

import asyncio
import hashlib
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.sockets.client import Client
from tests.server.sockets.clones import TEXT, begin_repository, commit_text, push, push_for_master
from tests.server.sockets.harness import GIT_ENVIRONMENT, Serve, Served, git, run, run_git

# --- bad pushes


def _binary(clone: Path) -> None:
    (clone / "notes.txt").write_bytes(b"one\n\xff\xfe\n")


def _nul(clone: Path) -> None:
    (clone / "notes.txt").write_bytes(b"one\0two\n")


def _huge(clone: Path) -> None:
    (clone / "notes.txt").write_bytes(os.urandom(5 * 2**20).hex().encode())


def _link(clone: Path) -> None:
    (clone / "notes.txt").unlink()
    (clone / "notes.txt").symlink_to("/etc/passwd")


def _folder(clone: Path) -> None:
    (clone / "notes.txt").unlink()
    (clone / "notes.txt").mkdir()
    (clone / "notes.txt" / "inside").write_text("text\n")


def _missing(clone: Path) -> None:
    (clone / "notes.txt").unlink()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_binary, "not UTF-8 text in commit {commit}, line 2"),
        (_nul, "holds the character NUL in commit {commit}"),
        (_huge, "has 10,485,760 bytes in commit {commit}; a document can hold 1,048,576"),
        (_link, "it is a symbolic link"),
        (_folder, "it is a folder"),
        (_missing, "Your commit has no file notes.txt"),
    ],
)
@pytest.mark.parametrize("ref", ["master", "refs/for/master"])
async def test_an_invalid_file_is_rejected_with_the_reason(
    server: Served, clone: Path, spoil: Callable[[Path], None], why: str, ref: str
) -> None:
    before, objects = await server.refs(), await server.git_on_disk("count-objects", "-v")
    spoil(clone)
    await git("add", "--all", cwd=clone)
    await git("commit", "--quiet", "-m", "Bad", cwd=clone)
    commit = (await git("rev-parse", "HEAD", cwd=clone)).strip()
    ran = await push(clone, f"HEAD:{ref}")
    assert ran.code != 0
    assert why.format(commit=commit[:10]) in ran.err
    assert await server.refs() == before
    assert await server.git_on_disk("count-objects", "-v") == objects


async def test_an_invalid_file_in_an_older_commit_is_found(server: Served, clone: Path) -> None:
    before = await server.refs()
    bad = await commit_text(clone, b"\xff")
    await commit_text(clone, TEXT)
    ran = await push(clone)
    assert ran.code != 0
    assert f"not UTF-8 text in commit {bad[:10]}" in ran.err
    assert await server.refs() == before


@pytest.mark.parametrize("bad", [b"\0", b"\xff", b"x" * 2_000_000])
async def test_an_invalid_file_from_another_branch_is_found(
    server: Served, clone: Path, bad: bytes
) -> None:
    commit = await commit_text(clone, bad)
    assert (await push(clone, "HEAD:refs/heads/beside")).code == 0
    before = await server.refs()
    for _ in range(2):
        ran = await push_for_master(clone)
        assert ran.code != 0
        assert f"in commit {commit[:10]}" in ran.err
        await commit_text(clone, TEXT)
    assert await server.refs() == before


async def test_a_submodule_in_an_older_commit_is_found(server: Served, clone: Path) -> None:
    before = await server.refs()
    head = (await git("rev-parse", "HEAD", cwd=clone)).strip()
    await git("rm", "--quiet", "--cached", "notes.txt", cwd=clone)
    await git("update-index", "--add", "--cacheinfo", f"160000,{head},notes.txt", cwd=clone)
    await git("commit", "--quiet", "-m", "Bad", cwd=clone)
    bad = (await git("rev-parse", "HEAD", cwd=clone)).strip()
    await commit_text(clone, TEXT + "more\n")
    ran = await push_for_master(clone)
    assert ran.code != 0
    assert f"in commit {bad[:10]} it is a submodule" in ran.err
    assert await server.refs() == before


async def test_a_file_may_be_absent_in_older_commits(server: Served, tmp_path: Path) -> None:
    path = await begin_repository(tmp_path / "mine", **{"old-name.txt": "text\n"})
    await git("mv", "old-name.txt", "fresh.txt", cwd=path)
    await git("commit", "--quiet", "-m", "Rename", cwd=path)
    ran = await run_git("push", f"{server.url}/fresh.git", "master", cwd=path)
    assert ran.code == 0, ran.err
    assert await server.raw("fresh") == "text\n"


async def test_too_many_files_beside_the_text_are_refused(server: Served, clone: Path) -> None:
    before = await server.refs()
    await commit_text(clone, TEXT, **{f"file-{number}": "x\n" for number in range(2000)})
    ran = await push_for_master(clone)
    assert ran.code != 0
    assert "too many files beside the document's" in ran.err
    assert await server.refs() == before


async def test_a_dangerous_path_is_rejected(server: Served, clone: Path) -> None:
    before = await server.refs()
    blob = (await git("hash-object", "-w", "--stdin", cwd=clone, given="evil\n")).strip()
    inner = await git("mktree", cwd=clone, given=f"100644 blob {blob}\tx\n")
    text = (await git("rev-parse", "HEAD:notes.txt", cwd=clone)).strip()
    entries = f"040000 tree {inner.strip()}\t.git\n100644 blob {text}\tnotes.txt\n"
    tree = (await git("mktree", cwd=clone, given=entries)).strip()
    commit = await git("commit-tree", tree, "-p", "HEAD", "-m", "Evil", cwd=clone)
    ran = await push(clone, f"{commit.strip()}:refs/heads/master")
    assert ran.code != 0
    assert "hasDotgit" in ran.err
    assert await server.refs() == before


@pytest.mark.parametrize("document", ["new", "notes"])
async def test_a_shallow_clone_of_another_repository_is_told_what_to_do(
    server: Served, ann: Client, clone: Path, tmp_path: Path, document: str
) -> None:
    other, shallow = tmp_path / "other", tmp_path / "shallow"
    await begin_repository(other)
    for number in range(3):
        (other / f"{document}.txt").write_text(f"{number}\n")
        await git("add", "--all", cwd=other)
        await git("commit", "--quiet", "-m", f"{number}", cwd=other)
    await git("clone", "--quiet", "--depth", "1", f"file://{other}", str(shallow))
    ran = await run_git("push", f"{server.url}/{document}.git", "HEAD:refs/for/master", cwd=shallow)
    assert ran.code != 0
    assert "Your clone is shallow" in ran.err
    assert "git fetch --unshallow" in ran.err
    await git("fetch", "--quiet", "--unshallow", cwd=shallow)
    if document == "new":
        await git("push", "--quiet", f"{server.url}/new.git", "HEAD:master", cwd=shallow)
        assert await server.raw("new") == "2\n"


async def test_a_pack_that_is_too_large_is_rejected_with_the_reason(
    serve: Serve, tmp_path: Path
) -> None:
    server = await serve(push_bytes_max=20_000)
    ann = await server.join("Ann")
    await ann.edit(TEXT)
    clone = await server.clone(tmp_path / "clone")
    before = await server.refs()
    await commit_text(clone, TEXT, noise=os.urandom(6_000_000).hex())
    ran = await push(clone)
    assert ran.code != 0
    assert "pack exceeds maximum allowed size" in ran.err
    assert await server.refs() == before


# --- what Git would not send


def _line(text: str) -> bytes:
    return b"%04x%s" % (len(text) + 4, text.encode())


async def _send(server: Served, old: str, new: str, pack: bytes, *refs: str) -> str:
    """Send a handmade push, by default to `master`."""
    first, *more = [f"{old} {new} {ref}" for ref in refs or ["refs/heads/master"]]
    commands = [f"{first}\0 report-status side-band-64k\n", *more]
    async with server.http.post(
        f"{server.url}/notes.git/git-receive-pack",
        data=b"".join([*map(_line, commands), b"0000", pack]),
        headers={"Content-Type": "application/x-git-receive-pack-request"},
    ) as response:
        assert response.status == 200
        return (await response.read()).decode(errors="replace")


async def _packed(clone: Path, *names: str) -> bytes:
    objects = await git("rev-parse", *names, cwd=clone)
    packing = ("git", "pack-objects", "--stdout", "-q")
    ran = await run(*packing, cwd=clone, env=GIT_ENVIRONMENT, given=objects.encode())
    return ran.stdout


async def test_an_incomplete_or_damaged_pack_changes_nothing(
    server: Served, ann: Client, clone: Path
) -> None:
    before = await server.refs()
    commit = await commit_text(clone, TEXT.replace("two", "TWO"))
    whole = await _packed(clone, commit, f"{commit}^{{tree}}", f"{commit}:notes.txt")
    lacking = await _packed(clone, commit)
    cases = {
        "missing necessary objects": lacking,
        "early EOF": whole[:-30],
        "unpack": whole[:60] + bytes([whole[60] ^ 0xFF]) + whole[61:],
        "bad object": b"",
    }
    for why, pack in cases.items():
        said = await _send(server, ann.revision, commit, pack)
        assert "ng refs/heads/master" in said, said
        assert why in said or "unpack" in said, said
        assert await server.refs() == before
    assert "ok refs/heads/master" in await _send(server, ann.revision, commit, whole)
    assert (await server.refs())["master"] == commit
    await server.fsck()


def _entry(kind: int, size: int, data: bytes, base: bytes = b"") -> bytes:
    """Return an object as it is in a pack; see gitformat-pack(5)."""
    head, size = bytes([kind << 4 | size & 15]), size >> 4
    while size:
        head, size = head[:-1] + bytes([head[-1] | 128, size & 127]), size >> 7
    return head + base + zlib.compress(data)


def _number(value: int) -> bytes:
    digits = [value >> shift & 127 for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([*(digit | 128 for digit in digits[:-1]), digits[-1]])


async def test_a_small_pack_of_a_huge_object_takes_no_memory(server: Served, ann: Client) -> None:
    blob, copies = bytes(2**20), 1500
    delta = _number(len(blob)) + _number(copies * len(blob)) + b"\xc0\x10" * copies
    base = hashlib.sha1(b"blob %d\0" % len(blob) + blob, usedforsecurity=False).digest()
    body = struct.pack(">4sII", b"PACK", 2, 2)
    body += _entry(3, len(blob), blob) + _entry(7, len(delta), delta, base)
    pack = body + hashlib.sha1(body, usedforsecurity=False).digest()
    assert len(pack) < 10_000
    before = await server.refs()
    objects = await server.git_on_disk("count-objects", "-v")
    said = await _send(server, "0" * 40, base.hex(), pack, "refs/tags/huge")
    assert "ng refs/tags/huge" in said, said
    assert "memory" in said
    assert await server.refs() == before
    assert await server.git_on_disk("count-objects", "-v") == objects


async def test_a_commit_with_very_many_parents_is_refused(
    server: Served, ann: Client, clone: Path
) -> None:
    parents = [
        (await git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", f"{n}", cwd=clone)).strip()
        for n in range(9)
    ]
    named = [word for parent in parents for word in ("-p", parent)]
    octopus = (await git("commit-tree", "HEAD^{tree}", *named, "-m", "x", cwd=clone)).strip()
    before = await server.refs()
    ran = await push(clone, f"{octopus}:refs/for/master")
    assert f"Commit {octopus[:10]} has too many parents; here a merge can have 8." in ran.err
    assert await server.refs() == before
    eight = (await git("commit-tree", "HEAD^{tree}", *named[:-2], "-m", "x", cwd=clone)).strip()
    assert (await push(clone, f"{eight}:refs/heads/octopus")).code == 0


async def test_too_many_refs_are_refused(server: Served, ann: Client, clone: Path) -> None:
    """Handmade, because Git's client takes half a minute for 10,000 results."""
    before = await server.refs()
    refs = [f"refs/heads/b/{number}" for number in range(10_000)]
    said = await _send(server, "0" * 40, ann.revision, await _packed(clone, "HEAD"), *refs)
    assert "10,000 refs are too many for one push: at most 200" in said
    assert await server.refs() == before


async def test_a_broken_connection_changes_nothing(
    server: Served, ann: Client, clone: Path
) -> None:
    before = await server.refs()
    commit = await commit_text(clone, TEXT.replace("two", "TWO"))
    pack = await _packed(clone, commit, f"{commit}^{{tree}}", f"{commit}:notes.txt")
    command = _line(f"{ann.revision} {commit} refs/heads/master\0 report-status\n") + b"0000"
    reader, writer = await asyncio.open_connection(*server.address)
    head = (
        "POST /notes.git/git-receive-pack HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/x-git-receive-pack-request\r\n"
        f"Content-Length: {len(command + pack)}\r\n\r\n"
    )
    writer.write(head.encode() + command + pack[:-1])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await reader.read() == b""
    assert await server.refs() == before
    assert (await push(clone)).code == 0


async def test_a_slow_upload_times_out(serve: Serve) -> None:
    server = await serve(pong_wait_s=0.3)
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(
        b"POST /notes.git/git-receive-pack HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/x-git-receive-pack-request\r\n"
        b"Content-Length: 1000\r\n\r\n0000"
    )
    assert b" 408 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert not server.folder.repository_path("notes").exists()


async def test_a_false_old_commit_is_rejected(server: Served, ann: Client, clone: Path) -> None:
    """Git itself never sends an old commit that is not an ancestor of the new one."""
    first = (await git("rev-list", "--max-parents=0", "HEAD", cwd=clone)).strip()
    blob = (await git("hash-object", "-w", "--stdin", cwd=clone, given="other\n")).strip()
    tree = (await git("mktree", cwd=clone, given=f"100644 blob {blob}\tnotes.txt\n")).strip()
    commit = (await git("commit-tree", tree, "-p", first, "-m", "x", cwd=clone)).strip()
    pack = await _packed(clone, commit, tree, blob)
    before = await server.refs()
    for old in (ann.revision, "0" * 40, commit):
        assert "refs/for/master" in await _send(server, old, commit, pack)
        assert await server.refs() == before


async def test_pages_of_other_sites_and_other_forms_cannot_push(
    server: Served, ann: Client
) -> None:
    address = f"{server.url}/notes.git/git-receive-pack"
    kind = {"Content-Type": "application/x-git-receive-pack-request"}
    async with server.http.post(address, data=b"0000") as response:
        assert response.status == 415
    evil = {**kind, "Origin": "https://evil.example"}
    async with server.http.post(address, data=b"0000", headers=evil) as response:
        assert response.status == 403
    async with server.http.post(address, data=b"0000", headers=kind) as response:
        assert response.status == 200  # Git asks like this whether it may push
    assert ann.text == TEXT


@pytest.mark.parametrize("rewrites", ["allowed", "refused"])
async def test_branches_and_tags_can_be_kept_from_being_rewritten(
    serve: Serve, tmp_path: Path, rewrites: str
) -> None:
    server = await serve(push_rewrites=rewrites)
    await (await server.join("Ann")).edit(TEXT)
    clone = await server.clone(tmp_path / "clone")
    await git("push", "--quiet", "origin", "HEAD:refs/heads/draft", "HEAD:refs/tags/v1", cwd=clone)
    await commit_text(clone, TEXT.replace("two", "TWO"))
    assert (await push(clone, "HEAD:refs/heads/draft")).code == 0
    await git("commit", "--quiet", "--amend", "-m", "Again", cwd=clone)
    may = rewrites == "allowed"
    for words, why in (
        (("--force", "HEAD:refs/heads/draft"), "refs/heads/draft cannot be overwritten"),
        (("--force", "HEAD:refs/tags/v1"), "refs/tags/v1 cannot be overwritten"),
        ((":refs/heads/draft",), "refs/heads/draft cannot be deleted"),
        ((":refs/tags/v1",), "refs/tags/v1 cannot be deleted"),
    ):
        before = await server.refs()
        ran = await run_git("push", "origin", *words, cwd=clone)
        assert (ran.code == 0) == may, ran.err
        assert (why in ran.err) != may
        assert (await server.refs() == before) != may
    assert (await push(clone, "HEAD:refs/for/master")).code == 0


async def test_no_program_runs_that_a_repository_from_elsewhere_names(
    server: Served, ann: Client, clone: Path, tmp_path: Path
) -> None:
    repository, other = await server.repository(), tmp_path / "other.git"
    await git("init", "--quiet", "--bare", str(other))
    command = f"touch {tmp_path / 'ran'};"
    await git("config", "core.alternateRefsCommand", command, cwd=repository)
    (repository / "objects" / "info").mkdir(exist_ok=True)
    (repository / "objects" / "info" / "alternates").write_text(f"{other}/objects\n")
    await commit_text(clone, TEXT.replace("two", "TWO"))
    assert (await push(clone)).code == 0
    assert not (tmp_path / "ran").exists()

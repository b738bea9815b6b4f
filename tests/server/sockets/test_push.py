"""The real `git push` against the running server."""

import asyncio
import os
import re
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.sockets.client import Client, Message
from tests.server.sockets.harness import Ran, Serve, Served, git, run_git
from tests.server.sockets.real_server import RealServer

_TEXT = "Monday\n\ntwo\n\nthree\n"


async def _commit(clone: Path, text: str | bytes, message: str = "Mine", **files: str) -> str:
    """Commit a text in a clone, and other files with it; returns the commit."""
    data = text.encode() if isinstance(text, str) else text
    (clone / "notes.txt").write_bytes(data)
    for name, content in files.items():
        (clone / name).write_text(content)
    await git("add", "--all", cwd=clone)
    await git("commit", "--quiet", "--allow-empty", "-m", message, cwd=clone)
    return (await git("rev-parse", "HEAD", cwd=clone)).strip()


async def _push(clone: Path, *refs: str) -> Ran:
    return await run_git("push", "origin", *refs, cwd=clone)


async def _for_master(clone: Path) -> Ran:
    return await _push(clone, "HEAD:refs/for/master")


async def _parents(server: Served) -> list[str]:
    return (await server.git_on_disk("log", "-1", "--format=%P", "master")).split()


@pytest.fixture
async def ann(server: Served) -> Client:
    client = await server.join("Ann")
    await client.edit(_TEXT)
    return client


@pytest.fixture
async def clone(server: Served, ann: Client, tmp_path: Path) -> Path:
    del ann  # who wrote what is cloned
    return await server.clone(tmp_path / "clone")


# --- into master


async def test_a_fast_forward_is_the_new_revision_and_everybody_sees_it(
    server: Served, ann: Client, clone: Path
) -> None:
    commit = await _commit(clone, _TEXT.replace("two", "TWO"))
    ran = await _push(clone)
    assert ran.code == 0, ran.err
    assert f"master is your commit {commit[:10]} now" in ran.err
    await ann.until(_TEXT.replace("two", "TWO"))
    assert ann.revision == commit
    assert (await server.refs())["master"] == commit
    await server.fsck()


async def test_a_push_is_merged_into_what_somebody_is_typing(
    server: Served, ann: Client, clone: Path
) -> None:
    commit = await _commit(clone, _TEXT.replace("three", "THREE"))
    base = ann.revision
    await ann.edit(_TEXT.replace("two", "TWO"))
    ran = await _for_master(clone)
    assert ran.code == 0, ran.err
    assert "Merged with Ann's edits" in ran.err
    await ann.edit(_TEXT.replace("two", "TWO").replace("Monday", "Tuesday"))
    both = "Tuesday\n\nTWO\n\nTHREE\n"
    await ann.until(both)
    assert await server.raw() == both
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    assert (clone / "notes.txt").read_text() == both
    merges = await server.git_on_disk("log", "--merges", "--format=%P", f"{base}..master")
    assert commit in merges.split()
    await server.fsck()


async def test_a_push_to_master_that_is_overtaken_on_its_way_is_merged(
    server: Served, ann: Client, clone: Path
) -> None:
    """Git runs `pre-push` after it asked where `master` is and before it sends anything."""
    hook = clone / ".git" / "hooks" / "pre-push"
    address = shlex.quote(f"{server.url}/d/notes/raw")
    hook.write_text(f"#!/bin/sh\nprintf 'Bo\\n' | curl -sf --data-binary @- {address} >/dev/null\n")
    hook.chmod(0o755)
    await _commit(clone, _TEXT.replace("two", "TWO"))
    ran = await _push(clone, "master")
    assert ran.code == 0, ran.err
    assert "Merged with HTTP's edits" in ran.err
    await ann.until(_TEXT.replace("two", "TWO") + "Bo\n")


async def test_where_words_disagree_the_push_is_told_where_and_nothing_changes(
    server: Served, ann: Client, clone: Path
) -> None:
    await ann.edit(_TEXT.replace("two", "ZWEI"))
    before = await server.refs()
    await _commit(clone, f"Olive was here\n{_TEXT.replace('two', 'DEUX')}")
    ran = await _for_master(clone)
    assert ran.code != 0
    said = [line.removeprefix("remote:").strip() for line in ran.err.splitlines()]
    place = said.index("notes.txt:4 (line 3 on master)")
    assert said[place + 1 : place + 4] == ["before two", "master ZWEI", "yours  DEUX"]
    assert "git pull --no-rebase" in ran.err
    assert "others changed the same words" in ran.err
    assert await server.refs() == before

    await run_git("pull", "--quiet", "--no-rebase", cwd=clone)
    await _commit(clone, f"Olive was here\n{_TEXT.replace('two', 'ZWEI, DEUX')}")
    ran = await _for_master(clone)
    assert ran.code == 0, ran.err
    await ann.until(f"Olive was here\n{_TEXT.replace('two', 'ZWEI, DEUX')}")


async def test_what_is_in_master_already_changes_nothing(
    server: Served, ann: Client, clone: Path
) -> None:
    before = await server.refs()
    ran = await _for_master(clone)
    assert ran.code == 0, ran.err
    assert "master has this commit already" in ran.err
    assert await server.refs() == before
    assert ann.text == _TEXT


async def test_a_push_may_hold_many_commits_of_many_people(
    server: Served, ann: Client, clone: Path
) -> None:
    for number in range(5):
        await _commit(clone, f"{_TEXT}line {number}\n", message=f"Line {number}")
    await git("checkout", "--quiet", "-b", "side", "HEAD~3", cwd=clone)
    await _commit(clone, f"Title\n{_TEXT}line 1\n", message="Title")
    await git("checkout", "--quiet", "master", cwd=clone)
    await git("merge", "--quiet", "--no-edit", "side", cwd=clone)
    ran = await _push(clone, "master")
    assert ran.code == 0, ran.err
    await ann.until((clone / "notes.txt").read_text())
    await server.fsck()


async def test_a_clone_that_lags_behind_sends_little(
    server: Served, ann: Client, clone: Path
) -> None:
    for number in range(300):
        await ann.edit(f"{ann.text}line {number}\n")
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    await _commit(clone, ann.text.replace("two", "TWO"))
    for number in range(30):
        await ann.edit(f"{ann.text}more {number}\n")
    ran = await _push(clone, "--progress", "HEAD:refs/for/master")
    assert ran.code == 0, ran.err
    sent = re.search(r"Enumerating objects: (\d+)", ran.err)
    assert sent
    assert int(sent[1]) <= 5 + 3 * 3, "its own commit, and a tenth of those it has not seen"


async def test_other_files_come_along_and_are_merged(
    server: Served, ann: Client, clone: Path, tmp_path: Path
) -> None:
    other = await server.clone(tmp_path / "other")
    await _commit(clone, _TEXT, **{"one.txt": "one\n"})
    assert (await _push(clone)).code == 0
    await ann.edit(_TEXT.replace("two", "TWO"))
    await _commit(other, _TEXT.replace("three", "THREE"), **{"other.txt": "other\n"})
    ran = await _for_master(other)
    assert ran.code == 0, ran.err
    await git("pull", "--quiet", "--no-rebase", cwd=other)
    assert {file.name for file in other.glob("*.txt")} == {"notes.txt", "one.txt", "other.txt"}
    assert (other / "notes.txt").read_text() == _TEXT.replace("two", "TWO").replace(
        "three", "THREE"
    )
    await server.fsck()


async def test_another_file_that_both_changed_is_in_dispute(
    server: Served, ann: Client, clone: Path, tmp_path: Path
) -> None:
    other = await server.clone(tmp_path / "other")
    await _commit(clone, _TEXT, **{"same\x1b[31m.txt": "one\n"})
    assert (await _push(clone)).code == 0
    before = await server.refs()
    await _commit(other, _TEXT.replace("two", "TWO"), **{"same\x1b[31m.txt": "two\n"})
    ran = await _for_master(other)
    assert ran.code != 0
    assert "same�[31m.txt: others changed this file as well" in ran.err
    assert await server.refs() == before
    assert ann.text == _TEXT


async def test_a_merge_of_an_older_master_that_merged_it_meanwhile_is_refused(
    server: Served, ann: Client, clone: Path
) -> None:
    """One of the two bases would be chosen, and somebody's change dropped without a word."""
    await _commit(clone, _TEXT.replace("three", "THREE"))
    await ann.edit(_TEXT.replace("two", "TWO"))
    await git("fetch", "--quiet", cwd=clone)
    assert (await _for_master(clone)).code == 0  # master merges it
    await git("merge", "--quiet", "--no-edit", "origin/master", cwd=clone)  # it merges the older
    await _commit(clone, _TEXT)
    ran = await _for_master(clone)
    assert ran.code != 0
    assert "which has merged it meanwhile: git pull" in ran.err
    await git("pull", "--quiet", "--no-rebase", "--no-edit", "-X", "ours", cwd=clone)
    await _commit(clone, _TEXT)
    assert (await _for_master(clone)).code == 0
    await ann.until(_TEXT)


async def test_a_commit_in_an_encoding_that_nobody_knows_is_in_nobodys_way(
    server: Served, ann: Client, clone: Path
) -> None:
    base = ann.revision
    await _commit(clone, _TEXT.replace("two", "TWO"))
    await git("config", "i18n.commitEncoding", "no-such-one", cwd=clone)
    await git("commit", "--quiet", "--amend", "--no-edit", cwd=clone)
    assert (await _for_master(clone)).code == 0
    await ann.until(_TEXT.replace("two", "TWO"))
    bo = await server.join("Bo")
    conflict = await bo.edit(_TEXT.replace("two", "zwei"), base=base)
    assert conflict["names"]["ours"] == ["Tester"]
    await git("config", "i18n.commitEncoding", "utf-8", cwd=clone)
    await git("reset", "--quiet", "--hard", base, cwd=clone)
    await _commit(clone, _TEXT.replace("three", "THREE"))
    ran = await _for_master(clone)
    assert ran.code == 0, ran.err
    assert "Merged with Tester's edits" in ran.err


async def test_names_of_others_do_not_colour_the_pushers_terminal(
    server: Served, ann: Client, clone: Path, tmp_path: Path
) -> None:
    other = await server.clone(tmp_path / "other")
    await git("config", "user.name", "\x1b[31mMal\x07lory", cwd=other)
    (other / "notes.txt").write_text(_TEXT.replace("two", "TWO"))
    name = "\x1b[31mMal\x07lory <m@example.invalid>"
    await git("commit", "--quiet", "--all", "-m", "Red", f"--author={name}", cwd=other)
    assert (await _for_master(other)).code == 0
    await _commit(clone, _TEXT.replace("three", "THREE"))
    ran = await _for_master(clone)
    assert "Merged with [31mMal lory's edits" in ran.err
    assert ann.text


# --- documents that do not exist


async def _repository(path: Path, **files: str) -> Path:
    """A repository that has nothing to do with this server."""
    await git("init", "--quiet", "--initial-branch=master", str(path))
    for name, content in files.items():
        (path / name).write_text(content)
    await git("add", "--all", cwd=path)
    await git("commit", "--quiet", "--allow-empty", "-m", "Begin", cwd=path)
    return path


@pytest.mark.parametrize("ref", ["master", "HEAD:refs/for/master"])
async def test_a_push_creates_a_document(server: Served, tmp_path: Path, ref: str) -> None:
    path = await _repository(tmp_path / "mine", **{"plan.md": "# Plan\n"})
    ran = await run_git("push", f"{server.url}/plan.md.git", ref, cwd=path)
    assert ran.code == 0, ran.err
    assert "A new document" in ran.err
    ann = await server.join("Ann", "plan.md")
    assert ann.text == "# Plan\n"
    assert ann.revision == (await git("rev-parse", "HEAD", cwd=path)).strip()
    await ann.edit("# Our plan\n")
    await git("pull", "--quiet", f"{server.url}/plan.md.git", "master", cwd=path)
    assert (path / "plan.md").read_text() == "# Our plan\n"
    await server.fsck("plan.md")


async def test_a_document_that_is_open_and_empty_is_created_before_everybodys_eyes(
    server: Served, tmp_path: Path
) -> None:
    ann = await server.join("Ann", "plan.md")
    path = await _repository(tmp_path / "mine", **{"plan.md": "# Plan\n"})
    ran = await run_git("push", f"{server.url}/plan.md.git", "master", cwd=path)
    assert ran.code == 0, ran.err
    await ann.until("# Plan\n")
    await ann.edit("# Our plan\n")
    assert await server.raw("plan.md") == "# Our plan\n"
    await server.fsck("plan.md")


async def test_a_refused_push_leaves_no_document(server: Served, tmp_path: Path) -> None:
    path = await _repository(tmp_path / "mine", **{"other.txt": "text\n"})
    ran = await run_git("push", f"{server.url}/fresh.git", "master", cwd=path)
    assert ran.code != 0
    assert "There is no file fresh.txt in your commit" in ran.err
    assert not server.folder.repository_path("fresh").exists()
    async with server.http.get(f"{server.url}/d/fresh/raw") as response:
        assert response.status == 404


async def test_a_document_begins_with_its_master(server: Served, tmp_path: Path) -> None:
    path = await _repository(tmp_path / "mine", **{"fresh.txt": "text\n"})
    url = f"{server.url}/fresh.git"
    ran = await run_git("push", url, "HEAD:refs/heads/draft", cwd=path)
    assert ran.code != 0
    assert "It begins with its master: git push URL HEAD:master" in ran.err
    assert not server.folder.repository_path("fresh").exists()
    ran = await run_git("push", url, "HEAD:refs/heads/draft", "master", cwd=path)
    assert ran.code == 0, ran.err
    assert set(await server.refs("fresh")) == {"master", "draft"}


async def test_anothers_history_is_not_merged(server: Served, ann: Client, tmp_path: Path) -> None:
    path = await _repository(tmp_path / "mine", **{"notes.txt": "text\n"})
    before = await server.refs()
    ran = await run_git("push", f"{server.url}/notes.git", "HEAD:refs/for/master", cwd=path)
    assert ran.code != 0
    assert "no commit in common" in ran.err
    assert await server.refs() == before
    assert await server.raw() == _TEXT


@pytest.mark.parametrize("name", ["Upper", "a.lock", "no..dots"])
async def test_a_name_that_no_document_can_have_is_not_found(
    server: Served, tmp_path: Path, name: str
) -> None:
    path = await _repository(tmp_path / "mine", **{"notes.txt": "text\n"})
    ran = await run_git("push", f"{server.url}/{name}.git", "master", cwd=path)
    assert ran.code != 0
    assert "not found" in ran.err


# --- other refs


async def test_other_branches_tags_and_notes_are_kept(server: Served, clone: Path) -> None:
    await git("tag", "-a", "v1", "-m", "First", cwd=clone)
    await git("notes", "add", "-m", "Good", "HEAD", cwd=clone)
    await _commit(clone, b"\0binary", **{"draft.txt": "a draft\n"})
    ran = await _push(clone, "HEAD:refs/heads/draft", "v1", "refs/notes/commits")
    assert ran.code == 0, ran.err
    assert {"draft", "refs/tags/v1", "refs/notes/commits"} <= set(await server.refs())
    ran = await _push(clone, ":refs/heads/draft")
    assert ran.code == 0, ran.err
    assert "draft" not in await server.refs()
    await server.fsck()


@pytest.mark.parametrize(
    ("refspec", "why"),
    [
        ("HEAD:refs/heads/clients/somebody", "it belongs to the people who are typing"),
        ("HEAD:refs/heads/clients", "it belongs to the people who are typing"),
        ("HEAD:refs/heads/unmerged/something", "it goes by itself"),
        ("HEAD:refs/heads/master/below", "would be in the way of master"),
        ("HEAD:refs/for/other", "only refs/for/master is merged"),
        ("HEAD:refs/pull/1", "only branches, tags and notes"),
        ("HEAD:refs/heads/Clients/x", "it belongs to the people who are typing"),
        ("HEAD:refs/heads/refs/heads/master", "Git would take it for another"),
        ("HEAD:refs/tags/HEAD", "Git would take it for another"),
        (b"HEAD:refs/heads/a\xffb", "a name has to be printable, in UTF-8"),
        ("HEAD:refs/heads/a\u2028b", "a name has to be printable, in UTF-8"),
        ("HEAD:refs/heads/a\u00a0b", "a name has to be printable, in UTF-8"),
        (":refs/heads/master", "master cannot be deleted"),
        ("+HEAD~1:refs/heads/master", "git push origin HEAD:refs/for/master"),
    ],
)
async def test_what_nobody_may_push_is_refused_with_a_word(
    server: Served, clone: Path, refspec: str | bytes, why: str
) -> None:
    before = await server.refs()
    ran = await _push(clone, "HEAD:refs/heads/beside", os.fsdecode(refspec))
    assert ran.code != 0
    assert why in ran.err
    assert await server.refs() == before


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
        (_missing, "There is no file notes.txt in your commit"),
    ],
)
@pytest.mark.parametrize("ref", ["master", "refs/for/master"])
async def test_a_bad_file_changes_nothing_and_is_told(
    server: Served, clone: Path, spoil: Callable[[Path], None], why: str, ref: str
) -> None:
    before, objects = await server.refs(), await server.git_on_disk("count-objects", "-v")
    spoil(clone)
    await git("add", "--all", cwd=clone)
    await git("commit", "--quiet", "-m", "Bad", cwd=clone)
    commit = (await git("rev-parse", "HEAD", cwd=clone)).strip()
    ran = await _push(clone, f"HEAD:{ref}")
    assert ran.code != 0
    assert why.format(commit=commit[:10]) in ran.err
    assert await server.refs() == before
    assert await server.git_on_disk("count-objects", "-v") == objects


async def test_a_bad_file_further_back_is_found(server: Served, clone: Path) -> None:
    before = await server.refs()
    bad = await _commit(clone, b"\xff")
    await _commit(clone, _TEXT)
    ran = await _push(clone)
    assert ran.code != 0
    assert f"not UTF-8 text in commit {bad[:10]}" in ran.err
    assert await server.refs() == before


@pytest.mark.parametrize("bad", [b"\0", b"\xff", b"x" * 2_000_000])
async def test_a_bad_file_that_came_by_another_branch_is_found(
    server: Served, clone: Path, bad: bytes
) -> None:
    commit = await _commit(clone, bad)
    assert (await _push(clone, "HEAD:refs/heads/beside")).code == 0
    before = await server.refs()
    for _ in range(2):
        ran = await _for_master(clone)
        assert ran.code != 0
        assert f"in commit {commit[:10]}" in ran.err
        await _commit(clone, _TEXT)
    assert await server.refs() == before


async def test_a_submodule_in_the_place_of_the_text_is_found_further_back(
    server: Served, clone: Path
) -> None:
    before = await server.refs()
    head = (await git("rev-parse", "HEAD", cwd=clone)).strip()
    await git("rm", "--quiet", "--cached", "notes.txt", cwd=clone)
    await git("update-index", "--add", "--cacheinfo", f"160000,{head},notes.txt", cwd=clone)
    await git("commit", "--quiet", "-m", "Bad", cwd=clone)
    bad = (await git("rev-parse", "HEAD", cwd=clone)).strip()
    await _commit(clone, _TEXT + "more\n")
    ran = await _for_master(clone)
    assert ran.code != 0
    assert f"in commit {bad[:10]} it is a submodule" in ran.err
    assert await server.refs() == before


async def test_a_file_that_is_not_there_yet_is_no_fault(server: Served, tmp_path: Path) -> None:
    path = await _repository(tmp_path / "mine", **{"old-name.txt": "text\n"})
    await git("mv", "old-name.txt", "fresh.txt", cwd=path)
    await git("commit", "--quiet", "-m", "Rename", cwd=path)
    ran = await run_git("push", f"{server.url}/fresh.git", "master", cwd=path)
    assert ran.code == 0, ran.err
    assert await server.raw("fresh") == "text\n"


async def test_too_many_files_beside_the_text_are_refused(server: Served, clone: Path) -> None:
    before = await server.refs()
    await _commit(clone, _TEXT, **{f"file-{number}": "x\n" for number in range(2000)})
    ran = await _for_master(clone)
    assert ran.code != 0
    assert "too many files beside the document's" in ran.err
    assert await server.refs() == before


async def test_a_path_that_would_harm_a_clone_is_refused(server: Served, clone: Path) -> None:
    before = await server.refs()
    blob = (await git("hash-object", "-w", "--stdin", cwd=clone, given="evil\n")).strip()
    inner = await git("mktree", cwd=clone, given=f"100644 blob {blob}\tx\n")
    text = (await git("rev-parse", "HEAD:notes.txt", cwd=clone)).strip()
    entries = f"040000 tree {inner.strip()}\t.git\n100644 blob {text}\tnotes.txt\n"
    tree = (await git("mktree", cwd=clone, given=entries)).strip()
    commit = await git("commit-tree", tree, "-p", "HEAD", "-m", "Evil", cwd=clone)
    ran = await _push(clone, f"{commit.strip()}:refs/heads/master")
    assert ran.code != 0
    assert "hasDotgit" in ran.err
    assert await server.refs() == before


async def test_a_pack_that_is_too_large_is_refused_with_a_word(
    serve: Serve, tmp_path: Path
) -> None:
    server = await serve(push_bytes_max=20_000)
    ann = await server.join("Ann")
    await ann.edit(_TEXT)
    clone = await server.clone(tmp_path / "clone")
    before = await server.refs()
    await _commit(clone, _TEXT, noise=os.urandom(6_000_000).hex())
    ran = await _push(clone)
    assert ran.code != 0
    assert "pack exceeds maximum allowed size" in ran.err
    assert await server.refs() == before


# --- what Git would not send


def _line(text: str) -> bytes:
    return b"%04x%s" % (len(text) + 4, text.encode())


async def _send(server: Served, old: str, new: str, pack: bytes, *refs: str) -> str:
    """Push by hand, to `master` if not to other refs."""
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
    objects = (await git("rev-parse", *names, cwd=clone)).split()
    process = await asyncio.create_subprocess_exec(
        "git", "pack-objects", "--stdout", "-q", cwd=clone,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate("\n".join([*objects, ""]).encode())
    return out


async def test_a_pack_that_lacks_objects_or_is_damaged_changes_nothing(
    server: Served, ann: Client, clone: Path
) -> None:
    before = await server.refs()
    commit = await _commit(clone, _TEXT.replace("two", "TWO"))
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


async def test_too_many_refs_are_refused(server: Served, ann: Client, clone: Path) -> None:
    """By hand: Git's client takes half a minute to make something of 10,000 answers."""
    before = await server.refs()
    refs = [f"refs/heads/b/{number}" for number in range(10_000)]
    said = await _send(server, "0" * 40, ann.revision, await _packed(clone, "HEAD"), *refs)
    assert "10,000 refs are too many for one push: 200 at most" in said
    assert await server.refs() == before


async def test_a_connection_that_is_cut_changes_nothing(
    server: Served, ann: Client, clone: Path
) -> None:
    before = await server.refs()
    commit = await _commit(clone, _TEXT.replace("two", "TWO"))
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
    assert (await _push(clone)).code == 0


async def test_an_upload_may_not_take_for_ever(serve: Serve) -> None:
    server = await serve(git_wait_s=0.3)
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


async def test_a_claim_to_go_on_from_master_is_looked_at(
    server: Served, ann: Client, clone: Path
) -> None:
    """Git itself never sends this: an old commit that the new one does not contain."""
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
    assert ann.text == _TEXT


# --- conflicts that are open, or put aside


async def _disagree(server: Served, ann: Client) -> tuple[Client, Message]:
    """Bo has a conflict open about the second line."""
    bo = await server.join("Bo")
    base = bo.revision
    await ann.edit(_TEXT.replace("two", "ZWEI"))
    conflict = await bo.edit(_TEXT.replace("two", "DEUX"), base=base)
    assert conflict["type"] == "conflict"
    return bo, conflict


async def test_an_open_conflict_is_answered_by_a_push(
    server: Served, ann: Client, clone: Path
) -> None:
    bo, conflict = await _disagree(server, ann)
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    await run_git("merge", "--quiet", f"origin/clients/{bo.id}", cwd=clone)
    await _commit(clone, _TEXT.replace("two", "ZWEI, DEUX"))
    ran = await _push(clone)
    assert ran.code == 0, ran.err
    message = await bo.next()
    assert message["type"] == "merged", message
    assert message["commit"] == conflict["commit"]
    await ann.until(_TEXT.replace("two", "ZWEI, DEUX"))
    await server.fsck()


async def test_an_unmerged_branch_goes_with_the_push_that_contains_it(
    server: Served, ann: Client, clone: Path
) -> None:
    bo, _ = await _disagree(server, ann)
    await bo.park()
    [unmerged] = [ref for ref in await server.refs() if ref.startswith("unmerged/")]
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    await run_git("merge", "--quiet", f"origin/{unmerged}", cwd=clone)
    await _commit(clone, _TEXT.replace("two", "ZWEI, DEUX"))
    ran = await _push(clone)
    assert ran.code == 0, ran.err
    await ann.until(_TEXT.replace("two", "ZWEI, DEUX"))
    async with server.http.get(f"{server.url}/api/documents/notes/unmerged") as response:
        assert (await response.json())["unmerged"] == []
    assert unmerged not in await server.refs()
    await server.fsck()


# --- after a crash, and with the other journal


async def test_a_push_that_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    async with RealServer(tmp_path / "data", "--checkpoint-idle-s", "1000") as server:
        ann = await server.join("Ann")
        await ann.edit(_TEXT)
        await git("clone", "--quiet", f"{server.url}/notes.git", str(clone))
        await _commit(clone, _TEXT.replace("two", "TWO"), **{"other.txt": "x\n"})
        await ann.edit(_TEXT.replace("Monday", "Tuesday"))
        ran = await _for_master(clone)
        assert ran.code == 0, ran.err
        server.signal(signal.SIGKILL)
        await server.ended()
    async with RealServer(tmp_path / "data") as again:
        await git("remote", "set-url", "origin", f"{again.url}/notes.git", cwd=clone)
        await git("pull", "--quiet", "--ff-only", cwd=clone)
        assert (clone / "notes.txt").read_text() == "Tuesday\n\nTWO\n\nthree\n"
        assert (clone / "other.txt").read_text() == "x\n"
        await git("fsck", "--strict", cwd=clone)


async def test_pushes_work_without_a_journal(serve: Serve, tmp_path: Path) -> None:
    server = await serve(journal="direct")
    ann = await server.join("Ann")
    await ann.edit(_TEXT)
    clone = await server.clone(tmp_path / "clone")
    await _commit(clone, _TEXT.replace("two", "TWO"), **{"other.txt": "x\n"})
    await ann.edit(_TEXT.replace("Monday", "Tuesday"))
    assert (await _for_master(clone)).code == 0
    await ann.until("Tuesday\n\nTWO\n\nthree\n")
    assert "other.txt" in await server.git_on_disk("ls-tree", "--name-only", "master")
    await server.fsck()

"""The real `git push` against the running server."""

import os
import re
import shlex
import signal
from pathlib import Path

import pytest

from tests.server.sockets.client import Client, Message
from tests.server.sockets.clones import TEXT, begin_repository, commit_text, push, push_for_master
from tests.server.sockets.harness import Serve, Served, git, run_git
from tests.server.sockets.real_server import RealServer

# --- into master


async def test_a_fast_forward_is_the_new_revision_and_everybody_sees_it(
    server: Served, ann: Client, clone: Path
) -> None:
    commit = await commit_text(clone, TEXT.replace("two", "TWO"))
    ran = await push(clone)
    assert ran.code == 0, ran.err
    assert f"master is now your commit {commit[:10]}" in ran.err
    await ann.until(TEXT.replace("two", "TWO"))
    assert ann.revision == commit
    assert (await server.refs())["master"] == commit
    await server.fsck()


async def test_a_push_is_merged_into_what_somebody_is_typing(
    server: Served, ann: Client, clone: Path
) -> None:
    commit = await commit_text(clone, TEXT.replace("three", "THREE"))
    base = ann.revision
    await ann.edit(TEXT.replace("two", "TWO"))
    ran = await push_for_master(clone)
    assert ran.code == 0, ran.err
    assert "Merged with Ann's edits" in ran.err
    await ann.edit(TEXT.replace("two", "TWO").replace("Monday", "Tuesday"))
    both = "Tuesday\n\nTWO\n\nTHREE\n"
    await ann.until(both)
    assert await server.raw() == both
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    assert (clone / "notes.txt").read_text() == both
    merges = await server.git_on_disk("log", "--merges", "--format=%P", f"{base}..master")
    assert commit in merges.split()
    await server.fsck()


async def test_a_push_to_master_that_is_overtaken_is_merged(
    server: Served, ann: Client, clone: Path
) -> None:
    """Git runs `pre-push` after it asked where `master` is and before it sends anything."""
    hook = clone / ".git" / "hooks" / "pre-push"
    address = shlex.quote(f"{server.url}/d/notes/raw")
    hook.write_text(f"#!/bin/sh\nprintf 'Bo\\n' | curl -sf --data-binary @- {address} >/dev/null\n")
    hook.chmod(0o755)
    await commit_text(clone, TEXT.replace("two", "TWO"))
    ran = await push(clone, "master")
    assert ran.code == 0, ran.err
    assert "Merged with HTTP's edits" in ran.err
    await ann.until(TEXT.replace("two", "TWO") + "Bo\n")


async def test_a_conflicting_push_reports_where_and_changes_nothing(
    server: Served, ann: Client, clone: Path
) -> None:
    await ann.edit(TEXT.replace("two", "ZWEI"))
    before = await server.refs()
    await commit_text(clone, f"Olive was here\n{TEXT.replace('two', 'DEUX')}")
    ran = await push_for_master(clone)
    assert ran.code != 0
    said = [line.removeprefix("remote:").strip() for line in ran.err.splitlines()]
    place = said.index("notes.txt:4 (line 3 on master)")
    assert said[place + 1 : place + 4] == ["before two", "master ZWEI", "yours  DEUX"]
    assert "git pull --no-rebase" in ran.err
    assert "others changed the same words" in ran.err
    assert await server.refs() == before

    await run_git("pull", "--quiet", "--no-rebase", cwd=clone)
    await commit_text(clone, f"Olive was here\n{TEXT.replace('two', 'ZWEI, DEUX')}")
    ran = await push_for_master(clone)
    assert ran.code == 0, ran.err
    await ann.until(f"Olive was here\n{TEXT.replace('two', 'ZWEI, DEUX')}")


async def test_what_is_in_master_already_changes_nothing(
    server: Served, ann: Client, clone: Path
) -> None:
    before = await server.refs()
    ran = await push_for_master(clone)
    assert ran.code == 0, ran.err
    assert "master has this commit already" in ran.err
    assert await server.refs() == before
    assert ann.text == TEXT


async def test_a_push_may_hold_many_commits_of_many_people(
    server: Served, ann: Client, clone: Path
) -> None:
    for number in range(5):
        await commit_text(clone, f"{TEXT}line {number}\n", message=f"Line {number}")
    await git("checkout", "--quiet", "-b", "side", "HEAD~3", cwd=clone)
    await commit_text(clone, f"Title\n{TEXT}line 1\n", message="Title")
    await git("checkout", "--quiet", "master", cwd=clone)
    await git("merge", "--quiet", "--no-edit", "side", cwd=clone)
    ran = await push(clone, "master")
    assert ran.code == 0, ran.err
    await ann.until((clone / "notes.txt").read_text())
    await server.fsck()


async def test_an_outdated_clone_sends_little(server: Served, ann: Client, clone: Path) -> None:
    for number in range(300):
        await ann.edit(f"{ann.text}line {number}\n")
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    await commit_text(clone, ann.text.replace("two", "TWO"))
    for number in range(30):
        await ann.edit(f"{ann.text}more {number}\n")
    ran = await push(clone, "--progress", "HEAD:refs/for/master")
    assert ran.code == 0, ran.err
    sent = re.search(r"Enumerating objects: (\d+)", ran.err)
    assert sent
    assert int(sent[1]) <= 5 + 3 * 3, "its own commit, and a tenth of those it has not seen"


async def test_other_files_are_merged_too(
    server: Served, ann: Client, clone: Path, tmp_path: Path
) -> None:
    other = await server.clone(tmp_path / "other")
    await commit_text(clone, TEXT, **{"one.txt": "one\n"})
    assert (await push(clone)).code == 0
    await ann.edit(TEXT.replace("two", "TWO"))
    await commit_text(other, TEXT.replace("three", "THREE"), **{"other.txt": "other\n"})
    ran = await push_for_master(other)
    assert ran.code == 0, ran.err
    await git("pull", "--quiet", "--no-rebase", cwd=other)
    assert {file.name for file in other.glob("*.txt")} == {"notes.txt", "one.txt", "other.txt"}
    assert (other / "notes.txt").read_text() == TEXT.replace("two", "TWO").replace("three", "THREE")
    await server.fsck()


async def test_another_file_that_both_changed_is_a_conflict(
    server: Served, ann: Client, clone: Path, tmp_path: Path
) -> None:
    other = await server.clone(tmp_path / "other")
    await commit_text(clone, TEXT, **{"same\x1b[31m.txt": "one\n"})
    assert (await push(clone)).code == 0
    before = await server.refs()
    await commit_text(other, TEXT.replace("two", "TWO"), **{"same\x1b[31m.txt": "two\n"})
    ran = await push_for_master(other)
    assert ran.code != 0
    assert "same�[31m.txt: others changed this file as well" in ran.err
    assert await server.refs() == before
    assert ann.text == TEXT


async def test_a_merge_of_an_older_master_that_merged_it_meanwhile_is_refused(
    server: Served, ann: Client, clone: Path
) -> None:
    """Choosing one of the two merge bases would silently drop a change."""
    await commit_text(clone, TEXT.replace("three", "THREE"))
    await ann.edit(TEXT.replace("two", "TWO"))
    await git("fetch", "--quiet", cwd=clone)
    assert (await push_for_master(clone)).code == 0  # master merges it
    await git("merge", "--quiet", "--no-edit", "origin/master", cwd=clone)  # it merges the older
    await commit_text(clone, TEXT)
    ran = await push_for_master(clone)
    assert ran.code != 0
    assert "which has merged it meanwhile: git pull" in ran.err
    await git("pull", "--quiet", "--no-rebase", "--no-edit", "-X", "ours", cwd=clone)
    await commit_text(clone, TEXT)
    assert (await push_for_master(clone)).code == 0
    await ann.until(TEXT)


async def test_a_commit_in_an_unknown_encoding_is_merged(
    server: Served, ann: Client, clone: Path
) -> None:
    base = ann.revision
    await commit_text(clone, TEXT.replace("two", "TWO"))
    await git("config", "i18n.commitEncoding", "no-such-one", cwd=clone)
    await git("commit", "--quiet", "--amend", "--no-edit", cwd=clone)
    assert (await push_for_master(clone)).code == 0
    await ann.until(TEXT.replace("two", "TWO"))
    bo = await server.join("Bo")
    conflict = await bo.edit(TEXT.replace("two", "zwei"), base=base)
    assert conflict["names"]["ours"] == ["Tester"]
    await git("config", "i18n.commitEncoding", "utf-8", cwd=clone)
    await git("reset", "--quiet", "--hard", base, cwd=clone)
    await commit_text(clone, TEXT.replace("three", "THREE"))
    ran = await push_for_master(clone)
    assert ran.code == 0, ran.err
    assert "Merged with Tester's edits" in ran.err


async def test_names_of_others_do_not_colour_the_pushers_terminal(
    server: Served, ann: Client, clone: Path, tmp_path: Path
) -> None:
    other = await server.clone(tmp_path / "other")
    await git("config", "user.name", "\x1b[31mMal\x07lory", cwd=other)
    (other / "notes.txt").write_text(TEXT.replace("two", "TWO"))
    name = "\x1b[31mMal\x07lory <m@example.invalid>"
    await git("commit", "--quiet", "--all", "-m", "Red", f"--author={name}", cwd=other)
    assert (await push_for_master(other)).code == 0
    await commit_text(clone, TEXT.replace("three", "THREE"))
    ran = await push_for_master(clone)
    assert "Merged with [31mMal lory's edits" in ran.err
    assert ann.text


# --- documents that do not exist


@pytest.mark.parametrize("ref", ["master", "HEAD:refs/for/master"])
async def test_a_push_creates_a_document(server: Served, tmp_path: Path, ref: str) -> None:
    path = await begin_repository(tmp_path / "mine", **{"plan.md": "# Plan\n"})
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


async def test_an_open_empty_document_is_created_live(server: Served, tmp_path: Path) -> None:
    ann = await server.join("Ann", "plan.md")
    path = await begin_repository(tmp_path / "mine", **{"plan.md": "# Plan\n"})
    ran = await run_git("push", f"{server.url}/plan.md.git", "master", cwd=path)
    assert ran.code == 0, ran.err
    await ann.until("# Plan\n")
    await ann.edit("# Our plan\n")
    assert await server.raw("plan.md") == "# Our plan\n"
    await server.fsck("plan.md")


async def test_a_refused_push_leaves_no_document(server: Served, tmp_path: Path) -> None:
    path = await begin_repository(tmp_path / "mine", **{"other.txt": "text\n"})
    ran = await run_git("push", f"{server.url}/fresh.git", "master", cwd=path)
    assert ran.code != 0
    assert "Your commit has no file fresh.txt" in ran.err
    assert not server.folder.repository_path("fresh").exists()
    async with server.http.get(f"{server.url}/d/fresh/raw") as response:
        assert response.status == 404


async def test_the_first_push_must_contain_master(server: Served, tmp_path: Path) -> None:
    path = await begin_repository(tmp_path / "mine", **{"fresh.txt": "text\n"})
    url = f"{server.url}/fresh.git"
    ran = await run_git("push", url, "HEAD:refs/heads/draft", cwd=path)
    assert ran.code != 0
    assert "Push its master first: git push URL HEAD:master" in ran.err
    assert not server.folder.repository_path("fresh").exists()
    ran = await run_git("push", url, "HEAD:refs/heads/draft", "master", cwd=path)
    assert ran.code == 0, ran.err
    refs = await server.refs("fresh")
    assert set(refs) == {"master", "draft", "versions", "refs/gollabedit/authors"}
    assert refs["versions"] == refs["master"], "people made its commits themselves"


async def test_an_unrelated_history_is_not_merged(
    server: Served, ann: Client, tmp_path: Path
) -> None:
    path = await begin_repository(tmp_path / "mine", **{"notes.txt": "text\n"})
    before = await server.refs()
    ran = await run_git("push", f"{server.url}/notes.git", "HEAD:refs/for/master", cwd=path)
    assert ran.code != 0
    assert "no commit in common" in ran.err
    assert await server.refs() == before
    assert await server.raw() == TEXT


@pytest.mark.parametrize("name", ["Upper", "a.lock", "no..dots"])
async def test_a_name_that_no_document_can_have_is_not_found(
    server: Served, tmp_path: Path, name: str
) -> None:
    path = await begin_repository(tmp_path / "mine", **{"notes.txt": "text\n"})
    ran = await run_git("push", f"{server.url}/{name}.git", "master", cwd=path)
    assert ran.code != 0
    assert "not found" in ran.err


async def test_push_options_are_ignored(server: Served, clone: Path) -> None:
    for number, ref in enumerate(("master", "refs/for/master", "draft")):
        await commit_text(clone, f"version {number}\n")
        ran = await push(clone, "-o", "ci.skip", f"HEAD:{ref}")
        assert ran.code == 0, ran.err
    assert await server.raw() == "version 1\n"


# --- other refs


async def test_other_branches_tags_and_notes_are_kept(server: Served, clone: Path) -> None:
    await git("tag", "-a", "v1", "-m", "First", cwd=clone)
    await git("notes", "add", "-m", "Good", "HEAD", cwd=clone)
    await commit_text(clone, b"\0binary", **{"draft.txt": "a draft\n"})
    ran = await push(clone, "HEAD:refs/heads/draft", "v1", "refs/notes/commits")
    assert ran.code == 0, ran.err
    assert ran.err.count("was stored beside the document") == 1, ran.err
    assert "remote: draft was stored beside the document, whose text is in master." in ran.err
    assert {"draft", "refs/tags/v1", "refs/notes/commits"} <= set(await server.refs())
    ran = await push(clone, ":refs/heads/draft")
    assert ran.code == 0, ran.err
    assert "was stored" not in ran.err
    assert "draft" not in await server.refs()
    await server.fsck()


@pytest.mark.parametrize(
    ("refspec", "why"),
    [
        ("HEAD:refs/heads/clients/somebody", "it is reserved for connected clients"),
        ("HEAD:refs/heads/clients", "it is reserved for connected clients"),
        ("HEAD:refs/heads/unmerged/something", "it is removed automatically"),
        ("HEAD:refs/heads/master/below", "would collide with master"),
        ("HEAD:refs/for/other", "only refs/for/master is merged"),
        ("HEAD:refs/pull/1", "only branches, tags and notes"),
        ("HEAD:refs/heads/Clients/x", "it is reserved for connected clients"),
        ("HEAD:refs/heads/refs/heads/master", "the name is ambiguous to Git"),
        ("HEAD:refs/tags/HEAD", "the name is ambiguous to Git"),
        (b"HEAD:refs/heads/a\xffb", "a name must be printable UTF-8"),
        ("HEAD:refs/heads/a\u2028b", "a name must be printable UTF-8"),
        ("HEAD:refs/heads/a\u00a0b", "a name must be printable UTF-8"),
        (":refs/heads/master", "master cannot be deleted"),
        ("+HEAD~1:refs/heads/master", "git push origin HEAD:refs/for/master"),
    ],
)
async def test_reserved_and_invalid_refs_are_rejected(
    server: Served, clone: Path, refspec: str | bytes, why: str
) -> None:
    before = await server.refs()
    ran = await push(clone, "HEAD:refs/heads/beside", os.fsdecode(refspec))
    assert ran.code != 0
    assert why in ran.err
    assert await server.refs() == before


# --- conflicts that are open, or put aside


async def _disagree(server: Served, ann: Client) -> tuple[Client, Message]:
    """Bo has an open conflict in the second line."""
    bo = await server.join("Bo")
    base = bo.revision
    await ann.edit(TEXT.replace("two", "ZWEI"))
    conflict = await bo.edit(TEXT.replace("two", "DEUX"), base=base)
    assert conflict["type"] == "conflict"
    return bo, conflict


async def test_a_push_resolves_an_open_conflict(server: Served, ann: Client, clone: Path) -> None:
    bo, conflict = await _disagree(server, ann)
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    await run_git("merge", "--quiet", f"origin/clients/{bo.id}", cwd=clone)
    await commit_text(clone, TEXT.replace("two", "ZWEI, DEUX"))
    ran = await push(clone)
    assert ran.code == 0, ran.err
    message = await bo.next()
    assert message["type"] == "merged", message
    assert message["commit"] == conflict["commit"]
    await ann.until(TEXT.replace("two", "ZWEI, DEUX"))
    await server.fsck()


async def test_a_push_removes_the_unmerged_branch_that_it_contains(
    server: Served, ann: Client, clone: Path
) -> None:
    bo, _ = await _disagree(server, ann)
    await bo.park()
    [unmerged] = [ref for ref in await server.refs() if ref.startswith("unmerged/")]
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    await run_git("merge", "--quiet", f"origin/{unmerged}", cwd=clone)
    await commit_text(clone, TEXT.replace("two", "ZWEI, DEUX"))
    ran = await push(clone)
    assert ran.code == 0, ran.err
    await ann.until(TEXT.replace("two", "ZWEI, DEUX"))
    async with server.http.get(f"{server.url}/api/documents/notes/unmerged") as response:
        assert (await response.json())["unmerged"] == []
    assert unmerged not in await server.refs()
    await server.fsck()


# --- after a crash, and with the other journal


async def test_an_acknowledged_push_survives_a_kill(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    async with RealServer(tmp_path / "data", "--checkpoint-idle-s", "1000") as server:
        ann = await server.join("Ann")
        await ann.edit(TEXT)
        await git("clone", "--quiet", f"{server.url}/notes.git", str(clone))
        await commit_text(clone, TEXT.replace("two", "TWO"), **{"other.txt": "x\n"})
        await ann.edit(TEXT.replace("Monday", "Tuesday"))
        ran = await push_for_master(clone)
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
    await ann.edit(TEXT)
    clone = await server.clone(tmp_path / "clone")
    await commit_text(clone, TEXT.replace("two", "TWO"), **{"other.txt": "x\n"})
    await ann.edit(TEXT.replace("Monday", "Tuesday"))
    assert (await push_for_master(clone)).code == 0
    await ann.until("Tuesday\n\nTWO\n\nthree\n")
    assert "other.txt" in await server.git_on_disk("ls-tree", "--name-only", "master")
    await server.fsck()

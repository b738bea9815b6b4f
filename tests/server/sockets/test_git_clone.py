"""The real `git` against the running server: clone, fetch, and what it shows of a conflict."""

import asyncio
import os
import random
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest

from server.http.app_keys import GIT_PROCESSES
from tests.server.sockets.client import with_theirs
from tests.server.sockets.harness import Serve, Served, eventually, git, run_git
from tests.server.sockets.raw_socket import RawSocket

_REQUEST = {"Content-Type": "application/x-git-upload-pack-request"}


async def _fsck(clone: Path) -> None:
    ran = await run_git("fsck", "--strict", cwd=clone)
    assert ran.code == 0, ran.err
    assert "error" not in ran.err


async def _write_revisions(server: Served, count: int) -> None:
    ann = await server.join()
    for number in range(count):
        await ann.edit(f"{ann.text}line {number}\n")


# --- what everybody may do


@pytest.mark.parametrize("version", ["0", "1", "2"])
async def test_clone_and_fetch_in_every_version_of_the_protocol(
    server: Served, tmp_path: Path, version: str
) -> None:
    protocol = ("-c", f"protocol.version={version}")
    ann, bo = await server.pair("one two\n")
    url = f"{server.url}/notes.git"
    clone = tmp_path / "clone"
    await git(*protocol, "clone", "--quiet", url, str(clone))
    assert (clone / "notes.txt").read_text() == "one two\n"
    await ann.edit("ONE two\n")
    await bo.edit("one TWO\n", base=bo.welcome["revision"])
    await git(*protocol, "pull", "--quiet", "--ff-only", cwd=clone)
    assert (clone / "notes.txt").read_text() == "ONE TWO\n"
    head = (await git("rev-parse", "HEAD", cwd=clone)).strip()
    assert head == bo.revision
    branches = (await git("branch", "--remotes", "--format=%(refname:short)", cwd=clone)).split()
    assert {f"origin/clients/{ann.id}", f"origin/clients/{bo.id}"} <= set(branches)
    await _fsck(clone)


async def test_a_fetch_with_a_long_negotiation(server: Served, tmp_path: Path) -> None:
    """Git compresses a request with many `have` lines."""
    await _write_revisions(server, 3)
    clone = await server.clone(tmp_path / "clone")
    mine = [f"commit refs/heads/mine\ncommitter Me <me> {n} +0000\ndata 2\nx\n" for n in range(300)]
    await git("fast-import", "--quiet", cwd=clone, given="".join(mine))
    await git("checkout", "--quiet", "mine", cwd=clone)
    ann = await server.join()
    await ann.edit(ann.text + "more\n")
    await git("fetch", "--quiet", cwd=clone)
    assert (await git("rev-parse", "origin/master", cwd=clone)).strip() == ann.revision
    await _fsck(clone)


async def test_a_text_that_was_emptied_is_fetched(server: Served, tmp_path: Path) -> None:
    ann = await server.join()
    await ann.edit("one\n")
    clone = await server.clone(tmp_path / "clone")
    await ann.edit("")
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    assert (clone / "notes.txt").read_text() == ""
    await ann.edit("two\n")
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    assert (clone / "notes.txt").read_text() == "two\n"
    await _fsck(clone)
    await server.fsck()


async def test_a_shallow_clone_and_its_deepening(server: Served, tmp_path: Path) -> None:
    await _write_revisions(server, 6)
    clone = await server.clone(tmp_path / "clone", "--depth=1")
    assert (await git("rev-list", "--count", "HEAD", cwd=clone)).strip() == "1"
    await git("fetch", "--quiet", "--deepen=2", cwd=clone)
    assert (await git("rev-list", "--count", "HEAD", cwd=clone)).strip() == "3"
    await git("fetch", "--quiet", "--unshallow", cwd=clone)
    assert (await git("rev-list", "--count", "HEAD", cwd=clone)).strip() == "7"
    await _fsck(clone)


async def test_a_partial_clone_fetches_old_texts_when_they_are_looked_at(
    server: Served, tmp_path: Path
) -> None:
    await _write_revisions(server, 4)
    clone = await server.clone(tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    missing = await git("rev-list", "--objects", "--all", "--missing=print", cwd=clone)
    assert sum(line.startswith("?") for line in missing.splitlines()) == 5
    await git("checkout", "--quiet", "HEAD~2", cwd=clone)
    assert (clone / "notes.txt").read_text() == "line 0\nline 1\n"
    await git("checkout", "--quiet", "master", cwd=clone)
    assert (clone / "notes.txt").read_text() == "line 0\nline 1\nline 2\nline 3\n"


async def test_clone_while_people_type_is_a_moment_of_the_document(
    server: Served, tmp_path: Path
) -> None:
    people = await asyncio.gather(*(server.join(f"Writer {n}") for n in range(3)))
    await people[0].edit("\n".join(f"line {n}:" for n in range(3)))
    await asyncio.gather(*(person.until(people[0].text) for person in people[1:]))
    is_over = asyncio.Event()

    async def write(number: int) -> None:
        person, count = people[number], 0
        while not is_over.is_set():
            count += 1
            line = f"line {number}:"
            await person.edit(person.text.replace(line, f"{line} {number}x{count}"))

    async with asyncio.TaskGroup() as tasks:
        for number in range(3):
            tasks.create_task(write(number))
        for number in range(4):
            clone = await server.clone(tmp_path / str(number))
            await _fsck(clone)
            head = (await git("rev-parse", "HEAD", cwd=clone)).strip()
            text = (clone / "notes.txt").read_text()
            async with server.http.get(
                f"{server.url}/d/notes/raw", params={"revision": head}
            ) as response:
                assert await response.text() == text
        is_over.set()
    await server.fsck()


# --- what is refused


@pytest.mark.parametrize("name", ["nobody-wrote-this", "Upper", "..", "a.lock"])
async def test_there_is_nothing_to_clone_where_there_is_no_document(
    server: Served, tmp_path: Path, name: str
) -> None:
    ran = await run_git("clone", f"{server.url}/{name}.git", str(tmp_path / "clone"))
    assert ran.code != 0
    assert "not found" in ran.err
    url = f"{server.url}/{name}.git/git-upload-pack"
    async with server.http.post(url, headers=_REQUEST) as response:
        assert response.status == 404


@pytest.mark.parametrize("address", ["d/notes", "d/notes.git", "notes"])
async def test_the_address_of_the_page_leads_to_the_repository(
    server: Served, tmp_path: Path, address: str
) -> None:
    ann = await server.join()
    await ann.edit("one\n")
    clone = tmp_path / "clone"
    await git("clone", "--quiet", f"{server.url}/{address}", str(clone))
    assert (clone / "notes.txt").read_text() == "one\n"
    (clone / "notes.txt").write_text("one\ntwo\n")
    await git("commit", "--quiet", "--all", "-m", "Two", cwd=clone)
    await git("push", "--quiet", "origin", "HEAD:refs/for/master", cwd=clone)
    assert await server.raw() == "one\ntwo\n"


async def test_the_dumb_protocol_is_refused(server: Served) -> None:
    await _write_revisions(server, 1)
    for query in ("", "?service=", "?service=git-upload-archive", "?service=-x"):
        async with server.http.get(f"{server.url}/notes.git/info/refs{query}") as response:
            assert response.status == 403
    for path in ("HEAD", "config", "objects/info/packs", "refs/heads/master", "info/../HEAD"):
        async with server.http.get(f"{server.url}/notes.git/{path}") as response:
            assert response.status == 404


async def test_nonsense_to_upload_pack_does_no_harm(server: Served) -> None:
    await _write_revisions(server, 1)
    url = f"{server.url}/notes.git/git-upload-pack"
    for body in (
        b"",
        b"nonsense",
        b"0000",
        b"ffff",
        b"0032want " + b"f" * 40 + b"\n00000009done\n",
    ):
        for headers in (
            {},
            {"Git-Protocol": "version=2"},
            {"Git-Protocol": "version=2:--evil=$(id)"},
        ):
            headers = {**_REQUEST, **headers}
            async with server.http.post(url, data=body, headers=headers) as response:
                assert response.status == 200
                await response.read()
    large = BytesIO(b"0" * 17 * 2**20)
    async with server.http.post(url, data=large, headers=_REQUEST) as response:
        assert response.status == 413
    async with server.http.post(url, data=b"0000", headers={"Content-Type": "text/plain"}) as no:
        assert no.status == 415, "a page of another origin may send this type"
    await eventually(lambda: _processes(server) == 0, "every process has ended")


# --- limits


def _processes(server: Served) -> int:
    """How many processes of Git work in the server's repositories."""
    found = 0
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes() + str((process / "cwd").readlink()).encode()
        except OSError:
            continue
        found += os.fsencode(server.folder.path) in words
    return found


async def _grow(server: Served) -> str:
    """Give the document a history that fits into no socket; returns the last revision."""
    rng, revision = random.Random(1), ""
    for number in range(6):
        text = "\n".join(f"{rng.getrandbits(400):x}" for _ in range(10_000))
        given = {"If-Match" if number else "If-None-Match": "*"}
        url = f"{server.url}/d/notes/raw"
        async with server.http.put(url, data=text, headers=given) as response:
            revision = response.headers["ETag"].strip('"')
    return revision


async def _begin_clone(raw: RawSocket, revision: str) -> None:
    """Ask for the whole history, and read only the head of the answer."""
    body = f"0032want {revision}\n00000009done\n"
    answer = await raw.request(
        "POST /notes.git/git-upload-pack",
        "Content-Type: application/x-git-upload-pack-request",
        f"Content-Length: {len(body)}",
        body=body.encode(),
    )
    assert answer.startswith(b"HTTP/1.1 200"), answer


async def test_a_client_that_goes_away_in_mid_clone_leaves_no_process(server: Served) -> None:
    revision = await _grow(server)
    for _ in range(3):
        async with RawSocket(*server.address) as raw:
            await _begin_clone(raw, revision)
        await eventually(lambda: _processes(server) == 0, "every process has ended")


async def test_who_reads_slowly_keeps_no_process_from_others(serve: Serve, tmp_path: Path) -> None:
    server = await serve(git_processes_max=1)
    revision = await _grow(server)
    async with RawSocket(*server.address) as first, RawSocket(*server.address) as second:
        await _begin_clone(first, revision)
        await _begin_clone(second, revision)
        await _fsck(await server.clone(tmp_path / "clone"))
        ann = await server.join()
        assert (await ann.edit(ann.text + "typing goes on"))["type"] == "merged"


async def test_a_clone_that_is_not_read_is_cut_off(serve: Serve) -> None:
    server = await serve(pong_wait_s=0.5)
    revision = await _grow(server)
    async with RawSocket(*server.address) as slow:
        await _begin_clone(slow, revision)
        assert _open_files(server)
        await eventually(lambda: not _open_files(server), "its file is closed")
        rest = await slow.rest()
    assert b"HTTP/1.1" not in rest, "a second answer in the middle of the first"
    assert not rest.endswith(b"0\r\n\r\n"), "half an answer must not look whole"


def _open_files(server: Served) -> list[str]:
    """Return the unnamed files of the server in its data folder."""
    links = []
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # another thread has closed it
            links.append(str(each.readlink()))
    return [link for link in links if link.startswith(f"{server.folder.path}/#")]


async def test_a_clone_that_gets_no_turn_in_time_is_told_so(serve: Serve) -> None:
    server = await serve(git_wait_s=0.3, git_processes_max=1)
    await _write_revisions(server, 1)
    async with server.app[GIT_PROCESSES].of("somebody"):
        for service in ("git-upload-pack", "git-receive-pack"):
            url = f"{server.url}/notes.git/info/refs?service={service}"
            async with server.http.get(url) as response:
                assert response.status == 503
                assert "later" in await response.text()


async def test_a_server_that_stops_ends_its_clones(serve: Serve) -> None:
    server = await serve()
    revision = await _grow(server)
    async with RawSocket(*server.address) as raw:
        await _begin_clone(raw, revision)
        await server.stop()
        # The helper of `upload-pack` is killed by then too, but nobody waits for it to be gone.
        await eventually(lambda: _processes(server) == 0, "every process has ended")


# --- what Git shows


async def test_the_four_steps_of_the_post(server: Served, tmp_path: Path) -> None:
    ann, bo = await server.pair("Hello world!")
    base = ann.revision
    answers = [
        await ann.edit("Good morning world!", base=base),
        await bo.edit("Hello everybody!", base=base),
    ]
    assert [answer["type"] for answer in answers] == ["merged", "merged"]
    await ann.until("Good morning everybody!")
    assert bo.text == "Good morning everybody!"
    clone = await server.clone(tmp_path / "clone")
    assert (clone / "notes.txt").read_text() == "Good morning everybody!"
    graph = await git("log", "--graph", "--format=%an: %s", cwd=clone)
    assert graph.splitlines()[:5] == [
        "*   Bo: Merge Bo: edit line 1 (+1 -1 words)",
        "|\\  ",
        "| * Bo: Edit line 1 (+1 -1 words)",
        "* | Ann: Edit line 1 (+2 -1 words)",
        "|/  ",
    ]
    await server.fsck()


async def test_git_shows_the_same_conflict_as_the_dialog(server: Served, tmp_path: Path) -> None:
    ann, bo = await server.pair("The red fox\njumps over\nthe lazy dog\n")
    await ann.edit("The blue fox\njumps over\nthe lazy dog\n")
    conflict = await bo.edit(
        "The green fox\njumps over\nthe sleepy dog\n", base=bo.welcome["revision"]
    )
    assert [(h["base"], h["ours"], h["theirs"]) for h in conflict["hunks"]] == [
        ("red", "blue", "green")
    ]
    clone = await server.clone(tmp_path / "clone")
    assert (clone / "notes.txt").read_text() == "The blue fox\njumps over\nthe sleepy dog\n"
    merge = ("-c", "merge.conflictStyle=diff3", "merge")
    ran = await run_git(*merge, f"origin/clients/{bo.id}", cwd=clone)
    assert ran.code == 1
    lines = (clone / "notes.txt").read_text().splitlines()
    base = next(n for n, line in enumerate(lines) if line.startswith("|||||||"))
    assert lines[0].startswith("<<<<<<<")
    assert lines[1:base] == ["The blue fox"]
    assert lines[base + 1 : base + 4] == ["The red fox", "=======", "The green fox"]
    assert lines[base + 5 :] == ["jumps over", "the sleepy dog"]
    await git("merge", "--abort", cwd=clone)

    assert (await bo.resolve(with_theirs(conflict)))["type"] == "merged"
    await ann.until("The green fox\njumps over\nthe sleepy dog\n")
    await git("pull", "--quiet", "--ff-only", cwd=clone)
    assert (clone / "notes.txt").read_text() == ann.text
    assert "Already up to date" in await git("merge", f"origin/clients/{bo.id}", cwd=clone)
    await server.fsck()


async def test_a_parked_branch_is_fetched_as_unmerged(server: Served, tmp_path: Path) -> None:
    ann, bo = await server.pair("The red fox\n")
    await ann.edit("The blue fox\n")
    conflict = await bo.edit("The green fox\n", base=bo.welcome["revision"])
    assert (await bo.park())["type"] == "merged"
    assert bo.text == "The blue fox\n"
    clone = await server.clone(tmp_path / "clone")
    parked = await git("rev-parse", f"origin/unmerged/{bo.id}", cwd=clone)
    assert parked.strip() == conflict["commit"]
    assert await git("show", f"origin/unmerged/{bo.id}:notes.txt", cwd=clone) == "The green fox\n"
    await server.fsck()


async def test_full_text_and_splices_cannot_be_told_apart(serve: Serve) -> None:
    """The same edits twice, in full and as splices: the same answers, trees and messages."""
    steps = [
        ("one two three", [[0, 0, "one two three"]]),
        ("one 2 three", [[4, 3, "2"]]),
        ("🦊 2 three!", [[0, 3, "🦊"], [11, 0, "!"]]),
        ("", [[0, 10, ""]]),
        ("\ufeffnew\r\n", [[0, 0, "\ufeffnew\r\n"]]),
    ]
    seen = []
    for data, as_splices in (("full", False), ("splices", True)):
        server = await serve(data)
        ann, answers = await server.join(), []
        for text, splices in steps:
            answer = await ann.edit(text, **({"splices": splices} if as_splices else {}))
            answers.append((answer["type"], answer["splices"], answer["check"]))
        log = await server.git_on_disk(
            "log", "--format=%T %s %an %cn %(trailers:key=Seq)", "master"
        )
        seen.append((answers, log))
    assert seen[0] == seen[1]

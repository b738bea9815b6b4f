"""`gollabedit sync` as a process of its own, against the real server; saves as editors do them."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from server.http.app_keys import MANAGEMENT
from tests.server import forks
from tests.server.sockets.harness import Served

_ROOT = Path(__file__).parents[3]
_DEADLINE_S = 30.0
_LOOK_S = 0.02

Start = Callable[..., Awaitable["Syncing"]]


class Syncing:
    """A running `gollabedit sync`."""

    def __init__(self, file: Path, process: forks.Command) -> None:
        self.file = file
        self.process = process

    async def ended(self) -> tuple[int, str]:
        async with asyncio.timeout(_DEADLINE_S):
            out, _ = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode()

    async def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        code, said = await self.ended()
        assert code == 0, said
        return said

    async def kill(self) -> None:
        self.process.kill()
        await self.ended()

    async def holds(self, text: str) -> None:
        """Wait until the file holds this, byte for byte."""
        await until(lambda: self.file.exists() and self.file.read_bytes() == text.encode())


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does to a file."""
    async with asyncio.timeout(_DEADLINE_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)


async def master(server: Served, text: str) -> None:
    """Wait until the document holds this."""
    reader = await server.join("Reader")
    await reader.until(text)
    await reader.close()


@pytest.fixture
async def sync(server: Served) -> AsyncIterator[Start]:
    processes: list[forks.Command] = []

    async def start(file: Path, *arguments: str, url: str = "") -> Syncing:
        process = await forks.start(
            *("sync", *arguments, str(file), url or f"{server.url}/d/notes"),
            folder=_ROOT,
            environment=os.environ,
            as_one=True,
        )
        processes.append(process)
        return Syncing(file, process)

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def names(folder: Path) -> list[str]:
    return sorted(it.name for it in folder.iterdir())


def save_like_vim(file: Path, text: str) -> None:
    """The old file becomes a backup, a new one is written in its place."""
    probe = file.with_name("4913")
    probe.touch()
    probe.unlink()
    backup = file.with_name(f"{file.name}~")
    file.rename(backup)
    file.write_bytes(text.encode())
    backup.unlink()


def save_like_vs_code(file: Path, text: str) -> None:
    """The file is emptied, and written in two steps."""
    with file.open("r+b") as out:
        out.truncate()
        out.flush()
        out.write(text[:4].encode())
        out.flush()
        out.write(text[4:].encode())


def save_like_emacs(file: Path, text: str) -> None:
    """A lock that is a broken link, and the new file renamed over the old one."""
    lock = file.with_name(f".#{file.name}")
    lock.symlink_to("ann@host.1234")
    fresh = file.with_name(f"#{file.name}#")
    fresh.write_bytes(text.encode())
    fresh.rename(file)
    lock.unlink()


async def test_a_file_that_is_not_there_is_made_of_the_document(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    await server.pair("one two three\n")
    syncing = await sync(tmp_path / "notes.txt")
    await syncing.holds("one two three\n")
    said = await syncing.stop()
    assert "here: Ann, Bo" in said
    assert "stopped; everything is written" in said


async def test_an_empty_document_begins_with_the_file(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine\n")
    await sync(file)
    await master(server, "mine\n")


@pytest.mark.parametrize("save", [save_like_vim, save_like_vs_code, save_like_emacs])
async def test_a_save_is_an_edit_and_others_edits_come_in(
    server: Served, sync: Start, tmp_path: Path, save: Callable[[Path, str], None]
) -> None:
    ann, _ = await server.pair("one two three\n")
    file = tmp_path / "notes.txt"
    syncing = await sync(file)
    await syncing.holds("one two three\n")
    file.chmod(0o640)
    save(file, "one two 3\n")
    await ann.until("one two 3\n")
    mode = file.stat().st_mode
    await ann.edit("1 two 3\n")
    await syncing.holds("1 two 3\n")
    assert file.stat().st_mode == mode
    assert (tmp_path / ".notes.txt.gollabedit").stat().st_mode & 0o777 == 0o600
    await syncing.stop()
    assert names(tmp_path) == [".notes.txt.gollabedit", "data", "notes.txt"]


async def test_a_conflict_is_shown_with_markers_and_a_save_without_them_is_the_answer(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    ann, _ = await server.pair("one two three\nand more\nlast line\n")
    file = tmp_path / "notes.txt"
    syncing = await sync(file)
    await syncing.holds("one two three\nand more\nlast line\n")
    await syncing.kill()
    file.write_text("one deux three\nand more\nlast LINE\n")
    await ann.edit("one zwei three\nand more\nlast line\n")
    syncing = await sync(file, "--name", "Bot")
    await syncing.holds(
        "<<<<<<< Ann\none zwei three\n=======\none deux three\n>>>>>>> Bot (this file)\n"
        "and more\nlast LINE\n"
    )
    await ann.until("one zwei three\nand more\nlast LINE\n")
    await syncing.kill()
    file.write_text(file.read_text().replace("and more", "and MORE"))
    syncing = await sync(file, "--name", "Bot")
    save_like_vim(file, "one zwei deux three\nand MORE\nlast LINE\n")
    await master(server, "one zwei deux three\nand MORE\nlast LINE\n")
    await syncing.stop()
    assert file.read_text() == "one zwei deux three\nand MORE\nlast LINE\n"


async def test_what_was_saved_while_nobody_watched_is_merged_with_the_right_base(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    ann, _ = await server.pair("one two three\n")
    file = tmp_path / "notes.txt"
    syncing = await sync(file)
    await syncing.holds("one two three\n")
    await syncing.kill()
    save_like_vim(file, "one two 3\n")
    await ann.edit("1 two three\n")
    syncing = await sync(file)
    await syncing.holds("1 two 3\n")
    await master(server, "1 two 3\n")


async def test_two_files_of_one_document_are_kept_the_same(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    files[0].write_text("one two three\n")
    one = await sync(files[0])
    await master(server, "one two three\n")
    other = await sync(files[1])
    await other.holds("one two three\n")
    save_like_vim(files[0], "1 two three\n")
    save_like_vs_code(files[1], "one two 3\n")
    await one.holds("1 two 3\n")
    await other.holds("1 two 3\n")


async def test_a_file_with_crlf_keeps_it_and_the_document_its_own(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    ann, _ = await server.pair("one\ntwo\n")
    file = tmp_path / "notes.txt"
    file.write_bytes(b"one\r\n")
    syncing = await sync(file)
    await syncing.holds("one\r\ntwo\r\n")
    file.write_bytes(b"one\r\ntwo\r\nthree\r\n")
    await ann.until("one\ntwo\nthree\n")
    await ann.edit("1\ntwo\nthree\n")
    await syncing.holds("1\r\ntwo\r\nthree\r\n")


async def test_files_with_different_line_ends_share_a_document_whatever_its_own_become(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    ann, _ = await server.pair("one\ntwo\nthree\n")
    file, other_file = tmp_path / "crlf.txt", tmp_path / "lf.txt"
    file.write_bytes(b"one\r\ntwo\r\n")
    syncing, other = await sync(file), await sync(other_file)
    await syncing.holds("one\r\ntwo\r\nthree\r\n")
    await other.holds("one\ntwo\nthree\n")
    await ann.edit("one\r\ntwo\r\nthree\r\n")
    await other.holds("one\r\ntwo\r\nthree\r\n")
    save_like_vim(other_file, "1\ntwo\nthree\n")
    await ann.until("1\r\ntwo\r\nthree\r\n")
    await syncing.holds("1\r\ntwo\r\nthree\r\n")
    await ann.edit("1\ntwo\r\nthree\r\n")
    await ann.edit("1\ntwo\nthree\r\n")
    save_like_vs_code(file, "1\r\ntwo\r\n3\r\n")
    await ann.until("1\ntwo\nthree\r\n".replace("three", "3"))
    await other.holds("1\ntwo\n3\n")
    assert file.read_bytes() == b"1\r\ntwo\r\n3\r\n"


async def test_a_text_without_a_final_line_end_and_with_an_emoji_stays_as_it_is(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    ann, _ = await server.pair("one 🦆 two")
    file = tmp_path / "notes.txt"
    syncing = await sync(file)
    await syncing.holds("one 🦆 two")
    save_like_vs_code(file, "one 🦆🦆 two")
    await ann.until("one 🦆🦆 two")
    await ann.edit("1 🦆🦆 two")
    await syncing.holds("1 🦆🦆 two")


async def test_a_text_that_is_too_large_is_said_and_sent_once_it_is_not(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("small\n")
    syncing = await sync(file, "-q")
    await master(server, "small\n")
    save_like_vim(file, "x" * 2_000_000)
    async with asyncio.timeout(_DEADLINE_S):
        said = await syncing.process.stdout.readline()
    assert b"not sent: The text is too large to be saved: 2,000,000 of " in said
    save_like_vim(file, "small again\n")
    await master(server, "small again\n")


async def test_it_can_be_stopped_while_a_conflict_is_open_and_goes_on_with_it(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    ann, _ = await server.pair("one two three\n")
    file = tmp_path / "notes.txt"
    syncing = await sync(file)
    await syncing.holds("one two three\n")
    await syncing.stop()
    file.write_text("one deux three\n")
    await ann.edit("one zwei three\n")
    syncing = await sync(file, "--name", "Bot")
    marked = "<<<<<<< Ann\none zwei three\n=======\none deux three\n>>>>>>> Bot (this file)\n"
    await syncing.holds(marked)
    assert "stopped; a conflict is open in the file" in await syncing.stop()
    assert file.read_text() == marked
    file.write_text("one zwei deux three\n")
    await sync(file, "--name", "Bot")
    await master(server, "one zwei deux three\n")


async def test_a_file_that_is_deleted_and_made_anew_is_a_save(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    await server.pair("one\n")
    file = tmp_path / "notes.txt"
    syncing = await sync(file)
    await syncing.holds("one\n")
    file.unlink()
    file.write_text("one two\n")
    await master(server, "one two\n")


async def test_a_second_one_on_the_same_file_is_refused(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    await server.pair("one\n")
    file = tmp_path / "notes.txt"
    syncing = await sync(file)
    await syncing.holds("one\n")
    code, said = await (await sync(file)).ended()
    assert code == 2
    assert "already; stop it first" in said


async def test_a_copied_state_ends_one_of_the_two_with_what_to_do(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    ann = await server.join()
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    (one / "notes.txt").write_text("one\n")
    first = await sync(one / "notes.txt")
    await ann.until("one\n")
    await first.stop()
    shutil.copytree(one, two)
    first = await sync(one / "notes.txt")
    await until_people(server, 2)
    second = await sync(two / "notes.txt")
    code, said = await first.ended()
    assert code == 2
    assert "another gollabedit uses a copy of" in said
    assert "one/.notes.txt.gollabedit: remove it in one of the two places" in said
    (two / "notes.txt").write_text("one\ntwo\n")
    await ann.until("one\ntwo\n")
    await second.stop()


async def until_people(server: Served, count: int) -> None:
    """Wait until the document has so many connections."""
    await until(lambda: server.connections() == count)


async def test_what_came_in_is_said_with_who_wrote_it(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    ann, _ = await server.pair("one\n")
    syncing = await sync(tmp_path / "notes.txt")
    await syncing.holds("one\n")
    await ann.edit("one two\n")
    await syncing.holds("one two\n")
    assert "received from Ann: +4 characters" in await syncing.stop()


async def test_a_link_is_followed(server: Served, sync: Start, tmp_path: Path) -> None:
    await server.pair("one\n")
    (tmp_path / "deep").mkdir()
    link = tmp_path / "notes.txt"
    link.symlink_to(tmp_path / "deep" / "real.txt")
    syncing = await sync(link)
    await syncing.holds("one\n")
    assert link.is_symlink()


async def test_a_deleted_file_ends_it_and_the_document_stays(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    await server.pair("one\n")
    file = tmp_path / "notes.txt"
    syncing = await sync(file)
    await syncing.holds("one\n")
    file.unlink()
    code, said = await syncing.ended()
    assert code == 2
    assert "was deleted; the document is left as it is" in said
    assert await server.raw() == "one\n"


@pytest.mark.parametrize(("take", "text"), [("file", "mine\n"), ("document", "theirs\n")])
async def test_two_different_texts_need_a_choice(
    server: Served, sync: Start, tmp_path: Path, take: str, text: str
) -> None:
    await server.pair("theirs\n")
    file = tmp_path / "notes.txt"
    file.write_text("mine\n")
    code, said = await (await sync(file)).ended()
    assert code == 2
    assert "--take file or --take document" in said
    assert file.read_text() == "mine\n"
    syncing = await sync(file, "--take", take)
    await syncing.holds(text)
    await master(server, text)
    assert ("notes.txt.kept-1" in names(tmp_path)) == (take == "document")
    if take == "document":
        assert (tmp_path / "notes.txt.kept-1").read_text() == "mine\n"


async def test_what_is_no_text_is_said_and_left_alone(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    ann, _ = await server.pair("one\n")
    file = tmp_path / "notes.txt"
    syncing = await sync(file, "-q")
    await syncing.holds("one\n")
    file.write_bytes(b"\xff\xfe")
    async with asyncio.timeout(_DEADLINE_S):
        said = await syncing.process.stdout.readline()
    assert b"is not UTF-8 text" in said
    await ann.edit("one two\n")
    file.write_text("ONE\n")
    await master(server, "ONE two\n")
    await syncing.holds("ONE two\n")


@pytest.mark.parametrize(
    ("file", "url", "sentence"),
    [
        (".", "", "is a folder"),
        ("no/such/notes.txt", "", "there is no folder"),
        ("notes.txt", "http://localhost/notes", "not the address of a document"),
        ("/dev/null", "", "not a regular file"),
    ],
)
async def test_what_cannot_be_synced_is_one_clear_line(
    sync: Start, tmp_path: Path, file: str, url: str, sentence: str
) -> None:
    code, said = await (await sync(tmp_path / file, url=url)).ended()
    assert code == 2
    assert said.startswith("gollabedit: ")
    assert said.count("\n") == 1
    assert sentence in said


async def test_a_file_follows_its_document_to_a_new_name(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    await server.pair("one\n")
    syncing = await sync(tmp_path / "notes.txt")
    await syncing.holds("one\n")
    await server.app[MANAGEMENT].rename("notes", "plans")
    syncing.file.write_text("one\ntwo\n")
    plans = await server.join("Cy", "plans")
    await plans.until("one\ntwo\n")
    said = await syncing.stop()
    assert f"its address is {server.url}/d/plans now" in said
    assert "not connected" not in said
    for url in (f"{server.url}/d/notes", f"{server.url}/d/plans"):  # both are of this document
        await plans.edit(f"{plans.text}more\n")
        again = await sync(tmp_path / "notes.txt", url=url)
        await again.holds(plans.text)
        await again.stop()


async def test_a_deleted_document_ends_the_sync_and_leaves_the_file(
    server: Served, sync: Start, tmp_path: Path
) -> None:
    await server.pair("one\n")
    syncing = await sync(tmp_path / "notes.txt")
    await syncing.holds("one\n")
    await server.app[MANAGEMENT].delete("notes")
    code, said = await syncing.ended()
    assert code == 2
    assert f"the document was deleted; {syncing.file} is left as it is" in said
    syncing.file.write_text("one\ntwo\n")
    code, said = await (await sync(tmp_path / "notes.txt")).ended()
    assert (code, syncing.file.read_text()) == (2, "one\ntwo\n")
    assert not server.folder.exists("notes"), "it was made anew"

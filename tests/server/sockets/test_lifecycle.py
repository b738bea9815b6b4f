"""The real process: how it starts, stops, dies and comes back."""

import asyncio
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.server.sockets.client import Client, ClosedError, Message
from tests.server.sockets.harness import git, run_git
from tests.server.sockets.raw_socket import RawSocket
from tests.server.sockets.real_server import RealServer, refused

_PEOPLE = 4


@dataclass
class _Writer:
    """Writes words into a line of its own, several edits at a time, and knows which arrived."""

    client: Client
    line: str
    sent: dict[int, Message] = field(default_factory=dict)
    acknowledged: dict[int, str] = field(default_factory=dict)

    async def write(self, *, ahead: int) -> None:
        """Write until the connection ends, with `ahead` edits that are not answered."""
        try:
            while True:
                while len(self.sent) - len(self.acknowledged) < ahead:
                    await self._send()
                answer = await self.client.next()
                if answer["type"] == "merged":
                    self.acknowledged[answer["seq"]] = self._word(answer["seq"])
        except (ClosedError, ConnectionError):
            pass

    async def _send(self) -> None:
        # All on one base: with `continues` each goes on from the one before (rule P5).
        seq = self.client.seq + 1
        base = self.client.revision
        words = " ".join(self._word(number) for number in range(1, seq + 1))
        head, _, tail = self.client.text.partition(self.line)
        text = f"{head}{self.line} {words}\n{tail.partition(chr(10))[2]}"
        await self.client.submit(text)
        self.sent[seq] = {"text": text, "base": base}

    def _word(self, seq: int) -> str:
        return f"{self.line[:-1]}w{seq}"


async def _writers(server: RealServer) -> list[_Writer]:
    lines = [f"line{number}:" for number in range(_PEOPLE)]
    first = await server.join("First")
    await first.edit("\n".join([*lines, ""]))
    return [_Writer(await server.join(f"Writer {line}"), line) for line in lines]


async def _write_and_end(server: RealServer, number: int, *, ahead: int) -> list[_Writer]:
    """Have people write, and send the server a signal in the middle of it."""
    writers = await _writers(server)
    writing = [asyncio.create_task(writer.write(ahead=ahead)) for writer in writers]
    watcher = await server.join("Watcher")
    while not all(f"{writer.line[:-1]}w10" in watcher.text for writer in writers):
        await watcher.next("update")
    server.signal(number)
    await asyncio.gather(*writing)
    return writers


def _half_written(data: Path) -> list[Path]:
    """Locks and files that are not complete."""
    return [path for path in data.rglob("*") if path.suffix in (".lock", ".new")]


async def _check_disk(data: Path) -> str:
    """The repository is sound, nothing is half-written; returns the text on disk."""
    path = data / "notes.git"
    checked = await run_git("fsck", "--strict", "--no-dangling", cwd=path)
    assert checked.code == 0, checked.err
    assert "error" not in checked.err
    return await git("show", "master:notes.txt", cwd=path)


async def _check_nothing_is_lost(server: RealServer, writers: list[_Writer], on_disk: str) -> None:
    """All that was acknowledged is there; the rest is sent again; everybody goes on."""
    for writer in writers:
        again = await server.come_back(writer.client)
        last = max(writer.acknowledged)
        assert again.welcome["seq"] >= last
        assert on_disk.split().count(writer.acknowledged[last]) == 1
        assert all(word in on_disk.split() for word in writer.acknowledged.values())
        for seq, message in writer.sent.items():
            if seq not in writer.acknowledged:
                assert (await again.edit(**message, seq=seq))["type"] == "merged"
        writer.client = again
    reader = await server.join("Reader")
    for writer in writers:
        for seq in writer.sent:
            assert reader.text.split().count(writer._word(seq)) == 1
        assert (await writer.client.edit(writer.client.text + "."))["type"] == "merged"


async def test_sigterm_answers_what_came_in_and_tells_the_clients_to_come_back(
    tmp_path: Path,
) -> None:
    async with RealServer(tmp_path) as server:
        writers = await _write_and_end(server, signal.SIGTERM, ahead=1)
        assert {writer.client.socket.close_code for writer in writers} == {1001}
        assert await server.ended() == 0
    assert "Traceback" not in server.log
    text = await _check_disk(tmp_path)
    assert _half_written(tmp_path) == []
    async with RealServer(tmp_path) as server:
        assert (await server.join("Reader")).text == text
        await _check_nothing_is_lost(server, writers, text)


async def test_sigterm_answers_the_edits_that_wait_in_the_queue(tmp_path: Path) -> None:
    async with RealServer(tmp_path) as server:
        ann = await server.join("Ann")
        lines = [f"line {number}\n\n" for number in range(20)]
        await ann.edit("".join(lines))
        # An edit that comes after the answer to the one before it is merged with that one, as both
        # name one base. So each changes another line.
        for number in range(20):
            lines[number] = f"changed {number}\n\n"
            await ann.submit("".join(lines))
        await ann.pong()  # all have been received, and some may have been answered
        server.signal(signal.SIGTERM)
        assert await ann.closed() == 1001
        assert not ann._outstanding
        assert await server.ended() == 0
    assert await _check_disk(tmp_path) == "".join(lines)


async def test_sigkill_under_typing_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    async with RealServer(tmp_path) as server:
        writers = await _write_and_end(server, signal.SIGKILL, ahead=1)
        assert await server.ended() == -signal.SIGKILL
    async with RealServer(tmp_path) as server:
        await _check_nothing_is_lost(server, writers, (await server.join("Reader")).text)
        text = (await server.join("Reader")).text
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0
    assert await _check_disk(tmp_path) == text


async def test_ctrl_c_is_a_clean_end_too(tmp_path: Path) -> None:
    async with RealServer(tmp_path, is_forked=False) as server:
        ann = await server.join("Ann")
        await ann.edit("one")
        server.signal(signal.SIGINT)
        assert await ann.closed() == 1001
        assert await server.ended() == 0
    assert "Traceback" not in server.log


async def test_an_open_conflict_survives_a_restart(tmp_path: Path) -> None:
    async with RealServer(tmp_path) as server:
        ann = await server.join("Ann")
        await ann.edit("the red fox")
        bo = await server.join("Bo")
        await ann.edit("the blue fox")
        conflict = await bo.edit("the green fox", base=bo.welcome["revision"])
        assert conflict["type"] == "conflict"
        server.signal(signal.SIGKILL)
        await server.ended()
    async with RealServer(tmp_path) as server:
        again = await server.come_back(bo)
        assert again.conflict
        assert again.conflict["commit"] == conflict["commit"]
        assert again.conflict["hunks"] == conflict["hunks"]
        assert (await again.resolve("the teal fox"))["type"] == "merged"
        assert (await server.join("Cat")).text == "the teal fox"


async def test_p15_what_was_parked_and_taken_up_survives_a_restart(tmp_path: Path) -> None:
    async with RealServer(tmp_path) as server:
        ann = await server.join("Ann")
        await ann.edit("the red fox")
        bo = await server.join("Bo")
        await ann.edit("the blue fox")
        await bo.edit("the green fox", base=bo.welcome["revision"])
        await bo.park()
        server.signal(signal.SIGKILL)
        await server.ended()
    async with RealServer(tmp_path) as server:
        cat = await server.join("Cat")
        assert cat.welcome["unmerged"] == 1
        found = await server.get(f"/api/documents/notes/unmerged/{bo.id}")
        answer = await cat.take_up(found, "the teal fox")
        server.signal(signal.SIGKILL)
        await server.ended()
    async with RealServer(tmp_path) as server:
        again = await server.come_back(cat)
        assert again.welcome["unmerged"] == 0
        assert await again.take_up(found, "the teal fox", seq=1) == answer, "P3: answered alike"
        assert (await server.join("Dan")).text == "the teal fox"


async def test_a_client_that_does_not_read_cannot_hold_up_the_end(tmp_path: Path) -> None:
    async with RealServer(tmp_path) as server:
        ann = await server.join("Ann")
        host, port = server.url.removeprefix("http://").split(":")
        async with RawSocket(host, int(port)) as deaf:
            await deaf.upgrade("/ws/notes")
            await deaf.send_text('{"type": "hello", "protocol": 1}')
            for letter in "abcdefgh":
                await ann.edit("\n".join([letter * 79] * 12_000))
            server.signal(signal.SIGTERM)
            assert await ann.closed() == 1001
            async with asyncio.timeout(9):  # Docker kills after ten
                assert await server.ended() == 0


# --- starts that fail, each with one line that says what to do


async def test_a_second_server_on_the_same_data_folder(tmp_path: Path) -> None:
    async with RealServer(tmp_path):
        code, said = await refused(tmp_path)
    assert code == 2
    [line] = said.splitlines()
    assert line.startswith("gollabedit: another gollabedit is serving the data folder")
    async with RealServer(tmp_path) as server:  # the first one is gone: now it is free
        await server.join("Ann")


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = await refused(tmp_path, "--port", str(port))
    assert code == 2
    [line] = said.splitlines()
    assert line.startswith(f"gollabedit: port {port} is taken")


async def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    code, said = await refused(file)
    assert code == 2
    [line] = said.splitlines()
    assert line.startswith("gollabedit: the data folder")
    assert file.read_text() == "not a folder"


async def test_a_data_folder_of_a_newer_version(tmp_path: Path) -> None:
    (tmp_path / "format").write_text("99\n")
    code, said = await refused(tmp_path)
    assert code == 2
    [line] = said.splitlines()
    assert "has format '99'" in line


@pytest.mark.parametrize(
    "options",
    [("--port", "70000"), ("--port", "x"), ("--write-wait-s", "-1"), ("--host", "nowhere.invalid")],
)
async def test_a_setting_that_cannot_be(tmp_path: Path, options: tuple[str, ...]) -> None:
    code, said = await refused(tmp_path, *options)
    assert code == 2
    [line] = said.splitlines()
    assert line.startswith("gollabedit: ")

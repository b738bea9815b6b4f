"""`gollabedit backup` beside a server that people write on, and what they find after a restore."""

import asyncio
import signal
from pathlib import Path

from server.client.document import connect
from tests.server.sockets.client import Client, ClosedError
from tests.server.sockets.harness import Serve, eventually
from tests.server.sockets.real_server import RealServer
from tests.server.sockets.shell import Shell

# Checkpoints all the time: entries leave the journal while it is copied. Writers are not limited.
QUICK = ("--checkpoint-idle-s", "0.001", "--checkpoint-age-s", "0.01", "--edits-per-s", "100000")


class Writer:
    """Adds words to a line of its own; notes which were acknowledged."""

    def __init__(self, client: Client, line: str) -> None:
        self.acknowledged: list[str] = []
        self._client = client
        self._line = line

    async def write(self) -> None:
        """Write until the server is gone."""
        client = self._client
        try:
            while True:
                word = f"{self._line}{len(self.acknowledged)}"
                text = client.text.replace(f"{self._line}:", f"{self._line}: {word}")
                answer = await client.edit(text)
                assert answer["type"] == "merged", answer
                self.acknowledged.append(word)
        except (ClosedError, ConnectionError):
            return


async def begin(server: RealServer) -> list[Writer]:
    """Three people on two documents."""
    writers = []
    for document, lines in (("notes", ("ann", "bo")), ("plans", ("cy",))):
        for line in lines:
            client = await server.connect(document)
            await client.hello(name=line)
            if line == lines[0]:
                await client.edit("".join(f"{each}:\n\n" for each in lines))
            writers.append(Writer(client, line))
    return writers


async def until_written(writers: list[Writer], count: int) -> list[str]:
    """Wait until everybody has written some more; return what is acknowledged."""
    goals = [(writer.acknowledged, len(writer.acknowledged) + count) for writer in writers]
    await eventually(lambda: all(len(it) >= goal for it, goal in goals), "everybody has written")
    return [word for writer in writers for word in writer.acknowledged]


async def test_all_that_was_acknowledged_before_a_backup_is_in_it(
    tmp_path: Path, serve: Serve
) -> None:
    backups, data = tmp_path / "backups", tmp_path / "data"
    async with RealServer(data, *QUICK) as server:
        shell = Shell(tmp_path / "shell", server.url)
        writers = await begin(server)
        writing = [asyncio.create_task(writer.write()) for writer in writers]
        acknowledged = []
        for _ in range(2):
            acknowledged.append(await until_written(writers, 10))
            said = await shell.does("backup", "create", str(backups), "--data", str(data))
            assert ": 2 documents, 2 of them new or changed; " in said
        server.signal(signal.SIGKILL)
        await asyncio.gather(*writing)
        assert await server.ended() == -signal.SIGKILL
    for number, words in enumerate(acknowledged):
        backup = sorted(backups.glob("2*"))[number]
        target = tmp_path / f"restored{number}"
        said = await shell.does("backup", "restore", str(backup), "--data", str(target))
        assert said.startswith(f"{target}: 2 documents of ")
        restored = await serve(target.name)
        found = f"{await restored.raw()} {await restored.raw('plans')}".split()
        assert set(words) <= set(found)
        assert len(found) == len(set(found)), "a word is there twice"
        for document in ("notes", "plans"):
            await restored.fsck(document)
            reader = await restored.join("Reader", document)
            assert reader.unmerged == 0


async def test_what_was_written_after_the_backup_is_not_lost(tmp_path: Path) -> None:
    """A client comes back with it, and a program goes on with what it could not send."""
    data, target = tmp_path / "data", tmp_path / "restored"
    async with RealServer(data) as server:
        url = server.url
        shell = Shell(tmp_path / "shell", url)
        ann = await server.join("Ann")
        await ann.edit("Ann: \n\nBot: \n")
        await shell.does("backup", "create", str(tmp_path / "backups"), "--data", str(data))
        await ann.edit("Ann: later\n\nBot: \n")
        async with connect(f"{url}/d/notes", name="Bot") as program:
            assert program.text == "Ann: later\n\nBot: \n"
            server.signal(signal.SIGKILL)
            await server.ended()
            editing = asyncio.create_task(program.edit("Ann: later\n\nBot: unsent\n"))
            [backup] = (tmp_path / "backups").glob("2*")
            await shell.does("backup", "restore", str(backup), "--data", str(target))
            async with RealServer(target, "--port", url.rpartition(":")[2]) as restored:
                await editing
                again = await restored.connect()
                again.remember(ann)
                welcome = await again.hello(base=ann.revision, **ann.resuming)
                assert welcome["client"] == ann.id, "the keys are in the backup"
                assert again.text == "Ann: \n\nBot: unsent\n"
                answer = await again.edit("Ann: later\n\nBot: \n", base=ann.revision)
                assert (answer["type"], answer["code"]) == ("error", "unknown_base")
                await again.edit("Ann: later\n\nBot: unsent\n")
                reader = await restored.join("Reader")
                assert reader.text == "Ann: later\n\nBot: unsent\n"

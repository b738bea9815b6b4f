"""A server whose PostgreSQL has a synchronous standby: either of the two fails."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from server.storage.journal.postgresql import watcher
from tests.postgres import MISSING, Postgres, programs, running
from tests.server.sockets.client import DEADLINE_S, Client, ClosedError
from tests.server.sockets.harness import Serve, Served, eventually

_AGAIN_S = 0.1
_ANY_STANDBY = ("synchronous_standby_names", "ANY 1 (*)")


@pytest.fixture
def machines() -> Iterator[ExitStack]:
    """What runs the servers of PostgreSQL."""
    if programs() is None:
        pytest.skip(MISSING)
    with ExitStack() as stack:
        yield stack


async def test_what_was_acknowledged_outlives_the_primary(
    machines: ExitStack, serve: Serve, server_log: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.setattr(watcher, "_LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(watcher, "_LATE_S", 0.1)
    primary = machines.enter_context(running())
    standby = machines.enter_context(running(primary))
    for machine in (primary, standby):
        machine.set(*_ANY_STANDBY)
    database = primary.new_database()
    url = primary.url(database, host=f"{primary.folder},{standby.folder}")
    server = await serve(journal=url, journal_needs_standby="yes")
    ann = await server.join("Ann")
    await ann.edit("one\n")

    # Alone the primary acknowledges nothing. Once the standby is back, it does.
    standby.kill()
    waiting = await ann.submit("one\ntwo\n")
    await eventually(lambda: "waits for its synchronous standby" in server_log.text, "a warning")
    await ann.send(type="ping")
    assert (await ann.next())["type"] == "pong", "which comes before the answer to the edit"
    standby.start()
    assert (await ann.answer(waiting))["type"] == "merged"

    # The standby takes over, and acknowledges nothing until it has a standby of its own.
    primary.kill()
    standby.promote()
    waiting = await ann.submit("one\ntwo\nthree\n")
    saving = asyncio.create_task(_saved(server, ann, waiting))
    await eventually(lambda: _waits(standby), "a commit waits for the next standby")
    assert not saving.done()
    machines.enter_context(running(standby))
    ann = await saving

    # The former primary comes back by mistake, and can be written.
    primary.start()
    assert primary.execute("select pg_is_in_recovery()") == [(False,)]
    for number in range(3):
        standby.end_connections(database)
        ann = await _saved(server, ann, await ann.submit(f"{ann.text}{number}\n"))
    assert ann.text == "one\ntwo\nthree\n0\n1\n2\n"
    clone = await server.clone(tmp_path / "clone")
    assert (clone / "notes.txt").read_text() == ann.text
    await server.fsck()
    assert "is a former primary" in server_log.text
    server_log.clear()


def _waits(server: Postgres) -> bool:
    return bool(server.execute("select pid from pg_stat_activity where wait_event = 'SyncRep'"))


async def _saved(server: Served, client: Client, seq: int) -> Client:
    """Send an edit again until it is saved, as a page does; return the client that it is then."""
    text = client._sent[seq]
    async with asyncio.timeout(2 * DEADLINE_S):
        while True:
            try:
                answer = await client.answer(seq)
            except ClosedError:
                await asyncio.sleep(_AGAIN_S)
                client = await server.come_back(client)
            else:
                if answer["type"] == "merged":
                    return client
                assert answer["code"] == "unavailable"
                await asyncio.sleep(_AGAIN_S)
            await client.submit(text, seq=seq)

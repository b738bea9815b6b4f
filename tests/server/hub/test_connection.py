"""A connection whose client does not read: what waits for it is limited, and nothing is lost."""

import asyncio
import json
from typing import Any

from server.hub.hub import Hub
from server.hub.live_document import Connection

_TEXT = "A line of this document.\n" * 20_000  # half of what a document can hold


async def send(connection: Connection, **message: Any) -> None:
    await connection.receive(json.dumps(message).encode())


async def joined(hub: Hub) -> tuple[Connection, dict[str, Any]]:
    """Return a connection and its welcome."""
    connection = hub.connect("notes")
    await send(connection, type="hello", protocol=1)
    return connection, (await answers(connection))[-1]


async def answers(connection: Connection) -> list[dict[str, Any]]:
    """Take what waits, until there is something about the text in it."""
    while True:
        frames, _ = await connection.outgoing()
        messages = [json.loads(frame) for frame in frames]
        if about := [each for each in messages if each["type"] != "presence"]:
            return about


async def edited(hub: Hub, inserted: str) -> str:
    """Write with another connection, whose answer comes after those to all earlier requests."""
    other, welcome = await joined(hub)
    splices = [[0, 0, inserted]]
    await send(other, type="edit", seq=1, base=welcome["revision"], splices=splices)
    merged = (await answers(other))[-1]
    assert merged["type"] == "merged"
    other.disconnect()
    return str(merged["revision"])


async def test_who_does_not_read_gets_no_more_than_fits_and_the_rest_later(hub: Hub) -> None:
    await edited(hub, _TEXT)
    connection, _ = await joined(hub)
    asking = [asyncio.create_task(send(connection, type="sync")) for _ in range(30)]
    for number in range(40):  # each batch could take one of the requests
        await edited(hub, f"{number}\n")
    read: list[list[dict[str, Any]]] = []
    while sum(map(len, read)) < 30:
        read.append(await answers(connection))
    assert {answer["type"] for part in read for answer in part} == {"update"}
    assert max(map(len, read)) <= 3  # a little above the limit of 1 MiB
    await asyncio.gather(*asking)


async def test_what_it_wrote_takes_effect_even_if_it_goes_without_reading(hub: Hub) -> None:
    revision = await edited(hub, _TEXT)
    connection, _ = await joined(hub)
    asking = [asyncio.create_task(send(connection, type="sync")) for _ in range(10)]
    edit = {"seq": 1, "base": revision, "splices": [[0, 0, "From the train. "]]}
    asking.append(asyncio.create_task(send(connection, type="edit", **edit)))
    for number in range(20):
        await edited(hub, f"{number}\n")
    connection.disconnect()
    for number in range(10):
        await edited(hub, f"{number} after it has gone\n")
    found = await hub.reader.text("notes")
    assert found is not None
    assert "From the train. A line" in found[1]
    assert connection._outbox_bytes == 0, "answers for nobody"
    for task in asking:
        task.cancel()

"""Rules P10 to P14 of docs/protocol.md, over a socket: errors, presence, closing, origins, keys."""

import asyncio

import pytest

from tests.server.sockets.client import Client, Message
from tests.server.sockets.gated_journal import GatedJournal
from tests.server.sockets.harness import Serve, Served, eventually
from tests.server.sockets.raw_socket import RawSocket

# --- P10: what is refused (what cannot be decoded is in test_bad_input.py)


async def test_p10_ten_bad_messages_in_a_row_are_the_end(server: Served) -> None:
    ann = await server.join()
    for _ in range(9):
        await ann.send_raw("{")
        assert (await ann.next("error"))["code"] == "bad_message"
    await ann.pong()  # a good one in between: the count starts again
    for _ in range(10):
        await ann.send_raw("{")
    assert await ann.closed() == 1008


async def test_p10_too_many_edits_are_rate_limited_and_may_be_sent_again(serve: Serve) -> None:
    server = await serve(edits_per_s=2.0)
    ann = await server.join()
    seqs = [await ann.submit("word " * number) for number in range(1, 10)]
    answers = [await ann.next() for _ in seqs]
    assert sorted(answer["seq"] for answer in answers) == seqs
    refused = [answer for answer in answers if answer["type"] == "error"]
    assert 4 <= len(refused) <= 5
    assert {answer["code"] for answer in refused} == {"rate_limited"}
    assert all(0 < answer["retry_after_s"] <= 1 for answer in refused)


async def test_p10_a_failing_journal_is_unavailable_and_the_client_can_try_again(
    journal: type[GatedJournal], server: Served, server_log: pytest.LogCaptureFixture
) -> None:
    ann, bo = await server.pair("one")
    before = await server.refs()
    journal.is_broken = True
    error = await ann.edit("one two")
    assert (error["code"], error["seq"]) == ("unavailable", 2)
    assert "no space left" in server_log.text
    assert await server.refs() == before
    journal.is_broken = False
    ann.seq -= 1
    assert (await ann.edit("one two"))["type"] == "merged"
    await bo.until("one two")
    server_log.clear()


# --- P11: presence


async def test_p11_presence_is_relayed_to_the_others_and_never_stored(server: Served) -> None:
    ann, bo = await server.pair("one two")
    before = await server.refs()
    await ann.send(type="presence", base=ann.revision, anchor=1, head=3, name="Anna")
    seen: Message = {}
    while bo.people.get(ann.id, {}).get("head") != 3:
        await bo.next("presence")
    seen = bo.people[ann.id]
    assert seen == {
        "type": "presence",
        "client": ann.id,
        "name": "Anna",
        "color": seen["color"],
        "base": ann.revision,
        "anchor": 1,
        "head": 3,
    }
    assert await server.refs() == before
    cat = await server.join("Cat")
    assert cat.people[ann.id]["head"] == 3
    await ann.close()
    left: Message = {}
    while not (left := await cat.next("presence")).get("left"):
        pass
    assert left == {"type": "presence", "client": ann.id, "left": True}
    assert ann.id not in cat.people


async def test_p11_of_many_presences_only_the_newest_are_sent(server: Served) -> None:
    ann, bo = await server.pair("x" * 1000)
    for head in range(1001):
        await ann.send(type="presence", base=ann.revision, anchor=head, head=head)
    received = 0
    while bo.people.get(ann.id, {}).get("head") != 1000:
        await bo.next("presence")
        received += 1
    assert received < 100


# --- P12: close codes (1009 is in test_bad_input.py, 1001 also in test_lifecycle.py)


async def test_p12_1001_when_the_server_stops_and_what_came_in_is_answered(serve: Serve) -> None:
    server = await serve()
    ann, bo = await server.pair("one")
    seq = await ann.submit("one two")
    await ann.pong()  # it has come in
    stopped = asyncio.create_task(server.stop())
    assert (await ann.answer(seq))["type"] == "merged"
    assert await ann.closed() == 1001
    assert await bo.closed() == 1001
    await stopped
    assert (await server.git_on_disk("show", "master:notes.txt")) == "one two"


async def test_p12_1001_reaches_those_who_are_sending(serve: Serve) -> None:
    """A close frame must not be lost because the client is just saying something."""
    server = await serve()
    clients = [await server.join(str(number)) for number in range(10)]

    async def chatter(client: Client) -> None:
        try:
            while True:
                await client.send(type="presence", base="", anchor=0, head=0)
                await asyncio.sleep(0)
        except ConnectionError:
            pass

    talking = [asyncio.create_task(chatter(client)) for client in clients]
    await clients[0].pong()
    _, *codes = await asyncio.gather(server.stop(), *(client.closed() for client in clients))
    await asyncio.gather(*talking)
    assert codes == [1001] * 10


async def test_p12_1013_above_the_number_of_connections(serve: Serve) -> None:
    server = await serve(sessions_max=3, document_sessions_max=2)
    ann = await server.join("Ann")
    bo = await server.join("Bo")
    assert await (await server.connect()).closed() == 1013
    other = await server.join(document="other")
    assert await (await server.connect("third")).closed() == 1013
    await bo.close()
    await other.close()
    await eventually(lambda: server.connections() == 1, "Bo's place is free again")
    await server.join("Cat")
    assert (await ann.edit("on we go"))["type"] == "merged"


async def test_p12_silence_is_the_end_and_a_pong_is_no_silence(serve: Serve) -> None:
    server = await serve(pong_wait_s=1.0, ping_every_s=0.1)
    lively = await server.join()
    listening = asyncio.create_task(lively.closed())
    async with RawSocket(*server.address) as silent:
        await silent.upgrade("/ws/notes")
        await silent.send_text('{"type": "hello", "protocol": 1}')
        assert await silent.close_code() == 1008
    assert not listening.done()
    await lively.close()
    await listening


# --- P13: origins


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("{host}", True),
        ("https://friend.example", True),
        ("https://alien.example", False),
        ("https://{address}.alien.example", False),
        ("https://alien.example/{address}", False),
        ("http://alien@{address}", False),
        ("null", False),
        ("", False),
        ("http://[", False),
        ("http://friend.example", False),
    ],
)
async def test_p13_an_alien_origin_is_refused(serve: Serve, origin: str, is_allowed: bool) -> None:
    server = await serve(origins=("https://friend.example",))
    host, port = server.address
    origin = origin.format(host=server.url, address=f"{host}:{port}")
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
        "Origin": origin,
    }
    async with server.http.get(f"{server.url}/ws/notes", headers=headers) as response:
        assert response.status == (101 if is_allowed else 403)
        response.close()


# --- P14: keys


async def test_p14_a_wrong_key_gets_a_new_client_and_not_the_others_branch(server: Served) -> None:
    ann, _ = await server.pair("one")
    elsewhere = await server.join("Ann", "elsewhere")
    for key in ("", "0" * 32, ann.welcome["key"][:-1], "é", elsewhere.welcome["key"]):
        thief = await server.connect()
        await thief.hello(client=ann.id, key=key)
        assert thief.id != ann.id
        assert thief.welcome["seq"] == 0
        assert thief.welcome["branch"] == f"clients/{thief.id}"
        await thief.close()
    thief = await server.connect()
    await thief.hello(client=ann.id)
    assert thief.id != ann.id
    assert (await ann.edit("one two"))["type"] == "merged"


async def test_p14_the_right_key_gets_the_client_back_and_ends_its_older_connection(
    server: Served,
) -> None:
    ann, bo = await server.pair("one")
    again = await server.come_back(ann)
    assert again.id == ann.id
    assert again.welcome["seq"] == 1
    assert await ann.closed() == 1008
    assert (await again.edit("one two"))["type"] == "merged"
    await bo.until("one two")
    assert ann.id in bo.people, "who has come back has not left"


async def test_p14_a_key_is_good_after_a_restart_of_the_server(serve: Serve) -> None:
    first = await serve("one")
    ann = await first.join()
    await ann.edit("one")
    await first.stop()
    second = await serve("two")
    stranger = await second.connect()
    await stranger.hello(**ann.resuming)
    assert stranger.id != ann.id, "another server has another secret"

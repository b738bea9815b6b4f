"""Rules P1 to P8 of docs/protocol.md, over a real socket: hello, edits and updates."""

import asyncio
from itertools import pairwise

import pytest

from tests.server.sockets.client import Client, Message, apply, check_of
from tests.server.sockets.gated_journal import GatedJournal
from tests.server.sockets.harness import Serve, Served, eventually
from tests.server.sockets.raw_socket import RawSocket, frame

# --- P1: hello and welcome


async def test_p1_a_hello_is_answered_by_a_welcome_with_all_its_fields(server: Served) -> None:
    ann = await server.join("Ann")
    welcome = ann.welcome
    assert welcome["protocol"] == 1
    assert welcome["document"] == "notes"
    assert welcome["branch"] == f"clients/{ann.id}"
    assert welcome["text"] == ""
    assert welcome["seq"] == 0
    assert welcome["conflict"] is None
    assert welcome["access"] == "edit"
    assert welcome["limits"]["document_bytes"] == 1024 * 1024
    assert len(welcome["revision"]) == 40
    [person] = welcome["people"]
    assert (person["client"], person["name"]) == (ann.id, "Ann")
    assert person["color"]


@pytest.mark.parametrize("kind", ["ping", "sync", "edit", "presence"])
async def test_p1_anything_before_hello_is_an_error_and_the_end(server: Served, kind: str) -> None:
    client = await server.connect()
    await client.send(type=kind, seq=1, base="0" * 40, text="", anchor=0, head=0)
    error = await client.receive_raw()
    assert (error["type"], error["code"]) == ("error", "bad_message")
    assert await client.closed() == 1008


@pytest.mark.parametrize("hello", [{"protocol": 2}, {}, {"protocol": "1"}, {"protocol": -1}])
async def test_p1_a_hello_that_cannot_be_is_an_error_and_the_end(
    server: Served, hello: Message
) -> None:
    client = await server.connect()
    await client.send(type="hello", **hello)
    error = await client.receive_raw()
    assert (error["type"], error["code"]) == ("error", "bad_message")
    assert await client.closed() == 1008


async def test_p1_a_second_hello_is_an_error_and_the_session_goes_on(server: Served) -> None:
    ann = await server.join()
    await ann.send(type="hello", protocol=1)
    assert (await ann.next("error"))["code"] == "bad_message"
    assert (await ann.edit("still here"))["type"] == "merged"


async def test_p1_ws_alone_is_the_document_welcome(server: Served) -> None:
    client = await Client.connect(server.http, f"{server.url}/ws")
    assert (await client.hello())["document"] == "welcome"
    await client.close()


async def test_p1_a_hello_with_a_known_base_is_welcomed_with_splices(server: Served) -> None:
    ann, bo = await server.pair("one two three")
    await ann.close()
    await bo.edit("one TWO three")
    again = await server.come_back(ann)
    assert again.welcome["from"] == ann.revision
    assert "text" not in again.welcome
    assert again.text == "one TWO three"


async def test_p1_a_hello_with_an_unknown_base_is_welcomed_with_the_text(server: Served) -> None:
    await server.pair("one two three")
    cat = await server.join("Cat", base="f" * 40)
    assert cat.welcome["text"] == "one two three"
    assert "from" not in cat.welcome


# --- P2: durable before it is said


async def test_p2_nothing_is_answered_before_it_is_durable(
    journal: type[GatedJournal], server: Served
) -> None:
    ann, bo = await server.pair("one")
    journal.gate.clear()
    journal.waits.clear()
    seq = await ann.submit("one two")
    await eventually(journal.waits.is_set, "the journal has the edit")
    await ann.pong()  # the server is well and talks, but has not answered the edit
    await bo.pong()
    assert await server.raw() == "one"
    assert bo.text == "one"
    journal.gate.set()
    merged = await ann.answer(seq)
    assert (await server.refs())["master"] == merged["revision"]
    await bo.until("one two")


async def test_p2_what_is_acknowledged_is_on_disk_reachable_and_sound(server: Served) -> None:
    ann, bo = await server.pair("one two three")
    for client, text in [(ann, "ONE two three"), (bo, "one two THREE"), (ann, "uno two three")]:
        answer = await client.edit(text)
        refs = await server.refs()
        assert answer["commit"] in (refs[f"clients/{client.id}"], answer["revision"])
        assert refs["master"] == answer["revision"]
        await server.fsck()


# --- P3: one answer each


async def test_p3_the_same_seq_again_changes_nothing_and_has_an_equivalent_answer(
    server: Served,
) -> None:
    ann, bo = await server.pair("one two")
    base = ann.revision
    first = await ann.edit("one TWO")
    await bo.until("one TWO")
    await bo.edit("ONE TWO")
    await ann.until("ONE TWO")
    before = await server.refs()
    again = await ann.edit("one TWO", seq=first["seq"], base=base)
    assert (again["type"], again["seq"], again["commit"]) == (
        "merged",
        first["seq"],
        first["commit"],
    )
    assert ann.text == "ONE TWO"
    assert await server.refs() == before


async def test_p3_the_same_seq_again_after_a_reconnect(server: Served) -> None:
    ann, bo = await server.pair("one two")
    base = ann.revision
    seq = await ann.submit("one TWO")  # the answer never arrives
    await bo.until("one TWO")
    await ann.vanish()
    again = await server.come_back(ann)
    assert again.welcome["seq"] == seq
    answer = await again.edit("one TWO", seq=seq, base=base)
    assert answer["type"] == "merged"
    assert again.text == "one TWO"
    assert await server.git_on_disk("log", "--format=%s", "master") != ""
    trailers = await server.git_on_disk("log", "--format=%(trailers:key=Seq,valueonly)", "master")
    assert trailers.split() == [str(seq), "1"]


async def test_p3_every_edit_resolve_and_park_has_exactly_one_answer(server: Served) -> None:
    ann, bo = await server.pair("the red fox")
    await ann.edit("the blue fox")
    seqs = [await bo.submit("the green fox", base=bo.welcome["revision"])]
    await bo.answer(seqs[0])
    await bo.send(type="park", seq=2, commit="0" * 40)
    await bo.send(type="resolve", seq=3, commit="0" * 40, base=bo.revision, text="x")
    await bo.send(type="edit", seq=4, base="0" * 40, text="x")
    await bo.send(type="edit", seq=5, base=bo.base, splices=[[99, 1, "x"]])
    answers = [(await bo.next("error"))["seq"] for _ in range(4)]
    assert answers == [2, 3, 4, 5]
    await bo.send(type="ping")
    assert (await bo.next())["type"] == "pong"


# --- P4: a base of any age


async def test_p4_an_edit_may_be_based_on_any_revision(server: Served) -> None:
    ann = await server.join()
    await ann.edit("a b c d e f g")
    oldest = ann.revision
    for text in ("A b c d e f g", "A B c d e f g", "A B C d e f g"):
        await ann.edit(text)
    await ann.edit("a b c d e f G", base=oldest)
    assert ann.text == "A B C d e f G"


async def test_p4_an_edit_may_be_based_on_the_clients_own_commit(server: Served) -> None:
    ann, bo = await server.pair("a b c d")
    await ann.edit("A b c d")
    merged = await bo.edit("a b c D", base=bo.welcome["revision"])
    assert merged["commit"] != merged["revision"]
    await bo.edit("a b C D", base=merged["commit"])
    assert bo.text == "A b C D"


async def test_p4_an_unknown_base_is_said_and_the_client_recovers_by_sync(server: Served) -> None:
    ann, _ = await server.pair("one")
    for base in ("f" * 40, "", "master", ann.revision[:12], "../" * 13):
        error = await ann.edit("one two", base=base)
        assert (error["type"], error["code"]) == ("error", "unknown_base")
    assert (await ann.sync())["text"] == "one"
    assert (await ann.edit("one two"))["type"] == "merged"


async def test_p4_a_commit_of_another_client_that_is_not_merged_is_no_base(server: Served) -> None:
    ann, bo = await server.pair("the red fox")
    await ann.edit("the blue fox")
    conflict = await bo.edit("the green fox", base=bo.welcome["revision"])
    assert conflict["type"] == "conflict"
    error = await ann.edit("mine now", base=conflict["commit"])
    assert error["code"] == "unknown_base"


# --- P5: several outstanding, in order, bounded


async def test_p5_edits_that_do_not_wait_are_taken_in_order(server: Served) -> None:
    ann = await server.join()
    await ann.edit("0")
    text = "0"
    seqs = []
    for number in range(1, 11):
        text += f" {number}"
        seqs.append(await ann.submit(text))
    answers = [await ann.answer(seq) for seq in seqs]
    assert {answer["type"] for answer in answers} == {"merged"}
    assert ann.text == text


async def test_p5_more_than_the_server_keeps_are_refused_and_nothing_is_lost(
    journal: type[GatedJournal], serve: Serve
) -> None:
    server = await serve(edits_outstanding_max=3)
    ann = await server.join()
    await ann.edit("0")
    journal.gate.clear()
    seqs = [await ann.submit(f"0 {number}") for number in range(5)]
    assert (await ann.next("error"))["seq"] == seqs[3]
    refused = await ann.next("error")
    assert (refused["code"], refused["seq"]) == ("rate_limited", seqs[4])
    assert refused["retry_after_s"] > 0
    journal.gate.set()
    for seq in seqs[:3]:
        assert (await ann.answer(seq))["type"] == "merged"


async def test_p5_syncs_without_end_are_bounded_too(
    journal: type[GatedJournal], server: Served
) -> None:
    ann = await server.join()
    await ann.edit("0")
    journal.gate.clear()
    seq = await ann.submit("0 1")
    for _ in range(100):
        await ann.send(type="sync")
    assert (await ann.next("error"))["code"] == "rate_limited"
    journal.gate.set()
    await ann.answer(seq)
    await ann.until("0 1")


# --- P6: updates chain


async def test_p6_updates_chain(server: Served) -> None:
    ann, bo = await server.pair("0")
    for number in range(1, 20):
        await ann.edit(f"{ann.text} {number}")
    await bo.until(ann.text)
    revisions = [bo.welcome["revision"], *(update["revision"] for update in bo.updates)]
    assert [update["from"] for update in bo.updates] == revisions[:-1]
    assert all(update["clients"] == [ann.id] for update in bo.updates)


async def test_p6_an_answer_covers_what_the_client_was_not_shown(server: Served) -> None:
    ann, bo = await server.pair("a b c d")
    await ann.edit("A b c d")
    merged = await bo.edit("a b c D", base=bo.welcome["revision"])
    assert apply("a b c D", merged["splices"]) == "A b c D"
    await ann.until("A b c D")
    await ann.edit("A B c D")
    await bo.until("A B c D")
    assert bo.updates[-1]["from"] == merged["revision"]


async def test_p6_a_client_that_dropped_updates_before_an_error_gets_all_by_sync(
    server: Served,
) -> None:
    ann, bo = await server.pair("a b")
    await ann.edit("A b")
    await bo.edit("?", base="0" * 40)
    update = await bo.sync()
    assert (update["text"], update["revision"]) == ("A b", ann.revision)
    await ann.edit("A B")
    await bo.until("A B")


async def test_p6_nobody_hears_of_their_own_edit_twice(server: Served) -> None:
    ann, bo = await server.pair("a b")
    await ann.edit("A b")
    await bo.until("A b")
    await ann.pong()
    assert ann.updates == []


async def test_p6_a_fault_in_a_batch_of_several_keeps_nobody_from_the_news(
    journal: type[GatedJournal], server: Served, server_log: pytest.LogCaptureFixture
) -> None:
    ann, bo = await server.pair("a b c")
    cat = await server.join("Cat")
    journal.gate.clear()
    journal.waits.clear()
    first = await cat.submit("a b C")
    await eventually(journal.waits.is_set, "the journal has Cat's edit; what comes now waits")
    await ann.submit("A b c")
    await bo.submit("a B c")
    await asyncio.gather(ann.pong(), bo.pong())
    journal.has_fault = True
    journal.gate.set()
    assert (await cat.answer(first))["type"] == "merged"
    await asyncio.gather(*(client.until("A B C") for client in (ann, bo, cat)))
    assert "a fault of ours" in server_log.text
    server_log.clear()


# --- P7: slow readers


def _page(letter: str) -> str:
    """A text that is larger than the buffers of a socket."""
    return "\n".join([letter * 79] * 12_000)


async def test_p7_a_client_that_does_not_read_is_cut_off_and_nobody_is_disturbed(
    serve: Serve,
) -> None:
    server = await serve(write_wait_s=0.3)
    ann, bo = await server.pair("")
    async with RawSocket(*server.address) as deaf:
        await deaf.upgrade("/ws/notes")
        await deaf.send_text('{"type": "hello", "protocol": 1, "name": "Deaf"}')
        while not any(person["name"] == "Deaf" for person in bo.people.values()):
            await bo.next("presence")
        left = asyncio.create_task(_until_gone(bo, "Deaf"))
        for letter in "abcdefgh":
            await ann.edit(_page(letter))
        await left
    assert server.connections() == 2
    await bo.until(ann.text)
    await bo.edit("on we go")
    await ann.until("on we go")


async def _until_gone(client: Client, name: str) -> None:
    while any(person["name"] == name for person in client.people.values()):
        await client.next("presence")


async def test_p7_a_slow_reader_gets_one_update_over_many_revisions(serve: Serve) -> None:
    server = await serve(frame_bytes_max=2**27)  # Ann is not slowed down
    ann, _ = await server.pair("start")
    async with RawSocket(*server.address) as slow:
        await slow.upgrade("/ws/notes")
        await slow.send_text('{"type": "hello", "protocol": 1, "name": "Slow"}')
        while len(ann.people) < 3:
            await ann.next("presence")
        for letter in "abcdefgh":  # all of these do not fit into the socket
            await ann.edit(_page(letter))
        for number in range(40):
            await ann.edit(f"{number}\n{ann.text}")
        messages = [message async for message in slow.messages_until(ann.revision)]
    updates = [message for message in messages if message["type"] == "update"]
    assert len(updates) < 10
    text = messages[0]["text"]
    for before, update in pairwise([messages[0], *updates]):
        assert update["from"] == before["revision"]
        text = apply(text, update["splices"])
    assert text == ann.text
    assert updates[-1]["check"] == check_of(text)


async def test_p7_what_waits_for_a_client_that_does_not_read_is_bounded(server: Served) -> None:
    """A client that asks and asks and takes nothing is not read from any more."""
    ann = await server.join()
    async with RawSocket(*server.address) as deaf:
        await deaf.upgrade("/ws/notes")
        await deaf.send_text('{"type": "hello", "protocol": 1}')
        question = frame(b'{"type":"sync"}')  # the answers are far longer
        taken = await deaf.flood(question * 10, 16 * 1024 * 1024)
        assert taken < 8 * 1024 * 1024
        assert (await ann.edit("on we go"))["type"] == "merged"


# --- P8: an edit that changes nothing


async def test_p8_an_edit_that_changes_nothing_makes_no_commit(server: Served) -> None:
    ann, bo = await server.pair("one")
    before = await server.refs()
    assert (await bo.edit("one"))["type"] == "merged"
    assert (await bo.edit("one", splices=[]))["splices"] == []
    assert await server.refs() == before
    await ann.pong()
    assert ann.updates == []

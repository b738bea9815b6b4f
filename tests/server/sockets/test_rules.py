"""Each rule of docs/protocol.md, over a real socket."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import pairwise

import pytest

from server.git.changes import Entry
from server.storage.journal import JournalError, opening
from server.storage.journal.sqlite import SqliteJournal
from tests.server.sockets.client import Client, Message, apply, check_of, with_theirs
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


class _Gated(SqliteJournal):
    """The real journal, which waits for a word before it begins, or fails."""

    gate = threading.Event()
    waits = threading.Event()
    is_broken = False
    has_fault = False

    def append(self, entry: Entry, follows: int) -> Future[int]:
        self.waits.set()
        assert self.gate.wait(20)
        if self.has_fault and len(entry.moves) > 2:  # more than master and one client's branch
            raise ArithmeticError("a fault of ours")
        if self.is_broken:
            raise JournalError("no space left on device")
        return super().append(entry, follows)


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Gated]]:
    class Journal(_Gated):
        gate = threading.Event()
        waits = threading.Event()

    monkeypatch.setattr(opening, "SqliteJournal", Journal)
    Journal.gate.set()
    yield Journal
    Journal.gate.set()


async def test_p2_nothing_is_answered_before_it_is_durable(
    journal: type[_Gated], server: Served
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
    journal: type[_Gated], serve: Serve
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


async def test_p5_syncs_without_end_are_bounded_too(journal: type[_Gated], server: Served) -> None:
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
    journal: type[_Gated], server: Served, server_log: pytest.LogCaptureFixture
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
    """A text that no socket takes in one go."""
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


# --- P9: conflicts

_FOXES = "The red fox\njumps over\nthe lazy dog"


async def _conflict(server: Served) -> tuple[Client, Client, Message]:
    """Ann's word is in, Bo's waits; Bo's other change is in as well."""
    ann, bo = await server.pair(_FOXES)
    await ann.edit("The blue fox\njumps over\nthe lazy dog")
    conflict = await bo.edit(
        "The green fox\njumps over\nthe sleepy dog", base=bo.welcome["revision"]
    )
    assert conflict["type"] == "conflict"
    return ann, bo, conflict


async def test_p9_only_the_disputed_words_wait(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    [hunk] = conflict["hunks"]
    assert (hunk["base"], hunk["ours"], hunk["theirs"]) == ("red", "blue", "green")
    assert conflict["text"] == "The blue fox\njumps over\nthe sleepy dog"
    assert with_theirs(conflict) == "The green fox\njumps over\nthe sleepy dog"
    assert conflict["names"] == {"ours": ["Ann"], "theirs": "Bo"}
    assert "-The blue fox" in conflict["diff"]
    assert "+The green fox" in conflict["diff"]
    await ann.until(conflict["text"])
    refs = await server.refs()
    assert refs["master"] == conflict["revision"]
    assert refs[f"clients/{bo.id}"] == conflict["commit"]
    base = await server.git_on_disk("merge-base", "master", f"clients/{bo.id}")
    assert base.strip() == conflict["base"]


async def test_p9_no_update_comes_while_it_is_open_and_a_changed_hunk_comes_fresh(
    server: Served,
) -> None:
    ann, bo, conflict = await _conflict(server)
    await ann.until(conflict["text"])
    before = list(bo.updates)
    await ann.edit(ann.text.replace("jumps", "leaps"))
    await bo.pong()
    assert bo.updates == before
    await ann.edit(ann.text.replace("blue", "black"))
    fresh = await bo.next("conflict")
    assert fresh["seq"] == conflict["seq"]
    assert [hunk["ours"] for hunk in fresh["hunks"]] == ["black"]
    assert fresh["waiting"] == conflict["waiting"] + 2


async def test_p9_it_ends_by_itself_when_the_disagreement_is_gone(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    await ann.until(conflict["text"])
    await ann.edit(ann.text.replace("blue", "green"))
    merged = await bo.next("merged")
    assert merged["seq"] == conflict["seq"]
    assert bo.text == "The green fox\njumps over\nthe sleepy dog"
    await ann.until(bo.text)


async def test_p9_typing_goes_on_while_it_is_open(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    further = await bo.edit("The green fox\njumps over\nthe sleepy cat")
    assert further["type"] == "conflict"
    assert [hunk["theirs"] for hunk in further["hunks"]] == ["green"]
    await ann.until("The blue fox\njumps over\nthe sleepy cat")
    agreed = await bo.edit("The blue fox\njumps over\nthe sleepy cat")
    assert agreed["type"] == "merged"
    assert bo.text == ann.text
    assert conflict["commit"] != further["commit"]


async def test_p9_resolve_brings_the_answer_to_everyone(server: Served) -> None:
    ann, bo, _ = await _conflict(server)
    merged = await bo.resolve("The turquoise fox\njumps over\nthe sleepy dog")
    assert merged["type"] == "merged"
    assert bo.text == "The turquoise fox\njumps over\nthe sleepy dog"
    await ann.until(bo.text)
    await server.fsck()


async def test_p9_resolve_after_the_same_spot_moved_is_a_new_conflict(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    await ann.until(conflict["text"])
    await ann.edit(ann.text.replace("blue", "black"))
    again = await bo.resolve("The green fox\njumps over\nthe sleepy dog")
    assert again["type"] == "conflict"
    assert [(h["ours"], h["theirs"]) for h in again["hunks"]] == [("black", "green")]
    assert (await bo.resolve(with_theirs(again)))["type"] == "merged"
    await ann.until("The green fox\njumps over\nthe sleepy dog")


async def test_p9_park_keeps_the_branch_and_the_client_goes_on_from_master(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    merged = await bo.park()
    assert merged["type"] == "merged"
    assert bo.text == conflict["text"]
    refs = await server.refs()
    assert refs[f"unmerged/{bo.id}"] == conflict["commit"]
    assert f"clients/{bo.id}" not in refs
    await bo.edit(bo.text + "!")
    await ann.until(conflict["text"] + "!")


async def test_p9_who_comes_back_has_the_conflict_in_the_welcome(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    await bo.close()
    again = await server.come_back(bo)
    assert again.conflict
    assert again.conflict["commit"] == conflict["commit"]
    assert again.conflict["hunks"] == conflict["hunks"]
    assert (await again.resolve(with_theirs(again.conflict)))["type"] == "merged"
    await ann.until("The green fox\njumps over\nthe sleepy dog")


async def test_p9_who_does_not_come_back_has_it_parked(serve: Serve) -> None:
    server = await serve(park_after_s=0.2, checkpoint_idle_s=0.02)
    _, bo, conflict = await _conflict(server)
    await bo.close()
    refs = await server.repository() / "packed-refs"
    parked = f"{conflict['commit']} refs/heads/unmerged/{bo.id}\n"
    await eventually(lambda: parked in refs.read_text(), "the branch is parked, and on disk")
    await server.fsck()


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
    journal: type[_Gated], server: Served, server_log: pytest.LogCaptureFixture
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

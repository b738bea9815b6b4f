"""The client's machine, message by message; the rules are those of docs/protocol.md."""

import pytest

from merge.diff_splices import diff_splices
from server.client.replica import (
    ClientSync,
    Snapshot,
    UnexpectedMessageError,
    decode,
    encode,
    with_results,
)
from server.protocol import (
    ClientMessage,
    Code,
    Conflict,
    Edit,
    Error,
    FullText,
    Hello,
    Limits,
    Merged,
    Names,
    Park,
    Resolve,
    Sync,
    Update,
    Welcome,
    WireHunk,
    check_of,
    wire,
)


def welcome(text: str = "one two three\n", revision: str = "r1", **fields: object) -> Welcome:
    told: dict[str, object] = {
        "document": "notes",
        "client": "k1",
        "key": "secret",
        "branch": "clients/k1",
        "seq": 0,
        "people": [],
        "conflict": None,
        "unmerged": 0,
        "limits": Limits(1000, 4000, 100.0),
    }
    return Welcome(revision=revision, text=text, check=check_of(text), **(told | fields))  # type: ignore[arg-type]


def update(before: str, after: str, from_: str, revision: str) -> Update:
    change = wire(diff_splices(before, after))
    return Update(
        from_=from_, revision=revision, splices=change, check=check_of(after), clients=["k2"]
    )


def merged(seq: int, commit: str, revision: str, sent: str, after: str) -> Merged:
    return Merged(seq, commit, revision, wire(diff_splices(sent, after)), check_of(after))


def conflict(seq: int = 1) -> Conflict:
    hunk = WireHunk(4, 8, "two", "zwei", "deux")
    names = Names(["Ann"], "Bot")
    return Conflict(seq, "c1", "r2", "r1", "one zwei three\n", [hunk], "", names, 1)


def joined(snapshot: Snapshot | None = None) -> ClientSync:
    sync = ClientSync(snapshot)
    sync.opened("Bot")
    sync.take_messages()
    sync.received(welcome())
    if sync.can_catch_up:
        sync.catch_up()
    return sync


def submitted(sync: ClientSync, text: str) -> ClientMessage:
    sync.edited(text)
    sync.flush()
    [message] = sync.take_messages()
    return message


def in_conflict() -> ClientSync:
    sync = joined()
    submitted(sync, "one deux three\n")
    sync.received(conflict())
    return sync


def test_p1_it_begins_with_hello_and_shows_the_text_of_the_welcome() -> None:
    sync = ClientSync()
    sync.opened("Bot")
    assert sync.take_messages() == [Hello(1, "Bot")]
    sync.received(welcome())
    assert sync.catch_up()
    assert sync.local == "one two three\n"
    assert sync.is_settled


def test_an_edit_is_sent_as_what_changed_and_settles_with_its_answer() -> None:
    sync = joined()
    assert submitted(sync, "one 2 three\n") == Edit(1, "r1", splices=[(4, 3, "2")])
    assert not sync.is_settled
    sync.received(merged(1, "c1", "c1", "one 2 three\n", "one 2 three\n"))
    assert sync.catch_up()
    assert sync.known.commit == "c1"
    assert sync.is_settled


def test_p6_updates_are_dropped_while_an_edit_is_outstanding() -> None:
    sync = joined()
    submitted(sync, "one 2 three\n")
    sync.received(update("one two three\n", "1 two three\n", "r1", "r2"))
    sync.received(merged(1, "c1", "r3", "one 2 three\n", "1 2 three\n"))
    assert sync.catch_up()
    assert sync.local == "1 2 three\n"


def test_p6_after_a_refused_edit_it_asks_what_it_missed() -> None:
    sync = joined()
    submitted(sync, "one\0two\n")
    sync.received(update("one two three\n", "1 two three\n", "r1", "r2"))
    sync.received(Error(Code.BAD_MESSAGE, "No.", seq=1))
    assert sync.refusal
    sync.flush()
    assert sync.take_messages() == [Sync()]
    sync.received(FullText("r2", "1 two three\n", check_of("1 two three\n")))
    assert sync.newest.text == "1 two three\n"


def test_what_was_written_meanwhile_is_merged_and_sent() -> None:
    sync = joined()
    submitted(sync, "one 2 three\n")
    sync.edited("one 2 3\n")
    sync.received(merged(1, "c1", "r2", "one 2 three\n", "1 2 three\n"))
    assert sync.catch_up()
    assert sync.local == "1 2 3\n"
    sync.flush()
    assert sync.take_messages() == [Edit(2, "r2", splices=[(4, 5, "3")])]


def test_the_same_words_are_left_to_the_server_to_merge() -> None:
    sync = joined()
    submitted(sync, "one 2 three\n")
    sync.edited("one II three\n")
    sync.received(merged(1, "c1", "r2", "one 2 three\n", "one zwei three\n"))
    assert not sync.catch_up()
    assert sync.local == "one II three\n"
    assert sync.take_messages() == [Edit(2, "c1", splices=[(4, 1, "II")])]


def test_p9_in_a_conflict_the_text_stays_and_an_edit_goes_on_from_the_own_commit() -> None:
    sync = in_conflict()
    assert sync.local == "one deux three\n"
    assert submitted(sync, "one deux 3\n") == Edit(2, "c1", text="one deux 3\n")


def test_p9_a_resolution_names_the_revision_that_was_shown() -> None:
    sync = in_conflict()
    found = sync.conflict
    assert found
    text = with_results(found, ["zwei deux"])
    sync.resolve(found, text)
    assert sync.take_messages() == [Resolve(2, "r2", splices=[(9, 0, "deux ")], commit="c1")]
    sync.received(merged(2, "c2", "c2", text, text))
    assert sync.catch_up()
    assert sync.conflict is None
    assert sync.local == "one zwei deux three\n"


def test_p9_a_conflict_that_is_gone_by_itself_brings_what_everybody_has() -> None:
    sync = in_conflict()
    sync.received(merged(1, "c1", "r3", "one deux three\n", "1 deux three\n"))
    assert sync.catch_up()
    assert sync.local == "1 deux three\n"


def test_p9_a_parked_conflict_goes_on_from_what_everybody_has() -> None:
    sync = in_conflict()
    sync.park()
    assert sync.take_messages() == [Park(2, "c1")]
    sync.received(merged(2, "c1", "r2", "one deux three\n", "one zwei three\n"))
    assert sync.catch_up()
    assert sync.local == "one zwei three\n"
    assert sync.is_settled


def test_p3_after_a_reconnect_the_same_is_sent_again() -> None:
    sync = joined()
    message = submitted(sync, "one 2 three\n")
    sync.closed()
    sync.edited("one 2 3\n")
    sync.opened("Bot")
    assert sync.take_messages() == [Hello(1, "Bot", "k1", "secret", "r1")]
    sync.received(welcome("1 two three\n", "r2"))
    assert sync.take_messages() == [message]


def test_p3_so_it_is_from_a_snapshot_in_another_process() -> None:
    sync = joined()
    message = submitted(sync, "one 2 three\n")
    later = ClientSync(sync.snapshot())
    later.opened("Bot")
    later.take_messages()
    later.received(welcome())
    assert later.take_messages() == [message]


def test_p14_whoever_is_not_resumed_has_everything_unsent() -> None:
    sync = joined()
    submitted(sync, "one 2 three\n")
    sync.closed()
    sync.opened("Bot")
    sync.take_messages()
    sync.received(welcome("1 two three\n", "r2", client="k9"))
    sync.flush()
    assert sync.take_messages() == [Edit(1, "r1", splices=[(4, 3, "2")])]
    sync.received(merged(1, "c1", "r3", "one 2 three\n", "1 2 three\n"))
    assert sync.catch_up()
    assert sync.local == "1 2 three\n"


def test_p4_without_a_shared_commit_the_texts_are_merged_here() -> None:
    sync = joined()
    submitted(sync, "one 2 three\n")
    sync.received(Error(Code.UNKNOWN_BASE, "Unknown.", seq=1))
    assert sync.take_messages() == [Sync()]
    sync.received(FullText("x1", "one zwei 3\n", check_of("one zwei 3\n")))
    assert sync.catch_up()
    assert sync.local == "one 2 three zwei 3\n"
    sync.flush()
    assert sync.take_messages() == [Edit(2, "x1", splices=[(4, 0, "2 three ")])]


def test_p8_a_server_that_sends_the_text_is_asked_whether_it_knows_the_revision() -> None:
    sync = joined()
    sync.closed()
    sync.opened("Bot")
    sync.take_messages()
    sync.received(welcome("one two\n", "r2"))
    assert not sync.can_catch_up
    sync.flush()
    assert sync.take_messages() == [Edit(1, "r1", splices=[])]
    sync.received(merged(1, "r1", "r2", "one two three\n", "one two\n"))
    assert sync.catch_up()
    assert (sync.local, sync.is_cut_off, sync.is_settled) == ("one two\n", False, True)


def test_p4_a_server_that_was_restored_does_not_and_that_outlives_a_restart() -> None:
    sync = joined()
    sync.closed()
    sync.opened("Bot")
    sync.received(welcome("one\n", "r0"))
    sync.flush()
    sync.received(Error(Code.UNKNOWN_BASE, "?", 1))
    assert ClientSync(sync.snapshot()).is_cut_off
    sync.received(FullText("r0", "one\n", check_of("one\n")))
    assert sync.is_cut_off
    assert sync.catch_up()
    assert (sync.local, sync.is_cut_off) == ("one\n", False)


def test_a_server_that_is_busy_gets_the_same_again_later() -> None:
    sync = joined()
    message = submitted(sync, "one 2 three\n")
    sync.received(Error(Code.RATE_LIMITED, "Too quick.", seq=1, retry_after_s=2.5))
    assert sync.retry_after_s == 2.5
    sync.flush()
    assert sync.take_messages() == []
    sync.retry()
    assert sync.take_messages() == [message]


def test_a_text_that_is_too_large_is_not_sent() -> None:
    sync = joined()
    sync.edited("x" * 1001)
    sync.flush()
    assert sync.take_messages() == []
    assert sync.refusal
    assert "1,001 of 1,000 bytes" in sync.refusal.message


def test_a_text_that_has_drifted_is_fetched() -> None:
    sync = joined()
    sync.received(Update(from_="r1", revision="r2", splices=[], check=1, clients=[]))
    assert sync.take_messages() == [Sync()]


def test_a_text_made_of_an_older_one_is_sent_on_that_base() -> None:
    sync = joined()
    older = sync.known
    sync.received(update("one two three\n", "one two 3\n", "r1", "r2"))
    assert sync.catch_up()
    sync.edited("one 2 three\n", older)
    sync.flush()
    assert sync.take_messages() == [Edit(1, "r1", splices=[(4, 3, "2")])]


@pytest.mark.parametrize(
    "frame", [b"", b"[]", b"{}", b'{"type": "merged"}', b'{"type": 1}', b"\xff", b"[" * 9999]
)
def test_a_frame_that_is_none_is_a_clear_error(frame: bytes) -> None:
    with pytest.raises(UnexpectedMessageError):
        decode(frame)


def test_what_it_does_not_know_is_ignored() -> None:
    assert decode(b'{"type": "weather"}') is None


def test_an_answer_to_what_was_not_asked_is_an_error() -> None:
    sync = joined()
    with pytest.raises(UnexpectedMessageError):
        sync.received(merged(1, "c1", "c1", "", ""))


def test_messages_are_written_as_the_protocol_has_them() -> None:
    assert encode(Park(2, "c1")) == b'{"type":"park","seq":2,"commit":"c1"}'

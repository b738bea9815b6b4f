"""The client's replica, message by message; the rules are those of docs/protocol.md."""

import pytest

from merge.diff_splices import diff_splices
from server.client.replica import (
    Replica,
    Snapshot,
    UnexpectedMessageError,
    resolution_of,
)
from server.protocol import (
    ClientMessage,
    Code,
    Conflict,
    ConflictHunk,
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
    check_of,
    wire,
)


def welcome(text: str = "one two three\n", revision: str = "r1", **fields: object) -> Welcome:
    defaults: dict[str, object] = {
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
    return Welcome(revision=revision, text=text, check=check_of(text), **(defaults | fields))  # type: ignore[arg-type]


def update(before: str, after: str, from_: str, revision: str) -> Update:
    change = wire(diff_splices(before, after))
    return Update(
        from_=from_, revision=revision, splices=change, check=check_of(after), clients=["k2"]
    )


def merged(seq: int, commit: str, revision: str, sent: str, after: str) -> Merged:
    return Merged(seq, commit, revision, wire(diff_splices(sent, after)), check_of(after))


def conflict(seq: int = 1) -> Conflict:
    hunk = ConflictHunk(4, 8, "two", "zwei", "deux")
    names = Names(["Ann"], "Bot")
    return Conflict(seq, "c1", "r2", "r1", "one zwei three\n", [hunk], "", names, 1)


def joined(snapshot: Snapshot | None = None) -> Replica:
    replica = Replica(snapshot)
    replica.opened("Bot")
    replica.take_messages()
    replica.received(welcome())
    if replica.can_catch_up:
        replica.catch_up()
    return replica


def submitted(replica: Replica, text: str) -> ClientMessage:
    replica.edited(text)
    replica.flush()
    [message] = replica.take_messages()
    return message


def is_settled(replica: Replica) -> bool:
    """Whether both sides have everything."""
    is_behind = replica._newest is not None or replica._needs_resync
    return replica.is_online and replica.is_idle and not replica.is_unsent and not is_behind


def in_conflict() -> Replica:
    replica = joined()
    submitted(replica, "one deux three\n")
    replica.received(conflict())
    return replica


def test_p1_it_begins_with_hello_and_shows_the_text_of_the_welcome() -> None:
    replica = Replica()
    replica.opened("Bot")
    assert replica.take_messages() == [Hello(1, "Bot")]
    replica.received(welcome())
    assert replica.catch_up()
    assert replica.local == "one two three\n"
    assert is_settled(replica)


def test_an_edit_is_sent_as_splices_and_settles_with_its_answer() -> None:
    replica = joined()
    assert submitted(replica, "one 2 three\n") == Edit(1, "r1", splices=[(4, 3, "2")])
    assert not is_settled(replica)
    replica.received(merged(1, "c1", "c1", "one 2 three\n", "one 2 three\n"))
    assert replica.catch_up()
    assert replica.known.commit == "c1"
    assert is_settled(replica)


def test_p6_updates_are_dropped_while_an_edit_is_outstanding() -> None:
    replica = joined()
    submitted(replica, "one 2 three\n")
    replica.received(update("one two three\n", "1 two three\n", "r1", "r2"))
    replica.received(merged(1, "c1", "r3", "one 2 three\n", "1 2 three\n"))
    assert replica.catch_up()
    assert replica.local == "1 2 three\n"


def test_p6_after_a_refused_edit_it_fetches_what_it_missed() -> None:
    replica = joined()
    submitted(replica, "one\0two\n")
    replica.received(update("one two three\n", "1 two three\n", "r1", "r2"))
    replica.received(Error(Code.BAD_MESSAGE, "No.", seq=1))
    assert replica.refused
    replica.flush()
    assert replica.take_messages() == [Sync()]
    replica.received(FullText("r2", "1 two three\n", check_of("1 two three\n")))
    assert replica.newest.text == "1 two three\n"


def test_what_was_written_meanwhile_is_merged_and_sent() -> None:
    replica = joined()
    submitted(replica, "one 2 three\n")
    replica.edited("one 2 3\n")
    replica.received(merged(1, "c1", "r2", "one 2 three\n", "1 2 three\n"))
    assert replica.catch_up()
    assert replica.local == "1 2 3\n"
    replica.flush()
    assert replica.take_messages() == [Edit(2, "r2", splices=[(4, 5, "3")])]


def test_conflicting_words_are_left_to_the_server_to_merge() -> None:
    replica = joined()
    submitted(replica, "one 2 three\n")
    replica.edited("one II three\n")
    replica.received(merged(1, "c1", "r2", "one 2 three\n", "one zwei three\n"))
    assert not replica.catch_up()
    assert replica.local == "one II three\n"
    assert replica.take_messages() == [Edit(2, "c1", splices=[(4, 1, "II")])]


def test_p9_in_a_conflict_the_text_stays_and_edits_are_based_on_the_own_commit() -> None:
    replica = in_conflict()
    assert replica.local == "one deux three\n"
    assert submitted(replica, "one deux 3\n") == Edit(2, "c1", text="one deux 3\n")


def test_p9_a_resolution_names_the_revision_that_was_shown() -> None:
    replica = in_conflict()
    found = replica.conflict
    assert found
    text = resolution_of(found, ["zwei deux"])
    replica.resolve(found, text)
    assert replica.take_messages() == [Resolve(2, "r2", splices=[(9, 0, "deux ")], commit="c1")]
    replica.received(merged(2, "c2", "c2", text, text))
    assert replica.catch_up()
    assert replica.conflict is None
    assert replica.local == "one zwei deux three\n"


def test_p9_a_conflict_that_resolves_itself_brings_the_text_of_master() -> None:
    replica = in_conflict()
    replica.received(merged(1, "c1", "r3", "one deux three\n", "1 deux three\n"))
    assert replica.catch_up()
    assert replica.local == "1 deux three\n"


def test_p9_after_parking_the_client_continues_from_master() -> None:
    replica = in_conflict()
    replica.park()
    assert replica.take_messages() == [Park(2, "c1")]
    replica.received(merged(2, "c1", "r2", "one deux three\n", "one zwei three\n"))
    assert replica.catch_up()
    assert replica.local == "one zwei three\n"
    assert is_settled(replica)


def test_p3_after_a_reconnection_the_same_submission_is_sent_again() -> None:
    replica = joined()
    message = submitted(replica, "one 2 three\n")
    replica.closed()
    replica.edited("one 2 3\n")
    replica.opened("Bot")
    assert replica.take_messages() == [Hello(1, "Bot", "k1", "secret", "r1")]
    replica.received(welcome("1 two three\n", "r2"))
    assert replica.take_messages() == [message]


def test_p3_a_snapshot_resends_the_submission_in_another_process() -> None:
    replica = joined()
    message = submitted(replica, "one 2 three\n")
    later = Replica(replica.snapshot())
    later.opened("Bot")
    later.take_messages()
    later.received(welcome())
    assert later.take_messages() == [message]


def test_p14_a_client_that_is_not_resumed_has_everything_unsent() -> None:
    replica = joined()
    submitted(replica, "one 2 three\n")
    replica.closed()
    replica.opened("Bot")
    replica.take_messages()
    replica.received(welcome("1 two three\n", "r2", client="k9"))
    replica.flush()
    assert replica.take_messages() == [Edit(1, "r1", splices=[(4, 3, "2")])]
    replica.received(merged(1, "c1", "r3", "one 2 three\n", "1 2 three\n"))
    assert replica.catch_up()
    assert replica.local == "1 2 three\n"


def test_p4_without_a_shared_commit_the_texts_are_merged_here() -> None:
    replica = joined()
    submitted(replica, "one 2 three\n")
    replica.received(Error(Code.UNKNOWN_BASE, "Unknown.", seq=1))
    assert replica.take_messages() == [Sync()]
    replica.received(FullText("x1", "one zwei 3\n", check_of("one zwei 3\n")))
    assert replica.catch_up()
    assert replica.local == "one 2 three zwei 3\n"
    replica.flush()
    assert replica.take_messages() == [Edit(2, "x1", splices=[(4, 0, "2 three ")])]


def test_p8_a_server_that_sends_the_text_is_asked_whether_it_knows_the_revision() -> None:
    replica = joined()
    replica.closed()
    replica.opened("Bot")
    replica.take_messages()
    replica.received(welcome("one two\n", "r2"))
    assert not replica.can_catch_up
    replica.flush()
    assert replica.take_messages() == [Edit(1, "r1", splices=[])]
    replica.received(merged(1, "r1", "r2", "one two three\n", "one two\n"))
    assert replica.catch_up()
    assert (replica.local, replica.is_cut_off, is_settled(replica)) == ("one two\n", False, True)


def test_p4_being_cut_off_by_a_restored_server_survives_a_restart() -> None:
    replica = joined()
    replica.closed()
    replica.opened("Bot")
    replica.received(welcome("one\n", "r0"))
    replica.flush()
    replica.received(Error(Code.UNKNOWN_BASE, "?", 1))
    assert Replica(replica.snapshot()).is_cut_off
    replica.received(FullText("r0", "one\n", check_of("one\n")))
    assert replica.is_cut_off
    assert replica.catch_up()
    assert (replica.local, replica.is_cut_off) == ("one\n", False)


def test_whoever_may_only_view_is_not_told_whether_the_server_knows_the_revision() -> None:
    """The text may have lost something, so the old one must not be given up without a copy."""
    replica = joined()
    replica.closed()
    replica.opened("Bot")
    replica.received(welcome("one\n", "r0", access="view"))
    replica.flush()
    replica.received(Error(Code.FORBIDDEN, "?", 1))
    assert replica.is_cut_off
    replica.flush()
    replica.received(FullText("r0", "one\n", check_of("one\n")))
    assert replica.catch_up()
    assert (replica.local, replica.is_cut_off) == ("one\n", False)


def test_what_was_forbidden_is_sent_again_after_the_next_welcome() -> None:
    replica = joined()
    edit = submitted(replica, "1 two three\n")
    replica.received(Error(Code.FORBIDDEN, "?", 1))
    replica.flush()
    assert replica.refused
    assert Edit not in map(type, replica.take_messages())
    replica.closed()
    replica.opened("Bot")
    replica.take_messages()
    replica.received(welcome())
    replica.flush()
    assert isinstance(edit, Edit)
    assert replica.take_messages() == [Edit(2, "r1", splices=edit.splices)]


def test_after_a_temporary_error_the_same_message_is_sent_again() -> None:
    replica = joined()
    message = submitted(replica, "one 2 three\n")
    replica.received(Error(Code.RATE_LIMITED, "Too quick.", seq=1, retry_after_s=2.5))
    assert replica.retry_after_s == 2.5
    replica.flush()
    assert replica.take_messages() == []
    replica.retry()
    assert replica.take_messages() == [message]


def test_a_text_that_is_too_large_is_not_sent() -> None:
    replica = joined()
    replica.edited("x" * 1001)
    replica.flush()
    assert replica.take_messages() == []
    assert replica.refused
    assert "1,001 of 1,000 bytes" in replica.refused.message


def test_a_text_that_has_drifted_is_fetched() -> None:
    replica = joined()
    replica.received(Update(from_="r1", revision="r2", splices=[], check=1, clients=[]))
    assert replica.take_messages() == [Sync()]


def test_a_text_made_from_an_older_one_is_sent_with_that_base() -> None:
    replica = joined()
    older = replica.known
    replica.received(update("one two three\n", "one two 3\n", "r1", "r2"))
    assert replica.catch_up()
    replica.edited("one 2 three\n", older)
    replica.flush()
    assert replica.take_messages() == [Edit(1, "r1", splices=[(4, 3, "2")])]


def test_an_answer_without_a_submission_is_an_error() -> None:
    replica = joined()
    with pytest.raises(UnexpectedMessageError):
        replica.received(merged(1, "c1", "c1", "", ""))

"""A session: its actions on frames and replies, without a socket or a document."""

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import UNSET

from server import protocol
from server.core.clients import ResumeKeys
from server.core.document import Joined
from server.core.session import Action, Close, Limits, PresenceChanged, Send, Session, State, Submit
from server.protocol import CloseCode, Code

KEYS = ResumeKeys(b"secret")
LIMITS = Limits(
    document_bytes_max=100, frame_bytes_max=1000, edits_per_s=2.0, edits_outstanding_max=3
)
JOINED = Joined("r1", "text", 7, None, (), 0, None)
MERGED = protocol.Merged(1, "c1", "r2", [], 7)


def new_session(limits: Limits = LIMITS) -> Session:
    return Session("notes", KEYS, limits, now=0.0)


def send(session: Session, now: float = 0.0, **message: Any) -> list[Action]:
    return session.receive(json.dumps(message).encode(), now)


def open_session(limits: Limits = LIMITS, **hello: Any) -> Session:
    session = new_session(limits)
    send(session, type="hello", protocol=1, **hello)
    session.receive_reply(JOINED, [])
    return session


def edit(session: Session, seq: int = 1, now: float = 0.0) -> list[Action]:
    return send(session, now, type="edit", seq=seq, base="r1", text="x")


def error(action: Action) -> protocol.Error:
    assert isinstance(action, Send)
    assert isinstance(action.message, protocol.Error)
    return action.message


# --- hello


def test_p1_hello_asks_the_document_and_its_reply_is_the_welcome() -> None:
    session = new_session()
    [ask] = send(session, type="hello", protocol=1, name=" Ann ")
    assert isinstance(ask, Submit)
    assert ask.request.author.name == "Ann"
    [sent] = session.receive_reply(JOINED, [])
    assert isinstance(sent, Send)
    welcome = sent.message
    assert isinstance(welcome, protocol.Welcome)
    assert (welcome.document, welcome.revision, welcome.text) == ("notes", "r1", "text")
    assert (welcome.from_, welcome.splices) == (UNSET, UNSET)
    assert welcome.branch == f"clients/{welcome.client}"
    assert KEYS.is_valid("notes", welcome.client, welcome.key)
    assert session.state is State.OPEN


def test_a_known_base_is_answered_with_splices() -> None:
    session = new_session()
    send(session, type="hello", protocol=1, base="r0")
    [sent] = session.receive_reply(replace(JOINED, base="r0"), [])
    assert isinstance(sent, Send)
    assert isinstance(sent.message, protocol.Welcome)
    assert (sent.message.from_, sent.message.splices, sent.message.text) == ("r0", [], UNSET)


def test_p14_a_client_comes_back_with_its_key() -> None:
    session = open_session(client="ann", key=KEYS.key("notes", "ann"))
    assert session.client == "ann"


@pytest.mark.parametrize("key", ["", "wrong", KEYS.key("other", "ann"), None])
def test_p14_a_wrong_key_makes_a_new_client(key: str | None) -> None:
    assert open_session(client="ann", key=key).client not in ("", "ann")


@pytest.mark.parametrize(
    "message",
    [
        {"type": "edit", "seq": 1, "base": "r", "text": ""},
        {"type": "ping"},
        {"type": "sync"},
        {"type": "hello", "protocol": 2},
        {"type": "hello"},
    ],
    ids=str,
)
def test_p1_anything_else_first_ends_the_session(message: dict[str, Any]) -> None:
    session = new_session()
    answer, end = send(session, **message)
    assert error(answer).code == Code.BAD_MESSAGE
    assert isinstance(end, Close)
    assert end.code == CloseCode.POLICY
    assert send(session, type="ping") == []


def test_hello_twice_is_a_mistake() -> None:
    session = open_session()
    [answer] = send(session, type="hello", protocol=1)
    assert error(answer).code == Code.BAD_MESSAGE
    assert session.state is State.OPEN


def test_a_document_that_cannot_be_opened_ends_the_session() -> None:
    session = new_session()
    send(session, type="hello", protocol=1)
    answer, end = session.receive_reply(protocol.Error(Code.UNAVAILABLE, "No."), [])
    assert error(answer).code == Code.UNAVAILABLE
    assert isinstance(end, Close)
    assert end.code == CloseCode.OVERLOADED


# --- what is outstanding


def test_p6_no_news_while_a_request_is_outstanding() -> None:
    session = open_session()
    assert session.accepts_updates
    edit(session)
    assert not session.accepts_updates
    session.receive_reply(MERGED, [])
    assert session.accepts_updates
    assert session.view().revision == "r2"


def test_an_edit_sent_before_the_last_answer_says_so() -> None:
    session = open_session()
    first, second = edit(session, 1), edit(session, 2)
    continues = [
        action.request.continues for [action] in (first, second) if isinstance(action, Submit)
    ]
    assert continues == [False, True]


def test_a_conflict_is_shown_until_something_else_is_told() -> None:
    conflict = protocol.Conflict(
        1, "c1", "r2", "r1", "", [], "", protocol.Names([], "Ann"), waiting=0
    )
    session = open_session()
    edit(session)
    session.receive_reply(conflict, [])
    assert session.view().conflict is conflict
    session.record_shown(replace_seq(MERGED, 1))
    assert session.view().conflict is None


def replace_seq(merged: protocol.Merged, seq: int) -> protocol.Merged:
    return protocol.Merged(seq, merged.commit, merged.revision, merged.splices, merged.check)


def test_an_error_of_one_edit_leaves_the_session_open() -> None:
    session = open_session()
    edit(session)
    [answer] = session.receive_reply(protocol.Error(Code.TOO_LARGE, "Too large.", 1), [])
    assert (error(answer).code, error(answer).seq) == (Code.TOO_LARGE, 1)
    assert session.state is State.OPEN


def test_replies_after_the_end_are_nobodys() -> None:
    session = open_session()
    edit(session)
    session.close(CloseCode.SHUTDOWN, "bye")
    assert session.receive_reply(MERGED, []) == []


# --- limits


def test_p7_too_many_edits_are_refused_with_a_time_to_wait() -> None:
    session = open_session(replace(LIMITS, edits_outstanding_max=100))
    answers = [edit(session, seq)[0] for seq in range(1, 6)]
    assert [isinstance(answer, Submit) for answer in answers] == [True] * 4 + [False]
    refused = error(answers[-1])
    assert (refused.code, refused.seq) == (Code.RATE_LIMITED, 5)
    assert refused.retry_after_s == 0.5
    assert isinstance(edit(session, 5, now=0.5)[0], Submit)


def test_p7_too_many_unanswered_edits_are_refused() -> None:
    session = open_session(replace(LIMITS, edits_per_s=100.0))
    answers = [edit(session, seq)[0] for seq in range(1, 5)]
    assert error(answers[3]).code == Code.RATE_LIMITED
    session.receive_reply(MERGED, [])
    assert isinstance(edit(session, 4)[0], Submit)


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    session = open_session(replace(LIMITS, edits_outstanding_max=100))
    for seq in range(1, 5):
        edit(session, seq, now=10.0)
    assert error(edit(session, 5, now=3.0)[0]).code == Code.RATE_LIMITED


def test_what_waits_for_answers_is_limited_in_memory_too() -> None:
    session = open_session(replace(LIMITS, edits_outstanding_max=100, edits_per_s=100.0))
    # 100 characters that take 400 bytes, because of one among them.
    send(session, type="edit", seq=1, base="r1", text="x" * 99 + "\N{PARTY POPPER}")
    assert session.has_room
    send(session, type="edit", seq=2, base="r1", splices=[[0, 0, "x"]] * 3)
    assert not session.has_room
    session.receive_reply(MERGED, [])
    session.receive_reply(MERGED, [])
    assert session.has_room


def test_a_text_that_no_document_can_hold_does_not_wait() -> None:
    session = open_session()
    [answer] = send(session, type="edit", seq=1, base="r1", text="x" * 201)
    assert error(answer).code == Code.TOO_LARGE
    assert error(answer).seq == 1
    assert session.accepts_updates
    [asked] = send(session, type="edit", seq=1, base="r1", text="x" * 199)
    assert isinstance(asked, Submit)  # it may shorten a document that is larger than allowed now


def test_frames_of_all_types_and_their_bytes_have_a_pace() -> None:
    session = open_session()
    frames = 2 * (2 * 2 + 100)
    assert [session.pause_s(0, 1.0) for _ in range(frames)] == [0.0] * frames
    assert session.pause_s(0, 1.0) == pytest.approx(1 / 104)
    assert session.pause_s(2000, 2.0) == 0.0
    assert session.pause_s(500, 2.0) == pytest.approx(0.5)
    assert session.pause_s(0, 3.0) == 0.0


# --- bad messages


def test_p10_ten_bad_messages_in_a_row_end_the_session() -> None:
    session = open_session()
    for _ in range(9):
        [answer] = session.receive(b"{", 0.0)
        assert error(answer).code == Code.BAD_MESSAGE
    edit(session)
    session.receive_reply(MERGED, [])
    for _ in range(9):
        session.receive(b"{", 0.0)
        send(session, type="ping")  # does not count as a good one
    assert session.state is State.OPEN
    _, end = session.receive(b"{", 0.0)
    assert isinstance(end, Close)
    assert end.code == CloseCode.POLICY


def test_a_document_may_find_a_message_bad_as_well() -> None:
    session = open_session(replace(LIMITS, edits_per_s=100.0))
    for seq in range(1, 10):
        edit(session, seq)
        session.receive_reply(protocol.Error(Code.BAD_MESSAGE, "Outside.", seq), [])
    assert session.state is State.OPEN
    edit(session, 10)
    _, end = session.receive_reply(protocol.Error(Code.BAD_MESSAGE, "Outside.", 10), [])
    assert isinstance(end, Close)


# --- presence


def test_a_caret_and_a_new_name_are_passed_on() -> None:
    session = open_session(name="Ann")
    [moved] = send(session, type="presence", base="r1", anchor=0, head=2, name="Ann Lee")
    assert moved == PresenceChanged(protocol.Presence("r1", 0, 2, "Ann Lee"))
    assert session.author.name == "Ann Lee"


@pytest.mark.parametrize("name", [None, "", "<>", "   "])
def test_an_empty_name_changes_nothing(name: str | None) -> None:
    session = open_session(name="Ann")
    send(session, type="presence", base="r1", anchor=0, head=0, name=name)
    assert session.author.name == "Ann"


def test_a_caret_beyond_any_text_is_refused() -> None:
    [answer] = send(open_session(), type="presence", base="r1", anchor=0, head=101)
    assert error(answer).code == Code.BAD_MESSAGE


def test_ping_is_answered() -> None:
    assert send(open_session(), type="ping") == [Send(protocol.Pong())]

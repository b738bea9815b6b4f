"""Decoding, validation and encoding of messages."""

import json
from typing import Any

import pytest

from server import protocol
from server.protocol import BadMessageError, Edit, Hello, Park, Presence, Resolve, Sync

COMMIT = "c" * 40


def frame(**message: Any) -> bytes:
    return json.dumps(message).encode()


def refusal(**message: Any) -> BadMessageError:
    with pytest.raises(BadMessageError) as refused:
        protocol.decode(frame(**message))
    return refused.value


@pytest.mark.parametrize(
    ("message", "decoded"),
    [
        ({"type": "hello", "protocol": 1}, Hello(1)),
        ({"type": "sync"}, Sync()),
        ({"type": "edit", "seq": 1, "base": COMMIT, "text": ""}, Edit(1, COMMIT, "")),
        (
            {"type": "edit", "seq": 2, "base": COMMIT, "splices": [[0, 1, "é🦊"]]},
            Edit(2, COMMIT, splices=[(0, 1, "é🦊")]),
        ),
        (
            {"type": "resolve", "seq": 3, "base": COMMIT, "commit": COMMIT, "text": "x"},
            Resolve(seq=3, base=COMMIT, commit=COMMIT, text="x"),
        ),
        ({"type": "park", "seq": 4, "commit": COMMIT}, Park(4, COMMIT)),
        (
            {"type": "presence", "base": COMMIT, "anchor": 0, "head": 2},
            Presence(COMMIT, 0, 2),
        ),
    ],
)
def test_a_message_is_decoded(message: dict[str, Any], decoded: object) -> None:
    assert protocol.decode(frame(**message)) == decoded
    assert protocol.decode(frame(**message, unknown={"field": 1})) == decoded


def test_an_unknown_type_is_ignored() -> None:
    assert protocol.decode(frame(type="wave", seq="?")) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"1", b'"edit"', b"null", b"{}", b'{"type": 1}', b"\xff", b"[" * 100_000],
    ids=lambda content: repr(content[:12]),
)
def test_an_invalid_frame_is_rejected(content: bytes) -> None:
    with pytest.raises(BadMessageError) as refused:
        protocol.decode(content)
    assert refused.value.seq is None
    assert refused.value.code == protocol.Code.BAD_MESSAGE


@pytest.mark.parametrize(
    "fields",
    [
        {"base": 1},
        {"text": None},
        {"text": 1},
        {"splices": []},  # beside a text
        {"text": None, "splices": [[0, 0]]},
        {"text": None, "splices": [[-1, 0, "x"]]},
        {"text": None, "splices": [[0, 0.5, "x"]]},
        {"base": "c" * 65},
        {"text": "a\0b"},
        {"text": None, "splices": [[0, 0, "\0"]]},
    ],
    ids=str,
)
def test_an_invalid_edit_is_rejected_with_its_seq(fields: dict[str, Any]) -> None:
    edit = {"type": "edit", "seq": 7, "base": COMMIT, "text": "x"} | fields
    problem = refusal(**{key: value for key, value in edit.items() if value is not None})
    assert problem.seq == 7
    assert problem.message.endswith(".")


@pytest.mark.parametrize("seq", [0, -1, 1.5, "1", None, True, 2**53, 2**70])
def test_an_invalid_seq_is_not_repeated(seq: object) -> None:
    problem = refusal(type="edit", seq=seq, base=COMMIT, text="x")
    assert problem.seq is None or problem.seq == seq


def test_a_lone_surrogate_is_rejected() -> None:
    with pytest.raises(BadMessageError):
        protocol.decode(b'{"type":"edit","seq":1,"base":"c","text":"\\ud83e"}')


def test_an_escaped_backslash_before_u0000_is_not_nul() -> None:
    assert protocol.decode(frame(type="edit", seq=1, base="c", text=r"\u0000")) == Edit(
        1, "c", r"\u0000"
    )


def test_the_wire_has_from_and_omits_defaults() -> None:
    update = protocol.Update(from_="a", revision="b", splices=[(0, 0, "x")], check=1, clients=[])
    assert json.loads(protocol.encode(update)) == {
        "type": "update", "from": "a", "revision": "b", "splices": [[0, 0, "x"]], "check": 1,
        "clients": [],
    }  # fmt: skip
    assert json.loads(protocol.encode(protocol.Error("forbidden", "No."))) == {
        "type": "error",
        "code": "forbidden",
        "message": "No.",
    }
    assert json.loads(protocol.encode(protocol.PersonLeft("c1"))) == {
        "type": "presence",
        "client": "c1",
        "left": True,
    }


@pytest.mark.parametrize(
    ("text", "check"),
    [("", 0), ("123456789", 0xCBF43926), ("é🦊", 0xDE90A865)],  # as `gzip` has them
)
def test_the_check_is_crc32_of_utf8(text: str, check: int) -> None:
    assert protocol.check_of(text) == check


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"type": "merged"}', b'{"type": 1}', b"\xff", b"[" * 9999]
)
def test_an_invalid_frame_of_a_server_is_a_clear_error(content: bytes) -> None:
    with pytest.raises(BadMessageError):
        protocol.decode_server_message(content)


@pytest.mark.parametrize(
    "message",
    [
        protocol.Merged(2, "c1", "r1", [(0, 1, "a")], 7),
        protocol.Update(from_="r1", revision="r2", splices=[], check=7, clients=["k2"]),
        protocol.FullText("r2", "text", 7),
        protocol.PersonMoved("k1", "Ann", "red"),
        protocol.PersonLeft("k1"),
        protocol.UnmergedCount(3),
        protocol.Error("forbidden", "No."),
    ],
)
def test_a_server_message_is_decoded_as_it_was_encoded(message: protocol.ServerMessage) -> None:
    assert protocol.decode_server_message(protocol.encode(message)) == message


@pytest.mark.parametrize("content", [b'{"type": "weather", "text": 1}', b'{"type": "pong"}'])
def test_a_type_that_a_client_does_not_know_is_ignored(content: bytes) -> None:
    assert protocol.decode_server_message(content) is None


def test_a_client_message_is_encoded_as_the_protocol_has_it() -> None:
    assert protocol.encode(Park(2, "c1")) == b'{"type":"park","seq":2,"commit":"c1"}'

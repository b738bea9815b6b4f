"""Bad input over a real socket: the answer that the protocol names, and everybody else goes on."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, WSMsgType, WSServerHandshakeError

from tests.server.sockets.client import DEADLINE_S, Client, ClosedError, Message
from tests.server.sockets.harness import Serve, Served, eventually, git
from tests.server.sockets.raw_socket import RawSocket

_TEXT = "one two\nthree 🦊 four"
_ERROR_CODES = {
    "bad_message",
    "unknown_base",
    "too_large",
    "rate_limited",
    "forbidden",
    "unavailable",
}


class Crowd:
    """The one who sends bad input (`bad`), and one who only wants to work (`good`)."""

    def __init__(self, server: Served, bad: Client, good: Client) -> None:
        self.server = server
        self.bad = bad
        self.good = good

    async def check_all_is_well(self) -> None:
        """The document is as it was, and both sessions still work."""
        await asyncio.gather(self.bad.pong(), self.good.pong())
        assert await self.server.raw() == self.good.text == _TEXT
        await self.check_others_go_on()
        await self.bad.until(self.good.text)

    async def check_others_go_on(self) -> None:
        """The document takes edits, and is sound on disk."""
        assert (await self.good.edit(self.good.text + "!"))["type"] == "merged"
        assert await self.server.raw() == self.good.text
        await self.server.fsck()


@pytest.fixture
async def crowd(server: Served) -> AsyncIterator[Crowd]:
    good, bad = await server.pair(_TEXT)
    crowd = Crowd(server, bad, good)
    yield crowd
    if not bad.socket.closed:
        await bad.until(good.text)


# --- frames that are no messages

_NO_MESSAGES = {
    "nothing": b"",
    "no JSON": b"hello there",
    "half a message": b'{"type": "edit", "seq": 1',
    "a number": b"12",
    "a list": b"[]",
    "null": b"null",
    "no type": b"{}",
    "a type that is no text": b'{"type": 1}',
    "not UTF-8": b'{"type": "presence", "base": "\xff\xfe", "anchor": 0, "head": 0}',
    "half a character": b'{"type": "edit", "seq": 1, "base": "", "text": "\xc3"}',
    "a lone surrogate in UTF-8": b'{"type": "presence", "base": "\xed\xa0\x80"}',
    "deeply nested": b"[" * 200_000,
    "a deep field": b'{"type": "ping", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a number without end": b'{"type": "edit", "seq": ' + b"9" * 10_000 + b"}",
    "not a number": b'{"type": "presence", "anchor": NaN, "head": Infinity, "base": ""}',
    "two messages": b'{"type": "ping"}{"type": "ping"}',
}


@pytest.mark.parametrize("frame", _NO_MESSAGES.values(), ids=_NO_MESSAGES)
async def test_p10_what_is_no_message_is_a_bad_message(crowd: Crowd, frame: bytes) -> None:
    await crowd.bad.send_raw(frame)
    error = await crowd.bad.next()
    assert (error["type"], error["code"]) == ("error", "bad_message")
    assert error["message"]
    await crowd.check_all_is_well()


async def test_p10_binary_frames_are_no_way_around(crowd: Crowd) -> None:
    await crowd.bad.socket.send_bytes(b"\x00\x01\x02")
    assert (await crowd.bad.next())["code"] == "bad_message"
    await crowd.check_all_is_well()


@pytest.mark.parametrize("kind", ["future", "welcome", "merged", "update", "", "HELLO", "ediT"])
async def test_types_that_nobody_knows_are_ignored(crowd: Crowd, kind: str) -> None:
    await crowd.bad.send(type=kind, seq=1, anything=[1, {"deep": None}])
    await crowd.bad.send(type="ping", unknown="fields are ignored too")
    assert (await crowd.bad.next())["type"] == "pong"
    await crowd.check_all_is_well()


# --- messages that are wrong

_WRONG_FIELDS: dict[str, Message] = {
    "seq 0": {"seq": 0},
    "seq below 0": {"seq": -1},
    "seq as text": {"seq": "2"},
    "seq with a fraction": {"seq": 2.5},
    "seq true": {"seq": True},
    "seq too large": {"seq": 2**64},
    "base a number": {"base": 5},
    "base too long": {"base": "a" * 100_000},
    "text a number": {"text": 5},
    "text null": {"text": None},
    "text and splices": {"splices": []},
    "text a list": {"text": ["a"]},
    "a NUL": {"text": "a\0b"},
    "a lone surrogate": {"text": "a\ud800b"},
    "the wrong half of a pair": {"text": "\udc00\ud83e"},
}
_WRONG_SPLICES: dict[str, Any] = {
    "no list": 5,
    "no splices in it": [5],
    "too short": [[1, 1]],
    "too long": [[1, 1, "a", "b"]],
    "a position below 0": [[-1, 0, "a"]],
    "a length below 0": [[1, -1, "a"]],
    "a position as text": [["1", 0, "a"]],
    "a position with a fraction": [[1.5, 0, "a"]],
    "a position outside": [[len(_TEXT) + 1, 0, "a"]],
    "an end outside": [[len(_TEXT), 1, "a"]],
    "a huge position": [[2**62, 0, "a"]],
    "a huge length": [[0, 2**53 - 1, "a"]],
    "not sorted": [[5, 1, "a"], [1, 1, "b"]],
    "overlapping": [[1, 3, "a"], [2, 1, "b"]],
    "an inserted NUL": [[1, 1, "\0"]],
    "an inserted lone surrogate": [[1, 1, "\udfff"]],
    "inserted null": [[1, 1, None]],
}


@pytest.mark.parametrize("fields", _WRONG_FIELDS.values(), ids=_WRONG_FIELDS)
async def test_p10_an_edit_with_wrong_fields_is_a_bad_message(
    crowd: Crowd, fields: Message
) -> None:
    message = {"type": "edit", "seq": 1, "base": crowd.bad.revision, "text": "x", **fields}
    await crowd.bad.send(**message)
    error = await crowd.bad.next()
    assert (error["type"], error["code"]) == ("error", "bad_message")
    if "seq" not in fields:
        assert error["seq"] == 1, "a client must learn which edit it was (rule P3)"
    await crowd.check_all_is_well()


@pytest.mark.parametrize("splices", _WRONG_SPLICES.values(), ids=_WRONG_SPLICES)
async def test_p10_splices_that_cannot_be_are_a_bad_message(crowd: Crowd, splices: Any) -> None:
    error = await crowd.bad.edit("", splices=splices)
    assert (error["type"], error["code"], error["seq"]) == ("error", "bad_message", 1)
    await crowd.check_all_is_well()


@pytest.mark.parametrize("missing", ["seq", "base", "text"])
async def test_p10_an_edit_that_lacks_a_field_is_a_bad_message(crowd: Crowd, missing: str) -> None:
    message = {"type": "edit", "seq": 1, "base": crowd.bad.revision, "text": "x"}
    del message[missing]
    await crowd.bad.send(**message)
    assert (await crowd.bad.next())["code"] == "bad_message"
    await crowd.check_all_is_well()


@pytest.mark.parametrize("base", ["0" * 40, "g" * 40, "HEAD", "refs/heads/master", "é" * 40, "\0"])
async def test_p10_a_base_that_is_none_is_an_error(crowd: Crowd, base: str) -> None:
    for fields in ({"type": "edit"}, {"type": "resolve", "commit": base}):
        error = await crowd.bad.edit("x", base=base, **fields)
        assert error["code"] in ("unknown_base", "bad_message")
    await crowd.bad.send(type="park", seq=9, commit=base)
    assert (await crowd.bad.next())["code"] in ("unknown_base", "bad_message")
    await crowd.check_all_is_well()


async def test_p10_a_tree_or_a_file_of_the_repository_is_no_base(crowd: Crowd) -> None:
    for what in ("master^{tree}", "master:notes.txt"):
        base = (await crowd.server.git_on_disk("rev-parse", what)).strip()
        assert (await crowd.bad.edit("x", base=base))["code"] == "unknown_base"
    await crowd.check_all_is_well()


async def test_p10_what_was_pushed_beside_master_is_no_base(crowd: Crowd, tmp_path: Path) -> None:
    clone = await crowd.server.clone(tmp_path / "clone")
    await git("tag", "--annotate", "v1", "-m", "Version 1", cwd=clone)
    (clone / "notes.txt").write_bytes(b"\xff\0")
    await git("commit", "--all", "-m", "Binary", cwd=clone)
    await git("push", "--quiet", "origin", "v1", "HEAD:refs/heads/binary", cwd=clone)
    for what in ("v1", "binary"):
        base = (await crowd.server.git_on_disk("rev-parse", what)).strip()
        for fields in ({"type": "edit"}, {"type": "resolve", "commit": base}):
            assert (await crowd.bad.edit("x", base=base, **fields))["code"] == "unknown_base"
        url, at = f"{crowd.server.url}/d/notes/raw", {"revision": base}
        async with crowd.server.http.get(url, params=at) as response:
            assert response.status == 404
        headers = {"If-Match": f'"{base}"'}
        async with crowd.server.http.put(url, data=b"x", headers=headers) as response:
            assert response.status == 412
    await crowd.check_all_is_well()


async def test_a_body_that_cannot_be_unpacked_is_a_bad_request(crowd: Crowd) -> None:
    headers = {"Content-Encoding": "gzip", "Connection": "close"}
    for path in ("d/notes/raw", "notes.git/git-upload-pack", "notes.git/git-receive-pack"):
        service = path.rpartition("/")[2]
        headers["Content-Type"] = (
            "text/plain" if service == "raw" else f"application/x-{service}-request"
        )
        address = f"{crowd.server.url}/{path}"
        async with crowd.server.http.post(address, data=b"no gzip", headers=headers) as response:
            assert response.status == 400, path
            assert await response.text() == "The body of the request is damaged.\n"
    await crowd.check_all_is_well()


@pytest.mark.parametrize(
    "fields",
    [{"anchor": -1}, {"head": 2**40}, {"anchor": "1"}, {"base": None}, {"name": 5}, {"name": "\0"}],
    ids=str,
)
async def test_p10_a_presence_that_cannot_be_is_a_bad_message(
    crowd: Crowd, fields: Message
) -> None:
    presence = {"base": crowd.bad.revision, "anchor": 0, "head": 0}
    await crowd.bad.send(type="presence", **{**presence, **fields})
    assert (await crowd.bad.next())["code"] == "bad_message"
    await crowd.check_all_is_well()


@pytest.mark.parametrize(
    "name",
    ["<b>Ann</b>", "Ann\nEvil: yes", "  ", "\u202eevil", "x" * 10_000, "<>", "a\r\n\tb", "."],
)
async def test_a_name_can_do_no_harm(server: Served, name: str) -> None:
    ann = await server.join(name)
    await ann.edit("one")
    shown = ann.people[ann.id]["name"]
    assert 0 < len(shown) <= 64
    assert not set("<>\n\r\u202e") & set(shown)
    log = await server.git_on_disk("log", "-1", "--format=%an%n%(trailers:only)", "master")
    assert log.splitlines()[0] == shown
    assert "Evil" not in log.splitlines()[1:]
    await server.fsck()


# --- too much


async def test_p10_a_text_over_the_limit_is_too_large(crowd: Crowd) -> None:
    error = await crowd.bad.edit("x" * (2 * 1024 * 1024))
    assert (error["code"], error["seq"]) == ("too_large", 1)
    error = await crowd.bad.edit("", splices=[[0, 0, "🦊" * (300 * 1024)]])
    assert (error["code"], error["seq"]) == ("too_large", 2)
    await crowd.check_all_is_well()


@pytest.mark.parametrize("kind", [WSMsgType.TEXT, WSMsgType.BINARY])
async def test_p12_1009_for_a_frame_over_the_limit(crowd: Crowd, kind: WSMsgType) -> None:
    frame = b'{"type": "ping", "x": "' + b"x" * (5 * 1024 * 1024) + b'"}'
    await crowd.bad.socket.send_frame(frame, kind)
    assert await crowd.bad.closed() == 1009
    await crowd.check_others_go_on()


async def test_a_frame_without_end_is_not_taken_in(crowd: Crowd) -> None:
    async with RawSocket(*crowd.server.address) as raw:
        await raw.upgrade("/ws/notes")
        await raw.send_text('{"type": "hello", "protocol": 1}')
        with pytest.raises(ConnectionError):
            await raw.send(b"\x81\xff" + (2**40).to_bytes(8) + b"\0" * (16 * 1024 * 1024))
    await eventually(lambda: crowd.server.connections() == 2, "its place is free again")
    await crowd.check_all_is_well()


async def test_p10_a_frame_just_below_the_limit_is_read(crowd: Crowd) -> None:
    await crowd.bad.send(type="ping", x="x" * (4 * 1024 * 1024 - 100))
    assert (await crowd.bad.next())["type"] == "pong"
    await crowd.check_all_is_well()


async def test_two_hundred_connections_that_never_say_hello(serve: Serve) -> None:
    server = await serve(hello_wait_s=0.5)
    ann, bo = await server.pair("one")
    silent = await asyncio.gather(*(server.connect() for _ in range(200)))
    assert server.connections() == 202
    await ann.edit("one two")
    await bo.until("one two")
    assert set(await asyncio.gather(*(client.closed() for client in silent))) == {1008}
    await eventually(lambda: server.connections() == 2, "their places are free again")
    await ann.edit("one two three")
    await bo.until("one two three")


async def test_connections_that_come_and_go_at_once_leave_nothing(crowd: Crowd) -> None:
    server = crowd.server

    async def come_and_go(number: int) -> None:
        client = await server.connect()
        if number % 2:
            await client.send(type="hello", protocol=1)
        if number % 4 == 3:
            await client.send(type="edit", seq=1, base=crowd.good.revision, text=_TEXT)
        await client.vanish()

    await asyncio.gather(*(come_and_go(number) for number in range(100)))
    await eventually(lambda: server.connections() == 2, "their places are free again")
    await crowd.check_all_is_well()
    async with asyncio.timeout(DEADLINE_S):
        while set(crowd.good.people) != {crowd.good.id, crowd.bad.id}:
            await crowd.good.next("presence")  # that they left is told a moment later


# --- addresses


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "../x",
        "%2e%2e",
        "%2e%2e%2fx",
        "..%2fx",
        "a.lock",
        "a.git",
        "A",
        "Notes",
        ".hidden",
        "-x",
        "a..b",
        "a%00b",
        "a%0a",
        "a b",
        "%c3%a9",
        "%ff",
        "a%2fb",
        "x" * 65,
        "secret%0d%0aX-Evil:%20yes",
    ],
)
async def test_names_that_no_document_can_have(server: Served, name: str) -> None:
    paths = [f"/ws/{name}", f"/d/{name}", f"/d/{name}/raw", f"/api/documents/{name}"]
    paths.append(f"/{name}.git/info/refs?service=git-upload-pack")
    before = sorted(path.name for path in server.folder.path.iterdir())
    for path in paths:
        async with RawSocket(*server.address) as raw:
            answer = await raw.request(f"GET {path.replace(' ', '%20')}")
            assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")), answer
            assert b"X-Evil" not in answer
    assert sorted(path.name for path in server.folder.path.iterdir()) == before


@pytest.mark.parametrize("path", ["/ws", "/ws/notes"])
async def test_the_websocket_address_takes_websockets_only(server: Served, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        async with server.http.request(method, server.url + path) as response:
            assert response.status == 405
    async with server.http.get(server.url + path) as response:
        assert response.status == 426
        assert response.headers["Upgrade"] == "websocket"


@pytest.mark.parametrize(
    "headers",
    [
        {"Upgrade": "websocket"},
        {"Upgrade": "h2c", "Connection": "Upgrade"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "7"},
        {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "short",
        },
    ],
    ids=str,
)
async def test_half_a_handshake_is_refused(server: Served, headers: dict[str, str]) -> None:
    async with server.http.get(f"{server.url}/ws/notes", headers=headers) as response:
        assert response.status in (400, 426)
    assert server.connections() == 0


async def test_an_alien_origin_is_refused_before_anything_happens(crowd: Crowd) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await crowd.server.connect(origin="https://alien.example")
    assert refused.value.status == 403
    await crowd.check_all_is_well()


# --- a fuzz

_SEEDS = range(4)
_MESSAGES_EACH = 150


def _mutated(rng: random.Random, message: Message) -> bytes:
    """A message with something wrong in it, or almost right."""
    message = json.loads(json.dumps(message))
    for _ in range(rng.randint(1, 2)):
        match rng.randrange(4):
            case 0:
                message.pop(rng.choice(list(message)), None)
            case 1:
                message[rng.choice(_FIELDS)] = rng.choice(_VALUES)
            case 2 if message:
                message[rng.choice(list(message))] = rng.choice(_VALUES)
            case _:
                message["splices"] = [
                    [rng.randint(-1, 30), rng.randint(-1, 5), rng.choice(["", "x", "🦊"])]
                    for _ in range(rng.randint(0, 3))
                ]
    frame = json.dumps(message).encode()
    if rng.random() < 0.2:
        at = rng.randrange(len(frame) + 1)
        frame = frame[:at] + bytes([rng.randrange(256)]) + frame[at + rng.randrange(3) :]
    return frame


_FIELDS = ("type", "seq", "base", "text", "splices", "commit", "anchor", "head", "name", "protocol")
_KINDS = ("hello", "edit", "resolve", "park", "presence", "ping", "other")  # `sync` ends each turn
_VALUES: tuple[Any, ...] = (
    None, True, 0, 1, -1, 2**53, 2**70, 1.5, "", "x", "\0", "\ud800", "🦊" * 10, "f" * 40, [], {},
    [[0, 0, "y"]], [[0]], *_KINDS,
)  # fmt: skip


@pytest.mark.parametrize("seed", _SEEDS)
async def test_mutated_messages_get_a_valid_answer_or_a_documented_close(
    serve: Serve, seed: int
) -> None:
    rng = random.Random(seed)
    server = await serve(edits_per_s=10_000)
    good = await server.join("Good")
    await good.edit(_TEXT)
    bases = [good.revision]
    kinds: set[str] = set()
    bad = await server.join("Bad")
    for number in range(_MESSAGES_EACH):
        message = {
            "type": rng.choice(_KINDS),
            "seq": number + 1,
            "base": rng.choice(bases),
            "text": rng.choice([_TEXT, _TEXT.replace("two", rng.choice("abc")), "x"]),
            "commit": rng.choice(bases),
            "anchor": 0,
            "head": 3,
        }
        try:
            await bad.socket.send_frame(_mutated(rng, message), WSMsgType.TEXT)
            await bad.send(type="sync")
            while not _is_whole_text(answer := await bad.receive_raw()):
                kinds.add(answer["type"])
                _check_valid(answer)
                bases += [answer[key] for key in ("commit", "revision") if key in answer]
        except (ClosedError, ClientError):
            assert await bad.closed() in (1008, None)
            kinds.add("closed")
            bad = await server.join("Bad")
    assert {"error", "merged"} <= kinds, kinds
    revision = (await good.sync())["revision"]
    assert revision == (await server.refs())["master"]
    assert (await good.edit("the end"))["type"] == "merged"
    await server.fsck()


def _is_whole_text(answer: Message) -> bool:
    """Whether it answers `sync`, which is answered after all that was sent before."""
    return answer["type"] == "update" and "text" in answer


def _check_valid(answer: Message) -> None:
    match answer["type"]:
        case "error":
            assert answer["code"] in _ERROR_CODES
            assert answer["message"]
        case "merged" | "conflict":
            assert {"seq", "commit", "revision"} <= set(answer)
        case "update":
            assert "revision" in answer
        case kind:
            assert kind in ("presence", "unmerged", "pong")

"""What a hostile address does to a server: one attack, until the process is killed.

It comes from an address of its own, so that budgets count it by itself.

python -m tests.soak.attackers NAME URL
"""

import asyncio
import base64
import gzip
import hashlib
import json
import os
import random
import struct
import sys
import zlib
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from tests.server.sockets.client import Client
from tests.server.sockets.raw_socket import frame

_MIB = 2**20
_FROM = ("127.0.0.2", 0)
_PLAIN = {"Content-Type": "text/plain"}
_HELLO = frame(b'{"type":"hello","protocol":1}')


class Target:
    """A server, and what is needed to attack it."""

    def __init__(self, url: str, http: ClientSession) -> None:
        self.url = url
        self.http = http
        parts = urlsplit(url)
        self._address = parts.hostname, parts.port

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection, and say nothing."""
        return await asyncio.open_connection(*self._address, limit=4096, local_addr=_FROM)

    async def connect(self, head: str, body: bytes = b"") -> "Raw":
        """Open a connection, and send the head of a request and some bytes."""
        reader, writer = await self.open()
        lines = head.replace("\n", "\r\n")
        writer.write(f"{lines}\r\nHost: 127.0.0.1\r\n\r\n".encode() + body)
        return Raw(reader, writer)

    async def websocket(self, document: str) -> "Raw":
        """Open a websocket, and do not read from it."""
        raw = await self.connect(
            f"GET /ws/{document} HTTP/1.1\nUpgrade: websocket\nConnection: Upgrade\n"
            "Sec-WebSocket-Version: 13\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw=="
        )
        await raw.reader.readuntil(b"\r\n\r\n")
        raw.writer.write(_HELLO)
        return raw

    async def put(self, document: str, text: str, match: str = "*") -> str | None:
        """Put a text, and return its ETag; None if it is refused."""
        headers = {**_PLAIN, "If-Match": match} if match else _PLAIN
        async with self.http.put(
            f"{self.url}/d/{document}/raw", data=text.encode(), headers=headers
        ) as response:
            await response.read()
            return response.headers.get("ETag") if response.status < 400 else None


class Raw:
    """A connection that nobody reads from."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def flood(self, data: bytes) -> None:
        """Send the same bytes for ever, and read what comes."""
        reading = asyncio.create_task(self._read())
        try:
            while True:
                self.writer.write(data)
                await self.writer.drain()
        finally:
            reading.cancel()

    async def _read(self) -> None:
        while await self.reader.read(65536):
            pass


async def _again(work: Callable[[], Awaitable[object]]) -> None:
    """Repeat something for ever, whatever comes of it."""
    while True:
        try:
            await work()
        except (OSError, ClientError, TimeoutError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.05)


async def _many(count: int, work: Callable[[int], Awaitable[object]]) -> None:
    await asyncio.gather(*(_again(partial(work, number)) for number in range(count)))


async def nothing(_: Target) -> None:
    """Do nothing: what the machine does by itself."""
    await asyncio.sleep(1000)


# --- bodies, clones and pushes


async def gzip_bodies(target: Target) -> None:
    """Send bodies that are a thousand times as large as they seem, and never end."""
    body = gzip.compress(bytes(16 * _MIB - 1))
    head = (
        "POST /notes.git/git-upload-pack HTTP/1.1\nContent-Encoding: gzip\n"
        f"Content-Type: application/x-git-upload-pack-request\nContent-Length: {len(body) + 1}"
    )

    async def hold(_: int) -> None:
        await (await target.connect(head, body)).reader.read()

    await _many(200, hold)


async def clones(target: Target) -> None:
    """Begin clones, and do not read them; begin pushes, and do not end them."""
    async with target.http.get(f"{target.url}/d/notes/raw") as response:
        revision = response.headers["ETag"].strip('"')
    body = f"0032want {revision}\n00000009done\n".encode()
    fetch = (
        "POST /notes.git/git-upload-pack HTTP/1.1\n"
        f"Content-Type: application/x-git-upload-pack-request\nContent-Length: {len(body)}"
    )
    push = (
        "POST /notes.git/git-receive-pack HTTP/1.1\n"
        "Content-Type: application/x-git-receive-pack-request\nContent-Length: 100000"
    )

    async def hold(number: int) -> None:
        if number < 20:
            raw = await target.connect(fetch, body)
            raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(1000)
        raw = await target.connect(push, b"0000")
        while True:
            await asyncio.sleep(1)
            raw.writer.write(b"0")
            await raw.writer.drain()

    await _many(60, hold)


async def huge_objects(target: Target) -> None:
    """Push small packs of objects that are a thousand times as large."""
    blob = bytes(16 * _MIB - 1)
    copies = 1024
    size = len(blob)
    delta = _number(size) + _number(copies * size) + b"\xf0\xff\xff\xff" * copies
    base = hashlib.sha1(b"blob %d\0" % size + blob, usedforsecurity=False).digest()
    pack = struct.pack(">4sII", b"PACK", 2, 2)
    pack += _entry(3, blob) + _entry(7, delta, base)
    pack += hashlib.sha1(pack, usedforsecurity=False).digest()
    await _push(target, base.hex(), pack)


async def wide_history(target: Target) -> None:
    """Push commits of very many parents, each with another text."""
    commits: list[bytes] = []
    objects: list[bytes] = []
    head = ""

    def add(kind: int, name: bytes, data: bytes) -> str:
        objects.append(_entry(kind, data))
        digest = hashlib.sha1(b"%b %d\0" % (name, len(data)) + data, usedforsecurity=False)
        return digest.hexdigest()

    who = b"A <a@x> 1700000000 +0000"
    trees = []
    for text in (b"one\n", b"two\n"):
        blob = add(3, b"blob", text)
        tree = b"100644 notes.txt\0" + bytes.fromhex(blob)
        trees.append(add(2, b"tree", tree).encode())
    for number in range(3000):
        data = b"tree %b\nauthor %b\ncommitter %b\n\n%d\n" % (trees[0], who, who, number)
        commits.append(add(1, b"commit", data).encode())
    parents = b"".join(b"parent %b\n" % commit for commit in commits)
    for number in range(30):
        before = b"parent %b\n" % head.encode() if head else b""
        data = b"tree %b\n%b%bauthor %b\ncommitter %b\n\n%d\n" % (
            *(trees[1], before, parents, who, who, number),
        )
        head = add(1, b"commit", data)
    pack = struct.pack(">4sII", b"PACK", 2, len(objects)) + b"".join(objects)
    pack += hashlib.sha1(pack, usedforsecurity=False).digest()
    await _push(target, head, pack)


async def _push(target: Target, new: str, pack: bytes) -> None:
    async def push(number: int) -> None:
        line = f"{'0' * 40} {new} refs/heads/x{number}\0 report-status\n"
        body = f"{len(line) + 4:04x}{line}0000".encode() + pack
        async with target.http.post(
            f"{target.url}/notes.git/git-receive-pack",
            data=body,
            headers={"Content-Type": "application/x-git-receive-pack-request"},
        ) as response:
            await response.read()

    await _many(6, push)


def _entry(kind: int, data: bytes, base: bytes = b"") -> bytes:
    """Return an object as it is in a pack; see gitformat-pack(5)."""
    size = len(data)
    head, size = bytes([kind << 4 | size & 15]), size >> 4
    while size:
        head, size = head[:-1] + bytes([head[-1] | 128, size & 127]), size >> 7
    return head + base + zlib.compress(data)


def _number(value: int) -> bytes:
    digits = [value >> shift & 127 for shift in range(0, value.bit_length(), 7)]
    return bytes([*(digit | 128 for digit in digits[:-1]), digits[-1]])


# --- merges and queries


def _shuffled(seed: int, lines: int = 29_000) -> str:
    return "\n".join(random.Random(seed).choices("ab", k=lines))


async def slow_merges(target: Target) -> None:
    """Put texts of very many equal lines, based on others, into many documents."""

    async def merge(number: int) -> None:
        document = f"slow{number}"
        first = await target.put(document, _shuffled(number), "")
        first = first or await target.put(document, _shuffled(number))
        await target.put(document, _shuffled(number + 100))
        assert first is not None
        while True:
            await target.put(document, _shuffled(number + 200), first)

    await _many(16, merge)


async def conflict_lists(target: Target) -> None:
    """Ask for the list of unmerged branches, and do not wait for it."""
    url = f"{target.url}/api/documents/notes/unmerged"
    timeout = ClientTimeout(total=2)

    async def ask(number: int) -> None:
        if number == 0:  # so that no list is known already
            await target.put("notes", f"{os.urandom(4).hex()}\n" + _disputed("master"))
        async with target.http.get(url, timeout=timeout) as response:
            await response.read()

    await _many(20, ask)


async def documents(target: Target) -> None:
    """Make new documents as fast as possible."""

    async def make(worker: int) -> None:
        for number in range(1_000_000):
            await target.put(f"new{worker}-{number}", "one\n", "")

    await _many(16, make)


async def random_texts(target: Target) -> None:
    """Put texts that cannot be compressed, as fast as possible."""

    async def put(number: int) -> None:
        text = base64.b64encode(os.urandom(700_000)).decode()
        await target.put(f"random{number}", text, "*") or await target.put(
            f"random{number}", text, ""
        )

    await _many(8, put)


async def requests(target: Target) -> None:
    """Read a text again and again."""

    async def read(_: int) -> None:
        async with target.http.get(f"{target.url}/d/notes/raw") as response:
            await response.read()

    await _many(100, read)


async def edits(target: Target) -> None:
    """Type in a hundred documents, as fast as one connection may."""
    await _many(100, lambda number: _type(target, f"typed{number}", number))


async def same_document(target: Target) -> None:
    """Type in the other user's document, as fast as a hundred connections may."""
    await _many(100, lambda number: _type(target, "victim", number))


async def _type(target: Target, document: str, number: int) -> None:
    client = await Client.connect(target.http, f"{target.url}/ws/{document}")
    await client.hello(name="Bo")
    while True:
        line = f"{number}\n"
        answer = await client.edit(line + client.text, splices=[[0, 0, line]])
        await asyncio.sleep(answer.get("retry_after_s", 0.01))


def _disputed(word: str) -> str:
    return "".join(f"the {word} of line {number}\n" for number in range(200))


# --- connections


async def seats(target: Target) -> None:
    """Take all seats of a document, and say nothing."""

    async def sit(_: int) -> None:
        await (await target.websocket("notes")).reader.read()

    await _many(600, sit)


async def all_seats(target: Target) -> None:
    """Take all seats of the server, a few in each document."""

    async def sit(number: int) -> None:
        await (await target.websocket(f"seat{number % 300}")).reader.read()

    await _many(6000, sit)


async def idle(target: Target) -> None:
    """Open connections, and send nothing, or half a head."""

    async def hold(number: int) -> None:
        head = "GET / HTTP/1.1" if number % 2 else ""
        reader, writer = await target.open()
        writer.write(head.encode())
        await reader.read()

    await _many(2000, hold)


async def large_edits(target: Target) -> None:
    """Send many edits of 4 MB, each of which takes 16 MB of memory."""
    text = "x" * (4 * _MIB - 200) + "🎉"
    edit = {"type": "edit", "seq": 1, "base": "0" * 40, "text": text}
    data = frame(json.dumps(edit, ensure_ascii=False).encode()[: 4 * _MIB])

    async def send(number: int) -> None:
        await (await target.websocket(f"large{number}")).flood(data)

    await _many(8, send)


async def unread_texts(target: Target) -> None:
    """Ask for a long text again and again, and do not read it."""

    async def ask(_: int) -> None:
        raw = await target.websocket("notes")
        raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(64):
            raw.writer.write(frame(b'{"type":"sync"}'))
        await asyncio.sleep(8)

    await _many(60, ask)


def _flood(data: bytes, count: int = 1) -> Callable[[Target], Awaitable[None]]:
    """Return an attack: connections that send the same bytes as fast as they can."""

    async def attack(target: Target) -> None:
        async def send(_: int) -> None:
            await (await target.websocket("notes")).flood(data)

        await _many(count, send)

    return attack


def _fragments() -> Iterator[bytes]:
    """Yield a message of 2,000 frames."""
    whole = frame(b"x")
    yield bytes([0x01]) + whole[1:]
    for _ in range(1998):
        yield bytes([0x00]) + whole[1:]
    yield bytes([0x80]) + whole[1:]


_PING_FRAME = bytes([0x89, 0x80, 0, 0, 0, 0])
_JUNK = frame(b'{"type":"junk","x":[' + b"[]," * (_MIB + _MIB // 3 - 100) + b"[]]}")
_ONES = frame(b'{"type":"junk","x":[' + b"1," * (2 * _MIB - 100) + b"1]}")
_EMPTY_SPLICES = frame(
    b'{"type":"edit","seq":1,"base":"' + b"0" * 40 + b'","splices":[' + b'[0,0,""],' * 450_000
    + b'[0,0,""]]}'
)  # fmt: skip
_INVALID = frame(b'{"type":"edit","seq":1,"x":[' + b"[]," * _MIB + b"[]]}")

ATTACKS: dict[str, Callable[[Target], Awaitable[None]]] = {
    "nothing": nothing,
    "gzip_bodies": gzip_bodies,
    "wide_history": wide_history,
    "huge_objects": huge_objects,
    "slow_merges": slow_merges,
    "clones": clones,
    "seats": seats,
    "all_seats": all_seats,
    "documents": documents,
    "random_texts": random_texts,
    "requests": requests,
    "edits": edits,
    "same_document": same_document,
    "large_edits": large_edits,
    "unread_texts": unread_texts,
    "pings": _flood(_PING_FRAME * 1000),
    "many_pings": _flood(_PING_FRAME * 1000, 200),
    "junk": _flood(_JUNK),
    "many_junk": _flood(_JUNK, 100),
    "ones": _flood(_ONES),
    "invalid": _flood(_INVALID + frame(b'{"type":"ping"}')),
    "empty_splices": _flood(_EMPTY_SPLICES),
    "presence": _flood(
        frame(b'{"type":"presence","base":"' + b"0" * 40 + b'","anchor":0,"head":0}') * 100
    ),
    "messages": _flood(frame(b'{"type":"ping"}') * 100),
    "many_messages": _flood(frame(b'{"type":"ping"}') * 100, 200),
    "fragments": _flood(b"".join(_fragments())),
    "idle": idle,
    "conflict_lists": conflict_lists,
}


async def prepare(name: str, url: str) -> None:
    """Put the server into the state that an attack needs."""
    async with ClientSession() as http:
        target = Target(url, http)
        if name == "clones":
            for seed in range(6):
                lines = (
                    f"{random.Random(n + seed * 10_000).getrandbits(400):x}" for n in range(9000)
                )
                await target.put("notes", "\n".join(lines), "*" if seed else "")
        elif name == "unread_texts":
            await target.put("notes", "A line of the text.\n" * 50_000, "")
        elif name == "same_document":
            await target.put("notes", "one\n", "")
            await target.put("victim", "A line of the text.\n\n" * 50, "")
        elif name == "conflict_lists":
            await _park(target, 40)
        else:
            await target.put("notes", "one\n", "")


async def _park(target: Target, count: int) -> None:
    base = await target.put("notes", _disputed("word"), "")
    assert base is not None
    await target.put("notes", _disputed("master"))
    for number in range(count):
        client = await Client.connect(target.http, f"{target.url}/ws/notes")
        await client.hello(name="Bo")
        await client.edit(_disputed(f"client{number}"), base=base.strip('"'))
        await client.park()
        await client.close()


async def _attack(name: str, url: str) -> None:
    connector = TCPConnector(limit=0, local_addr=_FROM)
    async with ClientSession(connector=connector, timeout=ClientTimeout(total=None)) as http:
        await ATTACKS[name](Target(url, http))


if __name__ == "__main__":
    asyncio.run(_attack(*sys.argv[1:3]))

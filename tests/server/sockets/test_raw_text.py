"""A document written over plain HTTP: put as a whole, appended to, refused with a reason."""

import asyncio
import gzip
import zlib
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from server.git.changes import Entry
from server.http.app_keys import HUB
from server.storage.journal import JournalError, opening
from server.storage.journal.sqlite import SqliteJournal
from tests.server.desk import FRIDAY, MONDAY, TUESDAY
from tests.server.sockets.harness import Serve, Served

NEW = {"If-None-Match": "*"}
ANY = {"If-Match": "*"}
_UNKNOWN = "0123456789" * 4


@dataclass(frozen=True, slots=True)
class Answered:
    """What the server said to one request."""

    status: int
    body: bytes
    json: Any
    headers: Mapping[str, str]

    @property
    def revision(self) -> str:
        return self.headers["ETag"].strip('"')

    @property
    def text(self) -> str:
        return self.body.decode()


def on(revision: str) -> dict[str, str]:
    return {"If-Match": f'"{revision}"'}


async def ask(
    server: Served,
    method: str,
    body: str | bytes = b"",
    headers: dict[str, str] | None = None,
    address: str = "notes/raw",
) -> Answered:
    content = body.encode() if isinstance(body, str) else body
    url = f"{server.url}/d/{address}"
    async with server.http.request(method, url, data=content, headers=headers) as response:
        is_json = response.content_type == "application/json"
        return Answered(
            response.status,
            await response.read(),
            await response.json() if is_json else None,
            response.headers,
        )


async def put(
    server: Served, body: str | bytes, headers: dict[str, str] | None = None, **others: Any
) -> Answered:
    return await ask(server, "PUT", body, headers, **others)


async def append(
    server: Served, body: str | bytes, headers: dict[str, str] | None = None, **others: Any
) -> Answered:
    return await ask(server, "POST", body, headers, **others)


async def begin(server: Served, text: str = MONDAY) -> str:
    """Make the document; returns its revision."""
    made = await put(server, text, NEW)
    assert made.status == 201, made.text
    return made.revision


def names_on_disk(server: Served) -> list[str]:
    return sorted(path.name for path in server.folder.path.iterdir())


# --- put


async def test_a_text_on_the_newest_revision_is_the_next(server: Served) -> None:
    base = await begin(server)
    answer = await put(server, TUESDAY, on(base))
    assert (answer.status, answer.text) == (200, TUESDAY)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    got = await ask(server, "GET")
    assert (got.revision, got.text) == (answer.revision, TUESDAY)
    await server.fsck()


async def test_a_text_on_an_old_revision_is_merged_with_what_came_since(server: Served) -> None:
    base = await begin(server, "one two three\n")
    await put(server, "ONE two three\n", on(base))
    answer = await put(server, "one two THREE\n", on(base))
    assert (answer.status, answer.text) == (200, "ONE two THREE\n")
    assert await server.raw() == answer.text


async def test_a_text_is_stored_as_it_is(server: Served) -> None:
    text = "\ufeffGrüße 🦊\r\nline\r no newline at the end \t"
    await begin(server, text)
    assert (await ask(server, "GET")).body == text.encode()


async def test_where_words_disagree_it_says_which_and_changes_nothing(server: Served) -> None:
    base = await begin(server, f"one\n{MONDAY}")
    newest = (await put(server, f"one\n{TUESDAY}", on(base))).revision
    answer = await put(server, f"zero\n\none\n{FRIDAY}", on(base))
    assert answer.status == 409
    assert "ETag" not in answer.headers
    assert "If-Match" in answer.json.pop("error")
    [hunk] = answer.json.pop("hunks")
    assert answer.json == {"document": "notes", "revision": newest}
    text = await server.raw()
    assert text == f"one\n{TUESDAY}"
    assert text[hunk.pop("start") : hunk.pop("end")] == "Tuesday"
    assert hunk == {
        "base": "Monday", "ours": "Tuesday", "theirs": "Friday", "line": 2, "line_sent": 4,
    }  # fmt: skip


async def test_an_answer_to_the_disagreement_is_taken_in(server: Served) -> None:
    base = await begin(server)
    await put(server, TUESDAY, on(base))
    disputed = await put(server, FRIDAY, on(base))
    answer = await put(server, FRIDAY, on(disputed.json["revision"]))
    assert (answer.status, answer.text) == (200, FRIDAY)


async def test_any_revision_is_replaced_by_what_is_put_on_whatever_is_there(server: Served) -> None:
    base = await begin(server)
    await put(server, TUESDAY, on(base))
    answer = await put(server, FRIDAY, ANY)
    assert (answer.status, answer.text) == (200, FRIDAY)


async def test_the_same_text_again_makes_no_revision(server: Served) -> None:
    base = await begin(server)
    first = await put(server, TUESDAY, on(base))
    again = await put(server, TUESDAY, on(base))
    assert (again.status, again.revision) == (200, first.revision)


@pytest.mark.parametrize("headers", [NEW, None])
async def test_a_document_that_does_not_exist_is_made(
    server: Served, headers: dict[str, str] | None
) -> None:
    answer = await put(server, MONDAY, headers)
    assert (answer.status, answer.text) == (201, MONDAY)
    assert await server.raw() == MONDAY


async def test_a_page_that_is_open_already_has_the_revision_of_a_new_document(
    server: Served,
) -> None:
    ann = await server.join()
    answer = await put(server, MONDAY, on(ann.revision))
    assert answer.status == 201
    await ann.until(MONDAY)


@pytest.mark.parametrize(("headers", "status"), [(NEW, 412), (None, 428)])
async def test_what_exists_is_not_made_again(
    server: Served, headers: dict[str, str] | None, status: int
) -> None:
    base = await begin(server)
    answer = await put(server, TUESDAY, headers)
    assert answer.status == status
    assert f'If-Match: "{base}"' in answer.text
    assert await server.raw() == MONDAY


@pytest.mark.parametrize("headers", [on(_UNKNOWN), on("nonsense")])
async def test_an_unknown_revision_is_a_condition_that_fails(
    server: Served, headers: dict[str, str]
) -> None:
    assert (await put(server, MONDAY, headers)).status == 412
    await begin(server)
    assert (await put(server, TUESDAY, headers)).status == 412
    assert await server.raw() == MONDAY


async def test_what_does_not_exist_cannot_be_replaced(server: Served) -> None:
    before = names_on_disk(server)
    answer = await put(server, MONDAY, ANY)
    assert answer.status == 412
    assert "If-None-Match" in answer.text
    assert names_on_disk(server) == before


@pytest.mark.parametrize("value", ["", "0123", f'"{_UNKNOWN}", "b"'])
async def test_a_condition_that_is_no_revision_is_refused(server: Served, value: str) -> None:
    await begin(server)
    answer = await put(server, TUESDAY, {"If-Match": value})
    assert answer.status == 400
    assert "If-Match" in answer.text


async def test_an_empty_text_makes_no_document_but_may_be_put(server: Served) -> None:
    assert (await put(server, "", NEW)).status == 400
    assert (await ask(server, "GET")).status == 404
    base = await begin(server)
    answer = await put(server, "", on(base))
    assert (answer.status, answer.body) == (200, b"")


# --- append


async def test_lines_are_appended_and_make_the_document(server: Served) -> None:
    first = await append(server, "one")
    second = await append(server, "two\n")
    assert (first.status, second.status) == (201, 200)
    got = await ask(server, "GET")
    assert (got.text, got.revision) == ("one\ntwo\n", second.revision)


async def test_many_append_at_once_and_nothing_is_lost(server: Served) -> None:
    lines = [f"line {number}\n" for number in range(50)]
    answers = await asyncio.gather(*(append(server, line) for line in lines))
    assert sorted(answer.status for answer in answers) == [200] * 49 + [201]
    assert sorted((await server.raw()).splitlines(keepends=True)) == sorted(lines)


async def test_nothing_cannot_be_appended(server: Served) -> None:
    before = names_on_disk(server)
    assert (await append(server, "")).status == 400
    assert names_on_disk(server) == before


# --- both


@pytest.mark.parametrize("write", [put, append])
@pytest.mark.parametrize(
    ("body", "word"), [(b"caf\xe9", "UTF-8"), (b"\xed\xa0\x80", "UTF-8"), (b"a\0b", "NUL")]
)
async def test_what_no_text_may_hold_is_refused(
    server: Served, write: Any, body: bytes, word: str
) -> None:
    answer = await write(server, body, ANY)
    assert answer.status == 400
    assert word in answer.text


@pytest.mark.parametrize("write", [put, append])
@pytest.mark.parametrize("kind", ["text/plain; charset=latin-1", "multipart/form-data; boundary=x"])
async def test_another_kind_of_body_is_refused(server: Served, write: Any, kind: str) -> None:
    assert (await write(server, "one", {"Content-Type": kind})).status == 415


@pytest.mark.parametrize("write", [put, append])
@pytest.mark.parametrize("length", [101, 5000, 300_000])
async def test_too_large_a_text_is_refused(serve: Serve, write: Any, length: int) -> None:
    server = await serve(document_bytes_max=100, frame_bytes_max=1000)
    answer = await write(server, "x" * length)
    assert answer.status == 413
    assert "100 bytes" in answer.text
    assert (await ask(server, "GET")).status == 404


@pytest.mark.parametrize("write", [put, append])
async def test_a_body_that_does_not_come_is_not_waited_for(serve: Serve, write: Any) -> None:
    server = await serve(pong_wait_s=0.05)
    never = asyncio.Event()

    async def body() -> Any:
        yield b"begun"
        await never.wait()

    method = "PUT" if write is put else "POST"
    async with server.http.request(method, f"{server.url}/d/notes/raw", data=body()) as response:
        assert response.status == 408
    assert (await ask(server, "GET")).status == 404


@pytest.mark.parametrize("write", [put, append])
@pytest.mark.parametrize("name", ["Notes", "a..b", "x.git", "%c3%a9", "a%2fb", "x" * 65])
async def test_a_name_that_no_document_has_is_not_found(
    server: Served, write: Any, name: str
) -> None:
    before = names_on_disk(server)
    assert (await write(server, "one", address=f"{name}/raw")).status == 404
    assert names_on_disk(server) == before


@pytest.mark.parametrize("write", [put, append])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[", "HTTPS://evil"])
async def test_p13_a_page_of_another_site_may_not_write(
    server: Served, write: Any, origin: str
) -> None:
    answer = await write(server, "one", {"Origin": origin})
    assert answer.status == 403
    assert (await ask(server, "GET")).status == 404


async def test_p13_pages_of_this_host_and_of_allowed_ones_may_write(serve: Serve) -> None:
    server = await serve(origins=("https://docs.example",))
    for origin in (server.url, "https://docs.example"):
        assert (await append(server, "one\n", {"Origin": origin})).status in (200, 201)
    assert await server.raw() == "one\none\n"


async def test_no_other_site_is_told_that_it_may_put(server: Served) -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "PUT"}
    answer = await ask(server, "OPTIONS", headers=headers)
    assert answer.status == 405
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("write", [put, append])
async def test_a_server_that_is_full_says_when_to_come_back(serve: Serve, write: Any) -> None:
    server = await serve(sessions_max=1)
    await server.join()
    answer = await write(server, "one")
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_server_that_stops_opens_no_document(server: Served) -> None:
    hub = server.app[HUB]
    await hub.stop()
    answer = await append(server, "one")
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert hub.documents() == []


class _FullJournal(SqliteJournal):
    """The real journal on a disk that is full."""

    def append(self, entry: Entry, follows: int) -> Future[int]:
        raise JournalError("no space left on device")


@pytest.mark.parametrize("write", [put, append])
async def test_what_cannot_be_made_durable_is_not_taken_in(
    serve: Serve,
    write: Any,
    monkeypatch: pytest.MonkeyPatch,
    server_log: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(opening, "SqliteJournal", _FullJournal)
    server = await serve()
    answer = await write(server, "one")
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert (await ask(server, "GET")).status == 404
    assert "no space left" in server_log.text
    server_log.clear()


async def test_a_document_that_was_closed_is_opened_again(server: Served) -> None:
    base = await begin(server)
    [live] = server.app[HUB].documents()
    live.stop()
    answer = await put(server, TUESDAY, on(base))
    assert (answer.status, answer.text) == (200, TUESDAY)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "HTTP"),
        ("?name=J%C3%BCrgen", "Jürgen"),
        ("?name=%3Ca%0Ab%3E", "a b"),
        ("?name=", "HTTP"),
    ],
)
async def test_who_wrote_it_is_in_the_history(server: Served, query: str, name: str) -> None:
    await put(server, MONDAY, NEW, address=f"notes/raw{query}")
    assert (await server.git_on_disk("log", "-1", "--format=%an", "master")).strip() == name


async def test_a_long_name_is_cut(server: Served) -> None:
    await append(server, "one", address=f"notes/raw?name={'x' * 500}")
    assert (await server.git_on_disk("log", "-1", "--format=%an", "master")).strip() == "x" * 64


# --- together with others


async def test_two_puts_at_once_are_both_taken_in(server: Served) -> None:
    base = await begin(server, "one two three\n")
    answers = await asyncio.gather(
        put(server, "ONE two three\n", on(base)), put(server, "one two THREE\n", on(base))
    )
    assert [answer.status for answer in answers] == [200, 200]
    assert await server.raw() == "ONE two THREE\n"


async def test_of_two_puts_at_once_that_disagree_one_is_told(server: Served) -> None:
    base = await begin(server)
    answers = await asyncio.gather(put(server, TUESDAY, on(base)), put(server, FRIDAY, on(base)))
    taken, disputed = sorted(answers, key=lambda answer: answer.status)
    assert (taken.status, disputed.status) == (200, 409)
    assert await server.raw() == taken.text


async def test_of_two_that_make_the_document_at_once_one_does(server: Served) -> None:
    answers = await asyncio.gather(put(server, MONDAY, NEW), put(server, "Other\n", NEW))
    assert sorted(answer.status for answer in answers) == [201, 412]
    [made] = [answer for answer in answers if answer.status == 201]
    assert await server.raw() == made.text


async def test_an_open_page_sees_a_put_as_an_update(server: Served) -> None:
    ann = await server.join()
    await ann.edit("one two three\n")
    answer = await put(server, "one two THREE\n", on(ann.revision))
    update = await ann.next("update")
    assert update["revision"] == answer.revision
    assert update["splices"] == [[8, 5, "THREE"]]
    assert ann.text == answer.text


async def test_a_put_and_an_edit_at_once_are_both_taken_in(server: Served) -> None:
    ann = await server.join()
    await ann.edit("one two three\n")
    seq = await ann.submit("ONE two three\n")
    answer = await put(server, "one two THREE\n", on(ann.revision))
    assert answer.status == 200
    await ann.answer(seq)
    await ann.until("ONE two THREE\n")


async def test_what_was_put_outlives_the_server(serve: Serve, tmp_path: Path) -> None:
    server = await serve()
    await begin(server)
    await server.stop()
    assert (await server.git_on_disk("show", "master:notes.txt")) == MONDAY


# --- content encodings


_TEXT = "A line of the text.\n" * 10_000


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", gzip.compress(_TEXT.encode()), 201),
        ("deflate", zlib.compress(_TEXT.encode()), 201),
        ("identity", _TEXT.encode(), 201),
        ("gzip", gzip.compress(_TEXT.encode())[:-1], 400),
        ("gzip", gzip.compress(_TEXT.encode()) + b"more", 400),
        ("gzip", gzip.compress(bytes(2**26)), 413),
        ("br", b"anything", 415),
    ],
)
async def test_a_body_is_unpacked_as_far_as_it_may_be_large(
    server: Served, encoding: str, body: bytes, status: int
) -> None:
    url = f"{server.url}/d/packed/raw"
    headers = {"Content-Encoding": encoding, "Content-Type": "text/plain"}
    async with server.http.put(url, data=BytesIO(body), headers=headers) as response:
        assert response.status == status
    if status == 201:
        assert await server.raw("packed") == _TEXT

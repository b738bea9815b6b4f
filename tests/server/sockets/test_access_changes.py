"""Access that begins and ends while the server runs, by changes that another process makes."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from threading import Event

import pytest

from server.core.access.accounts import Kind, User
from server.core.access.right import Right
from server.http.app_keys import ACCESS, MANAGEMENT
from server.storage.accounts import AccountStore
from server.storage.site.folder import SqliteAccounts, accounts_in
from tests.server.sockets.accounts import bearer, known
from tests.server.sockets.client import Client
from tests.server.sockets.harness import Serve, Served, eventually

SIGNED_OUT, NO_DOCUMENT, RECONNECT, RENAMED, DELETED = 4401, 4404, 1001, 4301, 4410


@pytest.fixture
async def closed(serve: Serve) -> Served:
    """A closed server without accounts."""
    return await serve(access="closed")


@pytest.fixture
def store(closed: Served) -> Iterator[AccountStore]:
    """The accounts as another process has them."""
    store = AccountStore(SqliteAccounts(accounts_in(closed.folder.path)))
    yield store
    store.close()


def token_of(store: AccountStore, user: str) -> str:
    """Add an account and a token of it."""
    store.add_user(User(user))
    return store.add_secret(Kind.TOKEN, user, "laptop", time.time())[1]


async def join(server: Served, key: str, document: str = "notes") -> Client:
    client = await server.connect(document, headers=bearer(key))
    await client.hello(name="Somebody")
    return client


async def code_for(server: Served, key: str, document: str = "notes") -> int:
    """Return the code that closes a connection at once."""
    code = await (await server.connect(document, headers=bearer(key))).closed()
    assert code is not None
    return code


async def test_what_another_process_takes_away_ends_within_a_second(
    closed: Served, store: AccountStore
) -> None:
    cy = token_of(store, "cy")
    ann, bo = token_of(store, "ann"), token_of(store, "bo")
    link, key = store.add_link("notes", Right.EDIT, "ann", time.time())
    await known(closed, store)
    staying = await join(closed, cy)
    leaving = [await join(closed, each) for each in (ann, bo, key)]
    await leaving[0].edit("one\n")

    began = time.monotonic()
    token = next(it for it in store.load().secrets.values() if it.user == "ann")
    store.remove_secret(token.id, Kind.TOKEN)
    store.remove_user("bo")
    store.remove_link(link.id)
    for client in leaving:
        assert await client.closed() == SIGNED_OUT
    assert time.monotonic() - began < 1.5
    for each in (ann, bo, key):
        async with closed.http.get(f"{closed.url}/d/notes/raw", headers=bearer(each)) as response:
            assert response.status == 401
            assert await response.text() == "This token is wrong, expired or revoked.\n"
    assert (await staying.sync())["text"] == "one\n"


@pytest.mark.parametrize("kind", [Kind.SESSION, Kind.TOKEN, "link"])
async def test_what_expires_ends_at_its_time(
    closed: Served, store: AccountStore, kind: Kind | str
) -> None:
    store.add_user(User("ann"))
    until = time.time() + 0.8  # enough to connect
    if isinstance(kind, Kind):
        _, key = store.add_secret(kind, "ann", "", time.time(), until)
    else:
        _, key = store.add_link("notes", Right.EDIT, "", time.time(), until)
    await known(closed, store)
    headers = {"Cookie": f"gollabedit_session={key}"} if kind is Kind.SESSION else bearer(key)
    client = await closed.connect(headers=headers)
    await client.hello(name="Ann")
    assert await client.closed() == SIGNED_OUT
    assert time.time() >= until


# --- the policy


def write_policy(server: Served, edit: str) -> None:
    """Have one who edits all documents, and ann who views them."""
    policy = f'[[documents]]\nnames = ["*"]\nview = ["ann"]\nedit = ["{edit}"]\n'
    (server.folder.path / "access.toml").write_text(policy)


async def test_the_policy_is_followed(closed: Served, store: AccountStore) -> None:
    ann, bo = token_of(store, "ann"), token_of(store, "bo")
    await known(closed, store)
    editing, managing = await join(closed, ann), await join(closed, bo)
    await editing.edit("one\n")

    write_policy(closed, "cy")
    assert await editing.closed() == RECONNECT
    assert await managing.closed() == NO_DOCUMENT
    again = await join(closed, ann)
    assert again.welcome["access"] == "view"
    assert not again.welcome["manage"]
    assert again.text == "one\n"

    (closed.folder.path / "access.toml").unlink()
    assert await again.closed() == RECONNECT
    assert (await join(closed, bo)).welcome["manage"]


async def test_a_wrong_policy_is_refused_and_the_old_one_stays(
    closed: Served, store: AccountStore, server_log: pytest.LogCaptureFixture
) -> None:
    ann, bo = token_of(store, "ann"), token_of(store, "bo")
    policy = closed.app[ACCESS].current.policy
    write_policy(closed, "bo")
    await known(closed, store)
    await eventually(lambda: closed.app[ACCESS].current.policy != policy, "it was read")
    writing = await join(closed, bo)
    await writing.edit("one\n")
    viewing = await join(closed, ann)

    path = closed.folder.path / "access.toml"
    path.write_text('operators = ["ann"]\n[[documents]]\nnames = ["*"]\nedits = ["ann"]\n')
    await eventually(lambda: "the previous policy stays" in server_log.text, "it is in the log")
    errors = [r.getMessage() for r in server_log.records if r.levelname == "ERROR"]
    server_log.clear()
    assert errors == [
        f"{path}: object contains unknown field `edits` (at line 4); the previous policy stays"
    ]
    store.add_user(User("cy"))  # a change, after which all is decided anew
    await known(closed, store)
    await writing.edit("two\n")
    assert (await viewing.sync())["text"] == "two\n"
    async with closed.http.get(f"{closed.url}/metrics", headers=bearer(ann)) as response:
        assert response.status == 403, "nothing of a wrong policy counts"

    write_policy(closed, "ann")
    await eventually(lambda: f"{path} was read" in server_log.text, "the log says it")
    assert await viewing.closed() == RECONNECT
    assert await writing.closed() == NO_DOCUMENT


async def test_a_policy_counts_once_it_is_written_to_its_end(
    closed: Served, store: AccountStore
) -> None:
    """Each half of it grants more than the whole."""
    bo = token_of(store, "bo")
    await known(closed, store)
    control, path = closed.app[ACCESS], closed.folder.path / "access.toml"
    write_policy(closed, "cy")
    await eventually(lambda: control.current.policy.documents[0].edit == ("cy",), "it was read")
    whole = control.current.policy
    control._watching.cancel()  # we look ourselves
    await control._threads.call(lambda: None)
    for number in range(4):  # what an editor and a slow copy leave for a moment
        path.write_text("#" * number)
        assert not control._look()
    path.unlink()
    assert not control._look()
    write_policy(closed, "cy")
    assert control.current.policy == whole
    assert await code_for(closed, bo) == NO_DOCUMENT


async def test_who_has_written_a_policy_has_said_who_may_do_everything(serve: Serve) -> None:
    server = await serve(access="open")
    (server.folder.path / "access.toml").write_text(
        '[[documents]]\nnames = ["board-*"]\nmanage = ["ann"]\n'
    )
    control = server.app[ACCESS]
    await eventually(lambda: len(control.current.policy.documents) == 2, "it was read")
    for path, status in (("/d/board-1/raw", 401), ("/metrics", 401), ("/api/documents", 200)):
        async with server.http.get(server.url + path) as response:
            assert response.status == status, path


# --- accounts that cannot be used


async def test_accounts_that_cannot_be_read_are_as_they_were_and_the_policy_is_followed(
    closed: Served, store: AccountStore, server_log: pytest.LogCaptureFixture
) -> None:
    ann = token_of(store, "ann")
    await known(closed, store)
    with closing(sqlite3.connect(accounts_in(closed.folder.path))) as database:
        database.execute("UPDATE secrets SET kind = 'of a later version'")
        database.commit()
    await eventually(lambda: "those before stay" in server_log.text, "it is in the log")
    client = await join(closed, ann)
    write_policy(closed, "cy")
    assert await client.closed() == RECONNECT
    assert server_log.text.count("those before stay") == 1
    server_log.clear()


async def test_a_change_counts_even_if_who_made_it_has_gone(
    closed: Served, store: AccountStore
) -> None:
    link, key = store.add_link("notes", Right.EDIT, "", time.time())
    await known(closed, store)
    client = await join(closed, key)
    control = closed.app[ACCESS]
    begun, may_end = Event(), Event()

    def revoke() -> None:
        begun.set()
        may_end.wait()
        control.store.remove_link(link.id)

    revoking = asyncio.create_task(control.change(revoke))
    await asyncio.to_thread(begun.wait)
    revoking.cancel()
    await asyncio.wait([revoking])
    may_end.set()
    assert await client.closed() == SIGNED_OUT


async def test_a_look_that_fails_is_not_the_last_one(
    closed: Served, store: AccountStore, server_log: pytest.LogCaptureFixture
) -> None:
    ann = token_of(store, "ann")
    await known(closed, store)
    client = await join(closed, ann)
    control = closed.app[ACCESS]

    def fail() -> None:
        control._listeners.remove(fail)
        raise RuntimeError("a bug")

    control._listeners.insert(0, fail)
    store.add_user(User("bo"))
    await eventually(lambda: fail not in control._listeners, "it has failed")
    store.remove_user("ann")
    assert await client.closed() == SIGNED_OUT
    assert "a look for changes of access failed" in server_log.text
    server_log.clear()


async def test_accounts_of_a_backup_are_followed(closed: Served, store: AccountStore) -> None:
    ann = token_of(store, "ann")
    await known(closed, store)
    client = await join(closed, ann)
    other = AccountStore(SqliteAccounts(closed.folder.path / "backup.sqlite"))
    token_of(other, "bo")
    other.close()
    for suffix in ("-wal", "-shm"):
        accounts_in(closed.folder.path).with_suffix(f".sqlite{suffix}").unlink(missing_ok=True)
    (closed.folder.path / "backup.sqlite").rename(accounts_in(closed.folder.path))
    assert await client.closed() == SIGNED_OUT
    assert set(closed.app[ACCESS].current.accounts.users) == {"bo"}


async def test_a_change_that_another_process_prevents_is_refused_with_a_sentence(
    closed: Served, store: AccountStore, server_log: pytest.LogCaptureFixture
) -> None:
    ann = token_of(store, "ann")
    await known(closed, store)
    accounts = closed.folder.site.accounts
    assert isinstance(accounts, SqliteAccounts)
    accounts._open().execute("PRAGMA busy_timeout = 1")
    url = f"{closed.url}/api/documents/notes/links"
    with closing(sqlite3.connect(accounts_in(closed.folder.path))) as database:
        database.execute("BEGIN IMMEDIATE")
        async with closed.http.post(url, json={"right": "view"}, headers=bearer(ann)) as response:
            assert response.status == 503
            assert "try again later" in await response.text()
        async with closed.http.post(f"{closed.url}/sign-in", data={"token": ann}) as response:
            assert response.status == 503
        async with closed.http.post(f"{closed.url}/sign-in", data={}) as response:
            assert response.status == 400, "nobody is invited, which needs no disk"
    assert "Traceback" not in server_log.text
    server_log.clear()


# --- the first account


async def test_the_owners_link_ends_with_the_first_account(
    closed: Served, store: AccountStore
) -> None:
    store.add_user(User("ann"))  # which the server need not have noticed yet
    cookie = {"Cookie": f"gollabedit_invitation={closed.app[ACCESS].owner_key}"}
    async with closed.http.post(f"{closed.url}/sign-in", headers=cookie) as response:
        assert response.status == 400
    assert set(store.load().users) == {"ann"}


async def test_the_first_account_closes_a_server_that_only_this_machine_reaches(
    serve: Serve, server_log: pytest.LogCaptureFixture
) -> None:
    server = await serve()
    anybody = await server.join()
    store = AccountStore(SqliteAccounts(accounts_in(server.folder.path)))
    try:
        store.add_user(User("ann"))
    finally:
        store.close()
    assert await anybody.closed() == SIGNED_OUT
    await eventually(lambda: "the server is closed now" in server_log.text, "the log says it")


async def test_the_owners_link_stays_ended(closed: Served, store: AccountStore) -> None:
    key = closed.app[ACCESS].owner_key
    store.add_user(User("ann"))
    await known(closed, store)
    store.remove_user("ann")
    await known(closed, store)
    cookie = {"Cookie": f"gollabedit_invitation={key}"}
    async with closed.http.post(f"{closed.url}/sign-in", headers=cookie) as response:
        assert response.status == 400
    assert not store.load().users


# --- links and what happens to their document


async def test_links_go_with_their_document(closed: Served, store: AccountStore) -> None:
    ann = token_of(store, "ann")
    _, key = store.add_link("notes", Right.EDIT, "ann", time.time())
    await known(closed, store)
    management = closed.app[MANAGEMENT]
    guest = await join(closed, key)
    await guest.edit("one\n")

    await management.rename("notes", "plans")
    assert await guest.closed() == RENAMED
    guest = await join(closed, key, "plans")
    assert (await join(closed, key, "plans")).text == "one\n"
    assert await code_for(closed, key, "notes") == 4301, "the old name leads there"

    deleted = await management.delete("plans")
    assert await guest.closed() == DELETED
    assert await code_for(closed, key, "plans") == SIGNED_OUT
    fresh = await join(closed, ann, "plans")
    await fresh.edit("another\n")
    assert await code_for(closed, key, "plans") == SIGNED_OUT, "it is another document"

    assert await management.restore(deleted.id, "minutes") == "minutes"
    assert (await join(closed, key, "minutes")).text == "one\n"
    assert await code_for(closed, key, "plans") == SIGNED_OUT


async def test_who_may_not_see_the_new_name_of_a_document_is_not_told(
    closed: Served, store: AccountStore
) -> None:
    ann, bo = token_of(store, "ann"), token_of(store, "bo")
    (closed.folder.path / "access.toml").write_text(
        '[[documents]]\nnames = ["board-*"]\nmanage = ["ann"]\n'
    )
    await known(closed, store)
    await eventually(lambda: len(closed.app[ACCESS].current.policy.documents) == 2, "it was read")
    seeing, other = await join(closed, ann), await join(closed, bo)
    await seeing.edit("one\n")
    await closed.app[MANAGEMENT].rename("notes", "board-merger")
    assert await seeing.closed() == RENAMED
    assert await other.closed() == NO_DOCUMENT
    assert await code_for(closed, bo, "notes") == NO_DOCUMENT

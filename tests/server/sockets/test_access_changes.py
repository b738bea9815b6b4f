"""Access that begins and ends while the server runs, by changes that another process makes."""

import time
from collections.abc import Iterator

import pytest

from server.core.access.accounts import Kind, User
from server.core.access.right import Right
from server.http.app_keys import ACCESS, MANAGEMENT
from server.storage.accounts import AccountStore, accounts_in
from tests.server.sockets.client import Client
from tests.server.sockets.harness import Serve, Served, eventually

SIGNED_OUT, NO_DOCUMENT, RECONNECT = 4401, 4404, 1001


def bearer(key: str) -> dict[str, str]:
    """The headers of a program with a token, or the key of a link."""
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
async def closed(serve: Serve) -> Served:
    """A closed server without accounts."""
    return await serve(access="closed")


@pytest.fixture
def store(closed: Served) -> Iterator[AccountStore]:
    """The accounts as another process has them."""
    store = AccountStore(accounts_in(closed.folder.path))
    yield store
    store.close()


async def known(server: Served, store: AccountStore) -> None:
    """Wait until the server has read what another process has written."""
    written = store.load()
    await eventually(lambda: server.app[ACCESS].current.accounts == written, "it was read")


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
            assert await response.text() == "This token is not valid, or not any more.\n"
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
    await eventually(lambda: "the policy before it stays" in server_log.text, "it is in the log")
    errors = [r.getMessage() for r in server_log.records if r.levelname == "ERROR"]
    server_log.clear()
    assert errors == [
        f"{path}: object contains unknown field `edits` (at line 4); the policy before it stays"
    ]
    store.add_user(User("cy"))  # a change, after which all is decided anew
    await known(closed, store)
    await writing.edit("two\n")
    assert (await viewing.sync())["text"] == "two\n"
    async with closed.http.get(f"{closed.url}/metrics", headers=bearer(ann)) as response:
        assert response.status == 403, "nothing of a wrong policy counts"

    write_policy(closed, "ann")
    assert await viewing.closed() == RECONNECT
    assert await writing.closed() == NO_DOCUMENT


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
    serve: Serve,
) -> None:
    server = await serve()
    anybody = await server.join()
    store = AccountStore(accounts_in(server.folder.path))
    try:
        store.add_user(User("ann"))
    finally:
        store.close()
    assert await anybody.closed() == SIGNED_OUT


# --- links and what happens to their document


async def test_links_go_with_their_document(closed: Served, store: AccountStore) -> None:
    ann = token_of(store, "ann")
    _, key = store.add_link("notes", Right.EDIT, "ann", time.time())
    await known(closed, store)
    management = closed.app[MANAGEMENT]
    guest = await join(closed, key)
    await guest.edit("one\n")

    await management.rename("notes", "plans")
    assert (await join(closed, key, "plans")).text == "one\n"
    assert await code_for(closed, key, "notes") == 4301, "the old name leads there"

    deleted = await management.delete("plans")
    assert await code_for(closed, key, "plans") == SIGNED_OUT
    fresh = await join(closed, ann, "plans")
    await fresh.edit("another\n")
    assert await code_for(closed, key, "plans") == SIGNED_OUT, "it is another document"

    assert await management.restore(deleted.id, "minutes") == "minutes"
    assert (await join(closed, key, "minutes")).text == "one\n"
    assert await code_for(closed, key, "plans") == SIGNED_OUT

"""The accounts, on disk and in PostgreSQL: what is refused, what is stored, and two at a time."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from server.core.access.accounts import Accounts, Kind, User, hash_of
from server.core.access.right import Right
from server.storage.accounts import AccountError, AccountStore
from server.storage.journal.postgresql import PostgresqlReader
from server.storage.site import Site
from server.storage.site.folder import FolderSite, SqliteAccounts, accounts_in
from tests.postgres import MISSING, Postgres

NOW = 1_700_000_000.0
DAY_S = 24 * 3600.0
ANN = User("ann", "Ann Lee", "ann@example.org", frozenset({"board", "staff"}), is_operator=True)
BO = User("bo")


@pytest.fixture(params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, postgres: Postgres | None, tmp_path: Path
) -> Iterator[Callable[[], Site]]:
    """Opens what a server has beside its documents, each time on connections of its own."""
    if request.param == "sqlite":
        yield lambda: FolderSite(tmp_path)
        return
    if postgres is None:
        pytest.skip(MISSING)
    url = postgres.url(postgres.empty_database())
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(PostgresqlReader(url))).site


@pytest.fixture
def store(site: Callable[[], Site]) -> Iterator[AccountStore]:
    with closing(AccountStore(site().accounts)) as store:
        yield store


@pytest.fixture
def other(site: Callable[[], Site]) -> Iterator[AccountStore]:
    """The same accounts, on a connection of its own."""
    with closing(AccountStore(site().accounts)) as store:
        yield store


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[AccountStore]:
    with closing(AccountStore(SqliteAccounts(accounts_in(tmp_path)))) as store:
        yield store


def test_reading_makes_no_file(on_disk: AccountStore, tmp_path: Path) -> None:
    assert on_disk.load() == Accounts()
    assert not on_disk.has_changed()
    assert not list(tmp_path.iterdir())


def test_what_was_stored_is_there_again(store: AccountStore, other: AccountStore) -> None:
    store.add_user(ANN)
    store.add_user(BO)
    secret, key = store.add_secret(Kind.TOKEN, "ann", "laptop", NOW, NOW + DAY_S)
    link, link_key = store.add_link("notes", Right.VIEW, "ann", NOW)
    assert key.startswith("gollabedit_")
    assert secret.id != link.id
    assert other.load() == Accounts(
        {"ann": ANN, "bo": BO}, {hash_of(key): secret}, {hash_of(link_key): link}
    )
    changed = User("ann", "Ann", "", frozenset(), is_operator=False)
    store.change_user(changed)
    assert other.load().users["ann"] == changed


def test_no_key_is_in_the_files_and_nobody_else_can_read_them(
    on_disk: AccountStore, tmp_path: Path
) -> None:
    store = on_disk
    store.add_owner(ANN, "browser", NOW, NOW + DAY_S)
    keys = [store.add_secret(kind, "ann", "label", NOW)[1] for kind in Kind]
    keys.append(store.add_link("notes", Right.EDIT, "ann", NOW)[1])
    invitation = store.add_secret(Kind.INVITATION, "ann", "", NOW)[1]
    keys += [invitation, store.accept(hash_of(invitation), "browser", NOW, NOW + DAY_S)]
    files = list(tmp_path.iterdir())
    assert {file.name for file in files} >= {"accounts.sqlite", "accounts.sqlite-wal"}
    content = b"".join(file.read_bytes() for file in files)
    assert b"ann@example.org" in content
    assert not [key for key in keys if key.removeprefix("gollabedit_").encode() in content]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


REFUSED: list[tuple[str, Callable[[AccountStore], object]]] = [
    ("There is an account ann already.", lambda store: store.add_user(User("ann"))),
    ("There is no account bo", lambda store: store.change_user(BO)),
    ("There is no account bo", lambda store: store.remove_user("bo")),
    ("There is no account bo", lambda store: store.add_secret(Kind.TOKEN, "bo", "", NOW)),
    ("There is no token none.", lambda store: store.remove_secret("none", Kind.TOKEN)),
    ("There is no link none.", lambda store: store.remove_link("none")),
    ("was used already", lambda store: store.add_owner(BO, "", NOW, NOW + 1)),
    ("was used already", lambda store: store.accept(hash_of("wrong"), "", NOW, NOW + 1)),
]


@pytest.mark.parametrize(("sentence", "change"), REFUSED)
def test_what_is_refused_changes_nothing(
    store: AccountStore, sentence: str, change: Callable[[AccountStore], object]
) -> None:
    store.add_user(ANN)
    store.add_link("notes", Right.VIEW, "ann", NOW)
    before = store.load()
    with pytest.raises(AccountError, match=sentence):
        change(store)
    assert store.load() == before


def test_a_secret_is_removed_by_its_id_and_kind_and_a_link_by_its_document(
    store: AccountStore,
) -> None:
    store.add_user(ANN)
    secret, _ = store.add_secret(Kind.SESSION, "ann", "", NOW)
    with pytest.raises(AccountError):
        store.remove_secret(secret.id, Kind.TOKEN)
    store.remove_secret(secret.id, Kind.SESSION)
    link, _ = store.add_link("notes", Right.VIEW, "", NOW)
    with pytest.raises(AccountError):
        store.remove_link(link.id, "plans")
    store.remove_link(link.id, "notes")
    assert store.load() == Accounts({"ann": ANN})


def test_a_user_goes_with_all_secrets_and_the_links_stay(store: AccountStore) -> None:
    store.add_user(ANN)
    store.add_user(BO)
    for kind in Kind:
        store.add_secret(kind, "ann", "", NOW)
    kept, key = store.add_secret(Kind.TOKEN, "bo", "", NOW)
    link, link_key = store.add_link("notes", Right.VIEW, "ann", NOW)
    store.remove_user("ann")
    assert store.load() == Accounts({"bo": BO}, {hash_of(key): kept}, {hash_of(link_key): link})
    store.add_user(ANN)
    assert list(store.load().secrets.values()) == [kept]  # not those of an earlier ann


def test_an_invitation_is_accepted_once_and_in_time(store: AccountStore) -> None:
    store.add_user(ANN)
    _, key = store.add_secret(Kind.INVITATION, "ann", "", NOW, NOW + DAY_S)
    with pytest.raises(AccountError, match="has expired"):
        store.accept(hash_of(key), "", NOW + DAY_S, NOW + 2 * DAY_S)
    session = store.accept(hash_of(key), "browser", NOW + 1, NOW + 2 * DAY_S)
    [found] = store.load().secrets.items()
    assert found[0] == hash_of(session)
    assert (found[1].kind, found[1].user, found[1].label) == (Kind.SESSION, "ann", "browser")
    assert found[1].expires == NOW + 2 * DAY_S
    with pytest.raises(AccountError, match="used already"):
        store.accept(hash_of(key), "browser", NOW + 1, NOW + 2 * DAY_S)


@pytest.mark.parametrize("kind", [Kind.TOKEN, Kind.SESSION])
def test_nothing_but_an_invitation_is_accepted(store: AccountStore, kind: Kind) -> None:
    store.add_user(ANN)
    _, key = store.add_secret(kind, "ann", "", NOW)
    with pytest.raises(AccountError):
        store.accept(hash_of(key), "", NOW, NOW + DAY_S)


def test_use_is_noted_and_what_expired_long_ago_goes(store: AccountStore) -> None:
    store.add_user(ANN)
    _, used = store.add_secret(Kind.TOKEN, "ann", "used", NOW)
    store.add_secret(Kind.TOKEN, "ann", "old", NOW, NOW + DAY_S)
    _, used_link = store.add_link("notes", Right.VIEW, "", NOW)
    store.add_link("notes", Right.EDIT, "", NOW, NOW + DAY_S)
    store.note_use({hash_of(used), hash_of(used_link), hash_of("unknown")}, NOW + 2 * DAY_S)
    found = store.load()
    assert {it.label: it.used for it in found.secrets.values()} == {
        "used": NOW + 2 * DAY_S,
        "old": None,
    }
    assert found.links[hash_of(used_link)].used == NOW + 2 * DAY_S
    store.note_use((), NOW + 32 * DAY_S)
    found = store.load()
    assert [it.label for it in found.secrets.values()] == ["used"]
    assert list(found.links) == [hash_of(used_link)]


def test_sessions_and_links_are_not_without_end(store: AccountStore) -> None:
    store.add_user(ANN)
    token, _ = store.add_secret(Kind.TOKEN, "ann", "", NOW)
    for number in range(102):
        store.add_secret(Kind.SESSION, "ann", str(number), NOW + number)
    labels = {it.label for it in store.load().secrets.values() if it.kind is Kind.SESSION}
    assert labels == {str(number) for number in range(2, 102)}, "the oldest have ended"
    assert token in store.load().secrets.values()
    for _ in range(100):
        store.add_link("notes", Right.VIEW, "", NOW)
    with pytest.raises(AccountError, match="has 100 links"):
        store.add_link("notes", Right.VIEW, "", NOW)
    store.add_link("plans", Right.VIEW, "", NOW)


def test_sessions_end_with_the_token_that_they_began_with(store: AccountStore) -> None:
    store.add_user(ANN)
    token, _ = store.add_secret(Kind.TOKEN, "ann", "", NOW)
    store.add_secret(Kind.SESSION, "ann", "", NOW, None, token.id)
    kept, _ = store.add_secret(Kind.SESSION, "ann", "", NOW)
    store.remove_secret(token.id, Kind.TOKEN)
    assert list(store.load().secrets.values()) == [kept]


def test_links_move_with_their_document(store: AccountStore) -> None:
    store.add_link("notes", Right.VIEW, "", NOW)
    store.add_link("plans", Right.VIEW, "", NOW)
    store.move_links("notes", "minutes")
    assert sorted(it.document for it in store.load().links.values()) == ["minutes", "plans"]


# --- several at a time


def test_a_change_is_noticed_once(store: AccountStore, other: AccountStore) -> None:
    other.add_user(ANN)
    assert store.has_changed()
    store.load()
    assert not store.has_changed()
    store.add_user(BO)
    assert store.has_changed(), "its own change, too: who made it may have gone before the load"
    store.load()
    assert not store.has_changed()
    other.remove_user("bo")
    assert store.has_changed()
    assert store.load().users == {"ann": ANN}


def test_of_two_that_accept_an_invitation_one_does(
    store: AccountStore, other: AccountStore
) -> None:
    store.add_user(ANN)
    other.load()
    for _ in range(10):
        key = hash_of(store.add_secret(Kind.INVITATION, "ann", "", NOW)[1])

        def accept(store: AccountStore, key: bytes = key) -> bool:
            try:
                store.accept(key, "", NOW, NOW + DAY_S)
            except AccountError:
                return False
            return True

        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(accept, (store, other))) == [False, True]
    assert len(store.load().secrets) == 10


_ADD = """
import sys
from pathlib import Path
from server.core.access.accounts import User
from server.storage.accounts import AccountStore
from server.storage.site.folder import SqliteAccounts
store = AccountStore(SqliteAccounts(Path(sys.argv[1])))
for number in range(20):
    store.add_user(User(f"{sys.argv[2]}{number}"))
store.close()
"""


def test_processes_write_at_one_time(on_disk: AccountStore, tmp_path: Path) -> None:
    store = on_disk
    command = [sys.executable, "-c", _ADD, str(accounts_in(tmp_path))]
    adding = [subprocess.Popen([*command, name]) for name in ("a", "b")]
    for number in range(20):
        store.add_user(User(f"c{number}"))
    assert [process.wait() for process in adding] == [0, 0]
    assert len(store.load().users) == 60


def test_a_process_that_dies_in_a_change_leaves_nothing_of_it(
    on_disk: AccountStore, tmp_path: Path
) -> None:
    store = on_disk
    store.add_user(ANN)
    dying = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
database.execute("DELETE FROM users")
os._exit(9)
"""
    ran = subprocess.run([sys.executable, "-c", dying, str(accounts_in(tmp_path))], check=False)
    assert ran.returncode == 9
    began = time.monotonic()
    store.add_user(BO)
    assert time.monotonic() - began < 5, "its lock is gone with it"
    assert set(store.load().users) == {"ann", "bo"}


def test_a_damaged_file_is_an_error(on_disk: AccountStore, tmp_path: Path) -> None:
    accounts_in(tmp_path).write_bytes(b"no database at all\n" * 100)
    with pytest.raises(OSError, match="not a database"):
        on_disk.load()


def test_all_of_it_goes_into_another_database(
    site: Callable[[], Site], store: AccountStore, tmp_path: Path
) -> None:
    store.add_user(ANN)
    token, _ = store.add_secret(Kind.TOKEN, "ann", "", NOW)
    sessions = [store.add_secret(Kind.SESSION, "ann", "", NOW, None, token.id) for _ in range(5)]
    _, link = store.add_link("notes", Right.VIEW, "ann", NOW)
    store.note_use([hash_of(sessions[0][1]), hash_of(link)], NOW)
    with closing(AccountStore(SqliteAccounts(tmp_path / "other.sqlite"))) as other:
        other.fill(store.tables())
        assert other.load() == store.load()
        other.remove_secret(token.id, Kind.TOKEN)
        assert not other.load().secrets, "sessions still end with their token"
        with pytest.raises(AccountError, match="already"):
            other.fill(store.tables())
        store.remove_user("ann")
        store.remove_link(next(iter(store.load().links.values())).id)
        store.fill(other.tables())
    with closing(AccountStore(site().accounts)) as again:
        assert again.load().users == {"ann": ANN}

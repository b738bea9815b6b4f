"""What a server has beside its documents, on disk and in PostgreSQL: one contract."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from server.storage.adoption import adopt
from server.storage.catalog import Catalog
from server.storage.data_folder import DataFolderError
from server.storage.journal.postgresql import PostgresqlReader
from server.storage.site import CATALOG, POLICY, TRASH, Site
from server.storage.site.folder import FolderSite
from tests.postgres import MISSING, Postgres

Open = Callable[[], Site]


@pytest.fixture
def database(postgres: Postgres | None) -> Iterator[Open]:
    with _in_database(postgres) as site:
        yield site


@pytest.fixture(params=["folder", "database"])
def site(
    request: pytest.FixtureRequest, postgres: Postgres | None, tmp_path: Path
) -> Iterator[Open]:
    """Opens it, each time as another process does."""
    if request.param == "folder":
        yield lambda: FolderSite(tmp_path)
        return
    with _in_database(postgres) as site:
        yield site


@contextmanager
def _in_database(postgres: Postgres | None) -> Iterator[Open]:
    if postgres is None:
        pytest.skip(MISSING)
    url = postgres.url(postgres.empty_database())
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(PostgresqlReader(url))).site


def test_a_secret_is_made_once(site: Open) -> None:
    secret = site().secret()
    assert len(secret) == 32
    assert site().secret() == site().secret(b"another") == secret
    site().set_secret(b"that of the server before")
    assert site().secret() == b"that of the server before"


def test_a_first_secret_may_be_given(site: Open) -> None:
    assert site().secret(b"given") == b"given"
    assert site().secret() == b"given"


@pytest.mark.parametrize("name", [CATALOG, POLICY, TRASH])
def test_others_see_a_text_that_was_replaced(site: Open, name: str) -> None:
    one, other = site().text(name), site().text(name)
    assert one.read() is None
    states = [other.state()]
    for content in (b"first", b"second\n", None, b"third"):
        assert one.change(lambda _, content=content: content) == content  # type: ignore[misc]
        assert other.read() == content
        states.append(other.state())
    assert all(a != b for a, b in pairwise(states))
    assert site().text(name).state() == states[-1]


def test_no_change_is_lost_between_reading_and_writing(site: Open) -> None:
    here = site()

    def add(letter: str) -> None:
        text = here.text(CATALOG)
        for _ in range(10):
            text.change(lambda before: (before or b"") + letter.encode())

    if isinstance(here, FolderSite):
        add("a")  # there is one server, which has one of each
        add("b")
    else:
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(add, "ab"))
    assert sorted(here.text(CATALOG).read() or b"") == sorted(b"a" * 10 + b"b" * 10)


def test_the_catalog_follows_another_server(site: Open) -> None:
    one, other = Catalog(site().text(CATALOG)), Catalog(site().text(CATALOG))
    one.rename("notes", "plans")
    assert other.moved_to("notes") is None
    assert other.follow()
    assert not other.follow()
    other.set_archived("plans", is_archived=True)
    assert one.follow()
    assert (one.moved_to("notes"), one.is_archived("plans")) == ("plans", True)


def test_what_fails_together_is_undone_together(database: Open) -> None:
    here = database()
    catalog = Catalog(here.text(CATALOG))

    def fail() -> None:
        with here.together():
            catalog.rename("notes", "plans")
            here.text(TRASH).change(lambda _: b"{}")
            raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        fail()
    assert catalog.follow()
    assert catalog.moved_to("notes") is None
    assert here.text(TRASH).read() is None


# --- what a folder has


def test_what_a_folder_has_goes_into_the_database_once(database: Open, tmp_path: Path) -> None:
    here, there = FolderSite(tmp_path), database()
    here.secret(b"that of the folder")
    here.text(POLICY).change(lambda _: b"operators = []\n")
    Catalog(here.text(CATALOG)).rename("notes", "plans")
    adopt(tmp_path, there)
    adopt(tmp_path, there)
    assert there.secret() == b"that of the folder"
    assert there.text(POLICY).read() == b"operators = []\n"
    assert Catalog(there.text(CATALOG)).moved_to("notes") == "plans"
    assert {it.name for it in tmp_path.iterdir()} == {"access.moved.toml", "catalog.moved.json"}


def test_a_policy_that_nobody_would_follow_is_refused(database: Open, tmp_path: Path) -> None:
    there = database()
    there.text(POLICY).change(lambda _: b"operators = []\n")
    (tmp_path / "access.toml").write_bytes(b"operators = ['ann']\n")
    with pytest.raises(DataFolderError, match="gollabedit access set"):
        adopt(tmp_path, there)
    assert (tmp_path / "access.toml").exists()

"""Old revisions in the advertisement of a push."""

from itertools import pairwise
from pathlib import Path

import pytest

from server.push.advertisement import _spread, with_haves
from tests.git import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git("init", "--quiet", "--initial-branch=master", str(tmp_path), cwd=tmp_path)
    return tmp_path / ".git"


def _commit(repository: Path, count: int) -> list[str]:
    """Create commits; return them, newest first."""
    work = repository.parent
    for number in range(count):
        git("commit", "--quiet", "--allow-empty", "-m", str(number), cwd=work)
    return git("rev-list", "master", cwd=repository).splitlines()


def test_old_revisions_come_before_the_flush_packet(repository: Path) -> None:
    newest, middle, first = _commit(repository, 3)
    said = with_haves(b"003cwhat Git says\n0000", repository)
    lines = b"".join(b"0033%s .have\n" % commit.encode() for commit in (middle, first))
    assert said == b"003cwhat Git says\n" + lines + b"0000"
    assert newest.encode() not in said  # it has a ref


def test_a_single_revision_adds_nothing(repository: Path) -> None:
    _commit(repository, 1)
    assert with_haves(b"what Git says\n0000", repository) == b"what Git says\n0000"


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 500, 20_000])
def test_recent_revisions_are_denser(count: int) -> None:
    places = list(_spread(count))
    assert places == sorted(set(places))
    assert all(0 < place < count for place in places)
    assert count < 2 or places[-1] == count - 1
    assert all(after - before <= max(1, after / 10) for before, after in pairwise(places))
    assert len(places) < 100

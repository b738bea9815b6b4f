"""The refs of a repository, changed in one step, as Git itself reads and writes them."""

from pathlib import Path

import pytest

from server.git.bare import create
from server.git.packed_refs import RefsLockedError, locked_refs
from tests.git import assert_sound, git, refs


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.git"
    create(path)
    return path


def commit(path: Path, message: str, *parents: str) -> str:
    tree = git("hash-object", "-t", "tree", "-w", "/dev/null", cwd=path)
    options = [option for parent in parents for option in ("-p", parent)]
    return git("commit-tree", tree, "-m", message, *options, cwd=path)


def test_refs_are_set_and_deleted_together(path: Path) -> None:
    one, two = commit(path, "one"), commit(path, "two")
    with locked_refs(path) as locked:
        locked.heads |= {"refs/heads/master": one, "refs/heads/clients/ann": two}
    assert refs(path) == {"refs/heads/master": one, "refs/heads/clients/ann": two}
    with locked_refs(path) as locked:
        del locked.heads["refs/heads/clients/ann"]
        locked.heads["refs/heads/master"] = two
    assert refs(path) == {"refs/heads/master": two}
    assert git("rev-parse", "HEAD", cwd=path) == two
    assert_sound(path)


def test_refs_that_git_wrote_one_by_one_are_found_and_changed(path: Path) -> None:
    one, two = commit(path, "one"), commit(path, "two")
    git("update-ref", "refs/heads/master", one, cwd=path)
    git("update-ref", "refs/heads/other", one, cwd=path)
    with locked_refs(path) as locked:
        assert locked.heads == {"refs/heads/master": one, "refs/heads/other": one}
        locked.heads["refs/heads/master"] = two
        del locked.heads["refs/heads/other"]
    assert refs(path) == {"refs/heads/master": two}


def test_tags_are_kept_with_what_they_stand_for(path: Path) -> None:
    one = commit(path, "one")
    git("update-ref", "refs/heads/master", one, cwd=path)
    git("tag", "-a", "-m", "first", "v1", one, cwd=path)
    before = refs(path)
    git("pack-refs", "--all", cwd=path)
    packed = (path / "packed-refs").read_text()
    with locked_refs(path):
        pass
    assert (path / "packed-refs").read_text() == packed, "byte for byte as Git writes it"
    assert refs(path) == before
    assert git("rev-parse", "v1^{commit}", cwd=path) == one


def test_a_change_that_fails_changes_nothing_and_leaves_no_lock(path: Path) -> None:
    one = commit(path, "one")

    def fail() -> None:
        with locked_refs(path) as locked:
            locked.heads["refs/heads/master"] = one
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert refs(path) == {}
    assert not (path / "packed-refs.lock").exists()


def test_while_another_program_has_the_refs_they_are_refused(path: Path) -> None:
    (path / "packed-refs.lock").touch()
    with pytest.raises(RefsLockedError, match="another program"), locked_refs(path):
        pass
    assert (path / "packed-refs.lock").exists(), "it is not ours"


@pytest.mark.parametrize("name", ["a\udcffb", "a\u2028b", "a\x85b", "ä"])
def test_a_name_is_bytes_and_stays_as_it_is(path: Path, name: str) -> None:
    """Such names cannot be pushed, but created on disk."""
    first = commit(path, "One")
    ref = f"refs/heads/{name}"
    with locked_refs(path) as locked:
        locked.heads[ref] = first
    with locked_refs(path) as locked:
        assert locked.heads[ref] == first
        locked.heads["refs/heads/other"] = first
    git("rev-parse", "--verify", ref, cwd=path)

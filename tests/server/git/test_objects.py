"""Git's formats: objects are the same as Git's own, and Git accepts packs."""

from pathlib import Path

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.git_model import Signature
from server.git.objects import (
    GitObject,
    Kind,
    as_delta,
    find_in_tree,
    new_commit,
    new_object,
    patched,
    small_as_deltas,
    splice_between,
    tree_of,
    tree_with,
)
from server.git.pack import pack
from tests.git import ENVIRONMENT, assert_sound, git

ANN = Signature("Ann Ümlaut", "ann@example.invalid", 1_700_000_000.7)
BO = Signature("Bo", "bo@example.invalid", 1_700_000_001.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pygit2.init_repository(str(tmp_path / "notes.git"), bare=True, initial_head="master")
    return tmp_path / "notes.git"


def take_in(path: Path, *objects: GitObject) -> None:
    """Have Git read a pack: it computes every id itself."""
    import subprocess

    ran = subprocess.run(
        ["git", "index-pack", "--stdin", "--fix-thin", "--strict"],
        cwd=path, env=ENVIRONMENT, input=pack(objects).content, capture_output=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def test_objects_have_the_ids_and_bytes_that_libgit2_gives_them(path: Path) -> None:
    theirs = pygit2.Repository(str(path))
    blob = new_object(Kind.BLOB, "grüße\n".encode())
    assert blob.id == str(theirs.create_blob("grüße\n".encode()))
    tree = new_object(Kind.TREE, tree_with(b"", "notes.txt", blob.id))
    builder = theirs.TreeBuilder()
    builder.insert("notes.txt", pygit2.Oid(hex=blob.id), pygit2.enums.FileMode.BLOB)
    assert tree.id == str(builder.write())
    commit = new_commit(tree.id, (), ANN, BO, "Write\n\nClient: ann\n")
    ann, bo = (pygit2.Signature(who.name, who.email, int(who.time), 0) for who in (ANN, BO))
    id = theirs.create_commit(None, ann, bo, "Write\n\nClient: ann\n", pygit2.Oid(hex=tree.id), [])
    assert commit.id == str(id)
    assert tree_of(commit.data) == tree.id
    merge = new_commit(tree.id, (commit.id, commit.id), ANN, BO, "Merge\n")
    id = theirs.create_commit(
        None, ann, bo, "Merge\n", pygit2.Oid(hex=tree.id), [commit.id, commit.id]
    )
    assert merge.id == str(id)


def test_a_tree_keeps_its_other_files_and_the_mode_of_the_file(path: Path) -> None:
    theirs = pygit2.Repository(str(path))
    blobs = [theirs.create_blob(text) for text in (b"one\n", b"two\n")]
    inner = theirs.TreeBuilder()
    inner.insert("notes.txt", blobs[0], pygit2.enums.FileMode.BLOB)
    folder = inner.write()

    def built(*entries: tuple[str, pygit2.Oid, pygit2.enums.FileMode]) -> bytes:
        builder = theirs.TreeBuilder()
        for entry in entries:
            builder.insert(*entry)
        return theirs.read(builder.write())[1]

    others = [
        ("a notes.txt", blobs[0], pygit2.enums.FileMode.BLOB),
        ("notes", folder, pygit2.enums.FileMode.TREE),
        ("zz", blobs[0], pygit2.enums.FileMode.LINK),
    ]
    executable = pygit2.enums.FileMode.BLOB_EXECUTABLE
    before = built(*others, ("notes.txt", blobs[0], executable))
    assert tree_with(before, "notes.txt", str(blobs[1])) == built(
        *others, ("notes.txt", blobs[1], executable)
    )
    assert find_in_tree(before, "notes.txt") == str(blobs[0])
    assert find_in_tree(built(*others), "notes.txt") is None
    added = tree_with(built(*others), "notes.txt", str(blobs[1]))
    assert added == built(*others, ("notes.txt", blobs[1], pygit2.enums.FileMode.BLOB))


@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(1, 300))
def test_a_delta_gives_the_bytes_it_was_made_of(before: bytes, middle: bytes, times: int) -> None:
    before = before * times
    after = before[: len(before) // 3] + middle + before[len(before) // 2 :]
    whole = new_object(Kind.BLOB, after)
    delta = as_delta(whole, "b" * 40, len(before), [splice_between(before, after)])
    if delta is not None:
        assert (delta.id, delta.kind, delta.base) == (whole.id, whole.kind, "b" * 40)
        assert patched(before, delta.data) == after


@given(st.binary(max_size=200), st.lists(st.binary(max_size=200), max_size=5))
def test_a_delta_of_several_splices(before: bytes, inserted: list[bytes]) -> None:
    step = len(before) // (len(inserted) + 1)
    splices = [(number * step, step // 2, each) for number, each in enumerate(inserted)]
    after = bytearray(before)
    for start, deleted, each in reversed(splices):
        after[start : start + deleted] = each
    whole = new_object(Kind.BLOB, bytes(after))
    delta = as_delta(whole, "b" * 40, len(before), splices)
    if delta is not None:
        assert patched(before, delta.data) == after


def test_a_word_typed_into_a_long_text_is_a_short_delta_and_a_new_text_is_none() -> None:
    before = b"word and word, " * 100_000
    after = before[:700_000] + b"new " + before[700_000:]
    whole, splice = new_object(Kind.BLOB, after), splice_between(before, after)
    assert splice == (700_000, 0, b"new ")
    delta = as_delta(whole, "b" * 40, len(before), [splice])
    assert delta is not None
    assert len(delta.data) < 40
    other = b"something else"
    assert as_delta(whole, "b" * 40, len(other), [splice_between(other, after)]) is None


def test_commits_become_deltas_of_commits_that_look_alike() -> None:
    commits: list[GitObject] = []
    for number in range(100):
        who = Signature("Ann", "ann@example.invalid", 1_700_000_000.0 + number)
        tree = new_object(Kind.TREE, b"%d" % number).id
        parents = [commit.id for commit in commits[-1 - number % 2 :]]
        message = f"Edit line {number} (+1 words)\n\nClient: abc\nSeq: {number}\n"
        commits.append(new_commit(tree, parents, who, BO, message))
    smaller = small_as_deltas(commits)
    by_id = {commit.id: commit.data for commit in commits}
    assert [item.id for item in smaller] == [item.id for item in commits]
    deltas = [item for item in smaller if item.base]
    assert all(patched(by_id[item.base or ""], item.data) == by_id[item.id] for item in deltas)
    assert 90 < len(deltas) < 100, "the chains end"
    assert len(pack(smaller).content) < 0.7 * len(pack(commits).content)


@pytest.mark.parametrize("length", [0, 1, 0xFFFF, 0x10000, 0x10001, 0xFFFFFF, 0x1000000, 0x2345678])
def test_copies_of_every_length_are_read_by_git(path: Path, length: int) -> None:
    before = bytes(length % 251 for _ in range(8)) * (length // 8 + 1) + b"end"
    after = before[:length] + b"typed" + before[length:]
    base, whole = new_object(Kind.BLOB, before), new_object(Kind.BLOB, after)
    delta = as_delta(whole, base.id, len(before), [splice_between(before, after)])
    if length > 8:
        assert delta is not None
        assert patched(before, delta.data) == after
        take_in(path, base, delta)
        assert git("cat-file", "-s", whole.id, cwd=path) == str(len(after))


def test_git_takes_in_packs_whose_deltas_follow_each_other_and_those_already_there(
    path: Path,
) -> None:
    text, objects, parent = b"line\n" * 5000, list[GitObject](), ""
    commits: list[str] = []
    for number in range(400):
        after = text[: number * 11] + b"word%d " % number + text[number * 11 :]
        whole = new_object(Kind.BLOB, after)
        splices = [splice_between(text, after)]
        delta = as_delta(whole, parent, len(text), splices) if parent else None
        tree = new_object(Kind.TREE, tree_with(b"", "notes.txt", whole.id))
        commit = new_commit(tree.id, commits[-1:], ANN, BO, f"Write {number}\n")
        objects += [delta or whole, tree, commit]
        commits.append(commit.id)
        text, parent = after, whole.id
        if number % 100 == 99:  # the rest is thin: its first base is on disk already
            take_in(path, *objects)
            objects = []
    git("update-ref", "refs/heads/master", commits[-1], cwd=path)
    assert_sound(path)
    assert git("show", "master:notes.txt", cwd=path).encode() == text.rstrip(b"\n")
    assert git("rev-list", "--count", "master", cwd=path) == "400"


@pytest.mark.parametrize("length", [1, 100, 200, 20_000, 3_000_000])
def test_git_takes_in_a_text_that_was_emptied(path: Path, length: int) -> None:
    before, empty = new_object(Kind.BLOB, b"x" * length), new_object(Kind.BLOB, b"")
    delta = as_delta(empty, before.id, length, [(0, length, b"")])
    after = new_object(Kind.BLOB, b"y" * length)
    take_in(path, before, delta or empty, after)
    assert git("cat-file", "blob", empty.id, cwd=path) == ""


def test_a_delta_too_short_for_git_that_a_journal_holds_is_taken_in(path: Path) -> None:
    before, empty = new_object(Kind.BLOB, b"one\n"), new_object(Kind.BLOB, b"")
    take_in(path, before, GitObject(empty.id, empty.kind, b"\x04\x00", before.id))
    assert git("cat-file", "blob", empty.id, cwd=path) == ""

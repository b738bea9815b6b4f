"""The repository: staged commits, the disk, and refs of other writers."""

import asyncio
import gc
import os
import resource
import subprocess
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import FileMode

from merge.splices import Splice, apply
from server.core.git_model import CLIENTS, MASTER, UNMERGED, Signature
from server.git import bare
from server.git.changes import Entry, RefMove
from server.git.repository import Repository, RepositoryError
from server.storage.journal import JournalError, OvertakenError, direct
from tests.git import assert_sound, git

NOON = 1_700_000_000.0
ANN = Signature("Ann", "ann@example.invalid", NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes.git"


@pytest.fixture
def repository(path: Path) -> Repository:
    return Repository(path, "notes.txt")


def commit(repository: Repository, text: str, *parents: str, message: str = "Write\n") -> str:
    return repository.commit(text, parents, ANN, ANN, message)


def store(repository: Repository) -> Entry:
    """Make what is staged durable."""
    entry = repository.staged("notes")
    assert entry is not None
    direct.store(repository.path, entry)
    repository.mark_stored()
    return entry


def started(repository: Repository, text: str = "one\n") -> str:
    """A first commit on `master`, on disk."""
    first = commit(repository, text)
    repository.move(MASTER, first)
    store(repository)
    return first


def test_a_repository_that_is_not_used_any_more_is_not_kept(repository: Repository) -> None:
    started(repository)
    again = weakref.ref(Repository(repository.path, "notes.txt"))
    gc.collect()
    assert again() is None


def other(repository: Repository) -> Repository:
    """Open the repository as another writer."""
    return Repository(repository.path, repository.filename)


# --- staging


def test_looking_leaves_nothing_behind(repository: Repository, path: Path) -> None:
    assert repository.head(MASTER) is None
    assert repository.heads(CLIENTS) == {}
    assert not repository.has_commit("c" * 40)
    assert repository.staged("notes") is None
    assert not path.exists()


def test_what_is_staged_is_read_back_and_not_on_disk(repository: Repository, path: Path) -> None:
    first = commit(repository, "one\n")
    second = commit(repository, "two\n", first)
    repository.move(MASTER, second)
    assert repository.head(MASTER) == second
    assert (repository.text(first), repository.text(second)) == ("one\n", "two\n")
    assert repository.contains(second, first)
    assert not repository.contains(first, second)
    assert not path.exists()


def test_a_commit_without_a_ref_need_not_be_stored(repository: Repository) -> None:
    commit(repository, "one\n")
    assert repository.staged("notes") is None


def test_a_ref_that_goes_and_comes_back_need_not_be_stored(repository: Repository) -> None:
    first = started(repository)
    second = commit(repository, "two\n", first)
    repository.move(MASTER, second)
    repository.move(MASTER, first)
    assert repository.staged("notes") is None


def test_an_entry_holds_objects_with_parents_first_and_moves_from_where_they_were(
    repository: Repository,
) -> None:
    first = started(repository)
    second = commit(repository, "two\n", first)
    third = commit(repository, "three\n", second)
    repository.move(MASTER, second)
    repository.move(MASTER, third)
    entry = repository.staged("notes")
    assert entry is not None
    assert entry.moves == (RefMove(MASTER, first, third),)
    ids = [item.id for item in entry.objects]
    assert ids.index(second) < ids.index(third)


def test_the_same_text_at_the_same_time_is_the_same_commit(tmp_path: Path) -> None:
    ids = {commit(Repository(tmp_path / name, "notes.txt"), "one\n") for name in "ab"}
    assert len(ids) == 1


# --- storing


def test_what_is_stored_is_plain_git(repository: Repository, path: Path) -> None:
    first = started(repository)
    assert git("rev-parse", "master", cwd=path) == first
    assert git("symbolic-ref", "HEAD", cwd=path) == "refs/heads/master"
    assert git("config", "core.bare", cwd=path) == "true"
    assert git("show", "master:notes.txt", cwd=path) == "one"
    assert git("log", "-1", "--format=%an <%ae> %at %s", cwd=path) == (
        "Ann <ann@example.invalid> 1700000000 Write"
    )
    assert_sound(path)


def test_others_see_it_after_it_was_stored(repository: Repository) -> None:
    first = started(repository)
    branch = commit(repository, "two\n", first)
    repository.move(CLIENTS + "ann", branch)
    assert other(repository).heads(CLIENTS) == {}
    store(repository)
    assert other(repository).heads(CLIENTS) == {"ann": branch}
    assert other(repository).text(branch) == "two\n"


def test_storing_an_entry_twice_is_harmless_where_nothing_moves(repository: Repository) -> None:
    first = started(repository)
    second = commit(repository, "two\n", first)
    repository.move(MASTER, second)
    entry = store(repository)
    with pytest.raises(OvertakenError):
        direct.store(repository.path, entry)
    assert other(repository).head(MASTER) == second


def test_refs_can_be_deleted_and_made_again(repository: Repository, path: Path) -> None:
    first = started(repository)
    repository.move(UNMERGED + "ann", first)
    store(repository)
    git("pack-refs", "--all", cwd=path)
    for new in (None, first, None):
        again = other(repository)
        again.move(UNMERGED + "ann", new)
        store(again)
        assert other(repository).head(UNMERGED + "ann") == new


@pytest.mark.parametrize("name", ["master", "clients/ann"])
def test_no_ref_moves_if_one_was_moved_by_another_writer(repository: Repository, name: str) -> None:
    first = started(repository)
    repository.move(CLIENTS + "ann", first)
    store(repository)
    mine, yours = other(repository), other(repository)
    for repo, text in ((mine, "mine\n"), (yours, "yours\n")):
        new = commit(repo, text, first)
        repo.move("refs/heads/" + name, new)
        repo.move(CLIENTS + text.strip(), new)
    store(yours)
    entry = mine.staged("notes")
    assert entry is not None
    with pytest.raises(OvertakenError, match="moved by another writer"):
        direct.store(mine.path, entry)
    assert other(repository).head(CLIENTS + "mine") is None
    assert_sound(repository.path)


def test_a_ref_stands_where_it_was_first_read(repository: Repository) -> None:
    first = started(repository)
    reader = other(repository)
    assert reader.head(MASTER) == first
    repository.move(MASTER, commit(repository, "two\n", first))
    store(repository)
    assert reader.head(MASTER) == first


@pytest.mark.parametrize("problem", ["a file in the way", "a lock that is held"])
def test_a_disk_that_refuses_is_a_journal_error(
    repository: Repository, path: Path, problem: str
) -> None:
    first = commit(repository, "one\n")
    repository.move(MASTER, first)
    if problem == "a file in the way":
        path.parent.joinpath(".notes.git.new").write_text("")
        path.write_text("")
    else:
        store(repository)
        repository.move(MASTER, commit(repository, "two\n", first))
        (path / "refs/heads/master.lock").touch()
    entry = repository.staged("notes")
    assert entry is not None
    with pytest.raises(JournalError):
        direct.store(repository.path, entry)


def test_what_cannot_be_opened_for_now_is_not_called_missing(
    repository: Repository, path: Path, no_descriptors: Callable[[], AbstractContextManager[None]]
) -> None:
    first = started(repository)
    git("repack", "-adq", cwd=path)
    git("pack-refs", "--all", cwd=path)
    packed = other(repository)  # it has opened nothing but the configuration
    with no_descriptors():
        for read in (packed.has_commit, packed.text, packed.head):
            with pytest.raises(OSError, match="Too many open files"):
                read(MASTER if read == packed.head else first)
    assert packed.has_commit(first)
    assert packed.head(MASTER) == first
    assert not packed.has_commit("0" * 40)


@pytest.fixture
def no_descriptors() -> Callable[[], AbstractContextManager[None]]:
    """Return a context in which no further file can be opened."""

    @contextmanager
    def taken() -> Iterator[None]:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
        held: list[int] = []
        try:
            with suppress(OSError):
                while True:
                    held.append(os.open(os.devnull, os.O_RDONLY))
            yield
        finally:
            for each in held:
                os.close(each)
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    return taken


def test_what_a_crash_left_half_made_is_made_anew(repository: Repository, path: Path) -> None:
    half = path.with_name(".notes.git.new")
    (half / "objects").mkdir(parents=True)
    (half / "HEAD").write_text("nonsense")
    started(repository)
    assert not half.exists()
    assert_sound(path)


# --- other people's commits


@pytest.fixture
def pushed(repository: Repository, path: Path, tmp_path: Path) -> Repository:
    """A repository whose `master` was pushed to with Git, with two more files."""
    started(repository)
    git("clone", "-q", str(path), str(tmp_path / "clone"), cwd=tmp_path)
    clone = tmp_path / "clone"
    (clone / "other.txt").write_text("kept\n")
    (clone / "folder").mkdir()
    (clone / "folder" / "deep.txt").write_text("kept as well\n")
    (clone / "notes.txt").chmod(0o755)
    git("add", ".", cwd=clone)
    git("commit", "-q", "-m", "Add files", cwd=clone)
    git("push", "-q", cwd=clone)
    return other(repository)


def test_other_files_and_the_files_mode_stay(pushed: Repository) -> None:
    head = pushed.head(MASTER)
    assert head is not None
    pushed.move(MASTER, commit(pushed, "two\n", head))
    store(pushed)
    listed = git("ls-tree", "-r", "--format=%(objectmode) %(path)", "master", cwd=pushed.path)
    assert listed.splitlines() == ["100644 folder/deep.txt", "100755 notes.txt", "100644 other.txt"]
    assert_sound(pushed.path)


def test_beside_many_files_an_edit_takes_no_more_room(path: Path) -> None:
    bare.create(path)
    plain = pygit2.Repository(str(path))
    blob, builder = plain.create_blob(b"other\n"), plain.TreeBuilder()
    for name in ("notes.txt", *(f"file{number}.md" for number in range(1000))):
        builder.insert(name, blob, FileMode.BLOB)
    head = git("commit-tree", str(builder.write()), "-m", "Begin", cwd=path)
    git("update-ref", MASTER, head, cwd=path)
    repository, sizes = Repository(path, "notes.txt"), []
    for number in range(30):
        head = commit(repository, f"{number}\n", head)
        repository.move(MASTER, head)
        sizes.append(sum(len(item.data) for item in store(repository).objects))
    assert max(sizes) < 1000
    assert_sound(path)
    assert git("ls-tree", MASTER, cwd=path).count("\n") == 1000
    assert git("show", f"{MASTER}:notes.txt", cwd=path) == "29"
    assert other(repository).text(head) == "29\n"


def test_a_commit_without_the_file_has_the_empty_text(pushed: Repository, path: Path) -> None:
    empty = git("commit-tree", "-m", "Nothing", git("mktree", cwd=path), cwd=path)
    assert other(pushed).text(empty) == ""


def test_a_file_that_is_no_text_is_said_to_be_none(
    repository: Repository, path: Path, tmp_path: Path
) -> None:
    started(repository)
    (tmp_path / "blob").write_bytes(b"\xff\xfe")
    blob = git("hash-object", "-w", str(tmp_path / "blob"), cwd=path)
    tree = git_with_input("mktree", f"100644 blob {blob}\tnotes.txt\n", path)
    bad = git("commit-tree", "-m", "Binary", tree, cwd=path)
    with pytest.raises(RepositoryError, match=r"notes\.txt at .* is not UTF-8 text"):
        other(repository).text(bad)


def git_with_input(command: str, given: str, path: Path) -> str:
    file = path.parent / "input"
    file.write_text(given)
    return git("-c", f"alias.x=!git {command} < '{file}'", "x", cwd=path)


# --- reading


@pytest.mark.parametrize("name", ["", "master", "HEAD", "c" * 39, "C" * 40, "z" * 40, "c" * 40])
def test_only_full_ids_are_known(repository: Repository, name: str) -> None:
    started(repository)
    assert not repository.has_commit(name)


def test_a_blobs_id_is_no_commit(repository: Repository, path: Path) -> None:
    started(repository)
    assert not repository.has_commit(git("rev-parse", "master:notes.txt", cwd=path))


def test_an_edit_is_found_by_its_trailers(repository: Repository) -> None:
    first = started(repository)
    wanted = commit(repository, "two\n", first, message="Write\n\nClient: ann\nSeq: 2\n")
    last = commit(repository, "three\n", wanted, message="Write\n\nClient: bo\nSeq: 2\n")
    assert repository.find(last, {"Client": "ann", "Seq": "2"}, 10) == wanted
    assert repository.find(last, {"Client": "ann", "Seq": "2"}, 1) is None
    assert repository.find(last, {"Client": "ann", "Seq": "3"}, 10) is None
    assert repository.trailers(wanted) == {"Client": "ann", "Seq": "2"}


def test_the_authors_since_a_commit(repository: Repository) -> None:
    first = started(repository)
    bo = Signature("Bo", "bo@example.invalid", NOON)
    second = repository.commit("two\n", (first,), bo, ANN, "Write\n")
    assert repository.authors(second, first, 10) == {"bo@example.invalid": "Bo"}
    assert repository.author_name(second) == "Bo"
    assert repository.time(second) == NOON


def test_the_merge_base_is_gits(repository: Repository, path: Path) -> None:
    first = started(repository)
    left, right = commit(repository, "left\n", first), commit(repository, "right\n", first)
    repository.move(MASTER, left)
    repository.move(CLIENTS + "ann", right)
    store(repository)
    assert repository.merge_base(left, right) == first
    assert git("merge-base", left, right, cwd=path) == first


def test_a_folder_that_is_no_repository_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(RepositoryError, match="is not a Git repository"):
        Repository(path, "notes.txt")


async def test_it_refuses_to_block_an_event_loop(path: Path) -> None:
    with pytest.raises(AssertionError, match="event loop"):
        Repository(path, "notes.txt")
    await asyncio.to_thread(bare.create, path)
    opened = await asyncio.to_thread(Repository, path, "notes.txt")
    for blocks in (opened.has_commit, opened.text, opened.time, opened.trailers, opened.head):
        with pytest.raises(AssertionError, match="event loop"):
            blocks("c" * 40)


def test_every_stored_file_is_synced(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    sync = os.fsync

    def watched(file: int) -> None:
        synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
        sync(file)

    monkeypatch.setattr(os, "fsync", watched)
    started(repository)
    assert {"HEAD", "config", "objects", "refs", ".notes.git.new"} <= set(synced)


@pytest.mark.parametrize("text", ["one two three\n" * 50, "eins zwei drei über\n" * 50])
def test_a_change_that_is_known_makes_the_same_object_as_comparing(path: Path, text: str) -> None:
    splices = (Splice(3, 4, ""), Splice(40, 0, "größer "), Splice(60, 2, "x"))
    after, ids = apply(text, splices), set[str]()
    for change in (None, splices):
        repository = Repository(path, "notes.txt")
        first = commit(repository, text)
        second = repository.commit(after, (first,), ANN, ANN, "Write\n", change)
        [blob] = [item for item in repository._staged.items if item.base is not None]
        assert repository._pending.data(blob.id).decode() == after
        ids.add(second)
    assert len(ids) == 1


# --- the files beside the document's


class Clone:
    """A clone of a Git user, whose commits are in the repository as well."""

    def __init__(self, repository: Repository, path: Path) -> None:
        self._origin = repository.path
        self._path = path
        git("clone", "--quiet", str(repository.path), str(path), cwd=repository.path)

    def commit(self, base: str, text: str, **files: str) -> str:
        """A commit on `base` with this text and these other files, and none besides."""
        git("checkout", "--quiet", "--detach", base, cwd=self._path)
        git("rm", "--quiet", "-r", ".", cwd=self._path)
        for name, content in {"notes.txt": text, **files}.items():
            (self._path / name).write_text(content)
        git("add", "--all", cwd=self._path)
        git("commit", "--quiet", "--allow-empty", "-m", "Write", cwd=self._path)
        commit = git("rev-parse", "HEAD", cwd=self._path)
        git("push", "--quiet", "origin", f"HEAD:refs/heads/at-{commit[:8]}", cwd=self._path)
        return commit


@pytest.fixture
def clone(repository: Repository, tmp_path: Path) -> Clone:
    started(repository)
    return Clone(repository, tmp_path / "clone")


def files_of(repository: Repository, tree: str) -> dict[str, str]:
    listed = git("ls-tree", "--name-only", tree, cwd=repository.path).splitlines()
    return {name: git("cat-file", "blob", f"{tree}:{name}", cwd=repository.path) for name in listed}


def test_other_files_are_merged_and_the_text_is_left_to_the_caller(
    repository: Repository, clone: Clone
) -> None:
    base = clone.commit("master", "one\n", here="a\n", there="b\n", gone="x\n")
    ours = clone.commit(base, "ONE\n", here="A\n", there="b\n", gone="x\n", ours="1\n")
    theirs = clone.commit(base, "uno\n", here="a\n", there="B\n", theirs="2\n")
    files = repository.merge_files(base, ours, theirs)
    assert files.conflicting == ()
    merged = repository.commit("both\n", (ours, theirs), ANN, ANN, "Merge\n", files=files.tree)
    repository.move(MASTER, merged)
    store(repository)
    assert files_of(repository, merged) == {
        "notes.txt": "both",
        "here": "A",
        "there": "B",
        "ours": "1",
        "theirs": "2",
    }
    assert_sound(repository.path)


def test_other_files_that_both_changed_are_in_dispute(repository: Repository, clone: Clone) -> None:
    base = clone.commit("master", "one\n", same="a\nb\nc\n", gone="x\n")
    ours = clone.commit(base, "one\n", same="A\nb\nc\n", new="1\n")
    theirs = clone.commit(base, "one\n", same="a\nb\nC\n", gone="y\n", new="2\n")
    assert repository.merge_files(base, ours, theirs).conflicting == ("gone", "new", "same")


def test_branches_that_merged_each_other_have_no_single_base(
    repository: Repository, clone: Clone
) -> None:
    base = clone.commit("master", "one\n")
    left, right = clone.commit(base, "left\n"), clone.commit(base, "right\n")
    assert repository.has_one_base(left, right)
    one = repository.commit("1\n", (left, right), ANN, ANN, "One\n")
    other = repository.commit("2\n", (right, left), ANN, ANN, "Other\n")
    assert not repository.has_one_base(one, other)
    assert repository.has_one_base(one, left)


def test_a_repository_that_git_makes_meanwhile_is_seen(repository: Repository, path: Path) -> None:
    other_path = path.with_name("other.git")
    begun = Repository(other_path, "notes.txt")
    commit_elsewhere = started(begun)
    assert not repository.has_commit(commit_elsewhere)
    other_path.rename(path)
    assert repository.has_commit(commit_elsewhere)
    assert repository.text(commit_elsewhere) == "one\n"


def test_whoever_wrote_a_commit_has_a_name(repository: Repository, clone: Clone) -> None:
    base = clone.commit("master", "one\n")
    cat = git("cat-file", "commit", base, cwd=repository.path)
    for wrong, name in (
        (cat.replace("author Olive", "author \x1b[31mOl\x07ive"), "[31mOl ive"),
        (cat.replace("author Olive", "author ?"), "?"),
        (cat.replace("\n\n", "\nencoding no-such-one\n\n", 1), "Olive"),
    ):
        ran = subprocess.run(
            ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
            cwd=repository.path, input=wrong.encode(), capture_output=True, check=True,
        )  # fmt: skip
        commit = ran.stdout.decode().strip()
        assert repository.author_name(commit) == name
        assert repository.authors(commit, base, 9).get("olive@example.invalid", name) == name
        assert repository.trailers(commit) == {}

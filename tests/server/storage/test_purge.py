"""A text is removed from a document's whole history."""

from pathlib import Path

import pytest

from server.core.clients import Author
from server.core.document import Request
from server.core.git_model import AUTHORSHIP, MASTER, VERSIONS
from server.core.history.requests import NameVersion, Seal
from server.core.history.window import Window
from server.storage.purge import purge
from server.storage.rewrite import RewriteError, recover
from tests.git import assert_sound, git, objects_with, refs, texts
from tests.server.desk import Desk

SECRET = "hunter2"
SEALER = Author("sealer", "GollabEdit")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A document with a password in the middle of its history."""
    desk = Desk(tmp_path / "notes.git")
    ann, bo = desk.client("ann"), desk.client("bo")
    ann.edit("# Access\n")
    desk.run(Request(SEALER, Seal()))
    ann.edit(f"# Access\nPassword: {SECRET}\n")
    bo.edit(f"# Access\nUser: bo\nPassword: {SECRET}\n")
    desk.run(Request(SEALER, NameVersion("Draft", f"It has {SECRET}.")))
    bo.edit(f"# Access\nUser: bo\nPassword: {SECRET}\nAnd more.\n")
    ann.edit("# Access\nUser: bo\nPassword: (none)\nAnd more.\n")
    desk.run(Request(SEALER, Seal()))
    cy = desk.client("cy", f"Cy {SECRET}")
    cy.edit("# Access\nUser: bo and cy\nPassword: (none)\nAnd more.\n")
    return desk


def test_the_text_is_nowhere_and_everything_else_stays(desk: Desk) -> None:
    before = refs(desk.path)
    old = {ref: texts(desk.path, ref) for ref in (MASTER, VERSIONS)}
    authors = git("log", "--format=%an", VERSIONS, cwd=desk.path)
    purged = purge(desk.path, "notes.txt", SECRET, "***")
    assert purged.commits > 0
    assert purged.first == desk.now
    assert objects_with(desk.path, SECRET) == set()
    for file in desk.path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()
    after = refs(desk.path)
    assert after.keys() == before.keys()
    for ref, was in old.items():
        assert texts(desk.path, ref) == [text.replace(SECRET, "***") for text in was]
    assert git("log", "--format=%an", VERSIONS, cwd=desk.path) == authors
    assert git("cat-file", "-p", "refs/tags/draft", cwd=desk.path).endswith("It has ***.")
    assert "Cy ***" in git("log", "-1", "--format=%an", MASTER, cwd=desk.path)
    assert_sound(desk.path)


def test_what_was_before_the_text_keeps_its_ids(desk: Desk) -> None:
    first = git("rev-list", "--reverse", MASTER, cwd=desk.path).split()[:2]
    purge(desk.path, "notes.txt", SECRET, "***")
    assert git("rev-list", "--reverse", MASTER, cwd=desk.path).split()[:2] == first


def test_versions_name_the_new_revisions(desk: Desk) -> None:
    purge(desk.path, "notes.txt", SECRET, "***")
    form = "%H %(trailers:key=Revision,valueonly,separator=%x20)"
    sealed = [
        line.split()
        for line in git("log", f"--format={form}", VERSIONS, cwd=desk.path).splitlines()
        if line.strip().count(" ")
    ]
    assert len(sealed) == 3
    for commit, revision in sealed:
        assert git("merge-base", revision, MASTER, cwd=desk.path) == revision
        assert git("diff", commit, revision, cwd=desk.path) == ""


def test_who_wrote_what_is_still_known(desk: Desk) -> None:
    desk.run(Request(SEALER, Seal()))
    desk.reopen()
    known = desk.document.versions.window
    purge(desk.path, "notes.txt", SECRET, "***")
    for commit in git("rev-list", AUTHORSHIP, cwd=desk.path).split():
        window = Window.decoded(git("show", f"{commit}:notes.txt", cwd=desk.path))
        assert window is not None
        text = git("show", f"{window.revision}:notes.txt", cwd=desk.path)
        assert window.authorship.length == len(text) + 1  # the helper strips the last line end
    desk.reopen()
    assert known is not None
    found = desk.document.versions.window
    assert found is not None
    assert list(found.authorship) == list(known.authorship)


def test_other_files_and_names_are_searched_too(desk: Desk) -> None:
    work = desk.path.parent / "work"
    git("worktree", "add", "--detach", str(work), MASTER, cwd=desk.path)
    (work / f"{SECRET}.txt").write_text("in the name")
    (work / "folder").mkdir()
    (work / "folder" / "file").write_text(f"deep: {SECRET}")
    git("add", ".", cwd=work)
    git("commit", "-qm", f"Add {SECRET}", cwd=work)
    git("push", "-q", str(desk.path), f"HEAD:refs/heads/about-{SECRET}", cwd=work)
    git("worktree", "remove", "--force", str(work), cwd=desk.path)
    purge(desk.path, "notes.txt", SECRET, "***")
    branch = "refs/heads/about-removed"
    assert git("ls-tree", "-r", "--name-only", branch, cwd=desk.path).split() == [
        "***.txt", "folder/file", "notes.txt",
    ]  # fmt: skip
    assert git("show", f"{branch}:folder/file", cwd=desk.path) == "deep: ***"
    assert objects_with(desk.path, SECRET) == set()


def test_the_beginnings_of_a_typed_text_go_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "typed.git")
    ann = desk.client("ann")
    typed = [SECRET[:length] for length in range(len(SECRET) + 1)]
    for beginning in (*typed, *reversed(typed), "hunt"):
        ann.edit(f"pw: {beginning}\nhunting\n")
    ann.edit("pw: hunt\nhunting\nhunter\n")
    purge(desk.path, "notes.txt", SECRET, "***")
    assert set(texts(desk.path, MASTER)) == {
        "",
        "pw: \nhunting",
        "pw: ***\nhunting",
        "pw: ***\nhunting\nhunter",
    }
    assert_sound(desk.path)


def test_the_documents_own_file_and_the_servers_refs_keep_their_names(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "notes.git")
    desk.client("ann").edit("notes for clients, versions and Revision: none\n")
    conflicting = desk.client("bo")
    conflicting.edit("notes for nobody\n", desk.document.revision)
    desk.run(Request(SEALER, Seal()))
    before = refs(desk.path)
    for text in ("notes", "clients", "versions", "Revision"):
        purge(desk.path, "notes.txt", text, "***")
    assert refs(desk.path).keys() == before.keys()
    desk.reopen()
    assert desk.text == "*** for nobody\n"
    assert git("log", "-1", "--format=%(trailers:key=Revision)", VERSIONS, cwd=desk.path)


def test_two_branches_do_not_become_one(desk: Desk) -> None:
    head = git("rev-parse", MASTER, cwd=desk.path)
    for name in ("x-removed", f"x-{SECRET}"):
        git("update-ref", f"refs/heads/{name}", head, cwd=desk.path)
    purge(desk.path, "notes.txt", SECRET, "***")
    assert {"refs/heads/x-removed", "refs/heads/x-removed-2"} <= refs(desk.path).keys()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("searched", ["\n", "\r\n"])
def test_line_ends_do_not_matter(tmp_path: Path, end: str, searched: str) -> None:
    desk = Desk(tmp_path / "lines.git")
    desk.client("ann").edit(f"a{end}first{end}second{end}b{end}")
    done = purge(desk.path, "notes.txt", f"first{searched}second", "***")
    assert done.objects > 0
    assert git("show", f"{MASTER}:notes.txt", cwd=desk.path).replace("\r", "") == "a\n***\nb"


def test_a_text_that_is_not_there_changes_nothing(desk: Desk) -> None:
    before = refs(desk.path)
    assert purge(desk.path, "notes.txt", "another", "***").commits == 0
    assert refs(desk.path) == before


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    before = refs(desk.path)
    purged = purge(desk.path, "notes.txt", SECRET, "***", dry_run=True)
    assert (purged.commits > 0, purged.bytes_after) == (True, 0)
    assert refs(desk.path) == before


def _fail(*_: object, **__: object) -> None:
    raise OSError("the disk is full")


def test_a_failure_leaves_the_old_repository(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = refs(desk.path)
    with monkeypatch.context() as patch:
        patch.setattr("server.storage.purge._verify", _fail)
        with pytest.raises(RewriteError, match="was not changed: the disk is full"):
            purge(desk.path, "notes.txt", SECRET, "***")
    assert refs(desk.path) == before
    assert sorted(path.name for path in desk.path.parent.iterdir()) == ["notes.git"]


@pytest.mark.parametrize("is_moved", [False, True], ids=["before", "between"])
def test_a_crash_while_the_repositories_change_places_is_repaired(
    desk: Desk, *, is_moved: bool
) -> None:
    data = desk.path.parent
    old, new = data / ".notes.git.replaced", data / ".notes.git.rewritten"
    git("clone", "-q", "--mirror", str(desk.path), str(new), cwd=data)
    if is_moved:
        desk.path.rename(old)
    recover(data)
    assert sorted(path.name for path in data.iterdir()) == ["notes.git"]
    assert_sound(desk.path)

"""The branch `versions`: what is sealed, when, and what is left of it after a restart."""

from pathlib import Path

import pytest

from server.core.clients import Author
from server.core.document import Request
from server.core.git_model import AUTHORSHIP, MASTER, VERSIONS
from server.core.history.authorship import ADDED, Run
from server.core.history.requests import (
    AlreadyNamed,
    HistoryReply,
    HistoryRequest,
    NameTaken,
    NameVersion,
    NoSuchVersion,
    RemoveName,
    Rename,
    Seal,
)
from server.core.history.sealing import Unsealed
from server.core.submission import Append, Create, MergeText, Replace
from server.protocol import Error
from tests import git as real_git
from tests.server.desk import Desk

SEALER = Author("sealer", "GollabEdit")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "notes.git")


def git(folder: Path, *arguments: str) -> str:
    return real_git.git(*arguments, cwd=folder)


def seal(desk: Desk) -> None:
    ask(desk, Seal())


def ask(desk: Desk, request: HistoryRequest) -> object:
    [reply] = desk.run(Request(SEALER, request))
    return reply


def log(desk: Desk, ref: str = VERSIONS, form: str = "%an: %s") -> list[str]:
    """Return the log of the versions, the oldest first."""
    return git(
        desk.path, "log", "--first-parent", "--reverse", f"--format={form}", ref
    ).splitlines()


def versions(desk: Desk) -> list[tuple[str, str]]:
    """Return the versions' commits and their revisions."""
    found = log(desk, form="%H %(trailers:key=Revision,valueonly,separator=%x20)")
    return [
        (commit, revision) for commit, revision in (line.split(" ") for line in found) if revision
    ]


def test_a_version_has_a_commit_of_each_author(desk: Desk) -> None:
    ann, bo = desk.client("ann"), desk.client("bo")
    ann.edit("# Minutes\n\n## Decisions\n\nWe paint it blue.\n")
    seal(desk)
    bo.edit(desk.text.replace("blue", "green"))
    ann.edit(desk.text + "Ann buys the paint.\n")
    ann.edit(desk.text + "Bo brings tea.\n")
    seal(desk)
    assert log(desk) == [
        "GollabEdit: Start the document",
        'Ann: Write 3 lines under "Minutes" (+6 words)',
        'Bo: Edit line 5 under "Decisions" (+1 -1 words)',
        'Ann: Write 2 lines under "Decisions" (+7 words)',
    ]
    assert git(desk.path, "log", "-1", "--format=%B", VERSIONS).splitlines()[2:] == [
        f"Revision: {desk.revision}",
        f"Began: {int(desk.now)}",
        "Steps: 3",
        "Kind: edits",
        "Co-authored-by: Bo <bo@gollabedit.invalid>",
    ]
    for commit, revision in versions(desk):
        assert git(desk.path, "diff", commit, revision) == ""
    git(desk.path, "fsck", "--strict")


def test_blame_names_the_people(desk: Desk) -> None:
    desk.client("ann").edit("one\ntwo\n")
    desk.client("bo").edit("one\ntwo\nthree\n")
    seal(desk)
    blamed = git(desk.path, "blame", "--line-porcelain", VERSIONS, "--", "notes.txt")
    assert [line for line in blamed.splitlines() if line.startswith("author ")] == [
        "author Ann",
        "author Ann",
        "author Bo",
    ]


def test_without_a_change_there_is_no_version(desk: Desk) -> None:
    ann = desk.client("ann")
    ann.edit("a\n")
    seal(desk)
    seal(desk)
    ann.edit("ab\n")
    ann.edit("a\n")
    seal(desk)
    assert len(versions(desk)) == 1
    ann.edit("b\n")
    seal(desk)
    assert len(versions(desk)) == 2


def test_a_password_that_was_removed_again_is_in_no_version(desk: Desk) -> None:
    ann = desk.client("ann")
    ann.edit("User: ann\n")
    ann.edit("User: ann\nPassword: hunter2\n")
    desk.client("bo").edit("# Access\nUser: ann\nPassword: hunter2\n")
    ann.edit("# Access\nUser: ann\n")
    seal(desk)
    listed = git(desk.path, "rev-list", "--objects", VERSIONS).splitlines()
    for line in listed:
        assert "hunter2" not in git(desk.path, "cat-file", "-p", line.split()[0])


@pytest.mark.parametrize(
    ("submission", "kinds"),
    [(Replace("new\n"), ["edits", "file"]), (Append("more"), ["edits"])],
)
def test_a_file_is_a_version_of_its_own(
    desk: Desk, submission: Replace | Append, kinds: list[str]
) -> None:
    desk.client("ann").edit("old\n")
    desk.run(Request(Author("cy", "Cy"), submission))
    seal(desk)
    found = log(desk, form="%(trailers:key=Kind,valueonly,separator=%x20)")
    assert [each for each in found if each] == kinds


def pushed(desk: Desk, base: str, text: str) -> str:
    """Store a commit as a push does, without moving a ref."""
    work = desk.path.parent / "work"
    git(desk.path, "worktree", "add", "--detach", str(work), base)
    (work / "notes.txt").write_text(text)
    git(work, "add", "notes.txt")
    git(work, "commit", "-qm", "By hand\n\nWith a reason.")
    commit = git(work, "rev-parse", "HEAD").strip()
    git(desk.path, "worktree", "remove", "--force", str(work))
    return commit


def push(desk: Desk, base: str, text: str) -> str:
    commit = pushed(desk, base, text)
    [reply] = desk.run(Request(Author("pusher", "Olive"), MergeText(text, head=commit)))
    assert type(reply).__name__ == "Accepted", reply
    return commit


def test_a_commit_based_on_versions_becomes_part_of_it(desk: Desk) -> None:
    ann = desk.client("ann")
    ann.edit("one\ntwo\nthree\n")
    seal(desk)
    [(base, _)] = versions(desk)
    ann.edit("one\ntwo\nthree, by Ann\n")
    commit = push(desk, base, "one, by Olive\ntwo\nthree\n")
    assert desk.text == "one, by Olive\ntwo\nthree, by Ann\n"
    assert commit in git(desk.path, "rev-list", VERSIONS).split()
    assert log(desk)[-2:] == [
        "Ann: Edit line 3 (+2 words)",
        "Olive: Merge Olive: By hand (+2 words)",
    ]
    fine = git(desk.path, "rev-list", "--count", VERSIONS)
    assert int(fine) == 5  # start, Ann, Ann, Olive's, its merge
    assert git(desk.path, "rev-list", "--first-parent", MASTER).split()[0] == desk.revision
    again = push(desk, commit, "ONE, by Olive\ntwo\nthree\n")
    assert desk.text == "ONE, by Olive\ntwo\nthree, by Ann\n"
    assert again in git(desk.path, "rev-list", VERSIONS).split()


def test_a_commit_based_on_a_revision_is_told_without_its_history(desk: Desk) -> None:
    ann = desk.client("ann")
    ann.edit("one\n")
    ann.edit("one\ntwo\n")
    seal(desk)
    base = desk.revision
    ann.edit("one\ntwo\nthree\n")
    commit = push(desk, base, "zero\none\ntwo\n")
    assert desk.text == "zero\none\ntwo\nthree\n"
    assert commit not in git(desk.path, "rev-list", VERSIONS).split()
    assert log(desk, form="%an <%ae>: %s")[-1] == "Olive <olive@example.invalid>: By hand (+1 word)"
    assert int(git(desk.path, "rev-list", "--count", VERSIONS)) == 4


def test_a_history_that_was_pushed_is_kept_as_it_is(tmp_path: Path, desk: Desk) -> None:
    git(tmp_path, "init", "-q", "--bare", str(desk.path))
    work = tmp_path / "own"
    git(tmp_path, "init", "-q", str(work))
    for text in ("one\n", "one\ntwo\n"):
        (work / "notes.txt").write_text(text)
        git(work, "add", ".")
        git(work, "commit", "-qm", text.strip()[-3:])
    git(work, "push", "-q", str(desk.path), "HEAD:refs/heads/elsewhere")
    head = git(work, "rev-parse", "HEAD").strip()
    desk.reopen()
    desk.run(Request(Author("pusher", "Olive"), MergeText("one\ntwo\n", head=head)))
    assert git(desk.path, "rev-parse", VERSIONS).strip() == head
    desk.client("ann").edit("one\ntwo\nthree\n")
    seal(desk)
    assert log(desk) == ["Olive: one", "Olive: two", "Ann: Write a line (+1 word)"]


# --- restarts


def test_the_steps_are_found_again_after_a_restart(desk: Desk) -> None:
    ann, bo = desk.client("ann"), desk.client("bo")
    ann.edit("one\n")
    seal(desk)
    bo.edit("one\ntwo\n")
    ann.edit("one\ntwo\nthree\n")
    desk.reopen()
    seal(desk)
    assert log(desk)[-2:] == ["Bo: Write a line (+1 word)", "Ann: Write a line (+1 word)"]
    assert versions(desk)[-1][1] == desk.revision


def test_the_recorded_steps_are_exact(desk: Desk) -> None:
    """Bo's `a` between Ann's cannot be found in the texts."""
    ann, bo = desk.client("ann"), desk.client("bo")
    ann.edit("aaaa")
    bo.edit(splices=[(1, 0, "a")])
    desk.document.versions.record()
    desk.save()
    known = desk.document.versions.window
    desk.reopen()
    found = desk.document.versions.window
    assert known is not None
    assert found is not None
    assert list(found.authorship) == list(known.authorship)
    assert len(list(found.authorship)) == 3


def test_steps_count_at_once_and_are_known_when_they_are_asked_for(desk: Desk) -> None:
    """Several are taken over together, which nobody can tell."""
    ann, versions = desk.client("ann"), desk.document.versions
    began = desk.now + 1
    for number in range(1, 80):
        desk.now += 1
        ann.edit(splices=[(0, 0, "a ")])
        assert versions.unsealed == Unsealed(number, began, desk.now)
    window = versions.window
    assert window is not None
    assert (window.steps, window.last, window.revision) == (79, desk.now, desk.revision)
    assert list(window.authorship) == [Run(158, 0, ADDED)]


def test_a_version_ends_with_the_step_that_makes_it_full(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.core.history.sealing._STEPS_MAX", 10)
    ann = desk.client("ann")
    for _ in range(9):
        ann.edit(splices=[(0, 0, "a ")])
    assert desk.document.versions.unsealed is not None
    ann.edit(splices=[(0, 0, "a ")])
    assert desk.document.versions.unsealed is None
    assert log(desk)[1:] == ["Ann: Write a line (+10 words)"]


def test_a_document_from_before_gets_versions_at_its_pauses(desk: Desk) -> None:
    ann = desk.client("ann")
    for minutes, text in ((0, "a\n"), (1, "ab\n"), (20, "ab\nc\n"), (21, "ab\ncd\n")):
        desk.now += minutes * 60
        ann.edit(text)
    for ref in (VERSIONS, AUTHORSHIP):
        git(desk.path, "update-ref", "-d", ref)
    desk.reopen()
    seal(desk)
    assert log(desk)[1:] == [
        "Ann: Write a line (+1 word)",
        "Ann: Write a line (+1 word)",
        "Ann: Edit line 2 (+1 word)",
    ]
    revisions = [revision for _, revision in versions(desk)]
    texts = [desk.repository().text(revision) for revision in revisions]
    assert texts == ["ab\n", "ab\nc\n", "ab\ncd\n"]


def test_the_record_can_be_made_again(desk: Desk) -> None:
    desk.client("ann").edit("Ann wrote this.\n")
    desk.client("bo").edit("Ann wrote this.\nBo wrote that.\n")
    seal(desk)
    known = desk.document.versions.window
    git(desk.path, "update-ref", "-d", AUTHORSHIP)
    desk.reopen()
    found = desk.document.versions.window
    assert known is not None
    assert found is not None
    assert [run.length for run in found.authorship] == [run.length for run in known.authorship]
    assert [found.people[run.author] for run in found.authorship] == [
        known.people[run.author] for run in known.authorship
    ]


def test_another_branch_of_this_name_is_set_aside(tmp_path: Path, desk: Desk) -> None:
    desk.client("ann").edit("one\n")
    other = pushed(desk, MASTER, "another\n")
    git(desk.path, "update-ref", VERSIONS, other)
    git(desk.path, "update-ref", "-d", AUTHORSHIP)
    desk.reopen()
    seal(desk)
    assert git(desk.path, "rev-parse", f"{VERSIONS}-2").strip() == other
    assert log(desk) == ["GollabEdit: Start the document", "Ann: Write a line (+1 word)"]


def test_a_history_with_an_unreadable_text_does_no_harm(tmp_path: Path, desk: Desk) -> None:
    git(tmp_path, "init", "-q", "--bare", str(desk.path))
    work = tmp_path / "own"
    git(tmp_path, "init", "-q", str(work))
    for content in (b"\xff", b"one\n"):
        (work / "notes.txt").write_bytes(content)
        git(work, "add", ".")
        git(work, "commit", "-qm", "By hand")
    git(work, "push", "-q", str(desk.path), f"HEAD:{MASTER}")
    desk.reopen()
    desk.client("ann").edit("one\ntwo\n")
    seal(desk)
    assert desk.text == "one\ntwo\n"
    assert desk.repository().head(VERSIONS) is None
    assert "is not UTF-8 text" in str(desk.document.versions.problem)


@pytest.mark.parametrize(
    "method", ["server.core.history.window.Window.add", "server.core.history.sealing.contributions"]
)
def test_a_fault_of_the_history_keeps_nobody_from_writing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    ann = desk.client("ann")
    ann.edit("one\n")
    with monkeypatch.context() as patch:
        patch.setattr(method, lambda *_: 1 / 0)
        ann.edit("one\ntwo\n")
        seal(desk)
        ann.edit("one\ntwo\nthree\n")
    assert desk.repository().text(desk.revision) == "one\ntwo\nthree\n"
    assert isinstance(desk.document.versions.problem, ZeroDivisionError)
    desk.reopen()
    seal(desk)
    assert versions(desk)[-1][1] == desk.revision


def test_a_document_that_catches_up_names_nothing_yet(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.client("ann").edit("one\n")
    desk.client("ann").edit("one\ntwo\n", seq=2)
    git(desk.path, "update-ref", "-d", AUTHORSHIP)
    monkeypatch.setattr("server.core.history.versions._OPENING_COST", 1)
    desk.reopen()
    assert desk.document.versions.is_catching_up
    reply = ask(desk, NameVersion("Draft", ""))
    assert isinstance(reply, Error)
    assert reply.code == "unavailable"
    desk.client("bo").edit("one\ntwo\nthree\n")
    while desk.document.versions.is_catching_up:
        desk.document.versions.catch_up(1)
    assert ask(desk, NameVersion("Draft", "")) == HistoryReply(slug="draft")
    assert log(desk)[-2:] == ["Bo: Write a line (+1 word)", "Ann: Write 2 lines (+2 words)"]


# --- names


def test_a_version_can_be_named(desk: Desk) -> None:
    desk.client("ann").edit("one\n")
    assert ask(desk, NameVersion("Sent to the board", "As agreed.")) == HistoryReply(
        slug="sent-to-the-board"
    )
    shown = git(desk.path, "cat-file", "-p", "refs/tags/sent-to-the-board").splitlines()
    assert shown[0] == f"object {git(desk.path, 'rev-parse', VERSIONS).strip()}"
    assert shown[-3:] == ["Sent to the board", "", "As agreed."]
    git(desk.path, "fsck", "--strict")


def test_names_are_unique_can_change_and_go(desk: Desk) -> None:
    desk.client("ann").edit("one\n")
    ask(desk, NameVersion("Draft", ""))
    assert ask(desk, NameVersion("Draft", "")) == NameTaken()
    assert ask(desk, NameVersion("Final", "")) == AlreadyNamed("Draft")
    assert ask(desk, Rename("draft", "First draft", "")) == HistoryReply(slug="draft")
    assert git(desk.path, "tag", "-n").split(maxsplit=1)[1].strip() == "First draft"
    assert ask(desk, RemoveName("draft")) == HistoryReply()
    assert ask(desk, RemoveName("draft")) == NoSuchVersion()
    assert ask(desk, NameVersion("x", "", "0" * 40)) == NoSuchVersion()
    assert git(desk.path, "tag") == ""


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("draft!", "draft-2"),
        ("Now", "version-now"),
        ("HEAD", "version-head"),
        ("df7c2f4", "version-df7c2f4"),
    ],
)
def test_a_tag_is_called_like_nothing_else(desk: Desk, name: str, slug: str) -> None:
    ann = desk.client("ann")
    ann.edit("one\n")
    ask(desk, NameVersion("Draft", ""))
    ann.edit("one\ntwo\n")
    assert ask(desk, NameVersion(name, "")) == HistoryReply(slug=slug)


def test_a_name_without_latin_letters_gets_a_tag(desk: Desk) -> None:
    desk.client("ann").edit("one\n")
    reply = ask(desk, NameVersion("版本", "", ""))
    assert isinstance(reply, HistoryReply)
    assert reply.slug.startswith("version-")


def test_a_document_that_was_created_from_a_file_has_a_version(desk: Desk) -> None:
    desk.run(Request(Author("cy", "Cy"), Create("one\n")))
    assert log(desk) == ["GollabEdit: Start the document", "Cy: Write a line (+1 word)"]

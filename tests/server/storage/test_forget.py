"""The history of a document before a date is removed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.core.clients import Author
from server.core.document import Request
from server.core.git_model import AUTHORSHIP, CLIENTS, MASTER, UNMERGED, VERSIONS
from server.core.history.comparison import Authors
from server.core.history.queries import HistoryQueries, VersionPage
from server.core.history.requests import NameVersion, Seal
from server.core.history.window import Window
from server.core.submission import Accepted, MergeText
from server.protocol import Error
from server.storage.forget import Forgotten, forget
from server.storage.rewrite import RewriteError
from tests.git import assert_sound, git, objects_with, refs, run_git, texts
from tests.server.desk import NOON, Desk, Writer, conflict

SEALER = Author("sealer", "GollabEdit")
DAY = 24 * 3600.0


def seal(desk: Desk) -> None:
    desk.run(Request(SEALER, Seal()))


def give_name(desk: Desk, label: str) -> None:
    desk.run(Request(SEALER, NameVersion(label, "")))


def people(desk: Desk) -> tuple[Writer, Writer]:
    return desk.client("ann"), desk.client("bo")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A document that Ann and Bo write for five days; day 1 has a name, day 2 is the last old."""
    desk = Desk(tmp_path / "notes.git")
    ann, bo = people(desk)
    ann.edit("# Plan\nearly words\n")
    seal(desk)
    desk.now = NOON + 1 * DAY
    ann.edit("# Plan\nnamed words\n")
    bo.edit("# Plan\nnamed words\nand bo's\n")
    give_name(desk, "First draft")
    desk.now = NOON + 2 * DAY
    bo.edit("# Plan\nforgotten words\nand bo's\n")
    bo.edit("# Plan\nold words\nand bo's\n")
    seal(desk)
    desk.now = NOON + 3 * DAY
    base = desk.revision
    ann.edit("# Plan\nnew words\nand bo's\n", base)
    bo.edit("# Plan\nold words\nand bo's, too\n", base)
    seal(desk)
    desk.now = NOON + 4 * DAY
    ann.edit("# Plan\nnewest words\nand bo's, too\n")
    return desk


def forget_old(desk: Desk) -> Forgotten:
    done = forget(desk.path, "notes.txt", NOON + 2.5 * DAY)
    desk.reopen()
    return done


def queries(desk: Desk) -> HistoryQueries:
    return HistoryQueries(desk.store, desk.document.versions.window)


def listed(desk: Desk) -> VersionPage:
    page = queries(desk).versions("", 50)
    assert page is not None
    return page


def runs(authors: Authors | None) -> Iterator[tuple[int, str]]:
    assert authors is not None
    return ((length, authors.authors[author].name) for length, author in authors.runs)


def test_old_texts_are_nowhere_and_the_others_stay(desk: Desk) -> None:
    old = texts(desk.path, MASTER)
    done = forget_old(desk)
    assert done.commits > 5
    assert (done.start, done.names) == (NOON + 2 * DAY, ("First draft",))
    assert texts(desk.path, MASTER) == old[-4:], "the last old text, and what came after it"
    for gone in (b"early words", b"forgotten words"):
        assert objects_with(desk.path, gone.decode()) == set()
        for file in desk.path.rglob("*"):
            assert not file.is_file() or gone not in file.read_bytes()
    assert_sound(desk.path)


def test_the_history_begins_with_the_last_old_revision(desk: Desk) -> None:
    forget_old(desk)
    root = git("rev-list", "--first-parent", "--reverse", MASTER, cwd=desk.path).split()[0]
    shown = git("log", "-1", "--format=%P|%an|%ct|%B", root, cwd=desk.path)
    assert shown.split("|") == [
        "",
        "GollabEdit",
        f"{NOON + 2 * DAY:.0f}",
        "Start the document\n\nIts older history was removed.\n",
    ]
    merge = git("log", "--merges", "--format=%P", MASTER, cwd=desk.path).split()
    for parent in merge:
        assert git("merge-base", root, parent, cwd=desk.path) == root


def test_named_versions_are_listed_and_compared(desk: Desk) -> None:
    forget_old(desk)
    found = listed(desk)
    told = [(each.name, [who.name for who in each.authors], each.steps) for each in found.versions]
    assert told == [
        ("", ["Ann"], 1),
        ("", ["Ann", "Bo"], 2),
        ("", ["GollabEdit"], 0),
        ("First draft", ["Ann"], 2),
    ]
    named = found.versions[-1]
    assert named.id == named.revision == git("rev-parse", "first-draft^{commit}", cwd=desk.path)
    assert desk.store.text(named.id) == "# Plan\nnamed words\nand bo's\n"
    for reference in ("first-draft", named.id, named.id[:8]):
        compared = queries(desk).compare(reference, "now", None)
        assert compared is not None
        assert [run[:2] for run in compared.runs if run[0] != "kept"] == [
            ("removed", "named"),
            ("added", "newest"),
            ("added", ", too"),
        ]


def test_a_named_version_can_be_restored(desk: Desk) -> None:
    forget_old(desk)
    named = listed(desk).versions[-1]
    text = desk.store.text(named.revision)
    [done] = desk.run(
        Request(Author("cy", "Cy"), MergeText(text, desk.revision, restores=named.revision))
    )
    assert isinstance(done, Accepted)
    assert desk.text == text
    assert listed(desk).versions[0].restores == named.revision


def test_who_wrote_what_is_still_known(desk: Desk) -> None:
    known = list(runs(queries(desk).authors("now")))
    old = list(runs(queries(desk).authors(git("rev-parse", f"{VERSIONS}~2", cwd=desk.path))))
    desk.document.versions.record()
    desk.save()
    forget_old(desk)
    assert list(runs(queries(desk).authors("now"))) == known
    root = git("rev-list", "--max-parents=0", MASTER, cwd=desk.path)
    assert list(runs(queries(desk).authors(root))) == old
    for commit in git("rev-list", AUTHORSHIP, cwd=desk.path).split():
        window = Window.decoded(git("show", f"{commit}:notes.txt", cwd=desk.path))
        assert window is not None
        assert git("merge-base", window.revision, MASTER, cwd=desk.path) == window.revision


def test_without_names_versions_begin_with_the_first_revision(desk: Desk) -> None:
    git("tag", "-d", "first-draft", cwd=desk.path)
    assert forget_old(desk).names == ()
    roots = [git("rev-list", "--max-parents=0", ref, cwd=desk.path) for ref in (MASTER, VERSIONS)]
    assert roots[0] == roots[1]
    first = listed(desk).versions[-1]
    assert (first.id, first.kind, first.subject) == (roots[0], "edits", "Start the document")


def test_a_name_of_the_last_old_version_stays_on_it(desk: Desk) -> None:
    for slug in ("Kept", "Light"):
        git("tag", slug, f"{VERSIONS}~2", cwd=desk.path)
    assert forget_old(desk).names == ("First draft", "Kept", "Light")
    found = listed(desk).versions
    assert [each.name for each in found] == ["", "", "Light", "First draft"]
    root = git("rev-list", "--max-parents=0", MASTER, cwd=desk.path)
    assert (found[2].revision, found[2].authors[0].name) == (root, "Bo")


def test_writing_goes_on(desk: Desk) -> None:
    forget_old(desk)
    seal(desk)
    desk.client("cy").edit(f"{desk.text}And more.\n")
    desk.client("dee").edit(f"{desk.text}And more.\n")
    seal(desk)
    newest, *others = listed(desk).versions
    assert ([who.name for who in newest.authors], len(others)) == (["Dee", "Cy"], 4)
    for commit, revision in _sealed(desk):
        assert git("diff", commit, revision, cwd=desk.path) == ""
    assert_sound(desk.path)


def _sealed(desk: Desk) -> list[list[str]]:
    form = "%H %(trailers:key=Revision,valueonly,separator=%x20)"
    lines = git("log", f"--format={form}", VERSIONS, cwd=desk.path).splitlines()
    found = [line.split() for line in lines]
    return [pair for pair in found if len(pair) == 2]


def test_it_can_be_done_again(desk: Desk) -> None:
    forget_old(desk)
    assert forget_old(desk).commits == 0
    done = forget(desk.path, "notes.txt", NOON + 3.5 * DAY)
    desk.reopen()
    assert done.names == ("First draft",)
    assert [each.name for each in listed(desk).versions] == ["", "", "First draft"]
    assert_sound(desk.path)


def test_a_version_whose_name_was_removed_can_be_forgotten_later(desk: Desk) -> None:
    forget_old(desk)
    seen = git("rev-list", MASTER, cwd=desk.path)
    git("tag", "-d", "first-draft", cwd=desk.path)
    assert forget_old(desk).commits == 2, "the version, and the one that followed it"
    assert objects_with(desk.path, "named words") == set()
    assert git("rev-list", MASTER, cwd=desk.path) == seen
    assert len(listed(desk).versions) == 3
    assert_sound(desk.path)


def push(desk: Desk, base: str, text: str, others: str = "") -> object:
    """Push a commit on a base for `master`."""
    work = desk.path.parent / "work"
    git("clone", "-q", "--no-checkout", str(desk.path), str(work), cwd=desk.path.parent)
    git("checkout", "-q", "--detach", base, cwd=work)
    (work / "notes.txt").write_text(text)
    git("add", ".", cwd=work)
    git("commit", "-qm", "Pushed", cwd=work)
    commit = git("rev-parse", "HEAD", cwd=work)
    git("push", "-q", str(desk.path), f"{commit}:refs/heads/quarantine", cwd=work)
    git("update-ref", "-d", "refs/heads/quarantine", cwd=desk.path)
    desk.reopen()
    [reply] = desk.run(Request(Author("git", "Olive"), MergeText(text, head=commit)))
    return reply


@pytest.mark.parametrize("base", [f"{VERSIONS}~2", "first-draft", f"{MASTER}~3"])
def test_a_push_on_what_is_left_is_merged(desk: Desk, base: str) -> None:
    forget_old(desk)
    text = git("show", f"{base}:notes.txt", cwd=desk.path)
    pushed = push(desk, git("rev-parse", base, cwd=desk.path), f"# Pushed\n\n{text}\n")
    assert isinstance(pushed, Accepted)
    assert desk.text == "# Pushed\n\n# Plan\nnewest words\nand bo's, too\n"
    assert len(listed(desk).versions) == 5
    assert_sound(desk.path)


def test_a_push_from_an_old_clone_is_refused(desk: Desk) -> None:
    old = desk.path.parent / "old"
    git("clone", "-q", "-b", "versions", str(desk.path), str(old), cwd=desk.path.parent)
    (old / "notes.txt").write_text("# Plan\n")
    git("commit", "-qam", "From before", cwd=old)
    forget_old(desk)
    git("push", "-q", str(desk.path), "HEAD:refs/heads/quarantine", cwd=old)
    commit = git("rev-parse", "quarantine", cwd=desk.path)
    git("update-ref", "-d", "refs/heads/quarantine", cwd=desk.path)
    desk.reopen()
    [reply] = desk.run(Request(Author("git", "Olive"), MergeText("# Plan\n", head=commit)))
    assert isinstance(reply, Error)
    assert "clone it" in reply.message


def test_clients_branches_are_kept_as_far_as_they_are(desk: Desk) -> None:
    cy = desk.client("cy")
    cy.edit(f"{desk.text}Cy\n")
    desk.run(Request(SEALER, Seal()))
    forget_old(desk)
    assert set(desk.repository().heads(CLIENTS)) == {"ann", "bo", "cy"}
    assert git("merge-base", f"{CLIENTS}cy", MASTER, cwd=desk.path) == desk.branch("cy")
    forget(desk.path, "notes.txt", NOON + 9 * DAY)
    assert desk.repository().heads(CLIENTS).keys() <= {"cy"}


@pytest.mark.parametrize("is_parked", [True, False])
def test_an_old_conflict_has_to_be_resolved_first(desk: Desk, *, is_parked: bool) -> None:
    before = git("rev-parse", f"{MASTER}~4", cwd=desk.path)
    shown = conflict(desk.client("cy").edit("# Plan\nCy's words\nand bo's\n", before))
    if is_parked:
        desk.client("cy").park(shown, seq=2)
    known = refs(desk.path)
    sentence = "^Resolve these first: 1 conflict with what would be removed.$"
    with pytest.raises(RewriteError, match=sentence):
        forget_old(desk)
    assert refs(desk.path) == known


def test_a_conflict_with_what_is_left_stays(desk: Desk) -> None:
    base = git("rev-parse", f"{MASTER}~3", cwd=desk.path)
    shown = conflict(desk.client("cy").edit("# Plan\nCy's words\nand bo's\n", base))
    desk.client("cy").park(shown, seq=2)
    question = desk.question("cy")
    forget_old(desk)
    assert [hunk.theirs for hunk in desk.question("cy").hunks] == [
        hunk.theirs for hunk in question.hunks
    ]
    assert [hunk.base for hunk in desk.question("cy").hunks] == [
        hunk.base for hunk in question.hunks
    ]
    assert set(desk.repository().heads(UNMERGED)) == {"cy"}


@pytest.mark.parametrize(
    ("ref", "name"), [("refs/heads/feature", "feature"), ("refs/tags/marks/old", "marks/old")]
)
def test_branches_on_what_is_old_are_named(desk: Desk, ref: str, name: str) -> None:
    git("update-ref", ref, f"{MASTER}~6", cwd=desk.path)
    known = refs(desk.path)
    with pytest.raises(RewriteError, match=f"need what would be removed: {name}."):
        forget_old(desk)
    assert refs(desk.path) == known
    git("update-ref", ref, f"{MASTER}~2", cwd=desk.path)
    forget_old(desk)
    assert git("show", f"{ref}:notes.txt", cwd=desk.path) == texts(desk.path, MASTER)[1]


def test_what_is_not_old_stays(desk: Desk) -> None:
    before = refs(desk.path)
    assert forget(desk.path, "notes.txt", NOON - 1).commits == 0
    assert forget(desk.path, "notes.txt", NOON + 9 * DAY, dry_run=True).commits > 0
    assert refs(desk.path) == before
    assert run_git("fsck", cwd=desk.path).returncode == 0


def test_a_push_on_an_old_version_that_came_later_stays(desk: Desk) -> None:
    old = git("rev-parse", "first-draft^{commit}", cwd=desk.path)
    assert isinstance(push(desk, old, "# Pushed\n\n# Plan\nnamed words\nand bo's\n"), Accepted)
    seen = texts(desk.path, MASTER)
    forget_old(desk)
    assert texts(desk.path, MASTER) == seen[-len(texts(desk.path, MASTER)) :]
    olives = ("--author=Olive", "--no-merges")
    [pushed] = git("log", "--format=%H", *olives, MASTER, cwd=desk.path).split()
    start = git("log", "--format=%H", "--author=GollabEdit", VERSIONS, cwd=desk.path).split()[0]
    assert git("log", "-1", "--format=%P", pushed, cwd=desk.path) == start
    assert listed(desk).versions[0].kind == "push"
    assert forget(desk.path, "notes.txt", NOON + 9 * DAY).names == ("First draft",)
    assert_sound(desk.path)


def test_a_push_on_a_named_version_is_no_revision(desk: Desk) -> None:
    forget_old(desk)
    base = git("rev-parse", "first-draft^{commit}", cwd=desk.path)
    push(desk, base, "# Pushed\n\n# Plan\nnamed words\nand bo's\n")
    assert forget(desk.path, "notes.txt", NOON + 2.5 * DAY).commits == 0, (
        "though master contains it"
    )


def restore(desk: Desk, revision: str) -> None:
    text = desk.store.text(revision)
    desk.run(Request(Author("cy", "Cy"), MergeText(text, desk.revision, restores=revision)))


def test_messages_name_only_revisions_that_are_left(desk: Desk) -> None:
    revisions = git("rev-list", "--first-parent", MASTER, cwd=desk.path).split()
    for revision in (revisions[5], revisions[3]):
        restore(desk, revision)
    forget_old(desk)
    root = git("rev-list", "--max-parents=0", MASTER, cwd=desk.path)
    for ref in (MASTER, VERSIONS):
        form = "--format=%(trailers:key=Restores,valueonly,separator=%x20)"
        assert git("log", form, ref, cwd=desk.path).split() == [root]
    for old in revisions:
        assert run_git("cat-file", "-e", old, cwd=desk.path).returncode != 0


@pytest.fixture
def pushed(tmp_path: Path) -> Desk:
    """A document of three commits that Olive made, one a day, and a version of the fourth day."""
    desk = Desk(tmp_path / "notes.git")
    for day in range(3):
        desk.now = NOON + day * DAY
        desk.commit_outside(f"day {day}\n")
    desk.now = NOON + 3 * DAY
    desk.reopen()
    desk.client("ann").edit("day 3\n")
    seal(desk)
    return desk


@pytest.mark.parametrize(("day", "left"), [(1, 3), (2, 2)])
def test_commits_that_people_made_are_versions_and_revisions(
    pushed: Desk, day: int, left: int
) -> None:
    forget(pushed.path, "notes.txt", NOON + (day + 0.5) * DAY)
    pushed.reopen()
    assert texts(pushed.path, MASTER) == [f"day {each}" for each in range(day, 4)]
    told = [(each.kind, each.authors[0].name) for each in listed(pushed).versions]
    by_olive = [("push", "Olive")] * (left - 2)
    assert told == [("edits", "Ann"), *by_olive, ("edits", "GollabEdit")]
    root = git("rev-list", "--max-parents=0", MASTER, cwd=pushed.path)
    assert {name for _, name in runs(queries(pushed).authors(root))} == {"Olive"}
    pushed.client("bo").edit("day 4\n")
    seal(pushed)
    assert len(listed(pushed).versions) == left + 1
    assert_sound(pushed.path)


def test_the_name_of_a_commit_that_somebody_made_stays(pushed: Desk) -> None:
    git("tag", "Draft", f"{MASTER}~2", cwd=pushed.path)
    pushed.now += DAY
    pushed.client("bo").edit("day 4\n")
    seal(pushed)
    assert forget(pushed.path, "notes.txt", NOON + 3.5 * DAY).names == ("Draft",)
    pushed.reopen()
    found = listed(pushed).versions
    assert [(each.name, each.authors[0].name) for each in found] == [
        ("", "Bo"),
        ("", "GollabEdit"),
        ("Draft", "Olive"),
    ]
    compared = queries(pushed).compare("Draft", "now", None)
    assert compared is not None
    assert [run[:2] for run in compared.runs] == [
        ("kept", "day "),
        ("removed", "1"),
        ("added", "4"),
        ("kept", "\n"),
    ]


def test_a_name_among_revisions_is_in_the_way(pushed: Desk) -> None:
    git("tag", "Draft", f"{MASTER}~3", cwd=pushed.path)
    with pytest.raises(RewriteError, match="need what would be removed: Draft"):
        forget(pushed.path, "notes.txt", NOON + 1.5 * DAY)

"""The schedule of a remote. No clock and no Git."""

from math import inf

import pytest

from server.mirror.mirrors import Mirror, Mirrors
from server.mirror.remote import Remote

EVERY_S = 10.0


@pytest.fixture
def mirrors() -> Mirrors:
    return Mirrors(Remote("https://u:s3cret@host/{document}.git"), EVERY_S, now=0.0)


def taken(mirrors: Mirrors, now: float) -> Mirror:
    mirror = mirrors.take(now)
    assert mirror is not None
    return mirror


def test_nothing_is_due_before_anything_was_written(mirrors: Mirrors) -> None:
    assert mirrors.take(1.0) is None
    assert mirrors.next_due() == inf
    assert mirrors.behind() == []


def test_a_written_document_is_pushed_at_once_by_one_worker(mirrors: Mirrors) -> None:
    mirrors.written("notes", 1.0)
    mirror = taken(mirrors, 1.0)
    assert mirror.url == "https://u:s3cret@host/notes.git"
    assert mirrors.take(1.0) is None
    assert mirrors.next_due() == inf
    assert not mirrors.pushed(mirror, "r1", 2.0, 1000.0)
    assert mirrors.behind() == []
    state = mirror.state()
    assert (state.revision, state.time, state.behind, state.problem) == ("r1", 1000.0, False, None)
    assert state.remote == "https://***@host/notes.git"


def test_a_document_under_constant_edits_is_pushed_at_intervals(mirrors: Mirrors) -> None:
    pushes = []
    for now in range(60):
        mirrors.written("notes", float(now))
        while mirror := mirrors.take(float(now)):
            pushes.append(now)
            mirrors.pushed(mirror, f"r{now}", float(now), 0.0)
    assert pushes == [0, 10, 20, 30, 40, 50]


def test_a_document_written_during_its_push_is_pushed_again(mirrors: Mirrors) -> None:
    mirrors.written("notes", 1.0)
    mirror = taken(mirrors, 1.0)
    mirrors.written("notes", 2.0)
    mirrors.pushed(mirror, "r1", 3.0, 0.0)
    assert mirror.state().behind
    assert mirrors.next_due() == 3.0 + EVERY_S
    assert mirrors.take(3.0 + EVERY_S) is mirror


def test_failures_back_off_whatever_is_written(mirrors: Mirrors) -> None:
    mirrors.written("notes", 0.0)
    now, pauses = 0.0, []
    for _ in range(10):
        mirror = taken(mirrors, now)
        mirrors.failed(mirror, "No.", now, 0.0)
        mirrors.written("notes", now)
        pauses.append(mirrors.next_due() - now)
        now = mirrors.next_due()
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]
    mirrors.pushed(taken(mirrors, now), "r1", now, 0.0)
    mirrors.written("notes", now)
    later = now + EVERY_S
    mirrors.failed(taken(mirrors, later), "No.", later, 0.0)
    assert mirrors.next_due() == later + 5, "a success begins anew"


def test_only_a_new_problem_and_its_end_are_reported(mirrors: Mirrors) -> None:
    mirrors.written("notes", 0.0)
    news, now = [], 0.0
    for problem in ("Gone.", "Gone.", "Slow after 12 ms.", "Slow after 15 ms.", "Gone."):
        mirror = taken(mirrors, now)
        news.append(mirrors.failed(mirror, problem, now, 0.0))
        assert mirror.state().problem == problem
        now = mirrors.next_due()
    assert news == [True, False, True, False, True]
    assert mirrors.pushed(taken(mirrors, now), "r1", now, 0.0)
    assert (mirrors.failed_total, mirrors.pushed_total) == (5, 1)


def test_working_mirrors_go_before_failing_ones(mirrors: Mirrors) -> None:
    mirrors.written("bad", 0.0)
    mirrors.failed(taken(mirrors, 0.0), "No.", 0.0, 0.0)
    mirrors.written("good", 90.0)
    assert [taken(mirrors, 100.0).document for _ in range(2)] == ["good", "bad"]


def test_at_the_start_pushes_are_spread_and_written_documents_go_first(
    mirrors: Mirrors,
) -> None:
    mirrors.start(["a", "b", "c"], 0.0)
    assert [taken(mirrors, 0.0).document, mirrors.take(0.0)] == ["a", None]
    assert 0.0 < mirrors.next_due() < 1.0
    mirrors.written("c", 0.1)
    assert taken(mirrors, 0.1).document == "c"


def test_hurry_makes_everything_due_at_once(mirrors: Mirrors) -> None:
    for document in ("bad", "busy"):
        mirrors.written(document, 0.0)
    mirrors.failed(taken(mirrors, 0.0), "No.", 0.0, 0.0)
    busy = taken(mirrors, 0.0)
    mirrors.written("busy", 1.0)
    mirrors.hurry(1.0)
    mirrors.pushed(busy, "r1", 1.0, 0.0)
    documents = [taken(mirrors, 1.0).document for _ in range(2)]
    assert documents == ["busy", "bad"]


def test_a_remote_for_one_document_ignores_others() -> None:
    mirrors = Mirrors(Remote("/x.git", "notes"), EVERY_S, now=0.0)
    mirrors.written("todo", 0.0)
    mirrors.start(["todo"], 0.0)
    assert mirrors.mirror_of("todo") is None
    assert mirrors.take(1.0) is None


def test_the_longest_time_behind_is_known(mirrors: Mirrors) -> None:
    assert mirrors.behind_s(5.0) == 0.0
    mirrors.written("a", 1.0)
    mirrors.written("b", 3.0)
    mirrors.written("a", 4.0)
    assert mirrors.behind_s(5.0) == 4.0


def test_a_document_that_was_deleted_is_pushed_no_more(mirrors: Mirrors) -> None:
    mirrors.written("notes", 1.0)
    mirror = taken(mirrors, 1.0)
    assert mirrors.forget("notes") is mirror
    assert mirrors.forget("notes") is None
    mirrors.written("notes", 2.0)  # a new one of the same name
    mirrors.pushed(mirror, "r1", 3.0, 0.0)
    assert taken(mirrors, 3.0) is not mirror

"""What becomes of the file, where a process could not time it."""

from server.cli.sync.session import SyncSession, new_session
from server.client.replica import Known
from server.protocol import Edit, Resolve
from tests.server.client.test_replica import conflict, is_settled, merged, welcome

MARKED = "<<<<<<< Ann\none zwei three\n=======\none deux three\n>>>>>>> Bot (this file)\n"


def apply_plan(session: SyncSession) -> str | None:
    plan = session.plan()
    if plan:
        session.applied(plan)
    return plan.text if plan else None


def with_markers() -> SyncSession:
    session = new_session(Known("r1", "one two three\n", is_revision=True), "one two three\n")
    session.replica.opened("Bot")
    session.replica.received(welcome())
    session.plan()
    session.saved("one deux three\n")
    session.replica.flush()
    session.replica.received(conflict())
    session.replica.take_messages()
    assert apply_plan(session) == MARKED
    return session


def test_markers_are_no_text() -> None:
    session = with_markers()
    session.saved(MARKED.replace("deux", "DEUX"))
    session.replica.flush()
    assert session.replica.take_messages() == []
    assert session.replica.local == "one deux three\n"


def test_whoever_is_at_work_on_the_markers_is_not_disturbed() -> None:
    session = with_markers()
    session.saved(MARKED.replace("deux", "DEUX"))
    session.replica.received(merged(1, "c1", "r3", "one deux three\n", "one 2 three\n"))
    assert apply_plan(session) is None
    assert session.is_resolving


def test_markers_that_nobody_touched_go_when_the_disagreement_is_gone() -> None:
    session = with_markers()
    session.replica.received(merged(1, "c1", "r3", "one deux three\n", "one 2 three\n"))
    assert apply_plan(session) == "one 2 three\n"
    assert is_settled(session.replica)


def test_an_answer_to_what_is_gone_meanwhile_is_sent_on_what_was_shown() -> None:
    session = with_markers()
    session.saved(MARKED.replace("deux", "DEUX"))
    session.replica.received(merged(1, "c1", "r3", "one deux three\n", "one 2 three\n"))
    session.saved("one ZWEI three\n")
    [resolve] = session.replica.take_messages()
    assert isinstance(resolve, Resolve)
    assert (resolve.base, resolve.commit) == ("r2", "c1")


def test_half_of_the_markers_is_no_answer() -> None:
    session = with_markers()
    session.saved(MARKED.replace("<<<<<<< Ann\n", ""))
    session.replica.flush()
    assert session.replica.take_messages() == []


def test_a_killed_process_goes_on_with_the_markers() -> None:
    session = SyncSession(with_markers().state)
    session.saved("one zwei deux three\n")
    session.replica.opened("Bot")
    session.replica.take_messages()
    session.replica.received(welcome(conflict=conflict(), seq=1))
    [resolve] = session.replica.take_messages()
    assert isinstance(resolve, Resolve)
    assert session.replica.local == "one zwei deux three\n"


def test_a_save_of_who_did_not_see_what_came_in_is_told_by_what_it_undoes() -> None:
    session = new_session(Known("r1", "one two three\n", is_revision=True), "one zwei two three\n")
    assert session.stale_base(["one two three\n"], "one two three four\n") == "one two three\n"
    assert session.stale_base(["one two three\n"], "one zwei two three four\n") is None
    assert (
        session.merge_stale_save("one two three\n", "one two three 4\n") == "one zwei two three 4\n"
    )


def test_a_late_save_under_markers_is_merged_into_the_own_side() -> None:
    session = with_markers()
    text = session.merge_stale_save("one deux three\n", "one deux three and more\n")
    assert text == "one deux three and more\n"
    session.stale_save_merged(text)
    session.replica.flush()
    [edit] = session.replica.take_messages()
    assert edit == Edit(2, "c1", text=text)

"""Rule P9 of docs/protocol.md, over a real socket: conflicts."""

from tests.server.sockets.client import Client, Message, with_theirs
from tests.server.sockets.harness import Serve, Served, eventually

# --- P9: conflicts

_FOXES = "The red fox\njumps over\nthe lazy dog"


async def _conflict(server: Served) -> tuple[Client, Client, Message]:
    """Ann's word is in, Bo's waits; Bo's other change is in as well."""
    ann, bo = await server.pair(_FOXES)
    await ann.edit("The blue fox\njumps over\nthe lazy dog")
    conflict = await bo.edit(
        "The green fox\njumps over\nthe sleepy dog", base=bo.welcome["revision"]
    )
    assert conflict["type"] == "conflict"
    return ann, bo, conflict


async def test_p9_only_the_disputed_words_wait(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    [hunk] = conflict["hunks"]
    assert (hunk["base"], hunk["ours"], hunk["theirs"]) == ("red", "blue", "green")
    assert conflict["text"] == "The blue fox\njumps over\nthe sleepy dog"
    assert with_theirs(conflict) == "The green fox\njumps over\nthe sleepy dog"
    assert conflict["names"] == {"ours": ["Ann"], "theirs": "Bo"}
    assert "-The blue fox" in conflict["diff"]
    assert "+The green fox" in conflict["diff"]
    await ann.until(conflict["text"])
    refs = await server.refs()
    assert refs["master"] == conflict["revision"]
    assert refs[f"clients/{bo.id}"] == conflict["commit"]
    base = await server.git_on_disk("merge-base", "master", f"clients/{bo.id}")
    assert base.strip() == conflict["base"]


async def test_p9_no_update_comes_while_it_is_open_and_a_changed_hunk_comes_fresh(
    server: Served,
) -> None:
    ann, bo, conflict = await _conflict(server)
    await ann.until(conflict["text"])
    before = list(bo.updates)
    await ann.edit(ann.text.replace("jumps", "leaps"))
    await bo.pong()
    assert bo.updates == before
    await ann.edit(ann.text.replace("blue", "black"))
    fresh = await bo.next("conflict")
    assert fresh["seq"] == conflict["seq"]
    assert [hunk["ours"] for hunk in fresh["hunks"]] == ["black"]
    assert fresh["waiting"] == conflict["waiting"] + 2


async def test_p9_it_ends_by_itself_when_the_disagreement_is_gone(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    await ann.until(conflict["text"])
    await ann.edit(ann.text.replace("blue", "green"))
    merged = await bo.next("merged")
    assert merged["seq"] == conflict["seq"]
    assert bo.text == "The green fox\njumps over\nthe sleepy dog"
    await ann.until(bo.text)


async def test_p9_typing_goes_on_while_it_is_open(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    further = await bo.edit("The green fox\njumps over\nthe sleepy cat")
    assert further["type"] == "conflict"
    assert [hunk["theirs"] for hunk in further["hunks"]] == ["green"]
    await ann.until("The blue fox\njumps over\nthe sleepy cat")
    agreed = await bo.edit("The blue fox\njumps over\nthe sleepy cat")
    assert agreed["type"] == "merged"
    assert bo.text == ann.text
    assert conflict["commit"] != further["commit"]


async def test_p9_resolve_brings_the_answer_to_everyone(server: Served) -> None:
    ann, bo, _ = await _conflict(server)
    merged = await bo.resolve("The turquoise fox\njumps over\nthe sleepy dog")
    assert merged["type"] == "merged"
    assert bo.text == "The turquoise fox\njumps over\nthe sleepy dog"
    await ann.until(bo.text)
    await server.fsck()


async def test_p9_resolve_after_the_same_spot_moved_is_a_new_conflict(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    await ann.until(conflict["text"])
    await ann.edit(ann.text.replace("blue", "black"))
    again = await bo.resolve("The green fox\njumps over\nthe sleepy dog")
    assert again["type"] == "conflict"
    assert [(h["ours"], h["theirs"]) for h in again["hunks"]] == [("black", "green")]
    assert (await bo.resolve(with_theirs(again)))["type"] == "merged"
    await ann.until("The green fox\njumps over\nthe sleepy dog")


async def test_p9_park_keeps_the_branch_and_the_client_goes_on_from_master(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    merged = await bo.park()
    assert merged["type"] == "merged"
    assert bo.text == conflict["text"]
    refs = await server.refs()
    assert refs[f"unmerged/{bo.id}"] == conflict["commit"]
    assert f"clients/{bo.id}" not in refs
    await bo.edit(bo.text + "!")
    await ann.until(conflict["text"] + "!")


async def test_p9_who_comes_back_has_the_conflict_in_the_welcome(server: Served) -> None:
    ann, bo, conflict = await _conflict(server)
    await bo.close()
    again = await server.come_back(bo)
    assert again.conflict
    assert again.conflict["commit"] == conflict["commit"]
    assert again.conflict["hunks"] == conflict["hunks"]
    assert (await again.resolve(with_theirs(again.conflict)))["type"] == "merged"
    await ann.until("The green fox\njumps over\nthe sleepy dog")


async def test_p9_who_does_not_come_back_has_it_parked(serve: Serve) -> None:
    server = await serve(park_after_s=0.2, checkpoint_idle_s=0.02)
    _, bo, conflict = await _conflict(server)
    await bo.close()
    refs = await server.repository() / "packed-refs"
    parked = f"{conflict['commit']} refs/heads/unmerged/{bo.id}\n"
    await eventually(lambda: parked in refs.read_text(), "the branch is parked, and on disk")
    await server.fsck()

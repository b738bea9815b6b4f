"""Queries: what takes long is computed once for each state of a document."""

from server.core.submission import Create, Replace
from server.hub.hub import Hub


async def test_the_unmerged_branches_are_merged_again_only_after_a_change(hub: Hub) -> None:
    await hub.submit("notes", "Ann", Create("one\n"))
    first = await hub.reader.unmerged("notes")
    assert first is not None
    assert await hub.reader.unmerged("notes") is first
    await hub.submit("notes", "Ann", Replace("two\n"))
    second = await hub.reader.unmerged("notes")
    assert second is not None
    assert second.revision != first.revision
    assert await hub.reader.unmerged("nothing") is None

"""Objects in memory: read back whole from any delta base, and dropped once on disk."""

import pytest

from server.git.objects import GitObject, Kind, as_delta, new_object, splice_between
from server.git.pending_objects import PendingObjects


def versions(count: int) -> list[tuple[GitObject, bytes]]:
    """Texts of which each is a delta of the one before."""
    text = b"a line of some length\n" * 20
    chain: list[tuple[GitObject, bytes]] = [(new_object(Kind.BLOB, text), text)]
    for number in range(count - 1):
        after = text[: number * 3] + b"word%d" % number + text[number * 3 :]
        splices = [splice_between(text, after)]
        delta = as_delta(new_object(Kind.BLOB, after), chain[-1][0].id, len(text), splices)
        assert delta is not None
        chain.append((delta, after))
        text = after
    return chain


def test_every_version_is_read_back_whole() -> None:
    objects = PendingObjects()
    chain = versions(50)
    for item, _ in chain:
        objects.add(item)
    assert [objects.data(item.id) for item, _ in chain] == [whole for _, whole in chain]
    assert objects.all() == tuple(item for item, _ in chain)
    assert objects.size < 3 * len(chain[0][1]) + 50 * 40, "deltas, not texts"


def test_what_the_first_delta_is_based_on_may_be_on_disk() -> None:
    objects = PendingObjects()
    (base, text), *rest = versions(10)
    for item, _ in rest:
        objects.add(item, lambda: text)
    assert base.id not in objects
    assert [objects.data(item.id) for item, _ in rest] == [whole for _, whole in rest]


@pytest.mark.parametrize("dropped", [0, 1, 5, 9, 10])
def test_what_is_left_is_whole_when_what_it_is_based_on_is_dropped(dropped: int) -> None:
    objects = PendingObjects()
    chain = versions(10)
    for item, _ in chain:
        objects.add(item)
    objects.drop(item.id for item, _ in chain[:dropped])
    assert [objects.data(item.id) for item, _ in chain[dropped:]] == [
        whole for _, whole in chain[dropped:]
    ]
    assert not any(item.id in objects for item, _ in chain[:dropped])
    assert bool(objects.size) == (dropped < 10)


def test_an_object_counts_once() -> None:
    objects = PendingObjects()
    [(item, _)] = versions(1)
    objects.add(item)
    size = objects.size
    objects.add(item)
    assert (objects.all(), objects.size) == ((item,), size)


def test_chains_of_deltas_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.git.pending_objects.DELTA_DEPTH_MAX", 3)
    objects = PendingObjects()
    chain = versions(5)
    for item, _ in chain[:4]:
        assert item.base is None or objects.takes_delta_of(item.base)
        objects.add(item)
    assert not objects.takes_delta_of(chain[3][0].id)
    objects.drop([chain[0][0].id])
    assert not objects.takes_delta_of(chain[3][0].id), "also when the beginning is on disk"

"""Nodes, connections and PostgreSQL fail a dozen times each: nothing is lost or doubled.

Three nodes on a PostgreSQL pair, and people who type meanwhile. `make soak-cluster` has the same
faults more often, with the lease that servers have.
"""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio

from tests import leaks
from tests.postgres import MISSING, programs
from tests.postgres_pair import Pair, running_pair
from tests.server.sockets import node_faults
from tests.server.sockets.client import Client, ClosedError
from tests.server.sockets.harness import eventually
from tests.server.sockets.node_faults import NAMES, Cluster, Fault, starts
from tests.server.sockets.nodes import Node, Nodes, posted, taken

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]

_ROUNDS = 12
_PEOPLE = 3
_DOCUMENTS = 60
_CUTS = 6  # of each kind of connection: half of them lose what is sent, the others refuse it
_FAILOVERS = 4  # as each copies a database
_LEASE_S = 3.0
_PATIENCE_S = 0.6
_QUICK = {  # less time than servers have
    "server.storage.journal.postgresql.leases:LEASE_S": _LEASE_S,
    "server.storage.journal.postgresql.watcher:RENEW_EVERY_S": 0.2,
    "server.storage.journal.postgresql.watcher:_LOOK_EVERY_S": 0.2,
    "server.storage.journal.postgresql.watcher:_LOST_S": 2.0,
    "server.http.passing.sockets:_ANSWER_S": 0.2,
    "server.hub.readiness:_TRY_EVERY_S": 0.05,
    "server.hub.readiness:_WAIT_S": 0.2,
}


@pytest.fixture(scope="module", autouse=True)
def nothing_left() -> Iterator[None]:
    """A node that was started again outlives the test, but not the last one."""
    with leaks.none_left():
        yield


@pytest.fixture(scope="module")
def databases() -> Iterator[Pair]:
    if programs() is None:
        pytest.skip(MISSING)
    with running_pair() as pair:
        yield pair


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(nodes: Nodes, databases: Pair) -> Cluster:
    options = ("--unload-after-s", "1", "--checkpoint-age-s", "1")
    how = starts(options, constants=_QUICK)
    cluster = Cluster(nodes, databases, Random(1), _LEASE_S, _PATIENCE_S, how, hurries=True)
    for name in NAMES:
        await cluster.start(name)
    return cluster


async def _rounds(cluster: Cluster, folder: Path, *faults: Fault, rounds: int = _ROUNDS) -> None:
    document = faults[0].__name__.replace("_", "-")
    people = await cluster.typists(document, _PEOPLE)
    async with cluster.typing(people):
        await cluster.go_on()
        for number in range(rounds):
            await cluster.round(faults[number % len(faults)])
    await cluster.check(folder)


async def test_nodes_are_killed(cluster: Cluster, tmp_path: Path) -> None:
    await _rounds(cluster, tmp_path, node_faults.node_killed)


async def test_owners_hang_past_their_lease(cluster: Cluster) -> None:
    """Their later appends are rejected, and nothing of them was acknowledged."""
    for number in range(_ROUNDS // 2):
        await cluster.until_all_live()
        *hung, survivor = cluster.chance.sample(cluster.alive, len(NAMES))
        await asyncio.gather(
            *(_hang(cluster, node, survivor, f"hung-{number}-{at}") for at, node in enumerate(hung))
        )


async def _hang(cluster: Cluster, node: Node, survivor: Node, document: str) -> None:
    await cluster.nodes.owned_by(node, document, "one\n")
    ann = await node.join("Ann", document)
    through = await survivor.join("Cy", document)
    for link in node.links.database:
        link.cut(silently=True)
    late = await ann.submit("one\nlate\n")
    await eventually(lambda: _is_appended(node, document), "the append is on its way")
    with node.stopped():
        cluster.end_lease(node)
        await through.closed()
        await taken(survivor, document)
        for link in node.links.database:
            link.mend()
        await posted(survivor, document, "two\n")
    assert await _end_without_answer(ann) == 1012
    again = await survivor.come_back(ann, document)
    assert again.welcome["seq"] < late, "nothing of it was saved"
    assert again.text == "one\ntwo\n"
    assert (await again.edit("one\ntwo\nlate\n"))["type"] == "merged"


def _is_appended(node: Node, document: str) -> bool:
    """Return whether an append is on its way to the database."""
    return any(document.encode() in link.held for link in node.links.database)


async def _end_without_answer(client: Client) -> int | None:
    """Return the close code; nothing before it may acknowledge anything."""
    try:
        while True:
            message = await client.receive_raw()
            assert message["type"] not in ("merged", "conflict"), message
    except ClosedError as end:
        return end.code


async def test_nodes_are_cut_off_from_the_database(cluster: Cluster, tmp_path: Path) -> None:
    await _rounds(cluster, tmp_path, node_faults.database_cut, rounds=_CUTS)


async def test_nodes_are_cut_off_from_each_other(cluster: Cluster, tmp_path: Path) -> None:
    await _rounds(cluster, tmp_path, node_faults.nodes_cut, rounds=_CUTS)


async def test_clients_are_cut_off_from_nodes(cluster: Cluster, tmp_path: Path) -> None:
    await _rounds(cluster, tmp_path, node_faults.clients_cut, rounds=_CUTS)


async def test_the_primary_is_lost(cluster: Cluster, tmp_path: Path) -> None:
    await _rounds(cluster, tmp_path, node_faults.primary_lost, rounds=_FAILOVERS)


async def test_the_standby_is_lost(cluster: Cluster, tmp_path: Path) -> None:
    await _rounds(cluster, tmp_path, node_faults.standby_lost)


async def test_the_database_accepts_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """It is full, may only be read, or has no connections left."""
    faults = node_faults
    await _rounds(
        cluster,
        tmp_path,
        faults.database_full,
        faults.database_read_only,
        faults.no_connections_left,
    )


async def test_all_nodes_are_restarted_one_after_the_other(
    cluster: Cluster, tmp_path: Path
) -> None:
    await _rounds(cluster, tmp_path, node_faults.all_restarted, rounds=_ROUNDS // len(NAMES))


async def test_a_node_that_stops_hands_its_documents_over(cluster: Cluster) -> None:
    await cluster.until_all_live()
    name, *_ = NAMES
    node, other = cluster.running[name], cluster.running[NAMES[1]]
    await cluster.nodes.owned_by(node, "handed-over", "one\n")
    ann = await node.join("Ann", "handed-over")
    ending = asyncio.create_task(cluster.end(name, signal.SIGTERM))
    assert await ann.closed() == 1001
    assert await ending == 0
    assert cluster.nodes.owner("handed-over") == ""
    left = "select count(*) from gollabedit.entries where document = 'handed-over'"
    assert cluster.nodes.execute(left) == [(0,)], "the owner wrote a checkpoint first"
    await posted(other, "handed-over", "two\n")
    await cluster.start(name)


async def test_a_clock_is_an_hour_ahead(cluster: Cluster) -> None:
    """It decides nothing about who owns a document: the clock of the database does."""
    for number in range(_ROUNDS):
        document = f"clock-{number}"
        await cluster.until_all_live()
        owner = cluster.running[NAMES[-1 - number % 2]]  # that node, or another one
        await cluster.nodes.owned_by(owner, document, "one\n")
        for node in cluster.alive:
            await posted(node, document, "more\n")
        assert cluster.nodes.owner(document) == owner.node_url
    leases = cluster.nodes.execute(
        "select extract(epoch from lease_until - clock_timestamp())::float from gollabedit.nodes"
    )
    assert len(leases) == len(NAMES)
    assert all(0 < left_s <= _LEASE_S for (left_s,) in leases), leases


async def test_documents_move_while_they_are_edited(cluster: Cluster, tmp_path: Path) -> None:
    people = [
        typist
        for number in range(_DOCUMENTS)
        for typist in await cluster.typists(f"moving-{number}", 1)
    ]
    for number in range(_ROUNDS):
        async with cluster.typing(people[number % 3 :: 3]):
            await cluster.round(node_faults.node_gone, words=1)
    await cluster.check_texts(people)
    for typist in people[:: _DOCUMENTS // 4]:
        await cluster.check(tmp_path, [typist])
    moves = "select sum(epoch) - count(*) from gollabedit.documents where name like 'moving-%'"
    assert cluster.nodes.execute(moves)[0][0] > _DOCUMENTS

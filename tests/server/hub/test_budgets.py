"""Budgets in the hub: who has used up what is theirs waits, and nobody else does."""

import asyncio
import time
from typing import Any

import pytest

from server.core.budgets import Allowance, Budget, Reason
from server.core.submission import Accepted, Create
from server.hub.gate import OverloadedError
from server.hub.hub import Hub
from server.hub.live_document import Connection
from server.protocol import TOO_MANY_CONNECTIONS, Code, Error
from tests.server.hub.test_connection import answers, send


class Refusals(list[Reason]):
    """The refusals of a budget."""

    def budget(self, **allowance: float) -> Budget:
        now = time.monotonic()
        return Budget("a", Allowance(**allowance), now, lambda reason, _: self.append(reason))


async def joined(hub: Hub, budget: Budget, document: str = "notes") -> Connection:
    connection = hub.connect(document, budget=budget)
    await send(connection, type="hello", protocol=1)
    await answers(connection)
    return connection


async def edited(connection: Connection, text: str, seq: int = 1) -> dict[str, Any]:
    """Edit the first revision, which is known."""
    base = connection.session.view().revision
    await send(connection, type="edit", seq=seq, base=base, text=text)
    return (await answers(connection))[-1]


async def test_a_debt_of_work_is_paid_before_the_next_edit_of_that_client_only(hub: Hub) -> None:
    refusals = Refusals()
    budget = refusals.budget(work_share=0.5)
    debtor, other = await joined(hub, budget), await joined(hub, Budget("b"))
    budget.use_work(1000.0, time.monotonic())
    answer = await edited(debtor, "mine\n")
    assert (answer["code"], answer["seq"]) == ("rate_limited", 1)
    assert 1980 < answer["retry_after_s"] < 1991
    assert refusals == [Reason.WORK]
    assert (await edited(other, "theirs\n"))["type"] == "merged"
    refused = await hub.submit("notes", "Ann", Create("text\n"), budget=budget)
    assert isinstance(refused, Error)
    assert refused.code == Code.RATE_LIMITED
    budget.use_work(-1000.0, time.monotonic())
    await answers(debtor)  # what the other one wrote
    assert (await edited(debtor, "mine\n"))["type"] == "merged"


async def test_work_and_text_are_charged_to_whose_they_are(hub: Hub) -> None:
    budget = Refusals().budget(work_share=1e-9, bytes_per_s=1, bytes_at_once=10_000)
    accepted = await hub.submit("notes", "Ann", Create("text\n"), budget=Budget("b"))
    assert isinstance(accepted, Accepted)
    assert budget.wait_s(time.monotonic())[0] == 0
    await hub.submit("notes", "Ann", Create("text\n"), budget=budget)
    assert budget.wait_s(time.monotonic())[0] > 1000  # any work is more than a billionth

    budget = Refusals().budget(bytes_per_s=1, bytes_at_once=10_000)
    connection = await joined(hub, budget, "other")
    assert (await edited(connection, "x" * 10_000))["type"] == "merged"
    wait_s, reason = budget.wait_s(time.monotonic())
    assert (round(wait_s, -1), reason) == (260, Reason.BYTES)


async def test_a_new_document_counts_with_its_first_edit(hub: Hub) -> None:
    refusals = Refusals()
    budget = refusals.budget(documents_per_hour=2)
    first, second = await joined(hub, budget, "first"), await joined(hub, budget, "second")
    assert (await edited(first, "one\n"))["type"] == "merged"
    assert (await edited(second, "two\n"))["code"] == "rate_limited"
    assert refusals == [Reason.DOCUMENTS]
    assert (await edited(first, "more\n", seq=2))["type"] == "merged"


@pytest.mark.parametrize(
    "allowance", [{"connections_max": 2.5}, {"document_connections_max": 2}], ids=str
)
async def test_a_budget_has_a_limited_number_of_connections(
    hub: Hub, allowance: dict[str, float]
) -> None:
    refusals = Refusals()
    budget = refusals.budget(**allowance)
    first, _ = hub.connect("notes", budget=budget), hub.connect("notes", budget=budget)
    with pytest.raises(OverloadedError, match=TOO_MANY_CONNECTIONS):
        hub.connect("notes", budget=budget)
    assert refusals == [Reason.CONNECTIONS]
    hub.connect("notes", budget=Budget("b"))
    first.disconnect()
    hub.connect("notes", budget=budget)


async def test_a_budget_is_read_at_its_pace(hub: Hub) -> None:
    budget = Refusals().budget(frames_per_s=10, frame_bytes_per_s=1000)
    connections = [await joined(hub, budget) for _ in range(2)]
    await connections[0].pace(2_000)
    with pytest.raises(TimeoutError):  # the debt of the one is the other's too
        async with asyncio.timeout(0.05):
            await connections[1].pace(1000)


async def test_for_long_texts_clients_take_turns(hub: Hub) -> None:
    done: list[str] = []

    async def create(budget: Budget, document: str) -> None:
        await hub.submit(document, "Ann", Create("A line.\n" * 10_000), budget=budget)
        done.append(document)

    many, one = Budget("many"), Budget("one")
    tasks = [create(many, f"many{number}") for number in range(8)]
    await asyncio.gather(*tasks, create(one, "one"))
    assert done.index("one") <= 2

"""Budgets in the hub: who has used up what is theirs waits, and nobody else does."""

import asyncio
import time
from typing import Any

import pytest

from server.core.budgets import Account, Allowance, Reason
from server.core.submission import Accepted, Create
from server.hub.gate import OverloadedError
from server.hub.hub import Hub
from server.hub.live_document import Connection
from server.protocol import TOO_MANY_CONNECTIONS, Code, Error
from tests.server.hub.test_connection import answers, send


class Refusals(list[Reason]):
    """An account's refusals."""

    def account(self, **allowance: float) -> Account:
        now = time.monotonic()
        return Account("a", Allowance(**allowance), now, lambda reason, _: self.append(reason))


async def joined(hub: Hub, account: Account, document: str = "notes") -> Connection:
    connection = hub.connect(document, account=account)
    await send(connection, type="hello", protocol=1)
    await answers(connection)
    return connection


async def edited(connection: Connection, text: str, seq: int = 1) -> dict[str, Any]:
    """Edit the first revision, which is known."""
    base = connection.session.view().revision
    await send(connection, type="edit", seq=seq, base=base, text=text)
    return (await answers(connection))[-1]


async def test_a_debt_of_work_is_paid_before_the_next_edit_of_that_account_only(hub: Hub) -> None:
    refusals = Refusals()
    account = refusals.account(work_share=0.5)
    debtor, other = await joined(hub, account), await joined(hub, Account("b"))
    account.use_work(1000.0, time.monotonic())
    answer = await edited(debtor, "mine\n")
    assert (answer["code"], answer["seq"]) == ("rate_limited", 1)
    assert 1980 < answer["retry_after_s"] <= 1990
    assert refusals == [Reason.WORK]
    assert (await edited(other, "theirs\n"))["type"] == "merged"
    refused = await hub.submit("notes", "Ann", Create("text\n"), account=account)
    assert isinstance(refused, Error)
    assert refused.code == Code.RATE_LIMITED
    account.use_work(-1000.0, time.monotonic())
    await answers(debtor)  # what the other one wrote
    assert (await edited(debtor, "mine\n"))["type"] == "merged"


async def test_work_and_text_are_charged_to_whose_they_are(hub: Hub) -> None:
    account = Refusals().account(work_share=1e-9, bytes_per_s=1, bytes_at_once=10_000)
    accepted = await hub.submit("notes", "Ann", Create("text\n"), account=Account("b"))
    assert isinstance(accepted, Accepted)
    assert account.wait_s(time.monotonic())[0] == 0
    await hub.submit("notes", "Ann", Create("text\n"), account=account)
    assert account.wait_s(time.monotonic())[0] > 1000  # any work is more than a billionth

    account = Refusals().account(bytes_per_s=1, bytes_at_once=10_000)
    connection = await joined(hub, account, "other")
    assert (await edited(connection, "x" * 10_000))["type"] == "merged"
    wait_s, reason = account.wait_s(time.monotonic())
    assert (round(wait_s, -1), reason) == (260, Reason.BYTES)


async def test_a_new_document_counts_with_its_first_edit(hub: Hub) -> None:
    refusals = Refusals()
    account = refusals.account(documents_per_hour=2)
    first, second = await joined(hub, account, "first"), await joined(hub, account, "second")
    assert (await edited(first, "one\n"))["type"] == "merged"
    assert (await edited(second, "two\n"))["code"] == "rate_limited"
    assert refusals == [Reason.DOCUMENTS]
    assert (await edited(first, "more\n", seq=2))["type"] == "merged"


@pytest.mark.parametrize(
    "allowance", [{"connections_max": 2.5}, {"document_connections_max": 2}], ids=str
)
async def test_an_account_has_a_limited_number_of_connections(
    hub: Hub, allowance: dict[str, float]
) -> None:
    refusals = Refusals()
    account = refusals.account(**allowance)
    first, _ = hub.connect("notes", account=account), hub.connect("notes", account=account)
    with pytest.raises(OverloadedError, match=TOO_MANY_CONNECTIONS):
        hub.connect("notes", account=account)
    assert refusals == [Reason.CONNECTIONS]
    hub.connect("notes", account=Account("b"))
    first.disconnect()
    hub.connect("notes", account=account)


async def test_an_account_is_read_at_its_pace(hub: Hub) -> None:
    account = Refusals().account(frames_per_s=10, frame_bytes_per_s=1000)
    connections = [await joined(hub, account) for _ in range(2)]
    await connections[0].pace(2_000)
    with pytest.raises(TimeoutError):  # the debt of the one is the other's too
        async with asyncio.timeout(0.05):
            await connections[1].pace(1000)


async def test_for_long_texts_accounts_take_turns(hub: Hub) -> None:
    done: list[str] = []

    async def create(account: Account, document: str) -> None:
        await hub.submit(document, "Ann", Create("A line.\n" * 10_000), account=account)
        done.append(document)

    many, one = Account("many"), Account("one")
    tasks = [create(many, f"many{number}") for number in range(8)]
    await asyncio.gather(*tasks, create(one, "one"))
    assert done.index("one") <= 2

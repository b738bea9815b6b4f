"""The inbox of a document: one request of a client in a batch, and budgets take turns."""

from server.core.budgets import FREE, Allowance, Budget
from server.core.clients import Author
from server.core.document import Request
from server.hub.inbox import Inbox, Waiting
from server.protocol import Sync

MANY, ONE = Budget("many", Allowance(requests_per_s=1)), Budget("one", Allowance())


def waiting(name: str, budget: Budget, client: str = "") -> Waiting[str]:
    return Waiting(name, Request(Author(client or name, ""), Sync()), budget, 0.0)


def inbox_of(*all_waiting: Waiting[str]) -> Inbox[str]:
    inbox: Inbox[str] = Inbox()
    for each in all_waiting:
        inbox.put(each)
    return inbox


def taken(inbox: Inbox[str], *, is_shared: bool = True, without: str = "") -> list[str]:
    batch = inbox.take(lambda each: each.requester != without, lambda: is_shared)
    return [each.requester for each in batch]


def test_a_client_has_one_request_in_a_batch_in_its_order() -> None:
    inbox = inbox_of(*(waiting(f"{c}{n}", FREE, c) for n in range(3) for c in "ab"))
    assert [taken(inbox) for _ in range(4)] == [["a0", "b0"], ["a1", "b1"], ["a2", "b2"], []]
    assert not inbox


def test_what_is_put_back_is_first_and_what_is_not_taken_is_gone() -> None:
    inbox = inbox_of(waiting("c", FREE), waiting("d", FREE))
    inbox.put_back([waiting("a", FREE), waiting("b", FREE)])
    assert taken(inbox, without="d") == ["a", "b", "c"]
    assert not inbox


def test_a_batch_of_a_shared_document_has_few_requests_of_a_limited_account() -> None:
    inbox = inbox_of(*(waiting(f"{n}", MANY) for n in range(100)), waiting("x", ONE))
    assert taken(inbox) == [*map(str, range(8)), "x"]
    inbox.put(waiting("y", ONE))
    assert taken(inbox) == [*map(str, range(8, 16)), "y"]
    assert len(taken(inbox, is_shared=False)) == 64
    free = inbox_of(*(waiting(f"{n}", FREE) for n in range(100)))
    assert len(taken(free)) == 64


def test_budgets_take_turns_for_a_full_batch() -> None:
    budgets = [Budget(str(n), Allowance(requests_per_s=1)) for n in range(12)]
    inbox = inbox_of(*(waiting(f"{a.who}-{n}", a) for a in budgets for n in range(8)))
    assert {name.partition("-")[0] for name in taken(inbox)} == set("01234567")
    inbox.put(waiting("0-more", budgets[0]))
    assert taken(inbox)[0].startswith("8-")

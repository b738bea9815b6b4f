"""Budgets: what a client may use at once and on average, and how many clients are known."""

from collections.abc import Callable

import pytest

from server.core import budgets
from server.core.budgets import UNLIMITED, Allowance, Budget, Budgets, Reason

ADDRESS = Allowance(requests_per_s=2, bytes_per_s=100, bytes_at_once=1000, documents_per_hour=10)


def some_budgets(*, spares_loopback: bool = True) -> Budgets:
    return Budgets(ADDRESS, ADDRESS.halved(), spares_loopback=spares_loopback)


def taken(take: Callable[[float], float], now: float) -> int:
    """Take as many as there are at one time; return the number."""
    return next(count for count in range(10**6) if take(now))


def test_requests_come_in_bursts_and_then_at_a_rate() -> None:
    budget = Budget("a", ADDRESS)
    assert taken(budget.take_request, 0.0) == 10
    assert budget.take_request(0.0) == pytest.approx(0.5)
    assert taken(budget.take_request, 3.0) == 6


def test_documents_of_a_folder_come_at_once_and_then_so_many_an_hour() -> None:
    budget = Budget("a", ADDRESS)
    assert taken(budget.take_document, 0.0) == 5
    assert taken(budget.take_document, 3600.0) == 5
    assert budget.take_document(3600.0) == pytest.approx(360)


def test_bytes_and_work_may_be_owed_and_the_longer_debt_counts() -> None:
    budget = Budget("a", Allowance(bytes_per_s=100, bytes_at_once=1000, work_share=0.5))
    assert budget.use_bytes(1000, 0.0) == 0
    budget.use_work(5.0, 0.0)
    assert budget.wait_s(0.0)[0] == 0
    budget.use_work(1.0, 0.0)
    assert budget.wait_s(0.0) == (2.0, Reason.WORK)
    assert budget.use_bytes(500, 0.0) == 5.0
    assert budget.wait_s(1.0) == (4.0, Reason.BYTES)
    assert budget.wait_s(5.0)[0] == 0


def test_websockets_are_read_at_one_pace_together() -> None:
    budget = Budget("a", Allowance(frames_per_s=10, frame_bytes_per_s=1000))
    assert [budget.pause_s(10, 0.0) for _ in range(21)][-2:] == [0, pytest.approx(0.1)]
    assert budget.pause_s(5000, 10.0) == pytest.approx(3.0)


def test_a_person_has_half_but_may_push_as_much_at_once() -> None:
    half = ADDRESS.halved()
    assert (half.requests_per_s, half.bytes_per_s, half.documents_per_hour) == (1, 50, 5)
    assert half.bytes_at_once == ADDRESS.bytes_at_once


def test_each_client_has_a_budget() -> None:
    known = some_budgets()
    clients = ["192.0.2.1", "192.0.2.2", "2001:db8:1:2::/64", "2001:db8:1:3::/64", "user:ann", ""]
    assert len({id(known.budget(client, 0.0)) for client in clients}) == len(clients)
    for client in clients:
        assert known.budget(client, 0.0) is known.budget(client, 1.0)
        assert known.budget(client, 0.0).is_limited


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1", "::/64"])
def test_this_machine_is_spared_if_wanted(client: str) -> None:
    assert some_budgets().budget(client, 0.0).allowance is UNLIMITED
    assert some_budgets(spares_loopback=False).budget(client, 0.0).allowance is ADDRESS


def test_a_person_is_never_spared() -> None:
    assert some_budgets().budget("user:127.0.0.1", 0.0).is_limited


def test_strangers_do_not_fill_the_memory_and_what_is_in_use_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budgets, "_BUDGETS_MAX", 50)
    known = some_budgets()
    connected = known.budget("192.0.2.1", 0.0)
    connected.connections = 1
    regular = known.budget("192.0.2.2", 0.0)
    for number in range(1000):
        known.budget(f"2001:db8:0:{number:x}::/64", 1.0)
        if number % 20 == 0:
            assert known.budget("192.0.2.2", 1.0) is regular
    assert len(known) <= 51
    assert known.budget("192.0.2.1", 2.0) is connected


def test_who_was_not_here_for_an_hour_is_forgotten() -> None:
    known = some_budgets()
    for number in range(100):
        known.budget(f"192.0.2.{number}", 0.0)
    for number in range(100):
        known.budget("198.51.100.1" if number % 2 else f"198.51.100.{number}", 3601.0)
    assert len(known) < 60


def test_a_refusal_is_noted() -> None:
    noted: list[tuple[str, str]] = []
    known = Budgets(ADDRESS, ADDRESS, spares_loopback=True, note=lambda *it: noted.append(it))
    known.budget("192.0.2.1", 0.0).note_refusal(Reason.WORK)
    assert noted == [("work", "192.0.2.1")]

"""When a version ends."""

import pytest

from server.core.history.sealing import SEAL_TIMES, Unsealed, is_full

MINUTE, HOUR = 60.0, 3600.0


@pytest.mark.parametrize(
    ("age_s", "idle_s", "expected"),
    [
        (10 * MINUTE, 4.9 * MINUTE, False),
        (10 * MINUTE, 5 * MINUTE, True),
        (59 * MINUTE, 1 * MINUTE, False),
        (61 * MINUTE, 29.0, False),
        (61 * MINUTE, 30.0, True),
    ],
)
def test_a_version_ends_at_a_pause(age_s: float, idle_s: float, expected: bool) -> None:
    now = 1_700_000_000.0
    steps = Unsealed(10, began=now - age_s, last=now - idle_s)
    assert steps.is_due(now, SEAL_TIMES) is expected


@pytest.mark.parametrize(
    ("steps", "age_s", "expected"),
    [(19_999, 1.99 * HOUR, False), (20_000, 1.0, True), (1, 2 * HOUR, True)],
)
def test_a_version_ends_although_people_go_on(steps: int, age_s: float, expected: bool) -> None:
    assert is_full(steps, began=0.0, last=age_s) is expected

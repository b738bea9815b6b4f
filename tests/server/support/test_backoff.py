"""Exponential back-off: twice as long after each failure, within its limits."""

import pytest

from server.support.backoff import backoff_s


@pytest.mark.parametrize(
    ("failures", "shortest", "longest"), [(0, 2.5, 5.0), (1, 5.0, 10.0), (10_000, 300.0, 600.0)]
)
def test_jitter_spreads_the_retries_within_the_limits(
    failures: int, shortest: float, longest: float
) -> None:
    waits = [backoff_s(failures, jitter, base_s=5.0, max_s=600.0) for jitter in (0.0, 0.5, 1.0)]
    assert waits == [shortest, (shortest + longest) / 2, longest]

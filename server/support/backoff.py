"""Exponential back-off with jitter."""

_DOUBLINGS_MAX = 30  # keeps the power small


def backoff_s(failures: int, jitter: float, *, base_s: float, max_s: float) -> float:
    """Return how long to wait after a number of failures.

    The wait is between half and all of `base_s * 2**failures`, with `max_s` as the upper limit.

    Args:
        failures: consecutive failures so far.
        jitter: 0 to 1, random; it spreads out clients that failed together.
        base_s: the longest wait after no failure.
        max_s: the longest wait after any number of failures.
    """
    return min(base_s * 2.0 ** min(failures, _DOUBLINGS_MAX), max_s) * (1 + jitter) / 2

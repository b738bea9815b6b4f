"""Rates of what one client sends. Sans-I/O: `now` is a parameter, a monotonic time in seconds."""


class TokenBucket:
    """A token bucket: `rate_per_s` on average, and `size` at once, by default twice that."""

    __slots__ = ("_at", "_rate_per_s", "_size", "_tokens")  # there is one for each address

    def __init__(self, rate_per_s: float, now: float, size: float | None = None) -> None:
        self._rate_per_s = rate_per_s
        self._tokens = self._size = 2 * rate_per_s if size is None else size
        self._at = now

    def take(self, now: float) -> float:
        """Take one token if there is one; return 0, or the seconds until the next one."""
        self._refill(now)
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate_per_s
        self._tokens -= 1
        return 0.0

    def owe(self, tokens: float, now: float) -> float:
        """Take tokens whether or not there are as many; return the seconds until none is owed."""
        self._refill(now)
        self._tokens -= tokens
        return max(0.0, -self._tokens / self._rate_per_s)

    def _refill(self, now: float) -> None:
        gained = max(0.0, now - self._at) * self._rate_per_s
        self._tokens, self._at = min(self._size, self._tokens + gained), now


class Pace:
    """The pace at which a connection is read: frames of any type, and their bytes.

    Even a frame without an answer, such as a ping of the websocket or an unknown message, takes
    the time of all; what comes faster than this waits in the client.
    """

    def __init__(self, frames_per_s: float, bytes_per_s: float, now: float) -> None:
        self._frames = TokenBucket(frames_per_s, now)
        self._bytes = TokenBucket(bytes_per_s, now)

    def pause_s(self, size: int, now: float) -> float:
        """Count a frame of `size` bytes; return how long to wait before the next one is read."""
        return max(self._frames.owe(1, now), self._bytes.owe(size, now))

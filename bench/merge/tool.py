"""What every tool that is measured has in common.

A tool is given three texts and answers with one, or asks. It may also fail to answer at all: each
call has `LIMIT_S`, so that one slow tool cannot hold up the others.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

LIMIT_S = 5.0

# How a tool that compares items is given a text: by lines, or by tokens.
Cut = Callable[[str], list[str]]


class Missing(Exception):
    """The tool is not installed; the message says what to do."""


class NoAnswer(Exception):
    """No answer within the limit."""


class Tool:
    """A three-way merge.

    Attributes:
        version: the tool as it says of itself, for the head of the report.
        threads: how many calls may run at once.
        scored: whether what it answers is judged, and not only its speed.
    """

    version = ""
    threads = 1
    scored = True

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        """The merged text, or None where it asks.

        Raises:
            NoAnswer: it took too long.
        """
        raise NotImplementedError

    def close(self) -> None:
        """End what it started."""


@contextmanager
def limited() -> Iterator[None]:
    """Interrupt Python code that takes too long; works on the main thread only."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise NoAnswer

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

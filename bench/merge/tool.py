"""What every tool that is measured has in common.

A tool is given three texts and answers with one, or asks. It may also not answer at all: each call
has `LIMIT_S`, so that a slow tool cannot hold up the others, and one that crashes on some texts is
asked about the next ones all the same.

    NoAnswer
        TooSlow
        Failed
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
    """The tool neither answered nor asked."""


class TooSlow(NoAnswer):
    """Nothing within the limit."""


class Failed(NoAnswer):
    """It crashed on these texts, or reported an error of its own."""


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
            NoAnswer: it took too long, or failed.
        """
        raise NotImplementedError

    def close(self) -> None:
        """End what it started."""


@contextmanager
def limited() -> Iterator[None]:
    """Interrupt Python code that takes too long; works on the main thread only."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def foreign() -> Iterator[None]:
    """Like `limited`, for code of others: whatever it raises is a failure of that tool."""
    try:
        with limited():
            yield
    except NoAnswer:
        raise
    except Exception as error:
        raise Failed from error

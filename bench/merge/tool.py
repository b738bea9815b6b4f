"""The interface of the measured tools.

A tool merges three texts, or reports a conflict. It may also fail: each call is limited to
`LIMIT_S`, so that a slow tool does not delay the others. A tool that crashes on some texts is still
measured on the next ones.

    NoAnswer
        TooSlow
        Failed
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

LIMIT_S = 5.0

# How a text is split for a tool that compares items: into lines or tokens.
Splitter = Callable[[str], list[str]]


class Missing(Exception):
    """The tool is not installed; the message says what to do."""


class NoAnswer(Exception):
    """The tool returned neither a result nor a conflict."""


class TooSlow(NoAnswer):
    """The tool exceeded the time limit."""


class Failed(NoAnswer):
    """The tool crashed or reported an error."""


class Tool:
    """A three-way merge.

    Attributes:
        version: the tool's own description, for the head of the report.
        threads: how many calls may run at the same time.
        scored: whether its quality is measured, not only its speed.
    """

    version = ""
    threads = 1
    scored = True

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        """Return the merged text, or None for a conflict.

        Raises:
            NoAnswer: The tool timed out or failed.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Stop the tool's processes."""


@contextmanager
def limited() -> Iterator[None]:
    """Interrupt Python code after the time limit; works only on the main thread."""

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
def third_party() -> Iterator[None]:
    """Like `limited`, for third-party code: any exception is a failure of the tool."""
    try:
        with limited():
            yield
    except NoAnswer:
        raise
    except Exception as error:
        raise Failed from error

"""A whole version of a document: a file sent by HTTP, or a commit that was pushed.

It is merged as a whole or not at all: its caller is not interactive and could not answer a
conflict. Sans-I/O, plain values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from merge.result import Hunk


@dataclass(frozen=True, slots=True)
class MergeText:
    """A text to be merged.

    Attributes:
        text: the whole text.
        base: the revision that it was made from; None: the merge base of `head` and `master`, or
            the first revision.
        head: the commit of the text, if there is one already.
        restores: the revision that it brings back, if it does.
    """

    text: str
    base: str | None = None
    head: str | None = None
    restores: str = ""


@dataclass(frozen=True, slots=True)
class Create:
    """The first text of a document, which must not exist."""

    text: str


@dataclass(frozen=True, slots=True)
class Replace:
    """A text that replaces the newest revision, whichever that is; the document must exist."""

    text: str


@dataclass(frozen=True, slots=True)
class Append:
    """Lines to be appended to the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The submission is in `master`, which has this revision and text now."""

    revision: str
    text: str
    is_new: bool  # it changed something
    created: bool = False  # it is the first text of the document
    people: Sequence[str] = ()  # the authors of what a commit was merged with


@dataclass(frozen=True, slots=True)
class Conflicted:
    """Nothing was changed: these hunks conflict, placed in the text of this revision.

    So do these `files` besides the document's, which a commit may contain.
    """

    revision: str
    text: str
    hunks: Sequence[Hunk]
    files: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AlreadyExists:
    """Nothing was created: the document has this revision already."""

    revision: str


def line_of(text: str, position: int) -> int:
    """Return the number, from 1, of the line that a position in a text is on."""
    return text.count("\n", 0, position) + 1


Submission = MergeText | Create | Replace | Append
Outcome = Accepted | Conflicted | AlreadyExists

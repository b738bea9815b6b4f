"""A version of a document that comes as a whole: a file sent by HTTP, a commit that was pushed.

It is taken in as a whole or not at all: who offers it waits for the answer, and has no page that
could ask which of the disputed words are to stay. Sans-I/O, plain values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from merge.result import Hunk


@dataclass(frozen=True, slots=True)
class Offer:
    """A text, and the revision that it was made from.

    Attributes:
        text: the whole text.
        base: the revision; None: what `head` and `master` have in common, or the first revision.
        head: the commit that holds the text, where there is one already.
    """

    text: str
    base: str | None = None
    head: str | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """The first text of a document, if it does not exist."""

    text: str


@dataclass(frozen=True, slots=True)
class Replace:
    """A text in the place of the newest revision of a document that exists, whichever that is."""

    text: str


@dataclass(frozen=True, slots=True)
class Append:
    """Lines to stand behind whatever the document has."""

    text: str


@dataclass(frozen=True, slots=True)
class Taken:
    """The offer is in `master`, as of this revision with this text."""

    revision: str
    text: str
    is_new: bool  # it changed something
    created: bool = False  # it is the first text of the document
    people: Sequence[str] = ()  # whose edits a commit was merged with, by name


@dataclass(frozen=True, slots=True)
class Disputed:
    """Nothing was changed: these words disagree, placed in the text of this revision.

    So do these `files` beside the document's, which a commit may bring.
    """

    revision: str
    text: str
    hunks: Sequence[Hunk]
    files: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Exists:
    """Nothing was created: the document has this revision already."""

    revision: str


def line_of(text: str, position: int) -> int:
    """The number of the line, from 1 on, that a place in a text is on."""
    return text.count("\n", 0, position) + 1


Proposal = Offer | Create | Replace | Append
Verdict = Taken | Disputed | Exists

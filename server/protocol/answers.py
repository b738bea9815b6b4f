"""What is sent over HTTP as JSON: answers, and the bodies of requests."""

from typing import Annotated, Literal

import msgspec

from server.protocol import ConflictHunk, Names, WireHunk

EXPIRES_DAYS_MAX = 36_500  # of a link


class UnmergedBranch(msgspec.Struct, frozen=True):
    """An unmerged branch in a list, and the size of its conflict now."""

    id: str
    commit: str
    name: str
    time: int
    hunks: int
    characters: int
    excerpt: str


class UnmergedList(msgspec.Struct, frozen=True):
    """The unmerged branches of a document, newest first."""

    document: str
    revision: str
    unmerged: list[UnmergedBranch]


class UnmergedConflict(msgspec.Struct, frozen=True):
    """The conflict of an unmerged branch; the fields are those of `Conflict`."""

    id: str
    time: int
    commit: str
    revision: str
    base: str
    text: str
    hunks: list[ConflictHunk]
    diff: str
    names: Names


class DisputedHunk(WireHunk, frozen=True):
    """A conflicting region of a rejected version.

    Attributes:
        line: the line of `start` in the document's text, from 1.
        line_sent: the line of `theirs` in the rejected text, from 1.
    """

    line: int
    line_sent: int


class DisputedText(msgspec.Struct, frozen=True):
    """The conflicts of a rejected version; positions are in the text at `revision`."""

    error: str
    document: str
    revision: str
    hunks: list[DisputedHunk]


class DocumentState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document and its newest revision; `archived`: it can only be read."""

    document: str
    revision: str
    archived: bool = False


class DocumentList(msgspec.Struct, frozen=True):
    """Documents by name; `more` says whether others follow the last one."""

    documents: list[DocumentState]
    more: bool


class SearchLine(msgspec.Struct, frozen=True):
    """A line with the words.

    Attributes:
        line: its number; the first line has 1.
        parts: the line, or what is around its first match: by turns other text, which may be empty,
            and a match.
    """

    line: int
    parts: list[str]


class SearchHit(msgspec.Struct, frozen=True):
    """A document with the words, its first lines that have them, and how many more do."""

    document: str
    revision: str
    title: str
    lines: list[SearchLine]
    more: int


class SearchResults(msgspec.Struct, frozen=True):
    """The documents with some words, by name.

    Attributes:
        query: the words.
        documents: those that have them.
        searched: the number of documents that were searched.
        next: the name after which to go on, or None if all were searched.
    """

    query: str
    documents: list[SearchHit]
    searched: int
    next: str | None


class MirrorState(msgspec.Struct, frozen=True):
    """The mirror of a document at one remote.

    Attributes:
        remote: its URL, without secrets.
        revision: the last revision pushed.
        time: when it was pushed, in Unix seconds.
        behind: whether there may be something newer to push.
        problem: why the last push failed, in one sentence.
    """

    remote: str
    revision: str | None
    time: float | None
    behind: bool
    problem: str | None


class MirrorList(msgspec.Struct, frozen=True):
    """All mirrors of a document."""

    document: str
    mirrors: list[MirrorState]


class DocumentChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of a document itself: a new name, or whether it is archived."""

    document: str | None = None
    archived: bool | None = None


class TrashEntry(msgspec.Struct, frozen=True):
    """A deleted document.

    Attributes:
        id: its id in the trash.
        document: the name that it had.
        time: when it was deleted, in Unix seconds.
        until: when it is removed for good.
        bytes: its size in the trash.
    """

    id: str
    document: str
    time: float
    until: float
    bytes: int


class TrashList(msgspec.Struct, frozen=True):
    """The deleted documents that can be restored, the latest first."""

    trash: list[TrashEntry]


class Restoration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The restoration of a deleted document, under this name or the one that it had."""

    document: str | None = None


class Me(msgspec.Struct, frozen=True):
    """Who sends a request, and what they may do on the whole server.

    Attributes:
        user: the name of the account; None if not signed in.
        name: what others see; None if it can be chosen.
        email: the address of commits; None for none.
        operator: whether they may run the server.
        create: whether they may create documents; of which names, the policy says.
        open: whether the server is open to those who are not signed in.
        sign_out: whether they can sign out.
    """

    user: str | None
    name: str | None
    email: str | None
    operator: bool
    create: bool
    open: bool
    sign_out: bool


class NewLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request for a link: its right, `view` or `edit`, and its days; 0 for no expiry."""

    right: Literal["view", "edit"]
    expires_days: Annotated[float, msgspec.Meta(ge=0, le=EXPIRES_DAYS_MAX)] = 0


class LinkState(msgspec.Struct, frozen=True, omit_defaults=False):
    """A link to a document; times are Unix times in seconds.

    Attributes:
        id: its id.
        right: `view` or `edit`.
        made_by: the user who made it; empty if nobody was signed in.
        created: when.
        expires: from when on it is not valid; None: always.
        used: when it was last used, to the minute; None: never.
        key: the secret, in the answer that makes the link only.
    """

    id: str
    right: str
    made_by: str
    created: float
    expires: float | None
    used: float | None
    key: str | msgspec.UnsetType = msgspec.UNSET


class LinkList(msgspec.Struct, frozen=True):
    """The links to a document, the newest first."""

    links: list[LinkState]


HttpAnswer = (
    UnmergedList
    | UnmergedConflict
    | DisputedText
    | DocumentList
    | SearchResults
    | MirrorList
    | TrashEntry
    | TrashList
    | Me
    | LinkState
    | LinkList
)

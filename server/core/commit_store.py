"""The interface of a document's repository, as the core uses it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from merge.splices import Splice
from server.core.git_model import Signature


class StoreError(Exception):
    """A commit is missing, or has no text."""


@dataclass(frozen=True, slots=True)
class OtherFiles:
    """The files besides the document's, merged: their tree, or the paths that conflict."""

    tree: str
    conflicting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """What a commit says beside its text."""

    parents: tuple[str, ...]
    tree: str
    author: Signature
    committer: Signature
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag on a commit; one without a message and a tagger is only a name."""

    commit: str
    tagger: Signature | None = None
    message: str = ""


class CommitStore(Protocol):
    """See `server.git.repository.Repository` for each method. Commits are named by their ids."""

    def head(self, ref: str) -> str | None: ...
    def heads(self, prefix: str) -> dict[str, str]: ...
    def has_commit(self, commit: str) -> bool: ...
    def text(self, commit: str) -> str: ...
    def time(self, commit: str) -> float: ...
    def author_name(self, commit: str) -> str: ...
    def contains(self, head: str, commit: str) -> bool: ...
    def merge_base(self, one: str, other: str) -> str | None: ...
    def has_one_base(self, one: str, other: str) -> bool: ...
    def info(self, commit: str) -> CommitInfo: ...
    def first_parents(self, head: str) -> Iterator[str]: ...
    def boundary(self, head: str, known: Sequence[str]) -> set[str]: ...
    def trailers(self, commit: str) -> dict[str, str]: ...
    def tags(self) -> dict[str, Tag]: ...
    def tag(self, name: str, tag: Tag) -> None: ...
    def authors(self, head: str, since: str, limit: int) -> dict[str, str]: ...
    def find(self, head: str, trailers: Mapping[str, str], limit: int) -> str | None: ...
    def commit(
        self,
        text: str,
        parents: Sequence[str],
        author: Signature,
        committer: Signature,
        message: str,
        splices: Sequence[Splice] | None = None,
        files: str | None = None,
    ) -> str: ...
    def merge_files(self, base: str, ours: str, theirs: str) -> OtherFiles: ...
    def move(self, ref: str, commit: str | None) -> None: ...

"""The versions of a document as people see them: a list, the newest first.

Sans-I/O: the repository sits behind `CommitStore`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from server.core import git_model
from server.core.commit_store import CommitInfo, CommitStore
from server.core.git_model import VERSIONS
from server.core.history.branch import VersionsBranch
from server.core.history.contributions import contributions
from server.core.history.named import name_of
from server.core.history.sealing import Kind
from server.core.history.subject import subject_of, words_in
from server.core.history.window import Window

OPEN = "open"  # the id of the version that is not sealed yet


@dataclass(frozen=True, slots=True)
class VersionAuthor:
    """Who changed something in a version, and the number of words they added and removed."""

    name: str
    email: str
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """A version.

    Attributes:
        id: its last commit on the branch `versions`; `OPEN` if it is not sealed yet.
        revision: the revision that it is equal to.
        began: when its first step was made (Unix time in seconds).
        time: when its last step was made.
        kind: how its changes were made.
        subject: what was changed, in a few words.
        steps: the number of its revisions.
        authors: who changed most comes first.
        name: the name that it was given; empty, like `slug` and `note`, if it has none.
        slug: the name of its tag.
        note: more about it.
        restores: the revision that it has brought back, or empty.
    """

    id: str
    revision: str
    began: int
    time: int
    kind: str
    subject: str
    steps: int
    authors: list[VersionAuthor]
    name: str = ""
    slug: str = ""
    note: str = ""
    restores: str = ""


class VersionList:
    """The sealed versions in the repository of one document."""

    def __init__(self, store: CommitStore) -> None:
        self._store = store
        self._branch = VersionsBranch(store)
        self._named = {
            tag.commit: (slug, *name_of(slug, tag)) for slug, tag in sorted(store.tags().items())
        }

    def before(self, id: str) -> Iterator[Version]:
        """Yield the versions before the one with an id, the newest first; if it is empty, all."""
        start = id or self._store.head(VERSIONS)
        groups = grouped(self._store, start) if start else iter(())
        if id:
            next(groups, None)
        yield from map(self._version, groups)

    def _version(self, group: list[tuple[str, CommitInfo]]) -> Version:
        """Return the version of commits, of which the last one comes first."""
        (id, last), *_ = group
        is_pushed = not git_model.is_by_hub(last.committer)
        trailers = {} if is_pushed else self._store.trailers(id)
        slug, name, note = next(
            (self._named[commit] for commit, _ in group if commit in self._named), ("", "", "")
        )
        return Version(
            id=id,
            revision=self._branch.revision_of(id),
            began=_number(trailers.get("Began"), int(last.author.time)),
            time=int(last.committer.time),
            kind=Kind.PUSH if is_pushed else trailers.get(git_model.KIND, Kind.EDITS),
            subject=words_in(last.subject)[0].removeprefix(f"Merge {last.author.name}: "),
            steps=_number(trailers.get("Steps"), 1),
            authors=[_author(info) for _, info in group],
            name=name,
            slug=slug,
            note=note,
            restores=trailers.get(git_model.RESTORES, ""),
        )


def grouped(store: CommitStore, head: str) -> Iterator[list[tuple[str, CommitInfo]]]:
    """Yield the commits of each version from a head back, but not the empty first one."""
    branch = VersionsBranch(store)
    group: list[tuple[str, CommitInfo]] = []
    for commit in store.first_parents(head):
        info = store.info(commit)
        is_first = not info.parents
        if group and (is_first or branch.is_end(commit)):
            yield group
            group = []
        if not is_first or branch.is_end(commit) or store.text(commit):
            group.append((commit, info))
    if group:
        yield group


def open_version(store: CommitStore, window: Window) -> Version | None:
    """Return the version that the steps in a window will become; None if nothing has changed."""
    before, after = store.text(window.sealed), store.text(window.revision)
    made = contributions(before, after, window.authorship) if window.steps else []
    if not made:
        return None
    last, text = made[-1], made[-2].text if len(made) > 1 else before
    subject = subject_of(text, after, last.splices, last.words_added, last.words_removed)
    return Version(
        id=OPEN,
        revision=window.revision,
        began=int(window.began),
        time=int(window.last),
        kind=Kind.EDITS,
        subject=words_in(subject)[0],
        steps=window.steps,
        authors=[
            VersionAuthor(
                window.people[each.author].name,
                window.people[each.author].email,
                each.words_added,
                each.words_removed,
            )
            for each in reversed(made)
        ],
    )


def _author(info: CommitInfo) -> VersionAuthor:
    _, added, removed = words_in(info.subject)
    return VersionAuthor(info.author.name, info.author.email, added, removed)


def _number(digits: str | None, default: int) -> int:
    return int(digits) if digits and digits.isascii() and digits.isdigit() else default

"""How a version is made: when one is due, and the commits that it consists of.

Sans-I/O: the repository sits behind `CommitStore`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from server.core import git_model
from server.core.commit_store import CommitStore
from server.core.history.contributions import Contribution, contributions
from server.core.history.subject import counts_in, subject_of
from server.core.history.window import Window
from server.core.names import one_line

# With so many steps, or after so long, a version is sealed while people type.
_STEPS_MAX = 20_000
_LONGEST_S = 2 * 3600.0
# A version that is old enough ends with a pause of this length.
_PAUSE_S = 30.0
_SUBJECT_MAX = 100


class Kind(StrEnum):
    """How the changes of a version were made."""

    EDITS = "edits"
    FILE = "file"
    PUSH = "push"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class SealTimes:
    """When versions end: `idle_s` after the last step, or at a short pause after `age_s`."""

    idle_s: float = 300.0
    age_s: float = 3600.0


SEAL_TIMES = SealTimes()


class Unsealed(msgspec.Struct, frozen=True):
    """The steps since the last version: how many, and when the first and the last were made."""

    steps: int
    began: float
    last: float

    def is_due(self, now: float, times: SealTimes) -> bool:
        """Return whether the version ends before a step at `now` (Unix time in seconds)."""
        idle_s, age_s = now - self.last, now - self.began
        return idle_s >= times.idle_s or (age_s >= times.age_s and idle_s >= _PAUSE_S)


def is_full(steps: int, began: float, last: float) -> bool:
    """Return whether a version ends although people are typing: see `Unsealed`."""
    return steps >= _STEPS_MAX or last - began >= _LONGEST_S


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the changes of a version come from.

    Attributes:
        kind: how they were made.
        restores: the revision that was restored, if one was.
        pushed: the commit that was pushed, if one was.
        joins: whether that commit becomes a part of the branch `versions`, which it is based on.
    """

    kind: Kind = Kind.EDITS
    restores: str = ""
    pushed: str = ""
    joins: bool = False


def seal(store: CommitStore, window: Window, head: str, origin: Origin) -> str:
    """Stage the commits of a version.

    Args:
        store: the repository.
        window: the steps.
        head: the last version's commit.
        origin: where the changes come from.

    Returns:
        The new head; the old one, if nothing has changed in the end.
    """
    text, after = store.text(window.sealed), store.text(window.revision)
    tree = store.info(window.revision).tree
    made = contributions(text, after, window.authorship)
    if not made and not origin.joins and tree == store.info(head).tree:
        return head
    committer = git_model.hub_signature(window.last)
    for each in made[:-1]:
        message = f"{_subject(text, each)}\n"
        author = window.signature_of(each.author)
        head = store.commit(each.text, (head,), author, committer, message, each.splices)
        text = each.text
    authors = [each.author for each in made] or [window.last_author]
    author = window.signature_of(authors[-1])
    subject = _subject(text, made[-1]) if made else "Change other files"
    if origin.restores:
        subject = _restored(store, origin.restores, subject)
    if origin.pushed:
        pushed = store.info(origin.pushed)
        author = pushed.author
        own = one_line(pushed.subject)[:_SUBJECT_MAX]
        subject = f"{own}{counts_in(subject)}" if own else subject
    message = git_model.version_message(
        f"Merge {author.name}: {subject}" if origin.joins else subject,
        window.revision,
        {
            "Began": str(int(window.began)),
            "Steps": str(window.steps),
            git_model.KIND: origin.kind,
            git_model.RESTORES: origin.restores,
        },
        map(window.signature_of, authors[:-1]),
    )
    parents = (head, origin.pushed) if origin.joins else (head,)
    splices = made[-1].splices if made else ()
    return store.commit(after, parents, author, committer, message, splices, tree)


def _restored(store: CommitStore, revision: str, subject: str) -> str:
    """Return the subject of a version that brings a revision back; `subject` has the counts."""
    made = datetime.fromtimestamp(store.time(revision), UTC) if store.has_commit(revision) else None
    what = f"the text of {made.day} {made:%B %Y, %H:%M} UTC" if made else "an old text"
    return f"Restore {what}{counts_in(subject)}"


def _subject(before: str, made: Contribution) -> str:
    return subject_of(before, made.text, made.splices, made.words_added, made.words_removed)

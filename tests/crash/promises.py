"""What the server has promised about one document.

Recorded are the commits and revisions that its messages named, and the words that writers typed.
The promise: whatever an answer or an update named can be cloned forever, and a word stays until a
writer removes it on purpose.
"""

from collections import Counter
from dataclasses import dataclass, field

from tests.crash.clone import Clone
from tests.crash.results import Fault, Results
from tests.crash.words import name_of, words_in


@dataclass
class Promises:
    """The promises about a document.

    Attributes:
        commits: acknowledged commits.
        revisions: commits acknowledged or shown as part of `master`.
        words: the words of acknowledged edits.
        versions: the commits of the branch `versions` that a clone had.
        removed: words that a writer replaced or rejected on purpose.
        decided: words in resolved hunks: two concurrent resolutions may both keep them.
    """

    document: str
    commits: set[str] = field(default_factory=set)
    revisions: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)

    def remove(self, before: str, after: str) -> None:
        """Record the words that a writer removes on purpose."""
        self.removed |= set(words_in(before)) - set(words_in(after))

    def check(self, clone: Clone | None, results: Results) -> None:
        """Compare a fresh clone with the promises. Everything missing is reported once."""
        clone = clone or Clone()
        if clone.fsck_output:
            results.add_fault(Fault.CORRUPT, f"a clone of {self.document}: {clone.fsck_output}")
            return
        if not (self.commits or clone.head):
            return  # only opened, which stores nothing, or being created now
        kept = self.removed | clone.waiting | set(words_in(clone.text))
        lost = [
            *(f"commit {commit}" for commit in self.commits - clone.commits),
            *(f"revision {revision}" for revision in self.revisions - clone.revisions),
            *(f"version {commit}" for commit in self.versions - clone.versions),
            *map(name_of, self.words - kept),
        ]
        for what in sorted(lost):
            results.add_fault(Fault.LOST, f"{self.document}: {what}")
        self.commits &= clone.commits
        self.revisions &= clone.revisions
        self.words &= kept
        self.versions = set(clone.versions)
        for commit in clone.wrong_versions:
            results.add_fault(
                Fault.BROKEN, f"{self.document}: version {commit} is not its revision"
            )
        for word, times in Counter(words_in(clone.text)).items():
            if times > 1 and word not in self.decided:
                results.add_fault(Fault.DOUBLED, f"{self.document}: {times} times {name_of(word)}")

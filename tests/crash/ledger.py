"""What the server has promised about one document, so that it can be held to it.

Written down are what its messages named (commits, revisions) and what the writers typed. The
promise: whatever an answer or an update named can be cloned, for ever, and a word stays until
somebody takes it out on purpose.
"""

from collections import Counter
from dataclasses import dataclass, field

from tests.crash.mirror import Mirror
from tests.crash.tally import Fault, Tally
from tests.crash.words import name_of, words_in


@dataclass
class Ledger:
    """The promises about a document.

    Attributes:
        commits: what was acknowledged.
        revisions: what was acknowledged or shown as part of `master`.
        words: the words of edits that were acknowledged.
        removed: words that somebody replaced, or decided against, on purpose.
        decided: words that a `resolve` was about: two who decide at one time may both keep them.
    """

    document: str
    commits: set[str] = field(default_factory=set)
    revisions: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)

    def remove(self, before: str, after: str) -> None:
        """Somebody makes `after` of `before`, and means it."""
        self.removed |= set(words_in(before)) - set(words_in(after))

    def check(self, mirror: Mirror | None, tally: Tally) -> None:
        """Hold a fresh clone against the promises. What is missing is reported once."""
        mirror = mirror or Mirror()
        if mirror.complaint:
            tally.complain(Fault.UNSOUND, f"a clone of {self.document}: {mirror.complaint}")
            return
        if not (self.commits or mirror.head):
            return  # so far only looked at, which leaves nothing behind; or it is just being made
        kept = self.removed | mirror.waiting | set(words_in(mirror.text))
        lost = [
            *(f"commit {commit}" for commit in self.commits - mirror.commits),
            *(f"revision {revision}" for revision in self.revisions - mirror.revisions),
            *map(name_of, self.words - kept),
        ]
        for what in sorted(lost):
            tally.complain(Fault.LOST, f"{self.document}: {what}")
        self.commits &= mirror.commits
        self.revisions &= mirror.revisions
        self.words &= kept
        for word, times in Counter(words_in(mirror.text)).items():
            if times > 1 and word not in self.decided:
                tally.complain(Fault.DOUBLED, f"{self.document}: {times} times {name_of(word)}")

"""Answers about the texts of the history: comparisons, authors, steps between two revisions.

Sans-I/O: the repository sits behind `CommitStore`. Positions and lengths count code points.
"""

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby

from merge.diff_splices import diff_splices
from merge.splices import Splice
from merge.tokens import common_prefix, common_suffix, tokens
from server.core.commit_store import CommitStore
from server.core.history.replay import Replay
from server.core.history.window import Person, Window
from server.core.history.word_diff import KEPT, REMOVED, compare_words

SKIPPED = "skipped"
_STEPS_MAX = 500  # in one answer
_BY_WORDS_MAX = 20_000  # characters; a longer part has an author for each letter
_STEPS_CHARACTERS_MAX = 20_000_000  # of all texts together that are read for it

# Kind, text and number of its author; of `SKIPPED`, the number of characters instead of a text.
ComparedRun = tuple[str, str | int, int | None]


@dataclass(frozen=True)
class Authors:
    """Who wrote the text of a revision: `runs`, which cover it, are lengths and authors."""

    revision: str
    authors: list[Person]
    runs: list[tuple[int, int]]

    def of_range(self, start: int, end: int) -> Iterator[tuple[int, Person]]:
        """Yield the ends of the runs in a range, the last one cut, with their authors."""
        ends = self._ends
        at = bisect_right(ends, start)
        while start < end:
            start = min(ends[at], end)
            yield start, self.authors[self.runs[at][1]]
            at += 1

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(length for length, _ in self.runs))

    @classmethod
    def of(cls, window: Window) -> "Authors":
        """Return the authors of a window's current text, without those of nothing in it."""
        runs = window.authorship.current()
        numbers = {author: new for new, author in enumerate(sorted({run.author for run in runs}))}
        people = [window.people[author] for author in numbers]
        return cls(window.revision, people, [(run.length, numbers[run.author]) for run in runs])


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two texts, of the revisions `first` and `last`, compared by words."""

    first: str
    last: str
    authors: list[Person]
    runs: list[ComparedRun]


@dataclass(frozen=True, slots=True)
class PlayedStep:
    """A step of `master`; `splices` lead from the text before it to the text at `revision`."""

    revision: str
    time: int
    author: int
    splices: tuple[Splice, ...]


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps from the text of a revision to another one; `more`: further ones would follow."""

    first: str
    last: str
    text: str
    authors: list[Person]
    steps: list[PlayedStep]
    more: bool


def compare(
    before: str, after: str, wrote_before: Authors, wrote_after: Authors, context: int | None
) -> tuple[list[Person], list[ComparedRun]]:
    """Compare two texts by words; return the authors and the runs.

    Args:
        before: one text.
        after: the other.
        wrote_before: the authors of the first.
        wrote_after: the authors of the second.
        context: the number of characters that are kept around a change; None for all of them.
    """
    people: dict[Person, int] = {}
    runs: list[ComparedRun] = []
    parts = list(compare_words(before, after))
    for at, (kind, start, text, letters) in enumerate(parts):
        if kind == KEPT:
            runs += _shortened(text, context, is_first=at == 0, is_last=at == len(parts) - 1)
            continue
        if kind == REMOVED:
            found = _by_run(text, start, wrote_before)
        elif len(text) > _BY_WORDS_MAX:
            found = _by_run(text, start, wrote_after)
        else:
            found = _by_author(text, start, wrote_after, letters)
        for words, person in found:
            author = None if person is None else people.setdefault(person, len(people))
            runs.append((kind, words, author))
    return list(people), runs


def _by_run(text: str, start: int, wrote: Authors) -> Iterator[tuple[str, Person | None]]:
    """Yield the parts of a text with their authors."""
    position = start
    for end, person in wrote.of_range(start, start + len(text)):
        yield text[position - start : end - start], person
        position = end


def _by_author(
    text: str, start: int, wrote: Authors, letters: Sequence[tuple[int, int]]
) -> Iterator[tuple[str, Person | None]]:
    """Yield words with their authors: of each word, who wrote most of these letters of it."""
    for person, found in groupby(_words(text, start, wrote, letters), lambda word: word[1]):
        yield "".join(word for word, _ in found), person


def _words(
    text: str, start: int, wrote: Authors, letters: Sequence[tuple[int, int]]
) -> Iterator[tuple[str, Person | None]]:
    waiting = deque(letters)
    for word in tokens(text):
        end = start + len(word)
        amounts: Counter[Person] = Counter()
        while waiting and waiting[0][0] < end:
            position, last = waiting.popleft()
            for reached, person in wrote.of_range(position, min(last, end)):
                amounts[person] += reached - position
                position = reached
            if last > end:
                waiting.appendleft((end, last))
        yield word, amounts.most_common(1)[0][0] if amounts else None
        start = end


def _shortened(
    text: str, context: int | None, *, is_first: bool, is_last: bool
) -> Iterator[ComparedRun]:
    """Yield a text that both have, without its middle if that is long."""
    head = 0 if is_first or context is None else context
    tail = 0 if is_last or context is None else context
    skipped = len(text) - head - tail
    if context is None or skipped <= context:
        yield KEPT, text, None
        return
    if head:
        yield KEPT, text[:head], None
    yield SKIPPED, skipped, None
    if tail:
        yield KEPT, text[-tail:], None


def steps_between(store: CommitStore, first: str, last: str) -> Steps | None:
    """Return the steps from one revision to another; None if the first is not before the last.

    Args:
        store: the repository.
        first: a revision; empty for the empty text before all of them.
        last: the other.
    """
    chain: list[str] = []
    for commit in store.first_parents(last):
        if commit == first:
            break
        chain.append(commit)
    else:
        if first:
            return None
        if not store.text(chain[-1]):
            chain.pop()  # nobody made the start of the document
    people: dict[Person, int] = {}
    steps: list[PlayedStep] = []
    replay, read, text = Replay(store), 0, store.text(first) if first else ""
    before = text
    while chain and len(steps) < _STEPS_MAX and read < _STEPS_CHARACTERS_MAX:
        revision = chain.pop()
        after = store.text(revision)
        info = store.info(revision)
        author = people.setdefault(replay.author_of(revision, info), len(people))
        time = int(info.committer.time)
        steps.append(PlayedStep(revision, time, author, _splices(before, after)))
        before, read = after, read + len(after)
    reached = steps[-1].revision if steps else first
    return Steps(first, reached, text, list(people), steps, bool(chain))


def _splices(before: str, after: str) -> tuple[Splice, ...]:
    """Return the splices from one text to the other; compare words only if some are replaced."""
    start = common_prefix(before, after)
    end = common_suffix(before[start:], after[start:])
    if start + end in (len(before), len(after)):
        put = after[start : len(after) - end]
        return (Splice(start, len(before) - end - start, put),) if before != after else ()
    return diff_splices(before, after)

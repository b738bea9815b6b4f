"""The quality of each tool on the corpus.

    right     the result equals the resolved text, with blanks normalized
    wrong     there is a result, but it is not right
    conflict  there is no result (a conflict, a timeout, or a crash)

A silent wrong merge costs ten conflicts:
    LIVE = mean(right % of split, indep) - 10 * (wrong % of clash + mean(wrong % of split, indep))
It excludes clashes whose second commit only reverts the first, because no merge can detect them.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from bench.merge.corpus import Corpus, Row, Triple
from bench.merge.hunks import Hunk, hunks, normalize_blanks
from bench.merge.report import percent, percent_within, progress, table
from bench.merge.tool import LIMIT_S, Failed, NoAnswer, Tool, TooSlow

# After this many timeouts a tool is skipped on a kind of rows: some tools need minutes for one of a
# thousand files.
_TOO_SLOW_MAX = 3
_CLASSES = ("prose", "code")
_NO_ANSWERS = [f"over {LIMIT_S:.0f} s", "failed"]


class Judged(NamedTuple):
    """One result (None if there is none), and whether it is right."""

    text: str | None
    resolved: str
    is_right: bool

    @property
    def is_wrong(self) -> bool:
        return self.text is not None and not self.is_right


@dataclass(frozen=True, slots=True)
class Answers:
    """The results of a tool on a list of rows; `given_up` if it was skipped before their end."""

    judged: list[Judged]
    too_slow: int
    failed: int
    given_up: bool

    @property
    def total(self) -> int:
        return len(self.judged)

    @property
    def answered(self) -> int:
        return sum(each.text is not None for each in self.judged)

    @property
    def right(self) -> int:
        return sum(each.is_right for each in self.judged)

    @property
    def wrong(self) -> int:
        return sum(each.is_wrong for each in self.judged)

    @property
    def exact(self) -> int:
        return sum(each.text == each.resolved for each in self.judged)


def score(tools: dict[str, Tool], corpus: Corpus) -> Iterator[str]:
    """Yield the tables as soon as they are complete."""
    scored = {name: tool for name, tool in tools.items() if tool.scored}
    yield _small_edits(scored, corpus)
    yield _whole_files(scored, corpus["hard"])
    hard = progress("hunks of hard files", corpus["hard"], len(corpus["hard"]))
    yield _single_hunks(scored, hunks(hard))


def _small_edits(tools: dict[str, Tool], corpus: Corpus) -> str:
    kinds = ("split", "indep", "clash", "taken back", "easy")
    head = ["tool", "split right", "split wrong", "indep right", "indep wrong"]
    head += ["clash wrong (95 %)", "with taken back", "easy byte-equal", "LIVE", *_NO_ANSWERS]
    rows = [
        _small_edits_row(name, *(_answers(tool, corpus[kind], f"{name}, {kind}") for kind in kinds))
        for name, tool in tools.items()
    ]
    sizes = ", ".join(f"{kind} {len(corpus[kind])}" for kind in kinds)
    return f"### Small edits, right answer known (rows: {sizes})\n\n{table(head, rows)}"


def _small_edits_row(
    name: str, split: Answers, indep: Answers, clash: Answers, taken_back: Answers, easy: Answers
) -> list[str]:
    every_clash = clash.total + taken_back.total
    with_taken_back = f"{clash.wrong + taken_back.wrong} of {every_clash}"
    return [
        name,
        _part(split, percent(split.right, split.total)),
        _part(split, percent(split.wrong, split.total, 2)),
        _part(indep, percent(indep.right, indep.total)),
        _part(indep, percent(indep.wrong, indep.total, 2)),
        _part(clash, percent_within(clash.wrong, clash.total)),
        "–" if clash.given_up else _part(taken_back, with_taken_back),
        _part(easy, f"{easy.exact} of {easy.total}"),
        "–" if any(each.given_up for each in (split, indep, clash)) else _live(split, indep, clash),
        *_no_answers(split, indep, clash, taken_back, easy),
    ]


def _part(answers: Answers, shown: str) -> str:
    """Return a dash for rows that were not completed."""
    return "–" if answers.given_up else shown


def _live(split: Answers, indep: Answers, clash: Answers) -> str:
    right = (_share(split.right, split.total) + _share(indep.right, indep.total)) / 2
    wrong = (_share(split.wrong, split.total) + _share(indep.wrong, indep.total)) / 2
    return f"{right - 10 * (_share(clash.wrong, clash.total) + wrong):.1f}"


def _whole_files(tools: dict[str, Tool], rows: list[Row]) -> str:
    """Return the table of whole files on which Git's line merge has conflicts."""
    by_class = {cls: [row for row in rows if row.cls == cls] for cls in _CLASSES}
    head = ["tool"]
    for cls in _CLASSES:
        head += [f"{cls} auto", "right", "wrong"]
    lines = []
    for name, tool in tools.items():
        every = [_answers(tool, by_class[cls], f"{name}, hard {cls}") for cls in _CLASSES]
        cells = [cell for answers in every for cell in _whole_files_cells(answers)]
        lines.append([name, *cells, *_no_answers(*every)])
    sizes = ", ".join(f"{cls} {len(by_class[cls])}" for cls in _CLASSES)
    return f"### Hard files, whole (rows: {sizes})\n\n{table([*head, *_NO_ANSWERS], lines)}"


def _whole_files_cells(answers: Answers) -> list[str]:
    if answers.given_up:
        return ["–"] * 3
    counts = (answers.answered, answers.right, answers.wrong)
    return [percent(count, answers.total) for count in counts]


def _single_hunks(tools: dict[str, Tool], found: list[Hunk]) -> str:
    """Return the table of the single conflicts of those files.

    auto: without a conflict. strict: right, of those. adj: the same without wrong results where the
    human took one side or wrote new words, which no merge can know. recall: right, of the hunks
    where the human mixed the words of both.
    """
    by_class = {cls: [hunk for hunk in found if hunk.cls == cls] for cls in _CLASSES}
    head = ["tool"]
    for cls in _CLASSES:
        head += [f"{cls} auto", "strict", "adj", "recall"]
    lines = []
    for name, tool in tools.items():
        cells, every = [], []
        for cls, of_class in by_class.items():
            rows = [Row(hunk.triple, hunk.resolved, cls, "") for hunk in of_class]
            every.append(_answers(tool, rows, f"{name}, hunks {cls}"))
            cells += _single_hunks_cells(every[-1], of_class)
        lines.append([name, *cells, *_no_answers(*every)])
    sizes = ", ".join(f"{cls} {len(by_class[cls])}" for cls in _CLASSES)
    return f"### Hard files, hunk by hunk (hunks: {sizes})\n\n{table([*head, *_NO_ANSWERS], lines)}"


def _single_hunks_cells(answers: Answers, found: Sequence[Hunk]) -> list[str]:
    if answers.given_up:
        return ["–"] * 4
    pairs = list(zip(answers.judged, found, strict=True))
    mixed = [judged for judged, hunk in pairs if hunk.origin == "mix"]
    unknowable = sum(each.is_wrong and hunk.origin in {"side", "novel"} for each, hunk in pairs)
    return [
        percent(answers.answered, answers.total),
        percent(answers.right, answers.answered),
        percent(answers.right, answers.answered - unknowable),
        percent(sum(each.is_right for each in mixed), len(mixed)),
    ]


def _answers(tool: Tool, rows: Sequence[Row], label: str) -> Answers:
    judged: list[Judged] = []
    too_slow = failed = 0
    answers = progress(label, _merged(tool, rows), len(rows))
    for answer, row in zip(answers, rows, strict=True):
        too_slow += isinstance(answer, TooSlow)
        failed += isinstance(answer, Failed)
        if too_slow == _TOO_SLOW_MAX:
            return Answers(judged, too_slow, failed, given_up=True)
        judged.append(_judged(None if isinstance(answer, NoAnswer) else answer, row.resolved))
    return Answers(judged, too_slow, failed, given_up=False)


def _merged(tool: Tool, rows: Sequence[Row]) -> Iterator[str | NoAnswer | None]:
    """Yield the results in the order of the rows."""
    if tool.threads == 1:
        # On the main thread, the only one where Python code can be interrupted.
        yield from (_answer(tool, row.triple) for row in rows)
        return
    with ThreadPoolExecutor(tool.threads) as pool:
        yield from pool.map(lambda row: _answer(tool, row.triple), rows)


def _answer(tool: Tool, triple: Triple) -> str | NoAnswer | None:
    try:
        return tool.merge(*triple)
    except NoAnswer as error:
        return error


def _judged(text: str | None, resolved: str) -> Judged:
    is_right = text is not None and normalize_blanks(text) == normalize_blanks(resolved)
    return Judged(text, resolved, is_right)


def _no_answers(*every: Answers) -> list[str]:
    """Return the last two columns: timeouts and failures."""
    too_slow = str(sum(answers.too_slow for answers in every))
    if any(answers.given_up for answers in every):
        too_slow += ", given up"
    return [too_slow, str(sum(answers.failed for answers in every))]


def _share(count: int, total: int) -> float:
    return 100 * count / total if total else 0.0

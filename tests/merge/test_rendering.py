"""Unified diffs are Git's own, down to the missing final newline; word diffs lose nothing."""

import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from merge.rendering import Kind, Run, marked, unified_diff, word_diff

LONG = "".join(f"line {number}\n" for number in range(30))
CASES = [
    ("a\n", "b\n"),
    ("a", "a\n"),
    ("a\n", "a"),
    ("a", "b"),
    ("", "a\n"),
    ("a\nb\n", ""),
    ("a\r\nb\r\n", "a\nb\r\n"),
    (LONG, LONG.replace("line 3\n", "").replace("line 20\n", "x\ny\n")),
    (LONG, LONG.replace("line 3\n", "x\n").replace("line 10\n", "y\n")),
    (LONG + "end", LONG.replace("line 28", "x") + "end"),
]


def git_diff(before: str, after: str, folder: Path) -> str:
    for name, text in (("old", before), ("new", after)):
        (folder / name).write_bytes(text.encode())
    command = ["git", "-c", "diff.indentHeuristic=false", "diff", "--no-index", "--no-color"]
    shown = subprocess.run([*command, "old", "new"], cwd=folder, capture_output=True, check=False)
    return shown.stdout.decode()


@pytest.mark.parametrize(("before", "after"), CASES)
def test_it_is_what_git_shows(before: str, after: str, tmp_path: Path) -> None:
    ours = unified_diff(before, after, "a/old", "b/new").split("\n", 2)[2]
    git = git_diff(before, after, tmp_path)
    git = git[git.index("\n@@ ") + 1 :]
    # Git repeats an earlier line behind the second @@; that is for people, and not ours.
    shown = "\n".join(
        row[: row.index(" @@") + 3] if row.startswith("@@ ") else row for row in git.split("\n")
    )
    assert ours == shown


def test_names_come_first_and_equal_texts_show_nothing() -> None:
    assert unified_diff("a\n", "b\n", "mine", "Bo's") == "--- mine\n+++ Bo's\n@@ -1 +1 @@\n-a\n+b\n"
    assert unified_diff("a", "a", "x", "y") == ""


# word_diff

TEXTS = st.text("ab \n\r.\u0301\u200d👩🇩🇪日", max_size=24)
WORDS = st.lists(st.sampled_from(["foo", "bar", " ", " ", "\n", ", "]), max_size=16).map("".join)
PAIRS = st.one_of(st.tuples(TEXTS, TEXTS), st.tuples(WORDS, WORDS))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("The quick fox.\n", "The slow fox.\n", "The [-quick-]{+slow+} fox.\n"),
        ("a b c d", "a x y d", "a [-b c-]{+x y+} d"),
        (
            "one two three four five",
            "one 2 3 four 5",
            "one [-two three-]{+2 3+} four [-five-]{+5+}",
        ),
        ("foo\nbar\n", "x\ny\n", "[-foo-]{+x+}\n[-bar-]{+y+}\n"),
        ("a\nz\n", "a\nb c\n\nd\nz\n", "a\n{+b c+}\n\n{+d+}\nz\n"),
        ("a\r\nb\r\n", "a\r\n", "a\r\n[-b-]\r\n"),
        ("cafe", "cafe\u0301", "[-cafe-]{+cafe\u0301+}"),
        ("pay 3.14 now", "pay 3.15 now", "pay [-3.14-]{+3.15+} now"),
        ("我喜欢红色", "我喜欢白色", "我喜欢[-红-]{+白+}色"),
        (" a ", " b ", " [-a-]{+b+} "),
        ("", "a", "{+a+}"),
        ("a", "", "[-a-]"),
        ("a", "a", "a"),
    ],
)
def test_changed_words_are_marked(before: str, after: str, expected: str) -> None:
    assert marked(word_diff(before, after)) == expected


def test_runs_say_what_became_of_the_text() -> None:
    assert word_diff("one two\n", "one 2\n") == [
        Run(Kind.KEPT, "one "),
        Run(Kind.REMOVED, "two"),
        Run(Kind.ADDED, "2"),
        Run(Kind.KEPT, "\n"),
    ]
    assert word_diff("", "") == []


@given(PAIRS)
def test_runs_are_both_texts_exactly(texts: tuple[str, str]) -> None:
    check_both_texts(*texts)


def check_both_texts(before: str, after: str) -> list[Run]:
    runs = word_diff(before, after)
    assert "".join(run.text for run in runs if run.kind is not Kind.ADDED) == before
    assert "".join(run.text for run in runs if run.kind is not Kind.REMOVED) == after
    return runs


@given(PAIRS)
def test_runs_are_few(texts: tuple[str, str]) -> None:
    runs = word_diff(*texts)
    assert all(run.text for run in runs)
    kinds = [run.kind for run in runs]
    assert not {(kind, kind) for kind in Kind} & set(pairwise(kinds))
    assert (Kind.ADDED, Kind.REMOVED) not in pairwise(kinds)
    for run in runs[1:-1]:
        assert run.kind is not Kind.KEPT or run.text.strip() or "\n" in run.text


@given(PAIRS)
def test_runs_never_tear_a_grapheme_cluster(texts: tuple[str, str]) -> None:
    runs = word_diff(*texts)
    for text, absent in zip(texts, (Kind.ADDED, Kind.REMOVED), strict=True):
        allowed = {match.end() for match in regex.finditer(r"\X", text)}
        end = 0
        for run in runs:
            if run.kind is not absent:
                end += len(run.text)
                assert end in allowed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("The quick fox.\n", "The slow fox.\n"),
        ("a b c d\n", "a x y d\n"),
        ("a\nfoo bar\n\nbaz\nz\n", "a\nz\n"),
        ("a\nz\n", "a\nfoo bar\nz\n"),
        ("f(a, b)\n", "f(a, c)\n"),
    ],
)
def test_marks_are_gits(before: str, after: str, tmp_path: Path) -> None:
    for name, text in (("old", before), ("new", after)):
        (tmp_path / name).write_bytes(text.encode())
    command = ["git", "diff", "--no-index", "--no-color", "--word-diff=plain"]
    command += [r"--word-diff-regex=[[:alpha:]]+|[^[:space:]]", "old", "new"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout.decode()
    assert marked(word_diff(before, after)) == shown.split(" @@\n", 1)[1]


NUMBERS = "".join(f"{number}\n" for number in range(70_000))
# before, after, and how many characters are kept at least
HOSTILE = {
    "one long line, one word changed": (
        "a " * 300_000,
        "a " * 250_000 + "b " + "a " * 49_999,
        599_000,
    ),
    "many lines, two changed": (
        NUMBERS,
        NUMBERS.replace("\n5000\n", "\nx\n").replace("\n50000\n", "\ny\n"),
        len(NUMBERS) - 9,
    ),
    "many lines, all different": (NUMBERS, NUMBERS.replace("\n", "b\n"), 0),
    "one letter": ("a" * 500_000, "a" * 499_990 + "b", 499_990),
    "flags": ("🇩🇪" * 50_000, "🇫🇷" + "🇩🇪" * 50_000, 99_990),
    "accents": ("e" + "\u0301" * 100_000, "é" + "\u0301" * 9, 0),
    "words in turns": ("a b " * 25_000, "b c " * 25_000, 25_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_end_soon_and_what_is_alike_is_kept(name: str) -> None:
    before, after, kept_min = HOSTILE[name]
    started = time.process_time()
    runs = check_both_texts(before, after)
    assert time.process_time() - started < 5
    assert sum(len(run.text) for run in runs if run.kind is Kind.KEPT) >= kept_min

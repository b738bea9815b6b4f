"""The three-way merge: cases by name, and the laws that the server relies on."""

import gzip
import json
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merge.three_way import Hunk, Merge, merge

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "merge.json").read_text(encoding="utf-8")
)
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "merges.jsonl.gz"

# name, base, ours, theirs, the merged text or None where it must ask
CASES = [
    (
        "the post's example",
        "Hello world!",
        "Good morning world!",
        "Hello everybody!",
        "Good morning everybody!",
    ),
    ("adjacent lines", "a\nb\n", "A\nb\n", "a\nB\n", "A\nB\n"),
    ("two words of one line", "one two three\n", "1 two three\n", "one two 3\n", "1 two 3\n"),
    ("a word and a missing final newline", "one two", "1 two", "one two\n", "1 two\n"),
    ("line ends and a word", "a b\r\nc d\r\n", "a b\nc d\n", "a b\r\nc x\r\n", "a b\nc x\n"),
    ("CJK", "我喜欢红色的花", "你喜欢红色的花", "我喜欢红色的树", "你喜欢红色的树"),
    ("an accent", "cafe one two", "cafe\u0301 one two", "cafe one 2", "cafe\u0301 one 2"),
    (
        "emoji of several parts",
        "👨‍👩‍👧 is here",
        "👨‍👩‍👦 is here",
        "👨‍👩‍👧 is there",
        "👨‍👩‍👦 is there",
    ),
    ("a byte order mark", "\ufeffone two", "\ufeff1 two", "\ufeffone 2", "\ufeff1 2"),
    (
        "rewrapped and edited",
        "aa bb cc dd\nee ff\n",
        "aa bb\ncc dd ee\nff\n",
        "aa bb cc dd\nee FF\n",
        "aa bb\ncc dd ee\nFF\n",
    ),
    ("the same change", "a b c", "a x c", "a x c", "a x c"),
    ("both deleted it", "a b c\n", "a c\n", "a c\n", "a c\n"),
    ("both the same and one more", "a b c d e\n", "A b c d e\n", "A b c d E\n", "A b c d E\n"),
    (
        "whole lines at one place",
        "# List\nend\n",
        "# List\nours\nend\n",
        "# List\ntheirs\nend\n",
        "# List\ntheirs\nours\nend\n",
    ),
    ("whole lines at the end", "# List", "# List\nours", "# List\ntheirs", "# List\ntheirs\nours"),
    ("the same word, two ways", "a b c", "a x c", "a y c", None),
    ("the same number, two ways", "pay 10 now", "pay 11 now", "pay 12 now", None),
    ("a decimal", "pi is 3.14", "pi is 4.14", "pi is 3.15", None),
    ("one emoji, two ways", "😀 hi", "😁 hi", "😂 hi", None),
    ("deleted and edited", "a b c d", "a d", "a b x d", None),
    (
        "a moved word",
        "Absolute paths begin here\n",
        "Absolute should paths begin here\n",
        "Absolute paths should begin here\n",
        None,
    ),
    ("both inserted words at one point", "a b", "a x b", "a y b", None),
    (
        "a word that could be any of three",
        "x big big big y",
        "x big big y",
        "x small big big y",
        None,
    ),
    ("a date", "on 2024-01-02 at", "on 2025-01-02 at", "on 2024-01-03 at", None),
]
ASKING_ONLY_CAREFUL = {
    "a moved word",
    "both inserted words at one point",
    "a word that could be any of three",
}


@pytest.mark.parametrize("live", [False, True], ids=["careful", "live"])
@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_cases(case: tuple[str, str, str, str, str | None], live: bool) -> None:
    name, base, ours, theirs, expected = case
    if live and name in ASKING_ONLY_CAREFUL:
        return
    merged = merge(base, ours, theirs, live=live)
    assert (merged.text if merged.clean else None) == expected


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_vectors(case: dict[str, Any]) -> None:
    merged = merge(case["base"], case["ours"], case["theirs"], live=case["live"])
    assert merged.text == case["text"]
    assert list(merged.hunks) == [Hunk(**hunk) for hunk in case["hunks"]]


@pytest.mark.parametrize("live", [False, True])
def test_a_hunk_is_the_disputed_word_and_the_rest_merges(live: bool) -> None:
    base = "Hello world, it is a fine day.\n"
    ours = "Hello there, it is a fine day.\n"
    theirs = "Hello people, it is a fine night.\n"
    assert merge(base, ours, theirs, live=live) == Merge(
        text="Hello there, it is a fine night.\n",
        hunks=(Hunk(6, 11, "world", "there", "people"),),
        theirs_clean="Hello world, it is a fine night.\n",
        ours_clean=base,
    )


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        ("", "ours", "theirs", "theirsours"),
        ("to", "tom", "ton", "tonm"),
        ("ab", "abb", "abc", "abbc"),
        ("one two", "one big two", "one small two", "one small big two"),
        ("wordz", "word", "wordzs", "words"),
        ("abcd", "ad", "acd", "ad"),
        ("cafe", "cafe\u0301", "cafes", "cafe\u0301s"),
        ("a b", "xa b y", "za b", "zxa b y"),
    ],
)
def test_typing_at_one_spot_is_kept_whole(base: str, ours: str, theirs: str, expected: str) -> None:
    merged = merge(base, ours, theirs, live=True)
    assert merged.clean
    assert merged.text == expected


# Laws. The texts are edits of one base, so that they have much in common.

LETTERS = ["a", "b", " ", "\n"]
WORDS = [
    "foo ",
    "bar ",
    "baz. ",
    "\n",
    "x\n",
    "1.5",
    "(",
    " ",
    "e\u0301",
    "👩",
    "\u200d",
    "\r\n",
    "日",
]


@st.composite
def triples(draw: st.DrawFn) -> tuple[str, str, str]:
    alphabet = st.sampled_from(draw(st.sampled_from([LETTERS, WORDS])))
    base = draw(st.lists(alphabet, max_size=12))

    def edited() -> str:
        text = list(base)
        for _ in range(draw(st.integers(1, 3))):
            start = draw(st.integers(0, len(text)))
            end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 1, 2, 3])))
            text[start:end] = draw(st.lists(alphabet, max_size=2))
        return "".join(text)

    return "".join(base), edited(), edited()


def taking(merged: Merge, side: str) -> str:
    """The text with this side's (or the base's) words at every hunk."""
    text = merged.text
    for hunk in reversed(merged.hunks):
        text = text[: hunk.start] + getattr(hunk, side) + text[hunk.end :]
    return str(text)


@given(triples(), st.booleans())
@settings(max_examples=400)
def test_a_conflict_can_be_split_and_found_again(texts: tuple[str, str, str], live: bool) -> None:
    check_split(texts, live=live)


@pytest.mark.parametrize(
    ("texts", "live"),
    [
        (("a a a b ", "a b ", "a a \nb "), False),
        (("b a a b \n", "b a b a ", "a a "), True),
        (("b a ", "b b a ", "c b \n"), False),
        (("\nc a ", "c ", "\n\nc b "), True),
    ],
)
def test_a_split_that_words_alone_would_not_find_again(
    texts: tuple[str, str, str], live: bool
) -> None:
    check_split(texts, live=live)


def check_split(texts: tuple[str, str, str], *, live: bool) -> None:
    base, ours, theirs = texts
    merged = merge(base, ours, theirs, live=live)
    if merged.clean:
        assert (merged.theirs_clean, merged.ours_clean) == (theirs, ours)
    shared = merge(base, ours, merged.theirs_clean, live=live)
    assert (shared.text, shared.clean) == (merged.text, True)
    again = merge(merged.theirs_clean, merged.text, theirs, live=live)
    assert (again.text, again.hunks) == (
        (merged.text, merged.hunks) if merged.hunks else (merged.text, ())
    )


@given(triples(), st.booleans())
def test_hunks_are_where_they_say(texts: tuple[str, str, str], live: bool) -> None:
    merged = merge(*texts, live=live)
    position = 0
    for hunk in merged.hunks:
        assert hunk.start >= position
        assert merged.text[hunk.start : hunk.end] == hunk.ours
        assert hunk.ours != hunk.theirs
        assert hunk.base not in (hunk.ours, hunk.theirs)
        position = hunk.end
    if merged.hunks:
        resolved = taking(merged, "theirs")
        answer = merge(merged.text, resolved, merged.text, live=live)
        assert answer.text == resolved


@given(triples(), st.booleans())
def test_one_side_alone_is_taken_as_it_is(texts: tuple[str, str, str], live: bool) -> None:
    base, side, _ = texts
    for merged in (
        merge(base, base, side, live=live),
        merge(base, side, base, live=live),
        merge(base, side, side, live=live),
    ):
        assert (merged.text, merged.clean) == (side, True)


@given(triples(), st.booleans())
@settings(max_examples=400)
def test_it_asks_or_not_whichever_side_is_ours(texts: tuple[str, str, str], live: bool) -> None:
    base, ours, theirs = texts
    one, other = merge(base, ours, theirs, live=live), merge(base, theirs, ours, live=live)
    assert one.clean == other.clean
    if one.clean:
        # All that may differ is the order of insertions at one point, and the blanks there.
        assert sorted("".join(one.text.split())) == sorted("".join(other.text.split()))


@given(triples())
@settings(max_examples=150)
def test_where_git_is_clean_the_result_is_gits(texts: tuple[str, str, str]) -> None:
    git = git_merge_file(*texts)
    if git is not None:
        merged = merge(*texts)
        assert (merged.text, merged.clean) == (git, True)


def git_merge_file(base: str, ours: str, theirs: str) -> str | None:
    """What Git makes of it, or None where it sees a conflict."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for path, text in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(text.encode())
        command = ["git", "merge-file", "-p", *map(str, paths)]
        done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout.decode() if done.returncode == 0 else None


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_easy_merges_of_real_repositories_are_gits() -> None:
    with gzip.open(CORPUS, "rt", encoding="utf-8") as rows:
        easy = [row for row in map(json.loads, rows) if row["kind"] == "easy"]
    assert len(easy) == 420
    for row in easy:
        merged = merge(row["base"], row["ours"], row["theirs"])
        assert (merged.text, merged.clean) == (row["resolved"], True), row["id"]


HOSTILE = {
    "one long line": ("a " * 300_000, "b " + "a " * 299_999, "a " * 299_998 + "c d "),
    "short lines, all different": tuple(
        "".join(f"{name}{number}\n" for number in range(50_000)) for name in "abc"
    ),
    "one letter": ("a" * 500_000, "a" * 500_001, "a" * 499_990 + "b"),
    "flags": ("🇩🇪" * 50_000, "🇩🇪" * 50_000 + "🇫🇷", "🇫🇷" + "🇩🇪" * 50_000),
    "accents": ("e" + "\u0301" * 100_000, "e" + "\u0301" * 100_000 + "x", "é" + "\u0301" * 9),
}


@pytest.mark.parametrize("live", [False, True], ids=["careful", "live"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_end_soon(name: str, live: bool) -> None:
    base, ours, theirs = HOSTILE[name]
    started = time.process_time()
    merge(base, ours, theirs, live=live)
    assert time.process_time() - started < 5

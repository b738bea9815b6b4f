"""The three-way merge: named cases, and the properties that the server relies on."""

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from merge.regions import Region
from merge.result import Decision, How, Hunk, Merge, Range
from merge.three_way import merge
from merge.tokens import tokens
from merge.word_merge import merge_words
from tests.merge.pieces import triples

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "merge.json").read_text(encoding="utf-8")
)
HUNK_KEYS = ("start", "end", "base", "ours", "theirs")


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_vectors(case: dict[str, Any]) -> None:
    merged = merge(case["base"], case["ours"], case["theirs"], live=case["live"])
    hunks = [{key: getattr(hunk, key) for key in HUNK_KEYS} for hunk in merged.hunks]
    assert (merged.text, hunks) == (case["text"], case["hunks"])


@pytest.mark.parametrize("live", [False, True])
def test_a_hunk_is_the_conflicting_word_and_the_rest_merges(live: bool) -> None:
    base = "Hello world, it is a fine day.\n"
    ours = "Hello there, it is a fine day.\n"
    theirs = "Hello people, it is a fine night.\n"
    assert merge(base, ours, theirs, live=live) == Merge(
        text="Hello there, it is a fine night.\n",
        hunks=(Hunk(6, 11, "world", "there", "people", Range(6, 11), Range(6, 11), Range(6, 12)),),
        theirs_clean="Hello world, it is a fine night.\n",
        ours_clean=base,
        decisions=(Decision(25, 31, How.THEIRS),),
    )


def test_decisions_have_their_origin() -> None:
    base = "- one\n- two, with a red car\n- three\n"
    ours = "- one\n- ours\n- two, with a blue car\n- drei\n"
    theirs = "- one\n- my own\n- two, with a red bus\n- drei\n"
    merged = merge(base, ours, theirs)
    shown = [(merged.text[each.start : each.end].strip(), each.how) for each in merged.decisions]
    assert [each for each in shown if each[0]] == [
        ("- my own\n- ours", How.BOTH),
        ("blue", How.OURS),
        ("bus", How.THEIRS),
        ("drei", How.SAME),
    ]


def test_a_deletion_is_decided_at_an_empty_place() -> None:
    merged = merge("one two three\nfour\n", "one three\nfour\n", "one two three\n4\n")
    assert Decision(3, 3, How.OURS) in merged.decisions


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        ("", "ours", "theirs", "ours\ntheirs"),
        ("a\n\nb\n", "a\nx\nb\n", "a\ny\nb\n", "a\nx\ny\nb\n"),
        ("to", "tom", "ton", "tonm"),
        ("ab", "abb", "abc", "abbc"),
        ("one two", "one bi two", "one sm two", "one sm bi two"),
        ("wordz", "word", "wordzs", "words"),
        ("abcd", "ad", "acd", "ad"),
        ("cafe", "cafe\u0301", "cafes", "cafe\u0301s"),
        ("a b", "xa b y", "za b", "zxa b y"),
        # Insertions around a letter stay around it.
        ("f", "xf", "iqfrdg two", "xiqfrdg two"),
        # Two distant changes of one side do not replace the text between them.
        ("a " * 3000, "x" + "a " * 3000, "y" + "a " * 3000 + "end", "yx" + "a " * 3000 + "end"),
    ],
)
def test_typing_at_one_spot_is_kept_whole(base: str, ours: str, theirs: str, expected: str) -> None:
    merged = merge(base, ours, theirs, live=True)
    assert merged.clean
    assert merged.text == expected


def test_a_word_and_the_blank_before_it_are_one_decision() -> None:
    merged = merge("one two three four\n", "ONE two three four\n", "one two three\nFOUR\n")
    assert merged.text == "ONE two three\nFOUR\n"
    assert merged.decisions == (Decision(0, 3, How.OURS), Decision(13, 18, How.THEIRS))


@pytest.mark.parametrize(
    "texts",
    [
        ("b a c a b b ", "b c c a a ", "b a a b b b "),
        ("b c c b b ", "c c b c c b ", "b b c b "),
        ("b b b a ", "b a ", "b b \nc c \nb "),
    ],
)
def test_a_hunk_of_a_later_round_is_placed_in_the_inputs_of_the_first(
    texts: tuple[str, str, str],
) -> None:
    [hunk] = merge(*texts).hunks
    places = (hunk.in_base, hunk.in_ours, hunk.in_theirs)
    found = tuple(text[start:end] for text, (start, end) in zip(texts, places, strict=True))
    assert found == (hunk.base, hunk.ours, hunk.theirs)


@pytest.mark.parametrize("live", [False, True], ids=["careful", "live"])
def test_long_lines_and_many_lines_merge_where_few_words_changed(live: bool) -> None:
    for end in (" ", "\n"):
        base = "".join(f"Sentence {number} is here.{end}" for number in range(50_000))
        ours = base.replace("Sentence 7 is", "Sentence 7 was")
        theirs = base.replace("Sentence 49999 is", "Sentence 49999 was")
        merged = merge(base, ours, theirs, live=live)
        assert merged.clean
        assert merged.text == ours.replace("Sentence 49999 is", "Sentence 49999 was")


# Properties.

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
TEXTS = triples((LETTERS, WORDS), (0, 0, 1, 1, 2, 3))


def taking(merged: Merge, side: str) -> str:
    """Return the text with one side, or the base, at every hunk."""
    text = merged.text
    for hunk in reversed(merged.hunks):
        text = text[: hunk.start] + getattr(hunk, side) + text[hunk.end :]
    return str(text)


@given(TEXTS, st.booleans())
@settings(max_examples=400)
def test_a_conflict_can_be_split_and_reproduced(texts: tuple[str, str, str], live: bool) -> None:
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
def test_a_split_that_words_alone_would_not_reproduce(
    texts: tuple[str, str, str], live: bool
) -> None:
    check_split(texts, live=live)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_splits_of_the_vectors_are_reproduced(case: dict[str, Any]) -> None:
    check_split((case["base"], case["ours"], case["theirs"]), live=case["live"])


def check_split(texts: tuple[str, str, str], *, live: bool) -> None:
    base, ours, theirs = texts
    merged = merge(base, ours, theirs, live=live)
    if merged.clean:
        assert (merged.theirs_clean, merged.ours_clean) == (theirs, ours)
    shared = merge(base, ours, merged.theirs_clean, live=live)
    assert (shared.text, shared.clean) == (merged.text, True)
    again = merge(merged.theirs_clean, merged.text, theirs, live=live)
    assert (again.text, contents(again)) == (merged.text, contents(merged))


def contents(merged: Merge) -> list[tuple[Any, ...]]:
    """Return the hunks without their ranges in the inputs."""
    return [tuple(getattr(hunk, key) for key in HUNK_KEYS) for hunk in merged.hunks]


@given(TEXTS, st.booleans())
def test_hunks_are_where_they_say(texts: tuple[str, str, str], live: bool) -> None:
    merged = merge(*texts, live=live)
    position = 0
    for hunk in merged.hunks:
        assert hunk.start >= position
        assert merged.text[hunk.start : hunk.end] == hunk.ours
        assert hunk.ours != hunk.theirs
        assert hunk.base not in (hunk.ours, hunk.theirs)
        position = hunk.end


@given(TEXTS, st.booleans())
def test_one_side_alone_is_taken_as_it_is(texts: tuple[str, str, str], live: bool) -> None:
    base, side, _ = texts
    for merged in (
        merge(base, base, side, live=live),
        merge(base, side, base, live=live),
        merge(base, side, side, live=live),
    ):
        assert (merged.text, merged.clean) == (side, True)


@given(TEXTS, st.booleans())
def test_hunks_are_in_the_inputs_where_they_say(texts: tuple[str, str, str], live: bool) -> None:
    base, ours, theirs = texts
    merged = merge(base, ours, theirs, live=live)
    for text, key in ((base, "in_base"), (ours, "in_ours"), (theirs, "in_theirs")):
        places = [getattr(hunk, key) for hunk in merged.hunks]
        ends = [0, *(end for place in places for end in place), len(text)]
        assert ends == sorted(ends)
    for hunk in merged.hunks:
        assert same_lines(theirs[hunk.in_theirs.start : hunk.in_theirs.end], hunk.theirs)
        if merged.theirs_clean == base:  # else these two may contain a part of theirs
            assert same_lines(base[hunk.in_base.start : hunk.in_base.end], hunk.base)
            assert same_lines(ours[hunk.in_ours.start : hunk.in_ours.end], hunk.ours)


def same_lines(text: str, other: str) -> bool:
    """Whether two texts are equal apart from their line ends."""
    return text.replace("\r\n", "\n") == other.replace("\r\n", "\n")


@given(TEXTS, st.booleans())
def test_the_rest_is_as_in_the_base(texts: tuple[str, str, str], live: bool) -> None:
    merged = merge(*texts, live=live)
    places = sorted([(each.start, each.end) for each in merged.decisions])
    places += [(hunk.start, hunk.end) for hunk in merged.hunks]
    position, rest = 0, texts[0].replace("\r\n", "\n")
    for start, end in [*sorted(places), (len(merged.text), len(merged.text))]:
        kept = merged.text[position:start].replace("\r\n", "\n")
        assert kept in rest
        rest = rest[rest.index(kept) + len(kept) :]
        position = end


@given(TEXTS, st.booleans())
@settings(max_examples=400)
def test_careful_merges_are_symmetric(texts: tuple[str, str, str], live: bool) -> None:
    base, ours, theirs = texts
    one, other = merge(base, ours, theirs, live=live), merge(base, theirs, ours, live=live)
    assert one.clean == other.clean
    if one.clean and live:
        # Of two insertions at one point theirs is on the left.
        assert sorted("".join(one.text.split())) == sorted("".join(other.text.split()))
    elif one.clean:
        assert one.text == other.text


@given(TEXTS, st.booleans())
@settings(max_examples=400)
def test_a_resolved_conflict_does_not_recur(texts: tuple[str, str, str], live: bool) -> None:
    base, ours, theirs = texts
    merged = merge(base, ours, theirs, live=live)
    for side in ("ours", "theirs"):
        resolved = taking(merged, side)
        for again in (
            merge(theirs, resolved, theirs, live=live),
            merge(ours, resolved, ours, live=live),
            merge(merged.text, resolved, merged.text, live=live),
        ):
            assert (again.text, again.clean) == (resolved, True)


@st.composite
def named_edits(draw: st.DrawFn) -> tuple[str, str, str]:
    """Return three texts in which every new word of a side is unique."""
    base = [f"b{number}{draw(ENDS)}" for number in range(draw(st.integers(0, 10)))]

    def edited(name: str) -> str:
        words = list(base)
        for number in range(draw(st.integers(1, 4))):
            start = draw(st.integers(0, len(words)))
            end = min(len(words), start + draw(st.sampled_from([0, 0, 1, 2])))
            words[start:end] = [f"{name}{number}{draw(ENDS)}"]
        return "".join(words)

    return "".join(base), edited("ours"), edited("theirs")


ENDS = st.sampled_from([" ", " ", ". ", "\n", "\n\n", ""])


@given(named_edits(), st.booleans())
@example(
    (
        "b0 b1 b2 b3 b4\nb5\n\nb6 ",
        "ours2 b0 b1 b2 ours1\n\nb3 b4\nb5\n\nours0 b6 ",
        "theirs0 b2 b3 theirs1 b5\n\ntheirs2 b6 ",
    ),
    False,
)
@settings(max_examples=600)
def test_no_insertion_is_lost_or_duplicated(texts: tuple[str, str, str], live: bool) -> None:
    _, ours, theirs = texts
    merged = merge(*texts, live=live)
    for side, text in (("ours", ours), ("theirs", theirs)):
        for name in (f"{side}{number}" for number in range(4)):
            there = taking(merged, side).count(name)
            assert there >= text.count(name)
            # Words in a conflict may occur elsewhere too: lines are compared as by Git.
            assert there == text.count(name) or not merged.clean


@given(named_edits())
@settings(max_examples=400)
def test_every_word_is_one_of_the_inputs(texts: tuple[str, str, str]) -> None:
    known = {token for text in texts for token in tokens(text) if not token.isspace()}
    merged = [token for token in tokens(merge(*texts).text) if not token.isspace()]
    assert set(merged) <= known


@given(TEXTS, st.booleans())
@example(("foo ", "foo foo ", "foo \u200d"), False)
@example(("a b", "a \u0301x b", "a y b"), False)
def test_no_grapheme_cluster_is_cut(texts: tuple[str, str, str], live: bool) -> None:
    merged = merge(*texts, live=live)
    for hunk in merged.hunks:
        for text, key in zip(texts, ("in_base", "in_ours", "in_theirs"), strict=True):
            place = getattr(hunk, key)
            cuts = {0, *(match.end() for match in regex.finditer(r"\X", text))}
            assert {place.start, place.end} <= cuts


# A model: all words of the base are distinct, each side edits some of them, and the result for each
# word is obvious.

_Edits = dict[int, str]


@st.composite
def word_edits(draw: st.DrawFn, *, clash: bool = False) -> tuple[list[str], _Edits, _Edits, int]:
    """Return the words of a base, and for each side the replacements of some of them.

    There are two words at least between those of the two sides, and, if there is to be a clash,
    around the place where it can be, which is returned last.
    """
    words = [f"w{number}" for number in range(draw(st.integers(1, 16)))]
    place = draw(st.integers(0, len(words) - 1)) if clash else -1
    taken = [place] if clash else []

    def edits(name: str) -> _Edits:
        free = [it for it in range(len(words)) if all(abs(it - other) > 2 for other in taken)]
        if not free:
            return {}
        return {
            place: draw(REPLACEMENTS).format(name=name, place=place, word=words[place])
            for place in draw(st.lists(st.sampled_from(free), max_size=3, unique=True))
        }

    ours = edits("o")
    taken += ours
    return words, ours, edits("t"), place


REPLACEMENTS = st.sampled_from(["{name}{place}", "", "{word} {name}{place}"])


def applied(words: list[str], edits: _Edits) -> str:
    return " ".join(filter(None, (edits.get(place, word) for place, word in enumerate(words))))


@given(word_edits(), st.booleans())
@settings(max_examples=600)
def test_edits_apart_are_all_applied(
    model: tuple[list[str], _Edits, _Edits, int], live: bool
) -> None:
    words, ours, theirs, _ = model
    texts = (applied(words, edits) for edits in ({}, ours, theirs))
    merged = merge(*texts, live=live)
    assert merged.clean
    assert merged.text == applied(words, ours | theirs)


@given(word_edits(clash=True), st.booleans())
@settings(max_examples=400)
def test_one_word_with_two_values_is_the_only_conflict(
    model: tuple[list[str], _Edits, _Edits, int], live: bool
) -> None:
    words, ours, theirs, place = model
    texts = [
        applied(words, edits | value)
        for edits, value in (({}, {}), (ours, {place: "mine"}), (theirs, {place: "yours"}))
    ]
    merged = merge(*texts, live=live)
    assert contents(merged) == [
        (merged.text.index("mine"), merged.text.index("mine") + 4, words[place], "mine", "yours")
    ]
    assert merged.text == applied(words, ours | theirs | {place: "mine"})


@given(TEXTS)
@settings(max_examples=150)
def test_where_git_is_clean_the_result_is_the_same(texts: tuple[str, str, str]) -> None:
    git = git_merge_file(*texts)
    if git is not None:
        merged = merge(*texts)
        assert (merged.text, merged.clean) == (git, True)


def git_merge_file(base: str, ours: str, theirs: str) -> str | None:
    """Return the merge of Git, or None if it has a conflict."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for path, text in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(text.encode())
        command = ["git", "merge-file", "-p", *map(str, paths)]
        done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout.decode() if done.returncode == 0 else None


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
def test_hostile_texts_keep_the_invariants(name: str, live: bool) -> None:
    """Without limits each of these takes minutes; `make bench-merge` measures the time."""
    base, ours, theirs = HOSTILE[name]
    check_split((base, ours, theirs), live=live)


@pytest.mark.parametrize("live", [False, True], ids=["careful", "live"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_not_compared_word_by_word(
    name: str, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit that bounds the time: the length of the text that is merged by words."""
    lengths: list[int] = []

    def counted(base: str, ours: str, theirs: str) -> list[Region]:
        lengths.append(len(base) + len(ours) + len(theirs))
        return merge_words(base, ours, theirs)

    monkeypatch.setattr("merge.three_way.merge_words", counted)
    merge(*HOSTILE[name], live=live)
    assert sum(lengths) <= 7 * 120_000

"""Seeded texts for measuring speed: prose with small changes, and hostile texts."""

import re
from collections.abc import Callable, Iterator
from random import Random
from string import ascii_lowercase

from bench.merge.corpus import Triple

MIB = 1 << 20
# A short line: 1 MiB is about 50,000 of them.
_LINE = 21
# The distance in words of two changes in one paragraph: closer ones would conflict.
_APART = 6

Span = tuple[int, int]


def prose(random: Random, size: int) -> str:
    """Return paragraphs of one line each, with word frequencies like those of real texts."""
    words = _vocabulary(random, 3000)
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    paragraphs: list[str] = []
    while size > 0:
        chosen = random.choices(words, weights, k=random.randint(30, 120))
        paragraphs.append(" ".join(chosen).capitalize() + ".\n")
        size -= len(paragraphs[-1]) + 1
    return "\n".join(paragraphs)


def short_lines(random: Random, count: int) -> str:
    """Return lines of equal length."""
    words = _vocabulary(random, 3000)
    lines = (" ".join(random.choices(words, k=3))[:20].ljust(20, "x") for _ in range(count))
    return "\n".join(lines) + "\n"


def in_two_paragraphs(random: Random, base: str) -> Iterator[Triple]:
    """Yield one small change per side, in different paragraphs (or lines), forever."""
    paragraphs = _paragraphs(base)
    while True:
        places = [random.choice(words) for words in random.sample(paragraphs, 2)]
        yield Triple(base, *(_changed(random, base, place) for place in places))


def in_one_paragraph(random: Random, base: str) -> Iterator[Triple]:
    """Yield one small change per side, a few words apart in one paragraph, forever."""
    paragraphs = [words for words in _paragraphs(base) if len(words) > 2 * _APART]
    while True:
        words = random.choice(paragraphs)
        first = random.randrange(len(words) - _APART)
        second = random.randrange(first + _APART, len(words))
        places = random.sample([words[first], words[second]], 2)
        yield Triple(base, *(_changed(random, base, place) for place in places))


def _nothing_in_common(random: Random, size: int) -> Triple:
    return Triple(*(" ".join(_words(random, size)) for _ in range(3)))


def _one_endless_word(random: Random, size: int) -> Triple:
    return Triple(*("".join(random.choices(ascii_lowercase, k=size)) for _ in range(3)))


def _all_lines_different(random: Random, size: int) -> Triple:
    sides = (random.sample(range(10**15, 10**16), size // _LINE) for _ in range(3))
    return Triple(*("".join(f"{number:020}\n" for number in side) for side in sides))


def _one_letter(random: Random, size: int) -> Triple:
    middle = random.randrange(size // 4, size // 2)
    base = "a" * size
    return Triple(base, "a" * middle + "b" + "a" * (size - middle - 5), "a" * (size - middle))


def _one_letter_as_words(random: Random, size: int) -> Triple:
    words = size // 2
    base = "a " * words
    return Triple(base, "a " * (words - random.randrange(9, 99)) + "b", "b " + "a " * (words - 9))


def _blanks(random: Random, size: int) -> Triple:
    return Triple(*("".join(random.choices(" \t\n", k=size)) for _ in range(3)))


def _every_word_replaced(random: Random, size: int) -> Triple:
    base = prose(random, size)
    return Triple(base, *(re.sub(r"\w+", lambda _: _word(random), base) for _ in range(2)))


def _lines_shuffled(random: Random, size: int) -> Triple:
    lines = short_lines(random, size // _LINE).splitlines(keepends=True)
    sides = (random.sample(lines, len(lines)) for _ in range(2))
    return Triple("".join(lines), *("".join(side) for side in sides))


def _two_lines_in_turn(random: Random, size: int) -> Triple:
    lines = ["one short line 1234\n", "the other line 5678\n"] * (size // _LINE // 2)
    sides = ([line for line in lines if random.random() > 0.1] for _ in range(2))
    return Triple("".join(lines), *("".join(side) for side in sides))


HOSTILE: dict[str, Callable[[Random, int], Triple]] = {
    "one long line of words, nothing in common": _nothing_in_common,
    "one long word, nothing in common": _one_endless_word,
    "short lines, all different": _all_lines_different,
    "one letter repeated": _one_letter,
    "one letter repeated, as words": _one_letter_as_words,
    "blanks only": _blanks,
    "every word replaced": _every_word_replaced,
    "short lines shuffled": _lines_shuffled,
    "two lines in turn, a tenth of them gone": _two_lines_in_turn,
}


def _changed(random: Random, text: str, place: Span) -> str:
    """Return the text with one word replaced, added or removed."""
    start, end = place
    replaced = text[:start] + _word(random) + text[end:]
    added = f"{text[:end]} {_word(random)}{text[end:]}"
    removed = text[:start] + text[end + 1 :]
    return random.choice([replaced, added, removed])


def _paragraphs(text: str) -> list[list[Span]]:
    """Return the places of the words of each paragraph."""
    return [
        [(line.start() + word.start(), line.start() + word.end()) for word in _found(line.group())]
        for line in re.finditer(r".+", text)
    ]


def _found(line: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"\w+", line)


def _words(random: Random, size: int) -> Iterator[str]:
    """Yield words with about `size` characters, including a blank after each."""
    while size > 0:
        word = _word(random)
        yield word
        size -= len(word) + 1


def _vocabulary(random: Random, size: int) -> list[str]:
    return [_word(random) for _ in range(size)]


def _word(random: Random) -> str:
    return "".join(random.choices(ascii_lowercase, k=random.randint(2, 10)))

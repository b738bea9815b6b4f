"""Seeded texts for all workloads and systems: lines of about twelve words."""

from random import Random
from string import ascii_lowercase

KIB = 1024


def text(size: int, seed: int = 1) -> str:
    """Return lines with about `size` ASCII characters; no word has a digit."""
    random = Random(seed)
    lines: list[str] = []
    while size > 0:
        lines.append(" ".join(word(random) for _ in range(random.randint(9, 15))) + "\n")
        size -= len(lines[-1])
    return "".join(lines)


def word(random: Random) -> str:
    return "".join(random.choices(ascii_lowercase, k=random.randint(2, 10)))

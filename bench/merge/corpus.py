"""The corpus: rows of three texts with the one that should come of them.

A folder with `live.jsonl.gz` and `merges.jsonl.gz`. Its kinds:
    split       one commit's edits dealt to two people; right is all of them
    indep       two commits that do not touch; right is both
    clash       the second commit changes the words of the first; asking is right
    taken back  of the clashes, those where it merely takes back an edit: no merge can know
    easy        whole files where Git is clean; right is the same, byte for byte
    hard        whole files where Git asks; right is what somebody committed

The files call both `clash`; `taken_back.py` parts them.
"""

import gzip
import json
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import NamedTuple

from bench.merge.taken_back import is_taken_back

_FILES = ("live.jsonl.gz", "merges.jsonl.gz")


class Triple(NamedTuple):
    """What is merged."""

    base: str
    ours: str
    theirs: str


class Row(NamedTuple):
    """A merge with its right answer; `cls` is prose or code."""

    triple: Triple
    resolved: str
    cls: str
    repo: str


Corpus = dict[str, list[Row]]


def is_there(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _FILES)


def read(folder: Path, rows_max: int | None) -> Corpus:
    """The rows by kind; at most so many of a kind, drawn the same way each time."""
    corpus: Corpus = defaultdict(list)
    for name in _FILES:
        with gzip.open(folder / name, "rt", encoding="utf-8") as file:
            for line in file:
                kind, row = _parsed(line)
                corpus[kind].append(row)
    return {kind: sample(rows, rows_max) for kind, rows in corpus.items()}


def sample(rows: list[Row], rows_max: int | None) -> list[Row]:
    """At most so many of them, always the same ones."""
    if rows_max is None or rows_max >= len(rows):
        return rows
    return Random(1).sample(rows, rows_max)


def _parsed(line: str) -> tuple[str, Row]:
    found = json.loads(line)
    triple = Triple(found["base"], found["ours"], found["theirs"])
    kind = found["kind"]
    if kind == "clash" and is_taken_back(*triple):
        kind = "taken back"
    return kind, Row(triple, found["resolved"], found["cls"], found["repo"])

"""The corpus: rows of three texts, with the known result of their merge.

A folder with `live.jsonl.gz` and `merges.jsonl.gz`. Its kinds:
    split       one commit's edits divided between two people; right is all of them
    indep       two independent commits; right is both
    clash       the second commit changes the words of the first; right is a conflict
    taken back  the clashes whose second commit only reverts an edit: no merge can detect them
    easy        whole files that Git merges cleanly; right is the same, byte for byte
    hard        whole files on which Git has conflicts; right is what was committed

The files call both `clash`; `taken_back.py` separates them.
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
    """The input of a merge."""

    base: str
    ours: str
    theirs: str


class Row(NamedTuple):
    """A merge with its known result; `cls` is prose or code."""

    triple: Triple
    resolved: str
    cls: str
    repo: str


Corpus = dict[str, list[Row]]


def exists(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _FILES)


def read(folder: Path, rows_max: int | None) -> Corpus:
    """Return the rows by kind, at most `rows_max` of each, always the same ones."""
    corpus: Corpus = defaultdict(list)
    for name in _FILES:
        with gzip.open(folder / name, "rt", encoding="utf-8") as file:
            for line in file:
                kind, row = _parse(line)
                corpus[kind].append(row)
    return {kind: sample(rows, rows_max) for kind, rows in corpus.items()}


def sample(rows: list[Row], rows_max: int | None) -> list[Row]:
    """Return at most `rows_max` rows, always the same ones."""
    if rows_max is None or rows_max >= len(rows):
        return rows
    return Random(1).sample(rows, rows_max)


def _parse(line: str) -> tuple[str, Row]:
    found = json.loads(line)
    triple = Triple(found["base"], found["ours"], found["theirs"])
    kind = found["kind"]
    if kind == "clash" and is_taken_back(*triple):
        kind = "taken back"
    return kind, Row(triple, found["resolved"], found["cls"], found["repo"])

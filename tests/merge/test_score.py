"""The score on real edits: a rule may improve one case and damage a hundred.

A small sample is in the repository; the whole corpus is used if it is there.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bench.merge.taken_back import is_taken_back
from merge.three_way import merge

SAMPLE = json.loads(
    (Path(__file__).parents[1] / "vectors" / "real_edits.json").read_text(encoding="utf-8")
)["kinds"]
CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


def normalised(text: str) -> str:
    return " ".join(text.split())


def answers(rows: Iterable[dict[str, Any]]) -> Counter[str]:
    """Count the right, the silently wrong and the conflicting merges."""
    found: Counter[str] = Counter()
    for row in rows:
        merged = merge(row["base"], row["ours"], row["theirs"])
        if not merged.clean:
            found["conflict"] += 1
        elif normalised(merged.text) == normalised(row["resolved"]):
            found["right"] += 1
        else:
            found["wrong"] += 1
    return found


def corpus(name: str) -> Iterable[dict[str, Any]]:
    with gzip.open(CORPUS / name, "rt", encoding="utf-8") as rows:
        yield from map(json.loads, rows)


def kind_of(row: dict[str, Any]) -> str:
    """Return the kind; clashes that no merge can detect are a kind of their own, not counted."""
    if row["kind"] == "clash" and is_taken_back(row["base"], row["ours"], row["theirs"]):
        return "taken back"
    return str(row["kind"])


@pytest.mark.parametrize("kind", SAMPLE)
def test_the_sample_is_merged_no_worse_than_before(kind: str) -> None:
    found = answers(SAMPLE[kind]["rows"])
    assert found["right"] >= SAMPLE[kind]["right"]
    assert found["wrong"] <= SAMPLE[kind]["wrong"]


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_the_corpus_is_merged_no_worse_than_before() -> None:
    rows = defaultdict[str, list[dict[str, Any]]](list)
    for row in corpus("live.jsonl.gz"):
        rows[kind_of(row)].append(row)
    split, indep, clash = (answers(rows[kind]) for kind in ("split", "indep", "clash"))
    right = split["right"] / split.total(), indep["right"] / indep.total()
    assert (split["right"] + indep["right"]) / (split.total() + indep.total()) >= 0.953
    assert split["wrong"] + indep["wrong"] == 0
    undetectable = answers(rows["taken back"])
    assert clash["wrong"] == 0, f"{clash} without, {clash + undetectable} with what is taken back"
    assert 100 * sum(right) / 2 - 1000 * clash["wrong"] / clash.total() >= 94.6


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_easy_merges_of_real_repositories_equal_gits() -> None:
    easy = [row for row in corpus("merges.jsonl.gz") if row["kind"] == "easy"]
    assert len(easy) == 420
    for row in easy:
        merged = merge(row["base"], row["ours"], row["theirs"])
        assert (merged.text, merged.clean) == (row["resolved"], True), row["id"]

"""A unified diff equals Git's, down to the missing final newline."""

import subprocess
from pathlib import Path

import pytest

from merge.rendering import unified_diff

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
def test_it_equals_gits(before: str, after: str, tmp_path: Path) -> None:
    ours = unified_diff(before, after, "a/old", "b/new").split("\n", 2)[2]
    git = git_diff(before, after, tmp_path)
    git = git[git.index("\n@@ ") + 1 :]
    # Git repeats an earlier line behind the second @@, and we do not.
    shown = "\n".join(
        row[: row.index(" @@") + 3] if row.startswith("@@ ") else row for row in git.split("\n")
    )
    assert ours == shown


def test_names_come_first_and_equal_texts_show_nothing() -> None:
    assert unified_diff("a\n", "b\n", "mine", "Bo's") == "--- mine\n+++ Bo's\n@@ -1 +1 @@\n-a\n+b\n"
    assert unified_diff("a", "a", "x", "y") == ""

"""The load benchmark measures whole processes, and compares checkouts."""

import sys
import time
from argparse import ArgumentTypeError
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

from bench.load import systems
from bench.load.command_line import checkout
from bench.load.processes import ROOT, BenchError, Process, cpu_s_of_tree
from bench.load.report import section
from bench.load.task import Load
from bench.load.workloads import WORKLOADS

_BURN_TWICE = """
import os, time

def burn():
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass

if os.fork():
    burn()
    os.wait()
else:
    burn()
"""


def test_the_cpu_time_of_a_process_includes_its_children(tmp_path: Path) -> None:
    before = getrusage(RUSAGE_CHILDREN)
    with Process([sys.executable, "-S", "-c", _BURN_TWICE], tmp_path / "log") as process:
        found_s = process.wait()
    after = getrusage(RUSAGE_CHILDREN)
    used_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used_s >= 0.2
    assert found_s == pytest.approx(used_s, abs=0.03)  # the child's time is in hundredths


def test_the_cpu_time_of_a_tree_includes_running_children(tmp_path: Path) -> None:
    command = [sys.executable, "-S", "-c", _BURN_TWICE + "time.sleep(60)"]
    with Process(command, tmp_path / "log") as process:
        deadline = time.monotonic() + 20
        while cpu_s_of_tree(process.pid) < 0.2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert cpu_s_of_tree(process.pid) >= 0.2
        assert process.cpu_s < 0.2


@pytest.mark.parametrize(
    ("nodes", "is_passing", "servers"),
    [
        (1, False, [["a"], ["a"], ["a"]]),
        (2, False, [["a"], ["b"], ["a"]]),
        (2, True, [["a", "b"], ["b", "a"], ["a", "b"]]),
        (3, False, [["a"], ["b"], ["c"]]),
    ],
)
def test_each_document_has_a_node(nodes: int, is_passing: bool, servers: list[list[str]]) -> None:
    first, *others = ["a", "b", "c"][:nodes]
    load = Load(server=first, nodes=others, is_passing=is_passing)
    assert [load.servers_of(document) for document in range(3)] == servers


def test_a_table_has_the_ratios_to_the_first_checkout() -> None:
    runs = {
        "before": [{"per_s": 900.0, "cpu_us": 400.0}, {"per_s": 1100.0, "cpu_us": 500.0}],
        "after": [{"per_s": 1500.0, "cpu_us": 90.0}, {"per_s": 3000.0, "cpu_us": 270.0}],
        "hocuspocus": [{"per_s": 4000.0}],
    }
    table = section(WORKLOADS["w3-closed"], runs, {}, ["before", "after"])
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    assert [[cell.strip() for cell in row] for row in rows if "-" not in row[0]] == [
        ["system", "edits/s", "CPU µs/edit"],
        ["before", "1,000 (900–1,100)", "450 (400–500)"],
        ["after", "2,250 (1,500–3,000)", "180 (90–270)"],
        ["hocuspocus", "4,000", "–"],
        ["after ÷ before", "2.25", "0.40"],
    ]


@pytest.mark.parametrize("value", ["old", "=.", "a b=.", "ours=.", "old=bench"])
def test_a_checkout_has_a_new_name_and_a_server(value: str) -> None:
    with pytest.raises(ArgumentTypeError):
        checkout(value)
    assert checkout(f"old={ROOT}") == ("old", ROOT)


def test_a_checkout_without_an_environment_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"\.venv/bin/python cannot be run"):
        systems.checkouts({"old": tmp_path}, None)


@pytest.mark.parametrize(
    ("prefix", "arguments", "how"),
    [
        ("/usr", "'--prefix=/usr'", "of the distribution"),
        ("/usr/local", "'--enable-optimizations' '--with-lto'", "with PGO"),
        ("/opt/python", "'--enable-shared'", "without PGO"),
    ],
)
def test_it_says_how_a_python_was_built(prefix: str, arguments: str, how: str) -> None:
    assert systems.build(prefix, arguments) == how

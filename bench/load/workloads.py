"""The workloads by name, with their captions, columns and number of rounds."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.load import costs, restarts, typists
from bench.load.figures import Figures
from bench.load.run_options import RunOptions
from bench.load.sandbox import Sandbox
from bench.load.systems import System


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload; `columns` maps figures to their titles."""

    title: str
    caption: str
    run: Callable[[Sandbox, RunOptions], Figures]
    columns: dict[str, str]
    rounds: int = 3
    is_for_all: bool = True  # otherwise for GollabEdit only
    is_for_nodes: bool = False  # whether several of them make sense
    is_plotted: bool = False

    def is_for(self, system: System) -> bool:
        """Return whether it is run on a system."""
        if system.nodes > 1:
            return self.is_for_nodes
        return system.is_ours or self.is_for_all


_NEEDED = {"server_cpu_s": "server CPU s", "peak_mb": "peak MB", "disk_kb": "disk KB"}
_RATE = {"per_s": "edits/s"}
_ANSWER = {"answer_p50": "answer p50", "answer_p90": "p90", "answer_p99": "p99 ms"}
_VISIBLE = {"visible_p50": "visible p50", "visible_p90": "p90", "visible_p99": "p99 ms"}
_TYPED = {
    "cpu_us": "CPU µs/edit",
    "database_cpu_us": "of PostgreSQL",
    "generator_cpu_us": "of the generator",
    "conflicts": "conflicts",
    "generator_busy": "generator",
    **_NEEDED,
}

WORKLOADS = {
    "w1": Workload(
        "W1: two people",
        "One document of 2 KB, a word every 100 ms, ten seconds.",
        typists.w1,
        {**_VISIBLE, **_ANSWER, **_TYPED},
        is_plotted=True,
    ),
    "w2": Workload(
        "W2: sixteen writers",
        "One document of 20 KB, words at random places, one edit in flight each.",
        typists.w2,
        {
            "edits": "edits",
            **_RATE,
            "first_per_s": "first 800",
            **_ANSWER,
            **_VISIBLE,
            **_TYPED,
        },
        is_plotted=True,
    ),
    "w2-half": Workload(
        "W2 at half the rate",
        "The same writers at half the rate that the system reached above, for five seconds.",
        typists.w2_half,
        {**_RATE, **_ANSWER, **_VISIBLE, **_TYPED},
        is_plotted=True,
    ),
    "w3": Workload(
        "W3: many documents",
        "A hundred documents of 1 KB, two writers each, 2,000 edits/s offered for five seconds.",
        typists.w3,
        {**_RATE, **_ANSWER, **_VISIBLE, **_TYPED},
        is_for_nodes=True,
        is_plotted=True,
    ),
    "w3-half": Workload(
        "W3 at half the load",
        "Fifty documents, two writers each, 1,000 edits/s offered for five seconds.",
        typists.w3_half,
        {**_RATE, **_ANSWER, **_VISIBLE, **_TYPED},
        is_for_nodes=True,
        is_plotted=True,
    ),
    "w3-closed": Workload(
        "W3 in a closed loop",
        "The clients of W3; each sends its next edit when the last one is answered.",
        typists.w3_closed,
        {**_RATE, **_ANSWER, **_VISIBLE, **_TYPED},
        is_for_nodes=True,
    ),
    "w4": Workload(
        "W4: many readers",
        "One document of 20 KB, one writer (10/s), two hundred readers, ten seconds.",
        typists.w4,
        {**_VISIBLE, **_ANSWER, **_TYPED},
        is_plotted=True,
    ),
    "w5": Workload(
        "W5: opening after a restart",
        "A document with many edits: time from connecting to its text; size of the data folder.",
        restarts.w5,
        {
            "edits": "edits",
            "open_ms": "open ms",
            "disk_kb": "disk KB",
            "disk_blocks_kb": "in blocks KB",
        },
        rounds=1,
    ),
    "w5-large": Workload(
        "W5 with a long history",
        "A document with a history made by `git fast-import`, and an empty one.",
        restarts.w5_large,
        {"commits": "commits", "open_ms": "open ms", "empty_ms": "empty ms"},
        rounds=1,
        is_for_all=False,
    ),
    "w6": Workload(
        "W6: killed",
        "SIGKILL at the last answer, then a restart: acknowledged words that are lost.",
        restarts.w6,
        {"edits": "edits", "lost": "lost"},
    ),
    "clone": Workload(
        "Cloning while typing",
        "W2, half the time with `git clone` in a loop; each clone passes `git fsck --strict`.",
        costs.clone,
        {
            "edits": "edits",
            "clones": "clones",
            "clone_ms": "clone ms",
            "without_p99": "answer p99 ms without",
            "with_p99": "with",
            "ratio": "ratio",
        },
        is_for_all=False,
    ),
    "disk": Workload(
        "Disk space per edit",
        "Growth of a document of 20 KB, measured after the server has stopped.",
        costs.per_edit,
        {
            "one_edits": "edits",
            "one_bytes": "1 writer: bytes/edit",
            "one_blocks": "in blocks",
            "sixteen_edits": "edits",
            "sixteen_bytes": "16 writers: bytes/edit",
            "sixteen_blocks": "in blocks",
        },
        rounds=1,
    ),
    "memory": Workload(
        "Memory per open document",
        "Documents of 20 KB with one idle client each: the server's resident memory.",
        costs.memory,
        {
            "documents": "documents",
            "before_mb": "MB before",
            "opened_mb": "opened",
            "idle_mb": "idle",
            "kb_per_document": "KB/document",
        },
        rounds=1,
    ),
    "size": Workload(
        "Large texts",
        "One document, eight writers in a closed loop, three seconds for each size.",
        costs.size,
        {
            "1_cpu_us": "1 KB: CPU µs/edit",
            "1_p50": "answer p50 ms",
            "20_cpu_us": "20 KB: CPU",
            "20_p50": "p50",
            "whole_cpu_us": "sent as whole texts: CPU",
            "whole_p50": "p50",
            "100_cpu_us": "100 KB: CPU",
            "100_p50": "p50",
            "900_cpu_us": "900 KB: CPU",
            "900_p50": "p50",
        },
        is_for_all=False,
    ),
    "fresh": Workload(
        "Fresh documents",
        "A thousand documents of 1 KB, created by PUT, sixteen at a time.",
        costs.fresh,
        {
            "documents": "documents",
            "created_per_s": "created/s",
            "written_s": "all in repositories after s",
            "document_cpu_us": "CPU µs/document",
            "peak_mb": "peak MB",
        },
        is_for_all=False,
    ),
    "start": Workload(
        "Start with many documents",
        "From the start of the process until /readyz answers, and until some of them are open.",
        restarts.start,
        {
            "documents": "documents",
            "ready_ms": "ready ms",
            "opened": "opened",
            "opened_ms": "after ms",
            "peak_mb": "peak MB",
        },
        rounds=1,
        is_for_all=False,
    ),
}
NAMES = tuple(WORKLOADS)

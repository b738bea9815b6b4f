"""The results of rounds: counts, faults, and the duration of restarts."""

from dataclasses import dataclass, field
from enum import Enum
from statistics import median


class Fault(Enum):
    """The kinds of faults after a crash."""

    LOST = "lost: acknowledged or shown, but missing"
    DOUBLED = "doubled: the same word twice"
    CORRUPT = "`git fsck` reports problems"
    NOT_RESUMED = "a client could not resume"
    BROKEN = "another rule was broken"


@dataclass
class Results:
    """Counts over any number of rounds.

    Attributes:
        rounds: completed and checked rounds.
        kills: kills while writers typed.
        kills_at_work: those that left edits unanswered.
        early_kills: kills while the server started or its clients resumed.
        acknowledged: answers `merged` or `conflict`.
        conflicts: answers `conflict`.
        resolved: resolved conflicts.
        parked: parked conflicts.
        dropped: connections closed by their clients.
        clones: successful clones while writers typed.
        resent: unanswered edits that were sent again.
        resent_durable: those that were already durable.
        refused: errors `unavailable` or `rate_limited`.
        ready_s: the times from the start of a process until it is ready, in seconds.
        resumed_s: the times from then until every client has resumed.
        faults: what went wrong.
    """

    rounds: int = 0
    kills: int = 0
    kills_at_work: int = 0
    early_kills: int = 0
    acknowledged: int = 0
    conflicts: int = 0
    resolved: int = 0
    parked: int = 0
    dropped: int = 0
    clones: int = 0
    resent: int = 0
    resent_durable: int = 0
    refused: int = 0
    ready_s: list[float] = field(default_factory=list)
    resumed_s: list[float] = field(default_factory=list)
    faults: list[tuple[Fault, str]] = field(default_factory=list)

    def add(self, other: "Results") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def add_fault(self, fault: Fault, what: str) -> None:
        self.faults.append((fault, what))

    def count(self, fault: Fault) -> int:
        return sum(kind is fault for kind, _ in self.faults)

    def fault_list(self) -> str:
        """Return all faults, one per line."""
        return "\n".join(f"{fault.value}: {what}" for fault, what in self.faults)

    def table(self) -> str:
        """Return the results as a Markdown table."""
        rows = [
            ("rounds", self.rounds),
            ("kills while writers typed", self.kills),
            ("... with edits outstanding", self.kills_at_work),
            ("kills during a start", self.early_kills),
            ("edits acknowledged", self.acknowledged),
            ("... of them conflicts", self.conflicts),
            ("conflicts resolved / parked", f"{self.resolved} / {self.parked}"),
            ("connections dropped", self.dropped),
            ("clones while writers typed", self.clones),
            ("edits sent again", self.resent),
            ("... of them durable already", self.resent_durable),
            ("edits refused temporarily", self.refused),
            ("lost", self.count(Fault.LOST)),
            ("doubled", self.count(Fault.DOUBLED)),
            ("fsck problems", self.count(Fault.CORRUPT)),
            ("clients that could not resume", self.count(Fault.NOT_RESUMED)),
            ("other broken rules", self.count(Fault.BROKEN)),
            ("start to readiness, p50 / max", _times(self.ready_s)),
            ("readiness to all resumed, p50 / max", _times(self.resumed_s)),
        ]
        return "\n".join(["| what | |", "|---|--:|", *(f"| {what} | {n} |" for what, n in rows)])


def _times(times: list[float]) -> str:
    return f"{median(times):.2f} s / {max(times):.2f} s" if times else "none"

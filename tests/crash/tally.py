"""What rounds came to: how much happened, what was wrong, how long the restarts took."""

from dataclasses import dataclass, field
from enum import Enum
from statistics import median


class Fault(Enum):
    """What can be wrong after a crash."""

    LOST = "lost: acknowledged or shown, and not there"
    DOUBLED = "doubled: the same word twice"
    UNSOUND = "`git fsck` complains"
    SHUT_OUT = "a client could not resume"
    BROKEN = "another rule was broken"


@dataclass
class Tally:
    """Counts over any number of rounds.

    Attributes:
        rounds: rounds that were carried out and checked.
        kills: how often the server was killed while people typed.
        kills_at_work: those that left edits without an answer.
        early_kills: kills of a server that was just starting, or just let its clients in again.
        acknowledged: answers `merged` or `conflict`.
        conflicts: answers `conflict`.
        resolved: conflicts that were answered.
        parked: conflicts that were put off.
        dropped: connections that their client gave up.
        clones: clones that ended well while people typed.
        resent: edits without an answer that were sent again.
        resent_durable: those of them that the server turned out to have already.
        refused: answers `unavailable` or `rate_limited`.
        ready_s: from the start of a process until it takes connections, in seconds.
        resumed_s: from there until every client was answered.
        faults: what was wrong.
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

    def add(self, other: "Tally") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def complain(self, fault: Fault, what: str) -> None:
        self.faults.append((fault, what))

    def count(self, fault: Fault) -> int:
        return sum(kind is fault for kind, _ in self.faults)

    def complaints(self) -> str:
        """What was wrong, a line each."""
        return "\n".join(f"{fault.value}: {what}" for fault, what in self.faults)

    def table(self) -> str:
        """All of it as a Markdown table."""
        rows = [
            ("rounds", self.rounds),
            ("kills while people typed", self.kills),
            ("... with edits outstanding", self.kills_at_work),
            ("kills during a start", self.early_kills),
            ("edits acknowledged", self.acknowledged),
            ("... of them conflicts", self.conflicts),
            ("conflicts resolved / parked", f"{self.resolved} / {self.parked}"),
            ("connections dropped", self.dropped),
            ("clones while people typed", self.clones),
            ("edits sent again", self.resent),
            ("... of them durable already", self.resent_durable),
            ("edits refused for the moment", self.refused),
            ("lost", self.count(Fault.LOST)),
            ("doubled", self.count(Fault.DOUBLED)),
            ("fsck complaints", self.count(Fault.UNSOUND)),
            ("clients that could not resume", self.count(Fault.SHUT_OUT)),
            ("other broken rules", self.count(Fault.BROKEN)),
            ("start to readiness, p50 / max", _times(self.ready_s)),
            ("readiness to all resumed, p50 / max", _times(self.resumed_s)),
        ]
        return "\n".join(["| what | |", "|---|--:|", *(f"| {what} | {n} |" for what, n in rows)])


def _times(times: list[float]) -> str:
    return f"{median(times):.2f} s / {max(times):.2f} s" if times else "none"

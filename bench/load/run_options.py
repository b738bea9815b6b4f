"""The size of a run: as the workload defines it, quick, or from the command line."""

from dataclasses import dataclass

_QUICK = 20
_QUICK_S = 1.0
_LIMIT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of one run."""

    seed: int = 1
    is_quick: bool = False
    edits: int | None = None
    seconds: float | None = None
    full_text: bool = False
    per_s: float = 0  # the maximum rate that the system reached

    def edits_of(self, usual: int) -> int:
        """Return the number of edits."""
        return self.edits or self.count(usual)

    def seconds_of(self, usual: float) -> float:
        """Return the duration in seconds."""
        return self.seconds or (min(usual, _QUICK_S) if self.is_quick else usual)

    @property
    def limit_s(self) -> float:
        """The time limit for a slow system."""
        return self.seconds_of(_LIMIT_S)

    def count(self, usual: int) -> int:
        """Return another number, scaled down if quick."""
        return max(usual // _QUICK, 10) if self.is_quick else usual

"""How large a work is to be: as it is defined, quick, or as the command line says."""

from dataclasses import dataclass

_QUICK = 20
_QUICK_S = 1.0
_LIMIT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one run is asked for."""

    seed: int = 1
    is_quick: bool = False
    edits: int | None = None
    seconds: float | None = None
    full_text: bool = False
    per_s: float = 0  # what the system reached when it was asked for all it can

    def edits_of(self, usual: int) -> int:
        """The edits of a work that counts edits."""
        return self.edits or self.count(usual)

    def seconds_of(self, usual: float) -> float:
        """The time of a work that counts time."""
        return self.seconds or (min(usual, _QUICK_S) if self.is_quick else usual)

    @property
    def limit_s(self) -> float:
        """So long it goes on at most where a system is slower than what is asked of it."""
        return self.seconds_of(_LIMIT_S)

    def count(self, usual: int) -> int:
        """The number of whatever else there are many of."""
        return max(usual // _QUICK, 10) if self.is_quick else usual

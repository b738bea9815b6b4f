"""What one server counts, for its metrics. All of it happens on the event loop."""

from collections import Counter

from server import protocol
from server.core.document import Reply
from server.core.submission import Accepted, Conflicted
from server.protocol import Conflict, Merged
from server.support.metrics import Histogram, Metric, Sample

_ACKNOWLEDGE_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_BATCH = (1, 2, 4, 8, 16, 32, 64)
_CHECKPOINT_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Meters:
    """Counters and histograms, from the start of a server."""

    def __init__(self) -> None:
        self._edits = 0
        self._conflicts = 0
        self._refused: Counter[str] = Counter()
        self._acknowledged_s = Histogram(
            "acknowledge_seconds",
            "time from the arrival of an edit until it is durable and answered",
            _ACKNOWLEDGE_S,
        )
        self._batches = Histogram("batch_requests", "requests that are executed together", _BATCH)
        self._checkpoints_s = Histogram(
            "checkpoint_seconds", "time to write a document into its repository", _CHECKPOINT_S
        )

    def answered(self, reply: Reply, took_s: float, refused_for: str = "") -> None:
        """Count the reply to a request.

        Args:
            reply: the reply.
            took_s: the time since the request arrived.
            refused_for: if the reply is an error, the reason; empty for its code.
        """
        match reply:
            case Merged() | Accepted():
                self._edit(took_s)
            case Conflict():
                self._edit(took_s)
                self._conflicts += 1
            case Conflicted():
                self._conflicts += 1
            case protocol.Error(code=code):
                self.refused(refused_for or code)

    def _edit(self, took_s: float) -> None:
        self._edits += 1
        self._acknowledged_s.observe(took_s)

    def batch(self, requests: int) -> None:
        """Count a batch of requests."""
        self._batches.observe(requests)

    def checkpoint(self, took_s: float) -> None:
        """Count a checkpoint."""
        self._checkpoints_s.observe(took_s)

    def refused(self, reason: str) -> None:
        """Count a request or message that was refused.

        Args:
            reason: a fixed word, never anything that a client sent: each is kept forever.
        """
        self._refused[reason] += 1

    def metrics(self) -> list[Metric]:
        """Return all metrics."""
        refused = [Sample(count, {"reason": why}) for why, count in sorted(self._refused.items())]
        return [
            Metric("edits_total", "edits that were merged", [Sample(self._edits)], "counter"),
            Metric(
                "conflicts_total",
                "edits and texts with words that others had changed",
                [Sample(self._conflicts)],
                "counter",
            ),
            self._acknowledged_s.metric(),
            self._batches.metric(),
            self._checkpoints_s.metric(),
            Metric("refused_total", "what was refused, by reason", refused, "counter"),
        ]

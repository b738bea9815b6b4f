"""The messages between the benchmark and a load generator: a task and reports, a JSON line each.

`generator.py` runs the tasks for GollabEdit, `peers/generator.js` for the other systems. Moments
are seconds of the machine's monotonic clock, so both sides can compare them.
"""

import msgspec


class Load(msgspec.Struct, kw_only=True, tag="load"):
    """Type words at random places of documents that start with the same text.

    The documents are `doc-0`, `doc-1`, ...; all numbers but the edits are per document. Another
    line of input stops the load.
    """

    server: str = ""  # http://host:port
    nodes: list[str] = []  # further servers; they share the documents evenly
    is_passing: bool = False  # every second client of a document connects to the next node
    documents: int = 1
    text: str = ""
    writers: int = 1
    readers: int = 0
    edits: int = 0  # of all documents, after the warm-up
    warm_up: int = 0  # edits before the measurement
    per_s: float = 0  # edits offered per second; 0: each writer types as soon as it is answered
    seconds: float = 60  # time limit for new edits after the warm-up
    seed: int = 1
    full_text: bool = False  # send whole texts instead of splices
    kill: int = 0  # the process to kill at the last answer; the texts are then not compared
    hold: bool = False  # type nothing, stay connected

    def servers_of(self, document: int) -> list[str]:
        """Return the owner of a document, and who else its clients connect to, in turns."""
        servers = [self.server, *self.nodes]
        count = 2 if self.is_passing else 1
        return [servers[(document + one) % len(servers)] for one in range(count)]


class Open(msgspec.Struct, kw_only=True, tag="open"):
    """Open documents at once, and measure the time for each."""

    server: str
    documents: list[str]


class Create(msgspec.Struct, kw_only=True, tag="create"):
    """Create `doc-0`, `doc-1`, ... with a text by PUT, several at a time."""

    server: str
    documents: int
    text: str


Task = Load | Open | Create


class Begun(msgspec.Struct, tag="begun"):
    """All clients are connected and the warm-up is over."""


class Ended(msgspec.Struct, tag="ended"):
    """The last word is answered; the clients now compare their texts."""


class Outcome(msgspec.Struct, kw_only=True, tag="outcome"):
    """The results of a load."""

    edits: int  # answered after the warm-up
    began: float
    seconds: float  # from `began` to the last answer
    answers: list[tuple[float, float]]  # the moment (s since `began`) and the latency (ms)
    visible: list[float]  # ms, for each word and each other client of its document
    unseen: int  # words that a client received in parts, so that they were not timed
    conflicts: int
    late_ms: float  # p99 of the generator's own delay
    cpu_s: float  # of the generator, after the warm-up
    words: list[str]  # all acknowledged words


class Opened(msgspec.Struct, kw_only=True, tag="opened"):
    """The results of `Open`."""

    took_ms: list[float]
    last: float  # the moment when the last one was open
    text: str  # of the first document


class Created(msgspec.Struct, tag="created"):
    """The results of `Create`."""

    began: float
    seconds: float  # until the last answer


class Failed(msgspec.Struct, tag="failed"):
    """The task failed; `why` is a sentence."""

    why: str


Report = Begun | Ended | Outcome | Opened | Created | Failed

encode = msgspec.json.Encoder().encode
decode_task = msgspec.json.Decoder(Task).decode
decode_report = msgspec.json.Decoder(Report).decode

"""What the benchmark asks of a generator of load, and what that one reports: one JSON line each.

`crowd.py` carries the tasks out for GollabEdit, `peers/generator.js` for the other systems. Moments
are those of the machine's monotonic clock in seconds, so both sides can compare them.
"""

import msgspec


class Load(msgspec.Struct, kw_only=True, tag="load"):
    """People type words at random places of documents that begin with the same text.

    The documents are `doc-0`, `doc-1`, ...; all numbers are of one document, but for the edits.
    Another line of input ends it.
    """

    server: str = ""  # http://host:port
    documents: int = 1
    text: str = ""
    writers: int = 1
    readers: int = 0
    edits: int = 0  # all together, after the warm-up
    warm_up: int = 0  # edits before anything counts
    per_s: float = 0  # edits offered a second; 0: each writer goes on as soon as it is answered
    seconds: float = 60  # no new edit so long after the warm-up, whatever is missing
    seed: int = 1
    full_text: bool = False  # an edit is sent as the whole text, not as splices
    kill: int = 0  # the process that is killed at the last answer; nothing is compared then
    hold: bool = False  # type nothing, and stay


class Open(msgspec.Struct, kw_only=True, tag="open"):
    """Open documents at one time, and see how long each takes to be there."""

    server: str
    documents: list[str]


Task = Load | Open


class Begun(msgspec.Struct, tag="begun"):
    """Everybody is there and the warm-up is over; from now on it counts."""


class Outcome(msgspec.Struct, kw_only=True, tag="outcome"):
    """What became of a load."""

    edits: int  # answered while it counted
    began: float
    seconds: float  # from then to the last answer
    answers: list[tuple[float, float]]  # when (in s since it began), and after how many ms
    visible: list[float]  # ms, for each word and each other client of its document
    unseen: int  # words that were never noticed in what a client was sent, though they are there
    conflicts: int
    late_ms: float  # how late the generator itself was: 99 of 100 times at most
    cpu_s: float  # the generator's own, while it counted
    words: list[str]  # all that were answered


class Opened(msgspec.Struct, kw_only=True, tag="opened"):
    """The documents are open."""

    took_ms: list[float]
    last: float  # when the last one was there
    text: str  # of the first


class Failed(msgspec.Struct, tag="failed"):
    """It went wrong: a sentence."""

    why: str


Report = Begun | Outcome | Opened | Failed

encode = msgspec.json.Encoder().encode
decode_task = msgspec.json.Decoder(Task).decode
decode_report = msgspec.json.Decoder(Report).decode

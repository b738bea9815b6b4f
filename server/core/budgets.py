"""Budgets: what one person or one address may use of the server, so that the others have theirs.

A budget belongs to a signed-in person, else to an address. Sans-I/O: `now` is a parameter, a
monotonic time in seconds.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network

from server.core.rates import Pace, TokenBucket

PERSON = "user:"  # what the keys of people begin with

_BUDGETS_MAX = 10_000  # in memory, besides those in use
_FORGET_AFTER_S = 3600.0  # then every budget is full again
# What may be used at once, in seconds of the average. Documents are imported a folder at a time.
_REQUESTS_AT_ONCE_S = 5.0
_WORK_AT_ONCE_S = 10.0
_DOCUMENTS_AT_ONCE_S = 1800.0
_ENDLESS = 10**15
_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


class Reason(StrEnum):
    """What of a budget is used up."""

    CONNECTIONS = "connections"
    REQUESTS = "requests"
    IN_PROGRESS = "requests_in_progress"
    BYTES = "bytes"
    WORK = "work"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one person or address may use.

    Attributes:
        connections_max: open websockets.
        document_connections_max: those to one document.
        requests_max: requests in progress.
        requests_per_s: requests, on average.
        bytes_per_s: bytes of bodies and edits, on average.
        bytes_at_once: bytes that may come at once.
        work_share: seconds of merging in a second, on average.
        documents_per_hour: new documents, on average.
        frames_per_s: frames that its websockets are read at, together.
        frame_bytes_per_s: their bytes.
        unread_bytes_max: bytes that have arrived of them and are not read.
    """

    connections_max: float = _ENDLESS
    document_connections_max: float = _ENDLESS
    requests_max: float = _ENDLESS
    requests_per_s: float = _ENDLESS
    bytes_per_s: float = _ENDLESS
    bytes_at_once: float = _ENDLESS
    work_share: float = _ENDLESS
    documents_per_hour: float = _ENDLESS
    frames_per_s: float = _ENDLESS
    frame_bytes_per_s: float = _ENDLESS
    unread_bytes_max: float = _ENDLESS

    def halved(self) -> "Allowance":
        """Return half of it. What comes at once stays: it is the size of one push."""
        return Allowance(
            connections_max=self.connections_max / 2,
            document_connections_max=self.document_connections_max / 2,
            requests_max=self.requests_max / 2,
            requests_per_s=self.requests_per_s / 2,
            bytes_per_s=self.bytes_per_s / 2,
            bytes_at_once=self.bytes_at_once,
            work_share=self.work_share / 2,
            documents_per_hour=self.documents_per_hour / 2,
            frames_per_s=self.frames_per_s / 2,
            frame_bytes_per_s=self.frame_bytes_per_s / 2,
            unread_bytes_max=self.unread_bytes_max / 2,
        )


UNLIMITED = Allowance()


class Budget:
    """The budget of one person or address: what it may use, and has used.

    `connections` and `requests` are the numbers of what is open and in progress; `unread_bytes`
    have arrived on websockets and are not read; `delayed_refusals` are to be sent later.
    """

    def __init__(
        self,
        who: str,
        allowance: Allowance = UNLIMITED,
        now: float = 0.0,
        note: Callable[[Reason, str], None] = lambda *_: None,
    ) -> None:
        """Create it, unused; `note` is called with each reason of a refusal, and `who`."""
        self.who = who
        self.allowance = allowance
        self.is_limited = allowance is not UNLIMITED
        self.used_at = now
        self.connections = 0
        self.requests = 0
        self.unread_bytes = 0
        self.delayed_refusals = 0
        self._note = note
        per_s = allowance.requests_per_s
        self._requests = TokenBucket(per_s, now, max(1.0, _REQUESTS_AT_ONCE_S * per_s))
        self._bytes = TokenBucket(allowance.bytes_per_s, now, allowance.bytes_at_once)
        self._work = TokenBucket(allowance.work_share, now, _WORK_AT_ONCE_S * allowance.work_share)
        per_s = allowance.documents_per_hour / 3600
        self._documents = TokenBucket(per_s, now, max(1.0, _DOCUMENTS_AT_ONCE_S * per_s))
        self._pace = Pace(allowance.frames_per_s, allowance.frame_bytes_per_s, now)

    @property
    def is_in_use(self) -> bool:
        return bool(self.connections or self.requests)

    def note_refusal(self, reason: Reason) -> None:
        """Note that something was refused."""
        self._note(reason, self.who)

    def take_request(self, now: float) -> float:
        """Take a request; return 0, or the seconds until there is one."""
        return self._requests.take(now)

    def take_document(self, now: float) -> float:
        """Take a new document; return 0, or the seconds until there is one."""
        return self._documents.take(now)

    def pause_s(self, size: int, now: float) -> float:
        """Count a frame of a websocket; return how long not to read the next one."""
        if not self.is_limited:
            return 0.0
        return self._pace.pause_s(size, now)

    def use_bytes(self, size: int, now: float) -> float:
        """Use bytes, whether or not there are as many; return the seconds until none is owed."""
        return self._bytes.owe(size, now)

    def use_work(self, seconds: float, now: float) -> None:
        """Use seconds of work, whether or not there are as many."""
        if self.is_limited:
            self._work.owe(seconds, now)

    def wait_s(self, now: float) -> tuple[float, Reason]:
        """Return the seconds until neither bytes nor work are owed, and what is owed longer."""
        of_bytes, of_work = self._bytes.owe(0, now), self._work.owe(0, now)
        if of_bytes >= of_work:
            return of_bytes, Reason.BYTES
        return of_work, Reason.WORK


FREE = Budget("")  # the budget of those that nobody limits


class Budgets:
    """The budgets of a server, in a limited number: those used longest ago are forgotten.

    Args:
        address: what an address may use.
        person: what a person may use.
        spares_loopback: do not limit the addresses of this machine.
        note: called with the reason of each refusal, and whose it was.
    """

    def __init__(
        self,
        address: Allowance,
        person: Allowance,
        *,
        spares_loopback: bool,
        note: Callable[[Reason, str], None] = lambda *_: None,
    ) -> None:
        self._address = address
        self._person = person
        self._spares_loopback = spares_loopback
        self._note = note
        self._budgets: OrderedDict[str, Budget] = OrderedDict()

    def __len__(self) -> int:
        return len(self._budgets)

    def budget(self, client: str, now: float) -> Budget:
        """Return the budget of a client.

        Args:
            client: `user:` and the name of a person, or an address or a network of addresses.
            now: the time.
        """
        budget = self._budgets.get(client)
        if budget is None:
            self._forget(now)
            allowance = self._address
            if client.startswith(PERSON):
                allowance = self._person
            elif self._spares_loopback and _is_loopback(client):
                allowance = UNLIMITED
            budget = self._budgets[client] = Budget(client, allowance, now, self._note)
        budget.used_at = now
        self._budgets.move_to_end(client)
        return budget

    def _forget(self, now: float) -> None:
        """Forget at most two budgets before one is added, which bounds memory and work."""
        for _ in range(2):
            if not self._budgets:
                return
            who, oldest = next(iter(self._budgets.items()))
            is_full = len(self._budgets) >= _BUDGETS_MAX
            if oldest.is_in_use:
                self._budgets.move_to_end(who)
            elif is_full or now - oldest.used_at > _FORGET_AFTER_S:
                del self._budgets[who]


def _is_loopback(client: str) -> bool:
    try:
        network = ip_network(client)
    except ValueError:
        return False
    return any(type(it) is type(network) and it.overlaps(network) for it in _LOOPBACK)

"""A document that is open: who is connected to it, and what goes in and out.

The asyncio shell around the sans-I/O core. Each live document has one task that takes what waits,
has it carried out and made durable, and delivers replies and news:

    socket ─▶ Seat.receive ─▶ inbox ─▶ batch on a thread ─▶ outboxes ─▶ Seat.outgoing ─▶ socket

Batches form by themselves while the one before is being written. Nothing grows without bound: a
session's requests are limited, its news is computed only when it has taken what it was sent before
(so a slow reader gets one update over many revisions), and of presence and counts only the newest
is kept.
"""

import asyncio
import logging
import time
from collections import deque

from server import protocol
from server.core.clients import Author
from server.core.document import Joined, Reply, Request
from server.core.presence import People
from server.core.session import Action, Ask, Close, Moved, Send, Session, State
from server.core.submission import Disputed, Exists, Proposal, Taken, Verdict
from server.hub.durable_document import DurableDocument, Result, Sweep
from server.protocol import CloseCode, Code
from server.support.threads import unless_cancelled

_log = logging.getLogger(__name__)

_BATCH_MAX = 64  # requests; more would only make the first of them wait
_OUTBOX_MAX = 64  # frames; above that a session is not read from until it has taken some
_PRESENCE_EVERY_S = 0.05
_SWEEP_RESTING_EVERY_S = 600.0
_UNMERGED = "unmerged/"  # what a frame is about, if no person; no client has such an id
_RESTARTING = protocol.Error(Code.UNAVAILABLE, "The server is restarting; try again.", None)
_FAILED_PAUSE_S = 0.5  # after a batch that failed, so that a full disk does not spin the CPU


class Seat:
    """A session's place in a live document: what comes in, and what waits to be sent."""

    def __init__(self, live: "LiveDocument", session: Session) -> None:
        self.session = session
        self.shown = ""  # the revision after which news was last computed
        self._live = live
        self._outbox: deque[bytes] = deque()
        self._newest: dict[str, bytes] = {}
        self._closing: Close | None = None
        self._sending = False
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def is_idle(self) -> bool:
        """Whether news may be computed: all was taken, and nothing is asked."""
        return self.session.wants_news and not self._outbox and not self._sending

    @property
    def is_greeted(self) -> bool:
        return self.session.state is not State.GREETING

    async def receive(self, frame: bytes) -> None:
        """Take in one frame; waits while the client does not take what it was sent."""
        self._live.act(self, self.session.receive(frame, time.monotonic()))
        await self._room.wait()

    async def outgoing(self) -> tuple[list[bytes], Close | None]:
        """Wait for frames to send; a `Close` comes with the last ones."""
        self._sending = False
        if not self._outbox:
            self._live.poke()
        while not (self._outbox or self._newest or self._closing):
            self._wake.clear()
            await self._wake.wait()
        frames = [*self._outbox, *self._newest.values()]
        self._outbox.clear()
        self._newest.clear()
        self._room.set()
        self._sending = True
        return frames, self._closing

    def put(self, frame: bytes) -> None:
        """Add a frame to what is sent."""
        self._outbox.append(frame)
        if len(self._outbox) > _OUTBOX_MAX:
            self._room.clear()
        self._wake.set()

    def put_newest(self, about: str, frame: bytes) -> None:
        """Add a frame that takes the place of the one about the same that was not sent yet."""
        self._newest[about] = frame
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Close the connection after what waits to be sent."""
        if not self._closing:
            self._closing = self.session.close(code, reason)
        self._room.set()
        self._wake.set()

    def leave(self) -> None:
        """The connection is gone."""
        self._live.leave(self)


# Who waits for the reply: a session, or somebody who asks once.
_Asker = Seat | asyncio.Future[Reply]


class LiveDocument:
    """One document that is open: its seats, the people there, and the task that serves them."""

    def __init__(self, durable: DurableDocument) -> None:
        self.name = durable.name
        self.durable = durable
        self.seats: dict[Seat, None] = {}
        self.idle_since = time.monotonic()
        self.quiet_since = time.monotonic()
        self._people = People()
        self._inbox: deque[tuple[_Asker, Request]] = deque()
        self._offers: set[asyncio.Future[Reply]] = set()  # that are not answered
        self._sweep: Sweep | None = None
        self._swept_at = time.monotonic()
        self._revision = ""
        self._has_open_conflicts = False
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._presence_timer: asyncio.TimerHandle | None = None

    # --- seats

    def sit(self, session: Session) -> Seat:
        seat = Seat(self, session)
        self.seats[seat] = None
        return seat

    def leave(self, seat: Seat) -> None:
        self.seats.pop(seat, None)
        self.idle_since = time.monotonic()
        client = seat.session.client
        if all(other.session.client != client for other in self.seats):
            self._people.leave(client)
            self._presence_changed()

    def act(self, seat: Seat, actions: list[Action]) -> None:
        """Carry out what a session wants done."""
        for action in actions:
            match action:
                case Send(message):
                    seat.put(protocol.encode(message))
                case Ask(request):
                    self._ask(seat, request)
                case Moved(presence) if seat.session.state is State.OPEN:
                    self._people.move(seat.session.client, presence, seat.session.author.name)
                    self._presence_changed()
                case Moved():
                    pass  # not welcomed yet: nobody knows this person
                case Close(code, reason):
                    seat.close(code, reason)

    def _ask(self, seat: Seat, request: Request) -> None:
        if not self._is_stopping:  # else the client asks again after the restart
            self._inbox.append((seat, request))
            self.poke()

    async def offer(self, author: Author, offer: Proposal) -> Verdict | protocol.Error:
        """Have a whole version taken in, or not at all; returns when that is durable."""
        if self._is_stopping:
            return _RESTARTING
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._offers.add(reply)
        reply.add_done_callback(self._offers.discard)
        self._inbox.append((reply, Request(author, offer)))
        self.poke()
        answer = await reply
        assert isinstance(answer, Taken | Disputed | Exists | protocol.Error)
        return answer

    # --- batches

    def poke(self) -> None:
        """There may be work."""
        self._wake.set()

    @property
    def revision(self) -> str:
        """The last one that anybody was told of; empty if there was none yet."""
        return self._revision

    def sweep(self, park_after_s: float, keep_s: float) -> None:
        """Tidy up behind clients that are gone, with the next batch; seldom where nobody writes."""
        now = time.monotonic()
        if self.durable.is_resting and now - self._swept_at < _SWEEP_RESTING_EVERY_S:
            return
        self._swept_at = now
        present = frozenset(seat.session.client for seat in self.seats)
        self._sweep = Sweep(present, park_after_s, keep_s)
        self.poke()

    async def run(self) -> None:
        """Serve until `stop`, and then answer what came in before."""
        try:
            while self._inbox or not self._is_stopping:
                if self._has_work():
                    await self._batch()
                else:
                    self._wake.clear()
                    await self._wake.wait()
        except Exception:  # noqa: BLE001  a fault of ours must cost one document only
            _log.exception("%s: the document's task failed", self.name)
            self.close(CloseCode.FAILURE, "the server has a fault; reconnect")
            for reply in list(self._offers):
                unless_cancelled(reply, reply.set_result, _RESTARTING)

    def heard(self, position: int) -> None:
        """The journal has an entry up to this position; it may be somebody else's."""
        self.durable.heard(position)
        self.poke()

    def stop(self) -> None:
        """Take nothing more in; `run` ends when all is answered."""
        self._is_stopping = True
        self.poke()

    def close(self, code: int, reason: str) -> None:
        """Close every connection, after what waits to be sent."""
        for seat in self.seats:
            seat.close(code, reason)

    def may_unload(self, after_s: float) -> bool:
        """Whether nobody was here for a while and nothing is left to do."""
        is_empty = not self.seats and self._may_rest()
        return is_empty and time.monotonic() - self.idle_since >= after_s

    async def rest(self, after_s: float) -> None:
        """Give memory back where nothing has happened for a while."""
        if self._may_rest() and time.monotonic() - self.quiet_since >= after_s:
            await self.durable.rest()

    def _may_rest(self) -> bool:
        waiting = self._inbox or self._offers
        return not (waiting or self._has_open_conflicts or self.durable.backlog)

    def _has_work(self) -> bool:
        return bool(self._inbox or self._sweep or self.durable.is_behind or self._curious())

    def _curious(self) -> list[Seat]:
        """Seats that were not told about the last revision and can take news."""
        return [seat for seat in self.seats if seat.is_idle and seat.shown != self._revision]

    async def _batch(self) -> None:
        asked = self._take_requests()
        asking = {asker for asker, _ in asked}
        listeners = [seat for seat in self.seats if seat.is_idle and seat not in asking]
        requests = [request for _, request in asked]
        views = [seat.session.view() for seat in listeners]
        sweep, self._sweep = self._sweep, None
        if sweep is None:
            self.quiet_since = time.monotonic()
        result = await self.durable.run(requests, views, time.time(), sweep)
        self._deliver_replies([asker for asker, _ in asked], result)
        if not result.revision:
            await asyncio.sleep(_FAILED_PAUSE_S)
            return
        self._revision = result.revision
        self._has_open_conflicts = result.has_open_conflicts
        self._deliver_news(listeners, result)
        self._tell_unmerged(result.unmerged)

    def _take_requests(self) -> list[tuple[_Asker, Request]]:
        """The requests that waited longest, one of each client at most."""
        taken: dict[str, tuple[_Asker, Request]] = {}
        later: deque[tuple[_Asker, Request]] = deque()
        while self._inbox and len(taken) < _BATCH_MAX:
            asker, request = self._inbox.popleft()
            if request.author.client in taken:
                later.append((asker, request))
            else:
                taken[request.author.client] = asker, request
        self._inbox.extendleft(reversed(later))
        return list(taken.values())

    def _deliver_replies(self, askers: list[_Asker], result: Result) -> None:
        for asker, reply in zip(askers, result.replies, strict=True):
            if isinstance(asker, asyncio.Future):
                unless_cancelled(asker, asker.set_result, reply)
                continue
            if isinstance(reply, Joined):
                self._seat_person(asker)
            self.act(asker, asker.session.replied(reply, self._people.all()))
            if not isinstance(reply, protocol.Error):
                asker.shown = reply.revision

    def _seat_person(self, seat: Seat) -> None:
        """Somebody comes in. A client has one connection: an older one ends."""
        session = seat.session
        for other in self.seats:
            if other is not seat and other.session.client == session.client:
                other.close(CloseCode.POLICY, "this client connected again")
        if seat in self.seats:
            self._people.join(session.client, session.author.name)
            self._presence_changed()

    def _deliver_news(self, seats: list[Seat], result: Result) -> None:
        for seat, news in zip(seats, result.news, strict=True):
            seat.shown = result.revision
            if news is not None and seat.session.state is State.OPEN:
                message, frame = news
                seat.session.told(message)
                seat.put(frame)

    def _tell_unmerged(self, count: int) -> None:
        """Rule P15: everybody knows how many unmerged branches there are."""
        frame = protocol.encode(protocol.UnmergedCount(count))
        for seat in self.seats:
            if seat.session.state is State.OPEN and seat.session.unmerged != count:
                seat.session.unmerged = count
                seat.put_newest(_UNMERGED, frame)

    # --- presence

    def _presence_changed(self) -> None:
        if self._presence_timer is None:
            loop = asyncio.get_running_loop()
            self._presence_timer = loop.call_later(_PRESENCE_EVERY_S, self._tell_presence)

    def _tell_presence(self) -> None:
        self._presence_timer = None
        for client, message in self._people.take_changes():
            frame = protocol.encode(message)
            for seat in self.seats:
                if seat.session.state is State.OPEN and seat.session.client != client:
                    seat.put_newest(client, frame)  # rule P11

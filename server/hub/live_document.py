"""An open document: its connections, requests and updates.

The asyncio shell around the sans-I/O core. Each live document has one task, which takes waiting
requests, has them executed and made durable, and delivers replies and notifications:

    socket ─▶ Connection.receive ─▶ inbox ─▶ batch on a worker thread
                                                     │
    socket ◀─ Connection.outgoing ◀─ outboxes ◀──────┘

The next batch forms while the previous one is written. Nothing grows without bound: a session has
a limited number of requests, it is sent no notification before it has taken what it was sent
(a slow reader gets one update over many revisions), and of presence and counts only the newest
message is kept.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec.structs import replace

from server import protocol
from server.core.budgets import FREE, Budget, Reason
from server.core.clients import Author
from server.core.document import Joined, Reply, Request, SessionReply
from server.core.history.requests import HistoryOutcome, HistoryRequest
from server.core.history.sealing import Unsealed
from server.core.presence import People
from server.core.session import Action, Close, PresenceChanged, Send, Session, State, Submit
from server.core.submission import Outcome, Submission
from server.hub.disk_space import Refusal
from server.hub.durable_document import DocumentState, DurableDocument, Result, Sweep, unavailable
from server.hub.inbox import Inbox, Waiting
from server.hub.meters import Meters
from server.protocol import CloseCode, Code, Sync
from server.support.threads import settle_unless_cancelled

_log = logging.getLogger(__name__)

# A connection with more in its outbox is not read from, and gets no replies, until it took some.
_OUTBOX_MAX = 64  # frames
_OUTBOX_BYTES_MAX = 1024 * 1024
_PRESENCE_EVERY_S = 0.05
_SWEEP_UNLOADED_EVERY_S = 600.0
_UNMERGED = "unmerged/"  # the subject of a frame that is about no person; never a client's id
_EDIT_BYTES = 256  # that an edit takes on the disk, besides its text
_TOO_MUCH = "You send more than this server takes from one address. Your text is kept here."
_TOO_MANY_DOCUMENTS = "You have created too many documents. Your text is kept here and sent again."
_RESTARTING = protocol.Error(Code.UNAVAILABLE, "The server is restarting; try again.", None)
_CATCH_UP_PAUSE_S = 0.02  # between the portions of what is sealed from before
_FAILED_PAUSE_S = 0.5  # after a failed batch, so that a full disk does not spin the CPU


class Connection:
    """A session together with the frames that wait to be sent to its client."""

    def __init__(self, live: "LiveDocument", session: Session, budget: Budget) -> None:
        self.session = session
        self.budget = budget
        self.shown_revision = ""  # the revision that the last notification was computed for
        self._live = live
        self._outbox: deque[bytes] = deque()
        self._outbox_bytes = 0
        self._held: list[Request] = []
        self._is_gone = False
        self._newest: dict[str, bytes] = {}
        self._closing: Close | None = None
        self._sending = False
        self._send_now: Callable[[bytes], bool] = lambda _: False
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def is_idle(self) -> bool:
        """Whether the client has taken all frames and waits for no reply: it can be notified."""
        return self.session.accepts_updates and not self._outbox and not self._sending

    @property
    def is_greeted(self) -> bool:
        return self.session.state is not State.GREETING

    @property
    def has_room(self) -> bool:
        """Whether a reply can be queued for the client."""
        return len(self._outbox) <= _OUTBOX_MAX and self._outbox_bytes <= _OUTBOX_BYTES_MAX

    async def receive(self, frame: bytes) -> None:
        """Process one frame; return once there is room for another one and its reply."""
        actions = self.session.receive(frame, time.monotonic())
        self._live.count_refusals(actions)
        self._live.execute(self, actions)
        self._update_room()
        await self._room.wait()

    async def pace(self, size: int) -> None:
        """Return when the frame behind one of `size` bytes may be read."""
        now = time.monotonic()
        pause_s = max(self.session.pause_s(size, now), self.budget.pause_s(size, now))
        if pause_s:
            await asyncio.sleep(pause_s)

    async def outgoing(self) -> tuple[list[bytes], Close | None]:
        """Wait for frames to send; a `Close` comes with the last ones."""
        self._sending = False
        if not self._outbox:
            self._live.wake()
        while not (self._outbox or self._newest or self._closing):
            self._wake.clear()
            await self._wake.wait()
        frames = [*self._outbox, *self._newest.values()]
        self._outbox.clear()
        self._outbox_bytes = 0
        self._newest.clear()
        self._submit_held()
        self._update_room()
        self._sending = True
        return frames, self._closing

    def send_by(self, send_now: Callable[[bytes], bool]) -> None:
        """Send a frame that no other one is before without queueing it.

        Args:
            send_now: sends a frame, or returns False if that might block.
        """
        self._send_now = send_now

    def put(self, frame: bytes) -> None:
        """Send or queue a frame, unless the client is gone."""
        if self._is_gone:
            return
        is_next = not (self._outbox or self._newest or self._sending)
        if is_next and self._send_now(frame):
            self._live.wake()
            return
        self._outbox.append(frame)
        self._outbox_bytes += len(frame)
        self._update_room()
        self._wake.set()

    def hold(self, request: Request) -> None:
        """Keep a request until the outbox has room for its reply."""
        self._held.append(request)

    def _submit_held(self) -> None:
        held, self._held = self._held, []
        if held:
            self._live.submit_again(self, held)

    def _update_room(self) -> None:
        if self._closing or (self.has_room and self.session.has_room):
            self._room.set()
        else:
            self._room.clear()

    def put_newest(self, subject: str, frame: bytes) -> None:
        """Queue a frame in place of an unsent one on the same subject."""
        if self._is_gone:
            return
        self._newest[subject] = frame
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Close the connection once the queued frames are sent."""
        if not self._closing:
            self._closing = self.session.close(code, reason)
        self._room.set()
        self._wake.set()

    def disconnect(self) -> None:
        """Remove the connection from its document: the socket is closed.

        Its edits take effect; replies to its requests are no longer computed.
        """
        self._is_gone = True
        self.budget.connections -= 1
        self._outbox.clear()
        self._outbox_bytes = 0
        self._held = [it for it in self._held if not isinstance(it.message, Sync)]
        self._submit_held()
        self._live.disconnect(self)


# The receiver of a reply: a connection, or a one-off caller.
_Requester = Connection | asyncio.Future[Reply]
_Waiting = Waiting[_Requester]


class LiveDocument:
    """An open document: its connections, its participants, and the task that serves them."""

    def __init__(
        self,
        durable: DurableDocument,
        meters: Meters,
        refusal: Callable[[str], Refusal | None],
    ) -> None:
        """Create it; `run` serves it.

        Args:
            durable: the document.
            meters: what is counted.
            refusal: returns why a document cannot be changed, if it cannot.
        """
        self.name = durable.name
        self.durable = durable
        self._meters = meters
        self._refusal = refusal
        self.connections: dict[Connection, None] = {}
        self.last_disconnect_at = time.monotonic()
        self.last_batch_at = time.monotonic()  # not counting sweeps
        self._people = People()
        self._inbox: Inbox[_Requester] = Inbox()
        self._unanswered: set[asyncio.Future[Reply]] = set()  # of one-off callers
        self._sweep: Sweep | None = None
        self._swept_at = time.monotonic()
        self._revision = ""
        self._state = DocumentState()
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._presence_timer: asyncio.TimerHandle | None = None

    # --- connections

    def connect(self, session: Session, budget: Budget = FREE) -> Connection:
        connection = Connection(self, session, budget)
        budget.connections += 1
        self.connections[connection] = None
        return connection

    def disconnect(self, connection: Connection) -> None:
        self.connections.pop(connection, None)
        self.last_disconnect_at = time.monotonic()
        client = connection.session.client
        if all(other.session.client != client for other in self.connections):
            self._people.leave(client)
            self._schedule_presence()

    def execute(self, connection: Connection, actions: list[Action]) -> None:
        """Execute the actions of a session."""
        session = connection.session
        for action in actions:
            match action:
                case Send(message):
                    connection.put(protocol.encode(message))
                case Submit(request):
                    if not self._is_stopping:  # else the client repeats it after the restart
                        self._enqueue(connection, request, connection.budget)
                case PresenceChanged(presence):
                    if session.state is State.OPEN:  # before that it is no participant
                        self._people.move(session.client, presence, session.author.name)
                        self._schedule_presence()
                case Close(code, reason):
                    connection.close(code, reason)

    def count_refusals(self, actions: list[Action]) -> None:
        """Count the messages that a session has rejected by itself."""
        for action in actions:
            if isinstance(action, Send) and isinstance(action.message, protocol.Error):
                self._meters.refused(action.message.code)

    async def submit(
        self, author: Author, submission: Submission, budget: Budget = FREE
    ) -> Outcome | protocol.Error:
        """Merge a whole version, or reject it; return once the outcome is durable."""
        outcome = await self._answer_to(Request(author, submission), budget)
        assert isinstance(outcome, Outcome | protocol.Error)
        return outcome

    async def ask(self, author: Author, request: HistoryRequest) -> HistoryOutcome | protocol.Error:
        """Execute a request about the versions; return once its outcome is durable."""
        outcome = await self._answer_to(Request(author, request), FREE)
        assert isinstance(outcome, HistoryOutcome | protocol.Error)
        return outcome

    async def _answer_to(self, request: Request, budget: Budget) -> Reply:
        if self._is_stopping:
            return _RESTARTING
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._unanswered.add(reply)
        reply.add_done_callback(self._unanswered.discard)
        self._enqueue(reply, request, budget)
        return await reply

    def catch_up(self) -> None:
        """Find out the steps since the last version, and seal those from before."""
        self._state = replace(self._state, is_catching_up=True)
        self.wake()

    def submit_again(self, connection: Connection, held: list[Request]) -> None:
        """Put requests of a connection, which were taken and not run, before all others."""
        now, budget = time.monotonic(), connection.budget
        self._inbox.put_back([Waiting(connection, request, budget, now) for request in held])
        self.wake()

    def _enqueue(self, requester: _Requester, request: Request, budget: Budget) -> None:
        self._inbox.put(Waiting(requester, request, budget, time.monotonic()))
        self.wake()

    # --- batches

    def wake(self) -> None:
        """Wake the task, to look for work."""
        self._wake.set()

    @property
    def revision(self) -> str:
        """The last revision that was sent to anyone; empty before the first batch."""
        return self._revision

    @property
    def unsealed(self) -> Unsealed | None:
        """The steps since the last version, if they are known and there are any."""
        return self._state.unsealed

    def sweep(self, park_after_s: float, keep_s: float) -> None:
        """Sweep the branches of absent clients with the next batch; rarely while unloaded."""
        now = time.monotonic()
        if self.durable.is_unloaded and now - self._swept_at < _SWEEP_UNLOADED_EVERY_S:
            return
        self._swept_at = now
        present = frozenset(connection.session.client for connection in self.connections)
        self._sweep = Sweep(present, park_after_s, keep_s)
        self.wake()

    async def run(self) -> None:
        """Serve until `stop`, then answer the requests that came before it."""
        try:
            while self._inbox or not self._is_stopping:
                if self._has_work():
                    await self._run_batch()
                elif self._state.is_catching_up:
                    await self._run_batch()
                    await self._pause(_CATCH_UP_PAUSE_S)
                else:
                    self._wake.clear()
                    await self._wake.wait()
        except Exception:  # noqa: BLE001  a bug must cost one document only
            _log.exception("%s: the document's task failed", self.name)
            self.close(CloseCode.FAILURE, "the server has a fault; reconnect")
            for reply in list(self._unanswered):
                settle_unless_cancelled(reply, reply.set_result, _RESTARTING)

    async def _pause(self, seconds: float) -> None:
        """Wait, or until there is work."""
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    def on_journal_entry(self, position: int) -> None:
        """Note that the journal has an entry at this position, possibly from another writer."""
        self.durable.on_journal_entry(position)
        self.wake()

    def stop(self) -> None:
        """Accept no more requests; `run` returns when the others are answered."""
        self._is_stopping = True
        self.wake()

    def close(self, code: int, reason: str) -> None:
        """Close every connection once its queued frames are sent."""
        for connection in self.connections:
            connection.close(code, reason)

    def can_unload(self, after_s: float) -> bool:
        """Whether it had no connection for `after_s` seconds and has nothing left to do."""
        is_idle = not self.connections and self._is_quiet()
        return is_idle and time.monotonic() - self.last_disconnect_at >= after_s

    async def release_memory(self, after_s: float) -> bool:
        """Release memory if nothing has happened for `after_s` seconds; return whether it did."""
        is_at_rest = self._is_quiet() and time.monotonic() - self.last_batch_at >= after_s
        return is_at_rest and await self.durable.release_memory()

    def _is_quiet(self) -> bool:
        waiting = self._inbox or self._unanswered or self._state.is_catching_up
        return not (waiting or self._state.has_open_conflicts or self.durable.backlog)

    def _has_work(self) -> bool:
        return bool(self._inbox or self._sweep or self.durable.is_behind or self._has_due_updates())

    def _has_due_updates(self) -> bool:
        return any(
            connection.shown_revision != self._revision and connection.is_idle
            for connection in self.connections
        )

    async def _run_batch(self) -> None:
        had_requests = bool(self._inbox)
        taken = self._refuse_writing(self._next_requests())
        if had_requests and not taken:
            await asyncio.sleep(0)  # others have their turn between many refusals
            return
        requests = [each.request for each in taken]
        waiting = {each.requester for each in taken}
        idle = [each for each in self.connections if each.is_idle and each not in waiting]
        views = [connection.session.view() for connection in idle]
        sweep, self._sweep = self._sweep, None
        if sweep is None:
            self.last_batch_at = time.monotonic()
        payer = max(taken, key=lambda each: len(each.request.whole_text), default=None)
        who = payer.budget.who if payer else ""
        result = await self.durable.run(requests, views, time.time(), sweep, payer=who)
        _charge(taken, result.costs)
        if taken:
            self._meters.batch(len(taken))
            self._deliver_replies(taken, result.replies)
        if not result.revision:
            await asyncio.sleep(_FAILED_PAUSE_S)
            return
        self._revision = result.revision
        self._state = result.state
        self._deliver_notifications(idle, result)
        self._send_unmerged_count(result.state.unmerged)

    def _refuse_writing(self, taken: list[_Waiting]) -> list[_Waiting]:
        """Answer requests that write, if there is no space for that; return the others."""
        refusal = self._refusal(self.name)
        writing = [each for each in taken if each.request.writes] if refusal else []
        if refusal is None or not writing:
            return taken
        answers = [unavailable(each.request, refusal.sentence) for each in writing]
        self._deliver_replies(writing, answers, refusal.reason)
        return [each for each in taken if not each.request.writes]

    def _next_requests(self) -> list[_Waiting]:
        """Take the requests of a batch that their budgets may make; refuse others for now."""
        now = time.monotonic()
        accepted = []
        for each in self._inbox.take(_can_take, self._is_shared):
            wait_s, reason = self._wait_s(each, now)
            if wait_s:
                each.budget.note_refusal(reason)
                self._deliver_replies([each], [_rate_limited(each.request, wait_s, reason)], reason)
            else:
                accepted.append(each)
        return accepted

    def _is_shared(self) -> bool:
        return len({connection.budget for connection in self.connections}) > 1

    def _wait_s(self, waiting: _Waiting, now: float) -> tuple[float, Reason]:
        """Return how long a request has to wait for its budget, and what of it is used up."""
        budget, request = waiting.budget, waiting.request
        if not budget.is_limited:
            return 0.0, Reason.BYTES
        wait_s, reason = budget.wait_s(now)
        if not wait_s and request.is_edit:
            budget.use_bytes(_EDIT_BYTES + request.size, now)
            if not self._state.exists:
                return budget.take_document(now), Reason.DOCUMENTS
        return wait_s, reason

    def _deliver_replies(
        self, answered: Sequence[_Waiting], replies: Sequence[Reply], refused_for: str = ""
    ) -> None:
        now = time.monotonic()
        for each, reply in zip(answered, replies, strict=True):
            requester = each.requester
            self._meters.answered(reply, now - each.since, refused_for)
            if isinstance(requester, asyncio.Future):
                settle_unless_cancelled(requester, requester.set_result, reply)
                continue
            assert isinstance(reply, SessionReply)
            if isinstance(reply, Joined):
                self._join(requester)
            self.execute(requester, requester.session.receive_reply(reply, self._people.all()))
            if not isinstance(reply, protocol.Error):
                requester.shown_revision = reply.revision

    def _join(self, connection: Connection) -> None:
        """Add a participant. A client has one connection: an older one is closed."""
        session = connection.session
        for other in self.connections:
            if other is not connection and other.session.client == session.client:
                other.close(CloseCode.POLICY, protocol.TAKEN_OVER)
        if connection in self.connections:
            self._people.join(session.client, session.author.name)
            self._schedule_presence()

    def _deliver_notifications(self, connections: list[Connection], result: Result) -> None:
        for connection, notification in zip(connections, result.notifications, strict=True):
            connection.shown_revision = result.revision
            if notification is not None and connection.session.state is State.OPEN:
                message, frame = notification
                connection.session.record_shown(message)
                connection.put(frame)

    def _send_unmerged_count(self, count: int) -> None:
        """Rule P15: every client knows how many unmerged branches there are."""
        knows_another = [it for it in self.connections if it.session.unmerged != count]
        if not knows_another:
            return
        frame = protocol.encode(protocol.UnmergedCount(count))
        for connection in knows_another:
            if connection.session.state is State.OPEN:
                connection.session.unmerged = count
                connection.put_newest(_UNMERGED, frame)

    # --- presence

    def _schedule_presence(self) -> None:
        if self._presence_timer is None:
            loop = asyncio.get_running_loop()
            self._presence_timer = loop.call_later(_PRESENCE_EVERY_S, self._send_presence)

    def _send_presence(self) -> None:
        self._presence_timer = None
        for client, message in self._people.take_changes():
            frame = protocol.encode(message)
            for connection in self.connections:
                session = connection.session
                if session.state is State.OPEN and session.client != client:
                    connection.put_newest(client, frame)  # rule P11


def _can_take(waiting: _Waiting) -> bool:
    """Return whether a request can be executed now.

    Requests of a connection that does not read are held back, as it would not take the replies.
    """
    connection = waiting.requester
    if isinstance(connection, Connection) and not connection.has_room:
        connection.hold(waiting.request)
        return False
    return True


def _rate_limited(request: Request, wait_s: float, reason: Reason) -> protocol.Error:
    sentence = _TOO_MANY_DOCUMENTS if reason is Reason.DOCUMENTS else _TOO_MUCH
    seq = getattr(request.message, "seq", None)
    return protocol.Error(Code.RATE_LIMITED, sentence, seq, max(round(wait_s, 3), 0.1))


def _charge(served: Sequence[_Waiting], costs: Sequence[float]) -> None:
    now = time.monotonic()
    for waiting, cost_s in zip(served, costs, strict=False):  # none if the batch failed
        waiting.budget.use_work(cost_s, now)

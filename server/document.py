"""One document: its clients' branches over `master`, and what becomes of each request.

Invariants:
    A client has an open conflict exactly while the head of its branch is not in `master`; all of
    it (merge base, hunks, last seq) is found again from the repository alone.
    What was ever the head of a branch stays reachable until it is in `master`.

Sans-I/O: requests in, replies out; `now` is a parameter, the repository sits behind `CommitStore`.
It knows no socket, session, thread or Git library. What it stages counts only once the journal
has it: the caller answers after that, and throws the document away where the journal failed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import count
from typing import assert_never

from merge.rendering import unified_diff
from merge.splices import Splice, SpliceError, apply, between
from server import git_model, protocol
from server.commit_store import CommitStore
from server.git_model import CLIENTS, UNMERGED
from server.master import Author, Disagreement, Incoming, Master
from server.protocol import Code, Edit, Hello, Park, ProtocolError, Resolve, Sync

# How many commits back from a branch's head an edit that is sent again is looked for.
_RESENT_SEARCHED = 500


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks of the document; `continues`: it was sent before its last answer."""

    author: Author
    message: Hello | Sync | Edit | Resolve | Park
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """The document's part of a `welcome`; `splices` lead from the text at `base` to `text`."""

    revision: str
    text: str
    check: int
    base: str | None
    splices: tuple[Splice, ...]
    seq: int
    conflict: protocol.Conflict | None


@dataclass(frozen=True, slots=True)
class View:
    """What a session was last shown: a revision, and the conflict it has open, if any."""

    client: str
    revision: str
    conflict: protocol.Conflict | None


Reply = Joined | protocol.FullText | protocol.Answer
News = protocol.Update | protocol.Merged | protocol.Conflict


@dataclass(slots=True)
class _Branch:
    """A client's line of work. `base` is what its last edit was based on."""

    author: Author
    seen: float
    head: str | None = None
    base: str | None = None
    seq: int = 0
    conflict: Disagreement | None = None
    waiting_since: int = 0  # in moves of `master`


@dataclass(frozen=True, slots=True)
class _Done:
    """A submission took effect; whether that means `merged` or `conflict`, the branch tells."""

    branch: _Branch
    seq: int
    commit: str
    sent: str


_Outcome = _Done | protocol.Error | tuple[_Branch, Hello] | Sync


class Document:
    """The live state of one document."""

    def __init__(self, name: str, store: CommitStore, text_bytes_max: int, now: float) -> None:
        self.name = name
        self._store = store
        self._text_bytes_max = text_bytes_max
        self._opened = now
        self._branches: dict[str, _Branch] = {}
        self._master = Master(store)

    @property
    def revision(self) -> str:
        return self._master.revision

    @property
    def text(self) -> str:
        return self._master.text

    @property
    def has_open_conflicts(self) -> bool:
        return any(branch.conflict for branch in self._branches.values())

    # --- requests and replies

    def run(self, requests: Sequence[Request], now: float) -> list[Reply]:
        """Carry out requests of different clients, in order.

        Returns:
            One reply for each request, all of them true of the last revision.
        """
        outcomes = [self._attempt(request, now) for request in requests]
        self._review_conflicts(now)
        return [self._reply(outcome) for outcome in outcomes]

    def recall(self, views: Sequence[View], now: float) -> None:
        """Find the branches whose conflict somebody is shown: it may be older than this object."""
        for view in views:
            if view.conflict is not None and view.client not in self._branches:
                self._branch(Author(view.client, view.conflict.names.theirs), now)

    def _attempt(self, request: Request, now: float) -> _Outcome:
        branch = self._branch(request.author, now)
        message = request.message
        try:
            match message:
                case Hello():
                    return branch, message
                case Sync():
                    return message
                case Resolve():
                    return self._resolve(branch, message, now)
                case Edit():
                    return self._edit(branch, message, request.continues, now)
                case Park():
                    return self._decide_later(branch, message)
                case _:
                    assert_never(message)
        except ProtocolError as problem:
            seq = None if isinstance(message, Hello | Sync) else message.seq
            return protocol.Error(problem.code, problem.message, seq)

    def _reply(self, outcome: _Outcome) -> Reply:
        match outcome:
            case _Done(branch, seq, commit, sent):
                return self._conflict(branch, seq) or self._merged(seq, commit, sent)
            case (branch, hello):
                return self._joined(branch, hello)
            case Sync():
                return protocol.FullText(self.revision, self.text, protocol.check_of(self.text))
            case protocol.Error():
                return outcome
            case _:
                assert_never(outcome)

    def _joined(self, branch: _Branch, hello: Hello) -> Joined:
        base = hello.base
        if not (base and self._store.knows(base) and self._master.contains(base)):
            base = None
        return Joined(
            revision=self.revision,
            text=self.text,
            check=protocol.check_of(self.text),
            base=base,
            splices=between(self._store.text(base), self.text) if base else (),
            seq=branch.seq,
            conflict=self._conflict(branch, branch.seq),
        )

    def _merged(self, seq: int, commit: str, sent: str) -> protocol.Merged:
        splices = protocol.wire(between(sent, self.text))
        check = protocol.check_of(self.text)
        return protocol.Merged(seq, commit, self.revision, splices, check)

    def _conflict(self, branch: _Branch, seq: int) -> protocol.Conflict | None:
        found = branch.conflict
        if found is None or branch.head is None:
            return None
        theirs = _with_theirs(self.text, found)
        ours = self._master.authors_of(found, branch.author) or ["somebody else"]
        return protocol.Conflict(
            seq=seq,
            commit=branch.head,
            revision=self.revision,
            base=found.fork,
            text=self.text,
            hunks=[
                protocol.WireHunk(hunk.start, hunk.end, hunk.base, hunk.ours, hunk.theirs)
                for hunk in found.hunks
            ],
            diff=unified_diff(self.text, theirs, "master", branch.author.name),
            names=protocol.Names(ours, branch.author.name),
            waiting=self._master.moves - branch.waiting_since,
        )

    # --- what others did

    def news(self, view: View) -> News | None:
        """What to tell a session that has no request outstanding, or None: nothing new."""
        if view.conflict is not None:
            return self._conflict_news(self._branches.get(view.client), view.conflict)
        if view.revision == self.revision:
            return None
        return protocol.Update(
            from_=view.revision,
            revision=self.revision,
            splices=protocol.wire(between(self._store.text(view.revision), self.text)),
            check=protocol.check_of(self.text),
            clients=self._master.clients_since(view.revision),
        )

    def _conflict_news(
        self, branch: _Branch | None, told: protocol.Conflict
    ) -> protocol.Conflict | protocol.Merged | None:
        """Rule P9: only a disputed hunk that changed, or the end of the disagreement, is news."""
        current = self._conflict(branch, told.seq) if branch else None
        if current is None:
            return self._merged(told.seq, told.commit, self._store.text(told.commit))
        return None if _dispute(current) == _dispute(told) else current

    def _review_conflicts(self, now: float) -> None:
        """See what is left of each open conflict after `master` moved (taking in moves it)."""
        for branch in list(self._branches.values()):
            found = branch.conflict
            if found is None or found.revision == self.revision or branch.head is None:
                continue
            branch.conflict = self._master.disagreement(found.fork, branch.head)
            if branch.conflict is None:
                self._take_in_head(branch, branch.head, found.fork, now)

    # --- edits

    def _edit(self, branch: _Branch, edit: Edit, continues: bool, now: float) -> _Done:
        sent = self._sent_text(edit)
        if edit.seq <= branch.seq:
            return self._already_done(branch, edit.seq, sent)
        base = self._continued(branch, edit.base, continues)
        fork = self._fork(branch, base)
        branch.seq = edit.seq
        if sent == self._store.text(base):
            return _Done(branch, edit.seq, base, sent)  # rule P8: no commit
        branch.base = edit.base
        if branch.conflict and base != branch.head:
            self._park(branch)
        return self._take_in(branch, Incoming(branch.author, edit.seq, sent, fork, (base,)), now)

    def _continued(self, branch: _Branch, base: str, continues: bool) -> str:
        """What an edit goes on from: its base, or the head that the client could not know of."""
        head = branch.head
        if head is None or base == head:
            return base
        if continues and base == branch.base:
            return head  # it was sent before the answer to the client's last edit
        if branch.conflict and self._is_committed_anew(base, head):
            return head  # it was sent before the news of that
        return base

    def _is_committed_anew(self, base: str, head: str) -> bool:
        """Whether `head` is the unmerged text of `base`, split again because `master` moved."""
        store = self._store
        is_own = store.contains(head, base) and not self._master.contains(base)
        return is_own and store.text(base) == store.text(head)

    def _resolve(self, branch: _Branch, resolve: Resolve, now: float) -> _Done:
        sent = self._sent_text(resolve)
        if resolve.seq <= branch.seq:
            return self._already_done(branch, resolve.seq, sent)
        self._check_own(branch, resolve.commit)
        if not self._master.contains(resolve.base):
            raise _unknown_base()
        branch.seq = resolve.seq
        if branch.conflict and resolve.commit != branch.head:
            # It answers an older conflict; typing went on since. The current one is the reply.
            return _Done(branch, resolve.seq, resolve.commit, sent)
        is_unmerged = not self._master.contains(resolve.commit)  # open, or parked meanwhile
        parents = (resolve.base, resolve.commit) if is_unmerged else (resolve.base,)
        answer = Incoming(branch.author, resolve.seq, sent, resolve.base, parents)
        return self._take_in(branch, answer, now)

    def _decide_later(self, branch: _Branch, park: Park) -> _Done:
        self._check_own(branch, park.commit)
        if branch.conflict and branch.head == park.commit:
            self._park(branch)
        branch.seq = max(branch.seq, park.seq)
        return _Done(branch, park.seq, park.commit, self._store.text(park.commit))

    def _already_done(self, branch: _Branch, seq: int, sent: str) -> _Done:
        """Rule P3: an edit that is durable is answered again and not carried out again."""
        client = branch.author.client
        trailers = git_model.trailers_of(client, seq)
        heads = [branch.head or self.revision, *self._unmerged(client).values()]
        found = (self._store.find(head, trailers, _RESENT_SEARCHED) for head in heads)
        return _Done(branch, seq, next(filter(None, found), heads[0]), sent)

    def _sent_text(self, edit: Edit) -> str:
        """The text that an edit stands for."""
        if not self._store.knows(edit.base):
            raise _unknown_base()
        base = self._store.text(edit.base)
        try:
            sent = edit.text if edit.splices is None else apply(base, _splices(edit.splices))
        except SpliceError as problem:
            raise ProtocolError(Code.BAD_MESSAGE, f"The splices do not fit: {problem}.") from None
        assert sent is not None, "decoding sees to it that there is a text or splices"
        self._check_size(sent, base)
        return sent

    def _check_size(self, sent: str, base: str) -> None:
        """Too large is refused, unless it is a step out of being too large already."""
        size = len(sent.encode())
        if size > self._text_bytes_max and size >= len(base.encode()):
            raise ProtocolError(
                Code.TOO_LARGE,
                f"The text has {size:,} bytes; a document can hold {self._text_bytes_max:,}."
                " Your text is kept here: make it shorter, or move a part to another document.",
            )

    def _fork(self, branch: _Branch, base: str) -> str:
        """Where a text based on `base` left `master`. Rule P4: any revision, any own commit."""
        if self._master.contains(base):
            return base
        if branch.conflict and base == branch.head:
            return branch.conflict.fork
        own = [branch.head] if branch.head else []
        own += self._unmerged(branch.author.client).values()
        if not any(self._store.contains(head, base) for head in own):
            raise _unknown_base()
        return self._master.merge_base(base)

    def _check_own(self, branch: _Branch, commit: str) -> None:
        if not self._store.knows(commit):
            raise _unknown_base()
        self._fork(branch, commit)

    # --- branches

    def _take_in(self, branch: _Branch, incoming: Incoming, now: float) -> _Done:
        master = self._master
        moves = master.moves
        shown = (
            branch.waiting_since if branch.conflict else moves - master.moves_since(incoming.fork)
        )
        settled = master.take_in(incoming, now)
        branch.head, branch.conflict = settled.head, settled.disagreement
        branch.waiting_since = shown + master.moves - moves  # what it moved itself is no news to it
        self._store.move(CLIENTS + branch.author.client, settled.head)
        return _Done(branch, incoming.seq, settled.head, incoming.sent)

    def _take_in_head(self, branch: _Branch, head: str, fork: str, now: float) -> None:
        """Take in what a branch holds already, as far as it merges."""
        text = self._store.text(head)
        incoming = Incoming(branch.author, branch.seq, text, fork, (head,), head)
        self._take_in(branch, incoming, now)

    def _branch(self, author: Author, now: float) -> _Branch:
        branch = self._branches.get(author.client)
        if branch is None:
            branch = self._branches[author.client] = self._load(author, now)
        branch.author, branch.seen = author, now
        return branch

    def _load(self, author: Author, now: float) -> _Branch:
        """Find a client's branch in the repository, with its conflict where it has one open."""
        head = self._store.head(CLIENTS + author.client)
        heads = [*self._unmerged(author.client).values(), *([head] if head else [])]
        seqs = [git_model.seq_in(self._store.trailers(commit), author.client) for commit in heads]
        branch = _Branch(author, now, head, seq=max(seqs, default=0))
        if head and not self._master.contains(head):
            self._take_in_head(branch, head, self._master.merge_base(head), now)
        return branch

    def _unmerged(self, client: str) -> dict[str, str]:
        """This client's parked branches: refs and heads."""
        names = self._store.heads(UNMERGED)
        return {
            UNMERGED + name: head
            for name, head in names.items()
            if name == client or name.startswith(f"{client}-")
        }

    def _park(self, branch: _Branch) -> None:
        """Keep the branch as unmerged; the client starts a fresh one with its next edit."""
        client = branch.author.client
        taken = self._unmerged(client)
        names = (UNMERGED + (client if n == 1 else f"{client}-{n}") for n in count(1))
        self._store.move(next(name for name in names if name not in taken), branch.head)
        self._store.move(CLIENTS + client, None)
        branch.head = branch.base = branch.conflict = None

    def sweep(
        self, present: Collection[str], now: float, park_after_s: float, keep_s: float
    ) -> None:
        """Tidy up behind clients that are gone: park open conflicts, drop merged branches.

        Args:
            present: the clients that have a session.
            now: the time (Unix time in seconds).
            park_after_s: how long an open conflict waits for its client.
            keep_s: how long a merged branch stays after its last commit.
        """
        for client in self._branches.keys() & present:
            self._branches[client].seen = now
        self._forget_absent(present, now - park_after_s)
        here = {*present, *self._branches}
        for client, head in self._store.heads(CLIENTS).items():
            if client not in here and now - self._opened >= park_after_s:
                self._tidy(client, head, now - keep_s)
        for name, head in self._store.heads(UNMERGED).items():
            if self._master.contains(head):
                self._store.move(UNMERGED + name, None)

    def _forget_absent(self, present: Collection[str], before: float) -> None:
        """Park what clients left open that were last seen before then, and forget them."""
        for client, branch in list(self._branches.items()):
            if client not in present and branch.seen <= before:
                if branch.conflict:
                    self._park(branch)
                del self._branches[client]

    def _tidy(self, client: str, head: str, before: float) -> None:
        """Look after a branch whose client has not been here since the document was opened."""
        if not self._master.contains(head):
            branch = self._load(Author(client, self._store.author_name(head)), self._opened)
            if branch.conflict:
                self._park(branch)
        elif self._store.time(head) <= before:
            self._store.move(CLIENTS + client, None)


def _splices(splices: list[protocol.WireSplice]) -> list[Splice]:
    return [Splice(*splice) for splice in splices]


def _unknown_base() -> ProtocolError:
    return ProtocolError(
        Code.UNKNOWN_BASE,
        "The server does not know the version that this change is based on."
        " Ask for the whole text and send the change again.",
    )


def _with_theirs(text: str, found: Disagreement) -> str:
    """The client's complete text with all else merged."""
    return apply(text, [Splice(h.start, h.end - h.start, h.theirs) for h in found.hunks])


def _dispute(conflict: protocol.Conflict) -> tuple[object, ...]:
    """What a conflict is about, wherever in the text it stands."""
    return conflict.commit, *((hunk.base, hunk.ours, hunk.theirs) for hunk in conflict.hunks)

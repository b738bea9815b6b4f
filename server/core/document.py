"""One document: what becomes of each request, and what everybody is to hear of it.

Sans-I/O: requests in, replies out; `now` is a parameter, the repository sits behind `CommitStore`.
It knows no socket, session, thread or Git library. What it stages counts only once the journal
has it: the caller answers after that, and throws the document away where the journal failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from merge.between import between
from merge.rendering import unified_diff
from merge.result import Hunk, with_theirs
from merge.splices import Splice, SpliceError, apply
from server import protocol
from server.core.branches import Branch, Branches
from server.core.clients import Author
from server.core.commit_store import CommitStore
from server.core.git_model import MASTER
from server.core.master import Incoming, Master
from server.core.submission import (
    Append,
    Create,
    Disputed,
    Exists,
    Offer,
    Proposal,
    Replace,
    Taken,
    Verdict,
)
from server.protocol import Code, Edit, Hello, Park, ProtocolError, Resolve, Sync

# Splices of an edit that change no more than this are taken for what was typed.
_TYPED_MAX = 200


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks of the document; `continues`: it was sent before its last answer."""

    author: Author
    message: Hello | Sync | Edit | Resolve | Park | Proposal
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
    unmerged: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """What a session was last shown: a revision, and the conflict it has open, if any."""

    client: str
    revision: str
    conflict: protocol.Conflict | None


Reply = Joined | protocol.FullText | protocol.Answer | Verdict
News = protocol.Update | protocol.Merged | protocol.Conflict


@dataclass(frozen=True, slots=True)
class _Done:
    """A submission took effect; whether that means `merged` or `conflict`, the branch tells."""

    branch: Branch
    seq: int
    commit: str
    sent: str


Outcome = _Done | protocol.Error | tuple[Branch, Hello] | Sync | Verdict


class Document:
    """The live state of one document."""

    def __init__(self, name: str, store: CommitStore, text_bytes_max: int, now: float) -> None:
        self.name = name
        self._store = store
        self._text_bytes_max = text_bytes_max
        self._master = Master(store)
        self.branches = Branches(store, self._master, now)
        self._checked = "", 0

    @property
    def revision(self) -> str:
        return self._master.revision

    @property
    def text(self) -> str:
        return self._master.text

    @property
    def unmerged(self) -> int:
        """How many unmerged branches wait for somebody to take them up."""
        return len(self.branches.unmerged.waiting)

    @property
    def check(self) -> int:
        """The `check` of the text."""
        revision, check = self._checked
        if revision != self.revision:
            check = protocol.check_of(self.text)
            self._checked = self.revision, check
        return check

    # --- requests and replies

    def run(self, requests: Sequence[Request], now: float) -> list[Reply]:
        """Carry out requests of different clients, in order.

        Returns:
            One reply for each request, all of them true of the last revision.
        """
        return self.replies(self.carry_out(requests, now))

    def carry_out(self, requests: Sequence[Request], now: float) -> list[Outcome]:
        """The first half of `run`: from here on all is staged."""
        outcomes = [self._attempt(request, now) for request in requests]
        self.branches.review(now)
        return outcomes

    def replies(self, outcomes: Sequence[Outcome]) -> list[Reply]:
        """The second half of `run`, which changes nothing."""
        return [self._reply(outcome) for outcome in outcomes]

    def recall(self, views: Sequence[View], now: float) -> None:
        """Find the branches whose conflict somebody is shown: it may be older than this object."""
        for view in views:
            if view.conflict is not None and not self.branches.find(view.client):
                self.branches.of(Author(view.client, view.conflict.names.theirs), now)

    def _attempt(self, request: Request, now: float) -> Outcome:
        message = request.message
        try:
            if isinstance(message, Proposal):
                return self._judge(request.author, message, now)
            return self._follow(request, self.branches.of(request.author, now), now)
        except ProtocolError as problem:
            seq = None if isinstance(message, Hello | Sync | Proposal) else message.seq
            return protocol.Error(problem.code, problem.message, seq)

    def _follow(self, request: Request, branch: Branch, now: float) -> Outcome:
        """Do what a session asks."""
        match request.message:
            case Hello() as hello:
                return branch, hello
            case Sync() as sync:
                return sync
            case Resolve() as resolve:
                return self._resolve(branch, resolve, now)
            case Edit() as edit:
                return self._edit(branch, edit, request.continues, now)
            case Park() as park:
                return self._decide_later(branch, park)
            case Offer() | Create() | Replace() | Append():
                raise AssertionError("no session makes an offer")
            case _:
                assert_never(request.message)

    def _reply(self, outcome: Outcome) -> Reply:
        match outcome:
            case _Done(branch, seq, commit, sent):
                return self._conflict(branch, seq) or self._merged(seq, commit, sent)
            case (branch, hello):
                return self._joined(branch, hello)
            case Sync():
                return protocol.FullText(self.revision, self.text, self.check)
            case Taken():
                return replace(outcome, revision=self.revision, text=self.text)
            case protocol.Error() | Disputed() | Exists():
                return outcome
            case _:
                assert_never(outcome)

    def _joined(self, branch: Branch, hello: Hello) -> Joined:
        base = hello.base
        if not (base and self._store.knows(base) and self._master.contains(base)):
            base = None
        return Joined(
            revision=self.revision,
            text=self.text,
            check=self.check,
            base=base,
            splices=self._master.change_since(base) if base else (),
            seq=branch.seq,
            conflict=self._conflict(branch, branch.seq),
            unmerged=self.unmerged,
        )

    def _merged(self, seq: int, commit: str, sent: str) -> protocol.Merged:
        is_sent = self._store.text(commit) == sent
        change = self._master.change_since(commit) if is_sent else between(sent, self.text)
        return protocol.Merged(seq, commit, self.revision, protocol.wire(change), self.check)

    def _conflict(self, branch: Branch, seq: int) -> protocol.Conflict | None:
        found = branch.conflict
        if found is None or branch.head is None:
            return None
        theirs = with_theirs(self.text, found.hunks)
        ours = self._master.authors_of(found, branch.author) or ["somebody else"]
        return protocol.Conflict(
            seq=seq,
            commit=branch.head,
            revision=self.revision,
            base=found.fork,
            text=self.text,
            hunks=wire_hunks(found.hunks),
            diff=unified_diff(self.text, theirs, "master", branch.author.name),
            names=protocol.Names(ours, branch.author.name),
            waiting=self._master.moves - branch.waiting_since,
        )

    # --- what others did

    def news(self, view: View) -> News | None:
        """What to tell a session that has no request outstanding, or None: nothing new."""
        if view.conflict is not None:
            return self._conflict_news(self.branches.find(view.client), view.conflict)
        if view.revision == self.revision:
            return None
        return protocol.Update(
            from_=view.revision,
            revision=self.revision,
            splices=protocol.wire(self._master.change_since(view.revision)),
            check=self.check,
            clients=self._master.clients_since(view.revision),
        )

    def _conflict_news(
        self, branch: Branch | None, told: protocol.Conflict
    ) -> protocol.Conflict | protocol.Merged | None:
        """Rule P9: only a disputed hunk that changed, or the end of the disagreement, is news."""
        current = self._conflict(branch, told.seq) if branch else None
        if current is None:
            return self._merged(told.seq, told.commit, self._store.text(told.commit))
        return None if _dispute(current) == _dispute(told) else current

    # --- edits

    def _edit(self, branch: Branch, edit: Edit, continues: bool, now: float) -> _Done:
        sent = self._sent_text(edit)
        if edit.seq <= branch.seq:
            branch.base = None  # the `welcome` said so: what comes next knows of it
            return self._already_done(branch, edit.seq, sent)
        base = self._continued(branch, edit.base, continues)
        fork = self._fork(branch, base)
        branch.seq = edit.seq
        if sent == self._store.text(base):
            return _Done(branch, edit.seq, base, sent)  # rule P8: no commit
        branch.base = edit.base
        if branch.conflict and base != branch.head:
            self.branches.park(branch)
        change = _known_change(edit) if fork == edit.base else None
        incoming = Incoming(branch.author, edit.seq, sent, fork, (base,), change=change)
        return self._take_in(branch, incoming, now)

    def _continued(self, branch: Branch, base: str, continues: bool) -> str:
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

    def _resolve(self, branch: Branch, resolve: Resolve, now: float) -> _Done:
        sent = self._sent_text(resolve)
        if resolve.seq <= branch.seq:
            return self._already_done(branch, resolve.seq, sent)
        self._check_resolvable(branch, resolve.commit)
        if not self._master.contains(resolve.base):
            raise _unknown_base()
        branch.seq = resolve.seq
        answered, head = resolve.commit, branch.head
        if branch.conflict and head and answered != head:
            if not self._is_committed_anew(answered, head):
                # It answers an older conflict; typing went on since. The current one is the reply.
                self.branches.keep_aside(branch, answered, sent, now)
                return _Done(branch, resolve.seq, answered, sent)
            answered = head
        fork = self._shown(branch, resolve.base, answered, now)
        is_unmerged = not self._master.contains(answered)  # open or parked, whoever wrote it
        parents = (fork, answered) if is_unmerged else (fork,)
        answer = Incoming(branch.author, resolve.seq, sent, fork, parents)
        return self._take_in(branch, answer, now)

    def _shown(self, branch: Branch, revision: str, answered: str, now: float) -> str:
        """What a client's answer was made of: the revision, which it was shown with the conflict.

        Where its own conflict has ended by itself, its own words are in `master` already.
        """
        is_over = self._master.contains(answered) and not self._store.contains(revision, answered)
        is_own = self._store.trailers(answered).get("Client") == branch.author.client
        if is_over and is_own:
            return self._master.commit_shown(branch.author, revision, answered, now)
        return revision

    def _decide_later(self, branch: Branch, park: Park) -> _Done:
        self._check_own(branch, park.commit)
        if branch.conflict and branch.head == park.commit:
            self.branches.park(branch)
        branch.seq = max(branch.seq, park.seq)
        return _Done(branch, park.seq, park.commit, self._store.text(park.commit))

    def _take_in(self, branch: Branch, incoming: Incoming, now: float) -> _Done:
        head = self.branches.take_in(branch, incoming, now)
        return _Done(branch, incoming.seq, head, incoming.sent)

    def _already_done(self, branch: Branch, seq: int, sent: str) -> _Done:
        """Rule P3: an edit that is durable is answered again and not carried out again."""
        commit = self.branches.commit_of(branch, seq)
        return _Done(branch, seq, commit or branch.head or self.revision, sent)

    def _judge(self, author: Author, message: Proposal, now: float) -> Verdict:
        """Take in what comes as a whole, where the document is as it has to be for that."""
        exists = self._store.head(MASTER) is not None
        if exists and isinstance(message, Create):
            return Exists(self.revision)
        if not exists and isinstance(message, Replace):
            raise _unknown_base()
        offer = self._offer_of(message)
        if offer.head:
            self._check_related(offer.head, exists)
        verdict = self._consider(author, offer, now)
        if isinstance(verdict, Taken) and verdict.is_new and not exists:
            return replace(verdict, created=True)
        return verdict

    def _check_related(self, head: str, exists: bool) -> None:
        """A commit has to go on from this document, or to begin it."""
        store, revision = self._store, self.revision
        if not store.knows(head):
            raise ProtocolError(Code.UNKNOWN_BASE, "There is no such commit here.")
        if exists and store.merge_base(revision, head) is None:
            raise ProtocolError(
                Code.UNKNOWN_BASE,
                "It has no commit in common with this document; clone it, and add to that.",
            )
        if exists and not store.has_one_base(revision, head):
            raise ProtocolError(
                Code.UNKNOWN_BASE,
                "It merges an older master, which has merged it meanwhile: git pull --no-rebase,"
                " and push again.",
            )

    def _offer_of(self, message: Proposal) -> Offer:
        if isinstance(message, Offer):
            return message
        if isinstance(message, Create | Replace):
            return Offer(message.text, self.revision)
        end = "" if not self.text or self.text.endswith("\n") else "\n"
        return Offer(f"{self.text}{end}{message.text}", self.revision)

    def _consider(self, author: Author, offer: Offer, now: float) -> Taken | Disputed:
        """Take an offer in if nothing of it disagrees, by the careful rules."""
        head = offer.head
        if head is not None and self._master.contains(head):
            return Taken(self.revision, self.text, is_new=False)
        base = offer.base or (self._master.merge_base(head) if head else self._master.first)
        if not self._store.knows(base) or not self._master.contains(base):
            raise _unknown_base()
        self._check_size(offer.text, self._store.text(base))
        if head is None and offer.text in (self._store.text(base), self.text):
            return Taken(self.revision, self.text, is_new=False)
        incoming = Incoming(author, 0, offer.text, base, (base,), head)
        people = self._master.names_since(base) if head else ()
        refusal = self._master.take_in_whole(incoming, now)
        if refusal is not None:
            hunks = [_in_ours(hunk) for hunk in refusal.hunks]
            return Disputed(self.revision, self.text, hunks, refusal.files)
        self.branches.unmerged.drop_merged()  # it may have brought others' heads into `master`
        return Taken(self.revision, self.text, is_new=True, people=people)

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

    def _fork(self, branch: Branch, base: str) -> str:
        """Where a text based on `base` left `master`. Rule P4: any revision, any own commit."""
        if self._master.contains(base):
            return base
        if branch.conflict and base == branch.head:
            return branch.conflict.fork
        if not self.branches.owns(branch, base):
            raise _unknown_base()
        return self._master.merge_base(base)

    def _check_resolvable(self, branch: Branch, commit: str) -> None:
        """Rule P15: an unmerged branch is anybody's to take up, one question at a time."""
        if branch.conflict or not self.branches.unmerged.has(commit):
            self._check_own(branch, commit)

    def _check_own(self, branch: Branch, commit: str) -> None:
        if not self._store.knows(commit):
            raise _unknown_base()
        self._fork(branch, commit)


def _known_change(edit: Edit) -> tuple[Splice, ...] | None:
    """What the client says it typed, where that is little; else comparing finds what it was."""
    if edit.splices is None:
        return None
    change = tuple(_splices(edit.splices))
    return change if sum(s.deleted + len(s.inserted) for s in change) <= _TYPED_MAX else None


def _splices(splices: list[protocol.WireSplice]) -> list[Splice]:
    return [Splice(*splice) for splice in splices]


def _unknown_base() -> ProtocolError:
    return ProtocolError(
        Code.UNKNOWN_BASE,
        "The server does not know the version that this change is based on."
        " Ask for the whole text and send the change again.",
    )


def _in_ours(hunk: Hunk) -> Hunk:
    """A hunk placed in the text that is there, where nothing else of theirs was put in."""
    return replace(hunk, start=hunk.in_ours.start, end=hunk.in_ours.end)


def wire_hunks(hunks: Sequence[Hunk]) -> list[protocol.WireHunk]:
    """Hunks as they go over the wire."""
    return [protocol.WireHunk(h.start, h.end, h.base, h.ours, h.theirs) for h in hunks]


def _dispute(conflict: protocol.Conflict) -> tuple[object, ...]:
    """What a conflict is about, wherever in the text it stands."""
    return conflict.commit, *((hunk.base, hunk.ours, hunk.theirs) for hunk in conflict.hunks)

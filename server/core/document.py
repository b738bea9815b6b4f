"""One document: executes requests, and computes replies and notifications.

Sans-I/O: `now` is a parameter, the repository sits behind `CommitStore`. It knows no socket,
session, thread or Git library. What it stages counts only once the journal has it: the caller
sends no reply before that, and discards the document if the journal fails.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from merge.diff_splices import diff_splices
from merge.rendering import unified_diff
from merge.result import with_theirs
from merge.splices import Splice, SpliceError, apply
from server import protocol
from server.core import git_model
from server.core.branches import Branch, Branches
from server.core.clients import Author
from server.core.commit_store import CommitStore
from server.core.git_model import MASTER
from server.core.history.answer import answer
from server.core.history.requests import HistoryOutcome, HistoryRequest, ReadWindow, Seal
from server.core.history.sealing import SEAL_TIMES, Kind, Origin, SealTimes
from server.core.history.versions import Versions
from server.core.history.window import Person, Window
from server.core.master import Incoming, Master
from server.core.submission import (
    Accepted,
    AlreadyExists,
    Append,
    Conflicted,
    Create,
    MergeText,
    Outcome,
    Replace,
    Submission,
)
from server.core.wire_hunks import wire_hunks
from server.protocol import Code, Edit, Hello, Park, ProtocolError, Resolve, Sync

# Splices of an edit that change at most this many characters are taken for what was typed.
_TYPED_MAX = 200
_UTF_8_BYTES_MAX = 4  # of a character


class Request(msgspec.Struct, frozen=True):
    """A client's request; `continues`: the client sent it before it had its last reply."""

    author: Author
    message: Hello | Sync | Edit | Resolve | Park | Submission | HistoryRequest
    continues: bool = False

    @property
    def writes(self) -> bool:
        """Whether its author wants something to be changed."""
        return not isinstance(self.message, Hello | Sync | Seal | ReadWindow)

    @property
    def is_edit(self) -> bool:
        """Whether it is an edit of a session."""
        return isinstance(self.message, Edit)

    @property
    def size(self) -> int:
        """The characters that an edit brings; 0 of others."""
        if not isinstance(self.message, Edit):
            return 0
        splices = self.message.splices or ()
        return len(self.message.text or "") + sum(len(inserted) for _, _, inserted in splices)

    @property
    def whole_text(self) -> str:
        """The whole text that it brings; empty if it brings a change of a text, or none."""
        message = self.message
        if isinstance(message, Edit | MergeText | Create | Replace):
            return message.text or ""
        return ""


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


class View(msgspec.Struct, frozen=True):
    """What a client was last shown: a revision, and its open conflict, if any."""

    client: str
    revision: str
    conflict: protocol.Conflict | None


SessionReply = Joined | protocol.FullText | protocol.Answer
Reply = SessionReply | Outcome | HistoryOutcome
Notification = protocol.Update | protocol.Merged | protocol.Conflict


class _Handled(msgspec.Struct, frozen=True):
    """An edit took effect; the branch tells whether the reply is `merged` or `conflict`."""

    branch: Branch
    seq: int
    commit: str
    text: str


# A staged request, whose reply is made once the whole batch is staged.
Staged = _Handled | protocol.Error | tuple[Branch, Hello] | Sync | Outcome | HistoryOutcome


class Document:
    """The live state of one document."""

    def __init__(
        self,
        name: str,
        store: CommitStore,
        text_bytes_max: int,
        now: float,
        seal_times: SealTimes = SEAL_TIMES,
        window: Window | None = None,
    ) -> None:
        """Open it.

        Args:
            name: its name.
            store: its repository.
            text_bytes_max: the size of the largest text allowed.
            now: Unix time in seconds.
            seal_times: when versions end.
            window: the one that `versions` had when the document was closed.
        """
        self.name = name
        self._store = store
        self._text_bytes_max = text_bytes_max
        self._master = Master(store)
        self.branches = Branches(store, self._master, now)
        self.versions = Versions(store, self._master, seal_times, window)
        self._checked = "", 0

    @property
    def revision(self) -> str:
        return self._master.revision

    @property
    def text(self) -> str:
        return self._master.text

    @property
    def exists(self) -> bool:
        """Whether it has a revision besides the first, empty one."""
        return self._store.head(MASTER) is not None

    @property
    def unmerged(self) -> int:
        """The number of unmerged branches."""
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

    def stage(self, requests: Iterable[Request], now: float) -> list[Staged]:
        """Execute requests of different clients, in order, so that the store has all changes."""
        staged = [self._handle(request, now) for request in requests]
        self.branches.recheck_conflicts(now)
        self.versions.keep_up()
        return staged

    def replies(self, staged: Iterable[Staged]) -> list[Reply]:
        """Return one reply for each request, all of them true of the last revision."""
        return [self._reply(each) for each in staged]

    def restore_conflicts(self, views: Sequence[View], now: float) -> None:
        """Load the branches whose open conflict a client is shown, perhaps since before a reload.

        Args:
            views: what the clients were last shown.
            now: Unix time in seconds.
        """
        for view in views:
            if view.conflict is not None and not self.branches.find(view.client):
                self.branches.get(Author(view.client, view.conflict.names.theirs), now)

    def _handle(self, request: Request, now: float) -> Staged:
        message = request.message
        try:
            if isinstance(message, protocol.Message):
                return self._handle_message(request, self.branches.get(request.author, now), now)
            if isinstance(message, Submission):
                return self._submit(request.author, message, now)
            author = request.author
            tagger = git_model.Signature(author.name, author.address, now)
            return answer(message, self._store, self.versions, tagger)
        except ProtocolError as problem:
            seq = getattr(message, "seq", None)
            return protocol.Error(problem.code, problem.message, seq)

    def _handle_message(self, request: Request, branch: Branch, now: float) -> Staged:
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
                return self._park(branch, park)
            case _:
                raise AssertionError(f"{request.message} is no message of a session")

    def _reply(self, staged: Staged) -> Reply:
        match staged:
            case _Handled(branch, seq, commit, text):
                return self._conflict(branch, seq) or self._merged(seq, commit, text)
            case (branch, hello):
                return self._joined(branch, hello)
            case Sync():
                return protocol.FullText(self.revision, self.text, self.check)
            case Accepted():
                return replace(staged, revision=self.revision, text=self.text)
            case _:
                return staged

    def _joined(self, branch: Branch, hello: Hello) -> Joined:
        base = hello.base
        if not (base and self._store.has_commit(base) and self._master.contains(base)):
            base = None
        return Joined(
            revision=self.revision,
            text=self.text,
            check=self.check,
            base=base,
            splices=self._master.splices_since(base) if base else (),
            seq=branch.seq,
            conflict=self._conflict(branch, branch.seq),
            unmerged=self.unmerged,
        )

    def _merged(self, seq: int, commit: str, text: str) -> protocol.Merged:
        is_text_of_commit = self._store.text(commit) == text
        splices = (
            self._master.splices_since(commit)
            if is_text_of_commit
            else diff_splices(text, self.text)
        )
        return protocol.Merged(seq, commit, self.revision, protocol.wire(splices), self.check)

    def _conflict(self, branch: Branch, seq: int) -> protocol.Conflict | None:
        conflict = branch.conflict
        if conflict is None or branch.head is None:
            return None
        theirs = with_theirs(self.text, conflict.hunks)
        authors = self._master.authors_of(conflict, branch.author)
        return protocol.Conflict(
            seq=seq,
            commit=branch.head,
            revision=self.revision,
            base=conflict.merge_base,
            text=self.text,
            hunks=wire_hunks(conflict.hunks, self._store.text(conflict.merge_base)),
            diff=unified_diff(self.text, theirs, "master", branch.author.name),
            names=protocol.Names(authors, branch.author.name),
            waiting=self._master.move_count - branch.waiting_since,
        )

    # --- notifications

    def notification(self, view: View) -> Notification | None:
        """Return what is new to a client that waits for no reply, or None."""
        if view.conflict is not None:
            return self._conflict_notification(self.branches.find(view.client), view.conflict)
        if view.revision == self.revision:
            return None
        return protocol.Update(
            from_=view.revision,
            revision=self.revision,
            splices=protocol.wire(self._master.splices_since(view.revision)),
            check=self.check,
            clients=self._master.clients_since(view.revision),
        )

    def _conflict_notification(
        self, branch: Branch | None, shown: protocol.Conflict
    ) -> protocol.Conflict | protocol.Merged | None:
        """Rule P9: a client is notified of changed hunks and of the end of its conflict only."""
        current = self._conflict(branch, shown.seq) if branch else None
        if current is None:
            return self._merged(shown.seq, shown.commit, self._store.text(shown.commit))
        return None if _words(current) == _words(shown) else current

    # --- edits

    def _edit(self, branch: Branch, edit: Edit, continues: bool, now: float) -> _Handled:
        before, text, splices = self._edited_text(branch, edit)
        if edit.seq <= branch.seq:
            branch.base = None  # the client knows from `welcome`: its next edit is based on that
            return self._repeat(branch, edit.seq, text)
        base = self._effective_base(branch, edit.base, continues)
        merge_base = self._merge_base(branch, base)
        branch.seq = edit.seq
        if text == (before if base == edit.base else self._store.text(base)):
            return _Handled(branch, edit.seq, base, text)  # rule P8: no commit
        branch.base = edit.base
        if branch.conflict and base != branch.head:
            self.branches.park(branch)
        typed = _typed(splices) if splices is not None and merge_base == edit.base else None
        restores = self._known_revision(edit.restores or "")
        incoming = Incoming(
            branch.author, edit.seq, text, merge_base, (base,), splices=typed, restores=restores
        )
        if not restores:
            return self._merge(branch, incoming, now)
        self.versions.follow()
        handled = self._merge(branch, incoming, now)
        if branch.conflict is None:
            self._seal_alone(Origin(Kind.RESTORE, restores=restores))
        return handled

    def _effective_base(self, branch: Branch, base: str, continues: bool) -> str:
        """Return the base of an edit, or the branch's head if the client could not know it yet."""
        head = branch.head
        if head is None or base == head:
            return base
        if continues and base == branch.base:
            return head  # it was sent before the reply to the client's last edit
        if branch.conflict and self._is_recommitted(base, head):
            return head  # it was sent before the notification of that
        return base

    def _is_recommitted(self, base: str, head: str) -> bool:
        """Return whether `head` is the unmerged text of `base`, split again for a new `master`."""
        store = self._store
        is_own = store.contains(head, base) and not self._master.contains(base)
        return is_own and store.text(base) == store.text(head)

    def _resolve(self, branch: Branch, resolve: Resolve, now: float) -> _Handled:
        _, text, _ = self._edited_text(branch, resolve)
        if resolve.seq <= branch.seq:
            return self._repeat(branch, resolve.seq, text)
        # Rule P15: any client may resolve an unmerged branch, if it has no open conflict itself.
        if branch.conflict or not self.branches.unmerged.has(resolve.commit):
            self._check_own(branch, resolve.commit)
        if not self._master.contains(resolve.base):
            raise _unknown_base()
        branch.seq = resolve.seq
        resolved, head = resolve.commit, branch.head
        if branch.conflict and head and resolved != head:
            if not self._is_recommitted(resolved, head):
                # The conflict is outdated by a later edit. The reply is the current one.
                self.branches.keep_in_history(branch, resolved, text, now)
                return _Handled(branch, resolve.seq, resolved, text)
            resolved = head
        merge_base = self._resolution_base(branch, resolve.base, resolved, now)
        is_unmerged = not self._master.contains(resolved)  # open or parked, of whichever client
        parents = (merge_base, resolved) if is_unmerged else (merge_base,)
        incoming = Incoming(branch.author, resolve.seq, text, merge_base, parents)
        return self._merge(branch, incoming, now)

    def _resolution_base(self, branch: Branch, revision: str, resolved: str, now: float) -> str:
        """Return the commit that a resolution is based on: the revision shown with the conflict.

        If the client's own conflict has ended by itself, its words are in `master` already.
        """
        is_over = self._master.contains(resolved) and not self._store.contains(revision, resolved)
        is_own = self._store.trailers(resolved).get("Client") == branch.author.client
        if is_over and is_own:
            return self._master.commit_shown_text(branch.author, revision, resolved, now)
        return revision

    def _park(self, branch: Branch, park: Park) -> _Handled:
        self._check_own(branch, park.commit)
        if branch.conflict and branch.head == park.commit:
            self.branches.park(branch)
        branch.seq = max(branch.seq, park.seq)
        return _Handled(branch, park.seq, park.commit, self._store.text(park.commit))

    def _merge(self, branch: Branch, incoming: Incoming, now: float) -> _Handled:
        head = self.branches.merge(branch, incoming, now)
        return _Handled(branch, incoming.seq, head, incoming.text)

    def _repeat(self, branch: Branch, seq: int, text: str) -> _Handled:
        """Rule P3: the reply to a durable edit is repeated, the edit is not."""
        commit = self.branches.find_commit(branch, seq)
        return _Handled(branch, seq, commit or branch.head or self.revision, text)

    # --- whole versions

    def _submit(self, author: Author, submission: Submission, now: float) -> Outcome:
        """Merge a whole version, if the document is in the state that the submission requires."""
        exists = self._store.head(MASTER) is not None
        if exists and isinstance(submission, Create):
            return AlreadyExists(self.revision)
        if not exists and isinstance(submission, Replace):
            raise _unknown_base()
        version = self._as_version(submission)
        version = replace(version, restores=self._known_revision(version.restores))
        if version.head and not self._store.has_commit(version.head):
            raise ProtocolError(Code.UNKNOWN_BASE, "There is no such commit here.")
        self.versions.follow()
        sealed_base = self.versions.base_of(version.head) if version.head and exists else None
        if version.head and not sealed_base:
            self._check_related(version.head, exists)
        outcome = self._merge_version(author, version, sealed_base, now)
        if not (isinstance(outcome, Accepted) and outcome.is_new):
            return outcome
        if version.head:
            origin = Origin(Kind.PUSH, pushed=version.head, joins=sealed_base is not None)
        elif version.restores:
            origin = Origin(Kind.RESTORE, restores=version.restores)
        else:
            origin = Origin(Kind.FILE)
        if not isinstance(submission, Append):
            self._seal_alone(origin)
        return outcome if exists else replace(outcome, created=True)

    def _seal_alone(self, origin: Origin) -> None:
        """Make a version of the last change, and one of what was before it."""
        pushed = self._store.info(origin.pushed).author if origin.pushed else None
        self.versions.seal()
        self.versions.follow(Person(pushed.name, pushed.email) if pushed else None)
        self.versions.seal(origin)

    def _check_related(self, head: str, exists: bool) -> None:
        """Check that a commit is based on this document, or is its first."""
        store, revision = self._store, self.revision
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

    def _as_version(self, submission: Submission) -> MergeText:
        if isinstance(submission, MergeText):
            return submission
        if isinstance(submission, Create | Replace):
            return MergeText(submission.text, self.revision)
        end = "" if not self.text or self.text.endswith("\n") else "\n"
        return MergeText(f"{self.text}{end}{submission.text}", self.revision)

    def _merge_version(
        self, author: Author, version: MergeText, sealed_base: str | None, now: float
    ) -> Accepted | Conflicted:
        """Merge a version by the careful rules, as a whole or not at all.

        Args:
            author: its author.
            version: the version.
            sealed_base: the commit of the branch `versions` that it is based on, if it is.
            now: Unix time in seconds.
        """
        head = version.head
        if head is not None and self._master.contains(head):
            return Accepted(self.revision, self.text, is_new=False)
        base = sealed_base or version.base or self._base_of(head)
        if not sealed_base and not (self._store.has_commit(base) and self._master.contains(base)):
            raise _unknown_base()
        self._check_size(version.text, self._store.text(base))
        if head is None and version.text in (self._store.text(base), self.text):
            return Accepted(self.revision, self.text, is_new=False)
        incoming = Incoming(author, 0, version.text, base, (base,), head, restores=version.restores)
        people = self._master.authors_since(self.versions.revision_of(base)) if head else ()
        rejection = self._master.merge_or_reject(incoming, now)
        if rejection is not None:
            # Placed in the text of `master`, which nothing of theirs was merged into.
            hunks = [
                replace(hunk, start=hunk.in_ours.start, end=hunk.in_ours.end)
                for hunk in rejection.hunks
            ]
            return Conflicted(self.revision, self.text, hunks, rejection.files)
        self.branches.unmerged.drop_merged()  # others' heads may be in `master` now
        return Accepted(self.revision, self.text, is_new=True, people=people)

    def _base_of(self, head: str | None) -> str:
        return self._master.merge_base(head) if head else self._master.first

    # --- checks

    def _known_revision(self, commit: str) -> str:
        """Return the text that an edit says it restores; empty if there is none.

        It is a revision, or a named version from before the history that is left.
        """
        if not commit or not self._store.has_commit(commit):
            return ""
        is_known = self._master.contains(commit) or self.versions.contains(commit)
        return commit if is_known else ""

    def _edited_text(self, branch: Branch, edit: Edit) -> tuple[str, str, list[Splice] | None]:
        """Return the text at the base of an edit, its own text, and its splices if it has any."""
        if not self._store.has_commit(edit.base):
            raise _unknown_base()
        if edit.seq > branch.seq:  # an answered one may name a branch that was parked since
            self._merge_base(branch, edit.base)  # before the text: pushed commits may have none
        base = self._store.text(edit.base)
        splices = None if edit.splices is None else [Splice(*splice) for splice in edit.splices]
        try:
            text = edit.text if splices is None else apply(base, splices)
        except SpliceError as problem:
            raise ProtocolError(Code.BAD_MESSAGE, f"The splices do not fit: {problem}.") from None
        assert text is not None, "decoding requires a text or splices"
        self._check_size(text, base)
        return base, text, splices

    def _check_size(self, text: str, base: str) -> None:
        """A text that is too large is rejected, unless it shortens one that already was."""
        if _UTF_8_BYTES_MAX * len(text) <= self._text_bytes_max:
            return
        size = len(text.encode())
        if size > self._text_bytes_max and size >= len(base.encode()):
            raise too_large(text, self._text_bytes_max)

    def _merge_base(self, branch: Branch, base: str) -> str:
        """Return the merge base of `master` and `base`: any revision or own commit (rule P4)."""
        if self._master.contains(base):
            return base
        if branch.conflict and base == branch.head:
            return branch.conflict.merge_base
        if not self.branches.owns(branch, base):
            raise _unknown_base()
        return self._master.merge_base(base)

    def _check_own(self, branch: Branch, commit: str) -> None:
        if not self._store.has_commit(commit):
            raise _unknown_base()
        self._merge_base(branch, commit)


def too_large(text: str, bytes_max: int) -> ProtocolError:
    """Return the error for a text with more bytes than a document can hold."""
    return ProtocolError(
        Code.TOO_LARGE,
        f"The text has {len(text.encode()):,} bytes; a document can hold {bytes_max:,}."
        " Your text is kept here: make it shorter, or move a part to another document.",
    )


def _typed(splices: list[Splice]) -> tuple[Splice, ...] | None:
    """Return an edit's splices if they are short; longer edits are compared with their base."""
    typed = tuple([each for each in splices if each.deleted or each.inserted])
    return typed if sum([s.deleted + len(s.inserted) for s in typed]) <= _TYPED_MAX else None


def _unknown_base() -> ProtocolError:
    return ProtocolError(
        Code.UNKNOWN_BASE,
        "The server does not know the version that this change is based on."
        " Ask for the whole text and send the change again.",
    )


def _words(conflict: protocol.Conflict) -> tuple[object, ...]:
    """Return a conflict's commit and words, without their positions."""
    return conflict.commit, *((hunk.base, hunk.ours, hunk.theirs) for hunk in conflict.hunks)

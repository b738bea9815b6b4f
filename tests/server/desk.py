"""A document on a real repository for tests, without journal threads, sessions or sockets."""

from collections.abc import Sequence
from pathlib import Path

from merge.splices import Splice, apply
from server.core.clients import Author
from server.core.document import Document, Joined, Reply, Request, View
from server.core.git_model import CLIENTS, MASTER, UNMERGED, Signature
from server.core.unmerged_reader import UnmergedReader
from server.git.changes import Entry
from server.git.repository import Repository
from server.protocol import (
    Conflict,
    Edit,
    Error,
    Hello,
    Merged,
    Park,
    Resolve,
    WireSplice,
    check_of,
)
from server.protocol.answers import UnmergedConflict
from server.storage.journal import direct
from server.storage.journal.direct import DirectJournal
from tests.git import git

NOON = 1_700_000_000.0  # Unix time in seconds: some noon

MONDAY = "Meet on Monday at ten.\n"
TUESDAY = "Meet on Tuesday at ten.\n"
FRIDAY = "Meet on Friday at ten.\n"
FRIDAY_NOON = "Meet on Friday at noon.\n"
TUESDAY_NOON = "Meet on Tuesday at noon.\n"


class Desk:
    """Runs requests on a document and stores what they stage, as `DurableDocument` does."""

    def __init__(self, path: Path, text_bytes_max: int = 1_000_000) -> None:
        self.path = path
        self.now = NOON
        self.text_bytes_max = text_bytes_max
        self._journal = DirectJournal(lambda _: self.repository().path)
        self.reopen()

    def reopen(self) -> None:
        """Discard everything that is not on disk."""
        self.store = self.repository()
        self.document = Document("notes", self.store, self.text_bytes_max, self.now)

    def repository(self) -> Repository:
        """Open the repository as another program sees it: without what is staged."""
        return Repository(self.path, "notes.txt", self._journal.read("notes"))

    @property
    def text(self) -> str:
        return self.document.text

    @property
    def revision(self) -> str:
        return self.document.revision

    def client(self, id: str, name: str = "") -> "Writer":
        return Writer(self, Author(id, name or id.title()))

    def begin(self, text: str) -> str:
        """Give the document its first text; returns the revision."""
        return merged(self.client("opener").edit(text)).revision

    def run(self, *requests: Request) -> list[Reply]:
        replies = self.stage(*requests)
        self.save()
        return replies

    def stage(self, *requests: Request) -> list[Reply]:
        """Run requests without making their changes durable."""
        return self.document.replies(self.document.stage(requests, self.now))

    def save(self) -> Entry | None:
        """Make what is staged durable; return it."""
        entry = self.store.staged("notes")
        if entry is not None:
            self.store.mark_stored(self._journal.append(entry, self.store.position).result())
        return entry

    def sweep(
        self, present: Sequence[str] = (), park_after_s: float = 60, keep_s: float = 600
    ) -> None:
        self.document.branches.sweep(present, self.now, park_after_s, keep_s)
        self.save()

    def branch(self, client: str) -> str | None:
        """Return the head of a client's branch on disk."""
        return self.repository().head(CLIENTS + client)

    def unmerged(self) -> dict[str, str]:
        """The parked branches on disk."""
        return self.repository().heads(UNMERGED)

    def reader(self) -> UnmergedReader:
        """Return a reader of the unmerged branches on disk."""
        return UnmergedReader(self.repository())

    def question(self, id: str) -> UnmergedConflict:
        """Return the conflict of an unmerged branch."""
        found = self.reader().conflict(id)
        assert found is not None
        return found

    def commit_outside(self, text: str, **others: str) -> str:
        """Commit on `master` on disk; `others` are further refs, by name and commit."""
        repository = self.repository()
        head = repository.head(MASTER)
        who = Signature("Olive", "olive@example.invalid", self.now)
        commit = repository.commit(text, (head,) if head else (), who, who, "Written elsewhere\n")
        repository.move(MASTER, commit)
        entry = repository.staged("notes")
        assert entry is not None
        direct.store(repository.path, entry)
        return commit


class Writer:
    """A client that numbers its requests."""

    def __init__(self, desk: Desk, author: Author) -> None:
        self.desk = desk
        self.author = author
        self.seq = 0

    @property
    def id(self) -> str:
        return self.author.client

    def hello(self, base: str | None = None) -> Joined:
        [reply] = self.desk.run(Request(self.author, Hello(1, base=base)))
        assert isinstance(reply, Joined)
        return reply

    def edit(
        self,
        text: str | None = None,
        base: str | None = None,
        *,
        splices: list[WireSplice] | None = None,
        seq: int | None = None,
        continues: bool = False,
    ) -> Reply:
        """Send an edit, on the last revision if no base is named."""
        [reply] = self.desk.run(
            self.request(text, base, splices=splices, seq=seq, continues=continues)
        )
        return reply

    def request(
        self,
        text: str | None = None,
        base: str | None = None,
        *,
        splices: list[WireSplice] | None = None,
        seq: int | None = None,
        continues: bool = False,
    ) -> Request:
        """Return an edit without sending it."""
        edit = Edit(self._next(seq), base or self.desk.revision, text, splices)
        return Request(self.author, edit, continues)

    def resolve(
        self, conflict: Conflict | UnmergedConflict, text: str, *, seq: int | None = None
    ) -> Reply:
        """Resolve a conflict as it was shown: its own, or an unmerged one."""
        answer = Resolve(
            seq=self._next(seq), commit=conflict.commit, base=conflict.revision, text=text
        )
        [reply] = self.desk.run(Request(self.author, answer))
        return reply

    def park(self, conflict: Conflict, *, seq: int | None = None) -> Reply:
        """Park a conflict."""
        [reply] = self.desk.run(Request(self.author, Park(self._next(seq), conflict.commit)))
        return reply

    def news(self, conflict: Conflict) -> Merged | Conflict | None:
        """Return the notification for this client, which is shown `conflict`."""
        news = self.desk.document.notification(View(self.id, conflict.revision, conflict))
        assert news is None or isinstance(news, Merged | Conflict)
        return news

    def _next(self, seq: int | None) -> int:
        self.seq = max(self.seq, seq or self.seq + 1)
        return seq or self.seq


def merged(reply: object) -> Merged:
    assert isinstance(reply, Merged), reply
    return reply


def conflict(reply: object) -> Conflict:
    assert isinstance(reply, Conflict), reply
    return reply


def error(reply: object) -> Error:
    assert isinstance(reply, Error), reply
    return reply


def sides(found: Conflict | UnmergedConflict) -> list[tuple[str, str, str]]:
    """The hunks of a conflict as (base, ours, theirs); the places must be right."""
    for hunk in found.hunks:
        assert found.text[hunk.start : hunk.end] == hunk.ours
    return [(hunk.base, hunk.ours, hunk.theirs) for hunk in found.hunks]


def disagree(desk: Desk, ann: Writer, bo: Writer, theirs: str = FRIDAY_NOON) -> Conflict:
    """Ann writes Tuesday, then Bo's edit of the same base arrives."""
    base = desk.begin(MONDAY)
    merged(ann.edit(TUESDAY, base))
    return conflict(bo.edit(theirs, base))


def after(reply: Merged, sent: str) -> str:
    """The text that the sender of `sent` has after this answer."""
    text = apply(sent, [Splice(*splice) for splice in reply.splices])
    assert check_of(text) == reply.check
    return text


def parents(repository: Repository, commit: str) -> list[str]:
    return git("log", "-1", "--format=%P", commit, cwd=repository.path).split()

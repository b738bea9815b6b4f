"""The journal, which makes edits durable, and the contract that every journal keeps.

A journal has one log for each document. An entry has all that a batch of edits adds to the
document's repository: new Git objects and ref moves. Positions are increasing numbers; 0 is before
the first entry. Entries that a checkpoint wrote into the repository are forgotten.

    append      an entry that follows a position (compare-and-swap); once its future is done it is
                durable: synced, not only written
    gather      have the entries that this thread appends written together
    read        the entries after a position that are not forgotten, and the last position
    listen      be called for each entry, of any writer
    forget      the entries up to a checkpoint, which are in the repository
    scrub       what was forgotten, from the files
    try_to_write   find out whether an entry could be made durable now
    documents   the documents with entries that are not forgotten

Entries build on what is in the repositories. If these are on the same disk, there is nothing else
to do (`OnThisDisk`). A journal elsewhere also stores the repositories, and then the disk is a cache
that may be lost: what a checkpoint wrote is stored by the transaction that forgets its entries.

    store       what was written into a repository: its packs and refs
    restore     make a repository on this disk what is stored
    evict       remove one from this disk; `distrust` one that is damaged
    stored      the documents that are stored
    rename, remove, size   of a stored document
    site        what else a server has
    fetch, newest    read a document that another server may own

Several servers may share a journal that is elsewhere. Then each document has one owner at a time,
which alone reads its log, appends, and has its repository; the others pass on what is asked of it.
A server that was overtaken is refused whatever it writes, however late: safety does not rest on
time.

    own         a document, unless another server owns it
    owns        whether this server owns a document, as far as it knows
    release     documents, so that others may own them
    left        the documents with entries that no other server owns
    watch_owners     be called for lost documents, and for servers that are gone

Nothing outside a journal may assume that this process is a document's only writer: a writer that is
overtaken reads the other's entries and merges again. The journal knows neither messages nor
merging.

Errors::

    JournalError           nothing of the entry may be acknowledged
    ├── OvertakenError         another writer came first: read, and merge again
    ├── NotOwnedError          another server owns the document
    ├── DiskFullError          there is no room
    ├── ReadOnlyError          the disk may not be written
    └── DamagedError           the stored entries cannot be read
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from server.git.changes import Entry, Log
from server.storage.site import Site
from server.support.metrics import Metric

IN_TRASH = "trash:"  # begins the names of stored documents that were deleted, before their ids


class JournalError(Exception):
    """The entry could not be made durable, or the log could not be read."""


class OvertakenError(JournalError):
    """The entry does not follow the last one."""


class NotOwnedError(JournalError):
    """Another server owns the document, or may own it."""


class DiskFullError(JournalError):
    """The disk is full."""


class ReadOnlyError(JournalError):
    """The disk may not be written."""


class DamagedError(JournalError):
    """The log is damaged."""


class Stored(NamedTuple):
    """A stored document: `master` as of its last checkpoint, and the name that it was made with."""

    head: str | None
    first_name: str


class Place(NamedTuple):
    """Where a document is.

    Attributes:
        url: of the server that owns it; empty for this one.
        first_name: the name that it was made with; empty unless this server has just taken it.
        has_entries: whether this server has just taken it, and no checkpoint has its last entries.
    """

    url: str = ""
    first_name: str = ""
    has_entries: bool = False


HERE = Place()


class Owners(Protocol):
    """Who owns the documents.

    Attributes:
        is_shared: whether there may be other servers.
        secret: known only to the servers that share the journal.
    """

    is_shared: bool
    secret: bytes

    def own(self, document: str) -> Place:
        """Own a document, unless another server does; it need not exist. Blocks.

        Raises:
            JournalError: It is not known who owns it.
        """

    def owns(self, document: str) -> bool:
        """Return whether this server owns a document, as far as it knows. Quick."""

    def owned(self) -> Collection[str]:
        """Return the documents that this server owns, if there may be others. Quick."""

    def release(self, documents: Collection[str]) -> Future[None]:
        """Stop owning documents at once; entries forgotten before are stored first. Quick.

        Returns:
            A future that is done once others can own them. It fails with a `JournalError`: then
            they can once this server has ended.
        """

    def watch_owners(
        self, on_lost: Callable[[str], None], on_servers: Callable[[Collection[str]], None]
    ) -> None:
        """Call functions on a thread of the journal; they must be quick and must not raise.

        Args:
            on_lost: called with each document that another server has taken, before `owns` says so.
            on_servers: called regularly with the URLs of the servers that may own documents.
        """


class Store(Owners, Protocol):
    """A store of repositories. Its methods block, but for `metrics`.

    Attributes:
        store_id: names it; empty if the repositories are only on this disk.
    """

    store_id: str

    @property
    def site(self) -> Site | None:
        """What keeps what a server has beside its documents; None: its data folder."""

    def store(self, document: str, repository: Path, first_name: str = "") -> None:
        """Store what was written into a repository, such as by a push or a repack.

        What entries name and do not contain must be stored before they are appended.

        Args:
            document: the document.
            repository: its bare repository.
            first_name: the name that a document was made with which is stored for the first time.

        Raises:
            JournalError: Nothing was stored, or it is not known whether it was.
        """

    def restore(self, document: str, repository: Path) -> None:
        """Make a repository equal to what is stored, once in this process; quick from then on.

        A document is read or written only after that. Of a document that is not stored the
        repository stays as it is.

        Raises:
            NotOwnedError: This server does not own it.
            JournalError: What is stored cannot be read or written to this disk.
        """

    def fetch(self, document: str, repository: Path) -> None:
        """Make a repository equal to what is stored, to be read only; any server may own it.

        It may be replaced while it is read, which then fails.

        Raises:
            JournalError: What is stored cannot be read or written to this disk.
        """

    def newest(self, document: str) -> str | None:
        """Return the head of `master`, with what the journal has; another server may own it.

        Raises:
            JournalError: It cannot be read.
        """

    def used_at(self, document: str) -> float:
        """Return when a document was last restored, monotonic in seconds; 0 for never. Quick."""

    def evict(self, document: str, repository: Path, unused_s: float) -> bool:
        """Remove a repository from this disk, which is restored when it is needed again.

        Nothing is done if it was needed in the last `unused_s` seconds, or has what is not stored.

        Args:
            document: the document, which must not be open.
            repository: its bare repository.
            unused_s: for how long it must not have been used.

        Returns:
            Whether it was removed.

        Raises:
            JournalError, OSError: It failed.
        """

    def distrust(self, document: str) -> None:
        """Have a repository checked at its next `restore`: it seems to be damaged. Quick."""

    def stored(self) -> Mapping[str, Stored]:
        """Return the stored documents by name, without those in the trash.

        Raises:
            JournalError: They cannot be read.
        """

    def rename(self, old: str, new: str) -> None:
        """Give a stored document another name. Does nothing if only the new one is stored.

        Raises:
            JournalError: It failed, or it is not known whether it did.
        """

    def remove(self, document: str) -> None:
        """Remove a stored document.

        Raises:
            JournalError: It failed, or it is not known whether it did.
        """

    def size(self, document: str) -> int:
        """Return what the packs of a stored document take, in bytes.

        Raises:
            JournalError: It cannot be read.
        """

    def metrics(self) -> Sequence[Metric]:
        """Return the metrics of the journal. Does not block."""


class StoreReader(Protocol):
    """Reads a store beside its server, or without one. Its methods block.

    Attributes:
        shown: where it is, without a password.
    """

    shown: str

    @property
    def site(self) -> Site:
        """What keeps what the server has beside its documents; may be changed."""

    def stored(self) -> Mapping[str, Stored]:
        """See `Store.stored`."""

    def size(self, document: str) -> int:
        """See `Store.size`."""

    def copy(self, document: str, repository: Path, earlier: Path | None = None) -> None:
        """Make a new bare repository of a stored document, which may be in the trash.

        There is none then, if all of the document is in the journal.

        Args:
            document: the document.
            repository: the path of the repository; what is there is replaced.
            earlier: an earlier copy, whose packs are linked.

        Raises:
            JournalError: It cannot be read or written, or is damaged.
        """

    def read(self, document: str) -> Log:
        """Return the entries that are not forgotten; see `Journal.read`."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Return a context in which this thread reads what was there at one moment."""

    def close(self) -> None:
        """Close the connections."""


class Journal(Store, Protocol):
    """A journal. All but `listen` and `forget` may block, and is not called on the event loop.

    Attributes:
        writes_through: whether a durable entry is in the repository already, and never read here.
    """

    writes_through: bool

    def append(self, entry: Entry, follows: int) -> Future[int]:
        """Append an entry that follows a position.

        Returns:
            A future of the entry's own position, which cannot be cancelled. It is done once the
            entry is durable. It fails with an `OvertakenError` if `follows` is not the last
            position, and nothing was appended; with another `JournalError` if the disk fails, or if
            a connection is lost: then the log tells whether the entry was appended.
        """

    def gather(self) -> AbstractContextManager[None]:
        """Return a context in which one thread appends entries that are written together.

        They may wait for its end. They may be durable then, or some time later: that is better
        where the disk is slow, as the thread can go on.
        """

    def read(self, document: str, after: int = 0) -> Log:
        """Return the entries after a position that are not forgotten.

        Raises:
            JournalError: The entries cannot be read.
        """

    def forget(self, document: str, up_to: int, repository: Path) -> Future[None]:
        """Drop the entries up to this position. May be delayed, and may fail without harm.

        Args:
            document: the document.
            up_to: the position of a checkpoint.
            repository: what it was written into; it is stored in the same transaction.

        Returns:
            A future that is done once they are dropped durably. It fails with a `JournalError`.
        """

    def scrub(self) -> None:
        """Remove forgotten entries from the files, which may otherwise keep them for long.

        Raises:
            JournalError: The disk failed.
        """

    def try_to_write(self) -> None:
        """Write something and sync it, leaving the logs as they are.

        Raises:
            JournalError: An entry could not be made durable now.
        """

    def documents(self) -> list[str]:
        """Return the documents that have entries.

        Raises:
            JournalError: They cannot be read.
        """

    def left(self) -> list[str]:
        """Return the documents with entries that no other server owns.

        Raises:
            JournalError: They cannot be read.
        """

    def listen(self, on_entry: Callable[[str, int], None]) -> None:
        """Call `on_entry` with document and position of each durable entry.

        It is called on the thread that writes, after the callbacks of the future of `append`; it
        must be quick and must not raise.
        """

    def close(self) -> None:
        """Close the journal once all appended entries are durable."""


class OnThisDisk:
    """The store of repositories that are only on this disk: there is nothing to do."""

    store_id: str = ""
    site: Site | None = None
    is_shared = False
    secret = b""

    def own(self, document: str) -> Place:
        """This server is the only one."""
        del document
        return HERE

    def owns(self, document: str) -> bool:
        """This server is the only one."""
        del document
        return True

    def owned(self) -> Collection[str]:
        return ()

    def release(self, documents: Collection[str]) -> Future[None]:
        """This server is the only one."""
        del documents
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def watch_owners(
        self, on_lost: Callable[[str], None], on_servers: Callable[[Collection[str]], None]
    ) -> None:
        """This server is the only one."""

    def store(self, document: str, repository: Path, first_name: str = "") -> None:
        """The repository is all there is."""

    def restore(self, document: str, repository: Path) -> None:
        """The repository is all there is."""

    def fetch(self, document: str, repository: Path) -> None:
        """The repository is all there is."""

    def newest(self, document: str) -> str | None:
        raise NotOwnedError(f"{document} is on this disk")

    def used_at(self, document: str) -> float:
        """The repository is all there is."""
        del document
        return 0.0

    def evict(self, document: str, repository: Path, unused_s: float) -> bool:
        """The repository is all there is."""
        del document, repository, unused_s
        return False

    def distrust(self, document: str) -> None:
        """There is no other."""

    def stored(self) -> Mapping[str, Stored]:
        return {}

    def rename(self, old: str, new: str) -> None:
        """The repository has its new name."""

    def remove(self, document: str) -> None:
        """The repository is removed."""

    def size(self, document: str) -> int:
        raise JournalError(f"{document} is not stored")

    def metrics(self) -> Sequence[Metric]:
        return ()

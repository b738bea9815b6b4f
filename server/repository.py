"""A document's bare Git repository: the only module that knows libgit2.

New commits are staged in memory (`commit`, `move`) and read back at once; `staged` hands them out
as one journal entry, and `store` writes such an entry to disk, synced. Nothing reaches the disk
before `store`: a document that was only looked at leaves nothing behind.

A ref stands, for one `Repository`, where it stood when it was first read. So an entry says which
commits its author knew of, and `store` finds out where somebody else was faster.

A commit is named by its 40 hexadecimal digits. The repository knows no message, session or merge.
All of it blocks, so it refuses to run on an event loop's thread.

Errors::

    RepositoryError    the repository on disk cannot be used as this document's
    server.journal.JournalError (from `store`)
"""

import asyncio
import os
import shutil
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, SortMode

from server.git_model import MASTER, Signature
from server.journal import Entry, GitObject, JournalError, OvertakenError, RefMove

# Texts of recent commits that are kept decoded, in characters: enough for a few dozen versions of
# an ordinary document, little beside what one of 1 MiB needs anyway.
_CACHED_CHARACTERS_MAX = 8 * 2**20

# libgit2's own default leaves new objects and refs in the page cache.
pygit2.settings.enable_fsync_gitdir(True)


class RepositoryError(Exception):
    """The repository on disk is not one that this document can be kept in."""


class Repository:
    """The repository at `path`, which holds its document's text in the file `filename`."""

    def __init__(self, path: Path, filename: str) -> None:
        _assert_off_loop()
        self.path = path
        self.filename = filename
        self._texts = _TextCache(_CACHED_CHARACTERS_MAX)
        self._staged_objects = _MemoryBackend()
        self._staged_moves: dict[str, RefMove] = {}
        self._read_heads: dict[str, str | None] = {}
        self._git = self._open()

    def _open(self) -> pygit2.Repository:
        """The repository on disk, or one in memory while there is none, over the staged objects."""
        try:
            git = pygit2.Repository(str(self.path)) if self.exists else _memory_repository()
        except pygit2.GitError as problem:
            raise RepositoryError(f"{self.path} is not a Git repository: {problem}") from problem
        git.odb.add_backend(self._staged_objects, 100)
        return git

    @property
    def exists(self) -> bool:
        """Whether anything was ever stored."""
        return self.path.is_dir()

    # --- reading; what is staged counts

    def head(self, ref: str) -> str | None:
        """The commit that `ref` names, or None."""
        _assert_off_loop()
        if ref in self._staged_moves:
            return self._staged_moves[ref].new
        return self._stored_head(ref)

    def heads(self, prefix: str) -> dict[str, str]:
        """All refs that start with `prefix`, without it, and their commits."""
        _assert_off_loop()
        stored = self._git.references.iterator() if self.exists else iter(())
        heads = {
            ref.name: head
            for ref in stored
            if ref.name.startswith(prefix) and (head := self._stored_head(ref.name))
        }
        for move in self._staged_moves.values():
            if move.new is None:
                heads.pop(move.name, None)
            elif move.name.startswith(prefix):
                heads[move.name] = move.new
        return {name.removeprefix(prefix): commit for name, commit in heads.items()}

    def knows(self, commit: str) -> bool:
        """Whether `commit` is the full id of a commit that is stored or staged here."""
        _assert_off_loop()
        return self._lookup(commit) is not None

    def text(self, commit: str) -> str:
        """The document's text at `commit`; the empty text where the commit lacks the file.

        Raises:
            RepositoryError: the commit is missing, or its file is not UTF-8 text.
        """
        _assert_off_loop()
        cached = self._texts.get(commit)
        if cached is not None:
            return cached
        text = self._read_text(commit)
        self._texts.put(commit, text)
        return text

    def time(self, commit: str) -> float:
        """When the commit was made (Unix time in seconds)."""
        _assert_off_loop()
        return float(self._commit(commit).commit_time)

    def author_name(self, commit: str) -> str:
        """The display name of who wrote the commit."""
        _assert_off_loop()
        return self._commit(commit).author.name

    def contains(self, head: str, commit: str) -> bool:
        """Whether `commit` is `head` or one of its ancestors."""
        _assert_off_loop()
        return head == commit or self._git.descendant_of(head, commit)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits, or None."""
        _assert_off_loop()
        base: pygit2.Oid | None = self._git.merge_base(one, other)
        return None if base is None else str(base)

    def trailers(self, commit: str) -> dict[str, str]:
        """The `Key: value` lines that end the commit's message."""
        _assert_off_loop()
        return dict(self._commit(commit).message_trailers)

    def authors(self, head: str, since: str, limit: int) -> dict[str, str]:
        """Names by e-mail of those who wrote what `head` has and `since` lacks, latest first.

        Looks at `limit` commits at most.
        """
        _assert_off_loop()
        commits = islice(self._walk(head, since), limit)
        return {c.author.email: c.author.name for c in commits if len(c.parents) < 2}

    def find(self, head: str, trailers: Mapping[str, str], limit: int) -> str | None:
        """The latest of `limit` commits from `head` back that carries all these trailers."""
        _assert_off_loop()
        for commit in islice(self._walk(head), limit):
            if trailers.items() <= dict(commit.message_trailers).items():
                return str(commit.id)
        return None

    # --- staging: in memory only

    def commit(
        self,
        text: str,
        parents: Sequence[str],
        author: Signature,
        committer: Signature,
        message: str,
    ) -> str:
        """Stage a commit of `text`; all other files are those of the first parent.

        Returns:
            The new commit's id.
        """
        _assert_off_loop()
        tree = self._git.TreeBuilder(self._commit(parents[0]).tree) if parents else None
        builder = tree or self._git.TreeBuilder()
        held: pygit2.Object | None = builder.get(self.filename)
        mode = held.filemode if held else FileMode.BLOB
        builder.insert(self.filename, self._git.create_blob(text.encode()), mode)
        commit = self._git.create_commit(
            None, _signature(author), _signature(committer), message, builder.write(), list(parents)
        )
        self._texts.put(str(commit), text)
        return str(commit)

    def move(self, ref: str, commit: str | None) -> None:
        """Stage that `ref` names `commit` from now on (None: that it is deleted)."""
        _assert_off_loop()
        earlier = self._staged_moves.get(ref)
        old = earlier.old if earlier else self._stored_head(ref)
        self._staged_moves[ref] = RefMove(ref, old, commit)

    def staged(self, document: str) -> Entry | None:
        """Everything staged since the last `release`, or None where nothing must be stored."""
        moves = tuple(move for move in self._staged_moves.values() if move.old != move.new)
        if not moves:
            return None
        return Entry(document, tuple(self._staged_objects.all()), moves)

    def release(self) -> None:
        """Forget what was staged: it is on disk now."""
        _assert_off_loop()
        self._staged_objects = _MemoryBackend()
        self._read_heads |= {move.name: move.new for move in self._staged_moves.values()}
        self._staged_moves.clear()
        self._git = self._open()

    # --- storing: synced to disk

    def store(self, entry: Entry) -> None:
        """Write an entry's objects, then move its refs together, each step synced.

        Raises:
            OvertakenError: a ref is not where the entry says it was; no ref was moved.
            JournalError: the disk refused.
        """
        _assert_off_loop()
        try:
            self._create_on_disk()
            git = pygit2.Repository(str(self.path))
            for item in entry.objects:
                git.write(item.kind, item.data)
            _move_refs(git, entry.moves)
        except (pygit2.GitError, OSError) as problem:
            raise JournalError(f"{self.path} could not be written: {problem}") from problem

    def _create_on_disk(self) -> None:
        """Make the bare repository: complete under another name first, then renamed."""
        if self.exists:
            return
        fresh = self.path.with_name(f".{self.path.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        pygit2.init_repository(str(fresh), bare=True, initial_head="master")
        for part in (*fresh.rglob("*"), fresh):
            _sync(part)
        fresh.rename(self.path)
        _sync(self.path.parent)

    # --- libgit2's objects stay below this line

    def _stored_head(self, ref: str) -> str | None:
        if ref not in self._read_heads:
            found = self._git.references.get(ref) if self.exists else None
            self._read_heads[ref] = None if found is None else str(found.resolve().target)
        return self._read_heads[ref]

    def _lookup(self, commit: str) -> pygit2.Commit | None:
        if len(commit) != 40 or commit != commit.lower():
            return None  # one commit, one spelling: ids are compared as strings
        try:
            return self._git[pygit2.Oid(hex=commit)].peel(pygit2.Commit)
        except (KeyError, ValueError, pygit2.InvalidSpecError):
            return None

    def _commit(self, commit: str) -> pygit2.Commit:
        found = self._lookup(commit)
        if found is None:
            raise RepositoryError(f"{self.path} lacks the commit {commit}")
        return found

    def _read_text(self, commit: str) -> str:
        tree = self._commit(commit).tree
        if self.filename not in tree:
            return ""
        blob = tree[self.filename]
        if not isinstance(blob, pygit2.Blob):
            raise RepositoryError(f"{self.filename} at {commit} is not a file")
        try:
            return blob.data.decode()
        except UnicodeDecodeError as problem:
            raise RepositoryError(f"{self.filename} at {commit} is not UTF-8 text") from problem

    def _walk(self, head: str, since: str | None = None) -> Iterator[pygit2.Commit]:
        walker = self._git.walk(pygit2.Oid(hex=head), SortMode.TOPOLOGICAL)
        if since is not None:
            walker.hide(pygit2.Oid(hex=since))
        return iter(walker)


class _MemoryBackend(pygit2.OdbBackend):
    """An object database in memory, laid over the one on disk: it takes every write."""

    def __init__(self) -> None:
        super().__init__()
        self._objects: dict[pygit2.Oid, tuple[int, bytes]] = {}

    def all(self) -> Iterator[GitObject]:
        """Every object, in the order in which they were written."""
        return (GitObject(str(oid), kind, data) for oid, (kind, data) in self._objects.items())

    def write_cb(self, oid: pygit2.Oid, data: bytes, kind: int) -> None:
        self._objects[oid] = (kind, data)

    def exists_cb(self, oid: pygit2.Oid) -> bool:
        return oid in self._objects

    def read_cb(self, oid: pygit2.Oid) -> tuple[int, bytes]:
        return self._objects[oid]

    def read_header_cb(self, oid: pygit2.Oid) -> tuple[int, int]:
        kind, data = self._objects[oid]
        return kind, len(data)

    def read_prefix_cb(self, oid: pygit2.Oid) -> tuple[int, bytes, pygit2.Oid]:
        """Called for full ids too; abbreviated ones are nobody's here."""
        kind, data = self._objects[oid]
        return kind, data, oid

    def exists_prefix_cb(self, oid: pygit2.Oid) -> pygit2.Oid:
        if oid not in self._objects:
            raise KeyError(oid)
        return oid

    def refresh_cb(self) -> None:
        """Nothing to read again."""


class _TextCache:
    """Texts by commit, the least recently used dropped above a number of characters."""

    def __init__(self, characters_max: int) -> None:
        self._characters_max = characters_max
        self._characters = 0
        self._texts: OrderedDict[str, str] = OrderedDict()

    def get(self, commit: str) -> str | None:
        text = self._texts.get(commit)
        if text is not None:
            self._texts.move_to_end(commit)
        return text

    def put(self, commit: str, text: str) -> None:
        self._characters += len(text) - len(self._texts.pop(commit, ""))
        self._texts[commit] = text
        while self._characters > self._characters_max and len(self._texts) > 1:
            _, dropped = self._texts.popitem(last=False)
            self._characters -= len(dropped)


def _signature(signature: Signature) -> pygit2.Signature:
    return pygit2.Signature(signature.name, signature.email, int(signature.time), 0)


def _memory_repository() -> pygit2.Repository:
    """A repository without a place on disk."""
    git = pygit2.Repository()
    git.set_odb(pygit2.Odb())
    return git


def _sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _move_refs(git: pygit2.Repository, moves: Sequence[RefMove]) -> None:
    """Lock all refs, see that each stands where it should, and move them together.

    A transaction moves its refs one after the other, in no certain order. So there are three, and
    the innermost ends first: whenever the machine stops, every commit is reachable, and a client's
    branch is never behind what `master` has of it.
    """
    with git.transaction() as deleted, git.transaction() as master, git.transaction() as branches:
        planned = [
            (move, deleted if move.new is None else master if move.name == MASTER else branches)
            for move in moves
        ]
        for move, transaction in planned:
            transaction.lock_ref(move.name)
        for move, _ in planned:
            found = git.references.get(move.name)
            if (None if found is None else str(found.target)) != move.old:
                raise OvertakenError(f"{git.path}: {move.name} was moved by somebody else")
        for move, transaction in planned:
            if move.new is None:
                transaction.remove(move.name)
            else:
                transaction.set_target(move.name, pygit2.Oid(hex=move.new))


def _assert_off_loop() -> None:
    """libgit2 blocks and no detector sees it; so this module looks itself."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise AssertionError("Git work on the event loop's thread")

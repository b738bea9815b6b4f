"""A document's bare Git repository, read through libgit2.

It has three layers; an upper one hides what is below it:

    staged     what a batch of edits adds (`commit`, `move`); `staged` returns it as one entry
    journaled  what the journal has and the disk lacks (`mark_journaled`, `replay`); `unwritten`
               returns it for a checkpoint, and `mark_checkpointed` drops it
    disk       the bare repository, or nothing: a document that was only read leaves nothing

The upper two are in memory. To one `Repository`, a ref on disk stays where it was when it was first
read: an entry records which commits its writer knew.

A commit is named by its 40 hexadecimal digits. The repository knows no message, session or merge.
Its methods block, so libgit2 cannot be reached from an event loop's thread.

Errors::

    RepositoryError    the repository on disk cannot be used as this document's
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import pygit2
from pygit2.enums import MergeFlag, SortMode

from merge.splices import Splice
from server.core.commit_store import CommitInfo, OtherFiles, StoreError, Tag
from server.core.git_model import BRANCHES, MASTER, TAGS, Signature
from server.core.names import clean_name
from server.git import objects as git_objects
from server.git.changes import Entry, Log, RefMove
from server.git.objects import GitObject, Kind
from server.git.pending_objects import PendingObjects
from server.git.text_cache import TextCache

# The default is enough for a few dozen versions of an ordinary document.
_CACHED_CHARACTERS_MAX = 8 * 2**20
_SMALL_TREE_BYTES = 1024  # a smaller tree is stored whole, so that Git finds it at once
_TREES_MAX = 8


class RepositoryError(StoreError):
    """The repository on disk cannot be used as this document's."""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """The changes that the journal has up to `position` and the repository on disk lacks.

    `delta_bases` has the bytes of delta bases that are on disk, by id.
    """

    position: int
    objects: tuple[GitObject, ...]
    moves: tuple[RefMove, ...]
    delta_bases: Mapping[str, bytes] = field(default_factory=dict)


class Repository:
    """The repository at `path`, which holds its document's text in the file `filename`.

    Args:
        path: the bare repository, which need not exist.
        filename: the name of the file that holds the text.
        log: what the journal has; to be read first, as a checkpoint may come in between.
        texts: the cache of decoded texts.
    """

    def __init__(
        self, path: Path, filename: str, log: Log | None = None, texts: TextCache | None = None
    ) -> None:
        self.path = path
        self._folder = str(path)
        self.filename = filename
        self.position = 0
        self._texts = texts or TextCache(_CACHED_CHARACTERS_MAX)
        self._trees = _RecentTrees()
        self._pending = PendingObjects()
        self._staged = _StagedObjects(self._pending)
        self._staged_moves: dict[str, RefMove] = {}
        self._journaled_moves: dict[str, RefMove] = {}
        self._disk_heads: dict[str, str | None] = {}
        self._opened = self._open()
        if log:
            self.replay(log)

    def _open(self) -> pygit2.Repository:
        """Open the repository on disk, or an empty one, with the pending objects."""
        _assert_off_loop()
        try:
            if self.is_on_disk:
                git = pygit2.Repository(self._folder)
            else:
                git = pygit2.Repository()
                git.set_odb(pygit2.Odb())
        except pygit2.GitError as problem:
            raise RepositoryError(f"{self.path} is not a Git repository: {problem}") from problem
        git.odb.add_backend(_PendingObjectsBackend(self._pending, self._staged), 100)
        return git

    @property
    def _git(self) -> pygit2.Repository:
        """The repository as libgit2 sees it: the only way to it, so the guard is here."""
        _assert_off_loop()
        return self._opened

    @property
    def is_on_disk(self) -> bool:
        """Whether there is a repository on disk."""
        return self.path.is_dir()

    @property
    def size(self) -> int:
        """The size in memory of what is not on disk, in bytes, roughly."""
        return self._pending.size

    # --- reading, of all layers

    def head(self, ref: str) -> str | None:
        """Return the commit that `ref` names, or None."""
        move = self._staged_moves.get(ref) or self._journaled_moves.get(ref)
        return move.new if move else self._disk_head(ref)

    def heads(self, prefix: str) -> dict[str, str]:
        """Return the commits of all refs with this prefix, by the rest of the name."""
        stored = self._git.references.iterator() if self.is_on_disk else iter(())
        heads = {
            ref.name: head
            for ref in stored
            if ref.name.startswith(prefix) and (head := self._disk_head(ref.name))
        }
        for move in (*self._journaled_moves.values(), *self._staged_moves.values()):
            if move.new is None:
                heads.pop(move.name, None)
            elif move.name.startswith(prefix):
                heads[move.name] = move.new
        return {name.removeprefix(prefix): commit for name, commit in heads.items()}

    def has_commit(self, commit: str) -> bool:
        """Return whether `commit` is the full id of a commit of any layer."""
        new = self._pending.find(commit)
        if new:
            return new.kind == Kind.COMMIT
        if not self._git.path and self.is_on_disk:
            self._opened = self._open()  # a push has made it
        return self._lookup(commit) is not None

    def text(self, commit: str) -> str:
        """Return the document's text at `commit`; an empty text if the commit lacks the file.

        Raises:
            RepositoryError: The commit is missing, or its file is not UTF-8 text.
        """
        cached = self._texts.get(self._folder, commit)
        if cached is not None:
            return cached
        text = self._read_text(commit)
        self._texts.put(self._folder, commit, text)
        return text

    def time(self, commit: str) -> float:
        """Return the commit's time (Unix time in seconds)."""
        return float(self._commit(commit).commit_time)

    def author_name(self, commit: str) -> str:
        """Return the display name of the commit's author."""
        return _author_name(self._commit(commit))

    def contains(self, head: str, commit: str) -> bool:
        """Return whether `commit` is `head` or one of its ancestors."""
        return head == commit or self._git.descendant_of(head, commit)

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor of two commits, or None."""
        base: pygit2.Oid | None = self._git.merge_base(one, other)
        return None if base is None else str(base)

    def has_one_base(self, one: str, other: str) -> bool:
        """Return whether the best common ancestor of two commits is the only one.

        It is not if two branches have merged each other without knowing the other's merge.
        """
        best = self.merge_base(one, other)
        met = self.boundary(other, (one,))
        return best is None or all(self.contains(best, parent) for parent in met)

    def boundary(self, head: str, known: Sequence[str]) -> set[str]:
        """Return the known commits that the new ones are based on.

        Args:
            head: a commit; it and its ancestors are new, but for the known ones.
            known: commits that are known, with their ancestors.
        """
        own = {commit.id: commit.parent_ids for commit in self._walk(head, *known)}
        return {str(each) for parents in own.values() for each in parents if each not in own}

    def info(self, commit: str) -> CommitInfo:
        """Return what the commit says beside its text."""
        found = self._commit(commit)
        return CommitInfo(
            tuple(map(str, found.parent_ids)),
            str(found.tree_id),
            _signature(found.author),
            _signature(found.committer),
            found.raw_message.decode(errors="replace"),
        )

    def first_parents(self, head: str) -> Iterator[str]:
        """Yield the commit and its first parents, as far as there are any."""
        commit = self._commit(head)
        yield head
        while commit.parent_ids:
            parent = str(commit.parent_ids[0])
            commit = self._commit(parent)
            yield parent

    def trailers(self, commit: str) -> dict[str, str]:
        """Return the trailers of the commit's message."""
        return _trailers(self._commit(commit))

    def authors(self, head: str, since: str, limit: int) -> dict[str, str]:
        """Return the authors of the commits in `head` but not in `since`, latest first.

        Args:
            head: a commit.
            since: a commit.
            limit: at most this many commits are read.

        Returns:
            Display names by e-mail address. Merges do not count.
        """
        return {
            commit.author.raw_email.decode(errors="replace"): _author_name(commit)
            for commit in islice(self._walk(head, since), limit)
            if len(commit.parents) < 2
        }

    def tags(self) -> dict[str, Tag]:
        """Return the tags of commits by name."""
        found = {name: self._read_tag(id) for name, id in self.heads(TAGS).items()}
        return {name: tag for name, tag in found.items() if tag is not None}

    def _read_tag(self, id: str) -> Tag | None:
        """Return the tag that a ref names; None if it is of no commit."""
        found = self._git.get(id)
        if isinstance(found, pygit2.Commit):
            return Tag(id)
        if not isinstance(found, pygit2.Tag):
            return None
        target = found.get_object()
        if not isinstance(target, pygit2.Commit):
            return None  # such as a tag of a tag
        message = (found.raw_message or b"").decode(errors="replace")
        return Tag(str(target.id), _signature(found.tagger) if found.tagger else None, message)

    def find(self, head: str, trailers: Mapping[str, str], limit: int) -> str | None:
        """Return the latest of `limit` commits from `head` back that has all these trailers."""
        for commit in islice(self._walk(head), limit):
            if trailers.items() <= _trailers(commit).items():
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
        splices: Sequence[Splice] | None = None,
        files: str | None = None,
    ) -> str:
        """Stage a commit of `text`.

        Args:
            text: the document's text.
            parents: the first one's text is what `splices` apply to.
            author: its author.
            committer: its committer.
            message: its message, with trailers.
            splices: those from the first parent's text to `text`, if they are known.
            files: a tree with all other files; None: the first parent's.

        Returns:
            The new commit's id.
        """
        before = git_objects.tree_of(self._raw(parents[0])) if parents else None
        blob = self._stage_text(text, parents, before, splices)
        tree = self._stage_tree(files or before, blob)
        commit = self._staged.add(git_objects.new_commit(tree, parents, author, committer, message))
        self._texts.put(self._folder, commit, text)
        return commit

    def merge_files(self, base: str, ours: str, theirs: str) -> OtherFiles:
        """Merge all files but the document's, which stays as in `ours`.

        A file that both sides changed is a conflict as a whole: files are not read, whatever their
        size.

        Args:
            base: the merge base.
            ours: one commit.
            theirs: the other commit.
        """
        old, our, their = (self._commit(commit).tree for commit in (base, ours, theirs))
        changed = _changed_paths(old, our) & _changed_paths(old, their) - {self.filename}
        if changed:
            return OtherFiles("", tuple(sorted(changed)))
        merged = self._git.merge_trees(old, our, their, flags=MergeFlag(0))
        conflicting = {next(filter(None, sides)).path for sides in merged.conflicts or ()}
        others = tuple(sorted(conflicting - {self.filename}))
        if others:
            return OtherFiles("", others)
        if conflicting:
            del merged.conflicts[self.filename]
            text = our[self.filename]
            merged.add(pygit2.IndexEntry(self.filename, text.id, text.filemode))
        return OtherFiles(str(merged.write_tree(self._git)))

    def _stage_tree(self, before: str | None, blob: str) -> str:
        """Stage a tree with this blob for the document's file, and all else as in `before`.

        Beside many other files it is stored as a delta: only 20 bytes differ.
        """
        data = self._tree_data(before) if before else b""
        whole = git_objects.new_object(Kind.TREE, git_objects.tree_with(data, self.filename, blob))
        self._trees.put(whole.id, whole.data)
        if (
            before is None
            or before == whole.id
            or len(data) < _SMALL_TREE_BYTES
            or not self._pending.takes_delta_of(before)
        ):
            return self._staged.add(whole)
        splice = git_objects.splice_between(data, whole.data)
        delta = git_objects.as_delta(whole, before, len(data), [splice])
        return self._staged.add(delta or whole, lambda: data)

    def _stage_text(
        self, text: str, parents: Sequence[str], tree: str | None, splices: Sequence[Splice] | None
    ) -> str:
        """Stage a text, as a delta of the one in the first parent's tree if that is shorter."""
        whole = git_objects.new_object(Kind.BLOB, text.encode())
        base = git_objects.find_in_tree(self._tree_data(tree), self.filename) if tree else None
        if base is None or base == whole.id or not self._pending.takes_delta_of(base):
            return self._staged.add(whole)
        before = self.text(parents[0])
        byte_splices, length = _in_bytes(before, whole.data, splices)
        delta = git_objects.as_delta(whole, base, length, byte_splices)
        return self._staged.add(delta or whole, before.encode)

    def move(self, ref: str, commit: str | None) -> None:
        """Stage that `ref` names `commit`; None deletes it."""
        earlier = self._staged_moves.get(ref)
        self._staged_moves[ref] = RefMove(ref, earlier.old if earlier else self.head(ref), commit)

    def tag(self, name: str, tag: Tag) -> None:
        """Stage a tag, which replaces one of this name."""
        self.move(f"{TAGS}{name}", self._staged.add(git_objects.new_tag(name, tag)))

    def staged(self, document: str) -> Entry | None:
        """Return what is staged since the last `mark_journaled`, or None if no ref moved."""
        moves = tuple(move for move in self._staged_moves.values() if move.old != move.new)
        if not moves:
            return None
        return Entry(document, tuple(self._staged.items), moves)

    def forget_texts(self) -> None:
        """Drop this repository's texts from the cache."""
        self._texts.drop(self._folder)

    # --- journaled: durable, but in memory

    def mark_journaled(self, position: int) -> None:
        """Note that what is staged is in the journal now, at this position."""
        moves = tuple(self._staged_moves.values())
        self._staged.items.clear()
        self._staged_moves.clear()
        self._record(moves)
        self.position = position

    def replay(self, log: Log) -> None:
        """Add entries of the journal. Entries that are on disk already do no harm."""
        for entry in log.entries:
            for item in entry.objects:
                self._pending.add(item, partial(self._raw, item.base or ""))
            self._record(entry.moves)
        self.position = log.position

    def _record(self, moves: Iterable[RefMove]) -> None:
        for move in moves:
            earlier = self._journaled_moves.get(move.name)
            old = earlier.old if earlier else move.old
            self._journaled_moves[move.name] = RefMove(move.name, old, move.new)

    @property
    def has_unwritten(self) -> bool:
        """Whether the journal has anything that the disk lacks."""
        return bool(self._journaled_moves)

    def unwritten(self) -> Unwritten | None:
        """Return what a checkpoint must write, or None. Nothing may be staged."""
        assert not self.staged(""), "a checkpoint in the middle of a batch"
        if not self._journaled_moves:
            return None
        moves = tuple(self._journaled_moves.values())
        pending = self._pending
        return Unwritten(self.position, pending.all(), moves, pending.delta_bases())

    def mark_checkpointed(self, unwritten: Unwritten) -> None:
        """Note that this is on disk now."""
        self._pending.drop(item.id for item in unwritten.objects)
        for move in unwritten.moves:
            self._disk_heads[move.name] = move.new
            since = self._journaled_moves.pop(move.name, move)
            if since.new != move.new:
                self._journaled_moves[move.name] = RefMove(move.name, move.new, since.new)
        self._opened = self._open()

    def mark_stored(self, position: int = 0) -> None:
        """Note that what is staged is on disk already, at this position."""
        self.mark_journaled(position)
        unwritten = self.unwritten()
        if unwritten:
            self.mark_checkpointed(unwritten)

    def outside_head(self) -> str | None:
        """Return the head of `master` on disk if it was moved outside the journal, or None.

        The caller merges it: from now on `master` may move from there.
        """
        known, found = self._journaled_moves.get(MASTER), self._disk_head(MASTER)
        if known is None or found in (None, known.old, known.new):
            return None
        self._journaled_moves[MASTER] = RefMove(MASTER, found, known.new)
        heads = self.heads(BRANCHES).values()
        return None if any(self.contains(head, found) for head in heads) else found

    # --- objects of libgit2, which do not leave this module

    def _disk_head(self, ref: str) -> str | None:
        if ref not in self._disk_heads:
            found = self._git.references.get(ref) if self.is_on_disk else None
            if found is None:
                _assert_readable()
            self._disk_heads[ref] = None if found is None else str(found.resolve().target)
        return self._disk_heads[ref]

    def _lookup(self, commit: str) -> pygit2.Commit | None:
        if len(commit) != 40 or commit != commit.lower():
            return None  # ids are compared as strings, so each commit has one spelling
        try:
            found = self._git[pygit2.Oid(hex=commit)]
        except ValueError:
            return None
        except KeyError:
            _assert_readable()
            return None
        return found if isinstance(found, pygit2.Commit) else None  # a tag is no commit

    def _commit(self, commit: str) -> pygit2.Commit:
        found = self._lookup(commit)
        if found is None:
            raise RepositoryError(f"{self.path} lacks the commit {commit}")
        return found

    def _raw(self, id: str) -> bytes:
        """Return an object's bytes."""
        if id in self._pending:
            return self._pending.data(id)
        try:
            data: bytes = self._git.read(id)[1]
        except (KeyError, pygit2.GitError) as problem:
            _assert_readable()
            raise RepositoryError(
                f"{self.path}: the object {id} cannot be read: {problem}"
            ) from None
        return data

    def _tree_data(self, tree: str) -> bytes:
        """Return the bytes of a tree, which may be at the end of a long chain of deltas."""
        data = self._trees.get(tree)
        if data is None:
            data = self._raw(tree)
            self._trees.put(tree, data)
        return data

    def _read_text(self, commit: str) -> str:
        try:
            tree = self._commit(commit).tree
            if self.filename not in tree:
                return ""
            blob = tree[self.filename]
        except (KeyError, pygit2.GitError) as problem:
            _assert_readable()
            raise RepositoryError(f"{self.path}: {commit} cannot be read: {problem}") from problem
        if not isinstance(blob, pygit2.Blob):
            raise RepositoryError(f"{self.filename} at {commit} is not a file")
        try:
            return blob.data.decode()
        except UnicodeDecodeError as problem:
            raise RepositoryError(f"{self.filename} at {commit} is not UTF-8 text") from problem

    def _walk(self, head: str, *since: str) -> Iterator[pygit2.Commit]:
        walker = self._git.walk(pygit2.Oid(hex=head), SortMode.TOPOLOGICAL)
        for commit in since:
            walker.hide(pygit2.Oid(hex=commit))
        return iter(walker)


class _RecentTrees:
    """The bytes of the trees that were used last, by id."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}

    def get(self, tree: str) -> bytes | None:
        return self._data.get(tree)

    def put(self, tree: str, data: bytes) -> None:
        self._data.pop(tree, None)
        self._data[tree] = data
        if len(self._data) > _TREES_MAX:
            del self._data[next(iter(self._data))]


class _StagedObjects:
    """What a batch adds to the pending objects."""

    def __init__(self, pending: PendingObjects) -> None:
        self.items: list[GitObject] = []
        self._pending = pending

    def add(self, item: GitObject, base: Callable[[], bytes] | None = None) -> str:
        """Add an object; see `PendingObjects.add`. Return its id."""
        if self._pending.add(item, base):
            self.items.append(item)
        return item.id


class _PendingObjectsBackend(pygit2.OdbBackend):
    """Lets libgit2 read the pending objects, and stages the objects that libgit2 writes.

    libgit2 holds it, so it must not hold the `Repository`: no collector sees through C.
    """

    def __init__(self, objects: PendingObjects, staged: _StagedObjects) -> None:
        super().__init__()
        self._objects = objects
        self._staged = staged

    def exists_cb(self, oid: pygit2.Oid) -> bool:
        return str(oid) in self._objects

    def read_cb(self, oid: pygit2.Oid) -> tuple[int, bytes]:
        found = self._objects.find(str(oid))
        if found is None:
            raise KeyError(oid)
        return found.kind, self._objects.data(found.id)

    def read_header_cb(self, oid: pygit2.Oid) -> tuple[int, int]:
        kind, data = self.read_cb(oid)
        return kind, len(data)

    def read_prefix_cb(self, oid: pygit2.Oid) -> tuple[int, bytes, pygit2.Oid]:
        """Called for full ids too; abbreviated ids are never looked up."""
        return *self.read_cb(oid), oid

    def exists_prefix_cb(self, oid: pygit2.Oid) -> pygit2.Oid:
        if str(oid) not in self._objects:
            raise KeyError(oid)
        return oid

    def write_cb(self, _: pygit2.Oid, data: bytes, kind: int) -> None:
        self._staged.add(git_objects.new_object(Kind(kind), data))

    def refresh_cb(self) -> None:
        """There is nothing to refresh."""


def _assert_readable() -> None:
    """Raise an OSError if files cannot be opened now: then libgit2 calls what is there missing."""
    os.close(os.open(os.devnull, os.O_RDONLY))


def _author_name(commit: pygit2.Commit) -> str:
    """Return a commit's author, whatever encoding the commit claims."""
    return _signature(commit.author).name


def _signature(found: pygit2.Signature) -> Signature:
    """Return a signature with a clean name, whatever encoding it claims."""
    name = clean_name(found.raw_name.decode(errors="replace")) or "somebody"
    return Signature(name, found.raw_email.decode(errors="replace"), float(found.time))


def _trailers(commit: pygit2.Commit) -> dict[str, str]:
    """Return a commit's trailers; unreadable ones are ignored, as our own are ASCII."""
    try:
        return dict(commit.message_trailers)
    except (LookupError, UnicodeError):
        return {}


def _changed_paths(before: pygit2.Tree, after: pygit2.Tree) -> set[str]:
    """Return the paths that differ."""
    deltas = before.diff_to_tree(after).deltas
    return {file.path for delta in deltas for file in (delta.old_file, delta.new_file)}


def _in_bytes(
    before: str, after: bytes, splices: Sequence[Splice] | None
) -> tuple[list[tuple[int, int, bytes]], int]:
    """Return the splices from `before` to `after` in bytes, and the length of `before` in bytes."""
    if splices is not None and before.isascii() and after.isascii():
        return [(at, deleted, inserted.encode()) for at, deleted, inserted in splices], len(before)
    encoded = before.encode()
    return [git_objects.splice_between(encoded, after)], len(encoded)


def _assert_off_loop() -> None:
    """Fail on the thread of an event loop: libgit2 blocks, and no detector notices."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise AssertionError("Git work on the event loop's thread")

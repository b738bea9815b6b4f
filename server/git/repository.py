"""A document's bare Git repository, read through libgit2.

Three layers lie over each other, and what is above counts:

    staged     what a batch of edits adds (`commit`, `move`); `staged` hands it out as one entry
    journaled  what the journal has and the disk not yet (`confirm`, `replay`); `unwritten` hands
               it out for a checkpoint, and `written` says that it is on disk now
    disk       the bare repository, or nothing: a document that was only looked at leaves nothing

The upper two are in memory. A ref stands, for one `Repository`, where it stood when it was first
read: an entry says which commits its author knew of.

A commit is named by its 40 hexadecimal digits. The repository knows no message, session or merge.
All of it blocks, so it refuses to run on an event loop's thread.

Errors::

    RepositoryError    the repository on disk cannot be used as this document's
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import pygit2
from pygit2.enums import MergeFlag, SortMode

from merge.splices import Splice
from server.core.commit_store import OtherFiles
from server.core.git_model import MASTER, Signature
from server.core.names import clean_name
from server.git import objects as git_objects
from server.git.changes import Entry, Log, RefMove
from server.git.objects import GitObject, Kind
from server.git.pending_objects import NewObjects
from server.git.text_cache import Texts

# Enough for a few dozen versions of an ordinary document, where nobody says how much.
_CACHED_CHARACTERS_MAX = 8 * 2**20


class RepositoryError(Exception):
    """The repository on disk is not one that this document can be kept in."""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What the journal has up to `position` and the repository on disk lacks."""

    position: int
    objects: tuple[GitObject, ...]
    moves: tuple[RefMove, ...]


class Repository:
    """The repository at `path`, which holds its document's text in the file `filename`.

    Args:
        path: the bare repository, or where it will be.
        filename: of the text.
        log: what the journal has; read before this is made, or a checkpoint could come in between.
        texts: where texts are kept decoded.
    """

    def __init__(
        self, path: Path, filename: str, log: Log | None = None, texts: Texts | None = None
    ) -> None:
        _assert_off_loop()
        self.path = path
        self.filename = filename
        self.position = 0
        self._texts = texts or Texts(_CACHED_CHARACTERS_MAX)
        self._new = NewObjects()
        self._staged: list[GitObject] = []
        self._staged_moves: dict[str, RefMove] = {}
        self._journaled_moves: dict[str, RefMove] = {}
        self._read_heads: dict[str, str | None] = {}
        self._git = self._open()
        if log:
            self.replay(log)

    def _open(self) -> pygit2.Repository:
        """The repository on disk, or one in memory while there is none, under the new objects."""
        try:
            git = pygit2.Repository(str(self.path)) if self.is_on_disk else _memory_repository()
        except pygit2.GitError as problem:
            raise RepositoryError(f"{self.path} is not a Git repository: {problem}") from problem
        git.odb.add_backend(_NewObjectsBackend(self._new, self._stage), 100)
        return git

    @property
    def is_on_disk(self) -> bool:
        """Whether anything was ever written to disk."""
        return self.path.is_dir()

    @property
    def size(self) -> int:
        """About how many bytes of memory what is not on disk takes."""
        return self._new.size

    # --- reading; what is staged counts

    def head(self, ref: str) -> str | None:
        """The commit that `ref` names, or None."""
        _assert_off_loop()
        move = self._staged_moves.get(ref) or self._journaled_moves.get(ref)
        return move.new if move else self._stored_head(ref)

    def heads(self, prefix: str) -> dict[str, str]:
        """All refs that start with `prefix`, without it, and their commits."""
        _assert_off_loop()
        stored = self._git.references.iterator() if self.is_on_disk else iter(())
        heads = {
            ref.name: head
            for ref in stored
            if ref.name.startswith(prefix) and (head := self._stored_head(ref.name))
        }
        for move in (*self._journaled_moves.values(), *self._staged_moves.values()):
            if move.new is None:
                heads.pop(move.name, None)
            elif move.name.startswith(prefix):
                heads[move.name] = move.new
        return {name.removeprefix(prefix): commit for name, commit in heads.items()}

    def knows(self, commit: str) -> bool:
        """Whether `commit` is the full id of a commit that is stored or staged here."""
        _assert_off_loop()
        if not self._git.path and self.is_on_disk:
            self._git = self._open()  # a push has made it
        new = self._new.find(commit)
        return new.kind == Kind.COMMIT if new else self._lookup(commit) is not None

    def text(self, commit: str) -> str:
        """The document's text at `commit`; the empty text where the commit lacks the file.

        Raises:
            RepositoryError: the commit is missing, or its file is not UTF-8 text.
        """
        _assert_off_loop()
        cached = self._texts.get(str(self.path), commit)
        if cached is not None:
            return cached
        text = self._read_text(commit)
        self._texts.put(str(self.path), commit, text)
        return text

    def time(self, commit: str) -> float:
        """When the commit was made (Unix time in seconds)."""
        _assert_off_loop()
        return float(self._commit(commit).commit_time)

    def author_name(self, commit: str) -> str:
        """The display name of who wrote the commit."""
        _assert_off_loop()
        return _shown_name(self._commit(commit))

    def contains(self, head: str, commit: str) -> bool:
        """Whether `commit` is `head` or one of its ancestors."""
        _assert_off_loop()
        return head == commit or self._git.descendant_of(head, commit)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits, or None."""
        _assert_off_loop()
        base: pygit2.Oid | None = self._git.merge_base(one, other)
        return None if base is None else str(base)

    def has_one_base(self, one: str, other: str) -> bool:
        """Whether the best common ancestor of two commits is the only one.

        It is not where two branches have merged each other, so that neither knew the other's merge.
        """
        _assert_off_loop()
        best = self.merge_base(one, other)
        own = {commit.id: commit.parent_ids for commit in self._walk(other, one)}
        met = {parent for parents in own.values() for parent in parents if parent not in own}
        return best is None or all(self.contains(best, str(parent)) for parent in met)

    def trailers(self, commit: str) -> dict[str, str]:
        """The `Key: value` lines that end the commit's message."""
        _assert_off_loop()
        return _trailers(self._commit(commit))

    def authors(self, head: str, since: str, limit: int) -> dict[str, str]:
        """Names by e-mail of those who wrote what `head` has and `since` lacks, latest first.

        Looks at `limit` commits at most.
        """
        _assert_off_loop()
        commits = islice(self._walk(head, since), limit)
        return {_email(c): _shown_name(c) for c in commits if len(c.parents) < 2}

    def find(self, head: str, trailers: Mapping[str, str], limit: int) -> str | None:
        """The latest of `limit` commits from `head` back that carries all these trailers."""
        _assert_off_loop()
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
        change: Sequence[Splice] | None = None,
        files: str | None = None,
    ) -> str:
        """Stage a commit of `text`.

        Args:
            text: of the document.
            parents: the first one's text comes before.
            author: who wrote it.
            committer: who commits it.
            message: what it says.
            change: what makes the text of the first parent's, where that is known.
            files: a tree with all other files; None: they are those of the first parent.

        Returns:
            The new commit's id.
        """
        _assert_off_loop()
        if files is not None:
            before = self._raw(files)
        else:
            before = self._tree(parents[0]) if parents else b""
        blob = self._stage_text(text, parents, change)
        tree = self._stage(
            git_objects.new_object(Kind.TREE, git_objects.tree_with(before, self.filename, blob))
        )
        commit = self._stage(git_objects.new_commit(tree, parents, author, committer, message))
        self._texts.put(str(self.path), commit, text)
        return commit

    def merge_files(self, base: str, ours: str, theirs: str) -> OtherFiles:
        """Merge all files but the document's, which stays as it is in `ours`.

        A file that both sides changed is in dispute as a whole: nobody looks into it, whatever its
        size.

        Args:
            base: the commit that both go on from.
            ours: one commit.
            theirs: the other commit.
        """
        _assert_off_loop()
        fork, tree, other = (self._commit(commit).tree for commit in (base, ours, theirs))
        changed = _changed(fork, tree) & _changed(fork, other) - {self.filename}
        if changed:
            return OtherFiles("", tuple(sorted(changed)))
        merged = self._git.merge_trees(fork, tree, other, flags=MergeFlag(0))
        in_dispute = {next(filter(None, sides)).path for sides in merged.conflicts or ()}
        disputed = tuple(sorted(in_dispute - {self.filename}))
        if disputed:
            return OtherFiles("", disputed)
        if in_dispute:
            del merged.conflicts[self.filename]
            text = tree[self.filename]
            merged.add(pygit2.IndexEntry(self.filename, text.id, text.filemode))
        return OtherFiles(str(merged.write_tree(self._git)))

    def _stage_text(
        self, text: str, parents: Sequence[str], change: Sequence[Splice] | None
    ) -> str:
        """Stage a text, as a delta of the first parent's where that is a gain."""
        whole = git_objects.new_object(Kind.BLOB, text.encode())
        base = self._blob(parents[0]) if parents else None
        if base is None or base == whole.id or not self._new.takes_delta_of(base):
            return self._stage(whole)
        before = self.text(parents[0])
        splices, length = _in_bytes(before, whole.data, change)
        delta = git_objects.as_delta(whole, base, length, splices)
        return self._stage(delta or whole, before.encode)

    def _stage(self, item: GitObject, base: Callable[[], bytes] | None = None) -> str:
        if self._new.add(item, base):
            self._staged.append(item)
        return item.id

    def move(self, ref: str, commit: str | None) -> None:
        """Stage that `ref` names `commit` from now on (None: that it is deleted)."""
        _assert_off_loop()
        earlier = self._staged_moves.get(ref)
        self._staged_moves[ref] = RefMove(ref, earlier.old if earlier else self.head(ref), commit)

    def staged(self, document: str) -> Entry | None:
        """Everything staged since the last `confirm`, or None where nothing must be stored."""
        moves = tuple(move for move in self._staged_moves.values() if move.old != move.new)
        if not moves:
            return None
        return Entry(document, tuple(self._staged), moves)

    def forget_texts(self) -> None:
        """Give back the memory that the texts of recent commits take."""
        self._texts.drop(str(self.path))

    # --- journaled: in memory, and durable

    def confirm(self, position: int) -> None:
        """What is staged is in the journal now, at this position."""
        _assert_off_loop()
        moves = tuple(self._staged_moves.values())
        self._staged.clear()
        self._staged_moves.clear()
        self._note(moves)
        self.position = position

    def replay(self, log: Log) -> None:
        """Take in entries of the journal. What is on disk already does no harm."""
        _assert_off_loop()
        for entry in log.entries:
            for item in entry.objects:
                self._new.add(item, partial(self._raw, item.base or ""))
            self._note(entry.moves)
        self.position = log.position

    def _note(self, moves: Iterable[RefMove]) -> None:
        for move in moves:
            earlier = self._journaled_moves.get(move.name)
            old = earlier.old if earlier else move.old
            self._journaled_moves[move.name] = RefMove(move.name, old, move.new)

    @property
    def has_unwritten(self) -> bool:
        """Whether the journal has anything that the disk lacks."""
        return bool(self._journaled_moves)

    def unwritten(self) -> Unwritten | None:
        """What a checkpoint has to write, or None. Nothing may be staged."""
        assert not self.staged(""), "a checkpoint in the middle of a batch"
        if not self._journaled_moves:
            return None
        moves = tuple(self._journaled_moves.values())
        return Unwritten(self.position, self._new.all(), moves)

    def written(self, unwritten: Unwritten) -> None:
        """This is on disk now."""
        _assert_off_loop()
        self._new.drop(item.id for item in unwritten.objects)
        for move in unwritten.moves:
            self._read_heads[move.name] = move.new
            since = self._journaled_moves.pop(move.name, move)
            if since.new != move.new:
                self._journaled_moves[move.name] = RefMove(move.name, move.new, since.new)
        self._git = self._open()

    def release(self, position: int = 0) -> None:
        """What is staged is on disk already, at this position."""
        self.confirm(position)
        unwritten = self.unwritten()
        if unwritten:
            self.written(unwritten)

    def outside_head(self) -> str | None:
        """What somebody made of `master` on disk that the journal knows nothing of, if anything.

        Whoever asks takes it in: from now on `master` may move over it.
        """
        _assert_off_loop()
        known, found = self._journaled_moves.get(MASTER), self._stored_head(MASTER)
        if known is None or found in (None, known.old, known.new):
            return None
        self._journaled_moves[MASTER] = RefMove(MASTER, found, known.new)
        heads = self.heads("refs/heads/").values()
        return None if any(self.contains(head, found) for head in heads) else found

    # --- libgit2's objects stay below this line

    def _stored_head(self, ref: str) -> str | None:
        if ref not in self._read_heads:
            found = self._git.references.get(ref) if self.is_on_disk else None
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

    def _raw(self, id: str) -> bytes:
        """An object's bytes."""
        if id in self._new:
            return self._new.data(id)
        try:
            data: bytes = self._git.read(id)[1]
        except (KeyError, pygit2.GitError):
            raise RepositoryError(f"{self.path} lacks the object {id}") from None
        return data

    def _tree(self, commit: str) -> bytes:
        """The bytes of a commit's tree."""
        return self._raw(git_objects.tree_of(self._raw(commit)))

    def _blob(self, commit: str) -> str | None:
        """The id of the text's blob at a commit."""
        return git_objects.find_in_tree(self._tree(commit), self.filename)

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


class _NewObjectsBackend(pygit2.OdbBackend):
    """Lets libgit2 see the new objects, over those on disk, and stages what it makes itself."""

    def __init__(self, objects: NewObjects, stage: Callable[[GitObject], str]) -> None:
        super().__init__()
        self._objects = objects
        self._stage = stage

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
        """Called for full ids too; abbreviated ones are nobody's here."""
        return *self.read_cb(oid), oid

    def exists_prefix_cb(self, oid: pygit2.Oid) -> pygit2.Oid:
        if str(oid) not in self._objects:
            raise KeyError(oid)
        return oid

    def write_cb(self, _: pygit2.Oid, data: bytes, kind: int) -> None:
        self._stage(git_objects.new_object(Kind(kind), data))

    def refresh_cb(self) -> None:
        """Nothing to read again."""


def _shown_name(commit: pygit2.Commit) -> str:
    """Who wrote a commit, whatever encoding it claims to have."""
    raw: bytes = commit.author.raw_name
    return clean_name(raw.decode(errors="replace")) or "somebody"


def _email(commit: pygit2.Commit) -> str:
    raw: bytes = commit.author.raw_email
    return raw.decode(errors="replace")


def _trailers(commit: pygit2.Commit) -> dict[str, str]:
    """Those of our own commits are ASCII; what cannot be read is none of them."""
    try:
        return dict(commit.message_trailers)
    except (LookupError, UnicodeError):
        return {}


def _changed(before: pygit2.Tree, after: pygit2.Tree) -> set[str]:
    """The paths that differ."""
    deltas = before.diff_to_tree(after).deltas
    return {file.path for delta in deltas for file in (delta.old_file, delta.new_file)}


def _in_bytes(
    before: str, after: bytes, change: Sequence[Splice] | None
) -> tuple[list[tuple[int, int, bytes]], int]:
    """What makes `after` of a text, in bytes; and how many bytes that text has."""
    if change is not None and before.isascii() and after.isascii():
        return [(at, deleted, inserted.encode()) for at, deleted, inserted in change], len(before)
    encoded = before.encode()
    return [git_objects.splice_between(encoded, after)], len(encoded)


def _memory_repository() -> pygit2.Repository:
    """A repository without a place on disk."""
    git = pygit2.Repository()
    git.set_odb(pygit2.Odb())
    return git


def _assert_off_loop() -> None:
    """libgit2 blocks and no detector sees it; so this module looks itself."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise AssertionError("Git work on the event loop's thread")

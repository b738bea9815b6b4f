"""The history of a repository without a text, or without what is old.

A text is replaced in commits, other files, messages, names and tags; of what is old nothing is left
but what takes its place. Commits are read with their parents first. Only the first one that changes
and those that follow it become new objects: texts as deltas of the text before, as in the old
history. (`git filter-repo` loses these chains, which makes a repository three times as large.)
Nothing is written. Blocks.
"""

import os
import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import count
from pathlib import Path
from subprocess import PIPE, Popen

import pygit2

from merge.diff_splices import diff_splices
from server.core.git_model import (
    AUTHORSHIP,
    BRANCHES,
    CLIENTS,
    INTERNAL,
    MASTER,
    NOTES,
    RESTORES,
    REVISION,
    SINCE,
    TAGS,
    UNMERGED,
    VERSIONS,
)
from server.core.history.window import Person, Window
from server.git import objects as git_objects
from server.git.objects import GitObject, Kind
from server.git.pending_objects import PendingObjects
from server.git.process import ENVIRONMENT, GitError, git

_FOLDER, _LINK = b"40000", b"160000"
_TRAILERS = f"{REVISION}|{RESTORES}|{SINCE}".encode()
_NAMED_REVISION = re.compile(rb"^(%b): ([0-9a-f]{40})(\n|\Z)" % _TRAILERS, re.MULTILINE)
_PARENT = re.compile(rb"^parent (.{40})$", re.MULTILINE)
PEOPLE = (b"author ", b"committer ", b"tagger ")
_PREFIXES = (CLIENTS, UNMERGED, BRANCHES, TAGS, NOTES)
_RESERVED_REFS = (MASTER, VERSIONS)
_OWN_TRAILER = re.compile(rb"(Revision|Restores|Since|Began|Steps|Kind|Client|Seq): ")
_LINES_MAX = 100_000  # with beginnings
_BEGINNING_MIN = 3  # letters, where nothing stands before the text on its line
_RECENT_MAX = 64  # objects whose bytes are kept


def objects_that(repository: Path, hold: Callable[[bytes, bytes], bool]) -> Iterator[str]:
    """Yield the objects for which a function of their kind and bytes is true."""
    command = ("git", "-c", "safe.directory=*", f"--git-dir={repository}", "cat-file", "--batch")
    options = ("--batch-all-objects", "--unordered", "--buffer")
    with Popen((*command, *options), env=ENVIRONMENT, stdout=PIPE) as program:
        assert program.stdout is not None
        for line in program.stdout:
            id, kind, size = line.split()
            data = program.stdout.read(int(size))
            program.stdout.read(1)
            if hold(kind, data):
                yield id.decode()
    if program.returncode:
        raise GitError(f"git cat-file failed in {repository}")


def _names_in(tree: bytes) -> bytes:
    return b"\n".join(name for _, name, _ in git_objects.entries(tree))


class Replaced:
    """A text, and what replaces it.

    Where people typed it letter by letter, earlier texts have its beginning only. So a line that
    is the same as one with the text, but for the end of the text, is replaced by that line, too.

    Args:
        text: the text.
        by: what replaces it.
    """

    def __init__(self, text: str, by: str) -> None:
        lf = text.replace("\r\n", "\n")
        variants = dict.fromkeys((text, lf, lf.replace("\n", "\r\n")))
        self._whole = [variant.encode() for variant in variants]
        self._texts = list(variants)
        self._by = by
        self._lines: dict[bytes, bytes] = {}

    def learn_lines(self, data: bytes) -> None:
        """Find out from a text of the document what lines with its beginnings look like."""
        [text, *others] = self._whole
        if others or text not in data or len(self._lines) > _LINES_MAX:
            return
        characters = text.decode()
        for line in data.split(b"\n"):
            before, found, after = line.partition(text)
            if not found or after.count(text):
                continue
            least = 1 if before.strip() else _BEGINNING_MIN
            for length in range(least, len(characters)):
                beginning = before + characters[:length].encode() + after
                self._lines[beginning] = before + self._by.encode() + after

    def is_whole_in(self, data: bytes) -> bool:
        """Whether the text is in these bytes."""
        return any(text in data for text in self._whole)

    def is_in(self, data: bytes) -> bool:
        """Whether the text, or a line with its beginning, is in these bytes."""
        return self.is_whole_in(data) or not self._lines.keys().isdisjoint(data.split(b"\n"))

    def in_bytes(self, data: bytes) -> bytes:
        """Return these bytes, such as a message or a name, without the text."""
        for text in self._whole:
            data = data.replace(text, self._by.encode())
        return data

    def in_content(self, data: bytes) -> bytes:
        """Return the content of a file without the text, and without its beginnings."""
        data = self.in_bytes(data)
        if self._lines.keys().isdisjoint(lines := data.split(b"\n")):
            return data
        return b"\n".join(self._lines.get(line, line) for line in lines)

    def in_message(self, message: bytes) -> bytes:
        """Return a message without the text, but with its trailers as they are."""
        lines = message.split(b"\n")
        return b"\n".join(
            line if _OWN_TRAILER.match(line) else self.in_bytes(line) for line in lines
        )

    def in_string(self, text: str) -> str:
        """Return a name without the text."""
        return self.in_bytes(text.encode()).decode()

    def in_ref(self, ref: str, taken: Container[str]) -> str:
        """Return the name of a branch or tag without the text, and unlike those that are taken."""
        prefix = next((it for it in _PREFIXES if ref.startswith(it)), "")
        name = ref.removeprefix(prefix)
        if not prefix or ref in _RESERVED_REFS or not self.is_whole_in(os.fsencode(name)):
            return ref
        for text in self._texts:
            name = name.replace(text, "removed")
        names = (f"{prefix}{name}{f'-{number}' if number > 1 else ''}" for number in count(1))
        return next(name for name in names if name not in taken)


@dataclass(frozen=True, slots=True)
class Cut:
    """Old commits that are dropped with all their ancestors, and what takes their place.

    Attributes:
        newest: the newest of them.
        parents: by each dropped commit, what those that follow it have as their parent instead.
        equals: by some dropped commits, the new one that stands for it: refs and messages that name
            it name that. Those of the others are dropped, too.
        objects: the new ones.
        record: the objects of the first record of who wrote what, its commit last.
    """

    newest: tuple[str, ...] = ()
    parents: Mapping[str, str] = field(default_factory=dict)
    equals: Mapping[str, str] = field(default_factory=dict)
    objects: tuple[GitObject, ...] = ()
    record: tuple[GitObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new history.

    Attributes:
        found: the number of objects that held the text.
        objects: the new ones; a delta comes after its base.
        refs: the commits and tags, by name of the ref.
        commits: the new ones of the commits that were rewritten, by the old ones, in order.
    """

    found: int
    objects: tuple[GitObject, ...]
    refs: dict[str, str]
    commits: dict[str, str]


class Rewriting:
    """Rewrites the history of one repository, which nobody changes meanwhile.

    Args:
        repository: the bare repository.
        filename: the name of the document's file.
        replaced: a text that is replaced everywhere.
        cut: what is dropped.
    """

    def __init__(
        self,
        repository: Path,
        filename: str,
        replaced: Replaced | None = None,
        cut: Cut | None = None,
    ) -> None:
        self._path = repository
        self._git = pygit2.Repository(str(repository))
        self._filename = filename.encode()
        self._replaced = replaced
        self._cut = cut or Cut()
        self._holding: set[str] = set()
        self._new: dict[str, str] = {}  # by the old id, of each object that has another one now
        self._pending = PendingObjects()
        self._recent: dict[str, bytes] = {}

    def run(self) -> Rewritten:
        """Return the new history."""
        if self._replaced:
            self._find_text(self._replaced)
        for item in (*self._cut.objects, *self._cut.record):
            self._pending.add(item)
        kept = ("--all", "--not", *self._cut.newest)
        commits = self._ordered(self._listed(f"--exclude={INTERNAL}*", *kept))
        for commit in commits:
            self._rewrite(commit, self._new_commit)
        changed = {commit: self._new[commit] for commit in commits if commit in self._new}
        old = dict(self._refs())
        refs: dict[str, str] = {}
        for name, id in old.items():
            taken = {*old, *refs}
            refs[self._replaced.in_ref(name, taken) if self._replaced else name] = id
        return Rewritten(len(self._holding), self._pending.all(), refs, changed)

    def _find_text(self, replaced: Replaced) -> None:
        """Find the objects that hold the text, and those that hold its beginning."""

        def hold(kind: bytes, data: bytes) -> bool:
            if kind == b"blob":
                replaced.learn_lines(data)
                return replaced.is_whole_in(data)
            return replaced.is_whole_in(_names_in(data) if kind == b"tree" else data)

        self._holding = set(objects_that(self._path, hold))
        self._holding |= set(
            objects_that(self._path, lambda kind, data: kind == b"blob" and replaced.is_in(data))
        )

    def _listed(self, *which: str) -> list[str]:
        """Return commits, parents first."""
        return git(self._path, "rev-list", "--topo-order", "--reverse", *which).decode().split()

    def _ordered(self, commits: list[str]) -> list[str]:
        """Return commits, each after its parents and the revision that its message names."""
        known = set(commits)
        before = {}
        for commit in commits:
            header, _, message = self._read(commit).partition(b"\n\n")
            named = [found[2] for found in _NAMED_REVISION.finditer(message)]
            before[commit] = {id.decode() for id in (*named, *_PARENT.findall(header))} & known
        return list(TopologicalSorter(before).static_order())

    def _refs(self) -> Iterator[tuple[str, str]]:
        listed = git(self._path, "for-each-ref", "--format=%(objectname) %(objecttype) %(refname)")
        for line in listed.decode(errors="surrogateescape").splitlines():
            id, kind, name = line.split(" ", 2)
            if name == AUTHORSHIP:
                yield from ((name, record) for record in self._new_record(id))
                continue
            if name.startswith(INTERNAL):
                continue
            target = self._target_of(id) if kind == "tag" else id
            if self._new_id(target) is None:
                continue
            if kind == "tag":
                self._rewrite(id, self._new_tag)
            yield name, self._new_id(id) or id

    def _target_of(self, tag: str) -> str:
        return self._read(tag)[7:47].decode()

    def _new_id(self, id: str) -> str | None:
        """Return the object that stands for an old one; None if it was dropped."""
        if id in self._cut.parents:
            return self._cut.equals.get(id)
        return self._new.get(id, id)

    # --- objects

    def _rewrite(self, id: str, made: Callable[[bytes], GitObject]) -> None:
        """Make the object that replaces one, unless it would be the same."""
        new = made(self._read(id))
        if new.id != id:
            self._pending.add(new)
            self._new[id] = new.id

    def _new_commit(self, commit: bytes) -> GitObject:
        """Return a commit with a new tree, new parents and a new message."""
        header, _, message = commit.partition(b"\n\n")
        tree, *lines = header_lines(header)
        parents = [line[7:].decode() for line in lines if line.startswith(b"parent ")]
        new_parents = list(dict.fromkeys(map(self._new_parent, parents)))
        new_tree = self._new_tree(tree[5:].decode(), next(iter(new_parents), None))
        kept = [
            self._new_person(line) if line.startswith(PEOPLE) else line
            for line in lines
            if not line.startswith(b"parent ")
        ]
        named = [f"parent {parent}".encode() for parent in new_parents]
        lines = [f"tree {new_tree}".encode(), *named, *kept]
        content = b"\n".join([*lines, b"", self._new_message(message)])
        if content.replace(b"\0", b"\n ") == commit:
            return git_objects.new_object(Kind.COMMIT, commit)
        unsigned = [line for line in lines if not line.startswith(b"gpgsig")]
        content = b"\n".join([*unsigned, b"", self._new_message(message)])
        return git_objects.new_object(Kind.COMMIT, content.replace(b"\0", b"\n "))

    def _new_parent(self, id: str) -> str:
        return self._cut.parents.get(id) or self._new.get(id, id)

    def _new_tag(self, tag: bytes) -> GitObject:
        """Return a tag of a new commit, with a new message."""
        header, _, message = tag.partition(b"\n\n")
        target, *lines = header.split(b"\n")
        id = target[7:].decode()
        kept = [
            self._without(line)
            if line.startswith(b"tag ")
            else self._new_person(line)
            if line.startswith(PEOPLE)
            else line
            for line in lines
        ]
        new_target = f"object {self._new_id(id)}".encode()
        content = b"\n".join([new_target, *kept, b"", self._new_message(message)])
        return git_objects.new_object(Kind.TAG, content)

    def _new_person(self, line: bytes) -> bytes:
        """Return the line of an author, committer or tagger; its time stays."""
        person, end, time = line.rpartition(b">")
        return self._without(person) + end + time

    def _new_message(self, message: bytes) -> bytes:
        replaced = self._replaced.in_message(message) if self._replaced else message
        return with_revisions(replaced, self._new_id)

    def _new_tree(self, tree: str, near: str | None) -> str:
        """Return the tree without the text; a text becomes a delta of that of the commit `near`."""
        if tree in self._new:
            return self._new[tree]
        data = self._read(tree)
        entries = [
            (mode, self._new_filename(name), self._new_entry(mode, name, id.hex(), near))
            for mode, name, id in git_objects.entries(data)
        ]
        new = git_objects.new_tree(entries)
        if new.id != tree:
            self._pending.add(new)
            self._new[tree] = new.id
        return new.id

    def _new_filename(self, name: bytes) -> bytes:
        return name if name == self._filename else self._without(name)

    def _new_entry(self, mode: bytes, name: bytes, id: str, near: str | None) -> str:
        if mode == _FOLDER:
            return self._new_tree(id, None)
        if mode == _LINK or id not in self._holding:
            return id
        if id not in self._new:
            assert self._replaced, "nothing else holds it"
            content = self._replaced.in_content(self._read(id))
            whole = git_objects.new_object(Kind.BLOB, content)
            base = self._text_in(near) if near and name == self._filename else None
            self._add_text(whole, base)
            self._new[id] = whole.id
        return self._new[id]

    def _text_in(self, commit: str) -> str | None:
        """Return the id of the text of a new commit."""
        tree = self._read(git_objects.tree_of(self._read(commit)))
        return git_objects.find_in_tree(tree, self._filename.decode())

    def _add_text(self, whole: GitObject, base: str | None) -> None:
        delta = None
        if base and base != whole.id and self._pending.takes_delta_of(base):
            before = self._read(base)
            splice = git_objects.splice_between(before, whole.data)
            delta = git_objects.as_delta(whole, base, len(before), [splice])
        self._pending.add(delta or whole, lambda: self._read(base or ""))
        self._remember(whole.id, whole.data)

    def _without(self, data: bytes) -> bytes:
        return self._replaced.in_bytes(data) if self._replaced else data

    # --- the record of who wrote what

    def _new_record(self, head: str) -> list[str]:
        """Return the head of the record for the new texts, as a list; none if nothing is left."""
        last = [item.id for item in self._cut.record[-1:]]
        for commit in self._listed(head):
            raw = self._read(commit)
            window = Window.decoded(self._text_at(commit).decode())
            if window is None or (window.steps and self._replaced):
                continue  # the steps since the last version are found again
            sealed, revision = self._new_id(window.sealed), self._new_id(window.revision)
            if sealed is None or revision is None or window.revision in self._cut.parents:
                continue
            if self._replaced:
                self._replace_in_window(window, self._replaced)
            window.sealed, window.revision = sealed, revision
            blob = git_objects.new_object(Kind.BLOB, window.encoded().encode())
            tree = git_objects.new_tree([(b"100644", self._filename, blob.id)])
            for item in (blob, tree):
                self._pending.add(item)
            header, _, message = raw.partition(b"\n\n")
            people = [line for line in header.split(b"\n") if line.startswith(PEOPLE)]
            lines = [f"tree {tree.id}".encode(), *(f"parent {id}".encode() for id in last)]
            content = b"\n".join([*lines, *people, b"", self._new_message(message)])
            new = git_objects.new_object(Kind.COMMIT, content)
            self._pending.add(new)
            last = [new.id]
        return last

    def _replace_in_window(self, window: Window, replaced: Replaced) -> None:
        """Give a window of a version the runs of the new text, which has other lengths."""
        text = self._text_at(window.revision)
        new = replaced.in_content(text)
        window.replace(diff_splices(text.decode(), new.decode()) if new != text else ())
        window.people = [
            Person(replaced.in_string(person.name), replaced.in_string(person.email))
            for person in window.people
        ]

    def _text_at(self, commit: str) -> bytes:
        tree = self._read(git_objects.tree_of(self._read(commit)))
        blob = git_objects.find_in_tree(tree, self._filename.decode())
        return self._read(blob) if blob else b""

    # --- reading

    def _read(self, id: str) -> bytes:
        """Return the bytes of an old or a new object."""
        if id in self._recent:
            return self._recent[id]
        data: bytes = self._pending.data(id) if id in self._pending else self._git.read(id)[1]
        self._remember(id, data)
        return data

    def _remember(self, id: str, data: bytes) -> None:
        self._recent[id] = data
        if len(self._recent) > _RECENT_MAX:
            del self._recent[next(iter(self._recent))]


def with_revisions(message: bytes, new_id: Callable[[str], str | None]) -> bytes:
    """Return a message whose trailers name the new revisions; one without is dropped."""

    def renamed(found: re.Match[bytes]) -> bytes:
        id = new_id(found[2].decode())
        return b"%b: %b%b" % (found[1], id.encode(), found[3]) if id else b""

    return _NAMED_REVISION.sub(renamed, message)


def header_lines(header: bytes) -> list[bytes]:
    """Return the lines of a commit's header; one that goes on, as a signature does, is one."""
    return header.replace(b"\n ", b"\0").split(b"\n")

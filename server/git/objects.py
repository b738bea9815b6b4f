r"""Git's own formats, as pure functions of bytes: objects and their ids, deltas.

    object     a commit, tree or blob; its id is the SHA-1 of "<kind> <length>\0" and its bytes
    delta      an object as copied ranges of another one and inserted bytes: a word typed into
               20 KB is 30 bytes

Formats: gitformat-pack(5), git-commit-tree(1). Nothing here touches a repository. Whatever stores
an object computes its id again, so it refuses what a bug here would damage.
"""

import hashlib
from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import product

import msgspec

from merge.tokens import equal_prefix, equal_suffix
from server.core.commit_store import Tag
from server.core.git_model import Signature

_ID_BYTES = 20  # in a tree
_COPY_MAX = 0xFFFFFF
_INSERT_MAX = 0x7F
# The first byte of a copy command, by which of its arguments' seven bytes are not zero.
_IS_SET = bytes([0] + [1] * 255)
_COPY_CODES = {
    bytes(are_set): bytes([0x80 | sum(bit << place for place, bit in enumerate(are_set))])
    for are_set in product((0, 1), repeat=7)
}
# A text is stored whole if more than this share of it is inserted: it compresses better.
_DELTA_SHARE = 0.6

# The longest chain of deltas of a text, and of a commit. Git needs the first as a setting: its
# default of 50 takes the chains apart and doubles the history.
DELTA_DEPTH_MAX = 1000
_COMMIT_DEPTH_MAX = 40


class Kind(IntEnum):
    """Git's numbers for the types of objects."""

    COMMIT = 1
    TREE = 2
    BLOB = 3
    TAG = 4


_NAMES = {kind: kind.name.lower().encode() for kind in Kind}


class GitObject(msgspec.Struct, frozen=True):
    """An object: its id (40 hexadecimal digits), its type, and its bytes without the header.

    With a `base`, `data` is a delta that applies to the bytes of the object of that id.
    """

    id: str
    kind: int
    data: bytes
    base: str | None = None


# --- objects


def new_object(kind: Kind, data: bytes) -> GitObject:
    """Return an object with its id."""
    digest = hashlib.sha1(b"%b %d\0" % (_NAMES[kind], len(data)), usedforsecurity=False)
    digest.update(data)
    return GitObject(digest.hexdigest(), kind, data)


def new_commit(
    tree: str, parents: Sequence[str], author: Signature, committer: Signature, message: str
) -> GitObject:
    """Return a commit, with its times in UTC."""
    parent_lines = "".join([f"parent {parent}\n" for parent in parents])
    content = (
        f"tree {tree}\n{parent_lines}"
        f"author {_signature_line(author)}\n"
        f"committer {_signature_line(committer)}\n"
        f"\n{message}"
    )
    return new_object(Kind.COMMIT, content.encode())


def new_tag(name: str, tag: Tag) -> GitObject:
    """Return an annotated tag of a commit, with its time in UTC."""
    assert tag.tagger, "an annotated tag has a tagger"
    lines = [
        f"object {tag.commit}",
        "type commit",
        f"tag {name}",
        f"tagger {_signature_line(tag.tagger)}",
    ]
    return new_object(Kind.TAG, "\n".join([*lines, "", tag.message]).encode())


def _signature_line(who: Signature) -> str:
    return f"{who.name} <{who.email}> {int(who.time)} +0000"


def tree_with(tree: bytes, filename: str, blob: str) -> bytes:
    """Return a tree with this file replaced or added; its mode and all else stay."""
    name, id = filename.encode(), bytes.fromhex(blob)
    place = _place_in_tree(tree, name)
    if place is not None:
        return tree[:place] + id + tree[place + _ID_BYTES :]
    found = sorted([*entries(tree), (b"100644", name, id)], key=tree_order)
    return b"".join(b"%b %b\0%b" % entry for entry in found)


def new_tree(content: Iterable[tuple[bytes, bytes, str]]) -> GitObject:
    """Return a tree of entries: mode, name and id."""
    found = sorted(((mode, name, bytes.fromhex(id)) for mode, name, id in content), key=tree_order)
    return new_object(Kind.TREE, b"".join(b"%b %b\0%b" % entry for entry in found))


def find_in_tree(tree: bytes, filename: str) -> str | None:
    """Return the id of a tree's entry of this name."""
    place = _place_in_tree(tree, filename.encode())
    return None if place is None else tree[place : place + _ID_BYTES].hex()


def _place_in_tree(tree: bytes, name: bytes) -> int | None:
    """Return the offset of the id of a tree's entry of this name."""
    at = 0
    while at < len(tree):
        end = tree.index(b"\0", at)
        if tree[tree.index(b" ", at) + 1 : end] == name:
            return end + 1
        at = end + 1 + _ID_BYTES
    return None


def entries(tree: bytes) -> Iterable[tuple[bytes, bytes, bytes]]:
    """Yield mode, name and id (20 bytes) of a tree's entries."""
    at = 0
    while at < len(tree):
        end = tree.index(b"\0", at)
        mode, _, name = tree[at:end].partition(b" ")
        at = end + 1 + _ID_BYTES
        yield mode, name, tree[end + 1 : at]


def tree_order(entry: tuple[bytes, bytes, bytes]) -> bytes:
    """Return the sort key of an entry: Git sorts a folder as if its name ended in a slash."""
    mode, name, _ = entry
    return name + b"/" if mode == b"40000" else name


def tree_of(commit: bytes) -> str:
    """Return the id of a commit's tree."""
    return commit[5:45].decode()


def tagged(tag: bytes) -> str:
    """Return the id of the object that a tag names."""
    return tag[7:47].decode()


# --- deltas


def as_delta(
    whole: GitObject,
    base: str,
    length_before: int,
    splices: Iterable[tuple[int, int, bytes]],
) -> GitObject | None:
    """Return the object as a delta of another one, or None if that is not shorter.

    Args:
        whole: the object.
        base: the id of the other one.
        length_before: the length of the other one in bytes.
        splices: those from the other one's bytes to the object's: start, deleted, inserted.
    """
    if not whole.data:
        return None  # a delta to an empty object is too short for Git
    length_max = _DELTA_SHARE * len(whole.data)
    commands: list[bytes] = []
    position = inserted_length = 0
    for start, deleted, inserted in splices:
        inserted_length += len(inserted)
        if inserted_length > length_max:
            return None
        commands += (_copy(position, start - position), _insert(inserted))
        position = start + deleted
    commands.append(_copy(position, length_before - position))
    delta = b"".join((_varint(length_before), _varint(len(whole.data)), *commands))
    return GitObject(whole.id, whole.kind, delta, base)


def splice_between(before: bytes, after: bytes) -> tuple[int, int, bytes]:
    """Return one splice from `before` to `after`: all but the common prefix and suffix."""
    start = equal_prefix(before, after)
    end = equal_suffix(before[start:], after[start:])
    return start, len(before) - end - start, after[start : len(after) - end]


def patched(before: bytes, delta: bytes) -> bytes:
    """Apply a delta."""
    size, at = _read_varint(delta, 0)
    length, at = _read_varint(delta, at)
    assert size == len(before), "a delta of another object"
    parts: list[bytes] = []
    while at < len(delta):
        code = delta[at]
        at += 1
        if code & 0x80:
            start, at = _read_sparse(delta, at, code, 4)
            size, at = _read_sparse(delta, at, code >> 4, 3)
            parts.append(before[start : start + (size or 0x10000)])
        else:
            parts.append(delta[at : at + code])
            at += code
    after = b"".join(parts)
    assert len(after) == length, "a delta that does not fit"
    return after


def length_after(delta: bytes) -> int:
    """Return the length of a delta's result in bytes."""
    _, at = _read_varint(delta, 0)
    return _read_varint(delta, at)[0]


def _copy(start: int, length: int) -> bytes:
    """Return copy commands: which bytes of offset and length are not zero, then those bytes."""
    commands = b""
    while length:
        size = min(length, _COPY_MAX)
        arguments = start.to_bytes(4, "little") + size.to_bytes(3, "little")
        commands += _COPY_CODES[arguments.translate(_IS_SET)] + arguments.replace(b"\0", b"")
        start, length = start + size, length - size
    return commands


def _insert(inserted: bytes) -> bytes:
    if len(inserted) <= _INSERT_MAX:
        return b"%c%b" % (len(inserted), inserted) if inserted else b""
    parts = (inserted[at : at + _INSERT_MAX] for at in range(0, len(inserted), _INSERT_MAX))
    return b"".join([b"%c%b" % (len(part), part) for part in parts])


def _read_sparse(delta: bytes, at: int, present: int, count: int) -> tuple[int, int]:
    value = 0
    for bit in range(count):
        if present >> bit & 1:
            value |= delta[at] << 8 * bit
            at += 1
    return value, at


def _varint(number: int) -> bytes:
    """Encode a number as seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def small_as_deltas(objects: Sequence[GitObject]) -> list[GitObject]:
    """Return the objects, with commits as deltas of earlier commits of the same shape.

    Git would not search for these: objects that are whole in a pack stay whole. Commits of one kind
    differ in ids, times and numbers, each on a line of its own; as deltas they have a third of the
    length.
    """
    smaller: list[GitObject] = []
    like: dict[tuple[int, int], tuple[GitObject, int]] = {}  # by shape: the last commit, its depth
    for item in objects:
        if item.kind != Kind.COMMIT or item.base is not None:
            smaller.append(item)
            continue
        shape = len(item.data.splitlines()), item.data.count(b"\nparent ")
        before, depth = like.get(shape, (item, _COMMIT_DEPTH_MAX))
        delta = None if depth == _COMMIT_DEPTH_MAX else _line_delta(before, item)
        like[shape] = item, depth + 1 if delta else 0
        smaller.append(delta or item)
    return smaller


def _line_delta(before: GitObject, item: GitObject) -> GitObject | None:
    """Return a delta between two objects of the same number of lines."""
    at = 0
    splices = []
    lines = zip(before.data.splitlines(True), item.data.splitlines(True), strict=True)
    for old, new in lines:
        if old != new:
            start, deleted, inserted = splice_between(old, new)
            splices.append((at + start, deleted, inserted))
        at += len(old)
    return as_delta(item, before.id, len(before.data), splices)

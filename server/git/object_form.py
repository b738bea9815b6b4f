"""The form of new objects, checked as `git index-pack --strict` checks it.

What `git fsck` calls an error or, being strict, a warning:

    commit     the lines `tree`, `parent`, `author`, `committer` in this order, each complete; the
               names, addresses and times of people; no NUL
    tree       modes that are numbers; names that are not empty, `.`, `..`, `.git` or a path;
               ids that are not null; the order of names, each once
    tag        the lines `object`, `type`, `tag`, `tagger`
    blob       nothing

Not checked, as the server makes no such name: other spellings of `.git` on some file systems, and
the content of `.gitmodules` and `.gitattributes`. Trees take such entries from pushed commits only,
which Git checks when it receives them.

The caller checks that the objects exist which an object names, and are of the right type.
"""

import re
from collections.abc import Iterator

from server.git.objects import Kind, entries, tree_order

_ID = rb"[0-9a-f]{40}"
_WHO = rb"(?!<)[^<>\n]*(?<= )<[^<>\n]*> (?:0|[1-9][0-9]{0,17}) [+-][0-9]{4}\n"
_REST = rb"(?:[^\0\n]+\n)*(?:\n|\Z)"
_COMMIT = re.compile(
    rb"tree (?P<tree>%b)\n(?P<parents>(?:parent %b\n)*)author %bcommitter %b%b"
    % (_ID, _ID, _WHO, _WHO, _REST)
)
_TAG = re.compile(
    rb"object (?P<object>%b)\ntype (?P<type>commit|tree|blob|tag)\ntag [^\0\n]+\n"
    rb"(?:tagger %b|(?!tagger ))%b" % (_ID, _WHO, _REST)
)
_MODE = re.compile(rb"[1-7][0-7]{4,5}")
_FOLDER, _SUBMODULE = b"40000", b"160000"
_BAD_NAMES = {b"", b".", b"..", b".git", b"git~1"}
_NULL = b"\0" * 20


class FormError(Exception):
    """An object is not as Git wants it."""


def links(kind: int, data: bytes) -> Iterator[tuple[str, Kind]]:
    """Check an object's form; yield ids and types of the objects that it names.

    Raises:
        FormError: Git would refuse it.
    """
    if kind == Kind.COMMIT:
        yield from _links_of_commit(data)
    elif kind == Kind.TREE:
        yield from _links_of_tree(data)
    elif kind == Kind.TAG:
        yield from _links_of_tag(data)


def _links_of_commit(data: bytes) -> Iterator[tuple[str, Kind]]:
    found = _COMMIT.match(data)
    if found is None or b"\0" in data:
        raise FormError("a commit is not as Git wants it")
    yield found["tree"].decode(), Kind.TREE
    for line in found["parents"].splitlines():
        yield line[len(b"parent ") :].decode(), Kind.COMMIT


def _links_of_tree(data: bytes) -> Iterator[tuple[str, Kind]]:
    try:
        found = list(entries(data))
    except ValueError:  # no NUL after a name
        raise FormError("a tree ends in the middle of an entry") from None
    order = [tree_order(entry) for entry in found]
    if sorted(order) != order or len({name for _, name, _ in found}) != len(found):
        raise FormError("a tree has its entries in another order, or a name twice")
    for mode, name, id in found:
        if not _MODE.fullmatch(mode) or len(id) != len(_NULL) or id == _NULL:
            raise FormError("a tree has an entry with a bad mode or id")
        if name.lower() in _BAD_NAMES or b"/" in name:
            raise FormError(f"a tree has an entry with the name {name!r}")
        if mode != _SUBMODULE:
            yield id.hex(), Kind.TREE if mode == _FOLDER else Kind.BLOB


def _links_of_tag(data: bytes) -> Iterator[tuple[str, Kind]]:
    found = _TAG.match(data)
    if found is None:
        raise FormError("a tag is not as Git wants it")
    yield found["object"].decode(), Kind[found["type"].decode().upper()]

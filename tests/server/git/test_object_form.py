"""The form of objects: refused is what `git index-pack --strict` refuses."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from server.core.commit_store import Tag
from server.core.git_model import Signature
from server.git import bare
from server.git.object_form import FormError, links
from server.git.objects import GitObject, Kind, new_commit, new_object, new_tag, new_tree
from server.git.pack import pack
from tests.git import ENVIRONMENT

ANN = Signature("Ann Ümlaut", "ann@example.invalid", 1_700_000_000.0)
BLOB = new_object(Kind.BLOB, b"one\n")
TREE = new_tree([(b"100644", b"notes.txt", BLOB.id)])
COMMIT = new_commit(TREE.id, (), ANN, ANN, "Write\n")
MERGE = new_commit(TREE.id, (COMMIT.id, COMMIT.id), ANN, ANN, "")
TAG = new_tag("first", Tag(COMMIT.id, ANN, "A version\n"))
KNOWN = {item.id: item.kind for item in (BLOB, TREE, COMMIT)}

_WHO = b"Ann <ann@example.invalid> 1700000000 +0000"
_HEAD = b"tree %b\n" % TREE.id.encode()
_AUTHOR, _COMMITTER = b"author " + _WHO + b"\n", b"committer " + _WHO + b"\n"


def _written_by(who: bytes) -> bytes:
    return _HEAD + b"author " + who + b"\n" + _COMMITTER + b"\nWrite\n"


COMMITS = {
    "one": COMMIT.data,
    "a merge": MERGE.data,
    "an encoding": _HEAD + _AUTHOR + _COMMITTER + b"encoding latin1\n\nWrite\n",
    "no message": _HEAD + _AUTHOR + _COMMITTER,
    "no name": _written_by(b" <ann@example.invalid> 1 +0000"),
    "no time": _written_by(b"Ann <a@example.invalid> 0 -0130"),
    "nothing": b"",
    "no tree": _AUTHOR + _COMMITTER + b"\n",
    "a short tree": b"tree 1234\n" + _AUTHOR + _COMMITTER + b"\n",
    "a bad parent": _HEAD + b"parent 1234\n" + _AUTHOR + _COMMITTER + b"\n",
    "no author": _HEAD + _COMMITTER + b"\nWrite\n",
    "two authors": _HEAD + _AUTHOR + _AUTHOR + _COMMITTER + b"\nWrite\n",
    "no committer": _HEAD + _AUTHOR + b"\nWrite\n",
    "no end of the header": _HEAD + _AUTHOR + _COMMITTER[:-1],
    "a NUL": _HEAD + _AUTHOR + _COMMITTER + b"\nWri\0te\n",
    "a NUL in the header": _HEAD + b"author A\0nn <a> 1 +0000\n" + _COMMITTER + b"\n",
    "no address": _written_by(b"Ann 1700000000 +0000"),
    "nothing before the address": _written_by(b"<ann@example.invalid> 1 +0000"),
    "no space before the address": _written_by(b"Ann<ann@example.invalid> 1 +0000"),
    "a bad name": _written_by(b"A>nn <ann@example.invalid> 1 +0000"),
    "a bad address": _written_by(b"Ann <ann<@example.invalid> 1 +0000"),
    "no space before the time": _written_by(b"Ann <ann@example.invalid>1 +0000"),
    "a bad time": _written_by(b"Ann <ann@example.invalid> -5 +0000"),
    "a time with a zero": _written_by(b"Ann <ann@example.invalid> 0123 +0000"),
    "too late a time": _written_by(b"Ann <ann@example.invalid> 99999999999999999999 +0000"),
    "a bad zone": _written_by(b"Ann <ann@example.invalid> 1 +00"),
    "a zone of letters": _written_by(b"Ann <ann@example.invalid> 1 UTC"),
}


def _tree(*entries: tuple[bytes, bytes], id: bytes = bytes.fromhex(BLOB.id)) -> bytes:
    return b"".join(b"%b %b\0%b" % (mode, name, id) for mode, name in entries)


_FILE = b"100644"
TREES = {
    "one": TREE.data,
    "nothing": b"",
    "an executable": _tree((b"100755", b"run")),
    "a mode of long ago": _tree((b"100664", b"notes.txt")),
    "a folder after its like": _tree((_FILE, b"a.b"))
    + _tree((b"40000", b"a"), id=bytes.fromhex(TREE.id)),
    "a folder before its like": _tree((b"40000", b"a"), id=bytes.fromhex(TREE.id))
    + _tree((_FILE, b"a.b")),
    "a submodule": _tree((b"160000", b"sub"), id=b"\1" * 20),
    "another order": _tree((_FILE, b"b"), (_FILE, b"a")),
    "a name twice": _tree((_FILE, b"a"), (_FILE, b"a")),
    "a name of a file and a folder": _tree((_FILE, b"a"))
    + _tree((b"40000", b"a"), id=bytes.fromhex(TREE.id)),
    "no name": _tree((_FILE, b"")),
    "itself": _tree((_FILE, b".")),
    "the one above": _tree((_FILE, b"..")),
    "Git's own": _tree((_FILE, b".git")),
    "Git's own, elsewhere": _tree((_FILE, b".GIT")),
    "Git's own, on Windows": _tree((_FILE, b"git~1")),
    "a path": _tree((_FILE, b"a/b")),
    "a mode with a zero": _tree((b"0100644", b"a")),
    "a mode of letters": _tree((b"file", b"a")),
    "a null id": _tree((_FILE, b"a"), id=b"\0" * 20),
    "half an id": _tree((_FILE, b"a"))[:-10],
    "half a name": b"100644 note",
}

_OBJECT = b"object %b\n" % COMMIT.id.encode()
TAGS = {
    "one": TAG.data,
    "of a tree": b"object %b\ntype tree\ntag first\n\nx\n" % TREE.id.encode(),
    "no tagger": _OBJECT + b"type commit\ntag first\n\nA version\n",
    "no object": b"type commit\ntag first\n\n",
    "a short object": b"object 12\ntype commit\ntag first\n\n",
    "no type": _OBJECT + b"tag first\n\n",
    "an unknown type": _OBJECT + b"type note\ntag first\n\n",
    "no name": _OBJECT + b"type commit\n\n",
    "a bad tagger": _OBJECT + b"type commit\ntag first\ntagger Ann 1\n\n",
}

CASES = {
    f"{kind.name.lower()}: {name}": new_object(kind, data)
    for kind, found in ((Kind.COMMIT, COMMITS), (Kind.TREE, TREES), (Kind.TAG, TAGS))
    for name, data in found.items()
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("form") / "notes.git"
    bare.create(path)
    assert _git_takes_in(path, BLOB, TREE, COMMIT)
    return path


def _git_takes_in(repository: Path, *objects: GitObject) -> bool:
    ran = subprocess.run(
        ["git", "index-pack", "--stdin", "--strict"],
        cwd=repository, env=ENVIRONMENT, input=pack(objects).content, capture_output=True,
        check=False,
    )  # fmt: skip
    return ran.returncode == 0


def _checked(objects: Sequence[GitObject]) -> bool:
    try:
        return all(
            KNOWN.get(id, kind) == kind for item in objects for id, kind in links(*item_of(item))
        )
    except FormError:
        return False


def item_of(item: GitObject) -> tuple[int, bytes]:
    return item.kind, item.data


def test_git_and_the_server_agree(repository: Path) -> None:
    """Git says of all that is well in one run, and of the rest in one run each."""
    well = [item for item in CASES.values() if _checked([item])]
    assert len(well) == 15
    assert _git_takes_in(repository, *{item.id: item for item in well}.values())
    agreed = {name for name, item in CASES.items() if not _git_takes_in(repository, item)}
    assert agreed == {name for name, item in CASES.items() if item not in well}


def test_what_an_object_names() -> None:
    assert list(links(Kind.BLOB, b"\0")) == []
    assert list(links(*item_of(TREE))) == [(BLOB.id, Kind.BLOB)]
    assert list(links(*item_of(TAG))) == [(COMMIT.id, Kind.COMMIT)]
    assert list(links(*item_of(MERGE))) == [
        (TREE.id, Kind.TREE),
        (COMMIT.id, Kind.COMMIT),
        (COMMIT.id, Kind.COMMIT),
    ]
    assert list(links(Kind.TREE, TREES["a submodule"])) == []

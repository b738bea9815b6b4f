"""A shared sync: only where it does the same as a sync of each file."""

import os
from pathlib import Path

import pytest

from server.support import shared_sync
from server.support.shared_sync import SharedSync

_LINE = "36 35 {major}:{minor} / /data rw,relatime shared:1 - {kind} /dev/sda1 rw\n"


@pytest.fixture
def trees(tmp_path: Path) -> list[Path]:
    trees = [tmp_path / "one", tmp_path / "two"]
    for tree in trees:
        (tree / "inner").mkdir(parents=True)
        (tree / "inner" / "file").touch()
    return trees


@pytest.mark.parametrize(
    ("kind", "release", "is_shared"),
    [
        ("ext4", "6.1.0-18-amd64", True),
        ("xfs", "5.8", True),
        ("ext4", "5.7.19", False),  # returns no errors
        ("fuse.sshfs", "6.1.0", False),  # only fsync reaches the other side
        ("nfs4", "6.1.0", False),
        ("ext4", "unknown", False),
        ("", "6.1.0", False),  # no such file system is listed
    ],
)
def test_where_syncs_are_shared(
    trees: list[Path], monkeypatch: pytest.MonkeyPatch, kind: str, release: str, is_shared: bool
) -> None:
    folder = trees[0].parent
    device, uname = folder.stat().st_dev, os.uname()
    mounts = folder / "mounts"
    others = _LINE.format(major=0, minor=999_999, kind="proc")
    major, minor = os.major(device), os.minor(device)
    mounts.write_text(others + (_LINE.format(major=major, minor=minor, kind=kind) if kind else ""))
    parts = {part.stat().st_ino for tree in trees for part in (tree, *tree.rglob("*"))}
    shared, synced = list[int](), set[int]()

    def syncfs(opened: int) -> int:
        shared.append(opened)
        return 0

    monkeypatch.setattr(shared_sync, "_syncfs", syncfs)
    monkeypatch.setattr(shared_sync, "_MOUNTS", mounts)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((*uname[:2], release, *uname[3:])))
    monkeypatch.setattr(os, "fsync", lambda opened: synced.add(os.fstat(opened).st_ino))
    with SharedSync(folder) as sync:
        sync.sync(trees)
    assert bool(shared) == is_shared
    assert synced == (set() if is_shared else parts)


def test_one_tree_is_synced_by_itself(trees: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else the file system has to write must not hold it up."""
    monkeypatch.setattr(shared_sync, "_syncfs", None)
    synced = set[int]()
    monkeypatch.setattr(os, "fsync", lambda opened: synced.add(os.fstat(opened).st_ino))
    with SharedSync(trees[0].parent) as sync:
        sync.sync(trees[:1])
    assert synced == {part.stat().st_ino for part in (trees[0], *trees[0].rglob("*"))}


def test_an_error_is_raised(trees: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_sync, "_is_reliable", lambda _: True)
    monkeypatch.setattr(shared_sync, "_syncfs", lambda _: -1)
    with SharedSync(trees[0].parent) as sync, pytest.raises(OSError, match=str(trees[0].parent)):
        sync.sync(trees)

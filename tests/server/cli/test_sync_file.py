"""The file that is synced keeps what belongs to it besides its text."""

import os
import stat
from pathlib import Path

import pytest

from server.cli.sync import file as sync_file
from server.cli.sync.file import FileError, WatchedFile, check_replaceable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "notes.txt"
    file.write_text("one\n")
    return file


def replaced(file: Path) -> os.stat_result:
    """Replace a file by another text, and return what `stat` says of it."""
    watched = WatchedFile(file)
    assert watched.read() == "one\n"
    watched.prepare("two\n", file.with_name("new"))
    assert watched.replace(file.with_name("new")) is not None
    assert file.read_text() == "two\n"
    return file.stat()


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755, 0o2664])
def test_its_permissions_stay(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert stat.S_IMODE(replaced(file).st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_its_owner_and_group_stay(file: Path) -> None:
    os.chown(file, 12345, 23456)
    file.chmod(0o664)
    found = replaced(file)
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 23456, 0o664)


def test_its_extended_attributes_stay(file: Path) -> None:
    try:
        os.setxattr(file, "user.colour", b"green")
    except (AttributeError, OSError):
        pytest.skip("this file system has no extended attributes")
    replaced(file)
    assert os.getxattr(file, "user.colour") == b"green"


def test_what_cannot_stay_is_said_before(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_replaceable(file) == ""
    assert check_replaceable(file.with_name("new.txt")) == ""
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert (
        check_replaceable(file)
        == "notes.txt belongs to root; after the first change that comes in, to you"
    )
    monkeypatch.undo()
    file.with_name("other.txt").hardlink_to(file)
    assert "has other names (hard links)" in check_replaceable(file)


def test_a_mount_point_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "my notes.txt"
    file.write_text("one\n")
    mounts = tmp_path / "mountinfo"
    escaped = str(file).replace(" ", "\\040")
    mounts.write_text(f"36 35 98:0 / / rw - ext4 /dev/sda rw\n37 36 98:0 /a {escaped} rw - x y z\n")
    monkeypatch.setattr(sync_file, "_MOUNTS", mounts)
    with pytest.raises(FileError, match=r"is a mount point, .* mount its folder instead"):
        check_replaceable(file)
    assert check_replaceable(tmp_path / "other.txt") == ""

"""Kill a program before each of its changes on disk, one run after the other.

`python -m tests.server.storage.killed FOLDER ACTION`: run number n works on a copy of the data
folder, FOLDER-n, and is killed before its n-th change. Prints how many runs were killed.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from server.storage.data_folder import DataFolder
from server.storage.trash import FolderTrash

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "subprocess.Popen"}
_IN_TREE = {"os.remove", "os.rmdir"}  # with a descriptor of their folder: by `shutil.rmtree`
_EACH_IN_TREE = 60  # of these only every so many counts
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def delete(folder: DataFolder) -> None:
    FolderTrash(folder).delete("notes")


def restore(folder: DataFolder) -> None:
    [id] = FolderTrash(folder).deleted()
    FolderTrash(folder).restore(id, "plans")


def rename(folder: DataFolder) -> None:
    folder.rename("notes", "plans")


ACTIONS: dict[str, Callable[[DataFolder], None]] = {
    "delete": delete,
    "restore": restore,
    "rename": rename,
}


def main(path: Path, action: Callable[[DataFolder], None]) -> int:
    """Return how many runs were killed before one came to its end."""
    for number in range(1, 1000):
        copy = path.with_name(f"{path.name}-{number}")
        shutil.copytree(path, copy)
        child = os.fork()
        if not child:
            _run(copy, action, number)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert status == 0, "the run failed"
            return number - 1
    raise AssertionError("it makes no end")


def _run(path: Path, action: Callable[[DataFolder], None], kill_at: int) -> None:
    changes = removed = 0

    def on_event(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal changes, removed
        is_write = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
        if event in _CHANGES or is_write:
            if event in _IN_TREE and arguments[1] != -1:
                removed += 1
                if removed % _EACH_IN_TREE:
                    return
            changes += 1
            if changes == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    with DataFolder(path) as folder:
        sys.addaudithook(on_event)
        action(folder)
    os._exit(0)


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), ACTIONS[sys.argv[2]]))

"""Measurements of the disk: the size of a folder, and the time of a sync."""

import os
import time
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile

from bench.load.figures import Figures

_BLOCK = 512  # the unit of st_blocks, whatever the file system
_APPENDED = b"x" * 4096


def sizes(folder: Path) -> tuple[int, int]:
    """Return the apparent size of all files and the size of all blocks, in bytes."""
    paths = [folder, *folder.rglob("*")]
    apparent = sum(path.lstat().st_size for path in paths if path.is_file())
    return apparent, sum(path.lstat().st_blocks * _BLOCK for path in paths)


def figures_of(folder: Path) -> Figures:
    apparent, blocks = sizes(folder)
    return {"disk_kb": apparent / 1024, "disk_blocks_kb": blocks / 1024}


def sync_ms(folder: Path, times: int = 200) -> float:
    """Return the median time to append 4 KB and sync them, in ms."""
    took_ms = []
    with NamedTemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(times):
            start = time.perf_counter()
            file.write(_APPENDED)
            os.fsync(file.fileno())
            took_ms.append(1000 * (time.perf_counter() - start))
    return median(took_ms)

"""The disk: what a folder takes of it, and how long it takes to have something for good."""

import os
import time
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile

from bench.load.figures import Figures

_BLOCK = 512  # the unit of st_blocks, whatever the file system
_APPENDED = b"x" * 4096


def sizes(folder: Path) -> tuple[int, int]:
    """Bytes of all files as their readers count them, and as the file system does, folders too."""
    paths = [folder, *folder.rglob("*")]
    apparent = sum(path.lstat().st_size for path in paths if path.is_file())
    return apparent, sum(path.lstat().st_blocks * _BLOCK for path in paths)


def figures_of(folder: Path) -> Figures:
    apparent, blocks = sizes(folder)
    return {"disk_kb": apparent / 1024, "disk_blocks_kb": blocks / 1024}


def sync_ms(folder: Path, times: int = 200) -> float:
    """How long it takes to append 4 KB and have it synced: the median."""
    took_ms = []
    with NamedTemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(times):
            start = time.perf_counter()
            file.write(_APPENDED)
            os.fsync(file.fileno())
            took_ms.append(1000 * (time.perf_counter() - start))
    return median(took_ms)

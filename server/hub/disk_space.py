"""The space on the disk: how much is free, what the documents take, and when to accept no more.

A thread looks at the free space every second, and measures documents after checkpoints and, slowly,
all of them every hour. `refusal` only compares numbers, so it can be asked for each batch.

While a limit is reached, documents can be read and deleted, and checkpoints go on: they need some
of the space that is left.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from server.config import Config
from server.storage.data_folder import documents_in, journal_in
from server.support.disk import Disk, bytes_on_disk, disk_of
from server.support.metrics import Metric, Sample
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_LATE_S = 10.0  # without an answer of the disk, which may hang
_SCAN_EVERY_S = 3600.0
_MEASURED_MAX = 100  # documents, with one look
_JOURNAL_FILES = ("", "-wal")

_DISK_FULL = (
    "The disk of the server is nearly full: nothing can be changed until it has space again."
)
_DOCUMENT_FULL = (
    "This document has used up its space on the server. Continue in a new one, or ask the operator"
    " for more (--document-disk-bytes-max)."
)
_DATA_FULL = (
    "The documents of this server have used up their space. Delete some, or ask the operator for"
    " more (--data-bytes-max)."
)
_SILENT = "The disk does not answer."


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing can be changed: a word for the metrics, and a sentence for people."""

    reason: str
    sentence: str


class FullError(Exception):
    """There is no space for a change; the message is a sentence."""


class DiskSpace:
    """Watches the disk between `start` and `stop`."""

    def __init__(
        self, config: Config, path: Path, disk_of: Callable[[Path], Disk] = disk_of
    ) -> None:
        """Create it; nothing is known yet, and nothing refused.

        Args:
            config: the settings.
            path: the data folder.
            disk_of: returns how full the file system of a path is.
        """
        self._config = config
        self._path = path
        self._disk_of = disk_of
        self._disk = Disk(0, 0)
        self._is_full = False
        self._journal_bytes = 0
        self._sizes: dict[str, int] = {}  # of the documents, in bytes
        self._documents_bytes = 0
        self._problem = ""  # the last one of a look, which is logged once
        self._written: set[str] = set()
        self._to_scan: list[str] = []
        self._looked_at = time.monotonic()
        self._scan_at = self._looked_at
        self._threads = WorkerThreads(1, "disk space")

    # --- from start to end

    async def start(self) -> None:
        """Look now, and then every second."""
        await self._look()
        self._watching = asyncio.create_task(self._watch(), name="disk space")

    async def stop(self) -> None:
        """Stop looking."""
        self._watching.cancel()
        await asyncio.wait([self._watching])

    def close(self, wait_s: float) -> None:
        """End the thread. Blocks."""
        self._threads.close(wait_s)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self._look()

    async def _look(self) -> None:
        """Look at the disk and at some documents."""
        names = self._next_names()
        try:
            disk, journal_bytes, sizes, scanned = await self._threads.call(
                self._measure, names, time.monotonic() >= self._scan_at
            )
        except OSError as problem:
            self._note_problem(f"{self._path} cannot be read: {problem}")
            return
        self._note_problem("")
        self._looked_at = time.monotonic()
        self._disk, self._journal_bytes = disk, journal_bytes
        for name, size in sizes.items():
            self._documents_bytes += size - self._sizes.pop(name, 0)
            if size:
                self._sizes[name] = size
        if scanned is not None:
            self._scan_at = self._looked_at + _SCAN_EVERY_S
            self._to_scan = list({*scanned, *self._sizes})
        self._note_free_space()

    def _note_problem(self, problem: str) -> None:
        if problem and problem != self._problem:
            _log.error("%s", problem)
        self._problem = problem

    def _next_names(self) -> list[str]:
        """Return the documents to measure with the next look, those just written first."""
        names = list(islice(self._written, _MEASURED_MAX))
        self._written.difference_update(names)
        while self._to_scan and len(names) < _MEASURED_MAX:
            names.append(self._to_scan.pop())
        return names

    def _measure(
        self, names: list[str], is_scan_due: bool
    ) -> tuple[Disk, int, dict[str, int], list[str] | None]:
        """On the thread: return the disk, the bytes of the journal and of documents, and names."""
        journal = journal_in(self._path)
        return (
            self._disk_of(self._path),
            sum(bytes_on_disk(journal.with_name(journal.name + end)) for end in _JOURNAL_FILES),
            {name: bytes_on_disk(self._path / f"{name}.git") for name in names},
            documents_in(self._path) if is_scan_due else None,
        )

    def _note_free_space(self) -> None:
        least, free = self._config.disk_free_bytes_min, self._disk.free_bytes
        was_full, self._is_full = self._is_full, free < least
        if self._is_full and not was_full:
            _log.warning(
                "the disk is nearly full: %s is free, less than --disk-free-bytes-min (%s);"
                " nothing can be changed until there is more",
                _shown(free),
                _shown(least),
            )
        elif was_full and not self._is_full:
            _log.info("the disk has space again: %s is free", _shown(free))

    # --- what it knows

    def written(self, document: str) -> None:
        """Note that the size of a document may have changed, or that it has come or gone."""
        self._written.add(document)

    def refusal(self, document: str) -> Refusal | None:
        """Return why a document cannot be changed, if there is no space for it."""
        config = self._config
        if self._is_full:
            return Refusal("disk_full", _DISK_FULL)
        document_max = config.document_disk_bytes_max
        if document_max and self._sizes.get(document, 0) >= document_max:
            return Refusal("document_quota", _DOCUMENT_FULL)
        if config.data_bytes_max and self._documents_bytes >= config.data_bytes_max:
            return Refusal("data_quota", _DATA_FULL)
        return None

    def problem(self) -> str:
        """Return why the disk cannot take more at the moment, as a sentence; "" if it can."""
        if time.monotonic() - self._looked_at > _LATE_S:
            return _SILENT
        return _DISK_FULL if self._is_full else ""

    def metrics(self) -> list[Metric]:
        """Return the metrics of the disk."""
        return [
            Metric(
                "disk_free_bytes",
                "free space of the disk that has the data folder",
                [Sample(self._disk.free_bytes)],
            ),
            Metric(
                "disk_size_bytes",
                "size of the disk that has the data folder",
                [Sample(self._disk.size_bytes)],
            ),
            Metric(
                "documents_disk_bytes",
                "what the repositories take on disk, without the trash",
                [Sample(self._documents_bytes)],
            ),
            Metric(
                "journal_bytes", "what the journal takes on disk", [Sample(self._journal_bytes)]
            ),
        ]


def _shown(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"

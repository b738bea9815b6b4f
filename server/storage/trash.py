"""The trash: deleted documents. That of a data folder has a Git bundle of each.

Where repositories are stored elsewhere it is there, see `stored_trash`.

<data>/trash/<id>.json       the record: which document it was; <id> is its name, with `-`
                             for `/`, and the time
<data>/trash/<id>.bundle     all its refs and their histories: complete and verified if it is there
<data>/trash/<id>.git        its repository, until the bundle is there
<data>/trash/<name>.restored a repository that is made of a bundle, to become the document `name`,
                             which is percent-encoded

The steps of a deletion. At each moment the repository or a verified bundle is complete::

    record      written                      until the next step nothing has happened
    repository  renamed to <id>.git          the document is gone from here on
    bundle      written, verified by making a repository of it, renamed to <id>.bundle
    repository  removed

`recover` finishes deletions that the end of a server has interrupted, or undoes those that have not
begun. Everything blocks; the caller sees to it that nobody else uses the document.
"""

import logging
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

import msgspec

from server.git import bare
from server.git.bundles import read_bundle, refs_of, write_bundle
from server.git.process import GitError
from server.storage.catalog import Catalog
from server.storage.data_folder import DataFolder
from server.support.files import fsync, move, write_synced

_log = logging.getLogger(__name__)

_UNFINISHED = ("*.new", "*.trial", "*.lock")  # of a bundle that was being written or verified


class TrashError(Exception):
    """A document cannot be deleted or restored, and is where it was; the message is a sentence."""


class Deleted(msgspec.Struct, frozen=True):
    """A deleted document.

    Attributes:
        document: its name.
        first_name: the name that it was made with.
        former_names: the names that redirected to it.
        is_archived: whether it could only be read.
        time: when it was deleted, in Unix seconds.
    """

    document: str
    first_name: str
    former_names: tuple[str, ...]
    is_archived: bool
    time: float


_decode = msgspec.json.Decoder(Deleted).decode


def record_of(catalog: Catalog, document: str, now: float) -> Deleted:
    """Return the record of a document that is deleted now."""
    return Deleted(
        document,
        catalog.first_name(document),
        tuple(catalog.former_names(document)),
        catalog.is_archived(document),
        now,
    )


def new_id(record: Deleted, known: Collection[str]) -> str:
    """Return an id in the trash for a document that is deleted now."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(record.time))
    name = record.document.replace("/", "-")
    ids = (f"{name}-{stamp}{more}" for more in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(id for id in ids if id not in known)


class Trash(Protocol):
    """The deleted documents of a server."""

    def deleted(self) -> dict[str, Deleted]:
        """Return the deleted documents by id, in the order of ids."""

    def has_changed(self) -> bool:
        """Return whether another server may have changed something since the last call. Quick."""

    def size(self, id: str) -> int:
        """Return the size of a deleted document in bytes; 0 if it is gone."""

    def delete(self, document: str) -> str:
        """Delete a document, all of which is in its repository; return its id in the trash.

        Raises:
            TrashError: It failed; the document is as it was.
        """

    def restore(self, id: str, document: str, former_names: Iterable[str] = ()) -> None:
        """Restore a document from the trash, and remove it from there.

        Args:
            id: of the deleted document.
            document: the name that it gets; there must be no such document.
            former_names: names that redirect there from now on; they must be free, too.

        Raises:
            TrashError: It cannot be restored, and stays in the trash.
        """

    def expire(self, before: float) -> None:
        """Remove for good what was deleted before a time (Unix seconds).

        Raises:
            OSError: It failed.
        """

    def recover(self) -> None:
        """Finish or undo what the end of a server has interrupted."""


def trash_in(data: Path) -> Path:
    """Return the path of the trash in a data folder."""
    return data / "trash"


class FolderTrash:
    """The deleted documents of a data folder."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._path = trash_in(folder.path)

    def deleted(self) -> dict[str, Deleted]:
        ids = sorted(file.stem for file in self._path.glob("*.bundle"))
        return {id: record for id in ids if (record := self._record(id))}

    def has_changed(self) -> bool:
        return False  # there is no other server

    def size(self, id: str) -> int:
        with suppress(OSError):
            return self.bundle(id).stat().st_size
        return 0

    # --- deleting

    def delete(self, document: str) -> str:
        record = record_of(self._folder.catalog, document, time.time())
        path = self._folder.repository_path(document)
        try:
            self._path.mkdir(mode=0o700, exist_ok=True)
            fsync(self._folder.path)
            id = new_id(record, {file.stem for file in self._path.glob("*.json")})
            write_synced(self._record_file(id), msgspec.json.encode(record))
            move(path, self._repository(id))
        except OSError as problem:
            raise TrashError(f"{document} cannot be deleted: {problem}") from problem
        try:
            self._finish(id, record)
        except (GitError, OSError) as problem:
            self._undo(id, record)
            raise TrashError(f"{document} cannot be deleted: {problem}") from problem
        return id

    def _undo(self, id: str, record: Deleted) -> None:
        """Put a repository back; first what the catalog says of it, as its file's name."""
        self._folder.catalog.add(
            record.document,
            record.first_name,
            is_archived=record.is_archived,
            former_names=record.former_names,
        )
        move(self._repository(id), self._folder.repository_path(record.document))
        self._fresh(id).unlink(missing_ok=True)
        self._record_file(id).unlink()

    def _finish(self, id: str, record: Deleted) -> None:
        """Make the bundle of a repository in the trash, and remove the repository."""
        repository, bundle = self._repository(id), self.bundle(id)
        if not bundle.exists():
            fresh = self._fresh(id)
            write_bundle(repository, fresh)
            self._verify(fresh, repository)
            self._folder.catalog.remove(record.document)
            move(fresh, bundle)
        shutil.rmtree(repository, ignore_errors=True)  # what is left of it goes at the next start
        self._folder.remove_empty_folders(record.document)

    def _verify(self, bundle: Path, repository: Path) -> None:
        """Create a repository from a bundle, and compare it with the original."""
        trial = bundle.with_suffix(".trial")
        shutil.rmtree(trial, ignore_errors=True)
        try:
            read_bundle(bundle, trial)
            if refs_of(trial) != refs_of(repository):
                raise GitError(f"{bundle} has not all refs")
        finally:
            shutil.rmtree(trial, ignore_errors=True)

    # --- restoring

    def restore(self, id: str, document: str, former_names: Iterable[str] = ()) -> None:
        record = self._record(id)
        if record is None:
            raise TrashError(f"There is no {id} in the trash.")
        fresh, path = self._restored(document), self._folder.repository_path(document)
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            read_bundle(self.bundle(id), fresh)
            self._folder.catalog.add(
                document,
                record.first_name,
                is_archived=record.is_archived,
                former_names=former_names,
            )
            bare.remove_empty(path)
            move(fresh, path)
        except (GitError, OSError) as problem:
            raise TrashError(f"{id} cannot be restored: {problem}") from problem
        self._drop(id)

    # --- the end

    def expire(self, before: float) -> None:
        for id, record in self.deleted().items():
            if record.time < before:
                _log.info("%s, deleted %s, is removed for good", record.document, id)
                self._drop(id)

    def _drop(self, id: str) -> None:
        self.bundle(id).unlink()
        self._record_file(id).unlink()

    # --- after the end of a server

    def recover(self) -> None:
        for fresh in self._path.glob("*.restored"):
            document = unquote(fresh.stem)
            if not self._folder.exists(document):
                self._folder.catalog.remove(document)
            shutil.rmtree(fresh)
        for left in (it for kind in _UNFINISHED for it in self._path.glob(kind)):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()
        for id, record in self._records():
            if self._repository(id).exists():
                self._finish_late(id, record)
            elif not self.bundle(id).exists():
                self._record_file(id).unlink()

    def _finish_late(self, id: str, record: Deleted) -> None:
        _log.info("%s: its deletion is finished now", record.document)
        try:
            self._finish(id, record)
        except (GitError, OSError) as problem:
            _log.error("%s stays as it is until the next start: %s", self._repository(id), problem)

    # --- files

    def _records(self) -> Iterator[tuple[str, Deleted]]:
        for file in sorted(self._path.glob("*.json")):
            if record := self._record(file.stem):
                yield file.stem, record

    def _record(self, id: str) -> Deleted | None:
        try:
            return _decode(self._record_file(id).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as problem:
            _log.error("%s cannot be read: %s", self._record_file(id), problem)
            return None

    def _record_file(self, id: str) -> Path:
        return self._path / f"{id}.json"

    def bundle(self, id: str) -> Path:
        """Return the path of the bundle of a deleted document."""
        return self._path / f"{id}.bundle"

    def _fresh(self, id: str) -> Path:
        """The bundle while it is not verified."""
        return self._path / f"{id}.new"

    def _repository(self, id: str) -> Path:
        return self._path / f"{id}.git"

    def _restored(self, document: str) -> Path:
        return self._path / f"{quote(document, safe='')}.restored"

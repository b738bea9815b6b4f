"""The data folder: its files, its format and its lock.

<data>/<document>.git   one bare repository per document, as <data>/docs/plan.md.git
<data>/journal.sqlite  what is not in the repositories yet (with -wal and -shm)
<data>/format           the version of this layout
<data>/secret           the secret that resume keys are made with
<data>/store            the id of the database whose cache this folder is (server.storage.cache)
<data>/catalog.json     former names and archived documents (server.storage.catalog)
<data>/accounts.sqlite  users, hashes of their secrets, and links (server.storage.accounts)
<data>/access.toml      who may do what; written by the operator (server.core.access.policy)
<data>/trash/           deleted documents (server.storage.trash)
<data>/push/           the hooks of pushes, and their uploads (server.push.workspace)
<data>/control          the socket for commands of the operator (server.storage.control)
<data>/lock             held while a server uses the folder
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from threading import Lock
from typing import Self

from server.core.names import filename_of, is_document_name, is_folder_name
from server.git import bare
from server.git.changes import Log
from server.git.repository import Repository
from server.git.text_cache import TextCache
from server.storage import checkpoint, rewrite
from server.storage.catalog import Catalog, CatalogError
from server.storage.site import CATALOG, Site, obstacle
from server.storage.site.folder import FolderSite, is_elsewhere
from server.support.errors import UserError
from server.support.files import move, remove_if_empty, write_synced

RESTORING = "restoring"  # the format of a folder into which a backup is being restored
FORMAT = 3  # 1 had no journal, and 2 no folders, which a server of that version would ignore
OLDER_FORMATS = ("1", "2")


class DataFolderError(UserError):
    """The folder cannot be used; the message is one line with advice."""


def journal_in(path: Path) -> Path:
    """Return the path of the journal in a data folder."""
    return path / "journal.sqlite"


def documents_in(path: Path) -> list[str]:
    """Return the documents that have a repository in a data folder, by name."""
    return sorted(_documents_below(path, ""))


def _documents_below(folder: Path, prefix: str) -> Iterator[str]:
    for entry in _entries(folder):
        name = prefix + entry.name
        if name.endswith(".git"):
            document = name.removesuffix(".git")
            if is_document_name(document):
                yield document
        elif is_folder_name(name) and entry.is_dir():
            yield from _documents_below(folder / entry.name, f"{name}/")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        return list(entries)
    return []


def folders_in(path: Path) -> Iterator[Path]:
    """Yield a data folder and the folders of documents in it, the inner ones first."""
    yield from _folders_below(path, "")


def _folders_below(folder: Path, prefix: str) -> Iterator[Path]:
    for entry in _entries(folder):
        name = prefix + entry.name
        if is_folder_name(name) and entry.is_dir():
            yield from _folders_below(folder / entry.name, f"{name}/")
    yield folder


class DataFolder:
    """The folder of one running server; open it with `with`.

    Attributes:
        path: where it is.
        site: what keeps what a server has beside its documents; see `use`.
        catalog: former names and archived documents.
    """

    def __init__(self, path: Path, *, is_migrating: bool = False) -> None:
        self.path = path.absolute()
        self.site: Site = FolderSite(self.path)
        self._is_migrating = is_migrating
        self._lock: int | None = None
        self._unlocked: set[str] = set()
        self._unlocking = Lock()

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700, exist_ok=True)  # what is in it is for its owner alone
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            self._take_lock(self._lock)
            self._check_format()
            self.use(self.site)
            if not is_elsewhere(self.path):
                self.site.secret()
            self._finish_renames()
            for folder in folders_in(self.path):
                rewrite.recover(folder)
                checkpoint.remove_unfinished(folder)
                if folder != self.path:
                    remove_if_empty(folder)
        except CatalogError as problem:
            self.__exit__()
            raise DataFolderError(f"{problem}; restore it from a backup") from None
        except OSError as problem:
            self.__exit__()
            raise DataFolderError(
                f"the data folder {self.path} cannot be written ({problem.strerror});"
                " choose another with --data, or change its owner"
            ) from None
        except DataFolderError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def use(self, site: Site) -> None:
        """Use another site for what the server has beside its documents.

        Raises:
            DataFolderError: Nobody may use it now.
            CatalogError, OSError: It cannot be read.
        """
        if not self._is_migrating and (why := obstacle(site)):
            what = "the database" if self.site is not site else f"the data folder {self.path}"
            raise DataFolderError(f"{what} cannot be used: {why}")
        self.site = site
        self.catalog = Catalog(site.text(CATALOG))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Return a context as `Site.together` does; if it fails, the catalog is as before."""
        try:
            with self.site.together():
                yield
        except BaseException:
            with suppress(CatalogError, OSError):
                self.catalog.follow()
            raise

    def discard(self, document: str) -> None:
        """Remove the repository of a document from this disk; it is stored elsewhere, or deleted.

        Raises:
            OSError: It failed.
        """
        with suppress(FileNotFoundError):
            bare.remove(self.repository_path(document))
        self.remove_empty_folders(document)

    def repository_path(self, document: str) -> Path:
        """Return the path of a document's repository, which need not exist."""
        return self.path / f"{document}.git"

    def exists(self, document: str) -> bool:
        """Return whether the document has anything on disk.

        An empty repository, which a refused push leaves, does not count.
        """
        return bare.is_begun(self.repository_path(document))

    def filename(self, document: str) -> str:
        """Return the name of a document's file in Git."""
        return filename_of(self.catalog.first_name(document))

    def rename(self, old: str, new: str) -> None:
        """Give a document a new name, durably. It has nothing in the journal, and no other has it.

        The catalog decides: from its change on the document has the new name, also if the folder
        of its repository is renamed by the next start only.

        Raises:
            OSError: The disk cannot be written; the document has its old name.
        """
        was_former_name = self.catalog.moved_to(new) == old
        self.remove_empty(new)
        self.catalog.rename(old, new)
        try:
            self._finish_rename(old, new)
        except OSError:
            self.catalog.rename(new, old)
            if not was_former_name:
                self.catalog.remove_redirect(new)
            raise

    def _finish_renames(self) -> None:
        """Rename the repositories of documents that the catalog has under new names."""
        for old, new in self.catalog.moves().items():
            if self.exists(old) and not self.exists(new):
                self._finish_rename(old, new)

    def _finish_rename(self, old: str, new: str) -> None:
        move(self.repository_path(old), self.repository_path(new))
        self.remove_empty_folders(old)

    def remove_empty(self, document: str) -> None:
        """Remove the empty repository that a refused push leaves, if there is one.

        Raises:
            OSError: It cannot be removed.
        """
        bare.remove_empty(self.repository_path(document))
        self.remove_empty_folders(document)

    def remove_empty_folders(self, document: str) -> None:
        """Remove the folders that a document was in, as far as nothing else is in them."""
        for folder in PurePath(document).parents[:-1]:
            if not remove_if_empty(self.path / folder):
                return

    def repository(
        self, document: str, log: Log | None = None, texts: TextCache | None = None
    ) -> Repository:
        """Open a document's repository with the journal's entries of it. Blocks."""
        path = self.repository_path(document)
        with self._unlocking:
            if document not in self._unlocked:
                _remove_stale_locks(path)
                self._unlocked.add(document)
        return Repository(path, self.filename(document), log, texts)

    @property
    def journal_path(self) -> Path:
        """The path of the journal."""
        return journal_in(self.path)

    def _take_lock(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderError(
                f"another gollabedit is serving the data folder {self.path};"
                " stop it, or choose another folder with --data"
            ) from None

    def _check_format(self) -> None:
        file = self.path / "format"
        found = file.read_text().strip() if file.exists() else None
        if found is None or found in OLDER_FORMATS:
            if found:
                self._check_other_folders()
            write_synced(file, f"{FORMAT}\n".encode())
        elif found == RESTORING:
            raise DataFolderError(
                f"a backup was not restored completely into {self.path};"
                " restore it again (gollabedit backup restore)"
            )
        elif found != str(FORMAT):
            raise DataFolderError(
                f"the data folder {self.path} has format {found!r}, and this version of"
                f" gollabedit knows {FORMAT}; use the newer version that made it"
            )

    def _check_other_folders(self) -> None:
        """Check that no repository becomes a document because documents can be in folders now.

        Raises:
            DataFolderError: There are such repositories.
        """
        for document in documents_in(self.path):
            if "/" in document:
                raise DataFolderError(
                    f"{self.repository_path(document)} would become the document {document} of this"
                    " version of gollabedit; move it out of the data folder"
                )


def _remove_stale_locks(repository: Path) -> None:
    """Remove the lock files that a killed server leaves, as Git does not."""
    if repository.is_dir():
        for lock in (repository / "packed-refs.lock", *repository.glob("refs/**/*.lock")):
            lock.unlink(missing_ok=True)

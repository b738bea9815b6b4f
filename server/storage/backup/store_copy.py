"""The copy of a store of repositories, as a data folder, at one moment; a server may be using it.

The store is read in one transaction, so nothing has to be compared or repeated. What the previous
backup has of it is linked and not read again.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from server.core.names import filename_of
from server.git.bundles import write_bundle
from server.storage.accounts import AccountStore
from server.storage.backup.copier import Copier
from server.storage.backup.unwritten import Unwritten
from server.storage.data_folder import FORMAT
from server.storage.journal import IN_TRASH, StoreReader
from server.storage.site import CATALOG, POLICY, TRASH
from server.storage.site.folder import FolderSite
from server.storage.trash import Deleted, trash_in

_decode = msgspec.json.Decoder(dict[str, Deleted]).decode


class StoreCopy:
    """Copies a store; `write` does it once.

    Attributes:
        documents: the documents that were copied.
        changed: those of them that differ from the previous backup.
    """

    def __init__(
        self,
        reader: StoreReader,
        target: Path,
        previous: Path | None,
        progress: Callable[[str], None],
    ) -> None:
        self.documents: list[str] = []
        self.changed: set[str] = set()
        self._reader = reader
        self._target = target
        self._previous = previous
        self._progress = progress
        self._copier = Copier(target, target, previous)
        self._unwritten = Unwritten(target)

    def write(self) -> None:
        """Copy everything.

        Raises:
            OSError, JournalError: The store or the disk failed.
        """
        with self._reader.snapshot():
            stored = self._reader.stored()
            for at, (document, found) in enumerate(sorted(stored.items()), 1):
                self._progress(f"{at}/{len(stored)} {document}")
                self._copy(document, found.first_name)
            self._copy_trash()
            self._copy_site()
        self._unwritten.leave()
        self._copier.write("format", f"{FORMAT}\n".encode())

    def _copy(self, document: str, first_name: str) -> None:
        name = f"{document}.git"
        path, earlier = self._target / name, self._previous and self._previous / name
        self._reader.copy(document, path, earlier)
        log = self._reader.read(document)
        if log.entries:
            self._unwritten.write(document, filename_of(first_name), log)
        if path.exists() and self._link(name):
            self.changed.add(document)
        if path.exists() or log.entries:
            self.documents.append(document)

    def _link(self, name: str) -> bool:
        """Link the files of a folder that the previous backup has; return whether it lacks some.

        Of packs this was done already.
        """
        before, lacks = self._copier.copied, False
        for file in list(_files_in(self._target / name)):
            inner = str(file.relative_to(self._target))
            if self._is_linked(inner):
                continue
            if inner.startswith(f"{name}/objects/"):
                lacks = True
                continue
            content = file.read_bytes()
            file.unlink()
            self._copier.write(inner, content)
        return lacks or self._copier.copied > before

    def _is_linked(self, name: str) -> bool:
        earlier = self._previous and self._previous / name
        return bool(earlier and earlier.exists() and earlier.samefile(self._target / name))

    def _copy_trash(self) -> None:
        content = self._reader.site.text(TRASH).read()
        for id, record in (_decode(content) if content else {}).items():
            self._copier.write(f"trash/{id}.json", msgspec.json.encode(record))
            bundle = trash_in(self._target) / f"{id}.bundle"
            earlier = self._previous and trash_in(self._previous) / bundle.name
            if earlier and earlier.exists():
                with suppress(OSError):  # the disk has no hard links, or no more of them
                    bundle.hardlink_to(earlier)
                    continue
            self._progress(f"trash: {id}")
            repository = self._target / ".deleted.git"
            self._reader.copy(IN_TRASH + id, repository)
            write_bundle(repository, bundle)
            shutil.rmtree(repository)

    def _copy_site(self) -> None:
        source, target = self._reader.site, FolderSite(self._target)
        target.set_secret(source.secret())
        for name in (CATALOG, POLICY):
            content = source.text(name).read()
            if content is not None:
                target.text(name).change(lambda _, content=content: content)  # type: ignore[misc]
        tables = AccountStore(source.accounts).tables()
        if any(tables.values()):
            with closing(AccountStore(target.accounts)) as accounts:
                accounts.fill(tables)


def _files_in(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())

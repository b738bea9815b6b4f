"""Deletes, archives, renames and restores documents, and rewrites their history, while served.

Whoever works in a document is answered first: everything acknowledged is in its repository before
it moves, and what comes later is not acknowledged, so that it stays with its client. Then the
connections are closed, with a code that says why.

Errors::

    NoDocumentError    there is no such document, or nothing of the kind in the trash
    TakenError         there is a document of the new name, or a redirect
    TrashError         the disk or Git failed; the document is as it was
    RewriteError       the same, where the history is rewritten
    OverloadedError    the document cannot be closed at the moment
    FullError          there is no space to restore it
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

from server.config import Config
from server.core.access.accounts import DAY_S, IN_TRASH
from server.hub.access import AccessControl
from server.hub.hub import Hub
from server.protocol import CloseCode
from server.protocol.answers import TrashEntry, TrashList
from server.storage.catalog import CatalogError
from server.storage.control import Forget, ForgetResult, Purge, PurgeResult
from server.storage.data_folder import DataFolder
from server.storage.forget import Forgotten, forget
from server.storage.journal import JournalError
from server.storage.journal.opening import open_trash
from server.storage.purge import Purged, purge
from server.storage.trash import Deleted, TrashError
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

_EXPIRE_EVERY_S = 3600.0
_FOLLOW_EVERY_S = 0.4  # what other servers change
_FINISH_S = 2.0  # for what was begun before the end of the server; the next start finishes the rest


class NoDocumentError(Exception):
    """There is no such document; the message is a sentence."""


class TakenError(Exception):
    """The name is taken; the message is a sentence."""


class Management:
    """Carries out one change at a time, each to its end, even if its caller is cancelled."""

    def __init__(self, hub: Hub, folder: DataFolder, config: Config, access: AccessControl) -> None:
        self._hub = hub
        self._access = access
        self._folder = folder
        self._trash = open_trash(folder, hub.journal)
        self._keep_s = config.trash_keep_days * DAY_S
        self._threads = WorkerThreads(1, "management")
        self._following = WorkerThreads(1, "following")
        self._one_change = asyncio.Lock()
        self._changes: set[asyncio.Task[object]] = set()

    # --- from start to end

    async def start(self) -> None:
        """Begin to remove what was in the trash for long."""
        await self._note_all_deleted()
        self._tasks = [asyncio.create_task(self._expire_regularly(), name="trash")]
        if self._hub.is_cache:
            self._tasks.append(asyncio.create_task(self._follow_regularly(), name="catalog"))

    async def finish(self) -> None:
        """Wait a short time for the changes that have begun."""
        for task in self._tasks:
            task.cancel()
        if self._changes:
            await asyncio.wait(list(self._changes), timeout=_FINISH_S)
        for threads in (self._threads, self._following):
            await asyncio.to_thread(threads.close, _FINISH_S)

    async def _expire_regularly(self) -> None:
        while True:
            await self._threads.call(self._expire)
            await asyncio.sleep(_EXPIRE_EVERY_S)

    def _expire(self) -> None:
        try:
            self._trash.expire(time.time() - self._keep_s)
        except OSError as problem:
            _log.error("the trash cannot be emptied: %s", problem)

    async def _follow_regularly(self) -> None:
        """Follow the changes that other servers make to the catalog and the trash."""
        said = ""
        while True:
            await asyncio.sleep(_FOLLOW_EVERY_S)
            try:
                await self._follow()
                problem = ""
            except (CatalogError, JournalError, OSError) as found:
                problem = str(found)
                if problem != said:
                    _log.error("changes of other servers cannot be followed: %s", problem)
            said = problem

    async def _follow(self) -> None:
        await self._following.call(self._folder.catalog.follow)
        if await self._following.call(self._trash.has_changed):
            await self._note_all_deleted()

    async def _note_all_deleted(self) -> None:
        for record in (await self._following.call(self._trash.deleted)).values():
            await self._note_deleted(record)

    async def _carry_out(self, change: Coroutine[object, object, _T]) -> _T:
        async def alone() -> _T:
            async with self._one_change:
                return await change

        task = asyncio.create_task(alone(), name="management")
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        return await asyncio.shield(task)

    # --- changes

    async def rename(self, old: str, new: str) -> None:
        """Give a document a new name; the old one redirects there.

        Raises:
            NoDocumentError, TakenError, TrashError, OverloadedError: see above.
        """
        await self._carry_out(self._rename(old, new))

    async def _rename(self, old: str, new: str) -> None:
        await self._check_exists(old)
        await self._check_free(new, of=old)
        async with self._hub.exclusively(old, new) as (live, other):
            await self._check_free(new, of=old)  # nobody can take it any more
            try:
                await self._threads.call(self._move, old, new)
            except (JournalError, OSError) as problem:
                raise TrashError(f"{old} cannot be renamed: {problem}") from problem
            try:
                await self._access.move_links(old, new)  # who may not see the new name is sent away
            finally:
                live.close(CloseCode.RENAMED, new)
                other.close(CloseCode.SHUTDOWN, "reconnect")
                self._hub.renamed(old, new)
        _log.info("%s is called %s now", old, new)

    def _move(self, old: str, new: str) -> None:
        try:
            with self._folder.together():
                self._hub.journal.rename(old, new)
                self._folder.rename(old, new)
        except (JournalError, OSError):
            if self._hub.is_cache:
                self._folder.discard(new)
            raise

    async def delete(self, document: str) -> TrashEntry:
        """Move a document to the trash.

        Raises:
            NoDocumentError, TrashError, OverloadedError: see above.
        """
        return await self._carry_out(self._delete(document))

    async def _delete(self, document: str) -> TrashEntry:
        await self._check_exists(document)
        # Its former names are free, too: nobody may come in there before they are noted.
        former_names = self._folder.catalog.former_names(document)
        async with self._hub.exclusively(document, *former_names) as (live, *_):
            id = await self._threads.call(self._trash.delete, document)
            record = (await self._threads.call(self._trash.deleted))[id]
            live.close(CloseCode.DELETED, "the document was deleted")
            self._hub.deleted(document)
            await self._note_deleted(record)
            await self._access.move_links(document, _in_trash(id))
        _log.info("%s was deleted; the trash has it as %s", document, id)
        return await self._threads.call(self._entry, id, record)

    async def archive(self, document: str, *, is_archived: bool) -> None:
        """Make a document read-only, or writable again.

        Raises:
            NoDocumentError, OverloadedError: see above.
        """
        await self._carry_out(self._archive(document, is_archived))

    async def _archive(self, document: str, is_archived: bool) -> None:
        await self._check_exists(document)
        catalog = self._folder.catalog
        if catalog.is_archived(document) == is_archived:
            return
        async with self._hub.exclusively(document):
            await self._threads.call(
                lambda: catalog.set_archived(document, is_archived=is_archived)
            )

    async def restore(self, id: str, document: str | None) -> str:
        """Bring a document back from the trash; return its name.

        Args:
            id: of the entry in the trash.
            document: the name that it gets; None: the one that it had.

        Raises:
            NoDocumentError, TakenError, TrashError, OverloadedError, FullError: see above.
        """
        return await self._carry_out(self._restore(id, document))

    async def _restore(self, id: str, wish: str | None) -> str:
        record = (await self._threads.call(self._trash.deleted)).get(id)
        if record is None:
            raise NoDocumentError("There is no such document in the trash.")
        document = wish or record.document
        self._hub.check_space(document)
        await self._check_free(document)
        # Under another name it is as if it had been renamed: its clients go on there.
        former_names = {record.document, *record.former_names} - {document}
        async with self._hub.exclusively(document, *former_names):
            await self._check_free(document)
            free = [name for name in former_names if await self._is_free(name)]
            await self._threads.call(self._trash.restore, id, document, free)
            self._hub.restored(document, free)
            await self._access.move_links(_in_trash(id), document)
        _log.info("%s was restored from %s", document, id)
        return document

    async def purge(self, asked: Purge) -> PurgeResult:
        """Remove a text from the whole history of a document.

        Raises:
            NoDocumentError, RewriteError, OverloadedError: see above.
            JournalError: What the journal has forgotten cannot be removed from the disk.
        """
        return await self._carry_out(self._purge(asked))

    async def _purge(self, asked: Purge) -> PurgeResult:
        def purged(repository: Path, filename: str) -> Purged:
            return purge(repository, filename, asked.text, asked.replacement, dry_run=asked.dry_run)

        return PurgeResult(*await self._rewrite(asked, purged))

    async def forget(self, asked: Forget) -> ForgetResult:
        """Remove the history of a document before a time.

        Raises:
            NoDocumentError, RewriteError, OverloadedError: see above.
            JournalError: What the journal has forgotten cannot be removed from the disk.
        """
        return await self._carry_out(self._forget(asked))

    async def _forget(self, asked: Forget) -> ForgetResult:
        def forgotten(repository: Path, filename: str) -> Forgotten:
            return forget(repository, filename, asked.before, dry_run=asked.dry_run)

        return ForgetResult(*await self._rewrite(asked, forgotten))

    async def _rewrite(
        self, asked: Purge | Forget, rewritten: Callable[[Path, str], _T]
    ) -> tuple[_T, list[str]]:
        """Rewrite the history of a document; return what was done, and sentences about mirrors."""
        document = asked.document
        await self._check_exists(document)
        filename = self._folder.filename(document)
        if asked.dry_run:
            await self._hub.checkpoint(document)
            path = self._hub.repository_path(document)
            return await self._threads.call(rewritten, path, filename), []
        done = await self._hub.rewrite(document, lambda path: rewritten(path, filename))
        _log.info("the history of %s was rewritten: %s", document, done)
        problems = await self._hub.overwrite_mirrors(document) if asked.mirror_force else []
        self._hub.pushed(document)
        return done, problems

    async def remove_redirect(self, name: str) -> None:
        """Remove the redirect of a former name, which is free from then on.

        Raises:
            NoDocumentError: There is none.
        """
        if self._folder.catalog.moved_to(name) is None:
            raise NoDocumentError("This name redirects nowhere.")
        await self._carry_out(self._threads.call(self._folder.catalog.remove_redirect, name))

    # --- queries

    async def document_in_trash(self, id: str) -> str | None:
        """Return the name that a deleted document had; None if the trash has no such entry."""
        record = (await self._threads.call(self._trash.deleted)).get(id)
        return record.document if record else None

    async def trash(self) -> TrashList:
        """Return what is in the trash, the latest deletion first."""
        return await self._threads.call(self._list)

    def _list(self) -> TrashList:
        entries = [self._entry(id, record) for id, record in self._trash.deleted().items()]
        return TrashList(sorted(entries, key=lambda entry: -entry.time))

    def _entry(self, id: str, record: Deleted) -> TrashEntry:
        size = self._trash.size(id)
        return TrashEntry(id, record.document, record.time, record.time + self._keep_s, size)

    async def _check_exists(self, document: str) -> None:
        if await self._hub.reader.revision(document) is None:
            raise NoDocumentError("There is no such document.")

    async def _check_free(self, name: str, of: str | None = None) -> None:
        """Check that a document can get a name, which may be a former one of its own."""
        leads_to = self._folder.catalog.moved_to(name)
        if leads_to not in (None, of):
            # Not of which one: the name may be one that the caller may not see.
            raise TakenError(f"{name} is a former name of another document, and redirects there.")
        if await self._hub.reader.revision(name) is not None:
            raise TakenError(f"There is a document {name} already.")

    async def _is_free(self, name: str) -> bool:
        is_redirect = self._folder.catalog.moved_to(name) is not None
        return not is_redirect and await self._hub.reader.revision(name) is None

    async def _note_deleted(self, record: Deleted) -> None:
        """Have the hub tell clients that reconnect, unless there is a new document."""
        for name in (record.document, *record.former_names):
            if await self._hub.reader.revision(name) is None:
                self._hub.note_deleted(name)


def _in_trash(id: str) -> str:
    """Return what links to a deleted document lead to, which is no document's name."""
    return f"{IN_TRASH}{id}"

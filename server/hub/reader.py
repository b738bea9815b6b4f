"""Reads documents for requests without a session, beside the open ones; changes nothing.

What counts is durable: the repository with what the journal has beyond it.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping

from server.core.git_model import AUTHORSHIP, MASTER, SINCE
from server.core.unmerged_reader import UnmergedReader
from server.git.repository import Repository, RepositoryError
from server.hub.listing import list_documents, revision_on_disk
from server.protocol import answers
from server.storage.cache import follow_name
from server.storage.data_folder import DataFolder, documents_in
from server.storage.journal import Journal
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_LISTS_MAX = 64  # documents whose list of unmerged branches is remembered


class Reader:
    """Answers queries about the documents of a data folder.

    Args:
        folder: the data folder.
        journal: its journal.
        open_repository: opens the repository of a document, with what the journal has of it.
        revisions: returns the revisions of the open documents; called on the event loop.
        threads: the threads for short queries.
    """

    def __init__(
        self,
        folder: DataFolder,
        journal: Journal,
        open_repository: Callable[[str], Repository],
        revisions: Callable[[], Mapping[str, str]],
        threads: WorkerThreads,
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._open_repository = open_repository
        self._revisions = revisions
        self._threads = threads
        # Merging many branches takes long: with threads of their own these delay nothing else.
        self._query_threads = WorkerThreads(1, "query")
        self._list_threads = WorkerThreads(1, "list")
        self._lists: OrderedDict[str, tuple[object, answers.UnmergedList]] = OrderedDict()

    def close(self, wait_s: float) -> None:
        """Finish the queries that end in time. Blocks."""
        self._query_threads.close(wait_s)
        self._list_threads.close(wait_s)

    async def documents(
        self, after: str, limit: int, is_wanted: Callable[[str], bool], *, with_archived: bool
    ) -> answers.DocumentList:
        """Return at most `limit` documents by name, from the one that follows `after`.

        Args:
            after: a name.
            limit: the number of documents.
            is_wanted: returns whether to list a document; called on a thread.
            with_archived: whether to list archived documents.
        """
        is_archived = self._folder.catalog.is_archived

        def is_listed(document: str) -> bool:
            return (with_archived or not is_archived(document)) and is_wanted(document)

        return await self._list_threads.call(
            self._documents, after, limit, is_listed, self._revisions()
        )

    def _documents(
        self,
        after: str,
        limit: int,
        is_listed: Callable[[str], bool],
        revisions: Mapping[str, str],
    ) -> answers.DocumentList:
        unwritten = frozenset(self._journal.documents())  # first: what leaves it later is on disk
        stored = self._journal.stored()
        for document, found in stored.items():
            follow_name(self._folder.catalog, document, found.first_name)

        def newest(document: str) -> str | None:
            if document in unwritten:
                return revisions.get(document) or self._newest(document)
            if document in stored:
                return stored[document].head
            return revision_on_disk(self._folder.repository_path(document))

        on_disk = () if self._journal.store_id else documents_in(self._folder.path)
        names = unwritten.union(on_disk, stored)
        is_archived = self._folder.catalog.is_archived
        return list_documents(names, newest, is_archived, after, limit, is_listed)

    async def text(self, document: str, revision: str | None = None) -> tuple[str, str] | None:
        """Return a revision, by default the newest, and its text; None if there is none."""
        return await self._threads.call(self._text, document, revision)

    def _text(self, document: str, revision: str | None) -> tuple[str, str] | None:
        try:
            return self._read(document, revision)
        except RepositoryError as problem:
            if not self._journal.store_id:
                raise
            _log.warning("%s is damaged on this disk, and is fetched again: %s", document, problem)
            self._journal.distrust(document)
            return self._read(document, revision)

    def _read(self, document: str, revision: str | None) -> tuple[str, str] | None:
        repository = self._open_repository(document)
        commit = revision or repository.head(MASTER)
        if commit is None or (revision and not repository.has_commit(revision)):
            return None
        try:
            return commit, repository.text(commit)
        except RepositoryError:
            if revision is None:
                raise
            return None  # a pushed commit without a text

    async def revision(self, document: str) -> str | None:
        """Return the newest revision of a document; None if there is no such document."""
        return await self._threads.call(self._newest, document)

    def _newest(self, document: str) -> str | None:
        if self._journal.owns(document):
            return self._open_repository(document).head(MASTER)
        return self._journal.newest(document)

    async def left_unsealed(self) -> list[str]:
        """Return the documents with a record of steps since their last version."""
        return await self._list_threads.call(self._left_unsealed)

    def _left_unsealed(self) -> list[str]:
        names = documents_in(self._folder.path)
        return [name for name in names if self._journal.owns(name) and self._is_unsealed(name)]

    def _is_unsealed(self, document: str) -> bool:
        try:
            repository = self._open_repository(document)
            record = repository.head(AUTHORSHIP)
            return record is not None and SINCE in repository.trailers(record)
        except RepositoryError:
            return False

    async def unmerged(self, document: str) -> answers.UnmergedList | None:
        """Return the unmerged branches of a document; None if there is no such document."""
        return await self._query_threads.call(self._unmerged, document)

    def _unmerged(self, document: str) -> answers.UnmergedList | None:
        reader = self._unmerged_reader(document)
        if reader is None:
            return None
        known, listed = self._lists.pop(document, (None, None))
        if listed is None or known != reader.heads:
            listed = reader.all(document)
        self._lists[document] = reader.heads, listed
        if len(self._lists) > _LISTS_MAX:
            self._lists.popitem(last=False)
        return listed

    async def conflict(self, document: str, id: str) -> answers.UnmergedConflict | None:
        """Return the conflict of an unmerged branch; None if there is no such branch."""
        return await self._query_threads.call(self._conflict, document, id)

    def _conflict(self, document: str, id: str) -> answers.UnmergedConflict | None:
        reader = self._unmerged_reader(document)
        return reader.conflict(id) if reader else None

    def _unmerged_reader(self, document: str) -> UnmergedReader | None:
        repository = self._open_repository(document)
        return UnmergedReader(repository) if repository.head(MASTER) else None

"""The steps of a migration, and what is verified. Blocks."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from server.core.git_model import MASTER
from server.core.names import filename_of
from server.git import bare
from server.git.changes import Log
from server.git.process import GitError, git
from server.git.repository import Repository, RepositoryError
from server.storage.accounts import AccountStore
from server.storage.catalog import Catalog
from server.storage.journal import IN_TRASH
from server.storage.migration import MigrationError
from server.storage.migration.ends import End
from server.storage.site import CATALOG, MOVED, MOVING, POLICY, moved_to
from server.storage.trash import Deleted

_NOTE_EVERY_S = 0.5


class _Progress(msgspec.Struct):
    """What the text `MOVING` says.

    Attributes:
        source: where the documents come from.
        done: those that are there and verified.
    """

    source: str
    done: set[str]


_decode = msgspec.json.Decoder(_Progress).decode


def move(source: End, target: End, progress: Callable[[str], None]) -> int:
    """Move everything; return the number of documents. Goes on with what was interrupted.

    Args:
        source: is not changed, except that it is marked as moved.
        target: has no documents, unless an interrupted migration has made them.
        progress: called with a line for people.

    Raises:
        MigrationError: The ends do not fit, or the target differs from the source.
        JournalError, OSError: One of them cannot be read or written.
    """
    moved = moved_to(source.site)
    if moved not in (None, target.name):
        raise MigrationError(f"{source.name} was moved to {moved} already")
    state = _begin(source, target)
    documents, deleted = source.documents(), source.deleted()
    catalog = Catalog(source.site.text(CATALOG))
    first_names = {document: catalog.first_name(document) for document in documents}
    first_names |= {IN_TRASH + id: record.first_name for id, record in deleted.items()}
    noted_at = time.monotonic()
    for at, (document, first_name) in enumerate(first_names.items(), 1):
        if document in state.done:
            continue
        progress(f"{at}/{len(first_names)} {document}")
        _move_document(source, target, document, first_name)
        state.done.add(document)
        if time.monotonic() - noted_at > _NOTE_EVERY_S:
            _note(target, state)
            noted_at = time.monotonic()
    _note(target, state)
    progress("accounts, policy and the like")
    _move_rest(source, target, deleted)
    source.site.text(MOVED).change(lambda _: msgspec.json.encode(target.name))
    target.site.text(MOVING).change(lambda _: None)
    return len(documents)


def undo(end: End) -> bool:
    """Let servers start on a source again; return whether it was marked as moved."""
    text = end.site.text(MOVED)
    if text.read() is None:
        return False
    text.change(lambda _: None)
    return True


def _begin(source: End, target: End) -> _Progress:
    text = target.site.text(MOVING)
    content = text.read()
    if content is not None:
        state = _decode(content)
        if state.source != source.name:
            raise MigrationError(f"{target.name} is being filled from {state.source}")
        return state
    site = target.site
    if target.documents() or target.deleted():
        raise MigrationError(f"{target.name} has documents of its own")
    if site.text(POLICY).read() is not None or any(AccountStore(site.accounts).tables().values()):
        raise MigrationError(f"{target.name} has accounts or a policy of its own")
    state = _Progress(source.name, set())
    _note(target, state)
    return state


def _note(target: End, state: _Progress) -> None:
    target.site.text(MOVING).change(lambda _: msgspec.json.encode(state, order="sorted"))


# --- a document


def _move_document(source: End, target: End, document: str, first_name: str) -> None:
    filename = filename_of(first_name)
    log = source.log(document)
    with source.opened(document) as repository:
        target.put(document, first_name, repository, log)
        expected = _content(repository, filename, log)
    there = target.log(document)
    with target.opened(document) as repository:
        try:
            if bare.is_begun(repository):
                git(repository, "fsck", "--strict", "--no-dangling", "--no-progress", gently=True)
            found = _content(repository, filename, there)
        except (GitError, RepositoryError) as problem:
            raise MigrationError(f"{document} in {target.name} is damaged: {problem}") from problem
    if there.entries != log.entries or found != expected:
        raise MigrationError(f"{document} in {target.name} is not what {source.name} has")


def _content(repository: Path, filename: str, log: Log) -> tuple[bytes, bytes, str | None, str]:
    """Return the refs, the number of objects, the newest revision, and its text."""
    refs = count = b""
    if bare.is_begun(repository):
        refs = git(repository, "for-each-ref", "--format=%(objectname) %(refname)")
        count = git(repository, "rev-list", "--objects", "--all", "--count")
    opened = Repository(repository, filename, log)
    head = opened.head(MASTER)
    return refs, count, head, opened.text(head) if head else ""


# --- the rest


def _move_rest(source: End, target: End, deleted: Mapping[str, Deleted]) -> None:
    target.put_records(deleted)
    for name in (CATALOG, POLICY):
        content = source.site.text(name).read()
        target.site.text(name).change(lambda _, content=content: content)  # type: ignore[misc]
    target.site.set_secret(source.site.secret())
    there, here = AccountStore(target.site.accounts), AccountStore(source.site.accounts)
    tables = here.tables()
    if any(tables.values()) and not any(there.tables().values()):
        there.fill(tables)
    if there.load() != here.load():
        raise MigrationError(f"the accounts in {target.name} are not those of {source.name}")

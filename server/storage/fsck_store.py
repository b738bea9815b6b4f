"""The check of a store of repositories, which changes nothing: each document as it is stored.

A server may be running: each document is read at one moment, and Git checks a copy of it.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from server.core.access.policy import PolicyError, read_policy
from server.core.git_model import MASTER
from server.core.names import filename_of
from server.git.repository import Repository, RepositoryError
from server.storage.accounts import AccountStore
from server.storage.catalog import Catalog, CatalogError
from server.storage.fsck import CheckError, Finding, limited, repository_faults
from server.storage.journal import DamagedError, JournalError, StoreReader
from server.storage.site import CATALOG, POLICY

_RESTORE = (
    "bring it back from a backup of the database, or push {name} from any clone, which has master"
    " only, under another name"
)


def check_store(
    reader: StoreReader, documents: Sequence[str], progress: Callable[[str], None]
) -> list[Finding]:
    """Check a store.

    Args:
        reader: reads it.
        documents: the documents that are checked.
        progress: called with the name of each document before it is checked.

    Raises:
        CheckError: It cannot be read at all.
    """
    try:
        findings = list(_site(reader))
        for document in documents:
            progress(document)
            findings += limited(list(_document(reader, document)))
    except (JournalError, OSError) as problem:
        raise CheckError(f"{reader.shown} cannot be checked: {problem}") from problem
    return findings


def _site(reader: StoreReader) -> Iterator[Finding]:
    site = reader.site
    AccountStore(site.accounts).load()
    try:
        Catalog(site.text(CATALOG))
    except CatalogError as problem:
        yield Finding("", str(problem), "bring it back from a backup of the database")
    try:
        read_policy((site.text(POLICY).read() or b"").decode())
    except (PolicyError, UnicodeDecodeError) as problem:
        yield Finding("", f"the policy is not valid: {problem}", "use gollabedit access set FILE")


def _document(reader: StoreReader, document: str) -> Iterator[Finding]:
    advice = _RESTORE.format(name=document)
    with TemporaryDirectory(prefix="gollabedit-") as folder:
        repository = Path(folder) / f"{document}.git"
        try:
            with reader.snapshot():
                stored = reader.stored().get(document)
                if stored is None:
                    return  # it was deleted or renamed meanwhile
                reader.copy(document, repository)
                log = reader.read(document)
        except DamagedError as problem:
            yield Finding(document, str(problem), advice)
            return
        filename = filename_of(stored.first_name)
        if repository.exists():
            yield from (
                Finding(document, it, advice) for it in repository_faults(repository, filename)
            )
        if log.entries:
            sentence = f"not in the repository yet, but in the journal: {len(log.entries)} entries"
            yield Finding(document, sentence, is_wrong=False)
        try:
            opened = Repository(repository, filename, log)
            head = opened.head(MASTER)
            if head is not None:
                opened.text(head)
        except RepositoryError as problem:
            yield Finding(document, f"its text cannot be read: {problem}", advice)

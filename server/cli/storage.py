"""`gollabedit maintain` and `gollabedit check`: the data folder on disk, without a server."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path

from server import config
from server.config import Config
from server.git import object_files
from server.git.repack import RepackError, repack
from server.storage import checkpoint
from server.storage.cache import check_is_no_cache
from server.storage.data_folder import DataFolder, DataFolderError, documents_in
from server.storage.fsck import Finding, check_folder, check_journal
from server.storage.fsck_store import check_store
from server.storage.journal import JournalError, OvertakenError
from server.storage.journal.opening import is_stored, open_reader
from server.storage.journal.sqlite import SqliteJournal
from server.support.terminal import tick

_MAINTAIN_EXAMPLES = """examples:
  gollabedit maintain                           all documents in ./data
  gollabedit maintain --data /srv/docs notes    only the document "notes"
  gollabedit maintain --thorough                one pack for each document
"""
_CHECK_EXAMPLES = """examples:
  gollabedit check                              all documents in ./data
  gollabedit check --data /srv/docs notes       only the document "notes"
  GOLLABEDIT_JOURNAL=postgresql://gollabedit@db/gollabedit gollabedit check
  gollabedit check || mail -s broken admin      0: sound, 1: something is wrong, 2: cannot check
"""


def add_maintain(command: ArgumentParser) -> None:
    command.description = (
        "Repack the repositories of documents, so that they are small and fast."
        " A running server does this by itself, now and then."
    )
    command.epilog = _MAINTAIN_EXAMPLES
    command.add_argument(
        "--thorough",
        action="store_true",
        help="make one pack per document, however long it takes",
    )
    _add_folder(command)
    command.set_defaults(run=_maintain)


def add_check(command: ArgumentParser) -> None:
    command.description = (
        "Check the documents on disk, and change nothing. A server may run meanwhile:"
        " what looks wrong is checked again before it is reported."
    )
    command.epilog = _CHECK_EXAMPLES
    command.add_argument(
        "--journal", metavar="URL", help="check this database, which has the documents"
    )
    command.add_argument(
        "--journal-password-file", metavar="FILE", help="file with the password for that database"
    )
    _add_folder(command)
    command.set_defaults(run=_check)


def _add_folder(command: ArgumentParser) -> None:
    """Add the options that name the data folder and the documents."""
    command.add_argument(
        "--data", metavar="DIR", help=f"folder that holds the documents (default: {Config().data})"
    )
    command.add_argument(
        "documents", metavar="DOCUMENT", nargs="*", help="name of a document (default: all)"
    )


def _maintain(options: Namespace) -> int:
    with _not_served(_folder(options)) as folder:
        _empty_journal(folder)
        documents = _documents(options, documents_in(folder.path), f"the data folder {folder.path}")
        results = [
            _maintain_one(folder, document, _counter(at, documents), thorough=options.thorough)
            for at, document in enumerate(documents, 1)
        ]
    return 0 if all(results) else 1


def _empty_journal(folder: DataFolder) -> None:
    """Write everything in the journal to the repositories."""
    check_is_no_cache(folder.path)
    try:
        journal = SqliteJournal(folder.journal_path)
        try:
            for document in journal.documents():
                tick(f"{document}: writing the journal to the repository")
                repository = folder.repository(document, journal.read(document))
                unwritten = repository.unwritten()
                if unwritten:
                    checkpoint.write(repository.path, unwritten)
                    journal.forget(document, unwritten.position)
        finally:
            journal.close()
    except OvertakenError as problem:
        raise DataFolderError(f"{problem}; start the server once to merge it") from problem
    except JournalError as problem:
        raise DataFolderError(f"the journal cannot be emptied: {problem}") from problem


@contextmanager
def _not_served(path: Path) -> Iterator[DataFolder]:
    """Lock the data folder; fail if a server uses it."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(DataFolder(path))
        except DataFolderError as problem:
            if isinstance(problem.__context__, BlockingIOError):
                raise DataFolderError(f"{problem}. (It packs its documents by itself.)") from None
            raise
        yield folder


def _maintain_one(folder: DataFolder, document: str, counter: str, *, thorough: bool) -> bool:
    path = folder.repository_path(document)
    before = object_files.size_of(path)
    tick(f"{counter}{document}")
    try:
        repack(path, thorough=thorough, alone=True)
    except RepackError as problem:
        tick("")
        print(f"gollabedit: {document}: {problem}", file=sys.stderr)
        return False
    after = object_files.size_of(path)
    tick("")
    print(
        f"{counter}{document}: {before.packs} → {after.packs} packs,"
        f" {_bytes(before.bytes)} → {_bytes(after.bytes)}"
    )
    return True


def _check(options: Namespace) -> int:
    settings = config.read(options, os.environ)
    if is_stored(settings.journal):
        documents, findings = _check_store(settings, options)
        place, whole = "in the database", "the database"
    else:
        documents, findings = _check_folder(options)
        place, whole = "on disk", "the data folder"
    tick("")
    for name, found in groupby(findings, lambda finding: finding.document or whole):
        _print_findings(name, list(found))
    wrong = dict.fromkeys(f.document or whole for f in findings if f.is_wrong)
    result = f"something is wrong with {', '.join(wrong)}" if wrong else "nothing is wrong"
    print(f"{len(documents)} document{'s' * (len(documents) != 1)} checked {place}: {result}")
    return 1 if wrong else 0


def _check_folder(options: Namespace) -> tuple[Sequence[str], list[Finding]]:
    path = _folder(options)
    check_is_no_cache(path)
    documents = _documents(options, documents_in(path), f"the data folder {path}")
    journal = partial(check_journal, path)
    return documents, check_folder(path, documents, journal, _progress(documents))


def _check_store(settings: Config, options: Namespace) -> tuple[Sequence[str], list[Finding]]:
    password_file = settings.journal_password_file
    with closing(open_reader(settings.journal, password_file=password_file)) as reader:
        documents = _documents(options, sorted(reader.stored()), "the database")
        return documents, check_store(reader, documents, _progress(documents))


def _progress(documents: Sequence[str]) -> Callable[[str], None]:
    at = iter(range(1, len(documents) + 1))
    return lambda name: tick(f"{_counter(next(at), documents)}{name}")


def _print_findings(name: str, findings: Sequence[Finding]) -> None:
    for finding in findings:
        print(f"{name}: {'' if finding.is_wrong else 'by the way: '}{finding.sentence}")
    for advice in dict.fromkeys(finding.advice for finding in findings if finding.advice):
        print(f"{name}: what to do: {advice}")


def _folder(options: Namespace) -> Path:
    path = config.read(options, os.environ).data.absolute()
    if not (path / "format").exists() and not documents_in(path):
        raise DataFolderError(f"there is no data folder {path}; name it with --data")
    return path


def _documents(options: Namespace, existing: list[str], where: str) -> list[str]:
    """Return the documents that the command line names, or all."""
    for name in options.documents:
        if name not in existing:
            raise DataFolderError(f"there is no document {name!r} in {where}")
    return list(dict.fromkeys(options.documents)) or existing


def _counter(at: int, documents: Sequence[str]) -> str:
    return f"{at}/{len(documents)} " if len(documents) > 1 else ""


def _bytes(count: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"

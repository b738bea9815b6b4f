"""The check of a data folder, which changes nothing.

It takes no lock, and a server may be running. So what looks wrong is checked again, and only faults
that last are findings.
"""

import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from server.core.git_model import BRANCHES, INTERNAL, MASTER, NOTES, TAGS
from server.core.names import filename_of
from server.git import object_files
from server.git.process import run_git
from server.git.repository import Repository, RepositoryError
from server.storage.catalog import CatalogError, catalog_in
from server.storage.data_folder import FORMAT, OLDER_FORMATS, RESTORING, journal_in
from server.storage.journal import JournalError
from server.storage.journal.sqlite import SqliteJournal
from server.storage.site import SECRET_BYTES
from server.storage.site.folder import accounts_in
from server.support.errors import UserError

_USUAL = (BRANCHES, TAGS, NOTES, INTERNAL)
_LOCKS = ("*.lock", "refs/**/*.lock")
# At most this many lines of Git about one repository are findings.
_LINES_MAX = 5
_GIT_SAYS = "Git says: "

_RESTORE = (
    "stop the server and put a sound copy in its place: {name}.git of a backup, or"
    " `git clone --bare CLONE {name}.git` of any clone, which has master only"
)
_JOURNAL_LOST = (
    "stop the server, move journal.sqlite* away and start again: edits of the last seconds that"
    " are in no repository are lost then"
)
_CATALOG_LOST = (
    "restore it from a backup; it has the file names of renamed documents, see docs/storage.md"
)
_ACCOUNTS_LOST = "restore accounts.sqlite from a backup, or move it away and make them anew"
_KEYS_LOST = "restore it from a backup; else clients with an open page become new clients"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding about a document, or about the folder itself (`document` is empty)."""

    document: str
    sentence: str
    advice: str = ""
    is_wrong: bool = True


class CheckError(UserError):
    """The folder cannot be checked; the message is one line."""


def check_folder(
    path: Path,
    documents: Sequence[str],
    journal_findings: Callable[[], list[Finding]] = list,
    progress: Callable[[str], None] | None = None,
) -> list[Finding]:
    """Check a data folder.

    Args:
        path: the data folder.
        documents: the documents whose repositories are checked.
        journal_findings: checks the journal.
        progress: called with the name of each document before its repository is checked.

    Raises:
        CheckError: The folder or Git cannot be used at all.
    """
    try:
        findings = _repeated(lambda: [*_folder(path), *journal_findings()])
        for document in documents:
            if progress:
                progress(document)
            findings += limited(_repeated(partial(_repository, path, document)))
    except OSError as problem:
        raise CheckError(f"{path} cannot be checked: {problem}") from problem
    return findings


def _repeated(look: Callable[[], list[Finding]]) -> list[Finding]:
    """Return the findings of two checks: a running server may cause others for a moment."""
    found = look()
    return [finding for finding in look() if finding in found] if found else []


def limited(findings: list[Finding]) -> list[Finding]:
    """Return the findings with at most `_LINES_MAX` lines of Git."""
    of_git = [each for each in findings if each.sentence.startswith(_GIT_SAYS)]
    left_out = of_git[_LINES_MAX:]
    if not left_out:
        return findings
    more = replace(left_out[0], sentence=f"Git says {len(left_out)} lines more: git fsck")
    return [each for each in findings if each not in left_out] + [more]


# --- the folder


def _folder(path: Path) -> Iterator[Finding]:
    found = (path / "format").read_text().strip() if (path / "format").exists() else None
    if found is None:
        yield Finding("", "the file `format` is missing", "start the server, which makes it")
    elif found == RESTORING:
        yield Finding("", "a backup was not restored completely", "restore it again")
    elif found not in (*OLDER_FORMATS, str(FORMAT)):
        yield Finding(
            "",
            f"the folder has format {found!r}, and this version of gollabedit knows {FORMAT}",
            "use the newer version that made it",
        )
    if not (path / "secret").exists():
        yield Finding("", "the file `secret` is missing", _KEYS_LOST)
    elif (path / "secret").stat().st_size != SECRET_BYTES:
        yield Finding("", "the file `secret` is damaged", _KEYS_LOST)
    try:
        catalog_in(path)
    except CatalogError as problem:
        yield Finding("", str(problem), _CATALOG_LOST)
    accounts = accounts_in(path)
    if accounts.exists() and (fault := _fault_of_database(accounts)):
        yield Finding("", f"the accounts are damaged: {fault}", _ACCOUNTS_LOST)


def _fault_of_database(file: Path) -> str:
    """Return what SQLite finds wrong with a file; nothing if it is sound."""
    try:
        with closing(sqlite3.connect(file)) as opened:
            opened.execute("PRAGMA query_only = 1")
            [found] = opened.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as problem:
        return str(problem)
    return "" if found == "ok" else str(found)


def _filename(path: Path, document: str) -> str:
    """Return the name of a document's file in Git."""
    with suppress(CatalogError):  # a finding of its own
        return filename_of(catalog_in(path).first_name(document))
    return filename_of(document)


# --- the journal


def check_journal(path: Path) -> list[Finding]:
    """Check the journal of a data folder, and the texts that only the journal has."""
    file = journal_in(path)
    if not file.exists():
        return []
    try:
        journal = SqliteJournal(file, read_only=True)
    except JournalError as problem:
        return [Finding("", f"the journal cannot be read: {problem}", _JOURNAL_LOST)]
    try:
        faults = [f"the journal is damaged: {sentence}" for sentence in journal.faults()]
        if faults:
            return [Finding("", sentence, _JOURNAL_LOST) for sentence in faults]
        return [
            each for name in journal.documents() for each in _check_entries(path, journal, name)
        ]
    except JournalError as problem:
        return [Finding("", f"the journal is damaged: {problem}", _JOURNAL_LOST)]
    finally:
        journal.close()


def _check_entries(path: Path, journal: SqliteJournal, document: str) -> Iterator[Finding]:
    """Check that a document can be read from its repository and the journal."""
    log = journal.read(document)
    if log.entries:
        sentence = f"not in the repository yet, but in the journal: {len(log.entries)} entries"
        yield Finding(document, sentence, is_wrong=False)
    try:
        repository = Repository(path / f"{document}.git", _filename(path, document), log)
        head = repository.head(MASTER)
        if head is not None:
            repository.text(head)
    except RepositoryError as problem:
        advice = _RESTORE.format(name=document)
        yield Finding(document, f"its text cannot be read: {problem}", advice)


# --- a repository


def _repository(path: Path, document: str) -> list[Finding]:
    repository = path / f"{document}.git"
    advice = _RESTORE.format(name=document)
    faults = repository_faults(repository, _filename(path, document))
    return [
        *(Finding(document, sentence, advice) for sentence in faults),
        *(Finding(document, sentence, is_wrong=False) for sentence in _remarks(repository)),
    ]


def repository_faults(repository: Path, filename: str) -> Iterator[str]:
    """Yield what is wrong with a repository, as sentences.

    Args:
        repository: its path.
        filename: the name of the document's file in it.
    """
    head = run_git(repository, "symbolic-ref", "HEAD")
    if head.returncode:
        yield f"it is not a Git repository: {_error_of(head)}"
        return
    if head.stdout.strip() != MASTER.encode():
        yield f"HEAD names {head.stdout.decode().strip()} and not {MASTER}"
    yield from _complaints(repository)
    refs = _refs(repository)
    for name, kind in refs.items():
        if kind != "commit":
            what = "a commit that is missing" if kind == "missing" else f"a {kind} and no commit"
            yield f"{name} names {what}"
    if not refs and _is_empty(repository):
        return  # it is new, or its first edits are still in the journal
    if MASTER not in refs:
        yield "it has no master"
    elif refs[MASTER] == "commit":
        yield from _text_faults(repository, filename)


def _complaints(repository: Path) -> Iterator[str]:
    """Yield the faults that `git fsck` finds."""
    checked = run_git(repository, "fsck", "--strict", "--no-dangling", "--no-progress")
    if not checked.returncode:
        return
    lines = (checked.stderr + checked.stdout).decode(errors="replace").splitlines()
    yield from (f"{_GIT_SAYS}{line}" for line in lines)


def _refs(repository: Path) -> dict[str, str]:
    """Return the type of the object that each branch names, or `missing`."""
    listed = run_git(repository, "for-each-ref", "--format=%(objectname) %(refname)", BRANCHES)
    words = [line.split(" ", 1) for line in listed.stdout.decode().splitlines()]
    ids = "".join(f"{id}\n" for id, _ in words)
    form = "--batch-check=%(objecttype)"
    kinds = run_git(repository, "cat-file", form, stdin=ids.encode()).stdout.decode().splitlines()
    return {name: kind.split()[-1] for (_, name), kind in zip(words, kinds, strict=True)}


def _is_empty(repository: Path) -> bool:
    objects = repository / "objects"
    return not any(objects.glob("pack/*.pack")) and not object_files.has_loose(repository, 1)


def _text_faults(repository: Path, filename: str) -> Iterator[str]:
    listed = run_git(repository, "ls-tree", MASTER, "--", filename)
    if not listed.returncode and not listed.stdout:
        yield f"master has no file {filename}"
        return
    text = run_git(repository, "cat-file", "blob", f"{MASTER}:{filename}")
    if text.returncode:
        yield f"{filename} on master cannot be read: {_error_of(text)}"
        return
    try:
        text.stdout.decode()
    except UnicodeDecodeError as problem:
        yield f"{filename} on master is not UTF-8 text, from byte {problem.start} on"


def _remarks(repository: Path) -> Iterator[str]:
    """Yield harmless oddities."""
    listed = run_git(repository, "for-each-ref", "--format=%(refname)")
    for name in listed.stdout.decode().splitlines():
        if not name.startswith(_USUAL):
            yield f"{name} is not a branch, tag or note"
    locks = (lock for pattern in _LOCKS for lock in repository.glob(pattern))
    for file in sorted({*locks, *object_files.leftovers(repository, alone=True)}):
        yield f"{file.relative_to(repository)} is left over, unless another program is using it"


def _error_of(ran: subprocess.CompletedProcess[bytes]) -> str:
    return ran.stderr.decode(errors="replace").strip().replace("\n", "; ")

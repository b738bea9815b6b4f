"""`gollabedit export` and `import`: the documents of a server as files of a folder, and back.

One after the other. What cannot be done with one of them is said, and the others go on; only where
no server answers there is nothing to go on with.
"""

import os
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from server.cli.file_history import FileHistory
from server.cli.http_client import (
    CommandError,
    DisputedError,
    RefusedError,
    UnreachableError,
    ask,
    document_in,
    documents,
    put,
    server_of,
    text_at,
)
from server.cli.text_files import document_for, read_text, text_files
from server.core.names import filename_of, is_document_name
from server.support.files import fsync
from server.support.terminal import harmless, say, tick

_NEW = "new"
_REPLACED = "replaced"
_UNCHANGED = "unchanged"
_LEFT_OUT = "left out"

_EXPORT_EXAMPLES = """examples:
  gollabedit export http://localhost:8080 copies
                                                every document: notes is copies/notes.txt
  gollabedit export --overwrite http://localhost:8080 copies
                                                again, and bring the files up to date
  gollabedit export http://localhost:8080 copies notes 'plan*'
                                                only these

A file that is there with another text is left alone, if not for --overwrite.
Exit code: 0 if every file has its document's text now, 1 if one has not, 2 if it cannot be tried.
"""
_IMPORT_EXAMPLES = """examples:
  gollabedit import docs http://localhost:8080  every text file of a folder: docs/notes.txt is
                                                the document notes, Meeting Notes.md is
                                                meeting-notes.md
  gollabedit import *.md http://localhost:8080  only these
  gollabedit import Plan.md http://localhost:8080/d/plan-b.md
                                                under another name
  gollabedit import --history Plan.md http://localhost:8080
                                                with all its commits in the Git repository
                                                around it, also those from before a renaming

A document that is there with another text is left alone, if not for --overwrite. Files whose name
begins with a dot and folders in the folder are left out.
Exit code: 0 if every document has its file's text now, 1 if one has not, 2 if it cannot be tried.
"""

_Job = Callable[[], str]  # does one of many; returns what became of it


# --- the command line


def add_export(command: ArgumentParser) -> None:
    command.epilog = _EXPORT_EXAMPLES
    command.add_argument("url", metavar="URL", help="of a server, or of one document")
    command.add_argument("folder", metavar="FOLDER", type=Path, help="made where it is missing")
    command.add_argument(
        "documents", metavar="DOCUMENT", nargs="*", help="name or pattern (default: all)"
    )
    command.add_argument(
        "--overwrite", action="store_true", help="replace files that have another text"
    )
    command.set_defaults(run=_export)


def add_import(command: ArgumentParser) -> None:
    command.description = "Make documents of text files, or of the files of a folder."
    command.epilog = _IMPORT_EXAMPLES
    command.add_argument("files", metavar="FILE", nargs="+", type=Path, help="or a folder")
    command.add_argument(
        "url", metavar="URL", help="of a server; for one file also http://HOST/d/NAME"
    )
    command.add_argument("--name", help="who wrote it, for the history")
    command.add_argument(
        "--overwrite",
        action="store_true",
        help="replace the text of documents that have another; what it was stays in their history",
    )
    command.add_argument(
        "--history",
        action="store_true",
        help="import the commits of each file's Git repository that change it, too",
    )
    command.add_argument(
        "--since", metavar="COMMIT", help="with --history: only this commit and later ones"
    )
    command.set_defaults(run=_import)


# --- export


def _export(options: Namespace) -> int:
    server = server_of(options.url)
    one = document_in(options.url)
    chosen = [one] if one else _chosen(list(documents(server)), options.documents)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise CommandError(f"{options.folder} cannot be made: {problem.strerror}") from None
    files: dict[str, str] = {}
    jobs: list[tuple[str, _Job]] = []
    for document in chosen:
        filename = filename_of(document)
        rival = files.setdefault(filename, document)
        job = partial(_export_one, server, document, options.folder / filename, options.overwrite)
        jobs.append(
            (f"{document} → {filename}", job if rival == document else partial(_give_way, rival))
        )
    return _each("document", jobs)


def _chosen(there: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """The documents that are meant by names and patterns; all without any."""
    for pattern in patterns:
        if not any(fnmatchcase(document, pattern) for document in there):
            raise CommandError(f"there is no document {pattern}")
    return [
        document
        for document in there
        if not patterns or any(fnmatchcase(document, pattern) for pattern in patterns)
    ]


def _give_way(rival: str) -> str:
    raise CommandError(f"the file is that of the document {rival}; export it into another folder")


def _export_one(server: str, document: str, file: Path, overwrite: bool) -> str:
    text = _ask_text(server, document)
    try:
        if not file.is_symlink() and not file.exists():
            _write(file, text)
            return _NEW
        if file.is_symlink() or not file.is_file():
            raise CommandError("what is there is no ordinary file, and stays")
        if file.read_bytes() == text:
            return _UNCHANGED
        if not overwrite:
            raise CommandError("the file is there with another text; --overwrite replaces it")
        _write(file, text, file.stat().st_mode)
    except OSError as problem:
        raise CommandError(f"the file cannot be written: {problem.strerror}") from None
    return _REPLACED


def _ask_text(server: str, document: str) -> bytes:
    return ask("GET", text_at(server, document)).body


def _write(file: Path, text: bytes, mode: int | None = None) -> None:
    """Write a file so that it is there completely or as it was; whoever stops it stops it whole."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        with fresh.open("xb") as out:
            out.write(text)
        if mode is not None:
            fresh.chmod(mode)
        fsync(fresh)
        fresh.rename(file)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


# --- import


def _import(options: Namespace) -> int:
    if options.since and not options.history:
        raise CommandError("--since needs --history")
    if options.history and (options.overwrite or options.name):
        raise CommandError("--history makes new documents, by those who wrote the commits")
    server = server_of(options.url)
    files = text_files(options.files)
    jobs: list[tuple[str, _Job]] = []
    for file, document in _named(files, document_in(options.url)).items():
        how = partial(_import_history if options.history else _import_text, server, options, file)
        jobs.append(
            (f"{file.name} → {document or '?'}", partial(how, document) if document else _nameless)
        )
    return _each("file", jobs)


def _named(files: Sequence[Path], wish: str | None) -> Mapping[Path, str | None]:
    """Which document each file is to be; None where no name is near."""
    if wish:
        if len(files) != 1:
            raise CommandError(f"{len(files)} files cannot all be the document {wish}")
        if not is_document_name(wish):
            raise CommandError(f"no document can have the name {wish}")
        return {files[0]: wish}
    owners: dict[str, Path] = {}
    named = {file: document_for(file.name) for file in files}
    for file, document in named.items():
        if document and owners.setdefault(document, file) != file:
            raise CommandError(
                f"{owners[document]} and {file} would both be the document {document}; rename one,"
                " or import it by itself. Nothing was sent"
            )
    return named


def _nameless() -> str:
    raise CommandError("no document can be called so; import it by itself, to …/d/NAME")


def _import_text(server: str, options: Namespace, file: Path, document: str) -> str:
    text = read_text(file)
    url = text_at(server, document, {"name": options.name} if options.name else {})
    if not text and not _exists(server, document):
        return _UNCHANGED  # whoever opens it sees an empty text
    try:
        put(url, text, {"If-None-Match": "*"})
    except RefusedError as refused:
        if refused.status != 412:
            raise
        return _import_over(url, text, overwrite=options.overwrite)
    return _NEW


def _import_over(url: str, text: bytes, *, overwrite: bool) -> str:
    """What becomes of a text whose document exists."""
    there = ask("GET", url)
    if there.body == text:
        return _UNCHANGED
    if not overwrite:
        raise CommandError("the document is there with another text; --overwrite replaces that")
    try:
        put(url, text, {"If-Match": f'"{there.revision}"'})
    except DisputedError:
        raise CommandError("others are changing the same words just now; try again") from None
    return _REPLACED


def _import_history(server: str, options: Namespace, file: Path, document: str) -> str:
    history = FileHistory(file, options.since)
    if _exists(server, document):
        raise CommandError(
            "the document is there already, and a history only begins one; import it under"
            " another name, to …/d/NAME"
        )
    count = history.push(f"{server}/{document}.git", filename_of(document))
    return f"{_NEW}, with {count:,} commit{'s' * (count != 1)}"


def _exists(server: str, document: str) -> bool:
    try:
        ask("GET", f"{server}/api/documents/{document}")
    except RefusedError as refused:
        if refused.status != 404:
            raise
        return False
    return True


# --- one after the other


def _each(noun: str, jobs: Sequence[tuple[str, _Job]]) -> int:
    """Do all of them, say what became of each and then of all; returns the exit code."""
    outcomes: Counter[str] = Counter()
    try:
        for at, (what, job) in enumerate(jobs, 1):
            tick(f"{at}/{len(jobs)} {what}")
            outcome = _one(what, job)
            outcomes[outcome.partition(",")[0]] += 1
            if outcome not in (_UNCHANGED, _LEFT_OUT):
                tick("")
                print(harmless(f"{what}: {outcome}"), flush=True)
    finally:
        tick("")
    order = (_NEW, _REPLACED, _UNCHANGED, _LEFT_OUT)
    counts = ", ".join(f"{outcomes[outcome]:,} {outcome}" for outcome in order if outcomes[outcome])
    print(f"{len(jobs):,} {noun}{'s' * (len(jobs) != 1)}{': ' * bool(jobs)}{counts}")
    return 1 if outcomes[_LEFT_OUT] else 0


def _one(what: str, job: _Job) -> str:
    try:
        return job()
    except UnreachableError:
        raise
    except RefusedError as refused:
        problem = refused.sentence
    except CommandError as error:
        problem = str(error)
    tick("")
    say(f"gollabedit: {what}: {problem}")
    return _LEFT_OUT

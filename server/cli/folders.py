"""`gollabedit export` and `import`: the documents of a server as files of a folder, and back.

Files are processed one by one. A failure is reported and the next file is processed, unless the
server cannot be reached.
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
    ConflictError,
    RejectedError,
    UnreachableError,
    document_in,
    documents,
    put,
    send,
    server_of,
    text_url,
)
from server.cli.text_files import document_for, read_text, text_files
from server.core.names import filename_of, is_document_name, path_of
from server.support.files import fsync
from server.support.terminal import harmless, say, tick

_NEW = "new"
_REPLACED = "replaced"
_UNCHANGED = "unchanged"
_LEFT_OUT = "left out"

_EXPORT_EXAMPLES = """examples:
  gollabedit export http://localhost:8080 copies
                                                every document: notes is copies/notes.txt,
                                                team/plan.md is copies/team/plan.md
  gollabedit export --overwrite http://localhost:8080 copies
                                                again, and bring the files up to date
  gollabedit export http://localhost:8080 copies notes 'plan*' 'team/*'
                                                only these

A file that exists with another text is left alone, unless --overwrite is given.
Exit code: 0 if every file has its document's text, 1 if any has not, 2 if the command cannot run.
"""
_IMPORT_EXAMPLES = """examples:
  gollabedit import docs http://localhost:8080  every text file of a folder and those in it:
                                                docs/notes.txt is the document notes,
                                                docs/New/My Plan.md is new/my-plan.md
  gollabedit import *.md http://localhost:8080  only these
  gollabedit import Plan.md http://localhost:8080/d/plan-b.md
                                                under another name
  gollabedit import --history Plan.md http://localhost:8080
                                                with all its commits in the Git repository
                                                around it, also those from before a renaming

A document that exists with another text is left alone, unless --overwrite is given. Files and
folders whose name begins with a dot are left out.
Exit code: 0 if every document has its file's text, 1 if any has not, 2 if the command cannot run.
"""

_Job = Callable[[], str]  # exports or imports one file; returns the outcome


# --- the command line


def add_export(command: ArgumentParser) -> None:
    command.epilog = _EXPORT_EXAMPLES
    command.add_argument("url", metavar="URL", help="address of a server, or of one document")
    command.add_argument("folder", metavar="FOLDER", type=Path, help="created if it does not exist")
    command.add_argument(
        "documents", metavar="DOCUMENT", nargs="*", help="name or pattern (default: all)"
    )
    command.add_argument("--overwrite", action="store_true", help="replace files that differ")
    command.set_defaults(run=_export)


def add_import(command: ArgumentParser) -> None:
    command.description = "Create documents from text files, or from the files of a folder."
    command.epilog = _IMPORT_EXAMPLES
    command.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help="a text file, or a folder"
    )
    command.add_argument(
        "url", metavar="URL", help="address of a server; for one file also http://HOST/d/NAME"
    )
    command.add_argument("--name", help="the author's name, for the history")
    command.add_argument(
        "--overwrite",
        action="store_true",
        help="replace the text of documents that differ; their history keeps the old one",
    )
    command.add_argument(
        "--history",
        action="store_true",
        help="also import the commits that change each file in its Git repository",
    )
    command.add_argument(
        "--since", metavar="COMMIT", help="with --history: only this commit and later ones"
    )
    command.set_defaults(run=_import)


# --- export


def _export(options: Namespace) -> int:
    server = server_of(options.url)
    one = document_in(options.url)
    chosen = [one] if one else _matching(list(documents(server)), options.documents)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise CommandError(f"{options.folder} cannot be created: {problem.strerror}") from None
    files: dict[str, str] = {}
    jobs: list[tuple[str, _Job]] = []
    for document in chosen:
        path = path_of(document)
        rival = files.setdefault(path, document)
        job = partial(_export_one, server, document, options.folder / path, options.overwrite)
        jobs.append(
            (
                f"{document} → {path}",
                job if rival == document else partial(_reject_taken, rival),
            )
        )
    return _each("document", jobs)


def _matching(existing: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Return the documents that match the names and patterns; all if there are none."""
    for pattern in patterns:
        if not any(fnmatchcase(document, pattern) for document in existing):
            raise CommandError(f"there is no document {pattern}")
    return [
        document
        for document in existing
        if not patterns or any(fnmatchcase(document, pattern) for pattern in patterns)
    ]


def _reject_taken(rival: str) -> str:
    raise CommandError(f"the document {rival} has the same file; export it to another folder")


def _export_one(server: str, document: str, file: Path, overwrite: bool) -> str:
    text = send("GET", text_url(server, document)).body
    try:
        if not file.is_symlink() and not file.exists():
            _write(file, text)
            return _NEW
        if file.is_symlink() or not file.is_file():
            raise CommandError("it exists and is not a regular file")
        if file.read_bytes() == text:
            return _UNCHANGED
        if not overwrite:
            raise CommandError("the file exists with another text; --overwrite replaces it")
        _write(file, text, file.stat().st_mode)
    except OSError as problem:
        raise CommandError(f"the file cannot be written: {problem.strerror}") from None
    return _REPLACED


def _write(file: Path, text: bytes, mode: int | None = None) -> None:
    """Write a file atomically: it has the whole text, or is unchanged."""
    file.parent.mkdir(parents=True, exist_ok=True)
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
        raise CommandError("--history goes with neither --overwrite nor --name")
    server = server_of(options.url)
    files = text_files(options.files)
    jobs: list[tuple[str, _Job]] = []
    for file, document in _named(files, document_in(options.url)).items():
        import_one = _import_history if options.history else _import_text
        job = partial(import_one, server, options, file, document) if document else _reject_nameless
        jobs.append((f"{files[file]} → {document or '?'}", job))
    return _each("file", jobs)


def _named(files: Mapping[Path, str], wish: str | None) -> Mapping[Path, str | None]:
    """Return the document for each file; None if no valid name is similar."""
    if wish:
        if len(files) != 1:
            raise CommandError(f"{len(files)} files cannot all be the document {wish}")
        if not is_document_name(wish):
            raise CommandError(f"no document can have the name {wish}")
        return dict.fromkeys(files, wish)
    owners: dict[str, Path] = {}
    named = {file: document_for(path) for file, path in files.items()}
    for file, document in named.items():
        if document and owners.setdefault(document, file) != file:
            raise CommandError(
                f"{owners[document]} and {file} would both be the document {document}; rename one,"
                " or import it separately. Nothing was sent"
            )
    return named


def _reject_nameless() -> str:
    raise CommandError("no document can have this name; import it to …/d/NAME")


def _import_text(server: str, options: Namespace, file: Path, document: str) -> str:
    text = read_text(file)
    url = text_url(server, document, {"name": options.name} if options.name else {})
    if not text and not _exists(server, document):
        return _UNCHANGED  # a document that does not exist is empty
    try:
        put(url, text, {"If-None-Match": "*"})
    except RejectedError as error:
        if error.status != 412:
            raise
        return _import_over(url, text, overwrite=options.overwrite)
    return _NEW


def _import_over(url: str, text: bytes, *, overwrite: bool) -> str:
    """Import a text whose document exists."""
    current = send("GET", url)
    if current.body == text:
        return _UNCHANGED
    if not overwrite:
        raise CommandError("the document exists with another text; --overwrite replaces it")
    try:
        put(url, text, {"If-Match": f'"{current.revision}"'})
    except ConflictError:
        raise CommandError("others are changing the same words; try again") from None
    return _REPLACED


def _import_history(server: str, options: Namespace, file: Path, document: str) -> str:
    history = FileHistory(file, options.since)
    if _exists(server, document):
        raise CommandError(
            "the document exists already, and a history needs a new one; import it under another"
            " name, to …/d/NAME"
        )
    count = history.push(f"{server}/{document}.git", filename_of(document))
    return f"{_NEW}, with {count:,} commit{'s' * (count != 1)}"


def _exists(server: str, document: str) -> bool:
    try:
        send("GET", f"{server}/api/documents/{document}")
    except RejectedError as error:
        if error.status != 404:
            raise
        return False
    return True


# --- one by one


def _each(noun: str, jobs: Sequence[tuple[str, _Job]]) -> int:
    """Run all jobs, print each outcome and the totals, and return the exit code."""
    outcomes: Counter[str] = Counter()
    try:
        for at, (what, job) in enumerate(jobs, 1):
            tick(f"{at}/{len(jobs)} {what}")
            outcome = _run(what, job)
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


def _run(what: str, job: _Job) -> str:
    """Run a job and return its outcome; a failure is printed."""
    try:
        return job()
    except UnreachableError:
        raise
    except RejectedError as error:
        problem = error.sentence
    except CommandError as error:
        problem = str(error)
    tick("")
    say(f"gollabedit: {what}: {problem}")
    return _LEFT_OUT

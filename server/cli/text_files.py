"""Text files to import: which files, under which document names, and whether they are text."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from server.cli.http_client import CommandError
from server.core.names import nearest_name, nearest_segment
from server.support.terminal import say

_FILE_BYTES_MAX = 64 * 1024 * 1024  # larger files are not read: no server takes them


def text_files(sources: Sequence[Path]) -> Mapping[Path, str]:
    """Return the files to import, and which path each has below what was named.

    That of a named file is its name; that of a file in a named folder has the folders between.

    Raises:
        CommandError: a file or folder does not exist.
    """
    return {file: path for source in sources for file, path in _files_of(source)}


def _files_of(source: Path) -> Iterator[tuple[Path, str]]:
    if source.is_dir():
        yield from _files_in(source, "")
    elif source.exists():
        yield source, source.name
    else:
        raise CommandError(f"there is no file {source}")


def _files_in(folder: Path, prefix: str) -> Iterator[tuple[Path, str]]:
    try:
        inside = sorted(folder.iterdir())
    except OSError as problem:
        raise CommandError(f"{folder} cannot be read: {problem.strerror}") from None
    for file in inside:
        if file.name.startswith("."):
            continue
        if not file.is_dir():
            yield file, f"{prefix}{file.name}"
        elif file.is_symlink():  # it may lead back
            say(f"gollabedit: {file} links to a folder and was left out; import that separately")
        else:
            yield from _files_in(file, f"{prefix}{file.name}/")


def document_for(path: str) -> str | None:
    """Return the document name nearest to a file's path; `a/my-notes.md` for `a/My Notes.md`.

    None if there is no such name: `???.txt` has no character that a document's name can have.
    """
    stem, suffix = PurePosixPath(path).stem, PurePosixPath(path).suffix.lower()
    if not nearest_segment(stem):
        return None
    name = nearest_name(path[: -len(suffix)] if suffix == ".txt" else path)
    is_its_file = name and (suffix != ".txt" or "." not in name.rpartition("/")[2])
    return name if is_its_file else nearest_name(path)


def read_text(file: Path) -> bytes:
    """Return the content of a file.

    Raises:
        CommandError: the file cannot be read, or is not text.
    """
    try:
        if not file.is_file():
            raise CommandError("this is not a regular file")
        if file.stat().st_size > _FILE_BYTES_MAX:
            raise CommandError(f"{file.stat().st_size:,} bytes are too large for a document")
        data = file.read_bytes()
    except OSError as problem:
        raise CommandError(f"it cannot be read: {problem.strerror}") from None
    if why := problem_of(data):
        raise CommandError(why)
    return data


def problem_of(data: bytes) -> str | None:
    """Return why a document cannot have this as its text; None if it can."""
    try:
        data.decode()
    except UnicodeDecodeError as problem:
        return f"this is not UTF-8 text (line {_line(data, problem.start)})"
    at = data.find(b"\0")
    return None if at < 0 else f"this contains the character NUL (line {_line(data, at)})"


def _line(data: bytes, position: int) -> int:
    """Return the number of the line at a position, from 1."""
    return data.count(b"\n", 0, position) + 1

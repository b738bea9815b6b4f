"""Text files to import: which files, under which document names, and whether they are text."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from server.cli.http_client import CommandError
from server.core.names import nearest_name
from server.support.terminal import say

_FILE_BYTES_MAX = 64 * 1024 * 1024  # larger files are not read: no server takes them


def text_files(sources: Sequence[Path]) -> list[Path]:
    """Return the files to import: those that are named, and those in the folders that are named.

    Raises:
        CommandError: a file or folder does not exist.
    """
    return list(dict.fromkeys(file for source in sources for file in _files_of(source)))


def _files_of(source: Path) -> Iterator[Path]:
    if not source.is_dir():
        if not source.exists():
            raise CommandError(f"there is no file {source}")
        yield source
        return
    try:
        inside = sorted(source.iterdir())
    except OSError as problem:
        raise CommandError(f"{source} cannot be read: {problem.strerror}") from None
    for file in inside:
        if file.name.startswith("."):
            continue
        if file.is_dir():
            say(f"gollabedit: {file} is a folder and was left out; import it separately")
        else:
            yield file


def document_for(filename: str) -> str | None:
    """Return the document name nearest to a file's name; `meeting-notes.md` for `Meeting Notes.md`.

    None if there is no such name: `???.txt` has no character that a document's name can have.
    """
    stem, suffix = Path(filename).stem, Path(filename).suffix.lower()
    if not nearest_name(stem):
        return None
    name = nearest_name(stem if suffix == ".txt" else filename)
    return name if name and (suffix != ".txt" or "." not in name) else nearest_name(filename)


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

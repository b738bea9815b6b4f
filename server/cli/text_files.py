"""Files that become documents: which of a folder, under which names, and what a text has to be."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from server.cli.http_client import CommandError
from server.core.names import nearest_name
from server.support.terminal import say

_FILE_BYTES_MAX = 64 * 1024 * 1024  # what is larger is no document anywhere, and is not even read


def text_files(sources: Sequence[Path]) -> list[Path]:
    """The files that are meant: each that is named, and those of a folder that is named.

    Raises:
        CommandError: something named is not there.
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
            say(f"gollabedit: {file} is a folder and was left out; import it by itself")
        else:
            yield file


def document_for(filename: str) -> str | None:
    """The document whose file is called this, or nearly so; `Meeting Notes.md`: `meeting-notes.md`.

    None where no name is near enough: `???.txt` has no letter that a document's name can have.
    """
    stem, kind = Path(filename).stem, Path(filename).suffix.lower()
    if not nearest_name(stem):
        return None
    name = nearest_name(stem if kind == ".txt" else filename)
    return name if name and (kind != ".txt" or "." not in name) else nearest_name(filename)


def read_text(file: Path) -> bytes:
    """What a file holds.

    Raises:
        CommandError: it cannot be read, or is no text.
    """
    try:
        if not file.is_file():
            raise CommandError("this is no ordinary file")
        if file.stat().st_size > _FILE_BYTES_MAX:
            raise CommandError(f"{file.stat().st_size:,} bytes are too large for a document")
        data = file.read_bytes()
    except OSError as problem:
        raise CommandError(f"it cannot be read: {problem.strerror}") from None
    if why := problem_of(data):
        raise CommandError(why)
    return data


def problem_of(data: bytes) -> str | None:
    """Why this is no text that a document can hold, if it is none."""
    try:
        data.decode()
    except UnicodeDecodeError as problem:
        return f"this is not UTF-8 text (line {_line(data, problem.start)})"
    at = data.find(b"\0")
    return None if at < 0 else f"this holds the character NUL (line {_line(data, at)})"


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1

"""`gollabedit sync FOLDER URL`: keeps the files of a folder in sync with documents of a server.

Each document has a file, in folders of the same names, and each file a `sync` of its own. Documents
and files that are made meanwhile are found by looking again.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from server.cli.http_client import CommandError, documents
from server.cli.text_files import document_for, read_text
from server.core.names import is_document_name, path_of
from server.support.terminal import say

_LOOK_EVERY_S = 5.0
_DOCUMENTS_MAX = 200  # each is a connection
_KEPT = re.compile(r"\.kept-[0-9]+$")  # copies that a `sync` has made


class Command(Protocol):
    """A `sync` of one file."""

    @property
    def url(self) -> str:
        """The address of the document, which may have been renamed."""

    async def run(self) -> None:
        """Keep the file in sync until `stop` is called or that becomes impossible."""

    def stop(self) -> None:
        """Stop once the last save is acknowledged."""


class FolderSync:
    """Keeps a folder in sync; `run` returns once `stop` was called.

    Args:
        folder: the folder.
        server: the address of the server.
        under: the folder of documents; empty for all documents.
        new_command: makes the `sync` of a file with the document of an address, and its label.
        problems: the exceptions that end one; their messages are sentences for the user.
    """

    def __init__(
        self,
        folder: Path,
        server: str,
        under: str,
        new_command: Callable[[Path, str, str], Command],
        problems: tuple[type[Exception], ...],
    ) -> None:
        self._folder = folder
        self._server = server
        self._prefix = f"{under.strip('/')}/" if under.strip("/") else ""
        self._new_command = new_command
        self._problems = problems
        self._commands: dict[Path, Command] = {}
        self._running: dict[Path, asyncio.Task[None]] = {}
        self._seen: set[Path] = set()
        self._said: set[str] = set()
        self._stopping = asyncio.Event()
        self._has_failed = False

    def stop(self) -> None:
        """Stop once all saves are acknowledged."""
        self._stopping.set()
        for command in self._commands.values():
            command.stop()

    async def run(self) -> int:
        """Keep all in sync; return the exit code: 1 if a file could not be kept in sync."""
        while not self._stopping.is_set():
            files, names = await asyncio.to_thread(self._look)
            if not self._stopping.is_set():
                self._start(files | names)
            await self._wait()
        await asyncio.gather(*self._running.values())
        return 1 if self._has_failed else 0

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), _LOOK_EVERY_S)

    # --- what is there; on a thread

    def _look(self) -> tuple[dict[Path, str], dict[Path, str]]:
        """Return the documents by their files: of the files that are here, and of the server."""
        names: dict[Path, str] = {}
        try:
            for name in documents(self._server, {"under": self._prefix} if self._prefix else {}):
                if name.startswith(self._prefix):
                    names[self._folder / path_of(name.removeprefix(self._prefix))] = name
        except CommandError as problem:
            self._say_once(str(problem))
        return dict(self._files(names)), names

    def _files(self, names: Mapping[Path, str]) -> Iterator[tuple[Path, str]]:
        """Yield the files that are in sync already, or may become documents."""
        seen, self._seen = self._seen, set()
        for file in self._all_files():
            if file in self._commands or file in names:
                continue
            path = file.relative_to(self._folder).as_posix()
            name = self._prefix + (document_for(path) or "")
            if not is_document_name(name) or path_of(name) != self._prefix + path:
                self._say_once(f"{file} is left out: no document has this file")
            elif file.with_name(f".{file.name}.gollabedit").exists():
                yield file, name
            elif file in seen:  # one that is there for a moment only may be an editor's
                if self._is_text(file):
                    yield file, name
            else:
                self._seen.add(file)

    def _all_files(self) -> Iterator[Path]:
        for at, folders, files in os.walk(self._folder):
            folders[:] = sorted(it for it in folders if not it.startswith("."))
            for name in sorted(files):
                if not name.startswith(".") and not _KEPT.search(name):
                    yield Path(at) / name

    def _is_text(self, file: Path) -> bool:
        try:
            return bool(read_text(file))
        except CommandError as problem:
            self._say_once(f"{file} is left out: {problem}")
            return False

    # --- one `sync` for each

    def _start(self, wanted: Mapping[Path, str]) -> None:
        addresses = {command.url for command in self._commands.values()}
        for file, name in sorted(wanted.items()):
            url = f"{self._server}/d/{name}"
            if file in self._commands or url in addresses:  # it was renamed, and keeps its file
                continue
            if len(self._commands) >= _DOCUMENTS_MAX:
                self._say_once(
                    f"more than {_DOCUMENTS_MAX} documents; name a folder of them with --under"
                )
                return
            self._start_one(file, url)

    def _start_one(self, file: Path, url: str) -> None:
        label = file.relative_to(self._folder).as_posix()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            command = self._new_command(file, url, label)
        except self._problems as problem:
            self._failed(label, problem)
            return
        self._commands[file] = command
        self._running[file] = asyncio.create_task(self._run_one(command, label), name=label)

    async def _run_one(self, command: Command, label: str) -> None:
        try:
            await command.run()
        except self._problems as problem:
            self._failed(label, problem)

    def _failed(self, label: str, problem: Exception) -> None:
        self._has_failed = True
        self._say_once(f"{label}: {problem}")

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            say(f"gollabedit: {sentence}")

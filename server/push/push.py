"""One push into a document: answers what Git's hooks ask (`hook`), and merges.

    git push ─▶ git receive-pack ─▶ pre-receive    is all of it sound?          `PushCheck`
                                 ─▶ objects move from quarantine into the repository
                                 ─▶ proc-receive   into `master`, as an offer    `Hub.submit`
                                 ─▶ other branches, tags: by Git itself

What is pushed to `master` or `refs/for/master` is merged like any edit, so nobody is ever
overtaken: the first only wants to be based on a `master` that the pusher knew.
"""

import json
import logging
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from server import protocol
from server.config import Config
from server.core.names import clean_name, filename_of
from server.core.submission import Accepted, Conflicted, MergeText
from server.git.process import GitError
from server.hub.hub import Hub, OverloadedError
from server.protocol import Code
from server.push.report import disputed_lines, printable, taken_line
from server.push.validation import Command, PushCheck, RefusedError, Version
from server.support.files import fsync
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_NOBODY = "Git"  # who wrote it, where the commit does not say
_FAULT = "the server has a fault; nothing was taken in"
_BUSY = "the server has too much to do; push again later"


class Push:
    """One push, from its first question to its last."""

    def __init__(
        self, document: str, repository: Path, hub: Hub, threads: WorkerThreads, config: Config
    ) -> None:
        self._document = document
        self._filename = filename_of(document)
        self._repository = repository
        self._hub = hub
        self._threads = threads
        self._config = config
        self._versions: dict[str, Version] = {}

    async def answer(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer the hooks until both have gone."""
        try:
            while line := await reader.readline():
                _send(writer, {"results": await self._results(json.loads(line), writer)})
                await writer.drain()
        except ConnectionError:
            pass  # Git has ended without waiting for the answer
        except Exception:  # noqa: BLE001  a fault of ours must cost one push only
            _log.exception("%s: a push failed", self._document)
        finally:
            writer.close()

    async def _results(self, question: Any, writer: StreamWriter) -> list[str]:
        commands = [Command(*command) for command in question["commands"]]
        if question["hook"] == "pre-receive":
            return await self._check(commands, question["environment"], writer)
        await self._threads.call(_sync_objects, self._repository)
        return [await self._merge(command, writer) for command in commands]

    async def _check(
        self, commands: Sequence[Command], environment: Mapping[str, str], writer: StreamWriter
    ) -> list[str]:
        """Whether anything may come in; all or nothing."""
        check = PushCheck(
            self._repository,
            environment,
            self._filename,
            self._config.document_bytes_max,
            self._config.git_wait_s,
        )
        try:
            self._versions = await self._threads.call(check.check, commands)
        except RefusedError as refused:
            _say(writer, str(refused).splitlines())
            return [str(refused)] * len(commands)
        except GitError as problem:
            _log.error("%s: a push could not be checked: %s", self._document, problem)
            _say(writer, [_FAULT])
            return [_FAULT] * len(commands)
        return [""] * len(commands)

    async def _merge(self, command: Command, writer: StreamWriter) -> str:
        """Have a commit taken into `master`; why not, if it is not."""
        version = self._versions[command.new]
        name = clean_name(version.author) or _NOBODY
        try:
            outcome = await self._hub.submit(
                self._document, name, MergeText(version.text, head=command.new)
            )
        except OverloadedError:
            return _BUSY
        match outcome:
            case Accepted():
                _say(writer, [taken_line(outcome, command.new)])
                return ""
            case Conflicted():
                _say(writer, disputed_lines(outcome, version.text, self._filename))
                return "others changed the same words"
            case protocol.Error(code=Code.UNKNOWN_BASE):
                _say(writer, [outcome.message])
                return "it cannot be merged"
            case protocol.Error(code=Code.TOO_LARGE):
                return "the text is too large"
            case protocol.Error():
                return _BUSY
            case _:
                raise AssertionError("a commit creates a document or is merged")


def _sync_objects(repository: Path) -> None:
    """Have on the disk that the objects are where Git has just moved them from quarantine."""
    objects = repository / "objects"
    for folder in (*objects.iterdir(), objects):
        if folder.is_dir():
            fsync(folder)


def _say(writer: StreamWriter, lines: Sequence[str]) -> None:
    """On the pusher's terminal."""
    for line in lines:
        _send(writer, {"say": printable(line)})


def _send(writer: StreamWriter, message: object) -> None:
    writer.write(json.dumps(message).encode() + b"\n")

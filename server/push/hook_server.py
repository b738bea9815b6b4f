"""The server's side of a push: answers Git's hooks (`hook_program`) and merges.

    git push ─▶ git receive-pack ─▶ pre-receive    is everything valid?     `PushValidator`
                                 ─▶ objects move from quarantine into the repository
                                 ─▶ proc-receive   merge into `master`      `Hub.submit`
                                 ─▶ other branches, tags: by Git itself

A push to `master` or `refs/for/master` is merged like any edit, so a pusher never has to race
others. A push to `master` must only be based on a `master` that the pusher has fetched.
"""

import json
import logging
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from server import protocol
from server.config import Config
from server.core.names import clean_name
from server.core.submission import Accepted, Conflicted, MergeText, Outcome, Submission
from server.git.process import GitError
from server.hub.disk_space import FullError
from server.hub.gate import OverloadedError
from server.hub.hub import ArchivedError
from server.protocol import Code
from server.push.report import accepted_line, conflict_lines, printable, stored_line
from server.push.validation import Command, PushedText, PushValidator, RejectedError
from server.support.files import fsync
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_STORED_LINES_MAX = 3
_UNNAMED = "Git"  # the author, if the commit names none
_FAILURE = "the server failed; nothing was changed"
_BUSY = "the server is overloaded; push again later"
_REFUSALS: Mapping[str, str] = {
    Code.TOO_LARGE: "the text is too large",
    Code.RATE_LIMITED: "you have sent too much to merge; push again in a minute",
}


class HookServer:
    """Serves the hooks of one push.

    Attributes:
        outcomes: why each ref was rejected; empty for those that were not.
    """

    def __init__(
        self,
        document: str,
        filename: str,
        repository: Path,
        submit: Callable[[str, Submission], Awaitable[Outcome | protocol.Error]],
        threads: WorkerThreads,
        config: Config,
    ) -> None:
        """Serve the hooks of a push into a document.

        Args:
            document: the document.
            filename: the file that its text is in.
            repository: its repository.
            submit: submits a version by an author of this name, as `Hub.submit`.
            threads: for validation.
            config: the settings.
        """
        self._document = document
        self._filename = filename
        self._repository = repository
        self._submit = submit
        self._threads = threads
        self._config = config
        self._texts: dict[str, PushedText] = {}
        self.outcomes: dict[str, str] = {}

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer requests until the hooks have exited."""
        try:
            while line := await reader.readline():
                _send(writer, {"results": await self._results(json.loads(line), writer)})
                await writer.drain()
        except ConnectionError:
            pass  # Git exited without waiting for the response
        except Exception:  # noqa: BLE001  a bug must not affect other pushes
            _log.exception("%s: a push failed", self._document)
        finally:
            writer.close()

    async def _results(self, request: Any, writer: StreamWriter) -> list[str]:
        commands = [Command(*command) for command in request["commands"]]
        if request["hook"] == "pre-receive":
            results = await self._validate(commands, request["environment"], writer)
        else:
            await self._threads.call(_sync_objects, self._repository)
            results = [await self._merge(command, writer) for command in commands]
        self.outcomes |= zip((command.ref for command in commands), results, strict=True)
        return results

    async def _validate(
        self, commands: Sequence[Command], environment: Mapping[str, str], writer: StreamWriter
    ) -> list[str]:
        """Accept or reject all commands together."""
        validator = PushValidator(
            self._repository,
            environment,
            self._filename,
            self._config.document_bytes_max,
            self._config.git_wait_s,
            allows_rewrites=self._config.push_rewrites == "allowed",
        )
        try:
            self._texts = await self._threads.call(validator.validate, commands)
        except RejectedError as rejected:
            _say(writer, str(rejected).splitlines())
            return [str(rejected)] * len(commands)
        except GitError as problem:
            _log.error("%s: a push could not be validated: %s", self._document, problem)
            _say(writer, [_FAILURE])
            return [_FAILURE] * len(commands)
        branches = filter(None, (command.stored_branch for command in commands))
        _say(writer, [stored_line(branch) for branch in branches][:_STORED_LINES_MAX])
        return [""] * len(commands)

    async def _merge(self, command: Command, writer: StreamWriter) -> str:
        """Merge a commit into `master`; return why it is rejected, empty if it is not."""
        pushed = self._texts[command.new]
        name = clean_name(pushed.author) or _UNNAMED
        try:
            outcome = await self._submit(name, MergeText(pushed.text, head=command.new))
        except (OverloadedError, ArchivedError, FullError) as problem:
            _say(writer, [str(problem)])
            return _BUSY
        match outcome:
            case Accepted():
                _say(writer, [accepted_line(outcome, command.new)])
                return ""
            case Conflicted():
                _say(writer, conflict_lines(outcome, pushed.text, self._filename))
                return "others changed the same words"
            case protocol.Error(code=Code.UNKNOWN_BASE):
                _say(writer, [outcome.message])
                return "it cannot be merged"
            case protocol.Error():
                _say(writer, [outcome.message])
                return _REFUSALS.get(outcome.code, _BUSY)
            case _:
                raise AssertionError("a commit creates a document or is merged")


def _sync_objects(repository: Path) -> None:
    """Sync the folders into which Git has just moved the objects from quarantine."""
    objects = repository / "objects"
    for folder in (*objects.iterdir(), objects):
        if folder.is_dir():
            fsync(folder)


def _say(writer: StreamWriter, lines: Sequence[str]) -> None:
    """Show lines on the pusher's terminal."""
    for line in lines:
        _send(writer, {"say": printable(line)})


def _send(writer: StreamWriter, message: object) -> None:
    writer.write(json.dumps(message).encode() + b"\n")

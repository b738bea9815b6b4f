"""The command line: reads the settings, runs a command, turns known errors into one line."""

import asyncio
import errno
import gc
import logging
import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

from server import config
from server.app import serve
from server.cli import documents, folders, storage
from server.cli.http_client import CommandError
from server.cli.sync import command as sync_command
from server.cli.sync.command import SyncError
from server.config import Config, SettingError
from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.fsck import CheckError

# The faster event loop, where there is one.
new_event_loop: Callable[[], asyncio.AbstractEventLoop] = import_module(
    "uvloop" if find_spec("uvloop") else "asyncio"
).new_event_loop

# A thread that merges lets the event loop run after this time; Python's own default is 5 ms.
_SWITCH_INTERVAL_S = 0.0005
# Hardly anything of ours is in cycles, and looking for them stops everything for up to 100 ms.
_GARBAGE_THRESHOLDS = (50_000, 50, 50)

_SERVE_EXAMPLES = """examples:
  gollabedit serve                              http://localhost:8080, documents in ./data
  gollabedit serve --port 9000 --data /srv/docs
  GOLLABEDIT_HOST=0.0.0.0 gollabedit serve      reachable from other machines
  git clone http://localhost:8080/notes.git     the history of the document "notes"
"""
_EXAMPLES = f"""{_SERVE_EXAMPLES}\
  gollabedit sync notes.txt http://localhost:8080/d/notes   write in any editor
  gollabedit check                              see whether all documents in ./data are sound
  gollabedit maintain                           pack all documents in ./data anew
  gollabedit cat http://localhost:8080/d/notes  the text of a document, from any machine
  gollabedit export http://localhost:8080 .     all documents as files; `import` is the way back
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        run: Callable[[Namespace], int | None] = options.run
        return run(options) or 0
    except (SettingError, DataFolderError, CheckError, CommandError, SyncError) as problem:
        print(f"gollabedit: {problem}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # as of `head`, which has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("gollabedit: stopped; nothing is lost", file=sys.stderr)
        return 130


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        "gollabedit",
        description="Write together in the browser; every document is a Git repository.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("gollabedit"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve_command = commands.add_parser(
        "serve",
        help="serve documents until Ctrl-C or SIGTERM",
        description="Serve documents until Ctrl-C or SIGTERM. Every option is also an environment"
        " variable: --write-wait-s is GOLLABEDIT_WRITE_WAIT_S.",
        epilog=_SERVE_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    config.add_options(serve_command)
    serve_command.set_defaults(run=_serve)
    storage.add_commands(commands)
    documents.add_commands(commands)
    folders.add_commands(commands)
    sync_command.add_command(commands)
    settings = commands.add_parser("settings", help="print all settings as a Markdown page")
    settings.set_defaults(run=lambda _: print(config.markdown(), end=""))
    return parser


def _serve(options: Namespace) -> None:
    settings = config.read(options, os.environ)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    _tune_interpreter()
    with DataFolder(settings.data) as folder:
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(serve(settings, folder))
        except OSError as problem:
            raise SettingError(_why_not(settings, problem)) from None


def _tune_interpreter() -> None:
    """Answers should come in time: threads take turns quickly, and garbage is sought seldom."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.freeze()  # what was imported stays
    gc.set_threshold(*_GARBAGE_THRESHOLDS)


def _why_not(settings: Config, problem: OSError) -> str:
    place = f"{settings.host}:{settings.port}"
    match problem.errno:
        case errno.EADDRINUSE:
            return f"port {settings.port} is taken; stop what uses it, or choose another: --port"
        case errno.EACCES:
            return f"{place} may not be listened on by this user; choose a port above 1023"
        case _:
            return f"cannot listen on {place}: {problem.strerror or problem}"

"""The command line: finds the command, runs it, and reports known errors as one line.

A command's module is imported only when the command is named, so that a script that calls
`gollabedit append` many times does not load the server each time.
"""

import os
import sys
from argparse import Action, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from importlib import import_module

from server.support.errors import UserError
from server.support.terminal import say

# Their commands talk to a server, and sign in there.
_OF_SERVERS = ("documents", "search", "history", "management", "folders", "sync.command")
# Name: module in this folder, and help. The module's function `add_NAME` completes the parser.
_COMMANDS = {
    "serve": ("serve", "serve documents until Ctrl-C or SIGTERM"),
    "maintain": ("storage", "repack the repositories of documents"),
    "check": ("storage", "check the documents on disk"),
    "backup": ("backup", "back up the data folder, or restore a backup"),
    "migrate": ("migrate", "move everything into a database, or back into a data folder"),
    "ls": ("documents", "list the documents of a server"),
    "search": ("search", "search in all documents of a server"),
    "cat": ("documents", "print the text of a document"),
    "new": ("documents", "create a document from a text"),
    "put": ("documents", "send a new version of a document, which is merged"),
    "append": ("documents", "add lines to a document"),
    "log": ("history", "list the versions of a document"),
    "show": ("history", "show what a version has changed"),
    "diff": ("history", "compare two versions of a document by words"),
    "restore": ("history", "bring the text of a version back"),
    "name": ("history", "give a version a name"),
    "mv": ("management", "rename a document"),
    "rm": ("management", "delete a document, which can be restored"),
    "trash": ("management", "list the deleted documents of a server"),
    "undelete": ("management", "bring a deleted document back"),
    "archive": ("management", "make a document read-only"),
    "purge": ("purge", "remove a text from the history of a document"),
    "forget": ("forget", "remove the history of a document before a date"),
    "user": ("users", "add, list, change and remove accounts"),
    "token": ("tokens", "make, list and revoke tokens, with which programs sign in"),
    "link": ("links", "make, list and revoke links to a document"),
    "access": ("policy", "check, show and set the policy: who may do what"),
    "export": ("folders", "write documents to the files of a folder"),
    "import": ("folders", "create documents from text files"),
    "sync": ("sync.command", "keep a file in sync with a document, for any editor"),
    "settings": ("serve", "print all settings as a Markdown page"),
}

_EXAMPLES = """examples:
  gollabedit serve                              http://localhost:8080, documents in ./data
  gollabedit serve --port 9000 --data /srv/docs
  GOLLABEDIT_HOST=0.0.0.0 gollabedit serve      reachable from other machines
  git clone http://localhost:8080/notes.git     the history of the document "notes"
  gollabedit sync notes.txt http://localhost:8080/d/notes   write in any editor
  gollabedit check                              check all documents in ./data
  gollabedit maintain                           repack all documents in ./data
  gollabedit backup create /backups             a backup, while the server runs
  gollabedit cat http://localhost:8080/d/notes  the text of a document, from any machine
  gollabedit search 'to do'                     the lines of all documents that have these words
  gollabedit log http://localhost:8080/d/notes  its versions: who wrote what, and when
  gollabedit mv http://localhost:8080/d/notes plans   a new name; `rm` deletes, `undelete` undoes it
  gollabedit export http://localhost:8080 .     all documents as files; `import` is the way back
  gollabedit user add ann                       an account; `token` for programs, `link` for guests
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser(arguments).parse_args(arguments)
    try:
        run: Callable[[Namespace], int | None] = options.run
        return run(options) or 0
    except UserError as problem:
        say(f"gollabedit: {problem}")
        return 2
    except BrokenPipeError:  # such as `head`, once it has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("gollabedit: stopped; nothing is lost", file=sys.stderr)
        return 130


def _parser(arguments: Sequence[str]) -> ArgumentParser:
    """Return the parser, complete for those commands that `arguments` name."""
    parser = ArgumentParser(
        "gollabedit",
        description="Write together in the browser; every document is a Git repository.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="show program's version number and exit"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (module, summary) in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=RawDescriptionHelpFormatter,
        )
        if name in arguments:
            getattr(import_module(f"server.cli.{module}"), f"add_{name}")(command)
            if module in _OF_SERVERS:
                import_module("server.cli.http_client").add_token_file(command)
    return parser


class _Version(Action):
    """Prints the version, which takes time to find, and exits."""

    def __call__(self, parser: ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415  takes 40 ms

        print(version("gollabedit"))
        parser.exit()

"""`gollabedit backup`: back up a data folder while a server runs, check a backup, restore it."""

import os
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from server import config
from server.config import Config
from server.storage.backup.create import About, Made, create, make
from server.storage.backup.restore import restore, verify
from server.storage.backup.store_copy import StoreCopy
from server.storage.cache import check_is_no_cache
from server.storage.data_folder import DataFolderError
from server.storage.journal.opening import is_stored, open_reader
from server.support.terminal import say, tick

_NICENESS = 10  # the people who write go first
_EXAMPLES = """examples:
  gollabedit backup create /backups --keep 30              a new folder in /backups
  gollabedit backup check /backups/2026-11-30T090000Z      is it still as it was made?
  gollabedit backup restore /backups/2026-11-30T090000Z --data /srv/docs
  GOLLABEDIT_JOURNAL=postgresql://gollabedit@db/gollabedit gollabedit backup create /backups

Run it as the user that the server runs as. `gollabedit restore` is another command: it brings back
a version of one document.
"""


def add_backup(command: ArgumentParser) -> None:
    command.description = (
        "Back up the data folder: all documents with their history, the trash, accounts and keys."
        " A server may run meanwhile, and is not delayed."
    )
    command.epilog = _EXAMPLES
    actions = command.add_subparsers(required=True, metavar="ACTION")
    made = actions.add_parser(
        "create",
        help="make a backup, and check it",
        description="Make a backup in a new folder inside DIR, and check it. Files that"
        " have not changed since the previous backup in DIR are linked to it, and take no space."
        " Exit code 1: it was made, but a document is damaged.",
    )
    made.add_argument("folder", metavar="DIR", type=Path, help="folder of the backups")
    made.add_argument(
        "--keep", metavar="N", type=_count, help="remove all but the N newest backups afterwards"
    )
    made.add_argument(
        "--full",
        action="store_true",
        help="copy everything, and link nothing to the previous backup",
    )
    made.set_defaults(run=_create)
    checked = actions.add_parser(
        "check",
        help="check that a backup is complete and unchanged",
        description="Compare all files of a backup with their hashes.",
    )
    checked.set_defaults(run=_check)
    restored = actions.add_parser(
        "restore",
        help="make a data folder from a backup",
        description="Make a data folder from a backup, and check it. The folder must be empty or"
        " missing; no server may use it meanwhile.",
    )
    restored.set_defaults(run=_restore)
    for action in (checked, restored):
        action.add_argument("backup", metavar="BACKUP", type=Path, help="folder of the backup")
    made.add_argument(
        "--journal", metavar="URL", help="database that has the documents (default: none)"
    )
    made.add_argument(
        "--journal-password-file", metavar="FILE", help="file with the password for that database"
    )
    for action in (made, restored):
        action.add_argument(
            "--data",
            metavar="DIR",
            help=f"folder that holds the documents (default: {Config().data})",
        )


def _count(value: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise ArgumentTypeError(f"must be 1 or more, not {value!r}")
    return int(value)


def _create(options: Namespace) -> int:
    settings = config.read(options, os.environ)
    os.nice(_NICENESS)
    began = time.monotonic()
    try:
        if is_stored(settings.journal):
            made = _create_from_store(settings, options)
        else:
            made = _create_from_folder(settings.data.absolute(), options)
    finally:
        tick("")
    print(
        f"{made.path}: {_documents(made.about.documents)}, {made.changed:,} of them new or changed;"
        f" {time.monotonic() - began:.1f} s"
    )
    for removed in made.removed:
        print(f"{removed}: removed")
    return _say_faults(made.about.faults, "is damaged")


def _create_from_folder(data: Path, options: Namespace) -> Made:
    check_is_no_cache(data)
    if not (data / "format").exists():
        raise DataFolderError(f"there is no data folder {data}; name it with --data")
    return create(data, options.folder, options.keep, tick, is_full=options.full)


def _create_from_store(settings: Config, options: Namespace) -> Made:
    password_file = settings.journal_password_file
    with closing(open_reader(settings.journal, password_file=password_file)) as reader:

        def copy(target: Path, previous: Path | None) -> StoreCopy:
            return StoreCopy(reader, target, previous, tick)

        return make(copy, options.folder, options.keep, tick, is_full=options.full)


def _check(options: Namespace) -> int:
    try:
        about = verify(options.backup, tick)
    finally:
        tick("")
    print(f"{options.backup}: {_documents(about.documents)} of {_time(about)}; nothing has changed")
    return _say_faults(about.faults, "was damaged already when the backup was made")


def _restore(options: Namespace) -> int:
    data = _data(options)
    try:
        about = restore(options.backup, data, tick)
    finally:
        tick("")
    print(f"{data}: {_documents(about.documents)} of {_time(about)} restored and checked")
    print(f"start the server: gollabedit serve --data {data}")
    return _say_faults(about.faults, "was damaged already when the backup was made")


def _data(options: Namespace) -> Path:
    return config.read(options, os.environ).data.absolute()


def _say_faults(faults: Mapping[str, Sequence[str]], what: str) -> int:
    """Say which documents are damaged; return the exit code."""
    for document, sentences in faults.items():
        say(f"gollabedit: {document or 'the data folder'} {what}: {'; '.join(sentences)}")
    return 1 if faults else 0


def _documents(count: int) -> str:
    return f"{count:,} document{'s' * (count != 1)}"


def _time(about: About) -> str:
    return time.strftime("%d %B %Y %H:%M:%S", time.localtime(about.time)).lstrip("0")

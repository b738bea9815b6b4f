"""`gollabedit migrate`: move everything into a database, or back into a data folder."""

import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from server import config
from server.config import Config
from server.git.process import GitError
from server.storage.catalog import CatalogError
from server.storage.data_folder import DataFolder
from server.storage.journal import JournalError
from server.storage.journal.opening import is_stored, open_reader, open_store
from server.storage.journal.sqlite import SqliteJournal
from server.storage.migration import MigrationError
from server.storage.migration.ends import End, FolderEnd, StoreEnd
from server.storage.migration.move import move, undo
from server.storage.site.folder import is_elsewhere
from server.support.terminal import tick

_EXAMPLES = """examples:
  gollabedit migrate --data /srv/docs --to postgresql://gollabedit@db.example.org/gollabedit
  gollabedit migrate --from postgresql://gollabedit@db.example.org/gollabedit --data /srv/docs
  gollabedit migrate --undo --data /srv/docs    use the folder again that was moved from
  gollabedit migrate --undo --from postgresql://gollabedit@db.example.org/gollabedit

Stop the server first. If it is interrupted, run the same command again: it goes on. What was moved
stays where it was, but no server starts there any more, as what is written from then on would be in
one of two places; --undo allows it again. The password: see docs/postgresql.md.
"""


def add_migrate(command: ArgumentParser) -> None:
    command.description = (
        "Move everything into a PostgreSQL database, or back into a data folder: documents with"
        " their whole history and unwritten edits, the trash, former names, accounts, links, the"
        " policy and keys. Each document is compared with what it was, and checked by Git."
    )
    command.epilog = _EXAMPLES
    way = command.add_mutually_exclusive_group()
    way.add_argument("--to", metavar="URL", help="the database to move to, from the data folder")
    way.add_argument(
        "--from", dest="source", metavar="URL", help="the database to move from, into a new folder"
    )
    command.add_argument(
        "--undo", action="store_true", help="use the source again instead of the copy"
    )
    command.add_argument(
        "--data", metavar="DIR", help=f"the data folder (default: {Config().data})"
    )
    command.add_argument(
        "--journal-password-file", metavar="FILE", help="file with the password of the database"
    )
    command.set_defaults(run=_migrate)


def _migrate(options: Namespace) -> None:
    url: str = options.to or options.source or ""
    if options.undo and options.to:
        raise MigrationError("--undo needs the source: --data or --from")
    if not options.undo and not url:
        raise MigrationError("name the database, with --to or --from")
    if url and not is_stored(url):
        raise MigrationError("write the database as postgresql://USER@HOST/DATABASE")
    if options.undo:
        _undo(_store(options) if url else _folder(options))
    elif options.to:
        _move(_folder(options), _store(options))
    else:
        _move(_store(options), _folder(options))


def _move(source: AbstractContextManager[End], target: AbstractContextManager[End]) -> None:
    began = time.monotonic()
    try:
        with source as here, target as there:
            count = move(here, there, tick)
    except (CatalogError, GitError, JournalError, OSError) as problem:
        raise MigrationError(f"{problem}; run it again to go on") from problem
    finally:
        tick("")
    print(
        f"{here.name}: {count:,} document{'s' * (count != 1)} moved to {there.name} and checked;"
        f" {time.monotonic() - began:.1f} s"
    )


def _undo(end: AbstractContextManager[End]) -> None:
    with end as here:
        if not undo(here):
            raise MigrationError(f"{here.name} was not moved anywhere")
        print(f"{here.name} can be used again; what was written elsewhere since is not in it")


@contextmanager
def _folder(options: Namespace) -> Iterator[End]:
    data = config.read(Namespace(data=options.data), os.environ).data.absolute()
    if is_elsewhere(data):
        raise MigrationError(f"the documents of the data folder {data} are in a database already")
    if not options.source and not (data / "format").exists():
        raise MigrationError(f"there is no data folder {data}; name it with --data")
    with DataFolder(data, is_migrating=True) as folder, _journal_of(folder, options) as journal:
        yield FolderEnd(folder, journal)


def _journal_of(folder: DataFolder, options: Namespace) -> closing[SqliteJournal]:
    is_read = bool(options.to) and folder.journal_path.exists()
    return closing(SqliteJournal(folder.journal_path, read_only=is_read))


@contextmanager
def _store(options: Namespace) -> Iterator[End]:
    url = options.to or options.source
    password_file = options.journal_password_file or os.environ.get(
        "GOLLABEDIT_JOURNAL_PASSWORD_FILE", ""
    )
    with (
        closing(open_store(url, password_file=password_file)) as journal,
        closing(open_reader(url, password_file=password_file)) as reader,
    ):
        yield StoreEnd(journal, reader)

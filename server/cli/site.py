"""Where commands find what a server has beside its documents: in a data folder or a database.

The settings of the server say where, so that the commands work in its container, too.
"""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from server.cli.http_client import CommandError
from server.storage.site import Site, obstacle
from server.storage.site.folder import FolderSite, is_elsewhere

if TYPE_CHECKING:
    from server.storage.journal import StoreReader

_DATABASES = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class Opened:
    """What was found.

    Attributes:
        site: what a server has beside its documents.
        data: the data folder, which need not exist where there is a database.
        reader: reads the database, if there is one.
    """

    site: Site
    data: Path
    reader: "StoreReader | None" = None

    @property
    def shown(self) -> str:
        return self.reader.shown if self.reader else str(self.data)

    def exists(self, document: str) -> bool:
        """Return whether there is a document, or was when it was last written into Git."""
        if self.reader:
            return document in self.reader.stored()
        return (self.data / f"{document}.git").exists()


def add_place(command: ArgumentParser) -> None:
    """Add the options that name the data folder or the database."""
    command.add_argument(
        "--data",
        metavar="DIR",
        help="folder that holds the documents (default: GOLLABEDIT_DATA, or data)",
    )
    command.add_argument(
        "--journal",
        metavar="URL",
        help="database that holds the documents, if there is one, as for `gollabedit serve`"
        " (default: GOLLABEDIT_JOURNAL)",
    )
    command.add_argument(
        "--journal-password-file", metavar="FILE", help="file with the password for that database"
    )


@contextmanager
def opened(options: Namespace) -> Iterator[Opened]:
    """Open what the options and the environment name.

    Raises:
        CommandError: there is none, or it cannot be read.
    """
    data = Path(_setting(options, "data") or "data").absolute()
    journal = _setting(options, "journal")
    if not journal.startswith(_DATABASES):
        yield Opened(_usable(_folder_site(data)), data)
        return
    # They load Git, which commands on a data folder do not need.
    from server.storage.journal import JournalError  # noqa: PLC0415
    from server.storage.journal.opening import open_reader  # noqa: PLC0415

    reader = open_reader(journal, password_file=_setting(options, "journal_password_file"))
    try:
        yield Opened(_usable(reader.site), data, reader)
    except JournalError as problem:
        raise CommandError(str(problem)) from None
    finally:
        reader.close()


def _folder_site(data: Path) -> Site:
    if not (data / "format").exists():
        raise CommandError(
            f"there is no data folder {data}; name it with --data, or start the server once to"
            " make one"
        )
    if is_elsewhere(data):
        raise CommandError(
            f"the documents of the data folder {data} are in PostgreSQL: name the database with"
            " --journal postgresql://... (or GOLLABEDIT_JOURNAL), as the server does"
        )
    return FolderSite(data)


def _usable(site: Site) -> Site:
    if why := obstacle(site):
        raise CommandError(f"nothing can be read or changed here: {why}")
    return site


def _setting(options: Namespace, name: str) -> str:
    value: str | None = getattr(options, name)
    return value or os.environ.get(f"GOLLABEDIT_{name.upper()}", "")

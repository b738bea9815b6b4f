"""What the commands about accounts and links have in common: where they are, dates and tables.

They change the data folder or the database. A running server is notified, and reads the changes.
"""

import json
import os
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from pwd import getpwuid
from urllib.parse import urlsplit

from server.cli.control_socket import have_server_look
from server.cli.http_client import DEFAULT_SERVER, CommandError
from server.cli.site import Opened, add_place, opened
from server.core.access.accounts import (
    DAY_S,
    Accounts,
    Link,
    Secret,
    User,
    is_valid_at,
)
from server.protocol.answers import EXPIRES_DAYS_MAX
from server.storage.accounts import AccountError, AccountStore
from server.storage.site.folder import accounts_in
from server.support.terminal import harmless, say

_LOCAL = ("localhost", "127.0.0.1", "::1")


class Actions:
    """The actions of a command, such as `add` and `list`, which share the options for a place."""

    def __init__(self, command: ArgumentParser) -> None:
        self._actions = command.add_subparsers(required=True, metavar="ACTION")

    def add(
        self, name: str, summary: str, run: Callable[[Namespace], int | None], examples: str
    ) -> ArgumentParser:
        """Add an action; return its parser."""
        action = self._actions.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=examples,
            formatter_class=RawDescriptionHelpFormatter,
        )
        add_place(action)
        action.set_defaults(run=run)
        return action


# --- options


def add_name(command: ArgumentParser) -> None:
    """Add the argument that names an account."""
    command.add_argument("name", metavar="NAME", help="name of the account")


def add_address(command: ArgumentParser) -> None:
    """Add the option that names the address with which printed links begin."""
    command.add_argument(
        "--url",
        metavar="URL",
        help=f"the server's address, for the printed link (default: GOLLABEDIT_URL, or"
        f" {DEFAULT_SERVER})",
    )


def add_expiry(command: ArgumentParser) -> None:
    """Add the option for when something expires."""
    command.add_argument(
        "--expires-days",
        metavar="N",
        type=float,
        help="number of days until it expires (default: it does not expire)",
    )


def add_json(command: ArgumentParser) -> None:
    """Add the option for a list that programs read."""
    command.add_argument("--json", action="store_true", help="print the list as JSON")


def address_in(options: Namespace) -> str:
    """Return the server's address.

    Raises:
        CommandError: it is none.
    """
    url: str = options.url or os.environ.get("GOLLABEDIT_URL", "") or DEFAULT_SERVER
    with suppress(ValueError):
        parts = urlsplit(url)
        is_plain = not (parts.query or parts.fragment or "@" in parts.netloc)
        if parts.scheme in ("http", "https") and parts.hostname and is_plain and url.isprintable():
            return url.rstrip("/")
    raise CommandError(f"{url!a} is not the address of a server, such as https://docs.example.org")


def expiry_in(options: Namespace, now: float) -> float | None:
    """Return when something expires that is made now; None: never.

    Raises:
        CommandError: the number of days is invalid.
    """
    days: float | None = options.expires_days
    if days is None:
        return None
    if not 0 < days <= EXPIRES_DAYS_MAX:
        raise CommandError(f"--expires-days must be above 0 and at most {EXPIRES_DAYS_MAX}")
    return now + days * DAY_S


# --- the accounts


@contextmanager
def accounts(options: Namespace) -> Iterator[AccountStore]:
    """Open the accounts; at the end, wait until a running server has applied the changes.

    Raises:
        CommandError: they cannot be used, or a change was rejected.
    """
    with opened(options) as place, accounts_of(place) as store:
        yield store


@contextmanager
def accounts_of(place: Opened) -> Iterator[AccountStore]:
    """Open the accounts of a place that is open; as `accounts`."""
    store = AccountStore(place.site.accounts)
    try:
        if place.reader is None:
            _keep_owner(place.data)
        yield store
    except AccountError as problem:
        sentence = str(problem).rstrip(".")
        raise CommandError(sentence[0].lower() + sentence[1:]) from None
    except OSError as problem:
        raise CommandError(f"the accounts in {place.shown} cannot be used: {problem}") from None
    finally:
        store.close()
    have_server_look(place.data)


def user_in(found: Accounts, name: str) -> User:
    """Return the account of a name.

    Raises:
        CommandError: there is none.
    """
    user = found.users.get(name)
    if user is None:
        raise CommandError(f"there is no account {name!a}; `gollabedit user list` shows all")
    return user


def _keep_owner(data: Path) -> None:
    """Take care that the server's user can read what this command writes.

    Root gives the file to that user; SQLite does the same with its temporary files.
    """
    path, server, own = accounts_in(data), (data / "format").stat(), os.geteuid()
    if own == server.st_uid:
        return
    if own != 0:
        say(
            f"gollabedit: the data folder {data} is of the user {_user(server.st_uid)}; a server"
            " that runs as that user may not be able to read what you change: run this command as"
            f" that user, such as with sudo -u {_user(server.st_uid)}"
        )
    elif not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        give_to_server(data, path)


def give_to_server(data: Path, path: Path) -> None:
    """Give a file that root has written to the server's user."""
    if os.geteuid() == 0:
        server = (data / "format").stat()
        os.chown(path, server.st_uid, server.st_gid)


def _user(id: int) -> str:
    try:
        return getpwuid(id).pw_name
    except KeyError:
        return f"#{id}"


# --- output


def print_link(link: str) -> None:
    """Print a link, and to standard error that it is of no use on other machines, if so."""
    print(link, flush=True)
    if urlsplit(link).hostname in _LOCAL:
        say(
            "It works on this machine only. For others, give the server's address with --url or"
            " GOLLABEDIT_URL."
        )


def print_json(entries: Sequence[object]) -> None:
    """Print a list for programs."""
    print(json.dumps(entries, indent=2, ensure_ascii=False))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> None:
    """Print rows in columns; `nothing` to standard error if there are none."""
    if not rows:
        say(f"gollabedit: {nothing}")
        return
    shown = [[harmless(cell) or "-" for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def shown_expiry(dated: Secret | Link, now: float) -> str:
    """Return when something expires, for people."""
    if dated.expires is None:
        return "never"
    return day(dated.expires) if is_valid_at(dated, now) else f"expired {day(dated.expires)}"


def shown_use(used: float | None) -> str:
    """Return when something was last used, for people."""
    return day(used) if used else "never"


def day(unix_s: float) -> str:
    """Return a day in the time zone of this machine."""
    return time.strftime("%Y-%m-%d", time.localtime(unix_s))

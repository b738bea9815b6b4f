"""`gollabedit forget`: remove the history of a document before a date."""

import time
from argparse import ArgumentParser, Namespace
from datetime import datetime

import msgspec

from server.cli.control import CommandError, add_rewriting, carry_out, say_mirrors
from server.hub.management import Management
from server.storage.control import Forget, ForgetResult
from server.storage.forget import Forgotten
from server.support.terminal import harmless, say

_EXAMPLES = """examples:
  gollabedit forget notes --before 2026-11-01 --dry-run    what would be removed
  gollabedit forget notes --before 2026-11-01              remove it
  gollabedit forget notes --data /srv/docs --before 2026-11-01T12:00

The history begins anew with the last version that ended by then. All its commits get new ids. Named
versions stay: remove the names of those that have to go, with `gollabedit name URL --remove SLUG`.
"""
_RESULT = msgspec.json.Decoder(ForgetResult)
_OUT_OF_REACH = """
Out of reach of this command: clones, which have to be made again; mirrors, whose next push is
rejected unless you use --mirror-force, and what a forge keeps of overwritten commits; backups;
deleted documents in the trash; unsent text in browsers; and everybody who has read it.
"""


def add_forget(command: ArgumentParser) -> None:
    command.description = (
        "Remove the history of a document before a date from the disk: revisions, versions without"
        " a name, and who wrote what. A server may run meanwhile."
    )
    command.epilog = _EXAMPLES
    add_rewriting(command)
    command.add_argument(
        "--before",
        metavar="DATE",
        required=True,
        help="2026-11-01 or 2026-11-01T12:00, in the time zone of this machine",
    )
    command.set_defaults(run=_forget)


def _forget(options: Namespace) -> int:
    asked = Forget(
        options.document, _time_in(options.before), options.dry_run, options.mirror_force
    )
    result = carry_out(options, asked, _RESULT, Management.forget)
    _print_result(asked, result.done)
    return say_mirrors(result.mirrors)


def _time_in(date: str) -> float:
    try:
        return datetime.fromisoformat(date).timestamp()
    except (ValueError, OverflowError):
        raise CommandError(f"{date!r} is not a date like 2026-11-01 or 2026-11-01T12:00") from None


def _print_result(asked: Forget, done: Forgotten) -> None:
    if not done.commits:
        print(
            f"{asked.document}: nothing is older than the last version that ended by"
            f" {_shown(asked.before)}; nothing was changed"
        )
        return
    what = "would be" if asked.dry_run else "were"
    begins = "would begin" if asked.dry_run else "begins"
    print(
        f"{asked.document}: {done.commits:,} commits {what} removed; the history {begins} with the"
        f" version of {_shown(done.start)}"
    )
    for name in done.names:
        print(f"the named version {harmless(name)!r} stays")
    if asked.dry_run:
        return
    print(f"the repository has {done.bytes_after:,} bytes; it had {done.bytes_before:,}")
    for line in _OUT_OF_REACH.strip().splitlines():
        say(line)


def _shown(at: float) -> str:
    return time.strftime("%d %B %Y %H:%M", time.localtime(at)).lstrip("0")

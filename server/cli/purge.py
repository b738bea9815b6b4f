"""`gollabedit purge`: remove a text from the whole history of a document."""

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

import msgspec

from server.cli.control import CommandError, add_rewriting, carry_out, say_mirrors
from server.hub.management import Management
from server.storage.control import Purge, PurgeResult
from server.storage.purge import Purged
from server.support.terminal import say

_CHARACTERS_MIN = 4  # of a text: a shorter one is in many words
_EXAMPLES = """examples:
  gollabedit purge notes --text-file secret.txt --dry-run    what would be done
  gollabedit purge notes --text-file secret.txt              remove it, everywhere
  gollabedit purge notes --data /srv/docs --text-file - --replacement '(removed)' < secret.txt

The text is read from a file, so that it is not in the history of your shell. Commits from the first
one with the text on get new ids.
"""
_RESULT = msgspec.json.Decoder(PurgeResult)
_OUT_OF_REACH = """
Out of reach of this command, if they have the text: clones; mirrors, whose next push is rejected
unless you use --mirror-force, and what a forge keeps of overwritten commits; backups; deleted
documents in the trash; unsent text in browsers; and everybody who has read it. If it is a password,
change it.
"""


def add_purge(command: ArgumentParser) -> None:
    command.description = (
        "Remove a text from the whole history of a document: from all revisions, versions,"
        " branches, other files, messages and names. A server may run meanwhile."
    )
    command.epilog = _EXAMPLES
    add_rewriting(command)
    command.add_argument(
        "--text-file",
        metavar="FILE",
        required=True,
        help="file with the text; - for standard input",
    )
    command.add_argument(
        "--replacement", metavar="TEXT", default="***", help="what replaces it (default: ***)"
    )
    command.set_defaults(run=_purge)


def _purge(options: Namespace) -> int:
    text = _text_in(options.text_file)
    if len(text) < _CHARACTERS_MIN:
        raise CommandError(
            f"the text must have {_CHARACTERS_MIN} characters or more: shorter ones are part of"
            " other words"
        )
    if text in options.replacement:
        raise CommandError("the replacement contains the text")
    asked = Purge(
        options.document, text, options.replacement, options.dry_run, options.mirror_force
    )
    result = carry_out(options, asked, _RESULT, Management.purge)
    _print_result(asked, result.done)
    return say_mirrors(result.mirrors)


def _text_in(file: str) -> str:
    """Return the text in a file, without the line end that editors put behind it."""
    try:
        content = Path("/dev/stdin" if file == "-" else file).read_bytes()
        return content.decode("utf-8-sig").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise CommandError(f"{file} cannot be read: {reason}") from None


def _print_result(asked: Purge, purged: Purged) -> None:
    if not purged.objects:
        print(f"{asked.document}: the text is nowhere in the history; nothing was changed")
        return
    since = time.strftime("%d %B %Y %H:%M", time.localtime(purged.first)).lstrip("0")
    what = "would be" if asked.dry_run else "were"
    first = f", the first of {since}" if purged.commits else ""
    print(
        f"{asked.document}: the text is in {purged.objects:,} objects; {purged.commits:,} commits"
        f" {what} rewritten{first}"
    )
    if asked.dry_run:
        return
    print(f"the repository has {purged.bytes_after:,} bytes; it had {purged.bytes_before:,}")
    for line in _OUT_OF_REACH.strip().splitlines():
        say(line)

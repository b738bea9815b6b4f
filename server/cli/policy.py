"""`gollabedit access`: the policy of a server, checked before it counts."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from server.cli.accounts import Actions, accounts_of, give_to_server, print_table
from server.cli.http_client import CommandError
from server.cli.site import Opened, opened
from server.core.access.access import Access
from server.core.access.accounts import ANYBODY, Accounts
from server.core.access.identity import NOBODY, Identity
from server.core.access.policy import CLOSED, Policy, PolicyError, read_policy
from server.core.names import is_document_name
from server.storage.site import POLICY
from server.support.terminal import say

_EXAMPLES = """examples:
  gollabedit access check                       is the policy valid?
  gollabedit access check --file new.toml notes who may do what with the document "notes"
  gollabedit access show > new.toml             the policy, to be edited
  gollabedit access set new.toml                the policy from now on, if it is valid
  gollabedit access remove

The policy is the file access.toml in the data folder, which can as well be edited there, or with
--journal postgresql://... in the database. A running server follows within a second.
"""
_CHECK_EXAMPLES = """examples:
  gollabedit access check                       is the policy valid?
  gollabedit access check --file new.toml notes who may do what with the document "notes"
"""
_SHOW_EXAMPLES = """examples:
  gollabedit access show > new.toml
"""
_SET_EXAMPLES = """examples:
  gollabedit access set new.toml                the policy from now on, if it is valid
  sed s/ann/bo/ new.toml | gollabedit access set -
"""
_REMOVE_EXAMPLES = """examples:
  gollabedit access remove                      every user may manage all documents then
"""


def add_access(command: ArgumentParser) -> None:
    command.description = "The policy of a server: who may do what."
    command.epilog = _EXAMPLES
    actions = Actions(command)
    check = actions.add(
        "check", "check the policy, and show the rights that it gives", _check, _CHECK_EXAMPLES
    )
    check.add_argument(
        "documents", metavar="DOCUMENT", nargs="*", help="show the rights on these documents"
    )
    check.add_argument(
        "--file", metavar="FILE", type=Path, help="the policy (default: the one in use)"
    )
    actions.add("show", "print the policy", _show, _SHOW_EXAMPLES)
    given = actions.add("set", "replace the policy, if the new one is valid", _set, _SET_EXAMPLES)
    given.add_argument("file", metavar="FILE", type=Path, help="the policy; - for standard input")
    actions.add("remove", "have no policy", _remove, _REMOVE_EXAMPLES)


def _check(options: Namespace) -> None:
    for document in options.documents:
        if not is_document_name(document):
            raise CommandError(f"{document!a} cannot be the name of a document")
    if options.file and not options.documents:  # which needs nothing else
        _say_valid(str(options.file), _read(options.file))
        return
    with opened(options) as place:
        if options.file:
            shown, content = str(options.file), _read(options.file)
        else:
            shown, content = place.site.text(POLICY).shown, _current(place)
        policy = _say_valid(shown, content)
        if not options.documents:
            return
        with accounts_of(place) as store:
            found = store.load()
    access = Access(is_open=False, policy=policy.or_else(CLOSED), accounts=found)
    head = ("WHO", *options.documents, "MAY CREATE", "OPERATOR")
    rows = [_row(access, who, identity, options.documents) for who, identity in _people(found)]
    print_table(head, rows, "")


def _show(options: Namespace) -> None:
    with opened(options) as place:
        content = _current(place)
    sys.stdout.buffer.write(content)


def _set(options: Namespace) -> None:
    is_input = str(options.file) == "-"
    shown = "standard input" if is_input else str(options.file)
    content = sys.stdin.buffer.read() if is_input else _read(options.file)
    _valid(shown, content)
    with opened(options) as place:
        text = place.site.text(POLICY)
        try:
            text.change(lambda _: content)
        except OSError as problem:
            raise CommandError(f"{text.shown} cannot be written: {problem}") from None
        if place.reader is None:
            give_to_server(place.data, Path(text.shown))
    say(f"gollabedit: {text.shown} was replaced by {shown}")


def _remove(options: Namespace) -> None:
    with opened(options) as place:
        _current(place)
        text = place.site.text(POLICY)
        try:
            text.change(lambda _: None)
        except OSError as problem:
            raise CommandError(f"{text.shown} cannot be removed: {problem}") from None


def _current(place: Opened) -> bytes:
    """Return the policy that counts.

    Raises:
        CommandError: there is none, or it cannot be read.
    """
    text = place.site.text(POLICY)
    try:
        content = text.read()
    except OSError as problem:
        raise CommandError(f"{text.shown} cannot be read: {problem}") from None
    if content is None:
        where = f"there is no {text.shown}" if not place.reader else "the database has no policy"
        raise CommandError(f"{where}; without it, every user may create and manage all documents")
    return content


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise CommandError(f"there is no {file}") from None
    except OSError as problem:
        raise CommandError(f"{file} cannot be read: {problem}") from None


def _say_valid(shown: str, content: bytes) -> Policy:
    policy = _valid(shown, content)
    rules = "1 rule" if len(policy.documents) == 1 else f"{len(policy.documents)} rules"
    print(f"{shown} is valid; it has {rules}")
    return policy


def _valid(shown: str, content: bytes) -> Policy:
    try:
        return read_policy(content.decode())
    except PolicyError as problem:
        raise CommandError(f"{shown}: {problem}") from None
    except UnicodeDecodeError as problem:
        raise CommandError(f"{shown} cannot be read: {problem}") from None


def _people(found: Accounts) -> Iterator[tuple[str, Identity]]:
    yield ANYBODY, NOBODY
    for user in sorted(found.users.values(), key=lambda user: user.name):
        identity = Identity(user.name, groups=user.groups, is_operator=user.is_operator)
        yield user.name, identity


def _row(access: Access, who: str, identity: Identity, documents: list[str]) -> list[str]:
    rights = [access.right(identity, document) for document in documents]
    return [
        who,
        *(right.label for right in rights),
        ", ".join(it for it in documents if access.may_create(identity, it)) or "nothing",
        "yes" if access.is_operator(identity) else "no",
    ]

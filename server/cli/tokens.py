"""`gollabedit token`: what programs sign in with; also ends sessions and invitations."""

import time
from argparse import ArgumentParser, Namespace

from server.cli.accounts import (
    Actions,
    accounts,
    add_expiry,
    add_json,
    add_name,
    day,
    expiry_in,
    print_json,
    print_table,
    shown_expiry,
    shown_use,
    user_in,
)
from server.cli.http_client import CommandError
from server.core.access.accounts import Kind, clean_label
from server.support.terminal import say

_EXAMPLES = """examples:
  gollabedit token create ann --label laptop > ~/.gollabedit-token
  gollabedit token list ann
  gollabedit token revoke 8f2kd01x

A token is what programs sign in with: the password of Git and curl (with any user name), and the
file that --token-file of other commands names.
"""
_CREATE_EXAMPLES = """examples:
  (umask 077; gollabedit token create ann --label laptop > ~/.gollabedit-token)
  gollabedit token create build --label ci --expires-days 90

Only this command prints it; the server keeps a hash.
"""
_LIST_EXAMPLES = """examples:
  gollabedit token list
  gollabedit token list ann                     tokens, sessions of browsers, unused invitations
"""
_REVOKE_EXAMPLES = """examples:
  gollabedit token revoke 8f2kd01x              `gollabedit token list` shows the ids
"""


def add_token(command: ArgumentParser) -> None:
    command.description = "Tokens with which a user's programs sign in."
    command.epilog = _EXAMPLES
    actions = Actions(command)

    create = actions.add("create", "print a new token", _create, _CREATE_EXAMPLES)
    add_name(create)
    create.add_argument("--label", required=True, help="what the token is for, such as laptop")
    add_expiry(create)

    tokens = actions.add("list", "list tokens, sessions, invitations", _list, _LIST_EXAMPLES)
    tokens.add_argument("name", metavar="NAME", nargs="?", help="of one user (default: all)")
    add_json(tokens)

    revoke = actions.add("revoke", "end a token, session or invitation", _revoke, _REVOKE_EXAMPLES)
    revoke.add_argument("id", metavar="ID", help="as `gollabedit token list` shows it")


def _create(options: Namespace) -> None:
    label = clean_label(options.label)
    if not label:
        raise CommandError("--label must say what the token is for, such as laptop")
    now = time.time()
    expires = expiry_in(options, now)
    with accounts(options) as store:
        secret, key = store.add_secret(Kind.TOKEN, options.name, label, now, expires)
    print(key, flush=True)
    until = f", until {day(expires)}" if expires else ""
    say(
        f"This is token {secret.id} of {options.name}{until}; it is not shown again. Use it as the"
        " password of Git and curl, or keep it in a file for --token-file."
    )


def _list(options: Namespace) -> None:
    with accounts(options) as store:
        found = store.load()
    if options.name is not None:
        user_in(found, options.name)
    secrets = sorted(
        (it for it in found.secrets.values() if options.name in (None, it.user)),
        key=lambda it: (it.user, it.kind, it.created),
    )
    if options.json:
        print_json(
            [
                {
                    "id": it.id,
                    "kind": it.kind,
                    "user": it.user,
                    "label": it.label,
                    "created": it.created,
                    "expires": it.expires,
                    "used": it.used,
                }
                for it in secrets
            ]
        )
        return
    now = time.time()
    rows = [
        (
            it.id,
            it.user,
            it.kind,
            it.label,
            day(it.created),
            shown_expiry(it, now),
            shown_use(it.used),
        )
        for it in secrets
    ]
    head = ("ID", "USER", "KIND", "LABEL", "CREATED", "EXPIRES", "LAST USE")
    print_table(head, rows, "there are no tokens; gollabedit token create NAME makes one")


def _revoke(options: Namespace) -> None:
    with accounts(options) as store:
        kinds = [it.kind for it in store.load().secrets.values() if it.id == options.id]
        store.remove_secret(options.id, kinds[0] if kinds else Kind.TOKEN)

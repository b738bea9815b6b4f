"""`gollabedit user`: the accounts of a data folder."""

import re
import time
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Iterable
from dataclasses import replace

from server.cli.accounts import (
    Actions,
    accounts,
    add_address,
    add_json,
    add_name,
    address_in,
    print_json,
    print_link,
    print_table,
    shown_use,
    user_in,
)
from server.cli.http_client import CommandError
from server.core.access.accounts import DAY_S, GROUP, Kind, Secret, User, is_user_name
from server.core.names import clean_name
from server.storage.accounts import AccountStore
from server.support.terminal import say

_INVITATION_DAYS = 7
_EMAIL = re.compile(r"[^\s<>@,;:\"\\]+@[^\s<>@,;:\"\\]+")
_EMAIL_CHARACTERS_MAX = 254

_USER_EXAMPLES = """examples:
  gollabedit user add ann --full-name 'Ann Lee' --email ann@example.org --group staff
  gollabedit user invite ann                    another sign-in link
  gollabedit user list
  gollabedit user remove ann

A running server follows at once; none need run. In a container:
docker exec CONTAINER gollabedit user add ann --url https://docs.example.org
"""
_ADD_EXAMPLES = """examples:
  gollabedit user add ann
  gollabedit user add ann --full-name 'Ann Lee' --email ann@example.org --group staff
  gollabedit user add ann --url https://docs.example.org    the address that people use

The sign-in link is printed this once. It works once, within 7 days.
"""
_CHANGE_EXAMPLES = """examples:
  gollabedit user change ann --email ann@example.org
  gollabedit user change ann --group staff --group board    in place of the groups before
  gollabedit user change ann --no-groups
  gollabedit user change ann --operator
"""
_INVITE_EXAMPLES = """examples:
  gollabedit user invite ann                    for another browser, or instead of a lost link
"""
_REMOVE_EXAMPLES = """examples:
  gollabedit user remove ann                    with her tokens, and signed out everywhere
"""
_USER_LIST_EXAMPLES = """examples:
  gollabedit user list
  gollabedit user list --json | jq -r '.[].name'
"""


# --- the command line


def add_user(command: ArgumentParser) -> None:
    command.description = "The accounts of a data folder: who can sign in."
    command.epilog = _USER_EXAMPLES
    actions = Actions(command)

    add = actions.add("add", "add an account; prints a sign-in link", _add, _ADD_EXAMPLES)
    add_name(add)
    _add_properties(add)
    add.add_argument("--operator", action="store_true", help="may do everything")
    add_address(add)

    change = actions.add("change", "change an account", _change, _CHANGE_EXAMPLES)
    add_name(change)
    _add_properties(change)
    change.add_argument("--no-groups", action="store_true", help="remove from all groups")
    change.add_argument("--operator", action=BooleanOptionalAction, help="may do everything")

    invite = actions.add("invite", "print another sign-in link", _invite, _INVITE_EXAMPLES)
    add_name(invite)
    add_address(invite)

    add_name(actions.add("remove", "remove an account, with its tokens", _remove, _REMOVE_EXAMPLES))
    add_json(actions.add("list", "list the accounts", _list, _USER_LIST_EXAMPLES))


def _add_properties(command: ArgumentParser) -> None:
    command.add_argument("--full-name", metavar="NAME", help="what others see, and commits say")
    command.add_argument("--email", help="address in commits")
    command.add_argument(
        "--group", metavar="GROUP", action="append", help="a group (may be repeated)"
    )


# --- users


def _add(options: Namespace) -> None:
    address = address_in(options)
    user = _changed(User(_checked_name(options.name)), options)
    with accounts(options) as store:
        is_first = not store.load().users
        store.add_user(user)
        _print_invitation(store, address, user)
    if is_first:
        say(
            "This is the first account. From now on a server asks people to sign in, unless it runs"
            " with --access open, or a rule or link says otherwise. The link for the"
            " owner, which it prints without accounts, has ended."
        )
        if not user.is_operator:
            say(
                f"To let {user.shown} do everything, as the owner:"
                f" gollabedit user change {user.name} --operator"
            )


def _change(options: Namespace) -> None:
    if options.no_groups and options.group:
        raise CommandError("--group and --no-groups exclude each other")
    given = (options.full_name, options.email, options.group, options.operator)
    if given == (None, None, None, None) and not options.no_groups:
        raise CommandError("nothing to change; gollabedit user change --help lists the options")
    with accounts(options) as store:
        store.change_user(_changed(user_in(store.load(), options.name), options))


def _changed(user: User, options: Namespace) -> User:
    """Return an account with what the command line says of it.

    Raises:
        CommandError: a value is invalid.
    """
    changes: dict[str, object] = {}
    if options.full_name is not None:
        changes["full_name"] = _checked_full_name(options.full_name)
    if options.email is not None:
        changes["email"] = _checked_email(options.email)
    if options.group or getattr(options, "no_groups", False):
        changes["groups"] = frozenset(map(_checked_group, options.group or ()))
    if options.operator is not None:
        changes["is_operator"] = options.operator
    return replace(user, **changes)  # type: ignore[arg-type]  # checked above


def _invite(options: Namespace) -> None:
    address = address_in(options)
    with accounts(options) as store:
        user = user_in(store.load(), options.name)
        _print_invitation(store, address, user)


def _print_invitation(store: AccountStore, address: str, user: User) -> None:
    now = time.time()
    _, key = store.add_secret(Kind.INVITATION, user.name, "", now, now + _INVITATION_DAYS * DAY_S)
    print_link(f"{address}/sign-in?key={key}")
    say(
        f"Send this link to {user.shown}. It signs one browser in, once, within"
        f" {_INVITATION_DAYS} days."
    )


def _remove(options: Namespace) -> None:
    with accounts(options) as store:
        before = store.load()
        store.remove_user(options.name)
    links = sum(link.made_by == options.name for link in before.links.values())
    if links:
        say(
            f"gollabedit: links that {options.name} has made stay: {links}; `gollabedit link list`"
            " shows them"
        )
    if len(before.users) == 1:
        say(
            "gollabedit: no account is left: a server on a loopback address is open again, unless"
            " it runs with --access closed or behind a proxy, or has an access.toml; others let in"
            " only those with a link, until you add an account"
        )


def _list(options: Namespace) -> None:
    with accounts(options) as store:
        found = store.load()
    users = sorted(found.users.values(), key=lambda user: user.name)
    last = {user.name: _last_use(found.secrets.values(), user.name) for user in users}
    if options.json:
        print_json(
            [
                {
                    "name": user.name,
                    "full_name": user.full_name,
                    "email": user.email,
                    "groups": sorted(user.groups),
                    "operator": user.is_operator,
                    "used": last[user.name],
                }
                for user in users
            ]
        )
        return
    rows = [
        (
            user.name,
            user.full_name,
            user.email,
            " ".join(sorted(user.groups)),
            "operator" if user.is_operator else "",
            shown_use(last[user.name]),
        )
        for user in users
    ]
    head = ("NAME", "FULL NAME", "E-MAIL", "GROUPS", "ROLE", "LAST USE")
    print_table(head, rows, "there are no accounts; gollabedit user add NAME adds one")


def _last_use(secrets: Iterable[Secret], user: str) -> float | None:
    return max((it.used for it in secrets if it.user == user and it.used), default=None)


# --- checks


def _checked_name(name: str) -> str:
    if not is_user_name(name):
        raise CommandError(
            f"{name!a} cannot be the name of an account: names have 1 to 128 letters of A-Z a-z,"
            " digits, '.', '_', '-', '+' and '@', and start with a letter, a digit or '_'"
        )
    return name


def _checked_group(group: str) -> str:
    name = group.removeprefix(GROUP)
    if not is_user_name(name):
        raise CommandError(f"{group!a} cannot be a group: groups have names like accounts")
    return name


def _checked_full_name(name: str) -> str:
    if clean_name(name) != " ".join(name.split()):
        raise CommandError(
            f"{name!a} cannot be a full name: at most 64 visible characters without < and >, which"
            " do not begin or end with punctuation"
        )
    return clean_name(name)


def _checked_email(email: str) -> str:
    is_valid = not email or (
        _EMAIL.fullmatch(email) and email.isprintable() and len(email) <= _EMAIL_CHARACTERS_MAX
    )
    if not is_valid:
        raise CommandError(f"{email!a} is not an e-mail address, such as ann@example.org")
    return email

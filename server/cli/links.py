"""`gollabedit link`: links that let anyone who has one into a document."""

import time
from argparse import ArgumentParser, Namespace

from server.cli.accounts import (
    Actions,
    accounts,
    accounts_of,
    add_address,
    add_expiry,
    add_json,
    address_in,
    day,
    expiry_in,
    print_json,
    print_link,
    print_table,
    shown_expiry,
    shown_use,
)
from server.cli.http_client import CommandError
from server.cli.site import Opened, opened
from server.core.access.accounts import IN_TRASH, Link
from server.core.access.right import SHARED
from server.core.names import is_document_name
from server.storage.catalog import Catalog, CatalogError
from server.storage.site import CATALOG
from server.support.terminal import say

_EXAMPLES = """examples:
  gollabedit link create notes --right view
  gollabedit link create notes --right edit --expires-days 14 --url https://docs.example.org
  gollabedit link list notes
  gollabedit link revoke 8f2kd01x

Everybody who has a link can use it, and pass it on. It opens one document, and nothing else.
"""
_CREATE_EXAMPLES = """examples:
  gollabedit link create notes --right view
  gollabedit link create notes --right edit --expires-days 14 --url https://docs.example.org

The link is printed this once; the server keeps a hash. Its key is also a password for Git and curl.
"""
_LIST_EXAMPLES = """examples:
  gollabedit link list
  gollabedit link list notes --json
"""
_REVOKE_EXAMPLES = """examples:
  gollabedit link revoke 8f2kd01x               `gollabedit link list` shows the ids

Whoever has the document open by this link is disconnected within a second.
"""


def add_link(command: ArgumentParser) -> None:
    command.description = "Links that let anyone who has one into a document."
    command.epilog = _EXAMPLES
    actions = Actions(command)

    create = actions.add("create", "print a new link to a document", _create, _CREATE_EXAMPLES)
    create.add_argument("document", metavar="DOCUMENT", help="name of the document")
    create.add_argument(
        "--right", choices=list(SHARED), required=True, help="what the link allows to do"
    )
    add_expiry(create)
    add_address(create)

    links = actions.add("list", "list the links", _list, _LIST_EXAMPLES)
    links.add_argument(
        "document", metavar="DOCUMENT", nargs="?", help="to one document (default: all)"
    )
    add_json(links)

    revoke = actions.add("revoke", "revoke a link", _revoke, _REVOKE_EXAMPLES)
    revoke.add_argument("id", metavar="ID", help="as `gollabedit link list` shows it")


def _create(options: Namespace) -> None:
    address, now = address_in(options), time.time()
    expires = expiry_in(options, now)
    with opened(options) as place:
        document = _current_name(place, options.document)
        with accounts_of(place) as store:
            link, key = store.add_link(document, SHARED[options.right], "", now, expires)
        exists = place.exists(document)
    print_link(f"{address}/d/{document}?key={key}")
    until = f", until {day(expires)}" if expires else ""
    say(f"This is link {link.id}: anyone who has it can {options.right} {document}{until}.")
    if not exists:
        who = "the link can create it" if options.right == "edit" else "somebody has to create it"
        say(f"gollabedit: unless {document} was created just now, there is no such document; {who}")


def _list(options: Namespace) -> None:
    with opened(options) as place:
        wanted = options.document and _current_name(place, options.document)
        with accounts_of(place) as store:
            found = store.load().links.values()
    links = sorted(
        (link for link in found if wanted in (None, link.document)),
        key=lambda link: (link.document, link.created),
    )
    if options.json:
        print_json([_fields(link) for link in links])
        return
    now = time.time()
    rows = [
        (
            link.id,
            _shown_document(link.document),
            link.right.label,
            link.made_by,
            day(link.created),
            shown_expiry(link, now),
            shown_use(link.used),
        )
        for link in links
    ]
    head = ("ID", "DOCUMENT", "RIGHT", "MADE BY", "CREATED", "EXPIRES", "LAST USE")
    print_table(head, rows, "there are no links")


def _revoke(options: Namespace) -> None:
    with accounts(options) as store:
        store.remove_link(options.id)


def _fields(link: Link) -> dict[str, object]:
    return {
        "id": link.id,
        "document": link.document,
        "right": link.right.label,
        "made_by": link.made_by,
        "created": link.created,
        "expires": link.expires,
        "used": link.used,
    }


def _shown_document(document: str) -> str:
    if document.startswith(IN_TRASH):
        return f"{document.removeprefix(IN_TRASH)} (in the trash)"
    return document


def _current_name(place: Opened, name: str) -> str:
    """Return the name that a document has now.

    Raises:
        CommandError: no document can have the name.
    """
    if not is_document_name(name):
        raise CommandError(f"{name!a} cannot be the name of a document")
    try:
        current = Catalog(place.site.text(CATALOG)).moved_to(name)
    except (CatalogError, OSError) as problem:
        raise CommandError(f"{place.shown} cannot be read: {problem}") from None
    if current is None:
        return name
    say(f"gollabedit: {name} is called {current} now")
    return current

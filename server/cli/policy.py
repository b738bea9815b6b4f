"""`gollabedit access`: check the policy of a data folder before it counts."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from server.cli.accounts import Actions, accounts, data_in, print_table
from server.cli.http_client import CommandError
from server.core.access.access import Access
from server.core.access.accounts import ANYBODY, Accounts
from server.core.access.identity import NOBODY, Identity
from server.core.access.policy import CLOSED, POLICY_FILE, Policy, PolicyError, read_policy
from server.core.names import is_document_name

_EXAMPLES = """examples:
  gollabedit access check                       is access.toml valid?
  gollabedit access check --file new.toml notes who may do what with the document "notes"
"""


def add_access(command: ArgumentParser) -> None:
    command.description = "The policy of a data folder, access.toml: who may do what."
    command.epilog = _EXAMPLES
    check = Actions(command).add(
        "check", "check access.toml, and show what it gives", _check, _EXAMPLES
    )
    check.add_argument(
        "documents", metavar="DOCUMENT", nargs="*", help="show the rights on these documents"
    )
    check.add_argument(
        "--file", metavar="FILE", type=Path, help="the policy (default: access.toml in the folder)"
    )


def _check(options: Namespace) -> None:
    path = options.file or data_in(options) / POLICY_FILE
    policy = _read(path)
    rules = "1 rule" if len(policy.documents) == 1 else f"{len(policy.documents)} rules"
    print(f"{path} is valid; it has {rules}")
    if not options.documents:
        return
    for document in options.documents:
        if not is_document_name(document):
            raise CommandError(f"{document!a} cannot be the name of a document")
    with accounts(options) as store:
        found = store.load()
    access = Access(is_open=False, policy=policy.or_else(CLOSED), accounts=found)
    head = ("WHO", *options.documents, "MAY CREATE", "OPERATOR")
    rows = [_row(access, who, identity, options.documents) for who, identity in _people(found)]
    print_table(head, rows, "")


def _read(path: Path) -> Policy:
    try:
        return read_policy(path.read_text("utf-8"))
    except PolicyError as problem:
        raise CommandError(f"{path}: {problem}") from None
    except FileNotFoundError:
        raise CommandError(
            f"there is no {path}; without it, every user may create and manage all documents"
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise CommandError(f"{path} cannot be read: {problem}") from None


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

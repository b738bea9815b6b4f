"""The policy: which users have which right on which documents, and who may create some.

It is a file in TOML. The first rule with a pattern that matches a document's name decides; what it
does not mention, nobody may do. Documents without a rule have the default of the server's mode:

    create = ["signed-in"]
    operators = ["ann"]

    [[documents]]
    names = ["minutes-*", "agenda", "board/*"]
    view = ["anybody"]
    edit = ["@staff"]
    manage = ["bo"]
"""

import re
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from server.core.access.accounts import ANYBODY, GROUP, SIGNED_IN, is_user_name
from server.core.access.identity import Identity
from server.core.access.right import Right

POLICY_FILE = "access.toml"  # in the data folder

_PATTERN = re.compile(r"[a-z0-9._*?/-]+")
_PLACE = re.compile(r"^(.*) - at `\$\.?(.*)`$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(\w+)`")
_RULE = re.compile(r"documents\[(\d+)\]\.?(\w*)")


class PolicyError(Exception):
    """The policy is refused as a whole; the message has the line and the reason."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule about documents: patterns of names, and who has which right on them."""

    names: tuple[str, ...]
    view: tuple[str, ...] = ()
    edit: tuple[str, ...] = ()
    manage: tuple[str, ...] = ()

    def right(self, identity: Identity) -> Right:
        """Return the right that it gives."""
        for right, who in (
            (Right.MANAGE, self.manage),
            (Right.EDIT, self.edit),
            (Right.VIEW, self.view),
        ):
            if includes(who, identity):
                return right
        return Right.NONE


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of a server; None where the default of its mode holds."""

    create: tuple[str, ...] | None = None
    operators: tuple[str, ...] | None = None
    documents: tuple[Rule, ...] = ()

    def or_else(self, default: "Policy") -> "Policy":
        """Return this policy, completed by a default."""
        return Policy(
            default.create if self.create is None else self.create,
            default.operators if self.operators is None else self.operators,
            (*self.documents, *default.documents),
        )

    def right(self, identity: Identity, document: str) -> Right:
        """Return the right that somebody has on a document, without links."""
        found = _decides(self.documents, document)
        return found.right(identity) if found else Right.NONE

    def may_create(self, identity: Identity) -> bool:
        return includes(self.create or (), identity)

    def is_operator(self, identity: Identity) -> bool:
        return identity.is_operator or includes(self.operators or (), identity)


msgspec.json.Decoder(Policy)  # prepares the type for `read_policy`


# Of a server that only this machine reaches, and of one that was opened to all who reach it.
LOCAL = Policy((ANYBODY,), (ANYBODY,), (Rule(("*",), manage=(ANYBODY,)),))
OPEN = Policy((ANYBODY,), (), LOCAL.documents)
CLOSED = Policy((SIGNED_IN,), (), (Rule(("*",), manage=(SIGNED_IN,)),))


def includes(who: Sequence[str], identity: Identity) -> bool:
    """Return whether a list of users and groups includes somebody."""
    return any(
        each == ANYBODY
        or (each == SIGNED_IN and bool(identity.user))
        or (bool(identity.user) and each == identity.user)
        or (each.startswith(GROUP) and each[1:] in identity.groups)
        for each in who
    )


@lru_cache(maxsize=4096)
def _decides(rules: tuple[Rule, ...], document: str) -> Rule | None:
    for rule in rules:
        if any(fnmatchcase(document, pattern) for pattern in rule.names):
            return rule
    return None


def read_policy(text: str) -> Policy:
    """Read a policy.

    Args:
        text: the content of the file, in TOML.

    Raises:
        PolicyError: it is not valid.
    """
    try:
        policy = msgspec.convert(tomllib.loads(text), Policy)  # noqa: TID251 (prepared)
    except msgspec.ValidationError as problem:
        found = _PLACE.match(str(problem))
        reason, place = (found[1], found[2]) if found else (str(problem), "")
        if unknown := _UNKNOWN.search(reason):
            place = ".".join(filter(None, (place, unknown[1])))
        raise _error(text, place, reason) from None
    except (ValueError, RecursionError) as problem:  # no TOML, or too much of something
        raise PolicyError(str(problem)) from None
    _check(text, "create", policy.create or ())
    _check(text, "operators", policy.operators or ())
    for index, rule in enumerate(policy.documents):
        place = f"documents[{index}]"
        if not rule.names:
            raise _error(text, f"{place}.names", "a rule needs at least one pattern in `names`")
        for pattern in rule.names:
            if not _PATTERN.fullmatch(pattern):
                reason = (
                    f"{pattern!r} matches no document: patterns have lowercase letters, digits,"
                    " '.', '_', '-', '/', '*' and '?'"
                )
                raise _error(text, f"{place}.names", reason)
        for right in ("view", "edit", "manage"):
            _check(text, f"{place}.{right}", getattr(rule, right))
    return policy


def _check(text: str, place: str, who: Sequence[str]) -> None:
    for each in who:
        if each in (ANYBODY, SIGNED_IN) or is_user_name(each.removeprefix(GROUP)):
            continue
        reason = f"{each!r} is neither a user, nor a @group, nor {SIGNED_IN}, nor {ANYBODY}"
        raise _error(text, place, reason)


def _error(text: str, place: str, reason: str) -> PolicyError:
    """Return an error with the line of a place, such as `documents[1].view`."""
    reason = reason[0].lower() + reason[1:].replace(" | null", "")
    return PolicyError(f"{reason} (at line {_line(text, place)})")


def _line(text: str, place: str) -> int:
    """Return the line of a key, or of the rule it is missing in; from 1."""
    lines = text.splitlines()
    begin, key = 0, place.partition("[")[0]
    if found := _RULE.match(place):
        rules = [i for i, line in enumerate(lines) if re.match(r"\s*\[\[\s*documents\s*\]\]", line)]
        if int(found[1]) >= len(rules):  # written as an array in one line
            return 1
        begin, key = rules[int(found[1])], found[2]
    if key:
        for index in range(begin, len(lines)):
            if re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", lines[index]):
                return index + 1
    return begin + 1

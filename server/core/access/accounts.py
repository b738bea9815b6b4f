"""The accounts of a server and their secrets, as they are at one moment. Nothing here has a secret.

A secret is known by its SHA-256 only. All are random and long, so a slower hash would add nothing.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from server.core.access.right import Right
from server.core.names import one_line

ANYBODY = "anybody"
SIGNED_IN = "signed-in"
GROUP = "@"  # begins the name of a group, where users and groups are listed

IN_TRASH = "trash/"  # what links to a deleted document lead to: this and its id in the trash

DAY_S = 24 * 3600.0

TOKEN_PREFIX = "gollabedit_"  # noqa: S105  so that scanners for leaked secrets can find one

_SECRET_BYTES = 24
_LABEL_CHARACTERS_MAX = 80
# Names also come from proxies, which often send addresses of e-mail.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,127}")


class Kind(StrEnum):
    """What a secret of a user is."""

    TOKEN = "token"  # noqa: S105  of a program
    SESSION = "session"  # of a browser
    INVITATION = "invitation"  # signs a browser in once


@dataclass(frozen=True, slots=True)
class User:
    """An account.

    Attributes:
        name: the name that policy and commands use.
        full_name: what others see, and commits say.
        email: the address of commits; empty for none.
        groups: the names of groups, without `@`.
        is_operator: whether the user may do everything.
    """

    name: str
    full_name: str = ""
    email: str = ""
    groups: frozenset[str] = frozenset()
    is_operator: bool = False

    @property
    def shown(self) -> str:
        return self.full_name or self.name


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of a user; times are Unix times in seconds.

    Attributes:
        id: names it in lists and commands.
        kind: what it is.
        user: whose it is.
        label: what its owner calls it.
        created: when it was made.
        expires: from when on it is not valid; None: always.
        used: when it was last used, to the minute; None: never.
    """

    id: str
    kind: Kind
    user: str
    label: str
    created: float
    expires: float | None = None
    used: float | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link that lets everybody who has it into one document.

    Attributes:
        id: names it in lists and commands.
        document: the document, by its name now; or `IN_TRASH` and an id.
        right: what it gives.
        made_by: the user who made it; empty if nobody was signed in.
        created, expires, used: as of a `Secret`.
    """

    id: str
    document: str
    right: Right
    made_by: str
    created: float
    expires: float | None = None
    used: float | None = None


@dataclass(frozen=True, slots=True)
class Accounts:
    """All users by name, and all secrets and links by the hashes of their keys."""

    users: Mapping[str, User] = field(default_factory=dict)
    secrets: Mapping[bytes, Secret] = field(default_factory=dict)
    links: Mapping[bytes, Link] = field(default_factory=dict)

    def next_expiry(self, now: float) -> float | None:
        """Return when the next secret or link expires; None: never."""
        dated: tuple[Secret | Link, ...] = (*self.secrets.values(), *self.links.values())
        return min((it.expires for it in dated if it.expires and it.expires > now), default=None)


def is_valid_at(dated: Secret | Link, now: float) -> bool:
    """Return whether something has not expired."""
    return dated.expires is None or now < dated.expires


def is_user_name(name: str) -> bool:
    """Return whether an account can have this name."""
    return _NAME.fullmatch(name) is not None and name not in (ANYBODY, SIGNED_IN)


def clean_label(text: str) -> str:
    """Return what a secret is called, as one short line."""
    return one_line(text)[:_LABEL_CHARACTERS_MAX]


def new_key() -> str:
    """Return a new secret, which is safe in an address."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def new_token() -> str:
    """Return a new secret for a program."""
    return TOKEN_PREFIX + new_key()


def hash_of(key: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()

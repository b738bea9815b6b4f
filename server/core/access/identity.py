"""Credentials as a request brings them, and the identity that they prove."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.core.access.right import Right


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request says about its sender. Secrets are hashed already.

    Attributes:
        header_user: the user that a trusted proxy names; empty for none.
        header_groups: the groups that it names.
        token: of a program: the hash of a token or of a link's key; None for none.
        session: of a browser.
        links: the hashes of the keys of links that a browser has opened.
    """

    header_user: str = ""
    header_groups: frozenset[str] = frozenset()
    token: bytes | None = None
    session: bytes | None = None
    links: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sends a request.

    Attributes:
        user: the name of the account; empty if not signed in.
        name: what others see, and commits say; empty if it can be chosen.
        email: the address of commits; empty for none.
        groups: the user's groups.
        is_operator: whether the account may do everything.
        grants: the rights that links give, by document.
        links: the ids of these links.
    """

    user: str = ""
    name: str = ""
    email: str = ""
    groups: frozenset[str] = frozenset()
    is_operator: bool = False
    grants: Mapping[str, Right] = field(default_factory=dict)
    links: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """The sender for logs: the user, the links, or `anybody`."""
        if self.user:
            return self.user
        return ",".join(f"link:{id}" for id in self.links) or "anybody"


NOBODY = Identity()

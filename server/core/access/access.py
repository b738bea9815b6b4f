"""What counts at one moment: the mode, the policy and the accounts; and what follows from them."""

from collections.abc import Iterator
from dataclasses import dataclass

from server.core.access.accounts import Accounts, Kind, Link, Secret, User, is_valid_at
from server.core.access.identity import Credentials, Identity
from server.core.access.policy import Policy
from server.core.access.right import Right


class WrongCredentialsError(Exception):
    """A token is wrong, expired or revoked; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Access:
    """Decides for requests.

    Attributes:
        is_open: whether the server is open to those who are not signed in.
        policy: the rules, completed by the default of the mode.
        accounts: the accounts.
    """

    is_open: bool
    policy: Policy
    accounts: Accounts

    def identify(self, credentials: Credentials, now: float) -> Identity:
        """Return who sent a request.

        Args:
            credentials: what the request says.
            now: the time (Unix time in seconds).

        Raises:
            WrongCredentialsError: it has a token that is not valid. A program must not go on as
                somebody else; on an open server the token may be for a proxy.
        """
        links = list(self._links(credentials, now))
        user = self._user(credentials, now)
        if credentials.token is not None and user is None and not links and not self.is_open:
            raise WrongCredentialsError("This token is wrong, expired or revoked.")
        grants: dict[str, Right] = {}
        for link in links:
            grants[link.document] = max(link.right, grants.get(link.document, Right.NONE))
        ids = tuple(link.id for link in links)
        if user is None:
            return Identity(grants=grants, links=ids)
        return Identity(
            user.name, user.shown, user.email, user.groups, user.is_operator, grants, ids
        )

    def _user(self, credentials: Credentials, now: float) -> User | None:
        if name := credentials.header_user:
            known = self.accounts.users.get(name, User(name))
            groups = known.groups | credentials.header_groups
            return User(name, known.full_name, known.email, groups, known.is_operator)
        for key, kind in ((credentials.token, Kind.TOKEN), (credentials.session, Kind.SESSION)):
            secret = self.secret(key, kind, now)
            if secret is not None:
                return self.accounts.users.get(secret.user)
            if key is not None and kind is Kind.TOKEN:
                return None  # not the session of the same browser
        return None

    def secret(self, key: bytes | None, kind: Kind, now: float) -> Secret | None:
        """Return the valid secret of a kind with this hash, or None."""
        found = self.accounts.secrets.get(key) if key else None
        return found if found and found.kind is kind and is_valid_at(found, now) else None

    def link(self, key: bytes, now: float) -> Link | None:
        """Return the valid link whose key has this hash, or None."""
        found = self.accounts.links.get(key)
        return found if found and is_valid_at(found, now) else None

    def _links(self, credentials: Credentials, now: float) -> Iterator[Link]:
        token = [] if credentials.token is None else [credentials.token]
        for key in (*credentials.links, *token):
            if link := self.link(key, now):
                yield link

    def right(self, identity: Identity, document: str) -> Right:
        """Return the right of an identity on a document."""
        if self.is_operator(identity):
            return Right.MANAGE
        granted = identity.grants.get(document, Right.NONE)
        return max(granted, self.policy.right(identity, document))

    def may_create(self, identity: Identity, document: str) -> bool:
        """Return whether somebody may create a document of this name.

        A link to edit a document includes writing its first words.
        """
        return (
            self.is_operator(identity)
            or identity.grants.get(document, Right.NONE) >= Right.EDIT
            or (
                self.policy.may_create(identity)
                and self.policy.right(identity, document) >= Right.EDIT
            )
        )

    def is_operator(self, identity: Identity) -> bool:
        return self.policy.is_operator(identity)

"""Clients as authors, their ids, and the keys that prove after a reconnect that an id is theirs.

A key is a keyed hash of document and client, so none is stored: with the server's secret it can be
checked after any number of restarts.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from server.core.git_model import email_of

# Lower case letters and digits that are not mistaken for each other, for names of branches.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_ID_CHARACTERS = 10


@dataclass(frozen=True, slots=True)
class Author:
    """The client that wrote something, and the name it had then.

    Attributes:
        client: its id.
        name: the name of its user.
        email: the address of the user's account; empty if it has none.
    """

    client: str
    name: str
    email: str = ""

    @property
    def address(self) -> str:
        """The e-mail address of commits: the account's, or a made-up one."""
        return self.email or email_of(self.client)


class ResumeKeys:
    """Client ids and resume keys, made with a server's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def new_client(self) -> str:
        """Return a new client id."""
        return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_CHARACTERS))

    def key(self, document: str, client: str) -> str:
        """Return the resume key of a client of a document."""
        message = f"{document}\0{client}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:32]

    def is_valid(self, document: str, client: str, key: str) -> bool:
        """Return whether `key` is the key of this client of this document."""
        return hmac.compare_digest(self.key(document, client).encode(), key.encode())

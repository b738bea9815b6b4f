"""Clients as authors, their ids, and the keys that prove, after a reconnect, whose an id is.

A key is a keyed hash of document and client, so none has to be stored; whoever has the server's
secret can check them, after any number of restarts.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

# Lower case letters and digits that nobody mistakes for each other, readable in a branch's name.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_ID_CHARACTERS = 10


@dataclass(frozen=True, slots=True)
class Author:
    """The client that wrote something, and the name it had then."""

    client: str
    name: str


class Keys:
    """Makes client ids and keys for one server's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def new_client(self) -> str:
        """A client id that was never used before."""
        return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_CHARACTERS))

    def key(self, document: str, client: str) -> str:
        """The resume key of a client of a document."""
        message = f"{document}\0{client}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:32]

    def is_valid(self, document: str, client: str, key: str) -> bool:
        """Whether `key` was made here for this client of this document."""
        return hmac.compare_digest(self.key(document, client).encode(), key.encode())

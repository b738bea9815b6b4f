"""A document for programs, over the wire protocol; docs/client.md has examples."""

from server.client.document import (
    ClientError,
    ConflictError,
    DeletedError,
    Document,
    NoAccessError,
    NotReachableError,
    NotSignedInError,
    RefusedError,
    Revision,
    connect,
)

__all__ = [
    "ClientError",
    "ConflictError",
    "DeletedError",
    "Document",
    "NoAccessError",
    "NotReachableError",
    "NotSignedInError",
    "RefusedError",
    "Revision",
    "connect",
]

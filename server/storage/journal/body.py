"""An entry as a journal stores it: bytes of msgpack."""

import msgspec

from server.git.changes import Entry, RefMove
from server.git.objects import GitObject
from server.storage.journal import DamagedError


class _Body(msgspec.Struct, array_like=True):
    objects: tuple[GitObject, ...]
    moves: tuple[RefMove, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Body).decode


def encode(entry: Entry) -> bytes:
    """Return what is stored of an entry, besides its document."""
    return _encode(_Body(entry.objects, entry.moves))


def decode(document: str, body: bytes, where: str) -> Entry:
    """Return an entry of a document, stored in the place `where`.

    Raises:
        DamagedError: The bytes are no entry.
    """
    try:
        decoded = _decode(body)
    except msgspec.MsgspecError as problem:
        raise DamagedError(f"{where}: an entry of {document} is damaged: {problem}") from None
    return Entry(document, decoded.objects, decoded.moves)

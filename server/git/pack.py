"""A pack and its index, as pure functions of bytes.

    pack       many objects in one string of bytes, each compressed, some as deltas
    index      where in the pack each object is, by its id, and the CRC32 of what is stored there

Both end with a check sum of all before it. Format: gitformat-pack(5), version 2 of both.
"""

import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from server.git.objects import GitObject, length_after

_OFFSET_DELTA, _REF_DELTA = 6, 7
# Up to this length a small window compresses as well, in a tenth of the time.
_SMALL = 2048

_PACK_HEADER = b"PACK" + (2).to_bytes(4, "big")
_INDEX_HEADER = b"\xfftOc" + (2).to_bytes(4, "big")
_FANOUT_BYTES = 4 * 256
_ID_BYTES = 20
_OFFSET_MAX = 0x7FFFFFFF  # larger ones have a table of their own


class DamagedError(Exception):
    """What was written is not what was meant."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack. It is "thin" if the base of a delta is not among its objects.

    Attributes:
        content: its bytes.
        places: offset and CRC32 of each object, by id.
    """

    content: bytes
    places: dict[str, tuple[int, int]]

    @property
    def name(self) -> str:
        """The name of its files, without the ending."""
        return f"pack-{self.content[-_ID_BYTES:].hex()}"

    def index(self) -> bytes:
        """Return the index of a pack of less than 2 GiB."""
        ids = sorted(self.places)
        counts = [0] * 256
        for id in ids:
            counts[int(id[:2], 16)] += 1
        places = [self.places[id] for id in ids]
        assert all(offset <= _OFFSET_MAX for offset, _ in places), "too large a pack"
        index = b"".join(
            (
                _INDEX_HEADER,
                struct.pack(">256L", *accumulate(counts)),
                *map(bytes.fromhex, ids),
                *(crc.to_bytes(4, "big") for _, crc in places),
                *(offset.to_bytes(4, "big") for offset, _ in places),
                self.content[-_ID_BYTES:],
            )
        )
        return index + _sha1(index)


def pack(objects: Sequence[GitObject]) -> Pack:
    """Return a pack of the objects, in their order."""
    parts = [_PACK_HEADER + len(objects).to_bytes(4, "big")]
    place = len(parts[0])
    places: dict[str, tuple[int, int]] = {}
    for item in objects:
        if item.base is not None and length_after(item.data) == 0:
            item = GitObject(item.id, item.kind, b"")  # a journal of an older version may hold one
        if item.base is None:
            header = _entry_header(item.kind, len(item.data))
        elif item.base in places:
            header = _entry_header(_OFFSET_DELTA, len(item.data))
            header += _distance(place - places[item.base][0])
        else:
            header = _entry_header(_REF_DELTA, len(item.data)) + bytes.fromhex(item.base)
        part = header + _compressed(item.data)
        places[item.id] = place, zlib.crc32(part)
        parts.append(part)
        place += len(part)
    content = b"".join(parts)
    return Pack(content + _sha1(content), places)


def verified_ids(content: bytes, index: bytes) -> list[str]:
    """Verify the check sums of a pack and its index; return the ids in the index.

    Whether the objects have these ids is not verified.

    Raises:
        DamagedError: They do not fit each other.
    """
    ids = indexed_ids(index)
    end = len(content) - _ID_BYTES
    header = _PACK_HEADER + len(ids).to_bytes(4, "big")
    pack_sum = index[-2 * _ID_BYTES : -_ID_BYTES]
    if not content.startswith(header) or not content[end:] == _sha1(content[:end]) == pack_sum:
        raise DamagedError("the pack is damaged")
    numbers = struct.unpack_from(f">{2 * len(ids)}L", index, _table_at(len(ids)))
    crcs, offsets = numbers[: len(ids)], numbers[len(ids) :]
    ends = dict(zip(sorted(offsets), [*sorted(offsets)[1:], end], strict=True))
    for offset, crc in zip(offsets, crcs, strict=True):
        if zlib.crc32(content[offset : ends[offset]]) != crc:
            raise DamagedError("the index has a wrong check sum of an object")
    return ids


def indexed_ids(index: bytes) -> list[str]:
    """Return the ids in the index of a pack of less than 2 GiB.

    Raises:
        DamagedError: It is damaged.
    """
    start = len(_INDEX_HEADER) + _FANOUT_BYTES
    count = int.from_bytes(index[start - 4 : start], "big")
    if (
        not index.startswith(_INDEX_HEADER)
        or len(index) != _table_at(count) + 8 * count + 2 * _ID_BYTES
        or index[-_ID_BYTES:] != _sha1(index[:-_ID_BYTES])
    ):
        raise DamagedError("the index is damaged")
    return [index[at : at + _ID_BYTES].hex() for at in range(start, _table_at(count), _ID_BYTES)]


def _table_at(count: int) -> int:
    """Return where the ids of an index end."""
    return len(_INDEX_HEADER) + _FANOUT_BYTES + count * _ID_BYTES


def _entry_header(kind: int, length: int) -> bytes:
    """Encode type (three bits) and length (four bits, then seven a byte)."""
    out = bytearray()
    byte, length = kind << 4 | length & 0x0F, length >> 4
    while length:
        out.append(byte | 0x80)
        byte, length = length & 0x7F, length >> 7
    out.append(byte)
    return bytes(out)


def _distance(distance: int) -> bytes:
    """Encode a distance: seven bits a byte, the highest first, all but the last minus 1."""
    out = [distance & 0x7F]
    distance >>= 7
    while distance:
        distance -= 1
        out.append(distance & 0x7F | 0x80)
        distance >>= 7
    return bytes(reversed(out))


def _compressed(data: bytes) -> bytes:
    if len(data) > _SMALL:
        return zlib.compress(data)
    small = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, wbits=12, memLevel=1)
    return small.compress(data) + small.flush()


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()

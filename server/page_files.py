"""The files that make the pages, as they are answered: plain and compressed, with their ETags."""

import gzip
import mimetypes
import zlib
from dataclasses import dataclass
from importlib.resources import files

_SERVED = (".html", ".js", ".css", ".svg")


@dataclass(frozen=True, slots=True)
class Representation:
    """One way to send a file: what goes over the wire, and by which tag it is known again."""

    body: bytes
    encoding: str | None
    etag: str


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file. Each of its representations has an ETag of its own, as HTTP wants it."""

    kind: str
    plain: Representation
    packed: Representation

    @classmethod
    def of(cls, name: str, body: bytes) -> "PageFile":
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        tag = f"{zlib.crc32(body):08x}"
        packed = gzip.compress(body, 9, mtime=0)
        return cls(
            kind, Representation(body, None, tag), Representation(packed, "gzip", f"{tag}-gzip")
        )

    def for_client(self, accepted: str) -> Representation:
        """The smallest that a client takes which sent this as `Accept-Encoding`."""
        return self.packed if takes_gzip(accepted) else self.plain


def read_files() -> dict[str, PageFile]:
    """The files by name; read and compressed once, at the start."""
    return {
        file.name: PageFile.of(file.name, file.read_bytes())
        for file in files("web").iterdir()
        if file.is_file() and file.name.endswith(_SERVED)
    }


def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` allows gzip; `q=0` forbids what it stands at."""
    weights = {}
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = weight.replace(" ", "")
    found = weights.get("gzip", weights.get("*"))
    return found is not None and not _is_zero(found)


def _is_zero(weight: str) -> bool:
    return weight.startswith("q=0") and not weight.removeprefix("q=0").strip(".0")

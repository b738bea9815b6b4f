"""The files that make the pages, as they are answered: plain and compressed, with their ETags.

What a page loads holds all that it imports, and is made small; other files are as written.
"""

import gzip
import mimetypes
import zlib
from dataclasses import dataclass
from importlib.resources import files

from server.http.bundle import one_script, one_style_sheet, shortened

_BUNDLES = {
    "pages/document.js": one_script,
    "pages/landing.js": one_script,
    "styles/document_page.css": one_style_sheet,
}
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


def read_files(*, readable: bool = False) -> dict[str, PageFile]:
    """The files by their path in `web/`; read, put together and compressed once, at the start.

    Args:
        readable: leave all of them as they were written.
    """
    texts = {
        f"{folder.name}/{file.name}": file.read_text("utf-8")
        for folder in files("web").iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(_SERVED)
    }
    if not readable:
        texts |= {name: shortened(as_one(name, texts)) for name, as_one in _BUNDLES.items()}
    return {name: PageFile.of(name, text.encode()) for name, text in texts.items()}


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

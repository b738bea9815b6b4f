"""The files of `web/` as they are served: plain and compressed, with their ETags.

The scripts and style sheets that a page loads are bundled and made small; other files are served as
written.
"""

import gzip
import mimetypes
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
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
    """One encoding of a file: the body of the response, and its ETag."""

    body: bytes
    encoding: str | None
    etag: str


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file and its representations, each with an ETag of its own as HTTP requires."""

    content_type: str
    plain: Representation
    packed: Representation

    @classmethod
    def of(cls, name: str, body: bytes) -> "PageFile":
        content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        tag = f"{zlib.crc32(body):08x}"
        packed = gzip.compress(body, 9, mtime=0)
        return cls(
            content_type,
            Representation(body, None, tag),
            Representation(packed, "gzip", f"{tag}-gzip"),
        )

    def for_client(self, accepted: str) -> Representation:
        """Return the smallest representation that an `Accept-Encoding` header allows."""
        return self.packed if takes_gzip(accepted) else self.plain


@cache
def read_files(*, readable: bool = False) -> Mapping[str, PageFile]:
    """Read, bundle and compress the files, once, and return them by their path in `web/`.

    Args:
        readable: leave all files as written.
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
    """Return whether an `Accept-Encoding` header allows gzip; a coding with `q=0` is forbidden."""
    weights = {}
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = weight.replace(" ", "")
    found = weights.get("gzip", weights.get("*"))
    return found is not None and not re.fullmatch(r"q=0[.0]*", found)

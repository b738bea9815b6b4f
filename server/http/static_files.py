"""The files of `web/` as they are served: plain and compressed, with their ETags.

The scripts and style sheets that a page loads are bundled and made small; those of the history, and
of other parts that few visits need, are apart, since they are loaded when somebody opens them.
`{{name}}` in a page stands for a sentence of `web/text/sentences.js` or for the version. Other
files are served as written.
"""

import asyncio
import gzip
import json
import mimetypes
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import brotli

from server.http.bundle import one_script, one_style_sheet, shortened

BUNDLES = {
    "pages/document.js": one_script,
    "pages/landing.js": one_script,
    "pages/search.js": one_script,
    "history/history.js": one_script,
    "history/stripes.js": one_script,
    "conflict/parked.js": one_script,
    "people/digest.js": one_script,
    "ui/shortcuts.js": one_script,
    "find/find.js": one_script,
    "find/search_worker.js": one_script,
    "editor/lines.js": one_script,
    "people/guest_links.js": one_script,
    "preview/preview.js": one_script,
    "preview/worker.js": one_script,
    "offline/offline.js": one_script,
    "offline/worker.js": one_script,
    "pages/view.js": one_script,
    "pages/no_connection.js": one_script,
    "pages/document_page.css": one_style_sheet,
    "history/history.css": one_style_sheet,
    "history/stripes.css": one_style_sheet,
    "people/guest_links.css": one_style_sheet,
    "preview/preview.css": one_style_sheet,
    "preview/sheet.css": one_style_sheet,
    "pages/view.css": one_style_sheet,
    "find/find.css": one_style_sheet,
    "editor/lines.css": one_style_sheet,
}
_SERVED = (".html", ".js", ".css", ".svg", ".webmanifest")
_SENTENCES = "text/sentences.js"
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Representation:
    """One encoding of a file: the body of the response, and its ETag."""

    body: bytes
    encoding: str | None
    etag: str


class PageFile:
    """A file and its representations, each with an ETag of its own as HTTP requires.

    Args:
        name: the file's name, which implies its type.
        body: its content.
    """

    def __init__(self, name: str, body: bytes) -> None:
        self.content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self._tag = f"{zlib.crc32(body):08x}"
        self.plain = Representation(body, None, self._tag)
        self._gzip: Representation | None = None
        self._brotli: Representation | None = None

    async def for_client(self, accepted: str) -> Representation:
        """Return the smallest representation that an `Accept-Encoding` header allows.

        Each is made when it is first asked for: the one in Brotli takes up to a second.
        """
        if takes("br", accepted):
            if self._brotli is None:
                body = await asyncio.to_thread(brotli.compress, self.plain.body)
                self._brotli = Representation(body, "br", f"{self._tag}-br")
            return self._brotli
        if takes("gzip", accepted):
            if self._gzip is None:
                body = await asyncio.to_thread(gzip.compress, self.plain.body, 9, mtime=0)
                self._gzip = Representation(body, "gzip", f"{self._tag}-gzip")
            return self._gzip
        return self.plain


def read_files(*, readable: bool = False, source_url: str = "") -> Mapping[str, PageFile]:
    """Read and bundle the files, once, and return them by their path in `web/`.

    Args:
        readable: leave all scripts and style sheets as written.
        source_url: address of the source code, for a link; empty for none.
    """
    return _read_files(readable, source_url)  # the cache tells arguments by their form


@cache
def _read_files(readable: bool, source_url: str) -> Mapping[str, PageFile]:
    folders = [folder for folder in files("web").iterdir() if folder.is_dir()]
    found = {f"{folder.name}/{file.name}": file for folder in folders for file in folder.iterdir()}
    texts = {name: it.read_text("utf-8") for name, it in found.items() if name.endswith(_SERVED)}
    images = {name: it.read_bytes() for name, it in found.items() if name.endswith(".png")}
    sentences = _sentences(texts[_SENTENCES])
    if not readable:
        texts |= {name: shortened(_bundle(name, texts, sentences)) for name in BUNDLES}
    known = {name: escape(text) for name, text in sentences.items() if isinstance(text, str)}
    known["version"] = version("gollabedit")
    known["source"] = _link(source_url, known["sourceCode"])
    pages = {name: _filled(text, known) for name, text in texts.items() if name.endswith(".html")}
    bodies = {name: text.encode() for name, text in (texts | pages).items()} | images
    return {name: PageFile(name, body) for name, body in bodies.items()}


def _sentences(module: str) -> dict[str, Any]:
    """Return the sentences of the module, whose one object is written as JSON."""
    sentences: dict[str, Any] = json.loads(module[module.index("= {") + 2 : module.rindex("}") + 1])
    return sentences


def _bundle(name: str, texts: Mapping[str, str], sentences: Mapping[str, Any]) -> str:
    """Return a bundle with only those sentences that its own modules name."""
    as_one = BUNDLES[name]
    without = as_one(name, {**texts, _SENTENCES: _module({})})
    named = set(re.findall(r"'(\w+)'", without))
    used = {name: text for name, text in sentences.items() if name in named}
    return as_one(name, {**texts, _SENTENCES: _module(used)})


def _module(sentences: Mapping[str, Any]) -> str:
    return f"export const SENTENCES = {json.dumps(sentences, ensure_ascii=False)};\n"


def _link(address: str, label: str) -> str:
    return f' · <a href="{escape(address)}">{label}</a>' if address else ""


def _filled(page: str, known: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda it: known[it[1]], page)


def takes(coding: str, accepted: str) -> bool:
    """Return whether an `Accept-Encoding` header allows a coding; one with `q=0` is forbidden."""
    weights = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = weight.replace(" ", "")
    found = weights.get(coding, weights.get("*"))
    return found is not None and not re.fullmatch(r"q=0[.0]*", found)

"""What a browser keeps of the pages, so that recent documents open without a connection.

The service worker has the digest of one JSON file with all files of the pages, so that it keeps
those of one version or none. Kept pages load `kept-<version>/…` instead of `static/…`; the worker
alone answers that.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from aiohttp import web

from server.http.app_keys import CONFIG
from server.http.pages import file_response
from server.http.preview import policy_for
from server.http.static_files import BUNDLES, PageFile, read_files

_WORKER = "offline/worker.js"
_PAGES = (
    "pages/document.html",
    "pages/view.html",
    "pages/no_connection.html",
    "preview/frame.html",
)
_FOR_THE_NETWORK = ("pages/landing.js", "pages/search.js", _WORKER)
_AS_WRITTEN = ("pages/scheme.js", "ui/style.css", "pages/landing.css")
_STATIC = re.compile(r'"(?:\.\./|\$\{root\})?static/([^"]+)"')


@dataclass(frozen=True, slots=True)
class OfflineFiles:
    """The service worker, and the files that it keeps."""

    worker: PageFile
    kept: PageFile


OFFLINE = web.AppKey("offline", OfflineFiles)


def routes() -> list[web.RouteDef]:
    return [web.get("/service-worker.js", service_worker), web.get("/kept.json", kept_files)]


async def service_worker(request: web.Request) -> web.Response:
    """Return the service worker; on a 404 browsers remove the one that they have."""
    _check_allowed(request)
    return await file_response(request, request.app[OFFLINE].worker)


async def kept_files(request: web.Request) -> web.Response:
    _check_allowed(request)
    return await file_response(request, request.app[OFFLINE].kept)


def _check_allowed(request: web.Request) -> None:
    """Check that the setting `offline` allows this.

    Raises:
        web.HTTPNotFound: nothing of this server is kept in browsers.
    """
    if request.app[CONFIG].offline == "refused":
        raise web.HTTPNotFound(text="This server has no service worker.\n")


@cache
def offline_files(*, readable: bool, source_url: str) -> OfflineFiles:
    """Return the service worker and the kept files; the arguments are those of `read_files`."""
    files = read_files(readable=readable, source_url=source_url)
    kept = {
        name: file.plain.body.decode() for name, file in files.items() if _is_kept(name, readable)
    }
    kept |= {name: _with_kept_files(kept[name], kept) for name in _PAGES}
    body = json.dumps({"frame": policy_for([]), "files": kept}, ensure_ascii=False).encode()
    digest = hashlib.sha256(body).digest()
    # Browsers differ in service workers that are modules: it is one script in any case.
    script = read_files(source_url=source_url)[_WORKER].plain.body.decode()
    script = script.replace("$version", digest.hex()[:16])
    script = script.replace("$integrity", f"sha256-{base64.b64encode(digest).decode()}")
    return OfflineFiles(PageFile(_WORKER, script.encode()), PageFile("kept.json", body))


def _is_kept(name: str, readable: bool) -> bool:
    kind = name.rpartition(".")[2]
    if name.startswith("pages/") and kind == "html":
        return name in _PAGES
    if name in _FOR_THE_NETWORK or kind not in ("html", "js", "css", "svg"):
        return False
    is_whole = readable or name in BUNDLES or name in _AS_WRITTEN or name.startswith("vendor/")
    return is_whole or kind in ("html", "svg")


def _with_kept_files(page: str, kept: Mapping[str, str]) -> str:
    """Return a page that loads the kept files instead of `static/…`."""
    return _STATIC.sub(lambda it: f'"${{kept}}{it[1]}"' if it[1] in kept else it[0], page)

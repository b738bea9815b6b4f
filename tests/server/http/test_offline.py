"""What browsers keep of the pages: one version, whole, and nothing of anybody's."""

import base64
import hashlib
import json
import re
from string import Template
from typing import Any

import pytest

from server.http.offline import OfflineFiles, offline_files

_SMALL = offline_files(readable=False, source_url="")
_FROM_HERE = re.compile(r"""['\"`](?:\.\./)?(\w+/\w+\.(?:js|css|html|svg))['\"`]""")
_KEPT = re.compile(r'"\$\{kept\}([^"]+)"')


def kept_in(files: OfflineFiles) -> dict[str, str]:
    found: dict[str, str] = json.loads(files.kept.plain.body)["files"]
    return found


def test_the_worker_knows_the_digest_of_what_it_keeps() -> None:
    worker = _SMALL.worker.plain.body.decode()
    digest = hashlib.sha256(_SMALL.kept.plain.body).digest()
    assert f"'sha256-{base64.b64encode(digest).decode()}'" in worker
    assert f"'{digest.hex()[:16]}'" in worker
    assert not re.search(r"^(import|export)\b", worker, re.MULTILINE), "it is no module"


def test_other_files_are_another_version() -> None:
    readable = offline_files(readable=True, source_url="")
    assert readable.worker.plain.body != _SMALL.worker.plain.body


@pytest.mark.parametrize("readable", [False, True])
def test_all_that_kept_pages_load_is_kept(readable: bool) -> None:
    kept = kept_in(offline_files(readable=readable, source_url=""))
    pages = [name for name in kept if name.startswith("pages/") and name.endswith(".html")]
    assert sorted(pages) == ["pages/document.html", "pages/no_connection.html", "pages/view.html"]
    loaded = {name for page in pages for name in _KEPT.findall(kept[page])}
    assert "pages/document.js" in loaded
    for name, text in kept.items():
        if name.endswith(".js"):
            loaded |= set(_FROM_HERE.findall(text))
    assert {"preview/worker.js", "history/history.js", "find/find.html"} <= loaded
    assert loaded <= set(kept)
    assert "offline/worker.js" not in kept
    assert "static/" not in kept["pages/no_connection.html"]


def test_the_frame_keeps_its_own_policy() -> None:
    found: dict[str, Any] = json.loads(_SMALL.kept.plain.body)
    assert "sandbox allow-same-origin" in found["frame"]
    assert "script" not in found["frame"]
    assert 'href="${kept}preview/sheet.css"' in found["files"]["preview/frame.html"]


def test_kept_pages_are_templates() -> None:
    for name, text in kept_in(_SMALL).items():
        if name.endswith(".html"):
            assert "{{" not in text
            Template(text).safe_substitute(kept="/kept-1/", root="/")

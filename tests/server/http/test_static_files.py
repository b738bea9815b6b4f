"""The files of the pages: compressed, and with nothing in them that the policy forbids."""

import asyncio
import gzip
import json
import re
from importlib.resources import files

import brotli
import pytest

from server.core.history.named import NAME_CHARACTERS_MAX, NOTE_CHARACTERS_MAX
from server.core.names import clean_name
from server.core.search import WORDS_CHARACTERS_MAX
from server.http.static_files import PageFile, read_files, takes

_FILES = read_files()
_NAMES = sorted(_FILES)
_PAGES = [name for name in _NAMES if name.startswith("pages/") and name.endswith(".html")]
_PARTS = [name for name in _NAMES if name.endswith(".html")]  # those, and what is added to a page
_INLINE = re.compile(
    r"""<script(?![^>]*\bsrc=)|<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:""", re.IGNORECASE
)
_ADDRESS = re.compile(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}""", re.IGNORECASE)
_NAMESPACE = "http://www.w3.org/2000/svg"


@pytest.mark.parametrize(
    ("accepted", "is_taken"),
    [
        ("", False),
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("*", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0.001", True),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("x-gzip-like", False),
    ],
)
def test_gzip_goes_to_those_who_take_it(accepted: str, is_taken: bool) -> None:
    assert takes("gzip", accepted) == is_taken


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", None),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, br;q=0", "gzip"),
        ("br", "br"),
    ],
)
def test_the_smallest_representation_is_sent(accepted: str, encoding: str | None) -> None:
    sent = asyncio.run(_FILES["pages/document.js"].for_client(accepted))
    assert sent.encoding == encoding


_UNPACK = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}


@pytest.mark.parametrize("name", _NAMES)
def test_all_representations_hold_the_file(name: str) -> None:
    file = _FILES[name]
    sent = [asyncio.run(file.for_client(accepted)) for accepted in ("", "gzip", "br")]
    assert {_UNPACK[it.encoding](it.body) for it in sent} == {file.plain.body}
    assert len({it.etag for it in sent}) == 3


def test_readable_is_as_it_was_written() -> None:
    for name, file in read_files(readable=True).items():
        if not name.endswith(".html"):
            assert file.plain.body == (files("web") / name).read_bytes()


def test_the_editor_page_fits_its_budget() -> None:
    loaded = [
        "pages/document.html",
        "pages/document_page.css",
        "pages/scheme.js",
        "pages/document.js",
        "pages/favicon.svg",
    ]
    sent = [asyncio.run(_FILES[name].for_client("br, gzip")) for name in loaded]
    assert sum(len(it.body) for it in sent) <= 60 * 1024


def test_the_history_is_loaded_only_when_it_is_opened() -> None:
    page = _FILES["pages/document.js"].plain.body.decode()
    assert "import('../history/history.js')" in page
    assert "class VersionList" not in page
    opened = ["history/history.js", "history/history.html", "history/history.css"]
    sent = [asyncio.run(_FILES[name].for_client("br, gzip")) for name in opened]
    assert sum(len(it.body) for it in sent) <= 24 * 1024


def test_the_preview_is_loaded_only_when_it_is_opened() -> None:
    page = _FILES["pages/document.js"].plain.body.decode()
    assert "import('../preview/preview.js')" in page
    assert "class Sheet" not in page
    opened = [
        *("preview/preview.js", "preview/preview.html", "preview/frame.html", "preview/worker.js"),
        *("preview/preview.css", "preview/sheet.css", "vendor/marked.js", "vendor/dompurify.js"),
    ]
    sent = [asyncio.run(_FILES[name].for_client("br, gzip")) for name in opened]
    assert sum(len(it.body) for it in sent) <= 56 * 1024


@pytest.mark.parametrize("page", _PAGES)
def test_a_page_loads_what_is_there(page: str) -> None:
    found = re.findall(r'["/}]static/([\w./]+)"', _FILES[page].plain.body.decode())
    assert found
    assert set(found) <= set(_FILES)


def test_an_etag_is_that_of_the_content() -> None:
    one, same, other = (PageFile("a.js", body) for body in (b"1", b"1", b"2"))
    for accepted in ("", "gzip", "br"):
        etags = [asyncio.run(file.for_client(accepted)).etag for file in (one, same, other)]
        assert etags[0] == etags[1] != etags[2]


@pytest.mark.parametrize("name", _PARTS)
def test_a_page_has_its_sentences_filled_in(name: str) -> None:
    page = _FILES[name].plain.body.decode()
    assert "{{" not in page
    assert "GollabEdit" in page or name not in _PAGES


def test_the_start_page_links_the_source_code_where_it_is_known() -> None:
    linked = read_files(source_url='https://git.example/"x"')["pages/index.html"].plain.body
    assert b'<a href="https://git.example/&quot;x&quot;">Source code</a>' in linked
    assert b"Source code" not in _FILES["pages/index.html"].plain.body


def test_every_sentence_is_used_and_scripts_get_only_theirs() -> None:
    sources = read_files(readable=True)
    scripts = "".join(
        file.plain.body.decode()
        for name, file in sources.items()
        if name.endswith(".js") and name != "text/sentences.js"
    )
    module = sources["text/sentences.js"].plain.body.decode()
    names = set(json.loads(module[module.index("= {") + 2 : module.rindex("}") + 1]))
    in_pages = {
        name
        for page in _PARTS
        for name in re.findall(r"\{\{(\w+)\}\}", (files("web") / page).read_text())
    }
    in_scripts = set(re.findall(r"'(\w+)'", scripts)) & names
    assert names - in_pages - in_scripts == {"sourceCode"}  # of the link
    assert in_pages - names == {"version", "source"}
    bundle = _FILES["pages/document.js"].plain.body.decode()
    assert '"everyVersion"' not in bundle  # only the page names it
    assert '"newDocument"' not in bundle  # another page
    assert '"spokenAdded"' not in bundle  # only the history
    assert '"saved"' in bundle
    assert '"spokenAdded"' in _FILES["history/history.js"].plain.body.decode()


@pytest.mark.parametrize("name", _PARTS)
def test_no_page_has_anything_inline(name: str) -> None:
    assert not _INLINE.findall(_FILES[name].plain.body.decode())


def test_what_is_inline_would_be_found() -> None:
    for bad in ("<script>x</script>", '<b style="x">', "<style>", '<a onclick="x">'):
        assert _INLINE.search(bad), bad


@pytest.mark.parametrize("name", [name for name in _NAMES if not name.endswith(".png")])
def test_nothing_comes_from_elsewhere(name: str) -> None:
    text = _FILES[name].plain.body.decode().replace(_NAMESPACE, "")
    if not name.startswith("vendor/"):  # their comments name where they come from
        assert not _ADDRESS.findall(text)


@pytest.mark.parametrize(
    ("page", "field", "characters"),
    [
        ("pages/document.html", 'id="name"', len(clean_name("x" * 1000))),
        ("pages/document.html", 'id="ask-name-field"', len(clean_name("x" * 1000))),
        ("pages/index.html", 'name="q"', WORDS_CHARACTERS_MAX),
        ("pages/search.html", 'name="q"', WORDS_CHARACTERS_MAX),
        ("history/history.html", 'id="version-name"', NAME_CHARACTERS_MAX),
        ("history/history.html", 'id="version-note"', NOTE_CHARACTERS_MAX),
    ],
)
def test_a_field_takes_as_many_characters_as_the_server(
    page: str, field: str, characters: int
) -> None:
    [element] = re.findall(rf"<[^>]*\s{field}[^>]*>", _FILES[page].plain.body.decode())
    assert f'maxlength="{characters}"' in element

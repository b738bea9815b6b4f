"""The files of the pages: compressed, and with nothing in them that the policy forbids."""

import gzip
import re
from importlib.resources import files

import pytest

from server.http.static_files import PageFile, read_files, takes_gzip

_FILES = read_files()
_NAMES = sorted(_FILES)
_PAGES = [name for name in _NAMES if name.endswith(".html")]
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
    assert takes_gzip(accepted) == is_taken
    assert (_FILES["pages/document.js"].for_client(accepted).encoding == "gzip") == is_taken


@pytest.mark.parametrize("name", _NAMES)
def test_both_representations_hold_the_file(name: str) -> None:
    file = _FILES[name]
    assert gzip.decompress(file.packed.body) == file.plain.body
    assert file.plain.etag != file.packed.etag


def test_readable_is_as_it_was_written() -> None:
    for name, file in read_files(readable=True).items():
        assert file.plain.body == (files("web") / name).read_bytes()


def test_the_editor_page_fits_its_budget() -> None:
    loaded = [
        "pages/document.html",
        "styles/document_page.css",
        "pages/scheme.js",
        "pages/document.js",
        "pages/favicon.svg",
    ]
    assert sum(len(_FILES[name].packed.body) for name in loaded) < 57_000


@pytest.mark.parametrize("page", _PAGES)
def test_a_page_loads_what_is_there(page: str) -> None:
    found = re.findall(r'/static/([\w./]+)"', _FILES[page].plain.body.decode())
    assert found
    assert set(found) <= set(_FILES)


def test_an_etag_is_that_of_the_content() -> None:
    assert PageFile.of("a.js", b"1") == PageFile.of("a.js", b"1")
    assert PageFile.of("a.js", b"1").packed.etag != PageFile.of("a.js", b"2").packed.etag


@pytest.mark.parametrize("name", _PAGES)
def test_no_page_has_anything_inline(name: str) -> None:
    assert not _INLINE.findall(_FILES[name].plain.body.decode())


def test_what_is_inline_would_be_found() -> None:
    for bad in ("<script>x</script>", '<b style="x">', "<style>", '<a onclick="x">'):
        assert _INLINE.search(bad), bad


@pytest.mark.parametrize("name", _NAMES)
def test_nothing_comes_from_elsewhere(name: str) -> None:
    text = _FILES[name].plain.body.decode().replace(_NAMESPACE, "")
    assert not _ADDRESS.findall(text)

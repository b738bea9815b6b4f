"""The page of an address where nothing is."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.http.not_found import nearest_name, page_of
from server.storage.data_folder import is_document_name

_VECTORS = json.loads((Path(__file__).parents[2] / "vectors/names.json").read_text())
_TEMPLATE = "$heading|$advice|$suggestion"


@pytest.mark.parametrize(("wish", "name"), _VECTORS["nearest"])
def test_the_nearest_name(wish: str, name: str | None) -> None:
    assert nearest_name(wish) == name


@given(st.text(max_size=100) | st.text("aA.-_/ gitlock", max_size=100))
def test_the_nearest_name_is_one_and_a_name_is_nearest_to_itself(wish: str) -> None:
    name = nearest_name(wish)
    if name is not None:
        assert is_document_name(name)
    if is_document_name(wish) and wish[-1].isalnum():
        assert name == wish


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/d/My%20Notes", "my-notes"),
        ("/d/notes/", "notes"),
        ("/d/notes/other", "notes-other"),
        ("/notes", "notes"),
        ("/d/", None),
        ("/d", None),
        ("/", None),
        ("/a/b/c", None),
        ("/d/%ff", None),
    ],
)
def test_what_was_meant_by_an_address(path: str, name: str | None) -> None:
    page = page_of(_TEMPLATE, path=path, is_name=True)
    if name is None:
        assert "href" not in page
    else:
        assert f'href="/d/{name}"' in page


@given(st.text(max_size=60))
def test_nothing_of_an_address_becomes_markup(wish: str) -> None:
    page = page_of(_TEMPLATE, path=f"/d/<script>{wish}", is_name=False)
    assert page.count("<") in (0, 4)
    assert "<script" not in page

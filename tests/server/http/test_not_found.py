"""The page of an address where nothing is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.http.not_found import page_of

_TEMPLATE = "$heading|$advice|$suggestion"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/d/My%20Notes", "my-notes"),
        ("/d/notes/", "notes"),
        ("/d/docs/My%20Plan.md", "docs/my-plan.md"),
        ("/notes", "notes"),
        ("/d/", None),
        ("/d", None),
        ("/", None),
        ("/a/b/c", None),
        ("/d/%ff", None),
    ],
)
def test_what_was_meant_by_an_address(path: str, name: str | None) -> None:
    page = page_of(_TEMPLATE, path=path, is_name=True, root="../")
    if name is None:
        assert "href" not in page
    else:
        assert f'href="../d/{name}"' in page


@given(st.text(max_size=60))
def test_nothing_of_an_address_becomes_markup(wish: str) -> None:
    page = page_of(_TEMPLATE, path=f"/d/<script>{wish}", is_name=False, root="../")
    assert page.count("<") in (0, 4)
    assert "<script" not in page

"""Names of documents, of their files and of people."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.names import (
    clean_name,
    filename_of,
    guest_name,
    is_document_name,
    is_folder_name,
    nearest_name,
)

_VECTORS = json.loads((Path(__file__).parents[2] / "vectors/names.json").read_text())


@pytest.mark.parametrize("name", _VECTORS["valid"])
def test_a_document_can_be_called(name: str) -> None:
    assert is_document_name(name)


@pytest.mark.parametrize(
    "name",
    [*_VECTORS["invalid"], ".", "..", ".git", "a.git", "a.lock", "a..b", "-a", "_a", "Notes", "é",
     "a b", "a\0", "secret\n"],
)  # fmt: skip
def test_a_document_cannot_be_called(name: str) -> None:
    assert not is_document_name(name)


def test_a_folder_is_what_documents_can_be_in() -> None:
    asked = ("docs", "a/b/c", "trash", "docs/raw", "a/b/c/d")
    assert list(filter(is_folder_name, asked)) == ["docs", "a/b/c"]


@pytest.mark.parametrize(("wish", "name"), _VECTORS["nearest"])
def test_the_nearest_name(wish: str, name: str | None) -> None:
    assert nearest_name(wish) == name


@given(st.text(max_size=100) | st.text("aA.-_/ gitlock", max_size=100))
def test_the_nearest_name_is_one_and_a_name_is_nearest_to_itself(wish: str) -> None:
    name = nearest_name(wish)
    if name is not None:
        assert is_document_name(name)
    if is_document_name(wish) and all(it[-1].isalnum() for it in wish.split("/")):
        assert name == wish


@pytest.mark.parametrize(
    ("document", "file"),
    [
        ("notes", "notes.txt"),
        ("notes.md", "notes.md"),
        ("a.b.py", "a.b.py"),
        ("x-1", "x-1.txt"),
        ("docs/plan.md", "plan.md"),
        ("v1.2/notes", "notes.txt"),
    ],
)
def test_the_file_is_named_after_the_document(document: str, file: str) -> None:
    assert filename_of(document) == file


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Ann", "Ann"),
        ("  Ann \t\n Lee ", "Ann Lee"),
        ("Ann <root@x>", "Ann root@x"),
        ("\u202eevil", "evil"),
        ("<>", ""),
        (".,;", ""),
        ("x" * 100, "x" * 64),
        ("\u3164\u2800\u115f", ""),
        ("An\u3164n", "An n"),
        ("Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306oe", "Z\u0300\u0301\u0302\u0303oe"),
        ("Zoe\u0308 हिन्दी", "Zoe\u0308 हिन्दी"),
        ("Zoë 🦊", "Zoë 🦊"),
        ("", ""),
    ],
)
def test_a_name_fits_into_a_signature_and_on_a_line(raw: str, clean: str) -> None:
    assert clean_name(raw) == clean


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ann", "Ann (guest)"),
        ("Ann (guest)", "Ann (guest)"),
        ("Guest 7", "Guest 7"),
        ("", ""),
        ("x" * 64, "x" * 56 + " (guest)"),
    ],
)
def test_the_name_of_a_guest_is_no_account_holders(name: str, shown: str) -> None:
    assert guest_name(name) == shown

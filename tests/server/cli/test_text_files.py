"""Which document a file becomes, and what is no text."""

import pytest

from server.cli.text_files import document_for, problem_of
from server.core.names import filename_of


@pytest.mark.parametrize(
    ("filename", "document"),
    [
        ("notes.txt", "notes"),
        ("Notes.TXT", "notes"),
        ("notes", "notes"),
        ("README", "readme"),
        ("plan.md", "plan.md"),
        ("Meeting Notes.md", "meeting-notes.md"),
        ("Grüße an alle.txt", "grusse-an-alle"),
        ("My Docs/Meeting Notes.md", "my-docs/meeting-notes.md"),
        ("docs/notes.txt", "docs/notes"),
        ("v1.2/notes.txt", "v1.2/notes"),
        ("docs/v1.2.txt", "docs/v1.2.txt"),
        ("docs/日本語.md", None),
        ("v1.2.txt", "v1.2.txt"),
        (".profile", "profile"),
        ("???.txt", None),
        ("日本語.md", None),
        ("---", None),
    ],
)
def test_a_file_is_the_document_of_the_nearest_name(filename: str, document: str | None) -> None:
    assert document_for(filename) == document


@pytest.mark.parametrize(
    "document", ["notes", "plan.md", "a-b_c.d", "v1.2", "txt", "0", "a.txt.md"]
)
def test_the_file_of_a_document_is_that_document_again(document: str) -> None:
    assert document_for(filename_of(document)) == document


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", None),
        ("\ufeffGrüße\r\n".encode(), None),
        (b"one\ntwo\xff\n", "this is not UTF-8 text (line 2)"),
        (b"one\n\ntwo\0", "this contains the character NUL (line 3)"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(data: bytes, problem: str | None) -> None:
    assert problem_of(data) == problem

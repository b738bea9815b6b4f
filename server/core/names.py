"""Rules for names: of documents, of the files that hold their texts, and of people. Pure."""

import re
import unicodedata

_DOCUMENT_CHARACTERS_MAX = 64
_PERSON_CHARACTERS_MAX = 64
_DOCUMENT = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{_DOCUMENT_CHARACTERS_MAX - 1}}}")


def is_document_name(name: str) -> bool:
    """Return whether a document can have this name."""
    return (
        bool(_DOCUMENT.fullmatch(name))
        and ".." not in name
        and not name.endswith((".git", ".lock"))
    )


def nearest_name(wish: str) -> str | None:
    """Return the valid document name nearest to `wish`, if there is one; as in web/ui/names.js."""
    # Not `casefold`: JavaScript has none.
    letters = unicodedata.normalize("NFKD", wish.upper().lower())
    name = re.sub(r"[\u0300-\u036f]", "", letters)
    name = re.sub(r"[^a-z0-9._-]+", "-", name)
    name = re.sub(r"\.{2,}", ".", name).lstrip("-._")[:_DOCUMENT_CHARACTERS_MAX]
    name = re.sub(r"(?:[-._]|\.(?:git|lock))+$", "", name)
    return name if is_document_name(name) else None


def filename_of(document: str) -> str:
    """Return the name of a document's file: `notes.txt` for `notes`, `notes.md` for `notes.md`."""
    return document if "." in document else f"{document}.txt"


def clean_name(name: str) -> str:
    """Return a person's name as one line that is safe in a Git signature; possibly empty."""
    printable = "".join(c if c.isprintable() else " " for c in name if c not in "<>")
    return " ".join(printable.split())[:_PERSON_CHARACTERS_MAX].strip(" .,:;\"'\\")

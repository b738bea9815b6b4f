"""Rules for names: of documents, of the files that hold their texts, and of people. Pure."""

import re
import unicodedata

_SEGMENT_CHARACTERS_MAX = 64
_SEGMENTS_MAX = 4
_DOCUMENT_CHARACTERS_MAX = 200
_PERSON_CHARACTERS_MAX = 64
GUEST = "Guest"  # begins the names of those who have chosen none
_IS_GUEST = " (guest)"
# They count as printable: fillers of Hangul, blank Braille, joiners of Khmer and others.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_MARKS_MAX = 4  # on one letter: no language writes more
_SEGMENT = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{_SEGMENT_CHARACTERS_MAX - 1}}}")

# What a name with folders cannot have. The first are the words that follow a document's name in
# addresses, the second are what Windows has devices for.
ADDRESS_WORDS = "authors|diff|links|mirror|raw|refs|steps|unmerged|versions|view"
_DEVICES = r"(?:aux|con|nul|prn|(?:com|lpt)[0-9])(?:\..*)?"
_RESERVED = re.compile(rf"{ADDRESS_WORDS}|{_DEVICES}|.*\.")
# As its first folder: it begins other addresses, or is something else in a data folder.
_RESERVED_FIRST = re.compile(
    "api|control|d|format|lock|push|secret|static|store|trash|ws"
    r"|.*\.(?:json|sqlite|toml)(?:-[a-z]+)?"
)

# A run of combining marks, longer than any language needs.
_MARKS = "".join(c for c in map(chr, range(0x300, 0x10000)) if unicodedata.combining(c))
_TOWER = re.compile(f"([{_MARKS}]{{{_MARKS_MAX}}})[{_MARKS}]+")


def is_document_name(name: str) -> bool:
    """Return whether a document can have this name: one to four segments, all but one folders."""
    segments = name.split("/")
    if len(segments) == 1:
        return _is_segment(name)
    return (
        len(name) <= _DOCUMENT_CHARACTERS_MAX
        and len(segments) <= _SEGMENTS_MAX
        and "/d/" not in name  # so that the last one in an address is what comes before the name
        and not _RESERVED_FIRST.fullmatch(segments[0])
        and all(_is_segment(it) and not _RESERVED.fullmatch(it) for it in segments)
    )


def is_folder_name(name: str) -> bool:
    """Return whether documents can be in a folder of this name."""
    return is_document_name(f"{name}/x")


def _is_segment(name: str) -> bool:
    return (
        bool(_SEGMENT.fullmatch(name)) and ".." not in name and not name.endswith((".git", ".lock"))
    )


def nearest_name(wish: str) -> str | None:
    """Return the valid document name nearest to `wish`, if there is one; as in web/ui/names.js."""
    segments = [it for it in wish.split("/") if it]
    if ".." in segments:  # no name, but the path of a file
        segments = [wish]
    folders = segments[: _SEGMENTS_MAX - 1]
    rest = "-".join(segments[len(folders) :])
    name = "/".join(filter(None, map(nearest_segment, [*folders, rest])))
    return name if is_document_name(name) else None


def nearest_segment(wish: str) -> str | None:
    """Return the valid name without folders nearest to `wish`, if there is one."""
    # Not `casefold`: JavaScript has none.
    letters = unicodedata.normalize("NFKD", wish.upper().lower())
    name = re.sub(r"[\u0300-\u036f]", "", letters)
    name = re.sub(r"[^a-z0-9._-]+", "-", name)
    name = re.sub(r"\.{2,}", ".", name).lstrip("-._")[:_SEGMENT_CHARACTERS_MAX]
    name = re.sub(r"(?:[-._]|\.(?:git|lock))+$", "", name)
    return name if _is_segment(name) else None


def filename_of(document: str) -> str:
    """Return the name of a document's file: `notes.txt` for `notes`, `plan.md` for `a/plan.md`."""
    name = document.rpartition("/")[2]
    return name if "." in name else f"{name}.txt"


def path_of(document: str) -> str:
    """Return the path of a document's file in an export: `docs/notes.txt` for `docs/notes`."""
    folder, slash, _ = document.rpartition("/")
    return f"{folder}{slash}{filename_of(document)}"


def clean_name(name: str) -> str:
    """Return a person's name as one line that is safe in a Git signature; possibly empty.

    Replace invisible characters with blanks, and limit the combining marks on a letter.
    """
    line = one_line("".join(c for c in name if c not in "<>"))
    return line[:_PERSON_CHARACTERS_MAX].strip(" .,:;\"'\\")


def guest_name(name: str) -> str:
    """Return the name of a guest, which cannot be that of a user with an account."""
    if not name or name.startswith(GUEST) or name.endswith(_IS_GUEST):
        return name
    return name[: _PERSON_CHARACTERS_MAX - len(_IS_GUEST)] + _IS_GUEST


def one_line(text: str) -> str:
    """Return a text as one line of visible characters, with few combining marks on a letter."""
    printable = "".join(c if c.isprintable() and c not in _INVISIBLE else " " for c in text)
    return _TOWER.sub(r"\1", " ".join(printable.split()))

"""Named versions: annotated tags on commits of the branch `versions`.

The first line of the message is the name as it was typed, the rest is the note. A tag that was
pushed onto a commit of the branch names that version, too. Sans-I/O: the repository sits behind
`CommitStore`.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import count

from server.core.commit_store import CommitStore, Tag
from server.core.git_model import TAGS, Signature
from server.core.history.requests import AlreadyNamed, NameTaken, NoSuchVersion
from server.core.names import nearest_segment, one_line

NAME_CHARACTERS_MAX = 100
NOTE_CHARACTERS_MAX = 2_000

_OTHER_WORDS = ("head", "master", "now", "open", "start", "versions")
_ID = re.compile(r"[0-9a-f]{7,40}")


def slugs_of(name: str, commit: str) -> Iterator[str]:
    """Yield names for the tag of a version: from its name, or its commit if nothing is left of it.

    None is a word that names something else: a branch, a text, or the beginning of a version's id.
    """
    slug = nearest_segment(name) or commit[:8]
    if slug in _OTHER_WORDS or _ID.fullmatch(slug):
        slug = f"version-{slug}"
    yield slug
    yield from (f"{slug}-{number}" for number in count(2))


def name_of(slug: str, tag: Tag) -> tuple[str, str]:
    """Return name and note of a version with this tag; a tag without a message is its name."""
    name, _, note = tag.message.partition("\n")
    return one_line(name)[:NAME_CHARACTERS_MAX] or slug, note.strip()[:NOTE_CHARACTERS_MAX]


class NamedVersions:
    """The tags in the repository of one document."""

    def __init__(self, store: CommitStore) -> None:
        self._store = store

    def add(
        self, name: str, note: str, commit: str, tagger: Signature
    ) -> str | NameTaken | AlreadyNamed:
        """Stage the tag of a version; return its slug."""
        tags = self._store.tags()
        for slug, tag in tags.items():
            if name_of(slug, tag)[0] == name:
                return NameTaken()
            if tag.commit == commit:
                return AlreadyNamed(name_of(slug, tag)[0])
        slug = next(each for each in slugs_of(name, commit) if not _is_taken(each, tags))
        self._store.tag(slug, Tag(commit, tagger, _message(name, note)))
        return slug

    def rename(self, slug: str, name: str, note: str, tagger: Signature) -> NoSuchVersion | None:
        """Stage another name and note for a version."""
        tag = self._store.tags().get(slug)
        if tag is None:
            return NoSuchVersion()
        self._store.tag(slug, Tag(tag.commit, tagger, _message(name, note)))
        return None

    def remove(self, slug: str) -> NoSuchVersion | None:
        """Stage that a version has no name."""
        if slug not in self._store.tags():
            return NoSuchVersion()
        self._store.move(f"{TAGS}{slug}", None)
        return None


def _message(name: str, note: str) -> str:
    return f"{name}\n\n{note}\n" if note else f"{name}\n"


def _is_taken(slug: str, known: Iterable[str]) -> bool:
    """Return whether there is such a tag, or Git would need a folder of this name."""
    return any(name == slug or name.startswith(f"{slug}/") for name in known)

"""Where documents are copied to: what the setting `mirror` says, and how it may be shown.

A remote is written `URL` with `{document}` in it, for all documents, or `DOCUMENT=URL` for one.
What is secret in a URL is never shown: not in a log, an answer, a metric or a sentence of Git's.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

_PLACE = "{document}"
_PAIR = re.compile(r"([a-z0-9][a-z0-9._-]*)=(.+)")
_USER = re.compile(r"([a-z][a-z0-9+.-]{0,30})://([^/?#\s]*)@", re.IGNORECASE)
_QUERY = re.compile(r"(://(?:(?!://)[^?#\s'\"])*)[?#][^\s'\"]*")
_HIDDEN = "***"
# Of an ssh address the user is no secret; of https it may be a token.
_OPEN_USERS = ("ssh", "git+ssh")


class RemoteError(ValueError):
    """This is no remote; the message is a sentence for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote; `document` is empty where it is for all."""

    template: str = field(repr=False)
    document: str = ""

    def url_for(self, document: str) -> str | None:
        """Where a document is pushed to; None if this is another document's remote."""
        if self.document not in ("", document):
            return None
        return self.template.replace(_PLACE, document)

    @property
    def shown(self) -> str:
        """The template for everybody to see."""
        return mask(self.template)


def read_remotes(written: Iterable[str]) -> list[Remote]:
    """Read the remotes of the setting; no two of them are shown alike.

    Raises:
        RemoteError: one of them would hold more than one document, or is there twice.
    """
    remotes: dict[str, Remote] = {}
    for remote in map(_read, written):
        other = remotes.setdefault(remote.shown, remote)
        if other is not remote:
            raise RemoteError(
                f"mirror {remote.shown!r} is there twice"
                if other.document == remote.document
                else f"mirror {remote.shown!r} cannot hold both {other.document} and"
                f" {remote.document}: each would overwrite the other"
            )
    return list(remotes.values())


def _read(written: str) -> Remote:
    if pair := _PAIR.fullmatch(written):
        return Remote(template=pair[2].strip(), document=pair[1])
    if _PLACE not in written:
        raise RemoteError(
            f"mirror {mask(written)!r} would put all documents into one repository, where each"
            f" overwrites the others: write {_PLACE} where the name belongs, or DOCUMENT=REMOTE"
            " for a single document"
        )
    return Remote(template=written)


def mask(text: str, url: str = "") -> str:
    """A text without the secrets of the URLs in it.

    Args:
        text: a URL, or what Git says about one.
        url: its password or token is not shown wherever it stands.
    """
    for secret in _secrets(url):
        text = text.replace(secret, _HIDDEN)
    return _QUERY.sub(rf"\1?{_HIDDEN}", _USER.sub(_without_user, text))


def local_path(url: str) -> str | None:
    """The path that a URL means on this machine, by Git's own rule; None for another machine."""
    if url.startswith("file:///"):
        return unquote(url.removeprefix("file://"))
    is_local = ":" not in url.partition("/")[0]
    return url if is_local else None


def _secrets(url: str) -> set[str]:
    found = _USER.match(url)
    if not found:
        return set()
    user, colon, password = found[2].partition(":")
    secret = password if colon else "" if found[1] in _OPEN_USERS else user
    return {form for form in (secret, unquote(secret)) if form}


def _without_user(found: re.Match[str]) -> str:
    scheme, user = found[1], found[2]
    is_open = scheme in _OPEN_USERS and ":" not in user
    return found[0] if is_open else f"{scheme}://{_HIDDEN}@"

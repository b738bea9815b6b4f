"""Remotes: parsing of the setting `mirror`, and masking of secrets.

A remote is written as a URL with `{document}` in it, for all documents, or as `DOCUMENT=URL` for
one. `{document:-}` is the name with `-` in place of each slash.

Secrets in a URL are never shown: not in logs, responses, metrics or Git's messages.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote

_PLACEHOLDER = "{document}"
_FLAT = "{document:-}"
_PAIR = re.compile(r"([a-z0-9][a-z0-9._/-]*)=(.+)")
_USER = re.compile(r"([a-z][a-z0-9+.-]{0,30})://([^/?#\s]*)@", re.IGNORECASE)
_QUERY = re.compile(r"(://(?:(?!://)[^?#\s'\"])*)[?#][^\s'\"]*")
_HIDDEN = "***"
# In these schemes the user is not a secret; in https it may be a token.
_PUBLIC_USERS = ("ssh", "git+ssh")


class RemoteError(ValueError):
    """An invalid remote; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote, for one document or (`document` is empty) for all."""

    template: str = field(repr=False)
    document: str = ""

    def url_for(self, document: str) -> str | None:
        """Return the URL to push a document to, or None if the remote is for another one."""
        if self.document not in ("", document):
            return None
        name = document.replace("/", "-")
        return self.template.replace(_PLACEHOLDER, document).replace(_FLAT, name)

    def folders_for(self, document: str) -> list[str]:
        """Return the URLs of the folders that the repository of a document is in there."""
        before, is_kept, _ = self.template.partition(_PLACEHOLDER)
        folders = PurePosixPath(document).parents[-2::-1] if is_kept else ()
        return [f"{before}{folder}" for folder in folders]

    @property
    def shown(self) -> str:
        """The template without secrets."""
        return mask(self.template)


def read_remotes(values: Iterable[str]) -> list[Remote]:
    """Parse the remotes of the setting; their masked forms are distinct.

    Raises:
        RemoteError: A repository would hold more than one document, or a remote is given twice.
    """
    remotes: dict[str, Remote] = {}
    for remote in map(_read, values):
        other = remotes.setdefault(remote.shown, remote)
        if other is not remote:
            raise RemoteError(
                f"mirror {remote.shown!r} is given twice"
                if other.document == remote.document
                else f"mirror {remote.shown!r} cannot hold both {other.document} and"
                f" {remote.document}: each would overwrite the other"
            )
    return list(remotes.values())


def _read(value: str) -> Remote:
    is_for_all = _PLACEHOLDER in value or _FLAT in value
    pair = _PAIR.fullmatch(value)
    if pair and not ("/" in pair[1] and is_for_all):
        return Remote(template=pair[2].strip(), document=pair[1])
    if not is_for_all:
        raise RemoteError(
            f"mirror {mask(value)!r} would put all documents into one repository, where each"
            f" overwrites the others: write {_PLACEHOLDER} in place of the name, or DOCUMENT=REMOTE"
            " for a single document"
        )
    return Remote(template=value)


def mask(text: str, url: str = "") -> str:
    """Return a text without the secrets of the URLs in it.

    Args:
        text: a URL, or Git's output.
        url: a URL whose password or token is masked anywhere in the text.
    """
    for secret in _secrets(url):
        text = text.replace(secret, _HIDDEN)
    return _QUERY.sub(rf"\1?{_HIDDEN}", _USER.sub(_without_user, text))


def local_path(url: str) -> str | None:
    """Return the local path that a URL stands for by Git's rules, or None."""
    if url.startswith("file:///"):
        return unquote(url.removeprefix("file://"))
    is_local = ":" not in url.partition("/")[0]
    return url if is_local else None


def _secrets(url: str) -> set[str]:
    found = _USER.match(url)
    if not found:
        return set()
    user, colon, password = found[2].partition(":")
    secret = password if colon else "" if found[1] in _PUBLIC_USERS else user
    return {form for form in (secret, unquote(secret)) if form}


def _without_user(found: re.Match[str]) -> str:
    scheme, user = found[1], found[2]
    is_public = scheme in _PUBLIC_USERS and ":" not in user
    return found[0] if is_public else f"{scheme}://{_HIDDEN}@"

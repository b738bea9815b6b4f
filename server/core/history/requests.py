"""Requests about the versions of a document, and their outcomes. Plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seal:
    """Make a version of the changes since the last one."""


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """Return the steps since the last version, as they are after everything before."""


@dataclass(frozen=True, slots=True)
class NameVersion:
    """Give a version a name.

    Attributes:
        name: the name, for people.
        note: more about it; may be empty.
        revision: the revision of the version; empty for a new version of what is there now.
    """

    name: str
    note: str
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a named version another name and note; its tag stays."""

    slug: str
    name: str
    note: str


@dataclass(frozen=True, slots=True)
class RemoveName:
    """Remove the name of a version, which stays."""

    slug: str


@dataclass(frozen=True, slots=True)
class HistoryReply:
    """The outcome of a request.

    Attributes:
        window: the steps since the last version, as `Window.encoded` returns them; empty while they
            are not known.
        slug: the tag of the version that was named.
    """

    window: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class NameTaken:
    """Another version has this name."""


@dataclass(frozen=True, slots=True)
class AlreadyNamed:
    """The version has a name, which can be changed."""

    name: str


@dataclass(frozen=True, slots=True)
class NoSuchVersion:
    """There is no version of this revision, or with this name."""


HistoryRequest = Seal | ReadWindow | NameVersion | Rename | RemoveName
HistoryOutcome = HistoryReply | NameTaken | AlreadyNamed | NoSuchVersion

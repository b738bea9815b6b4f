"""What a session has to know of its document beside the text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing of a document.

    Attributes:
        first_name: the name that it was made with, which resume keys are made from.
        is_archived: whether it can only be read.
        was_deleted: whether a document of this name was deleted, and there is no new one.
    """

    first_name: str
    is_archived: bool = False
    was_deleted: bool = False

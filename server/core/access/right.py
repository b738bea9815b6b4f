"""The rights that somebody can have on a document."""

from enum import IntEnum


class Right(IntEnum):
    """A right; each includes those before it."""

    NONE = 0
    VIEW = 1  # read, clone, see who is here
    EDIT = 2  # write, push, name versions
    MANAGE = 3  # share, rename, archive, delete

    @property
    def label(self) -> str:
        """The name that files, commands and addresses use."""
        return self.name.lower()


SHARED = {right.label: right for right in (Right.VIEW, Right.EDIT)}  # what a link can give

"""What a session has to know of its document and of its user beside the text."""

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


@dataclass(frozen=True, slots=True)
class Member:
    """What the user of a session may do, and who that is.

    Attributes:
        can_edit: whether the user may change the text.
        can_manage: whether the user may share, rename and delete the document.
        name: the name of the account; empty if the user chooses one.
        email: the address of commits; empty for none.
        is_guest: whether the user has no account where others have one.
    """

    can_edit: bool = True
    can_manage: bool = True
    name: str = ""
    email: str = ""
    is_guest: bool = False


ANY_MEMBER = Member()

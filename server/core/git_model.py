"""How a document is written down in Git: names of refs and files, signatures, messages.

All of it is promised to people who use the repository with Git, and read back after a crash: the
trailers `Client` and `Seq` tell which edits of a client are durable. Knows no Git library.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MASTER = "refs/heads/master"
CLIENTS = "refs/heads/clients/"
UNMERGED = "refs/heads/unmerged/"

ROOT_MESSAGE = "Start the document\n"

# `.invalid` is reserved: nobody can ever receive mail there.
_MAIL_HOST = "gollabedit.invalid"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who did something, and when (Unix time in seconds)."""

    name: str
    email: str
    time: float


def signature_of(client: str, name: str, now: float) -> Signature:
    """The author of a client's commits: its display name and a stable made-up address."""
    return Signature(name, email_of(client), now)


def email_of(client: str) -> str:
    """The made-up address by which a client's commits are found again."""
    return f"{client}@{_MAIL_HOST}"


def hub_signature(now: float) -> Signature:
    """The committer of every commit that the hub makes."""
    return Signature("GollabEdit", f"hub@{_MAIL_HOST}", now)


def edit_message(what: str, client: str, seq: int) -> str:
    """The message of a commit that is a client's text as it was sent; `what` it changes."""
    return f"{what}\n\nClient: {client}\nSeq: {seq}\n"


def part_message(what: str, client: str) -> str:
    """The message of the part of a conflicting edit that merges (it carries no `Seq`)."""
    return f"{what}\n\nThe part of this edit that nobody disagrees with.\n\nClient: {client}\n"


def shown_message(client: str) -> str:
    """The message of the text that somebody was shown who answered a conflict (no `Seq` either)."""
    return f"Put together what this answer was made of\n\nClient: {client}\n"


def merge_message(what: str, name: str) -> str:
    """The message of the commit that merges a client's work into `master`."""
    return f"Merge {name}: {what[0].lower()}{what[1:]}\n"


def seq_in(trailers: Mapping[str, str], client: str) -> int:
    """The sequence number that a commit's trailers record for this client, 0 if none."""
    seq = trailers.get("Seq", "")
    return int(seq) if trailers.get("Client") == client and seq.isascii() and seq.isdigit() else 0


def trailers_of(client: str, seq: int) -> dict[str, str]:
    """The trailers by which the commit of one edit is found again."""
    return {"Client": client, "Seq": str(seq)}

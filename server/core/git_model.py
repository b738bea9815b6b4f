"""The representation of a document in Git: refs, signatures, messages and trailers of commits.

It is promised to people who use the repository with Git, and read back after a crash: the trailers
`Client` and `Seq` tell which edits of a client are durable. Knows no Git library.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from merge.diff_splices import diff_splices
from merge.splices import Splice

BRANCHES = "refs/heads/"
MASTER = "refs/heads/master"
CLIENTS = "refs/heads/clients/"
UNMERGED = "refs/heads/unmerged/"
VERSIONS = "refs/heads/versions"
TAGS = "refs/tags/"
NOTES = "refs/notes/"
INTERNAL = "refs/gollabedit/"
AUTHORSHIP = "refs/gollabedit/authors"

COMMIT_ID = re.compile(r"[0-9a-f]{40}")

REVISION = "Revision"  # the trailer of a version: the revision that it is equal to
KIND = "Kind"  # the trailer of each version: how its changes were made
SINCE = "Since"  # the trailer of the record of steps: the revision of the version before them
RESTORES = "Restores"  # the trailer of an edit that brings a revision back

ROOT_MESSAGE = "Start the document\n"

# `.invalid` is reserved: it can never receive mail.
_MAIL_HOST = "gollabedit.invalid"
_HUB = f"hub@{_MAIL_HOST}"
_WORD = re.compile(r"\w+")


class Signature(msgspec.Struct, frozen=True):
    """The author or committer of a commit, and its time (Unix time in seconds)."""

    name: str
    email: str
    time: float


def email_of(client: str) -> str:
    """Return the made-up address that identifies a client's commits."""
    return f"{client}@{_MAIL_HOST}"


def client_of(email: str) -> str:
    """Return the client whose commits have this address; empty if it is not a client's."""
    client, _, host = email.partition("@")
    return client if host == _MAIL_HOST else ""


def hub_signature(now: float) -> Signature:
    """Return the committer of the hub's commits."""
    return Signature("GollabEdit", _HUB, now)


def is_by_hub(committer: Signature) -> bool:
    """Return whether a commit was made by the hub, and not pushed."""
    return committer.email == _HUB


def edit_message(what: str, client: str, seq: int, restores: str = "") -> str:
    """Return the message of a client's text as it was sent.

    Args:
        what: describes its change.
        client: the client.
        seq: the number of the edit.
        restores: the revision that it brings back, if it does.
    """
    restored = f"{RESTORES}: {restores}\n" if restores else ""
    return f"{what}\n\nClient: {client}\nSeq: {seq}\n{restored}"


def part_message(what: str, client: str) -> str:
    """Return the message of the part of a conflicting edit that merges (without `Seq`)."""
    return f"{what}\n\nThe part of this edit that nobody disagrees with.\n\nClient: {client}\n"


def shown_message(client: str) -> str:
    """Return the message of the text that a client was shown with a conflict (without `Seq`)."""
    return f"Put together what this answer was made of\n\nClient: {client}\n"


def merge_message(what: str, name: str) -> str:
    """Return the message of the commit that merges a client's commit into `master`."""
    return f"Merge {name}: {what[0].lower()}{what[1:]}\n"


def version_message(
    subject: str, revision: str, facts: Mapping[str, str], others: Iterable[Signature]
) -> str:
    """Return the message of a version's last commit.

    Args:
        subject: what its author did.
        revision: the revision that the commit is equal to.
        facts: more trailers; empty ones are left out.
        others: the authors of the version's other commits.
    """
    trailers = [(REVISION, revision), *facts.items()]
    trailers += [("Co-authored-by", f"{other.name} <{other.email}>") for other in others]
    lines = (f"{name}: {value}\n" for name, value in trailers if value)
    return f"{subject}\n\n{''.join(lines)}"


def authorship_message(sealed: str, revision: str) -> str:
    """Return the message of a commit that records who wrote the text of a revision.

    Args:
        sealed: the revision of the last version.
        revision: the revision; the same, unless there were steps since.
    """
    name = REVISION if revision == sealed else SINCE
    return f"Record who wrote what\n\n{name}: {sealed}\n"


def seq_in(trailers: Mapping[str, str], client: str) -> int:
    """Return the sequence number that a commit's trailers record for this client, 0 if none."""
    seq = trailers.get("Seq", "")
    return int(seq) if trailers.get("Client") == client and seq.isascii() and seq.isdigit() else 0


def trailers_of(client: str, seq: int) -> dict[str, str]:
    """Return the trailers that identify the commit of an edit."""
    return {"Client": client, "Seq": str(seq)}


def describe(before: str, after: str, splices: Sequence[Splice] | None = None) -> str:
    """Return a summary of a change: `Edit lines 3-5 (+12 -3 words)`.

    Args:
        before: the text before.
        after: the text after.
        splices: those that lead from one to the other, if they are known.
    """
    if splices is None:
        splices = diff_splices(before, after)
    if not splices:
        return "Change nothing"
    grown = sum(len(inserted) - deleted for _, deleted, inserted in splices[:-1])
    start, last = splices[0].start, splices[-1]
    end = last.start + grown + max(len(last.inserted) - 1, 0)
    first_line = after.count("\n", 0, start) + 1
    last_line = first_line + after.count("\n", start, end)
    lines = f"lines {first_line}-{last_line}" if last_line > first_line else f"line {first_line}"
    return f"Edit {lines} ({_words(before, splices)})"


def _words(before: str, splices: Sequence[Splice]) -> str:
    added = removed = 0
    for at, deleted, inserted in splices:
        added += len(_WORD.findall(inserted))
        removed += len(_WORD.findall(before, at, at + deleted))
    counts = [f"+{added}"] * bool(added) + [f"-{removed}"] * bool(removed)
    return f"{' '.join(counts)} words" if counts else "no words"

"""Answers requests about the versions of a document, as a part of a batch.

Sans-I/O: the repository sits behind `CommitStore`.
"""

from typing import assert_never

from server.core.commit_store import CommitStore
from server.core.git_model import Signature
from server.core.history.named import NamedVersions
from server.core.history.requests import (
    HistoryOutcome,
    HistoryReply,
    HistoryRequest,
    NameVersion,
    NoSuchVersion,
    ReadWindow,
    RemoveName,
    Rename,
    Seal,
)
from server.core.history.versions import Versions
from server.protocol import Code, ProtocolError

_CATCHING_UP = "The versions of what was written before are still being made; try again later."


def answer(
    request: HistoryRequest, store: CommitStore, versions: Versions, tagger: Signature
) -> HistoryOutcome:
    """Execute a request; stage what it changes.

    Args:
        request: the request.
        store: the repository.
        versions: the versions, which know all steps before.
        tagger: who asks.

    Raises:
        ProtocolError: It cannot be done at the moment.
    """
    versions.follow()
    if isinstance(request, NameVersion) and versions.is_catching_up:
        raise ProtocolError(Code.UNAVAILABLE, _CATCHING_UP)
    named = NamedVersions(store)
    match request:
        case Seal():
            versions.seal()
            return HistoryReply()
        case ReadWindow():
            return HistoryReply(window=versions.window.encoded() if versions.window else "")
        case NameVersion(name, note, revision):
            versions.seal()
            commit = versions.find(revision) if revision else versions.head
            if commit is None:
                return NoSuchVersion()
            added = named.add(name, note, commit, tagger)
            return HistoryReply(slug=added) if isinstance(added, str) else added
        case Rename(slug, name, note):
            return named.rename(slug, name, note, tagger) or HistoryReply(slug=slug)
        case RemoveName(slug):
            return named.remove(slug) or HistoryReply()
        case _:
            assert_never(request)

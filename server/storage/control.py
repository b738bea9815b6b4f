"""The messages on the control socket of a running server, for both ends."""

from typing import ClassVar

import msgspec

from server.storage.forget import Forgotten
from server.storage.purge import Purged


class Purge(msgspec.Struct, frozen=True):
    """A request to remove a text from the history of a document, and perhaps of its mirrors."""

    address: ClassVar[str] = "/purge"
    document: str
    text: str
    replacement: str
    dry_run: bool = False
    mirror_force: bool = False


class PurgeResult(msgspec.Struct, frozen=True):
    """What was done; `mirrors` are sentences about those that have the old history still."""

    done: Purged
    mirrors: list[str] = []


class Forget(msgspec.Struct, frozen=True):
    """A request to remove the history of a document before a time (Unix time in seconds)."""

    address: ClassVar[str] = "/forget"
    document: str
    before: float
    dry_run: bool = False
    mirror_force: bool = False


class ForgetResult(msgspec.Struct, frozen=True):
    """What was done; `mirrors` as of a `PurgeResult`."""

    done: Forgotten
    mirrors: list[str] = []


class Failure(msgspec.Struct, frozen=True):
    """The answer if nothing was changed; `error` is a sentence."""

    error: str

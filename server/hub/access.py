"""Keeps what decides about access current: the accounts and the policy, which others change.

Both are in memory, so a request is decided without the disk. A thread looks for changes several
times a second; what a change or an expiry took away from open connections is taken away then. A
policy counts once it has been the same at two looks: a half-written file would grant more than the
whole one.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from hmac import compare_digest
from typing import Self, TypeVar, TypeVarTuple

from server.config import Config
from server.core.access.access import Access
from server.core.access.accounts import Accounts, Kind, User, hash_of, new_key
from server.core.access.identity import Credentials
from server.core.access.policy import (
    CLOSED,
    LOCAL,
    OPEN,
    Policy,
    PolicyError,
    read_policy,
)
from server.storage.accounts import USED, AccountError, AccountStore
from server.storage.data_folder import DataFolder, DataFolderError
from server.storage.site import POLICY
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

OWNER = "owner"  # the account of whoever opens the link that the first start prints

_LOOK_EVERY_S = 0.4
_NOTE_USE_EVERY_S = 60.0
_CLOSE_S = 2.0
_OPENED = "the server is open now: anyone who reaches it may write"
_CLOSED = (
    "the server is closed now: people must sign in or have a link. To open it, start it with"
    " --access open"
)
_POLICY_READ = "%s was read; its rules apply now"
_POLICY_GONE = "%s is gone; without it every user may manage all documents"
_UNREADABLE = "the accounts cannot be read: {}"

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class AccessControl:
    """The access to the documents of a server.

    Attributes:
        current: what counts now; replaced as a whole.
        store: the accounts; see `change`.
        owner_key: lets the owner sign in for the first time; empty where somebody can already.
    """

    def __init__(self, config: Config, folder: DataFolder) -> None:
        self.owner_key = ""
        self._config = config
        self._folder = folder
        self._use_site()
        self._policy_state: object = None  # of the text that was read
        self._policy_seen: object = None  # of the text at the last look
        self._problem = ""  # that is in the log already
        self._policy: Policy | None = None
        self._accounts = Accounts()
        self._listeners: list[Callable[[], None]] = []
        self._used: set[bytes] = set()
        self._threads = WorkerThreads(1, "access")
        self._expires_at: float | None = None
        self.current = self._now_current()

    # --- from start to end

    async def __aenter__(self) -> Self:
        """Read the accounts and the policy of the folder's site; look for changes from now on.

        Raises:
            DataFolderError: One of them cannot be read.
        """
        self._use_site()
        try:
            self._policy_seen = await self._threads.call(self._state_of_policy)
            await self._threads.call(self._read_policy)
            await self._threads.call(self._load)
        except PolicyError as problem:
            raise DataFolderError(f"{self._policy_text.shown}: {problem}") from None
        except OSError as problem:
            raise DataFolderError(_UNREADABLE.format(problem)) from None
        self._replace()
        if not (self.current.is_open or self._accounts.users or self._config.user_header):
            self.owner_key = new_key()
        self._watching = asyncio.create_task(self._watch(), name="access")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watching.cancel()
        await asyncio.wait([self._watching])
        with suppress(TimeoutError):  # where they are may not answer
            async with asyncio.timeout(_CLOSE_S):
                await self._note_use()
                await self._threads.call(self.store.close)
        await asyncio.to_thread(self._threads.close, _CLOSE_S)

    def _use_site(self) -> None:
        self.store = AccountStore(self._folder.site.accounts)
        self._policy_text = self._folder.site.text(POLICY)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function after each change."""
        self._listeners.append(listener)

    # --- changes

    async def change(self, change: Callable[[*_Ts], _T], *arguments: *_Ts) -> _T:
        """Carry out a change of the store; it counts when this returns.

        Raises:
            AccountError: Nothing was changed.
        """
        result = await self._threads.call(change, *arguments)
        await self._threads.call(self._load)
        self._replace()
        return result

    async def move_links(self, old: str, new: str) -> None:
        """Make the links to a document lead to another name, and recheck open connections."""
        if any(link.document == old for link in self._accounts.links.values()):
            await self.change(self.store.move_links, old, new)
        else:
            self._replace()

    def invited(self, key: str, now: float) -> str | None:
        """Return who can sign in with an invitation; None if it is wrong, used or expired."""
        if self.is_owner_key(key):
            return OWNER
        secret = self.current.secret(hash_of(key), Kind.INVITATION, now)
        user = self._accounts.users.get(secret.user) if secret else None
        return user.shown if user else None

    async def accept(self, invitation: str, label: str, expires: float) -> str:
        """Exchange an invitation, or the owner's key, for a session; return the session's key.

        Raises:
            AccountError: It is not valid any more.
        """
        now = time.time()
        if self.is_owner_key(invitation):
            owner = User(OWNER, is_operator=True)
            return await self.change(self.store.add_owner, owner, label, now, expires)
        if self.current.secret(hash_of(invitation), Kind.INVITATION, now) is None:
            raise AccountError(USED)  # without the disk: anybody may ask
        return await self.change(self.store.accept, hash_of(invitation), label, now, expires)

    def is_owner_key(self, key: str) -> bool:
        """Return whether a key is the owner's, and nobody has an account yet."""
        return (
            bool(self.owner_key)
            and not self._accounts.users
            and compare_digest(hash_of(key), hash_of(self.owner_key))
        )

    def note_use(self, credentials: Credentials) -> None:
        """Note that the secrets and links of a request were used."""
        for key in (credentials.token, credentials.session, *credentials.links):
            if key and (key in self._accounts.secrets or key in self._accounts.links):
                self._used.add(key)

    async def _note_use(self) -> None:
        used, self._used = self._used, set()
        if used:
            try:
                await self._threads.call(self.store.note_use, used, time.time())
            except OSError as problem:
                _log.warning("the use of accounts cannot be noted: %s", problem)

    # --- looking for changes

    async def look(self) -> None:
        """Look for changed accounts; they count when this returns."""
        await self._threads.call(self._read_accounts)
        self._follow()

    async def _watch(self) -> None:
        noted_at = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                if self._has_expired():
                    self._replace()
                if await self._threads.call(self._look):
                    self._follow()
                if time.monotonic() - noted_at >= _NOTE_USE_EVERY_S:
                    noted_at = time.monotonic()
                    await self._note_use()
            except Exception:  # noqa: BLE001  without the next looks nobody would lose access
                _log.exception("a look for changes of access failed")

    def _has_expired(self) -> bool:
        return self._expires_at is not None and self._expires_at <= time.time()

    def _look(self) -> bool:
        """Read what has changed; return whether anything has. Called on the thread."""
        changed = self._read_accounts()
        try:
            if self._read_policy():
                changed = True
                _log.info(_POLICY_READ if self._policy else _POLICY_GONE, self._policy_text.shown)
        except PolicyError as problem:
            _log.error("%s: %s; the previous policy stays", self._policy_text.shown, problem)
        return changed

    def _load(self) -> None:
        """Read the accounts; always on the thread, so that what is read later counts."""
        self._accounts = self.store.load()

    def _read_accounts(self) -> bool:
        """Read the accounts if they have changed; return whether they have."""
        changed, unreadable = False, ""
        try:
            if self.store.has_changed():
                self._load()
                changed = True
        except (OSError, LookupError, ValueError) as problem:  # damaged, or newer
            unreadable = _UNREADABLE.format(problem)
        if unreadable and unreadable != self._problem:
            _log.error("%s; those before stay", unreadable)
        self._problem = unreadable
        return changed

    def _state_of_policy(self) -> object:
        """Return what changes whenever the policy does; None if there is none."""
        try:
            return self._policy_text.state()
        except OSError as problem:
            return str(problem)

    def _read_policy(self) -> bool:
        """Read the policy if it has changed, and not since the last look; return whether."""
        state = self._state_of_policy()
        is_settled, self._policy_seen = state == self._policy_seen, state
        if state == self._policy_state or not is_settled:
            return False
        self._policy_state = state
        try:
            content = self._policy_text.read()
            text = None if content is None else content.decode()
        except (OSError, UnicodeDecodeError) as problem:
            raise PolicyError(f"it cannot be read: {problem}") from None
        self._policy = None if text is None else read_policy(text)
        return True

    def _follow(self) -> None:
        """Apply what was read; log it if the server has become open or closed."""
        was_open = self.current.is_open
        self._replace()
        if self.current.is_open != was_open:
            _log.info("%s", _CLOSED if was_open else _OPENED)

    def _replace(self) -> None:
        self.current = self._now_current()
        if self._accounts.users:
            self.owner_key = ""  # also if they are removed again
        self._expires_at = self._accounts.next_expiry(time.time())
        for listener in self._listeners:
            listener()

    def _now_current(self) -> Access:
        """Return what follows from the settings, the policy and the accounts."""
        config = self._config
        is_local = config.is_local and not config.trusted_proxies
        is_open = config.access == "open" or (
            config.access == "auto"
            and is_local
            and not self._accounts.users
            and self._policy is None
        )
        # Who has written a policy has said who may run the server: not everybody on this machine.
        is_own = is_local and self._policy is None
        default = CLOSED if not is_open else LOCAL if is_own else OPEN
        policy = (self._policy or Policy()).or_else(default)
        return Access(is_open, policy, self._accounts)

"""A server that is closed, and the accounts that people in tests have on it."""

from contextlib import closing
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from server.core.access.accounts import Kind, User
from server.storage.accounts import AccountStore
from server.storage.site.folder import SqliteAccounts, accounts_in
from tests.browser.server_process import ServerProcess

NAMES = ("Ann", "Bo", "Scribe")


class ClosedServer(ServerProcess):
    """A closed server on a new data folder, with an account for each of a few people.

    Attributes:
        tokens: by name.
        invitation: the key of one for Ann.
    """

    def __init__(self, data: Path) -> None:
        super().__init__(data, "--access", "closed")
        data.mkdir(parents=True, exist_ok=True)
        self._sessions: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        with closing(AccountStore(SqliteAccounts(accounts_in(data)))) as store:
            for name in NAMES:
                user = name.lower()
                store.add_user(User(user, name))
                _, self._sessions[name] = store.add_secret(Kind.SESSION, user, "", 0)
                _, self.tokens[name] = store.add_secret(Kind.TOKEN, user, "", 0)
            _, self.invitation = store.add_secret(Kind.INVITATION, "ann", "", 0)

    def headers(self, name: str = "") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[name or NAMES[-1]]}"}

    def session(self, name: str) -> str:
        return self._sessions.get(name, "")

    async def makes_link(self, document: str, right: str, expires_days: int = 0) -> str:
        """Make a link as Ann; return the path that opens it."""
        made = await self.asks(
            "POST", f"{document}/links", {"right": right, "expires_days": expires_days}
        )
        return f"/d/{document}?key={made['key']}"

    async def revokes_links(self, document: str) -> None:
        for link in (await self.asks("GET", f"{document}/links"))["links"]:
            await self.asks("DELETE", f"{document}/links/{link['id']}")

    async def asks(self, method: str, path: str, fields: object = None) -> Any:
        """Send a request of Ann's to the JSON API of documents."""
        address = f"{self.url}/api/documents/{path}"
        async with (
            ClientSession(headers=self.headers("Ann")) as http,
            http.request(method, address, json=fields) as response,
        ):
            assert response.ok, await response.text()
            return await response.json() if response.status != 204 else None

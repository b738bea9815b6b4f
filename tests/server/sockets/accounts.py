"""The accounts of a running server, as another process changes them."""

from server.http.app_keys import ACCESS
from server.storage.accounts import AccountStore
from tests.server.sockets.harness import Served, eventually


def bearer(key: str) -> dict[str, str]:
    """The headers of a program with a token, or the key of a link."""
    return {"Authorization": f"Bearer {key}"}


async def known(server: Served, store: AccountStore) -> None:
    """Wait until the server has read what another process has written."""
    written = store.load()
    await eventually(lambda: server.app[ACCESS].current.accounts == written, "it was read")

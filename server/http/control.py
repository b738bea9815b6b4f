"""The control socket: commands of the operator to a running server.

It is a Unix socket in the data folder, so whoever can use it owns the folder. Nothing here can be
reached over the network.
"""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from aiohttp import web

from server.http.app_keys import ACCESS, MANAGEMENT
from server.hub.access import AccessControl
from server.hub.gate import OverloadedError
from server.hub.management import Management, NoDocumentError
from server.storage.control import Failure, Forget, Purge
from server.storage.control_socket import LOOK, socket_path
from server.storage.journal import JournalError
from server.storage.rewrite import RewriteError
from server.support.audit import audit

_BODY_BYTES_MAX = 1024 * 1024
_OPERATOR, _SOCKET = "operator", "control"  # in the audit
_decode_purge = msgspec.json.Decoder(Purge).decode
_decode_forget = msgspec.json.Decoder(Forget).decode


@asynccontextmanager
async def control_socket(
    management: Management, access: AccessControl, data: Path
) -> AsyncIterator[None]:
    """Listen on the control socket of a data folder until the end of the block."""
    app = web.Application(client_max_size=_BODY_BYTES_MAX)
    app[MANAGEMENT], app[ACCESS] = management, access
    app.add_routes(
        [
            web.post(Purge.address, purge),
            web.post(Forget.address, forget),
            web.post(LOOK, look),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    with socket_path(data) as path:
        try:
            path.unlink(missing_ok=True)
            await web.UnixSite(runner, path).start()
            path.chmod(0o600)
            yield
        finally:
            await runner.cleanup()
            path.unlink(missing_ok=True)


async def purge(request: web.Request) -> web.Response:
    """Remove a text from the history of a document."""
    asked = _decode_purge(await request.read())
    answer = await _answered(request.app[MANAGEMENT].purge(asked))
    _audit("purge", asked, answer)
    return answer


async def forget(request: web.Request) -> web.Response:
    """Remove the history of a document before a time."""
    asked = _decode_forget(await request.read())
    answer = await _answered(request.app[MANAGEMENT].forget(asked))
    _audit("forget", asked, answer)
    return answer


async def look(request: web.Request) -> web.Response:
    """Look for changed accounts; what has changed counts when this is answered."""
    await request.app[ACCESS].look()
    return web.Response(status=204)


def _audit(event: str, asked: Purge | Forget, answer: web.Response) -> None:
    """Note what was changed: never the text that was purged."""
    if answer.status == 200 and not asked.dry_run:
        audit(event, who=_OPERATOR, address=_SOCKET, document=asked.document)


async def _answered(change: Awaitable[object]) -> web.Response:
    try:
        return _json(await change)
    except NoDocumentError as problem:
        return _json(Failure(str(problem)), 404)
    except (RewriteError, OverloadedError, JournalError) as problem:
        return _json(Failure(str(problem)), 503)


def _json(answer: object, status: int = 200) -> web.Response:
    content = msgspec.json.encode(answer)
    return web.Response(body=content, status=status, content_type="application/json")

"""`git push` over smart HTTP: Git's own `receive-pack`, with hooks that ask the server (`push`).

What the client sends is received completely first: a connection that is cut starts nothing, and a
slow one keeps no process. A push that has begun goes on to its end, whether or not its client does.
"""

import asyncio
import logging
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from server.config import Config
from server.core.names import is_document_name
from server.git import bare
from server.http.app_keys import CONFIG, FOLDER, GIT_PROCESSES, HUB, PUSHES
from server.http.git_backend import BLOCK_BYTES, heading, pass_on, response_for, run_service
from server.http.origins import is_allowed_origin
from server.push.advertisement import with_haves
from server.push.hook_program import SOCKET
from server.push.hook_server import HookServer
from server.push.workspace import PushWorkspace

_log = logging.getLogger(__name__)

_SERVICE = "receive-pack"
_CONTENT_TYPE = "application/x-git-receive-pack-request"
_COMMANDS_BYTES_MAX = 4 * 1024 * 1024  # what comes before the pack: a line for each ref
_UNPACK_MAX = 10_000  # objects that become loose ones, where nobody packs them

_SETTINGS = (
    "safe.directory=*",  # a mounted data folder may belong to another user
    "receive.fsckObjects=true",
    "receive.autoGC=false",
    "receive.advertisePushOptions=false",
    "receive.procReceiveRefs=refs/heads/master",
    "receive.procReceiveRefs=refs/for",
    "core.fsync=all",
    "core.fsyncMethod=fsync",
    "core.bigFileThreshold=16m",  # what is larger is not taken into memory
)


def routes() -> list[web.RouteDef]:
    return [web.post("/{document}.git/git-receive-pack", receive_pack)]


async def advertise_push(request: web.Request) -> web.StreamResponse:
    """What refs there are, for Git to find out what it has to send."""
    document = _writable(request)
    folder = request.app[FOLDER]
    await request.app[HUB].checkpoint(document)
    exists = folder.exists(document)
    path = folder.repository_path(document) if exists else request.app[PUSHES].empty_repository
    try:
        async with (
            asyncio.timeout(request.app[CONFIG].git_wait_s),
            request.app[GIT_PROCESSES],
            run_service(request, _SERVICE, path, settings=_SETTINGS) as process,
        ):
            assert process.stdout is not None
            said = await process.stdout.read()
            if exists:
                said = await asyncio.to_thread(with_haves, said, path)
    except TimeoutError:
        raise _too_much_to_do() from None
    return web.Response(
        body=heading(request, _SERVICE) + said,
        content_type=f"application/x-git-{_SERVICE}-advertisement",
        headers={"Cache-Control": "no-cache"},
    )


async def receive_pack(request: web.Request) -> web.StreamResponse:
    """Take a push in, or say on the pusher's terminal why not."""
    document = _writable(request)
    if request.content_type != _CONTENT_TYPE:
        raise web.HTTPUnsupportedMediaType(text="This address is for git push.\n")
    try:
        async with (
            AsyncExitStack() as files,
            asyncio.timeout(request.app[CONFIG].git_wait_s),
            request.app[PUSHES].uploads,
        ):
            upload = await files.enter_async_context(_upload(request.app[PUSHES]))
            await _receive(request, upload)
            push = _push(request, document, upload, files.pop_all())
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="The push did not come in time.\n") from None
    pushing = asyncio.create_task(push, name=f"push {document}")
    request.app[PUSHES].detach(pushing)
    return await asyncio.shield(pushing)


def _writable(request: web.Request) -> str:
    """The document, if this program may push into it."""
    document = request.match_info["document"]
    if not is_document_name(document):
        raise web.HTTPNotFound(text=f"A document cannot be called {document!r}.\n")
    if not is_allowed_origin(request, request.app[CONFIG]):
        raise web.HTTPForbidden(text="Pages of other web sites may not push here.\n")
    return document


@asynccontextmanager
async def _upload(workspace: PushWorkspace) -> AsyncIterator[BinaryIO]:
    """A file for what the client sends; closed also if the client goes while it is being opened."""
    opening = asyncio.create_task(asyncio.to_thread(workspace.open_upload))
    try:
        yield await asyncio.shield(opening)
    finally:
        (await opening).close()


async def _receive(request: web.Request, upload: BinaryIO) -> None:
    """Write the body into a file. Somewhat too much is read and dropped: Git tells of it itself.

    Raises:
        TimeoutError: nothing comes any more.
    """
    config = request.app[CONFIG]
    room = most = config.push_bytes_max + _COMMANDS_BYTES_MAX
    while room > -most:
        async with asyncio.timeout(config.pong_wait_s):
            block = await request.content.read(BLOCK_BYTES)
        if not block:
            await asyncio.to_thread(upload.seek, 0)
            return
        if room > 0:
            await asyncio.to_thread(upload.write, block)
        room -= len(block)
    raise web.HTTPRequestEntityTooLarge(config.push_bytes_max, 2 * most)


async def _push(
    request: web.Request, document: str, upload: BinaryIO, files: AsyncExitStack
) -> web.StreamResponse:
    """Run `receive-pack`, and answer its hooks meanwhile.

    Args:
        request: it came with.
        document: it is for.
        upload: what the client sent.
        files: closed at the end, and `upload` with them.
    """
    config, hub = request.app[CONFIG], request.app[HUB]
    path = request.app[FOLDER].repository_path(document)
    workspace = request.app[PUSHES]
    hooks = HookServer(document, path, hub, workspace.threads, config)
    response = response_for(request, _SERVICE)
    try:
        async with files, asyncio.timeout(config.git_wait_s), workspace.processes:
            await hub.checkpoint(document)
            await asyncio.to_thread(bare.create, path)
            try:
                await _run(request, response, path, hooks, upload)
            finally:
                await asyncio.to_thread(_remove_empty, path)
                if request.app[FOLDER].exists(document):
                    hub.pushed(document)
    except TimeoutError:
        if not response.prepared:
            raise _too_much_to_do() from None
        if request.transport is not None:
            request.transport.abort()
    return response


def _remove_empty(path: Path) -> None:
    try:
        bare.remove_empty(path)
    except OSError as problem:
        _log.warning("%s could not be removed, which is empty: %s", path, problem)


async def _run(
    request: web.Request,
    response: web.StreamResponse,
    path: Path,
    hooks: HookServer,
    upload: BinaryIO,
) -> None:
    """Run `receive-pack` with a socket for its hooks."""
    ours, theirs = socket.socketpair()
    with theirs:
        reader, writer = await asyncio.open_connection(sock=ours, limit=_COMMANDS_BYTES_MAX)
        answering = asyncio.create_task(hooks.serve(reader, writer))
        try:
            async with run_service(
                request,
                _SERVICE,
                path,
                settings=_settings(request.app[CONFIG], request.app[PUSHES]),
                given=upload,
                environment={SOCKET: str(theirs.fileno())},
                descriptors=(theirs.fileno(),),
            ) as process:
                await _pass_on(request, response, process)
        finally:
            answering.cancel()
            writer.close()


def _too_much_to_do() -> web.HTTPException:
    return web.HTTPServiceUnavailable(text="Too much to do; push again later.\n")


def _settings(config: Config, workspace: PushWorkspace) -> tuple[str, ...]:
    is_packed_later = config.journal != "direct"  # by `upkeep`, so packs stay packs
    return (
        *_SETTINGS,
        f"receive.maxInputSize={config.push_bytes_max}",
        f"receive.unpackLimit={1 if is_packed_later else _UNPACK_MAX}",
        f"core.hooksPath={workspace.path}",
    )


async def _pass_on(request: web.Request, response: web.StreamResponse, process: Process) -> None:
    """Tell the client, while it is there."""
    assert process.stdout is not None
    try:
        await pass_on(request, response, _SERVICE, process)
    except ConnectionError:
        while await process.stdout.read(BLOCK_BYTES):
            pass

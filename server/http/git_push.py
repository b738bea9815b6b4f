"""`git push` over smart HTTP: Git's own `receive-pack`, with hooks that ask the server (`push`).

The request is received completely before Git starts: a connection that is cut starts nothing, and a
slow one occupies no process. A push that has begun runs to completion even if its client
disconnects.
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
from server.git import bare
from server.http.access import document_of
from server.http.app_keys import CONFIG, FOLDER, GIT_PROCESSES, HUB, PUSHES
from server.http.git_backend import (
    BLOCK_BYTES,
    response_for,
    run_service,
    service_line,
    stream_output,
)
from server.push.advertisement import with_haves
from server.push.hook_program import SOCKET
from server.push.hook_server import HookServer
from server.push.workspace import PushWorkspace

_log = logging.getLogger(__name__)

_SERVICE = "receive-pack"
_CONTENT_TYPE = "application/x-git-receive-pack-request"
_COMMANDS_BYTES_MAX = 4 * 1024 * 1024  # before the pack: a line for each ref
_UNPACK_MAX = 10_000  # objects of a push that are stored loose, with --journal direct

_SETTINGS = (
    "safe.directory=*",  # a mounted data folder may belong to another user
    "receive.fsckObjects=true",
    "receive.autoGC=false",
    "receive.advertisePushOptions=true",  # they are ignored; else Git would not push with any
    "receive.procReceiveRefs=refs/heads/master",
    "receive.procReceiveRefs=refs/for",
    "core.fsync=all",
    "core.fsyncMethod=fsync",
    "core.bigFileThreshold=16m",  # larger ones are not read into memory
)


def routes() -> list[web.RouteDef]:
    return [web.post("/{document}.git/git-receive-pack", receive_pack)]


async def advertise_push(request: web.Request) -> web.StreamResponse:
    """Answer with the refs, from which the client's Git finds out what to send."""
    document = document_of(request, writing=True)
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
            refs = await process.stdout.read()
            if exists:
                refs = await asyncio.to_thread(with_haves, refs, path)
    except TimeoutError:
        raise _overloaded() from None
    return web.Response(
        body=service_line(request, _SERVICE) + refs,
        content_type=f"application/x-git-{_SERVICE}-advertisement",
        headers={"Cache-Control": "no-cache"},
    )


async def receive_pack(request: web.Request) -> web.StreamResponse:
    """Receive a push and merge it, or print the reason against it on the user's terminal."""
    document = document_of(request, writing=True)
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
        raise web.HTTPRequestTimeout(text="The push did not arrive in time.\n") from None
    pushing = asyncio.create_task(push, name=f"push {document}")
    request.app[PUSHES].detach(pushing)
    return await asyncio.shield(pushing)


@asynccontextmanager
async def _upload(workspace: PushWorkspace) -> AsyncIterator[BinaryIO]:
    """Open a file for the request's body; close it even if cancelled while it is being opened."""
    opening = asyncio.create_task(asyncio.to_thread(workspace.open_upload))
    try:
        yield await asyncio.shield(opening)
    finally:
        (await opening).close()


async def _receive(request: web.Request, upload: BinaryIO) -> None:
    """Write the body into a file.

    Up to twice the limit is read, so that Git itself can report a pack that is somewhat too large.

    Raises:
        TimeoutError: the client has stopped sending.
        web.HTTPRequestEntityTooLarge: the body is far too large.
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
    """Run `receive-pack` and answer its hooks.

    Args:
        request: the request of the push.
        document: the document it is for.
        upload: the body of the request.
        files: closed at the end; `upload` is one of them.
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
            raise _overloaded() from None
        if request.transport is not None:
            request.transport.abort()
    return response


def _remove_empty(path: Path) -> None:
    try:
        bare.remove_empty(path)
    except OSError as problem:
        _log.warning("the empty repository %s cannot be removed: %s", path, problem)


async def _run(
    request: web.Request,
    response: web.StreamResponse,
    path: Path,
    hooks: HookServer,
    upload: BinaryIO,
) -> None:
    """Run `receive-pack` with a socket on which its hooks ask the push."""
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
                stdin=upload,
                environment={SOCKET: str(theirs.fileno())},
                descriptors=(theirs.fileno(),),
            ) as process:
                await _stream(request, response, process)
        finally:
            answering.cancel()
            writer.close()


def _overloaded() -> web.HTTPException:
    return web.HTTPServiceUnavailable(text="The server is overloaded; push again later.\n")


def _settings(config: Config, workspace: PushWorkspace) -> tuple[str, ...]:
    is_packed_later = config.journal != "direct"  # by a repack, so packs stay packs
    return (
        *_SETTINGS,
        f"receive.maxInputSize={config.push_bytes_max}",
        f"receive.unpackLimit={1 if is_packed_later else _UNPACK_MAX}",
        f"core.hooksPath={workspace.path}",
    )


async def _stream(request: web.Request, response: web.StreamResponse, process: Process) -> None:
    """Stream the output to the client; after it has gone, read the rest for Git to finish."""
    assert process.stdout is not None
    try:
        await stream_output(request, response, _SERVICE, process)
    except ConnectionError:
        while await process.stdout.read(BLOCK_BYTES):
            pass

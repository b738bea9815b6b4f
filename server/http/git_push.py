"""`git push` over smart HTTP: Git's own `receive-pack`, with hooks that ask the server (`push`).

The request is received completely before Git starts: a connection that is cut starts nothing, and a
slow one occupies no process. A push that has begun runs to completion even if its client
disconnects.
"""

import asyncio
import logging
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import IO

from aiohttp import web

from server import protocol
from server.config import Config
from server.core.submission import Outcome, Submission
from server.git import bare
from server.http.app_keys import CONFIG, FOLDER, GIT_PROCESSES, HUB, PUSHES
from server.http.audit import audit_request
from server.http.bodies import received_body
from server.http.budgets import budget_of, check_new_document, in_progress, who_of
from server.http.documents import current_name, document_of
from server.http.git_backend import (
    COMMON,
    Service,
    ended,
    output_file,
    response_for,
    send_output,
    service_line,
)
from server.push.advertisement import with_haves
from server.push.hook_program import SOCKET
from server.push.hook_server import HookServer
from server.push.workspace import PushWorkspace
from server.storage.data_folder import DataFolder

_log = logging.getLogger(__name__)

_SERVICE = "receive-pack"
_CONTENT_TYPE = "application/x-git-receive-pack-request"
_COMMANDS_BYTES_MAX = 4 * 1024 * 1024  # before the pack: a line for each ref
_SHOWN_MAX = 5  # refs in a line of the audit
_UNPACK_MAX = 10_000  # objects of a push that are stored loose, with --journal direct

_SETTINGS = (
    *COMMON,
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
    document = document_of(request)
    request.app[HUB].check_writable(document)
    folder = request.app[FOLDER]
    await request.app[HUB].checkpoint(document)
    exists = await asyncio.to_thread(folder.exists, document)
    path = folder.repository_path(document) if exists else request.app[PUSHES].empty_repository
    try:
        async with (
            asyncio.timeout(request.app[CONFIG].git_wait_s),
            request.app[GIT_PROCESSES].of(who_of(request)),
            output_file(request) as output,
        ):
            await Service(_SERVICE, path, _SETTINGS).run(request, output, None)
            refs = await asyncio.to_thread(_read, output)
            if exists:
                refs = await asyncio.to_thread(with_haves, refs, path)
    except TimeoutError:
        raise web.HTTPServiceUnavailable(
            text="The server is overloaded; push again later.\n"
        ) from None
    return web.Response(
        body=service_line(request, _SERVICE) + refs,
        content_type=f"application/x-git-{_SERVICE}-advertisement",
        headers={"Cache-Control": "no-cache"},
    )


def _read(output: IO[bytes]) -> bytes:
    output.seek(0)
    return output.read()


async def receive_pack(request: web.Request) -> web.StreamResponse:
    """Receive a push and merge it, or print the reason against it on the user's terminal."""
    document = current_name(request)  # as of `upload_pack`
    request.app[HUB].check_writable(document)
    if request.content_type != _CONTENT_TYPE:
        raise web.HTTPUnsupportedMediaType(text="This address is for git push.\n")
    await check_new_document(request, document)
    # Up to twice the limit, so that Git itself can report a pack that is somewhat too large.
    most = 2 * (request.app[CONFIG].push_bytes_max + _COMMANDS_BYTES_MAX)
    async with AsyncExitStack() as files:
        async with request.app[PUSHES].uploads.of(who_of(request)):
            body = await files.enter_async_context(received_body(request, most))
        files.push(in_progress(request))  # also if the client goes
        push = _push(request, document, body.file, files.pop_all())
    pushing = asyncio.create_task(push, name=f"push {document}")
    request.app[PUSHES].detach(pushing)
    return await asyncio.shield(pushing)


async def _push(
    request: web.Request, document: str, body: IO[bytes], files: AsyncExitStack
) -> web.StreamResponse:
    """Run `receive-pack`, answer its hooks, and send its output.

    Args:
        request: the request of the push.
        document: the document it is for.
        body: the body of the request.
        files: closed at the end; `body` is one of them.
    """
    response = response_for(request, _SERVICE)
    async with files, output_file(request) as output:
        writing = asyncio.create_task(_write(request, document, output, body))
        try:
            if request.app[HUB].is_cache:
                await _stored(writing)  # Git reports refs that are yet to be stored
            await send_output(request, response, b"", output, writing)
        finally:
            await ended(writing)  # Git finishes, whether or not its client is still there
    return response


async def _stored(writing: asyncio.Task[None]) -> None:
    try:
        await asyncio.shield(writing)
    except TimeoutError:
        raise web.HTTPServiceUnavailable(
            text="The server is overloaded; push again later.\n"
        ) from None


async def _write(request: web.Request, document: str, output: IO[bytes], body: IO[bytes]) -> None:
    config, hub, workspace = request.app[CONFIG], request.app[HUB], request.app[PUSHES]
    folder = request.app[FOLDER]
    path = folder.repository_path(document)
    filename = folder.filename(document)

    async def submit(name: str, submission: Submission) -> Outcome | protocol.Error:
        await hub.store(document)  # first: what is merged builds on the commits of the push
        return await hub.submit(document, name, submission, budget=budget_of(request))

    hooks = HookServer(document, filename, path, submit, workspace.threads, config)
    async with asyncio.timeout(config.git_wait_s), workspace.processes.of(who_of(request)):
        with hub.pushing(document):
            await hub.checkpoint(document)
            await asyncio.to_thread(bare.create, path)
            try:
                await _run(request, path, hooks, output, body)
            finally:
                _audit(request, document, hooks.outcomes)
                await asyncio.to_thread(_remove_empty, folder, document)
                if await asyncio.to_thread(folder.exists, document):
                    hub.pushed(document)
            if await asyncio.to_thread(folder.exists, document):
                await hub.store(document)


def _audit(request: web.Request, document: str, outcomes: Mapping[str, str]) -> None:
    accepted = [ref for ref, why in outcomes.items() if not why]
    rejected = [ref for ref, why in outcomes.items() if why]
    refs = {"refs": _shown(accepted), "rejected": _shown(rejected)}
    shown = {name: text for name, text in refs.items() if text}
    if shown:
        audit_request(request, "push", document, **shown)


def _shown(refs: list[str]) -> str:
    more = [f"and {len(refs) - _SHOWN_MAX} more"] if len(refs) > _SHOWN_MAX else []
    return " ".join([*refs[:_SHOWN_MAX], *more])


def _remove_empty(folder: DataFolder, document: str) -> None:
    try:
        folder.remove_empty(document)
    except OSError as problem:
        _log.warning("the empty repository of %s cannot be removed: %s", document, problem)


async def _run(
    request: web.Request, path: Path, hooks: HookServer, output: IO[bytes], body: IO[bytes]
) -> None:
    """Run `receive-pack` with a socket on which its hooks ask the push."""
    ours, theirs = socket.socketpair()
    with theirs:
        reader, writer = await asyncio.open_connection(sock=ours, limit=_COMMANDS_BYTES_MAX)
        answering = asyncio.create_task(hooks.serve(reader, writer))
        service = Service(
            _SERVICE,
            path,
            settings=_settings(request.app[CONFIG], request.app[PUSHES]),
            environment={SOCKET: str(theirs.fileno())},
            descriptors=(theirs.fileno(),),
        )
        try:
            await service.run(request, output, body)
        finally:
            answering.cancel()
            writer.close()


def _settings(config: Config, workspace: PushWorkspace) -> tuple[str, ...]:
    is_packed_later = config.journal != "direct"  # by a repack, so packs stay packs
    return (
        *_SETTINGS,
        f"receive.maxInputSize={config.push_bytes_max}",
        f"receive.unpackLimit={1 if is_packed_later else _UNPACK_MAX}",
        f"core.hooksPath={workspace.path}",
    )

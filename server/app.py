"""The composition root: builds the application and serves it until SIGTERM or SIGINT."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from functools import partial
from ipaddress import ip_address

from aiohttp import web
from aiohttp.log import server_logger

from server.config import Config
from server.http import (
    api,
    git_fetch,
    git_push,
    history,
    links,
    management,
    offline,
    pages,
    preview,
    raw_text,
    search,
    sign_in,
    websocket,
)
from server.http.addresses import below
from server.http.app_keys import (
    ACCESS,
    CONFIG,
    FILES,
    FOLDER,
    GIT_PROCESSES,
    HUB,
    LONG_TEXTS,
    MANAGEMENT,
    PUSHES,
)
from server.http.audit import REFUSALS, limit_of_refusals
from server.http.budgets import add_budgets, keep_budgets
from server.http.control import control_socket
from server.http.deadlines import DEADLINES, KEEP_ALIVE_S, Deadlines, keep_deadlines
from server.http.forwarded import TRUSTED_PROXIES, TrustedProxies, restore_original
from server.http.hosts import HOST_CHECK, HostCheck, check_host
from server.http.passing.nodes import NODES, Nodes
from server.http.passing.original import PRETENDERS
from server.http.passing.owner import pass_to_owner
from server.http.responses import explain_problems, is_own_fault, protect
from server.http.rights import authorize, keep_private
from server.http.static_files import read_files
from server.hub.access import AccessControl
from server.hub.hub import Hub
from server.hub.management import Management
from server.push.workspace import PushWorkspace
from server.storage.data_folder import DataFolder
from server.storage.journal.opening import open_journal, open_trash
from server.support.logs import Once
from server.support.slots import FairSlots
from server.support.terminal import say

_log = logging.getLogger(__name__)

# How long open connections may delay the shutdown. aiohttp waits for this time twice, and Docker
# kills after ten seconds.
_SHUTDOWN_WAIT_S = 2.0
_FIRST_SIGN_IN = (
    "",
    "Nobody has an account yet. Open this link to sign in as the owner; it works once:",
    "",
    "    {}/sign-in?key={}",
    "",
)
_ELSEWHERE = (
    "On another machine, put this one's name in place of localhost; --url sets it for all links.",
    "",
)
_LONG_TEXTS_MAX = 16  # of plain HTTP requests, in memory at the same time


_MODULES = (
    websocket,
    git_fetch,
    git_push,
    pages,
    preview,
    offline,
    sign_in,
    api,
    history,
    links,
    management,
    raw_text,
    search,
)


def create_app(config: Config, folder: DataFolder) -> web.Application:
    """Return the web application for an open data folder."""
    app = web.Application(
        middlewares=[
            restore_original,
            keep_budgets,
            keep_deadlines,
            check_host,
            explain_problems,
            pages.explain_not_found,
            sign_in.explain_sign_in,
            sign_in.exchange_key,
            authorize,
            pass_to_owner,
        ]
    )
    app.on_response_prepare.extend([protect, keep_private])
    server_logger.addFilter(is_own_fault)
    app[CONFIG] = config
    add_budgets(app, config)
    app[DEADLINES] = Deadlines()
    app[TRUSTED_PROXIES] = TrustedProxies(config)
    app[HOST_CHECK] = HostCheck(config)
    app[FOLDER] = folder
    app[ACCESS] = AccessControl(config, folder)
    app[ACCESS].listen(partial(websocket.recheck, app))
    app[websocket.GUARDS] = set()
    app[FILES] = read_files(readable=config.pages == "readable", source_url=config.source_url)
    app[offline.OFFLINE] = offline.offline_files(
        readable=config.pages == "readable", source_url=config.source_url
    )
    app[PUSHES] = PushWorkspace(config, folder)
    app[NODES] = Nodes()
    app[PRETENDERS] = Once()
    app[REFUSALS] = limit_of_refusals()
    app[GIT_PROCESSES] = FairSlots(config.git_processes_max)
    app[LONG_TEXTS] = FairSlots(_LONG_TEXTS_MAX)
    app.cleanup_ctx.append(_hub)
    app.on_shutdown.append(_stop_hub)
    for module in _MODULES:
        app.add_routes(below(config.base_path, module.routes()))
    if config.base_path:
        app.router.add_get(config.base_path, pages.to_landing_page)
    return app


async def _hub(app: web.Application) -> AsyncIterator[None]:
    config, folder = app[CONFIG], app[FOLDER]
    await asyncio.to_thread(app[PUSHES].prepare)
    journal = await asyncio.to_thread(
        open_journal,
        folder,
        config.journal,
        password_file=config.journal_password_file,
        needs_standby=config.journal_needs_standby == "yes",
        node_url=config.node_url,
    )
    try:
        await asyncio.to_thread(open_trash(folder, journal).recover)
        async with app[ACCESS], Hub(config, folder, journal) as hub:
            app[HUB] = hub
            hub.on_servers = app[NODES].follow
            app[MANAGEMENT] = Management(hub, folder, config, app[ACCESS])
            await app[MANAGEMENT].start()
            async with control_socket(app[MANAGEMENT], app[ACCESS], folder.path):
                yield
            await app[MANAGEMENT].finish()
            await app[PUSHES].finish(_SHUTDOWN_WAIT_S)
    finally:
        await app[NODES].close()
        await asyncio.to_thread(journal.close)


async def _stop_hub(app: web.Application) -> None:
    """Answer pending requests and close the sessions (code 1001), before connections are cut."""
    app[NODES].stop()
    await app[HUB].stop()


def new_runner(app: web.Application, shutdown_wait_s: float = _SHUTDOWN_WAIT_S) -> web.AppRunner:
    """Return a runner with the options that the application depends on."""
    return web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,  # see `server.http.bodies`
        handler_cancellation=True,
        keepalive_timeout=KEEP_ALIVE_S,
        shutdown_timeout=shutdown_wait_s,
    )


async def serve(config: Config, folder: DataFolder) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        OSError: the server cannot listen on the address.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = create_app(config, folder)
    runner = new_runner(app)
    await runner.setup()
    assert runner.server is not None
    watching = asyncio.create_task(app[DEADLINES].watch(runner.server), name="deadlines")
    try:
        site = web.TCPSite(runner, config.host, config.port)
        await site.start()
        address = _address(runner) + config.base_path
        _log.info("GollabEdit is on %s with the documents in %s", address, folder.path)
        if key := app[ACCESS].owner_key:
            for line in _FIRST_SIGN_IN:
                say(line.format(config.url.rstrip("/") or address, key))
            is_elsewhere = bool(config.trusted_proxies) or not config.is_local
            if is_elsewhere and not config.url and "//localhost" in address:
                for line in _ELSEWHERE:
                    say(line)
        await stop.wait()
        _log.info("stopping: answering pending requests")
    finally:
        watching.cancel()
        await runner.cleanup()


def _address(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    address = ip_address(host)
    is_here = address.is_loopback or address.is_unspecified
    return f"http://{'localhost' if is_here else host}:{port}"

"""Caddy and nginx with the files of docs/proxy; only addresses and paths are other ones."""

import asyncio
import re
import socket
import subprocess
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.server.sockets.client import DEADLINE_S

_ROOT = Path(__file__).parents[3]
_FILES = _ROOT / "docs" / "proxy"
_LOOK_S = 0.02

# What surrounds the file in Debian's /etc/nginx/nginx.conf, for one process without privileges.
_NGINX_CONF = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/gollabedit.conf;
}}
"""


class NoProxyError(Exception):
    """The proxy is neither installed nor can its package be unpacked."""


def _program(name: str) -> str:
    found = subprocess.run(
        [_ROOT / "tools" / "proxy", name], capture_output=True, text=True, check=False
    )
    if found.returncode != 0:
        raise NoProxyError(found.stderr.strip())
    return found.stdout.strip()


@asynccontextmanager
async def running(
    file: str, folder: Path, server: tuple[str, int], other: tuple[str, int]
) -> AsyncIterator[str]:
    """Run a proxy, and yield its URL.

    Args:
        file: its configuration in docs/proxy.
        folder: for what it writes.
        server: the address that it passes requests on to.
        other: the address of the service that knows who is signed in, or of a second node.

    Raises:
        NoProxyError: it is not here.
    """
    port = free_port()
    start = _start_caddy if file.startswith("Caddyfile") else _start_nginx
    process = await start(_FILES / file, folder, port, [f"{h}:{p}" for h, p in (server, other)])
    try:
        assert await _listens(process, port), (folder / "log").read_text()
        yield f"http://localhost:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _start_caddy(file: Path, folder: Path, port: int, others: list[str]) -> Process:
    environment = {
        "SITE": f"http://localhost:{port}",
        "GOLLABEDIT": others[0],
        "AUTHELIA": others[1],
        "NODE_1": others[0],
        "NODE_2": others[1],
        "CADDY_ADMIN": f"unix/{folder}/admin",
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    program = await asyncio.to_thread(_program, "caddy")
    command = (program, "run", "--adapter", "caddyfile", "--config", str(file))
    return await _start(folder, *command, environment=environment)


async def _start_nginx(file: Path, folder: Path, port: int, others: list[str]) -> Process:
    program = await asyncio.to_thread(_program, "nginx")
    replacements = {
        r"listen 443 ssl;": f"listen 127.0.0.1:{port};",
        r"listen 80;": f"listen unix:{folder}/http;",
        r"listen \[::\]:\d+( ssl)?;": "",
        r"ssl_certificate\w* .*;": "",
        r"/var/log/nginx/access.log": f"{folder}/access.log",
    }
    if "nodes" in file.name:
        replacements[r"server 10\.0\.0\.2:8080"] = f"server {others[0]}"
        replacements[r"server 10\.0\.0\.3:8080"] = f"server {others[1]}"
    else:
        replacements[r"server 127\.0\.0\.1:8080;"] = f"server {others[0]};"
    if "oauth2-proxy" in file.name:
        replacements[r"server 127\.0\.0\.1:4180;"] = f"server {others[1]};"
    _write_nginx(file, folder, replacements)
    return await _start(folder, program, "-e", "stderr", "-c", str(folder / "nginx.conf"))


def _write_nginx(file: Path, folder: Path, replacements: Mapping[str, str]) -> None:
    text = file.read_text()
    for pattern, replacement in replacements.items():
        text, count = re.subn(pattern, replacement, text)
        assert count, f"{file.name} has no {pattern}"
    (folder / "gollabedit.conf").write_text(text)
    (folder / "nginx.conf").write_text(_NGINX_CONF.format(folder=folder))


async def _start(folder: Path, *command: str, environment: Mapping[str, str] = {}) -> Process:
    with (folder / "log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *command, env=environment, cwd=folder, stdout=log, stderr=log
        )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


async def _listens(process: Process, port: int) -> bool:
    """Wait until the proxy takes connections; return False if it ends instead."""
    async with asyncio.timeout(DEADLINE_S):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(_LOOK_S)
                continue
            writer.close()
            await writer.wait_closed()
            return True
    return False

"""The systems by name: how each is started, and what its answer to an edit means."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench.load.processes import ENVIRONMENT, ROOT

_PEERS = Path(__file__).parent / "peers"
_PACKAGES = Path(__file__).parent / "node_modules"
# The Node of the development tools is in the folder of the running Python.
_PATH = os.pathsep.join([str(Path(sys.executable).parent), ENVIRONMENT["PATH"]])

# The default limit is too low for connections that type as fast as they are answered.
_OURS = [sys.executable, "-m", "server"]
_SERVE = [*_OURS, "serve", "--port", "0", "--edits-per-s", "1000000"]


class Missing(Exception):
    """A system is not installed; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class System:
    """A server that can be started on a data folder, and its load generator."""

    name: str
    version: str
    answer: str  # what an answer to an edit means
    server: tuple[str, ...]  # the data folder is the last argument
    generator: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    is_ours: bool = False
    is_slow: bool = False

    def repository(self, data: Path) -> Path:
        """Return the path of the first document; for other systems that of all data."""
        return data / "doc-0.git" if self.is_ours else data


NAMES = ("ours", "ours-direct", "hocuspocus", "y-websocket", "sharedb")

_PEER_PACKAGES = {
    "hocuspocus": (
        "@hocuspocus/server",
        "sent to all clients; in SQLite seconds later",
    ),
    "y-websocket": ("@y/websocket-server", "sent to all clients; in LevelDB, not synced"),
    "sharedb": ("sharedb", "applied in memory only"),
}


def installed(names: Iterable[str]) -> tuple[list[System], list[str]]:
    """Return the installed systems, and a sentence for each missing one."""
    systems: list[System] = []
    missing: list[str] = []
    for name in names:
        try:
            systems.append(_ours(name) if name.startswith("ours") else _peer(name))
        except Missing as problem:
            missing.append(f"{name} is skipped: {problem}.")
    return systems, missing


def maintain_command() -> list[str] | None:
    """Return the command that repacks a data folder, if this version has one."""
    help_command = [*_OURS, "maintain", "--help"]
    return [*_OURS, "maintain", "--data"] if _succeeds(help_command) else None


def _ours(name: str) -> System:
    has_journals = "--journal" in _output([*_OURS, "serve", "--help"])
    if name == "ours-direct" and not has_journals:
        raise Missing("this version has only one journal, which `ours` measures")
    journal = "direct" if name == "ours-direct" else "sqlite"
    return System(
        name=name,
        version=f"gollabedit {_output([*_OURS, '--version']).strip()}",
        answer="synced to disk, as a Git commit",
        server=(*_SERVE, *(["--journal", journal] if has_journals else []), "--data"),
        generator=(sys.executable, "-m", "bench.load.generator"),
        is_ours=True,
        is_slow=name == "ours-direct" or not has_journals,
    )


def _peer(name: str) -> System:
    package, answer = _PEER_PACKAGES[name]
    description = _PACKAGES / package / "package.json"
    node = shutil.which("node", path=_PATH)
    if node is None or not description.exists():
        raise Missing("its packages are not installed; `make bench` installs them")
    # `node` may be a wrapper script; measure the real one.
    real_node = _output([node, "--print", "process.execPath"]).strip()
    return System(
        name=name,
        version=f"{package} {json.loads(description.read_bytes())['version']}",
        answer=answer,
        server=(real_node, str(_PEERS / "servers" / f"{name}.js")),
        generator=(real_node, str(_PEERS / "generator.js"), name),
        environment={"NODE_ENV": "production"},
    )


def _output(command: list[str]) -> str:
    done = subprocess.run(
        command, capture_output=True, check=True, cwd=ROOT, env=ENVIRONMENT, text=True, timeout=60
    )
    return done.stdout


def _succeeds(command: list[str]) -> bool:
    done = subprocess.run(
        command, capture_output=True, check=False, cwd=ROOT, env=ENVIRONMENT, timeout=60
    )
    return done.returncode == 0

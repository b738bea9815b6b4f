"""The systems by name: how each is started, and what its answer to an edit means.

One of them may be there several times, from several checkouts.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.load import databases
from bench.load.databases import Database
from bench.load.processes import ENVIRONMENT, ROOT, BenchError

_PEERS = Path(__file__).parent / "peers"
_PACKAGES = Path(__file__).parent / "node_modules"
# The Node of the development tools is in the folder of the running Python.
_PATH = os.pathsep.join([str(Path(sys.executable).parent), ENVIRONMENT["PATH"]])

# The default limit is too low for connections that type as fast as they are answered.
_SERVE = ["serve", "--port", "0", "--edits-per-s", "1000000"]

_DESCRIBE_PYTHON = """
import platform, sys, sysconfig
print(platform.python_version(), sys.base_prefix, sysconfig.get_config_var("CONFIG_ARGS"))
"""


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
    folder: Path = ROOT  # in which it is started
    database: Database | None = None  # of its journal
    nodes: int = 1  # that share it
    share: float | None = None  # of a processor, that each server gets; None: what there is
    is_passing: bool = False  # whether half of the clients connect to a node that is not the owner
    maintain: tuple[str, ...] = ()  # repacks a data folder, which is the last argument
    is_ours: bool = False
    is_slow: bool = False

    def repository(self, data: Path) -> Path:
        """Return the path of the first document; for other systems that of all data."""
        return data / "doc-0.git" if self.is_ours else data


_PEER_PACKAGES = {
    "hocuspocus": (
        "@hocuspocus/server",
        "sent to all clients; in SQLite seconds later",
    ),
    "y-websocket": ("@y/websocket-server", "sent to all clients; in LevelDB, not synced"),
    "sharedb": ("sharedb", "applied in memory only"),
}


_SYNCED = "synced to disk by PostgreSQL, as a Git commit"
_DATABASES: dict[str, tuple[Database, str]] = {
    "ours-postgresql": (databases.alone, _SYNCED),
    "ours-standby": (databases.with_standby, "the same, by two servers of PostgreSQL"),
    **{f"ours-{nodes}-nodes": (databases.alone, _SYNCED) for nodes in (2, 3)},
    "ours-2-nodes-passing": (databases.alone, _SYNCED),
}

PEERS = tuple(_PEER_PACKAGES)
OURS = ("ours", "ours-direct", *_DATABASES)
NAMES = (*OURS, *PEERS)


def checkouts(folders: Mapping[str, Path], python: Path | None, kind: str = "ours") -> list[System]:
    """Return the server of each checkout, by the name of its row.

    Each runs with the given Python, or that of its own environment.

    Args:
        folders: of the checkouts.
        python: for all of them.
        kind: the system that they are, one of `OURS`.

    Raises:
        BenchError: A checkout cannot be run, or the database that it needs.
    """
    try:
        return [
            replace(_ours(kind, folder, python or folder / ".venv" / "bin" / "python"), name=name)
            for name, folder in folders.items()
        ]
    except Missing as problem:
        raise BenchError(f"{kind} cannot be run: {problem}") from None


def installed(names: Iterable[str], python: Path | None) -> tuple[list[System], list[str]]:
    """Return the installed systems, ours with the given Python, and a sentence for each missing."""
    systems: list[System] = []
    missing: list[str] = []
    for name in names:
        try:
            if name in PEERS:
                systems.append(_peer(name))
                continue
            systems.append(_ours(name, ROOT, python or Path(sys.executable)))
        except Missing as problem:
            missing.append(f"{name} is skipped: {problem}.")
    return systems, missing


def _ours(name: str, folder: Path, python: Path) -> System:
    """Return one of our systems, in a checkout."""
    command = [str(python), "-m", "server"]
    version = _output([*command, "--version"], folder).strip()
    journal = "direct" if name == "ours-direct" else "sqlite"
    ours = System(
        name=name,
        version=f"gollabedit {version}{_commit(folder)}, {_described(python)}",
        answer="synced to disk, as a Git commit",
        server=(*command, *_SERVE, "--data"),
        generator=(sys.executable, "-m", "bench.load.generator"),
        environment={"GOLLABEDIT_JOURNAL": journal},
        folder=folder,
        maintain=(*command, "maintain", "--data"),
        is_ours=True,
        is_slow=name == "ours-direct",
    )
    return _in_database(ours) if name in _DATABASES else ours


def _in_database(ours: System) -> System:
    if problem := databases.why_missing():
        raise Missing(problem)
    database, answer = _DATABASES[ours.name]
    kind = re.fullmatch(r"ours-(\d+)-nodes(-passing)?", ours.name)
    return replace(
        ours,
        answer=answer,
        database=database,
        maintain=(),
        nodes=int(kind[1]) if kind else 1,
        is_passing=bool(kind and kind[2]),
    )


def _commit(folder: Path) -> str:
    """Return the commit of a checkout, if it is one."""
    if not (folder / ".git").exists():
        return ""
    described = _output(["git", "describe", "--always", "--dirty", "--exclude=*"], folder)
    return f" at {described.strip()}"


def _described(python: Path) -> str:
    version, prefix, arguments = _output([str(python), "-c", _DESCRIBE_PYTHON]).split(maxsplit=2)
    return f"Python {version} {build(prefix, arguments)}"


def build(prefix: str, arguments: str) -> str:
    """Return how a Python was built, of its prefix and the arguments of its `configure`.

    With profile-guided optimisation (PGO) it is faster. Debian 12 uses it without the argument.
    """
    if "--enable-optimizations" in arguments:
        return "with PGO"
    return "of the distribution" if prefix == "/usr" else "without PGO"


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


def _output(command: list[str], folder: Path = ROOT) -> str:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=True,
            cwd=folder,
            env=ENVIRONMENT,
            text=True,
            timeout=60,
        )
    except OSError as problem:
        raise BenchError(f"{command[0]} cannot be run: {problem.strerror}") from None
    except subprocess.CalledProcessError as problem:
        why = problem.stderr.strip().rpartition("\n")[2]
        raise BenchError(f"{' '.join(command)} failed in {folder}: {why}") from None
    return done.stdout

"""A PostgreSQL for tests, and a standby: made by its own programs, on Unix sockets."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

MISSING = "PostgreSQL's programs are missing (Debian: apt-get install postgresql)"
_SYSTEM_USER = "postgres"  # as root may not run PostgreSQL
_LOCALE = {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", os.defpath)}
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "autovacuum": "off",
    "logging_collector": "off",
    "dynamic_shared_memory_type": "mmap",  # in its folder, and so removed with that
}
_NONE: Mapping[str, str] = {}
_TCP_RULES = "hostssl all all 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 reject"
_CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    " -subj /CN=localhost -addext subjectAltName=DNS:localhost"
)
_names = count(1)


@cache
def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; None if there are none that can be run."""
    if os.geteuid() == 0 and _SYSTEM_USER not in {user.pw_name for user in pwd.getpwall()}:
        return None
    folders = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    return next((it for it in folders if (it / "initdb").exists()), None)


class Postgres:
    """A server, which is running unless it was stopped or killed."""

    def __init__(self, settings: Mapping[str, str], primary: "Postgres | None" = None) -> None:
        """Make its folder.

        Args:
            settings: of the server.
            primary: a running server, of which this one becomes the standby.
        """
        self.folder = Path(mkdtemp(prefix="postgres-"))
        if os.geteuid() == 0:
            user = pwd.getpwnam(_SYSTEM_USER)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.data = self.folder / "data"
        self.port = "5432"
        self._database = ""
        self.has_password = "locked"  # the name of a role that needs its password
        self._settings = {**_SETTINGS, **settings}
        if primary:
            self._copy(primary)
            return
        options = ("--no-sync", "--wal-segsize=1", "--auth=trust", "--username=test")
        self._run("initdb", *options, "--pgdata", self.data)
        rules = self.data / "pg_hba.conf"
        own_rules = f"local all {self.has_password} scram-sha-256\n{_TCP_RULES}\n"
        rules.write_text(own_rules + rules.read_text())

    def _copy(self, primary: "Postgres") -> None:
        options = ("--checkpoint=fast", "--no-sync", "--write-recovery-conf")
        self._run("pg_basebackup", *options, "--dbname", primary.url(), "--pgdata", self.data)

    def _command(self, program: str, *arguments: str | Path) -> list[str]:
        found = programs()
        assert found
        return [str(found / program), *map(str, arguments)]

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = self._command(program, *arguments)
        subprocess.run(command, env=_LOCALE, check=True, capture_output=True, **_as_owner())

    def use_tls(self) -> None:
        """Have it listen at `localhost`, too: for those who use TLS and have a password."""
        key, self.certificate = make_certificate(self.folder)
        self.port = _free_port()
        self._settings |= {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "ssl": "on",
            "ssl_cert_file": str(self.certificate),
            "ssl_key_file": str(key),
        }

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._settings["unix_socket_directories"] = str(self.folder)
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        self._command_line = self._command("postgres", "-D", self.data, *options)
        self._launch()
        while True:
            try:
                self.execute("select 1")
            except psycopg.OperationalError:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.02)
                if self._process.poll() is not None:
                    said = (self.folder / "log").read_text()
                    assert "pre-existing shared memory" in said, said
                    self._launch()  # a process of one that was killed had not ended yet
            else:
                return

    def _launch(self) -> None:
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command_line, env=_LOCALE, stderr=log, stdout=log, **_as_owner()
            )

    def _processes(self) -> list[int]:
        found = self.execute("select pid from pg_stat_activity")
        return [*(pid for (pid,) in found), self._process.pid]

    def kill(self) -> None:
        """Kill all its processes, as the loss of power does."""
        _signal(self._processes(), signal.SIGKILL)
        self._process.wait()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have it do nothing, as a machine that hangs."""
        processes = self._processes()
        _signal(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(processes, signal.SIGCONT)

    def follow(self, primary: "Postgres") -> None:
        """Start as the standby of a primary, without what it had: it is not running."""
        shutil.rmtree(self.data)
        self._copy(primary)
        self.start()

    @property
    def folders(self) -> tuple[Path, ...]:
        """Return where its socket is, as a pair does."""
        return (self.folder,)

    def promote(self) -> None:
        """Make a standby the primary."""
        self.execute("select pg_promote()")

    def stop(self) -> None:
        """Stop it at once."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()

    def url(self, database: str = "postgres", **more: str) -> str:
        """Return the URL of a database, with these parameters in place of the usual ones."""
        parameters = {"host": str(self.folder), "port": self.port, "user": "test", **more}
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgresql:///{database}?{query}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """Connect to it."""
        info = make_conninfo(self.url(database), connect_timeout="10")
        return psycopg.connect(info, autocommit=True)

    def execute(self, command: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Execute a command; return its rows."""
        with self.connect(database) as connection:
            cursor = connection.execute(command)
            return cursor.fetchall() if cursor.description else []

    def end_connections(self, database: str) -> None:
        """End all connections to a database, as a restart of the server does."""
        self.execute(
            "select pg_terminate_backend(pid, 10000) from ("
            "  select array_agg(pid) as pids, bool_and(pg_terminate_backend(pid))"
            "  from pg_stat_activity"
            f" where datname = '{database}' and pid <> pg_backend_pid()"
            ") as told, unnest(pids) as pid"  # it looks ten times a second, for one at a time
        )

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        self.execute(f"alter system set {name} = '{value}'")
        self.execute("select pg_reload_conf()")

    def empty_database(self) -> str:
        """End all connections to a database, empty it, and return its name."""
        self._database = self._database or self.new_database()
        self.end_connections(self._database)
        self.execute(
            "set client_min_messages = error; drop schema if exists gollabedit cascade",
            self._database,
        )
        return self._database

    def new_database(self) -> str:
        """Create a database; return its name."""
        name = f"test{next(_names)}"
        self.execute(f"create database {name} template template0 strategy wal_log")
        return name


def _signal(processes: list[int], number: int) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def _as_owner() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(_SYSTEM_USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Return the files of a new key and of its certificate for `localhost`."""
    key, certificate = folder / "tls.key", folder / "tls.crt"
    command = [*_CERTIFICATE.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    if os.geteuid() == 0:
        user = pwd.getpwnam(_SYSTEM_USER)
        os.chown(key, user.pw_uid, user.pw_gid)
    return key, certificate


def _free_port() -> str:
    """Return a TCP port that nobody uses; PostgreSQL cannot choose one."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


@contextmanager
def running(
    primary: Postgres | None = None, *, has_tls: bool = False, settings: Mapping[str, str] = _NONE
) -> Iterator[Postgres]:
    """Run a server with these settings, or the standby of a primary."""
    postgres = Postgres(settings, primary)
    try:
        if has_tls:
            postgres.use_tls()
        postgres.start()
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(postgres.folder, ignore_errors=True)

"""A system with a temporary data folder, for one run of one workload."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from bench.load.cpu_share import limit
from bench.load.databases import Running  # noqa: TC001
from bench.load.figures import Figures
from bench.load.processes import BenchError, Generator, Server, free_port
from bench.load.systems import System
from bench.load.task import Begun, Ended, Load, Open, Opened, Outcome

# Time for connecting all clients before the first word, and for updating them after the last.
_CONNECT_S = 120.0
_SETTLE_S = 180.0


class Sandbox:
    """A system on its data folder, running or not."""

    def __init__(self, system: System, scratch: Path) -> None:
        self.system = system
        self.server: Server | None = None  # the first one
        self.address = ""
        # From the end of the warm-up to the last answer, in seconds of all nodes, of the database.
        self.load_cpu_s = 0.0
        self.database_cpu_s = 0.0
        self._folder = TemporaryDirectory(prefix=f"{system.name}-", dir=scratch)
        self._environment = dict(system.environment)
        self._database: Running | None = None
        self._database_stack = ExitStack()
        self._servers: list[Server] = []
        self._addresses: list[str] = []
        self._running = ExitStack()
        self._cpu_s_before = 0.0

    def __enter__(self) -> Self:
        self.data.mkdir()
        if self.system.database:
            self._database = self._database_stack.enter_context(self.system.database())
            self._environment["GOLLABEDIT_JOURNAL"] = self._database.url
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()
        self._database_stack.close()
        self._folder.cleanup()

    @property
    def path(self) -> Path:
        """A folder for the workload, removed at the end."""
        return Path(self._folder.name)

    @property
    def data(self) -> Path:
        """The server's data folder."""
        return self.path / "data"

    # --- the server

    def start(self) -> None:
        """Start the server, or the nodes, and wait until they listen."""
        if self.system.nodes == 1:
            self._start("server", self.data)
        else:
            for number in range(self.system.nodes):
                name = f"node-{number}"
                self._start(name, self.data / name, free_port())
        self.server, self.address = self._servers[0], self._addresses[0]
        self._cpu_s_before = self._cpu_s()

    def _start(self, name: str, data: Path, port: int | None = None) -> None:
        log = self.path / f"{name}.log"
        log.unlink(missing_ok=True)
        command = [*self.system.server, str(data)]
        if port:
            command += ["--port", str(port), "--node-url", f"http://127.0.0.1:{port}"]
        put, share = None, self.system.share
        if share:
            put = self._running.enter_context(limit(share, f"bench-{self.path.name}-{name}"))
        server = Server(command, log, self._environment, folder=self.system.folder)
        self._servers.append(self._running.enter_context(server))
        if put:
            put(server.pid)
        self._addresses.append(server.address(port))

    def _cpu_s(self) -> float:
        return sum(server.cpu_s for server in self._servers)

    def stop(self) -> Figures:
        """Stop the server; return its CPU time (load and shutdown) and its peak memory."""
        peak_kb = sum(server.memory_kb("VmHWM") for server in self._servers)
        cpu_s = sum(server.end() for server in self._servers) - self._cpu_s_before
        self.exited()
        return {"server_cpu_s": cpu_s, "peak_mb": peak_kb / 1024}

    def exited(self) -> None:
        """Wait for the exit of a killed server."""
        for server in self._servers:
            server.wait()
        self._running.close()
        self.server = None
        self._servers.clear()
        self._addresses.clear()

    # --- the load generator

    @contextmanager
    def generator(self) -> Iterator[Generator]:
        """Start a generator, which waits for its task."""
        log = self.path / "generator.log"
        with Generator(self.system.generator, log, self.system.environment) as generator:
            yield generator

    def load(self, load: Load, meanwhile: Callable[[], None] | None = None) -> Outcome:
        """Run a load. `meanwhile` is called after the warm-up; the load ends with it."""
        assert self.server is not None
        load.server, *load.nodes = self._addresses
        load.is_passing = self.system.is_passing
        database_cpu_s = 0.0
        try:
            with self.generator() as generator:
                generator.ask(load)
                report = generator.report(_CONNECT_S + load.seconds)
                if isinstance(report, Begun):
                    self._cpu_s_before = self._cpu_s()
                    database_cpu_s = self._database_cpu_s()
                    if meanwhile:
                        meanwhile()
                        generator.release()
                    report = generator.report(load.seconds + _SETTLE_S)
                assert isinstance(report, Ended)
                self.load_cpu_s = self._cpu_s() - self._cpu_s_before
                self.database_cpu_s = self._database_cpu_s() - database_cpu_s
                report = generator.report(_SETTLE_S)
        except BenchError as problem:
            raise BenchError(
                f"{problem}; last lines of the server's log:\n{self.server.log_tail()}"
            ) from None
        assert isinstance(report, Outcome)
        return report

    def _database_cpu_s(self) -> float:
        return self._database.cpu_s if self._database else 0.0

    def open(self, *documents: str) -> Opened:
        """Open documents, all at once."""
        with self.generator() as generator:
            return open_documents(generator, self.address, *documents)


def open_documents(generator: Generator, address: str, *documents: str) -> Opened:
    """Let a generator open documents."""
    generator.ask(Open(server=address, documents=list(documents)))
    report = generator.report(_CONNECT_S)
    assert isinstance(report, Opened)
    return report

"""A system with a temporary data folder, for one run of one workload."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from bench.load.figures import Figures
from bench.load.processes import BenchError, Generator, Server
from bench.load.systems import System
from bench.load.task import Begun, Ended, Load, Open, Opened, Outcome

# Time for connecting all clients before the first word, and for updating them after the last.
_CONNECT_S = 120.0
_SETTLE_S = 180.0


class Sandbox:
    """A system on its data folder, running or not."""

    def __init__(self, system: System, scratch: Path) -> None:
        self.system = system
        self.server: Server | None = None
        self.address = ""
        self.load_cpu_s = 0.0  # of the server, from the end of the warm-up to the last answer
        self._folder = TemporaryDirectory(prefix=f"{system.name}-", dir=scratch)
        self._environment = dict(system.environment)
        self._database = ExitStack()
        self._running = ExitStack()
        self._cpu_s_before = 0.0

    def __enter__(self) -> Self:
        self.data.mkdir()
        if self.system.database:
            url = self._database.enter_context(self.system.database())
            self._environment["GOLLABEDIT_JOURNAL"] = url
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()
        self._database.close()
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
        """Start the server and wait until it listens."""
        log = self.path / "server.log"
        log.unlink(missing_ok=True)
        command = [*self.system.server, str(self.data)]
        self.server = self._running.enter_context(
            Server(command, log, self._environment, folder=self.system.folder)
        )
        self.address = self.server.address()
        self._cpu_s_before = self.server.cpu_s

    def stop(self) -> Figures:
        """Stop the server; return its CPU time (load and shutdown) and its peak memory."""
        assert self.server is not None
        peak_kb = self.server.memory_kb("VmHWM")
        cpu_s = self.server.end() - self._cpu_s_before
        self.exited()
        return {"server_cpu_s": cpu_s, "peak_mb": peak_kb / 1024}

    def exited(self) -> None:
        """Wait for the exit of a killed server."""
        assert self.server is not None
        self.server.wait()
        self._running.close()
        self.server = None

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
        load.server = self.address
        try:
            with self.generator() as generator:
                generator.ask(load)
                report = generator.report(_CONNECT_S + load.seconds)
                if isinstance(report, Begun):
                    self._cpu_s_before = self.server.cpu_s
                    if meanwhile:
                        meanwhile()
                        generator.release()
                    report = generator.report(load.seconds + _SETTLE_S)
                assert isinstance(report, Ended)
                self.load_cpu_s = self.server.cpu_s - self._cpu_s_before
                report = generator.report(_SETTLE_S)
        except BenchError as problem:
            raise BenchError(
                f"{problem}; last lines of the server's log:\n{self.server.log_tail()}"
            ) from None
        assert isinstance(report, Outcome)
        return report

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

"""Workloads in which a server starts on existing data: W5, W6, and very many documents."""

import time
from statistics import median
from urllib.request import urlopen

from bench.load import disk, repositories
from bench.load.figures import Figures
from bench.load.processes import BenchError
from bench.load.run_options import RunOptions
from bench.load.sandbox import Sandbox, open_documents
from bench.load.task import Load, Opened
from bench.load.texts import KIB, text
from bench.load.typists import sixteen

_RESTARTS = 3
_OPENED = 200
_READY_S = 120.0


def w5(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Open a document with many edits after a restart."""
    sandbox.start()
    outcome = sandbox.load(sixteen(sandbox, options, edits=5000))
    sandbox.stop()
    opened = [_opened(sandbox, "doc-0") for _ in range(1 if options.is_quick else _RESTARTS)]
    times = [each.took_ms[0] for each in opened if each.text]
    return {
        "edits": len(outcome.words),
        **({"open_ms": median(times)} if times else {}),
        **disk.figures_of(sandbox.data),
    }


def w5_large(sandbox: Sandbox, options: RunOptions) -> Figures:
    """The same with a very long history, and with an empty document."""
    commits = options.count(100_000)
    repositories.long(sandbox.data, "long", commits)
    times: dict[str, list[float]] = {"long": [], "empty": []}
    for _ in range(1 if options.is_quick else _RESTARTS):
        for document, took_ms in times.items():
            took_ms.append(_opened(sandbox, document).took_ms[0])
    return {
        "commits": commits,
        "open_ms": median(times["long"]),
        "empty_ms": median(times["empty"]),
    }


def w6(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Kill the server at the last answer, and count the words lost."""
    sandbox.start()
    assert sandbox.server is not None
    load = Load(
        text=text(2 * KIB),
        readers=1,
        edits=options.edits_of(200),
        kill=sandbox.server.pid,
        seed=options.seed,
    )
    outcome = sandbox.load(load)
    sandbox.exited()
    sandbox.start()
    kept = set(sandbox.open("doc-0").text.split())
    sandbox.stop()
    lost = [word for word in outcome.words if word not in kept]
    return {"edits": len(outcome.words), "lost": len(lost)}


def start(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Start with very many documents on disk, and open two hundred of them at once."""
    names = repositories.many(sandbox.data, options.count(10_000))
    opened = names[:: max(len(names) // _OPENED, 1)][:_OPENED]
    with sandbox.generator() as generator:
        time.sleep(1)  # to exclude its own start
        begin = time.monotonic()
        sandbox.start()
        _wait_until_ready(sandbox.address)
        ready_s = time.monotonic() - begin
        opened_s = open_documents(generator, sandbox.address, *opened).last - begin
    needed = sandbox.stop()
    return {
        "documents": len(names),
        "ready_ms": 1000 * ready_s,
        "opened": len(opened),
        "opened_ms": 1000 * opened_s,
        **needed,
    }


def _opened(sandbox: Sandbox, document: str) -> Opened:
    """Start the server, open a document, and stop it."""
    sandbox.start()
    opened = sandbox.open(document)
    sandbox.stop()
    return opened


def _wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        with urlopen(f"{address}/readyz", timeout=_READY_S) as answer:  # noqa: S310  our own
            if answer.status == 200:
                return
        time.sleep(0.01)
    raise BenchError("the server did not become ready")

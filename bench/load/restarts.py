"""Works in which a server starts on what is there: W5, W6, and very many documents."""

import time
from statistics import median
from urllib.request import urlopen

from bench.load import disk, repositories
from bench.load.figures import Figures
from bench.load.order import Order
from bench.load.processes import BenchError
from bench.load.stage import Stage, open_documents
from bench.load.task import Load, Opened
from bench.load.texts import KIB, text
from bench.load.typists import sixteen

_RESTARTS = 3
_OPENED = 200
_READY_S = 120.0


def w5(stage: Stage, order: Order) -> Figures:
    """A document with many edits is opened after a restart."""
    stage.start()
    outcome = stage.load(sixteen(stage, order, edits=5000))
    stage.stop()
    opened = [_opened(stage, "doc-0") for _ in range(1 if order.is_quick else _RESTARTS)]
    times = [each.took_ms[0] for each in opened if each.text]
    return {
        "edits": len(outcome.words),
        **({"open_ms": median(times)} if times else {}),
        **disk.figures_of(stage.data),
    }


def w5_large(stage: Stage, order: Order) -> Figures:
    """The same with a very long history, and with an empty document beside it."""
    commits = order.count(100_000)
    repositories.long(stage.data, "long", commits)
    times: dict[str, list[float]] = {"long": [], "empty": []}
    for _ in range(1 if order.is_quick else _RESTARTS):
        for document, took_ms in times.items():
            took_ms.append(_opened(stage, document).took_ms[0])
    return {
        "commits": commits,
        "open_ms": median(times["long"]),
        "empty_ms": median(times["empty"]),
    }


def w6(stage: Stage, order: Order) -> Figures:
    """The server is killed at the last answer: which words does the next one know?"""
    stage.start()
    assert stage.server is not None
    load = Load(
        text=text(2 * KIB),
        readers=1,
        edits=order.edits_of(200),
        kill=stage.server.pid,
        seed=order.seed,
    )
    outcome = stage.load(load)
    stage.died()
    stage.start()
    kept = set(stage.open("doc-0").text.split())
    stage.stop()
    lost = [word for word in outcome.words if word not in kept]
    return {"edits": len(outcome.words), "lost": len(lost)}


def start(stage: Stage, order: Order) -> Figures:
    """Very many documents on disk, and two hundred of them opened at once."""
    names = repositories.many(stage.data, order.count(10_000))
    opened = names[:: max(len(names) // _OPENED, 1)][:_OPENED]
    with stage.generator() as generator:
        time.sleep(1)  # so that its own start is not measured
        begin = time.monotonic()
        stage.start()
        _wait_until_ready(stage.address)
        ready_s = time.monotonic() - begin
        opened_s = open_documents(generator, stage.address, *opened).last - begin
    needed = stage.stop()
    return {
        "documents": len(names),
        "ready_ms": 1000 * ready_s,
        "opened": len(opened),
        "opened_ms": 1000 * opened_s,
        **needed,
    }


def _opened(stage: Stage, document: str) -> Opened:
    """What a server that has just started needs for a document."""
    stage.start()
    opened = stage.open(document)
    stage.stop()
    return opened


def _wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        with urlopen(f"{address}/readyz", timeout=_READY_S) as answer:  # noqa: S310  our own
            if answer.status == 200:
                return
        time.sleep(0.01)
    raise BenchError("the server did not get ready")

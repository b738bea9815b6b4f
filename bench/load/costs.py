"""Works about costs: clones beside the typing, bytes for each edit, memory for each document."""

import subprocess
import time
from statistics import median

from bench.load import disk
from bench.load.figures import Figures, quantile
from bench.load.order import Order
from bench.load.processes import ENVIRONMENT, ROOT, BenchError
from bench.load.stage import Stage
from bench.load.systems import maintain_command
from bench.load.task import Begun, Load
from bench.load.texts import KIB, text
from bench.load.typists import sixteen
from bench.load.words import now

# The typing goes on by itself, with clones, with clones, by itself: what grows meanwhile, the
# document and its history, weighs on both halves alike.
_WITH_CLONES = (False, True, True, False)
_MANY = 1_000_000
_GIT_S = 120.0
_WRITERS = {"one": 1, "sixteen": 16}
_DISK_LIMIT_S = 150.0
_COME_S = 300.0


def clone(stage: Stage, order: Order) -> Figures:
    """Sixteen writers, and somebody who clones their document again and again."""
    stage.start()
    seconds = order.seconds_of(12.0)
    load = sixteen(stage, order)
    load.edits, load.seconds = _MANY, seconds + _GIT_S
    clones: list[str] = []
    clone_ms: list[float] = []
    times: list[tuple[float, bool]] = []  # when a phase ended, and whether it had clones

    def phases() -> None:
        for with_clones in _WITH_CLONES:
            end = now() + seconds / len(_WITH_CLONES)
            while with_clones and (start := now()) < end:
                clones.append(f"{stage.path}/clone-{len(clones)}")
                _git("clone", "--quiet", f"{stage.address}/doc-0.git", clones[-1])
                clone_ms.append(1000 * (now() - start))
            time.sleep(max(end - now(), 0))
            times.append((now(), with_clones))

    outcome = stage.load(load, meanwhile=phases)
    took_ms: dict[bool, list[float]] = {False: [], True: []}
    for at, answer_ms in outcome.answers:
        moment = outcome.began + at
        took_ms[next((kind for end, kind in times if moment < end), False)].append(answer_ms)
    needed = stage.stop()
    for path in clones:
        _git("-C", path, "fsck", "--strict", "--no-progress")
    without, with_clones = (quantile(took_ms[kind], 0.99) for kind in (False, True))
    return {
        "edits": outcome.edits,
        "clones": len(clones),
        "clone_ms": median(clone_ms),
        "without_p99": without,
        "with_p99": with_clones,
        "ratio": with_clones / without if without else 0,
        **needed,
    }


def per_edit(stage: Stage, order: Order) -> Figures:
    """What the disk has for each edit, when all is put away."""
    figures: Figures = {}
    for name, writers in _WRITERS.items():
        with Stage(stage.system, stage.path) as inner:
            before, _ = _kept(inner, order, writers, 0)
            after, edits = _kept(inner, order, writers, 500 if stage.system.is_slow else 10_000)
        figures[f"{name}_edits"] = edits
        figures[f"{name}_bytes"] = (after[0] - before[0]) / edits
        figures[f"{name}_blocks"] = (after[1] - before[1]) / edits
    return figures


def memory(stage: Stage, order: Order) -> Figures:
    """What the server has in memory for each document that is open and idle."""
    documents = order.count(500)
    stage.start()
    assert stage.server is not None
    before_kb = stage.server.memory_kb("VmRSS")
    load = Load(server=stage.address, documents=documents, text=text(20 * KIB), hold=True)
    with stage.generator() as generator:
        generator.ask(load)
        assert isinstance(generator.report(_COME_S), Begun)
        opened_kb = stage.server.memory_kb("VmRSS")
        time.sleep(order.seconds_of(40.0))
        idle_kb = stage.server.memory_kb("VmRSS")
        generator.release()
    stage.stop()
    return {
        "documents": documents,
        "before_mb": before_kb / 1024,
        "opened_mb": opened_kb / 1024,
        "idle_mb": idle_kb / 1024,
        "kb_per_document": (idle_kb - before_kb) / documents,
    }


def _kept(stage: Stage, order: Order, writers: int, edits: int) -> tuple[tuple[int, int], int]:
    """Put edits on a document, stop, put away; returns what the document takes, and the edits."""
    stage.start()
    load = sixteen(stage, order, edits, writers)
    load.seconds = order.seconds_of(_DISK_LIMIT_S)
    if not edits:
        load.edits = load.warm_up = 0
    outcome = stage.load(load)
    stage.stop()
    if stage.system.is_ours and (command := maintain_command()):
        _run([*command, str(stage.data)])
    return disk.sizes(stage.system.repository(stage.data)), len(outcome.words)


def _git(*arguments: str) -> None:
    _run(["git", *arguments])


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command,
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=ENVIRONMENT,
        text=True,
        timeout=_GIT_S,
    )
    if done.returncode:
        raise BenchError(f"{' '.join(command)} failed: {done.stderr.strip()}")

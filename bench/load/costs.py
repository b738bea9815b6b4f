"""Workloads about costs: clones beside typing, bytes per edit, memory per document."""

import subprocess
import time
from statistics import median

from bench.load import disk
from bench.load.figures import Figures, quantile
from bench.load.processes import ENVIRONMENT, ROOT, BenchError
from bench.load.run_options import RunOptions
from bench.load.sandbox import Sandbox
from bench.load.systems import maintain_command
from bench.load.task import Begun, Load
from bench.load.texts import KIB, text
from bench.load.typists import sixteen
from bench.load.word_log import now

# Phases without, with, with and without clones: the growth of the document and its history affects
# both kinds alike.
_WITH_CLONES = (False, True, True, False)
_MANY = 1_000_000
_GIT_S = 120.0
_WRITERS = {"one": 1, "sixteen": 16}
_DISK_LIMIT_S = 150.0
_CONNECT_S = 300.0


def clone(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Sixteen writers, and repeated clones of their document."""
    sandbox.start()
    seconds = options.seconds_of(12.0)
    load = sixteen(sandbox, options)
    load.edits, load.seconds = _MANY, seconds + _GIT_S
    clones: list[str] = []
    clone_ms: list[float] = []
    times: list[tuple[float, bool]] = []  # when a phase ended, and whether it had clones

    def phases() -> None:
        for with_clones in _WITH_CLONES:
            end = now() + seconds / len(_WITH_CLONES)
            while with_clones and (start := now()) < end:
                clones.append(f"{sandbox.path}/clone-{len(clones)}")
                _git("clone", "--quiet", f"{sandbox.address}/doc-0.git", clones[-1])
                clone_ms.append(1000 * (now() - start))
            time.sleep(max(end - now(), 0))
            times.append((now(), with_clones))

    outcome = sandbox.load(load, meanwhile=phases)
    took_ms: dict[bool, list[float]] = {False: [], True: []}
    for at, answer_ms in outcome.answers:
        moment = outcome.began + at
        took_ms[next((kind for end, kind in times if moment < end), False)].append(answer_ms)
    needed = sandbox.stop()
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


def per_edit(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Bytes on disk per edit, after maintenance."""
    figures: Figures = {}
    for name, writers in _WRITERS.items():
        with Sandbox(sandbox.system, sandbox.path) as inner:
            before, _ = _kept(inner, options, writers, 0)
            after, edits = _kept(inner, options, writers, 500 if sandbox.system.is_slow else 10_000)
        figures[f"{name}_edits"] = edits
        figures[f"{name}_bytes"] = (after[0] - before[0]) / edits
        figures[f"{name}_blocks"] = (after[1] - before[1]) / edits
    return figures


def memory(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Memory of the server per open, idle document."""
    documents = options.count(500)
    sandbox.start()
    assert sandbox.server is not None
    before_kb = sandbox.server.memory_kb("VmRSS")
    load = Load(server=sandbox.address, documents=documents, text=text(20 * KIB), hold=True)
    with sandbox.generator() as generator:
        generator.ask(load)
        assert isinstance(generator.report(_CONNECT_S), Begun)
        opened_kb = sandbox.server.memory_kb("VmRSS")
        time.sleep(options.seconds_of(40.0))
        idle_kb = sandbox.server.memory_kb("VmRSS")
        generator.release()
    sandbox.stop()
    return {
        "documents": documents,
        "before_mb": before_kb / 1024,
        "opened_mb": opened_kb / 1024,
        "idle_mb": idle_kb / 1024,
        "kb_per_document": (idle_kb - before_kb) / documents,
    }


def _kept(
    sandbox: Sandbox, options: RunOptions, writers: int, edits: int
) -> tuple[tuple[int, int], int]:
    """Edit a document, stop, maintain; return the sizes on disk and the number of edits."""
    sandbox.start()
    load = sixteen(sandbox, options, edits, writers)
    load.seconds = options.seconds_of(_DISK_LIMIT_S)
    if not edits:
        load.edits = load.warm_up = 0
    outcome = sandbox.load(load)
    sandbox.stop()
    if sandbox.system.is_ours and (command := maintain_command()):
        _run([*command, str(sandbox.data)])
    return disk.sizes(sandbox.system.repository(sandbox.data)), len(outcome.words)


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

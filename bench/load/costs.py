"""Workloads about costs: clones beside typing, bytes per edit, memory and CPU per document."""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.load import disk
from bench.load.figures import Figures, quantile
from bench.load.processes import ENVIRONMENT, ROOT, BenchError
from bench.load.run_options import RunOptions
from bench.load.sandbox import Sandbox
from bench.load.task import Begun, Create, Created, Load
from bench.load.texts import KIB, text
from bench.load.typists import MANY, sixteen
from bench.load.word_log import now
from server.core.names import filename_of
from server.git.bare import is_begun

# Phases without, with, with and without clones: the growth of the document and its history affects
# both kinds alike.
_WITH_CLONES = (False, True, True, False)
_GIT_S = 120.0
_WRITERS = {"one": 1, "sixteen": 16}
_DISK_LIMIT_S = 150.0
_CONNECT_S = 300.0
_WRITTEN_S = 120.0
# The size of a text in KB, and whether edits are sent as whole texts.
_SIZES = {
    "1": (1, False),
    "20": (20, False),
    "whole": (20, True),
    "100": (100, False),
    "900": (900, False),
}
_LOOK_EVERY_S = 0.01


def clone(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Sixteen writers, and repeated clones of their document."""
    sandbox.start()
    seconds = options.seconds_of(12.0)
    load = sixteen(sandbox, options)
    load.edits, load.seconds = MANY, seconds + _GIT_S
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


def size(sandbox: Sandbox, options: RunOptions) -> Figures:
    """CPU time per edit in documents of several sizes, with eight writers in a closed loop."""
    figures: Figures = {}
    for name, (kilobytes, full_text) in _SIZES.items():
        load = Load(
            text=text(kilobytes * KIB),
            writers=8,
            edits=MANY,
            warm_up=20,
            seconds=options.seconds_of(3.0),
            seed=options.seed,
            full_text=full_text,
        )
        with Sandbox(sandbox.system, sandbox.path) as inner:
            inner.start()
            outcome = inner.load(load)
            figures[f"{name}_cpu_us"] = 1e6 * inner.load_cpu_s / outcome.edits
            figures[f"{name}_p50"] = quantile([took_ms for _, took_ms in outcome.answers], 0.5)
            inner.stop()
    return figures


def fresh(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Create documents as fast as possible, and wait until all are in repositories."""
    documents = [f"doc-{number}" for number in range(options.count(1000))]
    content = text(KIB)
    sandbox.start()
    assert sandbox.server is not None
    before_s = sandbox.server.cpu_s
    with sandbox.generator() as generator:
        generator.ask(Create(server=sandbox.address, documents=len(documents), text=content))
        created = generator.report(_CONNECT_S)
    assert isinstance(created, Created)
    deadline = now() + _WRITTEN_S
    for document in documents:
        while not is_begun(sandbox.data / f"{document}.git"):
            if now() > deadline:
                raise BenchError(f"{document} was not written within {_WRITTEN_S:.0f} s")
            time.sleep(_LOOK_EVERY_S)
    written_s = now() - created.began
    cpu_s = sandbox.server.cpu_s - before_s
    needed = sandbox.stop()
    for document in documents:
        path = str(sandbox.data / f"{document}.git")
        _git("-C", path, "fsck", "--strict", "--no-progress")
        if _git("-C", path, "show", f"master:{filename_of(document)}") != content:
            raise BenchError(f"the repository of {document} has another text")
    return {
        "documents": len(documents),
        "created_per_s": len(documents) / created.seconds,
        "written_s": written_s,
        "document_cpu_us": 1e6 * cpu_s / len(documents),
        **needed,
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
    if command := sandbox.system.maintain:
        _run([*command, str(sandbox.data)], sandbox.system.folder)
    return disk.sizes(sandbox.system.repository(sandbox.data)), len(outcome.words)


def _git(*arguments: str) -> str:
    return _run(["git", *arguments])


def _run(command: Sequence[str], folder: Path = ROOT) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        check=False,
        cwd=folder,
        env=ENVIRONMENT,
        text=True,
        timeout=_GIT_S,
    )
    if done.returncode:
        raise BenchError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout

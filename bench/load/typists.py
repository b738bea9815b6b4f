"""Workloads of typing: W1 to W4 and their variants, on a server that has just started."""

from bench.load import disk
from bench.load.figures import Figures, quantiles
from bench.load.run_options import RunOptions
from bench.load.sandbox import Sandbox
from bench.load.task import Load, Outcome
from bench.load.texts import KIB, text

MANY = 1_000_000  # more edits than any system reaches in the time of a workload

_WRITERS = 16
_SLOW_EDITS = 800
_FIRST = 800
_WARM_UP_S = 0.5


def w1(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Two writers, a word every 100 ms."""
    return _run(sandbox, _paced(options, 10, Load(text=text(2 * KIB), writers=2, per_s=10)))


def w2(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Sixteen writers, as fast as they are answered."""
    return _run(sandbox, sixteen(sandbox, options))


def w2_half(sandbox: Sandbox, options: RunOptions) -> Figures:
    """The same sixteen at half the rate they reached."""
    load = Load(text=text(20 * KIB), writers=_WRITERS, per_s=options.per_s / 2)
    return _run(sandbox, _paced(options, 5, load))


def w3(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Many documents with two writers each."""
    load = Load(documents=100, text=text(KIB), writers=2, per_s=2000)
    return _run(sandbox, _paced(options, 5, load))


def w3_half(sandbox: Sandbox, options: RunOptions) -> Figures:
    """Half the documents at half the rate."""
    load = Load(documents=50, text=text(KIB), writers=2, per_s=1000)
    return _run(sandbox, _paced(options, 5, load))


def w3_closed(sandbox: Sandbox, options: RunOptions) -> Figures:
    """The clients of W3, as fast as they are answered."""
    load = Load(
        documents=100,
        text=text(KIB),
        writers=2,
        edits=MANY,
        warm_up=200 if sandbox.system.is_slow else 1000,
        seconds=options.seconds_of(5),
        seed=options.seed,
        full_text=options.full_text,
    )
    return _run(sandbox, load)


def w4(sandbox: Sandbox, options: RunOptions) -> Figures:
    """One writer, two hundred readers."""
    load = Load(text=text(20 * KIB), writers=1, readers=200, per_s=10)
    return _run(sandbox, _paced(options, 10, load))


def sixteen(
    sandbox: Sandbox, options: RunOptions, edits: int = 10_000, writers: int = _WRITERS
) -> Load:
    """Return a load of writers on one document of 20 KB; fewer edits for a slow system."""
    edits = options.edits_of(min(edits, _SLOW_EDITS) if sandbox.system.is_slow else edits)
    return Load(
        text=text(20 * KIB),
        writers=writers,
        edits=edits,
        warm_up=max(edits // 20, writers),
        seconds=options.limit_s,
        seed=options.seed,
        full_text=options.full_text,
    )


def _paced(options: RunOptions, seconds: float, load: Load) -> Load:
    """Return the load with the edits that are due in these seconds."""
    seconds = options.seconds_of(seconds)
    load.edits = round(load.per_s * seconds)
    load.warm_up = round(load.per_s * min(seconds / 4, _WARM_UP_S))
    load.seconds = seconds + options.limit_s
    load.seed, load.full_text = options.seed, options.full_text
    return load


def _run(sandbox: Sandbox, load: Load) -> Figures:
    sandbox.start()
    outcome = sandbox.load(load)
    return {
        **figures_of(outcome),
        **_cpu_of(sandbox, outcome),
        **sandbox.stop(),
        **disk.figures_of(sandbox.data),
    }


def _cpu_of(sandbox: Sandbox, outcome: Outcome) -> Figures:
    """Return the CPU time of each edit, by who has used it."""
    if not outcome.edits:
        return {}
    used_s = {"cpu_us": sandbox.load_cpu_s, "generator_cpu_us": outcome.cpu_s}
    if sandbox.system.database:
        used_s["database_cpu_us"] = sandbox.database_cpu_s
    return {name: 1e6 * seconds / outcome.edits for name, seconds in used_s.items()}


def figures_of(outcome: Outcome) -> Figures:
    """Return the figures of a load, including the initial rate, as the text grows."""
    first = outcome.answers[:_FIRST]
    return {
        "edits": outcome.edits,
        "per_s": outcome.edits / outcome.seconds if outcome.seconds else 0,
        "first_per_s": len(first) / first[-1][0] if first else 0,
        **quantiles("answer", [took_ms for _, took_ms in outcome.answers]),
        **quantiles("visible", outcome.visible),
        "conflicts": outcome.conflicts,
        "unseen": outcome.unseen,
        "generator_cpu_s": outcome.cpu_s,
        "generator_busy": outcome.cpu_s / outcome.seconds if outcome.seconds else 0,
        "generator_late_ms": outcome.late_ms,
    }

"""Works of people who type: W1 to W4 on one server that is just started."""

from bench.load import disk
from bench.load.figures import Figures, quantiles
from bench.load.order import Order
from bench.load.stage import Stage
from bench.load.task import Load, Outcome
from bench.load.texts import KIB, text

_WRITERS = 16
_SLOW_EDITS = 800
_FIRST = 800
_WARM_UP_S = 0.5


def w1(stage: Stage, order: Order) -> Figures:
    """Two people, a word every 100 ms."""
    return _run(stage, _paced(order, 10, Load(text=text(2 * KIB), writers=2, per_s=10)))


def w2(stage: Stage, order: Order) -> Figures:
    """Sixteen people as fast as they are answered."""
    return _run(stage, sixteen(stage, order))


def w2_half(stage: Stage, order: Order) -> Figures:
    """The same sixteen at half of what they reached."""
    load = Load(text=text(20 * KIB), writers=_WRITERS, per_s=order.per_s / 2)
    return _run(stage, _paced(order, 5, load))


def w3(stage: Stage, order: Order) -> Figures:
    """Many documents at one time, two people each."""
    load = Load(documents=100, text=text(KIB), writers=2, per_s=2000)
    return _run(stage, _paced(order, 5, load))


def w4(stage: Stage, order: Order) -> Figures:
    """One types, two hundred look on."""
    load = Load(text=text(20 * KIB), writers=1, readers=200, per_s=10)
    return _run(stage, _paced(order, 10, load))


def sixteen(stage: Stage, order: Order, edits: int = 10_000, writers: int = _WRITERS) -> Load:
    """Writers of one document of 20 KB, one edit in flight each; fewer edits of a slow system."""
    edits = order.edits_of(min(edits, _SLOW_EDITS) if stage.system.is_slow else edits)
    return Load(
        text=text(20 * KIB),
        writers=writers,
        edits=edits,
        warm_up=max(edits // 20, writers),
        seconds=order.limit_s,
        seed=order.seed,
        full_text=order.full_text,
    )


def _paced(order: Order, seconds: float, load: Load) -> Load:
    """The load, with as many edits as are due in these seconds."""
    seconds = order.seconds_of(seconds)
    load.edits = round(load.per_s * seconds)
    load.warm_up = round(load.per_s * min(seconds / 4, _WARM_UP_S))
    load.seconds = seconds + order.limit_s
    load.seed, load.full_text = order.seed, order.full_text
    return load


def _run(stage: Stage, load: Load) -> Figures:
    stage.start()
    outcome = stage.load(load)
    return {**figures_of(outcome), **stage.stop(), **disk.figures_of(stage.data)}


def figures_of(outcome: Outcome) -> Figures:
    """What is shown of a load; the text grows, so how quick it was at first is a figure too."""
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

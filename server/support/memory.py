"""Memory that is free in this process and not given back to the system."""

import ctypes
import gc
from collections.abc import Callable


def _find_trim() -> Callable[[int], int] | None:
    """`malloc_trim` of glibc; other C libraries give back by themselves, or not at all."""
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim


_trim = _find_trim()


def give_memory_back() -> None:
    """What many documents needed for a moment stays with the process otherwise. Blocks a little."""
    gc.collect()
    if _trim:
        _trim(0)

"""Returning free memory of this process to the system."""

import ctypes
import gc
from collections.abc import Callable

# glibc has it; other C libraries return memory by themselves, or not at all.
_malloc_trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)


def trim_heap() -> None:
    """Return what many documents needed for a moment; it stays allocated otherwise. May block."""
    gc.collect()
    if _malloc_trim:
        _malloc_trim(0)

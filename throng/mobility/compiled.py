"""Compile functions to machine code once, not once a worker."""

from __future__ import annotations

from collections.abc import Callable

import numba


def compiled(function: Callable) -> Callable:
    """Compile a function on its first call and keep the result on disk where there is a place.

    Spark forks its Python workers from a process that never calls our functions: without a cache
    each worker compiles for itself (seconds), with it each loads (a fraction of one). numba keeps
    it in __pycache__ beside the module, else in the user's cache folder (NUMBA_CACHE_DIR moves
    it). Where neither can be written, it refuses to decorate; then we compile in memory.

    numba looks at the age of a function's own file only. So a compiled function may call compiled
    functions of its own file and no others: a change elsewhere would leave stale machine code.
    """
    try:
        return numba.njit(cache=True)(function)
    except RuntimeError:
        return numba.njit(function)

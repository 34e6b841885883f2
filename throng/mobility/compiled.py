"""Compile functions to machine code once, not once a worker."""

from __future__ import annotations

from collections.abc import Callable

import numba


def compiled(function: Callable) -> Callable:
    """Compile a function on its first call and keep the result on disk where there is a place.

    Spark forks its Python workers from a process that never calls our functions: without a cache
    each worker compiles for itself (12 seconds for stops), with it each loads (0.4). numba keeps
    it in __pycache__ beside the module, else in the user's cache folder (NUMBA_CACHE_DIR moves
    it). Where neither can be written, as in a container of a cluster, we compile in memory.

    numba looks at the age of a function's own file only. So a compiled function may call compiled
    functions of its own file and no others: a change elsewhere would leave stale machine code.
    """
    try:
        dispatcher = numba.njit(cache=True)(function)
        # numba itself finds out only after it has compiled, and then fails, for a package in a zip.
        dispatcher._cache._impl.locator.ensure_cache_path()
    except (OSError, RuntimeError, AttributeError):
        return numba.njit(function)
    return dispatcher

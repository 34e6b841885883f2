"""The memory of an audit: what is too large is said before it begins, and no audit takes more."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator

import psutil

from throng.release.warehouse import ReleaseError, Warehouse
from throng.server.processes import kill, process_tree

_GB = 1024**3
#: Of one table cell, at the height of an attack with two workers: the 1.77 million rows of the
#: synthetic country took 2.9 GB, rounded up.
BYTES_PER_ROW = 1_800
#: Of the memory of the machine, unless it is said otherwise. The server needs the rest.
SHARE_OF_MACHINE = 0.6
_SECONDS_BETWEEN_LOOKS = 0.5


def memory_allowed(gigabytes: float | None) -> int:
    """Bytes that an audit may take: as said, or a share of what the machine has."""
    return int(gigabytes * _GB if gigabytes else SHARE_OF_MACHINE * psutil.virtual_memory().total)


def check_size(warehouse: Warehouse, allowed: int) -> None:
    """Whether the tables of the plan can be attacked in so many bytes.

    Raises:
        ReleaseError: they are too large; the message names the largest, and what to do.
    """
    marts = [
        mart for (mart,) in warehouse.query("select distinct mart from protected.release_plan")
    ]
    if not marts:
        return
    rows = dict(
        warehouse.query(
            " union all ".join(
                f"select '{mart}', count(*) from protected.release_{mart}" for mart in sorted(marts)
            )
        )
    )
    expected = sum(rows.values()) * BYTES_PER_ROW
    if expected <= allowed:
        return
    largest = sorted(rows, key=lambda mart: -rows[mart])[:3]
    raise ReleaseError(
        f"The audit of {sum(rows.values()):,} table cells would take about {expected / _GB:.0f} GB "
        f"of memory, and it may take {allowed / _GB:.0f} GB (--memory-gb). The largest tables: "
        + ", ".join(f"{mart} ({rows[mart]:,})" for mart in largest)
        + ". Check that study_start and study_end are the study you want (throng summary says the "
        "period covered), or audit on a machine with more memory."
    )


@contextlib.contextmanager
def limited(allowed: int, used: Callable[[], int] | None = None) -> Iterator[None]:
    """End this process with a sentence as soon as it and its workers take more memory.

    An audit that is ended so has recorded nothing: nothing can be published by it.

    Args:
        allowed: bytes.
        used: bytes in use now; the resident memory of the process and all below it.
    """
    used = used or _resident
    is_done = threading.Event()

    def look() -> None:
        while not is_done.wait(_SECONDS_BETWEEN_LOOKS):
            if used() > allowed:
                print(
                    f"The audit took more than {allowed / _GB:.1f} GB of memory and was ended; "
                    "nothing was recorded. Give it more (--memory-gb), or audit fewer days "
                    "(study_start, study_end).",
                    file=sys.stderr,
                    flush=True,
                )
                kill(process_tree(os.getpid())[1:])
                os._exit(1)

    watcher = threading.Thread(target=look, name="memory of the audit", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()


def _resident() -> int:
    total = 0
    for process in process_tree(os.getpid()):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total

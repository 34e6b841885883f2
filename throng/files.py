"""Files that readers see complete or not at all, and whom else they are open to."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write into, which takes its place unless there is an error."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        with contextlib.suppress(OSError):  # what was to be the folder may be a file
            unfinished.unlink(missing_ok=True)


def is_open_to_others(found: os.stat_result) -> bool:
    """Whether anybody but its owner may read, change or enter a file or folder."""
    return bool(found.st_mode & (stat.S_IRWXG | stat.S_IRWXO))

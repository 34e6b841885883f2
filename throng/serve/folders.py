"""Folders of the servers for readers, for their user alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from throng.files import is_open_to_others


class ServeError(Exception):
    """A server for readers cannot do what was asked; the message says why and what to change."""


def make_private(folder: Path, folders: Iterable[Path]) -> None:
    """Make folders that are not there yet.

    Args:
        folder: what a user has chosen.
        folders: it, and those in it.

    Raises:
        ServeError: one cannot be made, or is open to others.
    """
    try:
        for one in folders:
            one.mkdir(parents=True, exist_ok=True, mode=0o700)
            check_private(one)
    except OSError as error:
        raise ServeError(
            f"The folder {folder} cannot be made ({error.strerror}): choose another, --folder or "
            "THRONG_SERVE_FOLDER."
        ) from None


def check_private(path: Path) -> None:
    """See that nobody else can enter a folder, or read a file.

    Raises:
        ServeError: somebody can, or it cannot be looked at.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise ServeError(f"{path} cannot be read ({error.strerror}).") from None
    if is_open_to_others(found):
        mode = "700" if path.is_dir() else "600"
        raise ServeError(f"{path} is open to other users: run chmod {mode} on it.")

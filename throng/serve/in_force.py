"""What is in force for readers: the copy that `current` names, and roles.yml."""

from __future__ import annotations

import contextlib
from pathlib import Path

from throng.serve.copies import Copy, CopyError, copy_in_force, current_number
from throng.serve.roles import Roles, read_roles


def look(roles: Path, copies: Path) -> tuple[object, ...]:
    """What is another one when roles.yml or the copy in force has changed.

    Args:
        roles: the file of users and roles.
        copies: the folder of all copies.
    """
    try:
        found = roles.stat()
        file = (found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)
    except OSError as error:
        file = (error.errno,)
    with contextlib.suppress(CopyError):
        return (file, current_number(copies))
    return (file, "not understood")


def read(roles: Path, copies: Path) -> tuple[Copy, Roles]:
    """The copy in force, and the roles.

    Raises:
        RolesError: roles.yml cannot be used.
        CopyError: there is no copy, or it cannot be read.
    """
    known = read_roles(roles)
    return copy_in_force(copies), known

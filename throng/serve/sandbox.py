"""The reader server inside bubblewrap: no file of the build and no network, whatever gets past the
guard."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from throng.serve.settings import ServeSettings

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
#: Of /etc what Java and the C library ask for: no keys, no passwords.
_ETC = (
    *("alternatives", "group", "hosts", "ld.so.cache", "localtime", "nsswitch.conf", "passwd"),
    *("java-17-openjdk", "java-21-openjdk", "timezone"),
)


class SandboxError(Exception):
    """The server cannot be kept in; the message says what is missing."""


def sandboxed(
    command: Sequence[str], settings: ServeSettings, environment: Mapping[str, str]
) -> list[str]:
    """A command line that runs `command` in a sandbox.

    Args:
        command: of the server.
        settings: of the server.
        environment: all variables that it sees.

    Raises:
        SandboxError: there is no bwrap, or roles.yml lies beside files that are not for readers.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxError(
            "bubblewrap (bwrap) is not on this machine, so nothing but the guard keeps readers "
            "from the files of this user: install it (Debian, Ubuntu: apt-get install bubblewrap), "
            "or accept that by --without-sandbox."
        )
    return bwrap_command(bwrap, command, settings, environment)


def bwrap_command(
    bwrap: str, command: Sequence[str], settings: ServeSettings, environment: Mapping[str, str]
) -> list[str]:
    """The same for a bwrap at this path.

    Raises:
        SandboxError: roles.yml lies beside files that are not for readers.
    """
    beside = [path.name for path in settings.roles.parent.iterdir() if path != settings.roles]
    if beside:
        # The file is replaced when it changes, so its folder has to be seen.
        raise SandboxError(
            f"In a sandbox the server sees the whole folder of {settings.roles}, which has "
            f"{sorted(beside)[0]} in it too: put roles.yml into a folder of its own (THRONG_ROLES)."
        )
    read = [
        *(path for path in map(Path, _SYSTEM) if path.exists()),
        *(path for name in _ETC if (path := Path("/etc") / name).exists()),
        Path(environment["JAVA_HOME"]),
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(__file__).parents[1],
        settings.copies,
        settings.roles.parent,
        *(
            path
            for path in (settings.keystore, settings.keystore_password_file)
            if path is not None
        ),
    ]
    written = [settings.run_folder, settings.audit_folder]
    return [
        bwrap,
        # Processes, users, memory and network of its own: throng/serve/door.py listens for it.
        *("--unshare-all", "--new-session", "--clearenv", "--cap-drop", "ALL"),
        *(word for name, value in environment.items() for word in ("--setenv", name, value)),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
        *(word for path in read for word in ("--ro-bind", str(path), str(path))),
        *(word for path in written for word in ("--bind", str(path), str(path))),
        *("--chdir", str(settings.run_folder)),
        "--",
        *command,
    ]

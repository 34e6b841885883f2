"""The password of the server: whoever knows it can read and write all that its user can.

It is made at the first start, in a file for its user alone, beside the key of the pseudonyms. Our
commands read it there; plain dbt takes it from the environment (`throng server env`).
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from throng.files import is_open_to_others
from throng.keys.keyring import key_file

#: dbt replaces what stands in variables of such names by stars in all that it writes.
PASSWORD_VARIABLE = "DBT_ENV_SECRET_THRONG_PASSWORD"
#: Without a password: what clients send, for they have to send something.
NO_PASSWORD = "none"


class PasswordError(Exception):
    """The password cannot be used; the message says why, never what it is."""


def password_file() -> Path:
    """Where the password is: THRONG_PASSWORD_FILE, else beside the key of the pseudonyms."""
    configured = os.environ.get("THRONG_PASSWORD_FILE")
    return (Path(configured) if configured else key_file().with_name("server.password")).absolute()


def ensure_password_file() -> Path:
    """Make a password of 32 random bytes if there is none; return the path of its file.

    Raises:
        PasswordError: the file cannot be made, or others can read it.
    """
    path = password_file()
    if path.exists():
        _read(path)
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise PasswordError(
            f"The password file {path} cannot be made ({error.strerror}): set THRONG_PASSWORD_FILE."
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{secrets.token_urlsafe(32)}\n")
    return path


def password() -> str:
    """The password that a client sends: of the environment, else of the file, else none.

    Raises:
        PasswordError: the file is there and cannot be used.
    """
    if given := os.environ.get(PASSWORD_VARIABLE):
        return given
    path = password_file()
    return _read(path) if path.exists() else NO_PASSWORD


def _read(path: Path) -> str:
    try:
        found = path.stat()
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PasswordError(
            f"The password file {path} cannot be read ({type(error).__name__})."
        ) from None
    if is_open_to_others(found):
        raise PasswordError(f"Others can read the password file {path}: run chmod 600 on it.")
    if len(text) < 16:
        raise PasswordError(
            f"The password in {path} has {len(text)} characters; 16 is the least. Remove the file: "
            "throng server start makes a new one."
        )
    return text

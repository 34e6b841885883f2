"""Keyed pseudonyms: who a subscriber is stays with whoever holds the key."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

KEY_BYTES = 32
# 128 bits in hex. Among a billion identifiers the chance that any two collide is below 2e-21.
PSEUDONYM_LENGTH = 32
_BLOCK_BYTES = 64  # of SHA-256


class KeyFileError(Exception):
    """The key cannot be used; the message names the file, never its content."""


def key_file() -> Path:
    """Where the key is: THRONG_KEY_FILE, else pseudonym.key in the user's configuration."""
    configured = os.environ.get("THRONG_KEY_FILE")
    return Path(configured) if configured else Path.home() / ".config" / "throng" / "pseudonym.key"


def ensure_key_file() -> Path:
    """Make the key file if there is none (32 random bytes in hex, mode 0600); return its path.

    Raises:
        KeyFileError: the file lies in a folder under version control.
    """
    path = key_file().absolute()
    _refuse_repository(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
    return path


def read_key(path: Path) -> bytes:
    """The key in `path`.

    Raises:
        KeyFileError: missing, readable by others, or not 64 or more hex digits.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(
            f"The pseudonym key {path} cannot be read ({type(error).__name__}). "
            "`throng server start` makes one; on a cluster every worker needs the same file."
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(f"Others can read the pseudonym key {path}: run chmod 600 on it.")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES:
        raise KeyFileError(
            f"The pseudonym key {path} is not {2 * KEY_BYTES} or more hexadecimal digits."
        )
    return key


def pseudonymise(identifier: pa.Array) -> pa.Array:
    """Replace each identifier by its keyed pseudonym.

    HMAC-SHA256 (RFC 2104) under the key of the key file, the first 128 bits in hex. A plain hash
    would not do: the phone numbers of a country can all be tried in seconds.

    Args:
        identifier: strings of any length n; null and empty stay null.

    Returns:
        n strings of 32 hex digits, or null.

    Raises:
        KeyFileError: the key file cannot be used.
    """
    inner, outer = _hmac_states(key_file())
    encoded = pc.dictionary_encode(identifier)  # a batch holds few distinct identifiers
    pseudonyms: list[str | None] = []
    for value in encoded.dictionary.to_pylist():
        if not value:
            pseudonyms.append(None)
            continue
        first, second = inner.copy(), outer.copy()
        first.update(value.encode())
        second.update(first.digest())
        pseudonyms.append(second.hexdigest()[:PSEUDONYM_LENGTH])
    return pa.array(pseudonyms, pa.string()).take(encoded.indices)


@lru_cache(maxsize=1)
def _hmac_states(path: Path) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two SHA-256 states of HMAC after the padded key, so that each value costs two copies."""
    key = read_key(path)
    if len(key) > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    return (
        hashlib.sha256(bytes(byte ^ 0x36 for byte in padded)),
        hashlib.sha256(bytes(byte ^ 0x5C for byte in padded)),
    )


def _refuse_repository(path: Path) -> None:
    for folder in path.parents:
        if (folder / ".git").exists():
            raise KeyFileError(
                f"The pseudonym key {path} would lie in the repository {folder}. "
                "Set THRONG_KEY_FILE to a file outside."
            )

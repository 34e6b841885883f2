"""The keyring: which secret key makes the pseudonyms of which dates.

A text file for its owner only, one key a line, in the order in which they come into force:

    k1  0001-01-01  destroyed
    k2  2020-04-01  4f0c...

An event's pseudonym is made under the key in force on the event's date: from the date on the key's
line until the day before the next line's. A destroyed key leaves its line behind, so its dates are
refused and no later key takes its name. A file of hex digits alone is one key, k1, for all dates.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from throng.files import is_open_to_others

KEY_BYTES = 32
ALWAYS = date.min
_DESTROYED = "destroyed"


class KeyFileError(Exception):
    """The keyring cannot be used or changed; the message says why, never what is in it."""


@dataclass(frozen=True)
class Key:
    """One line of the keyring.

    Attributes:
        key_id: k1, k2, ...; never used twice.
        valid_from: first date of events that it is for.
        secret: 32 bytes or more; None once destroyed. Never printed.
    """

    key_id: str
    valid_from: date
    secret: bytes | None = field(repr=False)


@dataclass(frozen=True)
class Keyring:
    """All keys, in the order of their dates.

    Attributes:
        path: the file.
        keys: at least one; the first is for all dates before the second.
    """

    path: Path
    keys: tuple[Key, ...]

    def last_date(self, key: Key) -> date | None:
        """The last date of events that the key is for; None if it has no successor."""
        later = [other.valid_from for other in self.keys if other.valid_from > key.valid_from]
        return min(later) - timedelta(days=1) if later else None

    def between(self, first: date, last: date) -> list[Key]:
        """The keys in force from the date `first` to the date `last`, both included."""
        return [
            key
            for key in self.keys
            if key.valid_from <= last and first <= (self.last_date(key) or date.max)
        ]


def key_file() -> Path:
    """Where the keyring is: THRONG_KEY_FILE, else in the user's configuration folder."""
    configured = os.environ.get("THRONG_KEY_FILE")
    return Path(configured) if configured else Path.home() / ".config" / "throng" / "pseudonym.key"


def ensure_key_file() -> Path:
    """Make a keyring of one key (32 random bytes) if there is none; return its path.

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
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(_text([Key("k1", ALWAYS, secrets.token_bytes(KEY_BYTES))]))
    return path


def read_keyring(path: Path) -> Keyring:
    """The keyring in `path`.

    Raises:
        KeyFileError: missing, readable by others, or a line that is no key.
    """
    try:
        found = path.stat()
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(
            f"The keyring {path} cannot be read ({type(error).__name__}). "
            "`throng server start` makes one; on a cluster every worker needs the same file."
        ) from None
    if is_open_to_others(found):
        raise KeyFileError(f"Others can read the keyring {path}: run chmod 600 on it.")
    return Keyring(path, _parse(path, text))


def rotate(path: Path, valid_from: date) -> Keyring:
    """Add a key for events of the date `valid_from` and later; return the new keyring.

    Raises:
        KeyFileError: the last key is in force from that date or a later one, or the keyring cannot
            be used.
    """
    with _locked(path) as real_path:
        keyring = read_keyring(real_path)
        last = keyring.keys[-1]
        if valid_from <= last.valid_from:
            raise KeyFileError(
                f"The key {last.key_id} is in force from {last.valid_from}; "
                "a new one has to begin after that."
            )
        new = Key(f"k{len(keyring.keys) + 1}", valid_from, secrets.token_bytes(KEY_BYTES))
        keys = (*keyring.keys, new)
        _replace(real_path, _text(keys))
    return Keyring(path, keys)


def destroy(path: Path, key_id: str) -> Keyring:
    """Overwrite the secret of a key; return the new keyring. Nothing brings it back.

    Raises:
        KeyFileError: there is no such key, it is destroyed already, it is the last one, or the
            keyring cannot be used.
    """
    with _locked(path) as real_path:
        keyring = read_keyring(real_path)
        check_destroyable(keyring, key_id)
        keys = tuple(
            replace(key, secret=None) if key.key_id == key_id else key for key in keyring.keys
        )
        text = _text(keys)
        with real_path.open("r+b") as old:
            size = os.fstat(old.fileno()).st_size
            _replace(real_path, text)
            # The old file has lost its name; what it held goes too, under any other name it has.
            old.write(text.encode().ljust(size, b"\n"))
            old.flush()
            os.fsync(old.fileno())
    return Keyring(path, keys)


def check_destroyable(keyring: Keyring, key_id: str) -> Key:
    """The key of this id.

    Raises:
        KeyFileError: there is none, it is destroyed already, or it has no successor.
    """
    for key in keyring.keys:
        if key.key_id != key_id:
            continue
        if key.secret is None:
            raise KeyFileError(f"The key {key_id} is destroyed already.")
        if key is keyring.keys[-1]:
            raise KeyFileError(
                f"The key {key_id} is the last one, and without it new events would have none. "
                "Make its successor first: throng keys rotate --from DATE."
            )
        return key
    known = ", ".join(key.key_id for key in keyring.keys)
    raise KeyFileError(f"There is no key '{key_id}' in the keyring; it has {known}.")


def destroyed_sentence(keyring: Keyring, key: Key) -> str:
    """Why events of a destroyed key's dates have no pseudonym."""
    first = "" if key.valid_from == ALWAYS else f" from {key.valid_from}"
    return (
        f"The key {key.key_id} has been destroyed: events{first} up to {keyring.last_date(key)} "
        "can never have pseudonyms again."
    )


def _parse(path: Path, text: str) -> tuple[Key, ...]:
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and len(lines[0]) == 1:
        lines = [["k1", ALWAYS.isoformat(), lines[0][0]]]  # a file from before there were keyrings
    keys: list[Key] = []
    for number, fields in enumerate(lines, start=1):
        key = _parse_line(fields)
        if key is None:
            raise KeyFileError(
                f"Line {number} of the keyring {path} is no key: it takes an id, a date and "
                f"{2 * KEY_BYTES} or more hexadecimal digits (or the word {_DESTROYED})."
            )
        if key.key_id != f"k{number}":
            raise KeyFileError(
                f"Line {number} of the keyring {path} is not k{number}: keys are k1, k2, ... in "
                "order, and the line of a destroyed key stays."
            )
        if number == 1 and key.valid_from != ALWAYS:
            raise KeyFileError(f"The first key of the keyring {path} is not from {ALWAYS}.")
        if keys and key.valid_from <= keys[-1].valid_from:
            raise KeyFileError(f"Line {number} of the keyring {path} is not after the one before.")
        if key.secret and key.secret in [other.secret for other in keys]:
            raise KeyFileError(f"Line {number} of the keyring {path} repeats an earlier key.")
        keys.append(key)
    if not keys:
        raise KeyFileError(f"The keyring {path} is empty.")
    if keys[-1].secret is None:
        raise KeyFileError(f"The last key of the keyring {path} is destroyed: it has no successor.")
    return tuple(keys)


def _parse_line(fields: list[str]) -> Key | None:
    if len(fields) != 3 or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", fields[1]):
        return None
    try:
        valid_from = date.fromisoformat(fields[1])
        secret = None if fields[2] == _DESTROYED else bytes.fromhex(fields[2])
    except ValueError:
        return None
    if secret is not None and len(secret) < KEY_BYTES:
        return None
    return Key(fields[0], valid_from, secret)


def _text(keys: list[Key] | tuple[Key, ...]) -> str:
    return "".join(
        f"{key.key_id}  {key.valid_from.isoformat()}  "
        f"{_DESTROYED if key.secret is None else key.secret.hex()}\n"
        for key in keys
    )


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[Path]:
    """Hold off other changes of the keyring; gives the file itself, where `path` is a link."""
    real_path = path.resolve()
    _refuse_repository(path.absolute())
    _refuse_repository(real_path)
    if not real_path.exists():
        read_keyring(path)  # says what is missing
    folder = os.open(real_path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield real_path
    finally:
        os.close(folder)


def _replace(path: Path, text: str) -> None:
    """Put `text` in place of the file at once: a reader sees the old or the new, never half."""
    # Always the same name: what a killed command left there goes with the next one.
    half = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _refuse_repository(path: Path) -> None:
    for folder in path.parents:
        if (folder / ".git").exists():
            raise KeyFileError(
                f"The keyring {path} would lie in the repository {folder}. "
                "Set THRONG_KEY_FILE to a file outside."
            )

"""Keyed pseudonyms: who a subscriber is stays with whoever holds the key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from throng.keys.keyring import (
    Key,
    KeyFileError,
    Keyring,
    destroyed_sentence,
    key_file,
    read_keyring,
)

# Of a pseudonym. Among 100 million identifiers the chance that any two have the same is 1 in 3,700;
# those two would count as one person, so that a group is never taken for larger than it is.
_PSEUDONYM_BYTES = 8
_NOISE_HEX_DIGITS = 32  # 128 bits
_BLOCK_BYTES = 64  # of SHA-256
_EPOCH = date(1970, 1, 1)


def pseudonymise(identifier: pa.Array, event_date: pa.Array) -> pa.Array:
    """Replace each identifier by its pseudonym under the key in force on the event's date.

    HMAC-SHA256 (RFC 2104), the first 64 bits as a number: a number is compared, sorted and written
    in a fraction of the time of a text. A plain hash would not do: the phone numbers of a country
    can all be tried in seconds.

    Args:
        identifier: strings of any length n; null and empty give null.
        event_date: n dates; null gives null.

    Returns:
        n 64-bit numbers with sign, or null.

    Raises:
        KeyFileError: the keyring cannot be used, or a date's key has been destroyed.
    """
    return _under_the_keys(identifier, event_date, _number, pa.int64())


def keyed_bits(text: pa.Array, event_date: pa.Array) -> pa.Array:
    """128 bits for each text that only the holder of the date's key could predict.

    Args, Raises: as for `pseudonymise`; text must not be an identifier.

    Returns:
        n strings of 32 hex digits, or null.
    """
    return _under_the_keys(text, event_date, _hex_digits, pa.string())


def _under_the_keys(
    text: pa.Array,
    event_date: pa.Array,
    told: Callable[[bytes], int | str],
    kind: pa.DataType,
) -> pa.Array:
    """What `told` makes of the HMAC of each text under the key of its date."""
    keyring = _keyring()
    encoded = pc.dictionary_encode(text)  # a batch holds few distinct texts
    made = None
    for key, is_its_date in _dates_by_key(keyring, event_date):
        if key.secret is None:
            raise KeyFileError(destroyed_sentence(keyring, key))
        positions = pc.if_else(is_its_date, encoded.indices, pa.scalar(None, pa.int32()))
        digests = _digests(key.secret, encoded.dictionary)
        values = [None if digest is None else told(digest) for digest in digests]
        found = pa.array(values, kind).take(positions)
        made = found if made is None else pc.coalesce(made, found)
    return pa.nulls(len(text), kind) if made is None else made


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:_PSEUDONYM_BYTES], signed=True)


def _hex_digits(digest: bytes) -> str:
    return digest.hex()[:_NOISE_HEX_DIGITS]


def pseudonym_key_id(event_date: pa.Array) -> pa.Array:
    """Name the key that `pseudonymise` uses for each date, destroyed or not.

    Args:
        event_date: n dates; null gives null.

    Returns:
        n key ids (k1, k2, ...), or null.

    Raises:
        KeyFileError: the keyring cannot be used.
    """
    keyring = _keyring()
    positions = pa.nulls(len(event_date), pa.int32())
    for key, is_its_date in _dates_by_key(keyring, event_date):
        position = pa.scalar(keyring.keys.index(key), pa.int32())
        positions = pc.if_else(is_its_date, position, positions)
    return pa.array([key.key_id for key in keyring.keys], pa.string()).take(positions)


def inspect_keys(request: pa.Array) -> pa.Array:
    """Say whether a study can be built: all of it under one key, and that one not destroyed.

    Args:
        request: JSON objects with study_start and study_end (ISO dates, null for no bound); null
            gives null.

    Returns:
        JSON objects {"problem": sentence or null}.
    """
    return pa.array(
        [
            None if text is None else json.dumps({"problem": _problem(**json.loads(text))})
            for text in request.to_pylist()
        ],
        pa.string(),
    )


def _problem(study_start: str | None, study_end: str | None) -> str | None:
    try:
        keyring = read_keyring(key_file())
    except KeyFileError as error:
        return str(error)
    first = date.fromisoformat(study_start) if study_start else date.min
    last = date.fromisoformat(study_end) if study_end else date.max
    keys = keyring.between(first, last)
    if len(keys) > 1:
        changes = ", ".join(f"{key.valid_from} (to {key.key_id})" for key in keys[1:])
        window = (
            f"{study_start or 'the first event'} to {study_end or 'the last'}"
            if study_start or study_end
            else "all data"
        )
        return (
            f"The study window ({window}) holds a change of key on {changes}, and nobody can be "
            "followed from one key to the next: set study_start and study_end to one side of it."
        )
    if keys[0].secret is None:
        return f"{destroyed_sentence(keyring, keys[0])} Set study_start and study_end to others."
    return None


def _dates_by_key(keyring: Keyring, event_date: pa.Array) -> list[tuple[Key, pa.Array]]:
    """The keys that a batch needs, each with which rows it is for; in a study it is one key."""
    # As numbers of days: Spark's dates go beyond the year 9999, Python's do not.
    days = pc.cast(pc.cast(event_date, pa.date32()), pa.int32())
    span = pc.min_max(days).as_py()
    if span["min"] is None:
        return []
    begins = [(key.valid_from - _EPOCH).days for key in keyring.keys]
    begins[0] = min(begins[0], span["min"])
    ends = [*begins[1:], span["max"] + 1]
    by_key = [
        (key, pc.and_(pc.greater_equal(days, begin), pc.less(days, end)))
        for key, begin, end in zip(keyring.keys, begins, ends, strict=True)
        if begin <= span["max"] and end > span["min"]
    ]
    return [(key, is_its_date) for key, is_its_date in by_key if pc.any(is_its_date).as_py()]


def _digests(secret: bytes, text: pa.Array) -> list[bytes | None]:
    """HMAC-SHA256 of each text; None for null and empty."""
    inner, outer = _hmac_states(secret)
    digests: list[bytes | None] = []
    for value in text.to_pylist():
        if not value:
            digests.append(None)
            continue
        first, second = inner.copy(), outer.copy()
        first.update(value.encode())
        second.update(first.digest())
        digests.append(second.digest())
    return digests


def _hmac_states(secret: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two SHA-256 states of HMAC after the padded key, so that each value costs two copies."""
    key = hashlib.sha256(secret).digest() if len(secret) > _BLOCK_BYTES else secret
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    return (
        hashlib.sha256(bytes(byte ^ 0x36 for byte in padded)),
        hashlib.sha256(bytes(byte ^ 0x5C for byte in padded)),
    )


def _keyring() -> Keyring:
    """The keyring as it is now: workers live long, and a key may be destroyed meanwhile."""
    path = key_file()
    try:
        found = path.stat()
    except OSError:
        return read_keyring(path)  # says what is wrong
    return _read_once(path, found.st_ino, found.st_mtime_ns, found.st_ctime_ns)


@lru_cache(maxsize=1)
def _read_once(path: Path, _inode: int, _modified: int, _changed: int) -> Keyring:
    return read_keyring(path)

"""Whether packed files are whole.

A transfer that broke off leaves a file that looks right: only who unpacks it to its end knows.
Spark would find out in the middle of a build.
"""

from __future__ import annotations

import bz2
import zlib
from typing import BinaryIO

import pyarrow as pa

from throng.landing.files import open_landing
from throng.landing.kinds import PACKINGS, packing

_CHUNK = 1 << 20
_UNPACKED = 1 << 22  # at a time: a megabyte of zeros unpacks to a gigabyte
_AGAIN = "Fetch it again."


def inspect_packed(landing_path: pa.Array, file: pa.Array) -> pa.Array:
    """What is wrong with packed files, each unpacked to its end; null where it is whole.

    Args:
        landing_path: of the landing folder.
        file: path of a file in it.

    Returns:
        The rest of a sentence that begins with the name of the file.
    """
    return pa.array(
        [
            None if path is None or name is None else _inspect(path, name)
            for path, name in zip(landing_path.to_pylist(), file.to_pylist(), strict=True)
        ],
        pa.string(),
    )


def _inspect(landing_path: str, file: str) -> str | None:
    landing = open_landing(landing_path)
    try:
        with landing.filesystem.open_input_file(str(landing.root / file)) as stream:
            return why_it_is_not_whole(stream)
    except OSError as error:
        return f"cannot be read ({error})."


def why_it_is_not_whole(stream: BinaryIO) -> str | None:
    """What is wrong with a packed file; None if it unpacks to its end, or is not packed."""
    waiting = stream.read(_CHUNK)
    kind = packing(waiting)
    while waiting and kind:
        if packing(waiting) != kind:
            return (
                "has something behind the end of its packed data that is not packed; unpack it and "
                "pack it again."
            )
        try:
            rest = _after_one_member(stream, waiting, kind)
        except (zlib.error, OSError, ValueError) as error:
            return f"cannot be unpacked to its end ({error}). {_AGAIN}"
        if rest is None:
            return f"ends in the middle: it was not transferred to its end. {_AGAIN}"
        waiting = rest or stream.read(_CHUNK)
        if 0 < len(waiting) < max(map(len, PACKINGS)):
            waiting += stream.read(_CHUNK)
    return None


def _after_one_member(stream: BinaryIO, waiting: bytes, kind: str) -> bytes | None:
    """What has been read behind one packed stream; None if the file ends within it."""
    if kind == ".bz2":
        unpacker = bz2.BZ2Decompressor()
        while not unpacker.eof:
            unpacker.decompress(waiting, _UNPACKED)
            if unpacker.needs_input and not unpacker.eof:
                waiting = stream.read(_CHUNK)
                if not waiting:
                    return None
            else:
                waiting = b""
        return unpacker.unused_data
    inflater = zlib.decompressobj(wbits=31)
    while not inflater.eof:
        if not waiting:
            waiting = stream.read(_CHUNK)
            if not waiting:
                return None
        inflater.decompress(waiting, _UNPACKED)
        waiting = inflater.unconsumed_tail
    return inflater.unused_data


def head_unpacked(head: bytes, size: int) -> bytes:
    """The first `size` bytes of what is in a packed file, of which `head` are the first bytes.

    Raises:
        zlib.error, OSError: it is not packed as its first bytes say.
    """
    if packing(head) == ".bz2":
        return bz2.BZ2Decompressor().decompress(head, size)
    return zlib.decompressobj(wbits=31).decompress(head, size)

"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import re

_CSV = "save it as CSV (UTF-8)"
_TABLE = "write it as CSV or Parquet"
_ARCHIVE = "unpack it and put the files into the folder, packed with gzip if you like"
# First bytes -> what that is, and what to do.
_MAGIC = {
    b"PK\x03\x04": ("a zip archive", _ARCHIVE),
    b"PK\x05\x06": ("an empty zip archive", _ARCHIVE),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("a workbook (.xls) or another Office document", _CSV),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", _ARCHIVE),
    b"Rar!\x1a\x07": ("a rar archive", _ARCHIVE),
    b"\xfd7zXZ\x00": ("packed with xz", "unpack it: xz -d"),
    b"\x28\xb5\x2f\xfd": ("packed with zstd", "unpack it: zstd -d"),
    b"\x04\x22\x4d\x18": ("packed with lz4", "unpack it: lz4 -d"),
    b"\xff\x06\x00\x00sNaPpY": ("packed with snappy", "unpack it"),
    b"\x1f\x9d": ("packed with compress", "unpack it: uncompress"),
    b"%PDF": ("a PDF document", "ask for the table itself, as CSV"),
    b"{\\rtf": ("a text document (RTF)", _CSV),
    b"ORC": ("an ORC file", _TABLE),
    b"Obj\x01": ("an Avro file", _TABLE),
    b"ARROW1": ("an Arrow file", _TABLE),
    b"FEA1": ("a Feather file", _TABLE),
    b"SEQ\x06": ("a Hadoop sequence file", _TABLE),
    b"PARE": ("an encrypted Parquet file", "write it without encryption"),
    b"SQLite format 3\x00": ("an SQLite database", _TABLE),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file", _TABLE),
    b"\x89PNG": ("a picture", "take it away"),
    b"\xff\xd8\xff": ("a picture", "take it away"),
    b"version https://git-lfs": ("a pointer of Git LFS, not the file itself", "run git lfs pull"),
}
# What packed data begin with that Spark unpacks, and how names of such files end.
PACKINGS = {b"\x1f\x8b": ".gz", b"BZh": ".bz2"}
# By these names Spark would unpack a file, or try to.
SUFFIXES = (".gz", ".bz2", ".deflate", ".lz4", ".snappy", ".zst")


def packing(head: bytes) -> str | None:
    """How the name of a file ends that is packed as these first bytes say; None: not packed."""
    return next((suffix for magic, suffix in PACKINGS.items() if head.startswith(magic)), None)


def not_a_table(head: bytes, name: str) -> str | None:
    """What a file is that is no CSV or Parquet, and what to do, as the rest of a sentence.

    Args:
        head: the first bytes of what is in it, unpacked.
        name: of the file, which helps where an archive does not say what it holds.
    """
    if name.rsplit("/", 1)[-1].startswith("~$"):
        return "is what Office leaves beside a workbook that is open; take it away."
    for magic, (what, advice) in _MAGIC.items():
        if head.startswith(magic):
            if head.startswith(b"PK"):
                what, advice = _kind_of_zip(head, name) or (what, advice)
            return f"is {what}; {advice}."
    if head[257:262] == b"ustar":
        return f"is a tar archive; {_ARCHIVE}."
    if packing(head):
        return "is packed twice; unpack it once."
    if head and not head.strip(b"\0"):
        return "holds nothing but zero bytes: it was not written to its end; fetch it again."
    return _marked_up(head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1000])


def _marked_up(start: bytes) -> str | None:
    """The same of texts that are no table."""
    if re.match(rb"<!doctype html|<html|<head|<body|<script", start, re.IGNORECASE):
        return (
            "is a web page (HTML), perhaps one that asks to sign in or reports an error, not a "
            "table; download the file again."
        )
    if start.startswith((b"<?xml", b"<Error>", b"<kml")):
        return f"is XML, not a table; {_TABLE}."
    if re.match(rb"\[?\s*\{\s*[\"'}]", start):
        return f"is JSON, not a table; {_TABLE}."
    return None


def _kind_of_zip(head: bytes, name: str) -> tuple[str, str] | None:
    """A workbook is a zip archive too."""
    lower = name.lower()
    if b"xl/" in head or lower.endswith((".xlsx", ".xlsm", ".xlsb")):
        return "a workbook (Excel)", _CSV
    if b"opendocument.spreadsheet" in head or lower.endswith(".ods"):
        return "a workbook (OpenDocument)", _CSV
    if b"word/" in head or lower.endswith(".docx"):
        return "a text document (Word)", _CSV
    return None

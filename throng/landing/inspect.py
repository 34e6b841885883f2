"""Look at the landing folder before anything is built: what is there, and what is wrong with it.

SQL cannot list a folder or read the head of a file, so this runs as a function on the server,
which sees the same file system as the tables. Only heads and footers of files are read.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
from pyarrow import fs
from pyarrow import parquet as pq

from throng.landing.feeds import Feed, feeds_of

_HEAD_BYTES = 65_536
_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


class LandingError(Exception):
    """Something in the landing folder stops the build; the message says what to change."""


def inspect_landing(request: pa.Array) -> pa.Array:
    """Describe landing folders, one JSON answer for each JSON request.

    Args:
        request: JSON objects with landing_path and optionally event_columns and recharge_columns
            (our name -> the operator's), event_delimiter, event_header; null gives null.

    Returns:
        JSON objects: either {"problem": sentence} or {"problem": null, "tables": [...]} with, for
        each feed: name, location (a URI), folder (its path), format (csv or parquet; null where an
        optional feed has no rows), file_columns ([name, SQL type] in file order), columns ([our
        name, name in the files, SQL type], the last two null where the files have no such column)
        and files ([path in the folder, what changes whenever the file does]).
    """
    return pa.array(
        [None if text is None else _answer(json.loads(text)) for text in request.to_pylist()],
        pa.string(),
    )


def _answer(request: dict[str, Any]) -> str:
    """The answer to one request."""
    feeds = feeds_of(
        request.get("event_columns") or {},
        request.get("recharge_columns") or {},
        request.get("event_delimiter") or ",",
        request.get("event_header", True),
    )
    try:
        for feed in feeds:
            if feed.mapping_var:
                _check_mapping(feed)
        filesystem, root, prefix = _open_landing(request["landing_path"])
        tables = [_describe(filesystem, root, prefix, feed) for feed in feeds]
    except LandingError as error:
        return json.dumps({"problem": str(error)})
    except (OSError, pa.ArrowException) as error:
        return json.dumps({"problem": f"The landing folder cannot be read: {error}"})
    return json.dumps({"problem": None, "tables": tables})


def _check_mapping(feed: Feed) -> None:
    """Raise an error where the mapping of a feed makes no sense."""
    for ours, theirs in feed.mapping.items():
        if ours not in feed.columns:
            raise LandingError(
                f"The var {feed.mapping_var} maps '{ours}', which is no {feed.name[:-1]} column. "
                f"They are: {_listed(feed.columns)}."
            )
        if not isinstance(theirs, str):
            raise LandingError(
                f"The var {feed.mapping_var} maps {ours} to '{theirs}'; map it to the name of a "
                "column."
            )


def _open_landing(path: str) -> tuple[fs.FileSystem, PurePosixPath, str]:
    """The file system, the folder in it, and the URI prefix that Spark puts before a path."""
    advice = (
        "Set the var landing_path (or the environment variable THRONG_LANDING) to the folder that "
        "holds events/, cell_sites/ and areas/."
    )
    if "://" in path:
        # Hadoop's name for S3 is s3a; everybody else's is s3.
        filesystem, folder = fs.FileSystem.from_uri(path.replace("s3a://", "s3://", 1))
        prefix = path[: len(path) - len(folder)] if path.endswith(folder) else path[:6]
    else:
        filesystem, folder, prefix = fs.LocalFileSystem(), str(Path(path).resolve()), "file://"
    if filesystem.get_file_info(folder).type != fs.FileType.Directory:
        raise LandingError(f"The landing folder {folder} does not exist. {advice}")
    return filesystem, PurePosixPath(folder), prefix


def _describe(
    filesystem: fs.FileSystem, root: PurePosixPath, prefix: str, feed: Feed
) -> dict[str, Any]:
    """What there is of one feed."""
    folder = root / feed.name
    files = _visible_files(filesystem, folder)
    if not files and feed.is_optional:
        return _no_rows(feed)
    if not files:
        raise LandingError(
            f"The landing folder has no files in {feed.name}/ ({folder}). "
            f"Put the {feed.name.replace('_', ' ')} there as CSV, CSV.gz or Parquet."
        )
    heads = {str(file.relative_to(root)): _head(filesystem, file) for file in files}
    formats = {"parquet" if head[:4] == b"PAR1" else "csv" for head in heads.values() if head}
    if len(formats) > 1:
        raise LandingError(f"{feed.name}/ mixes CSV and Parquet files; keep one kind.")
    if not formats and feed.is_optional:
        return _no_rows(feed)
    if not formats:
        raise LandingError(f"All files in {feed.name}/ ({folder}) are empty.")
    file_format = formats.pop()
    if file_format == "parquet" and feed.is_csv_only:
        raise LandingError(
            f"{feed.name}/ holds Parquet files; put the feed there as CSV or CSV.gz."
        )
    if file_format == "parquet":
        file_columns = _parquet_columns(filesystem, root, files, feed)
    else:
        file_columns = [[name, "string"] for name in _csv_columns(heads, feed)]
    types = {name.lower(): sql_type for name, sql_type in file_columns}
    return {
        "name": feed.name,
        "location": f"{prefix}{folder}",
        "folder": str(folder),
        "format": file_format,
        "delimiter": feed.delimiter,
        "has_header": feed.has_header,
        "file_columns": file_columns,
        "columns": [
            [column, feed.name_in_files(column), types[feed.name_in_files(column).lower()]]
            if feed.name_in_files(column).lower() in types
            else [column, None, None]
            for column in feed.columns
        ],
        "files": [
            [str(PurePosixPath(info.path).relative_to(folder)), f"{info.mtime_ns} {info.size}"]
            for info in filesystem.get_file_info([str(file) for file in files])
        ],
    }


def _no_rows(feed: Feed) -> dict[str, Any]:
    """What is said of an optional feed that has not landed."""
    columns = [[column, None, None] for column in feed.columns]
    return {"name": feed.name, "format": None, "columns": columns, "files": []}


def _visible_files(filesystem: fs.FileSystem, folder: PurePosixPath) -> list[PurePosixPath]:
    """Files that Spark will read: all, at any depth, but names that begin with _ or a dot."""
    if filesystem.get_file_info(str(folder)).type != fs.FileType.Directory:
        return []
    found = filesystem.get_file_info(fs.FileSelector(str(folder), recursive=True))
    paths = [PurePosixPath(info.path) for info in found if info.type == fs.FileType.File]
    return sorted(
        path
        for path in paths
        if not any(part[0] in "._" for part in path.relative_to(folder).parts)
    )


def _head(filesystem: fs.FileSystem, file: PurePosixPath) -> bytes:
    """The first bytes of the file's content, unpacked where it is gzip."""
    with filesystem.open_input_file(str(file)) as stream:
        head = stream.read(_HEAD_BYTES)
    is_gzip = head[:2] == b"\x1f\x8b"
    if is_gzip != (file.suffix == ".gz"):
        kind = "is packed with gzip" if is_gzip else "is not packed with gzip"
        raise LandingError(f"{file} {kind} but its name says otherwise; rename it.")
    if is_gzip:
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, _HEAD_BYTES)
        except zlib.error as error:
            raise LandingError(f"{file} cannot be unpacked ({error}); replace it.") from None
    return head


def _csv_columns(heads: Mapping[str, bytes], feed: Feed) -> list[str]:
    """The one list of column names that all CSV files of the feed share."""
    first_file, columns = None, None
    for file, head in heads.items():
        if not head:
            continue
        names = next(csv.reader([_first_line(file, head)], delimiter=feed.delimiter), [])
        # A line that ends in a delimiter names its last column with nothing.
        names = [
            name.strip() if feed.has_header and name.strip() else f"column_{position}"
            for position, name in enumerate(names, start=1)
        ]
        if columns is None:
            first_file, columns = file, names
            _require_columns(feed, file, names, _first_line(file, head))
        elif [name.lower() for name in names] != [name.lower() for name in columns]:
            _require_columns(feed, file, names, _first_line(file, head))
            raise LandingError(
                f"{file} has the columns {_listed(names)}, but {first_file} has "
                f"{_listed(columns)}. CSV files of one folder need the same columns in the same "
                "order."
            )
    return columns or []


def _first_line(file: str, head: bytes) -> str:
    """The first line of a file as text."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head:
        raise LandingError(
            f"{file} is not UTF-8 text (it looks like UTF-16). Convert it: "
            "iconv -f UTF-16 -t UTF-8."
        )
    # The head may end within a character.
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode("utf-8-sig")
            break
        except UnicodeDecodeError:
            continue
    else:
        raise LandingError(
            f"{file} is not UTF-8 text (perhaps Latin-1). Convert it: iconv -f LATIN1 -t UTF-8."
        )
    return io.StringIO(text).readline().rstrip("\r\n")


def _require_columns(feed: Feed, file: str, names: list[str], first_line: str) -> None:
    """Raise an error where a file lacks a column that its feed needs."""
    known = {name.lower() for name in names}
    if feed.is_csv_only and not feed.has_header and len(names) != len(feed.columns):
        raise LandingError(
            f"{file} begins with a line of {len(names)} fields; {feed.name}/ has "
            f"{len(feed.columns)}, without a header: {', '.join(feed.columns)}."
        )
    if any("`" in name for name in names):
        raise LandingError(f"{file} has a column name with a backtick (`). Rename it.")
    if len(known) < len(names):
        raise LandingError(f"{file} names a column twice: {_listed(names)}. Rename one.")
    missing = [
        (column, feed.name_in_files(column))
        for column, required in feed.columns.items()
        # An optional column has to be there too once somebody has mapped it.
        if (required or column in feed.mapping) and feed.name_in_files(column).lower() not in known
    ]
    if not missing:
        return
    column, wanted = missing[0]
    for delimiter, spoken in _DELIMITERS.items():
        if delimiter == feed.delimiter:
            continue
        others = {part.strip().strip('"').lower() for part in first_line.split(delimiter)}
        if wanted.lower() in others and len(others) > 1:
            advice = (
                f"set the var event_delimiter to {json.dumps(delimiter)}"
                if feed.mapping_var
                else f"write it with '{feed.delimiter}'"
            )
            raise LandingError(
                f"{file} separates its columns by {spoken}, not by '{feed.delimiter}'; {advice}."
            )
    if any(re.search(r"\d{5}|\d[-:/]\d", name) for name in names):
        raise LandingError(
            f"{file} has no column '{wanted}'; its first line looks like data, not like names. "
            "If it has no header, set the var event_header to false and map column_1, column_2, "
            f"... in {feed.mapping_var or 'event_columns'}."
        )
    advice = (
        f"Map {column} to the right one in the var {feed.mapping_var}."
        if feed.mapping_var
        else "Rename the column in the file."
    )
    raise LandingError(f"{file} has no column '{wanted}'; it has {_listed(names)}. {advice}")


def _parquet_columns(
    filesystem: fs.FileSystem, root: PurePosixPath, files: list[PurePosixPath], feed: Feed
) -> list[list[str]]:
    """Name and SQL type of every column that any Parquet file of the feed has and we use."""
    wanted = {feed.name_in_files(column).lower() for column in feed.columns}
    identifiers = {feed.name_in_files(c).lower() for c in feed.columns if c.endswith("_id")}
    columns: dict[str, list[str]] = {}
    for file in files:
        name = str(file.relative_to(root))
        try:
            with filesystem.open_input_file(str(file)) as stream:
                schema = pq.read_schema(stream)
        except pa.ArrowInvalid as error:
            raise LandingError(f"{name} is not a whole Parquet file ({error}).") from None
        _require_columns(feed, name, schema.names, first_line="")
        for column in schema:
            if column.name.lower() not in wanted:
                continue
            sql_type = _sql_type(column.type)
            if sql_type is None:
                raise LandingError(
                    f"{name}: column {column.name} has the type {column.type}, which cannot be "
                    "read here; write it as text, a number or a timestamp without a zone."
                )
            if column.name.lower() in identifiers and pa.types.is_floating(column.type):
                raise LandingError(
                    f"{name}: column {column.name} holds identifiers as {column.type}, which loses "
                    "digits and leading zeros; write them as text."
                )
            known = columns.setdefault(column.name.lower(), [column.name, sql_type])
            if known[1] != sql_type:
                raise LandingError(
                    f"{name}: column {column.name} is {sql_type}, but {known[1]} in other files; "
                    "write it the same way in all."
                )
    return list(columns.values())


def _sql_type(arrow_type: pa.DataType) -> str | None:
    """Spark's name for the type of a Parquet column; None for what no event column can be."""
    if pa.types.is_dictionary(arrow_type):
        arrow_type = arrow_type.value_type
    if pa.types.is_timestamp(arrow_type):
        if arrow_type.tz:
            return None  # an instant, not the wall-clock time of the study country
        # Spark reads nanoseconds as a number (spark.sql.legacy.parquet.nanosAsLong).
        return "nanoseconds" if arrow_type.unit == "ns" else "timestamp_ntz"
    simple = {
        pa.string(): "string",
        pa.large_string(): "string",
        pa.int8(): "tinyint",
        pa.int16(): "smallint",
        pa.int32(): "int",
        pa.int64(): "bigint",
        pa.float32(): "float",
        pa.float64(): "double",
        pa.date32(): "date",
    }
    if pa.types.is_decimal(arrow_type):
        return f"decimal({arrow_type.precision}, {arrow_type.scale})"
    return simple.get(arrow_type)


def _listed(names: Iterable[str]) -> str:
    """Names for a message. What could be a value (a file without a header) shows its shape only."""
    shown = [
        name
        if re.fullmatch(r"[^\W\d][\w .-]{0,40}", name) and not re.search(r"\d{5}", name)
        else re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", name[:40]))
        for name in names
    ]
    return ", ".join(shown) or "none"

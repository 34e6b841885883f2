"""Look at the landing folder before anything is built: what is there, and what is wrong with it.

SQL cannot list a folder or read the head of a file, so this runs as a function on the server,
which sees the same file system as the tables. Only heads and footers of files are read; packed
files are unpacked to their end by inspect_packed, each of them once.
"""

from __future__ import annotations

import json
import zlib
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
from pyarrow import fs

from throng.landing.feeds import JOINED_BY, Feed, feeds_of
from throng.landing.files import Landing, open_landing, visible_files
from throng.landing.kinds import SUFFIXES, not_a_table, packing
from throng.landing.packed import head_unpacked
from throng.landing.parquets import Column, merge, read_columns
from throng.landing.problems import LandingError, listed, sentences
from throng.landing.texts import HEAD_BYTES, CsvHead, read_head


def inspect_landing(request: pa.Array) -> pa.Array:
    """Describe landing folders, one JSON answer for each JSON request.

    Args:
        request: JSON objects with landing_path and optionally event_columns, recharge_columns,
            cell_site_columns, area_columns and indicator_columns (our name -> that in the files),
            event_delimiter, event_header, study_timezone; null gives null.

    Returns:
        JSON objects with

        problems: sentences, all that are to be said; the build stops if there is one.
        tables: for each feed that can be read: name, location (a URI), folder (its path), format
            (csv or parquet; null where an optional feed has no rows), delimiter, has_header,
            file_columns ([name, SQL type] in file order), columns ([our name, name in the files,
            kind], the last two null where the files have no such column, and lists where it is
            joined of several), other_columns (names in the files of those that a feed has
            beside ours, where it may have any; CSV only) and files ([path in the folder, what
            changes whenever the file does]).
        packed: [path in the landing folder, what changes whenever the file does] of each packed
            file.
    """
    return pa.array(
        [None if text is None else _answer(json.loads(text)) for text in request.to_pylist()],
        pa.string(),
    )


def _answer(request: dict[str, Any]) -> str:
    """The answer to one request."""
    delimiter = request.get("event_delimiter")
    feeds = feeds_of(
        request.get("event_columns") or {},
        request.get("recharge_columns") or {},
        request.get("cell_site_columns") or {},
        request.get("area_columns") or {},
        request.get("indicator_columns") or {},
        "\t" if delimiter == "\\t" else delimiter or None,
        request.get("event_header", True),
    )
    errors: list[LandingError] = []
    tables, packed = [], []
    try:
        for feed in feeds:
            if feed.mapping_var:
                _check_mapping(feed)
        landing = open_landing(request["landing_path"])
    except LandingError as error:
        return json.dumps({"problems": [str(error)], "tables": [], "packed": []})
    except (OSError, pa.ArrowException) as error:
        sentence = f"The landing folder cannot be read: {error}"
        return json.dumps({"problems": [sentence], "tables": [], "packed": []})
    for feed in feeds:
        inspection = _Inspection(landing, feed, request.get("study_timezone"))
        table = inspection.table()
        errors += inspection.errors
        packed += inspection.packed
        if table and not inspection.errors:
            tables.append(table)
    return json.dumps({"problems": sentences(errors), "tables": tables, "packed": packed})


def _check_mapping(feed: Feed) -> None:
    """Raise an error where the mapping of a feed makes no sense."""
    for ours, theirs in feed.mapping.items():
        if ours not in feed.columns:
            raise LandingError(
                f"The var {feed.mapping_var} maps '{ours}', which is no {feed.name[:-1]} column. "
                f"They are: {listed(feed.columns)}."
            )
        is_list = isinstance(theirs, list) and len(theirs) > 0
        if not isinstance(theirs, str) and not (
            is_list and all(isinstance(name, str) for name in theirs)
        ):
            raise LandingError(
                f"The var {feed.mapping_var} maps {ours} to '{theirs}'; map it to the name of a "
                "column."
            )
        if is_list and len(theirs) > 1 and ours not in JOINED_BY:
            raise LandingError(
                f"The var {feed.mapping_var} maps {ours} to several columns; only "
                f"{' and '.join(name for name in JOINED_BY if name in feed.columns)} may have "
                "several."
            )


class _Inspection:
    """Of one feed: what is in its folder, and all that is wrong with it."""

    def __init__(self, landing: Landing, feed: Feed, zone: str | None) -> None:
        self.landing, self.feed, self.zone = landing, feed, zone
        self.errors: list[LandingError] = []
        self.packed: list[list[str]] = []

    def table(self) -> dict[str, Any] | None:
        """What there is; None where nothing can be said because of errors."""
        try:
            return self._table()
        except LandingError as error:
            self.errors.append(error)
        except (OSError, pa.ArrowException) as error:
            folder = self.landing.root / self.feed.name
            self.errors.append(LandingError(f"{folder} cannot be read: {error}"))
        return None

    def _table(self) -> dict[str, Any] | None:
        feed, folder = self.feed, self.landing.root / self.feed.name
        infos = visible_files(self.landing, feed.name)
        if not infos and feed.is_optional:
            return self._no_rows()
        if not infos:
            raise LandingError(
                f"The landing folder has no files in {feed.name}/ ({folder}). "
                f"Put the {feed.name.replace('_', ' ')} there as CSV, CSV.gz or Parquet."
            )
        heads = {}
        for info in infos:
            name = str(PurePosixPath(info.path).relative_to(self.landing.root))
            try:
                heads[name] = self._head(name, info)
            except LandingError as error:
                self.errors.append(error)
        # A file of nothing but empty lines is empty, as far as its head shows all of it.
        heads = {n: head for n, head in heads.items() if head.strip() or len(head) >= HEAD_BYTES}
        if not heads and not self.errors and feed.is_optional:
            return self._no_rows()
        if not heads and not self.errors:
            raise LandingError(f"All files in {feed.name}/ ({folder}) are empty.")
        parquet = [name for name, head in heads.items() if head.startswith(b"PAR1")]
        texts = [name for name in heads if name not in parquet]
        if parquet and feed.is_csv_only:
            raise LandingError(
                f"{feed.name}/ holds Parquet files; put the feed there as CSV or CSV.gz."
            )
        if parquet and texts:
            raise LandingError(
                f"{feed.name}/ mixes CSV and Parquet files ({texts[0]} and {parquet[0]}); keep one "
                "kind."
            )
        described = (
            self._parquet_table(parquet)
            if parquet
            else self._csv_table({name: heads[name] for name in texts})
        )
        files = [
            [str(PurePosixPath(info.path).relative_to(folder)), _version(info)] for info in infos
        ]
        return {
            "name": feed.name,
            "location": f"{self.landing.prefix}{folder}",
            "folder": str(folder),
            "format": "parquet" if parquet else "csv",
            "files": files,
            **described,
        }

    def _no_rows(self) -> dict[str, Any]:
        """What is said of an optional feed that has not landed."""
        columns = [[column, None, None] for column in self.feed.columns]
        others = self._others([])
        return {"name": self.feed.name, "format": None, "columns": columns, "files": [], **others}

    def _others(self, names: list[str]) -> dict[str, list[str]]:
        """What is said of columns beside ours; nothing of a feed in which they have no meaning."""
        return {"other_columns": names} if self.feed.has_others else {}

    def _head(self, file: str, info: fs.FileInfo) -> bytes:
        """The first bytes of the file's content, unpacked where it is packed."""
        if not info.size:
            return b""  # Spark passes over it too
        try:
            with self.landing.filesystem.open_input_file(info.path) as stream:
                head = stream.read(HEAD_BYTES)
        except PermissionError:
            raise LandingError(
                "may not be read; let the user read it who runs the server (chmod a+r).", file
            ) from None
        except OSError as error:
            reason = " ".join(str(error).split())
            raise LandingError(f"cannot be read ({reason}).", file) from None
        kind, suffix = packing(head), PurePosixPath(file).suffix
        if reason := None if kind else not_a_table(head, file):
            raise LandingError(reason, file)
        if kind != suffix and (kind or suffix in SUFFIXES):
            raise LandingError(
                f"is packed, but its name does not end in {kind}; rename it."
                if kind
                else f"is not packed, but its name ends in {suffix}; rename it.",
                file,
            )
        if not kind:
            return head
        try:
            head = head_unpacked(head, HEAD_BYTES)
        except (zlib.error, OSError, ValueError) as error:
            raise LandingError(f"cannot be unpacked ({error}). Fetch it again.", file) from None
        self.packed.append([file, _version(info)])
        if head.startswith(b"PAR1"):
            raise LandingError(
                f"is a Parquet file that is packed once more; unpack it ({kind}).", file
            )
        if reason := not_a_table(head, file):
            raise LandingError(reason, file)
        return head

    def _csv_table(self, heads: dict[str, bytes]) -> dict[str, Any]:
        """The one list of columns that all CSV files of the feed share."""
        first: CsvHead | None = None
        for file, head in heads.items():
            try:
                found = read_head(self.feed, file, head)
                first = first or found
                _check_like(first, found)
            except LandingError as error:
                self.errors.append(error)
        known = first.known if first else {}
        names = first.sql_names if first else []
        ours = {name for column in self.feed.columns for name in self.feed.sources(column, known)}
        return {
            "delimiter": first.delimiter if first else ",",
            "has_header": self.feed.has_names,
            "file_columns": [[name, "string"] for name in names],
            "columns": [
                self._column(ours, dict.fromkeys(known.values(), "string"), known)
                for ours in self.feed.columns
            ],
            **self._others([name for name in names if name not in ours]),
        }

    def _parquet_table(self, files: list[str]) -> dict[str, Any]:
        """Every column that any Parquet file of the feed has and we use."""
        columns: dict[str, Column] = {}
        for file in files:
            try:
                path = str(self.landing.root / file)
                with self.landing.filesystem.open_input_file(path) as stream:
                    merge(columns, file, read_columns(self.feed, file, stream, self.zone))
            except LandingError as error:
                self.errors.append(error)
        columns = {name: one for name, one in columns.items() if one.kind != "nothing"}
        kinds = {column.name: column.kind for column in columns.values()}
        known = {name: column.name for name, column in columns.items()}
        return {
            "file_columns": [[column.name, column.sql_type] for column in columns.values()],
            "columns": [self._column(ours, kinds, known) for ours in self.feed.columns],
        }

    def _column(self, ours: str, kinds: dict[str, str], known: dict[str, str]) -> list[Any]:
        """Our column, what it is called in the files, and what its values are."""
        sources = self.feed.sources(ours, known)
        if not sources:
            return [ours, None, None]
        if len(sources) == 1:
            return [ours, sources[0], kinds[sources[0]]]
        return [ours, sources, [kinds[source] for source in sources]]


def _check_like(first: CsvHead, found: CsvHead) -> None:
    """Raise an error where a CSV file cannot be read as the first one of its folder is."""
    same = "CSV files of one folder need the same columns in the same order."
    if found.delimiter != first.delimiter:
        raise LandingError(
            f"separates its columns by {found.spoken}, but {first.file} by {first.spoken}; write "
            "both the same way.",
            found.file,
        )
    if [name.lower() for name in found.names] != [name.lower() for name in first.names]:
        raise LandingError(
            f"has the columns {listed(found.names)}, but {first.file} has {listed(first.names)}. "
            f"{same}",
            found.file,
        )


def _version(info: fs.FileInfo) -> str:
    """What changes whenever a file does."""
    return f"{info.mtime_ns} {info.size}"

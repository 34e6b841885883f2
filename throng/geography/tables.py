"""Rows of CSV files and workbooks as text, each with its number in the file."""

from __future__ import annotations

import contextlib
import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from throng.geography.problems import GeographyError, Remark, named

#: Delimiters by how little else they are used for: the first of equals is taken.
DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}
WORKBOOKS = {".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"}
#: Lines that a delimiter is guessed from.
_SAMPLE = 50
#: Longer fields are no fields: a quotation mark that is not closed swallows what follows.
_LONGEST_FIELD = 1_000_000


@dataclass
class Table:
    """A table that is read once, row by row.

    Attributes:
        file: its name.
        columns: their names; column_1, column_2, ... without a header.
        rows: number in the file and values, as they are written.
        said: how it was read, in a few words.
        malformed: rows that have not as many values as there are columns; filled by reading.
    """

    file: str
    columns: list[str]
    rows: Iterator[tuple[int, list[str]]]
    said: str
    malformed: list[Remark] = field(default_factory=list)


@contextlib.contextmanager
def open_table(
    path: Path,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    has_header: bool = True,
    sheet: str | None = None,
) -> Iterator[Table]:
    """A CSV file (perhaps packed by gzip) or a sheet of a workbook.

    Args:
        path: the file.
        delimiter: of CSV; guessed where none is given.
        encoding: of CSV; UTF-8, or what a byte order mark says, where none is given.
        has_header: whether the first row has the names of columns.
        sheet: of a workbook with several.

    Raises:
        GeographyError: it cannot be read.
    """
    if path.suffix.lower() in WORKBOOKS:
        yield _workbook(path, has_header, sheet)
        return
    with _text(path, encoding) as text:
        with _plain_errors(path, encoding):
            table = _csv(path, text, delimiter, has_header)
        table.rows = _with_plain_errors(table.rows, path, encoding)
        yield table


@contextlib.contextmanager
def _plain_errors(path: Path, encoding: str | None) -> Iterator[None]:
    """Say in a sentence why a file cannot be read, or not read further."""
    try:
        yield
    except UnicodeError:
        raise GeographyError(
            f"{path.name} is not {encoding or 'UTF-8'} text. Say what it is by --encoding, for "
            "example --encoding cp1252 (Windows) or --encoding utf-16."
        ) from None
    except csv.Error as error:
        raise GeographyError(f"{path.name} cannot be read as CSV: {error}.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise GeographyError(
            f"{path.name} cannot be unpacked: it is cut off or no gzip file. Fetch it again."
        ) from None


def _with_plain_errors(
    rows: Iterator[tuple[int, list[str]]], path: Path, encoding: str | None
) -> Iterator[tuple[int, list[str]]]:
    with _plain_errors(path, encoding):
        yield from rows


@contextlib.contextmanager
def _text(path: Path, encoding: str | None) -> Iterator[TextIO]:
    """A file as text, whichever ends of lines it has."""
    with path.open("rb") as file:
        head = file.read(4)
    if head[:2] == b"PK" or head == b"\xd0\xcf\x11\xe0":
        raise GeographyError(
            f"{path.name} is a workbook or an archive, not text. Name it .xlsx or .xls if it is a "
            "workbook; unpack it otherwise."
        )
    opener = gzip.open if head[:2] == b"\x1f\x8b" else open
    if encoding is None:
        is_wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
        encoding = "utf-16" if is_wide else "utf-8-sig"
    try:
        with opener(path, "rt", encoding=encoding, newline="") as text:
            yield text
    except LookupError:
        raise GeographyError(f"--encoding: there is no encoding '{encoding}'.") from None


def _csv(path: Path, text: TextIO, delimiter: str | None, has_header: bool) -> Table:
    csv.field_size_limit(_LONGEST_FIELD)
    lines = _lines(text)
    sample = list(islice(lines, _SAMPLE))
    if not any(line.strip() for line in sample):
        raise GeographyError(f"{path.name} is empty.")
    chosen = delimiter or guessed_delimiter(sample)
    if chosen is None:
        raise GeographyError(
            f"{path.name} has one column, whether parted by comma, semicolon, tab or bar. Say what "
            "parts its columns by --delimiter."
        )
    reader = csv.reader(_chained(sample, lines), delimiter=chosen)
    first = next(row for row in reader if row)
    name = DELIMITERS.get(chosen, f"'{chosen}'")
    said = f"columns parted by {name}" + ("" if delimiter else " (guessed)")
    numbered = _numbered(reader)
    return _table(path, first, reader.line_num, numbered, has_header, said)


def guessed_delimiter(lines: list[str]) -> str | None:
    """What parts the columns of these lines: what parts most of them like the first, most often."""
    best, found = (0.0, 1), None
    for delimiter in DELIMITERS:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        width = len(rows[0])
        score = (round(sum(len(row) == width for row in rows) / len(rows), 1), width)
        if width > 1 and score > best:
            best, found = score, delimiter
    return found


def _lines(text: TextIO) -> Iterator[str]:
    """Lines, ended by LF, CRLF or CR alone."""
    for line in text:
        if "\0" in line:
            raise csv.Error("it has bytes that no text has")
        yield from line.splitlines(keepends=True) if "\r" in line[:-2] else [line]


def _chained(sample: list[str], rest: Iterator[str]) -> Iterator[str]:
    yield from sample
    yield from rest


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401 - csv has no name for it
    """Rows with the number of the line on which each begins."""
    end = reader.line_num
    for row in reader:
        begin, end = end + 1, reader.line_num
        if row:
            yield begin, row


def _workbook(path: Path, has_header: bool, sheet: str | None) -> Table:
    # Not at the top: whoever imports boundaries needs no workbooks.
    import python_calamine

    try:
        workbook = python_calamine.CalamineWorkbook.from_path(path)
        chosen = _sheet_of(path, workbook.sheet_names, sheet)
        cells = workbook.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, OSError) as error:
        raise GeographyError(f"{path.name} cannot be read as a workbook: {error}.") from None
    rows = [
        (number, [_written(value) for value in row])
        for number, row in enumerate(cells, start=1)
        if any(value != "" for value in row)
    ]
    if not rows:
        raise GeographyError(f"{path.name} is empty.")
    (number, first), *rest = rows
    return _table(path, first, number, iter(rest), has_header, f"sheet {chosen}")


def _sheet_of(path: Path, names: list[str], sheet: str | None) -> str:
    """The sheet to read: the one there is, or the one that is named."""
    if sheet is None and len(names) != 1:
        raise GeographyError(
            f"{path.name} has several sheets: {named(names)}. Name one by --layer."
        )
    if sheet is not None and sheet not in names:
        raise GeographyError(f"{path.name} has no sheet '{sheet}'; it has {named(names)}.")
    return sheet or names[0]


def _written(value: object) -> str:
    """A value of a workbook as text: whole numbers without .0, dates as ISO 8601."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        midnight = value.time() == datetime.min.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _table(
    path: Path,
    first: list[str],
    number: int,
    rest: Iterator[tuple[int, list[str]]],
    has_header: bool,
    said: str,
) -> Table:
    """A table of a first row and the rest."""
    if has_header:
        columns = [name.strip() for name in first]
    else:
        columns = [f"column_{position}" for position in range(1, len(first) + 1)]
    table = Table(path.name, columns, iter(()), said)
    table.rows = _well_formed(table, rest if has_header else _with(first, number, rest))
    return table


def _with(
    first: list[str], number: int, rest: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    yield number, first
    yield from rest


def _well_formed(
    table: Table, rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    """Rows with a value for each column; the others are remarked on."""
    width = len(table.columns)
    for number, row in rows:
        if any("\n" in value or "\r" in value for value in row):
            text = "a quotation mark is not closed, or a value has several lines"
            table.malformed.append(Remark(table.file, number, text))
        elif len(row) != width:
            text = f"has {len(row)} values for {width} columns"
            table.malformed.append(Remark(table.file, number, text))
        else:
            yield number, row

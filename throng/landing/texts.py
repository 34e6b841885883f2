"""The first lines of CSV files: what is between their columns, and what these are called."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from throng.landing.feeds import Feed, key
from throng.landing.problems import LandingError, listed

HEAD_BYTES = 65_536
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# A line of names is not a line of values: those have numbers and dates in them.
_VALUE = re.compile(r"[-+]?\d+([.,]\d+)?|.*(\d{5}|\d[-:/]\d).*")
_NUMBER = re.compile(r"\s*[-+]?\d+([.,]\d+)?\s*")
# Names that the external table needs for itself.
_RESERVED = {"_malformed_row", "_metadata"}


@dataclass(frozen=True)
class CsvHead:
    """How a CSV file is to be read.

    Attributes:
        file: path in the landing folder.
        delimiter: between its columns.
        names: of its columns, as they are written; column_1, column_2, ... where they have none.
    """

    file: str
    delimiter: str
    names: list[str]

    @property
    def spoken(self) -> str:
        """Its delimiter in a sentence."""
        return DELIMITERS.get(self.delimiter, f"'{self.delimiter}'")

    @property
    def sql_names(self) -> list[str]:
        """Names that differ from each other: a second of the same name is called by its place."""
        taken, named = set(_RESERVED), []
        for position, name in enumerate(self.names, start=1):
            while name.lower() in taken:
                name = f"column_{position}" if f"column_{position}" not in taken else f"{name}_"
            taken.add(name.lower())
            named.append(name)
        return named

    @property
    def known(self) -> dict[str, str]:
        """Key of each name -> what it is called in SQL."""
        known: dict[str, str] = {}
        for name, sql_name in zip(self.names, self.sql_names, strict=True):
            known.setdefault(key(name), sql_name)
        return known


def read_head(feed: Feed, file: str, head: bytes) -> CsvHead:
    """How a file that begins with these bytes is to be read.

    Raises:
        LandingError: it cannot be read.
    """
    lines = _lines(file, head)
    if not lines:
        raise LandingError(f"begins with {HEAD_BYTES:,} bytes of empty lines. Write it anew.", file)
    delimiter = _delimiter(feed, file, lines)
    names = _names(feed, lines[0], delimiter)
    _require(feed, CsvHead(file, delimiter, names), lines)
    return CsvHead(file, delimiter, names)


def _lines(file: str, head: bytes) -> list[str]:
    """The lines of the head that are not empty, without a last one that may be cut."""
    text = _decoded(file, head)
    lines = re.split("\r\n|\n|\r", text)  # as Hadoop does; str.splitlines knows more line ends
    if len(head) >= HEAD_BYTES:
        if len(lines) == 1:
            raise LandingError(
                f"has a first line of more than {HEAD_BYTES:,} bytes: this is no CSV file with one "
                "row a line. Write it anew.",
                file,
            )
        lines.pop()
    return [line for line in lines if line.strip()]


def _decoded(file: str, head: bytes) -> str:
    """The head as text."""
    advice = "-t UTF-8 FILE > NEW_FILE"
    zeros = head.count(b"\0")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or zeros > len(head) / 5:
        raise LandingError(
            "is not UTF-8 text (it looks like UTF-16). Convert it: "
            f"iconv -f UTF-16 {advice} (or save it as CSV UTF-8).",
            file,
        )
    # The head may end within a character.
    for cut in range(4 if len(head) >= HEAD_BYTES else 1):
        try:
            text = head[: len(head) - cut].decode("utf-8-sig")
            break
        except UnicodeDecodeError:
            continue
    else:
        raise LandingError(
            f"is not UTF-8 text (perhaps Latin-1). Convert it: iconv -f LATIN1 {advice} "
            "(or save it as CSV UTF-8).",
            file,
        )
    if "\0" in re.split("[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]:
        raise LandingError(
            "has zero bytes in its first line: it is no text, or broken. Fetch it again.", file
        )
    return text


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def _names(feed: Feed, line: str, delimiter: str) -> list[str]:
    """The names of the columns; a column without one has that of its place.

    A line that ends in a delimiter names its last column with nothing.
    """
    return [
        name.strip() if feed.has_names and name.strip() else f"column_{position}"
        for position, name in enumerate(_fields(line, delimiter), start=1)
    ]


def _missing(feed: Feed, head: CsvHead) -> list[str]:
    """Which of our columns a file lacks."""
    known = head.known
    return [column for column in feed.wanted if not feed.sources(column, known)]


def _delimiter(feed: Feed, file: str, lines: list[str]) -> str:
    """What separates the columns of a file: as said, or with what all that are wanted are found."""
    if feed.delimiter:
        return feed.delimiter
    fitting = [one for one in DELIMITERS if _fits(feed, lines, one)]
    if len(fitting) > 1 and not feed.has_names:
        spoken = " or ".join(DELIMITERS[one] for one in fitting)
        advice = (
            f"Set the var {feed.delimiter_var}, such as {feed.delimiter_var}: "
            f"{_quoted(fitting[0])}."
            if feed.delimiter_var
            else f"Put a line of names on top of it: {', '.join(feed.wanted)}."
        )
        raise LandingError(f"may be separated by {spoken}, and does not say which. {advice}", file)
    if fitting:
        return fitting[0]

    def found(delimiter: str) -> tuple[int, int]:
        names = _names(feed, lines[0], delimiter)
        return -len(_missing(feed, CsvHead(file, delimiter, names))), len(names)

    return max(DELIMITERS, key=found)  # the first of equals: a comma


def _fits(feed: Feed, lines: list[str], delimiter: str) -> bool:
    """Whether all columns that are wanted are found with this delimiter."""
    names = _names(feed, lines[0], delimiter)
    if len(names) < 2 or _missing(feed, CsvHead("", delimiter, names)):
        return False
    if feed.has_names:
        return True
    # Without names the rows must be alike, and coordinates numbers.
    rows = [_fields(line, delimiter) for line in lines[:20]]
    if any(len(row) != len(names) for row in rows):
        return False
    places = [
        names.index(part)
        for column in ("longitude", "latitude")
        if column in feed.wanted
        for part in feed.parts(column)
    ]
    return all(_NUMBER.fullmatch(row[place]) for row in rows for place in places)


def _require(feed: Feed, head: CsvHead, lines: list[str]) -> None:
    """Raise an error where a file lacks a column that its feed needs."""
    file, names = head.file, head.names
    if feed.is_csv_only and not feed.has_header and len(names) != len(feed.columns):
        raise LandingError(
            f"begins with a line of {len(names)} fields; {feed.name}/ has {len(feed.columns)}, "
            f"without a header: {', '.join(feed.columns)}.",
            file,
        )
    require_columns(feed, file, names, head.known, lambda: _why_missing(feed, head, lines))


def require_columns(
    feed: Feed,
    file: str,
    names: list[str],
    known: Mapping[str, str],
    why: Callable[[], str | None] = lambda: None,
) -> None:
    """Raise an error where a file lacks columns that its feed needs, or has two of one name.

    Args:
        feed: of the file.
        file: path in the landing folder.
        names: of its columns.
        known: key of each name -> what it is called in SQL.
        why: what is wrong with a file of text in which a column is missing, if that can be seen.

    Raises:
        LandingError: such a column.
    """
    spelled = [key(name) for name in names]
    for column in feed.wanted:
        for part in feed.parts(column):
            if spelled.count(key(part)) > 1:
                raise LandingError(
                    f"names a column twice: {listed(names)}. Rename one of those that are called "
                    f"'{part}'.",
                    file,
                )
    missing = [column for column in feed.wanted if not feed.sources(column, known)]
    if not missing:
        return
    if reason := why():
        raise LandingError(reason, file)
    wanted = [p for c in missing for p in feed.parts(c) if key(p) not in known]
    columns = "no column" if len(wanted) == 1 else "no columns"
    quoted = " and ".join(f"'{name}'" for name in wanted)
    if not feed.has_names:
        raise LandingError(
            f"has {columns} {quoted}; it has {len(names)} columns without names. Say which is "
            f"which in the var {feed.mapping_var}, as in {feed.mapping_var}: {_by_position(feed)}.",
            file,
        )
    advice = (
        f"Say what it is called in the var {feed.mapping_var}, as in {feed.mapping_var}: "
        f"{{{missing[0]}: name_in_the_file}}."
        if feed.mapping_var
        else "Rename the column in the file."
    )
    raise LandingError(f"has {columns} {quoted}; it has {listed(names)}. {advice}", file)


def _why_missing(feed: Feed, head: CsvHead, lines: list[str]) -> str | None:
    """Why columns are missing: another delimiter, lines above the names, or no names at all."""
    if not feed.has_names:
        others = [one for one in DELIMITERS if one != head.delimiter and _fits(feed, lines, one)]
        return _delimited_otherwise(feed, head, others[0]) if others else None
    for delimiter in DELIMITERS:
        if delimiter != head.delimiter and _fits(feed, lines, delimiter):
            return _delimited_otherwise(feed, head, delimiter)
    for number in range(1, min(len(lines), 30)):
        for delimiter in [feed.delimiter] if feed.delimiter else DELIMITERS:
            if _fits(feed, lines[number:], delimiter):
                return (
                    "has other lines above the line of names; delete the first "
                    f"{'line' if number == 1 else f'{number} lines'} (empty ones do no harm)."
                )
    if any(_VALUE.fullmatch(name) for name in head.names):
        wanted = ", ".join(feed.parts(name)[0] for name in feed.wanted)
        advice = (
            f"or say which column is which in the var {feed.mapping_var}, as in "
            f"{feed.mapping_var}: {_by_position(feed)}."
            if feed.mapping_var
            else "as the service writes it."
        )
        return (
            f"has no column '{_first_missing(feed, head)}'; its first line looks like data, not "
            f"like names. Put a line of names on top ({wanted}), {advice}"
        )
    return None


def _by_position(feed: Feed) -> str:
    """A mapping of all columns that are wanted, as YAML has it."""
    columns = [f"{name}: column_{n}" for n, name in enumerate(feed.wanted, start=1)]
    return f"{{{', '.join(columns)}}}"


def _first_missing(feed: Feed, head: CsvHead) -> str:
    column = _missing(feed, head)[0]
    return next(part for part in feed.parts(column) if key(part) not in head.known)


def _delimited_otherwise(feed: Feed, head: CsvHead, delimiter: str) -> str:
    return (
        f"separates its columns by {DELIMITERS[delimiter]}, not by '{head.delimiter}'; set the "
        f"var {feed.delimiter_var} to {_quoted(delimiter)}, or leave it out: then it is found."
    )


def _quoted(delimiter: str) -> str:
    """A delimiter as YAML has it."""
    return '"\\t"' if delimiter == "\t" else f'"{delimiter}"'

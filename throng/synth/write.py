"""Event files, reference files and truth files, the same bytes each time.

Rows of CSV are laid out as records of fixed-width bytes from lookup tables and then lose their
padding, which is several times faster than formatting values one by one.
"""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from throng.landing.feeds import EVENT_COLUMNS
from throng.synth import dirt
from throng.synth.events import DIRECTIONS, EVENT_TYPES, STEPS, Events, durations, volumes
from throng.synth.network import DAY

#: Timestamps that no format reads.
UNPARSABLE = (
    b"2020-02-30 10:00:00",
    b"03/02/2020 1:00",
    b"n/a",
    b"2020-13-01 00:00:00",
    b"2020-02-03 25:61:00",
)
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
MICROSECONDS = 1_000_000
TRUTH_BATCH = 200_000

_RECORD = np.dtype(
    [
        ("subscriber", "S15"),
        ("date", "S11"),
        ("time", "S9"),
        ("cell", "S8"),
        ("code", "S9"),
        ("counterpart", "S15"),
        ("amount", "S10"),
    ]
)


def gzip_bytes(data: bytes) -> bytes:
    """One gzip member: fastest level, no name and no time in the header."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31, 9)
    return packer.compress(data) + packer.flush()


def micros(start: date, seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Seconds from the start of the study as microseconds since 1970, local time."""
    return (seconds + (start.toordinal() - EPOCH_ORDINAL) * DAY) * MICROSECONDS


def timestamp_array(start: date, seconds: NDArray[np.int64]) -> pa.Array:
    """Seconds from the start of the study as timestamps without zone."""
    return pa.Array.from_buffers(
        pa.timestamp("us"), len(seconds), [None, pa.py_buffer(micros(start, seconds))]
    )


def fixed_strings(
    table: NDArray[np.bytes_], rows: NDArray[np.integer], missing: NDArray[np.bool_] | None = None
) -> pa.Array:
    """table[rows] as strings; all of table must fill its width; null where missing."""
    width = table.dtype.itemsize
    if missing is None:
        offsets = np.arange(0, (len(rows) + 1) * width, width, dtype=np.int64)
        data = table[rows]
    else:
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(np.where(missing, 0, width), out=offsets[1:])
        data = table[rows[~missing]]
    validity = None
    if missing is not None:
        validity = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(
        pa.string(),
        len(rows),
        [validity, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data.tobytes())],
    )


def coded_strings(
    values: list[str] | tuple[str, ...],
    rows: NDArray[np.integer],
    missing: NDArray[np.bool_] | None = None,
) -> pa.Array:
    """values[rows] by dictionary, which the writer stores as plain strings of that encoding."""
    return pa.DictionaryArray.from_arrays(
        pa.array(rows.astype(np.int32), mask=missing), pa.array(list(values), pa.string())
    )


@dataclass(frozen=True)
class Written:
    """One event file: path relative to the events folder, rows, and its dirty rows.

    line: 1-based line of the uncompressed file, header included (Parquet: row number).
    """

    path: str
    rows: int
    line: NDArray[np.int64]
    flaw: NDArray[np.uint8]


class EventWriter:
    """Writes events as CSV.gz or Parquet into the events folder."""

    def __init__(
        self,
        folder: Path,
        format_name: str,
        start: date,
        days: int,
        ids: NDArray[np.bytes_],
        cell_ids: list[str],
        part_rows: int,
    ) -> None:
        self._folder = folder
        self._parquet = format_name == "parquet"
        self._start = start
        self._part_rows = part_rows
        self._ids = ids
        self._cells = [*cell_ids, *(f"c9{i:04d}" for i in range(dirt.UNKNOWN_CELLS))]
        self._duration, self._volume = durations(), volumes()
        self._amount_base = np.array([0, 0, STEPS, STEPS, STEPS + 1])
        if self._parquet:
            return
        low = -dirt.FARTHEST_DAY
        self._date_offset = -low
        self._dates = np.array(
            [
                f"{start + timedelta(days=d)} ".encode()
                for d in range(low, days + dirt.FARTHEST_DAY)
            ],
            dtype="S11",
        )
        self._times = np.array(
            [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d},".encode() for s in range(DAY)],
            dtype="S9",
        )
        # The last entry serves index -1: no counterpart.
        self._id_fields = np.concatenate([np.char.add(ids, b","), np.array([b","])]).astype("S15")
        self._cell_fields = np.array([f"{cell},".encode() for cell in self._cells], dtype="S8")
        self._code_fields = np.array(
            [f"{t},{d},".encode() for t, d in zip(EVENT_TYPES, DIRECTIONS, strict=True)], dtype="S9"
        )
        self._amounts = np.array(
            [
                *(f"{v},\n".encode() for v in self._duration.tolist()),
                b",\n",
                *(f",{v:.3f}\n".encode() for v in self._volume.tolist()),
            ],
            dtype="S10",
        )

    def write(self, stem: str, events: Events) -> list[Written]:
        """Write rows in file order, in parts where they are many; stem is the path so far."""
        suffix = ".parquet" if self._parquet else ".csv.gz"
        n_parts = max(1, -(-len(events) // self._part_rows))
        cuts = np.linspace(0, len(events), n_parts + 1).astype(np.int64)
        done = []
        for number, (first, last) in enumerate(itertools.pairwise(cuts)):
            name = stem + (f".part-{number + 1:03d}" if n_parts > 1 else "") + suffix
            part = events.take(slice(first, last))
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if self._parquet:
                self._write_parquet(path, part)
            else:
                path.write_bytes(gzip_bytes(self._lines(part)))
            dirty = np.flatnonzero(part.flaw)
            line = dirty + (1 if self._parquet else 2)
            done.append(Written(name, len(part), line, part.flaw[dirty]))
        return done

    def _lines(self, events: Events) -> bytes:
        """The CSV text with its header."""
        record = np.empty(len(events), dtype=_RECORD)
        record["subscriber"] = self._id_fields[events.subscriber]
        record["date"] = self._dates[events.day + self._date_offset]
        record["time"] = self._times[events.second]
        record["cell"] = self._cell_fields[events.cell]
        record["code"] = self._code_fields[events.code]
        record["counterpart"] = self._id_fields[events.counterpart]
        record["amount"] = self._amounts[self._step_of(events)]
        if events.flaw.any():
            self._spoil(record, events)
        text = record.tobytes().translate(None, b"\0")
        return ",".join(EVENT_COLUMNS).encode() + b"\n" + text

    def _step_of(self, events: Events) -> NDArray[np.int64]:
        """Index into the amounts: durations, then nothing (texts), then volumes."""
        step = events.amount.astype(np.int64)
        step[(events.code >> 1) == 1] = 0
        step += self._amount_base[events.code]
        return step

    def _spoil(self, record: NDArray[np.void], events: Events) -> None:
        """Write the flaws into the records."""

        def rows(flaw: int) -> NDArray[np.int64]:
            return np.flatnonzero(events.flaw == flaw)

        record["subscriber"][rows(dirt.MISSING_SUBSCRIBER)] = b","
        record["cell"][rows(dirt.MISSING_CELL)] = b","
        missing = rows(dirt.MISSING_TIME)
        record["date"][missing] = b""
        record["time"][missing] = b","
        for row in rows(dirt.UNPARSABLE_TIME).tolist():
            text = UNPARSABLE[int(events.second[row]) % len(UNPARSABLE)] + b","
            record["date"][row], record["time"][row] = text[:11], text[11:]
        names = record.dtype.names or ()
        for row in rows(dirt.MALFORMED_ROW).tolist():
            # The line ends after two to four of its eight fields.
            last = ("time", "cell", "code")[int(events.second[row]) % 3]
            record[last][row] = bytes(record[last][row]).split(b",")[0] + b"\n"
            for name in names[names.index(last) + 1 :]:
                record[name][row] = b""

    def _write_parquet(self, path: Path, events: Events) -> None:
        """One row group of plain strings, a timestamp without zone, and numbers."""
        flaw = events.flaw
        data = events.code == EVENT_TYPES.index("data")
        call = events.code < EVENT_TYPES.index("text")
        # A missing id is a null or an empty string: both are found in the wild.
        null = events.second % 2 == 0
        subscriber = fixed_strings(self._ids, events.subscriber)
        lost = flaw == dirt.MISSING_SUBSCRIBER
        if lost.any():
            subscriber = _without(subscriber, lost, null)
        cells = [*self._cells, ""]
        no_cell = flaw == dirt.MISSING_CELL
        cell = np.where(no_cell, len(cells) - 1, events.cell)
        when = micros(self._start, events.day.astype(np.int64) * DAY + events.second)
        no_time = flaw == dirt.MISSING_TIME
        amount = events.amount.astype(np.int64)
        table = pa.table(
            [
                subscriber,
                pa.array(when, mask=no_time).cast(pa.timestamp("us")),
                coded_strings(cells, cell, no_cell & null),
                coded_strings(("call", "text", "data"), events.code >> 1),
                coded_strings(("in", "out"), events.code & 1, data),
                fixed_strings(self._ids, events.counterpart, data),
                pa.array(self._duration[amount], mask=~call),
                pa.array(self._volume[amount], mask=~data),
            ],
            names=list(EVENT_COLUMNS),
        )
        with open_parquet(path, table.schema, ("cell_id", "event_type", "direction")) as writer:
            writer.write_table(table)


def _without(strings: pa.Array, lost: NDArray[np.bool_], null: NDArray[np.bool_]) -> pa.Array:
    """The strings with empty ones, or nulls, where they are lost."""
    values = strings.to_numpy(zero_copy_only=False)
    values[lost] = ""
    values[lost & null] = None
    return pa.array(values, pa.string())


def open_parquet(
    path: Path, schema: pa.Schema, by_dictionary: tuple[str, ...] = ()
) -> pq.ParquetWriter:
    """A writer of plain types: no Arrow schema in the file, so dictionaries read as strings."""
    return pq.ParquetWriter(
        path,
        schema,
        compression="snappy",
        use_dictionary=list(by_dictionary),
        store_schema=False,
        write_statistics=True,
    )


class TableFile:
    """A Parquet file that grows batch by batch; dictionary columns are stored as strings."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self.rows = 0

    def add(self, **columns: pa.Array) -> None:
        """Append rows; every call must bring the same columns."""
        table = pa.table(columns)
        self._waiting.append(table)
        self.rows += len(table)
        if sum(len(waiting) for waiting in self._waiting) >= TRUTH_BATCH:
            self._flush()

    def close(self) -> None:
        """Write what waits and close the file."""
        self._flush()
        if self._writer:
            self._writer.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        self._waiting = []
        if self._writer is None:
            coded = [f.name for f in table.schema if pa.types.is_dictionary(f.type)]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = open_parquet(self._path, table.schema, tuple(coded))
        self._writer.write_table(table)


def write_table(
    path: Path, columns: dict[str, list[object]], types: dict[str, pa.DataType]
) -> None:
    """A small reference table: CSV or Parquet by the name of the file; None is an empty field."""
    table = pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        with open_parquet(path, table.schema) as writer:
            writer.write_table(table)
        return
    lines = [",".join(columns)]
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        fields = ["" if value is None else str(value) for value in row]
        lines.append(",".join(f'"{f}"' if "," in f else f for f in fields))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")

"""Listeners of a music service: a feed of listening events and a list of customers.

The files are those of the listener profiles (docs/definitions.md): tracks.csv without a header,
cust.csv with one. Names and addresses are made up from word lists; nobody is real.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from throng.synth.folders import LISTENER_FOLDERS
from throng.synth.listener_settings import ListenerReport, ListenerSettings
from throng.synth.settings import SynthError

EVENTS_FILE = "listening_events/tracks.csv"
CUSTOMERS_FILE = "customers/cust.csv"
#: A hidden file in each folder: which settings made it, and how big its file is.
MARKER = ".synth-listeners"
CUSTOMER_COLUMNS = [
    "CustID",
    "Name",
    "Gender",
    "Address",
    "zip",
    "SignDate",
    "Status",
    "Level",
    "Campaign",
    "LinkedWithApps",
]
#: Share of each type of spoilt row; each type has at least one row where there are 1,000 or more.
DIRT = {
    "malformed_row": 0.0005,
    "missing_customer": 0.0005,
    "unparsable_time": 0.0005,
    "missing_track": 0.0005,
    "invalid_mobile": 0.0005,
    "duplicate": 0.002,
}
_CHUNK_ROWS = 1_000_000
# Relative weight of each hour of the day: nights are quiet, evenings loud.
_HOURS = np.array(
    [3, 2, 1, 1, 1, 2, 4, 7, 8, 7, 6, 6, 7, 7, 6, 6, 7, 9, 10, 11, 11, 10, 7, 5], dtype=float
)
_FIRST = ("Ada", "Ben", "Cleo", "Dan", "Edith", "Finn", "Grace", "Hugo", "Ines", "Jon", "Kim")
_LAST = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel", "Ivy", "Juniper")
_STREET = ("Quiet Brook", "Misty Hill", "Old Mill", "Round Meadow", "Silver Fox", "Windy Gate")
_KIND = ("Road", "Lane", "Way", "Path", "Court")


def generate_listeners(
    settings: ListenerSettings, landing: Path, force: bool = False
) -> ListenerReport:
    """Write listening_events/tracks.csv and customers/cust.csv into the landing folder.

    Reused if they are what these settings made. Everything else in the landing folder stays as it
    is.

    Raises:
        SynthError: the folders hold anything else, or with `force` anything that is not of an
            earlier run.
    """
    began = time.perf_counter()
    folders = [landing / name for name in LISTENER_FOLDERS]
    if not force and (found := _found(settings, landing)):
        return found
    for folder in folders:
        _check_free(folder, force)
    landing.mkdir(parents=True, exist_ok=True)
    unfinished = landing / ".unfinished-listeners"
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        for name in LISTENER_FOLDERS:
            (unfinished / name).mkdir(parents=True)
        rng = np.random.default_rng(settings.seed)
        zips = _write_customers(settings, rng, unfinished / CUSTOMERS_FILE)
        dirty = _write_events(settings, rng, zips, unfinished / EVENTS_FILE)
        report = ListenerReport(
            reused=False,
            events=settings.events,
            customers=settings.customers,
            dirty=dirty,
            bytes=sum((unfinished / file).stat().st_size for file in (EVENTS_FILE, CUSTOMERS_FILE)),
            seconds=0.0,
        )
        for file in (EVENTS_FILE, CUSTOMERS_FILE):
            _mark(settings, report, unfinished / file)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
            (unfinished / folder.name).rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return replace(report, seconds=time.perf_counter() - began)


def _mark(settings: ListenerSettings, report: ListenerReport, file: Path) -> None:
    """Beside a file, what it is of."""
    mark = {
        "settings": settings.as_json(),
        "report": asdict(report),
        "file": file.name,
        "bytes": file.stat().st_size,
    }
    (file.parent / MARKER).write_text(json.dumps(mark, indent=1) + "\n", encoding="utf-8")


def _marked(folder: Path) -> dict | None:
    """What the marker of a folder says, if the folder holds the file of that run and no other."""
    try:
        mark = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        sizes = {
            path.relative_to(folder).as_posix(): path.stat().st_size
            for path in folder.rglob("*")
            if path.is_file() and path.name != MARKER
        }
        return mark if sizes == {mark["file"]: mark["bytes"]} else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _found(settings: ListenerSettings, landing: Path) -> ListenerReport | None:
    """The report of a run with these settings, if its files and no others are there."""
    marks = [_marked(landing / name) for name in LISTENER_FOLDERS]
    if any(mark is None or mark["settings"] != settings.as_json() for mark in marks):
        return None
    return ListenerReport(**{**marks[0]["report"], "reused": True})


def _check_free(folder: Path, force: bool) -> None:
    """Refuse to write over what is not ours, or not said to be replaced."""
    is_empty = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if is_empty:
        return
    if _marked(folder) is None:
        raise SynthError(
            f"{folder} holds files that throng synth listeners did not write; "
            "move them away or choose another folder."
        )
    if not force:
        raise SynthError(
            f"{folder} holds listeners of other settings; choose another folder, or --force to "
            "replace them."
        )


def _write_customers(
    settings: ListenerSettings, rng: np.random.Generator, file: Path
) -> NDArray[np.int64]:
    """Write cust.csv; the zip of each customer."""
    n = settings.customers
    # Towns of unequal size, each with a prefix of its own and a hundred zips.
    prefixes = np.sort(rng.choice(np.arange(100, 1000), size=40, replace=False))
    weights = 1 / np.arange(1, 41)
    towns = rng.choice(prefixes, size=n, p=weights / weights.sum())
    zips = towns * 100 + rng.integers(0, 100, n)
    signed = np.datetime64(settings.start) - rng.integers(1, 1500, n).astype("timedelta64[D]")
    names = zip(rng.choice(_FIRST, n), rng.choice(_LAST, n), strict=True)
    addresses = zip(
        rng.integers(1, 99_999, n), rng.choice(_STREET, n), rng.choice(_KIND, n), strict=True
    )
    columns = (
        range(1, n + 1),  # 0 would be a placeholder
        (f'"{first} {last}"' for first, last in names),
        rng.integers(0, 2, n),
        (f'"{number} {street} {kind}"' for number, street, kind in addresses),
        zips,
        (f"{day:%m/%d/%Y}" for day in signed.astype(object)),
        (rng.random(n) < 0.85).astype(int),
        rng.choice(3, n, p=(0.6, 0.28, 0.12)),
        rng.choice(5, n, p=(0.3, 0.3, 0.1, 0.1, 0.2)),
        (rng.random(n) < 0.4).astype(int),
    )
    lines = [",".join(CUSTOMER_COLUMNS)]
    lines += [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return zips


def _write_events(
    settings: ListenerSettings, rng: np.random.Generator, zips: NDArray[np.int64], file: Path
) -> dict[str, int]:
    """Write tracks.csv in order of time; the number of spoilt rows by reason."""
    appetite = rng.lognormal(0.0, 0.5, settings.customers)
    listener_up_to = np.cumsum(appetite) / appetite.sum()
    hour_up_to = np.cumsum(_HOURS) / _HOURS.sum()
    counts = dict.fromkeys(DIRT, 0) if settings.dirt else {}
    written = 0
    with file.open("wb") as out:
        while written < settings.events:
            n = min(_CHUNK_ROWS, settings.events - written)
            # Chunk after chunk of the study, so that the file is in order of time.
            share = (written + np.sort(rng.random(n)) * n) / settings.events
            day = np.minimum((share * settings.days).astype(np.int64), settings.days - 1)
            hour = np.minimum(np.searchsorted(hour_up_to, rng.random(n), side="right"), 23)
            second = np.sort(day * 86_400 + hour * 3600 + rng.integers(0, 3600, n))
            who = np.searchsorted(listener_up_to, rng.random(n), side="right")
            who = np.minimum(who, settings.customers - 1)
            # A few tracks that everybody plays, and a long tail.
            track = np.minimum((rng.pareto(0.7, n) * 30).astype(np.int64), 49_999)
            is_away = rng.random(n) < 0.1
            listened = np.where(is_away, rng.permutation(zips[who]), zips[who])
            text = pc.cast(
                pa.array(np.datetime64(settings.start, "s") + second.astype("timedelta64[s]")),
                pa.string(),
            )
            columns = [
                pa.array(np.arange(written, written + n)).cast(pa.string()),
                pa.array(who + 1).cast(pa.string()),
                pa.array(track).cast(pa.string()),
                text,
                pa.array((rng.random(n) < 0.6).astype(np.int8)).cast(pa.string()),
                pa.array(listened).cast(pa.string()),
            ]
            lines = pc.binary_join_element_wise(*columns, ",")
            if settings.dirt:
                lines = _spoilt(rng, columns, lines, counts)
            out.write("\n".join(lines.to_pylist()).encode() + b"\n")
            written += n
    return counts


def _spoilt(
    rng: np.random.Generator, columns: list[pa.Array], lines: pa.Array, counts: dict[str, int]
) -> pa.Array:
    """The lines with some of them spoilt, each for one reason."""
    n = len(lines)
    wanted = {reason: max(int(share * n), 1 if n >= 1_000 else 0) for reason, share in DIRT.items()}
    chosen = rng.choice(np.arange(1, n), size=sum(wanted.values()), replace=False)
    result = lines.to_numpy(zero_copy_only=False).copy()
    first = 0
    rows_of: dict[str, NDArray[np.int64]] = {}
    for reason, size in wanted.items():
        rows_of[reason] = chosen[first : first + size]
        counts[reason] += size
        first += size
    texts = [column.to_numpy(zero_copy_only=False) for column in columns]
    wrong = {
        "missing_customer": (1, ""),
        "missing_track": (2, " "),
        "unparsable_time": (3, "2020-02-30 10:00:00"),
        "invalid_mobile": (4, "x"),
    }
    for reason, (position, value) in wrong.items():
        for row in rows_of[reason]:
            fields = [text[row] for text in texts]
            fields[position] = value
            result[row] = ",".join(fields)
    for row in rows_of["malformed_row"]:
        result[row] = ",".join(text[row] for text in texts[:4])
    # A copy of the line before as it was written; if that one is spoilt, it is no duplicate.
    spoilt = set(chosen.tolist())
    for row in rows_of["duplicate"]:
        source = next((r for r in range(row - 1, -1, -1) if r not in spoilt), None)
        if source is None:
            counts["duplicate"] -= 1
            continue
        result[row] = lines[source].as_py()
    return pa.array(result, pa.string())

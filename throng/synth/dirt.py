"""What goes wrong between a network and an analyst, on purpose and with a record of it.

At most one thing is wrong with a row, so that the number of rejected rows per file and reason is
known exactly. Late rows are not dirty: they are in order, only in a file of another day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from throng.synth.events import Events
from throng.synth.network import DAY
from throng.synth.settings import Settings

#: Reason of each flaw; the code of a flaw is its index here, 0 for a clean row.
REASONS = (
    "",
    "missing_subscriber",
    "missing_time",
    "unparsable_time",
    "outside_study",
    "missing_cell",
    "unknown_cell",
    "malformed_row",
    "duplicate",
)
(
    CLEAN,
    MISSING_SUBSCRIBER,
    MISSING_TIME,
    UNPARSABLE_TIME,
    OUTSIDE_STUDY,
    MISSING_CELL,
    UNKNOWN_CELL,
    MALFORMED_ROW,
    DUPLICATE,
) = range(len(REASONS))

#: Share of the rows of a day with each flaw.
SHARES = {
    MISSING_SUBSCRIBER: 0.0010,
    MISSING_TIME: 0.0010,
    UNPARSABLE_TIME: 0.0015,
    OUTSIDE_STUDY: 0.0015,
    MISSING_CELL: 0.0020,
    UNKNOWN_CELL: 0.0025,
    MALFORMED_ROW: 0.0010,
    DUPLICATE: 0.0030,
}
#: These need text: a Parquet file has no unparsable timestamps and no short lines.
TEXT_ONLY = (UNPARSABLE_TIME, MALFORMED_ROW)
#: Every seventh day, some rows come this many days late.
LATE_EVERY, LATE_OFFSET, LATE_SHARE, LATE_BY = 7, 3, 0.02, 4
#: Duplicates that come with the next day's file instead of the same one.
NEXT_DAY_SHARE = 0.3
#: Ids of cells that are in no table.
UNKNOWN_CELLS = 40
#: How far dates outside the study lie from it, in days.
FARTHEST_DAY = 400


@dataclass(frozen=True)
class Spoilt:
    """A day after the dirt: its own file's rows (unsorted), copies for tomorrow's, late rows."""

    rows: Events
    for_tomorrow: Events | None
    late: Events | None


def late_file_day(settings: Settings, day: int) -> int | None:
    """Day number in the name of the file with the late rows of a day; None if none are late."""
    if settings.dirt and day % LATE_EVERY == min(LATE_OFFSET, settings.days - 1):
        return day + LATE_BY
    return None


def spoil(settings: Settings, n_cells: int, day: int, clean: Events) -> Spoilt:
    """Spoil, double and delay some rows of a day. The clean events are changed in place."""
    rng = np.random.default_rng([settings.seed, 6, day])
    shares = {
        flaw: share
        for flaw, share in SHARES.items()
        if settings.format == "csv" or flaw not in TEXT_ONLY
    }
    late_share = LATE_SHARE if late_file_day(settings, day) is not None else 0.0
    counts = rng.binomial(len(clean), [*shares.values(), late_share])
    # One draw without replacement, cut into pieces: no row has two flaws.
    drawn = rng.choice(len(clean), min(int(counts.sum()), len(clean)), replace=False)
    pieces = np.split(drawn, np.cumsum(counts)[:-1])
    chosen = dict(zip(shares, pieces, strict=False))
    late_rows = pieces[-1]

    doubles = clean.take(chosen.pop(DUPLICATE))
    for flaw, rows in chosen.items():
        clean.flaw[rows] = flaw
    rows = chosen[OUTSIDE_STUDY]
    off = rng.integers(1, FARTHEST_DAY, len(rows))
    clean.day[rows] = np.where(rng.random(len(rows)) < 0.5, -off, settings.days - 1 + off)
    rows = chosen[UNKNOWN_CELL]
    clean.cell[rows] = n_cells + rng.integers(0, UNKNOWN_CELLS, len(rows))

    late = None
    if len(late_rows):
        late = clean.take(np.sort(late_rows))
        stays = np.ones(len(clean), dtype=bool)
        stays[late_rows] = False
        clean = clean.take(np.flatnonzero(stays))

    # A copy stands after its original: that is what makes it the duplicate.
    doubles.flaw[:] = DUPLICATE
    delay = rng.integers(0, 900, len(doubles))
    doubles.place_in_file = np.minimum(doubles.second + delay, DAY - 1).astype(np.int32)
    tomorrow = rng.random(len(doubles)) < (NEXT_DAY_SHARE if day < settings.days - 1 else 0.0)
    carried = doubles.take(np.flatnonzero(tomorrow))
    carried.place_in_file = rng.integers(0, 6 * 3600, len(carried)).astype(np.int32)
    doubles = doubles.take(np.flatnonzero(~tomorrow))
    return Spoilt(
        rows=Events.concat([clean, doubles]),
        for_tomorrow=carried if len(carried) else None,
        late=late,
    )

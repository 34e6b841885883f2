"""Every mobility mart a second time, in DuckDB, written from the definitions alone.

Nothing here is shared with the dbt project and nothing is fast on purpose: the events of the whole
study are exploded to every area level (table ``seen``) and each mart is one query over that table.
Where the pipeline groups first and joins later, this joins events to events. Two programs that
agree although they work differently are unlikely to be wrong in the same way.

The tables, in the order they are made:

    raw        one row per line of an event file, all text, trimmed
    areas      area_id, area_level, parent_area_id
    versions   the rows of cell_sites with their half-open validity
    judged     raw + event_at + area_id + reason (null = accepted)
    above      for each area itself and the areas around it
    seen       located events, once per area level
    homes      area_level, period, period_start, subscriber_id, area_id
    stops      of each subscriber, by throng.mobility, which has tests of its own
    journeys   likewise, with the departure as one instant
    rhythm     what each resident did at the middle of each hour of the day, most days of a week
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from tests.python.support.placeholders import is_placeholder
from throng.mobility.journeys import find_journeys
from throng.mobility.stops import NO_TIME, Events, Rules, find_stops

EVENT_COLUMNS = (
    "subscriber_id",
    "event_at",
    "cell_id",
    "event_type",
    "direction",
    "counterpart_id",
    "duration_s",
    "volume_mb",
)

REASONS = (
    "malformed_row",
    "missing_subscriber",
    "missing_time",
    "unparsable_time",
    "outside_study",
    "duplicate",
)

# Key columns of each mart. The measures follow: n_subscribers everywhere, others in some.
KEYS = {
    "count_subscribers": ("period", "period_start", "area_level", "area_id"),
    "count_events": ("period", "period_start", "area_level", "area_id"),
    "total_subscribers": ("period", "period_start"),
    "count_residents": ("period", "period_start", "area_level", "area_id"),
    "od_matrix_directed_all_pairs": (
        "period",
        "period_start",
        "area_level",
        "from_area_id",
        "to_area_id",
    ),
    "od_matrix_directed_consecutive_pairs": (
        "period",
        "period_start",
        "area_level",
        "from_area_id",
        "to_area_id",
    ),
    "od_matrix_undirected_all_pairs": (
        "period",
        "period_start",
        "area_level",
        "area_id_1",
        "area_id_2",
    ),
    "count_visits_home_away": (
        "period",
        "period_start",
        "area_level",
        "home_area_id",
        "visit_area_id",
    ),
    "count_home_relocations": (
        "period",
        "period_start",
        "area_level",
        "previous_home_area_id",
        "new_home_area_id",
    ),
    "count_visitors": ("period", "period_start", "area_level", "area_id"),
    "count_subscribers_single_area": ("period", "period_start", "area_level", "area_id"),
    "count_subscribers_home_area": ("period", "period_start", "area_level", "area_id"),
    "count_stops": ("period", "period_start", "area_level", "area_id", "stop_type"),
    "stay_durations": ("period", "period_start", "area_level", "area_id"),
    "day_rhythm": ("period", "period_start", "area_level", "area_id", "hour_of_day", "activity"),
    "journeys_od": ("period", "period_start", "area_level", "from_area_id", "to_area_id"),
    "journeys_by_hour": (
        "period",
        "period_start",
        "area_level",
        "area_id",
        "day_type",
        "hour_of_day",
    ),
    "trip_distances": ("period", "period_start", "area_level", "home_area_id", "distance_from_km"),
    "distance_travelled": ("period", "period_start", "area_level", "home_area_id"),
    "count_active_residents": ("period", "period_start", "area_level", "home_area_id"),
    "od_matrix_directed_between_days": (
        "period",
        "period_start",
        "area_level",
        "from_area_id",
        "to_area_id",
    ),
    "arrivals_departures": ("period", "period_start", "area_level", "area_id", "movement"),
    "stay_times_od": ("period", "period_start", "area_level", "from_area_id", "to_area_id"),
    "day_locations": ("period", "period_start", "area_level", "home_area_id", "day_area_id"),
}

# Decimals of what is published rounded.
DECIMALS = {
    "mean_at_least_minutes": 1,
    "median_at_least_minutes": 1,
    "mean_at_most_minutes": 1,
    "median_at_most_minutes": 1,
    "mean_distance_km": 1,
    "share_of_residents": 4,
    "mean_travelled_km": 2,
    "standard_deviation_travelled_km": 2,
    "median_travelled_km": 1,
    "mean_hours_at_origin": 1,
    "mean_hours_at_destination": 1,
    "mean_hours": 1,
}


@dataclass(frozen=True)
class Expected:
    """What a correct pipeline finds in one landing folder."""

    #: by mart name: every cell with its exact head count, whatever its size
    candidates: dict[str, pd.DataFrame]
    #: source_file, reason, n_rows
    rejected: pd.DataFrame
    #: source_file, n_rows (files without a row of data do not appear)
    rows_read: pd.DataFrame
    #: period (study, week, month, reference), period_start, area_level, subscriber_id, area_id
    homes: pd.DataFrame

    def marts(self, min_group_size: int = 16) -> dict[str, pd.DataFrame]:
        """The publishable part of every candidate, not rounded."""
        found = {}
        for name, candidates in self.candidates.items():
            table = candidates[candidates["n_subscribers"] >= min_group_size]
            if name in PUBLISH:
                table = PUBLISH[name](table.copy(), min_group_size)
            private = [column for column in table if column in PRIVATE]
            found[name] = table.drop(columns=private).reset_index(drop=True)
        return found


# What a rule reads and nobody publishes.
AMOUNTS = (
    "at_least_minutes",
    "at_most_minutes",
    "distance_km",
    "travelled_km",
    "hours_at_origin",
    "hours_at_destination",
    "hours",
)
PRIVATE = {
    "n_subscribers_at_most",
    "n_residents",
    "n_travellers",
    "n_not_seen",
    "sum_of_squares",
    *(f"{what}_{amount}" for what in ("total", "largest", "second_largest") for amount in AMOUNTS),
}


def _tells_of_one(table: pd.DataFrame, amount: str) -> pd.Series:
    """One person is more than half of it, or all but the two largest less than a tenth of one."""
    total, largest = table[f"total_{amount}"], table[f"largest_{amount}"]
    others = total - largest - table[f"second_largest_{amount}"].astype(float).fillna(0)
    return (largest > total / 2) | (others < largest / 10)


def _publish_stay_durations(table: pd.DataFrame, min_group_size: int) -> pd.DataFrame:
    table = table[~_tells_of_one(table, "at_least_minutes")].copy()
    too_few = (table["n_subscribers_at_most"] < min_group_size) | _tells_of_one(
        table, "at_most_minutes"
    )
    of_one = 10 * min_group_size
    table.loc[too_few, "mean_at_most_minutes"] = np.nan
    table.loc[table["n_subscribers"] < of_one, "median_at_least_minutes"] = np.nan
    table.loc[too_few | (table["n_subscribers_at_most"] < of_one), "median_at_most_minutes"] = (
        np.nan
    )
    return table


def _publish_journeys_od(table: pd.DataFrame, _: int) -> pd.DataFrame:
    of_one = _tells_of_one(table, "distance_km") | _tells_of_one(table, "at_most_minutes")
    table = table[~of_one].copy()
    # The shortest durations are often 0, so they alone can be one person's.
    table.loc[_tells_of_one(table, "at_least_minutes"), "mean_at_least_minutes"] = np.nan
    return table


def _publish_distance_travelled(table: pd.DataFrame, min_group_size: int) -> pd.DataFrame:
    squares = pd.DataFrame(
        {
            "total_squares": table["sum_of_squares"],
            "largest_squares": table["largest_travelled_km"] ** 2,
            "second_largest_squares": table["second_largest_travelled_km"].astype(float) ** 2,
        }
    )
    of_few = (
        (table["n_travellers"] < min_group_size)
        | _tells_of_one(table, "travelled_km")
        | _tells_of_one(squares, "squares")
    ) & (table["total_travelled_km"] > 0)
    table.loc[of_few, MAY_BE_WITHHELD_ALONE] = np.nan
    table.loc[table["n_subscribers"] < 10 * min_group_size, "median_travelled_km"] = np.nan
    return table


def _publish_count_active_residents(table: pd.DataFrame, min_group_size: int) -> pd.DataFrame:
    return table[(table["n_not_seen"] == 0) | (table["n_not_seen"] >= min_group_size)].copy()


def _publish_stay_times_od(table: pd.DataFrame, _: int) -> pd.DataFrame:
    for amount in ("hours_at_origin", "hours_at_destination"):
        table.loc[_tells_of_one(table, amount), f"mean_{amount}"] = np.nan
    return table


def _publish_day_locations(table: pd.DataFrame, _: int) -> pd.DataFrame:
    table.loc[_tells_of_one(table, "hours"), "mean_hours"] = np.nan
    return table


#: Withheld in more areas than those whose own numbers tell of one person, by an order with a key.
MAY_BE_WITHHELD_ALONE = [
    "mean_travelled_km",
    "standard_deviation_travelled_km",
    "median_travelled_km",
]

PUBLISH = {
    "distance_travelled": _publish_distance_travelled,
    "stay_durations": _publish_stay_durations,
    "journeys_od": _publish_journeys_od,
    "count_active_residents": _publish_count_active_residents,
    "stay_times_od": _publish_stay_times_od,
    "day_locations": _publish_day_locations,
}


# --------------------------------------------------------------------------------------------------
# Reading: plain Python, because a row with the wrong number of fields must be seen as such
# --------------------------------------------------------------------------------------------------


def _event_files(landing: Path) -> list[Path]:
    folder = landing / "events"
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    )


def _records(path: Path, delimiter: str) -> Iterator[list[str]]:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
        for fields in csv.reader(stream, delimiter=delimiter):
            # A blank line is no row.
            if fields and not (len(fields) == 1 and not fields[0].strip()):
                yield fields


def _read_events(landing: Path, event_columns: dict[str, str], delimiter: str) -> pa.Table:
    source: dict[str, list] = {
        name: [] for name in ("row_no", "source_file", "malformed", *EVENT_COLUMNS)
    }
    for path in _event_files(landing):
        relative = path.relative_to(landing / "events").as_posix()
        records = _records(path, delimiter)
        header = [name.strip() for name in next(records, [])]
        position = {}
        for name in EVENT_COLUMNS:
            theirs = event_columns.get(name, name)
            if theirs in header:
                position[name] = header.index(theirs)
            elif header and name in EVENT_COLUMNS[:3]:
                raise ValueError(f"{relative}: no column {theirs} (for {name})")
        for fields in records:
            malformed = len(fields) != len(header)
            source["row_no"].append(len(source["row_no"]))
            source["source_file"].append(relative)
            source["malformed"].append(malformed)
            for name in EVENT_COLUMNS:
                missing = malformed or name not in position
                value = "" if missing else fields[position[name]]
                is_who = name in ("subscriber_id", "counterpart_id")
                source[name].append("" if is_who and is_placeholder(value) else value)
    types = {"row_no": pa.int64(), "malformed": pa.bool_()}
    return pa.table({k: pa.array(v, type=types.get(k, pa.string())) for k, v in source.items()})


def _timestamp_pattern(java: str) -> tuple[str, str]:
    """A Java date pattern as (regular expression, strptime format); every digit is required."""
    known = {
        "yyyy": (r"\d{4}", "%Y"),
        "MM": (r"\d{2}", "%m"),
        "dd": (r"\d{2}", "%d"),
        "HH": (r"\d{2}", "%H"),
        "mm": (r"\d{2}", "%M"),
        "ss": (r"\d{2}", "%S"),
        "SSS": (r"\d{3}", "%g"),
    }
    expression, layout = "", ""
    for token in re.findall(r"'[^']*'|[A-Za-z]+|[^A-Za-z']", java):
        # 'yyyyMMddHHmmss' arrives as one run of letters: cut it where the letter changes.
        letters = [m.group(0) for m in re.finditer(r"([A-Za-z])\1*", token)]
        if token[0].isalpha():
            for letter in letters:
                if letter not in known:
                    raise ValueError(f"timestamp format {java!r}: {letter!r} is not supported here")
                expression += known[letter][0]
                layout += known[letter][1]
        else:
            literal = token.strip("'") if token.startswith("'") else token
            expression += re.escape(literal)
            layout += literal
    return expression, layout


def _read_folder(con: duckdb.DuckDBPyConnection, folder: Path, columns: tuple[str, ...]) -> str:
    """SQL for the CSV files of a folder: the wanted columns as trimmed text, '' where absent."""
    files = [
        p.as_posix()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not p.name.startswith(("_", "."))
    ]
    listed = ", ".join("'" + f.replace("'", "''") + "'" for f in files)
    source = (
        f"read_csv([{listed}], header = true, all_varchar = true, union_by_name = true, "
        "delim = ',', quote = '\"', escape = '\"', auto_detect = true)"
    )
    present = {row[0] for row in con.execute(f"describe select * from {source}").fetchall()}
    picked = ", ".join(
        f"coalesce(trim({name}), '') as {name}" if name in present else f"'' as {name}"
        for name in columns
    )
    return f"select {picked} from {source}"


# --------------------------------------------------------------------------------------------------
# The rules
# --------------------------------------------------------------------------------------------------

# An event without a known cell is accepted, and is nowhere.
# One verdict per row: the first reason that applies. A copy is judged among the rows that would be
# accepted without it, so two copies of a bad row are both bad and neither is a duplicate.
JUDGED = """
create table judged as
with parsed as (
    select
        row_no, source_file, malformed,
        trim(subscriber_id) as subscriber_id, trim(event_at) as event_at_text,
        trim(cell_id) as cell_id, trim(event_type) as event_type, trim(direction) as direction,
        trim(counterpart_id) as counterpart_id, trim(duration_s) as duration_s,
        trim(volume_mb) as volume_mb,
        case when regexp_full_match(trim(event_at), $expression)
             then try_strptime(trim(event_at), $layout)
             -- ISO 8601 is read beside the pattern of the study
             when regexp_full_match(
                 trim(event_at),
                 '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?'
             )
             then try_cast(trim(event_at) as timestamp) end as event_at
    from raw
),
holding as (
    -- of the versions that are valid at the instant, the one that began last
    select parsed.row_no, versions.area_id, versions.longitude, versions.latitude
    from parsed join versions
      on versions.cell_id = parsed.cell_id
     and (versions.valid_from is null or versions.valid_from <= parsed.event_at)
     and (versions.valid_to is null or versions.valid_to > parsed.event_at)
    where parsed.event_at is not null
    qualify row_number() over (
        partition by parsed.row_no
        order by versions.valid_from desc nulls last, versions.area_id
    ) = 1
),
faults as (
    select
        parsed.*, holding.area_id, holding.longitude, holding.latitude,
        case
            when malformed then 'malformed_row'
            when subscriber_id = '' then 'missing_subscriber'
            when event_at_text = '' then 'missing_time'
            when event_at is null then 'unparsable_time'
            when event_at < cast($study_start as timestamp) then 'outside_study'
            when event_at >= cast($study_end as timestamp) + interval 1 day then 'outside_study'
        end as fault
    from parsed left join holding on holding.row_no = parsed.row_no
),
acceptable as (
    select
        row_no,
        row_number() over (
            partition by subscriber_id, event_at, cell_id, event_type, direction,
                         counterpart_id, duration_s, volume_mb
            order by source_file, row_no
        ) as copy_no
    from faults where fault is null
)
select
    faults.*,
    case when fault is not null then fault when copy_no > 1 then 'duplicate' end as reason
from faults left join acceptable on acceptable.row_no = faults.row_no
"""

# A located event is at a cell with an area; it is seen once in that area and once in each area
# above it.
ABOVE = """
create table above as
with recursive above as (
    select area_id as cell_area_id, area_id, area_level, parent_area_id from areas
    union
    select above.cell_area_id, areas.area_id, areas.area_level, areas.parent_area_id
    from above join areas on areas.area_id = above.parent_area_id
)
select cell_area_id, area_level, area_id from above
"""

SEEN = """
create table seen as
select
    above.area_level, judged.subscriber_id, judged.event_at,
    cast(judged.event_at as date) as day, judged.cell_id, above.area_id
from judged join above on above.cell_area_id = judged.area_id
where judged.reason is null and judged.area_id <> ''
"""

# The first and last day of the study.
STUDY = """
create table study as
select coalesce(cast($study_start as date),
                (select min(cast(event_at as date)) from judged where reason is null)) as first,
       coalesce(cast($study_end as date),
                (select max(cast(event_at as date)) from judged where reason is null)) as last
"""

# The four kinds of window over which somebody can have a home, as first and last day.
HOMES = """
create table homes as
with study as (
    select coalesce(cast($study_start as date),
                    (select min(cast(event_at as date)) from judged where reason is null)) as first,
           coalesce(cast($study_end as date), date '9999-12-31') as last
),
windows as (
    select 'study' as period, first as period_start, first, last from study
    union all
    select 'reference', coalesce(cast($home_start as date), first),
           coalesce(cast($home_start as date), first), coalesce(cast($home_end as date), last)
    from study
    union all
    select distinct 'week', day - cast(isodow(day) - 1 as integer),
           day - cast(isodow(day) - 1 as integer), day + cast(7 - isodow(day) as integer)
    from seen
    union all
    select distinct 'month', make_date(year(day), month(day), 1),
           make_date(year(day), month(day), 1), last_day(day)
    from seen
),
evenings as (
    -- the last event of the day; of several at its instant, that of the smallest cell_id
    select area_level, subscriber_id, day, area_id
    from seen
    qualify row_number() over (
        partition by area_level, subscriber_id, day order by event_at desc, cell_id asc
    ) = 1
)
select
    windows.period, cast(windows.period_start as timestamp) as period_start,
    evenings.area_level, evenings.subscriber_id, evenings.area_id
from evenings join windows on evenings.day between windows.first and windows.last
group by
    windows.period, windows.period_start, evenings.area_level, evenings.subscriber_id,
    evenings.area_id
qualify row_number() over (
    partition by windows.period, windows.period_start, evenings.area_level, evenings.subscriber_id
    order by count(*) desc, max(evenings.day) desc
) = 1
"""

# The events that have a place, which has a number in the order of cells as text.
PLACED = """
create table placed as
select
    subscriber_id, event_at, area_id, longitude, latitude,
    cast(dense_rank() over (order by cell_id, area_id, longitude, latitude) as integer) as place
from judged
where reason is null and area_id <> '' and longitude is not null and latitude is not null
order by subscriber_id, event_at
"""

# What stops and journeys are, as docs/definitions.md has it.
STOP_RULES = {
    "radius_km": 1.0,
    "min_stay_minutes": 30.0,
    "max_gap_minutes": 720.0,
    "pingpong_minutes": 10.0,
    "pingpong_km": 5.0,
}
MAX_JOURNEY_HOURS = 24.0

# At the middle of every hour of the study somebody may be known to stay (ends included) or to move
# (between the stays): on the way for two hours at most, or else for certain.
RHYTHM = """
create table rhythm as
with days as (
    select cast(unnest(generate_series(first, last, interval 1 day)) as timestamp) as day
    from study
),
middles as (
    select day, date_trunc('week', day) as week, hour,
           day + interval 30 minute + hour * interval 1 hour as middle
    from days cross join (select unnest(range(24)) as hour)
),
staying as (
    select distinct subscriber_id, week, hour, day
    from stops join middles on middle between arrived_at and left_at
    where stop_type = 'stay' and arrived_at < left_at
),
moving as (
    select distinct subscriber_id, week, hour, day
    from journeys join middles
      on middle > case when at_most <= 120 then departed_after else departed_before end
     and middle < case when at_most <= 120 then arrived_before else arrived_after end
),
known as (
    select subscriber_id, week, hour, 1 as staying, 0 as moving from staying
    union all
    select subscriber_id, week, hour, 0, 1
    from moving anti join staying using (subscriber_id, week, hour, day)
),
weeks as (select week, count(distinct day) as n_days from middles group by all),
counted as (
    select homes.subscriber_id, homes.period_start, homes.area_level, homes.area_id, hours.hour,
           coalesce(sum(staying), 0) as staying, coalesce(sum(moving), 0) as moving,
           any_value(n_days) - coalesce(sum(staying), 0) - coalesce(sum(moving), 0) as unknown
    from homes
    cross join (select unnest(range(24)) as hour) as hours
    join weeks on weeks.week = homes.period_start
    left join known on known.subscriber_id = homes.subscriber_id
      and known.week = homes.period_start and known.hour = hours.hour
    where homes.period = 'week'
    group by all
)
select subscriber_id, period_start, area_level, area_id, hour,
       case when staying >= moving and staying >= unknown then 'staying'
            when moving >= unknown then 'moving'
            else 'unknown' end as activity
from counted
"""

DAY = "'day' as period, cast({0} as timestamp) as period_start"

# What dominance is judged by.
AMOUNT = "sum({0}) as total_{1}, max({0}) as largest_{1}, max({0}, 2)[2] as second_largest_{1}"

MARTS = {
    "count_subscribers": """
        select period, cast(date_trunc(period, event_at) as timestamp) as period_start,
               area_level, area_id, count(distinct subscriber_id) as n_subscribers
        from seen cross join (values ('hour'), ('day'), ('week'), ('month')) as p (period)
        group by all
    """,
    "count_events": """
        select period, cast(date_trunc(period, event_at) as timestamp) as period_start,
               area_level, area_id, count(distinct subscriber_id) as n_subscribers,
               count(*) as n_events
        from seen cross join (values ('hour'), ('day')) as p (period)
        group by all
    """,
    # From the verdicts, not from `seen`: nothing about levels matters here.
    "total_subscribers": """
        select period, cast(date_trunc(period, event_at) as timestamp) as period_start,
               count(distinct subscriber_id) as n_subscribers
        from judged cross join (values ('day'), ('week'), ('month')) as p (period)
        where reason is null and area_id <> ''
        group by all
    """,
    "count_residents": """
        select period, period_start, area_level, area_id,
               count(distinct subscriber_id) as n_subscribers
        from homes group by all
    """,
    # The first event in `from` is not after the last one in `to` exactly when some event in `from`
    # is not after some event in `to`.
    "od_matrix_directed_all_pairs": f"""
        with instants as (
            select distinct area_level, subscriber_id, day, event_at, area_id from seen
        )
        select {DAY.format("a.day")}, a.area_level, a.area_id as from_area_id,
               b.area_id as to_area_id, count(distinct a.subscriber_id) as n_subscribers
        from instants as a join instants as b
          on b.area_level = a.area_level and b.subscriber_id = a.subscriber_id
         and b.day = a.day and a.event_at <= b.event_at
        group by all
    """,
    "od_matrix_directed_consecutive_pairs": f"""
        with steps as (
            select area_level, subscriber_id, day, area_id as from_area_id,
                   lead(area_id) over (
                       partition by area_level, subscriber_id, day order by event_at, cell_id
                   ) as to_area_id
            from seen
        )
        select {DAY.format("day")}, area_level, from_area_id, to_area_id,
               count(distinct subscriber_id) as n_subscribers
        from steps where to_area_id is not null
        group by all
    """,
    # By the rows before and after each event. Who was seen in one area only is in none of these.
    "arrivals_departures": f"""
        with events as (
            select *, lag(day) over steps is null as opens, lead(day) over steps is null as closes
            from seen
            window steps as (
                partition by area_level, subscriber_id, day order by event_at, cell_id
            )
        ),
        people as (
            select area_level, subscriber_id, day, area_id,
                   bool_or(opens) as opens, bool_or(closes) as closes
            from events group by all
        ),
        kinds as (
            select *, 'came' as movement from people where closes and not opens
            union all select *, 'left' from people where opens and not closes
            union all select *, 'passed' from people as here
            where opens = closes and exists (
                select 1 from people as elsewhere
                where elsewhere.area_level = here.area_level and elsewhere.day = here.day
                  and elsewhere.subscriber_id = here.subscriber_id
                  and elsewhere.area_id <> here.area_id
            )
        )
        select {DAY.format("day")}, area_level, area_id, movement,
               count(distinct subscriber_id) as n_subscribers
        from kinds group by all
    """,
    "od_matrix_undirected_all_pairs": f"""
        with places as (select distinct area_level, subscriber_id, day, area_id from seen)
        select {DAY.format("a.day")}, a.area_level, a.area_id as area_id_1,
               b.area_id as area_id_2, count(distinct a.subscriber_id) as n_subscribers
        from places as a join places as b
          on b.area_level = a.area_level and b.subscriber_id = a.subscriber_id
         and b.day = a.day and a.area_id < b.area_id
        group by all
    """,
    "count_visits_home_away": f"""
        select {DAY.format("seen.day")}, seen.area_level, homes.area_id as home_area_id,
               seen.area_id as visit_area_id, count(distinct seen.subscriber_id) as n_subscribers
        from seen left join homes
          on homes.period = 'reference' and homes.area_level = seen.area_level
         and homes.subscriber_id = seen.subscriber_id
        group by all
    """,
    "count_visitors": """
        select periods.period, date_trunc(periods.period, seen.day)::timestamp as period_start,
               seen.area_level, seen.area_id, count(distinct seen.subscriber_id) as n_subscribers
        from seen cross join (values ('day'), ('week')) as periods (period) join homes
          on homes.period = 'reference' and homes.area_level = seen.area_level
         and homes.subscriber_id = seen.subscriber_id and homes.area_id <> seen.area_id
        group by all
    """,
    "count_home_relocations": """
        select 'week' as period, week.period_start, week.area_level,
               before.area_id as previous_home_area_id, week.area_id as new_home_area_id,
               count(distinct week.subscriber_id) as n_subscribers
        from homes as week left join homes as before
          on before.period = 'reference' and before.area_level = week.area_level
         and before.subscriber_id = week.subscriber_id
        where week.period = 'week'
        group by all
    """,
    # Nobody who was also somewhere else that day.
    "count_subscribers_single_area": f"""
        select {DAY.format("here.day")}, here.area_level, here.area_id,
               count(distinct here.subscriber_id) as n_subscribers
        from seen as here
        where not exists (
            select 1 from seen as elsewhere
            where elsewhere.area_level = here.area_level
              and elsewhere.subscriber_id = here.subscriber_id
              and elsewhere.day = here.day and elsewhere.area_id <> here.area_id
        )
        group by all
    """,
    "count_subscribers_home_area": f"""
        select {DAY.format("here.day")}, here.area_level, here.area_id,
               count(distinct here.subscriber_id) as n_subscribers
        from seen as here join homes
          on homes.period = 'reference' and homes.area_level = here.area_level
         and homes.subscriber_id = here.subscriber_id and homes.area_id = here.area_id
        where not exists (
            select 1 from seen as away
            where away.area_level = here.area_level
              and away.subscriber_id = here.subscriber_id
              and away.day = here.day and away.area_id <> homes.area_id
        )
        group by all
    """,
    "count_stops": f"""
        select {DAY.format("date_trunc('day', arrived_at)")}, area_level, above.area_id, stop_type,
               count(distinct subscriber_id) as n_subscribers, count(*) as n_stops
        from stops join above on above.cell_area_id = stops.area_id
        group by all
    """,
    # The mean of each person first. Of stays that events show, not of inferred ones.
    "stay_durations": f"""
        with people as (
            select date_trunc('week', arrived_at) as week, area_level, above.area_id,
                   subscriber_id, avg(at_least) as at_least, avg(at_most) as at_most
            from stops join above on above.cell_area_id = stops.area_id
            where stop_type = 'stay' and not is_inferred
            group by all
        )
        select 'week' as period, cast(week as timestamp) as period_start, area_level, area_id,
               count(*) as n_subscribers, count(at_most) as n_subscribers_at_most,
               avg(at_least) as mean_at_least_minutes, median(at_least) as median_at_least_minutes,
               avg(at_most) as mean_at_most_minutes, median(at_most) as median_at_most_minutes,
               {AMOUNT.format("at_least", "at_least_minutes")},
               {AMOUNT.format("at_most", "at_most_minutes")}
        from people
        group by all
    """,
    "day_rhythm": """
        with counted as (
            select period_start, area_level, area_id, hour, activity,
                   count(distinct subscriber_id) as n_subscribers
            from rhythm group by all
        )
        select 'week' as period, counted.period_start, counted.area_level, counted.area_id,
               cast(hour as integer) as hour_of_day, activity,
               any_value(counted.n_subscribers) as n_subscribers,
               count(distinct homes.subscriber_id) as n_residents,
               any_value(counted.n_subscribers) / count(distinct homes.subscriber_id)
                   as share_of_residents
        from counted join homes
          on homes.period = 'week' and homes.period_start = counted.period_start
         and homes.area_level = counted.area_level and homes.area_id = counted.area_id
        group by all
    """,
    "journeys_od": f"""
        with between_areas as (
            select period, cast(date_trunc(period, departed_at) as timestamp) as period_start,
                   origin.area_level, origin.area_id as from_area_id,
                   destination.area_id as to_area_id, journeys.*
            from journeys
            join above as origin on origin.cell_area_id = journeys.from_area_id
            join above as destination on destination.cell_area_id = journeys.to_area_id
             and destination.area_level = origin.area_level
            cross join (values ('day'), ('week')) as p (period)
        ),
        people as (
            select period, period_start, area_level, from_area_id, to_area_id, subscriber_id,
                   sum(distance_km) as distance, sum(at_least) as at_least, sum(at_most) as at_most
            from between_areas group by all
        ),
        largest as (
            select period, period_start, area_level, from_area_id, to_area_id,
                   {AMOUNT.format("distance", "distance_km")},
                   {AMOUNT.format("at_least", "at_least_minutes")},
                   {AMOUNT.format("at_most", "at_most_minutes")}
            from people group by all
        ),
        journeys_counted as (
            select period, period_start, area_level, from_area_id, to_area_id,
                   count(distinct subscriber_id) as n_subscribers, count(*) as n_journeys,
                   avg(distance_km) as mean_distance_km, avg(at_least) as mean_at_least_minutes,
                   avg(at_most) as mean_at_most_minutes
            from between_areas group by all
        )
        from journeys_counted join largest
          using (period, period_start, area_level, from_area_id, to_area_id)
    """,
    "journeys_by_hour": """
        select 'month' as period,
               cast(date_trunc('month', departed_at) as timestamp) as period_start,
               area_level, above.area_id,
               case when isodow(departed_at) <= 5 then 'weekday' else 'weekend' end as day_type,
               cast(hour(departed_at) as integer) as hour_of_day,
               count(distinct subscriber_id) as n_subscribers
        from journeys join above on above.cell_area_id = journeys.from_area_id
        group by all
    """,
    # From one event to the next of the whole study, however many days lie between.
    "distance_travelled": """
        with hops as (
            select subscriber_id, event_at, longitude, latitude,
                   lag(event_at) over trace as event_before,
                   lag(longitude) over trace as longitude_before,
                   lag(latitude) over trace as latitude_before
            from judged
            where reason is null and area_id <> '' and longitude is not null
              and latitude is not null
            window trace as (partition by subscriber_id order by event_at, cell_id)
        ),
        ways as (
            select period, subscriber_id, date_trunc(period, event_at) as period_start,
                   sum(2 * 6371.0088 * asin(least(1, sqrt(
                       sin(radians(latitude - latitude_before) / 2) ** 2
                       + cos(radians(latitude)) * cos(radians(latitude_before))
                       * sin(radians(longitude - longitude_before) / 2) ** 2
                   )))) as km
            from hops cross join (values ('day'), ('week')) as p (period)
            where event_at - event_before <= interval 7 day
            group by all
        ),
        those_counted as (
            select period, period_start, area_level, area_id, subscriber_id
            from homes where period = 'week'
            union all
            select distinct 'day', cast(seen.day as timestamp), homes.area_level, homes.area_id,
                   homes.subscriber_id
            from homes join seen using (subscriber_id, area_level)
            where homes.period = 'reference'
        ),
        people as (
            select those_counted.*, coalesce(km, 0) as km
            from those_counted left join ways using (period, period_start, subscriber_id)
        )
        select period, period_start, area_level, area_id as home_area_id,
               count(*) as n_subscribers, count(*) filter (km > 0) as n_travellers,
               avg(km) as mean_travelled_km, stddev_pop(km) as standard_deviation_travelled_km,
               median(km) as median_travelled_km, sum(km) as total_travelled_km,
               sum(km * km) as sum_of_squares, max(km) as largest_travelled_km,
               max(km, 2)[2] as second_largest_travelled_km
        from people group by all
    """,
    "count_active_residents": f"""
        with residents as (
            select area_level, area_id, count(distinct subscriber_id) as n_residents
            from homes where period = 'reference' group by all
        )
        select {DAY.format("seen.day")}, seen.area_level, homes.area_id as home_area_id,
               count(distinct seen.subscriber_id) as n_subscribers,
               any_value(n_residents) - count(distinct seen.subscriber_id) as n_not_seen
        from seen join homes
          on homes.period = 'reference' and homes.area_level = seen.area_level
         and homes.subscriber_id = seen.subscriber_id
        join residents
          on residents.area_level = homes.area_level and residents.area_id = homes.area_id
        group by all
    """,
    # Event by event: the one before is of another day.
    "od_matrix_directed_between_days": f"""
        with events as (
            select area_level, subscriber_id, day, event_at, area_id as to_area_id,
                   lag(area_id) over trace as from_area_id, lag(day) over trace as day_before,
                   lag(event_at) over trace as event_before
            from seen
            window trace as (partition by area_level, subscriber_id order by event_at, cell_id)
        )
        select {DAY.format("day")}, area_level, from_area_id, to_area_id,
               count(distinct subscriber_id) as n_subscribers
        from events
        where day_before < day and event_at - event_before <= interval 7 day
          and from_area_id <> to_area_id
        group by all
    """,
    # Event by event: each is in its area until the next; a stay is a number of changes of area.
    "stay_times_od": f"""
        with events as (
            select area_level, subscriber_id, day, area_id, event_at, cell_id,
                   lag(area_id) over trace as area_before, lag(day) over trace as day_before,
                   epoch_us(least(
                       coalesce(lead(event_at) over trace,
                                (select cast(last as timestamp) + interval 1 day from study)),
                       event_at + interval 7 day
                   )) - epoch_us(event_at) as lasts
            from seen
            window trace as (partition by area_level, subscriber_id order by event_at, cell_id)
        ),
        changes as (
            select *, count(*) filter (area_before is null or area_before <> area_id) over (
                       partition by area_level, subscriber_id order by event_at, cell_id
                       rows unbounded preceding
                   ) as stay
            from events
        ),
        stays as (
            select area_level, subscriber_id, stay, any_value(area_id) as area_id,
                   first(day order by event_at, cell_id) as day,
                   first(day_before order by event_at, cell_id) as day_before,
                   sum(lasts) / 3600e6 as hours
            from changes group by all
        ),
        people as (
            select arrived.day, arrived.area_level, left_.area_id as from_area_id,
                   arrived.area_id as to_area_id, subscriber_id,
                   avg(left_.hours) as origin, avg(arrived.hours) as destination
            from stays as arrived join stays as left_ using (area_level, subscriber_id)
            where left_.stay = arrived.stay - 1 and arrived.day_before = arrived.day
            group by all
        )
        select {DAY.format("day")}, area_level, from_area_id, to_area_id,
               count(*) as n_subscribers, avg(origin) as mean_hours_at_origin,
               avg(destination) as mean_hours_at_destination,
               {AMOUNT.format("origin", "hours_at_origin")},
               {AMOUNT.format("destination", "hours_at_destination")}
        from people group by all
    """,
    # The part of each time after an event that lies on a day when the phone was seen.
    "day_locations": f"""
        with times as (
            select area_level, subscriber_id, area_id, event_at as begins,
                   least(coalesce(lead(event_at) over trace, event_at + interval 7 day),
                         event_at + interval 7 day) as ends
            from seen
            window trace as (partition by area_level, subscriber_id order by event_at, cell_id)
        ),
        days as (select distinct area_level, subscriber_id, day from seen),
        parts as (
            select area_level, subscriber_id, day, area_id,
                   sum(epoch_us(least(ends, cast(day as timestamp) + interval 1 day))
                       - epoch_us(greatest(begins, cast(day as timestamp)))) / 3600e6 as hours
            from times join days using (area_level, subscriber_id)
            where begins < cast(day as timestamp) + interval 1 day and ends >= day
            group by all
        ),
        longest as (
            select * from parts
            qualify row_number() over (
                partition by area_level, subscriber_id, day order by hours desc, area_id
            ) = 1
        )
        select {DAY.format("day")}, longest.area_level, homes.area_id as home_area_id,
               longest.area_id as day_area_id, count(*) as n_subscribers,
               avg(hours) as mean_hours, {AMOUNT.format("hours", "hours")}
        from longest join homes
          on homes.period = 'reference' and homes.area_level = longest.area_level
         and homes.subscriber_id = longest.subscriber_id
        group by all
    """,
    "trip_distances": """
        select 'week' as period, homes.period_start, homes.area_level,
               homes.area_id as home_area_id,
               (select max(km) from (values (0), (2), (5), (10), (20), (50), (100)) as bands (km)
                where km <= distance_km) as distance_from_km,
               count(distinct journeys.subscriber_id) as n_subscribers
        from journeys join homes
          on homes.period = 'week' and homes.subscriber_id = journeys.subscriber_id
         and homes.period_start = date_trunc('week', journeys.departed_at)
        group by all
    """,
}


def _table(con: duckdb.DuckDBPyConnection, sql: str, keys: tuple[str, ...]) -> pd.DataFrame:
    order = ", ".join(f"{key} nulls first" for key in keys)
    found = con.execute(f"select * from ({sql}) order by {order}").df()
    for name in found.columns:
        if name == "period_start":
            found[name] = found[name].astype("datetime64[us]")
        elif name.startswith("n_"):
            found[name] = found[name].astype("int64")
        elif found[name].dtype.kind != "f":
            # None, never NaN, for a key that is null.
            found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


def _find_stops_and_journeys(con: duckdb.DuckDBPyConnection) -> None:
    """The tables stops and journeys, of all subscribers in one call each."""
    placed = con.execute(
        "select subscriber_id, epoch_us(event_at) as at, longitude, latitude, place, area_id "
        "from placed order by subscriber_id, event_at"
    ).df()
    people, first = np.unique(placed["subscriber_id"].to_numpy(dtype=str), return_index=True)
    events = Events(
        np.append(first, len(placed)).astype(np.int64),
        placed["at"].to_numpy(np.int64),
        placed["longitude"].to_numpy(np.float64),
        placed["latitude"].to_numpy(np.float64),
        placed["place"].to_numpy(np.int32),
    )
    rules = Rules(**{name: np.full(len(people), value) for name, value in STOP_RULES.items()})
    stops = find_stops(events, rules)
    area_of = dict(zip(placed["place"], placed["area_id"], strict=True))
    areas = np.array([area_of[place] for place in stops.cell_number], dtype=object)

    def when(values):
        return pd.Series(values).where(values != NO_TIME).astype("Int64")

    def who(offsets):
        return np.repeat(people, np.diff(offsets))

    known = pd.DataFrame(
        {
            "subscriber_id": who(stops.offsets),
            "stop_type": np.where(stops.is_stay, "stay", "pass_by"),
            "is_inferred": stops.is_inferred,
            "arrived_after": when(stops.arrived_after),
            "arrived_at": when(stops.arrived_at),
            "left_at": when(stops.left_at),
            "left_before": when(stops.left_before),
            "area_id": areas,
        }
    )
    con.register("known_stops", pa.Table.from_pandas(known, preserve_index=False))
    con.execute(
        """
        create table stops as
        select subscriber_id, stop_type, is_inferred, area_id,
               make_timestamp(arrived_at) as arrived_at, make_timestamp(left_at) as left_at,
               (left_at - arrived_at) / 60e6 as at_least,
               (left_before - arrived_after) / 60e6 as at_most
        from known_stops
        """
    )
    journeys = find_journeys(
        stops,
        np.full(len(people), MAX_JOURNEY_HOURS),
        np.full(len(people), STOP_RULES["radius_km"]),
    )
    known = pd.DataFrame(
        {
            "subscriber_id": who(journeys.offsets),
            "from_area_id": areas[journeys.origin],
            "to_area_id": areas[journeys.destination],
            **{
                name: getattr(journeys, name)
                for name in (
                    "departed_after",
                    "departed_before",
                    "arrived_after",
                    "arrived_before",
                    "distance_km",
                )
            },
        }
    )
    types = {"subscriber_id": "str", "from_area_id": "str", "to_area_id": "str"}
    known = known.astype(types)
    con.register("known_journeys", pa.Table.from_pandas(known, preserve_index=False))
    con.execute(
        """
        create table journeys as
        select subscriber_id, from_area_id, to_area_id, distance_km,
               make_timestamp(departed_after) as departed_after,
               make_timestamp(departed_before) as departed_before,
               make_timestamp(arrived_after) as arrived_after,
               make_timestamp(arrived_before) as arrived_before,
               make_timestamp(departed_after + (departed_before - departed_after) // 2)
                   as departed_at,
               greatest(arrived_after - departed_before, 0) / 60e6 as at_least,
               (arrived_before - departed_after) / 60e6 as at_most
        from known_journeys
        """
    )


def counted_from(
    landing: Path,
    *,
    study_start: str | None = None,
    study_end: str | None = None,
    home_start: str | None = None,
    home_end: str | None = None,
    event_columns: dict[str, str] | None = None,
    event_delimiter: str = ",",
    event_timestamp_format: str = "yyyy-MM-dd HH:mm:ss",
    area_of_cell: dict[str, str] | None = None,
) -> duckdb.DuckDBPyConnection:
    """The tables that candidates are counted from, of a landing folder of CSV or CSV.gz files.

    The dates are inclusive; ``event_columns`` maps our column names to the operator's;
    ``area_of_cell`` has the areas of cells whose row in the list has none.
    """
    landing, placed = Path(landing), area_of_cell or {"": ""}
    con = duckdb.connect(config={"threads": 2})
    try:
        con.register("raw", _read_events(landing, event_columns or {}, event_delimiter))
        columns = ("area_id", "area_level", "parent_area_id")
        con.execute(f"create table areas as {_read_folder(con, landing / 'areas', columns)}")
        columns = ("cell_id", "area_id", "longitude", "latitude", "valid_from", "valid_to")
        con.execute(
            f"""
            create table versions as
            select cell_id, coalesce(nullif(area_id, ''), map($cells, $areas)[cell_id]) as area_id,
                   try_cast(longitude as double) as longitude,
                   try_cast(latitude as double) as latitude,
                   cast(nullif(valid_from, '') as timestamp) as valid_from,
                   cast(nullif(valid_to, '') as timestamp) as valid_to
            from ({_read_folder(con, landing / "cell_sites", columns)})
            """,
            {"cells": list(placed), "areas": list(placed.values())},
        )
        expression, layout = _timestamp_pattern(event_timestamp_format)
        study = {"study_start": study_start, "study_end": study_end}
        con.execute(JUDGED, {"expression": expression, "layout": layout, **study})
        con.execute(STUDY, study)
        con.execute(ABOVE)
        con.execute(SEEN)
        con.execute(HOMES, {**study, "home_start": home_start, "home_end": home_end})
        con.execute(PLACED)
        _find_stops_and_journeys(con)
        con.execute(RHYTHM)
    except BaseException:
        con.close()
        raise
    return con


def candidates_of(con: duckdb.DuckDBPyConnection, marts: dict[str, str]) -> dict[str, pd.DataFrame]:
    """Of each of these marts, by name and SQL, every cell with its exact head count."""
    return {name: _table(con, sql, KEYS[name]) for name, sql in marts.items()}


def expected(landing: Path, **study) -> Expected:
    """Every candidate, verdict and home of a landing folder; options as in counted_from."""
    with counted_from(landing, **study) as con:
        return Expected(
            candidates=candidates_of(con, MARTS),
            rejected=_table(
                con,
                "select source_file, reason, count(*) as n_rows from judged "
                "where reason is not null group by all",
                ("source_file", "reason"),
            ),
            rows_read=_table(
                con,
                "select source_file, count(*) as n_rows from judged group by all",
                ("source_file",),
            ),
            homes=_table(
                con,
                "select * from homes",
                ("period", "period_start", "area_level", "subscriber_id"),
            ),
        )

"""profile_summary, profile_segments and contact_matrix a second time, in DuckDB and NumPy.

From the files of the tables that they are made of, which have tests of their own
(int_subscriber_profiles against bandicoot, int_home_areas and int_events_checked against DuckDB).
Written from docs/definitions.md and from nothing in models/habits.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from tests.python.conftest import PROJECT

MARTS = ("profile_summary", "profile_segments", "contact_matrix")
SPLIT = ("area_level", "area_id", "interaction", "part_of_week", "part_of_day")
FEATURES = {
    "number_of_interactions": True,
    "number_of_contacts": True,
    "active_days": False,
    "percent_nocturnal": False,
    "entropy_of_contacts": False,
    "number_of_antennas": True,
    "percent_at_home": False,
    "radius_of_gyration": True,
}  # whether by its logarithm

STUDY_VALUES = """
create table study_values as
select
    home.area_level, home.home_area_id as area_id, profile.subscriber_id, indicator,
    coalesce(profile.interaction, 'any') as interaction, part_of_week, part_of_day, value
from protected.int_subscriber_profiles as profile
join protected.int_home_areas as home
    on home.subscriber_id = profile.subscriber_id and home.period = 'study'
join (select indicator, statistic from read_csv('{seed}')) as wanted
    using (indicator, statistic)
where groupby = 'study'
"""

SUMMARY = """
with residents as (
    select area_level, home_area_id as area_id, count(*) as n_subscribers
    from protected.int_home_areas where period = 'study' group by all
),
numbers as (
    select area_level, area_id, interaction, part_of_week, part_of_day, indicator,
        count(*) as n_with_value, avg(value) as mean_value,
        stddev_samp(value) as standard_deviation,
        quantile_cont(value, 0.25) as first_quartile_value,
        quantile_cont(value, 0.5) as median_value,
        quantile_cont(value, 0.75) as third_quartile_value
    from study_values where value is not null group by all
)
from numbers join residents using (area_level, area_id)
"""

CONTACTS = """
with sent as (
    select subscriber_id as caller, counterpart_id as called,
        date_trunc('week', event_at) as period_start, count(*) as n
    from protected.int_events_checked
    where direction = 'out' and event_type in ('call', 'text') and counterpart_id <> subscriber_id
        and event_date is not null
        and (event_type = 'text' or duration_s is not null)
    group by all
)
select sent.period_start, one.area_level, one.home_area_id as from_area_id,
    other.home_area_id as to_area_id, count(distinct sent.caller) as n_subscribers,
    count(distinct sent.called) as n_contacted, sum(sent.n)::bigint as n_interactions,
    count(back.n) / count(*) as reciprocity
from sent
join protected.int_home_areas as one on one.subscriber_id = sent.caller
join protected.int_home_areas as other
    on other.subscriber_id = sent.called and other.area_level = one.area_level
left join sent as back on back.caller = sent.called and back.called = sent.caller
    and back.period_start = sent.period_start
where one.period = 'reference' and other.period = 'reference'
group by all
"""


class Tables:
    """The protected tables of a warehouse, read from their files."""

    def __init__(self, files_of: dict[str, Path]):
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'UTC'; create schema protected")
        for name, folder in files_of.items():
            self.connection.execute(
                f"create view protected.{name} as select * from read_parquet("
                f"'{folder}/**/*.parquet', hive_partitioning = true)"
            )
        seed = PROJECT / "seeds" / "profile_indicators.csv"
        self.connection.execute(STUDY_VALUES.format(seed=seed))

    def frame(self, sql: str) -> pd.DataFrame:
        return self.connection.sql(sql).df()

    def features(self) -> pd.DataFrame:
        """By subscriber what segments are made of, in its own units."""
        wide = self.frame(
            "pivot (select distinct subscriber_id, indicator, value from study_values "
            "where interaction in ('callandtext', 'any') and part_of_week = 'allweek' "
            "and part_of_day = 'allday') on indicator using any_value(value)"
        ).set_index("subscriber_id")
        return wide.loc[wide["number_of_interactions"] > 0, list(FEATURES)]


def standardised(features: pd.DataFrame) -> np.ndarray:
    """Mean 0 and standard deviation 1 of each, of some their logarithms; none is average."""
    columns = []
    for name, is_by_logarithm in FEATURES.items():
        numbers = features[name].to_numpy(dtype=float)
        numbers = np.log1p(numbers) if is_by_logarithm else numbers
        spread = np.nanstd(numbers)
        scaled = (numbers - np.nanmean(numbers)) / spread if spread else np.zeros(len(numbers))
        columns.append(np.nan_to_num(scaled))
    return np.column_stack(columns)


def nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Number of the nearest centre of each point, from 1."""
    return ((points[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1) + 1


def passes_rules(values: pd.Series, threshold: int = 16) -> bool:
    """Whether values added up pass minimum frequency and dominance, by the definitions."""
    numbers = values.dropna().sort_values(ascending=False).to_numpy(dtype=float)
    if not len(numbers):
        return True
    if len(numbers) < threshold:
        return False
    if numbers[0] == 0:
        return True
    if (numbers > 0).sum() < threshold:
        return False
    return all(
        2 * each[0] <= each.sum() and each[2:].sum() >= 0.1 * each[0]
        for each in (numbers, numbers**2)
    )

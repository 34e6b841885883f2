"""Estimates of people against a synthetic country that knows them: who has a SIM and who has not.

The truth of presence and of flows is what a network would count of which everybody is a subscriber,
and who was not seen that day is spread like those who were: what scaling is to give back. How far
that is from where people really stopped is a matter of the network (docs/accuracy.md has both).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.python.support.views import Views
from throng.synth.generator import generate
from throng.synth.settings import Settings

FIRST, LAST = date(2020, 2, 3), date(2020, 3, 1)
LOCKDOWN = date(2020, 2, 24)
SUBSCRIBERS, MARKET_SHARE = 10_000, 0.3
SEEDS = (20200203, 1, 2)
THRESHOLD = 16
AREA = ["area_level", "area_id"]
PERIOD = ["period", "period_start"]
PAIR = ["area_level", "from_area_id", "to_area_id"]

#: Who was seen where, of the events of subscribers (ours) or of everybody.
SEEN = """
create table levels as
with recursive up as (
    select area_id as finest, area_level, area_id, parent_area_id from areas
    where area_level = 'admin3'
    union all
    select up.finest, areas.area_level, areas.area_id, areas.parent_area_id
    from up join areas on up.parent_area_id = areas.area_id
)
select finest, area_level, area_id from up;

create table seen as
select whose, subscriber_id, event_at, cast(event_at as date) as day, cells.area_id as finest
from events join cell_sites as cells
    on events.cell_id = cells.cell_id
    and event_at >= coalesce(valid_from, '1900-01-01')
    and event_at < coalesce(valid_to, '2100-01-01')
where cells.area_id is not null;

create table visits as
select whose, subscriber_id, day, area_level, area_id,
    min(event_at) as first_event_at, max(event_at) as last_event_at
from seen join levels using (finest)
group by all;

create table days_ended as
select whose, subscriber_id, day, max(event_at) as event_at, arg_max(finest, event_at) as finest
from seen
group by all;
"""
#: The home of each subscriber in periods that are given as a table.
HOMES = """
create table {name} as
with nights as (
    select whose, subscriber_id, period, period_start, area_level, area_id,
        count(*) as n_nights, max(event_at) as event_at
    from days_ended join levels using (finest)
    join {periods} as periods on day between first_date and last_date
    group by all
)
select * from nights
qualify row_number() over (
    partition by whose, subscriber_id, period_start, area_level
    order by n_nights desc, event_at desc
) = 1
"""


@dataclass
class Country:
    """A synthetic country, what the network saw of it, its marts and what is estimated of them."""

    folder: Path
    counted: duckdb.DuckDBPyConnection
    marts: dict[str, pd.DataFrame] = field(default_factory=dict)
    estimates: dict[str, pd.DataFrame] = field(default_factory=dict)

    def frame(self, sql: str) -> pd.DataFrame:
        return self.counted.execute(sql).df()

    @property
    def n_people(self) -> float:
        return self.marts["areas"].query("area_level == 'admin1'")["population"].sum()

    def scaled_truth(self, query: str) -> pd.DataFrame:
        """Counts of everybody; who was not seen that day is spread like those who were."""
        of_day = self.frame(
            "select day as period_start, count(distinct subscriber_id) as n_seen from seen "
            "where whose = 'everybody' group by all"
        )
        table = self.frame(query.format(whose="everybody")).merge(of_day)
        table["truth"] = table["n_subscribers"] * self.n_people / table["n_seen"]
        return table.drop(columns=["n_subscribers", "n_seen", "period"])

    def share_of_people(self, both: pd.DataFrame) -> pd.Series:
        """Flowminder's estimate: as many of the people as of the subscribers who were seen."""
        total = self.marts["total_subscribers"].set_index(PERIOD)["n_subscribers"].astype(float)
        seen = both[PERIOD].join(total, on=PERIOD)["n_subscribers"]
        return both["n_subscribers"] / seen * self.n_people


def counted_in(folder: Path, last: date, home_end: date) -> duckdb.DuckDBPyConnection:
    """What the network saw until the last day, in a database."""
    landing, truth = folder / "landing", folder / "truth"
    con = duckdb.connect(config={"threads": 2})
    for name in ("areas", "cell_sites"):
        con.execute(f"create table {name} as select * from '{landing}/{name}/*.parquet'")
    con.execute(
        f"""
        create table events as
        select 'ours' as whose, subscriber_id, event_at, cell_id
        from '{landing}/events/**/*.parquet'
        union all
        select 'everybody', subscriber_id, event_at, cell_id
        from '{truth}/events_of_everybody.parquet';

        create table reference as
        select 'reference' as period, date '{FIRST}' as period_start,
            date '{FIRST}' as first_date, date '{home_end}' as last_date;

        create table weeks as
        select 'week' as period, cast(week as date) as period_start,
            cast(week as date) as first_date, cast(week as date) + 6 as last_date
        from unnest(generate_series(date '{FIRST}', date '{last}', interval 7 day)) as t (week)
        """
    )
    con.execute(SEEN)
    con.execute(HOMES.format(name="homes", periods="reference"))
    con.execute(HOMES.format(name="homes_of_weeks", periods="weeks"))
    return con


def published(table: pd.DataFrame) -> pd.DataFrame:
    """A count as a mart has it, of those cells that hold somebody."""
    withheld = table["n_subscribers"] < THRESHOLD
    if "n_not_seen" in table:
        withheld |= table["n_not_seen"].between(1, THRESHOLD - 1)
    return table.assign(
        period_start=pd.to_datetime(table["period_start"]),
        n_subscribers=table["n_subscribers"].astype("Int64").mask(withheld),
        is_suppressed=withheld,
        is_complete=True,
    )


PRESENCE = """
select 'day' as period, day as period_start, area_level, area_id, count(*) as n_subscribers
from visits where whose = '{whose}' group by all
"""
FLOWS = """
select 'day' as period, origin.day as period_start, area_level,
    origin.area_id as from_area_id, destination.area_id as to_area_id, count(*) as n_subscribers
from visits as origin join visits as destination using (whose, subscriber_id, day, area_level)
where whose = '{whose}' and origin.first_event_at <= destination.last_event_at
group by all
"""


def marts_of(country: Country) -> dict[str, pd.DataFrame]:
    """The marts that estimates are made of, as published."""
    residents = """
    select period, period_start, area_level, area_id, count(*) as n_subscribers
    from (select * from homes union all select * from homes_of_weeks)
    where whose = 'ours' group by all
    """
    home_away = """
    select 'day' as period, day as period_start, visits.area_level,
        homes.area_id as home_area_id, visits.area_id as visit_area_id, count(*) as n_subscribers
    from visits left join homes using (whose, subscriber_id, area_level)
    where whose = 'ours' group by all
    """
    active = """
    select 'day' as period, day as period_start, homes.area_level, homes.area_id as home_area_id,
        count(*) as n_subscribers, any_value(n_residents) - count(*) as n_not_seen
    from days_ended join homes using (whose, subscriber_id)
    join (select area_level, area_id, count(*) as n_residents from homes where whose = 'ours'
        group by all) as residents using (area_level, area_id)
    where whose = 'ours' group by all
    """
    total = """
    select 'day' as period, day as period_start, count(distinct subscriber_id) as n_subscribers
    from seen where whose = 'ours' group by all
    union all
    select 'week', date_trunc('week', day), count(distinct subscriber_id)
    from seen where whose = 'ours' group by all
    """
    queries = {
        "count_subscribers": PRESENCE.format(whose="ours"),
        "count_residents": residents,
        "count_active_residents": active,
        "count_visits_home_away": home_away,
        "od_matrix_directed_all_pairs": FLOWS.format(whose="ours"),
        "total_subscribers": total,
    }
    found = {name: published(country.frame(sql)) for name, sql in queries.items()}
    areas = country.frame("select * from areas")
    found["areas"] = areas.assign(population=areas["population"].astype(float), is_current=True)
    return found


VIEWS = ("scaling_factors", "scaling_factors_of_periods", "count_subscribers_estimated")
VIEWS += ("count_residents_estimated", "od_matrix_directed_all_pairs_estimated")


def estimates_of(country: Country, views: Views) -> dict[str, pd.DataFrame]:
    """All views of estimates over the marts of a country."""
    people = ["n_subscribers", "people_per_subscriber", "people_estimated"]
    people += ["people_estimated_low", "people_estimated_high", "is_suppressed"]
    factors = ["population", "n_residents", "people_per_subscriber"]
    factors += ["factor_source", "spread_of_factors", "n_residents_of_country"]

    def given(*chosen: str) -> dict[str, pd.DataFrame]:
        return {name: (country.marts | found)[name] for name in chosen}

    found: dict[str, pd.DataFrame] = {}
    scaling, of_periods, presence, residents, flows = VIEWS
    found[scaling] = views.ask(scaling, [*AREA, *factors], **given("areas", "count_residents"))
    found[of_periods] = views.ask(
        *(of_periods, [*PERIOD, *AREA, "population", "people_per_subscriber", factors[-2]]),
        **given(scaling, "total_subscribers", "count_active_residents"),
    )
    of_days = ("count_subscribers", "count_visits_home_away", of_periods)
    found[presence] = views.ask(presence, [*PERIOD, *AREA, *people], **given(*of_days))
    found[residents] = views.ask(
        residents, [*PERIOD, *AREA, *people], **given(*of_days, "count_residents")
    )
    found[flows] = views.ask(
        *(flows, [*PERIOD, *PAIR, *people]),
        **given("od_matrix_directed_all_pairs", presence, of_periods),
    )
    return found


def built(
    folder: Path, seed: int, last: date, lockdown: date, lost_customers: float = 0.0
) -> Country:
    """A country without estimates; homes are those before the lockdown."""
    settings = Settings(
        *(SUBSCRIBERS, FIRST),
        days=(last - FIRST).days + 1,
        seed=seed,
        format="parquet",
        lockdown=lockdown,
        dirt=False,
        market_share=MARKET_SHARE,
        lost_customers=lost_customers,
    )
    generate(settings, folder / "landing", folder / "truth")
    country = Country(folder, counted_in(folder, last, lockdown - timedelta(days=1)))
    country.marts = marts_of(country)
    return country


@pytest.fixture(scope="module")
def countries(server, tmp_path_factory) -> Iterator[list[Country]]:
    """Of each seed one: the five areas of the first level are few to say how often something is."""
    found = []
    for seed in SEEDS:
        country = built(tmp_path_factory.mktemp("people"), seed, LAST, LOCKDOWN)
        country.estimates = estimates_of(country, Views(server, country.folder, *VIEWS))
        found.append(country)
    yield found
    for country in found:
        country.counted.close()


def with_truth(found: pd.DataFrame, truth: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Estimates that are published, beside the true number of people."""
    truth = truth.assign(period_start=pd.to_datetime(truth["period_start"]))
    both = found[~found["is_suppressed"]].merge(truth, on=keys, validate="one_to_one")
    assert len(both) == (~found["is_suppressed"]).sum()
    for name in both.columns.difference([*keys, "period", "factor_source"]):
        both[name] = both[name].astype(float)
    return both


def error(both: pd.DataFrame, number: pd.Series) -> pd.Series:
    """Median of the relative error, by level."""
    return (number / both["truth"] - 1).abs().groupby(both["area_level"]).median()


def held(both: pd.DataFrame) -> pd.Series:
    """How often the interval holds the truth, by level."""
    inside = (both["people_estimated_low"] <= both["truth"]) & (
        both["truth"] <= both["people_estimated_high"]
    )
    return inside.groupby(both["area_level"]).mean()


def world_bank(country: Country) -> pd.DataFrame:
    """The World Bank's estimate of presence: each counts as the population by residents at home."""
    residents = country.frame(
        "select area_level, area_id, count(*) as n from homes where whose = 'ours' group by all"
    )
    weights = country.marts["areas"].merge(residents)
    country.counted.register("weights", weights.assign(weight=weights["population"] / weights["n"]))
    found = country.frame(
        """
        select day as period_start, visits.area_level, visits.area_id, sum(weight) as world_bank
        from visits join homes using (whose, subscriber_id, area_level)
        join weights on homes.area_level = weights.area_level and homes.area_id = weights.area_id
        where whose = 'ours' group by all
        """
    )
    return found.assign(period_start=pd.to_datetime(found["period_start"]))


def compared(what: str, frames: list[pd.DataFrame], *others: str) -> pd.DataFrame:
    """Errors of ours and of others, and how often ours holds the truth, by level; printed."""
    both = pd.concat(frames)
    shown = pd.DataFrame(
        {
            "ours": error(both, both["people_estimated"]),
            **{name: error(both, both[name]) for name in others},
            "held": held(both),
            "n": both.groupby("area_level").size(),
        }
    )
    print(f"\n{what}\n{shown.round(3).to_string()}")
    return shown


@pytest.mark.long
def test_presence_is_nearer_than_weights_and_shares(countries):
    frames = []
    for country in countries:
        found = country.estimates["count_subscribers_estimated"]
        assert (found["is_suppressed"] == found["n_subscribers"].isna()).all()
        assert found.loc[found["is_suppressed"], "people_estimated_low"].isna().all()
        both = with_truth(found, country.scaled_truth(PRESENCE), ["period_start", *AREA])
        both = both.merge(world_bank(country), on=["period_start", *AREA])
        frames.append(both.assign(flowminder=country.share_of_people(both)))
    shown = compared("presence", frames, "world_bank", "flowminder")
    assert (shown["ours"] < 0.9 * shown["world_bank"]).all()
    assert (shown["ours"] < 0.6 * shown["flowminder"]).all()
    assert shown["held"].between(0.85, 0.95).all()


@pytest.mark.long
def test_residents_are_nearer_than_shares(countries):
    frames = []
    for country in countries:
        truth = country.frame(
            f"""
            select 'week' as period, period_start, area_level, levels.area_id, count(*) as truth
            from '{country.folder}/truth/home_areas.parquet' as homes
            join levels on homes.area_id = levels.finest
            join weeks on first_date + 3 between date_from and date_to
            group by all
            """
        )
        found = country.estimates["count_residents_estimated"]
        both = with_truth(found, truth, [*PERIOD, *AREA])
        frames.append(both.assign(flowminder=country.share_of_people(both)))
    shown = compared("residents", frames, "flowminder")
    assert (shown["ours"] < 0.3 * shown["flowminder"]).all()
    assert shown["held"].between(0.85, 0.95).all()


@pytest.mark.long
def test_flows_are_nearer_than_shares(countries):
    frames = []
    for country in countries:
        truth = country.scaled_truth(FLOWS + "having from_area_id <> to_area_id")
        found = country.estimates["od_matrix_directed_all_pairs_estimated"]
        both = with_truth(found, truth, ["period_start", *PAIR])
        frames.append(both.assign(flowminder=country.share_of_people(both)))
    shown = compared("flows", frames, "flowminder")
    assert (shown["ours"] < shown["flowminder"]).all()
    assert shown["held"].between(0.85, 0.95).all()


CHANGES = ("count_subscribers_change", "count_subscribers_estimated_change")


@pytest.mark.long
def test_customers_who_leave_do_not_read_as_people_who_left(server, tmp_path_factory):
    """A lockdown, and two months in the second of which a fifth of the subscribers leave."""
    last, lockdown = date(2020, 3, 29), date(2020, 3, 2)
    folder = tmp_path_factory.mktemp("lost")
    country = built(folder, 3, last, lockdown, lost_customers=0.2)
    baseline = {"baseline_start": str(FIRST), "baseline_end": str(lockdown - timedelta(days=1))}
    views = Views(server, folder, *VIEWS, *CHANGES, **baseline)
    outages = pd.DataFrame({"area_level": ["none"], "area_id": ["none"]})
    outages = outages.assign(quiet_from=pd.Timestamp(FIRST), quiet_until=pd.Timestamp(LAST))
    country.estimates = estimates_of(country, views)
    inputs = {**country.marts, **country.estimates, "area_outages": outages}
    inputs["count_subscribers_estimated"] = inputs["count_subscribers_estimated"].assign(
        is_complete=True
    )
    columns = ["period_start", *AREA, "is_baseline", "change_percent"]
    shown = [
        views.ask(name, columns, area_outages=outages, **{of: inputs[of]})
        for name in CHANGES
        for of in [name.removesuffix("_change")]
    ]
    both = shown[0].merge(shown[1], on=columns[:-1], suffixes=("_counted", "_estimated"))
    truth = country.frame(PRESENCE.format(whose="everybody"))
    truth["period_start"] = pd.to_datetime(truth["period_start"])
    truth["weekday"] = truth["period_start"].dt.weekday
    before = truth[truth["period_start"] < pd.Timestamp(lockdown)]
    usual = before.groupby([*AREA, "weekday"])["n_subscribers"].median().rename("usual")
    truth = truth.join(usual, on=[*AREA, "weekday"])
    truth["change"] = 100 * (truth["n_subscribers"] / truth["usual"] - 1)
    both = both[~both["is_baseline"]].merge(truth, on=["period_start", *AREA]).dropna()
    errors = {
        name: (both[f"change_percent_{name}"] - both["change"]).abs().groupby(both["area_level"])
        for name in ("counted", "estimated")
    }
    shown = pd.DataFrame({name: error.mean() for name, error in errors.items()})
    print(f"\nerror of the change, percent\n{shown.round(1).to_string()}")
    assert (shown["estimated"] < 0.6 * shown["counted"]).all()

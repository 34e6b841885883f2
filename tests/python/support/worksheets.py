"""The answers of the worksheets, calculated a second time: by DuckDB, from their headers.

Over two countries: one made up here, of which the answers are always the same and never empty, and
the published one of test_synthetic_country.

Answers are not stored: what is withheld in the published one depends on the key of the pseudonyms,
because secondary suppression breaks ties by the people of table cells, and the key of a test's
server is random. So the marts of that very country are exported and asked again.

Written otherwise than the worksheets on purpose: dates stand in each query, means are taken of
lists, and what DuckDB alone has is used.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
from pandas.testing import assert_series_equal

from tests.python.conftest import Server
from tests.python.support.tables import in_order
from throng.export import write_mart
from throng.worksheets import Value

#: A festival at the first weekend of two weeks, in a country of few areas.
FESTIVAL = {"event_from": date(2020, 2, 8), "event_until": date(2020, 2, 10)}
BEFORE = {"before_from": date(2020, 2, 3), **FESTIVAL}
WORKDAYS = {"monday": date(2020, 2, 10), "saturday": date(2020, 2, 15)}
SETTINGS: dict[str, dict[str, Value]] = {
    "before_during_after": {"area_level": "admin2", **BEFORE, "after_until": date(2020, 2, 17)},
    "commuting_belts": {"area_level": "admin2", **WORKDAYS},
    "emptied_or_filled": {"area_level": "admin2", **FESTIVAL},
    "event_visitors": {"area_level": "admin2", **FESTIVAL},
    "flows_out": {"area_level": "admin1", **BEFORE},
    "home_relocations": {
        "area_level": "admin1",
        "event_from": date(2020, 2, 3),
        "event_until": date(2020, 2, 17),
    },
    "night_and_day_population": {"area_level": "admin1", **WORKDAYS},
    "residents_against_census": {"area_level": "admin1"},
    "travel_by_day": {
        "area_level": "admin1",
        "first_day": date(2020, 2, 3),
        "until_day": date(2020, 2, 17),
    },
    "who_stays_home": {"area_level": "admin1", **BEFORE},
}
#: Columns of two digits; others have one, or none.
HUNDREDTHS = {"against_country", "day_per_night", "largest_abnormality", "per_1000"}
#: What the worksheets read.
MARTS = (
    *("areas", "count_home_relocations", "count_residents", "count_subscribers"),
    *("count_subscribers_home_area", "count_subscribers_single_area", "count_visitors"),
    *("count_visits_home_away", "od_matrix_directed_all_pairs", "count_subscribers_change"),
)

# A mean is of all numbers: null if there is none, or if one is missing.
_MACROS = """
create macro mean_of(numbers) as
    if(list_count(numbers) = len(numbers), list_avg(numbers), null);
create macro missing_in(numbers) as len(numbers) - list_count(numbers);
create macro more_percent(new, old) as round(100 * (new - old) / old, 1);
create view named as select area_level, area_id, area_name, population from marts.areas
    where is_current;
"""

EXPECTED = {
    "before_during_after": """
        with lists as (
            select area_level, area_id,
                list(n_subscribers) filter (period_start < '2020-02-08') as b,
                list(n_subscribers) filter (dayofmonth(period_start) in (8, 9)) as d,
                list(n_subscribers) filter (period_start >= '2020-02-10') as a
            from marts.count_subscribers where period = 'day' and area_level = 'admin2'
                and period_start < '2020-02-17' group by all
        )
        select area_id, area_name, round(mean_of(b), 1) as before_a_day,
            round(mean_of(d), 1) as during_a_day, round(mean_of(a), 1) as after_a_day,
            more_percent(mean_of(d), mean_of(b)) as during_change_percent,
            more_percent(mean_of(a), mean_of(b)) as after_change_percent,
            missing_in(b) as n_before_withheld, missing_in(d) as n_during_withheld,
            missing_in(a) as n_after_withheld
        from lists join named using (area_level, area_id)
    """,
    "commuting_belts": """
        with lists as (
            select home_area_id as h, visit_area_id as v, list(n_subscribers) as n
            from marts.count_visits_home_away
            where area_level = 'admin2' and home_area_id is not null
                and period_start between '2020-02-10' and '2020-02-14'
            group by all
        )
        select v as visit_area_id, (select area_name from named where area_id = v)
            as visit_area_name,
            h as home_area_id, (select area_name from named where area_id = h) as home_area_name,
            round(mean_of(n), 1) as visitors_a_day,
            (select round(mean_of(o.n), 1) from lists as o where o.h = lists.h and o.v = lists.h)
                as at_home_a_day,
            (select round(100 * mean_of(lists.n) / mean_of(o.n), 1) from lists as o
                where o.h = lists.h and o.v = lists.h) as visitors_per_100_at_home,
            (select count(*) from lists as o
                where o.v = lists.v and o.h <> o.v and mean_of(o.n) is null) as n_homes_withheld
        from lists where h <> v and mean_of(n) is not null
    """,
    "emptied_or_filled": """
        with lists as (
            select area_level, area_id, list(n_subscribers) as n, list(baseline_median) as r,
                count(is_suppressed or null) = 0 as is_known,
                case when max(abnormality) > -min(abnormality) then max(abnormality)
                    else min(abnormality) end as most
            from marts.count_subscribers_change
            where area_level = 'admin2' and period_start in ('2020-02-08', '2020-02-09')
            group by all
        )
        select area_id, area_name, round(mean_of(r), 1) as usual_a_day,
            round(mean_of(n), 1) as people_a_day,
            more_percent(mean_of(n), mean_of(r)) as change_percent,
            if(is_known, most, null) as largest_abnormality,
            len(n) as n_days, missing_in(n) as n_days_withheld
        from lists join named using (area_level, area_id)
    """,
    "event_visitors": """
        with lists as (
            select e.period_start, area_level, area_id, e.n_subscribers as n,
                list(u.n_subscribers) as usual
            from marts.count_visitors as e
            join marts.count_visitors as u using (period, area_level, area_id)
            where period = 'day' and area_level = 'admin2'
                and e.period_start in ('2020-02-08', '2020-02-09')
                and abs(date_diff('day', e.period_start, u.period_start)) = 7
            group by all
        )
        select period_start, area_id, area_name, n as visitors,
            mean_of(usual) as usual_visitors, n - mean_of(usual) as more_than_usual,
            more_percent(n, mean_of(usual)) as change_percent,
            missing_in([n]) + missing_in(usual) as n_withheld
        from lists join named using (area_level, area_id)
    """,
    "flows_out": """
        with lists as (
            select from_area_id as f, to_area_id as t,
                list(n_subscribers) filter (period_start < '2020-02-08') as b,
                list(n_subscribers) filter (period_start >= '2020-02-08') as d
            from marts.od_matrix_directed_all_pairs
            where area_level = 'admin1' and period_start < '2020-02-10' group by all
        ), emptied as (
            select f, mean_of(b) as b, mean_of(d) as d from lists
            where f = t and mean_of(d) < mean_of(b) order by mean_of(d) / mean_of(b), f limit 1
        )
        select f as from_area_id, t as to_area_id, area_name as to_area_name,
            round(mean_of(lists.b), 1) as before_a_day, round(mean_of(lists.d), 1) as during_a_day,
            round(100 * mean_of(lists.b) / emptied.b, 1) as before_share_percent,
            round(100 * mean_of(lists.d) / emptied.d, 1) as during_share_percent,
            missing_in(lists.b) as n_before_withheld, missing_in(lists.d) as n_during_withheld
        from emptied join lists using (f) join named on area_id = t where t <> f
    """,
    "home_relocations": """
        select period_start, previous_home_area_id, o.area_name as previous_home_area_name,
            new_home_area_id, n.area_name as new_home_area_name, n_subscribers,
            (select count(*) from marts.count_home_relocations as other
                where other.period_start = r.period_start and other.area_level = 'admin1'
                    and other.n_subscribers is null
                    and other.previous_home_area_id is distinct from other.new_home_area_id
                    and other.previous_home_area_id is not distinct from r.previous_home_area_id
            ) as n_pairs_withheld
        from marts.count_home_relocations as r
        left join named as o on o.area_id = previous_home_area_id
        left join named as n on n.area_id = new_home_area_id
        where r.area_level = 'admin1' and n_subscribers is not null
            and period_start < '2020-02-17'
    """,
    "night_and_day_population": """
        with lists as (
            select area_level, area_id,
                list(n_subscribers) filter (extract(hour from period_start) in (20, 21, 22)) as n,
                list(n_subscribers) filter (extract(hour from period_start) between 10 and 15) as d
            from marts.count_subscribers
            where period = 'hour' and area_level = 'admin1'
                and period_start::date between '2020-02-10' and '2020-02-14' group by all
        )
        select area_id, area_name, round(mean_of(n), 1) as night_an_hour,
            round(mean_of(d), 1) as day_an_hour, round(mean_of(d) / mean_of(n), 2) as day_per_night,
            missing_in(n) as n_night_withheld, missing_in(d) as n_day_withheld
        from lists join named using (area_level, area_id)
    """,
    "residents_against_census": """
        with country as (
            select mean_of(list(n_subscribers)) / avg(population) as rate,
                missing_in(list(n_subscribers)) as n
            from marts.count_residents join named using (area_level, area_id)
            where period = 'study' and area_level = 'admin1'
        )
        select area_id, area_name, n_subscribers as residents, population,
            round(1000 * n_subscribers / population, 2) as per_1000,
            round(n_subscribers / population / rate, 2) as against_country, n as n_areas_withheld
        from marts.count_residents join named using (area_level, area_id), country
        where period = 'study' and area_level = 'admin1'
    """,
    "travel_by_day": """
        select period_start, area_id, area_name, p.n_subscribers,
            round(100 * s.n_subscribers / p.n_subscribers, 1) as only_here_percent,
            (p.n_subscribers is null or s.n_subscribers is null)::int as is_withheld
        from marts.count_subscribers as p
        join marts.count_subscribers_single_area as s
            using (period, period_start, area_level, area_id)
        join named using (area_level, area_id)
        where period = 'day' and area_level = 'admin1' and period_start < '2020-02-17'
    """,
    "who_stays_home": """
        with lists as (
            select h.area_level, area_id, h.period_start < '2020-02-08' as b,
                list(v.n_subscribers + 0 * h.n_subscribers) as seen,
                list(h.n_subscribers + 0 * v.n_subscribers) as only
            from marts.count_subscribers_home_area as h
            join marts.count_visits_home_away as v
                on v.area_level = h.area_level and v.period_start = h.period_start
                    and v.home_area_id = area_id and v.visit_area_id = area_id
            where h.area_level = 'admin1' and h.period_start < '2020-02-10'
            group by all
        )
        select area_id, area_name, round(mean_of(x.seen), 1) as before_at_home_a_day,
            round(mean_of(y.seen), 1) as during_at_home_a_day,
            round(100 * list_sum(x.only) / nullif(list_sum(x.seen), 0)
                + 0 * mean_of(x.only), 1) as before_share_percent,
            round(100 * list_sum(y.only) / nullif(list_sum(y.seen), 0)
                + 0 * mean_of(y.only), 1) as during_share_percent,
            missing_in(x.only) as n_before_withheld, missing_in(y.only) as n_during_withheld
        from lists as x join lists as y using (area_level, area_id)
        join named using (area_level, area_id)
        where x.b and not y.b
    """,
}


#: Marts of nobody, of the same levels and days and one more: three and four areas, of which little
#: is withheld, so that every worksheet has an answer. In the real country some have none.
_MADE = """
create macro made_up(one, other, moment) as
    (30 + (one * 17 + other * 29 + moment * 23 + one * moment * 3) % 60)::bigint;
create macro is_hidden(one, other, moment) as one * other % 4 = 0 and moment % 5 = 0;
create macro or_null(number, hidden) as if(hidden, null, number);
create table place as
    select 'admin' || level as area_level, 'a' || level || number as area_id, number
    from range(1, 3) as levels(level), range(1, 5) as numbers(number)
    where number <= 2 + level;
create table study_day as
    select timestamp '2020-02-03' + to_days(number::int) as period_start, number + 1 as moment
    from range(15) as days(number);
create table marts.areas as
    select area_level, area_id, version || ' of ' || area_id as area_name,
        (1000 * number + 500)::double as population, version = 'name' as is_current
    from place, (values ('name'), ('former name')) as versions(version);
create table marts.count_subscribers as
    select 'day' as period, period_start, area_level, area_id,
        or_null(made_up(number, 1, moment) - if(number = 2 and moment in (6, 7), 20, 0),
            is_hidden(number, 1, moment)) as n_subscribers,
        is_hidden(number, 1, moment) as is_suppressed
    from study_day, place
    union all
    select 'hour', period_start + to_hours(hour::int), area_level, area_id,
        or_null(made_up(number, hour, moment), number > 2 and is_hidden(number, hour, moment)),
        number > 2 and is_hidden(number, hour, moment)
    from study_day, place, range(24) as hours(hour);
create table marts.count_subscribers_change as
    select 'day' as period, period_start, area_level, area_id,
        or_null(made_up(number, 2, moment), hidden) as n_subscribers,
        or_null(made_up(number, 3, moment) + 0.5::double, hidden) as baseline_median,
        or_null(round(if(number = 1, -1, 1) * sin(number * moment), 2), hidden) as abnormality,
        hidden as is_suppressed
    from (
        select *, number = 4 or number = 3 and moment = 6 as hidden from study_day, place
    ) as rows;
create table marts.count_visitors as
    select period, period_start, area_level, area_id,
        or_null(made_up(number, 4, moment), hidden) as n_subscribers, hidden as is_suppressed
    from (
        select period_start - to_days(7 * week::int) as period_start, moment - 7 * week as moment,
            area_level, area_id, number,
            (number, moment - 7 * week) in ((4, 6), (3, 14)) as hidden
        from study_day, place, range(2) as weeks(week) where week = 0 or moment <= 7
    ) as rows, (values ('day'), ('week')) as periods(period);
create table marts.count_subscribers_single_area as
    select 'day' as period, period_start, area_level, area_id,
        or_null(made_up(number, 5, moment), is_hidden(number, 2, moment)) as n_subscribers,
        is_hidden(number, 2, moment) as is_suppressed
    from study_day, place;
create table marts.count_subscribers_home_area as
    select 'day' as period, period_start, area_level, area_id,
        or_null(made_up(number, 6, moment), is_hidden(number, 4, moment) and number > 2)
            as n_subscribers,
        is_hidden(number, 4, moment) and number > 2 as is_suppressed
    from study_day, place;
create table marts.count_residents as
    select period, timestamp '2020-02-03' as period_start, area_level, area_id,
        made_up(number, 7, 1) as n_subscribers, false as is_suppressed
    from place, (values ('study'), ('week')) as periods(period);
create table pair as
    select one.area_level, one.area_id as one_id, other.area_id as other_id, one.number as one,
        other.number as other
    from place as other left join (
        select * from place union all select distinct area_level, null, 0 from place
    ) as one using (area_level);
create table marts.count_visits_home_away as
    select 'day' as period, period_start, area_level, one_id as home_area_id,
        other_id as visit_area_id,
        or_null(made_up(one, other, moment), is_hidden(one, other, moment)) as n_subscribers,
        is_hidden(one, other, moment) as is_suppressed
    from study_day, pair;
create table marts.od_matrix_directed_all_pairs as
    select 'day' as period, period_start, area_level, one_id as from_area_id,
        other_id as to_area_id,
        or_null(made_up(one, other, moment) - if(one = 1 and moment in (6, 7), 25, 0),
            hidden) as n_subscribers,
        hidden as is_suppressed
    from (
        select *, is_hidden(one, other + 1, moment) or (one, other, moment) = (1, 2, 7) as hidden
        from study_day, pair where one > 0
    ) as rows;
create table marts.count_home_relocations as
    select 'week' as period, period_start, area_level, one_id as previous_home_area_id,
        other_id as new_home_area_id,
        or_null(made_up(one, other, moment), (one + other) % 3 = 0) as n_subscribers,
        (one + other) % 3 = 0 as is_suppressed
    from study_day, pair where moment in (1, 8, 15);
"""


def made_by_hand() -> duckdb.DuckDBPyConnection:
    """A country of nobody, in DuckDB."""
    database = duckdb.connect()
    database.execute("create schema marts")
    database.execute(_MADE + _MACROS)
    return database


def to_server(database: duckdb.DuckDBPyConnection, server: Server, folder: Path) -> None:
    """Its marts as tables of the schema `made` of a server."""
    server.query("create schema made")
    for mart in MARTS:
        path = folder / mart
        path.mkdir()
        database.execute(f"copy marts.{mart} to '{path}/rows.parquet' (format parquet)")
        server.query(f"create table made.{mart} using parquet location '{path}'")


def exported(server: Server, folder: Path) -> duckdb.DuckDBPyConnection:
    """The marts as `throng export` writes them, in DuckDB, in the schema of their names."""
    database = duckdb.connect()
    database.execute("create schema marts")
    connection = server.connect()
    try:
        for mart in MARTS:
            path = folder / f"{mart}.parquet"
            write_mart(connection.cursor(), mart, "parquet", path)
            database.execute(f"create table marts.{mart} as select * from '{path}'")
    finally:
        connection.close()
    database.execute(_MACROS)
    return database


def assert_same_answer(actual: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same rows, but for the last digit: engines do not agree where half of it goes."""
    assert list(actual) == list(expected)
    actual, expected = actual.copy(), expected.copy()
    for column in expected.select_dtypes("number"):
        for frame in (actual, expected):
            frame[column] = pd.to_numeric(frame[column]).astype(float)
    actual, expected = in_order(actual), in_order(expected)
    for column in expected:
        digit = 0.01 if column in HUNDREDTHS else 0.1
        assert_series_equal(
            actual[column], expected[column], check_dtype=False, rtol=0, atol=1.01 * digit
        )

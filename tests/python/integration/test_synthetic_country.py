"""From the synthetic country to the marts, held against the country's own truth."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tests.python.conftest import run_throng
from tests.python.integration import habits
from tests.python.integration.test_marts import assert_same, table
from throng.synth import Settings, generate

DAYS = {"study_start": "2020-02-03", "study_end": "2020-02-16"}


@pytest.fixture(scope="module")
def country(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    settings = Settings(subscribers=1200, start=date(2020, 2, 3), days=14, seed=7)
    generate(settings, folder / "landing", folder / "truth")
    server.build_untested(folder / "landing", **DAYS)
    return folder


def test_every_dirty_row_is_rejected_for_its_reason(server, country):
    dirty = pd.read_parquet(country / "truth" / "dirty_rows.parquet")
    expected = dirty.groupby(["file", "reason"]).size().to_dict()
    actual = server.query(
        "select source_file, reject_reason, count(*) from protected.rejected_events group by all"
    )
    assert {(file, reason): rows for file, reason, rows in actual} == expected
    assert len({reason for _, reason in expected}) == 8


def test_homes_are_found(server, country):
    """Of those who stayed at one home, four in five get that area: phones are silent at night."""
    truth = pd.read_parquet(country / "truth" / "home_areas.parquet")
    truth = truth.groupby("subscriber_id").filter(lambda homes: len(homes) == 1)
    pseudonyms = {
        server.pseudonym(subscriber): area
        for subscriber, area in zip(truth["subscriber_id"], truth["area_id"], strict=True)
    }
    found = server.query(
        "select subscriber_id, home_area_id from protected.int_home_areas "
        "where period = 'study' and area_level = 'admin3'"
    )
    known = [(pseudonyms[who], area) for who, area in found if who in pseudonyms]
    right = sum(true == area for true, area in known)
    assert len(known) > 1000
    assert right / len(known) > 0.8, f"{right} of {len(known)} homes"


def test_the_summary_is_right(server, country):
    done = run_throng("summary", env=server.env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()

    def number(label: str) -> int:
        [line] = [line for line in lines if line.strip().startswith(label)]
        return int(line.strip()[len(label) :].split()[0].replace(",", ""))

    [(rows,)] = server.query("select count(*) from landing.events")
    dirty = pd.read_parquet(country / "truth" / "dirty_rows.parquet")
    assert "Period covered      2020-02-03 to 2020-02-16" in lines
    assert number("Events in") == rows
    assert number("rejected") == len(dirty)
    assert number("accepted") == rows - len(dirty)
    for reason, group in dirty.groupby("reason"):
        assert number(reason) == len(group)
    [(cells, small)] = server.query(
        "select count(*), count_if(n_subscribers < 16) from protected.candidate_count_residents"
    )
    [(publishable,)] = server.query(
        "select count_if(not is_suppressed) from protected.release_count_residents"
    )
    [(seen,)] = server.query("select count_if(not is_suppressed) from marts.count_residents")
    [line] = [line for line in lines if line.startswith("count_residents")]
    assert line.split() == [
        "count_residents",
        f"{cells:,}",
        f"{small / cells:.1%}",
        f"{(cells - small - publishable) / cells:.1%}",
        f"{publishable:,}",
        f"{seen:,}",
    ]
    assert "throng beeline -e" in done.stdout
    assert "hive.connect" in done.stdout
    assert "make docs" in done.stdout


@pytest.fixture(scope="module")
def tables(server, country):
    names = [
        "int_subscriber_profiles",
        "int_home_areas",
        "int_events_checked",
        "int_cell_site_versions",
    ]
    folder = server.warehouse / "tables" / "protected.db"
    return habits.Tables({name: folder / name for name in names})


def test_profile_summary_is_the_statistics_of_residents(server, tables):
    expected = tables.frame(habits.SUMMARY)
    assert expected["indicator"].nunique() == 25
    actual = table(server, "protected.candidate_profile_summary", list(expected.columns))
    has_no_value = actual["mean_value"].isna()
    assert actual.loc[has_no_value, "standard_deviation"].isna().all()
    assert_same(actual[~has_no_value], expected)


def test_the_contact_matrix_is_the_calls_between_homes(server, tables):
    expected = tables.frame(habits.CONTACTS)
    assert expected["n_interactions"].sum() > 1000
    assert_same(
        table(server, "protected.candidate_contact_matrix", list(expected.columns)), expected
    )


def test_segments_are_where_k_means_ends(server, tables):
    """Everybody is nearest to the mean of their segment, and areas add up everybody."""
    features = tables.features()
    points = habits.standardised(features)
    centres = np.array(
        [
            [float(number) for number in centre.strip("[]").split(",")]
            for _, centre in server.query(
                "select segment, cast(centre as string) from protected.int_segments order by 1"
            )
        ]
    )
    assert 3 <= len(centres) <= 8
    segment = habits.nearest(points, centres)
    means = np.array([points[segment == n + 1].mean(axis=0) for n in range(len(centres))])
    np.testing.assert_allclose(means, centres, atol=0.02)
    assert (np.diff(centres[:, 0]) < 0).all()
    found = dict(
        server.query("select subscriber_id, segment from protected.int_subscriber_segments")
    )
    assert found == dict(zip(features.index, segment, strict=True))

    homes = tables.frame(
        "select subscriber_id, area_level, home_area_id as area_id from protected.int_home_areas "
        "where period = 'study'"
    )
    long = features.assign(segment=segment).reset_index().merge(homes, on="subscriber_id")
    long = long.melt(["subscriber_id", "segment", "area_level", "area_id"], var_name="indicator")
    keys = ["area_level", "area_id", "segment", "indicator"]
    expected = long.groupby(keys, as_index=False).agg(
        n_subscribers=("subscriber_id", "nunique"), mean_value=("value", "mean")
    )
    assert_same(
        table(server, "protected.candidate_profile_segments", list(expected.columns)), expected
    )


def told(server, mart: str, columns: list[str]) -> pd.DataFrame:
    return table(server, f"protected.release_{mart}", columns)


def test_profiles_count_residents_and_their_values_in_steps(server, country):
    columns = ["area_level", "area_id", "n_subscribers"]
    summary = told(server, "profile_summary", [*columns, "n_with_value", "mean_value"])
    residents = table(server, "protected.release_count_residents", ["period", *columns])
    residents = residents.loc[residents["period"] == "study", columns]
    assert_same(summary[columns].drop_duplicates(), residents)
    rows = summary[summary["mean_value"].notna()]
    assert (rows["n_with_value"] % 16 == 0).all()
    assert rows["n_with_value"].between(16, rows["n_subscribers"]).all()
    assert summary.loc[summary["mean_value"].isna(), "n_with_value"].isna().all()


def test_what_is_missing_of_the_means_of_a_level_is_fair_together(server, tables):
    """The sum of a level is that of any other: what is not told of it can be subtracted."""
    keys = [*habits.SPLIT, "indicator"]
    means = told(server, "profile_summary", [*keys, "mean_value"])
    is_told = means["mean_value"].notna()
    # Of most areas nothing: fifteen people live there.
    assert 1000 < is_told.sum() < 0.5 * len(means)
    values = tables.frame("select * from study_values where value is not null")
    missing = values.merge(means[~is_told], on=keys)
    kinds = ["area_level", "interaction", "part_of_week", "part_of_day", "indicator"]
    told_kinds = set(means.loc[is_told, kinds].itertuples(index=False, name=None))
    n_compared = 0
    for kind, group in missing.groupby(kinds):
        if kind in told_kinds:  # or there is nothing to subtract
            assert habits.is_fair(group["value"]), kind
            n_compared += 1
    assert n_compared > 20


def test_parts_that_add_up_are_told_together(server, country):
    """Of all, by day and by night: not all and one of two parts, if there is another."""
    keys = [*habits.SPLIT, "indicator"]
    columns = [*keys, "n_with_value", "mean_value"]
    candidates = table(server, "protected.candidate_profile_summary", columns)
    rows = set(
        candidates.loc[candidates["n_with_value"] > 0, keys].itertuples(index=False, name=None)
    )
    means = told(server, "profile_summary", columns).dropna()
    is_told = set(means[keys].itertuples(index=False, name=None))
    n_compared = 0
    for level, area, kind, week, day, indicator in is_told:
        if indicator not in ("number_of_interactions", "active_days"):
            continue
        for other in (
            (kind, week, {"day": "night", "night": "day"}.get(day)),
            (kind, {"weekday": "weekend", "weekend": "weekday"}.get(week), day),
            ({"call": "text", "text": "call"}.get(kind), week, day),
        ):
            row = (level, area, *other, indicator)
            if row in rows:
                assert row in is_told, row
                n_compared += 1
    assert n_compared > 10


def test_what_is_missing_of_segments_is_fair_together(server, tables):
    keys = ["area_level", "area_id", "segment", "indicator"]
    means = told(server, "profile_segments", [*keys, "mean_value"])
    is_told = means["mean_value"].notna()
    assert is_told.any()
    segments = pd.DataFrame(
        server.query("select subscriber_id, segment from protected.int_subscriber_segments"),
        columns=["subscriber_id", "segment"],
    )
    homes = tables.frame(
        "select subscriber_id, area_level, home_area_id as area_id from protected.int_home_areas "
        "where period = 'study'"
    )
    long = tables.features().reset_index().merge(segments, on="subscriber_id")
    long = long.merge(homes, on="subscriber_id")
    long = long.melt(["subscriber_id", "segment", "area_level", "area_id"], var_name="indicator")
    missing = long.merge(means[~is_told], on=keys)
    n_compared = 0
    for together in (
        ["area_level", "area_id", "indicator"],
        ["area_level", "segment", "indicator"],
    ):
        some = set(means.loc[is_told, together].itertuples(index=False, name=None))
        for key, group in missing.groupby(together):
            if key in some:
                assert habits.is_fair(group["value"]), key
                n_compared += 1
    assert n_compared > 0

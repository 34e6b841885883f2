"""What is known of areas beside people, and what goes together with what."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.python.support.views import Views

FIRST = pd.Timestamp("2020-02-03")
N_DAYS = 42
AREAS = ("a", "b", "c", "d")
#: Rain of an area is followed by fewer people there after so many days.
LAG = 4
#: Days from infection to the day on which a case is counted.
INCUBATION = 5

pytestmark = pytest.mark.long


def days_of(level: str, area: str, numbers: np.ndarray, **more: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": "day",
            "period_start": pd.date_range(FIRST, periods=len(numbers)),
            "area_level": level,
            "area_id": area,
            **more,
            "numbers": numbers,
        }
    )


@pytest.fixture(scope="module")
def invented() -> dict[str, pd.DataFrame]:
    """People of four districts, one of which lacks a day, and rain that keeps them at home."""
    draws = np.random.default_rng(17)
    people, rain = [], []
    week = np.array([0, 0, 5, 5, 20, 60, 50])
    for number, area in enumerate(AREAS):
        wet = draws.gamma(1.0, 3.0, N_DAYS)
        fewer = np.concatenate([np.zeros(LAG), 6 * wet[:-LAG]])
        count = 300 + 100 * number + 2 * np.arange(N_DAYS) + np.resize(week, N_DAYS)
        count = np.round(count - fewer + draws.normal(0, 4, N_DAYS))
        shown = np.full(N_DAYS, False)
        shown[9] = area == "d"
        people.append(days_of("district", area, count, is_suppressed=shown, is_complete=True))
        rain.append(days_of("district", area, wet, series_name="rain"))
        rain.append(days_of("province", area, wet, series_name="rain"))
    counted = pd.concat(people).rename(columns={"numbers": "n_subscribers"})
    counted["n_subscribers"] = counted["n_subscribers"].mask(counted["is_suppressed"])
    # A missing delivery has some people, and says nothing of how many there were.
    counted.loc[counted["period_start"] == FIRST + pd.Timedelta(days=20), "is_complete"] = False
    outages = pd.DataFrame(
        {
            "area_level": ["district"],
            "area_id": ["b"],
            "period_start": [FIRST + pd.Timedelta(days=30)],
        }
    )
    return {
        "count_subscribers": counted.astype({"n_subscribers": "Int64"}),
        "context_series": pd.concat(rain).rename(columns={"numbers": "series_value"}),
        "area_outages": outages,
    }


@pytest.fixture(scope="module")
def asked(server, tmp_path_factory, invented) -> dict[str, pd.DataFrame]:
    """Both views over what was invented."""
    views = Views(
        *(server, tmp_path_factory.mktemp("context")), "series_adjusted", "series_correlation"
    )
    columns = ["area_level", "area_id", "series_name", "period_start"]
    adjusted = views.ask(
        "series_adjusted", [*columns, "series_value", "value_adjusted"], **invented
    )
    pairs = ["area_level", "area_id", "series_name", "other_area_id", "other_series_name"]
    numbers = ["lag_days", "n_days", "pearson", "spearman", "p_value", "p_value_corrected"]
    found = views.ask("series_correlation", [*pairs, *numbers], series_adjusted=adjusted)
    return {"adjusted": adjusted, "correlations": found}


def test_weeks_and_trends_are_taken_out(invented, asked):
    """A line through all days, then the mean of the weekday; a day without people is null."""
    found = asked["adjusted"]
    assert set(found[found["series_name"] == "count_subscribers"]["area_id"]) == {"a", "b", "c"}
    for (level, area, name), days in found.groupby(["area_level", "area_id", "series_name"]):
        values = days.set_index("period_start")["series_value"].astype(float).sort_index()
        known = values.dropna()
        if name == "count_subscribers":
            assert len(values) == N_DAYS - 1
            assert len(values) - len(known) == (area == "b")
        else:
            assert (level, len(known)) == (level, N_DAYS)
        number = (known.index - FIRST).days
        rest = known - np.polyval(np.polyfit(number, known, 1), number)
        rest -= rest.groupby(rest.index.weekday).transform("mean")
        shown = days.set_index("period_start")["value_adjusted"].astype(float).sort_index()
        np.testing.assert_allclose(shown.dropna(), rest, atol=1e-6)


def test_pairs_are_those_of_people_and_of_their_context(asked):
    found = asked["correlations"]
    pairs = set(map(tuple, found[["area_id", "other_area_id", "other_series_name"]].to_numpy()))
    assert pairs == {
        *(("a", "b", "count_subscribers"), ("a", "c", "count_subscribers")),
        ("b", "c", "count_subscribers"),
        *((area, area, "rain") for area in "abc"),
    }
    assert (found["area_level"] == "district").all()
    assert found.groupby(["area_id", "other_area_id", "other_series_name"]).size().eq(29).all()


def test_rain_keeps_people_at_home_four_days_later(asked):
    """In every area the lag that was made is found, and no other is as sure."""
    found = asked["correlations"]
    rain = found[found["other_series_name"] == "rain"]
    for _, lags in rain.groupby("area_id"):
        best = lags.loc[lags["pearson"].astype(float).idxmin()]
        # The rain is earlier than the people.
        assert best["lag_days"] == -LAG
        assert best["pearson"] < -0.8
        assert best["spearman"] < -0.6
        assert best["p_value_corrected"] < 0.001


def test_numbers_are_those_of_scipy(asked):
    adjusted, found = asked["adjusted"], asked["correlations"]
    series = {
        key: days.set_index("period_start")["value_adjusted"].astype(float)
        for key, days in adjusted.groupby(["area_id", "area_level", "series_name"])
    }
    for row in found.itertuples(index=False):
        one = series[row.area_id, row.area_level, row.series_name].dropna()
        other = series[row.other_area_id, row.area_level, row.other_series_name].dropna()
        other.index = other.index - pd.Timedelta(days=row.lag_days)
        days = one.index.intersection(other.index)
        assert row.n_days == len(days)
        assert row.pearson == pytest.approx(
            stats.pearsonr(one[days], other[days]).statistic, abs=6e-5
        )
        assert row.spearman == pytest.approx(
            stats.spearmanr(one[days], other[days]).statistic, abs=6e-5
        )
    for _, same in found.groupby("other_series_name"):
        corrected = stats.false_discovery_control(same["p_value"])
        np.testing.assert_allclose(same["p_value_corrected"], corrected, atol=1e-9)


def test_an_epidemic_that_travels_is_found_at_its_lag(server, tmp_path):
    """Cases in one area, and elsewhere so many as infectious travellers came five days before."""
    draws = np.random.default_rng(5)
    areas = [f"d{number}" for number in range(8)]
    population = draws.integers(20_000, 90_000, len(areas))
    pairs, epidemic = [], np.zeros((N_DAYS, len(areas)))
    epidemic[:, 0] = np.round(400 * np.exp(0.03 * np.arange(N_DAYS)) + draws.normal(0, 40, N_DAYS))
    for day in range(N_DAYS):
        people = np.round(draws.gamma(2.0, 400.0, (len(areas), len(areas))), -1)
        if day + INCUBATION < N_DAYS:
            came = (people * (epidemic[day] / population)[:, None]).sum(axis=0)
            epidemic[day + INCUBATION, 1:] += draws.poisson(came * 3)[1:]
        for one, origin in enumerate(areas):
            for other, destination in enumerate(areas):
                if one != other:
                    pairs.append((day, origin, destination, people[one, other]))
    flows = pd.DataFrame(pairs, columns=["day", "from_area_id", "to_area_id", "people_estimated"])
    flows["period_start"] = FIRST + pd.to_timedelta(flows.pop("day"), unit="D")
    flows = flows.assign(area_level="admin2", is_suppressed=flows["people_estimated"] < 50)
    flows["people_estimated"] = flows["people_estimated"].mask(flows["is_suppressed"])
    cases = pd.concat(
        days_of("admin2", area, epidemic[:, number], series_name="cases")
        for number, area in enumerate(areas)
    ).rename(columns={"numbers": "series_value"})
    sizes = pd.DataFrame(
        {"area_level": "admin2", "area_id": areas, "population": population, "is_current": True}
    )
    views = Views(server, tmp_path, "importation_risk")
    found = views.ask(
        *("importation_risk", ["lag_days", "rank_correlation", "n_pairs_withheld"]),
        areas=sizes,
        context_series=cases,
        od_matrix_directed_all_pairs_estimated=flows,
    )
    by_lag = found.set_index("lag_days")["rank_correlation"].astype(float).sort_values()
    assert by_lag.index[-1] == INCUBATION
    assert by_lag.iloc[-1] > 0.2
    assert by_lag.iloc[-1] > 2 * by_lag.iloc[-2]
    assert found["n_pairs_withheld"].max() > 0

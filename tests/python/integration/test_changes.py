"""The models of changes over invented numbers, against a second calculation in pandas."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest

from tests.python.support.views import Views

START = pd.Timestamp("2020-02-03")
N_DAYS = 49
BASELINE_END = pd.Timestamp("2020-03-08")
#: Of a missing delivery: every number is withheld.
MISSING_DAY = pd.Timestamp("2020-02-12")
AREAS = (("district", "a"), ("district", "b"), ("district", "c"), ("province", "b"))
#: Area down, and the hours of it.
OUTAGES = pd.DataFrame(
    [
        ("district", "b", "2020-02-18 08:00", "2020-02-18 12:00"),
        ("district", "b", "2020-03-10 22:00", "2020-03-11 03:00"),
        ("province", "b", "2020-02-20 05:00", "2020-02-20 09:00"),
    ],
    columns=["area_level", "area_id", "quiet_from", "quiet_until"],
).astype({"quiet_from": "datetime64[us]", "quiet_until": "datetime64[us]"})
SIZES = {("district", "a"): 2.0, ("district", "b"): 0.5, ("district", "c"): 3.0}
EVENTS = [
    {"name": "flood", "from": "2020-03-09", "to": "2020-03-15"},
    {"name": "fair", "from": "2020-02-22", "to": "2020-02-23", "areas": ["a", "b"]},
]
NUMBERS = ["baseline_median", "baseline_mad", "baseline_mean", "baseline_standard_deviation"]
NUMBERS += ["change_percent", "abnormality", "z_score"]


def invented(keys: list[tuple], names: list[str], step: str) -> pd.DataFrame:
    """Numbers of people by key and period; some withheld, and one area always the same."""
    draws = random.Random(17)
    rows = []
    for start in pd.date_range(START, periods=N_DAYS * (24 if step == "hour" else 1), freq=step[0]):
        for key in keys:
            complete = start.normalize() != MISSING_DAY
            shown = complete and draws.random() > 0.03
            number = 50 if key[1] == "c" else draws.randrange(16, 200)
            rows.append((step, start, *key, number if shown else None, not shown, complete))
    columns = ["period", "period_start", *names, "n_subscribers", "is_suppressed", "is_complete"]
    return pd.DataFrame(rows, columns=columns).astype({"n_subscribers": "Int64"})


def is_down(row: pd.Series, areas: list[str], step: str) -> bool:
    end = row.period_start + pd.Timedelta(1, step)
    return any(
        row.area_level == level and area in [row[name] for name in areas]
        for level, area, since, until in OUTAGES.itertuples(index=False)
        if since < end and until > row.period_start
    )


def changes_by_hand(frame: pd.DataFrame, keys: list[str], areas: list[str]) -> pd.DataFrame:
    """Each number against those of the same weekday and hour in the baseline."""
    found = frame.assign(
        is_outage=frame.apply(is_down, axis=1, areas=areas, step=frame.period[0]),
        weekday=frame.period_start.dt.weekday,
        hour=frame.period_start.dt.hour,
    )
    day = found.period_start.dt.normalize()
    found["is_baseline"] = found.is_complete & ~found.is_outage & (day <= BASELINE_END)
    parts = []
    for _, part in found.groupby([*keys, "weekday", "hour"]):
        usual = part[part.is_baseline]
        people = usual.n_subscribers.dropna().astype(float)
        median, mean, deviation = people.median(), people.mean(), people.std(ddof=1)
        mad = (people - median).abs().median()
        hidden = bool(usual.is_suppressed.any()) or len(people) < 4
        withheld = hidden | part.is_suppressed | part.is_outage | ~part.is_complete
        number = part.n_subscribers.astype(float)
        compared = {
            "n_subscribers": number,
            "baseline_median": median,
            "baseline_mad": mad,
            "baseline_mean": mean,
            "baseline_standard_deviation": deviation,
            "change_percent": 100 * (number - median) / median,
            "abnormality": (number - median) / mad if mad else np.nan,
            "z_score": (number - mean) / deviation if deviation else np.nan,
        }
        compared = {name: np.where(withheld, np.nan, value) for name, value in compared.items()}
        parts.append(part.assign(n_baseline=len(people), **compared, is_suppressed=withheld))
    return pd.concat(parts)


def assert_same(shown: pd.DataFrame, expected: pd.DataFrame, keys: list[str], exact, close):
    """Both have the same rows and, but for what is rounded, the same numbers."""
    assert len(shown) == len(expected)
    both = shown.merge(expected, on=keys, suffixes=("", "_by_hand"), validate="one_to_one")
    assert len(both) == len(shown)
    for name in exact:
        assert (both[name] == both[f"{name}_by_hand"]).all(), name
    for name in close:
        one, other = both[name].astype(float), both[f"{name}_by_hand"].astype(float)
        assert one.notna().any(), name
        np.testing.assert_allclose(one, other, atol=0.0501, err_msg=name)


@pytest.fixture(scope="module")
def asked(server, tmp_path_factory):
    """A function: the rows of a model if its inputs were these frames."""
    models = ["count_subscribers_change", "od_matrix_directed_all_pairs_change"]
    views = Views(
        *(server, tmp_path_factory.mktemp("changes"), *models, "crowding", "event_changes"),
        study_events=EVENTS,
        baseline_start=str(START.date()),
        baseline_end=str(BASELINE_END.date()),
    )
    return views.ask


OF_A_CHANGE = ["is_baseline", "n_baseline", "is_outage", "is_suppressed", "is_complete"]


def test_days_of_areas(asked):
    keys = ["area_level", "area_id"]
    days = invented(list(AREAS), keys, "day")
    columns = ["period_start", *keys, *OF_A_CHANGE, "n_subscribers", *NUMBERS]
    shown = asked("count_subscribers_change", columns, count_subscribers=days, area_outages=OUTAGES)
    expected = changes_by_hand(days, keys, ["area_id"])
    assert expected.is_outage.sum() == 4
    assert 0.1 < expected.is_suppressed.mean() < 0.6
    assert_same(
        *(shown, expected, ["period_start", *keys], OF_A_CHANGE, ["n_subscribers", *NUMBERS])
    )


def test_days_of_pairs_of_areas(asked):
    """An outage at either end counts."""
    keys = ["area_level", "from_area_id", "to_area_id"]
    pairs = [("district", one, other) for one in "abc" for other in "abc" if one != other]
    days = invented(pairs, keys, "day")
    columns = ["period_start", *keys, *OF_A_CHANGE, "n_subscribers", *NUMBERS]
    shown = asked(
        *("od_matrix_directed_all_pairs_change", columns),
        od_matrix_directed_all_pairs=days,
        area_outages=OUTAGES,
    )
    expected = changes_by_hand(days, keys, ["from_area_id", "to_area_id"])
    assert expected.is_outage.sum() == 12
    assert_same(
        *(shown, expected, ["period_start", *keys], OF_A_CHANGE, ["n_subscribers", *NUMBERS])
    )


def test_hours_of_areas(asked):
    keys = ["area_level", "area_id"]
    hours = invented(list(AREAS), keys, "hour")
    sizes = pd.DataFrame(
        [(*area, size, True) for area, size in SIZES.items()],
        columns=["area_level", "area_id", "area_km2", "is_current"],
    )
    of_crowds = ["subscribers_per_km2", "usual_subscribers_per_km2", "ratio_to_usual"]
    columns = ["period_start", *keys, *OF_A_CHANGE, "n_subscribers", *of_crowds]
    shown = asked(
        *("crowding", columns), count_subscribers=hours, area_outages=OUTAGES, areas=sizes
    )
    expected = changes_by_hand(hours, keys, ["area_id"])
    assert expected.is_outage.sum() == 13
    size = [
        SIZES.get(area, np.nan) for area in zip(expected.area_level, expected.area_id, strict=True)
    ]
    expected["subscribers_per_km2"] = expected.n_subscribers / size
    expected["usual_subscribers_per_km2"] = expected.baseline_median / size
    expected["ratio_to_usual"] = expected.n_subscribers / expected.baseline_median
    assert_same(
        *(shown, expected, ["period_start", *keys], OF_A_CHANGE, ["n_subscribers", *of_crowds])
    )


def test_events(asked):
    """Before, during and after, against the same days of the changes."""
    keys = ["area_level", "area_id"]
    changes = changes_by_hand(invented(list(AREAS), keys, "day"), keys, ["area_id"])
    changes["n_subscribers"] = changes.n_subscribers.astype("Int64")
    given = ["period_start", *keys, "n_subscribers", "baseline_median"]
    given += ["is_outage", "is_suppressed", "is_complete"]
    numbers = ["mean_subscribers", "usual_subscribers", "change_percent", "change_rank"]
    exact = ["n_days", "n_days_compared", "is_suppressed"]
    columns = ["event_name", "phase", *keys, *exact, *numbers]
    shown = asked("event_changes", columns, count_subscribers_change=changes[given])
    rows = []
    for event in EVENTS:
        first, last = pd.Timestamp(event["from"]), pd.Timestamp(event["to"])
        length = last - first + pd.Timedelta("1D")
        for phase, shift in (("before", -length), ("during", 0 * length), ("after", length)):
            chosen = changes[changes.period_start.between(first + shift, last + shift)]
            for key, days in chosen.groupby(keys):
                if "areas" in event and key[1] not in event["areas"]:
                    continue
                known = days[days.is_complete & ~days.is_outage]
                hidden = known.empty or bool(known.is_suppressed.any())
                people = np.nan if hidden else known.n_subscribers.astype(float).mean()
                usual = np.nan if hidden else known.baseline_median.mean()
                rows.append(
                    (event["name"], phase, *key, len(days), len(known), hidden, people, usual)
                )
    expected = pd.DataFrame(rows, columns=columns[:-2])
    expected["change_percent"] = (
        100 * (expected.mean_subscribers - expected.usual_subscribers) / expected.usual_subscribers
    )
    expected["change_rank"] = (
        expected.assign(size=expected.change_percent.abs())
        .groupby(["event_name", "phase", "area_level"])["size"]
        .rank(ascending=False)
    )
    assert set(expected.phase) == {"before", "during", "after"}
    assert 0 < expected.is_suppressed.sum() < len(expected)
    assert_same(shown, expected, ["event_name", "phase", *keys], exact, numbers)

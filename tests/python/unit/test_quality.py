"""Outages and suspicious subscribers against the truth of synthetic countries, without Spark.

What is measured here is the second calculation; test_synthetic_country compares the models with it.
"""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pandas as pd
import pytest

from tests.python.support import quality
from throng.synth.generator import generate
from throng.synth.settings import Settings

FIRST = date(2020, 2, 3)
COUNTRIES = [
    Settings(
        3000, FIRST, 28, seed=31, format="parquet", dirt=False, outages=25, machines=5, clones=5
    ),
    Settings(3000, FIRST, 21, seed=32, format="parquet", dirt=False, outages=25, lockdown=None),
]


@pytest.fixture(scope="module", params=COUNTRIES, ids=lambda settings: f"seed {settings.seed}")
def country(request, tmp_path_factory):
    """Settings, folder of the truth, events and cells."""
    settings, folder = request.param, tmp_path_factory.mktemp("quality")
    generate(settings, folder / "landing", folder / "truth")
    events = duckdb.sql(
        f"select subscriber_id, event_at, cell_id from '{folder}/landing/events/*.parquet'"
    ).df()
    cells = pd.read_parquet(folder / "landing" / "cell_sites" / "cell_sites.parquet")
    return settings, folder / "truth", events, cells


def test_outages_are_found_and_little_else(country):
    """Of days on which a cell of ten subscribers or more was down for six hours from 6:00 on."""
    settings, truth, events, cells = country
    found = quality.outages(
        events.rename(columns={"cell_id": "place_id"}),
        cells.rename(columns={"cell_id": "place_id"}),
        FIRST,
        settings.end,
    )
    truth = pd.read_parquet(truth / "cells_down.parquet")
    down = quality.true_outages(truth, FIRST, settings.end)
    by_day = quality.true_outages(truth, FIRST, settings.end, from_hour=6)
    people = events.assign(day=events["event_at"].dt.floor("D"))
    people = people[["cell_id", "day", "subscriber_id"]].drop_duplicates()
    a_day = people.groupby("cell_id").size() / settings.days
    visible = {key for key, hours in by_day.items() if hours >= 6 and a_day.get(key[0], 0) >= 10}
    assert len(visible) > 25
    precision = len(found.keys() & down.keys()) / len(found)
    recall = len(found.keys() & visible) / len(visible)
    print(f"{len(found)} found: precision {precision:.3f}, recall {recall:.3f} of {len(visible)}")
    assert precision >= 0.9
    assert recall >= 0.9


@pytest.mark.parametrize("country", COUNTRIES[:1], indirect=True, ids=["seed 31"])
def test_suspicious_subscribers_are_found_and_little_else(country):
    settings, truth, events, cells = country
    placed = events.merge(cells, on="cell_id")
    too_early = placed["event_at"] < placed["valid_from"]
    too_late = placed["event_at"] >= placed["valid_to"]
    placed = placed[~too_early & ~too_late]
    machines, travellers = quality.suspicious(placed)
    odd = pd.read_parquet(truth / "odd_subscribers.parquet")
    wanted = {what: set(group) for what, group in odd.groupby("what")["subscriber_id"]}
    assert machines == wanted["machine"]
    assert len(travellers & wanted["clone"]) / settings.clones >= 0.8
    assert len(travellers - wanted["clone"]) <= settings.subscribers / 1000, travellers


def test_a_market_that_is_closed_on_sundays_is_not_down():
    """Twenty people an hour by day, nobody on five Sundays; one Wednesday the cell is down."""
    hours = [FIRST + timedelta(days=day) for day in range(35) if day % 7 != 6 and day != 16]
    events = pd.DataFrame(
        [
            (f"{person}", pd.Timestamp(day) + pd.Timedelta(hours=hour), "c1")
            for day in hours
            for hour in range(7, 19)
            for person in range(20)
        ],
        columns=["subscriber_id", "event_at", "place_id"],
    )
    # Another cell, so that a silent hour is not one of the whole network.
    others = [
        events.assign(place_id=f"o{number}", event_at=events["event_at"] + pd.Timedelta(days=shift))
        for number, shift in enumerate((1, 1, 2, 2))
    ]
    events = pd.concat([events, *others])
    events = events[events["event_at"].dt.date <= FIRST + timedelta(days=34)]
    cells = pd.DataFrame({"place_id": ["c1", "o0", "o1", "o2", "o3"]})
    cells["valid_from"] = cells["valid_to"] = pd.NaT
    found = quality.outages(events, cells, FIRST, FIRST + timedelta(days=34))
    assert {day for place, day in found if place == "c1"} == {FIRST + timedelta(days=16)}

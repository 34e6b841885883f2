"""What no mart may be, by the names and lists of dbt's manifest."""

from __future__ import annotations

import csv
import re
from decimal import Decimal

import pytest

from tests.python.conftest import PROJECT

EXTREME = re.compile(r"(^|_)(min|max|minimum|maximum)(_|$)")


def extremes(columns) -> list[str]:
    return [name for name in columns if EXTREME.search(name)]


def test_no_mart_has_a_minimum_or_maximum(manifest):
    """An extreme is the value of one person, however many stand around it."""
    marts = [node for node in manifest["nodes"].values() if node["path"].startswith("marts/")]
    assert len(marts) >= 17
    for mart in marts:
        assert extremes(mart["columns"]) == [], mart["name"]


@pytest.mark.parametrize("name", ["min_distance_km", "distance_max", "max_stay_h", "stay_minimum"])
def test_such_a_column_would_be_found(name):
    assert extremes([name]) == [name]


@pytest.mark.parametrize("name", ["n_subscribers", "minutes_of_calls", "admin1", "maximilian"])
def test_others_are_not(name):
    assert extremes([name]) == []


def noise_table() -> list[tuple[Decimal, int]]:
    """Chance and noise, from the cumulative seed."""
    with (PROJECT / "seeds/cell_key_noise.csv").open() as file:
        rows = [
            (Decimal(line["upper_probability"]), int(line["noise"]))
            for line in csv.DictReader(file)
        ]
    below = [Decimal(0), *(upper for upper, _ in rows)]
    return [(upper - lower, noise) for lower, (upper, noise) in zip(below, rows, strict=False)]


def test_the_noise_of_the_cell_key_has_no_bias():
    chances = {noise: chance for chance, noise in noise_table()}
    assert sorted(chances) == list(range(-5, 6))
    assert all(chance > 0 for chance in chances.values())
    assert sum(chances.values()) == 1
    assert sum(chance * noise for noise, chance in chances.items()) == 0
    assert all(chances[noise] == chances[-noise] for noise in chances)
    assert sum(chance * noise**2 for noise, chance in chances.items()) == Decimal("3.814")

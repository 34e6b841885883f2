"""The figures and the picture of `throng release costs`, without a server."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from typer.testing import CliRunner

from throng.cli import app
from throng.release.chart import HEIGHT, Bar, bars
from throng.release.costs import Cost, Share, draw, shares

FOUND = [
    Cost("5", "count_subscribers", "north & south", 10, 1000, 1, 4, 0, 0, 9, 0),
    Cost("16", "count_subscribers", "north & south", 10, 1000, 4, 20, 2, 80, 4, 0),
    Cost("16", "count_residents", "north & south", 10, 1000, 2, 30, 1, 70, 7, 0),
    Cost("16", "total_subscribers", "country", 7, 700, 0, 0, 0, 0, 7, 0),
    Cost("dp", "count_residents", "north & south", 10, 1000, 9, 90, 1, 910, 0, 0),
    Cost("dp", "total_subscribers", "country", 7, 700, 0, 0, 0, 0, 8, 20),
]


def test_shares_are_of_all_cells_and_people_of_a_level():
    assert shares(FOUND, lambda cost: cost.level) == [
        Share("16", "country", 7, 0, 0, 0, 0, 7, 0),
        Share("dp", "country", 7, 0, 0, 0, 0, 8, 2.5),
        Share("5", "north & south", 10, 0.1, 0, 0.004, 0, 9, 0),
        Share("16", "north & south", 20, 0.3, 0.15, 0.025, 0.075, 11, 0),
        Share("dp", "north & south", 10, 0.9, 0.1, 0.09, 0.91, 0, None),
    ]


def test_the_picture_is_xml_with_a_bar_for_each_share():
    picture = ET.fromstring(draw(FOUND))
    texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("north & south") == 2
    assert "45" in texts


def test_bars_stand_on_each_other():
    picture = ET.fromstring(bars([("t", [Bar("a", "5", (0.5, 0.25))])], ["one", "two"], "axis"))
    rects = picture.findall("{http://www.w3.org/2000/svg}rect")[3:]
    lower, upper = ((float(r.get("y")), float(r.get("height"))) for r in rects)
    assert (lower[1], upper[1]) == (HEIGHT / 2, HEIGHT / 4)
    assert upper[0] + upper[1] == pytest.approx(lower[0], abs=0.11)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--sizes", "1,16"], "--sizes must be"),
        (["--sizes", "few"], "--sizes must be"),
        (["--vars", "[1]"], "--vars must be"),
    ],
)
def test_a_wrong_option_is_one_sentence(arguments, sentence):
    done = CliRunner().invoke(app, ["release", "costs", *arguments])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {sentence}")

"""`throng release costs` on a built country: its figures, and the release tables afterwards."""

from __future__ import annotations

import csv
import json

import pytest

from tests.python.conftest import PROJECT, run_throng
from tests.python.integration import edge_country
from tests.python.integration.test_marts import STUDY

MART = "count_residents"


@pytest.fixture(scope="module")
def landing(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("costs")
    edge_country.write_edge_country(folder)
    server.build_untested(folder, **STUDY)
    return folder


def test_costs_are_counted_and_the_release_is_as_before(server, landing, tmp_path):
    before = set(server.query(f"select * from protected.release_{MART}"))
    files = ["--csv", str(tmp_path / "costs.csv"), "--chart", str(tmp_path / "costs.svg")]
    done = run_throng(
        *["release", "costs", "--sizes", "5", "--options", "--vars", json.dumps(STUDY), *files],
        env=server.env_over(landing),
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stderr
    assert "min_group_size 5: " in done.stderr
    assert set(server.query(f"select * from protected.release_{MART}")) == before
    counted = server.query(
        "select area_level, count(*), sum(n_subscribers), count_if(n_subscribers < 5) "
        f"from protected.candidate_{MART} group by area_level"
    )
    with (tmp_path / "costs.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["mart"] == MART]
    names = ("level", "cells", "people", "small_cells")
    found = {
        setting: sorted(tuple(row[n] for n in names) for row in rows if row["setting"] == setting)
        for setting in ("5", "round", "key", "dp")
    }
    assert found["5"] == sorted(tuple(str(value) for value in row) for row in counted)
    # Rounding and cell keys withhold the same; every option blurs, suppression does not.
    assert found["round"] == found["key"]
    error = dict.fromkeys(found, 0)
    for row in rows:
        error[row["setting"]] += int(row["error"])
    assert error["5"] == 0
    assert min(error["round"], error["key"], error["dp"]) > 0
    assert (tmp_path / "costs.svg").read_text().startswith("<svg")

"""Where help is needed most, from files to views, against pandas and scikit-learn."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from tests.python.support.need import WORDS, assert_need, countries, table
from tests.python.support.tiny_landing import landing_with, stopped_with
from throng.synth.indicator_settings import IndicatorSettings
from throng.synth.indicators import FIGURES, figures

FEEDS = {"feeds": ["indicators"]}
VIEWS = ("need_values", "need_ranking", "need_clusters", "need_projection", "need_components")
EVENTS = "subscriber_id,event_at,cell_id\np1,2020-02-03 10:00:00,c1\n"
#: A row for each reason; literacy is of fewer than half of the entities, and of one half.
EDGES = """Country,child_mort,Child_Mortality,literacy,region,gdpp,inflation
 Alba ,10,,90,north,1000,2.5
Brea,20,20,n/a,north,"1234,5",3
Cora,30,31,80,south,inf,4
Dune,40,,,south,many,
,50,,70,east,900,5
Echo,60,,60,east
Fern,,,,west,,
Alba,10,,95,north,1000,2.5
"""


def figures_of(frame: pd.DataFrame) -> str:
    return frame.rename_axis("entity").to_csv()


def published(server, landing, at: str = "2020-05-01 10:00:00", **dbt_vars) -> None:
    """What `throng release build` and `publish` do of indicators."""
    variables = {**FEEDS, **dbt_vars}
    server.build_untested(landing, "--select", "+int_indicators", **variables)
    publish = ("run-operation", "publish_landed_lists", "--args", f"{{recorded_at: '{at}'}}")
    done = server.dbt(*publish, landing=landing, **variables)
    assert done.returncode == 0, done.stdout
    views(server, landing, **variables)


def views(server, landing, **variables) -> None:
    done = server.dbt("run", "--select", *VIEWS, "need_choice_of_k", landing=landing, **variables)
    assert done.returncode == 0, done.stdout


def test_what_lands_is_checked(server, tmp_path):
    landing = landing_with(tmp_path, events=EVENTS, indicators=EDGES)
    variables = {**FEEDS, "indicator_columns": {"entity": "country"}}
    server.build_untested(landing, "--select", "+int_indicators", **variables)
    views(server, landing, **variables)
    for view in (*VIEWS, "need_choice_of_k"):
        assert server.query(f"select count(*) from marts.{view}") == [(0,)], "nothing is published"
    published(server, landing, "2020-04-01 10:00:00", **variables)
    rows = server.query(
        "select entity, name_in_file, reject_reason from protected.int_indicators_checked"
    )
    found = pd.Series({(row[0], row[1]): row[2] for row in rows if row[0] not in (None, "Alba")})
    assert len(rows) == 8 * 6
    reasons = {reason for *_, reason in rows}
    assert reasons == {
        *(None, "malformed_row", "missing_entity", "unknown_indicator", "missing_value"),
        *("unparsable_value", "contradictory", "duplicate"),
    }
    assert (found.loc[:, "region"].drop("Echo") == "unknown_indicator").all()
    assert (found.loc["Echo"] == "malformed_row").all()
    assert found["Cora", "child_mort"] == found["Cora", "child_mortality"] == "contradictory"
    assert found["Brea", "child_mort"] is None
    assert found["Brea", "child_mortality"] == "duplicate"
    assert found["Cora", "gdpp"] == found["Dune", "gdpp"] == "unparsable_value"
    assert {row[2] for row in rows if row[0] is None} == {"missing_entity"}
    values = {
        (entity, indicator): value
        for entity, indicator, value in server.query(
            "select entity, indicator, indicator_value from marts.need_values"
        )
    }
    assert len(values) == 6 * 4
    assert values["Alba", "literacy"] is None, "90 and 95: nobody knows which of them is right"
    assert values["Alba", "gdp_per_person"] == 1000
    assert values["Brea", "gdp_per_person"] == 1234.5
    ranks = dict(server.query("select entity, need_rank from marts.need_ranking"))
    assert ranks["Fern"] is ranks["Echo"] is None
    assert ranks["Cora"] is not None


@pytest.fixture(scope="module")
def fictional() -> pd.DataFrame:
    """Fictional countries, some figures missing, one without half of them."""
    _, numbers = figures(IndicatorSettings(60, seed=2))
    numbers[7, :5] = np.nan
    names = [f"Country {number:03}" for number in range(1, 61)]
    return pd.DataFrame(numbers, index=names, columns=list(FIGURES))


@pytest.fixture(scope="module")
def landed(server, tmp_path_factory, fictional):
    landing = landing_with(
        tmp_path_factory.mktemp("fictional"), events=EVENTS, indicators=figures_of(fictional)
    )
    published(server, landing)
    return landing


def test_fictional_countries(server, landed, fictional):
    assert_need(server, fictional)
    [unranked] = [row for row in server.query("select * from marts.need_ranking") if row[1] is None]
    assert unranked[0] == "Country 008"


@pytest.mark.long
@pytest.mark.parametrize(("scaling", "reach"), [("z_score", 1.5), ("log_min_max", 0)])
def test_other_scalings(server, landed, fictional, scaling, reach):
    views(server, landed, **FEEDS, need_scaling=scaling, need_outlier_reach=reach)
    assert_need(server, fictional, scaling, reach)


@pytest.mark.long
def test_as_many_clusters_as_are_wanted(server, landed):
    views(server, landed, **FEEDS, need_clusters=5)
    assert set(table(server, "need_ranking")["need_cluster"].dropna()) == {1, 2, 3, 4, 5}


@pytest.mark.long
def test_the_same_figures_are_published_once(server, landed):
    publications = "select count(distinct published_at), count(*) from released.indicators"
    [(before, rows)] = server.query(publications)
    published(server, landed, "2020-06-01 10:00:00")
    assert server.query(publications) == [(before, rows)]


@pytest.mark.long
def test_the_countries_of_the_exercise(server, tmp_path):
    frame = countries()
    file = frame.rename(columns={word: name for name, word in WORDS.items()})
    numbered = file.rename_axis("country").reset_index()
    landing = landing_with(tmp_path, events=EVENTS, indicators=numbered.to_csv())
    published(server, landing, "2020-07-01 10:00:00", indicator_columns={"entity": "country"})
    assert_need(server, frame)
    # The first column numbers the rows, and nobody has said what it is.
    counted = "select reject_reason, count(*) from protected.int_indicators_checked group by all"
    assert dict(server.query(counted)) == {None: 9 * 167, "unknown_indicator": 167}


@pytest.mark.long
def test_two_entities_and_figures_that_are_all_the_same(server, tmp_path):
    text = io.StringIO("entity,inflation,literacy\nA,1,50\nB,2,50\n")
    landing = landing_with(tmp_path, events=EVENTS, indicators=text.getvalue())
    published(server, landing, "2020-09-01 10:00:00")
    rows = server.query(
        "select entity, need_rank, need_index, reasons from marts.need_ranking order by need_rank"
    )
    # Literacy is the same, so nobody has more of it than others.
    assert rows == [("B", 1, 0.75, "inflation"), ("A", 2, 0.25, "")]
    assert len(server.query("select * from marts.need_choice_of_k")) == 2


@pytest.mark.long
def test_without_rows_nothing_is_ranked(server, tmp_path):
    landing = landing_with(tmp_path, events=EVENTS)
    published(server, landing, "2020-10-01 10:00:00")
    for view in (*VIEWS, "need_choice_of_k"):
        # What was published last stays, as areas and context do.
        assert server.query(f"select count(*) from marts.{view}")[0][0] > 0
    assert server.query("select count(*) from protected.int_indicators") == [(0,)]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"need_scaling": "log"}, "The var need_scaling is 'log'; set it to min_max, z_score,"),
        ({"need_outlier_reach": -1}, "The var need_outlier_reach is '-1'; set it to a number"),
        ({"need_clusters": 11}, "The var need_clusters is '11'; set it to a whole number from 1"),
        ({"indicator_columns": []}, "The var indicator_columns is '[]'; set it to a map, such as"),
    ],
)
def test_vars_that_cannot_work(server, tmp_path, wrong, sentence):
    landing = landing_with(tmp_path, events=EVENTS)
    done = server.dbt("build", "--select", "int_indicators", landing=landing, **FEEDS, **wrong)
    assert sentence in stopped_with(done)

"""The bundle for Superset: from dbt's manifest to files, without Superset and without a server."""

from __future__ import annotations

import json
import re
import zipfile

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from tests.python.conftest import PROJECT
from throng.cli import app
from throng.superset.bundle import (
    JOINED,
    SCHEMA,
    bundle,
    dashboards_of,
    joined_sql,
    models_for_readers,
    write_zip,
)
from throng.superset.dashboards import DASHBOARDS
from throng.superset.metrics import metrics_of

ADDRESS = "localhost:10001"
SQL = joined_sql(PROJECT / "bi/superset/datasets")


@pytest.fixture(scope="module")
def files(manifest):
    return {name: yaml.safe_load(text) for name, text in bundle(manifest, ADDRESS, SQL).items()}


@pytest.fixture(scope="module")
def models(manifest):
    return models_for_readers(manifest)


def of_sort(files, folder):
    return {name: content for name, content in files.items() if name.startswith(f"{folder}/")}


@pytest.fixture(scope="module")
def datasets(files):
    return {dataset["table_name"]: dataset for dataset in of_sort(files, "datasets").values()}


def test_every_model_for_readers_is_a_dataset_with_all_its_columns(models, datasets):
    assert set(datasets) == set(models) | set(JOINED)
    for name, model in models.items():
        columns = datasets[name]["columns"]
        assert [column["column_name"] for column in columns] == list(model["columns"])
        assert datasets[name]["schema"] == SCHEMA
        assert datasets[name]["sql"] is None
        for column in columns:
            described = model["columns"][column["column_name"]]
            assert column["description"] == " ".join(described["description"].split())
            assert column["description"]
            assert column["type"] == described["data_type"].upper()


def test_a_joined_dataset_reads_marts_only(models, datasets):
    for name, joined in JOINED.items():
        read = set(re.findall(r"(?:from|join)\s+([a-z_]+)\.([a-z_]+)", datasets[name]["sql"]))
        assert read == {(SCHEMA, model) for model in (joined.of, *joined.more)}
        columns = {column["column_name"] for column in datasets[name]["columns"]}
        assert columns >= set(models[joined.of]["columns"])


def test_no_metric_adds_up_without_looking(datasets):
    """A sum is asked for only where nothing of it is withheld and all keys but areas are fixed."""
    sums = 0
    for dataset in datasets.values():
        assert dataset["metrics"]
        assert dataset["extra"]["disallow_adhoc_metrics"]
        for metric in dataset["metrics"]:
            expression = metric["expression"]
            assert metric["description"]
            if "sum(" not in expression:
                continue
            [added] = re.findall(r"sum\((\w+)\)", expression)
            assert expression.startswith(f"case when count({added}) = count(*) and "), expression
            assert "count(distinct period) = 1" in expression, expression
            sums += 1
    assert sums > 5


def test_people_are_added_up_by_home_area_only(models):
    """Whoever has one area at each level; others would be counted in several."""
    total = {
        name
        for name, model in models.items()
        if any(metric.name == "total_n_subscribers" for metric in metrics_of(model))
    }
    of_residents = {"count_active_residents", "count_residents"}
    of_residents |= {"distance_travelled", "trip_distances"}
    # Who comes from another day comes from one area.
    arrivals = {"od_matrix_directed_between_days"}
    assert total == {*of_residents, *arrivals, "day_rhythm", "profile_segments"}


@pytest.fixture(scope="module")
def journeys(models):
    """Rows of journeys_od, and its metrics over groups of them."""
    metrics = {metric.name: metric.expression for metric in metrics_of(models["journeys_od"])}
    connection = duckdb.connect()
    connection.execute(
        """
        create table journeys as
        select * from (values
            ('day', 1, 'admin1', 'a', 'b', 20, 30, false),
            ('day', 1, 'admin1', 'b', 'a', 21, 40, false),
            ('day', 2, 'admin1', 'a', 'b', 22, 50, false),
            ('day', 2, 'admin1', 'b', 'a', null, null, true),
            ('week', 1, 'admin1', 'a', 'b', 25, 80, false),
            ('day', 1, 'admin2', 'aa', 'b', 16, 16, false)
        ) as t(period, period_start, area_level, from_area_id, to_area_id, n_subscribers,
            n_journeys, is_suppressed)
        """
    )

    def metric(name, where="true"):
        [(value,)] = connection.execute(
            f"select {metrics[name]} from journeys where {where}"
        ).fetchall()
        return value

    return metric


ONE_LEVEL = "period = 'day' and area_level = 'admin1'"


@pytest.mark.parametrize(
    ("name", "where", "value"),
    [
        ("published_n_subscribers", f"{ONE_LEVEL} and period_start = 1 and from_area_id = 'a'", 20),
        # Two days, two areas: people would be counted twice.
        ("published_n_subscribers", f"{ONE_LEVEL} and from_area_id = 'a'", None),
        ("published_n_subscribers", f"{ONE_LEVEL} and period_start = 1", None),
        ("published_n_subscribers", "is_suppressed", None),
        ("published_n_subscribers", "false", None),
        # Journeys add up, over areas and days.
        ("total_n_journeys", f"{ONE_LEVEL} and from_area_id = 'a'", 80),
        ("total_n_journeys", f"{ONE_LEVEL} and period_start = 1", 70),
        # But not what is withheld, days with weeks, or one level with another.
        ("total_n_journeys", ONE_LEVEL, None),
        ("total_n_journeys", "from_area_id = 'a'", None),
        ("total_n_journeys", "period = 'day' and period_start = 1", None),
        ("n_withheld", ONE_LEVEL, 1),
        ("n_table_cells", ONE_LEVEL, 4),
    ],
)
def test_a_metric_gives_the_number_or_nothing(journeys, name, where, value):
    assert journeys(name, where) == value


def test_charts_show_metrics_and_columns_that_there_are(datasets):
    for dashboard in DASHBOARDS:
        for chart in dashboard.charts:
            dataset = datasets[chart.dataset]
            metrics = {metric["metric_name"] for metric in dataset["metrics"]}
            columns = {column["column_name"] for column in dataset["columns"]}
            assert set(chart.metrics) <= metrics, chart.name
            assert {*chart.columns, *chart.where} <= columns, chart.name


def test_charts_ask_for_values_that_a_mart_has(models):
    """A period or value that the declaration of the mart does not have would show nothing."""
    asked = 0
    for dashboard in DASHBOARDS:
        for chart in dashboard.charts:
            keys = models[JOINED[chart.dataset].of if chart.dataset in JOINED else chart.dataset][
                "config"
            ]["meta"].get("keys", {})
            for column, value in chart.where.items():
                declared = keys.get(column)
                known = declared.get("values") if isinstance(declared, dict) else declared
                if isinstance(known, list):
                    assert value in known, (chart.name, column, value)
                    asked += 1
    assert asked > 15


def test_a_line_or_bar_has_one_period(models):
    """Where a mart has several, a chart of single table cells must name one."""
    for dashboard in DASHBOARDS:
        for chart in dashboard.charts:
            if chart.dataset in models and any(m.startswith("published_") for m in chart.metrics):
                periods = models[chart.dataset]["config"]["meta"].get("keys", {}).get("period", [])
                is_fixed = "period" in chart.where or "period" in chart.columns
                assert len(periods) <= 1 or is_fixed, chart.name


def test_dashboards_name_charts_and_charts_datasets_that_there_are(files):
    charts = {chart["uuid"]: chart for chart in of_sort(files, "charts").values()}
    datasets = {dataset["uuid"] for dataset in of_sort(files, "datasets").values()}
    shown = []
    for dashboard in of_sort(files, "dashboards").values():
        for item in dashboard["position"].values():
            if isinstance(item, dict) and item["type"] == "CHART":
                assert charts[item["meta"]["uuid"]]["slice_name"] == item["meta"]["sliceName"]
                shown.append(item["meta"]["uuid"])
            if isinstance(item, dict) and item["type"] == "ROW":
                widths = [
                    dashboard["position"][child]["meta"]["width"] for child in item["children"]
                ]
                assert sum(widths) == 12
        for wanted in dashboard["metadata"]["native_filter_configuration"]:
            for target in wanted["targets"]:
                assert not target or target["datasetUuid"] in datasets
    assert sorted(shown) == sorted(charts)
    assert {chart["dataset_uuid"] for chart in charts.values()} <= datasets


def test_every_mart_is_on_a_dashboard(models):
    shown = {chart.dataset for dashboard in DASHBOARDS for chart in dashboard.charts}
    assert set(models) <= shown


def test_a_feed_that_has_not_landed_has_no_dashboard(manifest, events_manifest):
    assert {dashboard.slug for dashboard in DASHBOARDS} - {
        dashboard.slug for dashboard in dashboards_of(models_for_readers(events_manifest))
    } == {"listeners", "need"}
    made = bundle(events_manifest, ADDRESS, SQL)
    assert not [text for text in made.values() if "listener" in text or "need_" in text]
    assert bundle(manifest, ADDRESS, SQL).keys() >= {
        *("dashboards/listeners.yaml", "dashboards/need.yaml"),
    }


def test_the_connection_is_no_way_around_the_marts(files):
    [database] = of_sort(files, "databases").values()
    assert database["sqlalchemy_uri"] == f"hive://superset@{ADDRESS}/marts"
    for word in ("expose_in_sqllab", "allow_ctas", "allow_cvas", "allow_dml", "allow_file_upload"):
        assert database[word] is False


def test_the_same_manifest_gives_the_same_bytes(manifest, tmp_path):
    paths = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for path in paths:
        write_zip(bundle(manifest, ADDRESS, SQL), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert set(archive.namelist()) == {
            f"throng/{name}" for name in bundle(manifest, ADDRESS, SQL)
        }


def test_the_command_writes_a_bundle(manifest, tmp_path, monkeypatch):
    monkeypatch.chdir(PROJECT)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    out = tmp_path / "bundle.zip"
    arguments = ["superset", "bundle", "--manifest", str(tmp_path / "manifest.json")]
    done = CliRunner().invoke(app, [*arguments, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert zipfile.is_zipfile(out)


def test_a_missing_manifest_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(PROJECT)
    done = CliRunner().invoke(app, ["superset", "bundle", "--manifest", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert done.output == f"Error: {tmp_path / 'none'} is no manifest of dbt. Run: dbt parse\n"


@pytest.mark.parametrize("command", [["start"], ["bundle"]])
def test_in_another_folder_it_says_so(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["superset", *command])
    assert done.exit_code == 1
    assert done.output.startswith("Error: There is no bi/superset here.")


def test_without_a_reader_server_nothing_is_installed(tmp_path, monkeypatch):
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("THRONG_SERVE_FOLDER", str(tmp_path / "serve"))
    done = CliRunner().invoke(app, ["superset", "start", "--home", str(tmp_path / "home")])
    assert done.exit_code == 1
    assert done.output == (
        f"Error: No reader server runs for {tmp_path / 'serve'}, and Superset reads from it. "
        "Start it: throng serve start\n"
    )
    assert not (tmp_path / "home").exists()


def test_where_nothing_runs_stop_says_so(tmp_path):
    done = CliRunner().invoke(app, ["superset", "stop", "--home", str(tmp_path)])
    assert done.exit_code == 0
    assert done.output == f"No Superset runs for {tmp_path}.\n"

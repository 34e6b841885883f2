"""The bundle: what Superset imports, as YAML files made from dbt's manifest.

A pure function of the manifest, so the same models give the same bytes. Names of files and ids are
made from names, so that a later bundle replaces an earlier one.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from throng.superset.dashboards import DASHBOARDS, Chart, Dashboard
from throng.superset.metrics import Metric, measures_of, metrics_of

SCHEMA = "marts"
#: The name of Superset as a user of the reader server.
READER = "superset"
DATABASE = "throng"
#: Dataset that has the area levels to choose from.
LEVELS = "count_residents"


@dataclass(frozen=True)
class Joined:
    """A dataset that joins marts: its SQL is bi/superset/datasets/<name>.sql.

    Attributes:
        of: the model whose columns and metrics it has.
        more: further columns by the model that they are from.
    """

    of: str
    more: Mapping[str, tuple[str, ...]]


JOINED = {
    "count_subscribers_change_on_map": Joined(
        "count_subscribers_change", {"areas": ("area_name", "outline")}
    )
}
Models = Mapping[str, Mapping[str, Any]]


class BundleError(Exception):
    """The bundle cannot be made; the message says why and what to do."""


def bundle(manifest: Mapping[str, Any], address: str, sql: Mapping[str, str]) -> dict[str, str]:
    """The files of the bundle.

    Args:
        manifest: dbt's manifest.json.
        address: host:port of the Thrift server.
        sql: the statements of joined datasets by name.

    Returns:
        Text by name of the file.

    Raises:
        BundleError: the manifest has no marts.
    """
    models = models_for_readers(manifest)
    if not models:
        raise BundleError("The manifest names no model in the schema marts. Run: dbt parse")
    shown = dashboards_of(models)
    files: dict[str, Any] = {
        "metadata.yaml": {
            "version": "1.0.0",
            "type": "assets",
            "timestamp": "2026-01-01T00:00:00+00:00",
        },
        f"databases/{DATABASE}.yaml": database(address),
    }
    for name in [*models, *(name for name in JOINED if set(models_of(name)) <= set(models))]:
        files[f"datasets/{DATABASE}/{name}.yaml"] = dataset(models, name, sql)
    for dashboard in shown:
        for chart in dashboard.charts:
            files[f"charts/{_file(chart.name)}.yaml"] = slice_of(chart, models)
        files[f"dashboards/{dashboard.slug}.yaml"] = dashboard_file(dashboard, models)
    return {
        name: yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
        for name, content in sorted(files.items())
    }


def models_for_readers(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The models in the schema of the marts by name, in the order of names."""
    nodes = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == SCHEMA
    ]
    return {node["name"]: node for node in sorted(nodes, key=lambda node: node["name"])}


def dashboards_of(models: Models) -> list[Dashboard]:
    """The dashboards all of whose marts there are: a feed that has not landed has none."""
    return [
        dashboard for dashboard in DASHBOARDS if set(marts_of_dashboard(dashboard)) <= set(models)
    ]


def marts_of_dashboard(dashboard: Dashboard) -> list[str]:
    """The models that the charts and filters of a dashboard read."""
    read = {name for chart in dashboard.charts for name in models_of(chart.dataset)}
    return sorted(read | ({LEVELS} if has_levels(dashboard) else set()))


def has_levels(dashboard: Dashboard) -> bool:
    """Whether its charts are about areas: those of listeners and of need are not."""
    return dashboard.slug not in ("listeners", "need")


def models_of(dataset_name: str) -> list[str]:
    """The models that a dataset is made of."""
    joined = JOINED.get(dataset_name)
    return [joined.of, *joined.more] if joined else [dataset_name]


def id_of(sort: str, name: str) -> str:
    """A UUID that is the same each time."""
    return str(uuid5(NAMESPACE_URL, f"throng/superset/{sort}/{name}"))


def database(address: str) -> dict[str, Any]:
    """The connection to the reader server; for the datasets of the bundle, not for free SQL."""
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": f"hive://{READER}@{address}/{SCHEMA}",
        "cache_timeout": 0,
        "expose_in_sqllab": False,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "extra": {"allows_virtual_table_explore": False},
        "uuid": id_of("database", DATABASE),
        "version": "1.0.0",
    }


def dataset(models: Models, name: str, sql: Mapping[str, str]) -> dict[str, Any]:
    """A model, or marts joined, with every column and the fixed metrics."""
    joined = JOINED.get(name)
    model = models[joined.of if joined else name]
    more = joined.more.items() if joined else ()
    columns = [
        *model["columns"].values(),
        *(models[other]["columns"][column] for other, names in more for column in names),
    ]
    measures = set(measures_of(model))
    has_periods = "period_start" in model["columns"]
    return {
        "table_name": name,
        "main_dttm_col": "period_start" if has_periods else None,
        "description": _one_line(model["description"]),
        "schema": SCHEMA,
        "sql": sql[name] if joined else None,
        "filter_select_enabled": True,
        # Else Superset offers sums of any column, which are wrong of distinct counts.
        "extra": {"disallow_adhoc_metrics": True},
        "uuid": id_of("dataset", name),
        "metrics": [_metric(metric) for metric in metrics_of(model)],
        "columns": [_column(column, is_measure=column["name"] in measures) for column in columns],
        "version": "1.0.0",
        "database_uuid": id_of("database", DATABASE),
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "metric_name": metric.name,
        "verbose_name": metric.label,
        "metric_type": "expression",
        "expression": metric.expression,
        "description": metric.description,
        "d3format": metric.number_format,
    }


def _column(column: Mapping[str, Any], *, is_measure: bool) -> dict[str, Any]:
    return {
        "column_name": column["name"],
        "verbose_name": None,
        "is_dttm": column["data_type"] == "timestamp",
        "is_active": True,
        "type": column["data_type"].upper(),
        "groupby": not is_measure,
        "filterable": True,
        "description": _one_line(column["description"]),
    }


def _one_line(text: str) -> str:
    return " ".join(text.split())


def slice_of(chart: Chart, models: Models) -> dict[str, Any]:
    """A chart as Superset has it."""
    [model, *_] = models_of(chart.dataset)
    filters = [_filter(column, value) for column, value in chart.where.items()]
    if "period_start" in models[model]["columns"]:
        filters.append(
            {
                "clause": "WHERE",
                "expressionType": "SIMPLE",
                "subject": "period_start",
                "operator": "TEMPORAL_RANGE",
                "comparator": "No filter",
            }
        )
    return {
        "slice_name": chart.name,
        "description": None,
        "viz_type": chart.viz_type,
        "params": {"viz_type": chart.viz_type, **chart.params, "adhoc_filters": filters},
        "query_context": None,
        "cache_timeout": None,
        "uuid": id_of("chart", chart.name),
        "version": "1.0.0",
        "dataset_uuid": id_of("dataset", chart.dataset),
    }


def _filter(column: str, value: object) -> dict[str, Any]:
    asked: dict[str, Any] = {"operator": "==", "operatorId": "EQUALS", "comparator": value}
    if isinstance(value, bool):
        word = "TRUE" if value else "FALSE"
        asked = {"operator": f"IS {word}", "operatorId": f"IS_{word}", "comparator": None}
    elif not isinstance(value, str):
        asked = {"operator": "IN", "operatorId": "IN", "comparator": list(value)}
    return {"clause": "WHERE", "expressionType": "SIMPLE", "subject": column, **asked}


def dashboard_file(dashboard: Dashboard, models: Models) -> dict[str, Any]:
    """A dashboard as Superset has it: charts in rows, and filters at the side."""
    return {
        "dashboard_title": dashboard.title,
        "description": None,
        "css": "",
        "slug": dashboard.slug,
        "uuid": id_of("dashboard", dashboard.slug),
        "position": _position(dashboard),
        "metadata": {
            "native_filter_configuration": _filters(dashboard, models),
            # A click on a chart filters none of the others: their columns differ.
            "cross_filters_enabled": False,
            "refresh_frequency": 0,
            "color_scheme": "supersetColors",
            "expanded_slices": {},
        },
        "published": True,
        "version": "1.0.0",
    }


def _position(dashboard: Dashboard) -> dict[str, Any]:
    rows = [f"ROW-{number}" for number, _ in enumerate(dashboard.rows)]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {
            "type": "GRID",
            "id": "GRID_ID",
            "children": rows,
            "parents": ["ROOT_ID"],
        },
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard.title}},
    }
    numbers = _numbers(dashboard)
    for row_id, charts in zip(rows, dashboard.rows, strict=True):
        holders = [f"CHART-{_file(chart.name)}" for chart in charts]
        position[row_id] = {
            "type": "ROW",
            "id": row_id,
            "children": holders,
            "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for holder, chart in zip(holders, charts, strict=True):
            position[holder] = {
                "type": "CHART",
                "id": holder,
                "children": [],
                "parents": ["ROOT_ID", "GRID_ID", row_id],
                "meta": {
                    "width": chart.width,
                    "height": 50,
                    "chartId": numbers[chart.name],
                    "sliceName": chart.name,
                    "uuid": id_of("chart", chart.name),
                },
            }
    return position


def _numbers(dashboard: Dashboard) -> dict[str, int]:
    """Numbers of charts within the bundle; Superset puts its own in their place."""
    return {chart.name: number for number, chart in enumerate(dashboard.charts, 1)}


def _filters(dashboard: Dashboard, models: Models) -> list[dict[str, Any]]:
    levels = {
        "filterType": "filter_select",
        # The charts wait for the first level, and do not ask for all of them before.
        "requiredFirst": True,
        "targets": [{"column": {"name": "area_level"}, "datasetUuid": id_of("dataset", LEVELS)}],
        # One level at a time: each is counted as if it were the only one.
        "controlValues": {
            "defaultToFirstItem": True,
            "enableEmptyFilter": True,
            "multiSelect": False,
            "inverseSelection": False,
            "searchAllOptions": False,
            "sortAscending": True,
        },
    }
    dates = {"filterType": "filter_time", "targets": [{}], "controlValues": {}}
    filters = {"Area level": ("area_level", levels), "Dates": ("period_start", dates)}
    return [
        _native_filter(dashboard, models, name, column, more)
        for name, (column, more) in filters.items()
        if has_levels(dashboard)
    ]


def _native_filter(
    dashboard: Dashboard, models: Models, name: str, column: str, more: Mapping[str, Any]
) -> dict[str, Any]:
    """A filter of the charts whose datasets have the column."""
    numbers = _numbers(dashboard)
    without = [
        numbers[chart.name]
        for chart in dashboard.charts
        if column not in models[models_of(chart.dataset)[0]]["columns"]
    ]
    return {
        "id": f"NATIVE_FILTER-{id_of('filter', f'{dashboard.slug}/{name}')}",
        "name": name,
        "type": "NATIVE_FILTER",
        "description": "",
        "cascadeParentIds": [],
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "scope": {"rootPath": ["ROOT_ID"], "excluded": without},
        **more,
    }


def _file(name: str) -> str:
    """A title as the name of a file."""
    words = "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()
    return "_".join(words)


def joined_sql(folder: Path) -> dict[str, str]:
    """The statements of the joined datasets.

    Args:
        folder: bi/superset/datasets.

    Raises:
        BundleError: the folder lacks one.
    """
    try:
        return {name: (folder / f"{name}.sql").read_text(encoding="utf-8") for name in JOINED}
    except OSError as error:
        raise BundleError(
            f"{error.filename} cannot be read. Run this in the project's folder."
        ) from None


def write_zip(files: Mapping[str, str], path: Path) -> None:
    """The bundle as Superset imports it; the same bytes each time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(f"throng/{name}", date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)

"""What is on which dashboard. Every chart shows fixed metrics of one dataset (see metrics)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from throng.superset.metrics import N_NUMBERS, N_WITHHELD

Where = Mapping[str, str | bool | Sequence[str]]


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes:
        name: its title; unique.
        dataset: the mart or dataset that it reads.
        viz_type: Superset's name of its sort.
        metrics: names of metrics of the dataset.
        columns: columns of the dataset that it groups by or lists.
        params: what Superset needs to draw it, filters left out.
        where: values that columns must have.
        width: of the twelve columns of a dashboard.
    """

    name: str
    dataset: str
    viz_type: str
    metrics: tuple[str, ...]
    columns: tuple[str, ...]
    params: Mapping[str, Any]
    where: Where = field(default_factory=dict)
    width: int = 6


@dataclass(frozen=True)
class Dashboard:
    """One dashboard: slug is the end of its address, rows are its charts from the top."""

    slug: str
    title: str
    rows: tuple[tuple[Chart, ...], ...]

    @property
    def charts(self) -> list[Chart]:
        """All charts in the order of reading."""
        return [chart for row in self.rows for chart in row]


def line(
    name: str, dataset: str, metric: str, by: Sequence[str], where: Where, **options: int | str
) -> Chart:
    """A line for each group, over the periods unless options name another x_axis."""
    x_axis = options.pop("x_axis", "period_start")
    params = {
        "x_axis": x_axis,
        "time_grain_sqla": None,
        "metrics": [metric],
        "groupby": list(by),
        "row_limit": 50000,
        "truncate_metric": True,
        "show_legend": True,
        "legendType": "scroll",
        "legendOrientation": "top",
        "rich_tooltip": True,
        "showTooltipTotal": False,
        "markerEnabled": True,
        "markerSize": 3,
        "connectNulls": False,
        "zoomable": False,
        "y_axis_format": "SMART_NUMBER",
        "x_axis_time_format": "%Y-%m-%d",
        "tooltipTimeFormat": "%Y-%m-%d",
    }
    columns = (x_axis, *by)
    viz_type = "echarts_timeseries_line"
    return Chart(name, dataset, viz_type, (metric,), columns, params, where, **options)


def bar(
    name: str, dataset: str, metric: str, x_axis: str, by: Sequence[str], where: Where
) -> Chart:
    """A bar for each value of a column, beside each other for the values of `by`."""
    params = {
        "x_axis": x_axis,
        "xAxisForceCategorical": True,
        "metrics": [metric],
        "groupby": list(by),
        "row_limit": 10000,
        "truncate_metric": True,
        "show_legend": bool(by),
        "legendType": "scroll",
        "rich_tooltip": True,
        "showTooltipTotal": False,
        "x_axis_sort": x_axis,
        "x_axis_sort_asc": True,
        "y_axis_format": "SMART_NUMBER",
    }
    columns = (x_axis, *by)
    return Chart(name, dataset, "echarts_timeseries_bar", (metric,), columns, params, where)


def scatter(name: str, dataset: str, metric: str, x_axis: str, by: Sequence[str]) -> Chart:
    """A point for each group, where two numbers of it are. Its name shows when pointed at."""
    params = {
        "x_axis": x_axis,
        "metrics": [metric],
        "groupby": list(by),
        "row_limit": 10000,
        "truncate_metric": True,
        "show_legend": False,
        "rich_tooltip": False,
        "markerSize": 8,
        "y_axis_format": "SMART_NUMBER",
    }
    columns = (x_axis, *by)
    return Chart(name, dataset, "echarts_timeseries_scatter", (metric,), columns, params)


def pivot(
    name: str,
    dataset: str,
    metric: str,
    rows: Sequence[str],
    across: str,
    where: Where,
    **options: int | str,
) -> Chart:
    """A number for each row and column, darker where it is larger. Totals would be wrong."""
    label = options.pop("label")
    params = {
        "groupbyRows": list(rows),
        "groupbyColumns": [across],
        "metrics": [metric],
        "metricsLayout": "COLUMNS",
        "aggregateFunction": "First",
        "rowTotals": False,
        "colTotals": False,
        "rowSubTotals": False,
        "colSubTotals": False,
        "row_limit": 50000,
        "order_desc": False,
        "valueFormat": ",.3~f",
        "date_format": "%Y-%m-%d",
        "rowOrder": "key_a_to_z",
        "colOrder": "key_a_to_z",
        "conditional_formatting": [
            {"colorScheme": "#ACE1C4", "column": metric, "operator": "None"},
            {"colorScheme": "#ACE1C4", "column": label, "operator": "None"},
        ],
    }
    columns = (*rows, across)
    return Chart(name, dataset, "pivot_table_v2", (metric,), columns, params, where, **options)


def heat(
    name: str,
    dataset: str,
    metric: str,
    x_axis: str,
    y_axis: str,
    where: Where,
    **options: int | str,
) -> Chart:
    """A field for each pair of values; empty where the metric gives nothing."""
    params = {
        "x_axis": x_axis,
        "groupby": y_axis,
        "metric": metric,
        "row_limit": 10000,
        "normalize_across": "heatmap",
        "linear_color_scheme": "schemeYlOrRd",
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_asc",
        "show_legend": True,
        "show_values": True,
        "y_axis_format": ",d",
        "value_bounds": [None, None],
        "xscale_interval": -1,
        "yscale_interval": -1,
        "left_margin": 75,
        "bottom_margin": 75,
    }
    columns = (x_axis, y_axis)
    return Chart(name, dataset, "heatmap_v2", (metric,), columns, params, where, **options)


def grouped(
    name: str,
    dataset: str,
    by: Sequence[str],
    metrics: Sequence[str],
    where: Where,
    **options: int | str,
) -> Chart:
    """A table with a row for each group."""
    params = {
        "query_mode": "aggregate",
        "groupby": list(by),
        "metrics": list(metrics),
        "row_limit": 10000,
        "order_desc": True,
        "table_timestamp_format": "%Y-%m-%d",
        "show_cell_bars": False,
        "include_search": True,
    }
    return Chart(name, dataset, "table", tuple(metrics), tuple(by), params, where, **options)


def listed(
    name: str, dataset: str, columns: Sequence[str], where: Where, **options: int | str
) -> Chart:
    """A table of rows as they are."""
    params = {
        "query_mode": "raw",
        "all_columns": list(columns),
        "order_by_cols": [f'["{column}", true]' for column in columns[:2]],
        "row_limit": 10000,
        "table_timestamp_format": "%Y-%m-%d",
        "show_cell_bars": False,
        "include_search": True,
    }
    return Chart(name, dataset, "table", (), tuple(columns), params, where, **options)


def withheld(
    what: str, dataset: str, by: Sequence[str] = ("period",), **options: int | str
) -> Chart:
    """How many table cells there are, and how many of them are withheld."""
    metrics = (N_NUMBERS, N_WITHHELD)
    return grouped(f"Withheld: {what}", dataset, by, metrics, {}, **options)


def outlines(name: str, dataset: str, metric: str, where: Where, **options: int | str) -> Chart:
    """Areas coloured by a change in percent, grey where it is not known. Without a base map."""
    red, pale_red, white, pale_blue, blue = (
        *((178, 24, 43), (239, 138, 98), (240, 240, 240)),
        *((103, 169, 207), (33, 102, 172)),
    )
    bounds = (-100, -20, -5, 5, 20, 1000)
    colours = (red, pale_red, white, pale_blue, blue)
    breakpoints = [
        {"minValue": low, "maxValue": high, "color": _colour(*colour)}
        for low, high, colour in zip(bounds, bounds[1:], colours, strict=False)
    ]
    params = {
        "line_column": "outline",
        "line_type": "json",
        "metric": metric,
        "tooltip_contents": ["area_name", "area_id"],
        "autozoom": True,
        "map_style": "",
        "mapbox_style": "",
        "color_scheme_type": "color_breakpoints",
        "color_breakpoints": breakpoints,
        "default_breakpoint_color": _colour(190, 190, 190),
        "fill_color_picker": _colour(190, 190, 190),
        "stroke_color_picker": _colour(90, 90, 90),
        "filled": True,
        "stroked": True,
        "extruded": False,
        "line_width": 1,
        "line_width_unit": "pixels",
        "opacity": 90,
        "multiplier": 1,
        "point_radius_fixed": {"type": "fix", "value": 0},
        "legend_position": "tr",
        "legend_format": ".0f",
        "row_limit": 10000,
        "reverse_long_lat": False,
        "filter_nulls": False,
        "viewport": {
            **{"longitude": 0, "latitude": 0, "zoom": 5, "bearing": 0, "pitch": 0},
        },
    }
    columns = ("outline", "area_name", "area_id")
    return Chart(name, dataset, "deck_polygon", (metric,), columns, params, where, **options)


def _colour(red: int, green: int, blue: int) -> dict[str, int]:
    return {"r": red, "g": green, "b": blue, "a": 1}


PRESENCE = Dashboard(
    "presence",
    "Presence and change",
    (
        (
            outlines(
                "Median change on the days after the baseline, in percent",
                "count_subscribers_change_on_map",
                "median_change_percent",
                {"is_baseline": False},
            ),
            line(
                "Change by day, in percent of the same weekday of the baseline",
                "count_subscribers_change",
                "published_change_percent",
                ["area_id"],
                {},
            ),
        ),
        (
            line(
                "Subscribers by day",
                "count_subscribers",
                "published_n_subscribers",
                ["area_id"],
                {"period": "day"},
            ),
            line(
                "All subscribers of the network by day",
                "total_subscribers",
                "published_n_subscribers",
                [],
                {"period": "day"},
            ),
        ),
        (
            line(
                "Events by day",
                "count_events",
                "published_n_events",
                ["area_id"],
                {"period": "day"},
            ),
            line(
                "Seen in one area only, by day",
                "count_subscribers_single_area",
                "published_n_subscribers",
                ["area_id"],
                {"period": "day"},
            ),
        ),
        (
            listed(
                "Areas",
                "areas",
                ["area_level", "area_id", "area_name", "population", "area_km2"],
                {"is_current": True},
            ),
            withheld("subscribers of an area", "count_subscribers", width=3),
            withheld("change", "count_subscribers_change", width=3),
        ),
        (
            listed(
                "Days that are unlike the days before",
                "event_quality",
                ["period_start", "n_subscribers", "usual_subscribers", "n_events", "usual_events"],
                {"is_unusual": True},
                width=4,
            ),
            listed(
                "Where the network was probably down",
                "area_outages",
                ["area_level", "area_id", "quiet_from", "quiet_until", "n_quiet_hours"],
                {},
                width=4,
            ),
            listed(
                "How well areas are covered",
                "coverage",
                [
                    *("area_level", "area_id", "n_cells", "n_residents"),
                    *("people_per_resident", "n_days_withheld"),
                ],
                {},
                width=4,
            ),
        ),
        (
            line(
                "Crowding by hour: how many times the usual number of the hour of the week",
                "crowding",
                "published_ratio_to_usual",
                ["area_id"],
                {"is_suppressed": False},
            ),
            listed(
                "Areas before, during and after events: change in percent of usual days",
                "event_changes",
                [
                    *("event_name", "phase", "change_rank", "area_level", "area_id"),
                    *("mean_subscribers", "usual_subscribers", "change_percent"),
                ],
                {"is_suppressed": False},
            ),
        ),
        (
            line(
                "The next two weeks, subscribers by day as forecast",
                "crowding_forecast",
                "published_n_subscribers",
                ["area_id"],
                {},
                width=8,
            ),
            listed(
                "Errors of such forecasts in the past, in subscribers",
                "crowding_forecast_errors",
                [
                    *("area_level", "area_id", "method", "mean_absolute_error"),
                    "mean_absolute_error_naive",
                ],
                {"is_suppressed": False},
                width=4,
            ),
        ),
        (
            line(
                "People, subscribers or not, by day: estimated",
                "count_subscribers_estimated",
                "published_people_estimated",
                ["area_id"],
                {},
            ),
            line(
                "People as estimated: change in percent of the same weekday of the baseline",
                "count_subscribers_estimated_change",
                "published_change_percent",
                ["area_id"],
                {},
            ),
        ),
        (
            listed(
                "How many people a resident subscriber stands for",
                "scaling_factors",
                [
                    *("area_level", "area_id", "population", "n_residents"),
                    *("people_per_subscriber", "factor_source"),
                ],
                {},
            ),
            line(
                "How many people one stands for who was seen on a day",
                "scaling_factors_of_periods",
                "published_people_per_subscriber",
                ["area_id"],
                {"period": "day"},
            ),
        ),
        (
            line(
                "Context by day: cases, prices, rain, closures",
                "context_series",
                "published_series_value",
                ["series_name", "area_id"],
                {"period": "day"},
                width=4,
            ),
            line(
                "More or less than the weekday and the trend explain",
                "series_adjusted",
                "published_value_adjusted",
                ["series_name", "area_id"],
                {},
                width=4,
            ),
            listed(
                "What goes together with the people in an area, so many days later",
                "series_correlation",
                [
                    *("area_level", "area_id", "other_area_id", "other_series_name", "lag_days"),
                    *("n_days", "pearson", "spearman", "p_value_corrected"),
                ],
                {},
                width=4,
            ),
        ),
        (
            listed(
                "What is published",
                "releases",
                [
                    *("mart", "period", "release_id", "published_at", "first_period_start"),
                    *("last_period_start", "n_rows", "n_suppressed", "min_group_size", "mechanism"),
                ],
                {},
                width=12,
            ),
        ),
    ),
)

FLOWS = Dashboard(
    "flows",
    "Flows",
    (
        (
            pivot(
                "Journeys by week, from the area of the row to that of the column",
                "journeys_od",
                "published_n_journeys",
                ["period_start", "from_area_id"],
                "to_area_id",
                {"period": "week"},
                label="journeys",
            ),
            heat(
                "Journeys of all weeks shown (empty if a week is withheld)",
                "journeys_od",
                "total_n_journeys",
                "to_area_id",
                "from_area_id",
                {"period": "week"},
            ),
        ),
        (
            line(
                "Straight from one area to another, subscribers by day",
                "od_matrix_directed_consecutive_pairs",
                "published_n_subscribers",
                ["from_area_id", "to_area_id"],
                {"period": "day", "is_suppressed": False},
            ),
            line(
                "In one area and later in another, subscribers by day",
                "od_matrix_directed_all_pairs",
                "published_n_subscribers",
                ["from_area_id", "to_area_id"],
                {"period": "day", "is_suppressed": False},
            ),
        ),
        (
            line(
                "In both areas, subscribers by day",
                "od_matrix_undirected_all_pairs",
                "published_n_subscribers",
                ["area_id_1", "area_id_2"],
                {"period": "day", "is_suppressed": False},
            ),
            withheld("journeys", "journeys_od", width=3),
            withheld("straight flows", "od_matrix_directed_consecutive_pairs", width=3),
        ),
        (
            line(
                "Last in one area before the day, first in another on it, subscribers by day",
                "od_matrix_directed_between_days",
                "published_n_subscribers",
                ["from_area_id", "to_area_id"],
                {"is_suppressed": False},
            ),
            line(
                "Hours in the area where they went to, mean of those who went straight there",
                "stay_times_od",
                "published_mean_hours_at_destination",
                ["from_area_id", "to_area_id"],
                {"is_suppressed": False},
            ),
        ),
        (
            line(
                "In one area and later in another: change in percent of the same weekday",
                "od_matrix_directed_all_pairs_change",
                "published_change_percent",
                ["from_area_id", "to_area_id"],
                {"is_suppressed": False},
            ),
            line(
                "In one area and later in another, people by day: estimated",
                "od_matrix_directed_all_pairs_estimated",
                "published_people_estimated",
                ["from_area_id", "to_area_id"],
                {"is_suppressed": False},
            ),
        ),
        (
            line(
                "Came, left or passed through, subscribers by day",
                "arrivals_departures",
                "published_n_subscribers",
                ["area_id", "movement"],
                {"is_suppressed": False},
                width=4,
            ),
            line(
                "Into and out of an area, subscribers by day",
                "flows_in_out",
                "published_n_moved",
                ["area_id", "direction"],
                {"is_suppressed": False},
                width=4,
            ),
            line(
                "Into and out of an area: difference from the same weekday, in median deviations",
                "flows_in_out_change",
                "published_abnormality",
                ["area_id", "direction"],
                {"is_suppressed": False},
                width=4,
            ),
        ),
        (
            listed(
                "From area to area on the day, and from an earlier day",
                "od_connections",
                [
                    *("period_start", "area_level", "from_area_id", "to_area_id"),
                    *("n_subscribers_same_day", "n_subscribers_between_days"),
                ],
                {"is_suppressed_between_days": False},
                width=12,
            ),
        ),
    ),
)

RESIDENTS = Dashboard(
    "residents",
    "Residents and visitors",
    (
        (
            bar(
                "Residents over the study",
                "count_residents",
                "published_n_subscribers",
                "area_id",
                [],
                {"period": "study"},
            ),
            line(
                "Residents by week",
                "count_residents",
                "published_n_subscribers",
                ["area_id"],
                {"period": "week"},
            ),
        ),
        (
            pivot(
                "Homes by week: former home area in the row, home area of the week in the column",
                "count_home_relocations",
                "published_n_subscribers",
                ["period_start", "previous_home_area_id"],
                "new_home_area_id",
                {"period": "week"},
                label="subscribers",
            ),
            line(
                "Visitors by day",
                "count_visitors",
                "published_n_subscribers",
                ["area_id"],
                {"period": "day"},
            ),
        ),
        (
            line(
                "Residents seen at home only, by day",
                "count_subscribers_home_area",
                "published_n_subscribers",
                ["area_id"],
                {"period": "day"},
            ),
            line(
                "Visits by home area and area visited, subscribers by day",
                "count_visits_home_away",
                "published_n_subscribers",
                ["home_area_id", "visit_area_id"],
                {"period": "day", "is_suppressed": False},
            ),
        ),
        (
            line(
                "Visitors: change in percent of the same weekday of the baseline",
                "count_visitors_change",
                "published_change_percent",
                ["area_id"],
                {},
            ),
            line(
                "Share of residents who are seen, by day",
                "share_active",
                "published_share_active",
                ["home_area_id"],
                {},
            ),
        ),
        (
            line(
                "Share of residents who are seen: change in percent of the same weekday",
                "share_active_change",
                "published_change_percent",
                ["home_area_id"],
                {},
                width=4,
            ),
            line(
                "Share of all residents of the country who are seen, by day",
                "share_active_country",
                "published_share_active",
                [],
                {},
                width=4,
            ),
            line(
                "Residents by week, people, subscribers or not: estimated",
                "count_residents_estimated",
                "published_people_estimated",
                ["area_id"],
                {"period": "week"},
                width=4,
            ),
        ),
        (
            withheld("residents", "count_residents", width=3),
            withheld("residents seen", "count_active_residents", width=3),
            withheld("relocations", "count_home_relocations", width=3),
            withheld("visitors", "count_visitors", width=3),
        ),
    ),
)

STOPS = Dashboard(
    "stops",
    "Stops and rhythm",
    (
        (
            pivot(
                "At one place by hour, share of residents",
                "day_rhythm",
                "published_share_of_residents",
                ["area_id", "period_start"],
                "hour_of_day",
                {"activity": "staying"},
                label="share of residents",
                width=12,
            ),
        ),
        (
            line(
                "Subscribers with journeys that begin at this hour, weekdays of a month",
                "journeys_by_hour",
                "published_n_subscribers",
                ["period_start", "area_id"],
                {"day_type": "weekday"},
                x_axis="hour_of_day",
            ),
            line(
                "Subscribers who stayed, by day",
                "count_stops",
                "published_n_subscribers",
                ["area_id"],
                {"stop_type": "stay"},
            ),
        ),
        (
            line(
                "Median time at one place by week, in minutes (shortest that the events allow)",
                "stay_durations",
                "published_median_at_least_minutes",
                ["area_id"],
                {},
            ),
            pivot(
                "Residents by farthest distance in a week, in km (where the band begins)",
                "trip_distances",
                "published_n_subscribers",
                ["period_start", "home_area_id"],
                "distance_from_km",
                {},
                label="subscribers",
            ),
        ),
        (
            line(
                "Kilometres that residents move in a week, mean",
                "distance_travelled",
                "published_mean_travelled_km",
                ["home_area_id"],
                {"period": "week"},
            ),
            line(
                "Longest in this area on the day, of those who live in another: subscribers",
                "day_locations",
                "published_n_subscribers",
                ["home_area_id", "day_area_id"],
                {"is_suppressed": False},
            ),
        ),
        (
            line(
                "Kilometres that residents move on a day: change in percent of the same weekday",
                "distance_travelled_change",
                "published_change_percent",
                ["home_area_id"],
                {},
                width=12,
            ),
        ),
        (
            withheld("stops", "count_stops", ("stop_type",), width=4),
            withheld("rhythm", "day_rhythm", ("activity",), width=4),
            withheld("distances", "trip_distances", width=4),
        ),
    ),
)

#: Indicators of all interactions together that say most about how phones are used.
INDICATORS = (
    *("active_days", "number_of_contacts", "number_of_interactions", "percent_at_home"),
    *("percent_nocturnal", "radius_of_gyration"),
)

PROFILES = Dashboard(
    "profiles",
    "Use of phones",
    (
        (
            pivot(
                "Means of residents by indicator",
                "profile_summary",
                "published_mean_value",
                ["area_id"],
                "indicator",
                {
                    "indicator": INDICATORS,
                    # Some are not of calls or texts.
                    "interaction": ("callandtext", "any"),
                    "part_of_week": "allweek",
                    "part_of_day": "allday",
                },
                label="mean value",
            ),
            bar(
                "Residents by segment",
                "profile_segments",
                "published_n_subscribers",
                "area_id",
                ["segment"],
                {"indicator": "number_of_interactions"},
            ),
        ),
        (
            pivot(
                "Means of segments by indicator",
                "profile_segments",
                "published_mean_value",
                ["segment", "area_id"],
                "indicator",
                {},
                label="mean value",
            ),
            pivot(
                "Calls and texts by week, from the home area of the row to that of the column",
                "contact_matrix",
                "published_n_interactions",
                ["period_start", "from_area_id"],
                "to_area_id",
                {},
                label="interactions",
            ),
        ),
        (
            withheld("profiles", "profile_summary", ("area_level",), width=4),
            withheld("segments", "profile_segments", ("segment",), width=4),
            withheld("contacts", "contact_matrix", width=4),
        ),
    ),
)

LISTENERS = Dashboard(
    "listeners",
    "Listeners",
    (
        (
            bar(
                "Listeners by level",
                "listener_summary",
                "published_n_subscribers",
                "group_value",
                [],
                {"grouped_by": "level", "feature": "n_events"},
            ),
            bar(
                "Mean number by part of the day and level",
                "listener_summary",
                "published_mean_value",
                "feature",
                ["group_value"],
                {
                    "grouped_by": "level",
                    "feature": ("n_morning", "n_afternoon", "n_evening", "n_night"),
                },
            ),
        ),
        (
            pivot(
                "Means by group and feature",
                "listener_summary",
                "published_mean_value",
                ["grouped_by", "group_value"],
                "feature",
                {},
                label="mean value",
            ),
            withheld("listeners", "listener_summary", ("grouped_by",)),
        ),
    ),
)

NEED = Dashboard(
    "need",
    "Where help is needed most",
    (
        (
            listed(
                "The greatest need first, and why",
                "need_ranking",
                [
                    *("need_rank", "entity", "need_index", "need_cluster", "reasons"),
                    *("agglomerative_cluster", "n_indicators", "n_missing", "n_outliers"),
                ],
                {},
                width=12,
            ),
        ),
        (
            bar(
                "Mean need of a cluster by indicator; cluster 1 has the greatest",
                "need_clusters",
                "published_mean_need",
                "indicator",
                ["need_cluster"],
                {},
            ),
            scatter(
                "Entities with similar figures are near each other",
                "need_projection",
                "published_second_component",
                "first_component",
                ["entity"],
            ),
        ),
        (
            pivot(
                "Need by entity and indicator",
                "need_values",
                "published_need",
                ["entity"],
                "indicator",
                {},
                label="need",
                width=12,
            ),
        ),
        (
            listed(
                "How well each number of clusters fits",
                "need_choice_of_k",
                [
                    *("n_clusters", "wcss", "elbow_height", "silhouette"),
                    *("agglomerative_silhouette", "is_chosen"),
                ],
                {},
            ),
            pivot(
                "What the components are made of",
                "need_components",
                "published_loading",
                ["indicator"],
                "component_number",
                {},
                label="loading",
            ),
        ),
    ),
)

DASHBOARDS = (PRESENCE, FLOWS, RESIDENTS, STOPS, PROFILES, LISTENERS, NEED)

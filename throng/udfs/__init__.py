"""The Python functions that SQL can call.

REGISTRY is the one list: the server gives each entry to every session, the on-run-start check of
the dbt project asks for each, `throng server status` prints them. A model calls a function only
through its macro in macros/udf.

A function takes and returns whole Arrow arrays. To add one, see CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from throng.landing.inspect import inspect_landing
from throng.landing.packed import inspect_packed
from throng.udfs.boundaries import (
    boundary_box,
    cluster_sites,
    ground_of_sites,
    sites_near_boundary,
)
from throng.udfs.correlations import correlate_days
from throng.udfs.forecasts import forecast_days
from throng.udfs.need import cluster_points, principal_components
from throng.udfs.outlines import draw_outlines
from throng.udfs.pseudonyms import inspect_keys, keyed_bits, pseudonym_key_id, pseudonymise
from throng.udfs.segments import find_segments
from throng.udfs.stops import detect_journeys, detect_stops

if TYPE_CHECKING:
    from pyspark.sql._typing import UserDefinedFunctionLike


@dataclass(frozen=True)
class Udf:
    """One Python function as SQL sees it.

    Attributes:
        sql_name: lower case; Spark looks functions up that way.
        function: Arrow arrays in, one Arrow array of the same length out.
        return_type: Spark's DDL name of the result type.
        deterministic: whether equal arguments always give equal results.
    """

    sql_name: str
    function: Callable[..., pa.Array]
    return_type: str
    deterministic: bool

    def to_spark(self) -> UserDefinedFunctionLike:
        """The function as an Arrow UDF of Spark (imported only where there is a server)."""
        from pyspark.sql.functions import arrow_udf

        spark_udf = arrow_udf(self.function, self.return_type)
        return spark_udf if self.deterministic else spark_udf.asNondeterministic()


_STOPS = (
    "array<struct<stop_number int, stop_type string, arrived_after timestamp, "
    "arrived_at timestamp, left_at timestamp, left_before timestamp, n_events int, "
    "longitude double, latitude double, cell_number int, likely_arrived_at timestamp, "
    "likely_left_at timestamp, is_inferred boolean>>"
)
_JOURNEYS = (
    "array<struct<origin_stop int, destination_stop int, departed_after timestamp, "
    "departed_before timestamp, arrived_after timestamp, arrived_before timestamp, "
    "distance_km double, path_km double, duration_min_minutes double, "
    "duration_max_minutes double, passed_cells array<int>>>"
)
_CLUSTERINGS = (
    "array<struct<n_clusters int, wcss double, silhouette double, "
    "agglomerative_silhouette double, clusters array<int>, agglomerative_clusters array<int>>>"
)
_COMPONENTS = (
    "array<struct<explained_variance_share double, loadings array<double>, scores array<double>>>"
)
_OUTLINES = (
    "array<struct<area_id string, outline string, outline_source string, "
    "centroid_longitude double, centroid_latitude double, area_km2 double>>"
)
_BOX = "struct<west double, south double, east double, north double>"
_NEARBY = "array<struct<longitude double, latitude double, distance_km double>>"
_CLUSTERED = "array<struct<longitude double, latitude double, site_cluster_id int>>"
_GROUND = "array<struct<site_cluster_id int, outline string>>"
_FORECAST = (
    "struct<method string, days array<struct<days_ahead int, value double, lower double, "
    "upper double>>, n_errors int, mean_absolute_error double, mean_absolute_error_naive double>"
)
_CORRELATIONS = (
    "array<struct<lag_days int, n_days int, pearson double, spearman double, p_value double>>"
)
_SEGMENTS = "struct<centres array<array<double>>, silhouette double>"

REGISTRY: list[Udf] = [
    Udf("pseudonymise", pseudonymise, "bigint", deterministic=True),
    Udf("keyed_bits", keyed_bits, "string", deterministic=True),
    Udf("pseudonym_key_id", pseudonym_key_id, "string", deterministic=True),
    Udf("detect_stops", detect_stops, _STOPS, deterministic=True),
    Udf("detect_journeys", detect_journeys, _JOURNEYS, deterministic=True),
    Udf("find_segments", find_segments, _SEGMENTS, deterministic=True),
    Udf("forecast_days", forecast_days, _FORECAST, deterministic=True),
    Udf("correlate_days", correlate_days, _CORRELATIONS, deterministic=True),
    Udf("cluster_points", cluster_points, _CLUSTERINGS, deterministic=True),
    Udf("principal_components", principal_components, _COMPONENTS, deterministic=True),
    Udf("draw_outlines", draw_outlines, _OUTLINES, deterministic=True),
    Udf("boundary_box", boundary_box, _BOX, deterministic=True),
    Udf("sites_near_boundary", sites_near_boundary, _NEARBY, deterministic=True),
    Udf("cluster_sites", cluster_sites, _CLUSTERED, deterministic=True),
    Udf("ground_of_sites", ground_of_sites, _GROUND, deterministic=True),
    # These read files, so two calls may differ.
    Udf("inspect_keys", inspect_keys, "string", deterministic=False),
    Udf("inspect_landing", inspect_landing, "string", deterministic=False),
    Udf("inspect_packed", inspect_packed, "string", deterministic=False),
]

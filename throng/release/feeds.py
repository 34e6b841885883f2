"""Which optional feeds have landed: what `throng release build` tells dbt by the var feeds."""

from __future__ import annotations

import json
import os
from typing import Any

import yaml

from throng.release.warehouse import Warehouse, project_file

# The optional feed that a folder of the landing area belongs to.
FEEDS = {
    "recharges": "recharges",
    "listening_events": "listening",
    "customers": "listening",
    "context": "context",
    "indicators": "indicators",
}
# What the check of the landing folder has to know.
ASKED = (
    *("landing_path", "event_columns", "recharge_columns", "cell_site_columns", "area_columns"),
    *("indicator_columns", "event_delimiter", "event_header", "study_timezone"),
)


def with_feeds(warehouse: Warehouse, variables: dict[str, Any]) -> dict[str, Any]:
    """The vars of a study, with the optional feeds that have landed where `feeds` is not given.

    A landing folder that cannot be used has no feeds here: dbt says what is wrong with it.
    """
    project = yaml.safe_load(project_file().read_text(encoding="utf-8"))["vars"]
    if "feeds" in variables or project["feeds"]:
        return variables
    request = {name: variables.get(name, project[name]) for name in ASKED}
    if "env_var" in str(request["landing_path"]):
        request["landing_path"] = os.environ.get("THRONG_LANDING", "data/landing")
    text = json.dumps(request).replace("\\", "\\\\").replace("'", "\\'")
    [(answer,)] = warehouse.query(f"select inspect_landing('{text}')")
    tables = json.loads(answer).get("tables", [])
    landed = {
        FEEDS[table["name"]] for table in tables if table["name"] in FEEDS and table["format"]
    }
    return {**variables, "feeds": sorted(landed)} if landed else variables

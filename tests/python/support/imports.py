"""Runs of the commands that import boundaries and sites, and small files for them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.python.conftest import PROJECT
from throng.cli import app

TOGO = PROJECT.parent / "shared" / "data" / "togo"
needs_togo = pytest.mark.skipif(
    not TOGO.exists(), reason="the boundaries of Togo are not in ../shared/data/togo"
)


def run(command: str, *arguments: object, landing: Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `throng COMMAND import`."""
    words = [command, "import", *map(str, arguments), "--landing", str(landing)]
    done = CliRunner().invoke(app, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file that was written."""
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def square(west: float, south: float, size: float = 1.0, height: float | None = None) -> dict:
    """A square as GeoJSON, with heights if any."""
    corners = [
        [west, south],
        [west + size, south],
        [west + size, south + size],
        [west, south + size],
        [west, south],
    ]
    if height is not None:
        corners = [[*corner, height] for corner in corners]
    return {"type": "Polygon", "coordinates": [corners]}


def geojson(path: Path, features: list[tuple[dict, dict | None]], crs: str | None = None) -> Path:
    """A file of features: properties and geometry of each."""
    found = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": properties, "geometry": geometry}
            for properties, geometry in features
        ],
    }
    if crs:
        found["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def districts(folder: Path, *features: tuple[dict, dict | None], name: str = "d.geojson") -> Path:
    """Features beside two districts that have nothing wrong: D1 and D2."""
    sound = [
        ({"code": "D1", "name": "One", "people": 100}, square(0, 0)),
        ({"code": "D2", "name": "Two", "people": 200}, square(1, 0)),
    ]
    return geojson(folder / name, [*sound, *features])


COLUMNS = ("--id-column", "code", "--name-column", "name")

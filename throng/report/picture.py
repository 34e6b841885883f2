"""The still picture of the report, for print and for browsers without JavaScript."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np

from throng.report.study import Study

_WIDTH = 820.0
_COLOURS = ("#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#2c7fb8", "#253494")


def still_map(study: Study, word: dict[str, str]) -> str:
    """People by area in the last week (or day, or month) of the level that is shown first."""
    areas = study.data["areas"][study.first_level]
    periods = study.data["people"][study.first_level]
    period = next(name for name in ("week", "day", "month") if name in periods)
    start = max(periods[period])
    values = periods[period][start]
    drawn = [(area, value) for area, value in zip(areas, values, strict=True) if area["outline"]]
    known = [value for _, value in drawn if value is not None]
    steps = _steps(known)
    points = [point for area, _ in drawn for ring in _rings(area["outline"]) for point in ring]
    if not points:
        return ""
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    narrow = math.cos(math.radians((south + north) / 2))
    scale = _WIDTH / max((east - west) * narrow, north - south, 1e-9)
    height = (north - south) * scale

    def path(outline: dict[str, Any]) -> str:
        return "".join(
            "M"
            + "L".join(
                f"{(x - west) * narrow * scale:.1f} {(north - y) * scale:.1f}" for x, y in ring
            )
            + "Z"
            for ring in _rings(outline)
        )

    shapes = [
        f'<path d="{path(area["outline"])}" fill="{_fill(area, value, steps)}" '
        f'stroke="#52606d" stroke-width="0.5"><title>{escape(area["name"])}: '
        f"{_text(area, value, word)}</title></path>"
        for area, value in drawn
    ]
    title = f"{word['people.long']}, {word[period]} {start}"
    n_withheld = sum(value is None and area["has_cells"] for area, value in drawn)
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {height + 40:.0f}" role="img" '
        f'aria-label="{escape(title)}">'
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="#ffffff"/>'
        '<rect width="2" height="6" fill="#7b8794"/></pattern></defs>'
        f"{''.join(shapes)}{_legend(steps, n_withheld, height, word)}</svg>"
        f'<p class="hint">{escape(title)}</p>'
    )


def _rings(outline: dict[str, Any]) -> Iterator[list[tuple[float, float]]]:
    polygons = outline["coordinates"]
    for polygon in [polygons] if outline["type"] == "Polygon" else polygons:
        yield from ([(x, y) for x, y, *_ in ring] for ring in polygon)


def _steps(known: list[float]) -> list[float]:
    """Where one class of colour ends and the next begins: as many areas in each."""
    if not known:
        return []
    parts = np.quantile(known, np.arange(1, len(_COLOURS)) / len(_COLOURS))
    return sorted({float(f"{part:.2g}") for part in parts})


def _fill(area: dict[str, Any], value: float | None, steps: list[float]) -> str:
    if value is None:
        return "url(#hatch)" if area["has_cells"] else "#f0f0f0"
    return _COLOURS[len(_COLOURS) - 1 - len(steps) :][int(np.searchsorted(steps, value, "right"))]


def _text(area: dict[str, Any], value: float | None, word: dict[str, str]) -> str:
    if value is None:
        return escape(word["withheld_one" if area["has_cells"] else "no_network"])
    return f"{value:,}"


def _legend(steps: list[float], n_withheld: int, height: float, word: dict[str, str]) -> str:
    colours = _COLOURS[len(_COLOURS) - 1 - len(steps) :] if steps else ()
    bounds = [*(f"{step:,.0f}" for step in steps), ""]
    entries = [
        (colour, f"< {bounds[0]}" if i == 0 else f"≥ {bounds[i - 1]}")
        for i, colour in enumerate(colours)
    ]
    entries.append(("url(#hatch)", word["legend.withheld"].replace("{n}", str(n_withheld))))
    return "".join(
        f'<rect x="{10 + 105 * i}" y="{height + 16:.0f}" width="20" height="12" fill="{fill}" '
        f'stroke="#9aa5b1"/><text x="{34 + 105 * i}" y="{height + 26:.0f}">{escape(text)}</text>'
        for i, (fill, text) in enumerate(entries)
    )

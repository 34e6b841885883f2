"""Studies made up for the page of the report: as large, small or withheld as a test needs."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import shapely

from throng.geography.outlines import ListedArea, outlines_of
from throng.report.study import CHANGE, ESTIMATE, INDICATORS, Layout, Study

FIRST = date(2020, 2, 3)


def made_up_study(n_areas=12, n_days=21, withheld=0.1, seed=1, boundaries="fictional (test)"):
    """Two levels: `region` with one area for each ten of `district`, at least one.

    Args:
        withheld: share of the numbers that are withheld.
    """
    rng = np.random.default_rng(seed)
    n_regions = max(1, n_areas // 10)
    places = rng.uniform(0, 10, (n_areas, 2))
    regions = [f"R{int(x / 10 * n_regions):03d}" for x, _ in places]
    listed = [ListedArea(region, "region", None, None) for region in sorted(set(regions))]
    listed += [
        ListedArea(f"D{i:04d}", "district", region, None) for i, region in enumerate(regions)
    ]
    drawn = outlines_of(listed, [(f"D{i:04d}", x, y) for i, (x, y) in enumerate(places)])
    levels = {
        level: [
            {
                "id": area.area_id,
                "name": f"{level.title()} & <{area.area_id}>",
                "parent": area.parent_area_id,
                "population": 1000,
                "has_cells": True,
                "outline": json.loads(shapely.to_geojson(drawn[area.area_id].geometry)),
                "source": "list",
                "boundaries": boundaries,
                "centre": [drawn[area.area_id].longitude, drawn[area.area_id].latitude],
                "km2": drawn[area.area_id].area_km2,
            }
            for area in listed
            if area.area_level == level
        ]
        for level in ("region", "district")
    }
    days = [(FIRST + timedelta(days=i)).isoformat() for i in range(n_days)]
    weeks = days[::7]
    layout = Layout(levels)

    def rows(starts, low, high):
        """Start, level, area, number or none."""
        return [
            (start, level, area["id"], None if hidden else int(value))
            for start in starts
            for level, areas in levels.items()
            for area, hidden, value in zip(
                areas,
                rng.uniform(size=len(areas)) < withheld,
                rng.integers(low, high, len(areas)),
                strict=True,
            )
        ]

    by_day = rows(days, 20, 5000)
    presence = [("day", *row) for row in by_day] + [("week", *row) for row in rows(weeks, 50, 9000)]
    left_out = layout.choose(presence)
    people = layout.by_period(presence)
    change = layout.measures(
        CHANGE,
        [
            (
                start,
                level,
                area,
                *((None,) * 4 if n is None else (1000.0, 50.0, (n - 1000) / 10, (n - 1000) / 50)),
            )
            for start, level, area, n in by_day
        ],
        people,
    )
    estimates = layout.measures(
        ESTIMATE,
        [
            (start, level, area, *((None,) * 3 if n is None else (30 * n, 29 * n, 31 * n)))
            for start, level, area, n in by_day
        ],
        people,
    )
    context = [
        ("district", levels["district"][0]["id"], "rain", -4, 38, -0.8123),
        ("district", levels["district"][-1]["id"], "cases", 3, 39, 0.61),
    ]
    pairs = [
        (week, level, one["id"], other["id"], int(rng.integers(20, 900)), 20, 12.5)
        for week in weeks
        for level, areas in levels.items()
        for one in areas[:8]
        for other in areas[:8]
        if rng.uniform() >= withheld
    ]
    counts = [
        (week, level, len(areas) ** 2, 0) for week in weeks for level, areas in levels.items()
    ]
    rhythm = [
        (*row[:3], activity, hour, row[3] and 30.0)
        for row in rows(weeks[:1], 1, 2)
        for activity in ("staying", "moving", "unknown")
        for hour in range(24)
    ]
    trips = [(*row[:3], band, row[3]) for row in rows(weeks, 20, 90) for band in (0.0, 2.0, 5.0)]
    profiles = [
        (level, area, name, value)
        for name in INDICATORS
        for _, level, area, value in rows(weeks[:1], 1, 50)
    ]
    release = {
        "release_id": "r0001",
        "mart": "count_subscribers",
        "period": "day",
        "published_at": "2020-04-01 10:00:00",
        "first_date": days[0],
        "last_date": days[-1],
        "n_rows": len(by_day),
        "n_suppressed": sum(row[3] is None for row in by_day),
        "min_group_size": 16,
        "mechanism": "threshold",
        "rounding_base": 0,
    }
    first = levels["district"][0]["id"]
    return Study(
        {
            "areas": levels,
            "people": people,
            "change": change,
            "estimates": estimates,
            "context": layout.context(context),
            "need": [
                ["Alba & <b>", "child_mortality, income_per_person", 0.8123, 1],
                ["Brea", "inflation", 0.61, 1],
                ["Cora", "", 0.05, 3],
            ],
            "reference": [days[0], days[min(13, n_days - 1)]],
            "flows": layout.flows(pairs, counts),
            "residents": layout.one([row[1:] for row in rows(weeks[:1], 50, 900)]),
            "relocations": layout.pairs([row[:5] for row in pairs[:40] if row[2] != row[3]]),
            "rhythm": layout.rhythm(rhythm),
            "stays": layout.by_start(rows(weeks, 30, 300)),
            "trips": layout.trips(trips),
            "indicators": list(INDICATORS),
            "profiles": layout.profiles(profiles),
            "poor_days": [{"start": days[n_days // 2], "percent": 40}],
            "findings": [
                {
                    "finding": "emptied",
                    "level": "district",
                    "area": first,
                    "percent": -42.5,
                    "n_days": 7,
                }
            ]
            if withheld < 1
            else [],
            "first_level": "district" if withheld < 0.3 else "region",
        },
        [release],
        left_out,
    )

"""Fictional countries with figures that say where help is needed: the feed indicators/.

Three groups, poor, middle and rich, differ in all indicators; most figures are skewed, as real ones
are. No country is real.
"""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import numpy as np

from throng.synth.indicator_settings import GROUPS, IndicatorReport, IndicatorSettings
from throng.synth.settings import SynthError

FILE = "indicators/indicators.csv"
#: A hidden file beside it: the folder is of this command.
MARKER = ".synth-indicators"
#: Share of the countries in each group.
SHARES = (0.3, 0.5, 0.2)
#: Indicator: median of each group, and the deviation of its logarithm.
FIGURES = {
    "child_mortality": ((95.0, 22.0, 5.0), 0.30),
    "exports": ((27.0, 40.0, 58.0), 0.40),
    "health_spending": ((5.5, 6.5, 9.0), 0.30),
    "imports": ((42.0, 47.0, 50.0), 0.40),
    "income_per_person": ((2500.0, 12500.0, 42000.0), 0.35),
    "inflation": ((9.5, 6.5, 2.5), 0.60),
    "life_expectancy": ((59.0, 72.5, 80.0), 0.04),
    "fertility": ((5.0, 2.4, 1.8), 0.18),
    "gdp_per_person": ((900.0, 6500.0, 40000.0), 0.45),
}
#: Share of the figures that are left out, with dirt.
MISSING = 0.01


def figures(settings: IndicatorSettings) -> tuple[np.ndarray, np.ndarray]:
    """Which group each country is of (0 to 2), and its figures (entities x indicators, NaN)."""
    rng = np.random.default_rng(settings.seed)
    group = rng.choice(len(GROUPS), settings.entities, p=SHARES)
    columns = [
        np.array(medians)[group] * np.exp(rng.normal(0, deviation, settings.entities))
        for medians, deviation in FIGURES.values()
    ]
    made = np.round(np.stack(columns, axis=1), 2)
    if settings.dirt:
        made[0, list(FIGURES).index("inflation")] *= 100
        made[rng.random(made.shape) < MISSING] = np.nan
    return group, made


def generate_indicators(
    settings: IndicatorSettings, landing: Path, force: bool = False
) -> IndicatorReport:
    """Write indicators/indicators.csv into the landing folder; all else there stays as it is.

    Raises:
        SynthError: the folder holds anything else, or with `force` anything that is not of an
            earlier run.
    """
    began = time.perf_counter()
    group, made = figures(settings)
    text = _csv(made)
    path = landing / FILE
    there = sorted(file.name for file in path.parent.glob("*") if not file.name.startswith("."))
    is_ours = there == [path.name] and (path.parent / MARKER).exists()
    reused = is_ours and path.read_bytes() == text
    if there and not reused and not (force and is_ours):
        raise SynthError(
            f"{path.parent} holds files of something else or of other settings; choose another "
            "folder, or --force to replace what throng synth indicators wrote."
        )
    if not reused:
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / MARKER).touch()
        unfinished = path.with_name(f".{path.name}")
        unfinished.write_bytes(text)
        unfinished.replace(path)
    counts = np.bincount(group, minlength=len(GROUPS))
    return IndicatorReport(
        reused=reused,
        entities=settings.entities,
        groups={name: int(n) for name, n in zip(GROUPS, counts, strict=True)},
        missing=int(np.isnan(made).sum()),
        bytes=len(text),
        seconds=time.perf_counter() - began,
    )


def _csv(made: np.ndarray) -> bytes:
    """The file, its countries called by their place in it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["entity", *FIGURES])
    for number, row in enumerate(made, start=1):
        shown = ["" if np.isnan(value) else f"{value:.2f}" for value in row]
        writer.writerow([f"Country {number:03}", *shown])
    return text.getvalue().encode()

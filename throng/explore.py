"""What notebooks need: answers to worksheets and queries as data frames, and two small pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime

import pandas as pd
from pandas.io.formats.style import Styler

from throng import svg
from throng.server.control import connect, the_server
from throng.worksheets import Value, worksheet

_COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#7b5ea7", "#b58900", "#5c6770")
#: What PyHive calls the types of numbers.
_NUMBERS = ("BIGINT_TYPE", "INT_TYPE", "DOUBLE_TYPE", "DECIMAL_TYPE")
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _BELOW = 760, 260, 56, 150, 24


def query(sql: str) -> pd.DataFrame:
    """The rows of a statement; a withheld number is missing.

    Raises:
        ServerError: the server does not run.
        SettingsError: a THRONG_... variable cannot be used.
    """
    with contextlib.closing(connect(the_server())) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        described = {name.rpartition(".")[2]: kind for name, kind, *_ in cursor.description}
        frame = pd.DataFrame(cursor.fetchall(), columns=list(described))
    # A column of which every number is withheld is one of numbers too.
    numbers = [name for name, kind in described.items() if kind in _NUMBERS]
    frame[numbers] = frame[numbers].apply(pd.to_numeric)
    return frame


def answer(name: str, **settings: Value) -> pd.DataFrame:
    """The rows of a worksheet, for these values of its settings.

    Raises:
        WorksheetError: there is no such worksheet or setting.
    """
    return query(worksheet(name, **settings))


def bars(frame: pd.DataFrame, column: str) -> Styler:
    """A table with a bar behind each number of a column, to the left where it is negative."""
    table = frame.style.hide(axis="index").format(_shown, na_rep="–")
    if frame[column].isna().all():
        return table
    return table.bar(subset=[column], align="zero", color=["#e3a08f", "#9cc3dd"])


def _shown(value: object) -> object:
    """Numbers without the zeros that round() leaves out too, days without their midnight."""
    if isinstance(value, float):
        return f"{value:,.10g}"
    return f"{value:%Y-%m-%d}" if isinstance(value, datetime) else value


class Drawing:
    """A picture that a notebook shows."""

    def __init__(self, picture: str) -> None:
        """picture: SVG or other HTML."""
        self._picture = picture

    def _repr_html_(self) -> str:
        return self._picture


def lines(frame: pd.DataFrame, *, x: str, y: str, by: str) -> Drawing:
    """A line for each value of `by`, with a gap where a number is withheld.

    Args:
        frame: one row per value of `by` and of `x`.
        x: column of times, from left to right in even steps.
        y: column of numbers; the axis begins at 0, or below where there are negative ones.
    """
    if frame[y].isna().all():
        return Drawing("<p>No number of these is published.</p>")
    times = sorted(frame[x].unique())
    low, high = min(0.0, frame[y].min()), max(1.0, frame[y].max())
    across = (_WIDTH - _LEFT - _RIGHT) / max(len(times) - 1, 1)
    up = (_HEIGHT - _BELOW - 12) / (high - low)
    place = {time: _LEFT + across * number for number, time in enumerate(times)}

    def drawn(rows: pd.DataFrame, colour: str) -> Iterator[str]:
        known = rows[rows[y].notna()]
        for _, run in known.groupby(rows[y].isna().cumsum()[known.index]):
            points = " ".join(
                f"{place[time]:.1f},{_HEIGHT - _BELOW - up * (number - low):.1f}"
                for time, number in zip(run[x], run[y], strict=True)
            )
            style = f'stroke="{colour}" stroke-width="2" stroke-linecap="round"'
            yield f'<polyline points="{points}" fill="none" {style}/>'

    elements = [
        svg.text(_LEFT - 6, 16, f"{high:,.0f}", "end"),
        svg.text(_LEFT - 6, _HEIGHT - _BELOW, f"{low:,.0f}", "end"),
        svg.text(_LEFT, _HEIGHT - 6, f"{times[0]:%Y-%m-%d}", "start"),
        svg.text(_WIDTH - _RIGHT, _HEIGHT - 6, f"{times[-1]:%Y-%m-%d}", "end"),
    ]
    for number, (name, rows) in enumerate(frame.sort_values(x).groupby(by)):
        colour = _COLOURS[number % len(_COLOURS)]
        elements += drawn(rows, colour)
        legend = 16 + 16 * number
        elements.append(
            svg.text(
                _WIDTH - _RIGHT + 12, legend, str(name), "start", True, f'style="fill: {colour}"'
            )
        )
    return Drawing(svg.page(_WIDTH, _HEIGHT, elements))

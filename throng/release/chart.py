"""Stacked bars as SVG: enough for one page of the documentation, and no library for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from throng.svg import page, text

# Dark and light, so that they can be told apart in grey too.
COLOURS = ("#2f4b7c", "#e8a33d")
BAR, GAP, LEFT, RIGHT, TOP, HEIGHT, FOOT = 30, 6, 56, 24, 44, 190, 78
FIRST_GAP = 22
LETTER = 6.6


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        group: bars of one group stand together.
        label: what stands below the bar.
        parts: shares from 0 to 1, from below to above.
    """

    group: str
    label: str
    parts: tuple[float, ...]


def bars(panels: Sequence[tuple[str, Sequence[Bar]]], legend: Sequence[str], axis: str) -> str:
    """Panels of stacked bars, one below the other.

    Args:
        panels: title and bars of each.
        legend: what the parts are, from below to above.
        axis: what the labels below the bars are.
    """
    width = LEFT + RIGHT + max(sum(w for *_, w in _groups(b)) for _, b in panels)
    width = max(width, LEFT + RIGHT + sum(34 + LETTER * len(words) for words in legend))
    height = 40 + len(panels) * (TOP + HEIGHT + FOOT)
    lines = list(_legend(legend))
    for number, (title, of_panel) in enumerate(panels):
        top = 40 + number * (TOP + HEIGHT + FOOT) + TOP
        lines += _panel(title, of_panel, axis, top, width)
    return page(width, height, lines)


def _groups(of_panel: Sequence[Bar]) -> Iterator[tuple[str, list[Bar], float]]:
    """Name, bars and width of each group; its name has room below it."""
    for name, found in groupby(of_panel, key=lambda bar: bar.group):
        members = list(found)
        room = len(members) * (BAR + GAP) + FIRST_GAP
        yield name, members, max(room, LETTER * len(name) + FIRST_GAP)


def _legend(legend: Sequence[str]) -> Iterator[str]:
    left = float(LEFT)
    for words, colour in zip(legend, COLOURS, strict=True):
        yield f'<rect x="{left:.0f}" y="18" width="12" height="12" fill="{colour}"/>'
        yield text(left + 18, 28, words, "start")
        left += 34 + LETTER * len(words)


def _panel(title: str, of_panel: Sequence[Bar], axis: str, top: int, width: float) -> Iterator[str]:
    bottom = top + HEIGHT
    yield text(LEFT, top - 16, title, "start", bold=True)
    for percent in range(0, 101, 20):
        y = bottom - HEIGHT * percent / 100
        colour = "#222" if percent == 0 else "#ddd"
        yield f'<path d="M{LEFT} {y:.1f}H{width - RIGHT:.0f}" stroke="{colour}"/>'
        yield text(LEFT - 8, y + 4, f"{percent} %", "end")
    left = float(LEFT)
    for name, members, room in _groups(of_panel):
        x = left + (room - len(members) * (BAR + GAP) + GAP) / 2
        for bar in members:
            y = float(bottom)
            for part, colour in zip(bar.parts, COLOURS, strict=True):
                y -= HEIGHT * part
                yield (
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{BAR}" height="{HEIGHT * part:.1f}" '
                    f'fill="{colour}"/>'
                )
            yield text(x + BAR / 2, y - 5, f"{100 * sum(bar.parts):.0f}", "middle")
            yield text(x + BAR / 2, bottom + 16, bar.label, "middle")
            x += BAR + GAP
        yield text(left + room / 2, bottom + 36, name, "middle", bold=True)
        left += room
    yield text((LEFT + left) / 2, bottom + 56, axis, "middle")

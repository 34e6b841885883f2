"""How seconds grow with events: as exponents, and as a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from throng.bench.suite import Result
from throng.svg import page, text

# Dark enough on white, and different in grey; more lines than colours begin again.
_COLOURS = ("#2f4b7c", "#b5482a", "#2e7d4f", "#7a5195", "#8a6d1a")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _FOOT = 420, 300, 60, 30, 230, 46


def lines(results: Sequence[Result]) -> dict[str, list[Result]]:
    """The results of each piece of work that has more than one size, by size."""
    ordered = sorted(results, key=lambda result: (result.scenario, result.part, result.events))
    found = {
        f"{scenario}, {part}": list(members)
        for (scenario, part), members in groupby(ordered, lambda r: (r.scenario, r.part))
    }
    return {name: members for name, members in found.items() if len(members) > 1}


def exponents(results: Sequence[Result]) -> list[str]:
    """A sentence for each step from one size to the next: 1 is in proportion to the events."""
    return [
        f"{name}: {smaller.events:,} to {larger.events:,} events, {_exponent(smaller, larger):.2f}"
        for name, members in lines(results).items()
        for smaller, larger in pairwise(members)
    ]


def _exponent(smaller: Result, larger: Result) -> float:
    grown = math.log(larger.median_s / smaller.median_s)
    return grown / math.log(larger.events / smaller.events)


def chart(results: Sequence[Result]) -> str:
    """SVG: seconds by events, both by powers of ten; no lines where there is one size only."""
    drawn = lines(results)
    points = [(result.events, result.median_s) for group in drawn.values() for result in group]
    first_x, last_x = _decades([x for x, _ in points] or [1, 10])
    first_y, last_y = _decades([y for _, y in points] or [1, 10])

    def x_of(events: float) -> float:
        return _LEFT + _WIDTH * (math.log10(events) - first_x) / (last_x - first_x)

    def y_of(seconds: float) -> float:
        return _TOP + _HEIGHT * (last_y - math.log10(seconds)) / (last_y - first_y)

    def elements() -> Iterator[str]:
        for power in range(first_x, last_x + 1):
            x = x_of(10**power)
            yield f'<path d="M{x:.1f} {_TOP}v{_HEIGHT}" stroke="#ddd"/>'
            yield text(x, _TOP + _HEIGHT + 18, f"{10**power:,}", "middle")
        for power in range(first_y, last_y + 1):
            y = y_of(10.0**power)
            yield f'<path d="M{_LEFT} {y:.1f}h{_WIDTH}" stroke="#ddd"/>'
            yield text(_LEFT - 8, y + 4, f"{10.0**power:,g}", "end")
        yield text(_LEFT, _TOP - 12, "seconds", "middle", bold=True)
        yield text(_LEFT + _WIDTH / 2, _TOP + _HEIGHT + 38, "events", "middle", bold=True)
        for number, (name, members) in enumerate(drawn.items()):
            colour = _COLOURS[number % len(_COLOURS)]
            places = [(x_of(result.events), y_of(result.median_s)) for result in members]
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
            yield f'<path d="M{path}" stroke="{colour}" stroke-width="2" fill="none"/>'
            for x, y in places:
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
            # Names stand below each other, whatever the lines do.
            x, y = _LEFT + _WIDTH + 16, _TOP + 10 + 20 * number
            yield f'<path d="M{x} {y}h18" stroke="{colour}" stroke-width="2"/>'
            yield text(x + 26, y + 4, name, "start")

    return page(_LEFT + _WIDTH + _RIGHT, _TOP + _HEIGHT + _FOOT, elements())


def _decades(values: Sequence[float]) -> tuple[int, int]:
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return first, max(last, first + 1)

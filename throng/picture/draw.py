"""A day as one SVG: the map on top with the legend beside it, the time line below."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import shapely

from throng.picture.day import Day, Point, Stop
from throng.svg import page, text

WIDTH, HEIGHT, MARGIN = 900, 764, 20
MAP_LEFT, MAP_TOP, MAP_WIDTH, MAP_HEIGHT = MARGIN, 66, 600, 440
KEY_LEFT = MAP_LEFT + MAP_WIDTH + 24
LINE_LEFT, LINE_TOP = 112, 544
LINE_WIDTH = WIDTH - MARGIN - 10 - LINE_LEFT
# Okabe and Ito's colours, which colour-blind people tell apart, in shades that differ in grey too.
STAY, EVENT, JOURNEY, TRUTH, TRUE_STOP = "#0072b2", "#d98200", "#7a3b69", "#111", "#4d4d4d"
POSSIBLE_STAY, POSSIBLE_JOURNEY = "#b5d6ea", "#d8c5d3"
LAND, WATER, BORDER, SITE = "#fbfaf7", "#eaf0f4", "#cfcfcf", "#a3a3a3"
WORDS = {"home": "home", "work": "work", "other": "outing", "trip": "trip"}
KM_PER_DEGREE = 111.195
LETTER, BOLD_LETTER = 6.6, 7.6
#: Least width of the map, and the share of it that stays free on each side.
LEAST_KM, FREE = 6.0, 0.14
#: Dots of events at one site are laid in a spiral, as seeds in a sunflower.
DOT, SPIRAL, GOLDEN_ANGLE = 1.9, 2.9, 2.399963
#: Radius of a number's disc, and the room it takes.
BADGE, BADGE_ROOM = 9, 11
DIRECTIONS = [
    (math.cos(math.radians(a)), math.sin(math.radians(a)))
    for a in (-45, 45, -135, 135, 0, 180, -90, 90, -20, 20, -70, 70, -110, 110, -160, 160)
]

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class View:
    """From degrees to the page: north is up, a kilometre as long in both directions."""

    middle: Point
    km_wide: float

    @property
    def scale(self) -> float:
        """Units of the page per kilometre."""
        return MAP_WIDTH / self.km_wide

    def at(self, point: Point) -> Point:
        """Where a point lies on the page."""
        shrunk = math.cos(math.radians(self.middle[1]))
        east = (point[0] - self.middle[0]) * shrunk * KM_PER_DEGREE
        north = (point[1] - self.middle[1]) * KM_PER_DEGREE
        return (
            MAP_LEFT + MAP_WIDTH / 2 + east * self.scale,
            MAP_TOP + MAP_HEIGHT / 2 - north * self.scale,
        )


@dataclass
class Taken:
    """Where labels are already, and what they must not cover."""

    boxes: list[Box] = field(default_factory=list)

    def free(self, choices: Iterable[Box]) -> Box:
        """The first of the boxes that covers least, from now on taken."""
        found = min(choices, key=lambda box: round(self._cost(box), 1))
        self.boxes.append(found)
        return found

    def _cost(self, box: Box) -> float:
        covered = sum(_overlap(box, other) for other in self.boxes)
        inside = (MAP_LEFT, MAP_TOP, MAP_LEFT + MAP_WIDTH, MAP_TOP + MAP_HEIGHT)
        area = (box[2] - box[0]) * (box[3] - box[1])
        return covered + 10 * (area - _overlap(box, inside))


def draw(day: Day) -> str:
    """The picture of a day. The same day gives the same bytes."""
    title = f"One day of a synthetic subscriber, nobody real: {day.date:%A} {_date(day)}"
    return page(
        WIDTH,
        HEIGHT,
        [
            f"<title>{title}</title>",
            text(MARGIN, 30, title, "start", bold=True, more='font-size="17"'),
            text(
                MARGIN,
                51,
                "What the phone network saw (events), what our rules make of it (stays and "
                "journeys), and what really happened (crosses).",
                "start",
                more='font-size="13"',
            ),
            *_map(day),
            *_legend(day),
            *_time_line(day),
        ],
    )


def _date(day: Day) -> str:
    return f"{day.date.day} {day.date:%B %Y}"


def _map(day: Day) -> Iterator[str]:
    view = _view(day)
    frame = (
        f'x="{MAP_LEFT}" y="{MAP_TOP}" width="{MAP_WIDTH}" height="{MAP_HEIGHT}" stroke="{BORDER}"'
    )
    yield f'<clipPath id="map"><rect {frame}/></clipPath>'
    yield f'<rect {frame} fill="{WATER}"/>'
    yield '<g clip-path="url(#map)">'
    for area in day.areas:
        outline = _outline(area, view)
        if outline:
            yield f'<path d="{outline}" fill="{LAND}" stroke="{BORDER}"/>'
    for site in day.sites:
        x, y = view.at(site)
        if _is_inside(x, y):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{SITE}"/>'
    yield from _marks(day, view)
    yield "</g>"
    yield f'<rect {frame} fill="none"/>'
    yield from _scale_bar(view)


def _view(day: Day) -> View:
    """The map around everything of the day."""
    points = [
        *(event.site for event in day.events),
        *(stop.centre for stop in day.stops),
        *(stop.place for stop in day.true_stops),
    ]
    west, south, east, north = shapely.MultiPoint(points).bounds
    shrunk = math.cos(math.radians((south + north) / 2))
    km_wide = (east - west) * shrunk * KM_PER_DEGREE
    km_high = (north - south) * KM_PER_DEGREE
    widest = max(km_wide, km_high * MAP_WIDTH / MAP_HEIGHT) / (1 - 2 * FREE)
    return View(((west + east) / 2, (south + north) / 2), max(LEAST_KM, widest))


def _outline(area: shapely.Geometry, view: View) -> str:
    """The part of an area that is on the map, and a little more so that the cut does not show."""
    on_page = shapely.transform(area, lambda points: [view.at(tuple(p)) for p in points])
    room = shapely.box(
        MAP_LEFT - 9, MAP_TOP - 9, MAP_LEFT + MAP_WIDTH + 9, MAP_TOP + MAP_HEIGHT + 9
    )
    seen = shapely.intersection(on_page, room)
    rings = [
        ring
        for part in shapely.get_parts(seen)
        if isinstance(part, shapely.Polygon) and not part.is_empty
        for ring in (part.exterior, *part.interiors)
    ]
    return "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring.coords[:-1]) + "Z" for ring in rings
    )


def _marks(day: Day, view: View) -> Iterator[str]:
    """Stays below journeys below events below labels."""
    taken = Taken()
    sizes = {id(stay): _radius(stay) for stay in day.stays}
    for stay in sorted(day.stays, key=lambda stay: -sizes[id(stay)]):
        x, y = view.at(stay.centre)
        yield (
            f'<circle class="stay" cx="{x:.1f}" cy="{y:.1f}" r="{sizes[id(stay)]:.1f}" '
            f'fill="{STAY}" fill-opacity=".16" stroke="{STAY}" stroke-width="2"/>'
        )
    for journey in day.journeys:
        ends = journey.origin, journey.destination
        # One from or to another day is on the time line only.
        if not all(id(stop) in sizes for stop in ends):
            continue
        bow = _bow(*(view.at(stop.centre) for stop in ends), *(sizes[id(stop)] for stop in ends))
        if bow:
            taken.boxes += _boxes_along(*bow)
            yield _arrow(bow, "journey")
    yield from _dots(day, view, taken)
    counts = Counter(event.site for event in day.events)
    for stop in day.stops:
        if not stop.is_stay:
            x, y = view.at(stop.centre)
            # Around the dots, so that they do not hide it.
            reach = max(7, SPIRAL * math.sqrt(counts[stop.centre]) + 3)
            yield (
                f'<circle class="pass-by" cx="{x:.1f}" cy="{y:.1f}" r="{reach:.1f}" '
                f'fill="none" stroke="{STAY}" stroke-width="1.6"/>'
            )
    yield from _truth(day, view, taken)
    for number, stay in enumerate(day.stays, start=1):
        x, y = view.at(stay.centre)
        reach = sizes[id(stay)]
        box = taken.free(
            (
                x + reach * across - BADGE_ROOM,
                y + reach * down - BADGE_ROOM,
                x + reach * across + BADGE_ROOM,
                y + reach * down + BADGE_ROOM,
            )
            for across, down in DIRECTIONS
        )
        yield from _badge((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, number)


def _radius(stay: Stop) -> float:
    """The area of the circle is the certain part of the stay on this day."""
    hours = min(stay.left_at, 24.0) - max(stay.arrived_at, 0.0)
    return 9 + 7 * math.sqrt(max(hours, 0.0))


def _bow(
    start: Point, end: Point, start_room: float = 0, end_room: float = 0
) -> tuple[Point, Point, Point] | None:
    """A curve from the edge of one circle to that of the other, so that there and back are two.

    Returns its first, control and last point; None where both circles have one centre.
    """
    away = math.dist(start, end)
    if away < 1:
        return None
    if away < start_room + end_room + 12:
        start_room = end_room = max(0.0, (away - 16) / 2)
    east, south = (end[0] - start[0]) / away, (end[1] - start[1]) / away
    height = min(0.16 * away, 40)
    control = (
        (start[0] + end[0]) / 2 - south * height,
        (start[1] + end[1]) / 2 + east * height,
    )
    return (
        _towards(start, control, start_room + 1),
        control,
        _towards(end, control, end_room + 2),
    )


def _arrow(bow: tuple[Point, Point, Point], name: str) -> str:
    first, control, last = bow
    neck = _towards(last, control, 9)
    side = ((last[1] - neck[1]) * 0.45, (neck[0] - last[0]) * 0.45)
    return (
        f'<path class="{name}" d="M{first[0]:.1f} {first[1]:.1f}Q{control[0]:.1f} '
        f'{control[1]:.1f} {neck[0]:.1f} {neck[1]:.1f}" fill="none" stroke="{JOURNEY}" '
        'stroke-width="2.4"/>'
        f'<path d="M{last[0]:.1f} {last[1]:.1f}L{neck[0] + side[0]:.1f} {neck[1] + side[1]:.1f}'
        f'L{neck[0] - side[0]:.1f} {neck[1] - side[1]:.1f}Z" fill="{JOURNEY}"/>'
    )


def _boxes_along(first: Point, control: Point, last: Point) -> Iterator[Box]:
    """Small boxes over a curve."""
    for step in range(21):
        share = step / 20
        x, y = (
            (1 - share) ** 2 * a + 2 * share * (1 - share) * b + share**2 * c
            for a, b, c in zip(first, control, last, strict=True)
        )
        yield x - 4, y - 4, x + 4, y + 4


def _towards(start: Point, end: Point, length: float) -> Point:
    share = length / max(math.dist(start, end), 1e-9)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _dots(day: Day, view: View, taken: Taken) -> Iterator[str]:
    """Each event a dot at its site."""
    counts = Counter(event.site for event in day.events)
    for site, count in counts.items():
        x, y = view.at(site)
        reach = SPIRAL * math.sqrt(count)
        taken.boxes.append((x - reach, y - reach, x + reach, y + reach))
        for number in range(count):
            away, angle = SPIRAL * math.sqrt(number), GOLDEN_ANGLE * number
            yield (
                f'<circle class="event" cx="{x + away * math.cos(angle):.1f}" '
                f'cy="{y + away * math.sin(angle):.1f}" r="{DOT}" fill="{EVENT}"/>'
            )


def _truth(day: Day, view: View, taken: Taken) -> Iterator[str]:
    """A cross at each true place, and what it is."""
    kinds = {stop.place: WORDS[stop.kind] for stop in day.true_stops}
    crosses = {place: view.at(place) for place in kinds}
    for x, y in crosses.values():
        taken.boxes.append((x - 7, y - 7, x + 7, y + 7))
    for place, (x, y) in crosses.items():
        yield _cross(x, y, "place")
        wide = BOLD_LETTER * len(kinds[place]) + 4
        left, top, _, low = taken.free(
            (x + dx, y + dy, x + dx + wide, y + dy + 15)
            for dx, dy in (
                (9, -8),
                (-9 - wide, -8),
                (-wide / 2, 8),
                (-wide / 2, -24),
                (9, 4),
                (9, -20),
                (-9 - wide, 4),
                (-9 - wide, -20),
            )
        )
        # Twice, for not every reader of SVG paints the outline below the letters when told so.
        for more in ('stroke="#fff" stroke-width="3.5" stroke-linejoin="round"', ""):
            yield text(left + 2, (top + low) / 2 + 4.5, kinds[place], "start", True, more)


def _cross(x: float, y: float, name: str) -> str:
    arms = f"M{x - 6:.1f} {y - 6:.1f}l12 12m0 -12l-12 12"
    return (
        f'<path d="{arms}" fill="none" stroke="#fff" stroke-width="5"/>'
        f'<path class="{name}" d="{arms}" fill="none" stroke="{TRUTH}" stroke-width="2.6"/>'
    )


def _badge(x: float, y: float, number: int) -> Iterator[str]:
    yield (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{BADGE}" fill="{STAY}" stroke="#fff" '
        'stroke-width="1.5"/>'
    )
    yield text(x, y + 4.2, f"{number}", "middle", bold=True, more='fill="#fff"')


def _scale_bar(view: View) -> Iterator[str]:
    """The longest round length that takes at most a quarter of the map."""
    km = max(km for km in (1, 2, 5, 10, 20, 50, 100, 200, 500) if km <= max(view.km_wide / 4, 1))
    left, low, wide = MAP_LEFT + 14, MAP_TOP + MAP_HEIGHT - 14, km * view.scale
    yield (
        f'<rect x="{left - 6}" y="{low - 24}" width="{wide + 12:.1f}" height="32" fill="#fff" '
        'fill-opacity=".8"/>'
    )
    yield (
        f'<path d="M{left} {low - 5}v5h{wide:.1f}v-5" fill="none" stroke="#222" '
        'stroke-width="1.5"/>'
    )
    yield text(left + wide / 2, low - 8, f"{km} km", "middle")


def _legend(day: Day) -> Iterator[str]:
    """What the marks mean, and how many there are."""
    x, y = KEY_LEFT + 12, MAP_TOP + 14
    rows = [
        (f'<circle cx="{x}" cy="0" r="2.4" fill="{SITE}"/>', ["site of the network"]),
        (
            "".join(
                f'<circle cx="{x + dx}" cy="0" r="{DOT}" fill="{EVENT}"/>' for dx in (-5, 0, 5)
            ),
            ["events, at the site that", "served them"],
        ),
        (
            f'<circle cx="{x}" cy="0" r="11" fill="{STAY}" fill-opacity=".16" '
            f'stroke="{STAY}" stroke-width="2"/>',
            ["stay; the larger, the longer,", "numbered in order"],
        ),
        (
            f'<circle cx="{x}" cy="0" r="7" fill="none" stroke="{STAY}" stroke-width="1.6"/>',
            ["pass-by"],
        ),
        (_arrow(((x - 13, -2), (x, 4), (x + 13, -2)), "key"), ["journey"]),
        (_cross(x, 0, "key"), ["true place, and what it was"]),
    ]
    for mark, words in rows:
        middle = y + 8 * (len(words) - 1)
        yield f'<g transform="translate(0 {middle})">{mark}</g>'
        for number, line in enumerate(words):
            yield text(x + 24, y + 4.5 + 16 * number, line, "start")
        y += 16 * len(words) + 18
    n_sites = len({event.site for event in day.events})
    lines = (
        f"{_count(len(day.events), 'event')} at {_count(n_sites, 'site')}",
        f"{_count(len(day.true_stops), 'true stop')}",
        f"{_count(len(day.stays), 'stay')}, {_count(len(day.stops) - len(day.stays), 'pass-by')}",
        f"{_count(len(day.journeys), 'journey')}",
    )
    y += 10
    yield text(KEY_LEFT, y, "On this day", "start", bold=True)
    for number, line in enumerate(lines, start=1):
        yield text(KEY_LEFT, y + 19 * number, line, "start")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _time_line(day: Day) -> Iterator[str]:
    """Rows over the 24 hours."""
    low = LINE_TOP + 168
    for hour in range(25):
        is_named = hour % 3 == 0
        yield (
            f'<path d="M{_x(hour):.1f} {LINE_TOP - 10}V{low}" '
            f'stroke="{"#ccc" if is_named else "#eee"}"/>'
        )
        if is_named:
            yield text(_x(hour), low + 17, f"{hour}:00", "middle")
    for name, y in (("events", 6), ("true stops", 36), ("stays", 80), ("journeys", 133)):
        yield text(LINE_LEFT - 12, LINE_TOP + y + 4.5, name, "end", bold=True)
    for event in day.events:
        yield (
            f'<path d="M{_x(event.at):.1f} {LINE_TOP - 2}v16" stroke="{EVENT}" stroke-width="1.6"/>'
        )
    for stop in day.true_stops:
        x = _x(stop.arrived_at)
        wide = _x(stop.left_at) - x
        yield _bar(stop.arrived_at, stop.left_at, LINE_TOP + 26, 20, TRUE_STOP)
        word = WORDS[stop.kind]
        if wide > LETTER * len(word) + 6:
            yield text(x + wide / 2, LINE_TOP + 40.5, word, "middle", more='fill="#fff"')
    yield from _stay_bars(day)
    yield from _journey_bars(day)
    for stop in day.stops:
        if not stop.is_stay:
            x = _x((stop.arrived_at + stop.left_at) / 2)
            yield (
                f'<circle cx="{x:.1f}" cy="{LINE_TOP + 128}" r="5" fill="#fff" '
                f'stroke="{STAY}" stroke-width="1.6"/>'
            )
    yield text(
        LINE_LEFT,
        HEIGHT - 10,
        "Dark: certain. Light: possible, up to the events that prove the phone elsewhere.",
        "start",
    )


def _stay_bars(day: Day) -> Iterator[str]:
    """Neighbours take turns in two lanes: what is possible for one often is for the next."""
    lanes = [LINE_TOP + (56, 84)[number % 2] for number in range(len(day.stays))]
    for stay, y in zip(day.stays, lanes, strict=True):
        # Without a bound there is no end to what is possible.
        after = -math.inf if stay.arrived_after is None else stay.arrived_after
        before = math.inf if stay.left_before is None else stay.left_before
        yield _bar(after, before, y + 4, 14, POSSIBLE_STAY)
    for number, (stay, y) in enumerate(zip(day.stays, lanes, strict=True), start=1):
        yield _bar(stay.arrived_at, stay.left_at, y, 22, STAY)
        x = (_x(stay.arrived_at) + _x(stay.left_at)) / 2
        yield text(x, y + 15.5, f"{number}", "middle", bold=True, more='fill="#fff"')


def _journey_bars(day: Day) -> Iterator[str]:
    """Certain is the shortest journey, possible the longest."""
    numbers = {id(stay): f"{number}" for number, stay in enumerate(day.stays, start=1)}
    y = LINE_TOP + 118
    for journey in day.journeys:
        begin, end = journey.departed_after, journey.arrived_before
        yield _bar(begin, end, y + 4, 12, POSSIBLE_JOURNEY)
        if journey.departed_before < journey.arrived_after:
            yield _bar(journey.departed_before, journey.arrived_after, y, 20, JOURNEY)
        # A stay of another day has no number here.
        ends = [numbers.get(id(stop), "") for stop in (journey.origin, journey.destination)]
        yield text((_x(begin) + _x(end)) / 2, y + 36, "→".join(ends), "middle")


def _x(hour: float) -> float:
    """Where an hour is on the time line; what is outside the day is at its edge."""
    return LINE_LEFT + LINE_WIDTH * min(max(hour, 0.0), 24.0) / 24


def _bar(begin: float, end: float, y: float, high: float, colour: str, more: str = "") -> str:
    wide = max(_x(end) - _x(begin), 1.0)
    return (
        f'<rect x="{_x(begin):.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high}" '
        f'fill="{colour}"{more and " " + more}/>'
    )


def _is_inside(x: float, y: float) -> bool:
    return MAP_LEFT <= x <= MAP_LEFT + MAP_WIDTH and MAP_TOP <= y <= MAP_TOP + MAP_HEIGHT


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(high, 0.0)

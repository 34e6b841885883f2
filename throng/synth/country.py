"""A fictional country: areas at three levels that nest exactly, towns, and places where people are.

Everything lies on a plane in kilometres around a point in the open ocean, so that nobody takes the
country for a real one. Places are the grain of it: each person is at one of them or between two.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from throng.synth.settings import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVELS = ("admin1", "admin2", "admin3")
#: Who made the boundaries: a map says so, and that nothing on it is real.
BOUNDARY_SOURCE = "fictional (throng synth)"
CENTRE_LONGITUDE, CENTRE_LATITUDE = -27.0, -5.0
KM_PER_DEGREE = 111.32
KM_PER_DEGREE_EAST = KM_PER_DEGREE * float(np.cos(np.radians(CENTRE_LATITUDE)))
MEAN_RADIUS_KM = 115.0

#: Share of the people who live in towns, and how the towns share them (Zipf exponent).
URBAN_SHARE = 0.62
TOWN_ZIPF = 0.95


@dataclass(frozen=True)
class Level:
    """The areas of one level. Arrays have one entry per area.

    parent is the index at the level above (-1 at the top); population in heads.
    """

    name: str
    ids: list[str]
    names: list[str]
    parent: Ints
    population: Ints
    geometry: list[BaseGeometry]


@dataclass(frozen=True)
class Country:
    """Areas, towns and places. Positions x, y in km east and north of the centre.

    place_* have one entry per place, sorted by area; area_start[a]:area_start[a + 1] are the places
    of the finest area a. town_place is the central place of each town, the capital first.
    """

    levels: tuple[Level, ...]
    outline: BaseGeometry
    place_x: Floats
    place_y: Floats
    place_longitude: Floats
    place_latitude: Floats
    place_area: Ints
    place_weight: Floats
    area_start: Ints
    town_place: Ints

    @property
    def finest(self) -> Level:
        """The finest level."""
        return self.levels[2]


def to_degrees(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Kilometres to longitude and latitude, rounded to 5 decimals (about a metre)."""
    longitude = np.round(CENTRE_LONGITUDE + np.asarray(x) / KM_PER_DEGREE_EAST, 5)
    latitude = np.round(CENTRE_LATITUDE + np.asarray(y) / KM_PER_DEGREE, 5)
    return longitude, latitude


def to_km(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """Longitude and latitude to kilometres."""
    return (
        (np.asarray(longitude) - CENTRE_LONGITUDE) * KM_PER_DEGREE_EAST,
        (np.asarray(latitude) - CENTRE_LATITUDE) * KM_PER_DEGREE,
    )


def build_country(settings: Settings) -> Country:
    """Build the country of these settings."""
    rng = np.random.default_rng([settings.seed, 1])
    outline = _outline(rng)
    towns = _towns(rng, outline)
    shares = 1.0 / np.arange(1, len(towns) + 1) ** TOWN_ZIPF
    shares /= shares.sum()
    pieces, centres = _pieces(rng, outline, towns, settings.areas[2])
    neighbours = _adjacency(pieces)
    seeds = _area_seeds(centres, neighbours, towns, settings.areas[2])
    owner = _grow(rng, centres, neighbours, seeds)
    pieces = [piece for piece, area in zip(pieces, owner, strict=True) if area >= 0]
    owner = owner[owner >= 0]

    finest = _unite(pieces, owner, settings.areas[2])
    to_admin2 = _group(rng, finest, settings.areas[1])
    middle = _unite(finest, to_admin2, settings.areas[1])
    to_admin1 = _group(rng, middle, settings.areas[0])
    coarse = _unite(middle, to_admin1, settings.areas[0])

    # Number the areas so that ids sort within their parents.
    order2 = np.lexsort((np.arange(len(middle)), to_admin1))
    rank2 = np.argsort(order2)
    middle = [middle[i] for i in order2]
    to_admin1 = to_admin1[order2]
    to_admin2 = rank2[to_admin2]
    order3 = np.lexsort((np.arange(len(finest)), to_admin2))
    finest = [finest[i] for i in order3]
    to_admin2 = to_admin2[order3]

    x, y, weight, area, town_of = _places(rng, settings, towns, shares, finest)
    town_place = np.array(
        [
            _nearest(x, y, tx, ty, np.flatnonzero(town_of == t))
            for t, (tx, ty) in enumerate(towns)
            if np.any(town_of == t)
        ],
        dtype=np.int64,
    )
    populations = _populations(settings.n_population, weight, area, to_admin2, to_admin1)
    digits1 = [f"{i + 1:02d}" for i in range(len(coarse))]
    digits2 = _numbered(digits1, to_admin1)
    digits3 = _numbered(digits2, to_admin2)
    levels = tuple(
        Level(name, ids, _names(rng, len(ids)), parent, population, geometry)
        for name, ids, parent, population, geometry in zip(
            LEVELS,
            (
                [f"A1-{d}" for d in digits1],
                [f"A2-{d}" for d in digits2],
                [f"A3-{d}" for d in digits3],
            ),
            (np.full(len(coarse), -1), to_admin1, to_admin2),
            populations,
            (coarse, middle, finest),
            strict=True,
        )
    )
    longitude, latitude = to_degrees(x, y)
    return Country(
        levels=levels,
        outline=shapely.union_all(coarse),
        place_x=x,
        place_y=y,
        place_longitude=longitude,
        place_latitude=latitude,
        place_area=area,
        place_weight=weight,
        area_start=np.searchsorted(area, np.arange(len(finest) + 1)),
        town_place=town_place,
    )


def counted(country: Country, home: NDArray[np.int32]) -> Country:
    """The country with the people of these home places, and no others, as its population."""
    heads = np.bincount(country.place_area[home], minlength=len(country.finest.ids))
    levels = [replace(country.finest, population=heads)]
    for below, level in zip(country.levels[:0:-1], country.levels[-2::-1], strict=True):
        heads = np.bincount(below.parent, weights=heads, minlength=len(level.ids)).astype(np.int64)
        levels.append(replace(level, population=heads))
    return replace(country, levels=tuple(reversed(levels)))


def _outline(rng: np.random.Generator) -> Polygon:
    """The coast: a circle bent by a few waves and roughened by many small ones (km)."""
    angle = np.linspace(0, 2 * np.pi, 900, endpoint=False)
    radius = np.ones_like(angle)
    for wave in range(2, 60):
        size = 0.26 / wave**1.15 * rng.normal(1.0, 0.3)
        radius += size * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    radius = MEAN_RADIUS_KM * np.clip(radius, 0.45, 1.7)
    return Polygon(np.column_stack((1.2 * radius * np.cos(angle), 0.9 * radius * np.sin(angle))))


def _towns(rng: np.random.Generator, outline: Polygon) -> Floats:
    """Centres of 14 towns, shape (14, 2) in km; the first is the capital."""
    inland = outline.buffer(-7)
    low_x, low_y, high_x, high_y = inland.bounds
    towns: list[tuple[float, float]] = []
    spacing = 38.0
    while len(towns) < 14:
        x, y = rng.uniform(low_x, high_x), rng.uniform(low_y, high_y)
        near = any(np.hypot(x - a, y - b) < spacing for a, b in towns)
        if shapely.contains_xy(inland, x, y) and not near:
            towns.append((x, y))
        else:
            spacing *= 0.999
    return np.array(towns)


def _pieces(
    rng: np.random.Generator, outline: Polygon, towns: Floats, n_areas: int
) -> tuple[list[Polygon], Floats]:
    """Small Voronoi pieces that areas are put together from, in degrees, and their centres in km.

    Areas grown from pieces have the crooked borders of real ones, and still share every vertex.
    """
    spread = rng.uniform(-1.75, 1.75, (14 * n_areas, 2)) * MEAN_RADIUS_KM
    around = [
        rng.normal(0, 7.0 if t == 0 else 5.0, ((4 if t == 0 else 1) * n_areas // 2, 2)) + town
        for t, town in enumerate(towns)
    ]
    points = np.vstack([spread, *around])
    points = points[shapely.contains_xy(outline, points[:, 0], points[:, 1])]
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(points), extend_to=outline)
    )
    clipped = shapely.intersection(cells, outline)
    pieces: list[Polygon] = []
    for cell in clipped:
        parts = [p for p in shapely.get_parts(cell) if p.geom_type == "Polygon"]
        if not parts:
            continue
        largest = max(parts, key=lambda part: part.area)
        longitude, latitude = to_degrees(*np.array(largest.exterior.coords).T)
        rounded = Polygon(np.column_stack((longitude, latitude)))
        if rounded.is_valid and rounded.area > 0:
            pieces.append(rounded)
    middle = np.array([(p.centroid.x, p.centroid.y) for p in pieces])
    return pieces, np.column_stack(to_km(middle[:, 0], middle[:, 1]))


def _adjacency(polygons: list[BaseGeometry]) -> list[list[int]]:
    """Which polygons share a border segment; one sorted list per polygon."""
    owner: dict[tuple[tuple[float, float], tuple[float, float]], int] = {}
    found: list[set[int]] = [set() for _ in polygons]
    for index, polygon in enumerate(polygons):
        for part in shapely.get_parts(polygon):
            for ring in (part.exterior, *part.interiors):
                corners = list(ring.coords)
                for a, b in itertools.pairwise(corners):
                    edge = (a, b) if a < b else (b, a)
                    other = owner.setdefault(edge, index)
                    if other != index:
                        found[index].add(other)
                        found[other].add(index)
    return [sorted(near) for near in found]


def _reachable(neighbours: list[list[int]], first: int) -> set[int]:
    """Indices connected with `first`."""
    seen, todo = {first}, [first]
    while todo:
        for near in neighbours[todo.pop()]:
            if near not in seen:
                seen.add(near)
                todo.append(near)
    return seen


def _area_seeds(centres: Floats, neighbours: list[list[int]], towns: Floats, n: int) -> list[int]:
    """The pieces that areas grow from: several in the capital, some in towns, the rest spread."""
    main = _reachable(neighbours, int(np.argmin(np.hypot(*(centres - towns[0]).T))))
    free = np.array([i in main for i in range(len(centres))])
    seeds: list[int] = []

    def take(x: float, y: float) -> None:
        if len(seeds) < n and free.any():
            distance = np.where(free, np.hypot(centres[:, 0] - x, centres[:, 1] - y), np.inf)
            seeds.append(int(np.argmin(distance)))
            free[seeds[-1]] = False

    for rank, (x, y) in enumerate(towns):
        ring = (7, 3, 3, 2)[rank] if rank < 4 else 1
        ring = max(1, round(ring * min(1.0, n / 80)))
        take(x, y)
        for step in range(ring - 1):
            turn = 2 * np.pi * step / (ring - 1) + rank
            take(x + 6 * np.cos(turn), y + 6 * np.sin(turn))
    gap = np.min([np.hypot(*(centres - centres[s]).T) for s in seeds], axis=0)
    while len(seeds) < n:
        far = int(np.argmax(np.where(free, gap, -1.0)))
        if not free[far]:
            break
        seeds.append(far)
        free[far] = False
        gap = np.minimum(gap, np.hypot(*(centres - centres[far]).T))
    return seeds


def _grow(
    rng: np.random.Generator, centres: Floats, neighbours: list[list[int]], seeds: list[int]
) -> Ints:
    """Grow all seeds at once over the neighbours; the seed number per piece, -1 if unreachable."""
    owner = np.full(len(centres), -1, dtype=np.int64)
    effort = rng.uniform(0.6, 1.6, len(centres))
    queue = [(0.0, seed, number) for number, seed in enumerate(seeds)]
    heapq.heapify(queue)
    while queue:
        cost, piece, number = heapq.heappop(queue)
        if owner[piece] >= 0:
            continue
        owner[piece] = number
        for near in neighbours[piece]:
            if owner[near] < 0:
                step = float(np.hypot(*(centres[near] - centres[piece]))) * effort[near]
                heapq.heappush(queue, (cost + step, near, number))
    return owner


def _group(rng: np.random.Generator, polygons: list[BaseGeometry], n: int) -> Ints:
    """Group adjacent polygons into n groups of similar extent; the group of each polygon."""
    degrees = np.array([(p.centroid.x, p.centroid.y) for p in polygons])
    centres = np.column_stack(to_km(degrees[:, 0], degrees[:, 1]))
    seeds = [0]
    gap = np.hypot(*(centres - centres[0]).T)
    while len(seeds) < n:
        gap[seeds] = -1.0
        seeds.append(int(np.argmax(gap)))
        gap = np.minimum(gap, np.hypot(*(centres - centres[seeds[-1]]).T))
    owner = _grow(rng, centres, _adjacency(polygons), seeds)
    # An area without a shared border (an island) goes with the nearest seed.
    for lone in np.flatnonzero(owner < 0):
        owner[lone] = int(np.argmin([np.hypot(*(centres[lone] - centres[s])) for s in seeds]))
    return owner


def _unite(polygons: list[BaseGeometry], owner: Ints, n: int) -> list[BaseGeometry]:
    """The union of the polygons of each of n owners."""
    return [
        shapely.union_all([polygons[i] for i in np.flatnonzero(owner == group)])
        for group in range(n)
    ]


def _places(
    rng: np.random.Generator,
    settings: Settings,
    towns: Floats,
    shares: Floats,
    areas: list[BaseGeometry],
) -> tuple[Floats, Floats, Floats, Ints, Ints]:
    """x, y (km), weight, area and town (-1: none) of each place, sorted by area."""
    n = int(np.clip(settings.subscribers * 0.6, 2_000, 60_000))
    x, y, weight, town = [], [], [], []
    for t, (town_x, town_y) in enumerate(towns):
        size = max(12, int(0.55 * n * shares[t]))
        # Denser in the middle: the radius of a town follows the root of its people.
        width = 1.2 + 7.5 * float(np.sqrt(shares[t]))
        reach = width * rng.gamma(1.6, 0.55, size)
        angle = rng.uniform(0, 2 * np.pi, size)
        x.append(town_x + reach * np.cos(angle))
        y.append(town_y + reach * np.sin(angle))
        part = np.exp(-reach / (1.5 * width)) * rng.lognormal(0, 0.5, size)
        weight.append(part / part.sum() * shares[t] * URBAN_SHARE)
        town.append(np.full(size, t))
    villages = rng.uniform(-1.75, 1.75, (900, 2)) * MEAN_RADIUS_KM
    heads = rng.pareto(1.3, len(villages)) + 0.3
    pick = rng.choice(len(villages), int(0.45 * n), p=heads / heads.sum())
    x.append(villages[pick, 0] + rng.normal(0, 1.3, len(pick)))
    y.append(villages[pick, 1] + rng.normal(0, 1.3, len(pick)))
    part = rng.lognormal(0, 0.5, len(pick))
    weight.append(part)
    town.append(np.full(len(pick), -1))
    # A few farms in every area, so that none is empty.
    for polygon in areas:
        low_x, low_y, high_x, high_y = polygon.bounds
        found = np.empty((0, 2))
        while len(found) < 4:
            tries = np.column_stack(
                (rng.uniform(low_x, high_x, 32), rng.uniform(low_y, high_y, 32))
            )
            found = np.vstack([found, tries[shapely.contains_xy(polygon, *tries.T)]])
        farm_x, farm_y = to_km(found[:4, 0], found[:4, 1])
        x.append(farm_x)
        y.append(farm_y)
        weight.append(rng.lognormal(0.5, 0.8, 4))
        town.append(np.full(4, -1))

    xs, ys = np.concatenate(x), np.concatenate(y)
    weights, towns_of = np.concatenate(weight), np.concatenate(town)
    # The rounded position decides, so that a reader of the truth finds the same area.
    longitude, latitude = to_degrees(xs, ys)
    xs, ys = to_km(longitude, latitude)
    points, area = shapely.STRtree(areas).query(
        shapely.points(longitude, latitude), predicate="within"
    )
    inside = np.full(len(xs), -1, dtype=np.int64)
    inside[points] = area
    kept = inside >= 0
    kept[kept] &= weights[kept] > 0
    rural = (towns_of < 0) & kept
    weights[rural] *= (1 - URBAN_SHARE) / weights[rural].sum()
    order = np.lexsort((ys, xs, inside))
    order = order[kept[order]]
    final = weights[order] / weights[order].sum()
    return xs[order], ys[order], final, inside[order], towns_of[order]


def _nearest(x: Floats, y: Floats, to_x: float, to_y: float, among: Ints) -> int:
    """The index among `among` that is nearest to a point."""
    return int(among[np.argmin(np.hypot(x[among] - to_x, y[among] - to_y))])


def _populations(
    total: int, weight: Floats, area: Ints, to_admin2: Ints, to_admin1: Ints
) -> tuple[Ints, Ints, Ints]:
    """Whole heads per area and level; every level adds up to the total."""
    exact = np.bincount(area, weights=weight, minlength=len(to_admin2)) * total
    heads = np.floor(exact).astype(np.int64)
    rest = total - int(heads.sum())
    heads[np.argsort(heads - exact, kind="stable")[:rest]] += 1
    middle = np.bincount(to_admin2, weights=heads, minlength=len(to_admin1)).astype(np.int64)
    coarse = np.bincount(to_admin1, weights=middle).astype(np.int64)
    return coarse, middle, heads


def _numbered(digits: list[str], parent: Ints) -> list[str]:
    """Two more digits per child (three where 99 do not suffice), counted within its parent."""
    width = max(2, len(str(int(np.bincount(parent).max()))))
    seen: dict[int, int] = {}
    numbered = []
    for above in parent.tolist():
        seen[above] = seen.get(above, 0) + 1
        numbered.append(f"{digits[above]}{seen[above]:0{width}d}")
    return numbered


_HEADS = "ba be bo da do fa ga ge ka ko la le lo ma me mi na no pa ra ro sa se ta te va ve za zo"
_TAILS = "ran lin dor mar vel nos tis rem gan lor dun ria sel mon bek tar nia vos len dal"


def _names(rng: np.random.Generator, n: int) -> list[str]:
    """n different names of two or three syllables."""
    heads, tails = _HEADS.split(), _TAILS.split()
    names: list[str] = []
    taken: set[str] = set()
    while len(names) < n:
        middle = heads[rng.integers(len(heads))] if rng.random() < 0.5 else ""
        name = heads[rng.integers(len(heads))] + middle + tails[rng.integers(len(tails))]
        if name not in taken:
            taken.add(name)
            names.append(name.capitalize())
    return names

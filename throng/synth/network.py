"""Sites and cells, the times at which they change, and which cell serves which place.

A network has a few states (an outage, a site that moves); each state has its own lookup tables from
place or map pixel to site and sector, so that serving an event is two array lookups.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from throng.synth.country import Country, to_degrees, to_km
from throng.synth.settings import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY = 86_400
PIXEL_KM = 1.0
SECTORS = 3
NEIGHBOURS = 4
#: Sector number of a place at the foot of a site: any of its three sectors may serve it.
ANY_SECTOR = 255


@dataclass(frozen=True)
class State:
    """The network between two moments (seconds from the start of the study, half open).

    place_site, place_sector: one entry per place. pixel_site, pixel_sector: (rows, columns) of the
    map. near_site, near_sector: (sites, NEIGHBOURS), the next sites and the sector facing us.
    """

    begins: int
    ends: int
    place_site: NDArray[np.int32]
    place_sector: NDArray[np.uint8]
    pixel_site: NDArray[np.int32]
    pixel_sector: NDArray[np.uint8]
    near_site: NDArray[np.int32]
    near_sector: NDArray[np.uint8]


@dataclass(frozen=True)
class CellRow:
    """One row of the cell table; area is an index at the finest level, -1 for none.

    valid_from, valid_to in seconds from the start of the study, None for open.
    """

    cell: int
    site: int
    x: float
    y: float
    area: int
    valid_from: int | None = None
    valid_to: int | None = None


@dataclass(frozen=True)
class Network:
    """Sites, cells and states. Cells of a site are consecutive from first_cell[site].

    outage is (site, begins, ends) or None; move is (site, moment, old area, new area) or None.
    """

    site_ids: list[str]
    cell_ids: list[str]
    first_cell: NDArray[np.int32]
    n_cells: NDArray[np.int32]
    rows: list[CellRow]
    states: list[State]
    origin: tuple[float, float]
    border_site: int
    outage: tuple[int, int, int] | None
    move: tuple[int, int, int, int] | None


def build_network(settings: Settings, country: Country) -> Network:
    """Place the sites, decide what happens to them, and compute the tables of each state."""
    rng = np.random.default_rng([settings.seed, 2])
    site_places = _site_places(rng, settings.n_sites, country)
    x, y = country.place_x[site_places], country.place_y[site_places]
    area = country.place_area[site_places].copy()
    border_x, border_y = _beyond_the_border(country)
    mobile = _mobile_places(country, site_places)

    # The last two sites have one cell each: one beyond the border, one on wheels.
    border, wheels = len(site_places), len(site_places) + 1
    x = np.concatenate([x, [border_x, country.place_x[mobile[0]]]])
    y = np.concatenate([y, [border_y, country.place_y[mobile[0]]]])
    area = np.concatenate([area, [-1, country.place_area[mobile[0]]]])
    n_cells = np.full(len(x), SECTORS, dtype=np.int32)
    n_cells[[border, wheels]] = 1
    first_cell = np.concatenate([[0], np.cumsum(n_cells)[:-1]]).astype(np.int32)

    length = settings.days * DAY
    move: tuple[int, int, int, int] | None = None
    if settings.days > 1:
        old, new = (int(country.place_area[p]) for p in mobile)
        move = (wheels, int(settings.days * 0.55) * DAY or DAY, old, new)
    active = np.ones(len(x), dtype=bool)
    begins = int(settings.days * 0.2) * DAY + 10 * 3600
    outage = (
        _busy_site(country, x[:border], y[:border]),
        begins,
        min(begins + 2 * DAY + 6 * 3600, length),
    )

    moments = sorted({0, length, outage[1], outage[2], *([move[1]] if move else [])})
    states = []
    for since, until in itertools.pairwise(moments):
        on = active.copy()
        on[outage[0]] = not outage[1] <= since < outage[2]
        at_x, at_y = x.copy(), y.copy()
        if move and since >= move[1]:
            at_x[wheels], at_y[wheels] = country.place_x[mobile[1]], country.place_y[mobile[1]]
        states.append(_state(country, since, until, at_x, at_y, on))

    rows = [
        CellRow(int(first_cell[s]) + k, s, float(x[s]), float(y[s]), int(area[s]))
        for s in range(len(x))
        for k in range(n_cells[s])
    ]
    if move:
        here = rows.pop()
        there_x, there_y = country.place_x[mobile[1]], country.place_y[mobile[1]]
        rows.append(CellRow(here.cell, wheels, here.x, here.y, here.area, None, move[1]))
        rows.append(
            CellRow(here.cell, wheels, float(there_x), float(there_y), move[3], move[1], None)
        )
    return Network(
        site_ids=[f"s{i + 1:04d}" for i in range(len(x))],
        cell_ids=[f"c{i + 1:05d}" for i in range(int(n_cells.sum()))],
        first_cell=first_cell,
        n_cells=n_cells,
        rows=rows,
        states=states,
        origin=_origin(country),
        border_site=border,
        outage=outage,
        move=move,
    )


def pixel_of(origin: tuple[float, float], x: Floats, y: Floats) -> tuple[Ints, Ints]:
    """Row and column of the map for positions in km."""
    return (
        ((y - origin[1]) / PIXEL_KM).astype(np.int64),
        ((x - origin[0]) / PIXEL_KM).astype(np.int64),
    )


def _site_places(rng: np.random.Generator, n: int, country: Country) -> Ints:
    """The places that get a site: one per area, the others where people are."""
    people = np.bincount(country.place_area, weights=country.place_weight)
    rank = np.argsort(-people, kind="stable")
    wanted = np.zeros(len(people), dtype=np.int64)
    wanted[rank[: min(n, len(people))]] = 1
    # People grow faster than sites: a site in a town serves more of them.
    exact = people**0.8 / np.sum(people**0.8) * max(0, n - len(people))
    more = np.floor(exact).astype(np.int64)
    more[np.argsort(more - exact, kind="stable")[: max(0, n - len(people)) - int(more.sum())]] += 1
    wanted += more
    chosen: list[int] = []
    for area, count in enumerate(wanted.tolist()):
        first, last = country.area_start[area], country.area_start[area + 1]
        x, y = country.place_x[first:last], country.place_y[first:last]
        weight = country.place_weight[first:last]
        gap: Floats | None = None
        for _ in range(min(count, len(x))):
            # Far from the sites so far, and near to people.
            chance = weight if gap is None else weight * gap
            if chance.sum() <= 0:
                break
            pick = int(rng.choice(len(x), p=chance / chance.sum()))
            away = (x - x[pick]) ** 2 + (y - y[pick]) ** 2
            gap = away if gap is None else np.minimum(gap, away)
            chosen.append(int(first) + pick)
    return np.array(chosen, dtype=np.int64)


def _beyond_the_border(country: Country) -> tuple[float, float]:
    """A position 1.5 km outside the country, at the town nearest to the border."""
    edge = country.outline.boundary
    towns = country.town_place
    points = shapely.points(country.place_longitude[towns], country.place_latitude[towns])
    town = points[int(np.argmin(shapely.distance(points, edge)))]
    foot = shapely.get_point(shapely.shortest_line(town, edge), -1)
    (town_x, foot_x), (town_y, foot_y) = to_km(
        np.array([town.x, foot.x]), np.array([town.y, foot.y])
    )
    length = max(float(np.hypot(foot_x - town_x, foot_y - town_y)), 1e-6)
    for reach in (1.5, 3.0, 6.0, 12.0, 50.0, 500.0):
        x = float(foot_x + (foot_x - town_x) / length * reach)
        y = float(foot_y + (foot_y - town_y) / length * reach)
        longitude, latitude = to_degrees(np.array([x]), np.array([y]))
        if not shapely.contains_xy(country.outline, longitude[0], latitude[0]):
            break
    return x, y


def _mobile_places(country: Country, site_places: Ints) -> tuple[int, int]:
    """Two busy places without a site, in towns of different areas (admin2 where possible)."""
    free = country.place_weight.copy()
    free[site_places] = 0.0
    best = [
        int(first) + int(np.argmax(free[first:last]))
        for first, last in zip(country.area_start, country.area_start[1:], strict=False)
    ]
    ranked = sorted(best, key=lambda place: -free[place])
    parent = country.finest.parent[country.place_area]
    old = ranked[0]
    elsewhere = [p for p in ranked[1:] if parent[p] != parent[old]] or ranked[1:] or [old]
    return old, elsewhere[0]


def _busy_site(country: Country, x: Floats, y: Floats) -> int:
    """The site that serves the third most people."""
    serving = shapely.STRtree(shapely.points(x, y)).nearest(
        shapely.points(country.place_x, country.place_y)
    )
    people = np.bincount(serving, weights=country.place_weight, minlength=len(x))
    return int(np.argsort(-people, kind="stable")[min(2, len(x) - 1)])


def _origin(country: Country) -> tuple[float, float]:
    """The lower left corner of the map in km, a pixel outside the outermost places."""
    return (
        float(country.place_x.min()) - 2 * PIXEL_KM,
        float(country.place_y.min()) - 2 * PIXEL_KM,
    )


def _sector(from_x: Floats, from_y: Floats, to_x: Floats, to_y: Floats) -> NDArray[np.uint8]:
    """The sector of a position seen from a site: 120 degrees each, clockwise from north."""
    bearing = np.degrees(np.arctan2(to_x - from_x, to_y - from_y)) % 360.0
    return np.minimum(bearing // (360.0 / SECTORS), SECTORS - 1).astype(np.uint8)


def _state(
    country: Country, begins: int, ends: int, x: Floats, y: Floats, on: NDArray[np.bool_]
) -> State:
    """The lookup tables while the sites stand at x, y (km) and those of `on` work."""
    working = np.flatnonzero(on)
    tree = shapely.STRtree(shapely.points(x[working], y[working]))

    def serve(at_x: Floats, at_y: Floats) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        site = working[tree.nearest(shapely.points(at_x, at_y))]
        sector = _sector(x[site], y[site], at_x, at_y)
        sector[np.hypot(x[site] - at_x, y[site] - at_y) < 0.3] = ANY_SECTOR
        return site.astype(np.int32), sector

    place_site, place_sector = serve(country.place_x, country.place_y)
    left, low = _origin(country)
    columns = int((country.place_x.max() - left) / PIXEL_KM) + 3
    rows = int((country.place_y.max() - low) / PIXEL_KM) + 3
    grid_y, grid_x = np.meshgrid(
        low + (np.arange(rows) + 0.5) * PIXEL_KM,
        left + (np.arange(columns) + 0.5) * PIXEL_KM,
        indexing="ij",
    )
    pixel_site, pixel_sector = serve(grid_x.ravel(), grid_y.ravel())

    n_near = min(NEIGHBOURS, len(working) - 1)
    near_site = np.zeros((len(x), NEIGHBOURS), dtype=np.int32)
    near_sector = np.zeros((len(x), NEIGHBOURS), dtype=np.uint8)
    for site in range(len(x)):
        away = np.hypot(x[working] - x[site], y[working] - y[site])
        away[working == site] = np.inf
        nearest = working[np.argsort(away, kind="stable")[:n_near]]
        near_site[site] = np.resize(nearest, NEIGHBOURS)
        near_sector[site] = _sector(x[near_site[site]], y[near_site[site]], x[site], y[site])
    return State(
        begins,
        ends,
        place_site,
        place_sector,
        pixel_site.reshape(rows, columns),
        pixel_sector.reshape(rows, columns),
        near_site,
        near_sector,
    )

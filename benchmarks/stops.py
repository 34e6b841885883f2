"""Stops against the truth of a synthetic country: `.venv/bin/python benchmarks/stops.py`.

For each density of sites, activity (events per day) and method, the mean over all seeds: precision,
recall and F1, mean absolute error of arrival and departure in minutes, share of true arrivals and
departures within our bounds, of all matched stays of the truth that a phone can show; the same of
every true stop ("all"); and million events per second of processor time of our kernel on one core.
"events alone" is our rule without routine, as it was before.

The constants were chosen with seeds 1, 2, 3 (docs/definitions.md, Stop). Others are the default.

Truth is what a phone can show, the same for every method:

- A true stop is at the mast that serves its place. It begins when the phone comes under that mast
  for good and ends when it first leaves it (on the straight line from place to place).
- A stop without an event is left out. So is one whose events all lie within 30 minutes and which
  lies between two stops at one mast within 35 km: nothing tells it from service by another mast.
  Stops in a row at one mast are then one.
- Counted are those that last 30 minutes and whose first and last event lie 30 minutes apart.
- "F1 all" counts every true stop of 30 minutes instead, seen or not, at its own times.

Overlap is measured against the union: time that true and found stop share, divided by the time that
either covers, at least one half. Place: the centre found within 1.5 km of the mast. Each true stop
and each found stay is used once, largest overlap first. The peers say one time each; we say bounds
and a likely time, which is taken. Errors are over matched stays,
but for the first and last true stop of a subscriber, which the study cuts. An unknown bound bounds
nothing and is never wrong.

The peers, from their descriptions: scikit-mobility scans from an anchor until a point is farther
than the radius and keeps what lasted longer than 20 minutes, with the median as its place;
trackintel slides likewise with 5 minutes and the mean of the distinct points, and drops what a gap
cuts. Each with its own defaults, and with the best of four radii and gaps of 12 hours or of any
length.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numba import njit

from throng.mobility import stops as kernel
from throng.synth.country import build_country, to_degrees, to_km
from throng.synth.generator import generate
from throng.synth.network import build_network, pixel_of
from throng.synth.settings import Settings

MINUTE = 60_000_000
HALF_HOUR = 30 * MINUTE
NEAR_KM, OVERLAP = 1.5, 0.5
RADII_KM = (1.0, 2.0, 3.0, 5.0)
MAX_GAP, NO_GAP = 720.0, 1e9
STEPS = 128  # of a journey, to find where it leaves and enters the reach of a mast
CENTRES = {
    "mean": kernel.MEAN,
    "median": kernel.MEDIAN,
    "medoid": kernel.MEDOID,
    "time-weighted mean": kernel.TIME_MEAN,
}
BOUNDS = ("arrivals_within", "departures_within")
COLUMNS = ("who", "began", "ended", "longitude", "latitude")


@dataclass(frozen=True)
class World:
    """Events and truth of one country.

    events: flat traces; truth, all_truth: who (row of the trace), began, ended (microseconds),
    longitude, latitude of the mast, and is_edge.
    """

    events: kernel.Events
    truth: pd.DataFrame
    all_truth: pd.DataFrame


def make_world(
    per_day: float, seed: int, subscribers: int, days: int, sites: int | None = None
) -> World:
    """A country without dirt and lockdown, and the truth as the docstring above defines it."""
    settings = Settings(
        subscribers=subscribers,
        days=days,
        seed=seed,
        format="parquet",
        events_per_day=per_day,
        lockdown=None,
        dirt=False,
        sites=sites,
    )
    with tempfile.TemporaryDirectory() as folder:
        landing, truth = Path(folder) / "landing", Path(folder) / "truth"
        generate(settings, landing, truth)
        cells = pq.read_table(landing / "cell_sites").to_pandas()
        events = pq.read_table(
            landing / "events", columns=["subscriber_id", "event_at", "cell_id"]
        ).to_pandas()
        stops = pq.read_table(truth / "stops.parquet").to_pandas()
    cells["cell_number"] = np.arange(len(cells), dtype=np.int32)
    events = events.merge(cells.drop(columns=["site_id", "area_id"]), on="cell_id")
    is_valid = events["valid_from"].isna() | (events["event_at"] >= events["valid_from"])
    is_valid &= events["valid_to"].isna() | (events["event_at"] < events["valid_to"])
    events = events[is_valid]
    ids = np.unique(events["subscriber_id"])
    events["who"] = np.searchsorted(ids, events["subscriber_id"])
    events["at"] = _micros(events["event_at"])
    events = events.sort_values(["who", "at", "cell_number"], kind="stable")

    stops = stops[stops["subscriber_id"].isin(ids)]
    stops = stops.sort_values(["subscriber_id", "arrived_at"], kind="stable")
    stops = stops.assign(
        who=np.searchsorted(ids, stops["subscriber_id"]),
        began=_micros(stops["arrived_at"]),
        ended=_micros(stops["left_at"]),
    )
    at_masts = _at_masts(settings, stops.reset_index(drop=True))
    lasting = stops["ended"].to_numpy() - stops["began"].to_numpy() >= HALF_HOUR
    all_truth = at_masts.assign(began=stops["began"].to_numpy(), ended=stops["ended"].to_numpy())
    flat = kernel.Events(
        np.searchsorted(events["who"].to_numpy(), np.arange(len(ids) + 1)).astype(np.int64),
        events["at"].to_numpy(),
        events["longitude"].to_numpy(),
        events["latitude"].to_numpy(),
        events["cell_number"].to_numpy(),
    )
    return World(flat, _seen(at_masts, events), _with_edges(all_truth)[lasting])


def _micros(times: pd.Series) -> np.ndarray:
    return times.astype("datetime64[us]").astype(np.int64).to_numpy()


def _at_masts(settings: Settings, stops: pd.DataFrame) -> pd.DataFrame:
    """Each true stop at its mast, from entering to leaving its reach."""
    country = build_country(settings)
    network = build_network(settings, country)
    start = int(np.datetime64(settings.start.isoformat(), "us").astype(np.int64))
    until = np.array([state.ends for state in network.states])

    def state_of(at: np.ndarray) -> np.ndarray:
        state = np.searchsorted(until, (at - start) / 1e6, side="right")
        return np.minimum(state, len(until) - 1)

    x, y = to_km(stops["longitude"].to_numpy(), stops["latitude"].to_numpy())
    degrees = zip(country.place_longitude, country.place_latitude, strict=True)
    place_of = {point: place for place, point in enumerate(degrees)}
    places = [place_of[p] for p in zip(stops["longitude"], stops["latitude"], strict=True)]
    began, ended = stops["began"].to_numpy().copy(), stops["ended"].to_numpy().copy()
    by_state = np.stack([state.place_site for state in network.states])
    mast = by_state[state_of((began + ended) // 2), places]

    leg = np.flatnonzero(stops["who"].to_numpy()[1:] == stops["who"].to_numpy()[:-1])
    part = (np.arange(STEPS) + 0.5) / STEPS
    departed, length = ended[leg], began[leg + 1] - ended[leg]
    at = departed[:, None] + (length[:, None] * part).astype(np.int64)
    row, column = pixel_of(
        network.origin,
        x[leg, None] * (1 - part) + x[leg + 1, None] * part,
        y[leg, None] * (1 - part) + y[leg + 1, None] * part,
    )
    maps = np.stack([state.pixel_site for state in network.states])
    passed = maps[state_of(at), row, column]
    still = (passed == mast[leg, None]).cumprod(axis=1).sum(axis=1)
    already = (passed == mast[leg + 1, None])[:, ::-1].cumprod(axis=1).sum(axis=1)
    began[leg + 1] -= length * already // STEPS
    ended[leg] = departed + length * still // STEPS
    where = {row.site: (row.x, row.y) for row in network.rows}
    mast_x, mast_y = np.array([where[site] for site in range(len(network.site_ids))]).T
    longitude, latitude = to_degrees(mast_x[mast], mast_y[mast])
    return pd.DataFrame(
        {
            **{"who": stops["who"], "began": began, "ended": ended},
            **{"longitude": longitude, "latitude": latitude, "mast": mast},
        }
    )


def _seen(stops: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """What a phone can show of the true stops; see the docstring of the module."""
    stops = _united(stops, events)
    while True:
        stops = _united(stops[stops["n"] > 0], events)
        before, after = stops.shift(1), stops.shift(-1)
        is_between = (stops["who"] == before["who"]) & (stops["who"] == after["who"])
        is_between &= before["mast"] == after["mast"]
        away = _kilometres(
            *(stops["longitude"], stops["latitude"]), *(before["longitude"], before["latitude"])
        )
        is_lost = is_between & (stops["span"] < HALF_HOUR) & (away <= kernel.SITE_REACH_KM)
        # Never two neighbours at once: the first may be what the second lies between.
        is_lost &= ~is_lost.shift(fill_value=False)
        if not is_lost.any():
            break
        stops = _united(stops[~is_lost], events)
    stops = _with_edges(stops)
    return stops[(stops["ended"] - stops["began"] >= HALF_HOUR) & (stops["span"] >= HALF_HOUR)]


def _united(stops: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Stops in a row at one mast as one, with n events and their span in microseconds."""
    is_new = (stops["who"] != stops["who"].shift()) | (stops["mast"] != stops["mast"].shift())
    united = stops.groupby(is_new.cumsum()).agg(
        **{name: (name, "first") for name in ("who", "longitude", "latitude", "mast", "began")},
        ended=("ended", "last"),
    )
    united = united.reset_index(drop=True)
    when, start = events["at"].to_numpy(), events["at"].min()
    # One ascending number for all subscribers, so that one search serves everybody.
    key = events["who"].to_numpy() * 10**15 + when - start
    low = np.searchsorted(key, united["who"] * 10**15 + united["began"] - start)
    high = np.searchsorted(key, united["who"] * 10**15 + united["ended"] - start, side="right")
    span = when[np.maximum(high - 1, 0)] - when[np.minimum(low, len(when) - 1)]
    return united.assign(n=high - low, span=np.where(high > low, span, 0))


def _with_edges(stops: pd.DataFrame) -> pd.DataFrame:
    who = stops["who"]
    return stops.assign(is_edge=(who != who.shift(1)) | (who != who.shift(-1)))


def _kilometres(
    longitude: np.ndarray, latitude: np.ndarray, other_longitude: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """Distance in km; flat, which is good enough within a country."""
    east = (longitude - other_longitude) * np.cos(np.radians(latitude))
    return np.hypot(east, latitude - other) * np.pi / 180 * kernel.EARTH_RADIUS_KM


def score(found: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Compare found stays with true stops.

    Args:
        found: COLUMNS, and the four times of `kernel.Stops` where the method gives bounds.
        truth: as in World.

    Returns:
        precision, recall, f1, arrival and departure error (minutes), arrivals and departures
        within bounds (shares; not a number without bounds).
    """
    pairs = found.assign(found=np.arange(len(found))).merge(
        truth.assign(truth=np.arange(len(truth))), on="who", suffixes=("", "_true")
    )
    shared = pairs[["ended", "ended_true"]].min(axis=1) - pairs[["began", "began_true"]].max(axis=1)
    either = pairs[["ended", "ended_true"]].max(axis=1) - pairs[["began", "began_true"]].min(axis=1)
    away = _kilometres(
        *(pairs[c] for c in ("longitude", "latitude")),
        *(pairs[c] for c in ("longitude_true", "latitude_true")),
    )
    pairs = pairs.assign(overlap=shared / either)[(away <= NEAR_KM) & (shared >= OVERLAP * either)]
    pairs = pairs.sort_values(["overlap", "found", "truth"], ascending=[False, True, True])
    pairs = pairs.drop_duplicates("found").drop_duplicates("truth")
    precision = len(pairs) / max(len(found), 1)
    recall = len(pairs) / max(len(truth), 1)
    whole = pairs[~pairs["is_edge"]]
    result = {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "arrival_error": (whole["began"] - whole["began_true"]).abs().mean() / MINUTE,
        "departure_error": (whole["ended"] - whole["ended_true"]).abs().mean() / MINUTE,
        "arrivals_within": np.nan,
        "departures_within": np.nan,
    }
    if "left_before" in found:
        began, ended = pairs["began_true"], pairs["ended_true"]
        is_before_known = pairs["left_before"] != kernel.NO_TIME
        # An unknown arrived_after is the smallest number there is.
        arrived = (pairs["arrived_after"] <= began) & (began <= pairs["arrived_at"])
        left = (pairs["left_at"] <= ended) & (~is_before_known | (ended <= pairs["left_before"]))
        result |= {"arrivals_within": arrived.mean(), "departures_within": left.mean()}
    return result


def ours(world: World, centre: int = kernel.MEAN, uses_routine: bool = True) -> pd.DataFrame:
    """Our stays with the default rules, with bounds and the likely times."""
    n = len(world.events.offsets) - 1
    rules = kernel.Rules(*(np.full(n, value) for value in (1.0, 30.0, MAX_GAP, 10.0, 5.0)))
    stops = kernel.find_stops(world.events, rules, centre, uses_routine)
    names = ("arrived_after", "arrived_at", "left_at", "left_before", "longitude", "latitude")
    found = pd.DataFrame({name: getattr(stops, name) for name in names})
    found = found.assign(
        who=np.repeat(np.arange(n), np.diff(stops.offsets)),
        began=stops.likely_arrived_at,
        ended=stops.likely_left_at,
    )
    return found[stops.is_stay]


def scikit_mobility(world: World, radius_km: float, gap_minutes: float) -> pd.DataFrame:
    """The anchor scan of scikit-mobility: 20 minutes, median."""
    events = world.events
    found = _anchor_scan(
        *(events.offsets, events.event_us, events.longitude, events.latitude),
        *(radius_km, 20.0 * MINUTE, gap_minutes * MINUTE),
    )
    return pd.DataFrame(found, columns=list(COLUMNS)).astype({"who": np.int64})


def trackintel(world: World, radius_km: float, gap_minutes: float, with_last: bool) -> pd.DataFrame:
    """The sliding rule of trackintel: 5 minutes, mean of the distinct points."""
    events = world.events
    found = _sliding_scan(
        *(events.offsets, events.event_us, events.longitude, events.latitude),
        *(radius_km, 5.0 * MINUTE, gap_minutes * MINUTE, with_last),
    )
    return pd.DataFrame(found, columns=list(COLUMNS)).astype({"who": np.int64})


# Not cached: a cache knows the name of its module, and a test loads this file by another.
@njit
def _apart(longitude: np.ndarray, latitude: np.ndarray, one: int, other: int) -> float:
    up, east = np.radians(latitude[one]), np.radians(longitude[one] - longitude[other])
    low = np.radians(latitude[other])
    half = np.sin((up - low) / 2) ** 2 + np.cos(up) * np.cos(low) * np.sin(east / 2) ** 2
    return 2 * kernel.EARTH_RADIUS_KM * np.arcsin(np.sqrt(half))


@njit
def _anchor_scan(
    offsets: np.ndarray,
    when: np.ndarray,
    longitude: np.ndarray,
    latitude: np.ndarray,
    radius: float,
    shortest: float,
    gap: float,
) -> list[tuple[float, ...]]:
    found = [(0.0, 0.0, 0.0, 0.0, 0.0) for _ in range(0)]
    for trace in range(len(offsets) - 1):
        anchor, end = offsets[trace], offsets[trace + 1]
        for event in range(anchor + 1, end + 1):
            is_last = event == end
            is_late = not is_last and when[event] - when[event - 1] > gap
            if not (is_last or is_late or _apart(longitude, latitude, anchor, event) > radius):
                continue
            # It left with the first point outside; where there is none, with the last inside.
            left = when[event - 1] if is_last or is_late else when[event]
            if left - when[anchor] > shortest:
                inside = slice(anchor, event)
                place = np.median(longitude[inside]), np.median(latitude[inside])
                found.append((float(trace), float(when[anchor]), float(left), place[0], place[1]))
            anchor = event
    return found


@njit
def _sliding_scan(
    offsets: np.ndarray,
    when: np.ndarray,
    longitude: np.ndarray,
    latitude: np.ndarray,
    radius: float,
    shortest: float,
    gap: float,
    with_last: bool,
) -> list[tuple[float, ...]]:
    found = [(0.0, 0.0, 0.0, 0.0, 0.0) for _ in range(0)]
    for trace in range(len(offsets) - 1):
        anchor, end = offsets[trace], offsets[trace + 1]
        for event in range(anchor + 1, end + 1):
            is_last = event == end
            if is_last and not with_last:
                break
            if not is_last and when[event] - when[event - 1] > gap:
                anchor = event
                continue
            if not is_last and _apart(longitude, latitude, anchor, event) < radius:
                continue
            left = when[min(event, end - 1)]
            if left - when[anchor] >= shortest:
                east = north = 0.0
                n_points = 0
                for point in range(anchor, event):
                    is_new = True
                    for earlier in range(anchor, point):
                        if longitude[earlier] == longitude[point]:
                            is_new &= latitude[earlier] != latitude[point]
                    if is_new:
                        east, north = east + longitude[point], north + latitude[point]
                        n_points += 1
                place = east / n_points, north / n_points
                found.append((float(trace), float(when[anchor]), float(left), place[0], place[1]))
            anchor = event
    return found


def compare(worlds: list[World], with_centres: bool = True) -> pd.DataFrame:
    """A row of scores for each method, the mean over the worlds."""
    methods = {"ours": ours, "events alone": lambda world: ours(world, uses_routine=False)}
    if with_centres:
        for name, centre in CENTRES.items():
            methods[f"ours, {name}"] = lambda world, centre=centre: ours(world, centre)
    methods["scikit-mobility"] = lambda world: scikit_mobility(world, 0.2, NO_GAP)
    methods["trackintel"] = lambda world: trackintel(world, 0.1, 15.0, False)
    rows = {name: _mean(worlds, method) for name, method in methods.items()}
    for name, peer in (
        ("scikit-mobility", scikit_mobility),
        ("trackintel", lambda world, radius, gap: trackintel(world, radius, gap, True)),
    ):
        tried = {
            f"{name}, {radius:.0f} km, {text}": _mean(
                worlds, lambda world, peer=peer, radius=radius, gap=gap: peer(world, radius, gap)
            )
            for radius in RADII_KM
            for gap, text in ((MAX_GAP, "12 h"), (NO_GAP, "any gap"))
        }
        # Each peer twice: the settings best at what can be seen, and those best at all.
        for measure in ("f1", "f1_all"):
            best = max(tried, key=lambda label: tried[label][measure])
            rows[best] = tried[best]
    return pd.DataFrame.from_dict(rows, orient="index")


def _mean(worlds: list[World], method: object) -> pd.Series:
    scores = []
    for world in worlds:
        found = method(world)
        scores.append(score(found, world.truth))
        of_all = score(found, world.all_truth)
        scores[-1] |= {f"{name}_all": of_all[name] for name in ("precision", "recall", "f1")}
        scores[-1] |= {f"{name}_all": of_all[name] for name in BOUNDS}
    return pd.DataFrame(scores).mean()


def speed(world: World) -> float:
    """Million events a second of processor time; the second of two runs."""
    for _ in range(2):
        began = time.process_time()
        ours(world)
        seconds = time.process_time() - began
    return len(world.events.event_us) / seconds / 1e6


def main() -> None:
    """Make the countries, compare, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--subscribers", type=int, default=500)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12])
    parser.add_argument("--rates", type=float, nargs="+", default=[3, 5, 10, 24, 96])
    parser.add_argument("--sites", type=int, nargs="+", default=[150, 600])
    parser.add_argument("--centres", action="store_true", help="also the four kinds of centre")
    arguments = parser.parse_args()
    names = {
        "precision_all": "P all",
        "recall_all": "R all",
        "f1_all": "F1 all",
        "precision": "P seen",
        "recall": "R seen",
        "f1": "F1 seen",
        "arrival_error": "arr. min",
        "departure_error": "dep. min",
        "arrivals_within": "arr. in",
        "departures_within": "dep. in",
        "arrivals_within_all": "arr. all",
        "departures_within_all": "dep. all",
    }
    print(
        f"{'sites':>5} {'events':>6}  {'method':<28}" + "".join(f"{n:>9}" for n in names.values())
    )
    for sites in arguments.sites:
        for per_day in arguments.rates:
            worlds = [
                make_world(per_day, seed, arguments.subscribers, arguments.days, sites)
                for seed in arguments.seeds
            ]
            for method, row in compare(worlds, arguments.centres).iterrows():
                cells = [row[name] for name in names]
                texts = ["-" if np.isnan(v) else f"{v:.0f}" if v > 1 else f"{v:.3f}" for v in cells]
                print(
                    f"{sites:>5} {per_day:>6.0f}  {method:<28}"
                    + "".join(f"{text:>9}" for text in texts)
                )
            print(f"{sites:>5} {per_day:>6.0f}  {speed(worlds[0]):.1f} million events a second")


if __name__ == "__main__":
    main()

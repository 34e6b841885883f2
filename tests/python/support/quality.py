"""What is unusual, down or suspicious, a second time: by docs/definitions.md, not by the SQL.

Where the models move windows over rows, this counts in arrays of places, days and hours.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

HOURS = 24


@dataclass(frozen=True)
class Outage:
    """A day of a place that was down, as cell_outages has it."""

    silent_from: pd.Timestamp
    silent_until: pd.Timestamp
    n_silent_hours: int
    n_active_hours: int
    surprise: float


def outages(
    events: pd.DataFrame, places: pd.DataFrame, first: date, last: date
) -> dict[tuple[str, date], Outage]:
    """Days on which places of one level were down.

    Args:
        events: subscriber_id, event_at and place_id of the located events.
        places: place_id, valid_from and valid_to; a cell that has moved is there twice.
        first: the first day of the study.
        last: its last day.
    """
    n_days = (last - first).days + 1
    start = pd.Timestamp(first)
    hour = (events["event_at"] - start) // pd.Timedelta(hours=1)
    seen = events.assign(hour=hour)[["place_id", "subscriber_id", "hour"]].drop_duplicates()
    visits = seen.assign(day=seen["hour"] // HOURS)
    visits = visits.groupby(["place_id", "day", "subscriber_id"]).size()
    hours_of_a_visit = visits.groupby("place_id").mean()
    places = places[places["place_id"].isin(hours_of_a_visit.index)].reset_index(drop=True)

    moments = start + pd.to_timedelta(np.arange(n_days * HOURS), unit="h")
    listed = np.array([(v <= moments) & (moments < w) for v, w in _validity(places)])
    active_of = {place: set(hours) for place, hours in seen.groupby("place_id")["hour"]}
    active = np.array(
        [[h in active_of[place] for h in range(n_days * HOURS)] for place in places["place_id"]]
    )
    active &= listed
    shape = (len(places), n_days, HOURS)
    chance = _chances(active.reshape(shape), listed.reshape(shape)).reshape(active.shape)
    covered = 2 * active.sum(axis=0) >= (chance * listed).sum(axis=0)
    root = np.sqrt(hours_of_a_visit[places["place_id"]].to_numpy())
    surprise = np.where(covered, -np.log(1 - chance), 0) / root[:, None]

    # Days on which the place is listed for an hour or more.
    least = math.log(listed.reshape(shape).any(axis=2).sum())
    found = {}
    for number, place in enumerate(places["place_id"]):
        for silence in _silences(active[number], listed[number]):
            total = surprise[number, silence].sum()
            if total < least:
                continue
            for day in sorted({h // HOURS for h in silence}):
                hours = [h for h in silence if h // HOURS == day]
                _add(found, (place, first + timedelta(days=day)), moments, silence, hours, total)
                found[place, first + timedelta(days=day)]["of_day"] += surprise[number, hours].sum()
                found[place, first + timedelta(days=day)]["active"] = int(
                    active[number].reshape(n_days, HOURS)[day].sum()
                )
    return {
        key: Outage(row["from"], row["until"], row["hours"], row["active"], row["surprise"])
        for key, row in found.items()
        if row["of_day"] >= 1
    }


def _validity(places: pd.DataFrame) -> Iterable[tuple[pd.Timestamp, pd.Timestamp]]:
    return zip(
        places["valid_from"].fillna(pd.Timestamp.min),
        places["valid_to"].fillna(pd.Timestamp.max),
        strict=True,
    )


def _chances(active: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """How often there are events at a place in an hour of other days."""
    n_days = active.shape[1]
    chance = np.zeros(active.shape)
    for day in range(n_days):
        around = [d for d in range(n_days) if abs(d - day) <= 7 and d != day]
        weekdays = [d for d in range(n_days) if abs(d - day) in (7, 14, 21, 28)]
        of_days = active[:, around].sum(axis=1) / (listed[:, around].sum(axis=1) + 1)
        of_weekdays = (active[:, weekdays].sum(axis=1) + 3 * of_days) / (
            listed[:, weekdays].sum(axis=1) + 3
        )
        chance[:, day] = np.minimum(of_days, of_weekdays)
    return chance * listed


def _silences(active: np.ndarray, listed: np.ndarray) -> Iterable[list[int]]:
    """Hours between two active hours, of those in which the place is listed."""
    silence: list[int] = []
    for hour in np.flatnonzero(listed).tolist():
        if active[hour]:
            if silence:
                yield silence
            silence = []
        else:
            silence.append(hour)
    if silence:
        yield silence


def _add(found: dict, key: tuple, moments: pd.Index, silence: list, hours: list, total: float):
    """Of two silences of a day, the bounds of both, and the greater surprise."""
    begins, ends = moments[silence[0]], moments[silence[-1]] + pd.Timedelta(hours=1)
    row = found.setdefault(
        key, {"from": begins, "until": ends, "hours": 0, "surprise": total, "of_day": 0.0}
    )
    row["from"], row["until"] = min(row["from"], begins), max(row["until"], ends)
    row["hours"] += len(hours)
    row["surprise"] = max(row["surprise"], total)


def quiet_days(hours: dict[tuple, dict[pd.Timestamp, bool]]) -> dict[tuple, tuple]:
    """Days on which areas lack three hours that usually have a number, as area_outages has them.

    Args:
        hours: whether each hour of each area (level, id) has a published number.

    Returns:
        By level, area and day: usual hours, begin and end of the quiet ones, and their number.
    """
    usual = {
        (place, hour)
        for place, of_place in hours.items()
        for hour in of_place
        if _is_usual(of_place, hour)
    }
    of_level: dict[tuple, list[bool]] = {}
    for place, hour in usual:
        of_level.setdefault((place[0], hour), []).append(hours[place][hour])
    covered = {key for key, published in of_level.items() if 2 * sum(published) >= len(published)}
    found = {}
    for place, of_place in hours.items():
        silences: list[list[pd.Timestamp]] = [[]]
        for hour in sorted(of_place):
            if of_place[hour]:
                silences.append([])
            elif (place, hour) in usual and (place[0], hour) in covered:
                silences[-1].append(hour)
        quiet = [hour for silence in silences if len(silence) >= 3 for hour in silence]
        for day in {hour.floor("D") for hour in quiet}:
            of_day = [hour for hour in quiet if hour.floor("D") == day]
            n_usual = sum((place, hour) in usual for hour in of_place if hour.floor("D") == day)
            until = of_day[-1] + pd.Timedelta(hours=1)
            found[*place, day] = (n_usual, of_day[0], until, len(of_day))
    return found


def _is_usual(of_place: dict[pd.Timestamp, bool], hour: pd.Timestamp) -> bool:
    days = {
        shift: of_place[hour + pd.Timedelta(days=shift)]
        for shift in range(-28, 29)
        if shift and hour + pd.Timedelta(days=shift) in of_place
    }
    around = [published for shift, published in days.items() if abs(shift) <= 7]
    weekdays = [published for shift, published in days.items() if shift % 7 == 0]
    return (
        len(around) >= 4
        and 8 * (len(around) - sum(around)) <= len(around)
        and 2 * sum(weekdays) >= len(weekdays)
    )


def true_outages(
    cells_down: pd.DataFrame, first: date, last: date, from_hour: int = 0
) -> dict[tuple, float]:
    """Hours from an hour of the day on for which a cell was down, by cell and day."""
    hours = {}
    for row in cells_down.itertuples():
        for day in pd.date_range(first, last):
            began = max(row.down_from, day + pd.Timedelta(hours=from_hour))
            ended = min(row.down_to, day + pd.Timedelta(days=1))
            if began < ended:
                hours[row.cell_id, day.date()] = (ended - began) / pd.Timedelta(hours=1)
    return hours


def unusual(values: dict[date, float], least_share: float | None) -> dict[date, bool | None]:
    """Which days are unusual. least_share: of the median, for counts; None: a percentage point."""
    found: dict[date, bool | None] = {}
    for day, value in values.items():
        before = [values[d] for d in values if timedelta(1) <= day - d <= timedelta(28)]
        if len(before) < 7:
            found[day] = None
            continue
        usual = statistics.median(before)
        deviation = statistics.median(abs(number - usual) for number in before)
        least = 0.01 if least_share is None else least_share * usual
        found[day] = abs(value - usual) > max(5 * deviation, least)
    return found


def suspicious(events: pd.DataFrame) -> tuple[set, set]:
    """Machines and impossible travellers, by subscriber_id, in another engine.

    Args:
        events: subscriber_id, event_at, cell_id, longitude and latitude of the located events.
    """
    points = events.assign(
        **dict(zip("xyz", _on_sphere(events["longitude"], events["latitude"]), strict=True))
    )
    order = ["subscriber_id", "event_at", "cell_id", "longitude", "latitude"]
    points = points.sort_values(order, ignore_index=True)
    before = points.shift()
    steps = pd.DataFrame({"who": points["subscriber_id"], "day": points["event_at"].dt.floor("D")})
    steps["seconds"] = (points["event_at"] - before["event_at"]).dt.total_seconds()
    chord = np.sqrt(sum((points[axis] - before[axis]) ** 2 for axis in "xyz"))
    steps["km"] = 2 * 6371.0088 * np.arcsin(np.minimum(chord / 2, 1))
    n_days = steps.groupby("who")["day"].nunique()
    steps = steps[points["subscriber_id"] == before["subscriber_id"]]
    n_steps = steps.groupby("who").size()

    too_fast = steps[steps["km"] * 3600 > 200 * steps["seconds"]]
    n_fast = too_fast[too_fast["km"] > 10].groupby("who").size()
    far_days = too_fast[too_fast["km"] > 50].groupby("who")["day"].nunique()
    often = n_fast[(n_fast >= 3) & (n_fast * 5 >= n_steps[n_fast.index])]
    far = far_days[(far_days >= 3) & (far_days * 5 >= n_days[far_days.index])]

    machines = set()
    many = n_steps[n_steps >= 48].index
    for who, seconds in steps[steps["who"].isin(many)].groupby("who")["seconds"]:
        bands = np.floor(10 * np.log(seconds.to_numpy() + 1)).astype(int)
        lengths, counts = np.unique(bands, return_counts=True)
        of_length = dict(zip(lengths.tolist(), counts.tolist(), strict=True))
        most = max(n + of_length.get(length + 1, 0) for length, n in of_length.items())
        if most >= 0.8 * len(seconds):
            machines.add(who)
    return machines, {*often.index, *far.index}


def _on_sphere(longitude: pd.Series, latitude: pd.Series) -> tuple[pd.Series, ...]:
    """Points on a sphere of radius 1: the distance of two of them is a chord."""
    x, y = np.radians(longitude), np.radians(latitude)
    return np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)

"""Listener profiles and their summary by plain Python, from the files alone: no SQL, no pandas.

Written from docs/definitions.md, Listener, and from nothing in models/.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.python.conftest import Server
from tests.python.support.placeholders import is_placeholder

FEATURES = (
    "n_unique_tracks",
    "n_morning",
    "n_afternoon",
    "n_evening",
    "n_night",
    "n_mobile",
    "n_events",
)
KINDS = ("everyone", "level", "campaign", "gender", "status", "zip_prefix")
ATTRIBUTES = ("gender", "level", "campaign", "status", "linked_apps")
LEVELS = ("Free", "Silver", "Gold")
CAMPAIGNS = ("NONE", "30DAYFREE", "SUPERBOWL", "RETAILSTORE", "WEBOFFER")
MEANINGS = {
    "Gender": ("male", "female"),
    "Level": LEVELS,
    "Campaign": CAMPAIGNS,
    "Status": ("inactive", "active"),
    "LinkedWithApps": ("no", "yes"),
}


def part_of_day(hour: int) -> str:
    if hour < 5:
        return "n_night"
    if hour < 12:
        return "n_morning"
    if hour < 17:
        return "n_afternoon"
    if hour < 22:
        return "n_evening"
    return "n_night"


def parsed(fields: list[str], first: date, last: date) -> tuple | str:
    """An event (id, customer, track, time, is mobile, zip), or the reason why it is none."""
    if len(fields) != 6:
        return "malformed_row"
    event, customer, track, at, mobile, zip_code = (field.strip(" ") for field in fields)
    if is_placeholder(customer):
        return "missing_customer"
    if not at:
        return "missing_time"
    try:
        time = datetime.strptime(at, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return "unparsable_time"
    if not first <= time.date() <= last:
        return "outside_study"
    if not track:
        return "missing_track"
    if mobile not in ("0", "1"):
        return "invalid_mobile"
    is_zip = re.fullmatch(r"\d{5}(-\d{4})?", zip_code)
    return (event, customer, track, time, mobile == "1", zip_code[:5] if is_zip else None)


def read_events(landing: Path, first: date, last: date) -> tuple[list[tuple], Counter]:
    """Every accepted event once, and how many rows were refused for which reason."""
    seen, refused = {}, Counter()
    for path in sorted((landing / "listening_events").rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            for fields in csv.reader(file):
                event = parsed(fields, first, last)
                if isinstance(event, str):
                    refused[event] += 1
                elif event in seen:
                    refused["duplicate"] += 1
                else:
                    seen[event] = True
    return list(seen), refused


def read_customers(landing: Path) -> tuple[dict[str, dict[str, str]], Counter]:
    """What the list says of each customer, and how many rows were refused for which reason."""
    customers, refused = {}, Counter()
    for path in sorted((landing / "customers").rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file)
            names = next(lines)
            for fields in lines:
                if len(fields) != len(names):
                    refused["malformed_row"] += 1
                    continue
                row = {name: value.strip(" ") for name, value in zip(names, fields, strict=True)}
                if is_placeholder(row["CustID"]):
                    refused["missing_customer"] += 1
                    continue
                if row["CustID"] in customers:
                    refused["duplicate_customer"] += 1
                said = {}
                for column, meanings in MEANINGS.items():
                    code = row[column]
                    known = code.isdigit() and int(code) < len(meanings) and str(int(code)) == code
                    name = "linked_apps" if column == "LinkedWithApps" else column.lower()
                    said[name] = meanings[int(code)] if known else "unknown"
                customers[row["CustID"]] = said  # a file of a greater name corrects
    return customers, refused


def profiles(events: list[tuple], customers: dict[str, dict[str, str]]) -> dict[str, dict]:
    """One profile per customer with an event, by the identifier in the files."""
    of_customer = defaultdict(list)
    for event in events:
        of_customer[event[1]].append(event)
    found = {}
    for customer, mine in of_customer.items():
        counts = dict.fromkeys(FEATURES, 0)
        for _, _, _, time, is_mobile, _ in mine:
            counts[part_of_day(time.hour)] += 1
            counts["n_mobile"] += is_mobile
            counts["n_events"] += 1
        counts["n_unique_tracks"] = len({track for _, _, track, *_ in mine})
        days = len({time.date() for _, _, _, time, _, _ in mine})
        places = [(time, event, place) for event, _, _, time, _, place in mine if place]
        profile = {
            **counts,
            "n_active_days": days,
            "latest_zip": max(places)[2] if places else None,
            "is_listed": customer in customers,
        }
        profile |= {f"{name.removeprefix('n_')}_per_day": counts[name] / days for name in FEATURES}
        profile |= {name: customers.get(customer, {}).get(name) for name in ATTRIBUTES}
        found[customer] = profile
    return found


def statistics(numbers: list[int]) -> dict[str, float | int | None]:
    """Of one feature over one group, by the textbook."""
    n = len(numbers)
    mean = math.fsum(numbers) / n
    spread = math.fsum((number - mean) ** 2 for number in numbers)
    variance = spread / (n - 1) if n > 1 else None
    return {
        "n_subscribers": n,
        "mean_value": mean,
        "variance": variance,
        "standard_deviation": None if variance is None else math.sqrt(variance),
        "n_nonzero": sum(number != 0 for number in numbers),
        "l1_norm": sum(abs(number) for number in numbers),
        "l2_norm": math.sqrt(sum(number * number for number in numbers)),
    }


def group_of(profile: dict, kind: str) -> str:
    """The group of that kind that a listed customer is in."""
    if kind == "everyone":
        return "everyone"
    if kind == "zip_prefix":
        return profile["latest_zip"][:3] if profile["latest_zip"] else "unknown"
    return profile[kind]


def summary(found: dict[str, dict]) -> dict[tuple[str, str, str], dict]:
    """Statistics by kind of group, group and feature."""
    groups = defaultdict(list)
    for profile in found.values():
        if profile["is_listed"]:
            for kind in KINDS:
                groups[kind, group_of(profile, kind)].append(profile)
    return {
        (*group, feature): statistics([profile[feature] for profile in members])
        for group, members in groups.items()
        for feature in FEATURES
    }


def rows(server: Server, table: str, columns: list[str]) -> list[dict]:
    found = server.query(f"select {', '.join(columns)} from {table}")
    return [dict(zip(columns, row, strict=True)) for row in found]


def assert_equal(actual: dict, right: dict, what: object) -> None:
    assert actual.keys() == right.keys()
    for name, value in right.items():
        if isinstance(value, float):
            assert actual[name] == pytest.approx(value, rel=1e-12), (what, name)
        else:
            assert actual[name] == value, (what, name)


def assert_profiles(server: Server, right: dict[str, dict]) -> None:
    """Every customer, every column."""
    [columns] = {tuple(profile) for profile in right.values()}
    found = rows(server, "protected.int_listener_profiles", ["customer_id", *columns])
    found = {row.pop("customer_id"): row for row in found}
    assert found.keys() == {server.pseudonym(customer) for customer in right}
    for customer, profile in right.items():
        assert_equal(found[server.pseudonym(customer)], profile, customer)


def assert_statistics(server: Server, right: dict[tuple[str, str, str], dict]) -> None:
    """Every group, every feature, every statistic."""
    keys = ["grouped_by", "group_value", "feature"]
    measures = list(next(iter(right.values())))
    found = rows(server, "protected.candidate_listener_summary", [*keys, *measures])
    found = {tuple(row.pop(key) for key in keys): row for row in found}
    # Two features are there for the rules alone.
    found = {key: row for key, row in found.items() if key[2] in FEATURES}
    assert found.keys() == right.keys()
    for key, numbers in right.items():
        assert_equal(found[key], numbers, key)

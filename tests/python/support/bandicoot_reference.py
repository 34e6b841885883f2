"""Bandicoot itself, one subscriber at a time, as a long table to compare our profiles with."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import pandas as pd


class Event(NamedTuple):
    """What bandicoot needs of an event; `interaction` is call, text, or None for a place only, and
    `cell_id` is None where nobody knows the place."""

    event_at: datetime
    cell_id: str | None
    interaction: str | None
    direction: str | None
    counterpart_id: str | None
    duration_s: float | None


class Recharge(NamedTuple):
    """What bandicoot needs of a recharge."""

    recharge_at: datetime
    amount: float


class ArgSpec(NamedTuple):
    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple | None


def _getargspec(function) -> ArgSpec:
    return ArgSpec(*inspect.getfullargspec(function)[:4])


def _formatargspec(
    args, varargs=None, varkw=None, defaults=None, formatvalue=lambda value: f"={value!r}"
) -> str:
    defaults = tuple(defaults or ())
    plain = len(args) - len(defaults)
    words = list(args[:plain])
    words += [name + formatvalue(value) for name, value in zip(args[plain:], defaults, strict=True)]
    words += [f"*{varargs}"] if varargs else []
    words += [f"**{varkw}"] if varkw else []
    return f"({', '.join(words)})"


def _imported():
    """Bandicoot 0.6.0 asks for two functions that Python 3.11 no longer has."""
    inspect.getargspec = _getargspec
    inspect.formatargspec = _formatargspec
    handlers = list(logging.getLogger().handlers)
    try:
        import bandicoot
    finally:
        del inspect.getargspec, inspect.formatargspec
        logging.getLogger().handlers = handlers  # it takes over everybody's log
    for name in ("percent_pareto_interactions", "percent_pareto_durations"):
        # The release divides by records; its repository and its documentation say contacts.
        function = getattr(bandicoot.individual, name).func
        _mend(bandicoot.individual, function, "/ len(records)", "/ len(user_count)")
    # A span of less than a day counts as one, says the comment there; the code cuts longer ones to
    # a day, and divides by 0 where all recharges are of one day.
    _mend(bandicoot.recharge, bandicoot.recharge.average_balance_recharges, "min(1, ", "max(1, ")
    return bandicoot


def _mend(module, function, wrong: str, right: str) -> None:
    """Bandicoot's own code, but for these words."""
    source = inspect.getsource(function)
    changed = source.replace(wrong, right)
    assert changed != source, function.__name__
    inspect.getargspec = _getargspec
    inspect.formatargspec = _formatargspec
    try:
        exec(changed, module.__dict__)
    finally:
        del inspect.getargspec, inspect.formatargspec


bandicoot = _imported()

#: Bandicoot gives these for calls and texts apart; both together only if it is asked.
POOLED = {
    "number_of_contacts": "scalar",
    "percent_nocturnal": "scalar",
    "entropy_of_contacts": "scalar",
    "balance_of_contacts": "summarystats",
    "interactions_per_contact": "summarystats",
    "interevent_time": "summarystats",
    "percent_pareto_interactions": "scalar",
    "number_of_interactions": "scalar",
    "number_of_interaction_in": "scalar",
    "number_of_interaction_out": "scalar",
}
#: Of an event without a place bandicoot makes one more antenna, called nothing.
SPATIAL = {
    "number_of_antennas",
    "entropy_of_antennas",
    "percent_at_home",
    "radius_of_gyration",
    "frequent_antennas",
}
NETWORK = ("clustering_coefficient_unweighted", "clustering_coefficient_weighted")
RECHARGE = {
    "amount_recharges",
    "interevent_time_recharges",
    "percent_pareto_recharges",
    "number_of_recharges",
}
KEYS = ["groupby", "indicator", "interaction", "part_of_week", "part_of_day", "statistic"]


def user_of(
    name: str,
    events: Iterable[Event],
    antennas: dict[str, tuple[float, float]],
    recharges: Iterable[Recharge] = (),
):
    """A subscriber as bandicoot knows one. Of equal times the order is that of our models."""
    in_order = sorted(
        events, key=lambda e: (e.event_at, e.cell_id or "", e.interaction or "", e.direction or "")
    )
    records = [
        bandicoot.Record(
            interaction=event.interaction,
            direction=event.direction,
            correspondent_id=event.counterpart_id,
            datetime=event.event_at,
            call_duration=event.duration_s,
            position=bandicoot.Position(antenna=event.cell_id),
        )
        for event in in_order
    ]
    topped_up = [
        bandicoot.core.Recharge(datetime=at, amount=amount, retailer_id=None)
        for at, amount in sorted(recharges)
    ]
    user, _ = bandicoot.io.load(name, records, antennas, recharges=topped_up)
    return user


def _named(groupby: str | None, flat: dict) -> Iterator[tuple]:
    for name, value in flat.items():
        indicator, *words = name.split("__")
        if indicator in ("name", "reporting", "attributes"):
            continue
        part_of_week = part_of_day = interaction = None
        if indicator not in ("churn_rate", "average_balance_recharges", *NETWORK):
            part_of_week, part_of_day, *words = words
            if indicator not in SPATIAL | RECHARGE:
                interaction, *words = words
        yield (
            groupby or "study",
            indicator,
            interaction,
            part_of_week or "allweek",
            part_of_day or "allday",
            "__".join(words) or "value",
            value,
        )


def _pooled(user, groupby: str | None) -> dict:
    found = {}
    for name, datatype in POOLED.items():
        options = {}
        function = getattr(bandicoot.individual, name, None)
        if function is None:
            function = bandicoot.individual.number_of_interactions
            options = {"direction": name.rsplit("_", 1)[1]}
        found[name] = function(
            user,
            groupby=groupby,
            interaction="callandtext",
            split_week=True,
            split_day=True,
            datatype=datatype if groupby is None else f"distribution_{datatype}",
            **options,
        )
    return bandicoot.utils.flatten(found)


def all_indicators(user) -> list[tuple]:
    """What bandicoot says of a subscriber by itself, with all splits, by study and by week."""
    return [
        row
        for groupby in (None, "week")
        for row in _named(
            groupby,
            bandicoot.utils.all(
                user, groupby=groupby, split_week=True, split_day=True, flatten=True
            ),
        )
        # By week or not, these are the same.
        if groupby is None or row[1] not in ("churn_rate", "average_balance_recharges")
    ]


def network_indicators(user) -> list[tuple]:
    return [
        ("study", name, None, "allweek", "allday", "value", getattr(bandicoot.network, name)(user))
        for name in NETWORK
    ]


def profile(user) -> pd.DataFrame:
    """Every indicator and split of one subscriber."""
    rows = all_indicators(user)
    for groupby in (None, "week"):
        rows += _named(groupby, _pooled(user, groupby))
    if user.has_network:
        rows += network_indicators(user)
    frame = pd.DataFrame(rows, columns=[*KEYS, "value"])
    if len(user.recharges) == 1:
        # Nothing lies between one recharge and the next: bandicoot's 0 is no estimate.
        [balance] = frame.index[frame["indicator"] == "average_balance_recharges"]
        assert frame.at[balance, "value"] == 0
        frame.at[balance, "value"] = None
    assert not frame.duplicated(KEYS).any()
    return frame

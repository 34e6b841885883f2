"""What a synthetic country is made from, and what came out of making it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

#: Written into the manifest; raise it when the same settings give other bytes.
VERSION = 1

FORMATS = ("csv", "parquet")
#: Settings of what fails, beside what always does.
FAULTS = ("outages", "machines", "clones")
#: Settings of those who are no customers of the operator.
CUSTOMERS = ("market_share", "lost_customers")


class SynthError(Exception):
    """A mistake of the caller, told in one plain sentence."""


@dataclass(frozen=True)
class Settings:
    """Everything the bytes depend on. Same settings, same bytes.

    subscribers      number of people, each with one SIM
    start            first day of the study (local date)
    days             length of the study in days
    seed             any non-negative integer
    format           "csv" (CSV.gz) or "parquet"
    events_per_day   mean number of events per subscriber and day
    lockdown         first day on which travel falls; None for no lockdown
    dirt             whether some rows are spoilt, doubled or late
    areas            number of areas at admin1, admin2 and admin3
    sites            number of sites; None: 150 for 10,000 subscribers, more for more
    population       inhabitants of the country; None: two million, or more for many subscribers
    part_rows        a day with more rows than this is written in several files
    outages          sites of which one cell or all are down for hours or days, beside the one that
                     always is
    machines         subscribers that are devices, with an event at regular intervals
    clones           subscribers whose number is used at two places at once
    market_share     share of the people who are subscribers of this operator; it differs by area.
                     The others live and travel like them, without events, and the population of
                     each area is counted. None: everybody is a subscriber
    lost_customers   share of the subscribers who leave the operator, not the country, in the second
                     half of the study; it differs by area
    """

    subscribers: int = 10_000
    start: date = date(2020, 2, 3)
    days: int = 42
    seed: int = 20200203
    format: str = "csv"
    events_per_day: float = 6.0
    lockdown: date | None = date(2020, 2, 24)
    dirt: bool = True
    areas: tuple[int, int, int] = (5, 20, 80)
    sites: int | None = None
    population: int | None = None
    part_rows: int = 1_000_000
    outages: int = 0
    machines: int = 0
    clones: int = 0
    market_share: float | None = None
    lost_customers: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        admin1, admin2, admin3 = self.areas
        rules = (
            (10 <= self.subscribers <= 5_000_000, "subscribers must be between 10 and 5,000,000"),
            (1 <= self.days <= 3660, "days must be between 1 and 3,660"),
            (1900 <= self.start.year <= 2200, "start must be a date between 1900 and 2200"),
            (self.seed >= 0, "seed must not be negative"),
            (self.format in FORMATS, f"format must be one of {', '.join(FORMATS)}"),
            (0 < self.events_per_day <= 500, "events per day must be above 0 and at most 500"),
            (1 <= admin1 <= 99, "areas must hold 1 to 99 at admin1"),
            (admin1 <= admin2 <= admin3 <= 1000, "areas must not get fewer from level to level"),
            (self.sites is None or 5 <= self.sites <= 20_000, "sites must be 5 to 20,000"),
            (
                self.population is None or self.population >= max(self.subscribers, 10 * admin3),
                "population must not be smaller than the number of subscribers",
            ),
            (1_000 <= self.part_rows <= 50_000_000, "part_rows must be 1,000 to 50,000,000"),
            (0 <= self.outages <= self.n_sites, "outages must be 0 to the number of sites"),
            (
                min(self.machines, self.clones) >= 0
                and self.machines + self.clones <= self.subscribers,
                "machines and clones must be 0 or more, together at most all subscribers",
            ),
            (
                self.market_share is None or 0.05 <= self.market_share <= 0.95,
                "market share must be 0.05 to 0.95",
            ),
            (0 <= self.lost_customers <= 0.9, "lost customers must be 0 to 0.9"),
            (
                self.market_share is not None or not self.lost_customers,
                "lost customers go with a market share: they stay in the country",
            ),
            (
                self.market_share is None
                or (self.population is None and not self.machines and not self.clones),
                "a market share goes with neither population nor machines nor clones",
            ),
        )
        for holds, sentence in rules:
            if not holds:
                raise SynthError(f"The setting is out of range: {sentence}.")

    @property
    def end(self) -> date:
        """The last day of the study, inclusive."""
        return self.start + timedelta(days=self.days - 1)

    @property
    def lockdown_day(self) -> int:
        """Day number (0 = start) of the lockdown; beyond the study when there is none."""
        if self.lockdown is None:
            return self.days
        return max(0, (self.lockdown - self.start).days)

    @property
    def n_sites(self) -> int:
        """Number of ordinary sites: grows with the root of the number of subscribers."""
        if self.sites is not None:
            return self.sites
        return int(min(5_000, max(150, 150 * (self.subscribers / 10_000) ** 0.5)))

    @property
    def n_people(self) -> int:
        """People whose days are made up: the subscribers, and those of other operators or none."""
        if self.market_share is None:
            return self.subscribers
        return round(self.subscribers / self.market_share)

    @property
    def n_population(self) -> int:
        """Inhabitants of the country, where nobody counts them."""
        return self.population or max(2_000_000, 4 * self.subscribers)

    def as_json(self) -> dict[str, object]:
        """Plain values for the manifest, comparable with those of another run."""
        values: dict[str, object] = asdict(self)
        values["start"] = self.start.isoformat()
        values["lockdown"] = self.lockdown.isoformat() if self.lockdown else None
        values["areas"] = list(self.areas)
        # What was not asked for is not written, so that older folders are known again.
        for name in (*FAULTS, *CUSTOMERS):
            if not values[name]:
                del values[name]
        return {"version": VERSION, **values}


@dataclass(frozen=True)
class Report:
    """What a run made (or found, when `reused`).

    rows are all rows of the event files; dirty counts them by reason; bytes is the size of the
    landing folder; seconds is the wall-clock time of the whole run.
    """

    reused: bool
    subscribers: int
    days: int
    areas: int
    sites: int
    cells: int
    rows: int
    late_rows: int
    dirty: dict[str, int]
    stops: int
    journeys: int
    files: int
    bytes: int
    seconds: float

    @property
    def rows_per_second(self) -> float:
        """Event rows per second, everything included."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

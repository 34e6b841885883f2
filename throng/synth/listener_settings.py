"""What the listeners of a music service are made from, and what came out of making them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from throng.synth.settings import SynthError

#: Written into the marker; raise it when the same settings give other bytes.
VERSION = 1


@dataclass(frozen=True)
class ListenerSettings:
    """Everything the bytes depend on. Same settings, same bytes.

    Attributes:
        events: rows of tracks.csv, spoilt ones included.
        customers: rows of cust.csv.
        start: first day (local date).
        days: length in days.
        seed: any non-negative integer.
        dirt: whether some events are spoilt or doubled.
    """

    events: int = 1_000_000
    customers: int = 5_000
    start: date = date(2020, 2, 3)
    days: int = 42
    seed: int = 20200203
    dirt: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        rules = (
            (1 <= self.events <= 1_000_000_000, "events must be between 1 and 1,000,000,000"),
            (1 <= self.customers <= 10_000_000, "customers must be between 1 and 10,000,000"),
            (1 <= self.days <= 3660, "days must be between 1 and 3,660"),
            (1900 <= self.start.year <= 2200, "start must be a date between 1900 and 2200"),
            (self.seed >= 0, "seed must not be negative"),
        )
        for holds, sentence in rules:
            if not holds:
                raise SynthError(f"The setting is out of range: {sentence}.")

    def as_json(self) -> dict[str, object]:
        """Plain values for the marker."""
        return {"version": VERSION, **asdict(self), "start": self.start.isoformat()}


@dataclass(frozen=True)
class ListenerReport:
    """What a run made, or found (`reused`); `dirty` counts spoilt rows by reason."""

    reused: bool
    events: int
    customers: int
    dirty: dict[str, int]
    bytes: int
    seconds: float

"""What fictional countries are made from, and what came out of making them."""

from __future__ import annotations

from dataclasses import dataclass

from throng.synth.settings import SynthError

GROUPS = ("poor", "middle", "rich")


@dataclass(frozen=True)
class IndicatorSettings:
    """Everything the bytes depend on. Same settings, same bytes.

    Attributes:
        entities: number of countries.
        seed: any non-negative integer.
        dirt: whether some figures are missing, and one is a hundred times too large.
    """

    entities: int = 150
    seed: int = 20200203
    dirt: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        if not 1 <= self.entities <= 100_000:
            raise SynthError("The setting is out of range: entities must be from 1 to 100,000.")
        if self.seed < 0:
            raise SynthError("The setting is out of range: seed must not be negative.")


@dataclass(frozen=True)
class IndicatorReport:
    """What a run made, or found (`reused`).

    Attributes:
        groups: number of countries in each of GROUPS.
        missing: figures that were left out.
    """

    reused: bool
    entities: int
    groups: dict[str, int]
    missing: int
    bytes: int
    seconds: float

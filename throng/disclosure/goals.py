"""What has to hold of a hidden cell for it to be protected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from throng.disclosure.arrays import BoolArray, FloatArray, IntArray
from throng.disclosure.system import System


@dataclass
class Goals:
    """What has to hold of each of n unknowns for it to be protected.

    Attributes:
        audited: Whether anybody asks, shape (n,).
        rest: Unpublished remainders, shape (n,): no small group may be certain.
        prior_lower, prior_upper: For cells like "<5" the range that must stay possible, else
            NaN; shape (n,).
        min_width: What upper - lower has to reach for the other cells.
    """

    audited: BoolArray
    rest: BoolArray
    prior_lower: FloatArray
    prior_upper: FloatArray
    min_width: int

    def met(self, lower: FloatArray, upper: FloatArray) -> BoolArray:
        """Which unknowns are protected if these values and all between are possible."""
        width = upper - lower >= self.min_width
        # That it is 0 is known or not: a verdict of its own, so one witness of 0 is not enough.
        small = ((lower >= 1) & (upper < self.min_width)) | (upper == 0)
        prior = (lower <= self.prior_lower) & (upper >= self.prior_upper)
        with_prior = ~np.isnan(self.prior_lower)
        return ~self.audited | np.where(self.rest, ~small, np.where(with_prior, prior, width))

    def of(self, unknowns: IntArray) -> Goals:
        """The goals of some unknowns."""
        return Goals(
            self.audited[unknowns],
            self.rest[unknowns],
            self.prior_lower[unknowns],
            self.prior_upper[unknowns],
            self.min_width,
        )


def goals(system: System, min_width: int) -> Goals:
    """The goals of all variables of a system."""
    rest = system.roles()
    return Goals(
        audited=system.hidden | rest,
        rest=rest,
        prior_lower=np.where(system.prior, system.lower, np.nan),
        prior_upper=np.where(system.prior, system.upper, np.nan),
        min_width=min_width,
    )

"""Intervals of what is measured of some networks of several draws.

What is measured of n networks is a vector [n] beside the draws [n] that they are of; NaN where a network has no such
value. Draws differ in how many networks they have, and some have none; intervals resample draws first, then networks.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnjax import resampling
from rnnjax.statistics import Interval

NONE = Interval(np.nan, np.nan, np.nan)
ENOUGH = 30  # networks of a cell below which nothing is concluded


class Compared(NamedTuple):
    """What is measured of the networks of two cells, in the draws that have some of both."""

    interval: Interval  # of the difference, or the ratio; NaN if no draw has some of both
    networks: tuple[int, int]  # of the one and of the other
    draws: int

    def finding(self, neutral: float) -> str:
        """Whether the one is "higher" or "lower" than the other, "open", or "inconclusive" of too few networks.

        Args:
            neutral: 0 for a difference, 1 for a ratio.
        """
        if min(self.networks) < ENOUGH:
            return "inconclusive"
        if self.interval.low > neutral:
            return "higher"
        return "lower" if self.interval.high < neutral else "open"


def with_draws(values: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values [n] of some networks of [R, S], and the draws [n] that they are of."""
    return values[which], np.nonzero(which)[0]


def by_draw(values: np.ndarray, draws: np.ndarray) -> dict[int, np.ndarray]:
    """The values of each draw that has any, without NaN."""
    there = ~np.isnan(values)
    return {int(draw): values[there & (draws == draw)] for draw in np.unique(draws[there])}


def mean_of(values: np.ndarray, draws: np.ndarray) -> Interval:
    """The mean over draws of their networks' means; NONE of no networks."""
    parts = list(by_draw(values, draws).values())
    return resampling.mean(parts) if parts else NONE


def compare(
    how: Callable[[resampling.Draws, resampling.Draws], Interval],
    one: tuple[np.ndarray, np.ndarray],
    other: tuple[np.ndarray, np.ndarray],
) -> Compared:
    """Two cells' networks by resampling.difference or resampling.ratio, in the draws that have some of both.

    Args:
        how: of the one's values and the other's.
        one: values and draws.
        other: likewise.
    """
    ones, others = by_draw(*one), by_draw(*other)
    both = sorted(set(ones) & set(others))
    parts = [ones[draw] for draw in both], [others[draw] for draw in both]
    networks = sum(map(len, parts[0])), sum(map(len, parts[1]))
    return Compared(how(*parts) if both else NONE, networks, len(both))

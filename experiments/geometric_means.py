"""Geometric means of what spreads over powers of ten, with intervals (see draw_intervals)."""

import numpy as np

from experiments.draw_intervals import Compared, compare, mean_of
from rnnjax import resampling
from rnnjax.statistics import Interval


def logarithm(values: np.ndarray) -> np.ndarray:
    """log10, NaN of what is not positive or no number."""
    return np.log10(values, out=np.full(np.shape(values), np.nan), where=np.isfinite(values) & (values > 0))


def geometric_mean(logarithms: np.ndarray, draws: np.ndarray) -> Interval:
    """10 to the mean over draws of their networks' mean logarithm [n]; NaN is left out."""
    return _powers(mean_of(logarithms, draws))


def times(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> Compared:
    """How many times larger the one is, in the draws that have some of both.

    Args:
        one: logarithms [n] and draws [n].
        other: likewise.
    """
    compared = compare(resampling.difference, one, other)
    return compared._replace(interval=_powers(compared.interval))


def _powers(interval: Interval) -> Interval:
    return Interval(*(10**value for value in interval))

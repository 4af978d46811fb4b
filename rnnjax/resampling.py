"""Intervals for networks that were trained in several draws of data and embedding.

The seeds of one draw share sentences and words, so they are not independent. The bootstrap resamples draws first,
then seeds within each drawn draw (Davison and Hinkley 1997, section 3.8), and its percentiles are the interval
(Efron and Tibshirani 1993). With one draw only seeds are resampled: such an interval does not cover draws.

Where all networks agree (0 of n, n of n), resampling gives an interval of width 0, which is a lie. For successes and
failures Wilson's interval stands in, with the draws as trials: they are the independent units (the seeds, where
there is one draw). Differences then combine the two intervals by Newcombe's (1998) squares.
"""

from collections.abc import Sequence

import numpy as np

from rnnjax import statistics
from rnnjax.statistics import CONFIDENCE, Interval

_RESAMPLES = 2000
_AT_ONCE = 2**22  # values of a block of resamples

Draws = Sequence[np.ndarray]  # R of [S_r], accuracies or booleans


def mean(draws: Draws, seed: int = 0) -> Interval:
    """The mean over draws of each draw's mean, with its bootstrap interval.

    Args:
        draws: R arrays [S_r], none of them empty.
        seed: of the resampling.
    """
    estimate = _mean_of_means(draws)
    if _constant(draws):
        return _without_variation(draws, estimate)
    rng = np.random.default_rng(seed)
    return _percentiles(estimate, _resampled(draws, _picked(len(draws), rng), rng))


def difference(one: Draws, other: Draws, seed: int = 0) -> Interval:
    """mean(one) - mean(other), both measured in the same draws.

    Args:
        one: R arrays [S_r].
        other: R arrays, of any lengths.
        seed: of the resampling; the drawn draws are the same for both.

    Raises:
        ValueError: different numbers of draws.
    """
    estimate = _mean_of_means(one) - _mean_of_means(other)
    if _constant(one) and _constant(other):
        a, b = mean(one), mean(other)
        low = np.hypot(a.estimate - a.low, b.high - b.estimate)
        high = np.hypot(a.high - a.estimate, b.estimate - b.low)
        return Interval(estimate, float(estimate - low), float(estimate + high))
    ones, others = _resampled_pair(one, other, seed)
    return _percentiles(estimate, ones - others)


def ratio(one: Draws, other: Draws, seed: int = 0) -> Interval:
    """mean(one) / mean(other), likewise; of values from 0 on.

    A resample in which only the other is 0 counts as infinite, one in which both are says nothing: as 0 for the low
    end and as infinite for the high one.
    """
    top, bottom = _mean_of_means(one), _mean_of_means(other)
    ones, others = _resampled_pair(one, other, seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        values, estimate = ones / others, np.divide(top, bottom)
    tail = (1 - CONFIDENCE) / 2
    ends = [
        np.quantile(np.where(np.isnan(values), stand_in, values), q, method="inverted_cdf")
        for stand_in, q in ((0.0, tail), (np.inf, 1 - tail))
    ]
    return Interval(float(estimate), float(ends[0]), float(ends[1]))


def success(accuracies: Draws, threshold: float) -> list[np.ndarray]:
    """Which networks are above an accuracy; NaN is not."""
    return [np.asarray(values) > threshold for values in accuracies]


def _mean_of_means(draws: Draws) -> float:
    return float(np.mean([np.mean(values) for values in draws]))


def _constant(draws: Draws) -> bool:
    values = np.concatenate([np.ravel(each) for each in draws])
    return bool((values == values[0]).all())


def _without_variation(draws: Draws, estimate: float) -> Interval:
    if np.asarray(draws[0]).dtype != bool:
        return Interval(estimate, estimate, estimate)
    trials = len(draws) if len(draws) > 1 else len(draws[0])
    return statistics.proportion(round(estimate * trials), trials)


def _picked(number: int, rng: np.random.Generator) -> np.ndarray:
    """[B, R], the draws of each resample."""
    return rng.integers(number, size=(_RESAMPLES, number)) if number > 1 else np.zeros((_RESAMPLES, 1), int)


def _resampled(draws: Draws, picked: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """[B], the mean of each resample: `picked` draws, and within each as many seeds as it has."""
    total = np.zeros(len(picked))
    for draw, values in enumerate(draws):
        values = np.asarray(values, float)
        where, _ = np.nonzero(picked == draw)
        step = max(1, _AT_ONCE // len(values))
        for start in range(0, len(where), step):
            block = where[start : start + step]
            means = values[rng.integers(len(values), size=(len(block), len(values)))].mean(1)
            total += np.bincount(block, means, len(picked))
    return total / picked.shape[1]


def _resampled_pair(one: Draws, other: Draws, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if len(one) != len(other):
        raise ValueError(f"{len(one)} draws beside {len(other)}: both must be measured in the same draws")
    rng = np.random.default_rng(seed)
    picked = _picked(len(one), rng)
    return _resampled(one, picked, rng), _resampled(other, picked, rng)


def _percentiles(estimate: float, values: np.ndarray) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, (tail, 1 - tail))
    return Interval(estimate, float(low), float(high))

"""Intervals for what was counted, what a histogram of accuracies says, and quotients of arrays."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """An estimate and the ends of its two-sided 95 % confidence interval."""

    estimate: float
    low: float
    high: float


@functools.cache  # it takes a millisecond or two, and a tail has the same count at many thresholds
def proportion(successes: int, trials: int) -> Interval:
    """Successes / trials with Wilson's interval (as scipy.stats.binomtest computes it)."""
    low, high = scipy.stats.binomtest(int(successes), int(trials)).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(successes / trials, float(low), float(high))


def ratio_of_rates(successes: int, trials: int, other: int, other_trials: int) -> Interval:
    """(successes / trials) / (other / other_trials), with the exact conditional interval.

    Given the sum of the two counts, the first is binomial, and Clopper and Pearson's interval for its
    probability becomes one for the ratio. That treats the counts as Poisson: exact for rare events, a
    little too wide for common ones, and it holds with a count of 0 (an open end is 0 or inf; the
    estimate is NaN when both are 0).
    """
    exposure = other_trials / trials
    if successes + other == 0:
        return Interval(np.nan, 0.0, np.inf)
    low, high = scipy.stats.binomtest(int(successes), int(successes + other)).proportion_ci(CONFIDENCE, method="exact")
    estimate, low, high = (_odds(p) * exposure for p in (successes / (successes + other), low, high))
    return Interval(estimate, low, high)


def mean_rate(successes: Sequence[int] | np.ndarray, trials: Sequence[int] | np.ndarray) -> Interval:
    """The mean of rates that are of different numbers of trials, with the gamma interval for sums of weighted counts.

    The counts are treated as Poisson, each with a mean of its own. With none anywhere the rate may still be where
    the fewest trials were.

    Args:
        successes: [R].
        trials: [R].

    Source: M. P. Fay and E. J. Feuer, Statistics in Medicine 16 (1997), 791-801.
    """
    weights = 1 / (len(trials) * np.asarray(trials, float))
    mean, variance, most = float(weights @ successes), float(weights**2 @ successes), float(weights.max())
    tail = (1 - CONFIDENCE) / 2
    low = scipy.stats.gamma.ppf(tail, mean**2 / variance, scale=variance / mean) if mean else 0.0
    mean_1, variance_1 = mean + most, variance + most**2
    high = scipy.stats.gamma.isf(tail, mean_1**2 / variance_1, scale=variance_1 / mean_1)
    return Interval(mean, float(low), float(high))


def num_above(histogram: np.ndarray, accuracy: float) -> int:
    """How many members have more than accuracy · N of N sentences correct.

    Args:
        histogram: members with 0, 1, ..., N correct sentences, [N + 1].
        accuracy: in [0, 1], resolved to 1e-9.
    """
    num_sentences = len(histogram) - 1
    return int(histogram[int(np.floor(accuracy * num_sentences + 1e-9 * num_sentences)) + 1 :].sum())


def mean_and_sd(histogram: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the accuracy, from counts of correct sentences [N + 1]."""
    accuracy = np.arange(len(histogram)) / (len(histogram) - 1)
    mean = float(np.average(accuracy, weights=histogram))
    return mean, float(np.sqrt(np.average((accuracy - mean) ** 2, weights=histogram)))


def quantile(histogram: np.ndarray, probability: float) -> float:
    """The least accuracy, in [0, 1], that at least this share of the members, counted in [N + 1], do not exceed."""
    reached = np.cumsum(histogram) >= probability * histogram.sum()
    return float(np.argmax(reached)) / (len(histogram) - 1)


class Box(NamedTuple):
    """Tukey's box plot of an accuracy: whiskers end at the last value within 1.5 interquartile ranges."""

    low_whisker: float
    first_quartile: float
    median: float
    third_quartile: float
    high_whisker: float
    outliers: np.ndarray  # [.] the different accuracies outside the whiskers
    num_outliers: int  # members that have them


def box(histogram: np.ndarray) -> Box:
    """The box plot of members with 0, 1, ..., N correct sentences, [N + 1]."""
    correct, num_sentences = np.flatnonzero(histogram), len(histogram) - 1
    values = correct / num_sentences
    q1, median, q3 = (quantile(histogram, p) for p in (0.25, 0.5, 0.75))
    # In whole numbers, since the fences fall on attainable accuracies.
    low, high = round(q1 * num_sentences), round(q3 * num_sentences)
    inside = (2 * correct >= 5 * low - 3 * high) & (2 * correct <= 5 * high - 3 * low)
    members = histogram[histogram > 0]
    return Box(
        low_whisker=float(values[inside].min()),
        first_quartile=q1,
        median=median,
        third_quartile=q3,
        high_whisker=float(values[inside].max()),
        outliers=values[~inside],
        num_outliers=int(members[~inside].sum()),
    )


def coin(num_sentences: int) -> np.ndarray:
    """The chance of 0, 1, ..., N correct sentences by tossing a fair coin for each, [N + 1]."""
    return scipy.stats.binom.pmf(np.arange(num_sentences + 1), num_sentences, 0.5)


def quotient(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """top / bottom, float64; NaN where bottom is not above 0."""
    top, bottom = np.broadcast_arrays(top, bottom)
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)


def _odds(p: float) -> float:
    return p / (1 - p) if p < 1 else np.inf

"""Intervals for networks that were trained in several draws of data and embedding.

The seeds of one draw share sentences and words, so they are not independent. The bootstrap resamples draws first,
then seeds within each drawn draw (Davison and Hinkley 1997, section 3.8), and its percentiles are the interval
(Efron and Tibshirani 1993, chapter 13). With one draw only seeds are resampled: such an interval does not cover draws.
With few draws it is too narrow (of R draws it sees (R - 1) / R of their variance); where seeds vary more than
draws it is too wide (it sees the seeds' share twice).

Where all networks agree (0 of n, n of n), resampling gives an interval of width 0, which is a lie. For successes and
failures the interval then ends at the rate p of which none (or none else) would be seen with a probability of 2.5 %.
How much draws' rates vary cannot be seen there: they are taken to be gamma distributed, so that counts are negative
binomial (Greenwood and Yule 1920), with a squared coefficient of variation c of 16, which is no less than that of 95 %
of this study's rates up to 1 % (BUILD_NOTES.md, Statistics). None of S seeds in each of R draws then has probability
(1 + c S p)^(-R / c). It never ends beyond Wilson's interval with the draws as trials, which is right if a draw
decides for all its seeds; where there is one draw, its seeds are the trials. A difference of which a side agrees
combines the two sides' intervals by Newcombe's (1998) squares, since its resamples know the other side alone; a ratio,
where all its resamples agree, by their corners. Accuracies that are all the same have no such model: their interval has
no width and says nothing about other networks.
"""

from collections.abc import Sequence

import numpy as np
import scipy

from rnnjax import statistics
from rnnjax.statistics import CONFIDENCE, Interval

RESAMPLES = 2000
SPREAD = 16.0  # squared coefficient of variation of draws' rates, where these are so near 0 or 1 that all seeds agree
_AT_ONCE = 2**16  # values of a block of resamples: half a MB of indices, as much of values, which caches hold

Draws = Sequence[np.ndarray]  # R of [S_r], accuracies or booleans


def mean(draws: Draws, seed: int = 0) -> Interval:
    """The mean over draws of each draw's mean, with its bootstrap interval; NaN if one of them is.

    Args:
        draws: R arrays [S_r]. With R = 1 the interval does not cover draws.
        seed: of the resampling.

    Raises:
        ValueError: no draws, or one that is not a vector of at least one value.
    """
    estimate = _mean_of_means(draws)
    if _constant(draws):
        return _without_variation(draws, estimate)
    rng = np.random.default_rng(seed)
    values = _resampled(draws, _picked(len(draws), rng), rng)
    return _percentiles(estimate, values, values)


def difference(one: Draws, other: Draws, seed: int = 0, scale: float = 1.0) -> Interval:
    """mean(one) - mean(other) / scale, both measured in the same draws.

    If all networks of a side succeed or all fail, or all resamples agree, it is Newcombe's interval: the distances of
    the two means' own ends from their estimates, squared and added.

    Args:
        one: R arrays [S_r].
        other: R arrays, of any lengths.
        seed: of the resampling; the drawn draws are the same for both, the seeds are drawn for each.
        scale: what the other is divided by.

    Raises:
        ValueError: different numbers of draws; or as mean.
    """
    estimate = _mean_of_means(one) - _mean_of_means(other) / scale
    _check_pair(one, other)
    if _all_agree(one) or _all_agree(other):
        return newcombe(mean(one, seed), mean(other, seed), scale)
    ones, others = _resampled_pair(one, other, seed)
    values = ones - others / scale
    interval = _percentiles(estimate, values, values)
    return interval if interval.low != interval.high else newcombe(mean(one, seed), mean(other, seed), scale)


def difference_of_draws(one: Draws, other: Draws, seed: int = 0) -> Interval:
    """mean(one) - mean(other), each measured in draws of its own, which are resampled apart.

    Args:
        one: R arrays [S_r].
        other: R' arrays.
        seed: of the resampling.

    Raises:
        ValueError: as mean.
    """
    if _all_agree(one) or _all_agree(other):
        return newcombe(mean(one, seed), mean(other, seed))
    estimate = _mean_of_means(one) - _mean_of_means(other)
    rng = np.random.default_rng(seed)
    ones, others = (_resampled(draws, _picked(len(draws), rng), rng) for draws in (one, other))
    return _percentiles(estimate, ones - others, ones - others)


def ratio(one: Draws, other: Draws, seed: int = 0) -> Interval:
    """mean(one) / mean(other), likewise; of values from 0 on.

    A resample in which only the other is 0 counts as infinite, one in which both are says nothing: as 0 for the low
    end and as infinite for the high one. The estimate is inf or NaN likewise. If all resamples agree, the ends
    are the quotients of the two means' own ends, low by high and high by low, which is wider than need be.
    """
    estimate = float(_quotient(_mean_of_means(one), _mean_of_means(other), np.nan))
    _check_pair(one, other)
    ones, others = _resampled_pair(one, other, seed)
    interval = _percentiles(estimate, _quotient(ones, others, 0.0), _quotient(ones, others, np.inf))
    if interval.low != interval.high:
        return interval
    a, b = mean(one, seed), mean(other, seed)
    return Interval(estimate, float(_quotient(a.low, b.high, 0.0)), float(_quotient(a.high, b.low, np.inf)))


def newcombe(one: Interval, other: Interval, scale: float = 1.0) -> Interval:
    """one - other / scale of two estimates that are known apart: their ends' distances are added as squares.

    Source: R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10.
    """
    estimate = one.estimate - other.estimate / scale
    down = np.hypot(one.estimate - one.low, (other.high - other.estimate) / scale)
    up = np.hypot(one.high - one.estimate, (other.estimate - other.low) / scale)
    return Interval(estimate, float(estimate - down), float(estimate + up))


def median(values: np.ndarray, seed: int = 0) -> Interval:
    """The median over draws that have one value each, some of them perhaps infinite.

    Args:
        values: [R]; not both of -inf and inf.
        seed: of the resampling.
    """
    picked = _picked(len(values), np.random.default_rng(seed))
    resampled = np.median(values[picked], axis=1)
    return _percentiles(float(np.median(values)), resampled, resampled)


def scaled_ratio(one: Draws, other: Draws, logs: np.ndarray, seed: int = 0) -> Interval:
    """ratio(one, other) times the median of a factor, all three measured in the same draws.

    Args:
        one: R arrays [S_r].
        other: R arrays.
        logs: [R], the factor's logarithm in each draw; of one that is 0 minus infinity, of an infinite one infinity.
        seed: of the resampling; drawn draws are the same for all, the seeds are drawn for each.
    """
    _check_pair(one, other)
    rng = np.random.default_rng(seed)
    picked = _picked(len(one), rng)
    ones, others = _resampled(one, picked, rng), _resampled(other, picked, rng)
    with np.errstate(invalid="ignore"):  # 0 times infinity is as unknown as 0 / 0
        factors = np.exp(np.median(logs[picked], axis=1))
        found = _quotient(_mean_of_means(one), _mean_of_means(other), np.nan) * np.exp(np.median(logs))
        products = [_quotient(ones, others, undefined) * factors for undefined in (0.0, np.inf)]
    low, high = (np.where(np.isnan(each), end, each) for each, end in zip(products, (0.0, np.inf), strict=True))
    interval = _percentiles(float(found), low, high)
    if interval.low != interval.high or not np.isfinite(interval.low):
        return interval
    of_ratio, of_factor = ratio(one, other, seed), np.exp(median(logs, seed))
    return Interval(float(found), float(of_ratio.low * of_factor[1]), float(of_ratio.high * of_factor[2]))


def success(accuracies: Draws, threshold: float) -> list[np.ndarray]:
    """Which networks are above an accuracy, R of [S_r] bool; NaN is not."""
    return [np.asarray(values) > threshold for values in accuracies]


def of_chosen(draws: Draws | np.ndarray, chosen: Draws | np.ndarray) -> list[np.ndarray]:
    """The values of chosen members, draw by draw: of those draws that have some.

    Args:
        draws: [S] of each draw; or [R, S].
        chosen: likewise, bool.
    """
    return [own[here] for own, here in zip(draws, chosen, strict=True) if here.any()]


def _mean_of_means(draws: Draws) -> float:
    shapes = [np.shape(values) for values in draws]
    if not shapes or any(len(shape) != 1 or shape[0] == 0 for shape in shapes):
        raise ValueError(f"draws of shapes {shapes}: at least one is needed, each a vector of at least one value")
    return float(np.mean([np.mean(values) for values in draws]))


def _constant(draws: Draws) -> bool:
    values = np.concatenate(draws)
    return bool((values == values[0]).all())


def _all_agree(draws: Draws) -> bool:
    """Whether all networks succeed or all fail."""
    return _constant(draws) and all(np.asarray(values).dtype == bool for values in draws)


def _without_variation(draws: Draws, estimate: float) -> Interval:
    if not _all_agree(draws):
        return Interval(estimate, estimate, estimate)
    end = end_of_none([len(values) for values in draws])
    return Interval(estimate, max(estimate - end, 0.0), min(estimate + end, 1.0))


def end_of_none(sizes: Sequence[int], spread: float = SPREAD, tail: float | None = None) -> float:
    """The largest rate of which none of these draws' seeds may have been seen.

    Args:
        sizes: seeds of each draw.
        spread: squared coefficient of variation of the draws' rates.
        tail: the probability with which none is seen there; None: 2.5 %. Where draws are as good as trials Wilson's
            interval stands for the latter alone: in its far tails it is no 1 - tail^(1/R), which is exact.
    """
    number = sizes[0] if len(sizes) == 1 else len(sizes)
    surprise = -np.log((1 - CONFIDENCE) / 2 if tail is None else tail)
    most = statistics.proportion(0, number).high if tail is None else float(-np.expm1(-surprise / number))
    if len(sizes) == 1:
        return most

    def beyond(rate: float) -> float:
        return float(np.log1p(spread * rate * np.array(sizes)).sum() / spread - surprise)

    return most if beyond(most) < 0 else float(scipy.optimize.brentq(beyond, 0.0, most))


def _picked(number: int, rng: np.random.Generator) -> np.ndarray:
    """[B, R], the draws of each resample."""
    return rng.integers(number, size=(RESAMPLES, number))


def _resampled(draws: Draws, picked: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """[B], the mean of each resample: `picked` draws, and within each as many seeds as it has."""
    total = np.zeros(len(picked))
    by_draw = np.argsort(picked.astype(np.min_scalar_type(len(draws))), axis=None, kind="stable") // picked.shape[1]
    ends = np.cumsum(np.bincount(picked.ravel(), minlength=len(draws)))
    for values, where in zip(draws, np.split(by_draw, ends[:-1]), strict=True):
        values = np.asarray(values, float)
        step = max(1, _AT_ONCE // len(values))
        for start in range(0, len(where), step):
            block = where[start : start + step]
            means = values[rng.integers(len(values), size=(len(block), len(values)))].mean(1)
            total += np.bincount(block, means, len(picked))
    return total / picked.shape[1]


def _check_pair(one: Draws, other: Draws) -> None:
    if len(one) != len(other):
        raise ValueError(f"{len(one)} draws beside {len(other)}: both must be measured in the same draws")


def _resampled_pair(one: Draws, other: Draws, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    picked = _picked(len(one), rng)
    return _resampled(one, picked, rng), _resampled(other, picked, rng)


def _quotient(top: np.ndarray | float, bottom: np.ndarray | float, undefined: float) -> np.ndarray:
    """top / bottom, and a value for 0 / 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.divide(top, bottom)
    return np.where(np.isnan(values), undefined, values)


def _percentiles(estimate: float, for_low: np.ndarray, for_high: np.ndarray) -> Interval:
    """Order statistics, since between a number and inf nothing can be interpolated."""
    tail = (1 - CONFIDENCE) / 2
    low = np.quantile(for_low, tail, method="inverted_cdf")
    high = np.quantile(for_high, 1 - tail, method="inverted_cdf")
    return Interval(estimate, float(low), float(high))

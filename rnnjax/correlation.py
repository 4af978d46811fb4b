"""How one thing goes with another over networks of several draws: correlations with intervals.

The bootstrap is that of resampling.py: draws first, then seeds within each; all points of a network, such as one a
word, go together. A resample is a weight for each network, how often it was drawn.
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

from rnnjax.statistics import CONFIDENCE, Interval

_RESAMPLES = 2000
_AT_ONCE = 50  # resamples; memory is this many times the points


def pearson(x: np.ndarray, y: np.ndarray, seed: int = 0) -> Interval:
    """Pearson's correlation, of all points alike.

    Args:
        x: [W, R, S], of W points of each network; NaN leaves the point out.
        y: likewise.
        seed: of the resampling.

    Returns:
        the estimate with its 95 % interval; NaN where x or y is constant.
    """
    return _with_interval(x, y, seed, _weighted_pearson)


def spearman(x: np.ndarray, y: np.ndarray, seed: int = 0) -> Interval:
    """Pearson's correlation of the ranks, equal values having the mean of theirs. Arguments as of pearson."""

    def of_ranks(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return _weighted_pearson(_weighted_ranks(x, weights), _weighted_ranks(y, weights), weights)

    return _with_interval(x, y, seed, of_ranks)


def within(x: np.ndarray, y: np.ndarray, seed: int = 0) -> Interval:
    """The same of ranks within each draw: draws that differ as a whole make no correlation. Arguments as of pearson."""
    both = np.isfinite(x) & np.isfinite(y)
    return pearson(within_ranks(np.where(both, x, np.nan)), within_ranks(np.where(both, y, np.nan)), seed)


def within_ranks(values: np.ndarray) -> np.ndarray:
    """[..., R, S], the ranks of all points of a draw, less their mean; equal values have the mean of theirs; NaN stays.

    Args:
        values: [..., R, S].
    """
    by_draw = np.moveaxis(np.asarray(values, float), -2, 0)
    flat = by_draw.reshape(len(by_draw), -1)
    ranks = stats.rankdata(np.where(np.isfinite(flat), flat, np.nan), axis=1, nan_policy="omit")
    centre = (np.isfinite(ranks).sum(1, keepdims=True) + 1) / 2
    return np.moveaxis(np.reshape(ranks - centre, by_draw.shape), 0, -2)


def line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the line of best fit: the least squares of y; NaN where x is constant."""
    there = np.isfinite(x) & np.isfinite(y)
    x, y = x[there].astype(float), y[there].astype(float)
    if not len(x) or np.ptp(x) == 0:
        return np.nan, np.nan
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return slope, float(y.mean() - slope * x.mean())


def _with_interval(
    x: np.ndarray, y: np.ndarray, seed: int, of: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
) -> Interval:
    num_draws, num_seeds = x.shape[1:]
    there = np.isfinite(x) & np.isfinite(y)
    points = np.asarray(x, float)[there], np.asarray(y, float)[there]
    network = np.broadcast_to(np.arange(num_draws * num_seeds).reshape(num_draws, num_seeds), x.shape)[there]
    estimate = float(of(*points, np.ones((1, len(network))))[0])
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(0, _RESAMPLES, _AT_ONCE):
        picked = rng.multinomial(num_draws, np.full(num_draws, 1 / num_draws), _AT_ONCE)
        times = rng.multinomial(picked * num_seeds, np.full(num_seeds, 1 / num_seeds))
        values.append(of(*points, times.reshape(_AT_ONCE, -1)[:, network].astype(float)))
    tail = (1 - CONFIDENCE) / 2
    resampled = np.concatenate(values)
    resampled = resampled[np.isfinite(resampled)]
    low, high = np.quantile(resampled, [tail, 1 - tail]) if len(resampled) else (np.nan, np.nan)
    return Interval(estimate, float(low), float(high))


def _weighted_pearson(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[B], from points [N], or ranks [B, N], and weights [B, N]."""
    total = np.maximum(weights.sum(-1, keepdims=True), 1)  # a resample may have no points
    x = x - (weights * x).sum(-1, keepdims=True) / total
    y = y - (weights * y).sum(-1, keepdims=True) / total
    xy, xx, yy = ((weights * a * b).sum(-1) for a, b in ((x, y), (x, x), (y, y)))
    # Of equal values rounding may leave a little variance.
    varies = _varies(x, weights) & _varies(y, weights)
    return np.divide(xy, np.sqrt(xx * yy), out=np.full(xy.shape, np.nan), where=varies)


def _varies(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[B] bool, whether a resample has different values."""
    drawn = weights > 0
    return np.asarray(values.max(-1, where=drawn, initial=-np.inf) > values.min(-1, where=drawn, initial=np.inf))


def _weighted_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[B, N], the mean rank of each value [N] in a sample that has it `weights` [B, N] times."""
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(np.bincount(group)) - 1  # in that order, the last of each group
    upto = np.cumsum(weights[:, order], axis=-1)[:, ends]
    size = np.diff(upto, axis=-1, prepend=0)
    return (upto - (size - 1) / 2)[:, group]

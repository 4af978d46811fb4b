"""How one thing goes with another over networks of several draws: correlations with intervals.

The bootstrap is that of resampling.py: draws first, then seeds within each; all points of a network, such as one a
word, go together. A resample is a weight for each network, how often it was drawn.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy

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
    points = _points(x, y)
    x, y = (values - (values.mean() if len(values) else 0) for values in (points.x, points.y))
    # A resample has whole networks, so what it sums over its points it can sum over networks.
    sums = np.stack([points.sum(values) for values in (np.ones(len(x)), x, y, x * x, y * y, x * y)], 1)
    varies = _varies(points)

    def of_networks(times: np.ndarray) -> np.ndarray:
        total, x, y, xx, yy, xy = (times @ sums).T
        total = np.maximum(total, 1)  # a resample may have no points
        return _quotient(xy - x * y / total, xx - x * x / total, yy - y * y / total, varies(times))

    return _with_interval(points, seed, of_networks)


def spearman(x: np.ndarray, y: np.ndarray, seed: int = 0) -> Interval:
    """Pearson's correlation of the ranks, equal values having the mean of theirs. Arguments as of pearson."""
    points = _points(x, y)
    ranks = [_weighted_ranks(values) for values in (points.x, points.y)]
    varies = _varies(points)

    def of_ranks(times: np.ndarray) -> np.ndarray:
        weights = times[:, points.network]
        centre = (weights.sum(-1, keepdims=True) + 1) / 2
        x, y = (of(weights) - centre for of in ranks)
        xy, xx, yy = (np.einsum("bn,bn,bn->b", weights, one, other) for one, other in ((x, y), (x, x), (y, y)))
        return _quotient(xy, xx, yy, varies(times))

    return _with_interval(points, seed, of_ranks)


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
    ranks = scipy.stats.rankdata(np.where(np.isfinite(flat), flat, np.nan), axis=1, nan_policy="omit")
    centre = (np.isfinite(ranks).sum(1, keepdims=True) + 1) / 2
    return np.moveaxis(np.reshape(ranks - centre, by_draw.shape), 0, -2)


def line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the line of best fit: the least squares of y; NaN where x is constant.

    Args:
        x: of any shape; what is no number is left out.
        y: of the same shape, likewise.
    """
    there = np.isfinite(x) & np.isfinite(y)
    x, y = x[there].astype(float), y[there].astype(float)
    if not len(x) or np.ptp(x) == 0:
        return np.nan, np.nan
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return slope, float(y.mean() - slope * x.mean())


class _Points(NamedTuple):
    """What is a number in both, and of which network it is."""

    x: np.ndarray  # [N]
    y: np.ndarray  # [N]
    network: np.ndarray  # [N], of R x S
    shape: tuple[int, int]  # R, S

    def sum(self, values: np.ndarray) -> np.ndarray:
        """[R x S], of each network's."""
        return np.bincount(self.network, values, self.shape[0] * self.shape[1])

    def least(self, values: np.ndarray) -> np.ndarray:
        """[R x S], likewise; inf of a network without points."""
        found = np.full(self.shape[0] * self.shape[1], np.inf)
        np.minimum.at(found, self.network, values)
        return found


def _points(x: np.ndarray, y: np.ndarray) -> _Points:
    num_draws, num_seeds = x.shape[1:]
    there = np.isfinite(x) & np.isfinite(y)
    network = np.broadcast_to(np.arange(num_draws * num_seeds).reshape(num_draws, num_seeds), x.shape)[there]
    return _Points(np.asarray(x, float)[there], np.asarray(y, float)[there], network, (num_draws, num_seeds))


def _with_interval(points: _Points, seed: int, of: Callable[[np.ndarray], np.ndarray]) -> Interval:
    """Of all networks once, and of resamples: `of` has how often each network occurs, [B, R x S], and gives [B]."""
    num_draws, num_seeds = points.shape
    estimate = float(of(np.ones((1, num_draws * num_seeds)))[0])
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(0, _RESAMPLES, _AT_ONCE):
        picked = rng.multinomial(num_draws, np.full(num_draws, 1 / num_draws), _AT_ONCE)
        times = rng.multinomial(picked * num_seeds, np.full(num_seeds, 1 / num_seeds))
        values.append(of(times.reshape(_AT_ONCE, -1).astype(float)))
    tail = (1 - CONFIDENCE) / 2
    resampled = np.concatenate(values)
    resampled = resampled[np.isfinite(resampled)]
    low, high = np.quantile(resampled, [tail, 1 - tail]) if len(resampled) else (np.nan, np.nan)
    return Interval(estimate, float(low), float(high))


def _varies(points: _Points) -> Callable[[np.ndarray], np.ndarray]:
    """A function of how often each network occurs, [B, R x S]: whether a resample has different x and different y."""
    low, high = (np.stack([sign * points.least(sign * each) for each in (points.x, points.y)]) for sign in (1, -1))

    def varies(times: np.ndarray) -> np.ndarray:
        drawn = np.broadcast_to(times[:, None] > 0, (len(times), *low.shape))
        most = np.broadcast_to(high, drawn.shape).max(-1, where=drawn, initial=-np.inf)
        least = np.broadcast_to(low, drawn.shape).min(-1, where=drawn, initial=np.inf)
        return np.asarray((most > least).all(-1))

    return varies


def _quotient(xy: np.ndarray, xx: np.ndarray, yy: np.ndarray, varies: np.ndarray) -> np.ndarray:
    """[B], of sums of products about the means; NaN where x or y does not vary, but for what rounding leaves."""
    under = xx * yy
    return np.divide(xy, np.sqrt(np.maximum(under, 0)), out=np.full(xy.shape, np.nan), where=varies & (under > 0))


def _weighted_ranks(values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A function of weights [B, N]: the mean rank [B, N] of each value [N] in a sample that has it so many times."""
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(np.bincount(group)) - 1  # in that order, the last of each group

    def ranks(weights: np.ndarray) -> np.ndarray:
        upto = np.cumsum(weights[:, order], axis=-1)[:, ends]
        size = np.diff(upto, axis=-1, prepend=0)
        return np.asarray((upto - (size - 1) / 2)[:, group])

    return ranks

"""Correlations and their intervals: against SciPy, a bootstrap of loops, and the truth they should cover."""

import numpy as np
import pytest
from scipy import stats

from rnnjax import correlation
from rnnjax.correlation import line, pearson, spearman, within, within_ranks

RNG = np.random.default_rng


def related(seed: int, shape: tuple[int, ...] = (3, 4, 6), ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Points of networks: x, and y that goes down with it; each draw and each network has its own level."""
    rng = RNG(seed)
    x = rng.normal(size=shape) + rng.normal(size=(shape[1], 1)) + rng.normal(size=shape[1:])
    y = np.exp(-x) + rng.normal(size=shape)
    return (x.round(), y.round()) if ties else (x, y)


@pytest.mark.parametrize("ties", [False, True])
def test_the_estimates_are_scipys(ties: bool) -> None:
    x, y = related(0, ties=ties)
    assert pearson(x, y).estimate == pytest.approx(stats.pearsonr(x.ravel(), y.ravel()).statistic, abs=1e-12)
    assert spearman(x, y).estimate == pytest.approx(stats.spearmanr(x.ravel(), y.ravel()).statistic, abs=1e-12)


def test_ranks_within_draws_against_scipy_s() -> None:
    values = np.array([[3.0, 1.0, 1.0, 8.0], [0.0, np.nan, -1.0, 5.0]])
    ranks = within_ranks(values)
    assert ranks[0].tolist() == [0.5, -1.0, -1.0, 1.5]
    assert ranks[1, [0, 2, 3]].tolist() == [0, -1, 1] and np.isnan(ranks[1, 1])
    points = RNG(0).integers(0, 9, (3, 4, 6)).astype(float)
    for draw, of_draw in enumerate(within_ranks(points).swapaxes(0, 1)):
        np.testing.assert_array_equal(of_draw.ravel(), stats.rankdata(points[:, draw]) - (3 * 6 + 1) / 2)


def test_within_draws_the_draws_themselves_do_not_count() -> None:
    # In each draw y goes down with x; draws with larger x have larger y.
    level = 100 * np.arange(8)[:, None]
    x = RNG(0).normal(size=(2, 8, 20)) + level
    y = -x + 3 * level
    assert spearman(x, y).estimate > 0.9 and within(x, y).estimate == pytest.approx(-1)
    y[0, 3, 1] = np.nan  # and what is no number takes its x out of the ranks
    assert within(x, y).estimate == pytest.approx(-1)


def test_points_that_are_no_numbers_are_left_out() -> None:
    x, y = related(1)
    x[0, 1, 2], y[2, 3, 0], y[1, 0, 0] = np.nan, np.inf, np.nan
    there = np.isfinite(x) & np.isfinite(y)
    assert there.sum() == x.size - 3
    assert spearman(x, y).estimate == pytest.approx(stats.spearmanr(x[there], y[there]).statistic, abs=1e-12)
    assert line(x, y) == pytest.approx(np.polyfit(x[there], y[there], 1))
    assert np.isfinite(pearson(x, y)).all()


def test_of_equal_values_there_is_none() -> None:
    x, _ = related(2)
    flat = np.full(x.shape, 0.1)
    for interval in (pearson(x, flat), spearman(flat, x)):
        assert np.isnan(interval).all()
    assert np.isnan(line(flat, x)).all() and not np.isnan(line(x, flat)).any()
    # A draw without variation is no reason to give up: resamples of that draw alone say nothing.
    x, y = related(3, (1, 2, 5))
    y[:, 0] = 0.7
    assert np.isfinite(pearson(x, y)).all() and -1 <= pearson(x, y).low < pearson(x, y).high <= 1


@pytest.mark.parametrize("ties", [False, True])
def test_weighted_ranks_are_the_ranks_in_the_written_out_sample(ties: bool) -> None:
    values = related(4, ties=ties)[0].ravel()
    weights = RNG(0).integers(0, 4, (5, len(values)))
    own = correlation._weighted_ranks(values)(weights.astype(float))
    for ranks, times in zip(own, weights, strict=True):
        written = np.repeat(values, times)
        exact = stats.rankdata(written)
        np.testing.assert_allclose(np.repeat(ranks, times), exact)


def resampled(x: np.ndarray, y: np.ndarray, seed: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of resamples that loops put together: draws, within each its networks, all points of each."""
    rng, (_, num_draws, num_seeds) = RNG(seed), x.shape
    found: tuple[list[float], list[float]] = [], []
    for _ in range(number):
        some: tuple[list[np.ndarray], list[np.ndarray]] = [], []
        for draw in rng.integers(num_draws, size=(num_draws,)):
            for network in rng.integers(num_seeds, size=(num_seeds,)):
                some[0].append(x[:, draw, network])
                some[1].append(y[:, draw, network])
        points = np.ravel(some[0]), np.ravel(some[1])
        found[0].append(np.corrcoef(*points)[0, 1])
        found[1].append(stats.spearmanr(*points).statistic)
    return np.array(found[0]), np.array(found[1])


@pytest.mark.parametrize("shape", [(3, 4, 6), (1, 2, 12), (2, 1, 15)])
def test_the_intervals_are_those_of_a_bootstrap_of_loops(shape: tuple[int, int, int]) -> None:
    x, y = related(5, shape)
    for own, exact in zip((pearson(x, y), spearman(x, y)), resampled(x, y, 0, 1500), strict=True):
        for end, chance in ((own.low, 0.025), (own.high, 0.975)):
            # Of 2,000 and 1,500 resamples the ends' places in the other's order differ by a few standard errors.
            assert np.mean(exact < end) == pytest.approx(chance, abs=0.02)


def test_they_cover_no_correlation_about_as_often_as_they_say() -> None:
    """Draws with levels of their own in x and in y, unrelated; too narrow for few draws, as resampling.py says."""
    covered = []
    for seed in range(60):
        rng = RNG(seed)
        x, y = (rng.normal(size=(10, 1)) + rng.normal(size=(1, 10, 8)) for _ in range(2))
        interval = pearson(x, y)
        covered.append(interval.low <= 0 <= interval.high)
    assert 0.85 < np.mean(covered) < 1


def test_points_of_which_each_network_has_five_alike_tell_no_more_than_one() -> None:
    x, y = related(6, (1, 2, 8))
    once, five = pearson(x, y), pearson(np.repeat(x, 5, 0), np.repeat(y, 5, 0))
    assert five.high - five.low == pytest.approx(once.high - once.low, rel=1e-9)


def test_the_line_of_best_fit() -> None:
    slope, intercept = line(np.array([0.0, 1, 2, 3]), np.array([1.0, 3, 5, 7]))
    assert (slope, intercept) == pytest.approx((2, 1))
    x, y = related(7)
    assert line(x, y) == pytest.approx(np.polyfit(x.ravel(), y.ravel(), 1))


def test_a_seed_gives_the_same_interval() -> None:
    x, y = related(8)
    assert pearson(x, y, 1) == pearson(x, y, 1) != pearson(x, y, 2)


def test_of_no_points_or_of_one_network_there_is_none() -> None:
    x, y = related(9, (1, 2, 5))
    none = np.full(x.shape, np.nan)
    assert np.isnan(pearson(x, none)).all() and np.isnan(spearman(none, y)).all() and np.isnan(line(x, none)).all()
    none[:, 0, 3] = 1.0
    assert np.isnan(pearson(x, none)).all()
    # Of two networks half of the resamples have no other, or none at all.
    none[:, 0, 2] = 2.0
    assert abs(pearson(x, none).estimate) == pytest.approx(1)

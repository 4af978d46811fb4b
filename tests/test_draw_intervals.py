"""Intervals over draws that have different numbers of networks, against resampling's of those that have any."""

import numpy as np
import pytest

from experiments import draw_intervals
from rnnjax import resampling


def test_intervals_are_over_draws_that_have_any() -> None:
    rng = np.random.default_rng(0)
    draws = np.array([3, 0, 3, 5, 0, 0, 7])
    values = rng.normal(size=7)
    values[3] = np.nan
    expected = resampling.mean([values[[1, 4, 5]], values[[0, 2]], values[[6]]])
    assert draw_intervals.mean_of(values, draws) == expected
    assert expected.estimate == pytest.approx(np.mean([values[[1, 4, 5]].mean(), values[[0, 2]].mean(), values[6]]))
    assert (
        np.isnan(draw_intervals.mean_of(values[3:4], draws[3:4])).all()
        and np.isnan(draw_intervals.mean_of(values[:0], draws[:0])).all()
    )


def test_two_cells_are_compared_in_the_draws_that_have_both() -> None:
    one = np.array([1.0, 3.0, 10.0, np.nan]), np.array([0, 0, 4, 5])
    other = np.array([1.0, 2.0, 8.0, 100.0]), np.array([4, 0, 5, 6])
    difference = draw_intervals.compare(resampling.difference, one, other)
    assert difference.interval.estimate == pytest.approx(((2 - 2) + (10 - 1)) / 2)
    assert (difference.networks, difference.draws) == ((3, 2), 2)
    assert draw_intervals.compare(resampling.ratio, one, other).interval.estimate == pytest.approx(6 / 1.5)
    nothing = draw_intervals.compare(resampling.difference, one, (other[0][3:], other[1][3:]))
    assert np.isnan(nothing.interval).all() and nothing.draws == 0 and nothing.finding(0) == "inconclusive"


@pytest.mark.parametrize(
    ("shift", "number", "finding"), [(1, 40, "higher"), (-1, 40, "lower"), (0, 40, "open"), (1, 29, "inconclusive")]
)
def test_findings(shift: float, number: int, finding: str) -> None:
    rng = np.random.default_rng(2)
    one, other = rng.normal(shift, 0.5, 40), rng.normal(0, 0.5, number)
    compared = draw_intervals.compare(resampling.difference, (one, np.arange(40) % 5), (other, np.arange(number) % 5))
    assert compared.finding(0) == finding

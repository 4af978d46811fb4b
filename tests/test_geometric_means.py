"""Geometric means by hand."""

import numpy as np
import pytest

from experiments.geometric_means import geometric_mean, logarithm, times


def test_what_has_no_logarithm_is_nan() -> None:
    np.testing.assert_array_equal(
        logarithm(np.array([100.0, 0.0, -1.0, np.nan, np.inf, 1e-300])), [2, *[np.nan] * 4, -300]
    )


def test_draws_count_alike_and_nan_not_at_all() -> None:
    logarithms, draws = np.array([1.0, 1.0, 1.0, 5.0, np.nan]), np.array([0, 0, 0, 1, 1])
    mean = geometric_mean(logarithms, draws)
    assert mean.estimate == pytest.approx(1e3)
    assert mean.low == pytest.approx(10) and mean.high == pytest.approx(1e5)


def test_quotients_are_taken_in_draws_that_have_both() -> None:
    one, other = (np.array([3.0, 4.0, 9.0]), np.array([0, 1, 2])), (np.array([1.0, 1.0, 2.0]), np.array([0, 0, 1]))
    compared = times(one, other)
    assert compared.interval.estimate == pytest.approx(100) and compared.networks == (2, 3) and compared.draws == 2

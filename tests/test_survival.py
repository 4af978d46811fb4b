"""Shares that last and their medians against hand tables, bands against resampling and laws."""

import numpy as np
import pytest

from rnnjax import resampling, survival

LAST = 100
NEVER = LAST + 1
HAND = [np.array([1, 3, 3, NEVER]), np.array([2, 3, 50, NEVER])]


@pytest.mark.parametrize(
    ("step", "share"), [(0, 1), (1, 7 / 8), (2, 6 / 8), (3, 3 / 8), (49, 3 / 8), (50, 2 / 8), (100, 2 / 8)]
)
def test_the_share_that_lasts_is_known_by_hand(step: int, share: float) -> None:
    assert survival.lasting(HAND, step).estimate == share


def test_draws_count_alike_whatever_their_numbers() -> None:
    uneven = [np.array([5, 5, 5, 5, 5, 5]), np.array([NEVER])]
    assert survival.lasting(uneven, 5).estimate == 0.5
    assert survival.median(uneven, LAST).estimate == 5


def test_medians_known_by_hand() -> None:
    assert survival.median(HAND, LAST).estimate == 3
    assert survival.median([np.full(6, 7)], LAST).estimate == 7
    assert survival.median([np.full(6, 1)], LAST).estimate == 1
    assert survival.median([np.full(6, NEVER)], LAST).estimate == np.inf
    assert survival.median([np.array([LAST, NEVER])], LAST).estimate == LAST
    assert survival.median([np.array([4, 9])], LAST).estimate == 4


def many() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [np.ceil(rng.exponential(5 + 3 * draw, 30)).astype(int) for draw in range(8)]


def test_the_band_is_that_of_resampled_networks_and_falls() -> None:
    failures = many()
    steps = survival.grid(LAST, 30)
    found = survival.curve(failures, steps)
    for step, share, low, high in zip(*found, strict=True):
        expected = resampling.mean([values > step for values in failures])
        assert share == pytest.approx(np.mean([(values > step).mean() for values in failures]))
        assert low >= expected.low - 1e-12 and high <= expected.high + 1e-12
        assert low <= share <= high
    for values in found[1:]:
        assert (np.diff(values) <= 0).all()
    assert (found.high - found.low)[5:15].min() > 0.05


def test_a_median_s_interval_ends_where_the_band_comes_down_to_a_half() -> None:
    failures = many()
    found = survival.median(failures, LAST)
    bands = [survival.lasting(failures, step) for step in range(LAST + 1)]
    for name in ("estimate", "low", "high"):
        assert getattr(found, name) == next(t for t, band in enumerate(bands) if getattr(band, name) <= 0.5)
    assert found.low < found.estimate < found.high


def test_half_of_those_that_last_beyond_the_end_have_an_open_interval() -> None:
    rng = np.random.default_rng(0)
    failures = [np.where(rng.random(40) < 0.55, rng.integers(1, LAST, 40), NEVER) for _ in range(6)]
    found = survival.median(failures, LAST)
    assert np.isfinite(found.low) and found.high == np.inf


def test_a_grid_goes_from_0_to_the_last_step() -> None:
    found = survival.grid(2000, 60)
    assert found[0] == 0 and found[1] == 1 and found[-1] == 2000 and len(found) <= 60
    assert (np.diff(found) > 0).all() and set(range(8)) <= set(found)

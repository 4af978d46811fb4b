"""Margins of planes: known by hand, by closed form for two points, and the laws that all margins obey."""

import numpy as np
import pytest

from rnnjax.separability import kind_margins, margin


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([[1.0, 0.0]], [[-1.0, 0.0]], 1.0),
        ([[1.0, 1.0]], [[-1.0, -1.0]], 2.0),
        ([[1.0, 0.0], [-1.0, 0.0]], [[0.0, 1.0], [0.0, -1.0]], 0.0),
        ([[0.0, 0.0]], [[1.0, 0.0], [-1.0, 0.0]], 0.0),
        ([[0.0, 0.5]], [[1.0, 0.0], [-1.0, 0.0]], 0.25),
        ([[3.0]], [[1.0]], 1.0),
    ],
)
def test_margins_known_by_hand(one: list[list[float]], other: list[list[float]], expected: float) -> None:
    assert margin(np.array(one), np.array(other)) == pytest.approx(expected, abs=1e-9)


def test_two_points_are_half_the_sum_of_their_coordinates_differences_from_the_plane() -> None:
    for seed in range(20):
        one, other = np.random.default_rng(seed).normal(size=(2, 1, 4))
        assert margin(one, other) == pytest.approx(np.abs(one - other).sum() / 2)


def test_margins_are_symmetric_scale_with_the_points_and_do_not_see_a_shift() -> None:
    for seed in range(20):
        one, other = np.split(np.random.default_rng(seed).normal(size=(7, 3)), [3])
        one = one + np.array([2, 0, 0])
        expected = margin(one, other)
        assert margin(other, one) == pytest.approx(expected, abs=1e-9)
        assert margin(3 * one + 5, 3 * other + 5) == pytest.approx(3 * expected, abs=1e-8)


def test_three_kinds_on_a_line_are_separable_in_pairs_but_the_middle_one_not_from_the_rest() -> None:
    words = np.zeros((10, 2))
    words[:6, 0], words[6:8, 0], words[8:, 0] = 0.0, 1.0, -1.0  # stop, positive, negative
    assert kind_margins(words) == pytest.approx(
        {
            "stop | positive": 0.5,
            "stop | negative": 0.5,
            "positive | negative": 1.0,
            "stop | rest": 0.0,
            "positive | rest": 0.5,
            "negative | rest": 0.5,
        },
        abs=1e-9,
    )

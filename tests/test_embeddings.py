"""The embeddings' geometry, over many draws: separability by a linear programme, clusters, spread."""

import functools
import itertools

import jax
import numpy as np
import pytest
from scipy import linalg, optimize, stats

from rnnjax.embeddings import EMBEDDINGS, make_embedding
from rnnjax.errors import UserError

NUM_DRAWS = 50
STOP, POSITIVE, NEGATIVE = slice(0, 6), slice(6, 8), slice(8, 10)
PAIRS = [(STOP, POSITIVE), (STOP, NEGATIVE), (POSITIVE, NEGATIVE)]
ROUNDING = 1e-5  # of float32 coordinates of size about 4


@functools.cache
def draws(name: str, dim: int) -> np.ndarray:
    """[NUM_DRAWS, V, D]."""
    return np.stack([make_embedding(jax.random.key(seed), name, dim) for seed in range(NUM_DRAWS)]).astype(np.float64)


def largest_margins(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """For every draw the largest t with w·x + b >= t on one side and <= -t on the other, |w_i| <= 1.

    It is 0 where no plane separates the points one [draws, *, D] from the points other [draws, *, D]. The
    draws share no unknowns, so one programme that maximises the sum of their margins solves them all.
    """
    points, side = np.concatenate([one, other], axis=1), np.repeat([1.0, -1.0], [one.shape[1], other.shape[1]])
    num_draws, num_points, dim = points.shape
    # A draw's unknowns are w, b, t, under t - side (w·x + b) <= 0.
    rows = [np.column_stack([-side[:, None] * x, -side, np.ones(num_points)]) for x in points]
    bounds: list[tuple[float | None, float | None]] = [*[(-1.0, 1.0)] * dim, *[(None, None)] * 2]
    solution = optimize.linprog(
        np.tile(np.append(np.zeros(dim + 1), -1.0), num_draws),
        A_ub=linalg.block_diag(*rows),
        b_ub=np.zeros(num_draws * num_points),
        bounds=bounds * num_draws,
    )
    assert solution.x is not None
    return solution.x.reshape(num_draws, dim + 2)[:, -1]


def margins_of_pairs(words: np.ndarray) -> np.ndarray:
    """[pairs of kinds, draws]."""
    return np.stack([largest_margins(words[:, one], words[:, other]) for one, other in PAIRS])


def margins_from_the_rest(words: np.ndarray, kind: slice) -> np.ndarray:
    """[draws]."""
    return largest_margins(words[:, kind], np.delete(words, kind, axis=1))


@pytest.mark.parametrize(
    ("one", "other", "margin"),
    [
        ([[1.0, 0.0]], [[-1.0, 0.0]], 1.0),
        ([[1.0, 1.0]], [[-1.0, -1.0]], 2.0),
        ([[1.0, 0.0], [-1.0, 0.0]], [[0.0, 1.0], [0.0, -1.0]], 0.0),
        ([[0.0, 0.0]], [[1.0, 0.0], [-1.0, 0.0]], 0.0),
        ([[0.0, 0.5]], [[1.0, 0.0], [-1.0, 0.0]], 0.25),
    ],
)
def test_the_linear_programme_finds_margins_known_by_hand(
    one: list[list[float]], other: list[list[float]], margin: float
) -> None:
    drawn_twice = largest_margins(np.array([one, one]), np.array([other, other]))
    np.testing.assert_allclose(drawn_twice, margin, rtol=0, atol=1e-9)


def test_in_embedding_1_no_two_kinds_are_separable() -> None:
    assert margins_of_pairs(draws("embedding_1", 2)).max() < ROUNDING


@pytest.mark.parametrize("dim", [1, 2, 4, 5, 10, 15])
def test_in_embedding_2_positive_and_negative_words_are_separable_with_the_stated_margin(dim: int) -> None:
    words = draws("embedding_2", dim)
    assert largest_margins(words[:, POSITIVE], words[:, NEGATIVE]).min() > 0.25 - ROUNDING


# A share has a standard error of 0.07 here; for ten points in general position, Cover's count of
# dichotomies has 91, 50 and 25 percent of them inseparable in 2, 4 and 5 dimensions.
@pytest.mark.parametrize(("dim", "least", "most"), [(2, 0.8, 1.0), (4, 0.25, 0.75), (5, 0.1, 0.6)])
def test_in_embedding_2_many_draws_have_stop_words_inseparable_from_the_rest(
    dim: int, least: float, most: float
) -> None:
    assert least <= np.mean(margins_from_the_rest(draws("embedding_2", dim), STOP) < ROUNDING) <= most


@pytest.mark.parametrize("sentiment", [POSITIVE, NEGATIVE])
def test_in_the_plane_of_embedding_2_a_sentiment_is_now_separable_from_the_stop_words_and_now_not(
    sentiment: slice,
) -> None:
    words = draws("embedding_2", 2)
    assert 0.2 <= np.mean(largest_margins(words[:, STOP], words[:, sentiment]) < ROUNDING) <= 0.8


@pytest.mark.parametrize("dim", [10, 15])
def test_from_nine_dimensions_on_embedding_2_separates_every_kind_from_the_rest(dim: int) -> None:
    words = draws("embedding_2", dim)
    assert min(margins_from_the_rest(words, kind).min() for kind in (STOP, POSITIVE, NEGATIVE)) > 0.01


@pytest.mark.parametrize("dim", [2, 10])
def test_the_stop_words_of_embedding_2_are_standard_normal(dim: int) -> None:
    coordinates = draws("embedding_2", dim)[:, STOP].ravel()
    assert stats.kstest(coordinates, "norm").pvalue > 1e-3


def test_embedding_2_favours_no_direction() -> None:
    words = draws("embedding_2", 2)
    apart = words[:, POSITIVE].mean(1) - words[:, NEGATIVE].mean(1)
    turns = np.arctan2(apart[:, 1], apart[:, 0]) / (2 * np.pi) + 0.5
    assert stats.kstest(turns, "uniform").pvalue > 1e-3


def test_in_embedding_3_the_clusters_lie_on_a_line_with_the_stop_words_in_the_middle() -> None:
    for words in draws("embedding_3", 2):
        stop, positive, negative = (words[kind].mean(0) for kind in (STOP, POSITIVE, NEGATIVE))
        np.testing.assert_allclose(stop, (positive + negative) / 2, atol=1e-6)
        assert np.linalg.norm(positive - stop) == pytest.approx(1, abs=1e-6)


def test_in_embedding_3_every_two_kinds_are_separable() -> None:
    # Along the line the centres are 1 apart, a stop word at most 0.25 and another at most 0.15 off its own.
    assert margins_of_pairs(draws("embedding_3", 2)).min() > 0.3 - ROUNDING


def test_in_embedding_3_the_outer_kinds_are_separable_from_the_rest_but_not_the_stop_words() -> None:
    words = draws("embedding_3", 2)
    assert margins_from_the_rest(words, STOP).max() < ROUNDING
    assert min(margins_from_the_rest(words, kind).min() for kind in (POSITIVE, NEGATIVE)) > 0.3 - ROUNDING


def test_in_embedding_4_each_kind_is_separable_from_the_rest() -> None:
    # In a centre's direction the others' are 1.5 away, a stop word at most 0.36 and another 0.22 off its own.
    words = draws("embedding_4", 2)
    assert min(margins_from_the_rest(words, kind).min() for kind in (STOP, POSITIVE, NEGATIVE)) > 0.46


def test_the_centres_of_embedding_4_are_an_equilateral_triangle() -> None:
    for words in draws("embedding_4", 2):
        centres = [words[kind].mean(0) for kind in (STOP, POSITIVE, NEGATIVE)]
        sides = [np.linalg.norm(one - other) for one, other in itertools.combinations(centres, 2)]
        np.testing.assert_allclose(sides, np.sqrt(3), atol=1e-6)


@pytest.mark.parametrize("name", ["embedding_1", "embedding_3", "embedding_4"])
def test_the_figures_with_a_shape_are_turned_by_a_uniform_angle(name: str) -> None:
    words = draws(name, 2)
    apart = words[:, 6] - words[:, 8]
    turns = np.arctan2(apart[:, 1], apart[:, 0]) / (2 * np.pi) + 0.5
    assert stats.kstest(turns, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(("name", "dim"), [*((name, 2) for name in EMBEDDINGS), ("embedding_2", 15)])
def test_no_two_words_of_a_draw_coincide(name: str, dim: int) -> None:
    for words in draws(name, dim):
        distances = np.linalg.norm(words[:, None] - words[None], axis=-1) + 10 * np.eye(10)
        assert distances.min() > 1e-3


@pytest.mark.parametrize("name", list(EMBEDDINGS))
def test_the_same_key_gives_the_same_words_and_another_key_others(name: str) -> None:
    words = make_embedding(jax.random.key(1), name, 2)
    np.testing.assert_array_equal(make_embedding(jax.random.key(1), name, 2), words)
    assert not np.isclose(make_embedding(jax.random.key(2), name, 2), words).any(axis=1).all()


@pytest.mark.parametrize("name", list(EMBEDDINGS))
def test_the_scale_is_a_factor(name: str) -> None:
    words = make_embedding(jax.random.key(1), name, 2)
    assert (words.dtype, words.shape) == (np.float32, (10, 2))
    np.testing.assert_array_equal(make_embedding(jax.random.key(1), name, 2, scale=4.0), 4 * words)


@pytest.mark.parametrize("name", ["embedding_1", "embedding_3", "embedding_4"])
@pytest.mark.parametrize("dim", [1, 3, 15])
def test_a_plane_figure_in_another_dimension_is_refused(name: str, dim: int) -> None:
    with pytest.raises(UserError, match=f"{name} has 2 dimensions, not {dim}"):
        make_embedding(jax.random.key(0), name, dim)


def test_an_unknown_embedding_is_refused_with_the_valid_names() -> None:
    with pytest.raises(UserError, match=r"'embedding_5'.*embedding_1, embedding_2, embedding_3, embedding_4"):
        make_embedding(jax.random.key(0), "embedding_5", 2)


@pytest.mark.parametrize("dim", [0, -1, 1025])
def test_an_absurd_dimension_is_refused(dim: int) -> None:
    with pytest.raises(UserError, match=f"dimension is {dim}; it must be from 1 to"):
        make_embedding(jax.random.key(0), "embedding_2", dim)


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e6, float("inf"), float("nan")])
def test_an_absurd_scale_is_refused(scale: float) -> None:
    with pytest.raises(UserError, match=f"scale is {scale}; it must be from"):
        make_embedding(jax.random.key(0), "embedding_2", 2, scale=scale)


@pytest.mark.parametrize("dim", [2, 5])
@pytest.mark.parametrize("margin", [0.0, 1.0, 4.0])
def test_the_margin_of_embedding_2_is_as_wide_as_asked(dim: int, margin: float) -> None:
    words = np.stack([make_embedding(jax.random.key(seed), "embedding_2", dim, margin=margin) for seed in range(20)])
    found = largest_margins(words[:, POSITIVE].astype(np.float64), words[:, NEGATIVE].astype(np.float64))
    assert found.min() >= margin - ROUNDING


def test_another_margin_moves_sentiment_words_along_one_axis_and_nothing_else() -> None:
    near, far = (make_embedding(jax.random.key(0), "embedding_2", 3, margin=margin) for margin in (0.25, 1.25))
    np.testing.assert_array_equal(far[STOP], near[STOP])
    moves = far[6:] - near[6:]
    np.testing.assert_allclose(np.linalg.norm(moves, axis=1), 1, rtol=0, atol=1e-6)
    np.testing.assert_allclose(moves[:2], moves[[0, 0]], rtol=0, atol=1e-6)
    np.testing.assert_allclose(moves[2:], -moves[[0, 0]], rtol=0, atol=1e-6)


def test_the_scale_is_a_factor_of_the_margin_too() -> None:
    one, three = (make_embedding(jax.random.key(0), "embedding_2", 2, scale, margin=0.7) for scale in (1.0, 3.0))
    np.testing.assert_allclose(three, 3 * one, rtol=1e-6)


@pytest.mark.parametrize("name", ["embedding_1", "embedding_3", "embedding_4"])
def test_the_other_embeddings_have_no_margin_to_set(name: str) -> None:
    one, other = (make_embedding(jax.random.key(0), name, 2, margin=margin) for margin in (0.0, 2.0))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("margin", [-0.1, 1001.0, float("nan")])
def test_an_absurd_margin_is_refused(margin: float) -> None:
    with pytest.raises(UserError, match=r"embedding_margin is .*; it must be from 0 to 1000"):
        make_embedding(jax.random.key(0), "embedding_2", 2, margin=margin)

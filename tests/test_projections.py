"""Products against loops, measures against single networks' decompositions, margins against the linear programme."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize

from rnnjax import projections
from rnnjax.errors import UserError
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import count, unflatten
from rnnjax.projections import Products, measures, planar_margin, products
from rnnjax.separability import margin

NUM = 12  # networks
SENTIMENTS, POSITIVE, NEGATIVE = [6, 7, 8, 9], [6, 7], [8, 9]


def networks(name: str = "gru_2x2") -> tuple[Any, np.ndarray, np.ndarray]:
    rng, architecture = np.random.default_rng(0), parse_architecture(name)
    flat = rng.normal(size=(count(architecture.sizes), NUM)).astype(np.float32)
    return architecture, flat, rng.normal(size=(10, architecture.input_dim, NUM)).astype(np.float32)


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])


@pytest.mark.parametrize(
    ("name", "gate", "rows"),
    [
        ("rnn_3x2", "candidate", [0, 1]),
        ("gru_2x4", "reset", [0, 1, 2, 3]),
        ("gru_2x4", "update", [4, 5, 6, 7]),
        ("gru_2x4", "candidate", [8, 9, 10, 11]),
        ("update_gate_gru_2x2", "candidate", [2, 3]),
    ],
)
def test_products_are_those_of_each_network_s_own_matrices_and_words(name: str, gate: str, rows: list[int]) -> None:
    architecture, flat, words = networks(name)
    found = products(architecture, flat, words, gate)
    for s in range(NUM):
        params = unflatten(flat[:, s].astype(float), architecture.sizes)
        w_ih = params.w_ih[rows]
        np.testing.assert_array_equal(found.matrix[..., s], w_ih)
        for v in range(10):
            x = words[v, :, s].astype(float)
            np.testing.assert_allclose(found.hidden[v, :, s], w_ih @ x, rtol=1e-12)
            np.testing.assert_allclose(found.logits[v, :, s], params.w_oh @ (w_ih @ x), rtol=1e-11, atol=1e-12)


def test_a_gate_that_is_not_there_is_refused() -> None:
    architecture, flat, words = networks("rnn_2x2")
    with pytest.raises(UserError, match="the gate of a RNN is 'update'; valid: candidate"):
        products(architecture, flat, words, "update")


def test_each_measure_is_that_of_one_network_written_out() -> None:
    architecture, flat, words = networks()
    of = products(architecture, flat, words, "candidate")
    found = measures(of)
    for s in range(NUM):
        matrix, hidden, logits = of.matrix[..., s], of.hidden[..., s], of.logits[..., s]
        largest, least = np.sqrt(np.sort(np.linalg.eigvalsh(matrix.T @ matrix))[::-1])
        lengths = [np.hypot(*point) for point in hidden]
        difference = logits @ [-1, 1]
        along = logits @ np.array([-1, 1]) / np.sqrt(2)
        sentiments = difference[SENTIMENTS]
        expected = {
            "stop_norm": np.mean(lengths[:6]) / np.mean(lengths[6:]),
            "singular_largest": largest,
            "singular_least": least,
            "singular_ratio": least / largest,
            "hidden_axis": np.linalg.eigvalsh(np.cov(hidden.T))[-1] / np.trace(np.cov(hidden.T)),
            "hidden_unit": max(np.var(hidden[:, 0]), np.var(hidden[:, 1])) / np.trace(np.cov(hidden.T, ddof=0)),
            "hidden_separation": separation_of(hidden),
            "logits_axis": np.linalg.eigvalsh(np.cov(logits.T))[-1] / np.trace(np.cov(logits.T)),
            "logits_difference": np.var(along) / np.trace(np.cov(logits.T, ddof=0)),
            "logits_separation": separation_of(logits),
            "difference_stop_norm": np.mean(np.abs(difference[:6])) / np.mean(np.abs(sentiments)),
            "difference_gap": (min(difference[POSITIVE]) - max(difference[NEGATIVE])) / 2 / np.std(sentiments),
        }
        assert set(found) == set(expected)
        for name, value in expected.items():
            assert found[name][s] == pytest.approx(value, rel=1e-6, abs=1e-9), name


def separation_of(points: np.ndarray) -> float:
    cloud = points[SENTIMENTS] - points[SENTIMENTS].mean(0)
    return least_width(points[POSITIVE], points[NEGATIVE]) / float(np.sqrt(np.mean(np.sum(cloud**2, 1))))


def least_width(one: np.ndarray, other: np.ndarray) -> float:
    """Half the Euclidean distance of two sets' hulls: their sums of coordinates' differences are never below it."""

    def width(angle: float) -> float:
        return margin(turned(one, angle), turned(other, angle))

    starts = np.linspace(0, np.pi / 2, 13)
    values = [width(angle) for angle in starts]
    best = starts[int(np.argmin(values))]
    step = starts[1]
    return float(optimize.minimize_scalar(width, bounds=(best - step, best + step), options={"xatol": 1e-9}).fun)


@pytest.mark.parametrize(("n", "m", "shift"), [(2, 2, 0.0), (1, 4, 0.0), (4, 3, 2.0), (1, 1, 0.0), (5, 2, 0.5)])
def test_planar_margins_are_the_least_of_the_linear_programme_s_over_all_axes(n: int, m: int, shift: float) -> None:
    rng = np.random.default_rng(n)
    one, other = rng.normal(size=(n, 2, 30)), rng.normal(size=(m, 2, 30))
    one[:, 0] += shift
    found = planar_margin(one, other)
    for s in range(30):
        if found[s] == 0:
            assert margin(one[..., s], other[..., s]) == pytest.approx(0, abs=1e-9)
            continue
        expected = least_width(one[..., s], other[..., s])
        assert found[s] == pytest.approx(expected, abs=1e-7)
        assert found[s] <= margin(one[..., s], other[..., s]) + 1e-9
    assert n == m == 1 or 0 < (found > 0).sum() < 30


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([[0, 1], [0, -1]], [[3, 0], [5, 0]], 1.5),  # the foot is inside a side
        ([[0, 0], [1, 0]], [[4, 4], [9, 9]], 2.5),  # two corners, the 3-4-5 triangle
        ([[0, 0], [2, 2]], [[0, 2], [2, 0]], 0.0),  # crossing segments
        ([[0, 0], [2, 0]], [[1, 0], [5, 0]], 0.0),  # on one line, overlapping
        ([[0, 0], [1, 0]], [[3, 0], [5, 0]], 1.0),  # on one line, apart
        ([[0, 0], [0, 0]], [[0, 0], [1, 1]], 0.0),  # a common point
    ],
)
def test_planar_margins_known_by_hand(one: list[list[float]], other: list[list[float]], expected: float) -> None:
    found = planar_margin(np.array(one, float)[..., None], np.array(other, float)[..., None])
    assert found == pytest.approx(expected, abs=1e-12)


def cloud(positive: list[list[float]], negative: list[list[float]], stop: list[float]) -> np.ndarray:
    return np.array([stop] * 6 + positive + negative, float)[..., None]


def test_measures_at_their_ends() -> None:
    tight = cloud([[2, 1], [2, 1]], [[-2, -1], [-2, -1]], [0, 0])
    assert projections.separation(tight) == pytest.approx(1)
    assert projections.axis_share(tight) == pytest.approx(1)
    assert projections.stop_norm(tight) == 0
    assert projections.gap(tight[:, 0]) == pytest.approx(1)
    assert projections.gap(-tight[:, 0]) == pytest.approx(-1)
    crossing = cloud([[1, 0], [-1, 0]], [[0, 1], [0, -1]], [0, 0])
    assert projections.separation(crossing) == 0 and projections.axis_share(crossing) == pytest.approx(0.5)
    assert projections.difference_share(cloud([[1, -1], [3, -3]], [[0, 0], [-2, 2]], [0, 0])) == pytest.approx(1)
    assert projections.difference_share(cloud([[1, 1], [3, 3]], [[0, 0], [-2, -2]], [0, 0])) == pytest.approx(0)
    np.testing.assert_allclose(projections.singular_values(np.array([[3.0, 0], [0, -6]])[..., None]), [[6], [3]])
    outer = projections.singular_values(np.outer([1.0, 2], [3, 4])[..., None])
    np.testing.assert_allclose(outer, [[np.sqrt(5) * 5], [0]], atol=1e-14)


def test_no_input_matrix_has_a_smaller_stop_norm_than_the_least_one() -> None:
    rng = np.random.default_rng(3)
    words = rng.normal(size=(10, 2, NUM))
    least = projections.least_stop_norm(words)
    angles = np.linspace(0, np.pi, 20_001)
    rows = np.stack([np.cos(angles), np.sin(angles)])[:, None]
    for s in range(NUM):
        along = np.abs(np.einsum("jia,vj->via", rows, words[..., s]))[:, 0]
        scanned = along[:6].mean(0) / along[6:].mean(0)
        assert least[s] <= scanned.min() + 1e-12 and scanned.min() == pytest.approx(least[s], rel=1e-3)
        anything = rng.normal(size=(2, 2, 500)) * np.array([1, 0.1])[:, None, None]
        assert projections.stop_norm(np.einsum("hdn,vd->vhn", anything, words[..., s])).min() > least[s]
    on_a_line = words.copy()
    on_a_line[:6] = np.arange(1, 7)[:, None, None] * words[0]
    np.testing.assert_allclose(projections.least_stop_norm(on_a_line), 0, atol=1e-12)


def test_measures_but_singular_values_do_not_see_scale_and_networks_that_are_zero_have_none() -> None:
    architecture, flat, words = networks()
    base = measures(products(architecture, flat, words, "update"))
    scaled = measures(products(architecture, 4 * flat, words, "update"))
    nothing = measures(products(architecture, 0 * flat, words, "update"))
    for name, values in base.items():
        grows = name in ("singular_largest", "singular_least")
        np.testing.assert_allclose(scaled[name], 4 * values if grows else values, rtol=1e-9, err_msg=name)
        assert (nothing[name] == 0 if grows else np.isnan(nothing[name])).all(), name


def test_an_invertible_product_keeps_separability_and_its_margin_varies() -> None:
    """Why C13 is judged by margins: yes or no would be yes of every network, trained or not."""
    architecture, flat, words = networks("rnn_2x2")
    words[SENTIMENTS, 0] = np.array([1.0, 2, -1, -2])[:, None]
    found = measures(products(architecture, flat, words, "candidate"))
    for name in ("hidden_separation", "logits_separation"):
        assert (found[name] > 0).all() and found[name].max() > 2 * found[name].min()
    assert Products._fields == ("matrix", "hidden", "logits")

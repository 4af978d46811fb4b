"""Copies compute the same, idle directions nothing; alignment against brute force and planted copies."""

import functools
from itertools import permutations, product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rnnjax import geometry, symmetry
from rnnjax.cells import CELLS
from rnnjax.classifier import logits, margin
from rnnjax.errors import UserError
from rnnjax.landscape import Architecture, parse_architecture
from rnnjax.parameters import count, flatten, unflatten

TANH_CELLS = ("rnn", "gru", "update_gate_gru", "reset_gate_gru")
RNG = np.random.default_rng


def networks(architecture: Architecture, number: int, seed: int = 0) -> np.ndarray:
    """[P, S]."""
    return RNG(seed).normal(size=(count(architecture.sizes), number)).astype(np.float32)


def all_logits(architecture: Architecture, flat: np.ndarray, sentences: np.ndarray) -> np.ndarray:
    """[N, K] of one network [P]."""
    return np.asarray(_compiled(architecture)(np.asarray(flat, np.float32), sentences))


@functools.cache
def _compiled(architecture: Architecture) -> Any:
    def one(flat: jax.Array, sentence: jax.Array) -> jax.Array:
        return logits(architecture.cell, unflatten(flat, architecture.sizes), sentence)

    return jax.jit(jax.vmap(one, (None, 0)))


def sentences(number: int = 30) -> np.ndarray:
    return RNG(9).normal(size=(number, 8, 2)).astype(np.float32)


def random_copies(architecture: Architecture, number: int, flips: bool = True) -> symmetry.Copies:
    rng, hidden = RNG(3), architecture.hidden_dim
    orders = np.array([rng.permutation(hidden) for _ in range(number)])
    signs = rng.choice([1, -1], (number, hidden)) if flips else np.ones((number, hidden), int)
    return symmetry.copies(architecture, orders, signs)


@pytest.mark.parametrize("cell", [*TANH_CELLS, "relu_rnn"])
def test_copies_compute_the_same(cell: str) -> None:
    architecture = parse_architecture(f"{cell}_2x4")
    weights = networks(architecture, 1)[:, 0]
    expected = all_logits(architecture, weights, sentences())
    copies = random_copies(architecture, 6, flips=cell != "relu_rnn")
    assert np.ptp(expected) > 1
    for copy in copies.of(weights):
        assert np.linalg.norm(copy - weights) > 1
        np.testing.assert_allclose(all_logits(architecture, copy, sentences()), expected, rtol=1e-4, atol=1e-4)


def test_a_relu_network_with_a_flipped_unit_computes_something_else() -> None:
    architecture = parse_architecture("relu_rnn_2x2")
    weights = networks(architecture, 1)[:, 0]
    flipped = symmetry.copies(architecture, np.array([[0, 1]]), np.array([[-1, 1]])).of(weights)[0]
    difference = all_logits(architecture, flipped, sentences()) - all_logits(architecture, weights, sentences())
    assert np.abs(difference).max() > 0.1


def test_a_gru_s_copy_by_hand() -> None:
    """Two units exchanged, the first of the network flipped: every entry's number, of 42."""
    architecture = parse_architecture("gru_2x2")
    copy = symmetry.copies(architecture, np.array([[1, 0]]), np.array([[1, -1]])).of(np.arange(1, 43))[0]
    leaves = unflatten(copy, architecture.sizes)
    np.testing.assert_array_equal(leaves.w_ih, [[3, 4], [1, 2], [7, 8], [5, 6], [11, 12], [-9, -10]])
    np.testing.assert_array_equal(leaves.w_hh, [[16, -15], [14, -13], [20, -19], [18, -17], [24, -23], [-22, 21]])
    np.testing.assert_array_equal(leaves.b_ih, [26, 25, 28, 27, 30, -29])
    np.testing.assert_array_equal(leaves.b_hh, [32, 31, 34, 33, 36, -35])
    np.testing.assert_array_equal(leaves.w_oh, [[38, -37], [40, -39]])
    np.testing.assert_array_equal(leaves.b_oh, [41, 42])


@pytest.mark.parametrize(("name", "number"), [("rnn_2x4", 384), ("gru_2x3", 48), ("relu_rnn_2x4", 24)])
def test_all_copies_are_as_many_as_there_are_and_different(name: str, number: int) -> None:
    architecture = parse_architecture(name)
    weights = networks(architecture, 1)[:, 0]
    copies = symmetry.all_copies(architecture).of(weights)
    assert copies.shape == (number, len(weights)) and len(np.unique(copies, axis=0)) == number
    np.testing.assert_array_equal(copies[0], weights)


def brute_force(architecture: Architecture, weights: np.ndarray, reference: np.ndarray) -> float:
    hidden = architecture.hidden_dim
    signs = (1, -1) if architecture.cell.name in TANH_CELLS else (1,)
    pairs = product(permutations(range(hidden)), product(signs, repeat=hidden))
    each = [symmetry.copies(architecture, np.array([order]), np.array([sign])).of(weights)[0] for order, sign in pairs]
    return float(min(np.linalg.norm(copy - reference) for copy in each))


@pytest.mark.parametrize("name", ["rnn_2x3", "gru_2x3", "reset_gate_gru_2x2", "relu_rnn_2x3"])
@pytest.mark.parametrize("exact", [True, False])
def test_the_aligned_distance_is_the_least_of_all_copies(
    name: str, exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(symmetry, "EXACT_UP_TO", 4 if exact else 1)
    architecture = parse_architecture(name)
    weights = np.stack([networks(architecture, 3, seed) for seed in (1, 2)])
    reference = networks(architecture, 3, 5)
    aligned = symmetry.align(architecture, weights, reference)
    found, raw = geometry.distance(aligned, reference), geometry.distance(weights, reference)
    expected = [[brute_force(architecture, w[:, s], reference[:, s]) for s in range(3)] for w in weights]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (found <= raw + 1e-12).all() and (found < raw - 1e-3).any()


@pytest.mark.parametrize("name", ["rnn_2x4", "gru_2x4", "update_gate_gru_2x4", "relu_rnn_2x4", "rnn_4x8", "gru_4x8"])
def test_copies_are_found_again_and_computed_alike(name: str) -> None:
    architecture = parse_architecture(name)
    reference = networks(architecture, 4)
    copies = random_copies(architecture, 4, flips=architecture.cell.name != "relu_rnn")
    weights = np.stack([copies.signs[s] * reference[copies.places[s], s] for s in range(4)], 1)
    assert (geometry.distance(weights, reference) > 1).all()
    np.testing.assert_array_equal(symmetry.align(architecture, weights, reference), reference)


def test_an_aligned_network_is_one_of_its_copies() -> None:
    architecture = parse_architecture("gru_2x8")
    weights, reference = networks(architecture, 2, 1), networks(architecture, 2, 2)
    aligned = symmetry.align(architecture, weights, reference)
    assert (geometry.distance(aligned, reference) < geometry.distance(weights, reference)).all()
    for s in range(2):
        expected = all_logits(architecture, weights[:, s], sentences())
        found = all_logits(architecture, aligned[:, s], sentences())
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_local_search_is_an_upper_bound_that_is_hardly_ever_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = parse_architecture("gru_2x4")
    weights, reference = networks(architecture, 100, 1), networks(architecture, 100, 2)
    exact = geometry.distance(symmetry.align(architecture, weights, reference), reference)
    monkeypatch.setattr(symmetry, "EXACT_UP_TO", 3)
    bound = geometry.distance(symmetry.align(architecture, weights, reference), reference)
    assert (bound >= exact - 1e-9).all() and (bound > exact + 1e-9).mean() < 0.1
    assert (bound <= geometry.distance(weights, reference) + 1e-9).all()


@pytest.mark.parametrize("cell", [*TANH_CELLS, "relu_rnn"])
def test_idle_directions_change_no_margin_and_are_as_many_as_they_should_be(cell: str) -> None:
    architecture = parse_architecture(f"{cell}_2x3")
    weights = networks(architecture, 1)
    reduced = symmetry.without_idle(architecture, weights)
    of_both = [all_logits(architecture, w[:, 0], sentences()) for w in (weights, reduced)]
    margins = [values[:, 1] - values[:, 0] for values in of_both]
    np.testing.assert_allclose(margins[1], margins[0], rtol=1e-4, atol=1e-4)
    size = len(weights)
    projection = symmetry.without_idle(architecture, np.eye(size))
    np.testing.assert_array_equal(projection, projection.T)
    np.testing.assert_allclose(projection @ projection, projection, atol=1e-12)
    gates = len(architecture.cell.gates) - architecture.cell.resets
    assert size - np.trace(projection) == pytest.approx(3 * gates + 3 + 1)  # biases that are added; the logits' mean


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_idle_directions_are_those_that_no_gradient_has(cell: str) -> None:
    """The gradients of many sentences' margins span all that is not idle, in a generic network."""
    architecture = parse_architecture(f"{cell}_2x2")
    flat = networks(architecture, 1)[:, 0]

    by_class = np.asarray(jax.jit(jax.jacrev(_compiled(architecture)))(flat, sentences(200)), float)
    gradients = by_class[:, 1] - by_class[:, 0]
    idle = np.eye(len(flat)) - symmetry.without_idle(architecture, np.eye(len(flat)))
    assert np.abs(gradients @ idle).max() < 1e-6 * np.abs(gradients).max()
    strengths = np.linalg.svd(gradients, compute_uv=False)
    assert (strengths > 1e-8 * strengths[0]).sum() == len(flat) - round(np.trace(idle))


def test_margins_of_the_readout_are_kept() -> None:
    architecture = parse_architecture("rnn_2x3")
    weights = networks(architecture, 5)
    reduced = symmetry.without_idle(architecture, np.stack([weights, 2 * weights]))
    assert reduced.shape == (2, *weights.shape)
    np.testing.assert_allclose(reduced[1], 2 * reduced[0])
    h = jnp.asarray(RNG(4).normal(size=3), np.float32)
    for s in range(5):
        one, other = (unflatten(w[:, s].astype(np.float32), architecture.sizes) for w in (weights, reduced[0]))
        np.testing.assert_allclose(margin(one, h), margin(other, h), rtol=1e-4, atol=1e-5)


def test_an_unknown_cell_is_not_taken_for_an_odd_one() -> None:
    unknown = CELLS["rnn"]._replace(name="other")
    with pytest.raises(UserError, match="other"):
        symmetry.all_copies(Architecture(unknown, 2, 2))


def test_flat_order_is_that_of_flatten() -> None:
    architecture = parse_architecture("gru_3x2")
    weights = networks(architecture, 1)[:, 0]
    none = symmetry.copies(architecture, np.array([[0, 1]]), np.array([[1, 1]])).of(weights)[0]
    np.testing.assert_array_equal(none, np.asarray(flatten(unflatten(weights, architecture.sizes))))

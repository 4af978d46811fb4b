"""Noise against a loop over named matrices with NumPy's and PyTorch's own deviations, and by its statistics."""

import jax
import numpy as np
import pytest
import torch

from rnnjax import perturbation
from rnnjax.errors import UserError
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import count, unflatten
from rnnjax.streams import of_members, stream

GRU, RNN = parse_architecture("gru_2x4"), parse_architecture("rnn_2x4")


def networks(number: int, architecture: str = "gru_2x4") -> np.ndarray:
    """[P, S], every matrix with a scale and a mean of its own."""
    rng = np.random.default_rng(0)
    size = count(parse_architecture(architecture).sizes)
    return (rng.normal(size=(size, number)) * rng.uniform(0.1, 3, (size, 1)) + 5).astype(np.float32)


def keys(number: int, seed: int = 0) -> jax.Array:
    return of_members(stream(jax.random.key(seed), "perturb"), np.arange(number))


def matrices_by_hand(flat: np.ndarray) -> dict[str, np.ndarray]:
    """A GRU's (2 x 4) matrices and vectors as (1.2) to (1.6) name them, of one network."""
    params = unflatten(flat, GRU.sizes)
    found = {"w_oh": params.w_oh, "b_oh": params.b_oh}
    for i, gate in enumerate("rzn"):
        rows = slice(4 * i, 4 * i + 4)
        found |= {f"w_i{gate}": params.w_ih[rows], f"w_h{gate}": params.w_hh[rows]}
        found |= {f"b_i{gate}": params.b_ih[rows], f"b_h{gate}": params.b_hh[rows]}
    return found


@pytest.mark.parametrize("ddof", [0, 1])
def test_each_gate_s_matrix_has_its_own_deviation(ddof: int) -> None:
    weights = networks(3)
    found = perturbation.deviations(GRU, weights, ddof)
    for member in range(3):
        of_weights = matrices_by_hand(weights[:, member])
        of_found = matrices_by_hand(found[:, member])
        assert len(of_found) == 14
        for name, values in of_weights.items():
            flat = values.ravel()
            expected = np.std(flat) if ddof == 0 else float(torch.std(torch.tensor(flat)))
            np.testing.assert_allclose(of_found[name], np.full_like(values, expected), rtol=1e-5)
        assert len({float(values.ravel()[0]) for values in of_found.values()}) == 14


def test_noise_is_added_in_each_matrix_s_own_measure_along_one_direction() -> None:
    weights, noise = networks(4), perturbation.noises(keys(4), 106)
    factors = (0.0, 0.1, 0.5, 1.0)
    found = perturbation.perturbed(GRU, weights, noise, factors)
    assert found.shape == (4, 106, 4) and found.dtype == np.float32
    np.testing.assert_array_equal(found[0], weights)
    for member in range(4):
        of_noise = matrices_by_hand(noise[:, member])
        for name, values in matrices_by_hand(weights[:, member]).items():
            for factor, moved in zip(factors, found[..., member], strict=True):
                expected = values + factor * np.std(values.astype(float)) * of_noise[name]
                np.testing.assert_allclose(matrices_by_hand(moved)[name], expected, rtol=1e-5, atol=1e-5)


def test_noise_has_mean_0_and_the_matrix_s_deviation() -> None:
    number = 4000
    weights = np.repeat(networks(1), number, 1)
    moved = perturbation.perturbed(GRU, weights, perturbation.noises(keys(number), 106), (0.5,))[0] - weights
    sigma = perturbation.deviations(GRU, weights)[:, 0]
    np.testing.assert_allclose(moved.mean(1) / sigma, np.zeros(106), atol=0.5 * 4.5 / np.sqrt(number))
    np.testing.assert_allclose(moved.std(1) / sigma, np.full(106, 0.5), rtol=0.06)
    standard = moved / (0.5 * sigma[:, None])
    assert abs((standard**4).mean() - 3) < 0.1  # normal, not merely of that deviation
    correlation = np.corrcoef(standard)
    assert np.abs(correlation - np.eye(106)).max() < 6 / np.sqrt(number)


def test_the_readout_may_be_left_alone() -> None:
    weights, noise = networks(2, "rnn_2x4"), perturbation.noises(keys(2), 42)
    found = perturbation.perturbed(RNN, weights, noise, (1.0,), readout=False)[0]
    kept = unflatten(found == weights, RNN.sizes)
    assert kept.w_oh.all() and kept.b_oh.all()
    assert not np.concatenate([leaf.ravel() for leaf in (kept.w_ih, kept.w_hh, kept.b_ih, kept.b_hh)]).any()
    whole = perturbation.perturbed(RNN, weights, noise, (1.0,))[0]
    assert (whole != weights).all()
    np.testing.assert_array_equal(whole[:32], found[:32])


@pytest.mark.parametrize("name", ["rnn_3x2", "gru_2x3", "update_gate_gru_2x4", "relu_rnn_1x1"])
def test_matrices_are_all_weights_once(name: str) -> None:
    architecture = parse_architecture(name)
    found = list(perturbation.matrices(architecture))
    assert len(found) == 4 * len(architecture.cell.gates) + 2
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.arange(count(architecture.sizes)))


def test_one_number_has_no_spread() -> None:
    architecture = parse_architecture("rnn_1x1")
    weights = networks(2, "rnn_1x1")
    for ddof in perturbation.DDOF:
        found = unflatten(perturbation.deviations(architecture, weights, ddof), architecture.sizes)
        assert (found.w_ih == 0).all() and (found.b_hh == 0).all() and (found.w_oh > 0).all()


def test_a_network_s_noise_is_its_own_and_the_same_in_any_company() -> None:
    noise = perturbation.noises(keys(5), 42)
    np.testing.assert_array_equal(noise[:, :2], perturbation.noises(keys(2), 42))
    assert len(np.unique(noise)) == noise.size
    assert not (noise == perturbation.noises(keys(5, seed=1), 42)).any()


def test_another_ddof_is_refused() -> None:
    with pytest.raises(UserError, match="ddof is 2; valid: 0, 1"):
        perturbation.deviations(RNN, networks(1, "rnn_2x4"), 2)

"""The Hessian against PyTorch's, logistic regression and differences of gradients; its flat directions as laws."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from oracles import states_of

from rnnjax import members
from rnnjax.cells import CELLS
from rnnjax.curvature import complement, flat_directions, hessian, mean_loss, spectrum
from rnnjax.landscape import Architecture
from rnnjax.parameters import count, unflatten

INPUT_DIM, HIDDEN_DIM, NUM_WORDS, NUM_SENTENCES = 2, 2, 4, 37
SMOOTH = ("rnn", "gru", "update_gate_gru", "reset_gate_gru")
# H + 1 of the readout, and each gate's H biases that are only ever added; not a candidate's behind a reset gate.
NUM_FLAT = {"rnn": 5, "relu_rnn": 5, "gru": 7, "update_gate_gru": 7, "reset_gate_gru": 5}


class Case(NamedTuple):
    architecture: Architecture
    flat: np.ndarray  # [P] float64
    sentences: np.ndarray  # [N, T, D]
    positive: np.ndarray  # [N]
    loss: float
    hessian: np.ndarray  # [P, P]


def draw(cell: str, seed: int = 0) -> tuple[Architecture, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    architecture = Architecture(CELLS[cell], INPUT_DIM, HIDDEN_DIM)
    flat = random.uniform(-1.2, 1.2, count(architecture.sizes))
    sentences = random.normal(size=(NUM_SENTENCES, NUM_WORDS, INPUT_DIM))
    return architecture, flat, sentences, random.random(NUM_SENTENCES) < 0.4


@functools.cache
def case(cell: str) -> Case:
    architecture, flat, sentences, positive = draw(cell)

    def both(flat: jax.Array, sentences: jax.Array, positive: jax.Array) -> tuple[jax.Array, jax.Array]:
        network = architecture, flat, sentences, positive
        return mean_loss(*network), hessian(*network, 10)

    with jax.enable_x64(True):
        loss, second = jax.jit(both)(flat, sentences, positive)
        return Case(architecture, flat, sentences, positive, float(loss), np.asarray(second))


def loss_of(case: Case, flat: np.ndarray) -> float:
    """Mean cross-entropy from the equations in NumPy."""
    params = unflatten(flat, case.architecture.sizes)
    last = np.array([states_of(case.architecture.cell.name, params, sentence)[-1] for sentence in case.sentences])
    outputs = last @ params.w_oh.T + params.b_oh
    right = outputs[np.arange(NUM_SENTENCES), case.positive.astype(int)]
    return float(np.mean(np.log(np.exp(outputs).sum(1)) - right))


@pytest.mark.parametrize("cell", CELLS)
def test_the_mean_loss_is_that_of_the_equations(cell: str) -> None:
    here = case(cell)
    assert here.loss == pytest.approx(loss_of(here, here.flat), rel=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_the_hessian_is_that_of_torch(cell: str) -> None:
    here = case(cell)
    module = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU}[cell](INPUT_DIM, HIDDEN_DIM).double()
    names = [name for name, _ in module.named_parameters()]
    shapes = [leaf.shape for leaf in module.parameters()] + [torch.Size([2, HIDDEN_DIM]), torch.Size([2])]
    words = torch.tensor(here.sentences).transpose(0, 1)
    labels = torch.tensor(here.positive.astype(int))

    def loss(flat: Any) -> Any:
        leaves = [
            part.reshape(shape) for part, shape in zip(flat.split([s.numel() for s in shapes]), shapes, strict=True)
        ]
        states, _ = torch.func.functional_call(module, dict(zip(names, leaves[:-2], strict=True)), words)
        return torch.nn.functional.cross_entropy(states[-1] @ leaves[-2].T + leaves[-1], labels)

    exact = torch.autograd.functional.hessian(loss, torch.tensor(here.flat)).numpy()
    np.testing.assert_allclose(here.hessian, exact, rtol=0, atol=1e-12 * np.abs(exact).max())


@pytest.mark.parametrize("cell", SMOOTH)
def test_the_hessian_is_the_second_difference_of_the_loss_in_numpy(cell: str) -> None:
    here, step = case(cell), 1e-4
    random = np.random.default_rng(1)
    for _ in range(4):
        one, other = (step * random.normal(size=len(here.flat)) for _ in range(2))
        corners = [(a, b, loss_of(here, here.flat + a * one + b * other)) for a in (1, -1) for b in (1, -1)]
        difference = sum(a * b * loss for a, b, loss in corners) / 4
        assert difference == pytest.approx(one @ here.hessian @ other, rel=1e-4, abs=1e-3 * step**2)


@pytest.mark.parametrize("cell", CELLS)
def test_the_readouts_block_is_that_of_logistic_regression_on_the_last_states(cell: str) -> None:
    here = case(cell)
    params = unflatten(here.flat, here.architecture.sizes)
    last = np.array([states_of(cell, params, sentence)[-1] for sentence in here.sentences])
    margins = last @ (params.w_oh[1] - params.w_oh[0]) + params.b_oh[1] - params.b_oh[0]
    p = 1 / (1 + np.exp(-margins))
    # In the order of the flat parameters: the two rows of W_oh, then b_oh.
    features = np.concatenate([-last, last, -np.ones((len(last), 1)), np.ones((len(last), 1))], 1)
    exact = np.mean((p * (1 - p))[:, None, None] * features[:, :, None] * features[:, None], 0)
    size = len(exact)
    np.testing.assert_allclose(here.hessian[-size:, -size:], exact, rtol=0, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_it_is_symmetric(cell: str) -> None:
    np.testing.assert_allclose(case(cell).hessian, case(cell).hessian.T, rtol=0, atol=1e-14)


@pytest.mark.parametrize("at_once", [NUM_SENTENCES, 64])
def test_portions_of_any_size_give_the_same(at_once: int) -> None:
    here = case("rnn")
    with jax.enable_x64(True):
        flat, sentences, positive = map(jnp.asarray, (here.flat, here.sentences, here.positive))
        whole = hessian(here.architecture, flat, sentences, positive, at_once)
    np.testing.assert_allclose(whole, here.hessian, rtol=0, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_the_loss_is_the_same_all_along_flat_directions(cell: str) -> None:
    here = case(cell)
    flats = flat_directions(here.architecture)
    assert flats.shape == (len(here.flat), NUM_FLAT[cell])
    np.testing.assert_allclose(flats.T @ flats, np.eye(NUM_FLAT[cell]), atol=1e-15)
    start = loss_of(here, here.flat)
    for line in flats.T:
        assert loss_of(here, here.flat + 3 * line) == pytest.approx(start, rel=1e-13)
        np.testing.assert_allclose(here.hessian @ line, 0, atol=1e-14)


@pytest.mark.parametrize("cell", SMOOTH)
def test_there_are_no_other_directions_without_curvature(cell: str) -> None:
    here = case(cell)
    eigenvalues = np.abs(np.linalg.eigvalsh(here.hessian))
    assert (eigenvalues < 1e-14).sum() == NUM_FLAT[cell]
    rest = spectrum(here.hessian, flat_directions(here.architecture))
    assert len(rest) == len(here.flat) - NUM_FLAT[cell] and np.abs(rest).min() > 1e-12
    everything = np.sort(np.concatenate([rest, np.zeros(NUM_FLAT[cell])]))
    np.testing.assert_allclose(everything, np.linalg.eigvalsh(here.hessian), rtol=0, atol=1e-14)


def test_the_spectrum_of_a_matrix_by_hand() -> None:
    # Eigenvalues 3 and -2 outside the flat line (0, 0, 1); 7 along it is not one of a Hessian, and is left out.
    matrix = np.array([[0.5, 2.0, 0], [3.0, 0.5, 0], [0, 0, 7]])
    flats = np.array([[0.0], [0.0], [1.0]])
    np.testing.assert_allclose(spectrum(matrix, flats), [-2, 3], rtol=1e-14)
    several = np.multiply.outer(matrix, [[1.0, -1.0], [2.0, 0.0]])
    several[0, 1, 0, 0] = np.inf
    assert np.isnan(spectrum(several, flats)[:, 0, 0]).all()
    np.testing.assert_allclose(spectrum(several, flats)[:, 0, 1], [-3, 2], rtol=1e-14)
    np.testing.assert_allclose(spectrum(several, flats)[:, 1], [[-4, 0], [6, 0]], rtol=1e-14)
    rest = complement(flats)
    np.testing.assert_allclose(rest @ rest.T, np.diag([1, 1, 0]), atol=1e-15)


def test_many_networks_each_with_its_own_sentences() -> None:
    architecture = Architecture(CELLS["rnn"], INPUT_DIM, HIDDEN_DIM)
    drawn = [draw("rnn", seed)[1:] for seed in range(3)]
    arrays = [np.stack(arrays, -1) for arrays in zip(*drawn, strict=True)]
    arrays = [array.astype(np.float32) if array.dtype == np.float64 else array for array in arrays]
    flats = flat_directions(architecture)

    def measure(flat: Any, sentences: Any, positive: Any) -> Any:
        return hessian(architecture, flat, sentences, positive)

    found = spectrum(members.each(measure, members.make_mesh(1), 2, *arrays), flats)
    assert found.shape == (count(architecture.sizes) - NUM_FLAT["rnn"], 3)
    with jax.enable_x64(True):
        exactly = jax.jit(functools.partial(hessian, architecture))
        for member, drawn_for_it in enumerate(drawn):
            exact = np.linalg.eigvalsh(exactly(*drawn_for_it))
            kept = np.delete(exact, np.argsort(np.abs(exact))[: NUM_FLAT["rnn"]])
            np.testing.assert_allclose(found[:, member], kept, rtol=0, atol=2e-6 * np.abs(exact).max())

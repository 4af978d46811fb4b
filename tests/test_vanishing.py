"""Gradients and Jacobians along a sentence against PyTorch's, differences in NumPy, and closed forms."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from oracles import states_of

from rnnjax.cells import CELLS
from rnnjax.parameters import Params, count, shapes, unflatten
from rnnjax.vanishing import Flow, Profile, flow, profile

INPUT_DIM, HIDDEN_DIM, NUM_WORDS, NUM_SENTENCES = 2, 3, 5, 7


@pytest.fixture(autouse=True)
def in_float64() -> Any:
    with jax.enable_x64(True):
        yield


def draw(cell: str, seed: int = 0) -> tuple[Params, np.ndarray]:
    """Random parameters, and sentences [N, T, D]."""
    random = np.random.default_rng(seed)
    sizes = shapes(len(CELLS[cell].gates), INPUT_DIM, HIDDEN_DIM)
    params = unflatten(jnp.asarray(random.uniform(-1.2, 1.2, count(sizes))), sizes)
    return params, random.normal(size=(NUM_SENTENCES, NUM_WORDS, INPUT_DIM))


@functools.cache
def compiled(cell: str, function: Any) -> Any:
    return jax.jit(functools.partial(function, CELLS[cell]))


def flow_of(cell: str, params: Params, sentence: np.ndarray, positive: bool = True) -> Flow:
    return Flow(*map(np.asarray, compiled(cell, flow)(params, sentence, positive)))


def plain(cell: str, **leaves: Any) -> Params:
    """Parameters that are 0 but for the given leaves; the readout's rows are (1, .., 1) apart."""
    sizes = shapes(len(CELLS[cell].gates), INPUT_DIM, HIDDEN_DIM)
    params = unflatten(jnp.zeros(count(sizes)), sizes).replace(
        w_oh=jnp.array([[-0.5], [0.5]]) * jnp.ones((1, HIDDEN_DIM))
    )
    return params.replace(**{name: jnp.asarray(value, float) for name, value in leaves.items()})


@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("cell", ["rnn", "relu_rnn", "gru"])
def test_gradients_and_jacobians_are_those_of_torch(cell: str, positive: bool) -> None:
    params, (sentence, *_) = draw(cell)
    if cell == "gru":
        module: Any = torch.nn.GRUCell(INPUT_DIM, HIDDEN_DIM).double()
    else:
        module = torch.nn.RNNCell(INPUT_DIM, HIDDEN_DIM, nonlinearity="relu" if cell == "relu_rnn" else "tanh").double()
    leaves = dict(zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), jax.tree.leaves(params), strict=False))
    module.load_state_dict({name: torch.tensor(np.array(leaf)) for name, leaf in leaves.items()})
    words = torch.tensor(sentence)

    def read_on(h: Any, words: Any) -> Any:
        return functools.reduce(lambda h, x: module(x, h), words, h)

    states = [torch.zeros(HIDDEN_DIM, dtype=torch.float64, requires_grad=True)]
    for x in words:
        states.append(module(x, states[-1]))
        states[-1].retain_grad()
    output = states[-1] @ torch.tensor(np.array(params.w_oh)).T + torch.tensor(np.array(params.b_oh))
    torch.nn.functional.cross_entropy(output, torch.tensor(int(positive))).backward()
    jacobian = torch.autograd.functional.jacobian
    to_end = [jacobian(lambda h, t=t: read_on(h, words[t:]), states[t].detach()) for t in range(NUM_WORDS + 1)]
    steps = [jacobian(lambda h, t=t: module(words[t], h), states[t].detach()) for t in range(NUM_WORDS)]

    own = flow_of(cell, params, sentence, positive)
    np.testing.assert_allclose(
        own.gradients, np.stack([state.grad.numpy() for state in states]), rtol=1e-12, atol=1e-15
    )
    np.testing.assert_allclose(own.to_end, torch.stack(to_end).numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(own.steps, torch.stack(steps).numpy(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("cell", CELLS)
def test_jacobians_are_differences_of_states_in_numpy(cell: str) -> None:
    params, (sentence, *_) = draw(cell)
    own, size = flow_of(cell, params, sentence), 1e-6
    whole = continued(cell, params, np.zeros(HIDDEN_DIM), sentence)
    np.testing.assert_allclose(whole, states_of(cell, params, sentence)[-1], rtol=1e-12)

    def last(moved: np.ndarray, t: int) -> np.ndarray:
        before = states_of(cell, params, sentence[:t])[-1] if t else np.zeros(HIDDEN_DIM)
        return continued(cell, params, before + moved, sentence[t:])

    for t in range(NUM_WORDS + 1):
        for unit in range(HIDDEN_DIM):
            moved = size * np.eye(HIDDEN_DIM)[unit]
            difference = (last(moved, t) - last(-moved, t)) / (2 * size)
            np.testing.assert_allclose(own.to_end[t][:, unit], difference, rtol=1e-6, atol=1e-9)


def continued(cell: str, params: Params, h: np.ndarray, words: np.ndarray) -> np.ndarray:
    """The last state from h on, by the thesis' equations."""
    w_i, w_h, b_i, b_h = (np.array(a) for a in (params.w_ih, params.w_hh, params.b_ih, params.b_hh))
    size = len(h)
    for x in words:
        of_word, of_state = w_i @ x + b_i, w_h @ h + b_h
        gates = 1 / (1 + np.exp(-(of_word + of_state)))
        if cell in ("rnn", "relu_rnn"):
            h = np.tanh(of_word + of_state) if cell == "rnn" else np.maximum(of_word + of_state, 0)
            continue
        r = np.ones(size) if cell == "update_gate_gru" else gates[:size]
        z = {"gru": gates[size : 2 * size], "update_gate_gru": gates[:size], "reset_gate_gru": np.zeros(size)}[cell]
        h = (1 - z) * np.tanh(of_word[-size:] + r * of_state[-size:]) + z * h
    return h


def test_a_linear_rnn_with_orthogonal_weights_keeps_the_gradient() -> None:
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(HIDDEN_DIM, HIDDEN_DIM)))[0]
    sentence = 1e-6 * np.ones((NUM_WORDS, INPUT_DIM))
    own = flow_of("rnn", plain("rnn", w_ih=np.ones((HIDDEN_DIM, INPUT_DIM)), w_hh=turn), sentence)
    powers = [np.linalg.matrix_power(turn, NUM_WORDS - t) for t in range(NUM_WORDS + 1)]
    np.testing.assert_allclose(own.to_end, powers, rtol=0, atol=1e-9)
    # p = 1/2 to 1e-5: the gradient is -1/2 (w_1 - w_0) = -1/2 (1, .., 1), turned.
    np.testing.assert_allclose(own.gradients, [-0.5 * power.T @ np.ones(HIDDEN_DIM) for power in powers], atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(own.gradients, axis=1), 0.5 * np.sqrt(HIDDEN_DIM), rtol=1e-4)


def test_an_rnn_that_halves_its_state_halves_the_gradient_every_word() -> None:
    own = flow_of("rnn", plain("rnn", w_hh=0.5 * np.eye(HIDDEN_DIM)), np.zeros((NUM_WORDS, INPUT_DIM)))
    halves = 0.5 ** np.arange(NUM_WORDS, -1, -1)
    np.testing.assert_array_equal(own.gradients, -0.5 * halves[:, None] * np.ones(HIDDEN_DIM))


@pytest.mark.parametrize("cell", ["gru", "update_gate_gru"])
def test_an_open_update_gate_passes_the_gradient_unchanged(cell: str) -> None:
    params, (sentence, *_) = draw(cell)
    gate = slice(HIDDEN_DIM, 2 * HIDDEN_DIM) if cell == "gru" else slice(0, HIDDEN_DIM)
    params = params.replace(b_ih=params.b_ih.at[gate].set(60.0))
    own = flow_of(cell, params, sentence)
    np.testing.assert_allclose(own.to_end, np.tile(np.eye(HIDDEN_DIM), (NUM_WORDS + 1, 1, 1)), rtol=0, atol=1e-12)
    np.testing.assert_allclose(own.gradients, np.tile(own.gradients[-1], (NUM_WORDS + 1, 1)), rtol=1e-12)


def test_a_closed_reset_gate_stops_the_gradient() -> None:
    params, (sentence, *_) = draw("reset_gate_gru")
    own = flow_of("reset_gate_gru", params.replace(b_ih=params.b_ih.at[:HIDDEN_DIM].set(-60.0)), sentence)
    np.testing.assert_allclose(own.to_end[:-1], 0, rtol=0, atol=1e-12)
    assert np.linalg.norm(own.gradients[-1]) > 0.1


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_the_relative_gradient_depends_neither_on_the_label_nor_on_the_readouts_scale(cell: str) -> None:
    params, (sentence, *_) = draw(cell)
    surer = params.replace(w_oh=9 * params.w_oh, b_oh=params.b_oh + jnp.array([3.0, -2.0]))
    flows = flow_of(cell, params, sentence), flow_of(cell, surer, sentence, False)
    norms = [np.linalg.norm(one.gradients, axis=1) for one in flows]
    assert norms[1][-1] / norms[0][-1] > 2 or norms[1][-1] / norms[0][-1] < 0.5
    np.testing.assert_allclose(norms[0] / norms[0][-1], norms[1] / norms[1][-1], rtol=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_a_profile_is_means_and_medians_over_sentences(cell: str) -> None:
    params, sentences = draw(cell)
    positive = np.arange(NUM_SENTENCES) % 3 == 0
    own = Profile(*map(np.asarray, compiled(cell, profile)(params, sentences, positive)))
    flows = [flow_of(cell, params, *sentence) for sentence in zip(sentences, positive, strict=True)]
    norms = np.array([np.sqrt((one.gradients**2).sum(1)) for one in flows])
    np.testing.assert_allclose(own.mean, norms.mean(0), rtol=1e-12)
    np.testing.assert_allclose(own.median, np.median(norms, 0), rtol=1e-12)
    np.testing.assert_allclose(own.relative, np.median([norm / norm[-1] for norm in norms], 0), rtol=1e-12)
    # Squares of singular values are eigenvalues of J J^T.
    squares = np.array([[np.linalg.eigvalsh(j @ j.T)[::-1] for j in one.to_end] for one in flows])
    np.testing.assert_allclose(own.singular, np.sqrt(np.median(squares.clip(0), 0)), rtol=1e-4, atol=1e-9)
    assert own.singular.shape == (NUM_WORDS + 1, HIDDEN_DIM)

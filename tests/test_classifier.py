"""One network and one sentence against PyTorch's recurrent and linear modules, and the readout's laws."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from rnnjax.cells import CELLS
from rnnjax.classifier import hidden_states, logits, margin, readout
from rnnjax.parameters import Params, count, shapes, unflatten

INPUT_DIM, HIDDEN_DIM, NUM_WORDS = 3, 5, 10


def draw(cell: str, seed: int = 0) -> tuple[Params, np.ndarray]:
    """Random parameters and a sentence [T, D]."""
    random = np.random.default_rng(seed)
    sizes = shapes(len(CELLS[cell].gates), INPUT_DIM, HIDDEN_DIM)
    params = unflatten(jnp.asarray(random.uniform(-1, 1, count(sizes)), jnp.float32), sizes)
    return params, random.normal(size=(NUM_WORDS, INPUT_DIM)).astype(np.float32)


def exactly(*arrays: jax.Array) -> list[np.ndarray]:
    return [np.asarray(array, np.float64) for array in arrays]


def torch_logits(cell: str, sentence: torch.Tensor) -> tuple[list[torch.nn.Parameter], Any]:
    """The parameters in the order of Params, and a function that reads the sentence."""
    kind = functools.partial(torch.nn.RNN, nonlinearity="relu" if cell == "relu_rnn" else "tanh")
    module = (torch.nn.GRU if cell == "gru" else kind)(INPUT_DIM, HIDDEN_DIM).double()
    linear = torch.nn.Linear(HIDDEN_DIM, 2).double()
    return [*module.parameters(), *linear.parameters()], lambda: linear(module(sentence)[0][-1])


@pytest.mark.parametrize("cell", ["rnn", "relu_rnn", "gru"])
def test_logits_and_the_gradients_of_the_loss_are_those_of_the_torch_modules(cell: str) -> None:
    params, sentence = draw(cell)
    own_leaves = [params.w_ih, params.w_hh, params.b_ih, params.b_hh, params.w_oh, params.b_oh]
    leaves, read = torch_logits(cell, torch.tensor(sentence, dtype=torch.float64))
    with torch.no_grad():
        for leaf, own in zip(leaves, own_leaves, strict=True):
            leaf.copy_(torch.tensor(np.array(own)))
    output = read()
    torch.nn.functional.cross_entropy(output, torch.tensor(1)).backward()

    def loss(params: Params) -> tuple[jax.Array, jax.Array]:
        output = logits(CELLS[cell], params, jnp.asarray(sentence))
        return -jax.nn.log_softmax(output)[1], output

    gradients, own_output = jax.jit(jax.grad(loss, has_aux=True))(params)
    np.testing.assert_allclose(own_output, output.detach().numpy(), rtol=2e-6, atol=2e-6)
    for name, leaf in zip(("w_ih", "w_hh", "b_ih", "b_hh", "w_oh", "b_oh"), leaves, strict=True):
        assert leaf.grad is not None
        np.testing.assert_allclose(getattr(gradients, name), leaf.grad.numpy(), rtol=2e-6, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_hidden_states_are_those_of_a_loop_over_the_words_from_zero(cell: str) -> None:
    params, sentence = draw(cell)
    h, states = jnp.zeros(HIDDEN_DIM), []
    step = jax.jit(CELLS[cell].step)
    for x in sentence:
        h = step(params, h, jnp.asarray(x))
        states.append(h)
    own = hidden_states(CELLS[cell], params, jnp.asarray(sentence))
    np.testing.assert_allclose(own, jnp.stack(states), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("length", [1, 4])
def test_the_logits_are_the_readout_of_the_last_state(length: int) -> None:
    params, sentence = draw("gru")
    words = jnp.asarray(sentence[:length])
    w_oh, b_oh, last = exactly(params.w_oh, params.b_oh, hidden_states(CELLS["gru"], params, words)[-1])
    exact = w_oh @ last + b_oh
    np.testing.assert_allclose(logits(CELLS["gru"], params, words), exact, rtol=0, atol=1e-6)


def test_the_readout_of_several_classes_by_hand() -> None:
    params, _ = draw("rnn")
    params = params.replace(
        w_oh=jnp.float32([[1, 2, 0, 0, 0], [0, 0, -1, 0, 3], [0, 0, 0, 0.5, 0]]), b_oh=jnp.float32([0.25, -1, 4])
    )
    assert readout(params, jnp.float32([1, -1, 2, 6, 0.5])).tolist() == [-0.75, -1.5, 7.0]


def test_the_margin_is_the_positive_logit_minus_the_negative_one() -> None:
    for seed in range(20):
        params, _ = draw("gru", seed)
        h = jnp.asarray(np.random.default_rng(seed).uniform(-1, 1, HIDDEN_DIM), jnp.float32)
        w_oh, b_oh, state = exactly(params.w_oh, params.b_oh, h)
        negative, positive = w_oh @ state + b_oh
        assert margin(params, h) == pytest.approx(positive - negative, abs=1e-6)


def test_the_margins_of_members_along_the_last_axis_are_those_of_each_alone() -> None:
    members = [draw("gru", seed)[0] for seed in range(7)]
    states = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (HIDDEN_DIM, 7)), jnp.float32)
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves, -1), *members)
    alone = [margin(params, states[:, s]) for s, params in enumerate(members)]
    np.testing.assert_allclose(margin(together, states), jnp.stack(alone), rtol=0, atol=1e-6)

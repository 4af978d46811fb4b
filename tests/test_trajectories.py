"""Ways through sentences against the plain classifier, PyTorch and a NumPy loop; first steps against hand tables."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from oracles import states_of

from rnnjax import members
from rnnjax.cells import CELLS
from rnnjax.classifier import hidden_states, logits
from rnnjax.landscape import parse_architecture
from rnnjax.noise import NO_WORD
from rnnjax.parameters import Params, count, unflatten
from rnnjax.trajectories import first_wrong, follow, meeting

RNG = np.random.default_rng(0)
EMBEDDING = RNG.normal(size=(10, 4)).astype(np.float32)
SENTENCES = RNG.integers(0, 10, (5, 40)).astype(np.int32)


def network(cell: str, hidden: int = 2) -> Params:
    architecture = parse_architecture(f"{cell}_4x{hidden}")
    flat = np.random.default_rng(7).normal(size=count(architecture.sizes)).astype(np.float32)
    return unflatten(jnp.asarray(flat), architecture.sizes)


@pytest.mark.parametrize("cell", list(CELLS))
def test_states_and_margins_are_those_of_the_plain_classifier_and_of_a_loop(cell: str) -> None:
    params = network(cell)
    if cell == "relu_rnn":  # whose states would grow without end
        params = params.replace(w_hh=params.w_hh * 0.3)
    found = follow(CELLS[cell], params, EMBEDDING, SENTENCES)
    assert found.states.shape == (5, 40, 2) and found.margins.shape == (5, 40)
    vectors = EMBEDDING[SENTENCES]
    states = jax.jit(jax.vmap(partial(hidden_states, CELLS[cell], params)))(vectors)
    np.testing.assert_allclose(found.states, states, atol=1e-6)
    for n, sentence in enumerate(vectors):
        np.testing.assert_allclose(found.states[n], states_of(cell, params, sentence), rtol=1e-4, atol=3e-5)
    for length in (1, 17, 40):
        negative, positive = jax.jit(jax.vmap(partial(logits, CELLS[cell], params)))(vectors[:, :length]).T
        np.testing.assert_allclose(found.margins[:, length - 1], positive - negative, rtol=0, atol=1e-4)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_states_are_pytorch_s(cell: str) -> None:
    params = network(cell, 3)
    module: Any = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU}[cell](4, 3, batch_first=True)
    with torch.no_grad():
        for name in ("w_ih", "w_hh", "b_ih", "b_hh"):
            theirs = getattr(module, name.replace("w_", "weight_").replace("b_", "bias_") + "_l0")
            theirs.copy_(torch.tensor(np.asarray(getattr(params, name))))
        expected = module(torch.tensor(EMBEDDING[SENTENCES]))[0].numpy()
    np.testing.assert_allclose(follow(CELLS[cell], params, EMBEDDING, SENTENCES).states, expected, atol=2e-5)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_where_there_is_no_word_the_state_stays(cell: str) -> None:
    params = network(cell)
    filled = np.full((5, 60), NO_WORD, np.int32)
    filled[:, :40] = SENTENCES
    found, expected = (follow(CELLS[cell], params, EMBEDDING, s) for s in (filled, SENTENCES))
    np.testing.assert_array_equal(found.states[:, :40], expected.states)
    np.testing.assert_array_equal(found.states[:, 40:], np.repeat(expected.states[:, 39:40], 20, 1))
    np.testing.assert_array_equal(found.margins[:, 40:], np.repeat(expected.margins[:, 39:40], 20, 1))


def test_many_networks_with_words_and_sentences_of_their_own_are_each_alone() -> None:
    architecture = parse_architecture("gru_4x2")
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(count(architecture.sizes), 7)).astype(np.float32)
    words = rng.normal(size=(10, 4, 7)).astype(np.float32)
    sentences = rng.integers(0, 10, (2, 30, 7)).astype(np.int32)

    def one(flat: Any, words: Any, sentences: Any) -> Any:
        return follow(architecture.cell, unflatten(flat, architecture.sizes), words, sentences)

    together, compiled = members.each(one, members.make_mesh(1), 4, flat, words, sentences), jax.jit(one)
    for s in range(7):
        alone = compiled(flat[:, s], words[..., s], sentences[..., s])
        np.testing.assert_allclose(together.states[..., s], alone.states, atol=2e-6)
        np.testing.assert_allclose(together.margins[..., s], alone.margins, atol=1e-5)


NAN = np.nan


@pytest.mark.parametrize(
    ("negative", "positive", "step"),
    [
        ([-1, -1, -1, -1], [1, 1, 1, 1], 5),
        ([-1, -1, 2, -1], [1, 1, 1, 1], 3),
        ([-1, -1, -1, -1], [1, -1, 1, 1], 2),
        ([-1, -1, 3, -1], [1, 1, 1, -1], 3),
        ([1, -1, -1, -1], [1, 1, 1, 1], 1),
        ([0, -1, -1, -1], [1, 1, 1, 0], 4),  # 0 calls a sentence negative
        ([NAN, NAN, NAN, NAN], [1, 1, NAN, 1], 3),  # as no number does
    ],
)
def test_the_first_wrong_step_is_known_by_hand(negative: list[float], positive: list[float], step: int) -> None:
    assert int(first_wrong(jnp.array([negative, positive]), jnp.array([False, True]))) == step
    assert int(first_wrong(jnp.array([positive, negative]), jnp.array([True, False]))) == step


def test_steps_before_the_first_that_counts_do_not() -> None:
    margins, labels = jnp.array([[2.0, -1, 1, -1, 1], [1, -1, 1, 1, 1]]), jnp.array([False, True])
    assert [int(first_wrong(margins, labels, start)) for start in (1, 2, 3, 4, 5, 6)] == [1, 2, 3, 5, 5, 6]


@pytest.mark.parametrize(
    ("distances", "step"),
    [
        ([3, 2, 1, 0.5], 5),
        ([3, 2, 1, 0.1], 4),
        ([3, 0.05, 1, 0.1], 4),
        ([3, 0.05, 0, 0.1], 2),
        ([0, 0, 0, 0], 1),
        ([0, 0, 0, NAN], 5),
        ([0, NAN, 0, 0], 3),
    ],
)
def test_the_step_from_which_on_two_paths_are_one_is_known_by_hand(distances: list[float], step: int) -> None:
    way = jnp.array(distances)
    states = jnp.stack([jnp.stack([1 + 0.6 * way, -2 + 0.8 * way], 1), jnp.array([[1.0, -2.0]] * 4)])
    assert int(meeting(states, 0.1001)) == step
    assert int(meeting(states[::-1], 0.1001)) == step


def test_a_latch_holds_its_first_word_and_a_leaky_network_loses_it_when_the_sum_says() -> None:
    """An RNN without noise, h' = tanh(w h + x) in one unit: with w > 1 it keeps its sign, with w < 1 it shrinks."""
    words = jnp.zeros((10, 1)).at[6, 0].set(2.0).at[8, 0].set(-2.0)
    pair = jnp.array([[8] + [0] * 299, [6] + [0] * 299])

    def network_of(weight: float, bias: float) -> Params:
        return Params(
            w_ih=jnp.ones((1, 1)),
            w_hh=jnp.full((1, 1), weight),
            b_ih=jnp.zeros(1),
            b_hh=jnp.zeros(1),
            w_oh=jnp.array([[-1.0], [1.0]]),
            b_oh=jnp.array([0.0, bias]),
        )

    latch = follow(CELLS["rnn"], network_of(2.0, 0.0), words, pair)
    assert int(first_wrong(latch.margins, jnp.array([False, True]))) == 301
    assert int(meeting(latch.states, 0.02)) == 301
    leaky = follow(CELLS["rnn"], network_of(0.8, 0.2), words, pair)
    h, states = np.tanh(2.0), []
    for _ in range(300):
        states.append(h)
        h = np.tanh(0.8 * h)
    expected = next(t for t, h in enumerate(states, 1) if -2 * h + 0.2 > 0)
    assert expected > 5 and int(first_wrong(leaky.margins, jnp.array([False, True]))) == expected
    assert int(meeting(leaky.states, 0.02)) == next(t for t, h in enumerate(states, 1) if 2 * h <= 0.02)
